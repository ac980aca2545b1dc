//! Errors that are not a migration's own: the history, the table, the options, the connection. Each says the next step.

use std::time::Duration;

use migrate_core::plan::{Item, Standing, Standings};
use migrate_core::{Dialect, Label, MigrationSet, Problem, Version};

use super::failure::driver_lines;
use super::foreign;
use crate::difference::difference;
use crate::driver::{DriverError, DriverErrorKind};
use crate::error::{self, Error, ErrorKind};
use crate::excerpt::Excerpt;
use crate::report::count;

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

pub(super) fn history_mismatch(standings: &Standings<'_>, applied_sql: &[(Version, String)]) -> Error {
    let mut differences = 0;
    let body: Vec<String> = standings.problems().map(|item| describe(item, applied_sql, &mut differences)).collect();
    let problems: Vec<error::Problem> = standings
        .problems()
        .map(|item| error::Problem { migration: item.label(), standing: item.standing() })
        .collect();
    let message = format!(
        "the history does not match this binary in {}; nothing was applied",
        count(problems.len(), "migration")
    );
    let has = |standing| problems.iter().any(|problem| problem.standing == standing);
    let help: Vec<&str> =
        REMEDIES.into_iter().filter(|(standing, _)| has(*standing)).map(|(_, remedy)| remedy).collect();
    Error::new(ErrorKind::HistoryMismatch, message)
        .with_body(body.join("\n"))
        .with_help(help.join("\n   = help: "))
        .with_problems(problems)
}

const REMEDIES: [(Standing, &str); 5] = [
    (
        Standing::Divergent,
        "divergent: restore the file as it was applied, and put the change into a new migration; or start a development database afresh, \
         if no other has applied it",
    ),
    (
        Standing::Missing,
        "missing: restore the file, because an applied migration must stay; rows of another program need a `set` of their own",
    ),
    (
        Standing::Ahead,
        "ahead: a newer binary has migrated this database, so run that one; rows of another program need a `set` of their own",
    ),
    (Standing::OutOfOrder, "out-of-order: rename the file so that it comes after everything that is applied"),
    (Standing::Interrupted, "interrupted: look at what its statements have done, then finish or undo them by hand"),
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
    let lines: Vec<String> = labels.iter().map(|label| format!("   {label}")).collect();
    Error::new(ErrorKind::Pending, format!("{} not applied yet", is_are(labels.len(), "migration")))
        .with_body(lines.join("\n"))
        .with_help("`run` applies them")
}

fn is_are(number: usize, what: &str) -> String {
    format!("{} {}", count(number, what), if number == 1 { "is" } else { "are" })
}

pub(super) fn foreign_table(table: &str, columns: &[&str]) -> Error {
    let whose = match foreign::looks_like(columns) {
        Some(tool) => format!("it looks like the table of {tool}"),
        None => "it is none of ours".to_owned(),
    };
    Error::new(
        ErrorKind::ForeignTable,
        format!("{table} is not a history table of this program: {whose}; nothing was altered"),
    )
    .with_body(format!("   = its columns: {}", columns.join(", ")))
    .with_help("name another table with `Migrator::history_table`")
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

pub(super) fn no_transaction(labels: &[Label]) -> Error {
    let lines: Vec<String> = labels.iter().map(|label| format!("   {label}")).collect();
    Error::new(
        ErrorKind::Unsupported,
        "pending migrations ask for `no-transaction`, which is not supported yet; nothing was applied",
    )
    .with_body(lines.join("\n"))
    .with_help("remove what asks for it (a directive, or the mark of another tool), and whatever cannot run in a transaction, such as CONCURRENTLY")
}

pub(super) fn foreign_keys(labels: &[Label]) -> Error {
    let lines: Vec<String> = labels.iter().map(|label| format!("   {label}")).collect();
    let message = "pending migrations ask for foreign keys to be off, which cannot be done inside a transaction; nothing was applied";
    Error::new(ErrorKind::Unsupported, message).with_body(lines.join("\n")).with_help(
        "run `PRAGMA foreign_keys = OFF` on the connection before, and `PRAGMA foreign_keys = ON` after: \
         otherwise a table that is dropped to be rebuilt takes the rows that refer to it along",
    )
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

pub(super) fn wait_timeout(label: Option<&Label>, waited: Duration, holder: Option<&str>, error: DriverError) -> Error {
    let what = label.map(|label| format!(" with migration {label}")).unwrap_or_default();
    let who = holder.map(|holder| format!(": {holder}")).unwrap_or_default();
    let message = format!("gave up after {:.1} s: another connection is busy{what}{who}", waited.as_secs_f64());
    Error::new(ErrorKind::WaitTimeout, message)
        .with_body(driver_lines(&error, &[], Excerpt::MARGIN))
        .with_help("start again when it is done, or wait longer with `Migrator::wait_timeout`")
        .with_driver(error)
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
            "every migration runs in a transaction: leave out CONCURRENTLY, or run the statement by hand and record its effect \
             with `IF NOT EXISTS`",
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
