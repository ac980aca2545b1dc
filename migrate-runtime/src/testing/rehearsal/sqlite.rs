//! Databases in memory. They end with their connection, so that another connection is another copy.

use migrate_core::Dialect;
use rusqlite::Connection;
use rusqlite::backup::Backup;

use super::Stage;
use crate::error::Error;
use crate::fingerprint::{Fingerprint, fingerprint_without};
use crate::migrator::Migrator;
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

    async fn up(&mut self, migrator: &Migrator<'_>) -> Result<(), Error> {
        migrator.run(&mut self.db).map(drop)
    }

    async fn down(&mut self, migrator: &Migrator<'_>) -> Result<(), Error> {
        migrator.revert_last(&mut self.db, 1).map(drop)
    }

    async fn fingerprint(&mut self, history_table: &str) -> Result<Fingerprint, Error> {
        fingerprint_without(&mut self.db, history_table)
    }
}
