//! A row of another tool's history, as data.

use std::fmt;

use crate::Version;
use crate::printable::printable_line;

/// A row of another tool's history.
///
/// ```
/// use migrate_core::adopt::{ForeignState, Tool};
///
/// let cell = |text: &str| Some(text.to_owned());
/// let cells = vec![cell("7"), cell("add phone"), cell("AB12"), cell("2024-03-13 17:00:00"), cell("2000000"), cell("1"), None];
/// let row = &Tool::Sqlx.decode(&[cells]).unwrap()[0];
/// assert_eq!((row.checksum.as_deref(), row.execution_time_ms), (Some("ab12"), Some(2)));
/// assert_eq!(row.state, ForeignState::Applied);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignRow {
    /// What the row speaks of.
    pub key: ForeignKey,
    /// The name or description of the migration, where the tool keeps one.
    pub name: Option<String>,
    /// The checksum as the tool writes it, in small letters where it is hexadecimal; `None` where the row has none.
    pub checksum: Option<String>,
    /// When it was applied, in UTC: `2026-03-13T17:00:00.000Z`. `None` where the tool keeps no time, or nothing that reads like one.
    pub applied_at: Option<String>,
    /// How long it took, in milliseconds, where the tool keeps it.
    pub execution_time_ms: Option<u64>,
    /// What the row says of it.
    pub state: ForeignState,
}

/// What a row of another tool's history speaks of.
///
/// ```
/// use migrate_core::adopt::{ForeignKey, Tool};
///
/// let key = |tool: Tool, version: &str| {
///     let cells = vec![Some(version.to_owned()), None, None, None, None, Some("0".to_owned()), None];
///     tool.decode(&[cells]).unwrap()[0].key.clone()
/// };
/// assert_eq!(key(Tool::Diesel, "7"), ForeignKey::Version(7.into()));
/// assert_eq!(key(Tool::GolangMigrate, "7"), ForeignKey::UpTo(7.into()));
/// assert_eq!(key(Tool::RusqliteMigration, "7"), ForeignKey::First(7));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ForeignKey {
    /// One migration.
    Version(Version),
    /// Every migration up to this version: golang-migrate, and a baseline of Flyway.
    UpTo(Version),
    /// So many migrations, counted from the first: rusqlite_migration.
    First(u64),
    /// Something that no version here can be: `1.1` of Flyway, a name without a version. Empty for what has neither.
    Text(String),
}

/// What a row of another tool's history says.
///
/// ```
/// use migrate_core::adopt::{ForeignState, Tool};
///
/// let dirty = vec![Some("7".to_owned()), None, None, None, None, Some("true".to_owned()), None];
/// assert_eq!(Tool::GolangMigrate.decode(&[dirty]).unwrap()[0].state, ForeignState::Dirty);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignState {
    /// It is applied.
    Applied,
    /// It was begun, and has failed or was interrupted.
    Dirty,
    /// It was taken back: earlier rows of the same migration count no more.
    Reverted,
    /// It is applied again whenever it changes, which has no place in a history of versions.
    Repeatable,
    /// No migration: the tool's own note, such as the version 0 of goose.
    Note,
}

impl ForeignRow {
    /// The row as people read it: `7`, `7 add phone`, `the first 3`.
    ///
    /// ```
    /// use migrate_core::adopt::Tool;
    ///
    /// let cells = vec![Some("3".to_owned()), None, None, None, None, None, None];
    /// assert_eq!(Tool::Dbmate.decode(&[cells.clone()]).unwrap()[0].label(), "3");
    /// assert_eq!(Tool::RusqliteMigration.decode(&[cells]).unwrap()[0].label(), "the first 3");
    /// ```
    pub fn label(&self) -> String {
        let name = self.name.as_deref().unwrap_or_default();
        let text = match &self.key {
            ForeignKey::Text(text) if text.is_empty() => name.to_owned(),
            key if name.is_empty() || key == &ForeignKey::Text(name.to_owned()) => key.to_string(),
            key => format!("{key} {name}"),
        };
        printable_line(&text)
    }
}

impl fmt::Display for ForeignKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ForeignKey::Version(version) | ForeignKey::UpTo(version) => version.fmt(f),
            ForeignKey::First(count) => write!(f, "the first {count}"),
            ForeignKey::Text(text) => f.write_str(text),
        }
    }
}

/// A row that the tool cannot have written.
///
/// ```
/// use migrate_core::adopt::Tool;
///
/// let bad = Tool::Dbmate.decode(&[vec![Some("seven".to_owned()), None, None, None, None, None, None]]).unwrap_err();
/// println!("{}", bad[0]);
/// assert!(bad[0].to_string().contains("seven"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadForeignRow {
    pub(super) row: String,
    pub(super) cell: &'static str,
    pub(super) found: Option<String>,
}

impl fmt::Display for BadForeignRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BadForeignRow { row, cell, found } = self;
        match found {
            Some(found) => write!(f, "the row {row:?} has {found:?} as its {cell}"),
            None => write!(f, "the row {row:?} has no {cell}"),
        }
    }
}

impl std::error::Error for BadForeignRow {}
