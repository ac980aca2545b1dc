//! Runs the scripts down of a folder on a throw-away Postgres server, and tells file by file what they lead to:
//! `down-and-up FOLDER [--history-table NAME] [--ignore PATTERN]…`.
//!
//! Each migration is tried on its own first, in a copy of a database that has everything before it: up, down (is the schema what it was
//! before?) and up again (is it what it was after?). Then the whole set goes down to zero, and up again. A script down that is missing or
//! fails is told, and the history is told that the migration is pending: what it has left is still there then. What comes out is a table in
//! Markdown, with what each script leaves different.

use std::collections::BTreeSet;
use std::env;
use std::error::Error as StdError;

use migrate_runtime::testing::Server;
use migrate_runtime::{
    Error, Fingerprint, FolderOptions, MigrationStatus, Migrations, Migrator, Standing, Version, fingerprint_without,
};
use postgres::{Client, NoTls};

fn main() -> Result<(), Box<dyn StdError>> {
    let mut arguments = env::args().skip(1);
    let usage = "usage: down-and-up FOLDER [--history-table NAME] [--ignore PATTERN]…";
    let folder = arguments.next().ok_or(usage)?;
    let (mut history_table, mut options) = ("schema_migrations".to_owned(), FolderOptions::new());
    while let Some(option) = arguments.next() {
        let value = arguments.next().ok_or(usage)?;
        match option.as_str() {
            "--history-table" => history_table = value,
            "--ignore" => options = options.ignore(value),
            _ => return Err(usage.into()),
        }
    }
    let migrations = Migrations::from_folder_with(folder, &options)?;
    let run = Run { server: Server::create()?, migrations, history_table };
    run.each_alone()?;
    run.all_of_them()
}

struct Run {
    server: Server,
    migrations: Migrations,
    history_table: String,
}

/// What came of a script down.
enum Down {
    /// It leads back to the schema before, but for this.
    Done(Vec<String>),
    /// It is missing, or fails.
    Refused(Error),
}

impl Run {
    fn migrator(&self) -> Migrator<'_> {
        Migrator::new(&self.migrations).history_table(&self.history_table)
    }

    fn connect(&self, database: &str) -> Result<Client, postgres::Error> {
        Client::connect(&self.server.url(database), NoTls)
    }

    fn fingerprint(&self, client: &mut Client) -> Result<Fingerprint, Error> {
        fingerprint_without(client, &self.history_table)
    }

    /// Every migration that stands so, in order.
    fn versions(&self, client: &mut Client, standing: Standing) -> Result<Vec<MigrationStatus>, Error> {
        let status = self.migrator().status(client)?;
        Ok(status.migrations().iter().filter(|migration| migration.standing == standing).cloned().collect())
    }

    fn each_alone(&self) -> Result<(), Box<dyn StdError>> {
        let mut admin = self.connect("postgres")?;
        admin.batch_execute("CREATE DATABASE alone")?;
        let mut client = self.connect("alone")?;
        let pending = self.versions(&mut client, Standing::Pending)?;
        let mut before = self.fingerprint(&mut client)?;
        let (mut same, mut order) = (0, Vec::new());
        println!("| migration | `-` was there before it, `+` is there after its script down |\n|---|---|");
        for migration in &pending {
            let to = self.migrator().target(migration.version.parse::<Version>()?);
            to.run(&mut client)?;
            let after = self.fingerprint(&mut client)?;
            drop(client);
            admin.batch_execute("DROP DATABASE IF EXISTS copy; ")?;
            admin.batch_execute("CREATE DATABASE copy TEMPLATE alone")?;
            let mut copy = self.connect("copy")?;
            match self.down(&mut copy, &before)? {
                Down::Refused(error) => println!("| `{}` | {} |", migration.migration, refusal(&error)),
                Down::Done(items) => {
                    to.run(&mut copy)?;
                    let again = items_of(&after.difference(&self.fingerprint(&mut copy)?));
                    match (is_order_alone(&items), is_order_alone(&again)) {
                        _ if items.is_empty() && again.is_empty() => same += 1,
                        (true, true) => order.push(migration.migration.to_string()),
                        _ => println!("| `{}` | {} |", migration.migration, told(&items, &again)),
                    }
                }
            }
            drop(copy);
            client = self.connect("alone")?;
            before = after;
        }
        println!(
            "\n{} migrations: {same} lead back to the schema before them and up to the same again.",
            pending.len()
        );
        println!("{} differ in the order of columns alone: `{}`.", order.len(), order.join("`, `"));
        Ok(())
    }

    /// Takes back the last migration.
    fn down(&self, client: &mut Client, before: &Fingerprint) -> Result<Down, Error> {
        match self.migrator().revert_last(client, 1) {
            Ok(_) => Ok(Down::Done(items_of(&before.difference(&self.fingerprint(client)?)))),
            Err(error) => Ok(Down::Refused(error)),
        }
    }

    fn all_of_them(&self) -> Result<(), Box<dyn StdError>> {
        self.connect("postgres")?.batch_execute("CREATE DATABASE whole")?;
        let mut client = self.connect("whole")?;
        self.migrator().run(&mut client)?;
        let first = self.fingerprint(&mut client)?;
        let (mut reverted, mut marked) = (0, Vec::new());
        while let Some(last) = self.versions(&mut client, Standing::Applied)?.pop() {
            match self.migrator().revert_last(&mut client, 1) {
                Ok(_) => reverted += 1,
                Err(error) => {
                    marked.push(format!("`{}` ({})", last.migration, refusal(&error)));
                    self.migrator().mark_pending(&mut client, last.version.parse()?, "its script down cannot run")?;
                }
            }
        }
        println!("\nDown to zero: {reverted} reverted, {} marked pending:", marked.len());
        marked.iter().for_each(|marked| println!("- {marked}"));
        let left: Vec<String> = self.fingerprint(&mut client)?.facts().map(str::to_owned).collect();
        println!("\nWhat is there at zero: {} facts.", left.len());
        left.iter().for_each(|fact| println!("- `{}`", fact.lines().next().unwrap_or_default()));
        let again = self.migrator().run(&mut client);
        match again {
            Ok(report) => {
                let difference = first.difference(&self.fingerprint(&mut client)?);
                println!("\nUp again: {} applied.", report.changes().len());
                println!("{}", if difference.is_empty() { "The schema is the same.".to_owned() } else { difference });
            }
            Err(error) => println!("\nUp again: {error}"),
        }
        Ok(())
    }
}

/// Why a script down did not run, in a line.
fn refusal(error: &Error) -> String {
    let text = error.to_string();
    let said = error.database_code().and_then(|code| text.lines().find(|line| line.contains(code)));
    match said {
        Some(line) => format!("fails: {}", line.trim_start_matches([' ', '='])),
        None => "is missing or empty".to_owned(),
    }
}

/// What differs, an item each: as the difference of the fingerprints has it, but for what can be said in short.
fn items_of(difference: &str) -> Vec<String> {
    let facts = facts_of(difference);
    let with = |mark: char| facts.iter().filter_map(move |fact| fact.strip_prefix(mark)).map(str::trim_start);
    let moved: Vec<&str> = with('-').filter_map(|fact| reordered(fact, with('+'))).collect();
    let is_table = |fact: &str| fact[1..].trim_start().starts_with("table ");
    let mut items: Vec<String> = moved.iter().map(|table| format!("{ORDER} `{table}`")).collect();
    // Columns that are there or not are facts of their own.
    items.extend(facts.iter().filter(|fact| !is_table(fact)).map(|fact| match fact.split_once('\n') {
        None => format!("`{fact}`"),
        Some((first, rest)) if first.starts_with('~') => changed(first[1..].trim_start(), rest),
        Some((first, _)) => format!("`{}`", first.split(": CREATE").next().unwrap_or(first)),
    }));
    items
}

const ORDER: &str = "the order of the columns of";

/// The facts of a difference, each with the lines that belong to it.
fn facts_of(difference: &str) -> Vec<String> {
    let mut facts: Vec<String> = Vec::new();
    for line in difference.lines() {
        match facts.last_mut() {
            Some(fact) if line.starts_with(' ') => fact.push_str(&format!("\n{line}")),
            _ => facts.push(line.to_owned()),
        }
    }
    facts
}

/// The name of a table that is there on both sides with the same columns.
fn reordered<'a>(fact: &'a str, mut others: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let (name, columns) = fact.strip_prefix("table ")?.split_once(": (")?;
    let sorted =
        |columns: &str| -> BTreeSet<String> { columns.trim_end_matches(')').split(", ").map(str::to_owned).collect() };
    let is_same = |other: &str| {
        let other = other.strip_prefix("table ").and_then(|other| other.split_once(": ("));
        other.is_some_and(|(other, with)| other == name && sorted(with) == sorted(columns))
    };
    others.any(is_same).then_some(name)
}

/// A function or a view with another text.
fn changed(what: &str, lines: &str) -> String {
    let side = |mark: char| -> Vec<&str> {
        lines.lines().filter_map(|line| line.trim_start().strip_prefix(mark)).map(str::trim).collect()
    };
    let (before, after) = (side('-'), side('+'));
    if before.concat() == after.concat() {
        return format!("white space in `{what}`");
    }
    let marked = |mark: char, lines: &[&str]| lines.iter().map(|line| format!("`{mark} {line}`")).collect::<Vec<_>>();
    format!("in `{what}`: {}", [marked('-', &before), marked('+', &after)].concat().join(" "))
}

/// Whether columns in another order are all that differs.
fn is_order_alone(items: &[String]) -> bool {
    items.iter().all(|item| item.starts_with(ORDER))
}

fn told(down: &[String], again: &[String]) -> String {
    match (down.is_empty(), again.is_empty()) {
        (false, false) => format!("{}; and up again: {}", down.join(", "), again.join(", ")),
        (false, true) => down.join(", "),
        _ => format!("up again: {}", again.join(", ")),
    }
}
