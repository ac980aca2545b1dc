//! What the verbs return, for people (`Display`: one line a migration) and for programs (`serde`).

mod history;
mod plan;
mod status;
mod text;

use std::fmt;
use std::time::Duration;

use migrate_core::Label;

pub use history::{History, HistoryEntry};
pub use plan::{Plan, PlannedChange};
pub use status::{MigrationStatus, Status};
pub(crate) use text::count;
use text::{empty, left_out, lines, sets, width};

/// What a verb did.
///
/// ```text
/// applied 0001_users            3 ms
/// applied 0002_users_email      1 ms
/// ```
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// use migrate_runtime::embed_migrations;
///
/// let mut db = rusqlite::Connection::open_in_memory()?;
/// let report = embed_migrations!("doc-migrations").run(&mut db)?;
/// println!("{report}"); // as above
/// for change in report.changes() {
///     println!("{} took {:?}", change.migration, change.duration);
/// }
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Report {
    pub(crate) changes: Vec<Change>,
    pub(crate) total: usize,
    pub(crate) pending: usize,
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(crate) when_empty: &'static str,
}

/// What a verb did to a migration.
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// # use migrate_runtime::embed_migrations;
/// # let mut db = rusqlite::Connection::open_in_memory()?;
/// let report = embed_migrations!("doc-migrations").run(&mut db)?;
/// let change = &report.changes()[0];
/// assert_eq!((change.set.as_str(), change.migration.as_str(), change.statements), ("default", "0001_users", 1));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Change {
    /// The name of its set.
    pub set: String,
    /// Version and name.
    pub migration: Label,
    /// What was done.
    pub action: Action,
    /// How many statements ran.
    pub statements: usize,
    /// How long it took, from its first request to the answer to its last.
    #[cfg_attr(feature = "serde", serde(rename = "duration_ms", serialize_with = "milliseconds"))]
    pub duration: Duration,
    /// What else is worth knowing, such as that SQLite's foreign keys were off; a line each.
    pub notes: Vec<String>,
}

/// What a verb does to a migration.
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// use migrate_runtime::{Action, Migrator, embed_migrations};
///
/// let migrations = embed_migrations!("doc-orders");
/// let mut db = rusqlite::Connection::open_in_memory()?;
/// db.execute_batch("CREATE TABLE orders (id integer PRIMARY KEY, number text NOT NULL)")?; // by hand, long ago
/// let report = Migrator::new(&migrations).baseline(&mut db, 1.into())?;
/// assert_eq!(report.changes()[0].action, Action::Baseline);
/// let report = migrations.run(&mut db)?;
/// assert_eq!(report.changes()[0].action, Action::Apply);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Action {
    /// Its script up runs, or its step in Rust.
    Apply,
    /// Its script down runs.
    Revert,
    /// Its script, left in the middle outside of a transaction, goes on to its end.
    Resume,
    /// It is recorded as applied, because the database had its schema before it had a history.
    Baseline,
    /// It is recorded as applied, because another tool has applied it.
    Adopt,
    /// The history takes over the name and the text that the binary has.
    Repair,
    /// It is recorded as applied, and nothing runs.
    MarkApplied,
    /// It is recorded as not applied, and nothing runs.
    MarkPending,
}

impl Action {
    /// As a report tells it: `applied`.
    ///
    /// ```
    /// use migrate_runtime::Action;
    ///
    /// assert_eq!(Action::Apply.done(), "applied");
    /// ```
    pub const fn done(self) -> &'static str {
        match self {
            Action::Apply => "applied",
            Action::Revert => "reverted",
            Action::Resume => "resumed",
            Action::Baseline => "baselined",
            Action::Adopt => "adopted",
            Action::Repair => "repaired",
            Action::MarkApplied => "marked applied",
            Action::MarkPending => "marked pending",
        }
    }

    /// As a plan tells it: `apply`.
    ///
    /// ```
    /// use migrate_runtime::Action;
    ///
    /// assert_eq!(Action::MarkApplied.to_do(), "mark applied");
    /// ```
    pub const fn to_do(self) -> &'static str {
        match self {
            Action::Apply => "apply",
            Action::Revert => "revert",
            Action::Resume => "resume",
            Action::Baseline => "baseline",
            Action::Adopt => "adopt",
            Action::Repair => "repair",
            Action::MarkApplied => "mark applied",
            Action::MarkPending => "mark pending",
        }
    }
}

impl Report {
    /// What was done, in order. Empty when there was nothing to do, another runner has done it, or options have left it out.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::embed_migrations;
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    /// let report = embed_migrations!("doc-migrations").run(&mut db)?;
    /// let applied: Vec<&str> = report.changes().iter().map(|change| change.migration.as_str()).collect();
    /// assert_eq!(applied, ["0001_users", "0002_users_email"]);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Those of the [`changes`](Report::changes) that applied a migration, in order.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::embed_migrations;
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    /// let migrations = embed_migrations!("doc-migrations");
    /// assert_eq!(migrations.run(&mut db)?.applied().len(), 2);
    /// assert_eq!(migrations.run(&mut db)?.applied().len(), 0);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn applied(&self) -> Vec<&Change> {
        self.changes.iter().filter(|change| change.action == Action::Apply).collect()
    }

    /// How many migrations are pending still after a run, because [`Migrator::target`](crate::Migrator::target) or
    /// [`Migrator::at_most`](crate::Migrator::at_most) have left them out.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::{Migrator, embed_migrations};
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    /// let report = Migrator::new(&embed_migrations!("doc-migrations")).at_most(1).run(&mut db)?;
    /// assert_eq!(report.pending(), 1);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pending(&self) -> usize {
        self.pending
    }

    /// Whether nothing was done.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::embed_migrations;
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    /// let migrations = embed_migrations!("doc-migrations");
    /// assert!(!migrations.run(&mut db)?.is_empty());
    /// assert!(migrations.run(&mut db)?.is_empty());
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// How many migrations the binary carries for the database.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::embed_migrations;
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    /// let migrations = embed_migrations!("doc-migrations");
    /// migrations.run(&mut db)?;
    /// assert_eq!(migrations.run(&mut db)?.total(), 2); // although nothing was done
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn total(&self) -> usize {
        self.total
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.changes.is_empty() {
            return empty(f, self.when_empty, self.total, self.pending);
        }
        let width = width(self.changes.iter().map(|change| &change.migration));
        let longest = self.changes.iter().map(|change| change.action.done().len()).max().unwrap_or(0);
        let sets = sets(self.changes.iter().map(|change| &*change.set));
        lines(f, &self.changes, |f, Change { set, migration, action, duration, notes, .. }| {
            write!(f, "{:longest$} {}", action.done(), sets.column(set))?;
            match action {
                Action::Apply | Action::Revert | Action::Resume => {
                    write!(f, "{migration:width$}  {:>5} ms", duration.as_millis())?
                }
                _ => write!(f, "{migration}")?,
            }
            notes.iter().try_for_each(|note| write!(f, "\n  note: {note}"))
        })?;
        left_out(f, self.pending)
    }
}

#[cfg(feature = "serde")]
fn milliseconds<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
