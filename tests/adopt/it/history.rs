//! A fresh database with a history in it, the files that it was made of, and what is said of the two.

use std::fs;
use std::path::Path;

use migrate_core::adopt::{Adoption, Proof, Tool, judge};
use migrate_core::folder::{Folder, FolderOptions};
use migrate_core::{Dialect, MigrationSet};
use migrate_tests::{Database, postgres as cluster};
use postgres::SimpleQueryMessage;
use rusqlite::types::ValueRef;
use tempfile::TempDir;

/// Paths and texts.
pub(crate) type Files<'a> = &'a [(&'a str, &'a str)];

/// A folder with files, removed on drop.
pub(crate) fn folder(files: Files<'_>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        write(folder.path(), path, text);
    }
    folder
}

pub(crate) fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// The migrations in a folder, as they would be embedded.
pub(crate) fn set(folder: &Path) -> MigrationSet {
    Folder::read(folder, "migrations", &FolderOptions::default()).unwrap_or_else(|problems| panic!("{problems:#?}")).set
}

/// A fresh database.
pub(crate) enum Old {
    Sqlite(rusqlite::Connection),
    Postgres(Database),
}

impl Old {
    pub(crate) fn sqlite() -> Old {
        Old::Sqlite(rusqlite::Connection::open_in_memory().unwrap())
    }

    pub(crate) fn postgres() -> Old {
        Old::Postgres(cluster().database("adopt"))
    }

    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Old::Sqlite(_) => Dialect::Sqlite,
            Old::Postgres(_) => Dialect::Postgres,
        }
    }

    pub(crate) fn execute(&self, sql: &str) {
        match self {
            Old::Sqlite(connection) => connection.execute_batch(sql).expect(sql),
            Old::Postgres(database) => database.connect().batch_execute(sql).expect(sql),
        }
    }

    /// The rows of a query, each cell as text.
    pub(crate) fn rows(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        match self {
            Old::Sqlite(connection) => {
                let mut statement = connection.prepare(sql).expect(sql);
                let columns = statement.column_count();
                let cell = |value: ValueRef<'_>| match value {
                    ValueRef::Null => None,
                    ValueRef::Text(text) => Some(String::from_utf8(text.to_vec()).unwrap()),
                    other => panic!("{other:?} is no text: {sql}"),
                };
                let row = |row: &rusqlite::Row<'_>| (0..columns).map(|at| row.get_ref(at).map(cell)).collect();
                statement.query_map([], row).expect(sql).collect::<Result<_, _>>().expect(sql)
            }
            Old::Postgres(database) => {
                let mut rows = Vec::new();
                for message in database.connect().simple_query(sql).expect(sql) {
                    if let SimpleQueryMessage::Row(row) = message {
                        rows.push((0..row.len()).map(|at| row.get(at).map(str::to_owned)).collect());
                    }
                }
                rows
            }
        }
    }

    /// What the history of a tool in its usual table says of a set. The table is also found by its columns.
    #[track_caller]
    pub(crate) fn told(&self, tool: Tool, set: &MigrationSet) -> String {
        self.told_of(tool, tool.default_table().unwrap_or_default(), set)
    }

    /// The same, with the history in another table, named without quotes.
    #[track_caller]
    pub(crate) fn told_of(&self, tool: Tool, table: &str, set: &MigrationSet) -> String {
        told(&self.adoption(tool, table, set))
    }

    /// The history in a table beside a set.
    #[track_caller]
    pub(crate) fn adoption<'a>(&self, tool: Tool, table: &str, set: &'a MigrationSet) -> Adoption<'a> {
        if !table.is_empty() {
            let columns = self.columns(table);
            let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
            assert_eq!(Tool::of_columns(&columns), Some(tool), "{columns:?}");
        }
        let sql = tool.history_sql(self.dialect(), &format!("\"{table}\"")).unwrap();
        let rows = tool.decode(&self.rows(&sql)).unwrap_or_else(|bad| panic!("{bad:?}"));
        judge(tool, &rows, &set.migrations(self.dialect()).unwrap())
    }

    fn columns(&self, table: &str) -> Vec<String> {
        let sql = match self {
            Old::Sqlite(_) => format!("SELECT name FROM pragma_table_info('{table}')"),
            Old::Postgres(_) => format!(
                "SELECT attname FROM pg_attribute WHERE attrelid = '\"{table}\"'::regclass AND attnum > 0 AND NOT attisdropped"
            ),
        };
        self.rows(&sql).into_iter().flatten().flatten().collect()
    }
}

/// What is matched, and how, then everything else. A time that is known must be one of these days; it is told as `+`, and a duration
/// as `ms`.
fn told(adoption: &Adoption<'_>) -> String {
    let mut told = Vec::new();
    for matched in &adoption.matched {
        let proof = match matched.proof {
            Proof::Checksum => "checksum",
            Proof::Version => "version",
            Proof::Position => "position",
        };
        let time = matched.applied_at.as_deref().map_or("", |time| {
            assert!(time.len() == 24 && time.starts_with("20") && time.ends_with('Z'), "{time}");
            " +"
        });
        let duration = if matched.execution_time_ms.is_some() { " ms" } else { "" };
        told.push(format!("{} {proof}{time}{duration}", matched.migration.version()));
    }
    told.extend(adoption.pending.iter().map(|migration| format!("pending {}", migration.version())));
    told.extend(adoption.differing.iter().map(|differing| format!("differs {}", differing.migration.version())));
    let rows = [("unknown", &adoption.unknown), ("dirty", &adoption.dirty), ("out", &adoption.left_out)];
    for (what, rows) in rows {
        told.extend(rows.iter().map(|row| format!("{what} {}", row.label())));
    }
    told.join(", ")
}
