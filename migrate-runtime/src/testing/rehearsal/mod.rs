//! The rehearsal of a set: every way that a database can come to its latest schema, and back.
//!
//! It must never touch a database that it has not made itself. What it knows of a database is its fingerprint; `stage` provides the
//! databases, and the ways up and down.

#[cfg(any(feature = "postgres", feature = "tokio-postgres"))]
mod postgres;
mod report;
#[cfg(feature = "rusqlite")]
mod sqlite;

use migrate_core::{Dialect, Migration};

use super::{With, failed};
use crate::error::{Error, ErrorKind};
use crate::fingerprint::Fingerprint;
use crate::migrations::Migrations;
use crate::migrator::Migrator;

pub use report::Rehearsed;

/// Tries every way that a database can take through a set, on fresh databases, and compares the schemas that they lead to:
///
/// - from zero to the latest version;
/// - from every older version to the latest: a release that is updated ends as one that is new;
/// - each migration up, down and up again: down leads to the schema before it, and up to the same as the first time.
///
/// Only schemas are compared, not rows. A migration without a script down is told in the result, and an error if
/// [asked for](Rehearsal::require_down).
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// use migrate_runtime::{Migrations, embed_migrations, testing::Rehearsal};
///
/// static MIGRATIONS: Migrations = embed_migrations!("doc-migrations");
///
/// # /*
/// #[test]
/// # */
/// fn migrations_work_from_everywhere() -> Result<(), migrate_runtime::Error> {
///     println!("{}", Rehearsal::of(&MIGRATIONS).sqlite()?);
///     Ok(())
/// }
/// # migrations_work_from_everywhere()?;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Rehearsal<'a> {
    with: With<'a>,
    requires_down: bool,
}

impl<'a> Rehearsal<'a> {
    /// The rehearsal of a set, or of a migrator: then of its sets one after the other, each on top of those before it. How far the
    /// migrator would go, its target and number, is left aside.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{Migrations, Migrator, embed_migrations, testing::Rehearsal};
    ///
    /// static SHOP: Migrations = embed_migrations!("doc-migrations", set = "shop");
    /// static BILLING: Migrations = embed_migrations!("doc-billing", set = "billing").after(&SHOP);
    ///
    /// let rehearsed = Rehearsal::of(Migrator::many([&SHOP, &BILLING])).sqlite()?;
    /// assert_eq!(rehearsed.migrations(), 3);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(with: impl Into<With<'a>>) -> Rehearsal<'a> {
        Rehearsal { with: with.into(), requires_down: false }
    }

    /// Fails for a migration that has no script down.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{ErrorKind, embed_migrations, testing::Rehearsal};
    ///
    /// Rehearsal::of(&embed_migrations!("doc-orders")).require_down().sqlite()?;
    ///
    /// let error = Rehearsal::of(&embed_migrations!("doc-migrations")).require_down().sqlite().unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Rehearsal);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn require_down(mut self) -> Self {
        self.requires_down = true;
        self
    }

    /// Rehearses on SQLite, in memory.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{embed_migrations, testing::Rehearsal};
    ///
    /// let rehearsed = Rehearsal::of(&embed_migrations!("doc-orders")).sqlite()?;
    /// assert_eq!(rehearsed.to_string(), "rehearsed 2 migrations");
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// A migration fails, or [`ErrorKind::Rehearsal`]: two ways lead to schemas that differ. The text says which migration, and how.
    #[cfg(feature = "rusqlite")]
    pub fn sqlite(&self) -> Result<Rehearsed, Error> {
        crate::block_on::block_on(self.on(&mut sqlite::InMemory::new()?))
    }

    /// Rehearses on Postgres, in databases of its own.
    ///
    /// ```no_run
    /// use migrate_runtime::{embed_migrations, testing::{Postgres, Rehearsal}};
    ///
    /// let migrations = embed_migrations!("doc-migrations");
    /// println!("{}", Rehearsal::of(&migrations).postgres(Postgres::shared()?)?);
    /// # Ok::<(), migrate_runtime::Error>(())
    /// ```
    ///
    /// # Errors
    /// As on SQLite, and when the server does not create a database.
    #[cfg(any(feature = "postgres", feature = "tokio-postgres"))]
    pub fn postgres(&self, server: &super::Postgres) -> Result<Rehearsed, Error> {
        postgres::on_server(server, async |stage| self.on(stage).await)
    }

    async fn on(&self, stage: &mut impl Stage) -> Result<Rehearsed, Error> {
        let sets = self.with.sets()?;
        let own = |set: &&'a Migrations| self.with.migrations_of(set, stage.dialect());
        let migrations = sets.iter().map(own).collect::<Result<Vec<_>, _>>()?;
        let without_down: Vec<&Migration<'_>> =
            migrations.iter().flatten().filter(|migration| migration.down().is_none()).collect();
        if let Some(migration) = without_down.first().filter(|_| self.requires_down) {
            return Err(lacks_down(migration));
        }
        let mut latest = None;
        for (index, (set, migrations)) in sets.iter().zip(&migrations).enumerate() {
            let before = if index == 0 { None } else { Some(self.with.only(&sets[..index])) };
            let walk = Walk { set: self.with.only(&[set]), before };
            latest = Some(walk.on(stage, migrations).await?);
        }
        let Some(fingerprint) = latest else {
            return Err(failed("there is no set to rehearse", "hand over at least one"));
        };
        let without_down = without_down.into_iter().map(Migration::label).collect();
        Ok(Rehearsed { migrations: migrations.iter().map(Vec::len).sum(), without_down, fingerprint })
    }
}

/// The rehearsal of one set.
struct Walk<'a> {
    set: Migrator<'a>,
    /// What has to be there before.
    before: Option<Migrator<'a>>,
}

impl Walk<'_> {
    /// Every way to the latest schema, which is returned.
    async fn on(&self, stage: &mut impl Stage, migrations: &[Migration<'_>]) -> Result<Fingerprint, Error> {
        self.renew(stage).await?;
        stage.up(&self.set).await?;
        let latest = self.fingerprint(stage).await?;

        self.one_by_one(stage, migrations, &latest).await?;
        // From zero and from the last but one, it has come by now.
        for migration in migrations.iter().rev().skip(2) {
            self.renew(stage).await?;
            stage.up(&self.up_to(migration)).await?;
            stage.reconnect().await?;
            stage.up(&self.set).await?;
            let found = self.fingerprint(stage).await?;
            same(&latest, &found, || {
                let message =
                    format!("a database at `{}` does not come to the schema that a new one has", migration.label());
                let help = "`-` is what a new database has, `+` is what this one has: a later migration depends on more than the schema";
                (migration, message, help)
            })?;
        }
        Ok(latest)
    }

    /// One migration at a time: up, and where it can, down and up again.
    async fn one_by_one(
        &self,
        stage: &mut impl Stage,
        migrations: &[Migration<'_>],
        latest: &Fingerprint,
    ) -> Result<(), Error> {
        self.renew(stage).await?;
        let mut before = self.fingerprint(stage).await?;
        for migration in migrations {
            stage.up(&self.up_to(migration)).await?;
            let after = self.fingerprint(stage).await?;
            if migration.down().is_some() {
                stage.down(&self.set).await?;
                same(&before, &self.fingerprint(stage).await?, || {
                    let message = format!("`{}` down does not lead back to the schema before it", migration.label());
                    (
                        migration,
                        message,
                        "`-` is what was there before it, `+` is what is there now: complete its script down",
                    )
                })?;
                stage.up(&self.up_to(migration)).await?;
                same(&after, &self.fingerprint(stage).await?, || {
                    let message =
                        format!("`{}` up, down and up again does not lead to the same schema", migration.label());
                    (
                        migration,
                        message,
                        "`-` is the first time, `+` the second: its scripts depend on more than the schema",
                    )
                })?;
            }
            stage.reconnect().await?;
            before = after;
        }
        let Some(last) = migrations.last() else { return Ok(()) };
        same(latest, &before, || {
            let message =
                "migrations one by one, each on a new connection, do not lead to the schema that they have at once"
                    .to_owned();
            (last, message, "`-` is at once, `+` one by one: a migration depends on settings of an earlier one")
        })
    }

    /// A new database, with what has to be there before.
    async fn renew(&self, stage: &mut impl Stage) -> Result<(), Error> {
        stage.renew().await?;
        match &self.before {
            Some(before) => stage.up(before).await,
            None => Ok(()),
        }
    }

    async fn fingerprint(&self, stage: &mut impl Stage) -> Result<Fingerprint, Error> {
        stage.fingerprint(&self.set.history_table).await
    }

    fn up_to(&self, migration: &Migration<'_>) -> Migrator<'_> {
        self.set.clone().target(migration.version().clone())
    }
}

/// The databases of a rehearsal, one after another.
trait Stage {
    fn dialect(&self) -> Dialect;

    /// Goes on with an empty database.
    async fn renew(&mut self) -> Result<(), Error>;

    /// Goes on with the same database, as another process would.
    async fn reconnect(&mut self) -> Result<(), Error>;

    async fn up(&mut self, migrator: &Migrator<'_>) -> Result<(), Error>;

    /// Takes back the last that is applied.
    async fn down(&mut self, migrator: &Migrator<'_>) -> Result<(), Error>;

    async fn fingerprint(&mut self, history_table: &str) -> Result<Fingerprint, Error>;
}

fn same<'a>(
    expect: &Fingerprint,
    found: &Fingerprint,
    blame: impl FnOnce() -> (&'a Migration<'a>, String, &'static str),
) -> Result<(), Error> {
    if expect == found {
        return Ok(());
    }
    let (step, message, help) = blame();
    let difference = expect.difference(found).replace('\n', "\n     ");
    Err(Error::new(ErrorKind::Rehearsal, message)
        .with_migration(step.version(), step.label())
        .with_body(format!("     {difference}"))
        .with_help(help))
}

fn lacks_down(step: &Migration<'_>) -> Error {
    Error::new(ErrorKind::Rehearsal, format!("`{}` has no script down", step.label()))
        .with_migration(step.version(), step.label())
        .with_help("write one, or rehearse without `require_down`")
}
