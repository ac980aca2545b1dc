//! `Migrator`: the verbs with options.

use std::fmt;
use std::time::Duration;

use crate::block_on::block_on;
use crate::driver::{AsyncDatabase, Database, Session};
use crate::engine::Engine;
use crate::error::Error;
use crate::event::Event;
use crate::migrations::Migrations;
use crate::report::{Plan, Report, Status};
use crate::table::TableName;

/// The verbs of [`Migrations`] with options.
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// use std::time::Duration;
/// use migrate_runtime::{Migrator, embed_migrations};
///
/// let migrations = embed_migrations!("doc-migrations");
/// let mut db = rusqlite::Connection::open_in_memory()?;
/// let report = Migrator::new(&migrations)
///     .history_table("shop_migrations")
///     .wait_timeout(Duration::from_secs(30))
///     .on_event(|event| eprintln!("{event:?}"))
///     .run(&mut db)?;
/// println!("{report}");
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Migrator<'a> {
    pub(crate) migrations: &'a Migrations,
    history_table: String,
    pub(crate) wait_timeout: Duration,
    pub(crate) applied_by: Option<String>,
    observer: Option<Box<Observer<'a>>>,
    may_be_stale: bool,
}

/// What `on_event` takes.
type Observer<'a> = dyn Fn(&Event<'_>) + Send + Sync + 'a;

impl<'a> Migrator<'a> {
    /// How long to wait for another runner unless told otherwise.
    pub const DEFAULT_WAIT_TIMEOUT: Duration = Duration::from_secs(300);

    /// The verbs of `migrations` with their defaults.
    pub fn new(migrations: &'a Migrations) -> Migrator<'a> {
        Migrator {
            migrations,
            history_table: TableName::DEFAULT.to_owned(),
            wait_timeout: Migrator::DEFAULT_WAIT_TIMEOUT,
            applied_by: None,
            observer: None,
            may_be_stale: false,
        }
    }

    /// The history table, as `table` or `schema.table`; `schema_migrations` by default.
    ///
    /// Without a schema it is the first of that name on the search path of Postgres, created in the current schema; on SQLite it is
    /// in the main database. Whoever starts with another search path has another history: name the schema where that may happen.
    /// The name is used as written, as if quoted. A name that is not made of ASCII letters, digits
    /// and `_` is an error of the verb, [`ErrorKind::InvalidOption`](crate::ErrorKind::InvalidOption).
    pub fn history_table(mut self, name: impl Into<String>) -> Self {
        self.history_table = name.into();
        self
    }

    /// How long to wait while another runner applies one and the same migration, or holds the SQLite file; 5 minutes by default.
    /// On SQLite each try waits for as long as the connection's own busy timeout says (5 seconds with rusqlite) before it is counted.
    /// Past it, the verb fails with [`ErrorKind::WaitTimeout`](crate::ErrorKind::WaitTimeout) and names the holder.
    pub fn wait_timeout(mut self, timeout: Duration) -> Self {
        self.wait_timeout = timeout;
        self
    }

    /// What the history remembers as the one who applied a migration, instead of user, host, package and its version.
    pub fn applied_by(mut self, who: impl Into<String>) -> Self {
        // No database takes a NUL byte.
        self.applied_by = Some(who.into().replace('\0', ""));
        self
    }

    /// Goes on although a debug build differs from the folder that it was built from. Without it the verbs that judge a database
    /// fail with [`ErrorKind::StaleBinary`](crate::ErrorKind::StaleBinary); a release build never looks.
    pub fn allow_stale(mut self) -> Self {
        self.may_be_stale = true;
        self
    }

    /// Calls `observer` for everything that happens in [`run`](Migrator::run). It must not block for long: some events come while a
    /// transaction is open. Another call replaces the observer.
    pub fn on_event(mut self, observer: impl Fn(&Event<'_>) + Send + Sync + 'a) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// See [`Migrations::run`].
    ///
    /// # Errors
    /// As [`Migrations::run`].
    pub fn run<Kind>(&self, db: &mut impl Database<Kind>) -> Result<Report, Error> {
        block_on(self.run_on(db.session()))
    }

    /// See [`Migrations::run`].
    ///
    /// A future that is dropped before its end leaves no transaction open: the migration in progress is committed whole or rolled
    /// back.
    ///
    /// # Errors
    /// As [`Migrations::run`].
    pub async fn run_async<Kind>(&self, db: &mut impl AsyncDatabase<Kind>) -> Result<Report, Error> {
        self.run_on(db.session()).await
    }

    /// See [`Migrations::plan`].
    ///
    /// # Errors
    /// As [`Migrations::plan`].
    pub fn plan<Kind>(&self, db: &mut impl Database<Kind>) -> Result<Plan, Error> {
        block_on(self.plan_on(db.session()))
    }

    /// See [`Migrations::plan`].
    ///
    /// # Errors
    /// As [`Migrations::plan`].
    pub async fn plan_async<Kind>(&self, db: &mut impl AsyncDatabase<Kind>) -> Result<Plan, Error> {
        self.plan_on(db.session()).await
    }

    /// See [`Migrations::status`].
    ///
    /// # Errors
    /// As [`Migrations::status`].
    pub fn status<Kind>(&self, db: &mut impl Database<Kind>) -> Result<Status, Error> {
        block_on(self.status_on(db.session()))
    }

    /// See [`Migrations::status`].
    ///
    /// # Errors
    /// As [`Migrations::status`].
    pub async fn status_async<Kind>(&self, db: &mut impl AsyncDatabase<Kind>) -> Result<Status, Error> {
        self.status_on(db.session()).await
    }

    /// See [`Migrations::verify`].
    ///
    /// # Errors
    /// As [`Migrations::verify`].
    pub fn verify<Kind>(&self, db: &mut impl Database<Kind>) -> Result<(), Error> {
        block_on(self.verify_on(db.session()))
    }

    /// See [`Migrations::verify`].
    ///
    /// # Errors
    /// As [`Migrations::verify`].
    pub async fn verify_async<Kind>(&self, db: &mut impl AsyncDatabase<Kind>) -> Result<(), Error> {
        self.verify_on(db.session()).await
    }

    // Blocking and asynchronous verbs differ in how they get their session, and in nothing else.

    async fn run_on(&self, session: impl Session) -> Result<Report, Error> {
        self.refuse_stale()?;
        let table = TableName::parse(&self.history_table)?;
        Engine::new(session, self, &table)?.run().await
    }

    async fn plan_on(&self, session: impl Session) -> Result<Plan, Error> {
        self.refuse_stale()?;
        let table = TableName::parse(&self.history_table)?;
        Engine::new(session, self, &table)?.plan().await
    }

    async fn status_on(&self, session: impl Session) -> Result<Status, Error> {
        let table = TableName::parse(&self.history_table)?;
        Engine::new(session, self, &table)?.status().await
    }

    async fn verify_on(&self, session: impl Session) -> Result<(), Error> {
        self.refuse_stale()?;
        let table = TableName::parse(&self.history_table)?;
        Engine::new(session, self, &table)?.verify().await
    }

    fn refuse_stale(&self) -> Result<(), Error> {
        #[cfg(debug_assertions)]
        if !self.may_be_stale {
            return crate::stale::refuse_stale(&self.migrations.set, &self.migrations.origin);
        }
        Ok(())
    }

    pub(crate) fn tell(&self, event: &Event<'_>) {
        #[cfg(feature = "tracing")]
        crate::trace::record(&self.migrations.set, event);
        if let Some(observer) = &self.observer {
            observer(event);
        }
    }
}

impl fmt::Debug for Migrator<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Migrator")
            .field("set", &self.migrations.set.name())
            .field("history_table", &self.history_table)
            .field("wait_timeout", &self.wait_timeout)
            .finish_non_exhaustive()
    }
}
