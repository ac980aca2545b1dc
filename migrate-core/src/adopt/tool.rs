//! The tools whose histories can be taken over, and how their tables are known.

use std::fmt;

use crate::Dialect;

/// A tool whose history can be taken over.
///
/// ```
/// # use migrate_core::adopt::Tool;
/// assert_eq!(Tool::of_columns(&["version", "run_on"]), Some(Tool::Diesel)); // of a table that was found
/// assert_eq!(Tool::Diesel.default_table(), Some("__diesel_schema_migrations"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Tool {
    /// refinery, with and without its feature `int8-versions`.
    Refinery,
    /// sqlx.
    Sqlx,
    /// Diesel, `diesel_migrations` and `diesel-async`.
    Diesel,
    /// rusqlite_migration, which keeps a number in the file of SQLite and no table.
    RusqliteMigration,
    /// golang-migrate.
    GolangMigrate,
    /// dbmate.
    Dbmate,
    /// goose.
    Goose,
    /// Flyway.
    Flyway,
    /// Prisma Migrate.
    Prisma,
}

impl Tool {
    /// Every tool, in a fixed order.
    ///
    /// ```
    /// # use migrate_core::adopt::Tool;
    /// let with_checksums: Vec<&str> =
    ///     Tool::ALL.into_iter().filter(|tool| tool.keeps_checksums()).map(Tool::name).collect();
    /// assert_eq!(with_checksums, ["refinery", "sqlx", "Flyway", "Prisma"]);
    /// ```
    pub const ALL: [Tool; 9] = [
        Tool::Refinery,
        Tool::Sqlx,
        Tool::Diesel,
        Tool::RusqliteMigration,
        Tool::GolangMigrate,
        Tool::Dbmate,
        Tool::Goose,
        Tool::Flyway,
        Tool::Prisma,
    ];

    /// The name, as the tool spells it.
    ///
    /// ```
    /// # use migrate_core::adopt::Tool;
    /// assert_eq!(Tool::Diesel.name(), "Diesel");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Tool::Refinery => "refinery",
            Tool::Sqlx => "sqlx",
            Tool::Diesel => "Diesel",
            Tool::RusqliteMigration => "rusqlite_migration",
            Tool::GolangMigrate => "golang-migrate",
            Tool::Dbmate => "dbmate",
            Tool::Goose => "goose",
            Tool::Flyway => "Flyway",
            Tool::Prisma => "Prisma",
        }
    }

    /// The tool of that name, whatever its capitals.
    ///
    /// ```
    /// # use migrate_core::adopt::Tool;
    /// assert_eq!(Tool::from_name("flyway"), Some(Tool::Flyway));
    /// assert_eq!(Tool::from_name("liquibase"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Tool> {
        Tool::ALL.into_iter().find(|tool| tool.name().eq_ignore_ascii_case(name))
    }

    /// The table that the tool keeps its history in, unless it was told otherwise; `None` when it keeps none. Two tools share a name:
    /// see [`recognises`](Tool::recognises).
    ///
    /// ```
    /// # use migrate_core::adopt::Tool;
    /// assert_eq!(Tool::Sqlx.default_table(), Some("_sqlx_migrations"));
    /// assert_eq!(Tool::RusqliteMigration.default_table(), None); // `PRAGMA user_version`
    /// ```
    pub const fn default_table(self) -> Option<&'static str> {
        match self {
            Tool::Refinery => Some("refinery_schema_history"),
            Tool::Sqlx => Some("_sqlx_migrations"),
            Tool::Diesel => Some("__diesel_schema_migrations"),
            Tool::RusqliteMigration => None,
            Tool::GolangMigrate | Tool::Dbmate => Some("schema_migrations"),
            Tool::Goose => Some("goose_db_version"),
            Tool::Flyway => Some("flyway_schema_history"),
            Tool::Prisma => Some("_prisma_migrations"),
        }
    }

    /// Whether histories of the tool can be read in a database of this dialect.
    ///
    /// ```
    /// # use migrate_core::{Dialect, adopt::Tool};
    /// assert!(Tool::Diesel.exists_for(Dialect::Postgres) && Tool::Diesel.exists_for(Dialect::Sqlite));
    /// assert!(!Tool::RusqliteMigration.exists_for(Dialect::Postgres));
    /// ```
    pub fn exists_for(self, dialect: Dialect) -> bool {
        match dialect {
            Dialect::Sqlite => true,
            Dialect::Postgres => self != Tool::RusqliteMigration,
            // There is no driver.
            Dialect::Mysql => false,
        }
    }

    /// Whether the tool keeps a checksum of what it has applied, so that the scripts in the binary can be compared with it.
    ///
    /// ```
    /// # use migrate_core::adopt::Tool;
    /// assert!(Tool::Sqlx.keeps_checksums()); // an edited file is found when it is adopted
    /// assert!(!Tool::Diesel.keeps_checksums()); // it is not
    /// ```
    pub const fn keeps_checksums(self) -> bool {
        matches!(self, Tool::Refinery | Tool::Sqlx | Tool::Flyway | Tool::Prisma)
    }

    /// The columns that the query of [`history_sql`](Tool::history_sql) reads; none when there is no table.
    ///
    /// ```
    /// # use migrate_core::adopt::Tool;
    /// assert_eq!(Tool::GolangMigrate.columns(), ["version", "dirty"]);
    /// ```
    pub const fn columns(self) -> &'static [&'static str] {
        match self {
            Tool::Refinery => &["version", "name", "applied_on", "checksum"],
            Tool::Sqlx => &["version", "description", "installed_on", "success", "checksum", "execution_time"],
            Tool::Diesel => &["version", "run_on"],
            Tool::RusqliteMigration => &[],
            Tool::GolangMigrate => &["version", "dirty"],
            Tool::Dbmate => &["version"],
            Tool::Goose => &["id", "version_id", "is_applied", "tstamp"],
            Tool::Flyway => &[
                "installed_rank",
                "version",
                "description",
                "type",
                "checksum",
                "installed_on",
                "execution_time",
                "success",
            ],
            Tool::Prisma => &["checksum", "finished_at", "migration_name", "rolled_back_at", "started_at"],
        }
    }

    /// Whether a table with these columns is a history of the tool. One column tells little: that of dbmate must be the only one,
    /// which also tells it from golang-migrate.
    ///
    /// ```
    /// # use migrate_core::adopt::Tool;
    /// assert!(Tool::GolangMigrate.recognises(&["version", "dirty"]));
    /// assert!(!Tool::Dbmate.recognises(&["version", "dirty"]));
    /// assert!(Tool::Dbmate.recognises(&["version"]));
    /// ```
    pub fn recognises(self, columns: &[&str]) -> bool {
        Tool::of_columns(columns) == Some(self)
    }

    /// The tool whose history a table with these columns is.
    ///
    /// ```
    /// # use migrate_core::adopt::Tool;
    /// assert_eq!(Tool::of_columns(&["version", "run_on"]), Some(Tool::Diesel));
    /// assert_eq!(Tool::of_columns(&["version", "inserted_at"]), None);
    /// ```
    pub fn of_columns(columns: &[&str]) -> Option<Tool> {
        let has_all = |tool: &Tool| tool.columns().iter().all(|column| columns.contains(column));
        let is_sure = |tool: &Tool| match tool.columns().len() {
            0 => false,
            1 => columns.len() == 1,
            _ => true,
        };
        // Flyway has all the columns of sqlx, and more.
        let fitting = Tool::ALL.into_iter().filter(has_all).filter(is_sure);
        fitting.max_by_key(|tool| tool.columns().len())
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
