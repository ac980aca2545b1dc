//! What a script for SQLite does to tables, as far as foreign keys are concerned.
//!
//! With foreign keys on, `DROP TABLE` deletes the rows of the table first, and with them rows that refer to them.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::Dialect;
use crate::scan::{Piece, Statement};

/// What a script for SQLite does to tables, in order, and to their rows. All names are in small letters.
///
/// ```
/// use migrate_core::{Dialect, TableActs, scan::scan};
///
/// let acts = |sql| TableActs::of(sql, &scan(sql, Dialect::Sqlite).statements);
/// let rebuild = "CREATE TABLE new_users (id integer); INSERT INTO new_users SELECT id FROM users;
///                DROP TABLE Users; ALTER TABLE new_users RENAME TO users;";
/// assert_eq!(acts(rebuild).rebuilt(), ["users"]);
/// assert!(acts("DROP TABLE IF EXISTS main.Users;").drops());
/// assert!(acts("INSERT INTO users VALUES (1);").writes_to("users"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct TableActs {
    acts: Vec<Act>,
    /// What tables that are made or altered refer to from then on.
    references: Vec<Reference>,
    filled: BTreeSet<String>,
    /// Tables that rows are deleted from.
    emptied: BTreeSet<String>,
    /// Columns that are given other values, per table.
    updated: BTreeMap<String, BTreeSet<String>>,
    makes_trigger: bool,
    attaches: bool,
}

/// A column of a table that refers to another one. All names are in small letters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reference {
    /// The table that refers.
    pub child: String,
    /// The table that is referred to.
    pub parent: String,
    /// The column that is referred to, if that is known.
    pub column: Option<String>,
    /// Whether the row is deleted or changed when the one that it refers to is deleted.
    pub follows_deletes: bool,
    /// Whether the column is changed when the one that it refers to is.
    pub follows_updates: bool,
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
            let Some(verb) = pieces.first() else { continue };
            all.attaches |= verb.is("ATTACH");
            if !verb.is("CREATE") && !verb.is("ALTER") {
                all.change_rows(&pieces);
            }
            // Its name stands behind, and a table may be called so.
            all.makes_trigger |= verb.is("CREATE") && pieces.iter().take(3).any(|piece| piece.is("TRIGGER"));
            let Some((act, table)) = act(&pieces) else { continue };
            all.references.extend(references(&table, &pieces));
            all.acts.extend(act);
        }
        all
    }

    /// What comes after it in the same transaction.
    pub fn extend(&mut self, then: &TableActs) {
        self.acts.extend_from_slice(&then.acts);
        self.references.extend_from_slice(&then.references);
        self.filled.extend(then.filled.iter().cloned());
        self.emptied.extend(then.emptied.iter().cloned());
        for (table, columns) in &then.updated {
            self.updated.entry(table.clone()).or_default().extend(columns.iter().cloned());
        }
        self.makes_trigger |= then.makes_trigger;
        self.attaches |= then.attaches;
    }

    /// Takes note of what a statement, which may begin with `WITH`, does to rows.
    fn change_rows(&mut self, pieces: &[Piece<'_>]) {
        for (at, word) in pieces.iter().enumerate() {
            let (rest, before) = (&pieces[at + 1..], at.checked_sub(1).map(|before| &pieces[before]));
            if word.is("DELETE") && rest.first().is_some_and(|next| next.is("FROM")) {
                self.emptied.extend(table_name(&rest[1..]));
            } else if word.is("INTO") {
                let table = table_name(rest);
                if before.is_some_and(|before| before.is("REPLACE")) {
                    self.emptied.extend(table.clone());
                }
                if let Some(table) = &table
                    && rest.windows(2).any(|pair| pair[0].is("DO") && pair[1].is("UPDATE"))
                {
                    self.updated.entry(table.clone()).or_default().extend(assigned(rest));
                }
                self.filled.extend(table);
            } else if word.is("UPDATE") && !before.is_some_and(|before| before.is("DO") || before.is("ON")) {
                let rest =
                    if rest.first().is_some_and(|next| next.is("OR")) { &rest[2.min(rest.len())..] } else { rest };
                if let Some(table) = table_name(rest) {
                    self.updated.entry(table).or_default().extend(assigned(rest));
                }
            }
        }
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
        let is_of_dropped = |made: &Reference| made.child != made.parent && dropped.contains(made.parent.as_str());
        self.references.iter().any(is_of_dropped) || self.attaches && self.drops()
    }

    /// What tables that are made or altered refer to from then on.
    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    /// Whether a table gets rows, or other values in them, under this name.
    pub fn writes_to(&self, table: &str) -> bool {
        self.filled.contains(table) || self.updated.contains_key(table)
    }

    /// Whether a trigger is made, which may do anything.
    pub fn makes_trigger(&self) -> bool {
        self.makes_trigger
    }

    /// Whether rows that are changed or deleted may have others follow them by a reference, as foreign keys see to when they are on.
    pub fn passes_on(&self, reference: &Reference) -> bool {
        let Reference { parent, follows_deletes, .. } = reference;
        *follows_deletes && self.emptied.contains(parent) || self.moves(reference)
    }

    /// Whether rows that should have followed by a reference may refer to others instead, so that nobody can see it any more: what they
    /// refer to is deleted and there again, or gets another key.
    pub fn confuses(&self, reference: &Reference) -> bool {
        let Reference { parent, follows_deletes, .. } = reference;
        *follows_deletes && self.emptied.contains(parent) && self.filled.contains(parent) || self.moves(reference)
    }

    /// Whether what is referred to gets other values.
    fn moves(&self, Reference { parent, column, follows_updates, .. }: &Reference) -> bool {
        let is_moved = |columns: &BTreeSet<String>| column.as_ref().is_none_or(|column| columns.contains(column));
        *follows_updates && self.updated.get(parent).is_some_and(is_moved)
    }

    /// The names that tables are given, or are taken from them.
    pub fn renamed(&self) -> BTreeSet<&str> {
        let names = self.acts.iter().filter_map(|act| match act {
            Act::Rename { from, to } => Some([from.as_str(), to.as_str()]),
            _ => None,
        });
        names.flatten().collect()
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

    /// Whether a table, in its schema, is surely dropped before another one is: that very table, and not one of its name in another schema,
    /// or one that the script has made, while it is kept under another name. `is_alone` says that no other schema has a table of its name.
    pub fn goes_before(&self, (schema, table): (&str, &str), parent: &str, is_alone: bool) -> bool {
        let is_dropped = |act: &Act| {
            let is_of_schema = |of: &Option<String>| of.as_ref().map_or(is_alone, |of| of == schema);
            matches!(act, Act::Drop { schema, name } if name == table && is_of_schema(schema))
        };
        let may_be_another = |act: &Act| match act {
            Act::Rename { from, to } => from == table || to == table,
            Act::Create(name) => name == table,
            Act::Drop { .. } => false,
        };
        // The parent may go under another name.
        let goes_parent = |act: &Act| match act {
            Act::Drop { name, .. } => name == parent,
            Act::Rename { from, .. } => from == parent,
            Act::Create(_) => false,
        };
        let first = self.acts.iter().position(goes_parent).unwrap_or(self.acts.len());
        self.acts[..first].iter().any(is_dropped) && !self.acts.iter().any(may_be_another)
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

/// The last part of the name that stands first, in small letters.
fn table_name(pieces: &[Piece<'_>]) -> Option<String> {
    match pieces {
        [_, dot, name, ..] if dot.is_sign(".") => Some(key(name)),
        [name, ..] => Some(key(name)),
        [] => None,
    }
}

/// The columns that a statement gives values to: `SET a = 1, (b, c) = (2, 3) WHERE …`.
fn assigned(pieces: &[Piece<'_>]) -> BTreeSet<String> {
    let mut columns = BTreeSet::new();
    let behind = pieces.iter().position(|piece| piece.is("SET")).map_or(pieces.len(), |at| at + 1);
    let (mut depth, mut is_target) = (0, true);
    for piece in &pieces[behind..] {
        match piece.text {
            "(" => depth += 1,
            ")" => depth -= 1,
            "=" if depth == 0 => is_target = false,
            "," if depth == 0 => is_target = true,
            "," => {}
            _ if depth == 0 && ["WHERE", "FROM", "RETURNING"].into_iter().any(|word| piece.is(word)) => break,
            _ if is_target => _ = columns.insert(key(piece)),
            _ => {}
        }
    }
    columns
}

/// What the definition of a table, or of a column, refers to.
fn references<'p>(child: &'p str, pieces: &'p [Piece<'p>]) -> impl Iterator<Item = Reference> + use<'p> {
    let starts = pieces.iter().enumerate().filter(|(_, piece)| piece.is("REFERENCES")).map(|(at, _)| at + 1);
    starts.filter_map(move |start| {
        let parent = key(pieces.get(start)?);
        let rest = pieces.get(start + 1..).unwrap_or_default();
        let column = match rest {
            [open, column, close, ..] if open.is_sign("(") && close.is_sign(")") => Some(key(column)),
            _ => None,
        };
        let to_end = rest.split(|piece| piece.is("REFERENCES")).next().unwrap_or_default();
        let follows = |event: &str| {
            let acts = |words: &[Piece<'_>]| {
                words[0].is("ON") && words[1].is(event) && (words[2].is("CASCADE") || words[2].is("SET"))
            };
            to_end.windows(3).any(acts)
        };
        let (follows_deletes, follows_updates) = (follows("DELETE"), follows("UPDATE"));
        Some(Reference { child: child.to_owned(), parent, column, follows_deletes, follows_updates })
    })
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
    fn what_goes_before_what_it_refers_to() {
        // Whether `c` in `main`, which refers to `p`, is gone when that is dropped.
        let cases: &[(&str, bool)] = &[
            ("DROP TABLE p", false),
            ("DROP TABLE p; DROP TABLE c", false),
            ("DROP TABLE c; DROP TABLE p", true),
            ("DROP TABLE main.c; DROP TABLE p", true),
            ("DROP TABLE aux.c; DROP TABLE p", false),
            ("DROP TABLE IF EXISTS temp.c; DROP TABLE p", false),
            ("CREATE TEMP TABLE c AS SELECT 1; DROP TABLE c; DROP TABLE p", false),
            ("ALTER TABLE c RENAME TO d; CREATE TABLE c (x); DROP TABLE c; DROP TABLE p", false),
            ("ALTER TABLE p RENAME TO o; DROP TABLE o; DROP TABLE c", false),
            ("ALTER TABLE p RENAME TO o; DROP TABLE c; DROP TABLE o", false),
            ("DROP TABLE c; ALTER TABLE p RENAME TO o; DROP TABLE o", true),
        ];
        for (sql, is_gone) in cases {
            assert_eq!(acts(sql).goes_before(("main", "c"), "p", true), *is_gone, "{sql}");
        }
        // Another one of the name is what may be dropped.
        assert!(!acts("DROP TABLE c; DROP TABLE p").goes_before(("main", "c"), "p", false));
        assert!(acts("DROP TABLE main.c; DROP TABLE p").goes_before(("main", "c"), "p", false));
    }

    #[test]
    fn what_is_dropped() {
        // A script, the names that what it drops may have had before, and whether it may take along what nobody sees before.
        let cases: &[(&str, &[&str], bool)] = &[
            ("DROP TABLE main.\"P\"", &["p"], false),
            ("DROP TABLE 'p'", &["p"], false),
            ("DROP TABLE \"we\"\"ird\"", &["we\"ird"], false),
            ("ALTER TABLE p RENAME TO o; DROP TABLE o", &["o", "p"], false),
            ("ALTER TABLE p RENAME TO o; ALTER TABLE o RENAME TO n; DROP TABLE n", &["n", "o", "p"], false),
            ("DROP TABLE o; ALTER TABLE p RENAME TO o", &["o"], false),
            ("CREATE TABLE d (x REFERENCES p); DROP TABLE p", &["p"], true),
            ("CREATE TABLE p2 (x REFERENCES p); DROP TABLE p; ALTER TABLE p2 RENAME TO p", &["p"], true),
            ("ALTER TABLE d ADD COLUMN x REFERENCES p; DROP TABLE p", &["p"], true),
            ("CREATE TABLE d (x REFERENCES q); DROP TABLE p", &["p"], false),
            ("CREATE TABLE p (x REFERENCES p); DROP TABLE p", &["p"], false),
            ("ATTACH 'x.db' AS x; DROP TABLE x.p", &["p"], true),
            ("ATTACH 'x.db' AS x", &[], false),
        ];
        for (sql, names, unseen) in cases {
            let acts = acts(sql);
            let mut dropped: Vec<&str> = acts.dropped().into_iter().collect();
            dropped.sort();
            assert_eq!((dropped.as_slice(), acts.may_take_unseen_along()), (*names, *unseen), "{sql}");
        }
    }

    #[test]
    fn what_is_referred_to() {
        let references = |sql: &str| -> Vec<String> {
            let one = |of: &Reference| {
                let column = of.column.as_deref().unwrap_or("?");
                let follows = [(of.follows_deletes, " deletes"), (of.follows_updates, " updates")];
                let follows: String = follows.iter().filter(|(does, _)| *does).map(|(_, what)| *what).collect();
                format!("{} {} {column}{follows}", of.child, of.parent)
            };
            acts(sql).references().iter().map(one).collect()
        };
        let cases: &[(&str, &[&str])] = &[
            ("CREATE TABLE C (x REFERENCES \"P\")", &["c p ?"]),
            (
                "CREATE TABLE c (x REFERENCES p(ID) ON DELETE CASCADE ON UPDATE SET NULL, y)",
                &["c p id deletes updates"],
            ),
            (
                "CREATE TABLE c (x REFERENCES p ON DELETE RESTRICT, y REFERENCES q ON DELETE SET DEFAULT)",
                &["c p ?", "c q ? deletes"],
            ),
            ("CREATE TABLE c (x, y, FOREIGN KEY (x, y) REFERENCES p (a, b) ON UPDATE CASCADE)", &["c p ? updates"]),
            ("ALTER TABLE c ADD COLUMN x REFERENCES p ON DELETE SET NULL", &["c p ? deletes"]),
            ("CREATE INDEX i ON c (x)", &[]),
        ];
        for (sql, expect) in cases {
            assert_eq!(references(sql), *expect, "{sql}");
        }
    }

    #[test]
    fn what_others_have_to_follow() {
        let reference = |column: Option<&str>, follows_deletes, follows_updates| {
            let (child, parent) = ("c".into(), "p".into());
            Reference { child, parent, column: column.map(str::to_owned), follows_deletes, follows_updates }
        };
        let (deletes, updates) = (reference(Some("id"), true, false), reference(Some("id"), false, true));
        // Whether they follow what the script deletes, and what it updates, and whether that can be lost sight of.
        let cases: &[(&str, [bool; 2], bool)] = &[
            ("DELETE FROM p WHERE id = 1", [true, false], false),
            ("WITH x AS (SELECT 1) DELETE FROM main.\"P\" WHERE id IN x", [true, false], false),
            ("DELETE FROM p; INSERT INTO p VALUES (1)", [true, false], true),
            ("DELETE FROM p; INSERT INTO q VALUES (1)", [true, false], false),
            ("INSERT OR REPLACE INTO p VALUES (1)", [true, false], true),
            ("REPLACE INTO p VALUES (1)", [true, false], true),
            ("INSERT INTO p VALUES (replace('a', 'b', 'c'))", [false, false], false),
            ("INSERT INTO p VALUES (1)", [false, false], false),
            ("UPDATE p SET id = id + 1", [false, true], true),
            ("UPDATE OR IGNORE main.p SET n = 1, (id, x) = (2, 3) WHERE id = 1", [false, true], true),
            ("UPDATE p SET n = (SELECT max(a, id) FROM q WHERE id = 1), x = id WHERE id = 1", [false, false], false),
            ("INSERT INTO p VALUES (1) ON CONFLICT (id) DO UPDATE SET id = 2", [false, true], true),
            ("INSERT INTO p VALUES (1) ON CONFLICT DO UPDATE SET n = 2", [false, false], false),
            ("CREATE TRIGGER t AFTER DELETE ON q BEGIN DELETE FROM p; END", [false, false], false),
            ("CREATE TABLE c (x REFERENCES p ON DELETE CASCADE)", [false, false], false),
            ("DELETE FROM q", [false, false], false),
        ];
        for (sql, passes_on, confuses) in cases {
            let acts = acts(sql);
            assert_eq!([acts.passes_on(&deletes), acts.passes_on(&updates)], *passes_on, "{sql}");
            assert_eq!(acts.confuses(&deletes) || acts.confuses(&updates), *confuses, "{sql}");
        }
        assert!(acts("UPDATE p SET n = 1").passes_on(&reference(None, false, true)));
        assert!(!acts("DELETE FROM p; UPDATE p SET id = 1").passes_on(&reference(None, false, false)));
    }

    #[test]
    fn what_is_written_to() {
        let acts = acts(
            "INSERT INTO a SELECT 1; UPDATE main.b SET x = 1; DELETE FROM c; CREATE TEMP TRIGGER d AFTER INSERT ON e BEGIN SELECT 1; END",
        );
        assert_eq!(["a", "b", "c", "e"].map(|table| acts.writes_to(table)), [true, true, false, false]);
        assert!(acts.makes_trigger());
        assert!(!self::acts("CREATE TABLE a (\"trigger\" text)").makes_trigger());
    }
}
