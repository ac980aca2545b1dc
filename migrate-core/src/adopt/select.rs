//! The text of the query that reads a history.
//!
//! Invariants: each cell is text or NULL, and rows come in the order in which they were written, as far as the tool keeps it. Nothing
//! depends on the search path of a session.

use super::Tool;
use crate::Dialect;

impl Tool {
    /// What the cells of a row are, in the order of [`history_sql`](Tool::history_sql). `done` and `kind` are what the tool has to say
    /// of the state: success, dirt, type.
    ///
    /// ```
    /// # use migrate_core::adopt::Tool;
    /// assert_eq!(Tool::CELLS[..4], ["version", "name", "checksum", "applied_at"]);
    /// ```
    pub const CELLS: [&'static str; 7] =
        ["version", "name", "checksum", "applied_at", "execution_time", "done", "kind"];

    /// The query that reads the history from `table`, which the caller has quoted; each cell of the answer is text or NULL, and
    /// [`decode`](Tool::decode) takes them. `None` where [the tool does not exist](Tool::exists_for).
    ///
    /// A time without a time zone is read in the time zone of the session, as the tools have written it.
    ///
    /// ```
    /// # use migrate_core::{Dialect, adopt::Tool};
    /// let sql = Tool::Diesel.history_sql(Dialect::Sqlite, "\"__diesel_schema_migrations\"").unwrap();
    /// assert!(sql.contains("FROM \"__diesel_schema_migrations\" AS history"));
    /// assert_eq!(Tool::RusqliteMigration.history_sql(Dialect::Postgres, "t"), None);
    /// ```
    pub fn history_sql(self, dialect: Dialect, table: &str) -> Option<String> {
        let Query { cells, from, order } = self.query(dialect, table)?;
        Some(format!("SELECT {cells} FROM {from}{order}"))
    }

    /// The same rows in no order, each with its number from 1 in front: two answers that are equal as sets are the same history.
    ///
    /// ```
    /// # use migrate_core::{Dialect, adopt::Tool};
    /// let sql = Tool::Dbmate.numbered_history_sql(Dialect::Sqlite, "\"schema_migrations\"").unwrap();
    /// assert!(sql.starts_with("SELECT row_number() OVER ("));
    /// ```
    pub fn numbered_history_sql(self, dialect: Dialect, table: &str) -> Option<String> {
        let Query { cells, from, order } = self.query(dialect, table)?;
        Some(format!("SELECT row_number() OVER ({}), {cells} FROM {from}", order.trim_start()))
    }

    fn query(self, dialect: Dialect, table: &str) -> Option<Query> {
        if !self.exists_for(dialect) {
            return None;
        }
        let (cells, order) = self.cells();
        let cells = cells.map(|cell: Cell| cell.sql(dialect)).join(", ");
        // A view of the pragma: a number in the header of the file, which is there even in an empty database.
        let table = if self == Tool::RusqliteMigration { "pragma_user_version" } else { table };
        let order: Vec<String> = order.iter().map(|column| format!("history.{column}")).collect();
        let order = if order.is_empty() { String::new() } else { format!(" ORDER BY {}", order.join(", ")) };
        Some(Query { cells, from: format!("{table} AS history"), order })
    }

    /// The cells, and the columns that tell in which order rows were written.
    fn cells(self) -> ([Cell; 7], &'static [&'static str]) {
        use Cell::{Hex, IsSet, None, Text, Time, TimeAsText};
        match self {
            Tool::Refinery => (
                [Text("version"), Text("name"), Text("checksum"), TimeAsText("applied_on"), None, None, None],
                &["version"],
            ),
            Tool::Sqlx => (
                [
                    Text("version"),
                    Text("description"),
                    Hex("checksum"),
                    Time("installed_on"),
                    Text("execution_time"),
                    Text("success"),
                    None,
                ],
                &["version"],
            ),
            Tool::Diesel => ([Text("version"), None, None, Time("run_on"), None, None, None], &["version"]),
            Tool::RusqliteMigration => ([Text("user_version"), None, None, None, None, None, None], &[]),
            Tool::GolangMigrate => ([Text("version"), None, None, None, None, Text("dirty"), None], &["version"]),
            Tool::Dbmate => ([Text("version"), None, None, None, None, None, None], &["version"]),
            Tool::Goose => ([Text("version_id"), None, None, Time("tstamp"), None, Text("is_applied"), None], &["id"]),
            Tool::Flyway => (
                [
                    Text("version"),
                    Text("description"),
                    Text("checksum"),
                    Time("installed_on"),
                    Text("execution_time"),
                    Text("success"),
                    Text("type"),
                ],
                &["installed_rank"],
            ),
            Tool::Prisma => (
                [
                    None,
                    Text("migration_name"),
                    Text("checksum"),
                    Time("finished_at"),
                    None,
                    IsSet("finished_at"),
                    IsSet("rolled_back_at"),
                ],
                &["started_at", "migration_name"],
            ),
        }
    }
}

/// The parts of a query.
struct Query {
    cells: String,
    from: String,
    /// With a space in front, or empty.
    order: String,
}

/// A cell of the answer, by the column that it comes from.
enum Cell {
    None,
    Text(&'static str),
    Hex(&'static str),
    /// A time of the database's own type, in UTC.
    Time(&'static str),
    /// A time that the tool has written as text.
    TimeAsText(&'static str),
    IsSet(&'static str),
}

impl Cell {
    fn sql(self, dialect: Dialect) -> String {
        match (self, dialect) {
            (Cell::None, _) => "NULL".to_owned(),
            (Cell::Text(column) | Cell::TimeAsText(column), Dialect::Sqlite) => {
                format!("CAST(history.{column} AS TEXT)")
            }
            (Cell::Text(column) | Cell::TimeAsText(column), _) => format!("history.{column}::pg_catalog.text"),
            (Cell::Hex(column), Dialect::Sqlite) => format!("lower(hex(history.{column}))"),
            (Cell::Hex(column), _) => format!("pg_catalog.encode(history.{column}, 'hex')"),
            // Milliseconds since 1970 are how Prisma writes a time.
            (Cell::Time(column), Dialect::Sqlite) => format!(
                "CASE typeof(history.{column}) WHEN 'integer' THEN strftime('%Y-%m-%dT%H:%M:%fZ', history.{column} / 1000.0, \
                 'unixepoch') ELSE strftime('%Y-%m-%dT%H:%M:%fZ', history.{column}) END"
            ),
            (Cell::Time(column), _) => format!(
                "pg_catalog.to_char(pg_catalog.timezone('UTC', history.{column}::pg_catalog.timestamptz), \
                 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
            ),
            (Cell::IsSet(column), Dialect::Sqlite) => format!("CAST(history.{column} IS NOT NULL AS TEXT)"),
            (Cell::IsSet(column), _) => format!("(history.{column} IS NOT NULL)::pg_catalog.text"),
        }
    }
}
