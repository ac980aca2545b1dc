//! The closer look: what is in the history, and what must be known of the connection. Writes nothing.

use migrate_core::plan::{Ahead, Item, Policy, Standing, Standings};
use migrate_core::scan::split;
use migrate_core::{BadRow, Dialect, Header, HistoryRow, RowState, Version};

use super::goal::Aim;
use super::prepare::Prepared;
use super::sql::{SETTINGS, is_in_transaction, state_after};
use super::wait::{Wait, is_kept_by_others};
use super::{Engine, foreign, refuse};
use crate::driver::{AnySession, Row};
use crate::error::Error;

/// The rows of the set, and what was found on the way.
pub(super) struct Recorded {
    pub(super) rows: Vec<HistoryRow>,
    pub(super) table_exists: bool,
    pub(super) facts: Facts,
}

/// What the database says of the connection.
pub(super) struct Facts {
    /// SQLite: where the table is; empty in memory.
    file: Option<String>,
    /// SQLite: changes when another connection has written to the database that the history table is in.
    pub(super) data_version: Option<String>,
    /// Whether triggers, rules or policies may have a say in what is written to the table, or, on SQLite, others than the scripts look at it.
    pub(super) is_history_exposed: bool,
    /// Where a table without a schema would be created.
    pub(super) current_schema: Option<String>,
    pub(super) user: Option<String>,
    /// Names and values of what is set back after each migration.
    pub(super) settings: Vec<(String, String)>,
}

impl<'a, S: AnySession + ?Sized> Engine<'a, S> {
    /// Reads the history; an absent table is an empty history.
    pub(super) async fn read_history(&mut self) -> Result<Recorded, Error> {
        let found = self.query_patiently(&self.sql.facts()).await.map_err(|error| self.not_attached(error))?;
        let mut cells = found.into_iter().next().unwrap_or_default().into_iter();
        let mut next = || cells.next().flatten();
        let is_yes = |answer: Option<String>| answer.is_some_and(|answer| answer == "t" || answer == "1");
        let (columns, has_key, home, data_version) = (next(), is_yes(next()), next(), next());
        let is_history_exposed = is_yes(next());
        let (current_schema, user, in_transaction) = (next(), next(), is_yes(next()));
        self.keeps_snapshot = is_yes(next());
        let settings = SETTINGS.iter().filter_map(|name| Some(((*name).to_owned(), next()?))).collect();
        let mut facts = Facts { file: None, data_version, is_history_exposed, current_schema, user, settings };
        self.is_time_limited = !["", "0"].contains(&facts.setting("statement_timeout"));
        if !self.is_nested && in_transaction {
            return Err(refuse::in_transaction());
        }
        // In others a character may end in a byte that means something else: nobody would read a script as the scanner does.
        let encoding = facts.setting("client_encoding");
        if !["", "UTF8", "SQL_ASCII"].contains(&encoding) {
            return Err(refuse::encoding(encoding));
        }
        let Some(columns) = columns else { return Ok(Recorded { rows: Vec::new(), table_exists: false, facts }) };
        match self.sql.dialect {
            Dialect::Sqlite => facts.file = home,
            _ => {
                if home.as_deref().is_some_and(|schema| schema.starts_with("pg_temp")) {
                    return Err(refuse::temporary_table(self.sql.table_name()));
                }
                home.iter().for_each(|schema| self.sql.fix_schema(schema));
            }
        }
        let columns: Vec<&str> = columns.split(' ').collect();
        if !foreign::is_ours(&columns) {
            return Err(refuse::foreign_table(self.sql.table(), &columns));
        }
        if !has_key {
            return Err(refuse::no_key(self.sql.table()));
        }
        let rows = self.query_history(&self.sql.history()).await?;
        let decoded: Vec<Result<HistoryRow, BadRow>> = rows.iter().map(|row| HistoryRow::decode(row)).collect();
        let bad: Vec<String> = decoded.iter().filter_map(|row| row.as_ref().err()).map(BadRow::to_string).collect();
        if !bad.is_empty() {
            return Err(refuse::bad_history(self.sql.table(), &bad));
        }
        Ok(Recorded { rows: decoded.into_iter().flatten().collect(), table_exists: true, facts })
    }

    /// The history, as it is for an aim.
    pub(super) async fn read_history_for(&mut self, aim: &Aim) -> Result<Recorded, Error> {
        let mut recorded = self.read_history().await?;
        if matches!(aim, Aim::Run) {
            self.leave_newer_alone(&mut recorded).await?;
        }
        Ok(recorded)
    }

    /// A newer binary is at work outside of a transaction, or was interrupted, on what does not concern this one, which has nothing to
    /// do: that counts as done.
    async fn leave_newer_alone(&mut self, recorded: &mut Recorded) -> Result<(), Error> {
        let policy = self.migrator.policy;
        let latest = self.migrations.last().map(|migration| migration.version());
        let Some(row) = recorded.in_the_middle().filter(|row| Some(&row.version) > latest) else { return Ok(()) };
        let version = row.version.clone();
        let is_tolerated = match policy.ahead {
            Ahead::Allow => true,
            Ahead::Refuse => false,
            Ahead::IfCompatible => self.says_compatible_backward(&version).await?,
        };
        let has_work = || Standings::compare(&self.migrations, recorded.rows.clone()).pending(policy).next().is_some();
        if is_tolerated && !has_work() {
            let is_it = |row: &&mut HistoryRow| row.version == version;
            recorded.rows.iter_mut().filter(is_it).for_each(|row| row.state = RowState::Applied);
        }
        Ok(())
    }

    /// Whether a migration, as the history has it, does no harm to binaries that do not know it.
    async fn says_compatible_backward(&mut self, version: &Version) -> Result<bool, Error> {
        let sql = self.stored_text("sql", version).await?.unwrap_or_default();
        Ok(Header::says_compatible_backward(&sql, self.sql.dialect))
    }

    /// SQLite: the database that the table is to be in may not be there.
    fn not_attached(&self, error: Error) -> Error {
        match self.sql.table_name().schema.as_deref().filter(|_| self.sql.dialect == Dialect::Sqlite) {
            Some(schema) if error.to_string().contains(&format!("{schema}.sqlite_master")) => {
                refuse::not_attached(schema)
            }
            _ => error,
        }
    }

    /// Whether somebody else has run this very script. Far cheaper than to read the whole history again, which is what any other
    /// answer leads to.
    pub(super) async fn is_done_by_now(&mut self, script: &Prepared<'_>) -> Result<bool, Error> {
        let row = self.row_of(&script.version).await?;
        let is_of_same_text = |row: &HistoryRow| match (script.direction, script.embedded) {
            (migrate_core::Direction::Up, Some(migration)) => row.checksum == migration.up().checksum(),
            _ => true,
        };
        Ok(row.is_some_and(|row| row.state == state_after(script.direction) && is_of_same_text(&row)))
    }

    /// The row of a migration, as it is now.
    pub(super) async fn row_of(&mut self, version: &Version) -> Result<Option<HistoryRow>, Error> {
        let rows = self.query_history(&self.sql.history_of(version)).await?;
        Ok(rows.first().and_then(|row| HistoryRow::decode(row).ok()))
    }

    /// Whether the history has the claim of a script that runs in a transaction, after that was rolled back: somebody has committed it.
    pub(super) async fn is_claim_committed(&mut self, version: &Version) -> bool {
        // When this fails, there is more to tell of what has failed before.
        let rows = self.session.query(&self.sql.history_of(version)).await.unwrap_or_default();
        let row = rows.first().and_then(|row| HistoryRow::decode(row).ok());
        row.and_then(|row| row.claim).is_some_and(|claim| is_in_transaction(&claim))
    }

    /// A text that the row of a migration keeps: `sql` or `down_sql`.
    pub(super) async fn stored_text(&mut self, column: &str, version: &Version) -> Result<Option<String>, Error> {
        let rows = self.query_history(&self.sql.stored_text(column, version)).await?;
        Ok(first_cells(rows).next())
    }

    /// Where everything stands; `going_on` is taken care of.
    ///
    /// # Errors
    /// Every problem, together.
    pub(super) async fn sound_standings(
        &mut self,
        recorded: &Recorded,
        policy: Policy,
        going_on: Option<&Version>,
    ) -> Result<Standings<'a>, Error> {
        let mut standings = Standings::compare(&self.migrations, recorded.rows.clone());
        if standings.problems(policy).next().is_none() {
            return Ok(standings);
        }
        self.look_closer(&mut standings).await?;
        let problems: Vec<&Item<'_>> =
            standings.problems(policy).filter(|item| going_on != Some(item.version())).collect();
        if problems.is_empty() {
            return Ok(standings);
        }
        let mut kept = Vec::new();
        for item in problems.iter() {
            let text = match item.standing() {
                Standing::Divergent => self.stored_text("sql", item.version()).await?.or(Some(String::new())),
                Standing::Running | Standing::Interrupted => self.begun_statement(item).await?,
                _ => None,
            };
            kept.extend(text.map(|text| (item.version().clone(), text)));
        }
        Err(refuse::history_mismatch(&problems, policy.ahead == Ahead::Refuse, &kept, self.sql.dialect))
    }

    /// The statement that a script outside of a transaction has begun, and the history does not know to be done.
    async fn begun_statement(&mut self, item: &Item<'_>) -> Result<Option<String>, Error> {
        let Some(row) = item.row().filter(|row| row.statements_begun > row.statements_done) else { return Ok(None) };
        let column = if row.state == RowState::Reverting { "down_sql" } else { "sql" };
        let stored = self.stored_text(column, &row.version).await?.unwrap_or_default();
        let index = usize::try_from(row.statements_done).unwrap_or(usize::MAX);
        Ok(split(&stored, self.sql.dialect).get(index).map(|statement| statement.text(&stored).to_owned()))
    }

    /// What has to be asked of the database to know where a migration stands: whether the runner of one in the middle lives, and
    /// whether one ahead says that it does no harm.
    pub(super) async fn look_closer(&mut self, standings: &mut Standings<'_>) -> Result<(), Error> {
        let rows = |standing: Standing| -> Vec<HistoryRow> {
            let is_so = |item: &&Item<'_>| item.standing() == standing;
            standings.items().iter().filter(is_so).filter_map(Item::row).cloned().collect()
        };
        let (interrupted, ahead) = (rows(Standing::Interrupted), rows(Standing::Ahead));
        for row in interrupted {
            if self.living_holder(&row).await?.is_some() {
                standings.declare_running(&row.version);
            }
        }
        for row in ahead {
            if self.says_compatible_backward(&row.version).await? {
                standings.declare_compatible(&row.version);
            }
        }
        Ok(())
    }

    /// Postgres: a query of the history, which does not wait for ever when somebody has locked the table. Inside a transaction that is
    /// not ours to bound, its own settings count.
    pub(super) fn bounded_read(&self, sql: &str) -> String {
        match self.sql.dialect {
            Dialect::Postgres if !self.is_nested => format!("{};\n{sql}", self.limit_wait()),
            _ => sql.to_owned(),
        }
    }

    async fn query_history(&mut self, sql: &str) -> Result<Vec<Row>, Error> {
        self.query_patiently(&self.bounded_read(sql)).await
    }

    /// A query that waits while SQLite, or the history of Postgres, is locked, for `wait_timeout` at most.
    pub(super) async fn query_patiently(&mut self, sql: &str) -> Result<Vec<Row>, Error> {
        let mut wait = Wait::start();
        loop {
            match self.session.query(sql).await {
                Ok(rows) => return Ok(rows),
                Err(error) if is_kept_by_others(&error) && !self.is_nested => {
                    let (waited, holder) = (wait.waited(), self.locker().await);
                    if waited >= self.migrator.wait_timeout {
                        return Err(refuse::wait_timeout(None, waited, holder.as_deref(), Some(error)));
                    }
                    self.tell_waiting(&mut wait, holder.as_deref());
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

/// A cell of a row; nothing for NULL.
pub(super) fn cell(row: &Row, column: usize) -> &str {
    row.get(column).and_then(Option::as_deref).unwrap_or_default()
}

/// The first cell of each row, but for those that are NULL.
pub(super) fn first_cells(rows: Vec<Row>) -> impl Iterator<Item = String> {
    rows.into_iter().filter_map(|row| row.into_iter().next().flatten())
}

impl Recorded {
    /// The migration that runs outside of a transaction at this moment, or was left in the middle of that.
    pub(super) fn in_the_middle(&self) -> Option<&HistoryRow> {
        let is_outside = |row: &&HistoryRow| !row.claim.as_deref().is_some_and(is_in_transaction);
        self.rows.iter().filter(is_outside).find(|row| matches!(row.state, RowState::Running | RowState::Reverting))
    }
}

impl Facts {
    /// SQLite: the file of the database that the history table is in.
    pub(super) fn file(&self) -> Option<&str> {
        self.file.as_deref().filter(|file| !file.is_empty())
    }

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
