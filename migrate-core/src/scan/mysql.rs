//! The tokens of MySQL and MariaDB under their default `sql_mode`.
//!
//! `ANSI_QUOTES` and `NO_BACKSLASH_ESCAPES` are off: `"…"` is a string, and a backslash escapes. What an executable
//! comment (`/*! … */`) holds is statement text, whether a server's version lets it run or not, so that a script is split
//! alike for all of them.

use super::lex::{Cursor, TokenKind, Unterminated, is_word_byte, is_word_start};
use super::postgres;

/// Reads the token that starts with the byte `first`.
#[inline]
pub(super) fn token(cursor: &mut Cursor<'_>, first: u8) -> TokenKind {
    match first {
        b' ' | b'\t'..=b'\r' => {
            cursor.skip_while(|byte| matches!(byte, b' ' | b'\t'..=b'\r'));
            TokenKind::Blank
        }
        b'#' => line_comment(cursor),
        b'-' if cursor.peek(1) == Some(b'-') && cursor.peek(2).is_none_or(may_follow_dashes) => line_comment(cursor),
        b'/' if cursor.peek(1) == Some(b'*') => comment(cursor),
        b'*' if cursor.peek(1) == Some(b'/') && cursor.is_in_executable() => {
            cursor.set_in_executable(false);
            cursor.take(2, TokenKind::ExecutableEnd)
        }
        b';' => cursor.take(1, TokenKind::Semicolon),
        b'(' => cursor.take(1, TokenKind::Open),
        b')' => cursor.take(1, TokenKind::Close),
        b'\'' | b'"' => string(cursor, 1, first),
        b'`' => cursor.quoted(1, b'`', TokenKind::Other, Unterminated::Identifier),
        b'n' | b'N' if cursor.peek(1) == Some(b'\'') => string(cursor, 2, b'\''),
        b'x' | b'X' | b'b' | b'B' if cursor.peek(1) == Some(b'\'') => match cursor.find(2, b'\'') {
            true => TokenKind::Text,
            false => TokenKind::Unterminated(Unterminated::Text),
        },
        b'0'..=b'9' => number_or_word(cursor),
        b'@' => variable(cursor),
        // The dollar quotes of MySQL 9; to MariaDB it is a name, which nobody would begin and end like this.
        b'$' if postgres::tag(cursor.ahead()).is_some() => postgres::dollar(cursor),
        b'$' => cursor.word(),
        // `\N` is NULL. Any other backslash means something to the client only, and is an error to the server.
        b'\\' if cursor.peek(1) == Some(b'N') => cursor.take(2, TokenKind::Other),
        0xef if cursor.is_at_start()
            && let Some(length) = cursor.byte_order_mark() =>
        {
            cursor.take(length, TokenKind::Blank)
        }
        _ if is_word_start(first) => cursor.word(),
        _ => cursor.take(1, TokenKind::Other),
    }
}

/// Two dashes begin a comment only before white space or a control character: `1--1` is 2.
fn may_follow_dashes(byte: u8) -> bool {
    byte == b' ' || byte.is_ascii_control()
}

fn line_comment(cursor: &mut Cursor<'_>) -> TokenKind {
    cursor.skip_while(|byte| byte != b'\n');
    TokenKind::Blank
}

/// A comment, which holds no other, or the beginning of an executable one: `/*!`, `/*!80000` or `/*M!100100`.
fn comment(cursor: &mut Cursor<'_>) -> TokenKind {
    let mark = match (cursor.peek(2), cursor.peek(3)) {
        (Some(b'!'), _) => 3,
        (Some(b'M'), Some(b'!')) => 4,
        _ => return cursor.comment(),
    };
    let digits = (mark..mark + 6).take_while(|at| cursor.peek(*at).is_some_and(|byte| byte.is_ascii_digit())).count();
    let version = if digits < 5 { 0 } else { digits };
    cursor.set_in_executable(true);
    cursor.take(mark + version, TokenKind::ExecutableStart)
}

/// A string, in which a backslash escapes what follows and a doubled quote stands for itself.
fn string(cursor: &mut Cursor<'_>, opening: usize, quote: u8) -> TokenKind {
    cursor.advance(opening);
    loop {
        cursor.skip_while(|byte| byte != quote && byte != b'\\');
        match (cursor.peek(0), cursor.peek(1)) {
            (Some(b'\\'), _) => cursor.advance(2),
            (Some(_), Some(next)) if next == quote => cursor.advance(2),
            (Some(_), _) => return cursor.take(1, TokenKind::Text),
            (None, _) => return TokenKind::Unterminated(Unterminated::Text),
        }
    }
}

/// A number, or a word that begins with digits: `1e5`, `0x1F` and `1.5e-3` are numbers, `1st` and `0xG` are words.
fn number_or_word(cursor: &mut Cursor<'_>) -> TokenKind {
    let is_radix = match cursor.peek(1) {
        Some(b'x') => u8::is_ascii_hexdigit,
        Some(b'b') => |byte: &u8| matches!(byte, b'0' | b'1'),
        _ => |_: &u8| false,
    };
    let digits = cursor.ahead().iter().skip(2).take_while(|byte| is_radix(byte)).count();
    if cursor.peek(0) == Some(b'0') && digits > 0 && !cursor.peek(2 + digits).is_some_and(is_word_byte) {
        return cursor.take(2 + digits, TokenKind::Other);
    }
    cursor.skip_while(|byte| byte.is_ascii_digit());
    if cursor.peek(0) == Some(b'.') {
        cursor.advance(1);
        cursor.skip_while(|byte| byte.is_ascii_digit());
        exponent(cursor);
        return TokenKind::Other;
    }
    if exponent(cursor) || !cursor.peek(0).is_some_and(is_word_byte) {
        return TokenKind::Other;
    }
    cursor.word()
}

/// Moves over the exponent that is next, if one is.
fn exponent(cursor: &mut Cursor<'_>) -> bool {
    let sign = usize::from(matches!(cursor.peek(1), Some(b'+' | b'-')));
    let is_exponent =
        matches!(cursor.peek(0), Some(b'e' | b'E')) && cursor.peek(1 + sign).is_some_and(|byte| byte.is_ascii_digit());
    if is_exponent {
        cursor.advance(1 + sign);
        cursor.skip_while(|byte| byte.is_ascii_digit());
    }
    is_exponent
}

/// `@name`, `@@name`, or the `@` before a quoted name or string, whose quotes are a token of their own.
fn variable(cursor: &mut Cursor<'_>) -> TokenKind {
    cursor.skip_while(|byte| byte == b'@');
    cursor.skip_while(|byte| is_word_byte(byte) || byte == b'.');
    TokenKind::Other
}
