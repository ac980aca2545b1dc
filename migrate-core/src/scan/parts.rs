//! The tokens of a statement, for those who look into one: names with their quotes removed, constants, punctuation.

use std::borrow::Cow;

use super::Statement;
use super::lex::{Lexer, Token, TokenKind};
use crate::Dialect;

/// A token of a statement, see [`Statement::parts`].
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
        let (start, text) = (self.span.start, self.text(sql));
        Lexer::new(text, dialect)
            .filter(|token| token.kind != TokenKind::Blank)
            .map(move |token| (start + token.start, part(&token, text)))
    }
}

fn part<'a>(token: &Token, text: &'a str) -> Part<'a> {
    let written = token.text(text);
    match token.kind {
        TokenKind::Word => Part::Word(written),
        TokenKind::Text => Part::Text(written),
        _ => match unquoted(written) {
            Some(name) => Part::Quoted(name),
            None => match (written.len(), written.chars().next()) {
                (1, Some(symbol)) if symbol.is_ascii_punctuation() => Part::Symbol(symbol),
                _ => Part::Other(written),
            },
        },
    }
}

/// The name in quotes of any dialect. The escapes of `U&"…"` are left as they are.
fn unquoted(written: &str) -> Option<Cow<'_, str>> {
    let quoted = written.strip_prefix("U&").or_else(|| written.strip_prefix("u&")).unwrap_or(written);
    let inside = |open: char, close: char| quoted.strip_prefix(open)?.strip_suffix(close);
    if let Some(name) = inside('[', ']') {
        return Some(Cow::Borrowed(name));
    }
    for (quote, twice) in [('"', "\"\""), ('`', "``")] {
        if let Some(name) = inside(quote, quote) {
            let once = &twice[..1];
            return Some(if name.contains(twice) {
                Cow::Owned(name.replace(twice, once))
            } else {
                Cow::Borrowed(name)
            });
        }
    }
    None
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
