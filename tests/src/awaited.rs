//! A connection of the asynchronous driver for what is blocking: each request is waited for, or all of a group together.

use std::future::ready;
use std::time::Duration;

use migrate_runtime::driver::{AsyncDatabase, Database, DriverError, Itself, Row, Session, StepFailure, StepRun};
use migrate_runtime::{Dialect, Step};
use tokio::runtime::Runtime;
use tokio_postgres::Client;

/// A client and the runtime that drives it.
pub struct Awaited<'a> {
    client: &'a mut Client,
    runtime: &'a Runtime,
}

impl<'a> Awaited<'a> {
    /// Waits for what the client does, on the runtime that its connection is on.
    pub fn new(client: &'a mut Client, runtime: &'a Runtime) -> Awaited<'a> {
        Awaited { client, runtime }
    }
}

impl Database<Itself> for Awaited<'_> {
    fn session(&mut self) -> impl Session {
        AwaitedSession { session: self.client.session(), runtime: self.runtime }
    }
}

struct AwaitedSession<'a, S> {
    session: S,
    runtime: &'a Runtime,
}

impl<S: Session> Session for AwaitedSession<'_, S> {
    fn dialect(&self) -> Dialect {
        self.session.dialect()
    }

    fn in_transaction(&self) -> Option<bool> {
        self.session.in_transaction()
    }

    fn execute(&mut self, sql: &str) -> impl Future<Output = Result<(), DriverError>> + Send {
        ready(self.runtime.block_on(self.session.execute(sql)))
    }

    fn execute_all(&mut self, requests: &[String]) -> impl Future<Output = Result<(), (usize, DriverError)>> + Send {
        ready(self.runtime.block_on(self.session.execute_all(requests)))
    }

    fn pipelines(&self) -> bool {
        self.session.pipelines()
    }

    fn query(&mut self, sql: &str) -> impl Future<Output = Result<Vec<Row>, DriverError>> + Send {
        ready(self.runtime.block_on(self.session.query(sql)))
    }

    fn sleep(&mut self, duration: Duration) -> impl Future<Output = ()> + Send {
        self.runtime.block_on(self.session.sleep(duration));
        ready(())
    }

    fn takes_step(&self, step: &Step<'_>) -> bool {
        self.session.takes_step(step)
    }

    fn run_step(&mut self, run: StepRun<'_>) -> impl Future<Output = Result<(), StepFailure>> + Send {
        ready(self.runtime.block_on(self.session.run_step(run)))
    }

    fn roll_back_when_dropped(&mut self, rollback: Option<&'static str>) {
        self.session.roll_back_when_dropped(rollback);
    }

    fn run_when_dropped(&mut self, sql: Option<String>) {
        self.session.run_when_dropped(sql);
    }
}
