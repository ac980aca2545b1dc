//! Tells the comments of a script from the rest, for those who read directives in them and those who do not care for them.

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

/// The `/* … */` comments of a script, in order.
pub(crate) fn block_comments(sql: &str, dialect: Dialect) -> impl Iterator<Item = Range<usize>> {
    Lexer::new(sql, dialect)
        .filter(move |token| token.kind == TokenKind::Blank && token.text(sql).starts_with("/*"))
        .map(move |token| token.start..token.start + token.text(sql).len())
}

/// What a script consists of besides comments and white space, token by token.
///
/// ```
/// use migrate_core::{Dialect, scan::without_comments};
///
/// let parts: Vec<&str> = without_comments("SELECT /* all */ *\n-- of\n;", Dialect::Sqlite).collect();
/// assert_eq!(parts, ["SELECT", "*", ";"]);
/// ```
pub fn without_comments(sql: &str, dialect: Dialect) -> impl Iterator<Item = &str> {
    Lexer::new(sql, dialect).filter(|token| token.kind != TokenKind::Blank).map(move |token| token.text(sql))
}
