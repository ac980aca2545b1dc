//! Migrations in Rust: their place among the files, and their transaction, which is the driver's own.

use std::time::Instant;

use migrate_core::{Migration, RowState, Version, embedded};

use super::apply::Outcome;
use super::failure::driver_lines;
use super::foreseen::Foreseen;
use super::prepare::Prepared;
use super::read::Recorded;
use super::request::{Part, Request};
use super::{Engine, refuse};
use crate::driver::{Session, StepFailure, StepRun};
use crate::error::{Error, ErrorKind};
use crate::excerpt::{Excerpt, printable};
use crate::migrator::RegisteredStep;

impl<'a, S: Session> Engine<'a, S> {
    /// Puts the steps in their places among the migrations of the set.
    pub(super) fn add_steps(&mut self) -> Result<(), Error> {
        let steps: &'a [RegisteredStep<'a>] = &self.migrator.steps;
        if steps.is_empty() {
            return Ok(());
        }
        if self.sets.len() > 1 {
            return Err(refuse::steps_of_many());
        }
        for RegisteredStep { script, .. } in steps {
            match self.migrations.binary_search_by(|migration| migration.version().cmp(script.version())) {
                Ok(_) => return Err(refuse::version_taken(script)),
                Err(place) => self.migrations.insert(place, embedded::migration_of(script)),
            }
        }
        Ok(())
    }

    pub(super) fn step_versions(&self) -> Vec<&'a Version> {
        self.migrator.steps.iter().map(|registered| registered.script.version()).collect()
    }

    /// The rows of the steps, as the one read of the start tells them when all are applied.
    pub(super) fn steps_as_applied(&self) -> String {
        let versions = self.step_versions();
        let mut steps: Vec<&Migration<'a>> =
            self.migrations.iter().filter(|migration| versions.contains(&migration.version())).collect();
        steps.sort_by_key(|step| (step.version().digits().len(), step.version().digits()));
        let line = |step: &&Migration<'a>| {
            format!("{} {} {}\n", step.version().digits(), step.up().checksum(), RowState::Applied.as_str())
        };
        steps.iter().map(line).collect()
    }

    /// The step that a script stands for.
    pub(super) fn step_of(&self, prepared: &Prepared<'_>) -> Option<&'a RegisteredStep<'a>> {
        self.migrator.steps.iter().find(|registered| *registered.script.version() == prepared.version)
    }

    pub(super) async fn apply_step(
        &mut self,
        prepared: &Prepared<'_>,
        registered: &'a RegisteredStep<'a>,
        recorded: &Recorded,
        foreseen: &Foreseen,
    ) -> Result<Outcome, Error> {
        let frame = self.frame(prepared, recorded, foreseen);
        let (before, after, is_nested) = (&frame.claim, &frame.finish, self.is_nested);
        let run = StepRun { before, step: &registered.step, after, is_nested };
        self.tell_start(prepared);
        let started = Instant::now();
        match self.session.run_step(run).await {
            Ok(()) => Ok(Outcome::Done(self.change(prepared, started))),
            Err(StepFailure::Before(error)) => {
                self.interpret(prepared, &Request::of(&[(Part::Open, ""), (Part::Claim, before)]), error)
            }
            Err(StepFailure::After(error)) => {
                self.interpret(prepared, &Request::of(&[(Part::Finish, after), (Part::Close, "")]), error)
            }
            Err(StepFailure::OfDriver(error)) => {
                let may_pass = self.may_pass(&error);
                let lines = driver_lines(&error, &[], Excerpt::MARGIN);
                let failed = self.step_failed(prepared, lines).that_may_pass(may_pass).with_driver(error);
                if may_pass { Ok(Outcome::Transient(failed)) } else { Err(failed) }
            }
            Err(StepFailure::Function(error)) => {
                let mut said = error.to_string();
                let mut source = error.source();
                while let Some(cause) = source {
                    said = format!("{said}: {cause}");
                    source = cause.source();
                }
                Err(self.step_failed(prepared, format!("   = {}", printable(&said))))
            }
            Err(StepFailure::Unsupported) => Err(refuse::step_of_another_driver(&prepared.label)),
        }
    }

    fn step_failed(&self, prepared: &Prepared<'_>, body: String) -> Error {
        let message = format!("the step {} failed and was rolled back; {}", prepared.label, self.what_stays());
        Error::new(ErrorKind::StatementFailed, message)
            .with_body(body)
            .with_help("fix the data or the function, then start again; nothing of this migration was kept")
            .with_migration(&prepared.version, prepared.label.clone())
    }
}
