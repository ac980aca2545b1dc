//! Pragmas that SQLite ignores or refuses in a transaction that has written, as that of a migration has, or is about to.

use super::Finding;
use crate::scan::{Piece, Scan, Statement};
use crate::{Dialect, ForeignKeys, Header, Problem};

/// The pragmas of a script that are ignored although something depends on them, and those that always fail.
///
/// A script that switches foreign keys off and later on again says what the directive says, in the words of SQLite's own manual.
/// The runtime does what it means.
pub(super) fn find(sql: &str, scan: &Scan, header: &Header) -> Vec<Finding> {
    let set: Vec<(&Statement, Pragma)> =
        scan.statements.iter().filter_map(|statement| Some((statement, Pragma::set_by(sql, statement)?))).collect();
    let last_on = set.iter().rposition(|(_, pragma)| *pragma == Pragma::ForeignKeysOn);
    let is_open = |index: usize| header.foreign_keys() != ForeignKeys::Off && last_on.is_none_or(|last| last < index);
    let problem = |(index, (statement, pragma)): (usize, &(&Statement, Pragma))| {
        let (message, help) = match pragma {
            Pragma::ForeignKeysOff if is_open(index) => (
                "`PRAGMA foreign_keys` does nothing in a transaction",
                "begin the file with `-- migrate: foreign-keys=off` instead: they are off while it runs, and checked before its end",
            ),
            Pragma::JournalMode => ("`PRAGMA journal_mode` does nothing in a transaction", SET_ELSEWHERE),
            Pragma::Synchronous => ("`PRAGMA synchronous` cannot be set in a transaction", SET_ELSEWHERE),
            Pragma::Checkpoint => (
                "`PRAGMA wal_checkpoint` cannot run in a transaction",
                "put it into a file of its own that begins with `-- migrate: no-transaction`",
            ),
            Pragma::ForeignKeysOff | Pragma::ForeignKeysOn => return None,
        };
        let start = statement.span.start;
        let problem = Problem::new(message, help);
        Some(Finding { statement: start, offset: start, problem })
    };
    set.iter().enumerate().filter_map(problem).collect()
}

const SET_ELSEWHERE: &str = "set it where the program opens the database, or put it into a file of its own that begins with \
                             `-- migrate: no-transaction`";

/// What a statement for SQLite sets foreign keys to: on or off, in any spelling.
///
/// ```
/// use migrate_core::{Dialect, in_transaction::foreign_keys_set_by, scan::scan};
///
/// let set_by = |sql| foreign_keys_set_by(sql, &scan(sql, Dialect::Sqlite).statements[0]);
/// assert_eq!(set_by("PRAGMA foreign_keys = yes"), Some(true));
/// assert_eq!(set_by("pragma main.foreign_keys(0)"), Some(false));
/// assert_eq!(set_by("PRAGMA foreign_keys"), None);
/// ```
pub fn foreign_keys_set_by(sql: &str, statement: &Statement) -> Option<bool> {
    match Pragma::set_by(sql, statement)? {
        Pragma::ForeignKeysOn => Some(true),
        Pragma::ForeignKeysOff => Some(false),
        Pragma::JournalMode | Pragma::Synchronous | Pragma::Checkpoint => None,
    }
}

/// A pragma that does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pragma {
    ForeignKeysOff,
    ForeignKeysOn,
    /// Of the main database: that of an attached one can be changed.
    JournalMode,
    /// Of any database.
    Synchronous,
    /// Of the main database, or of all: that of an attached one has nothing to say where it was not written to.
    Checkpoint,
}

impl Pragma {
    /// `PRAGMA [schema.]name = value` or `PRAGMA [schema.]name(value)`. Names and values may be quoted in any way. A checkpoint needs no
    /// value.
    fn set_by(sql: &str, statement: &Statement) -> Option<Pragma> {
        let mut pieces = statement.pieces(sql, Dialect::Sqlite);
        pieces.next().filter(|verb| verb.is("PRAGMA"))?;
        let mut name = pieces.next()?;
        let mut next = pieces.next();
        let mut schema = None;
        if next.is_some_and(|dot| dot.is_sign(".")) {
            schema = Some(name);
            name = pieces.next()?;
            next = pieces.next();
        }
        let is_word = |piece: &Piece<'_>, word| piece.bare().eq_ignore_ascii_case(word);
        let is_main = schema.is_none_or(|schema| is_word(&schema, "main"));
        if is_word(&name, "wal_checkpoint") && is_main {
            return Some(Pragma::Checkpoint);
        }
        next.filter(|sign| sign.is_sign("=") || sign.is_sign("("))?;
        let mut value = pieces.next()?;
        if is_word(&name, "foreign_keys") {
            if value.is_sign("+") {
                value = pieces.next()?;
            }
            if value.is_sign(")") {
                return None;
            }
            return Some(if is_on(value.bare()) { Pragma::ForeignKeysOn } else { Pragma::ForeignKeysOff });
        }
        if is_word(&name, "synchronous") {
            return Some(Pragma::Synchronous);
        }
        (is_word(&name, "journal_mode") && is_main).then_some(Pragma::JournalMode)
    }
}

/// Whether SQLite reads the value of a flag as on: a few words, and numbers whose lowest byte is not 0 (newer versions: that are not 0).
/// What it does not know is off.
///
/// ```
/// use migrate_core::in_transaction::is_on;
///
/// assert!(is_on("Yes") && is_on("01"));
/// assert!(!is_on("off") && !is_on("00") && !is_on("enabled"));
/// ```
pub fn is_on(value: &str) -> bool {
    if !value.starts_with(|first: char| first.is_ascii_digit()) {
        return ["on", "yes", "true"].into_iter().any(|on| value.eq_ignore_ascii_case(on));
    }
    let hexadecimal = value.strip_prefix("0x").or_else(|| value.strip_prefix("0X"));
    let (digits, radix) = hexadecimal.map_or((value, 10), |digits| (digits, 16));
    let end = digits.find(|digit: char| !digit.is_digit(radix)).unwrap_or(digits.len());
    i32::from_str_radix(&digits[..end], radix).is_ok_and(|number| number & 0xff != 0)
}
