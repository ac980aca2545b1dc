//! SQL in one spelling: without comments, with one space between tokens, names without needless quotes, words in lower case.

use std::borrow::Cow;

use migrate_core::Dialect;
use migrate_core::scan::without_comments;

/// The tokens of a text, each in its one spelling. Case does not count in SQLite, but in constants.
pub(super) fn tokens(sql: &str) -> impl Iterator<Item = Cow<'_, str>> {
    without_comments(sql, Dialect::Sqlite).filter(|token| *token != ";").map(one_spelling)
}

/// All tokens in one line.
pub(super) fn text(sql: &str) -> String {
    join(tokens(sql))
}

/// Tokens in one line, as people write them: nothing between a bracket or a comma and what is before or in it.
pub(super) fn join<'a>(tokens: impl Iterator<Item = Cow<'a, str>>) -> String {
    let mut text = String::new();
    for token in tokens {
        let is_close = text.is_empty() || text.ends_with(['(', '.']) || matches!(&*token, ")" | "," | "." | "(");
        // Not every place needs a space, but two operators without one could be a third.
        if !is_close {
            text.push(' ');
        }
        text.push_str(&token);
    }
    text
}

/// What comes after the first `keyword`, in one line.
pub(super) fn text_after(sql: &str, keyword: &str) -> String {
    join(tokens(sql).skip_while(|token| token != keyword).skip(1))
}

fn one_spelling(token: &str) -> Cow<'_, str> {
    let name = unquoted(token);
    match name {
        Some(name) if is_plain(&name) => Cow::Owned(name.to_ascii_lowercase()),
        Some(name) => Cow::Owned(format!("\"{}\"", name.replace('"', "\"\""))),
        None if token.starts_with('\'') => Cow::Borrowed(token),
        None => Cow::Owned(token.to_ascii_lowercase()),
    }
}

fn unquoted(token: &str) -> Option<String> {
    let between = |open: char, close: char| token.strip_prefix(open)?.strip_suffix(close);
    between('[', ']')
        .map(str::to_owned)
        .or_else(|| Some(between('"', '"')?.replace("\"\"", "\"")))
        .or_else(|| Some(between('`', '`')?.replace("``", "`")))
}

fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_for_all() {
        let cases = [
            (
                "CREATE  VIEW v AS -- all\nSELECT \"A\", [b c], 'It''s' FROM `t`;",
                "create view v as select a, \"b c\", 'It''s' from t",
            ),
            ("CHECK(a.x>=-1 AND f ( y ))", "check(a.x > = - 1 and f(y))"),
            ("X'AB' || 1E3", "x'ab' | | 1e3"),
            ("", ""),
        ];
        for (sql, expect) in cases {
            assert_eq!(text(sql), expect);
        }
        assert_eq!(text_after("CREATE INDEX i /* on */ ON T (a)", "on"), "t(a)");
    }
}
