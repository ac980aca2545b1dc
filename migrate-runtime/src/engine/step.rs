//! Migrations in Rust: whose they are, and their transaction, which is the driver's own.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Instant;

use migrate_core::{Dialect, Label, printable};

use super::apply::Outcome;
use super::bookkeeping::Bookkeeping;
use super::failure::{driver_lines, of_lacking_record};
use super::foreseen::Foreseen;
use super::prepare::Prepared;
use super::read::Recorded;
use super::request::{Part, Request};
use super::{Engine, refuse};
use crate::driver::{AnySession, DriverError, DriverErrorKind, StepFailure, StepRun};
use crate::error::{Error, ErrorKind};
use crate::excerpt::Excerpt;
use crate::migrations::Migrations;
use crate::migrator::{Migrator, RegisteredStep};

impl<'a, S: AnySession + ?Sized> Engine<'a, S> {
    /// Every step has to belong to a set that is looked at.
    pub(super) fn refuse_lost_steps(&self) -> Result<(), Error> {
        let is_known = |set: &Migrations| {
            let is_it = |other: &Migrations| other.set.name() == set.set.name();
            self.sets.iter().any(|own| is_it(own) || own.before_it().any(is_it))
        };
        let is_lost = |step: &&Arc<RegisteredStep<'_>>| match step.set {
            Some(set) => !is_known(set),
            None => self.sets.len() > 1,
        };
        match self.migrator.steps.iter().find(is_lost) {
            Some(step) => Err(refuse::lost_step(&step.script, step.set.map(|set| set.set.name()))),
            None => Ok(()),
        }
    }

    /// The steps of the set that is at work.
    pub(super) fn own_steps(&self) -> impl Iterator<Item = &'a RegisteredStep<'a>> + use<'a, S> {
        let migrator: &'a Migrator<'a> = self.migrator;
        migrator.steps_of(self.migrations_of)
    }

    /// The step that a script stands for.
    pub(super) fn step_of(&self, prepared: &Prepared<'_>) -> Option<&'a RegisteredStep<'a>> {
        self.own_steps().find(|registered| *registered.script.version() == prepared.version)
    }

    /// Steps that the driver of the connection cannot run.
    pub(super) fn refuse_steps_of_another_driver(&self, scripts: &[Prepared<'_>]) -> Result<(), Error> {
        let is_of_another = |script: &&Prepared<'_>| {
            self.step_of(script).is_some_and(|registered| !self.session.takes_step(&registered.step))
        };
        let labels: Vec<Label> = scripts.iter().filter(is_of_another).map(|script| script.label.clone()).collect();
        if labels.is_empty() { Ok(()) } else { Err(refuse::steps_of_another_driver(&labels)) }
    }

    pub(super) async fn apply_step(
        &mut self,
        prepared: &Prepared<'_>,
        registered: &'a RegisteredStep<'a>,
        recorded: &Recorded,
        foreseen: &Foreseen,
    ) -> Result<Outcome, Error> {
        let frame = self.frame(Bookkeeping::ByClaim, prepared, recorded, foreseen);
        let inside = frame.guard.map_or_else(String::new, |guard| {
            format!("{guard};\n{}", self.sql.expect_same_transaction(&prepared.version))
        });
        let finish = match self.sql.dialect {
            Dialect::Sqlite => format!("{};\n{}", frame.finish, self.sql.expect_recorded(prepared)),
            // It tells by itself.
            _ => frame.finish,
        };
        let after = Request::of(&[(Part::Guard, &inside), (Part::Finish, &finish), (Part::Close, "")]);
        let (before, is_nested) = (&frame.claim, self.is_nested);
        let run = StepRun { before, step: &registered.step, inside: &inside, after: &after.sql, is_nested };
        self.tell_start(prepared);
        let started = Instant::now();
        self.foreign_keys.were_off = false;
        let ran = self.session.run_step(run).await;
        match ran {
            Ok(()) => Ok(Outcome::Done(self.change(prepared, started))),
            Err(StepFailure::Before(error)) => {
                self.interpret(prepared, &Request::of(&[(Part::Open, ""), (Part::Claim, before)]), error)
            }
            Err(StepFailure::After(error)) => self.not_recorded(prepared, &after, error),
            Err(StepFailure::OfDriver(error)) => self.failed_in_driver(prepared, error).await,
            Err(StepFailure::Function(error)) => Err(self.step_failed(prepared, said(&*error))),
            Err(StepFailure::LeftTransaction(error)) => {
                Err(self.step_left(prepared, error.map(|error| said(&*error)).unwrap_or_default()))
            }
            Err(StepFailure::Unsupported) => {
                Err(refuse::steps_of_another_driver(std::slice::from_ref(&prepared.label)))
            }
        }
    }

    /// The function has come to its end, and what comes after it has failed.
    fn not_recorded(&self, prepared: &Prepared<'_>, after: &Request, error: DriverError) -> Result<Outcome, Error> {
        let error = of_lacking_record(error);
        // Everything fails in a transaction that has failed.
        if error.has_code(&["25P02"]) {
            let said = "   = a statement of the function has failed, and the function has not returned its error";
            let help = "return the error, or run what may fail in a savepoint; nothing of this migration was kept";
            return Err(self.step_failed(prepared, said.into()).with_help(help).with_driver(error));
        }
        self.interpret(prepared, after, error)
    }

    /// The function has returned an error of the driver. The transaction is rolled back, unless the function has committed it.
    async fn failed_in_driver(&mut self, prepared: &Prepared<'_>, error: DriverError) -> Result<Outcome, Error> {
        let lines = driver_lines(&error, &[], Excerpt::MARGIN);
        if self.is_claim_committed(&prepared.version).await {
            return Err(self.step_left(prepared, lines).with_driver(error));
        }
        let error = self.refused_if_ours_lives(error, false).await;
        if error.kind() == DriverErrorKind::ConnectionLost {
            return Err(self.lost(prepared, error));
        }
        let may_pass = self.may_pass(&error);
        let failed = self.step_failed(prepared, lines).that_may_pass(may_pass);
        let failed = match refuse::advice(&error) {
            Some(advice) => failed.with_help(advice),
            None => failed,
        };
        let failed = failed.with_driver(error);
        if may_pass { Ok(Outcome::Transient(failed)) } else { Err(failed) }
    }

    /// The function has ended its transaction.
    fn step_left(&self, prepared: &Prepared<'_>, said: String) -> Error {
        let message =
            format!("the step {} has ended its transaction by itself; {}", prepared.label, self.what_may_stay());
        Error::new(ErrorKind::LeftTransaction, message)
            .with_body(said)
            .with_help(
                "what it did may be committed: look at it by hand, and where the migration is interrupted by now, tell the history with \
                 `Migrator::mark_applied` or `Migrator::mark_pending`; a function must leave its transaction to the runner",
            )
            .with_migration(&prepared.version, prepared.label.clone())
    }

    fn step_failed(&self, prepared: &Prepared<'_>, body: String) -> Error {
        let message = format!("the step {} failed and was rolled back; {}", prepared.label, self.what_stays());
        Error::new(ErrorKind::StatementFailed, message)
            .with_body(body)
            .with_help("fix the data or the function, then start again; nothing of this migration was kept")
            .with_migration(&prepared.version, prepared.label.clone())
    }
}

/// What the function of a step has returned, with its causes, as a line.
fn said(error: &(dyn StdError + 'static)) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        said = format!("{said}: {cause}");
        source = cause.source();
    }
    format!("   = {}", printable(&said))
}
