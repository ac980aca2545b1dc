//! Drivers: what the engine asks of a database connection, and the connections that answer.
//!
//! The verbs accept `rusqlite` and `postgres` connections and transactions ([`Database`]), those of `tokio-postgres`
//! ([`AsyncDatabase`]), and whatever dereferences to them, such as the guard of a pool or of a mutex. Other drivers can be
//! added outside of this crate: implement [`Session`], which has an example, and `Database` or `AsyncDatabase` to hand it out.
//!
//! Programs name nothing of this, unless they are generic over connections:
//!
//! ```
//! # #[cfg(feature = "rusqlite-bundled")] {
//! use migrate_runtime::driver::Database;
//! use migrate_runtime::{Error, Migrations, embed_migrations};
//!
//! static MIGRATIONS: Migrations = embed_migrations!("doc-migrations");
//!
//! /// For whatever connection, transaction or guard of a pool.
//! fn start<Kind>(db: &mut impl Database<Kind>) -> Result<(), Error> {
//!     MIGRATIONS.run(db).map(|report| println!("{report}"))
//! }
//!
//! let db = std::sync::Mutex::new(rusqlite::Connection::open_in_memory()?);
//! start(&mut db.lock().unwrap())?; // a guard that dereferences to a connection
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod any;
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

pub(crate) use any::{AnySession, Boxed};
pub use error::{DriverError, DriverErrorKind};
pub use session::{Row, Session};
pub use step::{StepFailure, StepRun};

#[cfg(all(feature = "testing", any(feature = "postgres", feature = "tokio-postgres")))]
pub(crate) use self::postgres_error::driver_error as postgres_error;
#[cfg(all(feature = "testing", feature = "rusqlite"))]
pub(crate) use self::rusqlite::driver_error as sqlite_error;

/// Marks a type that is a connection or a transaction itself. Never named by programs: the compiler finds it.
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// use migrate_runtime::driver::{Database, Itself};
///
/// fn is_itself(_: &impl Database<Itself>) {}
/// is_itself(&rusqlite::Connection::open_in_memory()?);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub enum Itself {}

/// Marks a type that dereferences to one, such as the guard of a pool. Never named by programs: the compiler finds it.
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// use migrate_runtime::driver::{Database, Itself, Through};
///
/// fn is_through(_: &impl Database<Through<Itself>>) {}
/// is_through(&Box::new(rusqlite::Connection::open_in_memory()?));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Through<Kind>(std::marker::PhantomData<Kind>);

/// What the blocking verbs accept: `rusqlite::Connection`, `rusqlite::Transaction`, `rusqlite::Savepoint`,
/// `postgres::Client`, `postgres::Transaction`, and what dereferences to them.
///
/// Inside a transaction each migration gets a savepoint of its own, and whether anything lasts is up to the transaction.
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// use migrate_runtime::{Migrations, embed_migrations};
///
/// static MIGRATIONS: Migrations = embed_migrations!("doc-migrations");
///
/// let mut db = rusqlite::Connection::open_in_memory()?;
/// MIGRATIONS.run(&mut db)?; // a connection
/// MIGRATIONS.run(&mut db.transaction()?)?; // a transaction
/// MIGRATIONS.run(&mut Box::new(db))?; // what dereferences to one
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no connection that a blocking verb accepts",
    note = "enable the feature of `migrate-runtime` that is named after the driver: `rusqlite` or `postgres`",
    note = "a pool is no connection: take one from it first",
    note = "asynchronous connections go to `run_async`, `plan_async`, `status_async` and `verify_async`"
)]
pub trait Database<Kind> {
    /// A session on the connection.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::driver::{Database, Session};
    ///
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let session = db.session();
    /// assert_eq!(session.dialect(), migrate_runtime::Dialect::Sqlite);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
///
/// ```no_run
/// # #[cfg(feature = "tokio-postgres")] {
/// # async fn on_server(client: &mut tokio_postgres::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use migrate_runtime::{Migrations, embed_migrations};
///
/// static MIGRATIONS: Migrations = embed_migrations!("doc-migrations");
///
/// MIGRATIONS.run_async(client).await?; // a client
///
/// let mut transaction = client.transaction().await?;
/// MIGRATIONS.run_async(&mut transaction).await?;
/// transaction.commit().await?;
/// # Ok(())
/// # }
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no connection that an asynchronous verb accepts",
    note = "enable the feature `tokio-postgres` of `migrate-runtime`",
    note = "a pool is no connection: take one from it first",
    note = "blocking connections go to `run`, `plan`, `status` and `verify`"
)]
pub trait AsyncDatabase<Kind> {
    /// A session on the connection.
    ///
    /// ```no_run
    /// # #[cfg(feature = "tokio-postgres")] {
    /// # async fn on_server(client: &mut tokio_postgres::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use migrate_runtime::driver::{AsyncDatabase, Session};
    ///
    /// let mut session = client.session();
    /// let rows = session.query("SELECT version()").await?;
    /// println!("{:?}", rows[0][0]);
    /// # Ok(())
    /// # }
    /// # }
    /// ```
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
