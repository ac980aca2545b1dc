//! The fingerprint of a schema: what a database consists of, as facts that can be compared.
//!
//! It must never know how the schema came about. Invariants: two databases have the same fingerprint when, and only when, nothing in the
//! catalogs tells their schemas apart; reading changes nothing, and leaves the session as it was.

mod compare;
mod fact;
mod postgres;
mod sqlite;

use std::fmt;

use migrate_core::Dialect;

use crate::block_on::block_on;
use crate::driver::{AnySession, AsyncDatabase, Boxed, Database, DriverError, DriverErrorKind};
use crate::error::{Error, ErrorKind};
use crate::table::TableName;
use fact::Fact;

/// What the schema of a database consists of: one fact for each table, column, constraint, index and so on, sorted.
///
/// Two fingerprints are equal if the schemas are: whatever the order in which independent things were made, whatever was dropped in
/// between, and whatever the data. The order of columns counts. Left out are the history table, temporary and system objects, and on
/// Postgres what belongs to an extension (which is a fact itself, with its version). Owners are left out, grants are not.
///
/// A fingerprint is for comparing databases of one kind and version: servers of other versions may word the same fact in another way.
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// let mut db = rusqlite::Connection::open_in_memory()?;
/// db.execute_batch("CREATE TABLE users (id INTEGER PRIMARY KEY)")?;
/// let before = migrate_runtime::fingerprint(&mut db)?;
///
/// db.execute_batch("ALTER TABLE users ADD COLUMN email TEXT; ALTER TABLE users DROP COLUMN email")?;
/// assert_eq!(migrate_runtime::fingerprint(&mut db)?, before);
///
/// db.execute_batch("ALTER TABLE users ADD COLUMN phone TEXT")?;
/// let after = migrate_runtime::fingerprint(&mut db)?;
/// assert_eq!(before.difference(&after), "+ column users.phone: TEXT\n- table users: (id)\n+ table users: (id, phone)");
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    facts: Vec<Fact>,
}

/// The [`Fingerprint`] of the schema that `db` is connected to: on Postgres the whole database, on SQLite the main one. The history
/// table `schema_migrations` is left out.
///
/// SQLite has to be 3.37 or newer.
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// let mut db = rusqlite::Connection::open_in_memory()?;
/// db.execute_batch("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL)")?;
/// println!("{}", migrate_runtime::fingerprint(&mut db)?);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The catalog cannot be read.
pub fn fingerprint<Kind>(db: &mut impl Database<Kind>) -> Result<Fingerprint, Error> {
    fingerprint_without(db, TableName::DEFAULT)
}

/// [`fingerprint`] for asynchronous drivers.
///
/// ```no_run
/// # #[cfg(feature = "tokio-postgres")] {
/// # async fn on_server(client: &mut tokio_postgres::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let before = migrate_runtime::fingerprint_async(client).await?;
/// client.batch_execute("CREATE TABLE users (id integer PRIMARY KEY)").await?;
/// let after = migrate_runtime::fingerprint_async(client).await?;
/// println!("{}", before.difference(&after));
/// # Ok(())
/// # }
/// # }
/// ```
///
/// # Errors
/// As [`fingerprint`].
pub async fn fingerprint_async<Kind>(db: &mut impl AsyncDatabase<Kind>) -> Result<Fingerprint, Error> {
    fingerprint_without_async(db, TableName::DEFAULT).await
}

/// [`fingerprint`] for a history table of another name, as [`Migrator::history_table`](crate::Migrator::history_table) takes it.
/// Without a schema, tables of that name are left out of every schema.
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// use migrate_runtime::{Migrator, embed_migrations, fingerprint_without};
///
/// let mut db = rusqlite::Connection::open_in_memory()?;
/// Migrator::new(&embed_migrations!("doc-migrations")).history_table("history").run(&mut db)?;
/// assert!(!fingerprint_without(&mut db, "history")?.to_string().contains("history"));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`fingerprint`], and when the name cannot be that of a history table.
pub fn fingerprint_without<Kind>(db: &mut impl Database<Kind>, history_table: &str) -> Result<Fingerprint, Error> {
    read_blocking(&mut db.session(), history_table)
}

/// [`fingerprint_without`] for asynchronous drivers.
///
/// ```no_run
/// # #[cfg(feature = "tokio-postgres")] {
/// # async fn on_server(client: &mut tokio_postgres::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let schema = migrate_runtime::fingerprint_without_async(client, "ops.migrations").await?;
/// println!("{schema}");
/// # Ok(())
/// # }
/// # }
/// ```
///
/// # Errors
/// As [`fingerprint_without`].
pub async fn fingerprint_without_async<Kind>(
    db: &mut impl AsyncDatabase<Kind>,
    history_table: &str,
) -> Result<Fingerprint, Error> {
    read_async(&mut db.session(), history_table).await
}

impl Fingerprint {
    /// The facts, sorted, such as `column public.users.email: text NOT NULL`. Facts that hold a script have several lines.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// db.execute_batch("CREATE TABLE users (id INTEGER PRIMARY KEY)")?;
    /// let fingerprint = migrate_runtime::fingerprint(&mut db)?;
    /// let facts: Vec<&str> = fingerprint.facts().collect();
    /// assert_eq!(facts, ["column users.id: INTEGER PRIMARY KEY", "table users: (id)"]);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn facts(&self) -> impl Iterator<Item = &str> {
        self.facts.iter().map(Fact::as_str)
    }

    /// What differs, for people: facts that `other` lacks begin with `-`, those that it alone has with `+`, and for what both have
    /// with another script, the lines that differ. Empty if nothing does.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{embed_migrations, fingerprint};
    ///
    /// let mut expect = rusqlite::Connection::open_in_memory()?;
    /// embed_migrations!("doc-migrations").run(&mut expect)?;
    /// let mut found = rusqlite::Connection::open_in_memory()?;
    /// embed_migrations!("doc-migrations").run(&mut found)?;
    /// found.execute_batch("CREATE INDEX by_name ON users (name)")?; // somebody was in a hurry
    ///
    /// let difference = fingerprint(&mut expect)?.difference(&fingerprint(&mut found)?);
    /// assert!(difference.starts_with("+ index by_name"), "{difference}");
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn difference(&self, other: &Fingerprint) -> String {
        compare::difference(&self.facts, &other.facts)
    }

    /// A digest of all facts, to be kept or compared elsewhere. It is the same wherever it is computed by the same version of this crate.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let digest = migrate_runtime::fingerprint(&mut db)?.digest();
    /// assert!(digest.to_string().starts_with("sha256:"));
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "folder")]
    pub fn digest(&self) -> migrate_core::Checksum {
        // With its length before each, so that no two lists read the same.
        let text: String = self.facts().map(|fact| format!("{}:{fact}\n", fact.len())).collect();
        migrate_core::Checksum::of(&text)
    }

    fn of(mut facts: Vec<Fact>) -> Fingerprint {
        facts.sort_unstable();
        Fingerprint { facts }
    }
}

impl fmt::Display for Fingerprint {
    /// One fact a line; the further lines of a script are indented.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fact) in self.facts().enumerate() {
            let line_end = if index == 0 { "" } else { "\n" };
            write!(f, "{line_end}{}", fact.replace('\n', "\n    "))?;
        }
        Ok(())
    }
}

// Compiled here, and not with every program.

fn read_blocking(session: &mut dyn AnySession, history_table: &str) -> Result<Fingerprint, Error> {
    block_on(read(session, history_table))
}

fn read_async<'s>(
    session: &'s mut (dyn AnySession + Send + 's),
    history_table: &'s str,
) -> Boxed<'s, Result<Fingerprint, Error>> {
    Box::pin(read(session, history_table))
}

async fn read(session: &mut (impl AnySession + ?Sized), history_table: &str) -> Result<Fingerprint, Error> {
    let history = TableName::parse(history_table)?;
    let facts = match session.dialect() {
        Dialect::Sqlite => sqlite::read(session, &history).await,
        _ => postgres::read(session, &history).await,
    };
    facts.map(Fingerprint::of).map_err(unreadable)
}

fn unreadable(error: DriverError) -> Error {
    let (kind, help) = match error.kind() {
        DriverErrorKind::ConnectionLost => (ErrorKind::ConnectionLost, "connect again"),
        _ => (ErrorKind::Database, "connect as a role that may read the catalog"),
    };
    Error::new(kind, format!("the schema cannot be read: {error}")).with_help(help).with_driver(error)
}
