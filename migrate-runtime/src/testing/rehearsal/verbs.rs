//! The ways up and down: the only place of a rehearsal that calls verbs of the runtime.
//!
//! There is no verb yet that stops at a version, nor one that reverts. Until then a set is cut after the version, and a script down runs in
//! one transaction with the removal of its row.

use migrate_core::{Dialect, Migration};

use crate::driver::{self, Session};
use crate::error::{Error, ErrorKind};
use crate::migrations::Migrations;
use crate::origin::Origin;
use crate::quote::literal;
use crate::table::TableName;

/// Applies what is pending, up to a migration or all of it.
#[cfg(feature = "rusqlite")]
pub(super) fn up<Kind>(
    db: &mut impl driver::Database<Kind>,
    migrations: &Migrations,
    to: Option<&Migration<'_>>,
) -> Result<(), Error> {
    cut(migrations, to).run(db).map(drop)
}

/// Takes back `last`, the last that is applied.
#[cfg(feature = "rusqlite")]
pub(super) fn down<Kind>(
    db: &mut impl driver::Database<Kind>,
    migrations: &Migrations,
    last: &Migration<'_>,
) -> Result<(), Error> {
    crate::block_on::block_on(revert(db.session(), migrations, last))
}

/// [`up`] for asynchronous drivers.
#[cfg(any(feature = "postgres", feature = "tokio-postgres"))]
pub(super) async fn up_async<Kind>(
    db: &mut impl driver::AsyncDatabase<Kind>,
    migrations: &Migrations,
    to: Option<&Migration<'_>>,
) -> Result<(), Error> {
    cut(migrations, to).run_async(db).await.map(drop)
}

/// [`down`] for asynchronous drivers.
#[cfg(any(feature = "postgres", feature = "tokio-postgres"))]
pub(super) async fn down_async<Kind>(
    db: &mut impl driver::AsyncDatabase<Kind>,
    migrations: &Migrations,
    last: &Migration<'_>,
) -> Result<(), Error> {
    revert(db.session(), migrations, last).await
}

fn cut(migrations: &Migrations, to: Option<&Migration<'_>>) -> Migrations {
    let mut cut = migrations.clone();
    if let Some(last) = to {
        cut.set = cut.set.up_to(last.version());
        // The folder that it came from has more.
        cut.origin = Origin::ELSEWHERE;
    }
    cut
}

async fn revert(mut session: impl Session, migrations: &Migrations, last: &Migration<'_>) -> Result<(), Error> {
    let Some(down) = last.down() else { return Ok(()) };
    let (version, dialect) = (last.version().digits(), session.dialect());
    let (begin, version) = match dialect {
        Dialect::Sqlite => ("BEGIN IMMEDIATE", format!("'{version}'")),
        _ => ("BEGIN", version.to_owned()),
    };
    let forget = format!(
        "DELETE FROM {} WHERE \"set\" = {} AND version = {version}",
        TableName::DEFAULT,
        literal(migrations.set().name(), dialect)
    );
    for sql in [begin, down.sql(), &forget, "COMMIT"] {
        session.execute(sql).await.map_err(|error| {
            Error::new(ErrorKind::StatementFailed, format!("`{}` down failed: {error}", last.label()))
                .with_migration(last.version(), last.label())
                .with_help(format!("correct `{}`", down.path()))
                .with_driver(error)
        })?;
    }
    Ok(())
}
