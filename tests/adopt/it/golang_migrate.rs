//! golang-migrate: the statements of `ensureVersionTable` and `SetVersion` in its `database/sqlite3/sqlite3.go` and
//! `database/postgres/postgres.go`.

use migrate_core::adopt::Tool;

use crate::adoption::{adopts, refuses};
use crate::history::{Old, folder, set};

#[test]
fn histories_of_golang_migrate() {
    let files = folder(&[
        ("000001_users.up.sql", "SELECT 1;"),
        ("000001_users.down.sql", "SELECT 1;"),
        ("000002_orders.up.sql", "SELECT 2;"),
        ("000003_items.up.sql", "SELECT 3;"),
    ]);
    for old in [Old::sqlite(), Old::postgres()] {
        let empty = match &old {
            Old::Sqlite(_) => {
                old.execute(
                    "CREATE TABLE IF NOT EXISTS schema_migrations (version uint64,dirty bool); \
                     CREATE UNIQUE INDEX IF NOT EXISTS version_unique ON schema_migrations (version);",
                );
                "DELETE FROM schema_migrations"
            }
            Old::Postgres(_) => {
                old.execute(
                    r#"CREATE TABLE IF NOT EXISTS "public"."schema_migrations" (version bigint not null primary key, dirty boolean not null)"#,
                );
                r#"TRUNCATE "public"."schema_migrations""#
            }
        };
        let cases = [
            ("", "pending 000001, pending 000002, pending 000003"),
            ("(2, false)", "000001 position, 000002 version, pending 000003"),
            ("(3, true)", "pending 000001, pending 000002, pending 000003, dirty 3"),
            ("(-1, true)", "pending 000001, pending 000002, pending 000003, dirty -1"),
            ("(1, false), (2, false)", "000001 version, 000002 version, pending 000003"),
            ("(9, false)", "000001 position, 000002 position, 000003 position, unknown 9"),
        ];
        for (row, expect) in cases {
            old.execute(empty);
            if !row.is_empty() {
                old.execute(&format!("INSERT INTO schema_migrations (version, dirty) VALUES {row}"));
            }
            assert_eq!(old.told(Tool::GolangMigrate, &set(files.path())), expect, "{row}");
            let path = files.path();
            match row {
                "(2, false)" => {
                    let notes = ["1 migration is taken as applied by order alone", "`000003_items` is not applied"];
                    adopts(&old, Tool::GolangMigrate, path, "000001 000002", &notes);
                }
                "(3, true)" => {
                    let words = ["golang-migrate has left version `3` half done", "`migrate force <version>`"];
                    refuses(&old, Tool::GolangMigrate, path, "foreign-history", &words);
                }
                "(1, false), (2, false)" => {
                    let words = ["has 2 rows, and golang-migrate keeps only one", "dbmate"];
                    refuses(&old, Tool::GolangMigrate, path, "foreign-history", &words);
                }
                "(9, false)" => refuses(&old, Tool::GolangMigrate, path, "foreign-history", &["version `9`"]),
                _ => {}
            }
        }
    }
}
