//! The tokens of one statement, for those who recognise statements: what was written, without white space and comments.

use super::Statement;
use super::lex::{Lexer, TokenKind};
use crate::Dialect;

/// One token of a statement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'a> {
    /// As written, with its quotes.
    pub(crate) text: &'a str,
    /// Where it begins in the script.
    pub(crate) offset: usize,
    kind: TokenKind,
}

impl Statement {
    /// The tokens of the statement, in order.
    pub(crate) fn pieces<'a>(&self, sql: &'a str, dialect: Dialect) -> impl Iterator<Item = Piece<'a>> + use<'a> {
        let (text, start) = (self.text(sql), self.span.start);
        Lexer::new(text, dialect)
            .filter(|token| !matches!(token.kind, TokenKind::Blank | TokenKind::Meta))
            .map(move |token| Piece { text: token.text(text), offset: start + token.start, kind: token.kind })
    }
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

    /// Whether this is a string constant of any kind.
    pub(crate) fn is_string(&self) -> bool {
        self.kind == TokenKind::Text
    }

    /// Whether this is the sign `sign`.
    pub(crate) fn is_sign(&self, sign: &str) -> bool {
        self.text == sign
    }

    /// Whether the piece follows another without anything between.
    pub(crate) fn touches(&self, before: &Piece<'_>) -> bool {
        before.offset + before.text.len() == self.offset
    }

    /// What a plain string constant stands for: `'it''s'` for `it's`. `None` for those with a prefix or dollar signs.
    pub(crate) fn string(&self) -> Option<String> {
        unquoted(self.text, '\'')
    }

    /// What a name between double quotes stands for.
    pub(crate) fn quoted_name(&self) -> Option<String> {
        unquoted(self.text, '"')
    }

    /// The text without any quotes around it.
    pub(crate) fn bare(&self) -> &'a str {
        self.text.trim_matches(['"', '\'', '`', '[', ']'])
    }
}

/// The text between two `quote`s, in which two of them stand for one.
fn unquoted(text: &str, quote: char) -> Option<String> {
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    Some(inner.replace(&format!("{quote}{quote}"), &quote.to_string()))
}
