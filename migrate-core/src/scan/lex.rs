//! Reads a script token by token, as far as the splitter needs to tell tokens apart.
//!
//! The rules of each dialect are in `postgres`, `sqlite` and `mysql`; here is what they share. Every token has at least one
//! byte and starts and ends on a character boundary, and the tokens of a script put together are the script.

use super::{dull, mysql, postgres, sqlite};
use crate::Dialect;

/// The tokens of a text.
pub(super) struct Lexer<'a> {
    cursor: Cursor<'a>,
    dialect: Dialect,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(sql: &'a str, dialect: Dialect) -> Lexer<'a> {
        Lexer { cursor: Cursor { sql, bytes: sql.as_bytes(), at: 0, in_executable: false }, dialect }
    }

    /// Goes on at `offset`, which must be a character boundary and not lie behind.
    pub(super) fn skip_to(&mut self, offset: usize) {
        self.cursor.at = offset.max(self.cursor.at);
    }

    /// Passes over words, white space and signs, and tells where the last of them ends that is not white space, if there is one.
    #[inline]
    pub(super) fn pass_dull(&mut self) -> Option<usize> {
        let (at, last) = dull::pass(self.cursor.bytes, self.cursor.at, self.dialect);
        self.cursor.at = at;
        last
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    #[inline]
    fn next(&mut self) -> Option<Token> {
        let start = self.cursor.at;
        let first = self.cursor.byte(start)?;
        let kind = match self.dialect {
            Dialect::Postgres => postgres::token(&mut self.cursor, first),
            Dialect::Sqlite => sqlite::token(&mut self.cursor, first),
            Dialect::Mysql => mysql::token(&mut self.cursor, first),
        };
        Some(Token { kind, start, end: self.cursor.at })
    }
}

/// A token: what it is, and its bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Token {
    pub(super) fn text<'a>(&self, sql: &'a str) -> &'a str {
        sql.get(self.start..self.end).unwrap_or_default()
    }

    /// Whether this is the bare word `word`, in any case.
    pub(super) fn is_word(&self, sql: &str, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text(sql).eq_ignore_ascii_case(word)
    }
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// White space or a comment.
    Blank,
    /// A keyword or a name, not quoted.
    Word,
    /// A string constant of any kind.
    Text,
    Semicolon,
    Open,
    Close,
    /// A backslash that Postgres has no use for, and what psql reads with it.
    Meta,
    /// The beginning of an executable comment of MySQL: what is in it is statement text.
    ExecutableStart,
    /// The end of an executable comment.
    ExecutableEnd,
    /// Something that is still open at the end of the text.
    Unterminated(Unterminated),
    /// Anything else: quoted names, numbers, parameters, operators.
    Other,
}

/// What is still open at the end of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unterminated {
    Text,
    Identifier,
    Comment,
    DollarQuote,
}

/// A place in a text, which moves forward only.
pub(super) struct Cursor<'a> {
    sql: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// Whether the place is in an executable comment of MySQL.
    in_executable: bool,
}

impl<'a> Cursor<'a> {
    /// The byte `ahead` bytes after the current one.
    #[inline]
    pub(super) fn peek(&self, ahead: usize) -> Option<u8> {
        self.byte(self.at + ahead)
    }

    #[inline]
    fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    pub(super) fn is_at_start(&self) -> bool {
        self.at == 0
    }

    pub(super) fn is_in_executable(&self) -> bool {
        self.in_executable
    }

    pub(super) fn set_in_executable(&mut self, is_in: bool) {
        self.in_executable = is_in;
    }

    /// What lies before the current place.
    pub(super) fn behind(&self) -> &'a [u8] {
        self.bytes.get(..self.at).unwrap_or_default()
    }

    /// What lies ahead, as bytes.
    pub(super) fn ahead(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Moves ahead, at most to the end of the text.
    #[inline]
    pub(super) fn advance(&mut self, bytes: usize) {
        self.at = (self.at + bytes).min(self.bytes.len());
    }

    /// Moves over a token of a length that is known.
    #[inline]
    pub(super) fn take(&mut self, bytes: usize, kind: TokenKind) -> TokenKind {
        self.advance(bytes);
        kind
    }

    /// Moves over every byte for which `belongs` holds.
    #[inline]
    pub(super) fn skip_while(&mut self, belongs: impl Fn(u8) -> bool) {
        self.at = end_of(self.bytes, self.at, belongs);
    }

    /// Moves over the bytes of a bare word.
    #[inline]
    pub(super) fn word(&mut self) -> TokenKind {
        self.skip_while(is_word_byte);
        TokenKind::Word
    }

    /// Moves `skip` bytes ahead and then just behind the next `needle`, or to the end of the text if there is none.
    ///
    /// The needle must be ASCII, and the place it is looked for from a character boundary.
    #[inline]
    pub(super) fn find(&mut self, skip: usize, needle: u8) -> bool {
        let from = self.at + skip;
        match self.sql.get(from..).and_then(|rest| rest.find(char::from(needle))) {
            Some(distance) => {
                self.advance(skip + distance + 1);
                true
            }
            None => {
                self.at = self.bytes.len();
                false
            }
        }
    }

    /// Moves over something quoted whose opening takes `opening` bytes, and in which `quote` is doubled to stand for
    /// itself.
    #[inline]
    pub(super) fn quoted(&mut self, opening: usize, quote: u8, found: TokenKind, open: Unterminated) -> TokenKind {
        let mut skip = opening;
        while self.find(skip, quote) {
            if self.peek(0) != Some(quote) {
                return found;
            }
            skip = 1;
        }
        TokenKind::Unterminated(open)
    }

    /// Moves over a `/* */` comment, which holds no other.
    pub(super) fn comment(&mut self) -> TokenKind {
        let mut skip = 2;
        while self.find(skip, b'*') {
            if self.peek(0) == Some(b'/') {
                return self.take(1, TokenKind::Blank);
            }
            skip = 0;
        }
        TokenKind::Unterminated(Unterminated::Comment)
    }

    /// The length of the byte order mark that is next, if one is.
    pub(super) fn byte_order_mark(&self) -> Option<usize> {
        let mark = "\u{feff}".as_bytes();
        self.ahead().starts_with(mark).then_some(mark.len())
    }
}

/// Whether a bare word may start with `byte`, in every dialect. Whatever is not ASCII counts as a letter.
#[inline]
pub(super) const fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

/// Where the bytes from `at` on end for which `belongs` holds. A plain loop: where nothing is optimised, as in a macro, an iterator is
/// three times the work.
#[inline]
pub(super) fn end_of(bytes: &[u8], mut at: usize, belongs: impl Fn(u8) -> bool) -> usize {
    while at < bytes.len() && belongs(bytes[at]) {
        at += 1;
    }
    at
}

/// Whether a bare word may go on with `byte`, in every dialect.
#[inline]
pub(super) fn is_word_byte(byte: u8) -> bool {
    WORD_BYTES[usize::from(byte)]
}

/// One look-up a byte instead of a chain of comparisons: words are most of a script.
static WORD_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < table.len() {
        let as_byte = byte as u8;
        table[byte] = is_word_start(as_byte) || as_byte.is_ascii_digit() || as_byte == b'$';
        byte += 1;
    }
    table
};
