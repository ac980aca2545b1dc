//! The rehearsal of a set: every way that a database can come to its latest schema, and back.
//!
//! It must never touch a database that it has not made itself. What it knows of a database is its fingerprint; `stage` provides the
//! databases, `verbs` the ways up and down.

#[cfg(any(feature = "postgres", feature = "tokio-postgres"))]
mod postgres;
mod report;
#[cfg(feature = "rusqlite")]
mod sqlite;
mod verbs;

use migrate_core::{Dialect, Label, Migration};

use crate::error::{Error, ErrorKind};
use crate::fingerprint::Fingerprint;
use crate::migrations::Migrations;

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
    migrations: &'a Migrations,
    requires_down: bool,
}

impl<'a> Rehearsal<'a> {
    /// The rehearsal of a set.
    pub fn of(migrations: &'a Migrations) -> Rehearsal<'a> {
        Rehearsal { migrations, requires_down: false }
    }

    /// Fails for a migration that has no script down.
    pub fn require_down(mut self) -> Self {
        self.requires_down = true;
        self
    }

    /// Rehearses on SQLite, in memory.
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
        let set = self.migrations.set();
        // A version without a script is refused by the first run.
        let steps = set.migrations(stage.dialect()).unwrap_or_default();
        let without_down: Vec<&Migration<'_>> = steps.iter().filter(|step| step.down().is_none()).collect();
        if let Some(step) = without_down.first().filter(|_| self.requires_down) {
            return Err(lacks_down(step));
        }
        stage.renew().await?;
        stage.up(self.migrations, None).await?;
        let latest = stage.fingerprint().await?;

        self.step_by_step(stage, &steps, &latest).await?;
        // From zero and from the last but one, it has come by now.
        for step in steps.iter().rev().skip(2) {
            stage.renew().await?;
            stage.up(self.migrations, Some(step)).await?;
            stage.reconnect().await?;
            stage.up(self.migrations, None).await?;
            let found = stage.fingerprint().await?;
            same(&latest, &found, || {
                let message =
                    format!("a database at `{}` does not come to the schema that a new one has", step.label());
                let help = "`-` is what a new database has, `+` is what this one has: a later migration depends on more than the schema";
                (step, message, help)
            })?;
        }
        let without_down: Vec<Label> = without_down.into_iter().map(Migration::label).collect();
        Ok(Rehearsed { migrations: steps.len(), without_down, fingerprint: latest })
    }

    /// One migration at a time: up, and where it can, down and up again.
    async fn step_by_step(
        &self,
        stage: &mut impl Stage,
        steps: &[Migration<'_>],
        latest: &Fingerprint,
    ) -> Result<(), Error> {
        stage.renew().await?;
        let mut before = stage.fingerprint().await?;
        for step in steps {
            stage.up(self.migrations, Some(step)).await?;
            let after = stage.fingerprint().await?;
            if step.down().is_some() {
                stage.down(self.migrations).await?;
                same(&before, &stage.fingerprint().await?, || {
                    let message = format!("`{}` down does not lead back to the schema before it", step.label());
                    (
                        step,
                        message,
                        "`-` is what was there before it, `+` is what is there now: complete its script down",
                    )
                })?;
                stage.up(self.migrations, Some(step)).await?;
                same(&after, &stage.fingerprint().await?, || {
                    let message = format!("`{}` up, down and up again does not lead to the same schema", step.label());
                    (step, message, "`-` is the first time, `+` the second: its scripts depend on more than the schema")
                })?;
            }
            stage.reconnect().await?;
            before = after;
        }
        let Some(last) = steps.last() else { return Ok(()) };
        same(latest, &before, || {
            let message =
                "migrations one by one, each on a new connection, do not lead to the schema that they have at once"
                    .to_owned();
            (last, message, "`-` is at once, `+` one by one: a migration depends on settings of an earlier one")
        })
    }
}

/// The databases of a rehearsal, one after another.
trait Stage {
    fn dialect(&self) -> Dialect;

    /// Goes on with an empty database.
    async fn renew(&mut self) -> Result<(), Error>;

    /// Goes on with the same database, as another process would.
    async fn reconnect(&mut self) -> Result<(), Error>;

    /// Applies what is pending, up to a migration or all of it.
    async fn up(&mut self, migrations: &Migrations, to: Option<&Migration<'_>>) -> Result<(), Error>;

    /// Takes back the last that is applied.
    async fn down(&mut self, migrations: &Migrations) -> Result<(), Error>;

    async fn fingerprint(&mut self) -> Result<Fingerprint, Error>;
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
