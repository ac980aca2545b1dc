//! `Migrator`: the verbs with options.

mod sessions;
#[macro_use]
mod verbs;
// Behind the macro of the other, which it uses.
#[cfg(feature = "adopt")]
mod adopt;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use migrate_core::plan::{Ahead, Policy};
use migrate_core::{Script, Version};

use crate::driver::{AsyncDatabase, Database};
use crate::error::Error;
use crate::event::Event;
use crate::migrations::Migrations;
use crate::report::{History, Plan, Status};
use crate::step::Step;
use crate::table::TableName;
#[cfg(doc)]
use crate::{ErrorKind, Report};

#[cfg(feature = "adopt")]
pub use adopt::OldHistory;
pub use verbs::DryRun;

/// The verbs of [`Migrations`] with options, and those that only operators need.
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
///
/// # Verbs
///
/// | verb | does |
/// |---|---|
/// | [`run`](Migrator::run) | applies what is pending |
/// | [`plan`](Migrator::plan) | tells what `run` would do, and writes nothing |
/// | [`revert_to`](Migrator::revert_to), [`revert_last`](Migrator::revert_last) | runs scripts down |
/// | [`redo_last`](Migrator::redo_last) | reverts and applies again |
/// | [`reset`](Migrator::reset) | reverts everything |
/// | [`baseline`](Migrator::baseline) | takes over a database that already has the schema |
/// | `adopt` (feature `adopt`) | takes over the history of another tool |
/// | [`repair`](Migrator::repair) | accepts the text that the binary has |
/// | [`mark_applied`](Migrator::mark_applied), [`mark_pending`](Migrator::mark_pending) | tells the history what was done by hand |
/// | [`resume`](Migrator::resume) | decides about a statement in doubt |
/// | [`status`](Migrator::status), [`history`](Migrator::history), [`verify`](Migrator::verify) | look, and write nothing |
///
/// Each has a twin for asynchronous drivers, and each that writes can be tried first: [`dry_run`](Migrator::dry_run).
#[derive(Clone)]
pub struct Migrator<'a> {
    pub(crate) sets: Vec<&'a Migrations>,
    pub(crate) history_table: String,
    pub(crate) target: Option<Version>,
    pub(crate) at_most: Option<usize>,
    pub(crate) scope: Scope,
    pub(crate) policy: Policy,
    pub(crate) wait_timeout: Duration,
    pub(crate) lock_timeout: Duration,
    pub(crate) lock_retries: u32,
    pub(crate) statement_timeout: Duration,
    pub(crate) applied_by: Option<String>,
    pub(crate) steps: Vec<Arc<RegisteredStep<'a>>>,
    observer: Option<Arc<Observer<'a>>>,
    may_be_stale: bool,
    pub(crate) may_reset: bool,
    pub(crate) has_user_version_stamp: bool,
}

/// A migration in Rust, in its place.
pub(crate) struct RegisteredStep<'a> {
    /// The set that it belongs to; without it, the only one.
    pub(crate) set: Option<&'a Migrations>,
    /// What the history and reports have of it.
    pub(crate) script: Script,
    pub(crate) step: Step<'a>,
}

/// What `on_event` takes.
type Observer<'a> = dyn Fn(&Event<'_>) + Send + Sync + 'a;

/// How much of a run is one transaction.
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// use migrate_runtime::{Migrations, Migrator, Scope, Step, embed_migrations};
///
/// static MIGRATIONS: Migrations = embed_migrations!("doc-migrations");
///
/// let mut db = rusqlite::Connection::open_in_memory()?;
/// let migrator = Migrator::new(&MIGRATIONS).step(3, "fails", Step::rusqlite(|_| Err("no network".into())));
/// let error = migrator.clone().scope(Scope::All).run(&mut db).unwrap_err();
/// assert!(error.report().is_empty());
/// let error = migrator.scope(Scope::PerMigration).run(&mut db).unwrap_err();
/// assert_eq!(error.report().changes().len(), 2); // they stay
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Each migration: when one fails, those before it stay.
    #[default]
    PerMigration,
    /// All of them: when one fails, nothing stays. Locks are held until the last one is done. On SQLite rows of the history are
    /// written many at once, and bear the time of that.
    All,
}

/// What to do about a statement of which it is not known whether it was done; see [`Migrator::resume`].
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// use migrate_runtime::{ErrorKind, Migrator, Resume, embed_migrations};
///
/// let migrations = embed_migrations!("doc-notes"); // `-- migrate: no-transaction`
/// let mut db = rusqlite::Connection::open_in_memory()?;
/// db.execute_batch("CREATE TABLE tags (tag text)")?; // in the way of the last statement
/// let migrator = Migrator::new(&migrations);
/// migrator.run(&mut db).unwrap_err();
///
/// // SQLite knows what became of the statement: none is in doubt, and there is nothing to skip.
/// let error = migrator.resume(&mut db, Resume::Skip).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Interrupted);
/// db.execute_batch("DROP TABLE tags")?;
/// migrator.resume(&mut db, Resume::Retry)?;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// It was not done: run it again, unless the database tells that it was.
    Retry,
    /// It was not done, and is not wanted any more: go on behind it.
    Skip,
    /// It was done: go on behind it.
    MarkDone,
}

impl<'a> Migrator<'a> {
    /// How long to wait for another runner unless told otherwise.
    ///
    /// ```
    /// use migrate_runtime::Migrator;
    ///
    /// assert_eq!(Migrator::DEFAULT_WAIT_TIMEOUT.as_secs(), 5 * 60);
    /// ```
    pub const DEFAULT_WAIT_TIMEOUT: Duration = Duration::from_secs(300);

    /// How long a statement of a migration waits for a lock unless told otherwise.
    ///
    /// ```
    /// use migrate_runtime::Migrator;
    ///
    /// assert_eq!(Migrator::DEFAULT_LOCK_TIMEOUT.as_secs(), 5);
    /// ```
    pub const DEFAULT_LOCK_TIMEOUT: Duration = Duration::from_secs(5);

    /// How often a migration is tried again that has failed because of locks of others, unless told otherwise.
    ///
    /// ```
    /// use migrate_runtime::Migrator;
    ///
    /// assert_eq!(Migrator::DEFAULT_LOCK_RETRIES, 5); // so there are 6 tries
    /// ```
    pub const DEFAULT_LOCK_RETRIES: u32 = 5;

    /// The verbs of `migrations` with their defaults.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{Migrations, Migrator, embed_migrations};
    ///
    /// static MIGRATIONS: Migrations = embed_migrations!("doc-migrations");
    ///
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let report = Migrator::new(&MIGRATIONS).run(&mut db)?; // the same as `MIGRATIONS.run(&mut db)?`
    /// assert_eq!(report.changes()[0].set, "default");
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(migrations: &'a Migrations) -> Migrator<'a> {
        Migrator::many([migrations])
    }

    /// The verbs of several sets, which share a history table and never collide in it. They run in the order in which they are given,
    /// but for what [`Migrations::after`] says.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{Migrations, Migrator, embed_migrations};
    ///
    /// static SHOP: Migrations = embed_migrations!("doc-migrations", set = "shop");
    /// static BILLING: Migrations = embed_migrations!("doc-billing", set = "billing").after(&SHOP);
    ///
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let report = Migrator::many([&BILLING, &SHOP]).run(&mut db)?;
    /// assert_eq!(report.changes()[0].set, "shop");
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// [`run`](Migrator::run), [`reset`](Migrator::reset) and the verbs that only look work on all of the sets. The others are an
    /// error, [`ErrorKind::InvalidOption`], unless there is only one.
    pub fn many(sets: impl IntoIterator<Item = &'a Migrations>) -> Migrator<'a> {
        Migrator {
            sets: sets.into_iter().collect(),
            history_table: TableName::DEFAULT.to_owned(),
            target: None,
            at_most: None,
            scope: Scope::default(),
            policy: Policy::default(),
            wait_timeout: Migrator::DEFAULT_WAIT_TIMEOUT,
            lock_timeout: Migrator::DEFAULT_LOCK_TIMEOUT,
            lock_retries: Migrator::DEFAULT_LOCK_RETRIES,
            statement_timeout: Duration::ZERO,
            applied_by: None,
            steps: Vec::new(),
            observer: None,
            may_be_stale: false,
            may_reset: false,
            has_user_version_stamp: false,
        }
    }

    /// The history table, as `table` or `schema.table`; `schema_migrations` by default.
    ///
    /// Without a schema it is the first of that name on the search path of Postgres, created in the current schema; on SQLite it is
    /// in the main database. Whoever starts with another search path has another history: name the schema where that may happen.
    /// The name is used as written, as if quoted. It has at most 63 ASCII letters, digits and `_`, and no digit first; so has the schema.
    /// On SQLite an index of the same name with `_start` behind it is made, too.
    /// Any other is an error of the verb, [`ErrorKind::InvalidOption`].
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{ErrorKind, Migrator, embed_migrations};
    ///
    /// let migrations = embed_migrations!("doc-migrations");
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// Migrator::new(&migrations).history_table("shop_migrations").run(&mut db)?;
    /// let rows: i64 = db.query_row("SELECT count(*) FROM shop_migrations", [], |row| row.get(0))?;
    /// assert_eq!(rows, 2);
    ///
    /// let error = Migrator::new(&migrations).history_table("shop migrations").run(&mut db).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::InvalidOption);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn history_table(mut self, name: impl Into<String>) -> Self {
        self.history_table = name.into();
        self
    }

    /// How long to wait while another runner applies one and the same migration, or holds the SQLite file; 5 minutes by default.
    /// On SQLite each try waits for as long as the connection's own busy timeout says (5 seconds with rusqlite) before it is counted.
    /// Past it, the verb fails with [`ErrorKind::WaitTimeout`], and names the holder where the database knows: Postgres does, SQLite
    /// only for a script outside of a transaction.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use std::time::Duration;
    /// use migrate_runtime::{ErrorKind, Migrator, embed_migrations};
    ///
    /// # let path = std::env::temp_dir().join(format!("migrate-doc-wait-{}.db", std::process::id()));
    /// let other = rusqlite::Connection::open(&path)?;
    /// other.execute_batch("BEGIN IMMEDIATE")?; // somebody is writing, for a long time
    ///
    /// let mut db = rusqlite::Connection::open(&path)?;
    /// db.busy_timeout(Duration::ZERO)?;
    /// let error = Migrator::new(&embed_migrations!("doc-migrations"))
    ///     .wait_timeout(Duration::from_millis(50))
    ///     .run(&mut db)
    ///     .unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::WaitTimeout);
    /// # drop((other, db));
    /// # std::fs::remove_file(path)?;
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait_timeout(mut self, timeout: Duration) -> Self {
        self.wait_timeout = timeout;
        self
    }

    /// [`run`](Migrator::run) applies nothing above this version, and never reverts anything. What it leaves out is told:
    /// [`Report::pending`]. A migration above it that was interrupted outside of a transaction is an error, [`ErrorKind::Interrupted`],
    /// because nothing else can run before that has come to its end. A version that the binary does not have is
    /// [`ErrorKind::UnknownVersion`]; with several sets a target is [`ErrorKind::InvalidOption`].
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::{Migrator, embed_migrations};
    /// # let migrations = embed_migrations!("doc-orders");
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    ///
    /// let report = Migrator::new(&migrations).target(1).run(&mut db)?;
    /// assert_eq!(report.changes().len(), 1);
    /// assert_eq!(report.pending(), 1);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn target(mut self, version: impl Into<Version>) -> Self {
        self.target = Some(version.into());
        self
    }

    /// [`run`](Migrator::run) applies at most so many migrations; one that was interrupted outside of a transaction, and goes on, counts.
    /// What it leaves out is told: [`Report::pending`].
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::{Migrator, embed_migrations};
    /// # let migrations = embed_migrations!("doc-orders");
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    ///
    /// let one_by_one = Migrator::new(&migrations).at_most(1);
    /// assert_eq!(one_by_one.run(&mut db)?.pending(), 1);
    /// assert_eq!(one_by_one.run(&mut db)?.pending(), 0);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn at_most(mut self, migrations: usize) -> Self {
        self.at_most = Some(migrations);
        self
    }

    /// How much of a run is one transaction; each migration by default.
    ///
    /// Migrations that run outside of a transaction cannot be part of [`Scope::All`]: that is an error before anything is done,
    /// [`ErrorKind::Unsupported`].
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{Migrator, Scope, embed_migrations};
    ///
    /// let migrations = embed_migrations!("doc-migrations");
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let report = Migrator::new(&migrations).scope(Scope::All).run(&mut db)?; // both, or none
    /// assert_eq!(report.changes().len(), 2);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Applies migrations below others that are applied already. Without it they are an error,
    /// [`Standing::OutOfOrder`](crate::Standing::OutOfOrder): what came later was not written with them in mind.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{Migrator, Standing, Step, embed_migrations};
    ///
    /// let migrations = embed_migrations!("doc-migrations");
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// # fn step() -> Step<'static> { Step::rusqlite(|_| Ok(())) }
    /// Migrator::new(&migrations).step(4, "slugs", step()).run(&mut db)?;
    ///
    /// // Another branch brings version 3, after version 4 has been applied.
    /// let merged = Migrator::new(&migrations).step(3, "phones", step()).step(4, "slugs", step());
    /// let error = merged.run(&mut db).unwrap_err();
    /// assert_eq!(error.problems()[0].standing, Standing::OutOfOrder);
    /// assert_eq!(merged.allow_out_of_order().run(&mut db)?.changes().len(), 1);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn allow_out_of_order(mut self) -> Self {
        self.policy.allow_out_of_order = true;
        self
    }

    /// Goes on although the history has migrations that the binary has lost. Without it they are an error,
    /// [`Standing::Missing`](crate::Standing::Missing).
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{Migrator, Standing, Step, embed_migrations};
    ///
    /// let migrations = embed_migrations!("doc-migrations");
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// # fn step() -> Step<'static> { Step::rusqlite(|_| Ok(())) }
    /// Migrator::new(&migrations).step(3, "phones", step()).step(4, "slugs", step()).run(&mut db)?;
    ///
    /// // The next release has lost version 3.
    /// let next = Migrator::new(&migrations).step(4, "slugs", step());
    /// assert_eq!(next.run(&mut db).unwrap_err().problems()[0].standing, Standing::Missing);
    /// assert!(next.allow_missing().run(&mut db)?.is_empty());
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn allow_missing(mut self) -> Self {
        self.policy.allow_missing = true;
        self
    }

    /// Goes on although a newer binary has migrated the database. Without it that is an error,
    /// [`Standing::Ahead`](crate::Standing::Ahead), unless every one of the newer migrations says
    /// `-- migrate: compatible=backward`.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{Migrator, Standing, Step, embed_migrations};
    ///
    /// let migrations = embed_migrations!("doc-migrations");
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// Migrator::new(&migrations).step(3, "slugs", Step::rusqlite(|_| Ok(()))).run(&mut db)?; // the new release
    ///
    /// let old = Migrator::new(&migrations); // the old release starts again
    /// assert_eq!(old.run(&mut db).unwrap_err().problems()[0].standing, Standing::Ahead);
    /// assert!(old.allow_ahead().run(&mut db)?.is_empty());
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn allow_ahead(mut self) -> Self {
        self.policy.ahead = Ahead::Allow;
        self
    }

    /// Refuses to go on when a newer binary has migrated the database, whatever its migrations say.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{Migrator, Standing, Step, embed_migrations};
    ///
    /// let migrations = embed_migrations!("doc-migrations");
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let slugs = Step::rusqlite(|_| Ok(())).compatible_backward();
    /// Migrator::new(&migrations).step(3, "slugs", slugs).run(&mut db)?; // the new release
    ///
    /// let old = Migrator::new(&migrations);
    /// old.run(&mut db)?; // goes on, as the step is declared harmless
    /// assert_eq!(old.refuse_ahead().run(&mut db).unwrap_err().problems()[0].standing, Standing::Ahead);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn refuse_ahead(mut self) -> Self {
        self.policy.ahead = Ahead::Refuse;
        self
    }

    /// Postgres: how long a statement of a migration may wait for a lock; 5 seconds by default, and without limit when zero. Whoever
    /// waits for a lock on a table makes everybody wait who comes after. Past it, the migration is rolled back and tried again,
    /// [`lock_retries`](Migrator::lock_retries) times; then the verb fails, and says who holds the locks.
    ///
    /// A file overrides it: `-- migrate: lock-timeout=30s`. What works `CONCURRENTLY` waits without limit unless its file says otherwise,
    /// because it holds up nobody. SQLite has the connection's own busy timeout.
    ///
    /// ```no_run
    /// # #[cfg(feature = "tokio-postgres")] {
    /// # async fn on_server(client: &mut tokio_postgres::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    /// use migrate_runtime::{Migrations, Migrator, embed_migrations};
    ///
    /// static MIGRATIONS: Migrations = embed_migrations!("doc-migrations", dialect = "postgres");
    ///
    /// let report = Migrator::new(&MIGRATIONS)
    ///     .lock_timeout(Duration::from_secs(2)) // a busy table: rather give up soon, and try again
    ///     .run_async(client)
    ///     .await?;
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.lock_timeout = timeout;
        self
    }

    /// Postgres: how often a migration is tried again that has failed for locks that others hold, a deadlock or a serialization
    /// failure; 5 times by default, with growing pauses of at most 5 seconds. Only what was rolled back as a whole is tried again.
    ///
    /// ```no_run
    /// # #[cfg(feature = "tokio-postgres")] {
    /// # async fn on_server(client: &mut tokio_postgres::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use migrate_runtime::{Migrations, Migrator, embed_migrations};
    ///
    /// static MIGRATIONS: Migrations = embed_migrations!("doc-migrations", dialect = "postgres");
    ///
    /// let report = Migrator::new(&MIGRATIONS)
    ///     .lock_retries(20) // at night, when nobody minds the wait
    ///     .run_async(client)
    ///     .await?;
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    pub fn lock_retries(mut self, times: u32) -> Self {
        self.lock_retries = times;
        self
    }

    /// Postgres: how long a statement of a migration may take; without limit by default, whatever is set for the session, the role or
    /// the database. A file overrides it: `-- migrate: statement-timeout=10min`.
    ///
    /// ```no_run
    /// # #[cfg(feature = "tokio-postgres")] {
    /// # async fn on_server(client: &mut tokio_postgres::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    /// use migrate_runtime::{Migrations, Migrator, embed_migrations};
    ///
    /// static MIGRATIONS: Migrations = embed_migrations!("doc-migrations", dialect = "postgres");
    ///
    /// let report = Migrator::new(&MIGRATIONS)
    ///     .statement_timeout(Duration::from_secs(600)) // what takes longer is rolled back
    ///     .run_async(client)
    ///     .await?;
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.statement_timeout = timeout;
        self
    }

    /// SQLite: [`run`](Migrator::run) uses `PRAGMA user_version` as a stamp that says that everything is applied. A start that finds it reads
    /// the first page of the file and nothing else, not even the schema: about as fast as the bare pragma, however many migrations there
    /// are. Without the stamp, or with that of another set of migrations, the history tells as always, and the stamp is written behind it,
    /// unless the connection is inside a transaction or another one is writing.
    ///
    /// What that gives up: the number is the runner's from then on, and every program that changes the history of this database has to say
    /// so, too, because it takes the stamp away; two sets that use it in one file take it from each other, start by start. A row that is
    /// changed by hand, or by a program that does not, is found by [`verify`](Migrator::verify) and [`status`](Migrator::status), which do
    /// not look at the stamp, and not by a start. It is for one set: [`Migrator::many`], a [`target`](Migrator::target) and a history in an
    /// attached database work without it.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{Migrations, Migrator, embed_migrations};
    ///
    /// static MIGRATIONS: Migrations = embed_migrations!("doc-migrations");
    ///
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let migrator = Migrator::new(&MIGRATIONS).user_version_stamp();
    /// migrator.run(&mut db)?;
    /// let stamp: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    /// assert_ne!(stamp, 0);
    /// assert!(migrator.run(&mut db)?.changes().is_empty());
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn user_version_stamp(mut self) -> Self {
        self.has_user_version_stamp = true;
        self
    }

    /// Adds a migration in Rust to the set: `step` runs in the order of versions, in the transaction of its history row, and shows up in
    /// plan, status and history like a script. Register it wherever the set is used, or it counts as missing.
    ///
    /// A version that the set has as a file too is an error of the verb, [`ErrorKind::InvalidOption`], and so is a step that does not say
    /// [which set](Migrator::step_of) it belongs to where there are several. A step has no script down.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{Migrator, Step, embed_migrations};
    ///
    /// let migrations = embed_migrations!("doc-migrations");
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let migrator = Migrator::new(&migrations)
    ///     .step(3, "backfill emails", Step::rusqlite(|tx| {
    ///         tx.execute("UPDATE users SET email = lower(name) || '@example.org' WHERE email IS NULL", [])?;
    ///         Ok(())
    ///     }));
    /// assert_eq!(migrator.run(&mut db)?.changes()[2].migration.as_str(), "3_backfill emails");
    /// assert!(migrator.run(&mut db)?.is_empty());
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn step(self, version: impl Into<Version>, name: impl Into<String>, step: Step<'a>) -> Self {
        self.with_step(None, version.into(), name.into(), step)
    }

    /// Adds a migration in Rust to one of [several sets](Migrator::many), or to a set that the given ones [come after](Migrations::after).
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{Migrations, Migrator, Step, embed_migrations};
    ///
    /// static SHOP: Migrations = embed_migrations!("doc-migrations", set = "shop");
    /// static BILLING: Migrations = embed_migrations!("doc-billing", set = "billing").after(&SHOP);
    ///
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let report = Migrator::many([&SHOP, &BILLING])
    ///     .step_of(&SHOP, 3, "emails in small letters", Step::rusqlite(|tx| {
    ///         tx.execute("UPDATE users SET email = lower(email)", [])?;
    ///         Ok(())
    ///     }))
    ///     .run(&mut db)?;
    /// assert_eq!(report.changes()[2].migration.as_str(), "3_emails in small letters");
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// A set that is neither is an error of the verb, [`ErrorKind::InvalidOption`].
    pub fn step_of(
        self,
        set: &'a Migrations,
        version: impl Into<Version>,
        name: impl Into<String>,
        step: Step<'a>,
    ) -> Self {
        self.with_step(Some(set), version.into(), name.into(), step)
    }

    fn with_step(mut self, set: Option<&'a Migrations>, version: Version, name: String, step: Step<'a>) -> Self {
        let script = step.script(&version, name.replace('\0', ""));
        self.steps.push(Arc::new(RegisteredStep { set, script, step }));
        self
    }

    /// Allows [`reset`](Migrator::reset), which is to lose all data.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{ErrorKind, Migrator, embed_migrations};
    ///
    /// let migrations = embed_migrations!("doc-orders");
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let migrator = Migrator::new(&migrations);
    /// migrator.run(&mut db)?;
    /// assert_eq!(migrator.reset(&mut db).unwrap_err().kind(), ErrorKind::InvalidOption);
    /// assert_eq!(migrator.dangerously_allow_reset().reset(&mut db)?.changes().len(), 2);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn dangerously_allow_reset(mut self) -> Self {
        self.may_reset = true;
        self
    }

    /// What the history remembers as the one who applied a migration, instead of user, host, package and its version.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::{Migrator, embed_migrations};
    /// # let migrations = embed_migrations!("doc-orders");
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    ///
    /// let migrator = Migrator::new(&migrations).applied_by("deploy 2187 of shop 1.4");
    /// migrator.run(&mut db)?;
    /// assert_eq!(migrator.history(&mut db)?.entries()[0].applied_by, "deploy 2187 of shop 1.4");
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn applied_by(mut self, who: impl Into<String>) -> Self {
        // No database takes a NUL byte.
        self.applied_by = Some(who.into().replace('\0', ""));
        self
    }

    /// Goes on although a debug build differs from the folder that it was built from. Without it the verbs that judge a database
    /// fail with [`ErrorKind::StaleBinary`]; a release build never looks.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::{Migrator, embed_migrations};
    /// # let migrations = embed_migrations!("doc-orders");
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    ///
    /// let migrator = Migrator::new(&migrations).allow_stale(); // for work on the next file, with the last build
    /// assert_eq!(migrator.run(&mut db)?.changes().len(), 2);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn allow_stale(mut self) -> Self {
        self.may_be_stale = true;
        self
    }

    /// Calls `observer` for everything that happens in [`run`](Migrator::run), and in the other verbs that write. It must not block for
    /// long: some events come while a transaction is open. Another call replaces the observer.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use std::sync::Mutex;
    /// use migrate_runtime::{Event, Migrator, embed_migrations};
    ///
    /// let done = Mutex::new(Vec::new());
    /// let migrations = embed_migrations!("doc-migrations");
    /// let migrator = Migrator::new(&migrations).on_event(|event| match event {
    ///     Event::Changed { change, .. } => done.lock().unwrap().push(change.migration.to_string()),
    ///     Event::Waiting { holder, waited, .. } => eprintln!("waiting for {holder:?} since {waited:?}"),
    ///     _ => {}
    /// });
    /// migrator.run(&mut rusqlite::Connection::open_in_memory()?)?;
    /// assert_eq!(*done.lock().unwrap(), ["0001_users", "0002_users_email"]);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on_event(mut self, observer: impl Fn(&Event<'_>) + Send + Sync + 'a) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// The verbs that write, tried only: each tells what it would do, and writes nothing.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{Migrator, embed_migrations};
    ///
    /// let migrations = embed_migrations!("doc-migrations");
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let plan = Migrator::new(&migrations).dry_run().run(&mut db)?;
    /// assert!(plan.to_string().starts_with("would apply 0001_users"));
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn dry_run(&self) -> DryRun<'_, 'a> {
        DryRun(self)
    }

    /// What [`run`](Migrator::run) would do: short for [`dry_run().run(…)`](DryRun::run).
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::{Migrator, embed_migrations};
    /// # let migrations = embed_migrations!("doc-orders");
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    ///
    /// let plan = Migrator::new(&migrations).target(1).plan(&mut db)?;
    /// assert_eq!(plan.changes()[0].migration.as_str(), "0001_orders");
    /// assert_eq!(plan.pending(), 1);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// What would keep [`run`](Migrator::run) from applying anything.
    pub fn plan<Kind>(&self, db: &mut impl Database<Kind>) -> Result<Plan, Error> {
        self.dry_run().run(db)
    }

    /// [`plan`](Migrator::plan) for asynchronous drivers.
    ///
    /// ```no_run
    /// # #[cfg(feature = "tokio-postgres")] {
    /// # async fn on_server(client: &mut tokio_postgres::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::{Migrations, Migrator, embed_migrations};
    /// # static MIGRATIONS: Migrations = embed_migrations!("doc-migrations");
    /// let plan = Migrator::new(&MIGRATIONS).plan_async(client).await?;
    /// println!("{plan}");
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`plan`](Migrator::plan).
    pub async fn plan_async<Kind>(&self, db: &mut impl AsyncDatabase<Kind>) -> Result<Plan, Error> {
        self.dry_run().run_async(db).await
    }

    /// See [`Migrations::status`].
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::{Migrator, embed_migrations};
    /// # let migrations = embed_migrations!("doc-orders");
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    ///
    /// use migrate_runtime::Standing;
    ///
    /// let migrator = Migrator::new(&migrations);
    /// migrator.clone().target(1).run(&mut db)?;
    /// let status = migrator.status(&mut db)?;
    /// assert_eq!((status.count(Standing::Applied), status.count(Standing::Pending)), (1, 1));
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Migrations::status`].
    pub fn status<Kind>(&self, db: &mut impl Database<Kind>) -> Result<Status, Error> {
        self.status_on(&mut db.session())
    }

    /// See [`Migrations::status`].
    ///
    /// ```no_run
    /// # #[cfg(feature = "tokio-postgres")] {
    /// # async fn on_server(client: &mut tokio_postgres::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::{Migrations, Migrator, embed_migrations};
    /// # static MIGRATIONS: Migrations = embed_migrations!("doc-migrations");
    /// let status = Migrator::new(&MIGRATIONS).status_async(client).await?;
    /// println!("{status}");
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Migrations::status`].
    pub async fn status_async<Kind>(&self, db: &mut impl AsyncDatabase<Kind>) -> Result<Status, Error> {
        self.status_on_async(&mut db.session()).await
    }

    /// What was done to the database, in the order in which it was done, with everything that was changed in the history since.
    /// Writes nothing.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::{Migrator, embed_migrations};
    /// # let migrations = embed_migrations!("doc-orders");
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    ///
    /// let migrator = Migrator::new(&migrations);
    /// migrator.run(&mut db)?;
    /// migrator.revert_last(&mut db, 1)?;
    /// let history = migrator.history(&mut db)?;
    /// assert_eq!(history.entries()[1].audit[0].action, "reverted");
    /// println!("{history}");
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the history table cannot be read.
    pub fn history<Kind>(&self, db: &mut impl Database<Kind>) -> Result<History, Error> {
        self.history_on(&mut db.session())
    }

    /// [`history`](Migrator::history) for asynchronous drivers.
    ///
    /// ```no_run
    /// # #[cfg(feature = "tokio-postgres")] {
    /// # async fn on_server(client: &mut tokio_postgres::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::{Migrations, Migrator, embed_migrations};
    /// # static MIGRATIONS: Migrations = embed_migrations!("doc-migrations");
    /// let history = Migrator::new(&MIGRATIONS).history_async(client).await?;
    /// println!("{history}");
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`history`](Migrator::history).
    pub async fn history_async<Kind>(&self, db: &mut impl AsyncDatabase<Kind>) -> Result<History, Error> {
        self.history_on_async(&mut db.session()).await
    }

    /// See [`Migrations::verify`]. The policies and the target count: what they allow is no error.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::{Migrator, embed_migrations};
    /// # let migrations = embed_migrations!("doc-orders");
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    ///
    /// use migrate_runtime::ErrorKind;
    ///
    /// let migrator = Migrator::new(&migrations);
    /// assert_eq!(migrator.verify(&mut db).unwrap_err().kind(), ErrorKind::Pending);
    /// migrator.clone().target(1).run(&mut db)?;
    /// migrator.target(1).verify(&mut db)?; // version 2 is above the target
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Migrations::verify`].
    pub fn verify<Kind>(&self, db: &mut impl Database<Kind>) -> Result<(), Error> {
        self.verify_on(&mut db.session())
    }

    /// [`verify`](Migrator::verify) for asynchronous drivers.
    ///
    /// ```no_run
    /// # #[cfg(feature = "tokio-postgres")] {
    /// # async fn on_server(client: &mut tokio_postgres::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::{Migrations, Migrator, embed_migrations};
    /// # static MIGRATIONS: Migrations = embed_migrations!("doc-migrations");
    /// Migrator::new(&MIGRATIONS).history_table("ops.migrations").verify_async(client).await?;
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`verify`](Migrator::verify).
    pub async fn verify_async<Kind>(&self, db: &mut impl AsyncDatabase<Kind>) -> Result<(), Error> {
        self.verify_on_async(&mut db.session()).await
    }

    /// The steps of a set.
    pub(crate) fn steps_of<'s>(&'s self, set: &'s Migrations) -> impl Iterator<Item = &'s RegisteredStep<'a>> {
        let (name, only) = (set.set.name(), self.sets.first().map(|set| set.set.name()));
        let is_own = move |step: &&RegisteredStep<'_>| step.set.map(|set| set.set.name()).or(only) == Some(name);
        self.steps.iter().map(|step| &**step).filter(is_own)
    }

    /// Whether anybody hears what it tells.
    pub(crate) fn is_watched(&self) -> bool {
        cfg!(feature = "tracing") || self.observer.is_some()
    }

    pub(crate) fn tell(&self, _set: &str, event: &Event<'_>) {
        #[cfg(feature = "tracing")]
        crate::trace::record(_set, event);
        if let Some(observer) = &self.observer {
            observer(event);
        }
    }
}

impl fmt::Debug for Migrator<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Migrator")
            .field("sets", &self.sets.iter().map(|set| set.set.name()).collect::<Vec<_>>())
            .field("history_table", &self.history_table)
            .field("wait_timeout", &self.wait_timeout)
            .finish_non_exhaustive()
    }
}
