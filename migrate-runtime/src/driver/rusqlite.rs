//! `rusqlite`: blocking, so every future is ready at once.

use std::future::ready;
use std::thread;
use std::time::Duration;

use migrate_core::Dialect;
use migrate_core::scan::split;
use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, Savepoint, Transaction};

use super::{Database, DriverError, DriverErrorKind, Itself, Row, Session, StepFailure, StepRun, one_by_one};
use crate::step::{Body, Step};

impl Database<Itself> for Connection {
    fn session(&mut self) -> impl Session {
        RusqliteSession { connection: self, rollback: None, afterwards: None, usual_foreign_keys: None }
    }
}

impl Database<Itself> for Transaction<'_> {
    fn session(&mut self) -> impl Session {
        RusqliteSession { connection: self, rollback: None, afterwards: None, usual_foreign_keys: None }
    }
}

impl Database<Itself> for Savepoint<'_> {
    fn session(&mut self) -> impl Session {
        RusqliteSession { connection: self, rollback: None, afterwards: None, usual_foreign_keys: None }
    }
}

struct RusqliteSession<'a> {
    connection: &'a Connection,
    rollback: Option<&'static str>,
    afterwards: Option<String>,
    /// Whether foreign keys were on, once that was changed.
    usual_foreign_keys: Option<bool>,
}

impl RusqliteSession<'_> {
    /// Runs every statement to its end; `execute_batch` of the driver stops at the first row of each.
    fn run(&self, sql: &str) -> Result<(), DriverError> {
        // Most requests are one statement, and need not be scanned to know it.
        let statement = sql.trim_ascii_end().trim_end_matches(';');
        if is_single(statement) {
            return self.step(statement).map_err(|error| self.error_of(error, 0));
        }
        split(sql, Dialect::Sqlite).iter().try_for_each(|statement| {
            self.step(statement.text(sql)).map_err(|error| self.error_of(error, statement.span.start))
        })
    }

    /// What is locked, without an extended code that tells of a shared cache, is locked by the connection itself in a transaction, as for a
    /// checkpoint: nobody is to be waited for.
    fn error_of(&self, error: rusqlite::Error, start: usize) -> DriverError {
        let error = driver_error(error, start);
        let is_in_its_own_way = error.has_code(&["6"]) && !self.connection.is_autocommit();
        if is_in_its_own_way { error.refused() } else { error }
    }

    fn step(&self, statement: &str) -> Result<(), rusqlite::Error> {
        let mut statement = self.connection.prepare(statement)?;
        if statement.parameter_count() > 0 {
            // They would count as NULL.
            return Err(rusqlite::Error::InvalidParameterCount(0, statement.parameter_count()));
        }
        let mut rows = statement.raw_query();
        while rows.next()?.is_some() {}
        Ok(())
    }

    fn step_in_transaction(
        &self,
        StepRun { before, step, after, is_nested, .. }: StepRun<'_>,
    ) -> Result<(), StepFailure> {
        #[allow(irrefutable_let_patterns)]
        let Body::Rusqlite(function) = &step.body else { return Err(StepFailure::Unsupported) };
        let (open, close, rollback) = match is_nested {
            true => (
                "SAVEPOINT migrate_runtime_step",
                "RELEASE migrate_runtime_step",
                "ROLLBACK TO migrate_runtime_step; RELEASE migrate_runtime_step",
            ),
            false => ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"),
        };
        self.run(open).map_err(StepFailure::Before)?;
        // Also when the function panics.
        let mut undo = Undo { session: self, rollback: Some(rollback) };
        self.run(before).and_then(|()| self.run("SAVEPOINT migrate_runtime_inside")).map_err(StepFailure::Before)?;
        let returned = function(self.connection);
        // Gone when the function has ended the transaction, also when it has begun another one.
        let is_inside = self.run("RELEASE migrate_runtime_inside").is_ok();
        returned.map_err(|error| match error.downcast::<rusqlite::Error>() {
            // Some errors end the transaction by themselves; the engine finds out.
            Ok(error) => StepFailure::OfDriver(driver_error(*error, 0)),
            Err(error) if is_inside => StepFailure::Function(error),
            Err(error) => StepFailure::LeftTransaction(Some(error)),
        })?;
        if !is_inside {
            return Err(StepFailure::LeftTransaction(None));
        }
        self.run(after).and_then(|()| self.run(close)).map_err(StepFailure::After)?;
        undo.rollback = None;
        Ok(())
    }

    /// The pragma does nothing in a transaction; this does.
    fn switch_foreign_keys(&mut self, on: bool) -> Result<(), rusqlite::Error> {
        let usual = self.connection.db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY)?;
        self.usual_foreign_keys.get_or_insert(usual);
        self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, on).map(|_| ())
    }

    fn rows(&self, sql: &str) -> Result<Vec<Row>, rusqlite::Error> {
        let mut statement = self.connection.prepare(sql)?;
        let columns = statement.column_count();
        let mut rows = statement.raw_query();
        let mut result = Vec::new();
        while let Some(row) = rows.next()? {
            result.push((0..columns).map(|column| row.get_ref(column).map(text)).collect::<Result<_, _>>()?);
        }
        Ok(result)
    }
}

impl Session for RusqliteSession<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn in_transaction(&self) -> Option<bool> {
        Some(!self.connection.is_autocommit())
    }

    fn execute(&mut self, sql: &str) -> impl Future<Output = Result<(), DriverError>> + Send {
        ready(self.run(sql))
    }

    fn execute_all(&mut self, requests: &[String]) -> impl Future<Output = Result<(), (usize, DriverError)>> + Send {
        ready(one_by_one(requests, |sql| self.run(sql)))
    }

    fn pipelines(&self) -> bool {
        false
    }

    fn query(&mut self, sql: &str) -> impl Future<Output = Result<Vec<Row>, DriverError>> + Send {
        ready(self.rows(sql).map_err(|error| driver_error(error, 0)))
    }

    fn takes_step(&self, step: &Step<'_>) -> bool {
        matches!(step.body, Body::Rusqlite(_))
    }

    fn run_step(&mut self, run: StepRun<'_>) -> impl Future<Output = Result<(), StepFailure>> + Send {
        ready(self.step_in_transaction(run))
    }

    fn sleep(&mut self, duration: Duration) -> impl Future<Output = ()> + Send {
        thread::sleep(duration);
        ready(())
    }

    fn enforce_foreign_keys(&mut self, on: bool) -> impl Future<Output = Result<(), DriverError>> + Send {
        ready(self.switch_foreign_keys(on).map_err(|error| driver_error(error, 0)))
    }

    fn roll_back_when_dropped(&mut self, rollback: Option<&'static str>) {
        self.rollback = rollback;
    }

    fn run_when_dropped(&mut self, sql: Option<String>) {
        self.afterwards = sql;
    }
}

impl Drop for RusqliteSession<'_> {
    fn drop(&mut self) {
        if let Some(rollback) = self.rollback.filter(|_| !self.connection.is_autocommit()) {
            // Nobody is left to tell of an error; the next statement on the connection will meet it.
            let _ = self.run(rollback);
        }
        if let Some(usual) = self.usual_foreign_keys {
            let _ = self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, usual);
        }
        if let Some(sql) = &self.afterwards {
            let _ = self.run(sql);
        }
    }
}

/// Whether a text is a single statement, as far as a look at its quotes and comments tells: where it is none, there is a `;` outside of
/// them.
fn is_single(sql: &str) -> bool {
    const SIGNS: &[u8] = b";'\"`[-/$@#:";
    // Behind the last one there is nothing to look for.
    let mut rest = sql.rfind(';').map_or("", |last| &sql[..=last]);
    let is_sign = |byte: &u8| SIGNS.contains(byte);
    while let Some(at) = rest.as_bytes().iter().position(is_sign) {
        let (sign, behind) = (rest.as_bytes()[at], &rest[at + 1..]);
        let end = match sign {
            // A parameter may have quotes in its name.
            b';' | b'$' | b'@' | b'#' | b':' => return false,
            b'-' if behind.starts_with('-') => behind.find('\n'),
            b'/' if behind.starts_with('*') => behind[1..].find("*/").map(|end| end + 3),
            b'-' | b'/' => Some(0),
            b'[' => behind.find(']').map(|end| end + 1),
            quote => behind.find(char::from(quote)).map(|end| end + 1),
        };
        let Some(end) = end else { break };
        rest = &behind[end..];
    }
    true
}

/// Undoes a transaction unless told not to.
struct Undo<'s, 'a> {
    session: &'s RusqliteSession<'a>,
    rollback: Option<&'static str>,
}

impl Drop for Undo<'_, '_> {
    fn drop(&mut self) {
        // SQLite may have rolled back by itself.
        if let Some(rollback) = self.rollback.filter(|_| !self.session.connection.is_autocommit()) {
            let _ = self.session.run(rollback);
        }
    }
}

fn text(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(integer) => Some(integer.to_string()),
        ValueRef::Real(real) => Some(real.to_string()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(match str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => String::from_utf8_lossy(bytes).into_owned(),
        }),
    }
}

/// `start` is where the statement begins in the request.
pub(crate) fn driver_error(error: rusqlite::Error, start: usize) -> DriverError {
    let (code, message, position) = match &error {
        rusqlite::Error::SqlInputError { error, msg, offset, .. } => {
            (Some(error), msg.clone(), usize::try_from(*offset).ok().map(|offset| start + offset))
        }
        rusqlite::Error::SqliteFailure(error, Some(message)) => (Some(error), message.clone(), None),
        rusqlite::Error::SqliteFailure(error, None) => (Some(error), error.to_string(), None),
        other => (None, other.to_string(), None),
    };
    let kind = match code.map(|error| error.code) {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => DriverErrorKind::Busy,
        _ => DriverErrorKind::Refused,
    };
    let code = code.map(|error| error.extended_code.to_string());
    DriverError::new(Dialect::Sqlite, kind, message, error).with_code(code).with_position(position)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_statements() {
        let cases = [
            ("SELECT 1", true),
            ("SELECT 1; SELECT 2", false),
            ("INSERT INTO t VALUES ('a;''b;', \"c;\", `d;`, [e;], 1 - 2 / 3)", true),
            ("INSERT INTO t VALUES ('a''b'); SELECT 2", false),
            ("-- one; two\nSELECT 1", true),
            ("-- it's\nSELECT 1; SELECT 2", false),
            ("/* a; */ SELECT 1 /* b; '", true),
            ("/*/ ; */ SELECT 1", true),
            ("/**/ SELECT 1; SELECT 2", false),
            ("SELECT 1 -- the end;", true),
            ("SELECT 'open; SELECT 2", true),
            ("CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; END", false),
            ("SELECT 'größe;' -- größe;\n, 1", true),
            ("CREATE VIRTUAL TABLE v USING fts4(@a('));SELECT ')", false),
            ("SELECT $x('); SELECT 2 --'", false),
            ("SELECT ':;'", true),
        ];
        for (sql, expect) in cases {
            assert_eq!(is_single(sql), expect, "{sql}");
        }
    }
}
