//! A row of another tool's history, as data.

use std::fmt;

use crate::Version;
use crate::printable::printable_line;

/// A row of another tool's history.
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
