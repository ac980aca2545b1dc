//! The verb `adopt`, and what it needs to be told.

use migrate_core::adopt::Tool;

use super::{DryRun, Migrator};
use crate::driver::{AsyncDatabase, Database};
use crate::engine::{Edit, Verb};
use crate::error::Error;
use crate::report::{Plan, Report};

/// The history of another tool, for [`Migrator::adopt`]; a [`Tool`] alone stands for its usual table.
///
/// ```
/// use migrate_runtime::{OldHistory, Tool};
///
/// let old = OldHistory::of(Tool::Sqlx).in_table("ops.migrations");
/// ```
#[derive(Clone, Debug)]
pub struct OldHistory {
    pub(crate) tool: Tool,
    pub(crate) table: Option<String>,
}

impl OldHistory {
    /// The history of a tool in its usual table.
    ///
    /// ```
    /// use migrate_runtime::{OldHistory, Tool};
    ///
    /// let old = OldHistory::of(Tool::Goose); // the table `goose_db_version`; `Tool::Goose` alone says the same
    /// ```
    pub fn of(tool: Tool) -> OldHistory {
        OldHistory { tool, table: None }
    }

    /// The table of the tool, where it is not the usual one: `table` or `schema.table`, with the rules of
    /// [`Migrator::history_table`].
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{Migrator, OldHistory, Tool, embed_migrations};
    ///
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// db.execute_batch("CREATE TABLE applied (version bigint, dirty boolean); INSERT INTO applied VALUES (1, false)")?;
    /// let old = OldHistory::of(Tool::GolangMigrate).in_table("applied");
    /// let report = Migrator::new(&embed_migrations!("doc-migrations")).adopt(&mut db, old)?;
    /// assert_eq!(report.changes()[0].migration.as_str(), "0001_users");
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn in_table(mut self, name: impl Into<String>) -> OldHistory {
        self.table = Some(name.into());
        self
    }
}

impl From<Tool> for OldHistory {
    fn from(tool: Tool) -> OldHistory {
        OldHistory::of(tool)
    }
}

verbs! {
    /// Takes over a database that another tool has migrated: what that tool has applied is recorded as applied, in one transaction, and
    /// nothing is run. The table of the tool is only read.
    ///
    /// Every migration that the tool has applied must be in the binary, with the checksum that the tool has kept, if it keeps any. The
    /// report has a line for each, and says in notes what could not be verified, what is pending and what was left out. The history keeps
    /// when each was applied and how long it took, where the tool has kept that; the audit trail says who has adopted it, from which tool,
    /// and how well it is known.
    ///
    /// golang-migrate and dbmate call their table `schema_migrations`, as this crate does by default: name another
    /// [`history_table`](Migrator::history_table) then, in every verb.
    ///
    /// Adopting again finds nothing to do. Whoever writes to the old table at the same moment is waited for, and seen; but a migration
    /// that the old tool has begun, and not recorded in its table, is known to nobody: stop the old tool first.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{Migrator, Tool, embed_migrations};
    ///
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// db.execute_batch(
    ///     "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, run_on TIMESTAMP NOT NULL);
    ///      INSERT INTO __diesel_schema_migrations VALUES ('0001', '2024-03-13 17:00:00');
    ///      CREATE TABLE users (id integer PRIMARY KEY);",
    /// )?;
    /// let migrations = embed_migrations!("doc-migrations");
    /// let migrator = Migrator::new(&migrations);
    /// let report = migrator.adopt(&mut db, Tool::Diesel)?;
    /// assert!(report.to_string().starts_with("adopted 0001_users"));
    /// migrator.run(&mut db)?; // what Diesel has not applied
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::ForeignHistory`](crate::ErrorKind::ForeignHistory) with everything that speaks against it: what the tool has left half
    /// done, what differs, what is not in the binary, a table that is absent or another tool's.
    /// [`ErrorKind::HasHistory`](crate::ErrorKind::HasHistory) when the set has a history that says otherwise.
    /// [`ErrorKind::InvalidOption`](crate::ErrorKind::InvalidOption) when both histories would be in one table, and without a usable name
    /// of the table.
    (old: impl Into<OldHistory>) adopt adopt_async => Verb::Edit(Edit::Adopt(old.into())),
        example "doc-orders" ""
            "# let old = \"CREATE TABLE __diesel_schema_migrations (version, run_on);\n\
            # INSERT INTO __diesel_schema_migrations VALUES ('0001', '2024-03-13 17:00:00')\";\n\
            # db.execute_batch(old)?;\n\
            // Diesel has applied version 1."
            ", migrate_runtime::Tool::Diesel" "would adopt 0001_orders";
}
