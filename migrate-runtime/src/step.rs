//! Migrations in Rust: a function that runs inside the transaction of its history row.

use std::borrow::Cow;
use std::fmt;

use migrate_core::{Script, Version, embedded};

/// What the function of a step returns when it fails: any error will do, and `?` converts it.
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// use migrate_runtime::{Migrator, Step, StepError, embed_migrations};
///
/// fn countries(tx: &rusqlite::Connection) -> Result<(), StepError> {
///     let users: i64 = tx.query_row("SELECT count(*) FROM users", [], |row| row.get(0))?; // an error of the driver
///     if users > 0 {
///         return Err("there are users without a country".into()); // or any text
///     }
///     Ok(())
/// }
///
/// let migrations = embed_migrations!("doc-migrations");
/// let mut db = rusqlite::Connection::open_in_memory()?;
/// Migrator::new(&migrations).step(3, "countries", Step::rusqlite(countries)).run(&mut db)?;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub type StepError = Box<dyn std::error::Error + Send + Sync>;

/// A migration that is a function, for data that SQL cannot move; see [`Migrator::step`](crate::Migrator::step).
///
/// It is made for one driver, and gets that driver's own transaction: the one that its row in the history is written in. It must not
/// end it: then the verb fails with [`ErrorKind::LeftTransaction`](crate::ErrorKind::LeftTransaction), and a person has to look what was
/// committed.
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// use migrate_runtime::{Migrator, Step, embed_migrations};
///
/// let migrations = embed_migrations!("doc-migrations");
/// let mut db = rusqlite::Connection::open_in_memory()?;
/// let report = Migrator::new(&migrations)
///     .step(3, "backfill emails", Step::rusqlite(|tx| {
///         tx.execute("UPDATE users SET email = lower(name) || '@example.org' WHERE email IS NULL", [])?;
///         Ok(())
///     }))
///     .run(&mut db)?;
/// assert_eq!(report.changes()[2].migration.as_str(), "3_backfill emails");
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Step<'a> {
    #[cfg_attr(not(any(feature = "rusqlite", feature = "postgres", feature = "tokio-postgres")), allow(dead_code))]
    pub(crate) body: Body<'a>,
    revision: u64,
    is_compatible: bool,
}

/// The function, by driver.
pub(crate) enum Body<'a> {
    #[cfg(feature = "rusqlite")]
    Rusqlite(Box<Rusqlite<'a>>),
    #[cfg(feature = "postgres")]
    Postgres(Box<Postgres<'a>>),
    #[cfg(feature = "tokio-postgres")]
    TokioPostgres(Box<TokioPostgres<'a>>),
    /// Without a driver there is nothing that a step could be made for.
    #[allow(dead_code)]
    None(std::marker::PhantomData<&'a ()>),
}

#[cfg(feature = "rusqlite")]
type Rusqlite<'a> = dyn Fn(&rusqlite::Connection) -> Result<(), StepError> + Send + Sync + 'a;

#[cfg(feature = "postgres")]
pub(crate) type Postgres<'a> = dyn Fn(&mut postgres::Transaction<'_>) -> Result<(), StepError> + Send + Sync + 'a;

#[cfg(feature = "tokio-postgres")]
pub(crate) type TokioPostgres<'a> =
    dyn for<'t> Fn(&'t tokio_postgres::Transaction<'t>) -> StepFuture<'t> + Send + Sync + 'a;

/// What the function of an asynchronous step returns: `Box::pin(async move { … })`.
///
/// ```
/// use migrate_runtime::{Step, StepFuture};
///
/// fn slugs<'t>(tx: &'t tokio_postgres::Transaction<'t>) -> StepFuture<'t> {
///     Box::pin(async move {
///         tx.execute("UPDATE users SET slug = lower(name) WHERE slug IS NULL", &[]).await?;
///         Ok(())
///     })
/// }
///
/// let step = Step::tokio_postgres(slugs);
/// ```
#[cfg(feature = "tokio-postgres")]
pub type StepFuture<'t> = std::pin::Pin<Box<dyn Future<Output = Result<(), StepError>> + Send + 't>>;

impl<'a> Step<'a> {
    /// A step for `rusqlite`. It gets the connection inside the transaction, as `rusqlite::Transaction` and `Savepoint` show it.
    ///
    /// Foreign keys are as the program has set them, and the pragma does nothing inside a transaction. So a step must not rebuild a table
    /// that others refer to: dropping it deletes their rows, too. Do that in a file, which the runner switches them off for.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{Migrator, Step, embed_migrations};
    ///
    /// let migrations = embed_migrations!("doc-migrations");
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// Migrator::new(&migrations).target(2).run(&mut db)?;
    /// db.execute_batch("INSERT INTO users (name, email) VALUES ('Ada', 'ADA@EXAMPLE.ORG')")?;
    ///
    /// let step = Step::rusqlite(|tx| {
    ///     let mut users = tx.prepare("SELECT id, email FROM users")?;
    ///     let mut rows = users.query([])?;
    ///     while let Some(row) = rows.next()? {
    ///         let (id, email): (i64, String) = (row.get(0)?, row.get(1)?);
    ///         tx.execute("UPDATE users SET email = ?1 WHERE id = ?2", (email.to_lowercase(), id))?;
    ///     }
    ///     Ok(())
    /// });
    /// Migrator::new(&migrations).step(3, "emails in small letters", step).run(&mut db)?;
    /// let email: String = db.query_row("SELECT email FROM users", [], |row| row.get(0))?;
    /// assert_eq!(email, "ada@example.org");
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "rusqlite")]
    pub fn rusqlite(function: impl Fn(&rusqlite::Connection) -> Result<(), StepError> + Send + Sync + 'a) -> Step<'a> {
        Step::of(Body::Rusqlite(Box::new(function)))
    }

    /// A step for `postgres`.
    ///
    /// ```
    /// use migrate_runtime::Step;
    ///
    /// let step = Step::postgres(|tx| {
    ///     tx.execute("UPDATE users SET slug = lower(name) WHERE slug IS NULL", &[])?;
    ///     Ok(())
    /// });
    /// ```
    #[cfg(feature = "postgres")]
    pub fn postgres(
        function: impl Fn(&mut postgres::Transaction<'_>) -> Result<(), StepError> + Send + Sync + 'a,
    ) -> Step<'a> {
        Step::of(Body::Postgres(Box::new(function)))
    }

    /// A step for `tokio-postgres`.
    ///
    /// ```
    /// use migrate_runtime::Step;
    ///
    /// let step = Step::tokio_postgres(|tx| Box::pin(async move {
    ///     tx.execute("UPDATE users SET slug = lower(name) WHERE slug IS NULL", &[]).await?;
    ///     Ok(())
    /// }));
    /// ```
    #[cfg(feature = "tokio-postgres")]
    pub fn tokio_postgres(
        function: impl for<'t> Fn(&'t tokio_postgres::Transaction<'t>) -> StepFuture<'t> + Send + Sync + 'a,
    ) -> Step<'a> {
        Step::of(Body::TokioPostgres(Box::new(function)))
    }

    #[allow(dead_code)]
    fn of(body: Body<'a>) -> Step<'a> {
        Step { body, revision: 1, is_compatible: false }
    }

    /// The revision of the function, 1 unless told otherwise. Name and revision stand for the text that a script has: a step that is
    /// applied under another of them is divergent.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{Migrator, Standing, Step, embed_migrations};
    ///
    /// let migrations = embed_migrations!("doc-migrations");
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// Migrator::new(&migrations).step(3, "slugs", Step::rusqlite(|_| Ok(()))).run(&mut db)?;
    ///
    /// // The function does something else now, and the history is to know it.
    /// let next = Migrator::new(&migrations).step(3, "slugs", Step::rusqlite(|_| Ok(())).revision(2));
    /// assert_eq!(next.run(&mut db).unwrap_err().problems()[0].standing, Standing::Divergent);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn revision(mut self, revision: u64) -> Step<'a> {
        self.revision = revision;
        self
    }

    /// A binary that does not know the step can go on with what it leaves, as `-- migrate: compatible=backward` says of a file; see
    /// [`Migrator::allow_ahead`](crate::Migrator::allow_ahead). What counts is what was said when the step was applied.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{Migrator, Step, embed_migrations};
    ///
    /// let migrations = embed_migrations!("doc-migrations");
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let step = Step::rusqlite(|_| Ok(())).compatible_backward();
    /// Migrator::new(&migrations).step(3, "slugs", step).run(&mut db)?; // the new release
    ///
    /// assert!(migrations.run(&mut db)?.is_empty()); // the old release still starts
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn compatible_backward(mut self) -> Step<'a> {
        self.is_compatible = true;
        self
    }

    /// What the history and reports have of it.
    pub(crate) fn script(&self, version: &Version, name: String) -> Script {
        let directives = if self.is_compatible { "-- migrate: compatible=backward\n" } else { "" };
        embedded::step(version.clone(), Cow::Owned(name), self.revision, directives)
    }
}

impl fmt::Debug for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step").field("revision", &self.revision).finish_non_exhaustive()
    }
}
