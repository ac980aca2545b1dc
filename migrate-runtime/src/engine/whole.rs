//! The transaction around all migrations of a run.

use migrate_core::{Dialect, Label};

use super::failure::TIMED_OUT;
use super::foreseen::Foreseen;
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

impl<S: AnySession + ?Sized> Engine<'_, S> {
    /// Opens the transaction around everything, when nobody else is in the way.
    pub(super) async fn begin_whole(&mut self, is_first: bool, wait: &mut Wait, first: &Label) -> Result<(), Error> {
        wait.is_for(first);
        loop {
            match self.open_whole(is_first).await {
                Err(error) if error.kind() == DriverErrorKind::Busy || error.has_code(&TIMED_OUT) => {
                    self.wait_for_others(wait, first, error).await?;
                }
                opened => return opened.map_err(refuse::not_begun),
            }
        }
    }

    /// The transaction in which a set gets its first row has to see all that others have written when it begins.
    async fn open_whole(&mut self, is_first: bool) -> Result<(), DriverError> {
        let whole = match (self.is_nested, self.sql.dialect) {
            (true, _) => Whole::SAVEPOINT,
            (false, Dialect::Sqlite) => Whole::SQLITE,
            (false, _) => Whole::POSTGRES,
        };
        let open = match (self.is_nested, self.sql.dialect) {
            (false, Dialect::Postgres) if is_first => {
                format!("{};\n{}", whole.open, self.wait_for_turn(&Foreseen::default()))
            }
            _ => whole.open.to_owned(),
        };
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
