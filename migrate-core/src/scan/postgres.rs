//! The tokens of Postgres with `standard_conforming_strings` on, and what psql makes of a backslash.
//!
//! Operators are read byte by byte: a comment may start in the middle of a run of operator characters, and nothing
//! depends on where one operator ends and the next begins.

use super::lex::{Cursor, TokenKind, Unterminated, is_word_byte, is_word_start};

/// Reads the token that starts with the byte `first`.
#[inline]
pub(super) fn token(cursor: &mut Cursor<'_>, first: u8) -> TokenKind {
    match first {
        b' ' | b'\t' | b'\n' | b'\r' | b'\x0b' | b'\x0c' => {
            cursor.skip_while(is_space);
            TokenKind::Blank
        }
        b'-' if cursor.peek(1) == Some(b'-') => {
            cursor.skip_while(|byte| byte != b'\n' && byte != b'\r');
            TokenKind::Blank
        }
        b'/' if cursor.peek(1) == Some(b'*') => comment(cursor),
        b';' => cursor.take(1, TokenKind::Semicolon),
        b'(' => cursor.take(1, TokenKind::Open),
        b')' => cursor.take(1, TokenKind::Close),
        b'\'' => string(cursor, 1),
        b'"' => name(cursor, 1),
        b'$' => dollar(cursor),
        b'0'..=b'9' => number(cursor),
        b'\\' => meta_command(cursor),
        b'e' | b'E' if cursor.peek(1) == Some(b'\'') => escape_string(cursor),
        b'b' | b'B' | b'x' | b'X' | b'n' | b'N' if cursor.peek(1) == Some(b'\'') => string(cursor, 2),
        b'u' | b'U' if cursor.peek(1) == Some(b'&') && cursor.peek(2) == Some(b'\'') => string(cursor, 3),
        b'u' | b'U' if cursor.peek(1) == Some(b'&') && cursor.peek(2) == Some(b'"') => name(cursor, 3),
        0xef if cursor.is_at_start()
            && let Some(length) = cursor.byte_order_mark() =>
        {
            cursor.take(length, TokenKind::Blank)
        }
        _ if is_word_start(first) => cursor.word(),
        _ => cursor.take(1, TokenKind::Other),
    }
}

/// The vertical tab counts since Postgres 16; before, it is an error wherever it stands.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'\x0b' | b'\x0c')
}

/// A `/* */` comment, which may hold others.
fn comment(cursor: &mut Cursor<'_>) -> TokenKind {
    cursor.advance(2);
    let mut depth = 1_usize;
    while depth > 0 {
        cursor.skip_while(|byte| byte != b'*' && byte != b'/');
        match (cursor.peek(0), cursor.peek(1)) {
            (Some(b'/'), Some(b'*')) => depth += 1,
            (Some(b'*'), Some(b'/')) => depth -= 1,
            (Some(_), _) => {
                cursor.advance(1);
                continue;
            }
            (None, _) => return TokenKind::Unterminated(Unterminated::Comment),
        }
        cursor.advance(2);
    }
    TokenKind::Blank
}

fn string(cursor: &mut Cursor<'_>, opening: usize) -> TokenKind {
    cursor.quoted(opening, b'\'', TokenKind::Text, Unterminated::Text)
}

fn name(cursor: &mut Cursor<'_>, opening: usize) -> TokenKind {
    cursor.quoted(opening, b'"', TokenKind::Other, Unterminated::Identifier)
}

/// `E'…'`, in which a backslash escapes what follows it.
fn escape_string(cursor: &mut Cursor<'_>) -> TokenKind {
    cursor.advance(2);
    loop {
        cursor.skip_while(|byte| byte != b'\'' && byte != b'\\');
        match (cursor.peek(0), cursor.peek(1)) {
            (Some(b'\\'), _) | (Some(b'\''), Some(b'\'')) => cursor.advance(2),
            (Some(_), _) => {
                cursor.advance(1);
                match continuation(cursor.ahead()) {
                    Some(distance) => cursor.advance(distance),
                    None => return TokenKind::Text,
                }
            }
            (None, _) => return TokenKind::Unterminated(Unterminated::Text),
        }
    }
}

/// The distance to just behind the quote that continues a string constant on another line, if one does.
///
/// A string that is continued keeps its rules, so that a backslash escapes in `E'a'⏎'it\'s'` too. For the other kinds
/// of string it makes no difference where a constant is continued and where another one starts.
fn continuation(ahead: &[u8]) -> Option<usize> {
    let mut at = 0;
    let mut newline = false;
    loop {
        match ahead.get(at)? {
            b'\'' if newline => return Some(at + 1),
            b'-' if ahead.get(at + 1) == Some(&b'-') => {
                at += ahead.get(at..)?.iter().position(|byte| matches!(byte, b'\n' | b'\r'))?;
            }
            byte if is_space(*byte) => {
                newline |= matches!(byte, b'\n' | b'\r');
                at += 1;
            }
            _ => return None,
        }
    }
}

/// A dollar-quoted string, or a dollar sign alone: that of a parameter, whose number is a token of its own, or one that
/// means nothing. A dollar sign within a word never gets here.
pub(super) fn dollar(cursor: &mut Cursor<'_>) -> TokenKind {
    let Some(tag) = tag(cursor.ahead()) else {
        return cursor.take(1, TokenKind::Other);
    };
    let delimiter = cursor.ahead().get(..tag + 2).unwrap_or_default();
    cursor.advance(delimiter.len());
    while cursor.find(0, b'$') {
        if cursor.ahead().starts_with(delimiter.get(1..).unwrap_or_default()) {
            return cursor.take(delimiter.len() - 1, TokenKind::Text);
        }
    }
    TokenKind::Unterminated(Unterminated::DollarQuote)
}

/// The length of the tag of the dollar quote that `text` starts with, if it does.
pub(super) fn tag(text: &[u8]) -> Option<usize> {
    let name = text.strip_prefix(b"$")?;
    let length = name.iter().take_while(|byte| **byte != b'$' && is_word_byte(**byte)).count();
    let starts_well = name.first().is_some_and(|first| length == 0 || is_word_start(*first));
    (starts_well && name.get(length) == Some(&b'$')).then_some(length)
}

/// A number, with the letters of its radix or exponent. Letters that make no number are an error to the server. Unlike
/// a word a plain number ends before a `$`, so that a dollar quote may follow it.
fn number(cursor: &mut Cursor<'_>) -> TokenKind {
    cursor.skip_while(|byte| byte.is_ascii_digit());
    if cursor.peek(0) == Some(b'.') && cursor.peek(1) != Some(b'.') {
        cursor.advance(1);
        cursor.skip_while(|byte| byte.is_ascii_digit());
    }
    if cursor.peek(0).is_some_and(is_word_start) {
        cursor.word();
    }
    TokenKind::Other
}

/// A backslash and the name behind it. Where it comes first on its line, the rest of the line are its arguments, and
/// what they quote has rules of its own.
fn meta_command(cursor: &mut Cursor<'_>) -> TokenKind {
    let before = cursor.behind().iter().rev().find(|byte| !matches!(byte, b' ' | b'\t'));
    let starts_line = matches!(before, None | Some(b'\n'));
    let is_escape = matches!(cursor.peek(1), Some(b';' | b':'));
    cursor.advance(1);
    if starts_line && !is_escape {
        cursor.skip_while(|byte| byte != b'\n');
    } else {
        cursor.skip_while(is_word_byte);
    }
    TokenKind::Meta
}
