//! `Migrations`: the embedded set, and the verbs with their defaults.

use std::borrow::Cow;

use migrate_core::MigrationSet;

use crate::driver::{AsyncDatabase, Database};
use crate::error::Error;
use crate::migrator::Migrator;
use crate::origin::Origin;
use crate::report::{Plan, Report, Status};

/// A set of migrations in the binary; made by [`embed_migrations!`](crate::embed_migrations), or from one of the
/// [other sources](crate#other-sources).
///
/// The verbs here use the defaults; a [`Migrator`] takes options. They are safe to call from any number of processes at once,
/// at every start of a program.
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// use migrate_runtime::{Migrations, embed_migrations};
///
/// static MIGRATIONS: Migrations = embed_migrations!("doc-migrations");
///
/// let mut db = rusqlite::Connection::open_in_memory()?;
/// let report = MIGRATIONS.run(&mut db)?;
/// assert_eq!(report.changes().len(), 2);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Migrations {
    pub(crate) set: MigrationSet,
    /// Name and version of the package that the set was embedded in; the name of the program for a set that it has read.
    pub(crate) package: Cow<'static, str>,
    #[cfg_attr(not(debug_assertions), allow(dead_code))]
    pub(crate) origin: Origin,
    after: [Option<&'static Migrations>; Migrations::MOST_BEFORE],
}

impl Migrations {
    pub(crate) const fn new(set: MigrationSet, package: Cow<'static, str>, origin: Origin) -> Migrations {
        Migrations { set, package, origin, after: [None; Migrations::MOST_BEFORE] }
    }

    /// A set may come after so many others.
    const MOST_BEFORE: usize = 8;

    /// The same set, which needs another one to be applied first: what this one refers to is there. In one call with
    /// [`Migrator::many`] the sets run in that order; alone, this one is refused until the other is up to date.
    ///
    /// ```
    /// use migrate_runtime::{Migrations, embed_migrations};
    ///
    /// static SHOP: Migrations = embed_migrations!("doc-migrations", set = "shop");
    /// static BILLING: Migrations = embed_migrations!("doc-billing", set = "billing").after(&SHOP);
    /// ```
    ///
    /// # Panics
    /// At build time of a `static` or `const`, when there are more than 8.
    #[must_use]
    pub const fn after(mut self, other: &'static Migrations) -> Migrations {
        let mut place = 0;
        while self.after[place].is_some() {
            place += 1;
        }
        self.after[place] = Some(other);
        self
    }

    /// The sets that this one comes after.
    pub(crate) fn before_it(&self) -> impl Iterator<Item = &'static Migrations> {
        self.after.into_iter().flatten()
    }

    /// Brings the database up to date: verifies the history, then applies what is pending, each migration in a transaction.
    ///
    /// When everything is applied already, this is one read: no write, and no lock but that of a reader. On a connection that is inside
    /// a transaction, each migration gets a savepoint, and nothing lasts unless the transaction is committed; a script that has to run
    /// outside of a transaction is refused there.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{Migrations, embed_migrations};
    ///
    /// static MIGRATIONS: Migrations = embed_migrations!("doc-migrations");
    ///
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// assert_eq!(MIGRATIONS.run(&mut db)?.changes().len(), 2);
    /// assert_eq!(MIGRATIONS.run(&mut db)?.to_string(), "up to date, 2 migrations");
    ///
    /// // Inside a transaction nothing lasts without its commit, which is handy in a test.
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    /// let mut tx = db.transaction()?;
    /// MIGRATIONS.run(&mut tx)?;
    /// tx.rollback()?;
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::HistoryMismatch`](crate::ErrorKind::HistoryMismatch) when the history does not match the binary: then nothing is
    /// applied. [`ErrorKind::StatementFailed`](crate::ErrorKind::StatementFailed) when a migration fails: it is rolled back, unless it
    /// runs outside of a transaction, and those before it stay applied. [`ErrorKind::WaitTimeout`](crate::ErrorKind::WaitTimeout) when another runner is busy for too long.
    /// [`ErrorKind`](crate::ErrorKind) has the others.
    pub fn run<Kind>(&self, db: &mut impl Database<Kind>) -> Result<Report, Error> {
        Migrator::new(self).run(db)
    }

    /// [`run`](Migrations::run) for asynchronous drivers.
    ///
    /// ```no_run
    /// # #[cfg(feature = "tokio-postgres")] {
    /// # async fn on_server(client: &mut tokio_postgres::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use migrate_runtime::{Migrations, embed_migrations};
    ///
    /// static MIGRATIONS: Migrations = embed_migrations!("doc-migrations", dialect = "postgres");
    ///
    /// let report = MIGRATIONS.run_async(client).await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`run`](Migrations::run).
    pub async fn run_async<Kind>(&self, db: &mut impl AsyncDatabase<Kind>) -> Result<Report, Error> {
        Migrator::new(self).run_async(db).await
    }

    /// What [`run`](Migrations::run) would apply. Writes nothing.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::{Migrations, embed_migrations};
    /// # static MIGRATIONS: Migrations = embed_migrations!("doc-migrations");
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    /// let plan = MIGRATIONS.plan(&mut db)?;
    /// assert_eq!(plan.changes()[0].path, "doc-migrations/0001_users.sql");
    /// println!("{plan}");
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// What would keep [`run`](Migrations::run) from applying anything.
    pub fn plan<Kind>(&self, db: &mut impl Database<Kind>) -> Result<Plan, Error> {
        Migrator::new(self).plan(db)
    }

    /// [`plan`](Migrations::plan) for asynchronous drivers.
    ///
    /// ```no_run
    /// # #[cfg(feature = "tokio-postgres")] {
    /// # async fn on_server(client: &mut tokio_postgres::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::{Migrations, embed_migrations};
    /// # static MIGRATIONS: Migrations = embed_migrations!("doc-migrations");
    /// let plan = MIGRATIONS.plan_async(client).await?;
    /// println!("{} to apply", plan.changes().len());
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`plan`](Migrations::plan).
    pub async fn plan_async<Kind>(&self, db: &mut impl AsyncDatabase<Kind>) -> Result<Plan, Error> {
        Migrator::new(self).plan_async(db).await
    }

    /// Where every migration stands, whatever is wrong with the history. Writes nothing.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::{Migrations, embed_migrations};
    /// # static MIGRATIONS: Migrations = embed_migrations!("doc-migrations");
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    /// assert!(!MIGRATIONS.status(&mut db)?.is_up_to_date());
    /// MIGRATIONS.run(&mut db)?;
    /// assert!(MIGRATIONS.status(&mut db)?.is_up_to_date());
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When the history table cannot be read.
    pub fn status<Kind>(&self, db: &mut impl Database<Kind>) -> Result<Status, Error> {
        Migrator::new(self).status(db)
    }

    /// [`status`](Migrations::status) for asynchronous drivers.
    ///
    /// ```no_run
    /// # #[cfg(feature = "tokio-postgres")] {
    /// # async fn on_server(client: &mut tokio_postgres::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::{Migrations, embed_migrations};
    /// # static MIGRATIONS: Migrations = embed_migrations!("doc-migrations");
    /// if !MIGRATIONS.status_async(client).await?.is_up_to_date() {
    ///     eprintln!("not ready yet");
    /// }
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`status`](Migrations::status).
    pub async fn status_async<Kind>(&self, db: &mut impl AsyncDatabase<Kind>) -> Result<Status, Error> {
        Migrator::new(self).status_async(db).await
    }

    /// Succeeds when the database is where this binary would bring it: everything applied, every checksum the same, and nothing that a
    /// run would refuse. What a newer binary has applied as `compatible=backward` is accepted, as by a run. Writes nothing; meant for readiness
    /// checks and for programs that leave migrating to others.
    ///
    /// It reads every row of the set, two round trips on Postgres. A start with [`run`](Migrations::run) takes one there: it compares a sum of
    /// 64-bit hashes of the rows.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::{Migrations, embed_migrations};
    /// # static MIGRATIONS: Migrations = embed_migrations!("doc-migrations");
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    /// use migrate_runtime::ErrorKind;
    ///
    /// let error = MIGRATIONS.verify(&mut db).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Pending);
    /// MIGRATIONS.run(&mut db)?; // perhaps by another program
    /// MIGRATIONS.verify(&mut db)?;
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Pending`](crate::ErrorKind::Pending) when migrations are to be applied,
    /// [`ErrorKind::HistoryMismatch`](crate::ErrorKind::HistoryMismatch) when the history does not match the binary.
    pub fn verify<Kind>(&self, db: &mut impl Database<Kind>) -> Result<(), Error> {
        Migrator::new(self).verify(db)
    }

    /// [`verify`](Migrations::verify) for asynchronous drivers.
    ///
    /// ```no_run
    /// # #[cfg(feature = "tokio-postgres")] {
    /// # async fn on_server(client: &mut tokio_postgres::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::{Migrations, embed_migrations};
    /// # static MIGRATIONS: Migrations = embed_migrations!("doc-migrations");
    /// MIGRATIONS.verify_async(client).await?; // in a readiness check
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`verify`](Migrations::verify).
    pub async fn verify_async<Kind>(&self, db: &mut impl AsyncDatabase<Kind>) -> Result<(), Error> {
        Migrator::new(self).verify_async(db).await
    }

    /// The migrations as data: versions, names, SQL and checksums.
    ///
    /// ```
    /// use migrate_runtime::{Migrations, embed_migrations};
    ///
    /// static MIGRATIONS: Migrations = embed_migrations!("doc-migrations");
    ///
    /// let set = MIGRATIONS.set();
    /// assert_eq!(set.versions(), 2);
    /// assert_eq!(set.scripts()[0].sql(), "CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL);\n");
    /// ```
    pub fn set(&self) -> &MigrationSet {
        &self.set
    }
}
