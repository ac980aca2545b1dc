//! A file of goose, dbmate or sql-migrate is two scripts, each with its own text, checksum and mark; places in them are those of the file.

use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/scripts_up_and_down_in_one_file");

fn main() {
    let told: Vec<String> = MIGRATIONS
        .set()
        .scripts()
        .iter()
        .map(|script| {
            let outside = if script.no_transaction() { " outside" } else { "" };
            format!("{} {:?} {:?}{outside}", script.file_name(), script.direction(), script.sql())
        })
        .collect();
    let expect = [
        r#"0001_users.sql Up "-- +goose Up\nCREATE TABLE users (id integer);\n\n""#,
        r#"0001_users.sql Down "\n\n\n-- +goose Down\nDROP TABLE users;\n""#,
        r#"0002_dbmate.sql Up "-- migrate:up transaction:false\nVACUUM;\n\n" outside"#,
        r#"0002_dbmate.sql Down "\n\n\n-- migrate:down\nCREATE TABLE b (id integer);\n""#,
        r#"0003_nothing_back.sql Up "-- +migrate Up\nCREATE TABLE c (id integer);\n""#,
    ];
    assert_eq!(told, expect);
}
