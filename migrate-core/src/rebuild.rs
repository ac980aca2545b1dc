//! Tables that a script for SQLite makes anew: created, filled from the old one, which is dropped, and renamed.
//!
//! With foreign keys on, `DROP TABLE` deletes the rows of the old table first, and with them rows that refer to them.

use std::collections::HashSet;

use crate::Dialect;
use crate::scan::{Piece, Scan, Statement};

/// The tables that a script for SQLite makes anew: those that are dropped, and there again at the end. In small letters, without
/// their schemas.
///
/// ```
/// use migrate_core::{Dialect, rebuilt_tables, scan::scan};
///
/// let sql = "CREATE TABLE new_users (id integer); INSERT INTO new_users SELECT id FROM users;
///            DROP TABLE Users; ALTER TABLE new_users RENAME TO users;";
/// assert_eq!(rebuilt_tables(sql, &scan(sql, Dialect::Sqlite)), ["users"]);
/// ```
pub fn rebuilt_tables(sql: &str, scan: &Scan) -> Vec<String> {
    let acts: Vec<Act> = scan.statements.iter().filter_map(|statement| Act::of(sql, statement)).collect();
    let mut rebuilt: Vec<String> = Vec::new();
    // The tables that are there again, seen from the end of the script.
    let mut coming: HashSet<&str> = HashSet::new();
    for (index, act) in acts.iter().enumerate().rev() {
        match act {
            Act::Create(name) => _ = coming.insert(name),
            Act::Rename { to, .. } => _ = coming.insert(to),
            Act::Drop(name) => {
                let renamed_away = acts[..index].iter().enumerate().rev().find_map(|(at, act)| match act {
                    Act::Rename { from, to } if to == name => Some((at, from)),
                    _ => None,
                });
                let successor = match renamed_away {
                    Some((at, from)) => acts[at..].iter().any(|act| act.makes(from)).then_some(from),
                    None => None,
                };
                rebuilt.extend(successor.or_else(|| coming.contains(name.as_str()).then_some(name)).cloned());
            }
        }
    }
    rebuilt.sort();
    rebuilt.dedup();
    rebuilt
}

/// The tables that a script for SQLite drops, whatever becomes of them. In small letters, without their schemas.
///
/// ```
/// use migrate_core::{Dialect, dropped_tables, scan::scan};
///
/// let sql = "DROP TABLE IF EXISTS main.Users; DROP VIEW v;";
/// assert_eq!(dropped_tables(sql, &scan(sql, Dialect::Sqlite)), ["users"]);
/// ```
pub fn dropped_tables(sql: &str, scan: &Scan) -> Vec<String> {
    let acts = scan.statements.iter().filter_map(|statement| Act::of(sql, statement));
    acts.filter_map(|act| if let Act::Drop(name) = act { Some(name) } else { None }).collect()
}

/// Whether a script for SQLite may change or delete rows that others refer to, which foreign keys would pass on to those.
///
/// ```
/// use migrate_core::{Dialect, may_cascade, scan::scan};
///
/// let may = |sql| may_cascade(sql, &scan(sql, Dialect::Sqlite).statements);
/// assert!(may("DELETE FROM users WHERE id = 1;"));
/// assert!(may("INSERT OR REPLACE INTO users VALUES (1);"));
/// assert!(!may("CREATE TABLE posts (author integer REFERENCES users ON DELETE CASCADE);"));
/// ```
pub fn may_cascade(sql: &str, statements: &[Statement]) -> bool {
    statements.iter().any(|statement| {
        let mut pieces = statement.pieces(sql, Dialect::Sqlite).peekable();
        // What is created or altered only says what happens later.
        let defines = pieces.peek().is_some_and(|verb| verb.is("CREATE") || verb.is("ALTER"));
        !defines && pieces.any(|piece| ["DELETE", "UPDATE", "REPLACE"].into_iter().any(|word| piece.is(word)))
    })
}

/// What a statement does to a table.
enum Act {
    Create(String),
    Drop(String),
    Rename { from: String, to: String },
}

impl Act {
    fn of(sql: &str, statement: &Statement) -> Option<Act> {
        let mut pieces = statement.pieces(sql, Dialect::Sqlite).peekable();
        let verb = pieces.next()?;
        while pieces.next_if(|piece| piece.is("TEMP") || piece.is("TEMPORARY")).is_some() {}
        pieces.next().filter(|object| object.is("TABLE"))?;
        while pieces.next_if(|piece| ["IF", "NOT", "EXISTS"].into_iter().any(|word| piece.is(word))).is_some() {}
        let mut name = pieces.next()?;
        if pieces.next_if(|piece| piece.is_sign(".")).is_some() {
            name = pieces.next()?;
        }
        if verb.is("CREATE") {
            Some(Act::Create(key(&name)))
        } else if verb.is("DROP") {
            Some(Act::Drop(key(&name)))
        } else if verb.is("ALTER") {
            pieces.next().filter(|piece| piece.is("RENAME"))?;
            pieces.next().filter(|piece| piece.is("TO"))?;
            Some(Act::Rename { from: key(&name), to: key(&pieces.next()?) })
        } else {
            None
        }
    }

    fn makes(&self, table: &str) -> bool {
        match self {
            Act::Create(name) | Act::Rename { to: name, .. } => name == table,
            Act::Drop(_) => false,
        }
    }
}

fn key(name: &Piece<'_>) -> String {
    name.bare().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::scan;

    #[test]
    fn rebuilds() {
        let cases: &[(&str, &str)] = &[
            ("CREATE TABLE n (x); INSERT INTO n SELECT x FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t", "t"),
            ("CREATE TABLE n (x); DROP TABLE IF EXISTS main.[T]; ALTER TABLE main.\"n\" RENAME TO `t`", "t"),
            ("ALTER TABLE t RENAME TO old; CREATE TABLE t (x); INSERT INTO t SELECT x FROM old; DROP TABLE old", "t"),
            ("ALTER TABLE t RENAME TO old; CREATE TABLE n (x); ALTER TABLE n RENAME TO t; DROP TABLE old", "t"),
            ("CREATE TEMP TABLE b AS SELECT * FROM t; DROP TABLE t; CREATE TABLE t (x); DROP TABLE b", "t"),
            ("DROP TABLE t; CREATE TABLE IF NOT EXISTS t (x)", "t"),
            ("CREATE TABLE a2 (x); DROP TABLE a; ALTER TABLE a2 RENAME TO a; DROP TABLE b; CREATE TABLE b (y)", "a b"),
            ("DROP TABLE t", ""),
            ("CREATE TABLE t (x); ALTER TABLE t RENAME TO u", ""),
            ("CREATE TABLE t (x); DROP TABLE t", ""),
            ("ALTER TABLE t RENAME COLUMN a TO t; DROP TABLE a", ""),
            ("DROP VIEW t; CREATE VIEW t AS SELECT 1; DROP INDEX i; CREATE INDEX i ON t (x)", ""),
            ("", ""),
        ];
        for (sql, expect) in cases {
            assert_eq!(rebuilt_tables(sql, &scan(sql, Dialect::Sqlite)).join(" "), *expect, "{sql}");
        }
    }
}
