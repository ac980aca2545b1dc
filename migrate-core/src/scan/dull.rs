//! What a statement is mostly made of, and what no guard asks for once it knows the statement: words, white space and signs, passed over
//! in one go. What could begin anything else is left to the lexer.

use super::lex::{end_of, is_word_byte, is_word_start};
use crate::Dialect;

/// What a token that begins with a byte may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Word,
    Space,
    /// A token of one byte.
    Sign,
    /// Whatever it is, it is not passed over.
    Other,
}

/// Where the dull bytes from `at` on end, and the last token among them that is not white space.
pub(super) fn pass(bytes: &[u8], mut at: usize, dialect: Dialect) -> (usize, Option<usize>) {
    let classes = match dialect {
        Dialect::Postgres => &POSTGRES,
        Dialect::Sqlite => &SQLITE,
        Dialect::Mysql => &MYSQL,
    };
    let mut last = None;
    while let Some(first) = bytes.get(at) {
        match classes[usize::from(*first)] {
            Class::Word => {
                let end = end_of(bytes, at, is_word_byte);
                // It may be the beginning of something quoted.
                if matches!(bytes.get(end), Some(b'\'' | b'"' | b'&')) {
                    break;
                }
                at = end;
                last = Some(at);
            }
            Class::Space => at = end_of(bytes, at, |byte| matches!(byte, b' ' | b'\t'..=b'\r')),
            Class::Sign => {
                at += 1;
                last = Some(at);
            }
            Class::Other => break,
        }
    }
    (at, last)
}

static POSTGRES: [Class; 256] = classes(b"\t\n\x0b\x0c\r ", b"!#%&*+,.:<=>?@[]^`{|}~", &[]);
/// A byte order mark is white space wherever it stands; a vertical tab only goes on with it.
static SQLITE: [Class; 256] = classes(b"\t\n\x0c\r ", b"!%&()*+,.<=>?\\]^{|}~", &[0xef]);

/// `*` may end an executable comment.
static MYSQL: [Class; 256] = classes(b"\t\n\x0b\x0c\r ", b"!%&()+,.:<=>?[]^{|}~", &[]);

const fn classes(spaces: &[u8], signs: &[u8], not_words: &[u8]) -> [Class; 256] {
    let mut classes = [Class::Other; 256];
    let mut byte = 0;
    while byte < classes.len() {
        if is_word_start(byte as u8) {
            classes[byte] = Class::Word;
        }
        byte += 1;
    }
    set(&mut classes, spaces, Class::Space);
    set(&mut classes, signs, Class::Sign);
    set(&mut classes, not_words, Class::Other);
    classes
}

const fn set(classes: &mut [Class; 256], bytes: &[u8], class: Class) {
    let mut index = 0;
    while index < bytes.len() {
        classes[bytes[index] as usize] = class;
        index += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::lex::{Lexer, TokenKind};

    #[test]
    fn what_is_dull_is_passed_over() {
        for dialect in Dialect::ALL {
            let text = "select a , b\n\tfrom t ; x";
            assert_eq!(pass(text.as_bytes(), 0, dialect), (21, Some(20)), "{dialect:?}");
            assert_eq!(pass(text.as_bytes(), text.len(), dialect), (text.len(), None), "{dialect:?}");
        }
        // A byte order mark, which is no word.
        assert_eq!(pass("\u{feff}x".as_bytes(), 0, Dialect::Sqlite), (0, None));
    }

    /// Token by token it comes to the same place, in every text of a few bytes that matter.
    #[test]
    fn it_passes_over_whole_tokens() {
        // A byte order mark is three bytes.
        const CHARACTERS: [char; 18] =
            [' ', '\x0b', 'a', 'e', '1', '$', '\'', '"', '&', '(', ';', '-', '\\', '[', ':', '*', '/', '\u{feff}'];
        // The first byte of all is another matter on Postgres.
        let mut texts = vec!["x ".to_owned()];
        for _ in 0..4 {
            texts = texts.iter().flat_map(|text| CHARACTERS.map(|next| format!("{text}{next}"))).collect();
            for (text, dialect) in texts.iter().flat_map(|text| Dialect::ALL.map(|dialect| (text, dialect))) {
                let (end, last) = pass(text.as_bytes(), 1, dialect);
                let mut lexer = Lexer::new(text, dialect);
                lexer.skip_to(1);
                let (mut at, mut expect) = (1, None);
                for token in lexer.take_while(|token| token.end <= end) {
                    let is_dull = match token.kind {
                        TokenKind::Blank | TokenKind::Word | TokenKind::Other => true,
                        // On Postgres they protect.
                        TokenKind::Open | TokenKind::Close => dialect != Dialect::Postgres,
                        _ => false,
                    };
                    assert!(is_dull, "{text:?} {dialect:?}");
                    at = token.end;
                    expect = if token.kind == TokenKind::Blank { expect } else { Some(token.end) };
                }
                assert_eq!((at, expect), (end, last), "{text:?} {dialect:?}");
            }
        }
    }
}
