//! Comments in which other tools say that a script runs outside of a transaction: they mean what our directive means.

use crate::{Dialect, scan};

/// Whether the script has the mark of another tool.
pub(crate) fn ask_for_no_transaction(sql: &str, dialect: Dialect) -> bool {
    // Most scripts have none of the words, and a plain search is cheaper than a look at every comment.
    const PARTS: [&str; 4] = ["ransaction", "RANSACTION", "txmode", "disable-tx"];
    sql.contains("--")
        && PARTS.into_iter().any(|part| sql.contains(part))
        && (sql.starts_with(SQLX) || scan::line_comments(sql, dialect).any(|comment| is_mark(&sql[comment])))
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
