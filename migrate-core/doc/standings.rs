// What examples in the docs start from: the migrations of a binary, and rows of a history.
pub use migrate_core::plan::{Ahead, Policy, Standing, Standings};
pub use migrate_core::{Checksum, Dialect, HistoryRow, Migration, RowState};

use migrate_core::embedded::{set, up};
use migrate_core::{MigrationSet, Script, Version};

static SCRIPTS: [Script; 3] = [
    up("01", "users", "01_users.sql", "SELECT 1", &[1; 32]),
    up("02", "orders", "02_orders.sql", "SELECT 2", &[2; 32]),
    up("04", "items", "04_items.sql", "SELECT 4", &[4; 32]),
];

static SET: MigrationSet = set("shop", &SCRIPTS, 3, [None; 3]);

/// 01_users, 02_orders, 04_items.
pub fn migrations() -> Vec<Migration<'static>> {
    SET.migrations(Dialect::Sqlite).unwrap()
}

/// A row of an applied migration; the checksum of each script is its version, 32 times.
pub fn row(version: u64, name: &str, checksum: u8) -> HistoryRow {
    HistoryRow {
        version: Version::from(version),
        name: name.to_owned(),
        checksum: Checksum::from_bytes([checksum; 32]),
        state: RowState::Applied,
        applied_at: "2026-03-13T17:00:00.000Z".to_owned(),
        execution_time_ms: Some(12),
        statements: 1,
        statements_begun: 1,
        statements_done: 1,
        applied_by: "ada@web-1 shop 1.4.0".to_owned(),
        claim: None,
        audit: String::new(),
    }
}
