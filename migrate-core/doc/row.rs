// What examples in the docs start from: the cells of a row of the history table.
pub use migrate_core::{HistoryRow, RowState};

pub fn cells() -> Vec<Option<String>> {
    let checksum = format!("sha256:{}", "07".repeat(32));
    let cells = ["7", "orders", &checksum, "applied", "2026-03-13T17:00:00.000Z", "12", "3", "3", "3", "ada", "", ""];
    cells.iter().map(|cell| Some((*cell).to_owned())).collect()
}
