//! Where every migration stands.

use std::fmt;

use migrate_core::plan::{Item, Standing, Standings};
use migrate_core::{Dialect, Label, RowState};

use super::text::{lines, sets, width};

/// Where every migration stands, those of the binary and those of the history.
///
/// ```text
/// applied       0001_users        2026-03-13T17:00:00.123Z      3 ms  app@web-1 shop 1.4.0
/// divergent     0002_users_email  2026-03-13T17:00:00.127Z      1 ms  app@web-1 shop 1.4.0
/// pending       0003_orders
/// ```
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// use migrate_runtime::{Migrator, Standing, embed_migrations};
///
/// let migrations = embed_migrations!("doc-migrations");
/// let mut db = rusqlite::Connection::open_in_memory()?;
/// Migrator::new(&migrations).at_most(1).run(&mut db)?;
/// let status = migrations.status(&mut db)?;
/// let standings: Vec<Standing> = status.migrations().iter().map(|migration| migration.standing).collect();
/// assert_eq!(standings, [Standing::Applied, Standing::Pending]);
/// println!("{status}"); // in the manner of the above
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Status {
    pub(crate) dialect: String,
    pub(crate) migrations: Vec<MigrationStatus>,
}

/// Where one migration stands.
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// # use migrate_runtime::embed_migrations;
/// # let mut db = rusqlite::Connection::open_in_memory()?;
/// let migrations = embed_migrations!("doc-migrations");
/// migrations.run(&mut db)?;
/// let status = migrations.status(&mut db)?;
/// let users = &status.migrations()[0];
/// assert_eq!((users.migration.as_str(), users.version.as_str()), ("0001_users", "1"));
/// assert_eq!(users.applied_checksum, users.embedded_checksum);
/// assert!(users.applied_at.as_ref().is_some_and(|time| time.ends_with('Z')));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MigrationStatus {
    /// The name of its set.
    pub set: String,
    /// Version and name.
    pub migration: Label,
    /// The version, in digits without leading zeros.
    pub version: String,
    /// How binary and history relate.
    pub standing: Standing,
    /// The name in the history, where it is another one.
    pub renamed_from: Option<String>,
    /// When it was applied, in UTC: `2026-03-13T17:00:00.123Z`.
    pub applied_at: Option<String>,
    /// How long that took, in milliseconds, without the commit.
    pub execution_time_ms: Option<u64>,
    /// Who applied it: user, host, binary and its version.
    pub applied_by: Option<String>,
    /// How many statements its script has, as far as the history knows.
    pub statements: Option<u64>,
    /// How many of them are done.
    pub statements_done: Option<u64>,
    /// Whether a statement was begun, and the history does not know what became of it.
    pub is_in_doubt: bool,
    /// Whether it is the script down that is running or was interrupted.
    pub is_reverting: bool,
    /// The checksum of the SQL that was applied: `sha256:…`.
    pub applied_checksum: Option<String>,
    /// The checksum of the SQL in the binary: `sha256:…`.
    pub embedded_checksum: Option<String>,
}

impl Status {
    pub(crate) fn of(dialect: Dialect) -> Status {
        Status { dialect: dialect.to_string(), migrations: Vec::new() }
    }

    pub(crate) fn add(&mut self, set: &str, standings: &Standings<'_>, dialect: Dialect) {
        self.migrations.extend(standings.items().iter().map(|item| MigrationStatus::of(set, item, dialect)));
    }

    /// Every migration, by version; one set after the other.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::embed_migrations;
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    /// let status = embed_migrations!("doc-migrations").status(&mut db)?;
    /// let names: Vec<&str> = status.migrations().iter().map(|status| status.migration.as_str()).collect();
    /// assert_eq!(names, ["0001_users", "0002_users_email"]);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn migrations(&self) -> &[MigrationStatus] {
        &self.migrations
    }

    /// How many migrations stand so.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::{Standing, embed_migrations};
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    /// let status = embed_migrations!("doc-migrations").status(&mut db)?;
    /// assert_eq!(status.count(Standing::Pending), 2);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn count(&self, standing: Standing) -> usize {
        self.migrations.iter().filter(|migration| migration.standing == standing).count()
    }

    /// Whether everything is applied and nothing else is, not even what this binary may live with;
    /// [`verify`](crate::Migrations::verify) accepts that.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::embed_migrations;
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    /// let migrations = embed_migrations!("doc-migrations");
    /// assert!(!migrations.status(&mut db)?.is_up_to_date());
    /// migrations.run(&mut db)?;
    /// assert!(migrations.status(&mut db)?.is_up_to_date());
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_up_to_date(&self) -> bool {
        self.count(Standing::Applied) == self.migrations.len()
    }
}

impl MigrationStatus {
    fn of(set: &str, item: &Item<'_>, dialect: Dialect) -> MigrationStatus {
        let row = item.row();
        MigrationStatus {
            set: set.to_owned(),
            statements: item.statements(dialect),
            statements_done: row.map(|row| row.statements_done),
            is_in_doubt: row.is_some_and(|row| row.statements_begun > row.statements_done),
            is_reverting: row.is_some_and(|row| row.state == RowState::Reverting),
            migration: item.label(),
            version: item.version().digits().to_owned(),
            standing: item.standing(),
            renamed_from: item.renamed_from().map(str::to_owned),
            applied_at: row.map(|row| row.applied_at.clone()),
            execution_time_ms: row.and_then(|row| row.execution_time_ms),
            applied_by: row.map(|row| row.applied_by.clone()),
            applied_checksum: row.map(|row| row.checksum.to_string()),
            embedded_checksum: item.embedded().map(|migration| migration.up().checksum().to_string()),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.migrations.is_empty() {
            return f.write_str("no migrations");
        }
        let width = width(self.migrations.iter().map(|migration| &migration.migration));
        let sets = sets(self.migrations.iter().map(|migration| &*migration.set));
        lines(f, &self.migrations, |f, status| {
            write!(f, "{:12}  {}", status.standing.as_str(), sets.column(&status.set))?;
            let Some(applied_at) = &status.applied_at else { return write!(f, "{}", status.migration) };
            write!(f, "{:width$}  {applied_at}", status.migration)?;
            if let Some(milliseconds) = status.execution_time_ms {
                write!(f, "  {milliseconds:>5} ms")?;
            }
            if let Some(applied_by) = &status.applied_by {
                write!(f, "  {applied_by}")?;
            }
            if matches!(status.standing, Standing::Running | Standing::Interrupted) {
                let (done, of) = (status.statements_done.unwrap_or(0), status.statements.unwrap_or(0));
                let script = if status.is_reverting { " of its script down" } else { "" };
                write!(f, "  {done} of {of} statements{script} done")?;
                if status.is_in_doubt {
                    write!(f, ", the next one begun")?;
                }
            }
            status.renamed_from.as_ref().map_or(Ok(()), |name| write!(f, "  (as {name:?})"))
        })
    }
}
