//! A session behind a pointer: the engine is compiled with this crate, once for blocking and once for asynchronous drivers, and not again
//! with every program that migrates.
//!
//! Invariant: whoever has a session hands it to what is compiled here before it does anything else.

use std::pin::Pin;
use std::time::Duration;

use migrate_core::Dialect;

use super::{DriverError, Row, Session, StepFailure, StepRun};
use crate::step::Step;

/// A future that is all that a program compiles of it.
pub(crate) type Boxed<'s, T> = Pin<Box<dyn Future<Output = T> + Send + 's>>;

/// What [`Session`] is, for a type that is not known.
pub(crate) trait AnySession {
    fn dialect(&self) -> Dialect;
    fn in_transaction(&self) -> Option<bool>;
    fn execute<'s>(&'s mut self, sql: &'s str) -> Boxed<'s, Result<(), DriverError>>;
    fn execute_all<'s>(&'s mut self, requests: &'s [String]) -> Boxed<'s, Result<(), (usize, DriverError)>>;
    fn pipelines(&self) -> bool;
    fn query<'s>(&'s mut self, sql: &'s str) -> Boxed<'s, Result<Vec<Row>, DriverError>>;
    fn sleep(&mut self, duration: Duration) -> Boxed<'_, ()>;
    fn takes_step(&self, step: &Step<'_>) -> bool;
    fn run_step<'s>(&'s mut self, run: StepRun<'s>) -> Boxed<'s, Result<(), StepFailure>>;
    fn enforce_foreign_keys(&mut self, on: bool) -> Boxed<'_, Result<(), DriverError>>;
    fn roll_back_when_dropped(&mut self, rollback: Option<&'static str>);
    fn run_when_dropped(&mut self, sql: Option<String>);
}

impl<S: Session> AnySession for S {
    fn dialect(&self) -> Dialect {
        Session::dialect(self)
    }

    fn in_transaction(&self) -> Option<bool> {
        Session::in_transaction(self)
    }

    fn execute<'s>(&'s mut self, sql: &'s str) -> Boxed<'s, Result<(), DriverError>> {
        Box::pin(Session::execute(self, sql))
    }

    fn execute_all<'s>(&'s mut self, requests: &'s [String]) -> Boxed<'s, Result<(), (usize, DriverError)>> {
        Box::pin(Session::execute_all(self, requests))
    }

    fn pipelines(&self) -> bool {
        Session::pipelines(self)
    }

    fn query<'s>(&'s mut self, sql: &'s str) -> Boxed<'s, Result<Vec<Row>, DriverError>> {
        Box::pin(Session::query(self, sql))
    }

    fn sleep(&mut self, duration: Duration) -> Boxed<'_, ()> {
        Box::pin(Session::sleep(self, duration))
    }

    fn takes_step(&self, step: &Step<'_>) -> bool {
        Session::takes_step(self, step)
    }

    fn run_step<'s>(&'s mut self, run: StepRun<'s>) -> Boxed<'s, Result<(), StepFailure>> {
        Box::pin(Session::run_step(self, run))
    }

    fn enforce_foreign_keys(&mut self, on: bool) -> Boxed<'_, Result<(), DriverError>> {
        Box::pin(Session::enforce_foreign_keys(self, on))
    }

    fn roll_back_when_dropped(&mut self, rollback: Option<&'static str>) {
        Session::roll_back_when_dropped(self, rollback);
    }

    fn run_when_dropped(&mut self, sql: Option<String>) {
        Session::run_when_dropped(self, sql);
    }
}
