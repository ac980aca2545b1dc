//! The one place where text becomes SQL: identifiers and string constants.
//!
//! Everything else that the engine writes is made of closed alphabets: digits, hexadecimal digits and its own keywords.

use migrate_core::Dialect;

/// A quoted identifier.
pub(crate) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A string constant, safe whatever `standard_conforming_strings` says.
pub(crate) fn literal(text: &str, dialect: Dialect) -> String {
    let doubled = text.replace('\'', "''");
    if dialect == Dialect::Postgres && doubled.contains('\\') {
        format!(" E'{}'", doubled.replace('\\', "\\\\"))
    } else {
        format!("'{doubled}'")
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
