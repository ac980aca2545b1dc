//! Diesel, called as its users call it on Postgres, without libpq. On SQLite its table (`CREATE_MIGRATIONS_TABLE` in
//! `diesel/src/migration/mod.rs`) and its rows are written by hand; `written.rs` has a database of its own.

use diesel_async::{AsyncConnection, AsyncMigrationHarness, AsyncPgConnection};
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use migrate_core::adopt::Tool;

use crate::adoption::{adopts, refuses};
use crate::history::{Files, Old, folder, set, write};

const FILES: Files<'_> = &[
    ("00000000000000_diesel_initial_setup/up.sql", "CREATE TABLE a (id integer);"),
    ("00000000000000_diesel_initial_setup/down.sql", "DROP TABLE a;"),
    ("2024-03-13-170000_users/up.sql", "CREATE TABLE users (id integer);"),
    ("2024-03-13-170000_users/down.sql", "DROP TABLE users;"),
    ("2024-03-14-170000-0000_index/up.sql", "CREATE INDEX CONCURRENTLY by_id ON users (id);"),
    ("2024-03-14-170000-0000_index/metadata.toml", "run_in_transaction = false\n"),
];

#[test]
fn histories_of_diesel() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    for old in [Old::sqlite(), Old::postgres()] {
        let files = folder(FILES);
        match &old {
            Old::Postgres(database) => runtime.block_on(async {
                let connection = AsyncPgConnection::establish(&database.url()).await.unwrap();
                let mut harness = AsyncMigrationHarness::new(connection);
                harness.run_pending_migrations(FileBasedMigrations::from_path(files.path()).unwrap()).unwrap();
            }),
            Old::Sqlite(_) => old.execute(
                "CREATE TABLE IF NOT EXISTS __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, \
                 run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP); \
                 INSERT INTO __diesel_schema_migrations (version) VALUES ('00000000000000'), ('20240313170000'), \
                 ('202403141700000000')",
            ),
        }
        let applied = "00000000000000 version +, 20240313170000 version +, 202403141700000000 version +";
        assert_eq!(old.told(Tool::Diesel, &set(files.path())), applied);
        let versions = "00000000000000 20240313170000 202403141700000000";
        adopts(&old, Tool::Diesel, files.path(), versions, &["Diesel keeps no checksums"]);
        write(files.path(), "2024-03-15-170000_next/up.sql", "SELECT 1;");
        assert_eq!(old.told(Tool::Diesel, &set(files.path())), format!("{applied}, pending 20240315170000"));
        adopts(&old, Tool::Diesel, files.path(), versions, &["`20240315170000_next` is not applied"]);
        std::fs::remove_dir_all(files.path().join("2024-03-13-170000_users")).unwrap();
        let words = ["Diesel has applied version `20240313170000`, which is not in the binary"];
        refuses(&old, Tool::Diesel, files.path(), "foreign-history", &words);
    }
}
