//! Errors that are not a migration's own: the history, the table, the options, the connection. Each says the next step.

#[cfg(feature = "adopt")]
pub(super) mod adopt;

use std::fmt;
use std::path::Path;
use std::time::Duration;

use migrate_core::plan::{Item, Standing};
use migrate_core::scan::Statement;
use migrate_core::{Dialect, HistoryRow, Label, MigrationSet, Problem, Script, Version};

use super::failure::driver_lines;
use super::foreign;
use super::prepare::Prepared;
use crate::difference::difference;
use crate::driver::{DriverError, DriverErrorKind};
use crate::error::{self, Error, ErrorKind};
use crate::excerpt::Excerpt;
use crate::report::{Action, count};

/// So many divergent migrations are shown with their difference.
const MOST_DIFFERENCES: usize = 5;

pub(super) fn lacking_dialect(dialect: Dialect, set: &MigrationSet, lacking: &[&Version]) -> Error {
    if let Some(only) =
        Dialect::ALL.into_iter().find(|only| set.scripts().iter().all(|script| script.dialect() == Some(*only)))
    {
        let message = format!("these migrations are for {only}, and the database is {dialect}; nothing was applied");
        let help = match Dialect::WITH_DRIVER.contains(&only) {
            true => format!("connect to a {only} database, or embed the migrations for {dialect} too"),
            false => format!("embed the migrations for {dialect} too: there is no driver for {only} yet"),
        };
        return Error::new(ErrorKind::MissingDialect, message).with_help(help);
    }
    let versions: Vec<&str> = lacking.iter().map(|version| version.as_written()).collect();
    let message = format!("no script for {dialect} in version {}; nothing was applied", versions.join(", "));
    let help = format!(
        "add files whose names end with `.{dialect}.sql`, and build with `dialect = \"{dialect}\"` to be told earlier"
    );
    Error::new(ErrorKind::MissingDialect, message).with_help(help)
}

pub(super) fn in_transaction() -> Error {
    Error::new(ErrorKind::InTransaction, "the connection is inside a transaction; nothing was written")
        .with_help("end the transaction first (roll it back, if the look for the history table made it fail), or pass the driver's `Transaction` to migrate inside it")
}

pub(super) fn history_mismatch(items: &[&Item<'_>], refuses_ahead: bool, applied_sql: &[(Version, String)]) -> Error {
    let mut differences = 0;
    let body: Vec<String> = items.iter().map(|item| describe(item, applied_sql, &mut differences)).collect();
    let problems: Vec<error::Problem> =
        items.iter().map(|item| error::Problem { migration: item.label(), standing: item.standing() }).collect();
    let message = format!(
        "the history does not match this binary in {}; nothing was changed",
        count(problems.len(), "migration")
    );
    let has = |standing| problems.iter().any(|problem| problem.standing == standing);
    let remedy = |(standing, remedy): (Standing, &'static str)| match standing {
        Standing::Ahead if refuses_ahead => AHEAD_IS_REFUSED,
        _ => remedy,
    };
    let help: Vec<&str> = REMEDIES.into_iter().filter(|(standing, _)| has(*standing)).map(remedy).collect();
    Error::new(ErrorKind::HistoryMismatch, message)
        .with_body(body.join("\n"))
        .with_help(help.join("\n   = help: "))
        .with_problems(problems)
}

const AHEAD_IS_REFUSED: &str =
    "ahead: a newer binary has migrated this database, and `Migrator::refuse_ahead` was asked for: run that one";

const REMEDIES: [(Standing, &str); 6] = [
    (
        Standing::Divergent,
        "divergent: restore the file as it was applied, and put the change into a new migration; or, when the edit does no harm, accept it \
         with `Migrator::repair`, which keeps the old checksum and the reason",
    ),
    (
        Standing::Missing,
        "missing: restore the file, because an applied migration must stay, or go on without it with `Migrator::allow_missing`; rows of \
         another program need a `set` of their own",
    ),
    (
        Standing::Ahead,
        "ahead: a newer binary has migrated this database, and not every one of its migrations says `-- migrate: compatible=backward`: run \
         the newer binary, let it revert them, or go on at your own risk with `Migrator::allow_ahead`; rows of another program need a \
         `set` of their own",
    ),
    (
        Standing::OutOfOrder,
        "out-of-order: rename the file so that it comes after everything that is applied, or apply it where it stands with \
         `Migrator::allow_out_of_order`",
    ),
    (Standing::Running, "running: another runner is at work on it outside of a transaction: wait for it to end"),
    (
        Standing::Interrupted,
        "interrupted: look what its statements have done, then finish or undo them by hand, and tell the history with \
         `Migrator::mark_applied` or `Migrator::mark_pending`",
    ),
];

fn describe(item: &Item<'_>, applied_sql: &[(Version, String)], differences: &mut usize) -> String {
    let (label, standing) = (item.label(), item.standing().as_str());
    let path = item.embedded().map(|migration| format!("\n  --> {}", migration.up().path())).unwrap_or_default();
    let applied =
        item.row().map(|row| format!("\n     applied at {} by {}", row.applied_at, row.applied_by)).unwrap_or_default();
    let mut text = format!("{label} is {standing}{path}{applied}");
    let (Some((applied, embedded)), Some(migration)) = (item.diverging_checksums(), item.embedded()) else {
        return text;
    };
    text.push_str(&format!("\n     applied  {applied}\n     embedded {embedded}"));
    if let Some((_, sql)) =
        applied_sql.iter().find(|(version, _)| version == item.version()).filter(|_| *differences < MOST_DIFFERENCES)
    {
        *differences += 1;
        text.push_str(&match sql == migration.up().sql() {
            true => "\n     the text is the same: somebody has altered the checksum in the row".to_owned(),
            false => format!("\n     - as applied, + in this binary\n{}", difference(sql, migration.up().sql())),
        });
    }
    text
}

pub(super) fn pending(labels: &[Label]) -> Error {
    Error::new(ErrorKind::Pending, format!("{} not applied yet", is_are(labels.len(), "migration")))
        .with_body(lines(labels))
        .with_help("`run` applies them")
}

fn is_are(number: usize, what: &str) -> String {
    format!("{} {}", count(number, what), if number == 1 { "is" } else { "are" })
}

pub(super) fn foreign_table(table: &str, columns: &[&str]) -> Error {
    let tool = foreign::looks_like(columns);
    let whose = match tool {
        Some(tool) => format!("it looks like the table of {tool}"),
        None => "it is none of ours".to_owned(),
    };
    let help = match tool.filter(|tool| foreign::is_adoptable(tool)) {
        Some(_) => {
            "give the history another table, in every verb: `Migrator::history_table`; with that, `Migrator::adopt` (feature `adopt`) takes \
             over what the other tool has applied, and leaves its table as it is"
        }
        None => "name another table with `Migrator::history_table`",
    };
    Error::new(
        ErrorKind::ForeignTable,
        format!("{table} is not a history table of this program: {whose}; nothing was altered"),
    )
    .with_body(format!("   = its columns: {}", columns.join(", ")))
    .with_help(help)
}

pub(super) fn no_key(table: &str) -> Error {
    let message = format!(
        "{table} has lost its primary key, without which a migration could be applied twice; nothing was applied"
    );
    Error::new(ErrorKind::BadHistory, message).with_help(format!(
        "look for rows that stand twice, then `ALTER TABLE {table} ADD PRIMARY KEY (\"set\", version)`"
    ))
}

pub(super) fn bad_history(table: &str, rows: &[String]) -> Error {
    let lines: Vec<String> = rows.iter().map(|row| format!("   {row}")).collect();
    Error::new(
        ErrorKind::BadHistory,
        format!("{table} holds {} that cannot be read; nothing was applied", count(rows.len(), "row")),
    )
    .with_body(lines.join("\n"))
    .with_help("somebody else has written to the table: correct these rows by hand")
}

pub(super) fn unreadable_scripts(dialect: Dialect, problems: &[Problem]) -> Error {
    let indented = |problem: &Problem| format!("   {}", problem.to_string().replace('\n', "\n     "));
    let texts: Vec<String> = problems.iter().map(indented).collect();
    Error::new(
        ErrorKind::UnreadableScript,
        format!("pending migrations cannot be run on {dialect}; nothing was applied"),
    )
    .with_body(texts.join("\n"))
    .with_help(format!("give `dialect = \"{dialect}\"` to `embed_migrations!` to be told at build time"))
}

pub(super) fn outside_in_transaction(label: &Label, is_ours: bool) -> Error {
    let (message, help) = match is_ours {
        true => (
            format!("migration {label} runs outside of a transaction, and all were to run in one; nothing was changed"),
            "run it on its own first, with `Scope::PerMigration`",
        ),
        false => (
            format!(
                "migration {label} runs outside of a transaction, and the connection is inside one; nothing was changed"
            ),
            "hand over the connection instead of a transaction",
        ),
    };
    Error::new(ErrorKind::Unsupported, message).with_help(help)
}

pub(super) fn outside_of_whole(labels: &[Label]) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "all migrations were to run in one transaction, and some run outside of one; nothing was changed",
    )
    .with_body(lines(labels))
    .with_help(
        "run up to these with `Migrator::target` first, or each in a transaction of its own with `Scope::PerMigration`",
    )
}

pub(super) fn in_the_middle_of_whole() -> Error {
    Error::new(
        ErrorKind::Interrupted,
        "a migration that runs outside of a transaction is not at its end, and all were to run in one; nothing was changed",
    )
    .with_help("bring it to its end with `Scope::PerMigration` first")
}

pub(super) fn foreign_keys_in_transaction(labels: &[Label]) -> Error {
    let message =
        "migrations need foreign keys to be off, which cannot be done inside a transaction; nothing was changed";
    Error::new(ErrorKind::Unsupported, message).with_body(lines(labels)).with_help(
        "hand over the connection instead of a transaction, or run `PRAGMA foreign_keys = OFF` before the transaction: otherwise a table \
         that is dropped to be rebuilt takes the rows that refer to it along",
    )
}

pub(super) fn foreign_keys_on_and_off(off: &Label, on: &Label) -> Error {
    let message = format!(
        "migration {off} needs foreign keys to be off, and {on} wants them on, which cannot be in one transaction; nothing was changed"
    );
    Error::new(ErrorKind::Unsupported, message)
        .with_help("run each in a transaction of its own, with `Scope::PerMigration`")
}

/// So many rows that refer to nothing are listed.
const MOST_ROWS: usize = 10;

pub(super) fn dangling_rows(prepared: &Prepared<'_>, rows: &[String]) -> Error {
    let label = &prepared.label;
    let message = format!("migration {label} leaves {} to nothing, and was rolled back", referring(rows));
    dangling(message, prepared, rows).with_help(
        "correct the script, so that every row refers to one that is there; foreign keys were off while it ran, because it, or another \
         one in the same transaction, rebuilds a table or asks for it",
    )
}

pub(super) fn dangling_rows_outside(prepared: &Prepared<'_>, rows: &[String]) -> Error {
    let label = &prepared.label;
    let message =
        format!("migration {label}, which runs outside of a transaction, has left {} to nothing", referring(rows));
    dangling(message, prepared, rows)
        .with_help("its statements are done: correct these rows by hand, then `Migrator::mark_applied`")
}

fn referring(rows: &[String]) -> String {
    format!("{} that {}", count(rows.len(), "row"), if rows.len() == 1 { "refers" } else { "refer" })
}

fn dangling(message: String, prepared: &Prepared<'_>, rows: &[String]) -> Error {
    let mut body: Vec<String> = vec![Excerpt::of_file(&prepared.path).text];
    body.extend(rows.iter().take(MOST_ROWS).map(|row| format!("   = {row}")));
    if rows.len() > MOST_ROWS {
        body.push(format!("   = and {} more", rows.len() - MOST_ROWS));
    }
    Error::new(ErrorKind::ForeignKeyViolation, message)
        .with_body(body.join("\n"))
        .with_migration(&prepared.version, prepared.label.clone())
}

pub(super) fn no_down(labels: &[Label]) -> Error {
    let message = format!("{} without a script down; nothing was reverted", is_are(labels.len(), "migration"));
    Error::new(ErrorKind::NoDownScript, message).with_body(lines(labels)).with_help(
        "write a new migration that undoes what these have done; or undo it by hand, and tell the history with `Migrator::mark_pending`",
    )
}

pub(super) fn applied_meanwhile(labels: &[Label]) -> Error {
    let message =
        format!("{} applied meanwhile, above what is to be reverted; nothing more was reverted", were(labels));
    Error::new(ErrorKind::HistoryMismatch, message)
        .with_body(lines(labels))
        .with_help("another runner has applied them: let it end, look at `status`, and revert again")
}

pub(super) fn reset_not_allowed() -> Error {
    Error::new(ErrorKind::InvalidOption, "`reset` reverts every migration, and was not allowed to; nothing was changed")
        .with_help("say so with `Migrator::dangerously_allow_reset`")
}

pub(super) fn reverted_meanwhile(versions: &[&Version]) -> Error {
    let message =
        format!("{} reverted meanwhile, below what is to be applied again; nothing more was applied", were(versions));
    Error::new(ErrorKind::HistoryMismatch, message)
        .with_body(lines(versions))
        .with_help("another runner has reverted them: let it end, look at `status`, and `run` what is wanted")
}

fn were<T>(migrations: &[T]) -> String {
    format!("{} {}", count(migrations.len(), "migration"), if migrations.len() == 1 { "was" } else { "were" })
}

pub(super) fn not_in_binary(labels: &[Label]) -> Error {
    Error::new(
        ErrorKind::UnknownVersion,
        "migrations that this binary does not have cannot be redone; nothing was changed",
    )
    .with_body(lines(labels))
    .with_help("run the binary that has them")
}

pub(super) fn unknown_version(version: &Version) -> Error {
    Error::new(ErrorKind::UnknownVersion, format!("there is no migration of version {version}; nothing was changed"))
        .with_help("`status` lists the migrations")
}

pub(super) fn no_sets() -> Error {
    Error::new(ErrorKind::InvalidOption, "there is no set of migrations to work on").with_help("hand over at least one")
}

pub(super) fn set_given_twice(name: &str) -> Error {
    Error::new(ErrorKind::InvalidOption, format!("the set `{name}` is given twice"))
        .with_help("give every set once; a set of another library needs a name of its own: `set = \"…\"`")
}

pub(super) fn circle_of_sets(names: &[String]) -> Error {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    Error::new(ErrorKind::InvalidOption, format!("the sets {} come after each other in a circle", names.join(", ")))
        .with_help("remove one `Migrations::after`")
}

pub(super) fn before_its_time(set: &str, other: &str) -> Error {
    let message = format!("the set `{set}` comes after `{other}`, which is not up to date; nothing was changed");
    Error::new(ErrorKind::Pending, message).with_help("run both in one call: `Migrator::many`")
}

pub(super) fn steps_of_many() -> Error {
    Error::new(ErrorKind::InvalidOption, "steps belong to one set of migrations, and there are several")
        .with_help("run the set that has steps with a `Migrator::new` of its own")
}

pub(super) fn version_taken(step: &Script) -> Error {
    let message = format!("the step `{}` has version {}, and so has another migration", step.name(), step.version());
    Error::new(ErrorKind::InvalidOption, message).with_help("give the step a version of its own")
}

pub(super) fn step_of_another_driver(label: &Label) -> Error {
    let message = format!("the step {label} is made for another driver; nothing of it was kept");
    Error::new(ErrorKind::Unsupported, message)
        .with_help("make it with the function of `Step` that is named after the driver of the connection")
}

pub(super) fn one_set_only() -> Error {
    Error::new(ErrorKind::InvalidOption, "this verb works on one set of migrations, and there are several")
        .with_help("use `Migrator::new` with the set that is meant")
}

pub(super) fn target_of_many(target: &Version) -> Error {
    Error::new(ErrorKind::InvalidOption, format!("version {target} may be one of any set, and there are several"))
        .with_help("use `Migrator::new` with the set that is meant")
}

pub(super) fn no_reason(action: Action) -> Error {
    Error::new(ErrorKind::InvalidOption, format!("there is no reason to {}; nothing was changed", action.to_do()))
        .with_help("say why: the history keeps it")
}

pub(super) fn has_history(labels: &[Label]) -> Error {
    Error::new(ErrorKind::HasHistory, "a baseline is for a database without a history; nothing was changed")
        .with_body(lines(labels))
        .with_help("`run` applies what is pending; `Migrator::mark_applied` records a single migration")
}

pub(super) fn not_repairable(label: &Label, standing: Standing) -> Error {
    let help = match standing {
        Standing::Pending | Standing::OutOfOrder => "it is not applied: there is nothing to repair",
        Standing::Running | Standing::Interrupted => "correct the file, then `run`: it goes on behind what is done",
        _ => "repair it with the binary that has it",
    };
    let message = format!("migration {label} is {}, and cannot be repaired; nothing was changed", standing.as_str());
    Error::new(ErrorKind::HistoryMismatch, message).with_help(help)
}

pub(super) fn at_work(label: &Label, holder: &str) -> Error {
    Error::new(ErrorKind::Interrupted, format!("another runner is at work on migration {label}: {holder}"))
        .with_help("wait for it to end")
}

pub(super) fn not_edited(error: DriverError) -> Error {
    let help = advice(&error).unwrap_or("see what the database says; nothing was changed");
    bookkeeping("the history could not be changed".into(), error).with_help(help)
}

pub(super) fn not_begun(error: DriverError) -> Error {
    let help = advice(&error).unwrap_or("see what the database says; nothing was changed");
    bookkeeping("the transaction for all migrations could not begin".into(), error).with_help(help)
}

pub(super) fn not_committed(error: DriverError) -> Error {
    let may_pass = error.has_code(&["40001", "40P01"]);
    let help = advice(&error).unwrap_or("see what the database says, then start again: nothing was kept");
    bookkeeping("the transaction for all migrations could not be committed".into(), error)
        .with_help(help)
        .that_may_pass(may_pass)
}

pub(super) fn no_sign(path: &Path, error: &std::io::Error) -> Error {
    let message =
        format!("`{}` cannot be made and locked, which shows others that this runner lives: {error}", path.display());
    Error::new(ErrorKind::Database, message)
        .with_help("check the permissions of the folder of the database; nothing was changed")
}

pub(super) fn no_cleanup(error: DriverError) -> Error {
    let help = advice(&error).unwrap_or("see what the database says, then start again");
    bookkeeping("what an interrupted statement has left could not be removed".into(), error).with_help(help)
}

pub(super) fn claim_lost(label: &Label) -> Error {
    let message = format!("another runner has taken over migration {label} in the middle");
    Error::new(ErrorKind::Interrupted, message).with_help(
        "look at `status`: the other one believed this runner dead, which happens when a proxy changes the connections of a session",
    )
}

pub(super) fn unknown_interrupted(row: &HistoryRow) -> Error {
    let message =
        format!("migration {} was interrupted, and this binary does not have it; nothing was changed", row.label());
    Error::new(ErrorKind::Interrupted, message)
        .with_help("start the binary that has it: it goes on where the other one was")
}

pub(super) fn done_statement_changed(prepared: &Prepared<'_>, index: usize, before: Option<&str>) -> Error {
    let (label, number) = (&prepared.label, index + 1);
    let message = format!(
        "migration {label} was interrupted behind its statement {number}, which is another one in the file today; nothing was changed"
    );
    let before = before.unwrap_or("a statement that the history does not have");
    let body = format!("{}\n     done was:\n{}", Excerpt::of_file(&prepared.path).text, indented(before));
    Error::new(ErrorKind::Interrupted, message)
        .with_body(body)
        .with_migration(&prepared.version, label.clone())
        .with_help("leave the statements that are done as they were; what comes behind them may be changed")
}

pub(super) fn in_doubt(prepared: &Prepared<'_>, row: &HistoryRow, stored: &str, statement: &Statement) -> Error {
    let (label, number, of) = (&prepared.label, row.statements_done + 1, row.statements);
    let done = match row.statements_done {
        0 => "none before it was done".to_owned(),
        1 => "the one before it is done".to_owned(),
        done => format!("the {done} before it are done"),
    };
    let message = format!(
        "migration {label} was interrupted at statement {number} of {of}, and whether that one was done is not known; {done}"
    );
    let shown = Excerpt::of(&prepared.path, stored, statement.span.start);
    let who = format!("begun at {} by {}", row.applied_at, row.applied_by);
    Error::new(ErrorKind::Interrupted, message)
        .with_body(format!("{}\n{}= {who}", shown.text, " ".repeat(shown.margin + 1)))
        .with_margin(shown.margin)
        .with_migration(&prepared.version, label.clone())
        .with_statement(Some(statement.text(stored).to_owned()))
        .with_help(
            "look whether it was done, then `Migrator::resume` with `Resume::MarkDone` if it was, `Resume::Retry` if it was not, or \
             `Resume::Skip` to go on without it",
        )
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("       {}", crate::excerpt::printable(line))).collect::<Vec<_>>().join("\n")
}

fn lines<T: fmt::Display>(migrations: &[T]) -> String {
    migrations.iter().map(|migration| format!("   {migration}")).collect::<Vec<_>>().join("\n")
}

pub(super) fn no_schema(search_path: &str) -> Error {
    Error::new(
        ErrorKind::Database,
        format!("there is no schema to create the history table in: search_path is {search_path:?}"),
    )
    .with_help("name the schema with `Migrator::history_table(\"schema.table\")`, or set the search path of the role")
}

pub(super) fn no_table(table: &str, user: Option<&str>, error: DriverError) -> Error {
    let help = match error.code() {
        Some("42501") => format!(
            "let a role that may do so run the first migration, or grant CREATE on the schema to {}",
            user.unwrap_or("it")
        ),
        Some("3F000") => "create the schema first".to_owned(),
        _ => advice(&error).unwrap_or("see what the database says").to_owned(),
    };
    bookkeeping(format!("the history table {table} could not be created; nothing was applied"), error).with_help(help)
}

pub(super) fn unreadable(error: DriverError) -> Error {
    let help = advice(&error).unwrap_or("see what the database says; nothing was written");
    bookkeeping("the history could not be read".into(), error).with_help(help)
}

pub(super) fn settings(error: DriverError) -> Error {
    let help = advice(&error).unwrap_or("see what the database says; nothing was written");
    bookkeeping("the settings of the session could not be changed".into(), error).with_help(help)
}

pub(super) fn wait_timeout(
    label: Option<&Label>,
    waited: Duration,
    holder: Option<&str>,
    error: Option<DriverError>,
) -> Error {
    let what = label.map(|label| format!(" with migration {label}")).unwrap_or_default();
    let who = holder.map(|holder| format!(": {holder}")).unwrap_or_default();
    let message = format!("gave up after {:.1} s: another connection is busy{what}{who}", waited.as_secs_f64());
    let told = Error::new(ErrorKind::WaitTimeout, message)
        .with_help("start again when it is done, or wait longer with `Migrator::wait_timeout`");
    match error {
        Some(error) => told.with_body(driver_lines(&error, &[], Excerpt::MARGIN)).with_driver(error),
        None => told,
    }
}

fn bookkeeping(message: String, error: DriverError) -> Error {
    let (kind, message) = match error.kind() {
        DriverErrorKind::ConnectionLost => (ErrorKind::ConnectionLost, format!("{message}: the connection was lost")),
        _ => (ErrorKind::Database, message),
    };
    Error::new(kind, message).with_body(driver_lines(&error, &[], Excerpt::MARGIN)).with_driver(error)
}

/// What to do about an error that has nothing to do with the script.
pub(super) fn advice(error: &DriverError) -> Option<&'static str> {
    // Extended result codes of SQLite carry the code proper in their low byte.
    let of_sqlite = error.code().filter(|_| error.dialect() == Dialect::Sqlite);
    match (error.code(), of_sqlite.and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xff)) {
        (Some("42501"), _) => Some("grant the role what it lacks, or run the migrations as another role"),
        (Some("25001"), _) => Some(
            "put the statement into a file of its own that begins with `-- migrate: no-transaction`; a function or procedure that it is in \
             cannot do it",
        ),
        (Some("55P03"), _) => Some(
            "others hold a lock that the statement needs: try again when they are done, or wait longer with `-- migrate: lock-timeout=30s` \
             in the file or `Migrator::lock_timeout`",
        ),
        (Some("57014"), _) => Some(
            "it took longer than `-- migrate: statement-timeout` or `Migrator::statement_timeout` allows, or somebody has cancelled it",
        ),
        (Some("25006"), _) => Some("the server or the session is read-only: connect to the primary"),
        (Some("25P02"), _) => {
            Some("the transaction that the connection was handed over in has failed already: roll it back first")
        }
        (Some("53100"), _) | (_, Some(13)) => {
            Some("the disk is full: make room, then start again; nothing of this migration was kept")
        }
        (_, Some(8)) => Some("the database is read-only: check the permissions of the file and its folder"),
        (_, Some(14)) => Some("the file cannot be opened: check its path and permissions, and those of its folder"),
        (_, Some(11 | 26)) => Some("the file is damaged, or is no SQLite database"),
        _ => None,
    }
}
