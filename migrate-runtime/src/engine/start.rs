//! The verified start: one read that tells whether everything is applied, and nothing else.

use std::cmp::Ordering;

use migrate_core::{Checksum, Dialect, Digest, Migration, Script};

use super::read::cell;
use super::{Engine, refuse};
use crate::driver::{AnySession, DriverError, DriverErrorKind, Row};
use crate::error::Error;

impl<S: AnySession + ?Sized> Engine<'_, S> {
    /// Whether the history is exactly that of a database in which every migration is applied. `false` means nothing yet: the
    /// table may be absent, foreign or locked, and a closer look has to tell.
    pub(super) async fn is_verified(&mut self) -> Result<bool, Error> {
        match self.sql.dialect {
            Dialect::Sqlite => {
                self.select(self.migrations_of)?;
                let rows = self.session.query(&self.sql.applied_rows()).await;
                Ok(rows.is_ok_and(|rows| rows.first().is_some_and(|row| self.are_all_applied(cell(row, 0)))))
            }
            _ => {
                // Where somebody has locked the table against readers, the closer look waits.
                let digest = format!("{};\n{}", self.sql.look_at_once(), self.sql.digest());
                let answer = self.query_without_harm(&digest).await;
                let rows = match answer {
                    Ok(rows) => rows,
                    Err(error) if error.kind() == DriverErrorKind::ConnectionLost => {
                        return Err(refuse::unreadable(error));
                    }
                    Err(error) => {
                        // In a transaction that nobody told us of, this has made everything after it fail.
                        self.has_failed_start = !self.is_nested && !error.has_code(&["25P02"]);
                        return Ok(false);
                    }
                };
                self.is_digest_of_all(&rows)
            }
        }
    }

    /// A query that may fail without spoiling a transaction of the user's. One round trip when it succeeds.
    pub(super) async fn query_without_harm(&mut self, sql: &str) -> Result<Vec<Row>, DriverError> {
        if !self.is_nested {
            return self.session.query(sql).await;
        }
        let answer =
            self.session.query(&format!("SAVEPOINT migrate_runtime; {sql}; RELEASE SAVEPOINT migrate_runtime")).await;
        if answer.is_err() {
            self.session.execute("ROLLBACK TO SAVEPOINT migrate_runtime; RELEASE SAVEPOINT migrate_runtime").await?;
        }
        answer
    }

    fn is_digest_of_all(&self, rows: &[Row]) -> Result<bool, Error> {
        let Some([digest, in_transaction]) = rows.first().map(Vec::as_slice) else { return Ok(false) };
        if !self.is_nested && in_transaction.as_deref() == Some("t") {
            return Err(refuse::in_transaction());
        }
        let with = |digest: Digest, step: &Script| digest.with(step.version(), step.checksum());
        let steps = self.own_steps().map(|registered| &registered.script);
        let expected = self.migrations_of.set.digest(self.sql.dialect).map(|files| steps.fold(files, with));
        // There is no sum of no rows.
        let found = digest.as_ref().map_or(Ok(Digest::EMPTY), |digest| digest.parse());
        Ok(found.ok() == expected && expected.is_some())
    }

    /// Compares versions and checksums, a line each, with the migrations.
    fn are_all_applied(&self, text: &str) -> bool {
        let lines = text.split('\n').filter(|_| !text.is_empty());
        let Some(mut rows) = lines.map(|line| line.split_once(' ')).collect::<Option<Vec<_>>>() else { return false };
        let mut migrations: Vec<&Migration<'_>> = self.migrations.iter().collect();
        // Sorted already, but for timestamps of different precision.
        migrations.sort_by(|a, b| by_digits(a.version().digits(), b.version().digits()));
        rows.sort_by(|a, b| by_digits(a.0, b.0));
        let is_applied = |((version, checksum), migration): (&(&str, &str), &&Migration<'_>)| {
            *version == migration.version().digits() && Checksum::parse(checksum) == Some(migration.up().checksum())
        };
        rows.len() == migrations.len() && rows.iter().zip(&migrations).all(is_applied)
    }
}

/// The order of whole numbers that are spelled without leading zeros.
fn by_digits(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}
