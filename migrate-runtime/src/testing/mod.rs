//! A kit for tests: databases that are migrated already.
//!
//! | database | how | what it costs |
//! |---|---|---|
//! | SQLite in memory | `testing::sqlite(&MIGRATIONS)` | microseconds after the first |
//! | SQLite in a file | `testing::sqlite_file(&MIGRATIONS, path)` | a copy |
//! | Postgres | `testing::Postgres::shared()?.database(&MIGRATIONS)` | a copy of a template |
//!
//! And [`Rehearsal`]: every way that a database can take through a set leads to the same schema. Each takes a set, or a
//! [`Migrator`](crate::Migrator) for several sets, steps in Rust or another history table: see [`With`].
//!
//! For `[dev-dependencies]`, with the feature of a driver. Postgres is a server whose address the environment variable
//! `MIGRATE_TEST_URL` holds, or else a throw-away one, started from the programs of the machine. Each test has a database of its own, so
//! that tests may run in parallel; it is dropped at the end of the test, also when it panics.
//!
//! ```
//! # #[cfg(feature = "rusqlite-bundled")] {
//! use migrate_runtime::{Migrations, embed_migrations, testing};
//!
//! static MIGRATIONS: Migrations = embed_migrations!("doc-migrations");
//!
//! # /*
//! #[test]
//! # */
//! fn users_have_an_email() -> Result<(), Box<dyn std::error::Error>> {
//!     let db = testing::sqlite(&MIGRATIONS)?;
//!     db.execute_batch("INSERT INTO users (name, email) VALUES ('Ada', 'ada@example.org')")?;
//!     Ok(())
//! }
//!
//! # /*
//! #[test]
//! # */
//! fn migrations_work_from_everywhere() -> Result<(), Box<dyn std::error::Error>> {
//!     testing::Rehearsal::of(&MIGRATIONS).sqlite()?;
//!     Ok(())
//! }
//! # users_have_an_email()?;
//! # migrations_work_from_everywhere()?;
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(any(feature = "postgres", feature = "tokio-postgres"))]
mod poll;
#[cfg(any(feature = "postgres", feature = "tokio-postgres"))]
mod postgres;
#[cfg(any(feature = "rusqlite", feature = "postgres", feature = "tokio-postgres"))]
mod rehearsal;
#[cfg(all(unix, any(feature = "postgres", feature = "tokio-postgres")))]
mod server;
#[cfg(feature = "rusqlite")]
mod sqlite;
#[cfg(any(feature = "rusqlite", feature = "postgres", feature = "tokio-postgres"))]
mod with;

#[cfg(any(feature = "postgres", feature = "tokio-postgres"))]
pub use self::postgres::{Postgres, TestDatabase};
#[cfg(any(feature = "rusqlite", feature = "postgres", feature = "tokio-postgres"))]
pub use rehearsal::{Rehearsal, Rehearsed};
#[cfg(all(unix, any(feature = "postgres", feature = "tokio-postgres")))]
pub use server::{Server, Stop};
#[cfg(feature = "rusqlite")]
pub use sqlite::{sqlite, sqlite_file};
#[cfg(any(feature = "rusqlite", feature = "postgres", feature = "tokio-postgres"))]
pub use with::With;

/// What the kit could not do, with the next step.
#[cfg(any(feature = "rusqlite", feature = "postgres", feature = "tokio-postgres"))]
fn failed(message: impl Into<String>, help: &str) -> crate::error::Error {
    crate::error::Error::new(crate::error::ErrorKind::TestDatabase, message).with_help(help)
}
