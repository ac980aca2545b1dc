//! Statements that the server refuses in a transaction, whatever their objects are.
//!
//! The tests run every one of them on a real server. What it refuses only at times is not here: `DROP SUBSCRIPTION` of one that has
//! a slot, `REINDEX TABLE` of a table with partitions, `DETACH` of a database that was in use.

use super::Finding;
use crate::scan::{Piece, Scan, Statement};
use crate::{Dialect, Problem};

/// The statements of a script that are refused.
pub(super) fn find(sql: &str, dialect: Dialect, scan: &Scan) -> Vec<Finding> {
    let finding = |statement: &Statement| {
        let what = what(sql, statement, dialect)?;
        let start = statement.span.start;
        let message = format!("`{what}` cannot run in a transaction");
        Some(Finding { statement: start, offset: start, problem: Problem::new(message, help(what)) })
    };
    scan.statements.iter().filter_map(finding).collect()
}

/// What a statement is called that is refused.
pub(crate) fn what(sql: &str, statement: &Statement, dialect: Dialect) -> Option<&'static str> {
    let pieces = || statement.pieces(sql, dialect);
    match dialect {
        Dialect::Postgres => of_postgres(pieces),
        Dialect::Sqlite => of_sqlite(pieces()),
        // It commits by itself before most of what it would have to refuse.
        Dialect::Mysql => None,
    }
}

fn help(what: &str) -> &'static str {
    if what.ends_with("CONCURRENTLY") {
        "put it into a file of its own that begins with `-- migrate: no-transaction`, or leave `CONCURRENTLY` out"
    } else {
        "put it into a file of its own that begins with `-- migrate: no-transaction`"
    }
}

/// What Postgres refuses: every caller of its `PreventInTransactionBlock` that asks for nothing else first.
fn of_postgres<'a, P: Iterator<Item = Piece<'a>>>(pieces: impl Fn() -> P) -> Option<&'static str> {
    const VERBS: [&str; 7] = ["VACUUM", "CREATE", "DROP", "ALTER", "REINDEX", "CLUSTER", "DISCARD"];
    let verb = pieces().next()?;
    if !VERBS.into_iter().any(|known| verb.is(known)) {
        return None;
    }
    let head: Vec<String> = pieces().take(5).map(|piece| piece.text.to_ascii_uppercase()).collect();
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    match head.as_slice() {
        ["VACUUM", ..] => Some("VACUUM"),
        ["CREATE", "DATABASE", ..] => Some("CREATE DATABASE"),
        ["DROP", "DATABASE", ..] => Some("DROP DATABASE"),
        ["ALTER", "DATABASE", _, "SET", "TABLESPACE"] | ["ALTER", "DATABASE", _, "TABLESPACE", ..] => {
            Some("ALTER DATABASE … SET TABLESPACE")
        }
        ["CREATE", "TABLESPACE", ..] => Some("CREATE TABLESPACE"),
        ["DROP", "TABLESPACE", ..] => Some("DROP TABLESPACE"),
        ["ALTER", "SYSTEM", ..] => Some("ALTER SYSTEM"),
        ["CREATE", "INDEX", "CONCURRENTLY", ..] | ["CREATE", "UNIQUE", "INDEX", "CONCURRENTLY", ..] => {
            Some("CREATE INDEX CONCURRENTLY")
        }
        ["DROP", "INDEX", "CONCURRENTLY", ..] => Some("DROP INDEX CONCURRENTLY"),
        ["ALTER", "TABLE", ..] => detaches_concurrently(pieces()).then_some("DETACH PARTITION … CONCURRENTLY"),
        ["CREATE", "SUBSCRIPTION", ..] => creates_a_slot(pieces()).then_some("CREATE SUBSCRIPTION"),
        ["CLUSTER"] | ["CLUSTER", "VERBOSE"] => Some("CLUSTER"),
        ["DISCARD", "ALL"] => Some("DISCARD ALL"),
        ["REINDEX", ..] => reindex(pieces()),
        _ => None,
    }
}

/// `ALTER TABLE [IF EXISTS] [ONLY] name DETACH PARTITION name CONCURRENTLY`. Behind a dot the word is the name of the partition.
fn detaches_concurrently<'a>(pieces: impl Iterator<Item = Piece<'a>>) -> bool {
    let mut pieces = pieces.skip(2).peekable();
    while pieces.next_if(|piece| ["IF", "EXISTS", "ONLY"].into_iter().any(|word| piece.is(word))).is_some() {}
    pieces.next();
    while pieces.next_if(|piece| piece.is_sign(".")).is_some() {
        pieces.next();
    }
    let detaches = ["DETACH", "PARTITION"].into_iter().all(|word| pieces.next().is_some_and(|piece| piece.is(word)));
    let rest: Vec<Piece<'_>> = pieces.collect();
    match rest.as_slice() {
        [.., before, last] => detaches && last.is("CONCURRENTLY") && !before.is_sign("."),
        _ => false,
    }
}

/// Whether a subscription certainly makes a replication slot: no option that keeps it from doing so is mentioned.
fn creates_a_slot<'a>(mut pieces: impl Iterator<Item = Piece<'a>>) -> bool {
    !pieces.any(|piece| ["create_slot", "connect"].into_iter().any(|option| piece.bare().eq_ignore_ascii_case(option)))
}

/// `REINDEX [(options)] object [CONCURRENTLY] name`. Of an option that stands twice the last one counts.
fn reindex<'a>(pieces: impl Iterator<Item = Piece<'a>>) -> Option<&'static str> {
    let mut pieces = pieces.skip(1).peekable();
    let mut is_concurrent = false;
    if pieces.next_if(|piece| piece.is_sign("(")).is_some() {
        while let Some(option) = pieces.next_if(|piece| !piece.is_sign(")")) {
            if option.is("CONCURRENTLY") {
                let value = pieces.peek()?;
                is_concurrent = [",", ")", "TRUE", "ON", "1"].contains(&&*value.bare().to_ascii_uppercase());
            }
        }
        pieces.next();
    }
    let object = pieces.next()?;
    match pieces.next() {
        _ if object.is("SCHEMA") => Some("REINDEX SCHEMA"),
        _ if object.is("DATABASE") => Some("REINDEX DATABASE"),
        _ if object.is("SYSTEM") => Some("REINDEX SYSTEM"),
        Some(next) if is_concurrent || next.is("CONCURRENTLY") => Some("REINDEX CONCURRENTLY"),
        _ => None,
    }
}

/// What SQLite refuses: to rebuild a file, which that of the temporary tables is not.
fn of_sqlite<'a>(mut pieces: impl Iterator<Item = Piece<'a>>) -> Option<&'static str> {
    pieces.next().filter(|verb| verb.is("VACUUM"))?;
    let is_temporary = pieces.next().is_some_and(|schema| schema.bare().eq_ignore_ascii_case("temp"));
    (!is_temporary).then_some("VACUUM")
}
