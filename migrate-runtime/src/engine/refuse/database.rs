//! What the database refuses of our own bookkeeping, and what to do about its errors.

use std::time::Duration;

use migrate_core::{Dialect, Label};

use super::super::failure::driver_lines;
use super::super::sql::NO_RECORD;
use crate::driver::{DriverError, DriverErrorKind};
use crate::error::{Error, ErrorKind};
use crate::excerpt::Excerpt;

pub(in crate::engine) fn in_transaction() -> Error {
    Error::new(ErrorKind::InTransaction, "the connection is inside a transaction; nothing was written")
        .with_help("end the transaction first (roll it back, if the look for the history table made it fail), or pass the driver's `Transaction` to migrate inside it")
}

pub(in crate::engine) fn not_edited(error: DriverError) -> Error {
    let help = match error.message().contains(NO_RECORD) {
        true => "a trigger, rule or policy on the history table has kept it from being written; nothing was changed",
        false => advice(&error).unwrap_or("see what the database says; nothing was changed"),
    };
    bookkeeping("the history could not be changed".into(), error).with_help(help)
}

pub(in crate::engine) fn not_begun(error: DriverError) -> Error {
    let help = advice(&error).unwrap_or("see what the database says; nothing was changed");
    bookkeeping("the transaction for all migrations could not begin".into(), error).with_help(help)
}

pub(in crate::engine) fn not_committed(error: DriverError) -> Error {
    let may_pass = error.has_code(&["40001", "40P01"]);
    let help = advice(&error).unwrap_or("see what the database says, then start again: nothing was kept");
    bookkeeping("the transaction for all migrations could not be committed".into(), error)
        .with_help(help)
        .that_may_pass(may_pass)
}

pub(in crate::engine) fn no_schema(search_path: &str) -> Error {
    Error::new(
        ErrorKind::Database,
        format!("there is no schema to create the history table in: search_path is {search_path:?}"),
    )
    .with_help("name the schema with `Migrator::history_table(\"schema.table\")`, or set the search path of the role")
}

pub(in crate::engine) fn no_table(table: &str, user: Option<&str>, error: DriverError) -> Error {
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

pub(in crate::engine) fn table_out_of_sight(table: &str) -> Error {
    Error::new(
        ErrorKind::Database,
        format!("the history table {table} is there, but this transaction does not see it; nothing was applied"),
    )
    .with_help(
        "it began before another runner made the table, and is isolated more strictly than `read committed`: roll it back and begin anew",
    )
}

pub(in crate::engine) fn encoding(encoding: &str) -> Error {
    let message =
        format!("the session's `client_encoding` is {encoding}, and migrations are UTF-8; nothing was written");
    Error::new(ErrorKind::Database, message).with_help("set it to `UTF8`, as the driver does when it connects")
}

pub(in crate::engine) fn unreadable(error: DriverError) -> Error {
    let help = advice_on_look(&error);
    bookkeeping("the history could not be read".into(), error).with_help(help)
}

pub(in crate::engine) fn settings(error: DriverError) -> Error {
    let help = advice_on_look(&error);
    bookkeeping("the settings of the session could not be changed".into(), error).with_help(help)
}

/// What to do about an error of what writes nothing.
fn advice_on_look(error: &DriverError) -> &'static str {
    advice(error).unwrap_or(match error.kind() {
        DriverErrorKind::ConnectionLost => START_AGAIN,
        _ => "see what the database says; nothing was written",
    })
}

/// What to do when the connection was lost.
pub(super) const START_AGAIN: &str = "start again: the history knows what is done";

/// SQLITE_BUSY_SNAPSHOT: a transaction that has read wants to write, and others have written since.
const BUSY_SNAPSHOT: &str = "517";

pub(in crate::engine) fn wait_timeout(
    label: Option<&Label>,
    waited: Duration,
    holder: Option<&str>,
    error: Option<DriverError>,
) -> Error {
    let waited = waited.as_secs_f64();
    let of = |word: &str| label.map(|label| format!(" {word} migration {label}")).unwrap_or_default();
    let who = match holder {
        Some(holder) => format!("is busy{}: {holder}", of("with")),
        None => format!("is in the way{}; the database does not say which", of("of")),
    };
    let message = format!("gave up after {waited:.1} s: another connection {who}");
    let help = match &error {
        Some(error) if error.has_code(&[BUSY_SNAPSHOT]) => {
            "the transaction is older than what others have written by now, and to wait does not help: roll it back, and begin it anew with \
             `BEGIN IMMEDIATE`"
        }
        _ => "start again when it is done, or wait longer with `Migrator::wait_timeout`",
    };
    let told = Error::new(ErrorKind::WaitTimeout, message).with_help(help);
    match error {
        Some(error) => told.with_body(driver_lines(&error, &[], Excerpt::MARGIN)).with_driver(error),
        None => told,
    }
}

pub(super) fn bookkeeping(message: String, error: DriverError) -> Error {
    let (kind, message) = match error.kind() {
        DriverErrorKind::ConnectionLost => (ErrorKind::ConnectionLost, format!("{message}: the connection was lost")),
        _ => (ErrorKind::Database, message),
    };
    Error::new(kind, message).with_body(driver_lines(&error, &[], Excerpt::MARGIN)).with_driver(error)
}

/// What to do about an error that has nothing to do with the script.
pub(in crate::engine) fn advice(error: &DriverError) -> Option<&'static str> {
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
        (Some("25006"), _) => Some(
            "the server or the session is read-only: connect to the primary; or the script says so: take `SET TRANSACTION READ ONLY` out of it",
        ),
        (Some("40001" | "40P01"), _) => Some(
            "others were in the way at the same time: start again; a transaction of your own has to be rolled back before",
        ),
        (Some("25P02"), _) => {
            Some("the transaction that the connection was handed over in has failed already: roll it back first")
        }
        (Some("53100"), _) | (_, Some(13)) => {
            Some("the disk is full: make room, then start again; nothing of this migration was kept")
        }
        (Some("6"), Some(6)) => {
            Some("the connection is in its own way: what it has begun has to end before, such as the transaction")
        }
        (_, Some(8)) => Some("the database is read-only: check the permissions of the file and its folder"),
        (_, Some(14)) => Some("the file cannot be opened: check its path and permissions, and those of its folder"),
        (_, Some(1)) if error.message().ends_with("is already in use") => Some(
            "something is attached under this name to the connection, by the program or by a script before in the same transaction: the \
             program has to `DETACH` it first, or to attach it itself for all scripts that need it",
        ),
        // Of a file that somebody else locks it would say that the database is.
        (_, Some(1)) if error.message().ends_with("is locked") => Some(
            "a transaction cannot detach what it has used: put the script into a file that begins with `-- migrate: no-transaction`, or leave \
             `DETACH` to the program",
        ),
        (_, Some(11 | 26)) => Some("the file is damaged, or is no SQLite database"),
        _ => None,
    }
}
