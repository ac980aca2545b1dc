//! `postgres`: blocking, so every future is ready at once.

use std::future::ready;
use std::time::Duration;

use migrate_core::Dialect;
use postgres::{Client, SimpleQueryMessage, Transaction};

use super::postgres_error::{driver_error, rows};
use super::{Database, DriverError, Itself, Row, Session, one_by_one};

impl Database<Itself> for Client {
    fn session(&mut self) -> impl Session {
        PostgresSession { connection: self, rollback: None }
    }
}

impl Database<Itself> for Transaction<'_> {
    fn session(&mut self) -> impl Session {
        PostgresSession { connection: self, rollback: None }
    }
}

/// What a client and a transaction have in common.
trait Connection {
    const IN_TRANSACTION: Option<bool>;
    fn execute(&mut self, sql: &str) -> Result<(), postgres::Error>;
    fn query(&mut self, sql: &str) -> Result<Vec<SimpleQueryMessage>, postgres::Error>;
}

impl Connection for Client {
    const IN_TRANSACTION: Option<bool> = None;

    fn execute(&mut self, sql: &str) -> Result<(), postgres::Error> {
        self.batch_execute(sql)
    }

    fn query(&mut self, sql: &str) -> Result<Vec<SimpleQueryMessage>, postgres::Error> {
        self.simple_query(sql)
    }
}

impl Connection for Transaction<'_> {
    const IN_TRANSACTION: Option<bool> = Some(true);

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
}

impl<C: Connection> PostgresSession<'_, C> {
    fn run(&mut self, sql: &str) -> Result<(), DriverError> {
        self.connection.execute(sql).map_err(|error| driver_error(sql, error))
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

    fn sleep(&mut self, duration: Duration) -> impl Future<Output = ()> + Send {
        std::thread::sleep(duration);
        ready(())
    }

    fn roll_back_when_dropped(&mut self, rollback: Option<&'static str>) {
        self.rollback = rollback;
    }

    fn run_when_dropped(&mut self, _sql: Option<&'static str>) {
        // Only SQLite has settings that are changed for a migration and live longer than its transaction.
    }
}

impl<C: Connection> Drop for PostgresSession<'_, C> {
    fn drop(&mut self) {
        if let Some(rollback) = self.rollback {
            // Nobody is left to tell of an error; the next request on the connection will meet it.
            let _ = self.run(rollback);
        }
    }
}
