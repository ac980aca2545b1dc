//! Databases of a server, each dropped before the next is made.

use migrate_core::Dialect;
use tokio_postgres::Client;

use super::Stage;
use crate::error::Error;
use crate::fingerprint::{Fingerprint, fingerprint_without_async};
use crate::migrator::Migrator;
use crate::testing::postgres::{elsewhere, run, runtime};
use crate::testing::{Postgres, TestDatabase};

pub(super) struct OnServer<'a> {
    server: &'a Postgres,
    client: Client,
    database: TestDatabase,
}

/// Lets `work` have a stage, on a thread and a runtime of its own.
pub(super) fn on_server<T: Send>(
    server: &Postgres,
    work: impl AsyncFnOnce(&mut OnServer<'_>) -> Result<T, Error> + Send,
) -> Result<T, Error> {
    let on_thread = || {
        runtime()?.block_on(async {
            let database = server.empty_database()?;
            let client = database.open().await?;
            work(&mut OnServer { server, client, database }).await
        })
    };
    elsewhere(on_thread)
}

impl Stage for OnServer<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    async fn renew(&mut self) -> Result<(), Error> {
        self.database = self.server.empty_database()?;
        self.reconnect().await
    }

    async fn reconnect(&mut self) -> Result<(), Error> {
        self.client = self.database.open().await?;
        Ok(())
    }

    async fn up(&mut self, migrator: &Migrator<'_>) -> Result<(), Error> {
        run(&self.database.config(), &mut self.client, migrator).await
    }

    async fn down(&mut self, migrator: &Migrator<'_>) -> Result<(), Error> {
        migrator.revert_last_async(&mut self.client, 1).await.map(drop)
    }

    async fn fingerprint(&mut self, history_table: &str) -> Result<Fingerprint, Error> {
        fingerprint_without_async(&mut self.client, history_table).await
    }
}
