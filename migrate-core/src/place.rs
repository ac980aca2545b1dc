//! A place in a script, as people and editors count it.

use std::fmt;

/// A line and a column in a text, both counted from 1; the column counts characters, not bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
}

impl Place {
    /// The place of a byte offset in `text`. An offset past the end, or inside a character, is moved back to the nearest one.
    ///
    /// ```
    /// use migrate_core::Place;
    /// assert_eq!(Place::of("SELECT 1;\nSELECT 2;", 10), Place { line: 2, column: 1 });
    /// ```
    pub fn of(text: &str, offset: usize) -> Place {
        let before = &text[..text.floor_char_boundary(offset)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Place {
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}
