//! Finds the line comments of a script, for those who read directives in them.

use std::ops::Range;

use super::lex::{Lexer, TokenKind};
use crate::Dialect;

/// The `-- …` comments of a script, in order, without their line ends.
///
/// ```
/// use migrate_core::{Dialect, scan::line_comments};
///
/// let sql = "-- one\nSELECT '-- none'; -- two";
/// let texts: Vec<&str> = line_comments(sql, Dialect::Sqlite).map(|span| &sql[span]).collect();
/// assert_eq!(texts, ["-- one", "-- two"]);
/// ```
pub fn line_comments(sql: &str, dialect: Dialect) -> impl Iterator<Item = Range<usize>> {
    Lexer::new(sql, dialect)
        .filter(move |token| token.kind == TokenKind::Blank && token.text(sql).starts_with("--"))
        .map(move |token| token.start..token.start + token.text(sql).trim_end().len())
}
