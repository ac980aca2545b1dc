//! `tokio-postgres`: a whole migration is sent before the first answer is waited for.

use std::mem::ManuallyDrop;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use migrate_core::Dialect;
use tokio_postgres::{Client, Error, SimpleQueryMessage, Transaction};

use super::postgres_error::{driver_error, rows, step_failure};
use super::{AsyncDatabase, DriverError, Itself, Row, Session, StepFailure, StepRun};
#[cfg(feature = "tokio-postgres")]
use crate::step::{Body, Step, TokioPostgres};

impl AsyncDatabase<Itself> for Client {
    fn session(&mut self) -> impl Session + Send {
        TokioPostgresSession { connection: self, rollback: None, afterwards: None }
    }
}

impl AsyncDatabase<Itself> for Transaction<'_> {
    fn session(&mut self) -> impl Session + Send {
        TokioPostgresSession { connection: self, rollback: None, afterwards: None }
    }
}

/// What a client and a transaction have in common.
trait Connection: Send + Sync {
    const IN_TRANSACTION: Option<bool>;
    fn execute(&self, sql: &str) -> impl Future<Output = Result<(), Error>> + Send;
    fn query(&self, sql: &str) -> impl Future<Output = Result<Vec<SimpleQueryMessage>, Error>> + Send;
    fn begin(&mut self) -> impl Future<Output = Result<Transaction<'_>, Error>> + Send;
}

impl Connection for Client {
    const IN_TRANSACTION: Option<bool> = None;

    fn begin(&mut self) -> impl Future<Output = Result<Transaction<'_>, Error>> + Send {
        self.transaction()
    }

    fn execute(&self, sql: &str) -> impl Future<Output = Result<(), Error>> + Send {
        self.batch_execute(sql)
    }

    fn query(&self, sql: &str) -> impl Future<Output = Result<Vec<SimpleQueryMessage>, Error>> + Send {
        self.simple_query(sql)
    }
}

impl Connection for Transaction<'_> {
    const IN_TRANSACTION: Option<bool> = Some(true);

    fn begin(&mut self) -> impl Future<Output = Result<Transaction<'_>, Error>> + Send {
        self.transaction()
    }

    fn execute(&self, sql: &str) -> impl Future<Output = Result<(), Error>> + Send {
        self.batch_execute(sql)
    }

    fn query(&self, sql: &str) -> impl Future<Output = Result<Vec<SimpleQueryMessage>, Error>> + Send {
        self.simple_query(sql)
    }
}

struct TokioPostgresSession<'a, C: Connection> {
    connection: &'a mut C,
    rollback: Option<&'static str>,
    afterwards: Option<String>,
}

impl<C: Connection> Session for TokioPostgresSession<'_, C> {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn in_transaction(&self) -> Option<bool> {
        C::IN_TRANSACTION
    }

    async fn execute(&mut self, sql: &str) -> Result<(), DriverError> {
        self.connection.execute(sql).await.map_err(|error| driver_error(sql, error))
    }

    async fn execute_all(&mut self, requests: &[String]) -> Result<(), (usize, DriverError)> {
        let mut sent: Vec<_> = requests.iter().map(|sql| Box::pin(self.connection.execute(sql))).collect();
        // The first poll of a request puts it on the wire, so this sends all of them in order.
        let mut answers: Vec<_> = sent.iter_mut().map(|request| poll_once(request.as_mut())).collect();
        for (request, answer) in sent.into_iter().zip(&mut answers) {
            if answer.is_none() {
                *answer = Some(request.await);
            }
        }
        let first_error =
            answers.into_iter().flatten().enumerate().find_map(|(index, answer)| Some((index, answer.err()?)));
        first_error.map_or(Ok(()), |(index, error)| Err((index, driver_error(&requests[index], error))))
    }

    fn pipelines(&self) -> bool {
        true
    }

    async fn query(&mut self, sql: &str) -> Result<Vec<Row>, DriverError> {
        self.connection.query(sql).await.map(rows).map_err(|error| driver_error(sql, error))
    }

    #[cfg(feature = "tokio-postgres")]
    fn takes_step(&self, step: &Step<'_>) -> bool {
        matches!(step.body, Body::TokioPostgres(_))
    }

    #[cfg(feature = "tokio-postgres")]
    async fn run_step(&mut self, run: StepRun<'_>) -> Result<(), StepFailure> {
        #[allow(irrefutable_let_patterns)]
        let Body::TokioPostgres(function) = &run.step.body else { return Err(StepFailure::Unsupported) };
        let before = |error| StepFailure::Before(driver_error(run.before, error));
        // Dropped while it begins, drivers before 0.7.11 leave the transaction open. In one of the caller's own they open none.
        let usual = self.rollback;
        self.rollback = usual.or(C::IN_TRANSACTION.is_none().then_some("ROLLBACK"));
        let outer = self.connection.begin().await;
        self.rollback = usual;
        let outer = outer.map_err(before)?;
        if run.is_nested && C::IN_TRANSACTION.is_none() {
            // The engine has opened the transaction, of which the driver does not know: to the server its BEGIN was none, and neither
            // may its end be one.
            let mut outer = ManuallyDrop::new(outer);
            let inner = outer.transaction().await.map_err(before)?;
            return in_transaction(inner, run, &**function).await;
        }
        in_transaction(outer, run, &**function).await
    }

    async fn sleep(&mut self, duration: Duration) {
        // The server's clock does: whatever runtime polls us may have no timer. A timeout of the role's must not cut it short.
        let pause = format!("SET LOCAL statement_timeout = 0; SELECT pg_catalog.pg_sleep({})", duration.as_secs_f64());
        let _ = self.connection.query(&pause).await;
    }

    fn roll_back_when_dropped(&mut self, rollback: Option<&'static str>) {
        self.rollback = rollback;
    }

    fn run_when_dropped(&mut self, sql: Option<String>) {
        self.afterwards = sql;
    }
}

/// Dropped before its commit, by an error, a panic or a cancelled future, the transaction is rolled back.
#[cfg(feature = "tokio-postgres")]
async fn in_transaction(
    transaction: Transaction<'_>,
    run: StepRun<'_>,
    function: &TokioPostgres<'_>,
) -> Result<(), StepFailure> {
    let before = |error| StepFailure::Before(driver_error(run.before, error));
    transaction.batch_execute(run.before).await.map_err(before)?;
    if let Err(error) = function(&transaction).await {
        return Err(step_failure(error, transaction.batch_execute(run.inside).await));
    }
    let after = |error| StepFailure::After(driver_error(run.after, error));
    transaction.batch_execute(run.after).await.map_err(after)?;
    transaction.commit().await.map_err(after)
}

impl<C: Connection> Drop for TokioPostgresSession<'_, C> {
    fn drop(&mut self) {
        if let Some(rollback) = self.rollback {
            // One poll sends the request; the answer is nobody's.
            let _ = poll_once(pin!(self.connection.execute(rollback)));
        }
        if let Some(sql) = &self.afterwards {
            let _ = poll_once(pin!(self.connection.execute(sql)));
        }
    }
}

fn poll_once<F: Future>(future: Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}
