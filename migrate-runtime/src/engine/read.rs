//! The closer look: what is in the history, and what must be known of the connection. Writes nothing.

use migrate_core::plan::Standings;
use migrate_core::{BadRow, Dialect, HistoryRow, Migration, RowState};

use super::prepare::{self, Prepared};
use super::sql::SETTINGS;
use super::{Engine, Wait, foreign, refuse};
use crate::driver::{DriverErrorKind, Row, Session};
use crate::error::Error;

/// The rows of the set, and what was found on the way.
pub(super) struct History {
    pub(super) rows: Vec<HistoryRow>,
    pub(super) table_exists: bool,
    pub(super) facts: Facts,
}

/// What Postgres says of the connection; on SQLite there is nothing to know.
pub(super) struct Facts {
    /// Where a table without a schema would be created.
    pub(super) current_schema: Option<String>,
    pub(super) user: Option<String>,
    /// Names and values of what is set back after each migration.
    pub(super) settings: Vec<(String, String)>,
}

impl<'a, S: Session> Engine<'a, S> {
    /// Reads the history; an absent table is an empty history.
    pub(super) async fn read_history(&mut self) -> Result<History, Error> {
        let found = self.query_patiently(&self.sql.facts()).await?;
        let mut cells = found.into_iter().next().unwrap_or_default().into_iter();
        let mut next = || cells.next().flatten();
        let (columns, has_key, table_schema) = (next(), next(), next());
        let (current_schema, user, in_transaction) = (next(), next(), next());
        let settings = SETTINGS.iter().filter_map(|name| Some(((*name).to_owned(), next()?))).collect();
        let facts = Facts { current_schema, user, settings };
        if !self.is_nested && in_transaction.is_some_and(|answer| answer == "t") {
            return Err(refuse::in_transaction());
        }
        let Some(columns) = columns else { return Ok(History { rows: Vec::new(), table_exists: false, facts }) };
        if let Some(schema) = table_schema {
            self.sql.fix_schema(&schema);
        }
        let columns: Vec<&str> = columns.split(' ').collect();
        if !foreign::is_ours(&columns) {
            return Err(refuse::foreign_table(self.sql.table(), &columns));
        }
        if !has_key.is_some_and(|answer| answer == "t" || answer == "1") {
            return Err(refuse::no_key(self.sql.table()));
        }
        let rows = self.query_patiently(&self.sql.history()).await?;
        let decoded: Vec<Result<HistoryRow, BadRow>> = rows.iter().map(|row| HistoryRow::decode(row)).collect();
        let bad: Vec<String> = decoded.iter().filter_map(|row| row.as_ref().err()).map(BadRow::to_string).collect();
        if !bad.is_empty() {
            return Err(refuse::bad_history(self.sql.table(), &bad));
        }
        Ok(History { rows: decoded.into_iter().flatten().collect(), table_exists: true, facts })
    }

    /// Whether somebody else has applied this very migration. Far cheaper than to read the whole history again, which is what
    /// any other answer leads to.
    pub(super) async fn is_applied_by_now(&mut self, migration: &Migration<'_>) -> Result<bool, Error> {
        let rows = self.query_patiently(&self.sql.history_of(migration.version())).await?;
        let row = rows.first().and_then(|row| HistoryRow::decode(row).ok());
        Ok(row.is_some_and(|row| row.checksum == migration.up().checksum() && row.state == RowState::Applied))
    }

    /// Refuses migrations that need foreign keys to be off while they are on: SQLite cannot switch them inside a transaction, and
    /// rows would be lost without a word.
    pub(super) async fn refuse_lost_rows(&mut self, pending: &[Prepared<'_>]) -> Result<(), Error> {
        if self.sql.dialect != Dialect::Sqlite {
            return Ok(());
        }
        let relying = prepare::needing_foreign_keys_off(pending);
        if relying.is_empty() {
            return Ok(());
        }
        let rows = self.query_patiently("PRAGMA foreign_keys").await?;
        match rows.first().and_then(|row| row.first()?.as_deref()) {
            Some("0") => Ok(()),
            _ => Err(refuse::foreign_keys(&relying)),
        }
    }

    /// Where everything stands.
    ///
    /// # Errors
    /// Every problem, together.
    pub(super) async fn sound_standings(&mut self, history: &History) -> Result<Standings<'a>, Error> {
        let standings = Standings::compare(&self.migrations, history.rows.clone());
        if standings.problems().next().is_none() {
            return Ok(standings);
        }
        let mut applied_sql = Vec::new();
        for item in standings.problems().filter(|item| item.diverging_checksums().is_some()) {
            let rows = self.query_patiently(&self.sql.applied_sql(item.version())).await?;
            let sql = rows.into_iter().next().and_then(|row| row.into_iter().next().flatten());
            applied_sql.push((item.version().clone(), sql.unwrap_or_default()));
        }
        Err(refuse::history_mismatch(&standings, &applied_sql))
    }

    /// A query that waits while SQLite is locked, for `wait_timeout` at most.
    async fn query_patiently(&mut self, sql: &str) -> Result<Vec<Row>, Error> {
        let mut wait = Wait::start();
        loop {
            match self.session.query(sql).await {
                Ok(rows) => return Ok(rows),
                Err(error) if error.kind() == DriverErrorKind::Busy && !self.is_nested => {
                    let waited = wait.waited();
                    if waited >= self.migrator.wait_timeout {
                        return Err(refuse::wait_timeout(None, waited, None, error));
                    }
                    self.session.sleep(wait.next_pause()).await;
                }
                Err(error) if error.has_code(&["25P02"]) && self.has_failed_start => {
                    return Err(refuse::in_transaction().with_driver(error));
                }
                Err(error) => return Err(refuse::unreadable(error)),
            }
        }
    }
}

impl Facts {
    /// The value of a setting; nothing on SQLite.
    pub(super) fn setting(&self, name: &str) -> &str {
        self.settings.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value)
    }

    /// Whether backslashes in strings mean something to the server.
    pub(super) fn reads_escapes(&self) -> bool {
        self.setting("standard_conforming_strings") == "off"
    }

    /// What a migration has to start with, which is not always what the session had.
    pub(super) fn read_strings_by_the_standard(&mut self) {
        for (name, value) in &mut self.settings {
            if name == "standard_conforming_strings" {
                *value = "on".into();
            }
        }
    }
}
