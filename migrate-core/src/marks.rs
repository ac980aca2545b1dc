//! Comments in which other tools say that a script runs outside of a transaction: they mean what our directive means.

use crate::{Dialect, scan};

/// Whether the script has the mark of another tool.
pub(crate) fn ask_for_no_transaction(sql: &str, dialect: Dialect) -> bool {
    const HEADS: [&str; 7] = ["+goose", "+migrate", "atlas:txmode", "flyway:", "tern:", "postgres-migrations", "!"];
    sql.starts_with(SQLX)
        || may_have_comment(sql, &HEADS) && scan::line_comments(sql, dialect).any(|comment| is_mark(&sql[comment]))
}

/// Whether something with dashes before it begins with one of these, in capitals or small letters. Where nothing does, no comment does,
/// and to know it is far cheaper than a look at every comment.
pub(crate) fn may_have_comment(sql: &str, heads: &[&str]) -> bool {
    let mut rest = sql;
    while let Some(dash) = rest.find('-') {
        rest = &rest[dash + 1..];
        let text = rest.trim_start_matches('-');
        let is_comment = text.len() < rest.len();
        rest = text;
        let text = text.trim_start().as_bytes();
        let begins_with =
            |head: &&str| text.get(..head.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(head.as_bytes()));
        if is_comment && heads.iter().any(begins_with) {
            return true;
        }
    }
    false
}

/// The mark of sqlx is the very beginning of the file.
const SQLX: &str = "-- no-transaction";

/// Capitals and small letters are read alike, as goose does it.
fn is_mark(comment: &str) -> bool {
    let comment = comment.trim_matches('-').to_ascii_lowercase();
    let words: Vec<&str> = comment.split_ascii_whitespace().collect();
    match words.as_slice() {
        // goose
        ["+goose", "no", "transaction"] => true,
        // sql-migrate
        ["+migrate", "up" | "down", options @ ..] => options.contains(&"notransaction"),
        // Atlas
        ["atlas:txmode", "none"] => true,
        // Flyway
        ["flyway:executeintransaction=false"] => true,
        // tern
        ["tern:", "disable-tx"] => true,
        // postgres-migrations
        ["postgres-migrations", "disable-transaction"] => true,
        // graphile-migrate
        ["!", "no-transaction"] => true,
        _ => false,
    }
}

/// Whether a comment, without its dashes, is a mark of dbmate: those begin as our directives do, but without a space in between.
pub(crate) fn is_of_dbmate(comment: &str) -> bool {
    let word = comment.split_ascii_whitespace().next().unwrap_or_default();
    ["migrate:up", "migrate:down"].into_iter().any(|mark| word.eq_ignore_ascii_case(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_that_may_be_there() {
        let cases = [
            ("-- +goose Up", true),
            ("--+GOOSE", true),
            ("SELECT 1; ------\u{a0}\t+Goose", true),
            ("'-- +goose'", true),
            ("- +goose", false),
            ("-- + goose", false),
            ("-- a +goose", false),
            ("SELECT 1-1; --", false),
            ("a-b--+goos", false),
            ("a-b--+goose", true),
            ("-- größe --+goose", true),
        ];
        for (sql, expect) in cases {
            assert_eq!(may_have_comment(sql, &["+goose", "none"]), expect, "{sql}");
        }
    }

    #[test]
    fn marks() {
        let cases = [
            ("-- no-transaction\nVACUUM;", true),
            ("-- no-transaction because of the index\nVACUUM;", true),
            ("\n-- no-transaction\nVACUUM;", false),
            ("--no-transaction\nVACUUM;", false),
            ("-- +goose NO TRANSACTION\n-- +goose Up\nVACUUM;", true),
            ("-- +goose Up\n-- +goose no transaction\nVACUUM;", true),
            ("-- +goose Up\nSELECT '-- +goose NO TRANSACTION';", false),
            ("-- there is no +goose NO TRANSACTION here\nSELECT 1;", false),
            ("-- +migrate Up notransaction\nVACUUM;", true),
            ("-- +migrate Up\nSELECT 'notransaction';", false),
            ("-- atlas:txmode none\n\nVACUUM;", true),
            ("-- atlas:txmode file\n\nSELECT 1;", false),
            ("--flyway:executeInTransaction=false\nVACUUM;", true),
            ("---- tern: disable-tx ----\nVACUUM;", true),
            ("-- postgres-migrations disable-transaction\nVACUUM;", true),
            ("--! no-transaction\nVACUUM;", true),
            ("-- this needs no transaction\nSELECT 1;", false),
        ];
        for (sql, expect) in cases {
            assert_eq!(ask_for_no_transaction(sql, Dialect::Postgres), expect, "{sql}");
        }
    }
}
