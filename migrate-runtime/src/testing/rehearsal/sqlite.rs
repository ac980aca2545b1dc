//! Databases in memory. They end with their connection, so that another connection is another copy.

use migrate_core::{Dialect, Migration};
use rusqlite::Connection;
use rusqlite::backup::Backup;

use super::{Stage, verbs};
use crate::error::Error;
use crate::fingerprint::{Fingerprint, fingerprint};
use crate::migrations::Migrations;
use crate::testing::sqlite::unopened;

pub(super) struct InMemory {
    db: Connection,
}

impl InMemory {
    pub(super) fn new() -> Result<InMemory, Error> {
        Ok(InMemory { db: Connection::open_in_memory().map_err(unopened)? })
    }
}

impl Stage for InMemory {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn renew(&mut self) -> Result<(), Error> {
        *self = InMemory::new()?;
        Ok(())
    }

    async fn reconnect(&mut self) -> Result<(), Error> {
        let mut other = InMemory::new()?;
        Backup::new(&self.db, &mut other.db).and_then(|backup| backup.step(-1)).map_err(unopened)?;
        *self = other;
        Ok(())
    }

    async fn up(&mut self, migrations: &Migrations, to: Option<&Migration<'_>>) -> Result<(), Error> {
        verbs::up(&mut self.db, migrations, to)
    }

    async fn down(&mut self, migrations: &Migrations) -> Result<(), Error> {
        verbs::down(&mut self.db, migrations)
    }

    async fn fingerprint(&mut self) -> Result<Fingerprint, Error> {
        fingerprint(&mut self.db)
    }
}
