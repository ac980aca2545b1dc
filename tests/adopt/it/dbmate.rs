//! dbmate: the statements of `CreateMigrationsTable` and `InsertMigration` in its `pkg/driver/sqlite/sqlite.go` and
//! `pkg/driver/postgres/postgres.go`.

use std::fs;

use migrate_core::adopt::Tool;
use migrate_runtime::{Migrations, OldHistory};
use migrate_tests::Verb;

use crate::adoption::{adopts, copies, migrator, refuses};
use crate::history::{Old, folder, set};

const FILE: &str = "-- migrate:up\nSELECT 1;\n\n-- migrate:down\nSELECT 2;\n";

#[test]
fn histories_of_dbmate() {
    for old in [Old::sqlite(), Old::postgres()] {
        let files = folder(&[("20240313170000_users.sql", FILE), ("20240314170000_orders.sql", FILE)]);
        old.execute(match &old {
            Old::Sqlite(_) => r#"create table if not exists "schema_migrations" (version varchar(128) primary key)"#,
            Old::Postgres(_) => {
                r#"create table if not exists "public"."schema_migrations" (version varchar primary key)"#
            }
        });
        assert_eq!(old.told(Tool::Dbmate, &set(files.path())), "pending 20240313170000, pending 20240314170000");
        let insert =
            |version: &str| old.execute(&format!("insert into schema_migrations (version) values ('{version}')"));
        insert("20240313170000");
        let notes = ["dbmate keeps no checksums", "`20240314170000_orders` is not applied: `run` applies it"];
        adopts(&old, Tool::Dbmate, files.path(), "20240313170000", &notes);
        insert("20240315170000");
        let expect = "20240313170000 version, pending 20240314170000, unknown 20240315170000";
        assert_eq!(old.told(Tool::Dbmate, &set(files.path())), expect);
        let words = ["1 problem", "dbmate has applied version `20240315170000`, which is not in the binary"];
        refuses(&old, Tool::Dbmate, files.path(), "foreign-history", &words);
        fs::write(files.path().join("20240315170000_late.sql"), FILE).unwrap();
        let set = Migrations::from_folder(files.path()).unwrap();
        for mut copy in copies(&old) {
            let verb = Verb::Adopt(OldHistory::of(Tool::Dbmate));
            let plan = copy.connection.try_verb(&migrator(&set), &verb).unwrap();
            let note = "`20240314170000_orders` is not applied, and comes before what is";
            assert!(plan.to_string().contains(note), "{plan}");
        }
    }
}
