//! What a verb would do.

use std::fmt;

use migrate_core::Label;

use super::Action;
use super::text::{count, empty, left_out, lines, sets, width};

/// What a verb would do: a dry run.
///
/// ```text
/// would apply 0003_orders        2 statements   migrations/0003_orders.sql
/// would apply 0004_orders_total  1 statement    migrations/0004_orders_total.sql
/// ```
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// use migrate_runtime::embed_migrations;
///
/// let mut db = rusqlite::Connection::open_in_memory()?;
/// let plan = embed_migrations!("doc-migrations").plan(&mut db)?;
/// println!("{plan}"); // in the manner of the above
/// for change in plan.changes() {
///     println!("-- {}\n{}", change.path, change.sql); // for whoever reviews what will run
/// }
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Plan {
    pub(crate) changes: Vec<PlannedChange>,
    pub(crate) total: usize,
    pub(crate) pending: usize,
    pub(crate) waits_for: Vec<String>,
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(crate) when_empty: &'static str,
}

/// A change that a verb would make.
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// # use migrate_runtime::embed_migrations;
/// # let mut db = rusqlite::Connection::open_in_memory()?;
/// let plan = embed_migrations!("doc-migrations").plan(&mut db)?;
/// let change = &plan.changes()[1];
/// assert_eq!(change.path, "doc-migrations/0002_users_email.sql");
/// assert_eq!(change.sql, "ALTER TABLE users ADD COLUMN email text;\n");
/// assert_eq!(change.statements, 1);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct PlannedChange {
    /// The name of its set.
    pub set: String,
    /// Version and name.
    pub migration: Label,
    /// What would become of it.
    pub action: Action,
    /// How many statements would run.
    pub statements: usize,
    /// The file with them, relative to the package; empty for a script that only the history has, and where none would run.
    pub path: String,
    /// The SQL that would run; empty where only the history would be written.
    pub sql: String,
    /// What else is worth knowing; a line each.
    pub notes: Vec<String>,
}

impl Plan {
    /// What would be done, in order.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::embed_migrations;
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    /// let plan = embed_migrations!("doc-migrations").plan(&mut db)?;
    /// let planned: Vec<&str> = plan.changes().iter().map(|change| change.migration.as_str()).collect();
    /// assert_eq!(planned, ["0001_users", "0002_users_email"]);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn changes(&self) -> &[PlannedChange] {
        &self.changes
    }

    /// How many migrations would be pending still after a run, because [`Migrator::target`](crate::Migrator::target) or
    /// [`Migrator::at_most`](crate::Migrator::at_most) leave them out.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::{Migrator, embed_migrations};
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    /// let plan = Migrator::new(&embed_migrations!("doc-migrations")).target(1).plan(&mut db)?;
    /// assert_eq!((plan.changes().len(), plan.pending()), (1, 1));
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pending(&self) -> usize {
        self.pending
    }

    /// Who would be waited for: runners that are at work outside of a transaction, each with its migration.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::embed_migrations;
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    /// let plan = embed_migrations!("doc-migrations").plan(&mut db)?;
    /// assert!(plan.waits_for().is_empty()); // nobody is at work
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn waits_for(&self) -> &[String] {
        &self.waits_for
    }

    /// Whether nothing would be done.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// # use migrate_runtime::embed_migrations;
    /// # let mut db = rusqlite::Connection::open_in_memory()?;
    /// let migrations = embed_migrations!("doc-migrations");
    /// migrations.run(&mut db)?;
    /// assert!(migrations.plan(&mut db)?.is_empty());
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
    /// let plan = embed_migrations!("doc-migrations").plan(&mut db)?;
    /// println!("{} of {} migrations to apply", plan.changes().len(), plan.total());
    /// assert_eq!(plan.total(), 2);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn total(&self) -> usize {
        self.total
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        lines(f, &self.waits_for, |f, who| write!(f, "would wait for {who}"))?;
        if !self.waits_for.is_empty() {
            if self.changes.is_empty() {
                return Ok(());
            }
            f.write_str("\n")?;
        }
        if self.changes.is_empty() {
            return empty(f, self.when_empty, self.total, self.pending);
        }
        let width = width(self.changes.iter().map(|change| &change.migration));
        let longest = self.changes.iter().map(|change| change.action.to_do().len()).max().unwrap_or(0);
        let sets = sets(self.changes.iter().map(|change| &*change.set));
        lines(f, &self.changes, |f, PlannedChange { set, migration, action, statements, path, notes, .. }| {
            write!(f, "would {:longest$} {}", action.to_do(), sets.column(set))?;
            match *statements {
                0 => write!(f, "{migration}")?,
                _ => {
                    let statements = count(*statements, "statement");
                    write!(f, "{}", format!("{migration:width$}  {statements:13}  {path}").trim_end())?
                }
            }
            notes.iter().try_for_each(|note| write!(f, "\n  note: {note}"))
        })?;
        left_out(f, self.pending)
    }
}
