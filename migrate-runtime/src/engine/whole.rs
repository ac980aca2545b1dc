//! The transaction around all migrations of a run.

use migrate_core::{Dialect, Label};

use super::failure::TIMED_OUT;
use super::goal::Goal;
use super::read::Facts;
use super::wait::Wait;
use super::{Engine, refuse};
use crate::driver::{AnySession, DriverError, DriverErrorKind};
use crate::error::Error;

/// How it is begun and ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whole {
    open: &'static str,
    close: &'static str,
    rollback: &'static str,
}

impl Whole {
    const POSTGRES: Whole = Whole { open: "BEGIN", close: "COMMIT", rollback: "ROLLBACK" };
    const SQLITE: Whole = Whole { open: "BEGIN IMMEDIATE", ..Whole::POSTGRES };
    const SAVEPOINT: Whole = Whole {
        open: "SAVEPOINT migrate_runtime_whole",
        close: "RELEASE SAVEPOINT migrate_runtime_whole",
        rollback: "ROLLBACK TO SAVEPOINT migrate_runtime_whole; RELEASE SAVEPOINT migrate_runtime_whole",
    };

    /// Whether it is inside a transaction of the user's.
    fn is_inside(self) -> bool {
        self.open == Whole::SAVEPOINT.open
    }
}

impl<'a, S: AnySession + ?Sized> Engine<'a, S> {
    /// Opens the transaction around everything, when nobody else is in the way. On Postgres `turn` waits for the turn of all in it.
    pub(super) async fn begin_whole(
        &mut self,
        turn: Option<&str>,
        wait: &mut Wait,
        first: &Label,
    ) -> Result<(), Error> {
        wait.is_for(first);
        loop {
            match self.open_whole(turn).await {
                Err(error)
                    if error.kind() == DriverErrorKind::Busy || error.has_code(&TIMED_OUT) || self.may_pass(&error) =>
                {
                    self.wait_for_others(wait, first, error).await?;
                }
                opened => return opened.map_err(refuse::not_begun),
            }
        }
    }

    /// Postgres: the transaction in which a set gets its first row locks the history, and has to see all that others have written when it
    /// begins. The latest rows of sets that have some are locked before: whoever has locked one of them goes on to write to the history.
    pub(super) fn turn_of_all(&mut self, goals: &[Goal<'a>], facts: &Facts) -> String {
        let mut turn = vec![self.limit_wait()];
        // A snapshot of before would not show what others have written up to the lock.
        if !self.keeps_snapshot {
            for goal in goals {
                self.turn_to(goal.set);
                turn.push(self.sql.lock_latest(false));
            }
        }
        turn.push(self.sql.lock_history(self.is_nested));
        // What is read inside of it has to find the session as it was.
        turn.push(self.sql.restore_timeouts(&facts.settings));
        turn.join(";\n")
    }

    async fn open_whole(&mut self, turn: Option<&str>) -> Result<(), DriverError> {
        let whole = match (self.is_nested, self.sql.dialect) {
            (true, _) => Whole::SAVEPOINT,
            (false, Dialect::Sqlite) => Whole::SQLITE,
            (false, _) => Whole::POSTGRES,
        };
        let open = [whole.open].into_iter().chain(turn).collect::<Vec<_>>().join(";\n");
        self.session.roll_back_when_dropped(Some(whole.rollback));
        self.whole = Some(whole);
        let opened = self.session.execute(&open).await;
        match opened {
            Ok(()) => self.is_nested = true,
            Err(_) => self.abandon_whole().await,
        }
        opened
    }

    pub(super) async fn close_whole(&mut self) -> Result<(), DriverError> {
        let Some(whole) = self.whole else { return Ok(()) };
        self.session.execute(whole.close).await?;
        self.whole = None;
        self.session.roll_back_when_dropped(None);
        Ok(())
    }

    /// Whether the connection was handed over inside a transaction.
    pub(super) fn is_in_transaction_of_user(&self) -> bool {
        self.is_nested && self.whole.is_none_or(Whole::is_inside)
    }

    /// What undoes the transaction around everything, if there is one.
    pub(super) fn whole_rollback(&self) -> Option<&'static str> {
        self.whole.map(|whole| whole.rollback)
    }

    pub(super) async fn abandon_whole(&mut self) {
        self.waiting_rows.clear();
        if let Some(whole) = self.whole.take()
            && self.session.in_transaction() != Some(false)
        {
            // When this fails, the connection is gone, and the transaction with it.
            let _ = self.session.execute(whole.rollback).await;
        }
        self.session.roll_back_when_dropped(None);
    }
}
