//! The seam between the engine and a driver.

use std::time::Duration;

use migrate_core::Dialect;

use super::{DriverError, DriverErrorKind, StepFailure, StepRun};
use crate::step::Step;

/// A row of a result: its cells as text, `None` for NULL.
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/now.rs")); }
/// # use example::now;
/// use migrate_runtime::driver::{Database, Session};
///
/// let mut db = rusqlite::Connection::open_in_memory()?;
/// let mut session = db.session();
/// let rows = now(session.query("SELECT 1, NULL, 'a'"))?;
/// assert_eq!(rows, [[Some("1".to_owned()), None, Some("a".to_owned())]]);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub type Row = Vec<Option<String>>;

/// What the engine asks of a driver.
///
/// Requests come one at a time. A blocking driver answers with futures that are ready at once. Requests are plain SQL without
/// parameters; on Postgres they go through the simple query protocol, so that no statement is prepared on the server.
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// use std::time::Duration;
/// use migrate_runtime::driver::{Database, DriverError, Row, Session};
/// use migrate_runtime::{Dialect, embed_migrations};
///
/// /// A connection that counts the requests which are made to it.
/// struct Counted<'a>(&'a mut rusqlite::Connection, &'a mut usize);
/// struct CountedSession<'a, S>(S, &'a mut usize);
/// enum IsCounted {} // tells this implementation from that for what dereferences to a connection
///
/// impl Database<IsCounted> for Counted<'_> {
///     fn session(&mut self) -> impl Session {
///         CountedSession(self.0.session(), self.1)
///     }
/// }
///
/// impl<S: Session> Session for CountedSession<'_, S> {
///     fn dialect(&self) -> Dialect {
///         self.0.dialect()
///     }
///
///     fn in_transaction(&self) -> Option<bool> {
///         self.0.in_transaction()
///     }
///
///     fn execute(&mut self, sql: &str) -> impl Future<Output = Result<(), DriverError>> + Send {
///         *self.1 += 1;
///         self.0.execute(sql)
///     }
///
///     fn execute_all(&mut self, requests: &[String]) -> impl Future<Output = Result<(), (usize, DriverError)>> + Send {
///         *self.1 += requests.len();
///         self.0.execute_all(requests)
///     }
///
///     fn pipelines(&self) -> bool {
///         self.0.pipelines()
///     }
///
///     fn query(&mut self, sql: &str) -> impl Future<Output = Result<Vec<Row>, DriverError>> + Send {
///         *self.1 += 1;
///         self.0.query(sql)
///     }
///
///     fn sleep(&mut self, duration: Duration) -> impl Future<Output = ()> + Send {
///         self.0.sleep(duration)
///     }
///
///     fn roll_back_when_dropped(&mut self, rollback: Option<&'static str>) {
///         self.0.roll_back_when_dropped(rollback)
///     }
///
///     fn run_when_dropped(&mut self, sql: Option<String>) {
///         self.0.run_when_dropped(sql)
///     }
/// }
///
/// let (mut db, mut requests) = (rusqlite::Connection::open_in_memory()?, 0);
/// let migrations = embed_migrations!("doc-migrations");
/// migrations.run(&mut Counted(&mut db, &mut requests))?;
/// requests = 0;
/// migrations.run(&mut Counted(&mut db, &mut requests))?;
/// assert_eq!(requests, 1); // a start with nothing to do
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Session {
    /// The dialect of the database.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/now.rs")); }
    /// # use example::now;
    /// use migrate_runtime::driver::{Database, Session};
    ///
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let session = db.session();
    /// assert_eq!(session.dialect(), migrate_runtime::Dialect::Sqlite);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn dialect(&self) -> Dialect;

    /// Whether the connection is inside a transaction; `None` when the driver cannot tell.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/now.rs")); }
    /// # use example::now;
    /// use migrate_runtime::driver::{Database, Session};
    ///
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let mut session = db.session();
    /// assert_eq!(session.in_transaction(), Some(false));
    /// now(session.execute("BEGIN"))?;
    /// assert_eq!(session.in_transaction(), Some(true));
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn in_transaction(&self) -> Option<bool>;

    /// Runs one or more statements, separated by `;`, and drops the rows that they return.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/now.rs")); }
    /// # use example::now;
    /// use migrate_runtime::driver::{Database, Session};
    ///
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let mut session = db.session();
    /// now(session.execute("CREATE TABLE t (a); INSERT INTO t VALUES (1) RETURNING a"))?; // the row is dropped
    /// assert!(now(session.execute("DROP TABLE u")).is_err());
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn execute(&mut self, sql: &str) -> impl Future<Output = Result<(), DriverError>> + Send;

    /// Runs the requests in order, up to the first that fails; an error comes with the index of its request.
    ///
    /// A driver that [pipelines](Session::pipelines) sends all of them before it waits for an answer.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/now.rs")); }
    /// # use example::now;
    /// use migrate_runtime::driver::{Database, Session};
    ///
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let mut session = db.session();
    /// let requests = ["CREATE TABLE t (a)", "DROP TABLE u", "DROP TABLE t"].map(str::to_owned);
    /// let (index, error) = now(session.execute_all(&requests)).unwrap_err();
    /// assert_eq!((index, error.message()), (1, "no such table: u"));
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn execute_all(&mut self, requests: &[String]) -> impl Future<Output = Result<(), (usize, DriverError)>> + Send;

    /// Whether [`execute_all`](Session::execute_all) sends its requests without waiting in between. The requests after a
    /// failed one then reach the database too; the engine sees to it that they cannot do anything.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/now.rs")); }
    /// # use example::now;
    /// use migrate_runtime::driver::{Database, Session};
    ///
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let session = db.session();
    /// assert!(!session.pipelines()); // SQLite has nobody to wait for
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn pipelines(&self) -> bool;

    /// Runs a statement, and returns its rows. On Postgres it may stand among others that return none; on SQLite it is alone.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/now.rs")); }
    /// # use example::now;
    /// use migrate_runtime::driver::{Database, Session};
    ///
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let mut session = db.session();
    /// let rows = now(session.query("SELECT count(*) FROM sqlite_schema"))?;
    /// assert_eq!(rows, [[Some("0".to_owned())]]);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn query(&mut self, sql: &str) -> impl Future<Output = Result<Vec<Row>, DriverError>> + Send;

    /// Waits. Never called inside a transaction of the engine.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/now.rs")); }
    /// # use example::now;
    /// use migrate_runtime::driver::{Database, Session};
    ///
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let mut session = db.session();
    /// now(session.sleep(std::time::Duration::from_millis(1)));
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn sleep(&mut self, duration: Duration) -> impl Future<Output = ()> + Send;

    /// Whether a step is made for this driver: one that is not is refused before anything is done. A driver that has no steps need not
    /// know of this; one that has, says so here and runs them in [`run_step`](Session::run_step).
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/now.rs")); }
    /// # use example::now;
    /// use migrate_runtime::driver::{Database, Session};
    ///
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let session = db.session();
    /// use migrate_runtime::Step;
    ///
    /// assert!(session.takes_step(&Step::rusqlite(|_| Ok(()))));
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn takes_step(&self, step: &Step<'_>) -> bool {
        let _ = step;
        false
    }

    /// Runs a [`Step`](crate::Step) in a transaction of the driver's own, between the statements that claim its row and those that record
    /// it. A driver that has no steps need not know of this.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/now.rs")); }
    /// # use example::now;
    /// use migrate_runtime::driver::{Database, Session};
    ///
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let mut session = db.session();
    /// use migrate_runtime::{Step, driver::StepRun};
    ///
    /// now(session.execute("CREATE TABLE history (version); CREATE TABLE users (name)"))?;
    /// let step = Step::rusqlite(|tx| {
    ///     tx.execute("INSERT INTO users VALUES ('Ada')", [])?;
    ///     Ok(())
    /// });
    /// let before = "INSERT INTO history VALUES (3)";
    /// let run = StepRun { before, step: &step, inside: "", after: "UPDATE history SET version = 4", is_nested: false };
    /// now(session.run_step(run)).unwrap();
    /// assert_eq!(now(session.query("SELECT name, version FROM users, history"))?.len(), 1);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn run_step(&mut self, run: StepRun<'_>) -> impl Future<Output = Result<(), StepFailure>> + Send {
        let _ = run;
        std::future::ready(Err(StepFailure::Unsupported))
    }

    /// SQLite: enforces foreign keys from now on, or does not, also inside a transaction, where the pragma does nothing. When the session is
    /// dropped, by a panic say, they are as they were before.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/now.rs")); }
    /// # use example::now;
    /// use migrate_runtime::driver::{Database, Session};
    ///
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let mut session = db.session();
    /// now(session.execute("BEGIN"))?;
    /// now(session.enforce_foreign_keys(false))?;
    /// assert_eq!(now(session.query("PRAGMA foreign_keys"))?, [[Some("0".to_owned())]]);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn enforce_foreign_keys(&mut self, on: bool) -> impl Future<Output = Result<(), DriverError>> + Send {
        let _ = on;
        let message = "this driver cannot switch foreign keys inside a transaction";
        std::future::ready(Err(DriverError::new(self.dialect(), DriverErrorKind::Refused, message, message)))
    }

    /// Tells what to run when the session is dropped from now on, by a panic or a cancelled future: somebody else may use the
    /// connection next, and must not find half a migration. `None` once the transaction has ended.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/now.rs")); }
    /// # use example::now;
    /// use migrate_runtime::driver::{Database, Session};
    ///
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let mut session = db.session();
    /// now(session.execute("BEGIN; CREATE TABLE t (a)"))?;
    /// session.roll_back_when_dropped(Some("ROLLBACK"));
    /// drop(session); // as by a panic
    /// assert!(db.is_autocommit() && db.prepare("SELECT * FROM t").is_err());
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn roll_back_when_dropped(&mut self, rollback: Option<&'static str>);

    /// Tells what to run when the session is dropped from now on, after the rollback and outside of any transaction: settings that
    /// whoever uses the connection next must not find changed. `None` once they are set back.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/now.rs")); }
    /// # use example::now;
    /// use migrate_runtime::driver::{Database, Session};
    ///
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let mut session = db.session();
    /// now(session.execute("PRAGMA case_sensitive_like = on"))?;
    /// session.run_when_dropped(Some("PRAGMA case_sensitive_like = off".to_owned()));
    /// drop(session);
    /// let is_like: bool = db.query_row("SELECT 'a' LIKE 'A'", [], |row| row.get(0))?;
    /// assert!(is_like);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn run_when_dropped(&mut self, sql: Option<String>);
}
