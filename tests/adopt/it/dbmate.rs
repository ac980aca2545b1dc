//! dbmate: the statements of `CreateMigrationsTable` and `InsertMigration` in its `pkg/driver/sqlite/sqlite.go` and
//! `pkg/driver/postgres/postgres.go`.

use migrate_core::adopt::Tool;

use crate::history::{Old, folder, set};

const FILE: &str = "-- migrate:up\nSELECT 1;\n\n-- migrate:down\nSELECT 2;\n";

#[test]
fn histories_of_dbmate() {
    let files = folder(&[("20240313170000_users.sql", FILE), ("20240314170000_orders.sql", FILE)]);
    for old in [Old::sqlite(), Old::postgres()] {
        old.execute(match &old {
            Old::Sqlite(_) => r#"create table if not exists "schema_migrations" (version varchar(128) primary key)"#,
            Old::Postgres(_) => {
                r#"create table if not exists "public"."schema_migrations" (version varchar primary key)"#
            }
        });
        assert_eq!(old.told(Tool::Dbmate, &set(files.path())), "pending 20240313170000, pending 20240314170000");
        for version in ["20240313170000", "20240315170000"] {
            old.execute(&format!("insert into schema_migrations (version) values ('{version}')"));
        }
        let expect = "20240313170000 version, pending 20240314170000, unknown 20240315170000";
        assert_eq!(old.told(Tool::Dbmate, &set(files.path())), expect);
    }
}
