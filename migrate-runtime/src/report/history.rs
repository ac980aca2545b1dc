//! What was done to the database, in the order in which it was done.

use std::fmt;

use migrate_core::{AuditEntry, HistoryRow, Label, RowState};

use super::text::{lines, sets, width};

/// The rows of the history table, in the order of their application, with their audit trails.
///
/// ```text
/// applied    0001_users        2026-03-13T17:00:00.123Z      3 ms  app@web-1 shop 1.4.0
/// pending    0003_orders       2026-03-14T09:30:00.000Z     12 ms  app@web-1 shop 1.5.0
///            2026-03-15T08:00:00.000Z reverted by app@web-1 shop 1.5.1
/// applied    0002_users_email  2026-03-15T08:00:01.500Z      1 ms  app@web-1 shop 1.5.1
/// ```
///
/// A row has one time of application, the latest: what was done to it since is in its audit trail.
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// use migrate_runtime::{Migrator, embed_migrations};
///
/// let migrations = embed_migrations!("doc-migrations");
/// let mut db = rusqlite::Connection::open_in_memory()?;
/// let migrator = Migrator::new(&migrations);
/// migrator.run(&mut db)?;
/// let history = migrator.history(&mut db)?;
/// assert_eq!(history.entries().len(), 2);
/// println!("{history}"); // in the manner of the above
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct History {
    pub(crate) entries: Vec<HistoryEntry>,
}

/// A row of the history table.
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// use migrate_runtime::{Migrator, RowState, embed_migrations};
///
/// let migrations = embed_migrations!("doc-orders");
/// let mut db = rusqlite::Connection::open_in_memory()?;
/// let migrator = Migrator::new(&migrations);
/// migrator.run(&mut db)?;
/// migrator.mark_pending(&mut db, 2.into(), "the column was dropped by hand")?;
/// let history = migrator.history(&mut db)?;
/// let entry = &history.entries()[1];
/// assert_eq!(entry.state, RowState::Pending);
/// assert_eq!(entry.audit[0].reason, "the column was dropped by hand");
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct HistoryEntry {
    /// The name of its set.
    pub set: String,
    /// Version and name, as the history has them.
    pub migration: Label,
    /// The version, in digits without leading zeros.
    pub version: String,
    /// What the row says of the migration.
    pub state: RowState,
    /// When it was applied, in UTC: `2026-03-13T17:00:00.123Z`.
    pub applied_at: String,
    /// How long that took, in milliseconds, without the commit.
    pub execution_time_ms: Option<u64>,
    /// Who applied it: user, host, binary and its version.
    pub applied_by: String,
    /// The checksum of the SQL that was applied: `sha256:…`.
    pub checksum: String,
    /// What was done to the row since, in order.
    pub audit: Vec<AuditEntry>,
}

impl History {
    pub(crate) fn add(&mut self, set: &str, mut rows: Vec<HistoryRow>) {
        rows.sort_by(|a, b| a.version.cmp(&b.version));
        let entry = |row: HistoryRow| HistoryEntry {
            set: set.to_owned(),
            migration: row.label(),
            version: row.version.digits().to_owned(),
            state: row.state,
            execution_time_ms: row.execution_time_ms,
            checksum: row.checksum.to_string(),
            audit: AuditEntry::read(&row.audit),
            applied_at: row.applied_at,
            applied_by: row.applied_by,
        };
        self.entries.extend(rows.into_iter().map(entry));
        // Times of one format sort as text. What was applied in one instant was applied in the order of its versions.
        self.entries.sort_by(|a, b| a.applied_at.cmp(&b.applied_at));
    }

    /// The rows, in the order of their application.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::{Migrator, embed_migrations};
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    /// let migrations = embed_migrations!("doc-migrations");
    /// let migrator = Migrator::new(&migrations);
    /// assert!(migrator.history(&mut db)?.entries().is_empty());
    /// migrator.run(&mut db)?;
    /// assert_eq!(migrator.history(&mut db)?.entries()[0].migration.as_str(), "0001_users");
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn entries(&self) -> &[HistoryEntry] {
        &self.entries
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.entries.is_empty() {
            return f.write_str("no history");
        }
        let width = width(self.entries.iter().map(|entry| &entry.migration));
        let sets = sets(self.entries.iter().map(|entry| &*entry.set));
        lines(f, &self.entries, |f, entry| {
            write!(f, "{:9}  {}", entry.state.as_str(), sets.column(&entry.set))?;
            write!(f, "{:width$}  {}", entry.migration, entry.applied_at)?;
            match entry.execution_time_ms {
                Some(milliseconds) => write!(f, "  {milliseconds:>5} ms")?,
                None => write!(f, "          ")?,
            }
            write!(f, "  {}", entry.applied_by)?;
            entry.audit.iter().try_for_each(|AuditEntry { at, action, by, checksum_before, reason }| {
                write!(f, "\n           {at} {action} by {by}")?;
                if let Some(checksum) = checksum_before {
                    write!(f, ", was {checksum}")?;
                }
                if reason.is_empty() { Ok(()) } else { write!(f, ": {reason}") }
            })
        })
    }
}
