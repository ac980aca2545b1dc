//! The tokens of a statement, for those who look into one: as written, or sorted into names with their quotes removed, constants and
//! punctuation.

use std::borrow::Cow;

use super::Statement;
use super::lex::{Lexer, TokenKind};
use crate::Dialect;

/// A token of a statement, see [`Statement::parts`].
///
/// ```
/// use migrate_core::{Dialect, scan::{Part, scan}};
///
/// let sql = "DROP TABLE IF EXISTS \"Users\"";
/// let parts = scan(sql, Dialect::Postgres).statements[0].parts(sql, Dialect::Postgres);
/// let name = parts.map(|(_, part)| part).last();
/// assert_eq!(name, Some(Part::Quoted("Users".into())));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part<'a> {
    /// A bare word, as written: a keyword, a name or a type.
    Word(&'a str),
    /// A quoted name, without its quotes.
    Quoted(Cow<'a, str>),
    /// A string constant, as written, with its quotes.
    Text(&'a str),
    /// One character of punctuation or of an operator: `(`, `,`, `.`, `=`.
    Symbol(char),
    /// Anything else: a number, a parameter.
    Other(&'a str),
}

impl Statement {
    /// The tokens of the statement in order, each with its offset in the script; white space and comments are left out.
    ///
    /// ```
    /// use migrate_core::Dialect;
    /// use migrate_core::scan::{Part, scan};
    ///
    /// let sql = "DROP TABLE \"a \"\"b\"\"\" /* or */ , c";
    /// let found = scan(sql, Dialect::Postgres);
    /// let parts: Vec<(usize, Part)> = found.statements[0].parts(sql, Dialect::Postgres).collect();
    /// assert_eq!(parts[2], (11, Part::Quoted("a \"b\"".into())));
    /// assert_eq!(parts[3], (30, Part::Symbol(',')));
    /// assert_eq!(parts[4], (32, Part::Word("c")));
    /// ```
    pub fn parts<'a>(&self, sql: &'a str, dialect: Dialect) -> impl Iterator<Item = (usize, Part<'a>)> + use<'a> {
        self.pieces(sql, dialect).map(|piece| (piece.offset, piece.part()))
    }

    /// The tokens of the statement in order, as written; white space and comments are left out.
    pub(crate) fn pieces<'a>(&self, sql: &'a str, dialect: Dialect) -> impl Iterator<Item = Piece<'a>> + use<'a> {
        let (text, start) = (self.text(sql), self.span.start);
        Lexer::new(text, dialect)
            .filter(|token| !matches!(token.kind, TokenKind::Blank | TokenKind::Meta))
            .map(move |token| Piece { text: token.text(text), offset: start + token.start, kind: token.kind })
    }
}

/// A token of a statement, as written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'a> {
    /// As written, with its quotes.
    pub(crate) text: &'a str,
    /// Where it begins in the script.
    pub(crate) offset: usize,
    kind: TokenKind,
}

impl<'a> Piece<'a> {
    /// Whether this is the bare word `word`, in any case.
    pub(crate) fn is(&self, word: &str) -> bool {
        self.is_word() && self.text.eq_ignore_ascii_case(word)
    }

    /// Whether this is a bare word: a keyword or a name.
    pub(crate) fn is_word(&self) -> bool {
        self.kind == TokenKind::Word
    }

    /// Whether this is a name: a bare word, or one in quotes.
    pub(crate) fn is_name(&self) -> bool {
        self.is_word() || self.kind != TokenKind::Text && name(self.text).is_some()
    }

    /// Whether this is the sign `sign`.
    pub(crate) fn is_sign(&self, sign: &str) -> bool {
        self.text == sign
    }

    /// Whether the piece follows another without anything between.
    pub(crate) fn touches(&self, before: &Piece<'_>) -> bool {
        before.offset + before.text.len() == self.offset
    }

    fn part(&self) -> Part<'a> {
        match self.kind {
            TokenKind::Word => Part::Word(self.text),
            TokenKind::Text => Part::Text(self.text),
            _ => match name(self.text) {
                Some(name) => Part::Quoted(name),
                None => match (self.text.len(), self.text.chars().next()) {
                    (1, Some(symbol)) if symbol.is_ascii_punctuation() => Part::Symbol(symbol),
                    _ => Part::Other(self.text),
                },
            },
        }
    }

    /// What a plain string constant stands for: `'it''s'` for `it's`. `None` for those with a prefix or dollar signs.
    pub(crate) fn string(&self) -> Option<String> {
        unquoted(self.text, '\'').map(Cow::into_owned)
    }

    /// What a name between double quotes stands for.
    pub(crate) fn quoted_name(&self) -> Option<String> {
        unquoted(self.text, '"').map(Cow::into_owned)
    }

    /// What it names: SQLite takes a string for a name, too.
    pub(crate) fn name(&self) -> Cow<'a, str> {
        name(self.text).or_else(|| unquoted(self.text, '\'')).unwrap_or(Cow::Borrowed(self.text))
    }

    /// The text without any quotes around it.
    pub(crate) fn bare(&self) -> &'a str {
        self.text.trim_matches(['"', '\'', '`', '[', ']'])
    }
}

/// The name in quotes of any dialect. The escapes of `U&"…"` are left as they are.
fn name(written: &str) -> Option<Cow<'_, str>> {
    let quoted = written.strip_prefix("U&").or_else(|| written.strip_prefix("u&")).unwrap_or(written);
    let bracketed = || quoted.strip_prefix('[')?.strip_suffix(']').map(Cow::Borrowed);
    bracketed().or_else(|| unquoted(quoted, '"')).or_else(|| unquoted(quoted, '`'))
}

/// The text between two `quote`s, in which two of them stand for one.
fn unquoted(text: &str, quote: char) -> Option<Cow<'_, str>> {
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    let twice = [quote, quote].iter().collect::<String>();
    let once = quote.to_string();
    Some(if inner.contains(&twice) { Cow::Owned(inner.replace(&twice, &once)) } else { Cow::Borrowed(inner) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::scan;

    #[test]
    fn parts() {
        let cases: &[(Dialect, &str, &str)] = &[
            (Dialect::Postgres, "DROP TABLE a.\"B c\"", "word DROP, word TABLE, word a, symbol ., quoted B c"),
            (Dialect::Postgres, "SELECT 'a''b', 1", "word SELECT, text 'a''b', symbol ,, other 1"),
            (Dialect::Postgres, "SELECT $x$;$x$::text", "word SELECT, text $x$;$x$, symbol :, symbol :, word text"),
            (Dialect::Postgres, "1.5, 1..2", "other 1.5, symbol ,, other 1, symbol ., symbol ., other 2"),
            (Dialect::Mysql, "SELECT 'a''b'", "word SELECT, text 'a''b'"),
            (Dialect::Postgres, "x U&\"d\\0061\"", "word x, quoted d\\0061"),
            (Dialect::Postgres, "a[1]", "word a, symbol [, other 1, symbol ]"),
            (Dialect::Sqlite, "DROP TABLE [a b], `c``d`", "word DROP, word TABLE, quoted a b, symbol ,, quoted c`d"),
            (Dialect::Sqlite, "(x=?1)", "symbol (, word x, symbol =, symbol ?, other 1, symbol )"),
            (Dialect::Sqlite, "\"\" x 'o", "quoted , word x, other 'o"),
        ];
        for (dialect, sql, expect) in cases {
            let told: Vec<String> = scan(sql, *dialect).statements[0]
                .parts(sql, *dialect)
                .map(|(offset, part)| {
                    assert!(sql.is_char_boundary(offset));
                    match part {
                        Part::Word(word) => format!("word {word}"),
                        Part::Quoted(name) => format!("quoted {name}"),
                        Part::Text(text) => format!("text {text}"),
                        Part::Symbol(symbol) => format!("symbol {symbol}"),
                        Part::Other(other) => format!("other {other}"),
                    }
                })
                .collect();
            assert_eq!(told.join(", "), *expect, "{sql}");
        }
    }
}
