//! refinery, called as its users call it.

use migrate_core::adopt::Tool;
use refinery_core::{Runner, load_sql_migrations};

use crate::adoption::{adopts, refuses};
use crate::history::{Old, folder, set, write};

#[test]
fn histories_of_refinery() {
    for mut old in [Old::sqlite(), Old::postgres()] {
        let files = folder(&[
            ("V1__init.sql", "CREATE TABLE a (id integer);\n-- größe\n"),
            ("V2__from_windows.sql", "\u{feff}CREATE TABLE b (id integer);\r\n"),
            ("V10__unversioned.sql", "CREATE TABLE c (id integer);"),
        ]);
        let runner = Runner::new(&load_sql_migrations(files.path()).unwrap());
        let report = match &mut old {
            Old::Sqlite(connection) => runner.run(connection),
            // SQLite skips a byte order mark, and Postgres does not.
            Old::Postgres(database) => {
                write(files.path(), "V2__from_windows.sql", "CREATE TABLE b (id integer);\r\n");
                Runner::new(&load_sql_migrations(files.path()).unwrap()).run(&mut database.connect())
            }
        };
        assert_eq!(report.unwrap().applied_migrations().len(), 3);

        let applied = "1 checksum +, 2 checksum +, 10 checksum +";
        assert_eq!(old.told(Tool::Refinery, &set(files.path())), applied);
        adopts(&old, Tool::Refinery, files.path(), "1 2 10", &[]);
        // Its times are text, which may say anything.
        for time in ["yesterday", "2024-02-30T25:00:00Z"] {
            old.execute(&format!("UPDATE refinery_schema_history SET applied_on = '{time}' WHERE version = 2"));
            adopts(&old, Tool::Refinery, files.path(), "1 2 10", &[]);
        }
        write(files.path(), "V11__next.sql", "SELECT 1;");
        assert_eq!(old.told(Tool::Refinery, &set(files.path())), "1 checksum +, 2 checksum, 10 checksum +, pending 11");
        write(files.path(), "V1__init.sql", "CREATE TABLE a (id integer);\n");
        std::fs::remove_file(files.path().join("V10__unversioned.sql")).unwrap();
        let told = old.told(Tool::Refinery, &set(files.path()));
        assert_eq!(told, "2 checksum, pending 11, differs 1, unknown 10 unversioned");
        let words = ["2 problems", "`1_init` is not what refinery has applied", "version `10 unversioned`"];
        refuses(&old, Tool::Refinery, files.path(), "foreign-history", &words);
    }
}
