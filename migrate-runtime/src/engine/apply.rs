//! Applies one migration: claim, statements and record, in one transaction.

use std::time::Instant;

use migrate_core::{Dialect, Place};

use super::Engine;
use super::foreseen::Foreseen;
use super::prepare::Prepared;
use super::read::{Facts, History};
use super::request::{Frame, Part, Request, Style, compose};
use crate::driver::{DriverError, DriverErrorKind, Session};
use crate::error::Error;
use crate::event::Event;
use crate::host;
use crate::quote::literal;
use crate::report::Applied;

/// Postgres refuses savepoints outside of a transaction block, also in a request of several statements.
const GUARD: &str = "SAVEPOINT migrate_runtime_guard;\nRELEASE SAVEPOINT migrate_runtime_guard";

pub(super) const NO_RECORD: &str = "the row of the migration is not in the history table";

/// How an attempt to apply a migration ended, if not with an error of the migration.
pub(super) enum Outcome {
    /// It is committed.
    Applied(Applied),
    /// The claim failed as if another runner had been faster. The error is what to say if none was.
    Contested(Error),
    /// Another runner holds the claim, or the SQLite file, for longer than one try may take.
    Busy(DriverError),
}

impl<S: Session> Engine<'_, S> {
    pub(super) async fn apply(
        &mut self,
        prepared: &Prepared<'_>,
        history: &History,
        foreseen: &Foreseen,
    ) -> Result<Outcome, Error> {
        let Prepared { migration, label, statements, .. } = prepared;
        let style = match self.sql.dialect {
            Dialect::Sqlite => Style::Separate,
            // A savepoint that shared a request with a statement which cannot be read would never be set.
            _ if self.session.pipelines() || self.is_nested => Style::Pipelined,
            _ => Style::Together,
        };
        let requests = compose(style, self.frame(prepared, history, foreseen), migration.up().sql(), statements);

        self.migrator.tell(&Event::Started { migration: label, statements: statements.len() });
        let started = Instant::now();
        self.session.roll_back_when_dropped(Some(self.rollback()));
        let sent = self.send(style, &requests, prepared).await;
        if let Err((_, error)) = &sent
            && error.kind() != DriverErrorKind::ConnectionLost
        {
            self.roll_back().await;
        }
        self.session.roll_back_when_dropped(None);
        match sent {
            Ok(()) => Ok(Outcome::Applied(Applied {
                migration: label.clone(),
                statements: statements.len(),
                duration: started.elapsed(),
            })),
            // There is always a request, whatever index a driver gives.
            Err((index, error)) => self.interpret(prepared, &requests[index.min(requests.len() - 1)], error),
        }
    }

    /// Sends the requests in order; an error comes with the index of its request.
    async fn send(
        &mut self,
        style: Style,
        requests: &[Request],
        prepared: &Prepared<'_>,
    ) -> Result<(), (usize, DriverError)> {
        let mut places = Places { sql: prepared.migration.up().sql(), offset: 0, place: Place::START };
        if style == Style::Pipelined && self.session.pipelines() {
            requests.iter().for_each(|request| self.tell_statements(request, prepared, &mut places));
            let texts: Vec<String> = requests.iter().map(|request| request.sql.clone()).collect();
            return self.session.execute_all(&texts).await;
        }
        for (index, request) in requests.iter().enumerate() {
            self.tell_statements(request, prepared, &mut places);
            if style == Style::Separate && request.has(Part::Close) {
                self.check_record(prepared).await.map_err(|error| (index, error))?;
            }
            self.session.execute(&request.sql).await.map_err(|error| (index, error))?;
        }
        Ok(())
    }

    /// SQLite: whether the row that is about to be committed is really there. On Postgres the finish tells.
    async fn check_record(&mut self, prepared: &Prepared<'_>) -> Result<(), DriverError> {
        let rows = self.session.query(&self.sql.is_recorded(prepared.migration.version())).await?;
        match rows.first().and_then(|row| row.first()?.as_deref()) {
            Some("1") => Ok(()),
            _ => Err(DriverError::new(Dialect::Sqlite, DriverErrorKind::Refused, NO_RECORD, NO_RECORD)),
        }
    }

    fn tell_statements(&self, request: &Request, prepared: &Prepared<'_>, places: &mut Places<'_>) {
        let Some(indexes) = request.statements() else { return };
        let place = places.of(prepared.statements[indexes.start].span.start);
        let (number, count) = (indexes.start + 1, indexes.len());
        self.migrator.tell(&Event::Statement { migration: &prepared.label, number, count, place });
    }

    /// The bookkeeping around the statements of a migration.
    fn frame(
        &self,
        Prepared { migration, statements, .. }: &Prepared<'_>,
        history: &History,
        foreseen: &Foreseen,
    ) -> Frame {
        let (open, close) = self.transaction();
        let claim = self.sql.claim(migration, statements.len(), &self.applied_by(&history.facts), foreseen);
        let finish = self.sql.finish(migration.version());
        let (claim, finish) = match self.sql.dialect {
            Dialect::Sqlite if history.table_exists || foreseen.rows > 0 => (claim, finish),
            Dialect::Sqlite => (format!("{};\n{claim}", self.sql.create_table()), finish),
            _ => (
                self.bounded(&claim, &history.facts),
                format!("{finish};\n{}", self.sql.restore_settings(&history.facts.settings)),
            ),
        };
        let guard = (self.sql.dialect != Dialect::Sqlite).then_some(GUARD);
        Frame { open: open.to_owned(), guard, claim, finish, close: close.to_owned() }
    }

    /// The claim waits for another runner's transaction; the statements after it wait as the session is set to.
    fn bounded(&self, claim: &str, facts: &Facts) -> String {
        let patience = self.claim_patience().as_millis();
        let usual = literal(facts.setting("lock_timeout"), Dialect::Postgres);
        let lock = self.sql.lock_latest();
        format!("SET LOCAL lock_timeout = '{patience}ms';\n{lock};\n{claim};\nSET LOCAL lock_timeout = {usual}")
    }

    fn applied_by(&self, facts: &Facts) -> String {
        let migrator = self.migrator;
        migrator.applied_by.clone().unwrap_or_else(|| host::runner(facts.user.as_deref(), migrator.migrations.package))
    }

    /// What opens a transaction of ours, and what commits it.
    pub(super) fn transaction(&self) -> (&'static str, &'static str) {
        match (self.is_nested, self.sql.dialect) {
            (true, _) => ("SAVEPOINT migrate_runtime", "RELEASE SAVEPOINT migrate_runtime"),
            // A deferred transaction would find out too late that it may not write.
            (false, Dialect::Sqlite) => ("BEGIN IMMEDIATE", "COMMIT"),
            (false, _) => ("BEGIN", "COMMIT"),
        }
    }

    /// What undoes it.
    pub(super) fn rollback(&self) -> &'static str {
        if self.is_nested {
            "ROLLBACK TO SAVEPOINT migrate_runtime; RELEASE SAVEPOINT migrate_runtime"
        } else {
            "ROLLBACK"
        }
    }

    /// The one rollback. SQLite may have rolled back by itself, for example when the disk is full.
    pub(super) async fn roll_back(&mut self) {
        if self.session.in_transaction() == Some(false) {
            if self.is_nested {
                // The transaction that we were handed is gone, and with it what was released into it.
                self.report.applied.clear();
                self.has_lost_transaction = true;
            }
            return;
        }
        // When this fails, the connection is gone, and the transaction with it.
        let _ = self.session.execute(self.rollback()).await;
    }
}

/// Places of ascending offsets in a script, found in one pass.
struct Places<'a> {
    sql: &'a str,
    offset: usize,
    place: Place,
}

impl Places<'_> {
    fn of(&mut self, offset: usize) -> Place {
        self.place = self.place.after(self.sql.get(self.offset..offset).unwrap_or_default());
        self.offset = offset;
        self.place
    }
}
