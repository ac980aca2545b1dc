//! Drivers: what the engine asks of a database connection, and the connections that answer.
//!
//! The verbs accept `rusqlite` and `postgres` connections and transactions ([`Database`]), those of `tokio-postgres`
//! ([`AsyncDatabase`]), and whatever dereferences to them, such as the guard of a pool or of a mutex. Other drivers can be
//! added outside of this crate: implement [`Session`], and `Database` or `AsyncDatabase` to hand it out.

mod error;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "postgres", feature = "tokio-postgres"))]
mod postgres_error;
#[cfg(feature = "rusqlite")]
mod rusqlite;
mod session;
mod step;
// The kit for tests makes its databases with it, whatever driver the tests use; steps are only for those who use it.
#[cfg(any(feature = "tokio-postgres", all(feature = "testing", feature = "postgres")))]
#[cfg_attr(not(feature = "tokio-postgres"), allow(dead_code, unused_imports))]
mod tokio_postgres;

use std::ops::DerefMut;

pub use error::{DriverError, DriverErrorKind};
pub use session::{Row, Session};
pub use step::{StepFailure, StepRun};

#[cfg(all(feature = "testing", any(feature = "postgres", feature = "tokio-postgres")))]
pub(crate) use self::postgres_error::driver_error as postgres_error;
#[cfg(all(feature = "testing", feature = "rusqlite"))]
pub(crate) use self::rusqlite::driver_error as sqlite_error;

/// Marks a type that is a connection or a transaction itself.
#[derive(Debug)]
pub enum Itself {}

/// Marks a type that dereferences to one, such as the guard of a pool.
#[derive(Debug)]
pub struct Through<Kind>(std::marker::PhantomData<Kind>);

/// What the blocking verbs accept: `rusqlite::Connection`, `rusqlite::Transaction`, `rusqlite::Savepoint`,
/// `postgres::Client`, `postgres::Transaction`, and what dereferences to them.
///
/// Inside a transaction each migration gets a savepoint of its own, and whether anything lasts is up to the transaction.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no connection that a blocking verb accepts",
    note = "enable the feature of `migrate-runtime` that is named after the driver: `rusqlite` or `postgres`",
    note = "a pool is no connection: take one from it first",
    note = "asynchronous connections go to `run_async`, `plan_async`, `status_async` and `verify_async`"
)]
pub trait Database<Kind> {
    /// A session on the connection.
    fn session(&mut self) -> impl Session;
}

#[diagnostic::do_not_recommend]
impl<Guard, Kind> Database<Through<Kind>> for Guard
where
    Guard: DerefMut<Target: Database<Kind>>,
{
    fn session(&mut self) -> impl Session {
        (**self).session()
    }
}

/// What the asynchronous verbs accept: `tokio_postgres::Client`, `tokio_postgres::Transaction`, and what dereferences to them.
///
/// Inside a transaction each migration gets a savepoint of its own, and whether anything lasts is up to the transaction.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no connection that an asynchronous verb accepts",
    note = "enable the feature `tokio-postgres` of `migrate-runtime`",
    note = "a pool is no connection: take one from it first",
    note = "blocking connections go to `run`, `plan`, `status` and `verify`"
)]
pub trait AsyncDatabase<Kind> {
    /// A session on the connection.
    fn session(&mut self) -> impl Session + Send;
}

#[diagnostic::do_not_recommend]
impl<Guard, Kind> AsyncDatabase<Through<Kind>> for Guard
where
    Guard: DerefMut<Target: AsyncDatabase<Kind>>,
{
    fn session(&mut self) -> impl Session + Send {
        (**self).session()
    }
}

/// [`Session::execute_all`] of a driver that waits for each answer.
#[cfg(any(feature = "rusqlite", feature = "postgres"))]
fn one_by_one(
    requests: &[String],
    mut run: impl FnMut(&str) -> Result<(), DriverError>,
) -> Result<(), (usize, DriverError)> {
    requests.iter().enumerate().try_for_each(|(index, sql)| run(sql).map_err(|error| (index, error)))
}
