//! The one error of the verbs: opaque, with predicates, and a text that says the next step.

use std::error::Error as StdError;
use std::fmt;

use migrate_core::plan::Standing;
use migrate_core::{Label, Version};

use crate::driver::DriverError;
use crate::excerpt::Excerpt;
use crate::report::Report;

/// Why a verb failed.
///
/// The text says what happened, where, what the database said, and what to do next; it may have several lines.
/// [`source`](StdError::source) is always `None`, because the text already holds what the driver said: the driver's own error
/// is at [`driver_error`](Error::driver_error), to be downcast. `Debug` prints the same text, so that
/// `fn main() -> Result<(), Box<dyn Error>>` shows it to people.
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// use migrate_runtime::{ErrorKind, Migrations, embed_migrations};
///
/// static MIGRATIONS: Migrations = embed_migrations!("doc-migrations");
///
/// fn start(db: &mut rusqlite::Connection) -> Result<(), migrate_runtime::Error> {
///     match MIGRATIONS.run(db) {
///         Err(error) if error.kind() == ErrorKind::WaitTimeout => {
///             eprintln!("{error}\ngoing on: another replica is at work");
///             Ok(())
///         }
///         result => result.map(drop),
///     }
/// }
/// # let mut db = rusqlite::Connection::open_in_memory()?;
/// # start(&mut db)?;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Error(Box<Parts>);

struct Parts {
    kind: ErrorKind,
    message: String,
    /// Lines after the message, such as the excerpt of a script or a difference; without a line end.
    body: String,
    help: String,
    /// Where the help line begins.
    margin: usize,
    migration: Option<(Version, Label)>,
    problems: Vec<Problem>,
    report: Report,
    statement: Option<String>,
    may_pass: bool,
    driver: Option<DriverError>,
}

/// A migration that stands in the way of a run.
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// use migrate_runtime::{Standing, embed_migrations};
///
/// let migrations = embed_migrations!("doc-migrations");
/// let mut db = rusqlite::Connection::open_in_memory()?;
/// migrations.run(&mut db)?;
/// # db.execute("UPDATE schema_migrations SET checksum = 'sha256:' || printf('%064d', 0) WHERE version = '2'", [])?;
/// // The text of 0002_users_email is not the one that was applied.
/// let error = migrations.run(&mut db).unwrap_err();
/// let problem = &error.problems()[0];
/// assert_eq!(problem.migration.as_str(), "0002_users_email");
/// assert_eq!(problem.standing, Standing::Divergent);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Problem {
    /// Version and name.
    pub migration: Label,
    /// What is wrong with it.
    pub standing: Standing,
}

/// What kind of failure it is.
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// use migrate_runtime::{ErrorKind, embed_migrations};
///
/// let mut db = rusqlite::Connection::open_in_memory()?;
/// let error = embed_migrations!("doc-migrations").verify(&mut db).unwrap_err();
/// let advice = match error.kind() {
///     ErrorKind::Pending => "start the migrating program first",
///     ErrorKind::ConnectionLost | ErrorKind::WaitTimeout => "try again",
///     _ => "ask a person",
/// };
/// assert_eq!(advice, "start the migrating program first");
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A statement of a migration failed. The migration was rolled back, or stays where it is, outside of a transaction; the message says
    /// which.
    StatementFailed,
    /// The history does not match the binary: [`Error::problems`] tells which migrations stand in the way.
    HistoryMismatch,
    /// [`verify`](crate::Migrations::verify) found migrations that are not applied yet.
    Pending,
    /// Another runner, or on SQLite whoever else was writing, was busy for longer than
    /// [`wait_timeout`](crate::Migrator::wait_timeout).
    WaitTimeout,
    /// A migration has ended its transaction by itself, so that what it did may be committed: a person has to look.
    LeftTransaction,
    /// The connection was lost.
    ConnectionLost,
    /// The database refused something that is not a statement of a migration: a permission, a read-only file.
    Database,
    /// The history table is not one of ours.
    ForeignTable,
    /// A row of the history table cannot be read, or is gone although it was written.
    BadHistory,
    /// A version has no script for the dialect of the database.
    MissingDialect,
    /// A script cannot be read in the dialect of the database.
    UnreadableScript,
    /// A script or a step cannot run here: outside of a transaction where there is one, inside of yours or with
    /// [`Scope::All`](crate::Scope::All); or on another driver than the one that the step is made for.
    Unsupported,
    /// The connection is inside a transaction that the driver does not know of.
    InTransaction,
    /// A debug build that differs from the folder it was built from: it has to be built again.
    StaleBinary,
    /// An option of the [`Migrator`](crate::Migrator) makes no sense.
    InvalidOption,
    /// Neither the binary nor the history has the version.
    UnknownVersion,
    /// What is to be reverted has no script down.
    NoDownScript,
    /// A baseline was asked for where there is a history; or another tool's history was to be taken over, and this one says otherwise.
    HasHistory,
    /// The history of another tool cannot be taken over as it is.
    ForeignHistory,
    /// A migration that runs outside of a transaction was left in the middle, and a person has to decide how to go on; or somebody
    /// is at work on it.
    Interrupted,
    /// A script for SQLite leaves rows that refer to nothing, and was rolled back.
    ForeignKeyViolation,
    /// The kit for tests could not make a database.
    TestDatabase,
    /// A rehearsal of the kit for tests found two ways that lead to different schemas, or a migration without a script down.
    Rehearsal,
}

impl ErrorKind {
    /// A stable code for programs, such as `statement-failed`.
    ///
    /// ```
    /// use migrate_runtime::ErrorKind;
    ///
    /// assert_eq!(ErrorKind::HistoryMismatch.code(), "history-mismatch"); // for logs and metrics
    /// ```
    pub const fn code(self) -> &'static str {
        match self {
            ErrorKind::StatementFailed => "statement-failed",
            ErrorKind::HistoryMismatch => "history-mismatch",
            ErrorKind::Pending => "pending",
            ErrorKind::WaitTimeout => "wait-timeout",
            ErrorKind::LeftTransaction => "left-transaction",
            ErrorKind::ConnectionLost => "connection-lost",
            ErrorKind::Database => "database",
            ErrorKind::ForeignTable => "foreign-table",
            ErrorKind::BadHistory => "bad-history",
            ErrorKind::MissingDialect => "missing-dialect",
            ErrorKind::UnreadableScript => "unreadable-script",
            ErrorKind::Unsupported => "unsupported",
            ErrorKind::InTransaction => "in-transaction",
            ErrorKind::StaleBinary => "stale-binary",
            ErrorKind::InvalidOption => "invalid-option",
            ErrorKind::UnknownVersion => "unknown-version",
            ErrorKind::NoDownScript => "no-down-script",
            ErrorKind::HasHistory => "has-history",
            ErrorKind::ForeignHistory => "foreign-history",
            ErrorKind::Interrupted => "interrupted",
            ErrorKind::ForeignKeyViolation => "foreign-key-violation",
            ErrorKind::TestDatabase => "test-database",
            ErrorKind::Rehearsal => "rehearsal",
        }
    }
}

impl Error {
    /// What kind of failure it is.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::embed_migrations;
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    /// # db.execute_batch("CREATE TABLE users (id integer)")?;
    /// // There is a table `users` already.
    /// let error = embed_migrations!("doc-migrations").run(&mut db).unwrap_err();
    /// assert_eq!(error.kind(), migrate_runtime::ErrorKind::StatementFailed);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The stable code of the kind, such as `statement-failed`.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::embed_migrations;
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    /// # db.execute_batch("CREATE TABLE users (id integer)")?;
    /// // There is a table `users` already.
    /// let error = embed_migrations!("doc-migrations").run(&mut db).unwrap_err();
    /// assert_eq!(error.code(), "statement-failed");
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn code(&self) -> &'static str {
        self.0.kind.code()
    }

    /// The migration that failed, as people read it: `0004_orders`.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::embed_migrations;
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    /// # db.execute_batch("CREATE TABLE users (id integer)")?;
    /// // There is a table `users` already.
    /// let error = embed_migrations!("doc-migrations").run(&mut db).unwrap_err();
    /// assert_eq!(error.migration().map(|label| label.as_str()), Some("0001_users"));
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn migration(&self) -> Option<&Label> {
        self.0.migration.as_ref().map(|(_, label)| label)
    }

    /// The version of the migration that failed.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::embed_migrations;
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    /// # db.execute_batch("CREATE TABLE users (id integer)")?;
    /// // There is a table `users` already.
    /// let error = embed_migrations!("doc-migrations").run(&mut db).unwrap_err();
    /// assert_eq!(error.version(), Some(&1.into()));
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn version(&self) -> Option<&Version> {
        self.0.migration.as_ref().map(|(version, _)| version)
    }

    /// Every migration that stands in the way, by version; empty unless history and binary do not match.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{Migrator, Standing, Step, embed_migrations};
    ///
    /// let migrations = embed_migrations!("doc-migrations");
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// Migrator::new(&migrations).step(3, "slugs", Step::rusqlite(|_| Ok(()))).run(&mut db)?; // a newer release
    ///
    /// let error = migrations.run(&mut db).unwrap_err();
    /// let is_ahead = error.problems().iter().all(|problem| problem.standing == Standing::Ahead);
    /// assert!(is_ahead); // this program is older than the database
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn problems(&self) -> &[Problem] {
        &self.0.problems
    }

    /// What was done, and stays so, before the failure.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::{Migrator, Step, embed_migrations};
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    /// let migrations = embed_migrations!("doc-migrations");
    /// let migrator = Migrator::new(&migrations).step(3, "fails", Step::rusqlite(|_| Err("no network".into())));
    /// let error = migrator.run(&mut db).unwrap_err();
    /// assert_eq!(error.report().changes().len(), 2); // versions 1 and 2 are applied
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn report(&self) -> &Report {
        &self.0.report
    }

    /// The next step, in a line.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::embed_migrations;
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    /// # db.execute_batch("CREATE TABLE users (id integer)")?;
    /// // There is a table `users` already.
    /// let error = embed_migrations!("doc-migrations").run(&mut db).unwrap_err();
    /// assert!(error.help().contains("start again"));
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn help(&self) -> &str {
        &self.0.help
    }

    /// The text of the statement that failed or is in doubt, where it is known.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::embed_migrations;
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    /// # db.execute_batch("CREATE TABLE users (id integer)")?;
    /// // There is a table `users` already.
    /// let error = embed_migrations!("doc-migrations").run(&mut db).unwrap_err();
    /// assert!(error.statement().is_some_and(|sql| sql.starts_with("CREATE TABLE users")));
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn statement(&self) -> Option<&str> {
        self.0.statement.as_deref()
    }

    /// The database's own code: an SQLSTATE, or an extended result code of SQLite.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::embed_migrations;
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    /// # db.execute_batch("CREATE TABLE users (id integer)")?;
    /// // There is a table `users` already.
    /// let error = embed_migrations!("doc-migrations").run(&mut db).unwrap_err();
    /// assert_eq!(error.database_code(), Some("1")); // SQLITE_ERROR; on Postgres "42P07"
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn database_code(&self) -> Option<&str> {
        self.0.driver.as_ref()?.code()
    }

    /// Where in the server it happened, where it said so.
    pub(crate) fn driver_context(&self) -> Option<&str> {
        self.0.driver.as_ref()?.context()
    }

    /// The driver's own error, to be downcast to `rusqlite::Error`, `postgres::Error` or `tokio_postgres::Error`.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::embed_migrations;
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    /// # db.execute_batch("CREATE TABLE users (id integer)")?;
    /// // There is a table `users` already.
    /// let error = embed_migrations!("doc-migrations").run(&mut db).unwrap_err();
    /// let of_driver = error.driver_error().and_then(|error| error.downcast_ref::<rusqlite::Error>());
    /// assert!(of_driver.is_some());
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn driver_error(&self) -> Option<&(dyn StdError + Send + Sync + 'static)> {
        self.0.driver.as_ref().map(DriverError::driver_error)
    }

    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error(Box::new(Parts {
            kind,
            message: message.into(),
            body: String::new(),
            help: String::new(),
            margin: Excerpt::MARGIN,
            migration: None,
            problems: Vec::new(),
            report: Report::default(),
            statement: None,
            may_pass: false,
            driver: None,
        }))
    }

    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Error {
        self.0.help = help.into();
        self
    }

    pub(crate) fn with_margin(mut self, margin: usize) -> Error {
        self.0.margin = margin;
        self
    }

    /// Adds lines after the message.
    pub(crate) fn with_body(mut self, body: impl Into<String>) -> Error {
        self.0.body = body.into();
        self
    }

    pub(crate) fn with_migration(mut self, version: &Version, label: Label) -> Error {
        self.0.migration = Some((version.clone(), label));
        self
    }

    pub(crate) fn with_problems(mut self, problems: Vec<Problem>) -> Error {
        self.0.problems = problems;
        self
    }

    pub(crate) fn with_report(mut self, report: Report) -> Error {
        self.0.report = report;
        self
    }

    /// Adds the statement that it is about.
    pub(crate) fn with_statement(mut self, statement: Option<String>) -> Error {
        self.0.statement = statement;
        self
    }

    /// Whether another try may succeed.
    pub(crate) fn that_may_pass(mut self, may_pass: bool) -> Error {
        self.0.may_pass = may_pass;
        self
    }

    pub(crate) fn may_pass(&self) -> bool {
        self.0.may_pass
    }

    /// Says which of several sets it is about.
    pub(crate) fn in_set(self, set: &str) -> Error {
        self.with_note(&format!("in the set `{set}`"))
    }

    /// Tells another error first, which was found before this one.
    pub(crate) fn behind(self, first: Option<Error>) -> Error {
        let Some(mut first) = first else { return self };
        first.0.problems.extend(self.0.problems.iter().cloned());
        let told = if self.0.help == first.0.help { self.with_help("") } else { self };
        first.0.body.push_str(&format!("\n{told}"));
        first
    }

    /// Adds a line at the end of the body.
    pub(crate) fn with_note(mut self, note: &str) -> Error {
        let margin = " ".repeat(self.0.margin + 1);
        self.0.body.push_str(&format!("\n{margin}= {}", migrate_core::printable(note)));
        self
    }

    /// Tells how often it was tried.
    pub(crate) fn after_tries(self, tries: u32) -> Error {
        if tries > 1 { self.with_note(&format!("tried {tries} times")) } else { self }
    }

    /// The transaction around everything is rolled back.
    pub(crate) fn nothing_stays(self) -> Error {
        self.with_note("the run was one transaction (`Scope::All`), and is rolled back as a whole")
    }

    pub(crate) fn take_driver(&mut self) -> Option<DriverError> {
        self.0.driver.take()
    }

    pub(crate) fn with_driver(mut self, driver: DriverError) -> Error {
        self.0.driver = Some(driver);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if !self.0.body.is_empty() {
            write!(f, "\n{}", self.0.body)?;
        }
        if !self.0.help.is_empty() {
            write!(f, "\n{}= help: {}", " ".repeat(self.0.margin + 1), self.0.help)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StdError for Error {}
