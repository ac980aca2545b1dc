//! The one place where text becomes SQL: identifiers and string constants.
//!
//! Everything else that the engine writes is made of closed alphabets: digits, hexadecimal digits and its own keywords.

use std::borrow::Cow;

use migrate_core::Dialect;

/// A quoted identifier.
pub(crate) fn identifier(name: &str) -> String {
    ["\"", &*doubled(name, '"'), "\""].concat()
}

/// A string constant, safe whatever `standard_conforming_strings` says.
pub(crate) fn literal(text: &str, dialect: Dialect) -> String {
    let doubled = doubled(text, '\'');
    if dialect == Dialect::Postgres && doubled.contains('\\') {
        format!(" E'{}'", self::doubled(&doubled, '\\'))
    } else {
        ["'", &*doubled, "'"].concat()
    }
}

/// Most texts have no such sign, and long ones need not be copied to know it.
fn doubled(text: &str, sign: char) -> Cow<'_, str> {
    match text.contains(sign) {
        true => Cow::Owned(text.replace(sign, &String::from_iter([sign, sign]))),
        false => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals() {
        let cases = [
            ("", "''", "''"),
            ("it's", "'it''s'", "'it''s'"),
            (r"a\'; DROP", r" E'a\\''; DROP'", r"'a\''; DROP'"),
            (r"\", r" E'\\'", r"'\'"),
            ("größe\n", "'größe\n'", "'größe\n'"),
        ];
        for (text, postgres, sqlite) in cases {
            assert_eq!(literal(text, Dialect::Postgres), postgres);
            assert_eq!(literal(text, Dialect::Sqlite), sqlite);
        }
    }

    #[test]
    fn identifiers() {
        assert_eq!(identifier(r#"a"b"#), r#""a""b""#);
    }
}
