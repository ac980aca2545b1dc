//! `postgres`: blocking, so every future is ready at once.

use std::future::ready;
use std::mem::ManuallyDrop;
use std::time::Duration;

use migrate_core::Dialect;
use postgres::{Client, SimpleQueryMessage, Transaction};

use super::postgres_error::{driver_error, rows, step_failure};
use super::{Database, DriverError, Itself, Row, Session, StepFailure, StepRun, one_by_one};
use crate::step::{Body, Postgres, Step};

impl Database<Itself> for Client {
    fn session(&mut self) -> impl Session {
        PostgresSession { connection: self, rollback: None, afterwards: None }
    }
}

impl Database<Itself> for Transaction<'_> {
    fn session(&mut self) -> impl Session {
        PostgresSession { connection: self, rollback: None, afterwards: None }
    }
}

/// What a client and a transaction have in common.
trait Connection {
    const IN_TRANSACTION: Option<bool>;
    fn execute(&mut self, sql: &str) -> Result<(), postgres::Error>;
    fn query(&mut self, sql: &str) -> Result<Vec<SimpleQueryMessage>, postgres::Error>;
    fn begin(&mut self) -> Result<Transaction<'_>, postgres::Error>;
}

impl Connection for Client {
    const IN_TRANSACTION: Option<bool> = None;

    fn begin(&mut self) -> Result<Transaction<'_>, postgres::Error> {
        self.transaction()
    }

    fn execute(&mut self, sql: &str) -> Result<(), postgres::Error> {
        self.batch_execute(sql)
    }

    fn query(&mut self, sql: &str) -> Result<Vec<SimpleQueryMessage>, postgres::Error> {
        self.simple_query(sql)
    }
}

impl Connection for Transaction<'_> {
    const IN_TRANSACTION: Option<bool> = Some(true);

    fn begin(&mut self) -> Result<Transaction<'_>, postgres::Error> {
        self.transaction()
    }

    fn execute(&mut self, sql: &str) -> Result<(), postgres::Error> {
        self.batch_execute(sql)
    }

    fn query(&mut self, sql: &str) -> Result<Vec<SimpleQueryMessage>, postgres::Error> {
        self.simple_query(sql)
    }
}

struct PostgresSession<'a, C: Connection> {
    connection: &'a mut C,
    rollback: Option<&'static str>,
    afterwards: Option<String>,
}

impl<C: Connection> PostgresSession<'_, C> {
    fn run(&mut self, sql: &str) -> Result<(), DriverError> {
        self.connection.execute(sql).map_err(|error| driver_error(sql, error))
    }

    fn step_in_transaction(&mut self, run: StepRun<'_>) -> Result<(), StepFailure> {
        #[allow(irrefutable_let_patterns)]
        let Body::Postgres(function) = &run.step.body else { return Err(StepFailure::Unsupported) };
        let before = |error| StepFailure::Before(driver_error(run.before, error));
        let outer = self.connection.begin().map_err(before)?;
        if run.is_nested && C::IN_TRANSACTION.is_none() {
            // The engine has opened the transaction, of which the driver does not know: to the server its BEGIN was none, and neither
            // may its end be one.
            let mut outer = ManuallyDrop::new(outer);
            let inner = outer.transaction().map_err(before)?;
            return in_transaction(inner, &run, &**function);
        }
        in_transaction(outer, &run, &**function)
    }
}

impl<C: Connection> Session for PostgresSession<'_, C> {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn in_transaction(&self) -> Option<bool> {
        C::IN_TRANSACTION
    }

    fn execute(&mut self, sql: &str) -> impl Future<Output = Result<(), DriverError>> + Send {
        ready(self.run(sql))
    }

    fn execute_all(&mut self, requests: &[String]) -> impl Future<Output = Result<(), (usize, DriverError)>> + Send {
        ready(one_by_one(requests, |sql| self.run(sql)))
    }

    fn pipelines(&self) -> bool {
        false
    }

    fn query(&mut self, sql: &str) -> impl Future<Output = Result<Vec<Row>, DriverError>> + Send {
        ready(self.connection.query(sql).map(rows).map_err(|error| driver_error(sql, error)))
    }

    fn takes_step(&self, step: &Step<'_>) -> bool {
        matches!(step.body, Body::Postgres(_))
    }

    fn run_step(&mut self, run: StepRun<'_>) -> impl Future<Output = Result<(), StepFailure>> + Send {
        ready(self.step_in_transaction(run))
    }

    fn sleep(&mut self, duration: Duration) -> impl Future<Output = ()> + Send {
        std::thread::sleep(duration);
        ready(())
    }

    fn roll_back_when_dropped(&mut self, rollback: Option<&'static str>) {
        self.rollback = rollback;
    }

    fn run_when_dropped(&mut self, sql: Option<String>) {
        self.afterwards = sql;
    }
}

/// Dropped before its commit, by an error or a panic, the transaction is rolled back.
fn in_transaction(
    mut transaction: Transaction<'_>,
    run: &StepRun<'_>,
    function: &Postgres<'_>,
) -> Result<(), StepFailure> {
    transaction.batch_execute(run.before).map_err(|error| StepFailure::Before(driver_error(run.before, error)))?;
    if let Err(error) = function(&mut transaction) {
        return Err(step_failure(error, transaction.batch_execute(run.inside)));
    }
    let after = |error| StepFailure::After(driver_error(run.after, error));
    transaction.batch_execute(run.after).map_err(after)?;
    transaction.commit().map_err(after)
}

impl<C: Connection> Drop for PostgresSession<'_, C> {
    fn drop(&mut self) {
        if let Some(rollback) = self.rollback {
            // Nobody is left to tell of an error; the next request on the connection will meet it.
            let _ = self.run(rollback);
        }
        if let Some(sql) = self.afterwards.take() {
            let _ = self.run(&sql);
        }
    }
}
