//! What a dialect has no statement for, so that a script with such a statement cannot be meant for it.

use crate::Dialect;
use crate::scan::{Piece, Statement};

/// Whether the server of `dialect` certainly takes the statement for a mistake of syntax, given that another dialect knows it and
/// cannot run it.
pub(super) fn lacks(dialect: Dialect, sql: &str, statement: &Statement) -> bool {
    let pieces: Vec<Piece<'_>> = statement.pieces(sql, dialect).take(5).collect();
    match dialect {
        Dialect::Postgres => pieces.first().is_some_and(|verb| verb.is("PRAGMA")),
        Dialect::Sqlite => is_none_of_sqlite(&pieces),
        Dialect::Mysql => false,
    }
}

/// To SQLite `CONCURRENTLY` is the name of an index, of a table or of a schema: what follows then differs.
fn is_none_of_sqlite(pieces: &[Piece<'_>]) -> bool {
    let words: Vec<String> = pieces.iter().map(|piece| piece.text.to_ascii_uppercase()).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["CREATE", "INDEX", "CONCURRENTLY", next, ..] | ["CREATE", "UNIQUE", "INDEX", "CONCURRENTLY", next, ..] => {
            !["ON", "."].contains(next)
        }
        ["DROP", "INDEX", "CONCURRENTLY", next, ..] => *next != ".",
        ["REINDEX", _, next, ..] => *next != ".",
        ["CREATE" | "DROP", object, ..] => ["DATABASE", "TABLESPACE", "SUBSCRIPTION"].contains(object),
        ["ALTER", ..] | ["CLUSTER", ..] | ["DISCARD", ..] => true,
        _ => false,
    }
}
