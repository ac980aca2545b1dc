//! A database for one test.

use std::sync::Arc;

use super::admin::{self, execute};
use super::owner::Owner;
use super::{Kit, on_server};
use crate::error::Error;

/// A database for one test, made by [`Postgres`](super::Postgres). It is dropped together with this value, whoever still uses it: keep
/// the value as long as the connections. Dropping it blocks for a moment, also in an asynchronous test.
///
/// ```no_run
/// # #[cfg(feature = "postgres")] {
/// use migrate_runtime::testing::Postgres;
///
/// let database = Postgres::shared()?.empty_database()?;
/// println!("{}", database.url());
/// database.connect()?.batch_execute("CREATE TABLE t (id integer)")?;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    url: String,
    // Alive as long as the database. The order matters: the server goes last.
    _owner: Arc<Owner>,
    kit: Arc<Kit>,
}

impl TestDatabase {
    pub(super) fn new(kit: Arc<Kit>, owner: Arc<Owner>, name: String) -> TestDatabase {
        TestDatabase { url: kit.address.of(&name), name, _owner: owner, kit }
    }

    /// The name of the database.
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")] {
    /// use migrate_runtime::testing::Postgres;
    ///
    /// let database = Postgres::shared()?.empty_database()?;
    /// let mut db = database.connect()?;
    /// let name: String = db.query_one("SELECT current_database()", &[])?.get(0);
    /// assert_eq!(name, database.name());
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address of the database.
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")] {
    /// use migrate_runtime::testing::Postgres;
    ///
    /// let database = Postgres::shared()?.empty_database()?;
    /// let mut db = postgres::Client::connect(database.url(), postgres::NoTls)?; // or a pool, or another program
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A new connection of the blocking client. Not for asynchronous tests: that client panics in them.
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")] {
    /// use migrate_runtime::{embed_migrations, testing::Postgres};
    ///
    /// let database = Postgres::shared()?.database(&embed_migrations!("doc-migrations"))?;
    /// let (mut one, mut other) = (database.connect()?, database.connect()?);
    /// one.batch_execute("INSERT INTO users (id, name) VALUES (1, 'Ada')")?;
    /// assert_eq!(other.query("SELECT name FROM users", &[])?.len(), 1);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The server does not accept it.
    #[cfg(feature = "postgres")]
    pub fn connect(&self) -> Result<postgres::Client, Error> {
        let config = postgres::Config::from(self.config());
        config.connect(postgres::NoTls).map_err(|error| admin::refused("connecting", "", error))
    }

    /// A new connection of the asynchronous client. A task of tokio drives it until the client is dropped.
    ///
    /// ```no_run
    /// # #[cfg(feature = "tokio-postgres")] {
    /// # async fn test() -> Result<(), Box<dyn std::error::Error>> {
    /// use migrate_runtime::{Migrations, embed_migrations, testing::Postgres};
    ///
    /// static MIGRATIONS: Migrations = embed_migrations!("doc-migrations");
    ///
    /// let database = Postgres::shared()?.database_async(&MIGRATIONS).await?;
    /// let client = database.connect_async().await?;
    /// assert!(client.query("SELECT name FROM users", &[]).await?.is_empty());
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    ///
    /// # Errors
    /// The server does not accept it.
    #[cfg(feature = "tokio-postgres")]
    pub async fn connect_async(&self) -> Result<tokio_postgres::Client, Error> {
        self.open().await
    }

    pub(in crate::testing) fn config(&self) -> tokio_postgres::Config {
        self.kit.config_of(&self.name)
    }

    pub(in crate::testing) async fn open(&self) -> Result<tokio_postgres::Client, Error> {
        let connected = self.config().connect(tokio_postgres::NoTls).await;
        let (client, connection) = connected.map_err(|error| admin::refused("connecting", "", error))?;
        // An error also reaches whoever waits for an answer of the client.
        tokio::spawn(async { drop(connection.await) });
        Ok(client)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // What cannot be dropped now, because the test has stopped the server or used up its sessions, is left to a later run.
        let name = &self.name;
        let _ = on_server(&self.kit.address.config, async |client| {
            match execute(client, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await {
                Err(error) if error.database_code() == Some(IS_UNKNOWN_SYNTAX) => {
                    let end =
                        "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE datname =";
                    execute(client, &format!("{end} '{name}'")).await?;
                    execute(client, &format!("DROP DATABASE IF EXISTS {name}")).await
                }
                done => done,
            }
        });
    }
}

/// Before 13, nobody is thrown out.
const IS_UNKNOWN_SYNTAX: &str = "42601";
