//! A place in a script, as people and editors count it.

use std::fmt;

/// A line and a column in a text, both counted from 1; the column counts characters, not bytes.
///
/// ```
/// # use migrate_core::Place;
/// let place = Place::of("SELECT 'größe', x;", "SELECT 'größe', ".len());
/// assert_eq!(place, Place { line: 1, column: 17 }); // characters, not bytes
/// assert_eq!(format!("0001_users.sql:{place}"), "0001_users.sql:1:17");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
}

impl Place {
    /// Where every text starts.
    ///
    /// ```
    /// # use migrate_core::Place;
    /// assert_eq!(Place::of("any text", 0), Place::START);
    /// ```
    pub const START: Place = Place { line: 1, column: 1 };

    /// The place of a byte offset in `text`. An offset past the end, or inside a character, is moved back to the nearest one.
    ///
    /// ```
    /// # use migrate_core::Place;
    /// assert_eq!(Place::of("SELECT 1;\nSELECT 2;", 10), Place { line: 2, column: 1 });
    /// ```
    pub fn of(text: &str, offset: usize) -> Place {
        Place::START.after(&text[..text.floor_char_boundary(offset)])
    }

    /// The place behind `text`, which starts here. Many places of one text are found in one pass with this.
    ///
    /// ```
    /// # use migrate_core::Place;
    /// assert_eq!(Place { line: 7, column: 3 }.after("ab\nc"), Place { line: 8, column: 2 });
    /// ```
    pub fn after(self, text: &str) -> Place {
        let newlines = text.bytes().filter(|byte| *byte == b'\n').count();
        match text.rfind('\n') {
            Some(newline) => Place { line: self.line + newlines, column: text[newline + 1..].chars().count() + 1 },
            None => Place { line: self.line, column: self.column + text.chars().count() },
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}
