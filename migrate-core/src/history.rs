//! A row of the history table, decoded with errors and never with `unwrap`: anything may stand in a table.

use std::fmt;

use crate::printable::printable_line;
use crate::{Checksum, Label, Version};

/// The state of a row of the history table.
///
/// ```
/// # use migrate_core::RowState;
/// let is_settled = |state| matches!(state, RowState::Applied | RowState::Pending);
/// assert!(!is_settled(RowState::Running)); // look at the status: is somebody at work?
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "lowercase"))]
pub enum RowState {
    /// The migration is being applied outside of a transaction, or that was interrupted.
    Running,
    /// The migration is applied.
    Applied,
    /// The migration is being reverted outside of a transaction, or that was interrupted.
    Reverting,
    /// The migration is not applied any more: the row is kept for what it tells of the past.
    Pending,
}

impl RowState {
    /// Every state.
    ///
    /// ```
    /// # use migrate_core::RowState;
    /// assert_eq!(RowState::ALL.map(RowState::as_str), ["running", "applied", "reverting", "pending"]);
    /// ```
    pub const ALL: [RowState; 4] = [RowState::Running, RowState::Applied, RowState::Reverting, RowState::Pending];

    /// The text in the table.
    ///
    /// ```
    /// # use migrate_core::RowState;
    /// assert_eq!(RowState::Reverting.as_str(), "reverting");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            RowState::Running => "running",
            RowState::Applied => "applied",
            RowState::Reverting => "reverting",
            RowState::Pending => "pending",
        }
    }
}

/// A migration as the history table remembers it.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/row.rs")); }
/// # use example::*;
/// # let cells = cells();
/// // The cells of a row, as text.
/// let row = HistoryRow::decode(&cells)?;
/// assert_eq!((row.label().as_str(), row.state, row.execution_time_ms), ("7_orders", RowState::Applied, Some(12)));
/// # Ok::<(), migrate_core::BadRow>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRow {
    /// The version.
    pub version: Version,
    /// The name that the migration had when it was applied.
    pub name: String,
    /// The checksum of the SQL that was applied.
    pub checksum: Checksum,
    /// How far it came.
    pub state: RowState,
    /// When it was applied, in UTC: `2026-03-13T17:00:00.000Z`.
    pub applied_at: String,
    /// How long it took, in milliseconds; `None` while it is running.
    pub execution_time_ms: Option<u64>,
    /// How many statements its script has.
    pub statements: u64,
    /// How many of them were begun; more than are done when what became of one is not known.
    pub statements_begun: u64,
    /// How many of them are done.
    pub statements_done: u64,
    /// Who applied it: user, host, binary and its version.
    pub applied_by: String,
    /// While it is applied or reverted outside of a transaction: which connection does so, or has begun to.
    pub claim: Option<String>,
    /// What was done to the row other than to apply the migration, as it stands in the table; [`AuditEntry`](crate::AuditEntry) reads it.
    pub audit: String,
}

/// A row that no run of ours can have written.
///
/// ```
/// use migrate_core::HistoryRow;
///
/// let error = HistoryRow::decode(&[Some("7".to_owned())]).unwrap_err();
/// assert_eq!(error.to_string(), "the row of version \"7\" has no name");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    version: String,
    column: &'static str,
    found: Option<String>,
}

impl HistoryRow {
    /// The columns that [`decode`](HistoryRow::decode) takes, in its order.
    ///
    /// ```
    /// use migrate_core::HistoryRow;
    ///
    /// let query = format!("SELECT {} FROM schema_migrations", HistoryRow::COLUMNS.join(", "));
    /// assert!(query.starts_with("SELECT version, name, checksum, state, "));
    /// ```
    pub const COLUMNS: [&'static str; 12] = [
        "version",
        "name",
        "checksum",
        "state",
        "applied_at",
        "execution_time_ms",
        "statements",
        "statements_begun",
        "statements_done",
        "applied_by",
        "claim",
        "audit",
    ];

    /// Decodes the cells of a row, in the order of [`COLUMNS`](HistoryRow::COLUMNS); `None` is NULL.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/row.rs")); }
    /// # use example::*;
    /// # let cells = cells();
    /// // The cells of a row, as text.
    /// assert_eq!(HistoryRow::decode(&cells)?.version, 7.into());
    /// # Ok::<(), migrate_core::BadRow>(())
    /// ```
    ///
    /// # Errors
    /// [`BadRow`] names the row and the first column that cannot be read.
    pub fn decode(cells: &[Option<String>]) -> Result<HistoryRow, BadRow> {
        let cells = Cells(cells);
        Ok(HistoryRow {
            // What is spelled otherwise is none of our rows, and would not be found again by its digits.
            version: cells.required(0, |text| Version::parse(text).ok().filter(|version| version.digits() == text))?,
            name: cells.required(1, |text| Some(text.to_owned()))?,
            checksum: cells.required(2, Checksum::parse)?,
            state: cells.required(3, |text| RowState::ALL.into_iter().find(|state| state.as_str() == text))?,
            applied_at: cells.required(4, |text| Some(text.to_owned()))?,
            execution_time_ms: cells.optional(5, |text| text.parse().ok())?,
            statements: cells.required(6, |text| text.parse().ok())?,
            statements_begun: cells.required(7, |text| text.parse().ok())?,
            statements_done: cells.required(8, |text| text.parse().ok())?,
            applied_by: cells.required(9, |text| Some(printable_line(text)))?,
            claim: cells.optional(10, |text| Some(text.to_owned()))?,
            audit: cells.required(11, |text| Some(text.to_owned()))?,
        })
    }

    /// Version and name as people read them.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/row.rs")); }
    /// # use example::*;
    /// # let cells = cells();
    /// // The cells of a row, as text.
    /// assert_eq!(HistoryRow::decode(&cells)?.label().as_str(), "7_orders");
    /// # Ok::<(), migrate_core::BadRow>(())
    /// ```
    pub fn label(&self) -> Label {
        Label::new(&self.version, &self.name)
    }
}

struct Cells<'a>(&'a [Option<String>]);

impl Cells<'_> {
    fn required<T>(&self, column: usize, read: impl FnOnce(&str) -> Option<T>) -> Result<T, BadRow> {
        self.cell(column).and_then(read).ok_or_else(|| self.bad(column))
    }

    fn optional<T>(&self, column: usize, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, BadRow> {
        self.cell(column).map(|text| read(text).ok_or_else(|| self.bad(column))).transpose()
    }

    fn cell(&self, column: usize) -> Option<&str> {
        self.0.get(column)?.as_deref()
    }

    fn bad(&self, column: usize) -> BadRow {
        BadRow {
            version: self.cell(0).unwrap_or("NULL").to_owned(),
            column: HistoryRow::COLUMNS[column],
            found: self.cell(column).map(str::to_owned),
        }
    }
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BadRow { version, column, found } = self;
        match found {
            Some(found) => write!(f, "the row of version {version:?} has {found:?} as its {column}"),
            None => write!(f, "the row of version {version:?} has no {column}"),
        }
    }
}

impl std::error::Error for BadRow {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows() {
        let checksum = Checksum::from_bytes([0xab; 32]).to_string();
        let good = ["7", "init", &checksum, "applied", "2026-03-13T17:00:00.000Z", "12", "3", "3", "3", "me", "", ""];
        let row = HistoryRow::decode(&cells(&good)).unwrap();
        assert_eq!((row.label().as_str(), row.execution_time_ms), ("7_init", Some(12)));

        let cases: &[(usize, Option<&str>, &str)] = &[
            (0, Some("x"), r#"the row of version "x" has "x" as its version"#),
            (0, Some("07"), r#"the row of version "07" has "07" as its version"#),
            (0, None, r#"the row of version "NULL" has no version"#),
            (1, None, r#"the row of version "7" has no name"#),
            (2, Some("sha256:00"), r#"the row of version "7" has "sha256:00" as its checksum"#),
            (3, Some("APPLIED"), r#"the row of version "7" has "APPLIED" as its state"#),
            (5, Some("-1"), r#"the row of version "7" has "-1" as its execution_time_ms"#),
            (8, Some("all"), r#"the row of version "7" has "all" as its statements_done"#),
            (9, None, r#"the row of version "7" has no applied_by"#),
        ];
        for (column, cell, expect) in cases {
            let mut cells = cells(&good);
            cells[*column] = cell.map(str::to_owned);
            assert_eq!(HistoryRow::decode(&cells).unwrap_err().to_string(), *expect);
        }
        assert!(HistoryRow::decode(&[]).is_err());
    }

    fn cells(texts: &[&str]) -> Vec<Option<String>> {
        texts.iter().map(|text| Some((*text).to_owned())).collect()
    }
}
