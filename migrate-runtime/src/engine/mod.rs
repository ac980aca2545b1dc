//! The protocol: verified start, plan, claim, apply. Written once, as `async fn`s over [`Session`].
//!
//! Invariants: nothing is written before every problem with the history is known; a script and its row commit together, or, outside
//! of a transaction, are claimed before and recorded after each statement; nothing sleeps inside a transaction, except for the
//! claim, which has a bound; a start right after a successful one is one read.
//!
//! A verb becomes goals (`goal`), and `carry_out` reaches them, `dry_run` only tells: `start` reads one row; `read` reads the history
//! when that was not enough; `refuse` says what is wrong with it; `choose` takes the scripts, `prepare` scans them; `foreseen` is what
//! claims expect; `stamp` lets SQLite skip even that read; `ready` prepares table and session; `bookkeeping`, `request` and `apply` run a script in a
//! transaction, with `foreign_keys`, `dangling` and `attached` on SQLite; `whole` is the transaction around all of a run; `outside` runs a script
//! outside, and `resume` goes on with what was left in the middle, with `alive`, `sign` and `doubt`; `failure` says what an error of the driver means, `blockers` who is
//! in the way; `wait` bounds all waiting. `edits` are the verbs that run no script; `adopt` makes one of what another tool has kept.

#[cfg(feature = "adopt")]
mod adopt;
mod alive;
mod apply;
mod attached;
mod blockers;
mod bookkeeping;
mod carry_out;
mod choose;
mod dangling;
mod doubt;
mod dry_run;
mod edits;
mod failure;
mod foreign;
mod foreign_keys;
mod foreseen;
mod goal;
mod left_over;
mod outside;
mod prepare;
mod read;
mod ready;
mod refuse;
mod request;
mod resume;
pub(crate) mod sets;
mod sign;
mod sql;
pub(crate) mod stamp;
mod start;
mod step;
mod wait;
mod whole;

use migrate_core::plan::{Standings, write_as_in_files};
use migrate_core::{Label, Migration};

use crate::driver::AnySession;
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::migrations::Migrations;
use crate::migrator::{Migrator, Scope};
use crate::report::{History, Report, Status};
use crate::table::TableName;
pub(crate) use edits::Edit;
use foreign_keys::ForeignKeys;
use goal::Aim;
pub(crate) use goal::Verb;
use sql::{NewRow, Sql};
use whole::Whole;

/// One verb's dealings with one connection.
pub(crate) struct Engine<'a, S: ?Sized> {
    session: &'a mut S,
    migrator: &'a Migrator<'a>,
    table: &'a TableName,
    /// In the order in which they run.
    sets: Vec<&'a Migrations>,
    /// The set that is at work.
    migrations_of: &'a Migrations,
    /// Its migrations as the database's dialect sees them; none until they are needed: see [`select`](Engine::select).
    migrations: Vec<Migration<'a>>,
    sql: Sql<'a>,
    /// Whether the connection is inside a transaction around all that we do: one that it was handed over in, or `whole`.
    is_nested: bool,
    /// The transaction of ours around all migrations of a run.
    whole: Option<Whole>,
    /// SQLite: rows of scripts that it has done, and that are still to be written.
    waiting_rows: Vec<NewRow>,
    /// Whether a setting of the session was changed for the time of the run.
    has_changed_settings: bool,
    /// SQLite: how they are enforced.
    foreign_keys: ForeignKeys,
    /// Postgres: whether a transaction goes on to see what it saw when it began.
    keeps_snapshot: bool,
    /// Postgres: whether the session limits how long a statement takes.
    is_time_limited: bool,
    /// Whether the one read of the start has failed, which fails a transaction of Postgres.
    has_failed_start: bool,
    /// Whether creating the history table has failed as if another runner had been faster.
    has_tried_to_create: bool,
    /// Whether this run has made the history table, or found it there when it was about to.
    has_created_table: bool,
    /// Whether the transaction that the connection was handed over in was rolled back by the database.
    has_lost_transaction: bool,
    report: Report,
}

impl<'a, S: AnySession + ?Sized> Engine<'a, S> {
    pub(crate) fn new(
        session: &'a mut S,
        migrator: &'a Migrator<'a>,
        table: &'a TableName,
    ) -> Result<Engine<'a, S>, Error> {
        let dialect = session.dialect();
        if table.is_temporary(dialect) {
            return Err(refuse::temporary_table(table));
        }
        if table.is_reserved(dialect) {
            return Err(refuse::reserved_table(table));
        }
        let sets = sets::in_order(&migrator.sets)?;
        let migrations_of = *sets.first().ok_or_else(refuse::no_sets)?;
        let mut engine = Engine {
            sql: Sql::new(dialect, table, migrations_of.set.name()),
            is_nested: session.in_transaction() == Some(true),
            whole: None,
            waiting_rows: Vec::new(),
            has_changed_settings: false,
            foreign_keys: ForeignKeys::default(),
            keeps_snapshot: false,
            is_time_limited: false,
            has_failed_start: false,
            has_tried_to_create: false,
            has_created_table: false,
            has_lost_transaction: false,
            report: Report::default(),
            session,
            migrator,
            table,
            sets,
            migrations_of,
            migrations: Vec::new(),
        };
        engine.refuse_lost_steps()?;
        // Every set has to have its scripts before anything is done with one.
        for set in engine.sets.clone().into_iter().rev() {
            let steps = migrator.steps_of(set).count();
            if steps > 0 || set.set.digest(dialect).is_none() {
                sets::migrations_of(migrator, set, dialect)?;
            }
            engine.report.total += set.set.versions() + steps;
        }
        Ok(engine)
    }

    /// Goes over to a set, whose migrations are not needed yet: a start that finds everything applied takes as long for many as for few.
    fn turn_to(&mut self, migrations_of: &'a Migrations) {
        if !std::ptr::eq(self.migrations_of, migrations_of) {
            self.migrations.clear();
            self.sql = Sql::new(self.sql.dialect, self.table, migrations_of.set.name());
            self.migrations_of = migrations_of;
        }
    }

    /// Goes over to a set and its migrations.
    fn select(&mut self, migrations_of: &'a Migrations) -> Result<(), Error> {
        self.turn_to(migrations_of);
        if self.migrations.is_empty() {
            self.migrations = sets::migrations_of(self.migrator, migrations_of, self.sql.dialect)?;
        }
        Ok(())
    }

    fn set_name(&self) -> &'a str {
        self.migrations_of.set.name()
    }

    /// An error that was met in the set that is at work: where there are several, it says which.
    fn told_by_set(&self, error: Error) -> Error {
        if self.sets.len() > 1 { error.in_set(self.set_name()) } else { error }
    }

    /// Adds a problem of the set that is at work to those of others that were found before.
    ///
    /// # Errors
    /// The connection is lost: there is nothing more to find.
    fn gather(&self, error: Error, found: &mut Option<Error>) -> Result<(), Error> {
        if error.kind() == ErrorKind::ConnectionLost {
            return Err(error);
        }
        *found = Some(self.told_by_set(error).behind(found.take()));
        Ok(())
    }

    /// Does what a verb is for.
    pub(crate) async fn execute(mut self, verb: &Verb) -> Result<Report, Error> {
        self.report.when_empty = verb.when_empty();
        let ended = self.carry_out_verb(verb).await;
        let ended = ended.map(|()| self.report.clone()).map_err(|error| {
            self.report.when_empty = "nothing done";
            error.with_report(self.report)
        });
        let set = self.migrations_of.set.name();
        self.migrator.tell(
            set,
            &match &ended {
                Ok(report) => Event::Finished { report },
                Err(error) => Event::Failed { error },
            },
        );
        ended
    }

    async fn carry_out_verb(&mut self, verb: &Verb) -> Result<(), Error> {
        if let Verb::Edit(edit) = verb {
            self.select(self.migrations_of)?;
            return self.carry_out_edit(edit).await;
        }
        let goals = self.goals(verb).await?;
        if !goals.is_empty() {
            self.carry_out(&goals).await?;
        }
        if matches!(verb, Verb::Run) && (goals.is_empty() || !self.report.changes.is_empty()) {
            self.stamp().await;
        }
        Ok(())
    }

    /// Where everything stands.
    pub(crate) async fn status(mut self) -> Result<Status, Error> {
        let mut status = Status::of(self.sql.dialect);
        for set in self.sets.clone() {
            self.select(set)?;
            let recorded = self.read_history().await?;
            let mut standings = Standings::compare(&self.migrations, recorded.rows.clone());
            self.look_closer(&mut standings).await?;
            status.add(set.set.name(), &standings, self.sql.dialect);
        }
        Ok(status)
    }

    /// What was done, in order.
    pub(crate) async fn history(mut self) -> Result<History, Error> {
        let mut history = History::default();
        for set in self.sets.clone() {
            self.select(set)?;
            let mut rows = self.read_history().await?.rows;
            write_as_in_files(&self.migrations, &mut rows);
            history.add(set.set.name(), rows);
        }
        Ok(history)
    }

    /// Whether everything stands as `run` would leave it.
    pub(crate) async fn verify(mut self) -> Result<(), Error> {
        let mut found = None;
        for set in self.sets.clone() {
            self.select(set)?;
            if let Err(error) = self.verify_set().await {
                self.gather(error, &mut found)?;
            }
        }
        found.map_or(Ok(()), Err)
    }

    async fn verify_set(&mut self) -> Result<(), Error> {
        // Row by row, without the shortcut of a start.
        let recorded = self.read_history_for(&Aim::Run).await?;
        let standings = self.sound_standings(&recorded, self.migrator.policy, None).await?;
        let pending: Vec<Label> = self.pending(&standings).map(|item| item.label()).collect();
        if pending.is_empty() { Ok(()) } else { Err(refuse::pending(&pending)) }
    }

    fn is_whole_run(&self) -> bool {
        self.migrator.scope == Scope::All
    }
}
