//! Rust services that migrate their own databases.
//!
//! [`embed_migrations!`] reads a folder of SQL files at build time, checks them and leaves them in the binary. At start one line
//! compares them with the history table in the database and applies what is pending, each migration in one transaction together
//! with its history row.
//!
//! ```
//! # #[cfg(feature = "rusqlite-bundled")] {
//! use migrate_runtime::{Migrations, embed_migrations};
//!
//! static MIGRATIONS: Migrations = embed_migrations!("doc-migrations"); // relative to Cargo.toml
//!
//! let mut db = rusqlite::Connection::open_in_memory()?;
//! let report = MIGRATIONS.run(&mut db)?;
//! println!("{report}");
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A first day
//!
//! ```toml
//! [dependencies]
//! migrate-runtime = { path = "…/migrate-runtime", features = ["rusqlite-bundled"] } # or "postgres", "tokio-postgres"
//! rusqlite = "0.41" # your own driver, of any version that is supported
//! ```
//!
//! The folder has to be there when the program is built. The command `migrate` makes it with its first file:
//! `migrate new --dialect sqlite add users`. Or make `migrations/0001_users.sql` by hand. Then write the SQL, call the macro and
//! [`run`](Migrations::run) as above, and start the program. The next migration is the next file: what is applied stays as it is. Before
//! a release, `migrate lock` keeps what has been reviewed in [the lock file](#the-lock-file).
//!
//! | feature | what for |
//! |---|---|
//! | `rusqlite`, `rusqlite-bundled` | SQLite; the second compiles it in |
//! | `postgres`, `tokio-postgres` | Postgres, blocking and asynchronous |
//! | `folder`, `include_dir` | [sets that are read while the program runs](#other-sources) |
//! | `adopt` | takes over [what another tool has applied](#databases-of-other-tools) |
//! | `testing`, `fingerprint` | [databases for tests](#tests), rehearsals; schemas that can be compared |
//! | `lint` | `lint = "deny"` in the macro: what is risky is an error of the build |
//! | `serde` | `Serialize` for [`Report`], [`Plan`], [`Status`], [`History`], and what they hold |
//! | `tracing` | the [`Event`]s of a run for the crate `tracing` |
//!
//! No feature is on by default, and none changes what another one does.
//!
//! # Verbs
//!
//! [`Migrations`] has four, with defaults that are safe at every start of any number of processes:
//!
//! | verb | does | returns |
//! |---|---|---|
//! | [`run`](Migrations::run) | applies what is pending | [`Report`] |
//! | [`plan`](Migrations::plan) | tells what `run` would do | [`Plan`] |
//! | [`status`](Migrations::status) | tells where every migration stands, whatever is wrong | [`Status`] |
//! | [`verify`](Migrations::verify) | succeeds where `run` would have nothing to do: for readiness checks | nothing |
//!
//! [`Migrator`] has the same with options, such as the name of the history table, timeouts, and what is to be forgiven; and those of
//! operators: back and again, baseline, repair, marks. It takes [several sets](Migrator::many), and [steps in Rust](Step). The verbs that
//! write can be [tried first](Migrator::dry_run). Every verb has a twin for asynchronous drivers: `run_async`, and so on.
//!
//! ```
//! # #[cfg(feature = "rusqlite-bundled")] {
//! use migrate_runtime::{Migrations, Migrator, embed_migrations};
//!
//! static MIGRATIONS: Migrations = embed_migrations!("doc-migrations");
//!
//! let mut db = rusqlite::Connection::open_in_memory()?;
//! let migrator = Migrator::new(&MIGRATIONS).history_table("shop_migrations").applied_by("shop 1.4");
//! assert_eq!(migrator.plan(&mut db)?.changes().len(), 2);
//! migrator.run(&mut db)?;
//! migrator.verify(&mut db)?;
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Drivers
//!
//! | feature | connections | verbs |
//! |---|---|---|
//! | `rusqlite`, `rusqlite-bundled` | `rusqlite::Connection`, `Transaction`, `Savepoint` | [`run`](Migrations::run), … |
//! | `postgres` | `postgres::Client`, `Transaction` | [`run`](Migrations::run), … |
//! | `tokio-postgres` | `tokio_postgres::Client`, `Transaction` | [`run_async`](Migrations::run_async), … |
//!
//! And whatever dereferences to one of them, such as the guard of a pool. Inside a transaction each migration gets a savepoint, and nothing
//! lasts without the commit. Other drivers can be added outside of this crate: see [`driver`].
//!
//! # Files
//!
//! `<version><sep><name>[.<dialect>][.up|.down].sql`, with an optional leading `V` and `_`, `__` or `-` as `sep`; or a folder
//! `<version><sep><name>/` that holds `up.sql` and `down.sql`, or `migration.sql`. Versions have 1 to 64 digits and are compared as
//! numbers; a date and a time may be spelled with dashes: `2024-03-13-170000_x`. The dialects are `postgres`, `sqlite` and `mysql`
//! (or `mariadb`, which is the same): `0003_users.postgres.sql` beside `0003_users.sqlite.sql` is one migration for two databases. There
//! is no driver for `mysql` yet: its scripts are checked and embedded, for whoever runs them by other means.
//!
//! A file holds SQL, and runs in a transaction of its own. `BEGIN;` … `COMMIT;` around the whole file is accepted and dropped; any other
//! transaction statement is an error. A script down without a statement is the same as none. A file of goose, dbmate or sql-migrate is
//! split at its marks into a script up and a script down. Dot files, `README*`, `metadata.toml`,
//! `migrations.lock`, `migration_lock.toml` and `atlas.sum` are left out; anything else that is no migration is an error.
//!
//! A migration is known by its version and its text: another name, or other line endings, change nothing. The text counts with its
//! comments.
//!
//! Directives are comment lines before the first statement:
//! - `-- migrate: no-transaction` for what cannot run in a transaction, such as `CREATE INDEX CONCURRENTLY`; without it such a statement
//!   is a compile error. The script then runs [statement by statement](#outside-of-a-transaction). The marks of other tools mean the same,
//!   among them sqlx's `-- no-transaction` and Diesel's `metadata.toml`.
//! - `-- migrate: lock-timeout=30s` and `-- migrate: statement-timeout=10min` (Postgres; `ms`, `s`, `min`, `h`, or `off`) instead of
//!   [`Migrator::lock_timeout`] and [`Migrator::statement_timeout`].
//! - `-- migrate: compatible=backward`: a binary that does not know the migration can go on with what it leaves; see
//!   [`Migrator::allow_ahead`].
//! - `-- migrate: foreign-keys=off`, `on` or `auto` (SQLite): whether foreign keys are off for the whole script, or never. By default they
//!   are off for the statements that drop a table or fill the one that takes its place, and behind a `PRAGMA foreign_keys = OFF` in the
//!   script. What it leaves is checked before its commit.
//! - `-- migrate: allow=<rule> <reason>` excuses a finding of the [lint](embed_migrations#arguments).
//!
//! # The lock file
//!
//! `migrations.lock` in the folder holds what has been reviewed, one line a migration, written by the command `migrate` (the crate
//! `migrate-cli`: `migrate new`, `migrate lock`). When it is there, a locked file that was edited, renamed or removed is a compile error,
//! and so is a new file that does not come after the last locked one. Files that are not locked are drafts: debug builds take them, for
//! a release build they are an error (a build counts as debug by `cfg(debug_assertions)`). Line endings and a byte order mark never count.
//! Whoever removes the lock file is not stopped, unless the macro says `lock = "required"`.
//!
//! # Other sources
//!
//! The macro is the way for what a program brings along: it alone finds mistakes before anything is deployed. Where it cannot be used,
//! the same reader reads a folder while the program runs, with the same rules, problems and checksums; a database does not tell the
//! sources apart. What would be a compile error is a `FolderError`.
//!
//! | feature | for | |
//! |---|---|---|
//! | `folder` | a folder that is not known when the program is built: of a plugin, of a tool, in tests | `Migrations::from_folder` |
//! | `include_dir` | a folder that the crate `include_dir` has put into the binary | `Migrations::from_include_dir` |
//!
//! Both have a twin with the arguments of the macro as `FolderOptions`: `from_folder_with`, `from_include_dir_with`. They compute
//! checksums at run time, so these features bring a hash function, which programs that only use the macro do without. A set that was read
//! so has no package to be known by: the history names the program instead (or what
//! [`Migrator::applied_by`] says).
//!
//! ```
//! # #[cfg(all(feature = "folder", feature = "rusqlite-bundled"))] {
//! use migrate_runtime::{FolderOptions, Migrations};
//!
//! let mut db = rusqlite::Connection::open_in_memory()?;
//! let of_plugin = Migrations::from_folder_with("doc-migrations", &FolderOptions::new().set("plugin"))?;
//! println!("{}", of_plugin.run(&mut db)?);
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The history
//!
//! One row a migration in the table `schema_migrations`: `set`, `version`, `name`, `checksum`, `state`, `applied_at` (UTC),
//! `execution_time_ms`, `statements`, `statements_begun`, `statements_done`, `applied_by`, `claim`, `audit`, `sql` and `down_sql`;
//! its primary key is (`set`, `version`). The row commits together with the migration. `execution_time_ms` is what the script took,
//! without the commit that [`Change::duration`] holds; on PostgreSQL with up to a second of waiting for other runners; of a script that was
//! interrupted and gone on with, all the time since it was first begun. `version` has no leading zeros, as a number has none. The states
//! are `applied`; `running` and `reverting` while a script is at work outside of a transaction; and `pending` for a migration that
//! is not applied any more. `audit` holds a line for everything that was done to the row since: when, what, who, the checksum
//! before, and why.
//!
//! Where binary and history do not match, nothing is applied; see [`Standing`] for the words, and the `allow_` options of [`Migrator`].
//!
//! # Outside of a transaction
//!
//! A script that says `-- migrate: no-transaction` is claimed first, then run statement by statement. Whatever can share a transaction with
//! the record of its success does; the others are announced before and recorded after. After a crash, [`run`](Migrator::run) goes on by
//! itself where the database can tell what became of the statement in doubt (an invalid index is dropped and built again); where it
//! cannot, the error shows the statement, and [`Migrator::resume`] takes a decision. A runner that lives is waited for, and none is
//! taken for dead by a clock. `docs/operating.md` has the details, and what holds behind a proxy that pools transactions.
//!
//! # Databases of other tools
//!
//! The feature `adopt` brings the verb `Migrator::adopt`, which takes over the history of refinery, sqlx, Diesel, rusqlite_migration,
//! golang-migrate, dbmate, goose, Flyway or Prisma, in one transaction: what the tool has applied counts as applied. Its table is only
//! read.
//! `schema_migrations` is the table of golang-migrate and dbmate, too: name another [`history_table`](Migrator::history_table) then.
//!
//! ```
//! # #[cfg(all(feature = "adopt", feature = "rusqlite-bundled"))] {
//! use migrate_runtime::{Migrator, Tool, embed_migrations};
//!
//! let mut db = rusqlite::Connection::open_in_memory()?;
//! db.execute_batch("CREATE TABLE users (id integer PRIMARY KEY); PRAGMA user_version = 1")?; // as rusqlite_migration leaves it
//! let migrations = embed_migrations!("doc-migrations");
//! let report = Migrator::new(&migrations).adopt(&mut db, Tool::RusqliteMigration)?;
//! assert_eq!(report.changes().len(), 1);
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Pools and asynchronous code
//!
//! ```no_run
//! # #[cfg(feature = "tokio-postgres")] {
//! # async fn migrate(url: &str) -> Result<(), Box<dyn std::error::Error>> {
//! use migrate_runtime::{Migrations, embed_migrations};
//!
//! static MIGRATIONS: Migrations = embed_migrations!("doc-migrations", dialect = "postgres");
//!
//! let (mut client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
//! tokio::spawn(connection);
//! MIGRATIONS.run_async(&mut client).await?; // with a pool: `run_async(&mut pool.get().await?)`
//! # Ok(())
//! # }
//! # }
//! ```
//!
//! # Failures
//!
//! Every verb fails with an [`Error`]. Its text is for people: what happened and where, what the database said, and the next step. For
//! programs it has an [`ErrorKind`], the [label](Error::migration) of the migration, [what stands in the way](Error::problems) when
//! history and binary do not match, [what was done before](Error::report) and stays so, and the [driver's own error](Error::driver_error).
//!
//! ```
//! # #[cfg(feature = "rusqlite-bundled")] {
//! use migrate_runtime::{ErrorKind, embed_migrations};
//!
//! let mut db = rusqlite::Connection::open_in_memory()?;
//! db.execute_batch("CREATE TABLE users (id integer)")?; // in the way of the first migration
//! let error = embed_migrations!("doc-migrations").run(&mut db).unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::StatementFailed);
//! assert_eq!(error.migration().map(|label| label.as_str()), Some("0001_users"));
//! eprintln!("{error}"); // with the line of SQL, what the database said, and the next step
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Tests
//!
//! The feature `testing`, for `[dev-dependencies]`, brings the module `testing`: databases for tests that are migrated already, on SQLite
//! in microseconds, on Postgres as a copy of a template; and rehearsals of a set, from every version and back. What they compare is a
//! `Fingerprint` of the schema, which the feature `fingerprint` has alone: a program may compare its database with what it should be.
//!
//! ```
//! # #[cfg(all(feature = "testing", feature = "rusqlite-bundled"))] {
//! use migrate_runtime::{Migrations, embed_migrations, testing};
//!
//! static MIGRATIONS: Migrations = embed_migrations!("doc-migrations");
//!
//! let db = testing::sqlite(&MIGRATIONS)?;
//! println!("{}", testing::Rehearsal::of(&MIGRATIONS).sqlite()?);
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is promised
//!
//! - What ran is what was reviewed: an applied migration that no longer matches the binary is an error before anything is touched.
//! - Exactly once, whole or not at all: any number of processes may start at once, any of them may die at any instant. (What has
//!   been sent to a server may still be committed by it after the process has died; the next start finds out.)
//! - A mistake stops the build, not the deployment: what can be known at compile time is a compile error.
//!
//! # Where to read on
//!
//! - [`embed_migrations!`]: its arguments, and when it is built again.
//! - [`Migrator`]: every option and verb, each with an example; [`Standing`] for the words, [`ErrorKind`] for what can go wrong.
//! - [`Step`]: migrations in Rust, for data that SQL cannot move.
//! - The module `testing` (with the feature of that name): databases for tests, and rehearsals.
//! - In the repository: `docs/operating.md` has every verb, policy and lock; `docs/safety.md` what is promised when something dies, each
//!   with its test; `docs/moving-from-another-tool.md` how to come here; the folder `examples` has whole programs.

mod block_on;
mod difference;
pub mod driver;
mod engine;
mod error;
mod event;
mod excerpt;
#[cfg(feature = "fingerprint")]
mod fingerprint;
#[cfg(feature = "folder")]
mod folder;
mod host;
mod migrations;
mod migrator;
mod origin;
mod quote;
mod report;
#[cfg(debug_assertions)]
mod stale;
mod step;
mod table;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "tracing")]
mod trace;
mod watch;

pub use error::{Error, ErrorKind, Problem};
pub use event::Event;
#[cfg(feature = "fingerprint")]
pub use fingerprint::{Fingerprint, fingerprint, fingerprint_async, fingerprint_without, fingerprint_without_async};
#[cfg(feature = "folder")]
pub use folder::{FolderError, FolderOptions};
#[cfg(feature = "folder")]
pub use migrate_core::Problem as FolderProblem;
#[cfg(feature = "adopt")]
pub use migrate_core::adopt::Tool;
#[cfg(feature = "folder")]
pub use migrate_core::lock::LockUse;
pub use migrate_core::plan::Standing;
pub use migrate_core::{
    AuditEntry, Checksum, Dialect, Direction, Label, Migration, MigrationSet, Place, RowState, Script, Version,
    VersionError,
};
pub use migrations::Migrations;
#[cfg(feature = "adopt")]
pub use migrator::OldHistory;
pub use migrator::{DryRun, Migrator, Resume, Scope};
pub use report::{Action, Change, History, HistoryEntry, MigrationStatus, Plan, PlannedChange, Report, Status};
#[cfg(feature = "tokio-postgres")]
pub use step::StepFuture;
pub use step::{Step, StepError};
pub use watch::watch;

/// Embeds a folder of SQL migrations: an expression of type [`Migrations`], for a `static`, a `const` or in place.
///
/// The folder is relative to the package's `Cargo.toml`. Every migration in it is read, checked and checksummed at build time;
/// everything that is wrong is a compile error, all of it in one build. See the [front page](crate#files) for the names of files.
///
/// # When it is built again
///
/// Editing or deleting a file triggers a rebuild, and so does every change of the lock file, which `migrate new` makes. A file that is
/// just dropped into the folder does not, because cargo watches the files that it knows. In debug builds the verbs that judge a
/// database compare the set with the folder first, when it is there, and fail with [`ErrorKind::StaleBinary`]:
/// "this binary is stale: `0007_x.sql` is not in it; rebuild it". A release build knows nothing of the folder. A `build.rs` can have
/// cargo watch the folder with one line, or with [`watch`]:
///
/// ```
/// println!("cargo::rerun-if-changed=migrations");
/// ```
///
/// # Arguments
///
/// - `dialect = "postgres"` or `"sqlite"`: the only database that the scripts are for; any other is refused at start. More can be
///   checked then: without it, a script is refused only if it is wrong for both. `"mysql"` (or `"mariadb"`) is checked and embedded,
///   but has no driver yet.
/// - `set = "billing"`: the name of the set, `"default"` otherwise. Sets of different names share a history table.
/// - `ignore = ["data_*.sql"]`: entries of the folder to leave out; `*` stands for any text, `?` for any character.
/// - `lock = "required"`: there must be a lock file; `lock = "off"`: it is not looked at. Without the argument it holds where it is.
/// - `lint = "deny"` (feature `lint`): what is risky is an error, such as locks that stop everybody, and lost data. Only what is not
///   locked is judged; without a lock file that is everything. `migrate check --rules` lists the rules.
/// - `crate = path`: where to find `migrate_runtime`, when another crate re-exports it or `Cargo.toml` renames it.
///
/// ```
/// use migrate_runtime::{Migrations, embed_migrations};
///
/// static MIGRATIONS: Migrations = embed_migrations!("doc-migrations", dialect = "sqlite", ignore = ["*.csv"]);
/// assert_eq!(MIGRATIONS.set().scripts()[0].name(), "users");
/// ```
///
/// An empty folder is allowed; a missing one is an error:
///
/// ```compile_fail
/// migrate_runtime::embed_migrations!("no-such-folder");
/// ```
pub use migrate_macros::embed_migrations;

/// What expansions of `embed_migrations!` name. Not public API.
#[doc(hidden)]
pub mod __private {
    use std::borrow::Cow;

    use migrate_core::Dialect;
    pub use migrate_core::embedded::{ANY_DIALECT, MYSQL, POSTGRES, SQLITE, outside_of_transaction, script, set, up};
    pub use migrate_core::{Direction, MigrationSet, Script};

    use crate::Migrations;
    pub use crate::origin::Origin;

    pub const fn migrations(set: MigrationSet, package: &'static str, origin: Origin) -> Migrations {
        Migrations::new(set, Cow::Borrowed(package), origin)
    }

    /// Stands in for a set that was refused, so that nothing but the refusal is reported.
    pub const fn refused() -> Migrations {
        Migrations::new(set("", &[], 0, [None; Dialect::ALL.len()]), Cow::Borrowed(""), Origin::ELSEWHERE)
    }
}
