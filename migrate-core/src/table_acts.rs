//! What a script for SQLite does to tables, as far as foreign keys are concerned.
//!
//! With foreign keys on, `DROP TABLE` deletes the rows of the table first, and with them rows that refer to them.

use std::collections::HashSet;

use crate::Dialect;
use crate::scan::{Piece, Statement};

/// What a script for SQLite does to tables, in order. All names are in small letters.
///
/// ```
/// use migrate_core::{Dialect, TableActs, scan::scan};
///
/// let acts = |sql| TableActs::of(sql, &scan(sql, Dialect::Sqlite).statements);
/// let rebuild = "CREATE TABLE new_users (id integer); INSERT INTO new_users SELECT id FROM users;
///                DROP TABLE Users; ALTER TABLE new_users RENAME TO users;";
/// assert_eq!(acts(rebuild).rebuilt(), ["users"]);
/// assert!(acts("DROP TABLE IF EXISTS main.Users;").drops());
/// assert!(acts("DELETE FROM users WHERE id = 1;").may_cascade());
/// ```
#[derive(Clone, Debug, Default)]
pub struct TableActs {
    acts: Vec<Act>,
    /// Tables that are made or altered, and what they refer to from then on.
    references: Vec<(String, String)>,
    writes_rows: bool,
    may_cascade: bool,
    attaches: bool,
}

#[derive(Clone, Debug)]
enum Act {
    Create(String),
    Drop { schema: Option<String>, name: String },
    Rename { from: String, to: String },
}

impl TableActs {
    /// Those of a script.
    pub fn of(sql: &str, statements: &[Statement]) -> TableActs {
        let mut all = TableActs::default();
        for statement in statements {
            let pieces: Vec<Piece<'_>> = statement.pieces(sql, Dialect::Sqlite).collect();
            let has = |words: &[&str]| pieces.iter().any(|piece| words.iter().any(|word| piece.is(word)));
            // What is created or altered only says what happens later.
            if !pieces.first().is_some_and(|verb| verb.is("CREATE") || verb.is("ALTER")) {
                // A trigger may write into others when rows are deleted.
                all.writes_rows |= has(&["INSERT", "UPDATE", "REPLACE", "DELETE"]);
                all.may_cascade |= has(&["DELETE", "UPDATE", "REPLACE"]);
            }
            all.attaches |= pieces.first().is_some_and(|verb| verb.is("ATTACH"));
            let Some((act, table)) = act(&pieces) else { continue };
            let referred = pieces.windows(2).filter(|pair| pair[0].is("REFERENCES")).map(|pair| key(&pair[1]));
            all.references.extend(referred.map(|parent| (table.clone(), parent)));
            all.acts.extend(act);
        }
        all
    }

    /// What comes after it in the same transaction.
    pub fn extend(&mut self, then: &TableActs) {
        self.acts.extend_from_slice(&then.acts);
        self.references.extend_from_slice(&then.references);
        self.writes_rows |= then.writes_rows;
        self.may_cascade |= then.may_cascade;
        self.attaches |= then.attaches;
    }

    /// The tables that are made anew: those that are dropped, and there again at the end.
    pub fn rebuilt(&self) -> Vec<String> {
        let acts = &self.acts;
        let mut rebuilt: Vec<String> = Vec::new();
        // The tables that are there again, seen from the end of the script.
        let mut coming: HashSet<&str> = HashSet::new();
        for (index, act) in acts.iter().enumerate().rev() {
            match act {
                Act::Create(name) => _ = coming.insert(name),
                Act::Rename { to, .. } => _ = coming.insert(to),
                Act::Drop { name, .. } => {
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

    /// Whether a table is dropped.
    pub fn drops(&self) -> bool {
        self.acts.iter().any(|act| matches!(act, Act::Drop { .. }))
    }

    /// Whether rows may go with a table that is dropped that nobody can see before: because the script makes the reference itself, or
    /// attaches a database.
    pub fn may_take_unseen_along(&self) -> bool {
        let dropped = self.dropped();
        let refers_to_dropped = self.references.iter().any(|(_, parent)| dropped.contains(parent.as_str()));
        self.writes_rows && refers_to_dropped || self.attaches && self.drops()
    }

    /// Whether a table that has no rows before may have some.
    pub fn writes_rows(&self) -> bool {
        self.writes_rows
    }

    /// Whether rows that others refer to may be changed or deleted, which foreign keys would pass on to those.
    pub fn may_cascade(&self) -> bool {
        self.may_cascade
    }

    /// The tables that are dropped, under every name that they may have had before.
    pub fn dropped(&self) -> HashSet<&str> {
        let mut names: HashSet<&str> = HashSet::new();
        for act in self.acts.iter().rev() {
            match act {
                Act::Drop { name, .. } => _ = names.insert(name),
                Act::Rename { from, to } if names.contains(to.as_str()) => _ = names.insert(from),
                _ => {}
            }
        }
        names
    }

    /// Whether surely nothing of a table, in its schema, is left at the end: it is that very table which is dropped, and not one of its name
    /// in another schema, or one that the script has made, while it is kept under another name. `is_alone` says that no other schema has a
    /// table of its name.
    pub fn is_gone(&self, (schema, table): (&str, &str), is_alone: bool) -> bool {
        let is_dropped = |act: &Act| {
            let is_of_schema = |of: &Option<String>| of.as_ref().map_or(is_alone, |of| of == schema);
            matches!(act, Act::Drop { schema, name } if name == table && is_of_schema(schema))
        };
        let may_be_another = |act: &Act| match act {
            Act::Rename { from, to } => from == table || to == table,
            Act::Create(name) => name == table,
            Act::Drop { .. } => false,
        };
        self.acts.iter().any(is_dropped) && !self.acts.iter().any(may_be_another)
    }
}

impl Act {
    fn makes(&self, table: &str) -> bool {
        match self {
            Act::Create(name) | Act::Rename { to: name, .. } => name == table,
            Act::Drop { .. } => false,
        }
    }
}

/// The table of a statement about one, and what it does to it; nothing for one that alters it in another way than by renaming it.
fn act(pieces: &[Piece<'_>]) -> Option<(Option<Act>, String)> {
    let mut pieces = pieces.iter().peekable();
    let verb = pieces.next()?;
    while pieces.next_if(|piece| piece.is("TEMP") || piece.is("TEMPORARY")).is_some() {}
    pieces.next().filter(|object| object.is("TABLE"))?;
    while pieces.next_if(|piece| ["IF", "NOT", "EXISTS"].into_iter().any(|word| piece.is(word))).is_some() {}
    let (mut schema, mut name) = (None, pieces.next()?);
    if pieces.next_if(|piece| piece.is_sign(".")).is_some() {
        schema = Some(key(name));
        name = pieces.next()?;
    }
    let table = key(name);
    let act = if verb.is("CREATE") {
        Some(Act::Create(table.clone()))
    } else if verb.is("DROP") {
        Some(Act::Drop { schema, name: table.clone() })
    } else if verb.is("ALTER") {
        let is_renamed = pieces.next_if(|piece| piece.is("RENAME")).and(pieces.next_if(|piece| piece.is("TO")));
        is_renamed.and(pieces.next()).map(|to| Act::Rename { from: table.clone(), to: key(to) })
    } else {
        return None;
    };
    Some((act, table))
}

fn key(name: &Piece<'_>) -> String {
    name.name().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::scan;

    fn acts(sql: &str) -> TableActs {
        TableActs::of(sql, &scan(sql, Dialect::Sqlite).statements)
    }

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
            assert_eq!(acts(sql).rebuilt().join(" "), *expect, "{sql}");
        }
    }

    #[test]
    fn rows_that_go_along() {
        let may_take_along = |acts: &TableActs, parent: &str, is_alone| {
            acts.dropped().contains(parent) && !acts.is_gone(("main", "c"), is_alone)
        };
        // A script, whether rows of `c` in `main`, which refers to `p`, may go, and whether those may that nobody sees before.
        let cases: &[(&str, bool, bool)] = &[
            ("DROP TABLE p", true, false),
            ("DROP TABLE q", false, false),
            ("DROP TABLE main.\"P\"", true, false),
            ("DROP TABLE p; DROP TABLE c", false, false),
            ("DROP TABLE p; DROP TABLE main.c", false, false),
            ("DROP TABLE p; DROP TABLE aux.c", true, false),
            ("DROP TABLE IF EXISTS temp.c; DROP TABLE p", true, false),
            ("CREATE TEMP TABLE c AS SELECT 1; DROP TABLE c; DROP TABLE p", true, false),
            ("ALTER TABLE p RENAME TO o; DROP TABLE o", true, false),
            ("ALTER TABLE p RENAME TO o; ALTER TABLE o RENAME TO n; DROP TABLE n", true, false),
            ("DROP TABLE o; ALTER TABLE p RENAME TO o", false, false),
            ("ALTER TABLE c RENAME TO d; CREATE TABLE c (x); DROP TABLE c; DROP TABLE p", true, false),
            ("CREATE TABLE d (x REFERENCES p); DROP TABLE p", true, false),
            ("CREATE TABLE d (x REFERENCES p); INSERT INTO d VALUES (1); DROP TABLE p", true, true),
            ("CREATE TABLE d (x REFERENCES p); DELETE FROM z; DROP TABLE p", true, true),
            ("ALTER TABLE d ADD COLUMN x REFERENCES p; UPDATE d SET x = 1; DROP TABLE p", true, true),
            ("CREATE TABLE d (x REFERENCES q); INSERT INTO d VALUES (1); DROP TABLE p", true, false),
            ("ATTACH 'x.db' AS x; DROP TABLE x.p", true, true),
            ("ATTACH 'x.db' AS x", false, false),
        ];
        for (sql, of_others, unseen) in cases {
            assert_eq!(may_take_along(&acts(sql), "p", true), *of_others, "{sql}");
            assert_eq!(acts(sql).may_take_unseen_along(), *unseen, "{sql}");
        }
        assert!(may_take_along(&acts("DROP TABLE \"we\"\"ird\""), "we\"ird", true));
        assert!(may_take_along(&acts("DROP TABLE 'p'"), "p", true));
        // Another one of the name is what may be dropped.
        assert!(may_take_along(&acts("DROP TABLE p; DROP TABLE c"), "p", false));
        assert!(!may_take_along(&acts("DROP TABLE p; DROP TABLE main.c"), "p", false));
    }

    #[test]
    fn what_may_be_passed_on() {
        for (sql, may) in [
            ("DELETE FROM users WHERE id = 1", true),
            ("INSERT OR REPLACE INTO users VALUES (1)", true),
            ("CREATE TABLE posts (author integer REFERENCES users ON DELETE CASCADE)", false),
            ("INSERT INTO users VALUES (1)", false),
        ] {
            assert_eq!(acts(sql).may_cascade(), may, "{sql}");
        }
    }
}
