//! Cells → rows, with errors and never with `unwrap`: anything may stand in a table.

use super::{BadForeignRow, ForeignKey, ForeignRow, ForeignState, Tool};
use crate::{FileName, Version};

impl Tool {
    /// Decodes the answer to [`history_sql`](Tool::history_sql), each row with the cells of [`CELLS`](Tool::CELLS); `None` is NULL.
    ///
    /// ```
    /// # use migrate_core::adopt::{ForeignKey, Tool};
    /// let cells = [vec![Some("7".to_owned()), None, None, None, None, None, None]]; // a row of dbmate
    /// let rows = Tool::Dbmate.decode(&cells).unwrap();
    /// assert_eq!(rows[0].key, ForeignKey::Version(7.into()));
    /// assert!(Tool::Dbmate.decode(&[vec![None; 7]]).is_err());
    /// ```
    ///
    /// # Errors
    /// Every row that the tool cannot have written.
    pub fn decode(self, rows: &[Vec<Option<String>>]) -> Result<Vec<ForeignRow>, Vec<BadForeignRow>> {
        let decoded: Vec<_> = rows.iter().map(|cells| self.decode_row(&Cells(cells))).collect();
        let bad: Vec<BadForeignRow> = decoded.iter().filter_map(|row| row.as_ref().err().cloned()).collect();
        if bad.is_empty() { Ok(decoded.into_iter().flatten().collect()) } else { Err(bad) }
    }

    fn decode_row(self, cells: &Cells<'_>) -> Result<ForeignRow, BadForeignRow> {
        Ok(ForeignRow {
            key: self.key(cells)?,
            name: cells.text(NAME).map(str::to_owned),
            checksum: self.checksum(cells)?,
            applied_at: cells.text(APPLIED_AT).and_then(time),
            execution_time_ms: self.execution_time_ms(cells)?,
            state: self.state(cells)?,
        })
    }

    fn key(self, cells: &Cells<'_>) -> Result<ForeignKey, BadForeignRow> {
        let version = || cells.required(VERSION, |text| Version::parse(text).ok());
        match self {
            Tool::Refinery | Tool::Sqlx | Tool::Dbmate | Tool::Goose => version().map(ForeignKey::Version),
            // What it writes when the first migration fails on its way down.
            Tool::GolangMigrate if cells.text(VERSION) == Some("-1") => Ok(ForeignKey::Text("-1".to_owned())),
            Tool::GolangMigrate => version().map(ForeignKey::UpTo),
            Tool::RusqliteMigration => cells.required(VERSION, |text| text.parse().ok()).map(ForeignKey::First),
            Tool::Diesel => cells.required(VERSION, |text| Some(version_or_text(text))),
            Tool::Flyway => Ok(match cells.text(VERSION) {
                None => ForeignKey::Text(String::new()),
                Some(text) => match version_or_text(without_zeros(text)) {
                    ForeignKey::Version(version) if is_baseline(cells) => ForeignKey::UpTo(version),
                    ForeignKey::Text(_) => ForeignKey::Text(text.to_owned()),
                    key => key,
                },
            }),
            Tool::Prisma => cells.required(NAME, |name| {
                Some(match FileName::of_folder(name) {
                    Ok(of_folder) => ForeignKey::Version(of_folder.version),
                    Err(_) => ForeignKey::Text(name.to_owned()),
                })
            }),
        }
    }

    fn checksum(self, cells: &Cells<'_>) -> Result<Option<String>, BadForeignRow> {
        let decimal = |text: &str| text.parse::<i128>().is_ok().then(|| text.to_owned());
        match self {
            Tool::Refinery => cells.required(CHECKSUM, decimal).map(Some),
            Tool::Flyway => cells.optional(CHECKSUM, decimal),
            Tool::Sqlx | Tool::Prisma => cells.required(CHECKSUM, |text| Some(text.to_ascii_lowercase())).map(Some),
            _ => Ok(None),
        }
    }

    fn execution_time_ms(self, cells: &Cells<'_>) -> Result<Option<u64>, BadForeignRow> {
        let nanoseconds_a_unit = match self {
            Tool::Sqlx => 1,
            Tool::Flyway => 1_000_000,
            _ => return Ok(None),
        };
        let number = cells.optional(EXECUTION_TIME, |text| text.parse::<i128>().ok())?;
        // sqlx writes -1 as long as it does not know.
        Ok(number.and_then(|number| u64::try_from(number.checked_mul(nanoseconds_a_unit)? / 1_000_000).ok()))
    }

    fn state(self, cells: &Cells<'_>) -> Result<ForeignState, BadForeignRow> {
        let done = || cells.required(DONE, truth);
        let applied_if = |applied| if applied { ForeignState::Applied } else { ForeignState::Dirty };
        match self {
            Tool::Refinery | Tool::Diesel | Tool::RusqliteMigration | Tool::Dbmate => Ok(ForeignState::Applied),
            Tool::Sqlx => done().map(applied_if),
            Tool::GolangMigrate => done().map(|dirty| applied_if(!dirty)),
            Tool::Goose => Ok(match (done()?, cells.text(VERSION)) {
                (_, Some("0")) => ForeignState::Note,
                (true, _) => ForeignState::Applied,
                (false, _) => ForeignState::Reverted,
            }),
            Tool::Flyway => {
                let success = done()?;
                let kind = cells.required(KIND, |text| Some(text.to_owned()))?;
                Ok(match kind.as_str() {
                    _ if !success => ForeignState::Dirty,
                    "SCHEMA" | "TABLE" => ForeignState::Note,
                    "DELETE" => ForeignState::Reverted,
                    _ if kind.starts_with("UNDO") => ForeignState::Reverted,
                    _ if cells.text(VERSION).is_none() => ForeignState::Repeatable,
                    _ => ForeignState::Applied,
                })
            }
            Tool::Prisma => Ok(match (done()?, cells.required(KIND, truth)?) {
                (_, true) => ForeignState::Reverted,
                (true, false) => ForeignState::Applied,
                (false, false) => ForeignState::Dirty,
            }),
        }
    }
}

const VERSION: usize = 0;
const NAME: usize = 1;
const CHECKSUM: usize = 2;
const APPLIED_AT: usize = 3;
const EXECUTION_TIME: usize = 4;
const DONE: usize = 5;
const KIND: usize = 6;

fn version_or_text(text: &str) -> ForeignKey {
    Version::parse(text).map_or_else(|_| ForeignKey::Text(text.to_owned()), ForeignKey::Version)
}

/// A version of Flyway without what does not count there: `1.0` is `1`.
fn without_zeros(text: &str) -> &str {
    match text.rsplit_once('.') {
        Some((rest, part)) if !part.is_empty() && part.bytes().all(|digit| digit == b'0') => without_zeros(rest),
        _ => text,
    }
}

/// Whether a row of Flyway stands for everything up to its version: `BASELINE`, `SQL_BASELINE` and the like.
fn is_baseline(cells: &Cells<'_>) -> bool {
    cells.text(KIND).is_some_and(|kind| kind.contains("BASELINE"))
}

/// As databases write what is true or not, and what is a number in SQLite.
fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "t" | "true" | "1" => Some(true),
        "f" | "false" | "0" => Some(false),
        _ => None,
    }
}

/// A time in UTC to the millisecond, in the form that ours have.
fn time(text: &str) -> Option<String> {
    let (date, rest) = text.split_at_checked(10)?;
    let time = rest.strip_prefix(['T', ' '])?;
    let time = time.strip_suffix('Z').or_else(|| time.strip_suffix("+00:00"))?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
    let has_shape = |text: &str, separator: u8, parts: &[usize]| {
        let mut found = text.split(char::from(separator));
        let is_part = |length: &usize| {
            found.next().is_some_and(|part| part.len() == *length && part.bytes().all(|byte| byte.is_ascii_digit()))
        };
        parts.iter().all(is_part) && found.next().is_none()
    };
    let is_time = has_shape(date, b'-', &[4, 2, 2])
        && has_shape(time, b':', &[2, 2, 2])
        && fraction.bytes().all(|byte| byte.is_ascii_digit())
        && is_on_the_calendar(date, time);
    is_time.then(|| format!("{date}T{time}.{:0<3.3}Z", fraction))
}

/// Whether a database would take it for a time.
fn is_on_the_calendar(date: &str, time: &str) -> bool {
    let numbers: Vec<u32> = date.split('-').chain(time.split(':')).filter_map(|part| part.parse().ok()).collect();
    let &[year, month, day, hour, minute, second] = numbers.as_slice() else { return false };
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    year > 0 && (1..=days).contains(&day) && hour < 24 && minute < 60 && second < 60
}

struct Cells<'a>(&'a [Option<String>]);

impl Cells<'_> {
    fn text(&self, cell: usize) -> Option<&str> {
        self.0.get(cell)?.as_deref()
    }

    fn required<T>(&self, cell: usize, read: impl FnOnce(&str) -> Option<T>) -> Result<T, BadForeignRow> {
        self.text(cell).and_then(read).ok_or_else(|| self.bad(cell))
    }

    fn optional<T>(&self, cell: usize, read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, BadForeignRow> {
        self.text(cell).map(|text| read(text).ok_or_else(|| self.bad(cell))).transpose()
    }

    fn bad(&self, cell: usize) -> BadForeignRow {
        BadForeignRow {
            row: self.text(VERSION).or(self.text(NAME)).unwrap_or("NULL").to_owned(),
            cell: Tool::CELLS[cell],
            found: self.text(cell).map(str::to_owned),
        }
    }
}
