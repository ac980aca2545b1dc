//! The ways up and down: the only place of a rehearsal that calls verbs of the runtime.

use migrate_core::Migration;

use crate::driver;
use crate::error::Error;
use crate::migrations::Migrations;
use crate::migrator::Migrator;

/// Applies what is pending, up to a migration or all of it.
#[cfg(feature = "rusqlite")]
pub(super) fn up<Kind>(
    db: &mut impl driver::Database<Kind>,
    migrations: &Migrations,
    to: Option<&Migration<'_>>,
) -> Result<(), Error> {
    up_to(migrations, to).run(db).map(drop)
}

/// Takes back the last that is applied.
#[cfg(feature = "rusqlite")]
pub(super) fn down<Kind>(db: &mut impl driver::Database<Kind>, migrations: &Migrations) -> Result<(), Error> {
    Migrator::new(migrations).revert_last(db, 1).map(drop)
}

/// [`up`] for asynchronous drivers.
#[cfg(any(feature = "postgres", feature = "tokio-postgres"))]
pub(super) async fn up_async<Kind>(
    db: &mut impl driver::AsyncDatabase<Kind>,
    migrations: &Migrations,
    to: Option<&Migration<'_>>,
) -> Result<(), Error> {
    up_to(migrations, to).run_async(db).await.map(drop)
}

/// [`down`] for asynchronous drivers.
#[cfg(any(feature = "postgres", feature = "tokio-postgres"))]
pub(super) async fn down_async<Kind>(
    db: &mut impl driver::AsyncDatabase<Kind>,
    migrations: &Migrations,
) -> Result<(), Error> {
    Migrator::new(migrations).revert_last_async(db, 1).await.map(drop)
}

fn up_to<'a>(migrations: &'a Migrations, to: Option<&Migration<'_>>) -> Migrator<'a> {
    let migrator = Migrator::new(migrations);
    match to {
        Some(last) => migrator.target(last.version().clone()),
        None => migrator,
    }
}
