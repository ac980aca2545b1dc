//! What a script for SQLite does to tables, as far as foreign keys are concerned.
//!
//! With foreign keys on, `DROP TABLE` deletes the rows of the table first, and with them rows that refer to them. So they are off for that
//! statement, and for those that fill the table which takes its place, and on for all others.

use std::collections::{BTreeSet, HashSet};

use crate::in_transaction::foreign_keys_set_by;
use crate::scan::{Piece, Statement};
use crate::{Dialect, ForeignKeys};

/// What a script for SQLite does to tables, in order. All names are in small letters.
///
/// ```
/// use migrate_core::{Dialect, TableActs, scan::scan};
///
/// let acts = |sql| TableActs::of(sql, &scan(sql, Dialect::Sqlite).statements);
/// let rebuild = "CREATE TABLE new_users (id integer); INSERT INTO new_users SELECT id FROM users;
///                DROP TABLE Users; ALTER TABLE new_users RENAME TO users;";
/// assert_eq!(acts(rebuild).rebuilt(), ["users"]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct TableActs {
    acts: Vec<Act>,
    /// What tables that are made or altered refer to from then on.
    references: Vec<Reference>,
    attaches: bool,
}

/// A table that refers to another one. The names are in small letters.
///
/// ```
/// use migrate_core::{Dialect, TableActs, scan::scan};
///
/// let acts = |sql: &str| TableActs::of(sql, &scan(sql, Dialect::Sqlite).statements);
/// let acts = acts("CREATE TABLE Invoices (user_id integer REFERENCES users (id))");
/// assert_eq!((&*acts.references()[0].child, &*acts.references()[0].parent), ("invoices", "users"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The table that refers.
    pub child: String,
    /// The table that is referred to.
    pub parent: String,
}

/// Whether SQLite enforces foreign keys while a statement runs.
///
/// ```
/// use migrate_core::{Dialect, Enforcement, ForeignKeys, TableActs, scan::scan};
///
/// let sql = "DROP TABLE users; CREATE TABLE notes (id integer)";
/// let statements = scan(sql, Dialect::Sqlite).statements;
/// let enforcement = TableActs::of(sql, &statements).enforcement(sql, &statements, ForeignKeys::Auto);
/// assert_eq!(enforcement, [Enforcement::OffIfReferredTo("users".into()), Enforcement::AsUsual]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enforcement {
    /// As the program has set it for the connection.
    AsUsual,
    /// Whatever the program has set.
    On,
    /// Whatever the program has set, because the script says so, or because rows could not be copied that refer to nothing already.
    Off,
    /// As usual, but off if any table refers to this one, in small letters, which is dropped: their rows would go with it. Otherwise SQLite
    /// has to count what goes with it that had still to be put right.
    OffIfReferredTo(String),
}

#[derive(Clone, Debug)]
enum Act {
    Create(String),
    Drop(String),
    Rename { from: String, to: String },
}

impl TableActs {
    /// Those of a script.
    ///
    /// ```
    /// use migrate_core::{Dialect, TableActs, scan::scan};
    ///
    /// let acts = |sql: &str| TableActs::of(sql, &scan(sql, Dialect::Sqlite).statements);
    /// assert!(acts("DROP TABLE Users").dropped().contains("users"));
    /// assert!(acts("SELECT 1").dropped().is_empty());
    /// ```
    pub fn of(sql: &str, statements: &[Statement]) -> TableActs {
        let mut all = TableActs::default();
        for statement in statements {
            let pieces = || statement.pieces(sql, Dialect::Sqlite);
            all.attaches |= pieces().next().is_some_and(|verb| verb.is("ATTACH"));
            let Some((act, table)) = act(pieces()) else { continue };
            all.acts.extend(act);
            if may_refer(statement.text(sql)) {
                let referred = pieces().zip(pieces().skip(1)).filter(|(word, _)| word.is("REFERENCES"));
                let reference = |(_, parent)| Reference { child: table.clone(), parent: key(&parent) };
                all.references.extend(referred.map(reference));
            }
        }
        all
    }

    /// Whether the script attaches a database.
    ///
    /// ```
    /// use migrate_core::{Dialect, TableActs, scan::scan};
    ///
    /// let acts = |sql: &str| TableActs::of(sql, &scan(sql, Dialect::Sqlite).statements);
    /// assert!(acts("ATTACH 'other.db' AS other").attaches());
    /// assert!(!acts("DETACH other").attaches());
    /// ```
    pub fn attaches(&self) -> bool {
        self.attaches
    }

    /// Those of scripts that run after each other.
    ///
    /// ```
    /// use migrate_core::{Dialect, TableActs, scan::scan};
    ///
    /// let acts = |sql: &str| TableActs::of(sql, &scan(sql, Dialect::Sqlite).statements);
    /// let scripts = [acts("DROP TABLE a"), acts("CREATE TABLE a (id integer)")];
    /// assert_eq!(TableActs::together(&scripts).rebuilt(), ["a"]); // in a run that is one transaction
    /// ```
    pub fn together<'s>(scripts: impl IntoIterator<Item = &'s TableActs>) -> TableActs {
        scripts.into_iter().fold(TableActs::default(), |mut all, then| {
            all.acts.extend_from_slice(&then.acts);
            all.references.extend_from_slice(&then.references);
            all.attaches |= then.attaches;
            all
        })
    }

    /// Whether foreign keys are enforced while a script, whose acts these are, runs: for each of its statements.
    ///
    /// They are off for what drops a table that others refer to, for what fills the one that takes its place, and for what takes the name
    /// away from one that is dropped then: with the old meaning of a renaming, those that refer to it would follow. Otherwise the script
    /// says it, with the pragma; `said` says it for all of it, or that only the pragma counts.
    ///
    /// ```
    /// use migrate_core::{Dialect, Enforcement::{AsUsual, Off, OffIfReferredTo}, ForeignKeys, TableActs, scan::scan};
    ///
    /// let sql = "CREATE TABLE n (id); INSERT INTO n SELECT id FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t; DELETE FROM t";
    /// let statements = scan(sql, Dialect::Sqlite).statements;
    /// let enforcement = TableActs::of(sql, &statements).enforcement(sql, &statements, ForeignKeys::Auto);
    /// assert_eq!(enforcement, [AsUsual, Off, OffIfReferredTo("t".into()), AsUsual, AsUsual]);
    /// ```
    pub fn enforcement(&self, sql: &str, statements: &[Statement], said: ForeignKeys) -> Vec<Enforcement> {
        let (rebuilt, successors) = (self.rebuilt(), self.successors());
        let drops = self.acts.iter().any(|act| matches!(act, Act::Drop(_)));
        let mut by_pragma = Enforcement::AsUsual;
        // What the script has made up to a statement: tables that nothing can happen to by triggers, unless it has made any.
        let (mut made, mut has_triggers) = (HashSet::new(), false);
        let of_statement = |statement: &Statement| {
            if said == ForeignKeys::Off {
                return Enforcement::Off;
            }
            if let Some(is_on) = foreign_keys_set_by(sql, statement) {
                by_pragma = if is_on { Enforcement::On } else { Enforcement::Off };
                return Enforcement::AsUsual;
            }
            // Then nothing takes the place of anything.
            if !drops {
                return by_pragma.clone();
            }
            let pieces: Vec<Piece<'_>> = statement.pieces(sql, Dialect::Sqlite).collect();
            // Its name stands behind, and a table may be called so.
            has_triggers |= pieces.first().is_some_and(|verb| verb.is("CREATE"))
                && pieces.iter().take(3).any(|piece| piece.is("TRIGGER"));
            let act = act(pieces.iter().copied());
            if let Some((Some(Act::Create(table)), _)) = &act {
                made.insert(table.clone());
            }
            let is_risky = match act {
                _ if said == ForeignKeys::On || by_pragma == Enforcement::Off => false,
                Some((Some(Act::Drop(table)), _)) => return Enforcement::OffIfReferredTo(table),
                Some((Some(Act::Rename { from, .. }), _)) => rebuilt.contains(&from),
                Some(_) => false,
                None => filled(&pieces)
                    .is_some_and(|table| !has_triggers && made.contains(&table) && successors.contains(table.as_str())),
            };
            if is_risky { Enforcement::Off } else { by_pragma.clone() }
        };
        statements.iter().map(of_statement).collect()
    }

    /// The tables that are made anew: those that are dropped, and there again at the end.
    ///
    /// ```
    /// use migrate_core::{Dialect, TableActs, scan::scan};
    ///
    /// let acts = |sql: &str| TableActs::of(sql, &scan(sql, Dialect::Sqlite).statements);
    /// let rebuild = "CREATE TABLE new_a (id); DROP TABLE a; ALTER TABLE new_a RENAME TO a";
    /// assert_eq!(acts(rebuild).rebuilt(), ["a"]);
    /// assert!(acts("DROP TABLE a").rebuilt().is_empty());
    /// ```
    pub fn rebuilt(&self) -> Vec<String> {
        let acts = &self.acts;
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

    /// Whether rows may be left that refer to nothing, by one of the keys of the database or of those that are made, if foreign keys are off
    /// for what [`enforcement`](TableActs::enforcement) names.
    ///
    /// ```
    /// use migrate_core::{Dialect, Reference, TableActs, scan::scan};
    ///
    /// let acts = |sql: &str| TableActs::of(sql, &scan(sql, Dialect::Sqlite).statements);
    /// let key = Reference { child: "invoices".into(), parent: "users".into() };
    /// assert!(acts("DROP TABLE users").may_leave_dangling([&key].into_iter()));
    /// assert!(!acts("DROP TABLE notes").may_leave_dangling([&key].into_iter()));
    /// ```
    pub fn may_leave_dangling<'r>(&'r self, mut keys: impl Iterator<Item = &'r Reference>) -> bool {
        let (dropped, mut filled) = (self.dropped(), self.successors());
        let rebuilt = self.rebuilt();
        filled.extend(rebuilt.iter().map(String::as_str));
        let may_dangle = |Reference { child, parent }: &Reference| {
            child != parent && dropped.contains(parent.as_str()) || filled.contains(child.as_str())
        };
        keys.any(may_dangle) || self.references.iter().any(may_dangle) || self.attaches && !dropped.is_empty()
    }

    /// The name that a table of before has at the end; one that was made anew has its own.
    ///
    /// ```
    /// use migrate_core::{Dialect, TableActs, scan::scan};
    ///
    /// let sql = "ALTER TABLE a RENAME TO b; DROP TABLE c; ALTER TABLE new_c RENAME TO c";
    /// let acts = TableActs::of(sql, &scan(sql, Dialect::Sqlite).statements);
    /// assert_eq!(["a", "c", "d"].map(|name| acts.name_at_the_end(name)), ["b", "c", "d"]);
    /// ```
    pub fn name_at_the_end<'n>(&'n self, name: &'n str) -> &'n str {
        let mut own = name;
        for act in &self.acts {
            match act {
                Act::Rename { from, to } if from == own => own = to,
                // What takes its place has its name.
                Act::Drop(dropped) if dropped == own => own = name,
                _ => {}
            }
        }
        own
    }

    /// What tables that are made or altered refer to from then on.
    ///
    /// ```
    /// use migrate_core::{Dialect, TableActs, scan::scan};
    ///
    /// let acts = |sql: &str| TableActs::of(sql, &scan(sql, Dialect::Sqlite).statements);
    /// assert_eq!(acts("CREATE TABLE a (b integer REFERENCES b, c integer REFERENCES c)").references().len(), 2);
    /// ```
    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    /// The names under which tables are filled that take the place of others.
    fn successors(&self) -> HashSet<&str> {
        let rebuilt = self.rebuilt();
        let is_rebuilt = |name: &String| rebuilt.contains(name);
        let made = self.acts.iter().filter_map(|act| match act {
            Act::Create(name) if is_rebuilt(name) => Some(name.as_str()),
            Act::Rename { from, to } if is_rebuilt(to) => Some(from.as_str()),
            _ => None,
        });
        made.collect()
    }

    /// The names that tables are given, or are taken from them.
    ///
    /// ```
    /// use migrate_core::{Dialect, TableActs, scan::scan};
    ///
    /// let acts = |sql: &str| TableActs::of(sql, &scan(sql, Dialect::Sqlite).statements);
    /// assert!(acts("ALTER TABLE a RENAME TO b").renamed().into_iter().eq(["a", "b"]));
    /// ```
    pub fn renamed(&self) -> BTreeSet<&str> {
        let names = self.acts.iter().filter_map(|act| match act {
            Act::Rename { from, to } => Some([from.as_str(), to.as_str()]),
            _ => None,
        });
        names.flatten().collect()
    }

    /// The tables that are dropped, under every name that they may have had before.
    ///
    /// ```
    /// use migrate_core::{Dialect, TableActs, scan::scan};
    ///
    /// let acts = |sql: &str| TableActs::of(sql, &scan(sql, Dialect::Sqlite).statements);
    /// let dropped = acts("ALTER TABLE a RENAME TO b; DROP TABLE b");
    /// assert!(dropped.dropped().contains("a") && dropped.dropped().contains("b"));
    /// ```
    pub fn dropped(&self) -> HashSet<&str> {
        let mut names: HashSet<&str> = HashSet::new();
        for act in self.acts.iter().rev() {
            match act {
                Act::Drop(name) => _ = names.insert(name),
                Act::Rename { from, to } if names.contains(to.as_str()) => _ = names.insert(from),
                _ => {}
            }
        }
        names
    }
}

impl Act {
    fn makes(&self, table: &str) -> bool {
        match self {
            Act::Create(name) | Act::Rename { to: name, .. } => name == table,
            Act::Drop(_) => false,
        }
    }
}

/// The table of a statement about one, and what it does to it; nothing for one that alters it in another way than by renaming it.
fn act<'a>(pieces: impl Iterator<Item = Piece<'a>>) -> Option<(Option<Act>, String)> {
    let mut pieces = pieces.peekable();
    let verb = pieces.next()?;
    while pieces.next_if(|piece| piece.is("TEMP") || piece.is("TEMPORARY")).is_some() {}
    pieces.next().filter(|object| object.is("TABLE"))?;
    while pieces.next_if(|piece| ["IF", "NOT", "EXISTS"].into_iter().any(|word| piece.is(word))).is_some() {}
    let mut name = pieces.next()?;
    if pieces.next_if(|piece| piece.is_sign(".")).is_some() {
        name = pieces.next()?;
    }
    let table = key(&name);
    let act = if verb.is("CREATE") {
        Some(Act::Create(table.clone()))
    } else if verb.is("DROP") {
        Some(Act::Drop(table.clone()))
    } else if verb.is("ALTER") {
        let is_renamed = pieces.next_if(|piece| piece.is("RENAME")).and(pieces.next_if(|piece| piece.is("TO")));
        is_renamed.and(pieces.next()).map(|to| Act::Rename { from: table.clone(), to: key(&to) })
    } else {
        return None;
    };
    Some((act, table))
}

/// Whether the word that makes a key stands anywhere in a statement: most have none, and need not be read to their ends.
fn may_refer(statement: &str) -> bool {
    const WORD: &[u8] = b"REFERENCES";
    statement.as_bytes().windows(WORD.len()).any(|text| text.eq_ignore_ascii_case(WORD))
}

/// The last part of the name that stands first, in small letters.
fn table_name(pieces: &[Piece<'_>]) -> Option<String> {
    match pieces {
        [_, dot, name, ..] if dot.is_sign(".") => Some(key(name)),
        [name, ..] => Some(key(name)),
        [] => None,
    }
}

/// The table that a plain `INSERT` fills, which may begin with `WITH`.
fn filled(pieces: &[Piece<'_>]) -> Option<String> {
    let begins = pieces.first().is_some_and(|verb| verb.is("INSERT") || verb.is("WITH"));
    let pieces = &pieces[pieces.iter().position(|piece| piece.is("INSERT")).filter(|_| begins)?..];
    let is_plain = pieces.first()?.is("INSERT")
        && !pieces.iter().take(3).any(|piece| piece.is("REPLACE"))
        && !pieces.windows(2).any(|pair| pair[0].is("DO") && pair[1].is("UPDATE"));
    let behind = pieces.iter().position(|piece| piece.is("INTO")).filter(|_| is_plain)?;
    table_name(pieces.get(behind + 1..)?)
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
    fn attaches() {
        assert!(acts("CREATE TABLE t (x); ATTACH 'a.db' AS a").attaches());
        assert!(!acts("DETACH a; CREATE TABLE attach (x)").attaches());
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
            ("ALTER TABLE t RENAME TO old; DROP TABLE old", ""),
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
    fn when_they_are_off() {
        // A letter a statement: as usual, off, on, off if anybody refers to it; and where the script says that they are on.
        let cases: &[(&str, &str, &str)] = &[
            (
                "CREATE TABLE n (x); INSERT INTO n SELECT x FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t",
                "u#?u",
                "uuuu",
            ),
            (
                "ALTER TABLE t RENAME TO o; CREATE TABLE t (x); INSERT INTO main.T SELECT x FROM o; DROP TABLE o",
                "#u#?",
                "uuuu",
            ),
            (
                "CREATE TEMP TABLE b AS SELECT 1; DROP TABLE t; CREATE TABLE t (x); INSERT OR IGNORE INTO t SELECT 1",
                "u?u#",
                "uuuu",
            ),
            ("DROP TABLE t; CREATE TABLE t (x); WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a", "?u#", "uuu"),
            (
                "DROP TABLE t; CREATE TABLE t (x); REPLACE INTO t VALUES (1); INSERT OR REPLACE INTO t VALUES (1)",
                "?uuu",
                "uuuu",
            ),
            (
                "DROP TABLE t; CREATE TABLE t (x); INSERT INTO t VALUES (1) ON CONFLICT DO UPDATE SET x = 1",
                "?uu",
                "uuu",
            ),
            (
                "DROP TABLE t; DELETE FROM u; INSERT INTO u VALUES (1); UPDATE t SET x = 1; DROP VIEW v",
                "?uuuu",
                "uuuuu",
            ),
            ("DROP TABLE t; CREATE TABLE t (x); INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING", "?u#", "uuu"),
            ("CREATE TABLE n (x); INSERT INTO n VALUES (1)", "uu", "uu"),
            ("CREATE TABLE n (x); INSERT INTO n VALUES (1); ALTER TABLE n RENAME TO m", "uuu", "uuu"),
            // Triggers may do anything: those of the old table, and those that are made.
            ("INSERT INTO t VALUES (1); DROP TABLE t; CREATE TABLE t (x)", "u?u", "uuu"),
            (
                "DROP TABLE t; CREATE TABLE t (x); CREATE TRIGGER a AFTER INSERT ON t BEGIN SELECT 1; END; INSERT INTO t VALUES (1)",
                "?uuu",
                "uuuu",
            ),
            ("ALTER TABLE t RENAME TO u; CREATE TABLE t (x); ALTER TABLE u RENAME COLUMN t TO v", "uuu", "uuu"),
            (
                "PRAGMA foreign_keys = OFF; DROP TABLE u; PRAGMA foreign_keys = ON; DELETE FROM t; DROP TABLE t",
                "u#u+?",
                "u#u++",
            ),
            ("PRAGMA foreign_keys; DELETE FROM t", "uu", "uu"),
        ];
        let letters = |sql: &str, said| -> String {
            let statements = scan(sql, Dialect::Sqlite).statements;
            let letter = |of: &Enforcement| match of {
                Enforcement::AsUsual => 'u',
                Enforcement::On => '+',
                Enforcement::Off => '#',
                Enforcement::OffIfReferredTo(_) => '?',
            };
            TableActs::of(sql, &statements).enforcement(sql, &statements, said).iter().map(letter).collect()
        };
        for (sql, expect, on) in cases {
            assert_eq!(letters(sql, ForeignKeys::Auto), *expect, "{sql}");
            assert_eq!(letters(sql, ForeignKeys::On), *on, "{sql}");
            assert_eq!(letters(sql, ForeignKeys::Off), "#".repeat(expect.len()), "{sql}");
        }
    }

    #[test]
    fn what_may_be_left_dangling() {
        let key = |child: &str, parent: &str| Reference { child: child.into(), parent: parent.into() };
        let rebuild = "CREATE TABLE n (x); INSERT INTO n SELECT 1; DROP TABLE t; ALTER TABLE n RENAME TO t";
        let cases: &[(&str, &[Reference], bool)] = &[
            (rebuild, &[], false),
            (rebuild, &[key("c", "t")], true),
            // It refers to others itself.
            (rebuild, &[key("t", "p")], true),
            (rebuild, &[key("t", "t")], true),
            (rebuild, &[key("c", "u")], false),
            ("DROP TABLE t", &[key("t", "t")], false),
            ("DROP TABLE t", &[key("t", "p")], false),
            ("ALTER TABLE t RENAME TO o; DROP TABLE o", &[key("c", "t")], true),
            ("CREATE TABLE c (x REFERENCES t); DROP TABLE t", &[], true),
            ("CREATE TEMPORARY TABLE c (x REFERENCES t); DROP TABLE t", &[], true),
            ("CREATE TABLE n (x REFERENCES p); DROP TABLE t; ALTER TABLE n RENAME TO t", &[], true),
            ("ATTACH 'x.db' AS x; DROP TABLE x.t", &[], true),
            ("ATTACH 'x.db' AS x", &[key("c", "t")], false),
        ];
        for (sql, keys, expect) in cases {
            assert_eq!(acts(sql).may_leave_dangling(keys.iter()), *expect, "{sql} {keys:?}");
        }
    }

    #[test]
    fn several_scripts() {
        let cases: &[(&[&str], bool)] = &[
            (&["ATTACH 'x.db' AS x", "DROP TABLE x.t"], true),
            (&["DROP TABLE x.t", "ATTACH 'x.db' AS x"], true),
            (&["CREATE TABLE c (x REFERENCES t)", "DROP TABLE t"], true),
            (&["CREATE TABLE c (x)", "DROP TABLE t"], false),
        ];
        for (scripts, expect) in cases {
            let scripts: Vec<TableActs> = scripts.iter().map(|sql| acts(sql)).collect();
            assert_eq!(TableActs::together(&scripts).may_leave_dangling([].iter()), *expect, "{scripts:?}");
        }
    }

    #[test]
    fn names_at_the_end() {
        let cases = [
            ("ALTER TABLE t RENAME TO a; ALTER TABLE a RENAME TO b", "b"),
            ("ALTER TABLE t RENAME TO old; CREATE TABLE t (x); DROP TABLE old", "t"),
            ("ALTER TABLE t RENAME TO old; DROP TABLE u", "old"),
        ];
        for (sql, expect) in cases {
            assert_eq!(acts(sql).name_at_the_end("t"), expect, "{sql}");
        }
    }

    #[test]
    fn what_is_dropped() {
        let cases: &[(&str, &[&str])] = &[
            ("DROP TABLE main.\"P\"", &["p"]),
            ("DROP TABLE 'p'", &["p"]),
            ("DROP TABLE \"we\"\"ird\"", &["we\"ird"]),
            ("ALTER TABLE p RENAME TO o; DROP TABLE o", &["o", "p"]),
            ("ALTER TABLE p RENAME TO o; ALTER TABLE o RENAME TO n; DROP TABLE n", &["n", "o", "p"]),
            ("DROP TABLE o; ALTER TABLE p RENAME TO o", &["o"]),
            ("DROP INDEX p", &[]),
        ];
        for (sql, names) in cases {
            let acts = acts(sql);
            let mut dropped: Vec<&str> = acts.dropped().into_iter().collect();
            dropped.sort();
            assert_eq!(dropped, *names, "{sql}");
        }
    }
}
