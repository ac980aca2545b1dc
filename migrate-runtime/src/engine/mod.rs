//! The protocol: verified start, plan, claim, apply. Written once, as `async fn`s over [`Session`].
//!
//! Invariants: nothing is written before every problem with the history is known; a migration's statements and its row commit
//! together; nothing sleeps inside a transaction, except for the claim, which has a bound; a start right after a successful one
//! is one read.
//!
//! In the order of a run: `start` reads one row; `read` reads the history when that was not enough; `refuse` says what is
//! wrong with it; `prepare` scans what is pending; `foreseen` is what claims expect; `ready` prepares table and session; `request` and `apply` apply a migration;
//! `failure` says what an error of the driver means; `wait` bounds how long others are waited for.

mod apply;
mod failure;
mod foreign;
mod foreseen;
mod prepare;
mod read;
mod ready;
mod refuse;
mod request;
mod sql;
mod start;
mod wait;

use migrate_core::plan::Standings;
use migrate_core::{Label, Migration};

use crate::driver::Session;
use crate::error::Error;
use crate::event::Event;
use crate::migrator::Migrator;
use crate::report::{Pending, Plan, Report, Status};
use crate::table::TableName;
use apply::Outcome;
use foreseen::Foreseen;
use sql::Sql;
use wait::Wait;

/// One verb's dealings with one connection.
pub(crate) struct Engine<'a, S> {
    session: S,
    migrator: &'a Migrator<'a>,
    /// As the database's dialect sees them.
    migrations: Vec<Migration<'a>>,
    sql: Sql<'a>,
    /// Whether the connection was handed over inside a transaction.
    is_nested: bool,
    /// Whether a setting of the session was changed for the time of the run.
    has_changed_settings: bool,
    /// Whether the one read of the start has failed, which fails a transaction of Postgres.
    has_failed_start: bool,
    /// Whether creating the history table has failed as if another runner had been faster.
    has_tried_to_create: bool,
    /// Whether the transaction that the connection was handed over in was rolled back by the database.
    has_lost_transaction: bool,
    report: Report,
}

impl<'a, S: Session> Engine<'a, S> {
    pub(crate) fn new(session: S, migrator: &'a Migrator<'a>, table: &'a TableName) -> Result<Engine<'a, S>, Error> {
        let dialect = session.dialect();
        let set = &migrator.migrations.set;
        let migrations = set.migrations(dialect).map_err(|lacking| refuse::lacking_dialect(dialect, set, &lacking))?;
        Ok(Engine {
            sql: Sql::new(dialect, table, set.name()),
            is_nested: session.in_transaction() == Some(true),
            has_changed_settings: false,
            has_failed_start: false,
            has_tried_to_create: false,
            has_lost_transaction: false,
            report: Report { applied: Vec::new(), total: migrations.len() },
            session,
            migrator,
            migrations,
        })
    }

    /// Applies what is pending.
    pub(crate) async fn run(mut self) -> Result<Report, Error> {
        let ended = self.bring_up_to_date().await;
        let ended = ended.map(|()| self.report.clone()).map_err(|error| error.with_report(self.report));
        self.migrator.tell(&match &ended {
            Ok(report) => Event::Finished { report },
            Err(error) => Event::Failed { error },
        });
        ended
    }

    /// What `run` would apply.
    pub(crate) async fn plan(mut self) -> Result<Plan, Error> {
        let total = self.migrations.len();
        if self.is_verified().await? {
            return Ok(Plan { pending: Vec::new(), total });
        }
        let history = self.read_history().await?;
        let standings = self.sound_standings(&history).await?;
        let prepared = prepare::all(standings.pending(), self.sql.dialect)?;
        self.refuse_lost_rows(&prepared).await?;
        let pending = prepared.into_iter().map(|prepared| Pending {
            migration: prepared.label,
            statements: prepared.statements.len(),
            path: prepared.migration.up().path().to_owned(),
            sql: prepared.migration.up().sql().to_owned(),
        });
        Ok(Plan { pending: pending.collect(), total })
    }

    /// Where everything stands.
    pub(crate) async fn status(mut self) -> Result<Status, Error> {
        let history = self.read_history().await?;
        let standings = Standings::compare(&self.migrations, history.rows);
        Ok(Status::new(self.migrator.migrations.set.name(), self.sql.dialect, &standings))
    }

    /// Whether everything stands as `run` would leave it.
    pub(crate) async fn verify(mut self) -> Result<(), Error> {
        if self.is_verified().await? {
            return Ok(());
        }
        let history = self.read_history().await?;
        let standings = self.sound_standings(&history).await?;
        let pending: Vec<Label> = standings.pending().map(|migration| migration.label()).collect();
        if pending.is_empty() { Ok(()) } else { Err(refuse::pending(&pending)) }
    }

    async fn bring_up_to_date(&mut self) -> Result<(), Error> {
        if self.is_verified().await? {
            return Ok(());
        }
        let ended = self.apply_all_pending().await;
        self.restore_settings().await;
        ended
    }

    /// Plans and applies until nothing is pending.
    async fn apply_all_pending(&mut self) -> Result<(), Error> {
        let mut wait = Wait::start();
        // A claim that failed as if another runner had been faster, with what that means if the history is still the same.
        let mut contested: Option<(Label, usize, Error)> = None;
        'plan: loop {
            let mut history = self.read_history().await?;
            let standings = self.sound_standings(&history).await?;
            let prepared = prepare::all(standings.pending(), self.sql.dialect)?;
            let Some(first) = prepared.first() else { return Ok(()) };
            self.refuse_lost_rows(&prepared).await?;
            let mut foreseen = Foreseen::of(&history.rows);
            if let Some((label, rows_then, error)) = contested.take()
                && (&label, rows_then) == (&first.label, foreseen.rows)
            {
                return Err(error);
            }
            wait.is_for(&first.label);
            if self.create_table_first(&history, &mut wait, &first.label).await? {
                continue 'plan;
            }
            self.change_settings(&mut history).await?;
            let labels: Vec<Label> = prepared.iter().map(|prepared| prepared.label.clone()).collect();
            self.migrator.tell(&Event::Planned { pending: &labels });

            let mut others_helped = false;
            for prepared in &prepared {
                wait.is_for(&prepared.label);
                match self.apply(prepared, &history, &foreseen).await? {
                    Outcome::Applied(applied) => {
                        foreseen.add(prepared.migration.version());
                        self.migrator.tell(&Event::Applied { applied: &applied });
                        self.report.applied.push(applied);
                    }
                    Outcome::Contested(_) if self.is_applied_by_now(&prepared.migration).await? => {
                        foreseen.add(prepared.migration.version());
                        others_helped = true;
                    }
                    Outcome::Contested(error) => {
                        contested = Some((prepared.label.clone(), history.rows.len(), error));
                        continue 'plan;
                    }
                    Outcome::Busy(error) => {
                        self.wait_for_others(&mut wait, &prepared.label, error).await?;
                        continue 'plan;
                    }
                }
            }
            if !others_helped {
                return Ok(());
            }
        }
    }
}
