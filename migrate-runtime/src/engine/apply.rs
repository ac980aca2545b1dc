//! Applies one migration: claim, statements and record, in one transaction.

use std::time::Instant;

use migrate_core::{Dialect, Place};

use super::Engine;
use super::prepare::Prepared;
use super::read::{Facts, History};
use super::request::{Frame, Request, Style, compose};
use crate::driver::{DriverError, DriverErrorKind, Session};
use crate::error::Error;
use crate::event::Event;
use crate::host;
use crate::quote::literal;
use crate::report::Applied;

/// How an attempt to apply a migration ended, if not with an error of the migration.
pub(super) enum Outcome {
    /// It is committed.
    Applied(Applied),
    /// The claim failed as if the row were there: another runner was faster. The error is what to say if it was not.
    Contested(Error),
    /// Another runner holds the claim, or the SQLite file, for longer than one try may take.
    Busy(DriverError),
}

impl<S: Session> Engine<'_, S> {
    pub(super) async fn apply(&mut self, prepared: &Prepared<'_>, history: &History) -> Result<Outcome, Error> {
        let Prepared { migration, label, statements } = prepared;
        let style = match self.sql.dialect {
            Dialect::Sqlite => Style::Separate,
            _ if self.session.pipelines() => Style::Pipelined,
            _ => Style::Together,
        };
        let requests = compose(style, self.frame(prepared, history), migration.up().sql(), statements);

        self.migrator.tell(&Event::Started { migration: label, statements: statements.len() });
        let started = Instant::now();
        self.session.transaction_is_open(!self.is_nested);
        let sent = self.send(style, &requests, prepared).await;
        if let Err((_, error)) = &sent
            && error.kind() != DriverErrorKind::ConnectionLost
        {
            self.roll_back().await;
        }
        self.session.transaction_is_open(false);
        match sent {
            Ok(()) => Ok(Outcome::Applied(Applied {
                migration: label.clone(),
                statements: statements.len(),
                duration: started.elapsed(),
            })),
            Err((index, error)) => self.interpret(prepared, history, &requests[index], error),
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
        if style == Style::Pipelined {
            requests.iter().for_each(|request| self.tell_statements(request, prepared, &mut places));
            let texts: Vec<String> = requests.iter().map(|request| request.sql.clone()).collect();
            return self.session.execute_all(&texts).await;
        }
        for (index, request) in requests.iter().enumerate() {
            self.tell_statements(request, prepared, &mut places);
            self.session.execute(&request.sql).await.map_err(|error| (index, error))?;
        }
        Ok(())
    }

    fn tell_statements(&self, request: &Request, prepared: &Prepared<'_>, places: &mut Places<'_>) {
        let Some(indexes) = request.statements() else { return };
        let place = places.of(prepared.statements[indexes.start].span.start);
        let (number, count) = (indexes.start + 1, indexes.len());
        self.migrator.tell(&Event::Statement { migration: &prepared.label, number, count, place });
    }

    /// The bookkeeping around the statements of a migration.
    fn frame(&self, Prepared { migration, statements, .. }: &Prepared<'_>, history: &History) -> Frame {
        let (open, close) = match (self.is_nested, self.sql.dialect) {
            (true, _) => ("SAVEPOINT migrate", "RELEASE SAVEPOINT migrate"),
            // A deferred transaction would find out too late that it may not write.
            (false, Dialect::Sqlite) => ("BEGIN IMMEDIATE", "COMMIT"),
            (false, _) => ("BEGIN", "COMMIT"),
        };
        let claim = self.sql.claim(migration, statements.len(), &self.applied_by(&history.facts));
        let finish = self.sql.finish(migration.version());
        let (claim, finish) = match self.sql.dialect {
            Dialect::Sqlite if history.table_exists || !self.report.applied.is_empty() => (claim, finish),
            Dialect::Sqlite => (format!("{};\n{claim}", self.sql.create_table()), finish),
            _ => (self.bounded(&claim, &history.facts), format!("{finish};\n{}", restored_settings(&history.facts))),
        };
        Frame { open: open.to_owned(), claim, finish, close: close.to_owned() }
    }

    /// The claim waits for another runner's transaction; the statements after it wait as the session is set to.
    fn bounded(&self, claim: &str, facts: &Facts) -> String {
        let patience = self.claim_patience().as_millis();
        let usual = literal(&facts.lock_timeout, Dialect::Postgres);
        format!("SET LOCAL lock_timeout = '{patience}ms';\n{claim};\nSET LOCAL lock_timeout = {usual}")
    }

    fn applied_by(&self, facts: &Facts) -> String {
        let migrator = self.migrator;
        migrator.applied_by.clone().unwrap_or_else(|| host::runner(facts.user.as_deref(), migrator.migrations.package))
    }

    /// The one rollback. SQLite may have rolled back by itself, for example when the disk is full.
    async fn roll_back(&mut self) {
        let sql = match (self.is_nested, self.session.in_transaction()) {
            (_, Some(false)) => return,
            (true, _) => "ROLLBACK TO SAVEPOINT migrate; RELEASE SAVEPOINT migrate",
            (false, _) => "ROLLBACK",
        };
        // When this fails, the connection is gone, and the transaction with it.
        let _ = self.session.execute(sql).await;
    }
}

/// Sets back what a migration may have changed for the session: the next one starts as the first did. What is unchanged is not
/// touched, because behind a pooling proxy the session is shared.
fn restored_settings(facts: &Facts) -> String {
    let restore = |name: &str, value: &str| {
        let value = literal(value, Dialect::Postgres);
        format!(
            "SELECT pg_catalog.set_config('{name}', {value}, false) \
             WHERE pg_catalog.current_setting('{name}') OPERATOR(pg_catalog.<>) {value}"
        )
    };
    [restore("search_path", &facts.search_path), restore("standard_conforming_strings", "on")].join(";\n")
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
