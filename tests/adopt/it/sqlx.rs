//! sqlx, called as its users call it on Postgres. Its driver for SQLite needs another `libsqlite3-sys` than ours: there its statements
//! (`sqlx-sqlite/src/migrate.rs`) are run with the checksums that sqlx itself has computed; `written.rs` has a database of its own.

use migrate_core::adopt::Tool;
use sqlx_core::connection::ConnectOptions;
use sqlx_core::migrate::Migrator;
use sqlx_postgres::PgConnectOptions;

use crate::adoption::{adopts, refuses};
use crate::history::{Files, Old, folder, set, write};

const FILES: Files<'_> = &[
    ("20240313170000_create users.sql", "-- größe\nCREATE TABLE users (id integer);\n"),
    ("20240314170000_from_windows.up.sql", "CREATE TABLE b (id integer);\r\n"),
    ("20240314170000_from_windows.down.sql", "DROP TABLE b;\r\n"),
    ("20240315170000_index.sql", "-- no-transaction\nCREATE INDEX CONCURRENTLY by_id ON users (id);"),
];

#[test]
fn histories_of_sqlx() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for old in [Old::sqlite(), Old::postgres()] {
        let files = folder(FILES);
        let migrator = runtime.block_on(Migrator::new(files.path())).unwrap();
        match &old {
            Old::Postgres(database) => runtime.block_on(async {
                let options: PgConnectOptions = database.url().parse().unwrap();
                let mut connection = options.connect().await.unwrap();
                migrator.run_direct(None, &mut connection, false).await.unwrap();
            }),
            Old::Sqlite(connection) => write_as_sqlx(connection, &migrator),
        }
        let applied = "20240313170000 checksum + ms, 20240314170000 checksum + ms, 20240315170000 checksum + ms";
        assert_eq!(old.told(Tool::Sqlx, &set(files.path())), applied);
        adopts(&old, Tool::Sqlx, files.path(), "20240313170000 20240314170000 20240315170000", &[]);
        write(files.path(), "20240315170000_index.sql", "CREATE INDEX by_id ON users (id);");
        old.execute("UPDATE _sqlx_migrations SET success = false WHERE version = 20240314170000");
        let expect = "20240313170000 checksum + ms, pending 20240314170000, differs 20240315170000, dirty 20240314170000 from windows";
        assert_eq!(old.told(Tool::Sqlx, &set(files.path())), expect);
        let words = [
            "2 problems",
            "sqlx has left version `20240314170000 from windows` half done",
            "`20240315170000_index` is not what sqlx has applied",
            "20240315170000_index.sql",
        ];
        refuses(&old, Tool::Sqlx, files.path(), "foreign-history", &words);
    }
}

fn write_as_sqlx(connection: &rusqlite::Connection, migrator: &Migrator) {
    let table = "CREATE TABLE IF NOT EXISTS _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, \
                 installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL, \
                 execution_time BIGINT NOT NULL)";
    connection.execute_batch(table).unwrap();
    for migration in migrator.iter().filter(|migration| !migration.migration_type.is_down_migration()) {
        let row = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (?1, ?2, TRUE, ?3, -1)";
        connection.execute(row, (migration.version, &*migration.description, &*migration.checksum)).unwrap();
        let time = "UPDATE _sqlx_migrations SET execution_time = ?1 WHERE version = ?2";
        connection.execute(time, (1_234_567, migration.version)).unwrap();
    }
}
