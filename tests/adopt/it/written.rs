//! Databases of SQLite that rusqlite_migration, sqlx and Diesel have written, in `data`: `writers` makes them anew, in a workspace of its
//! own.

use std::path::Path;

use migrate_core::adopt::Tool;
use rusqlite::OpenFlags;

use crate::adoption::adopts;
use crate::history::{Old, set};

#[test]
fn databases_of_other_tools() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let cases = [
        (Tool::RusqliteMigration, "rusqlite_migration.db", "sqlx", "1 position, 2 position"),
        (Tool::Sqlx, "sqlx.db", "sqlx", "1 checksum + ms, 2 checksum + ms"),
        (Tool::Diesel, "diesel.db", "diesel", "20240313170000 version +, 202403141700000000 version +"),
    ];
    for (tool, database, folder, expect) in cases {
        let connection =
            rusqlite::Connection::open_with_flags(data.join(database), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let old = Old::Sqlite(connection);
        assert_eq!(old.told(tool, &set(&data.join(folder))), expect);
        let versions: Vec<&str> = expect.split(", ").filter_map(|one| one.split(' ').next()).collect();
        adopts(&old, tool, &data.join(folder), &versions.join(" "), &[]);
    }
}
