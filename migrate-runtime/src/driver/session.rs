//! The seam between the engine and a driver.

use std::time::Duration;

use migrate_core::Dialect;

use super::{DriverError, DriverErrorKind, StepFailure, StepRun};
use crate::step::Step;

/// A row of a result: its cells as text, `None` for NULL.
pub type Row = Vec<Option<String>>;

/// What the engine asks of a driver.
///
/// Requests come one at a time. A blocking driver answers with futures that are ready at once. Requests are plain SQL without
/// parameters; on Postgres they go through the simple query protocol, so that no statement is prepared on the server.
pub trait Session {
    /// The dialect of the database.
    fn dialect(&self) -> Dialect;

    /// Whether the connection is inside a transaction; `None` when the driver cannot tell.
    fn in_transaction(&self) -> Option<bool>;

    /// Runs one or more statements, separated by `;`, and drops the rows that they return.
    fn execute(&mut self, sql: &str) -> impl Future<Output = Result<(), DriverError>> + Send;

    /// Runs the requests in order, up to the first that fails; an error comes with the index of its request.
    ///
    /// A driver that [pipelines](Session::pipelines) sends all of them before it waits for an answer.
    fn execute_all(&mut self, requests: &[String]) -> impl Future<Output = Result<(), (usize, DriverError)>> + Send;

    /// Whether [`execute_all`](Session::execute_all) sends its requests without waiting in between. The requests after a
    /// failed one then reach the database too; the engine sees to it that they cannot do anything.
    fn pipelines(&self) -> bool;

    /// Runs statements of which one returns rows.
    fn query(&mut self, sql: &str) -> impl Future<Output = Result<Vec<Row>, DriverError>> + Send;

    /// Waits. Never called inside a transaction of the engine.
    fn sleep(&mut self, duration: Duration) -> impl Future<Output = ()> + Send;

    /// Whether a step is made for this driver: one that is not is refused before anything is done. A driver that has no steps need not
    /// know of this; one that has, says so here and runs them in [`run_step`](Session::run_step).
    fn takes_step(&self, step: &Step<'_>) -> bool {
        let _ = step;
        false
    }

    /// Runs a [`Step`](crate::Step) in a transaction of the driver's own, between the statements that claim its row and those that record
    /// it. A driver that has no steps need not know of this.
    fn run_step(&mut self, run: StepRun<'_>) -> impl Future<Output = Result<(), StepFailure>> + Send {
        let _ = run;
        std::future::ready(Err(StepFailure::Unsupported))
    }

    /// SQLite: enforces foreign keys from now on, or does not, also inside a transaction, where the pragma does nothing. When the session is
    /// dropped, by a panic say, they are as they were before.
    fn enforce_foreign_keys(&mut self, on: bool) -> impl Future<Output = Result<(), DriverError>> + Send {
        let _ = on;
        let message = "this driver cannot switch foreign keys inside a transaction";
        std::future::ready(Err(DriverError::new(self.dialect(), DriverErrorKind::Refused, message, message)))
    }

    /// Tells what to run when the session is dropped from now on, by a panic or a cancelled future: somebody else may use the
    /// connection next, and must not find half a migration. `None` once the transaction has ended.
    fn roll_back_when_dropped(&mut self, rollback: Option<&'static str>);

    /// Tells what to run when the session is dropped from now on, after the rollback and outside of any transaction: settings that
    /// whoever uses the connection next must not find changed. `None` once they are set back.
    fn run_when_dropped(&mut self, sql: Option<String>);
}
