//! What a statement leaves in a session of SQLite, which is a connection.

use super::made::{is_schema, makes_temporary, up_to_name};
use super::{InSession, calls};
use crate::Dialect;
use crate::scan::{Piece, Statement};

pub(super) fn left_by(pieces: &[Piece<'_>]) -> Option<InSession> {
    let verb = pieces.first()?;
    match () {
        () if verb.is("PRAGMA") => left_by_pragma(pieces),
        () if verb.is("DETACH") => Some(InSession::Repeatable),
        () if verb.is("ATTACH") && attaches_file(pieces) => Some(InSession::Repeatable),
        () if verb.is("ATTACH") || verb.is("CREATE") && makes_temporary(pieces, "TEMP") => Some(InSession::Lost),
        () => None,
    }
}

/// What a pragma sets for the connection, some up to the next `VACUUM`.
const OF_CONNECTION: [&str; 35] = [
    "analysis_limit",
    "auto_vacuum",
    "automatic_index",
    "busy_timeout",
    "cache_size",
    "cache_spill",
    "case_sensitive_like",
    "cell_size_check",
    "checkpoint_fullfsync",
    "count_changes",
    "empty_result_callbacks",
    "full_column_names",
    "fullfsync",
    "hard_heap_limit",
    "ignore_check_constraints",
    "journal_size_limit",
    "legacy_alter_table",
    "locking_mode",
    "max_page_count",
    "mmap_size",
    "page_size",
    "query_only",
    "read_uncommitted",
    "recursive_triggers",
    "reverse_unordered_selects",
    "secure_delete",
    "short_column_names",
    "soft_heap_limit",
    "synchronous",
    "temp_store",
    "temp_store_directory",
    "threads",
    "trusted_schema",
    "wal_autocheckpoint",
    "writable_schema",
];

/// What a pragma sets in the file, does, or tells, although something stands behind its name; and foreign keys, which are switched for
/// single statements.
const OF_FILE: [&str; 25] = [
    "application_id",
    "data_version",
    "default_cache_size",
    "defer_foreign_keys",
    "encoding",
    "foreign_key_check",
    "foreign_key_list",
    "foreign_keys",
    "function_list",
    "hexrekey",
    "incremental_vacuum",
    "index_info",
    "index_list",
    "index_xinfo",
    "integrity_check",
    "journal_mode",
    "optimize",
    "quick_check",
    "rekey",
    "schema_version",
    "table_info",
    "table_list",
    "table_xinfo",
    "user_version",
    "wal_checkpoint",
];

/// `PRAGMA [schema.]name = value`, or with the value in parentheses; without one it only tells.
fn left_by_pragma(pieces: &[Piece<'_>]) -> Option<InSession> {
    let name = if pieces.get(2).is_some_and(|dot| dot.is_sign(".")) { 3 } else { 1 };
    let has_value = pieces.get(name + 1).is_some_and(|sign| sign.is_sign("=") || sign.is_sign("("));
    let pragma = pieces.get(name)?.name();
    let is_in = |names: &[&str]| names.iter().any(|of| of.eq_ignore_ascii_case(&pragma));
    match () {
        () if !has_value || is_in(&OF_FILE) => None,
        () if is_in(&OF_CONNECTION) => Some(InSession::Repeatable),
        () => Some(InSession::Lost),
    }
}

/// `PRAGMA database.…`
pub(super) fn is_pragma_of(pieces: &[Piece<'_>], database: &Piece<'_>) -> bool {
    match pieces {
        [verb, schema, dot, ..] => verb.is("PRAGMA") && dot.is_sign(".") && is_schema(schema, &database.name()),
        _ => false,
    }
}

/// `ATTACH [DATABASE] '…' AS name`, of a file: what an expression was then, nobody knows, and what is in memory is gone.
fn attaches_file(pieces: &[Piece<'_>]) -> bool {
    let behind = if pieces.get(1).is_some_and(|piece| piece.is("DATABASE")) { 2 } else { 1 };
    let [file, word, ..] = pieces.get(behind..).unwrap_or_default() else { return false };
    let is_literal = file.is_word() || file.string().is_some() || file.quoted_name().is_some();
    let file = file.name();
    let is_in_memory =
        file.is_empty() || file.contains(":memory:") || file.contains("mode=memory") || file.contains("memdb");
    is_literal && word.is("AS") && !is_in_memory
}

/// SQLite: the statement among these that takes the last number of a row that its session has inserted, when none of them is sure to insert
/// one before. `numbers_rows` tells of a table in the database whether whatever is inserted into it gets a number: one without rowids, a
/// view, or a table with a trigger does not.
///
/// ```
/// use migrate_core::{Dialect, last_rowid_reader, scan::scan};
///
/// let numbers_rows = |table: &str| table == "parents";
/// let reads = |sql: &str| last_rowid_reader(sql, &scan(sql, Dialect::Sqlite).statements, numbers_rows).is_some();
/// assert!(reads("DELETE FROM t; INSERT INTO children VALUES (last_insert_rowid())"));
/// assert!(!reads("INSERT INTO parents VALUES (NULL); INSERT INTO children VALUES (last_insert_rowid())"));
/// ```
pub fn last_rowid_reader<'s>(
    sql: &str,
    statements: &'s [Statement],
    numbers_rows: impl Fn(&str) -> bool,
) -> Option<&'s Statement> {
    let mut created: Vec<(String, bool)> = Vec::new();
    let mut renames = false;
    for statement in statements {
        let pieces: Vec<Piece<'_>> = statement.pieces(sql, Dialect::Sqlite).collect();
        let is = |word: &str| pieces.first().is_some_and(|verb| verb.is(word));
        let has = |word: &str| pieces.iter().any(|piece| piece.is(word));
        // What a view or a trigger asks, it asks later.
        let is_for_later = is("CREATE") && !up_to_name(&pieces).iter().any(|piece| piece.is("TABLE"));
        if !is_for_later && calls(&pieces).any(|called| called == "last_insert_rowid") {
            return Some(statement);
        }
        let may_insert_nothing = ["IGNORE", "CONFLICT", "SELECT"].into_iter().any(has);
        if (is("INSERT") || is("REPLACE")) && has("VALUES") && !may_insert_nothing {
            let is_sure = |table: String| match created.iter().rfind(|(of_here, _)| *of_here == table) {
                Some((_, numbers_rows)) => *numbers_rows,
                None => !renames && numbers_rows(&table),
            };
            if name_behind(&pieces, "INTO").is_some_and(is_sure) {
                return None;
            }
        }
        if is("ALTER") && has("RENAME") {
            // What is called how behind it, is not known before.
            renames = true;
            created.clear();
        }
        if is("CREATE") && !has("EXISTS") {
            created.extend(
                name_behind(&pieces, "TABLE")
                    .map(|table| (table, !["WITHOUT", "VIRTUAL", "CONFLICT"].into_iter().any(has))),
            );
        }
    }
    None
}

/// The table that is named behind a word, in small letters, unless it is of another database than the first.
fn name_behind(pieces: &[Piece<'_>], word: &str) -> Option<String> {
    let at = pieces.iter().position(|piece| piece.is(word))?;
    match pieces.get(at + 1..)? {
        [schema, dot, table, ..] if dot.is_sign(".") => is_schema(schema, "main").then(|| table.name()),
        [table, ..] => Some(table.name()),
        [] => None,
    }
    .map(|name| name.to_ascii_lowercase())
}
