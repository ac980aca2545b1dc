//! rusqlite_migration, which is for another rusqlite than ours: it keeps the number of migrations in `user_version`
//! (`set_user_version` in `rusqlite_migration/src/lib.rs`), and nothing else. `written.rs` has a database of its own.

use migrate_core::adopt::Tool;

use crate::adoption::{adopts, refuses};
use crate::history::{Old, folder, set};

#[test]
fn histories_of_rusqlite_migration() {
    let files =
        folder(&[("01-users/up.sql", "SELECT 1;"), ("02-orders/up.sql", "SELECT 2;"), ("10-x/up.sql", "SELECT 3;")]);
    let cases = [
        (0, "pending 01, pending 02, pending 10"),
        (2, "01 position, 02 position, pending 10"),
        (3, "01 position, 02 position, 10 position"),
        (4, "01 position, 02 position, 10 position, unknown the first 4"),
    ];
    let old = Old::sqlite();
    for (version, expect) in cases {
        let Old::Sqlite(connection) = &old else { unreachable!() };
        connection.pragma_update(None, "user_version", version).unwrap();
        assert_eq!(old.told(Tool::RusqliteMigration, &set(files.path())), expect);
        let (tool, path) = (Tool::RusqliteMigration, files.path());
        match version {
            2 => adopts(&old, tool, path, "01 02", &["2 migrations are taken as applied by order alone"]),
            3 => adopts(&old, tool, path, "01 02 10", &[]),
            4 => refuses(&old, tool, path, "foreign-history", &["has applied 4 migrations, and the binary has fewer"]),
            _ => {}
        }
    }
}
