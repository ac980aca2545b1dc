//! Prisma: the table of `create_migrations_table` in the flavours of its schema engine, and rows as `sql_migration_persistence.rs` writes
//! them. SQLite gets times as milliseconds since 1970. The checksum is that of `checksum.rs` there, computed with another SHA-256.

use migrate_core::adopt::Tool;

use crate::adoption::{adopts, refuses};
use crate::history::{Files, Old, folder, set, write};

const FILES: Files<'_> = &[
    ("20240313170000_init/migration.sql", "CREATE TABLE a (id integer);\n-- größe\n"),
    ("20240314170000_windows/migration.sql", "CREATE TABLE a (id integer);\n-- größe\n"),
    ("20240315170000_next/migration.sql", "SELECT 1;"),
    ("migration_lock.toml", "provider = \"sqlite\"\n"),
];
const WITH_LF: &str = "c94733560f3f2558a2e6161a6924287df21ae96d57541246b6d6c317f20b205b";
const WITH_CRLF: &str = "b2bc7f0f95a3ac39db4f0bd184c511e4d42bfef72fd314499f27994396a83ef4";

#[test]
fn histories_of_prisma() {
    for old in [Old::sqlite(), Old::postgres()] {
        let files = folder(FILES);
        let (table, time): (_, fn(u32) -> String) = match &old {
            Old::Sqlite(_) => (
                r#"CREATE TABLE "_prisma_migrations" ("id" TEXT PRIMARY KEY NOT NULL, "checksum" TEXT NOT NULL,
                "finished_at" DATETIME, "migration_name" TEXT NOT NULL, "logs" TEXT, "rolled_back_at" DATETIME,
                "started_at" DATETIME NOT NULL DEFAULT current_timestamp,
                "applied_steps_count" INTEGER UNSIGNED NOT NULL DEFAULT 0);"#,
                |second| format!("{}", 1_710_349_200_000_u64 + u64::from(second) * 1000),
            ),
            Old::Postgres(_) => (
                "CREATE TABLE _prisma_migrations (id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, \
                 finished_at TIMESTAMPTZ, migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ, \
                 started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)",
                |second| format!("'2024-03-13 17:00:{second:02}.5+00'"),
            ),
        };
        old.execute(table);
        let insert = |second: u32, name: &str, checksum: &str, is_finished: bool, is_rolled_back: bool| {
            let time = time(second);
            let if_so = |is_so| if is_so { time.as_str() } else { "NULL" };
            let (finished, rolled_back) = (if_so(is_finished), if_so(is_rolled_back));
            old.execute(&format!(
                "INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, rolled_back_at, started_at) \
                 VALUES ('{second}', '{checksum}', {finished}, '{name}', {rolled_back}, {time})"
            ));
        };
        // The first attempt failed, and was given up.
        insert(1, "20240313170000_init", WITH_LF, false, true);
        insert(2, "20240313170000_init", WITH_LF, true, false);
        insert(3, "20240314170000_windows", WITH_CRLF, true, false);
        let told = || old.told(Tool::Prisma, &set(files.path()));
        let out = "out 20240313170000 20240313170000_init";
        let first = "20240313170000 checksum +, 20240314170000 checksum +";
        assert_eq!(told(), format!("{first}, pending 20240315170000, {out}"));
        let notes =
            ["Prisma has taken `20240313170000 20240313170000_init` back", "`20240315170000_next` is not applied"];
        adopts(&old, Tool::Prisma, files.path(), "20240313170000 20240314170000", &notes);
        insert(4, "20240315170000_next", WITH_LF, false, false);
        insert(5, "baseline", WITH_LF, true, false);
        let dirty = "dirty 20240315170000 20240315170000_next";
        assert_eq!(told(), format!("{first}, pending 20240315170000, unknown baseline, {dirty}, {out}"));
        write(files.path(), "20240313170000_init/migration.sql", "SELECT 2;");
        assert!(told().contains("differs 20240313170000"));
        let words =
            ["3 problems", "Prisma has failed at", "`prisma migrate resolve`", "checksum differs", "`baseline`"];
        refuses(&old, Tool::Prisma, files.path(), "foreign-history", &words);
    }
}
