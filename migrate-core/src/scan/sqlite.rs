//! The tokens of SQLite, as its own tokenizer reads them.

use super::lex::{Cursor, TokenKind, Unterminated, is_word_byte, is_word_start};

/// Reads the token that starts with the byte `first`.
#[inline]
pub(super) fn token(cursor: &mut Cursor<'_>, first: u8) -> TokenKind {
    match first {
        b' ' | b'\t' | b'\n' | b'\r' | b'\x0c' => {
            // A vertical tab does not start white space, but goes on with it.
            cursor.skip_while(|byte| matches!(byte, b' ' | b'\t'..=b'\r'));
            TokenKind::Blank
        }
        b'-' if cursor.peek(1) == Some(b'-') => {
            cursor.skip_while(|byte| byte != b'\n');
            TokenKind::Blank
        }
        b'/' if cursor.peek(1) == Some(b'*') => cursor.comment(),
        b';' => cursor.take(1, TokenKind::Semicolon),
        b'\'' => string(cursor, 1),
        b'x' | b'X' if cursor.peek(1) == Some(b'\'') => string(cursor, 2),
        b'"' | b'`' => cursor.quoted(1, first, TokenKind::Other, Unterminated::Identifier),
        b'[' => match cursor.find(1, b']') {
            true => TokenKind::Other,
            false => TokenKind::Unterminated(Unterminated::Identifier),
        },
        b'0'..=b'9' => {
            cursor.skip_while(is_word_byte);
            TokenKind::Other
        }
        b'$' | b'@' | b'#' | b':' => parameter(cursor),
        0xef if let Some(length) = cursor.byte_order_mark() => cursor.take(length, TokenKind::Blank),
        _ if is_word_start(first) => cursor.word(),
        _ => cursor.take(1, TokenKind::Other),
    }
}

fn string(cursor: &mut Cursor<'_>, opening: usize) -> TokenKind {
    cursor.quoted(opening, b'\'', TokenKind::Text, Unterminated::Text)
}

/// `:name`, `@name`, `#name` or `$name`, with what SQLite takes over from Tcl: `$a::b` and `$a(anything but a space)`,
/// in which even a `;` is part of the parameter.
fn parameter(cursor: &mut Cursor<'_>) -> TokenKind {
    cursor.advance(1);
    let mut named = false;
    loop {
        match (cursor.peek(0), cursor.peek(1)) {
            (Some(byte), _) if is_word_byte(byte) => {
                named = true;
                cursor.skip_while(is_word_byte);
            }
            (Some(b'('), _) if named => {
                cursor.skip_while(|byte| byte != b')' && !matches!(byte, b' ' | b'\t'..=b'\r'));
                if cursor.peek(0) == Some(b')') {
                    cursor.advance(1);
                }
                return TokenKind::Other;
            }
            (Some(b':'), Some(b':')) => cursor.advance(2),
            _ => return TokenKind::Other,
        }
    }
}
