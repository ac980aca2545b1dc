//! The histories of other tools: how they are read, and what they say of a set of migrations.
//!
//! Pure: it makes the text of a query, takes its cells, and compares. It knows no driver and writes nothing; the table of the other
//! tool is never changed.
//!
//! In this order: [`Tool::recognises`] the columns of the table, [`Tool::history_sql`] reads it, [`Tool::decode`] takes the cells,
//! [`judge`] compares, and [`Adoption::problems`] is empty when the history may be taken over.
//!
//! Invariants: every row of the old history is told, as matched or otherwise, but for one that a later row of the same version
//! replaces. Nothing counts as verified whose checksum was not computed here.
//!
//! ```
//! # use migrate_core::Dialect;
//! use migrate_core::adopt::{Tool, judge};
//!
//! let sql = Tool::Dbmate.history_sql(Dialect::Sqlite, "\"schema_migrations\"").unwrap();
//! assert!(sql.starts_with("SELECT CAST(history.version AS TEXT)"));
//! // What a driver answers: a cell for each of `Tool::CELLS`.
//! let cells = [vec![Some("20240313170000".to_owned()), None, None, None, None, None, None]];
//! let rows = Tool::Dbmate.decode(&cells).unwrap();
//! let adoption = judge(Tool::Dbmate, &rows, &[]);
//! assert_eq!(adoption.unknown.len(), 1);
//! assert_eq!(adoption.problems()[0].message(), "dbmate has applied version `20240313170000`, which is not in the binary");
//! ```

mod checksums;
mod decode;
mod judge;
mod report;
mod row;
mod select;
#[cfg(test)]
mod tests;
mod tool;

pub use judge::{Adoption, Differing, Matched, Proof, judge};
pub use row::{BadForeignRow, ForeignKey, ForeignRow, ForeignState};
pub use tool::Tool;
