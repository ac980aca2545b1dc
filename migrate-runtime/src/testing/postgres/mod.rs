//! Postgres databases that are migrated already: copies of a template, each for one test.
//!
//! Invariants: a template has its name only once it is whole, and nobody can connect to it any more; a database without an owner that is
//! alive is known by the lock that the owner holds as long as it lives, not by a clock.

mod admin;
mod database;
mod names;
mod owner;
mod template;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio_postgres::{Client, Config};

use super::{With, failed};
use crate::error::Error;
use names::Address;
use owner::Owner;

pub(super) use admin::{elsewhere, on_server, run, runtime};
pub use database::TestDatabase;

/// The environment variable that names the server for tests.
const URL: &str = "MIGRATE_TEST_URL";

/// A Postgres server for tests: gives each of them a database of its own.
///
/// ```no_run
/// # #[cfg(feature = "postgres")] {
/// use migrate_runtime::{Migrations, embed_migrations, testing};
///
/// static MIGRATIONS: Migrations = embed_migrations!("doc-migrations");
///
/// # /*
/// #[test]
/// # */
/// fn users_have_an_email() -> Result<(), Box<dyn std::error::Error>> {
///     let database = testing::Postgres::shared()?.database(&MIGRATIONS)?;
///     let mut db = database.connect()?;
///     db.batch_execute("INSERT INTO users (id, name, email) VALUES (1, 'Ada', 'ada@example.org')")?;
///     Ok(())
/// }
/// # }
/// ```
///
/// A set is migrated once for each server, into a template whose name holds a digest of the set; databases are copies of it. So a
/// setting that a migration makes for its database (`ALTER DATABASE … SET`) is not in the copies. A process that is killed leaves
/// databases behind on a server that others have started; the next one that uses the server drops them.
#[derive(Clone, Debug)]
pub struct Postgres {
    kit: Arc<Kit>,
}

#[derive(Debug)]
struct Kit {
    address: Address,
    /// Who owns the databases that this kit makes; renewed when the server has forgotten it.
    owner: Mutex<Option<Arc<Owner>>>,
    /// Dropped last.
    #[cfg(unix)]
    _server: Option<super::Server>,
}

impl Postgres {
    /// The server at `url`, as `tokio_postgres` reads it: `postgres://user:password@host:port/database`, or `host=… user=…`. There has to
    /// be such a database, which is left as it is, and the role has to be allowed to create databases. The connection is not encrypted.
    ///
    /// ```no_run
    /// use migrate_runtime::testing::Postgres;
    ///
    /// let server = Postgres::at("postgres://postgres:secret@localhost/postgres")?;
    /// # Ok::<(), migrate_runtime::Error>(())
    /// ```
    ///
    /// # Errors
    /// The address cannot be read. Whether there is a server shows at the first database.
    pub fn at(url: &str) -> Result<Postgres, Error> {
        Ok(Postgres::new(Kit {
            address: Address::parse(url)?,
            owner: Mutex::default(),
            #[cfg(unix)]
            _server: None,
        }))
    }

    /// A throw-away server, started from the programs of this machine, see [`Server`](super::Server). It is removed with the last
    /// clone of this and the last of its databases, or soon after this process has ended.
    ///
    /// It takes a second or two to start: see [`shared`](Postgres::shared).
    ///
    /// ```no_run
    /// use migrate_runtime::testing::Postgres;
    ///
    /// let server = Postgres::own()?;
    /// # Ok::<(), migrate_runtime::Error>(())
    /// ```
    ///
    /// # Errors
    /// There are no server programs on this machine, or the server does not start.
    #[cfg(unix)]
    pub fn own() -> Result<Postgres, Error> {
        let server = super::Server::create()?;
        Ok(Postgres::new(Kit {
            address: Address::parse(&server.url("postgres"))?,
            owner: Mutex::default(),
            _server: Some(server),
        }))
    }

    /// The server that all tests of this process share: at the address that the environment variable `MIGRATE_TEST_URL` holds, or
    /// else one of its [`own`](Postgres::own).
    ///
    /// ```no_run
    /// use migrate_runtime::testing::Postgres;
    ///
    /// let server = Postgres::shared()?;
    /// # Ok::<(), migrate_runtime::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`at`](Postgres::at) and [`own`](Postgres::own).
    pub fn shared() -> Result<&'static Postgres, Error> {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        static STARTING: Mutex<()> = Mutex::new(());
        let _one_at_a_time = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = SHARED.get() {
            return Ok(shared);
        }
        let shared = match std::env::var(URL) {
            Ok(url) => Postgres::at(&url)?,
            #[cfg(unix)]
            Err(_) => Postgres::own()?,
            #[cfg(not(unix))]
            Err(_) => return Err(failed("there is no server for the tests", "set `MIGRATE_TEST_URL` to its address")),
        };
        Ok(SHARED.get_or_init(|| shared))
    }

    /// A new database that is migrated with a set, or a migrator, as [`Migrator::run`](crate::Migrator::run) leaves it.
    ///
    /// Of steps in Rust, name and revision count for the template, not what their functions do.
    ///
    /// ```no_run
    /// # #[cfg(feature = "postgres")] {
    /// use migrate_runtime::{embed_migrations, testing::Postgres};
    ///
    /// let database = Postgres::shared()?.database(&embed_migrations!("doc-migrations"))?;
    /// database.connect()?.batch_execute("INSERT INTO users (id, name) VALUES (1, 'Ada')")?;
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Migrator::run`](crate::Migrator::run), and when the server does not create the database.
    pub fn database<'a>(&self, with: impl Into<With<'a>>) -> Result<TestDatabase, Error> {
        let with = with.into();
        self.create(async |client, owner, name| template::copy(client, &self.kit, owner, &with, name).await)
    }

    /// [`database`](Postgres::database) for asynchronous tests, which must run in tokio.
    ///
    /// ```no_run
    /// # #[cfg(feature = "tokio-postgres")] {
    /// # async fn test() -> Result<(), Box<dyn std::error::Error>> {
    /// use migrate_runtime::{Migrations, embed_migrations, testing::Postgres};
    ///
    /// static MIGRATIONS: Migrations = embed_migrations!("doc-migrations");
    ///
    /// let database = Postgres::shared()?.database_async(&MIGRATIONS).await?;
    /// database.connect_async().await?.batch_execute("INSERT INTO users (id, name) VALUES (1, 'Ada')").await?;
    /// # Ok(())
    /// # }
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`database`](Postgres::database).
    #[cfg(feature = "tokio-postgres")]
    pub async fn database_async(&self, with: impl Into<With<'static>>) -> Result<TestDatabase, Error> {
        let (kit, with) = (self.clone(), with.into());
        admin::unblocked(move || kit.database(with)).await
    }

    /// A new database without anything in it.
    ///
    /// ```no_run
    /// use migrate_runtime::testing::Postgres;
    ///
    /// let database = Postgres::shared()?.empty_database()?;
    /// # Ok::<(), migrate_runtime::Error>(())
    /// ```
    ///
    /// # Errors
    /// The server does not create the database.
    pub fn empty_database(&self) -> Result<TestDatabase, Error> {
        self.create(async |client, _, name| template::create(client, name).await)
    }

    /// Drops every template of the server that belongs to the role, for servers that live long: sets that are no longer in use leave
    /// theirs behind. Those in use are made again.
    ///
    /// ```no_run
    /// use migrate_runtime::testing::Postgres;
    ///
    /// Postgres::at("postgres://postgres@localhost/postgres")?.drop_templates()?;
    /// # Ok::<(), migrate_runtime::Error>(())
    /// ```
    ///
    /// # Errors
    /// The server does not drop one.
    pub fn drop_templates(&self) -> Result<(), Error> {
        on_server(&self.kit.address.config, async |client| template::drop_all(client).await)
    }

    fn new(kit: Kit) -> Postgres {
        Postgres { kit: Arc::new(kit) }
    }

    /// Lets `work` create a database of the name that it is given.
    fn create(
        &self,
        work: impl AsyncFn(&Client, &Owner, &str) -> Result<(), Error> + Sync,
    ) -> Result<TestDatabase, Error> {
        loop {
            let owner = self.kit.owner()?;
            let name = owner.new_name();
            let is_created = on_server(&self.kit.address.config, async |client| {
                let is_alive = owner.is_alive(client).await?;
                if is_alive {
                    work(client, &owner, &name).await?;
                }
                Ok(is_alive)
            })?;
            if is_created {
                return Ok(TestDatabase::new(Arc::clone(&self.kit), owner, name));
            }
            self.kit.bury(&owner);
        }
    }
}

impl Kit {
    /// The owner of new databases.
    fn owner(&self) -> Result<Arc<Owner>, Error> {
        let mut owner = self.owner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(owner) = &*owner {
            return Ok(Arc::clone(owner));
        }
        let new = Arc::new(Owner::start(&self.address.config)?);
        *owner = Some(Arc::clone(&new));
        Ok(new)
    }

    /// The server has forgotten the owner: the next database needs another.
    fn bury(&self, dead: &Arc<Owner>) {
        let mut owner = self.owner.lock().unwrap_or_else(PoisonError::into_inner);
        if owner.as_ref().is_some_and(|owner| Arc::ptr_eq(owner, dead)) {
            *owner = None;
        }
    }

    fn config_of(&self, database: &str) -> Config {
        let mut config = self.address.config.clone();
        config.dbname(database);
        config
    }
}
