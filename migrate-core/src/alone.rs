//! Statements that cannot share a transaction with the record of their success: they run alone, and after a crash it may not be known
//! whether they did. What they do tells how to find out.

use crate::Dialect;
use crate::in_transaction::refused;
use crate::scan::{Piece, Statement};

/// A statement that runs alone, outside of a transaction.
///
/// ```
/// use migrate_core::{Alone, Dialect, scan::scan};
///
/// let sql = "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS by_name ON users (name)";
/// let alone = Alone::of(sql, &scan(sql, Dialect::Postgres).statements[0], Dialect::Postgres);
/// let expect = Alone::CreateIndex { table: "users".into(), index: "by_name".into(), is_left_as_it_is: true };
/// assert_eq!(alone, Some(expect)); // after a crash: look for an invalid index of that name
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Alone {
    /// Builds an index concurrently; left in the middle, it leaves an invalid one.
    CreateIndex {
        /// The table, as SQL writes it.
        table: String,
        /// The name of the index, without quotes.
        index: String,
        /// Whether one of that name is left as it is: `IF NOT EXISTS`.
        is_left_as_it_is: bool,
    },
    /// Drops an index concurrently; the index, as SQL writes it.
    DropIndex(String),
    /// Builds indexes anew concurrently; left in the middle, it leaves invalid ones. The table or index, as SQL writes it.
    Reindex(String),
    /// Builds all indexes of this schema anew concurrently.
    ReindexSchema(String),
    /// Builds all indexes of the database anew concurrently.
    ReindexDatabase,
    /// Creates a database of this name.
    CreateDatabase(String),
    /// Drops a database of this name.
    DropDatabase(String),
    /// Does no harm when it runs twice.
    Repeatable,
    /// Whether it was done cannot be told.
    Unknown,
}

impl Alone {
    /// What the statement does, if it has to run alone; `None` if it can share a transaction.
    ///
    /// ```
    /// use migrate_core::{Alone, Dialect, scan::scan};
    ///
    /// let alone = |sql: &str| Alone::of(sql, &scan(sql, Dialect::Postgres).statements[0], Dialect::Postgres);
    /// assert_eq!(alone("VACUUM users"), Some(Alone::Repeatable));
    /// assert_eq!(alone("DROP INDEX CONCURRENTLY app.by_name"), Some(Alone::DropIndex("app.by_name".into())));
    /// assert_eq!(alone("DROP INDEX app.by_name"), None);
    /// ```
    pub fn of(sql: &str, statement: &Statement, dialect: Dialect) -> Option<Alone> {
        let pieces = || statement.pieces(sql, dialect);
        let verb = pieces().next()?;
        if dialect == Dialect::Sqlite {
            let is_alone = ["VACUUM", "PRAGMA", "ATTACH", "DETACH"].into_iter().any(|word| verb.is(word));
            // The file that it writes must not be there, whether it is whole or not.
            let makes_a_file = || verb.is("VACUUM") && pieces().any(|piece| piece.is("INTO"));
            return is_alone.then(|| if makes_a_file() { Alone::Unknown } else { Alone::Repeatable });
        }
        let of_names = |pieces: &[Piece<'_>]| match refused::what(sql, statement, dialect)? {
            "CREATE INDEX CONCURRENTLY" => Some(create_index(pieces).unwrap_or(Alone::Unknown)),
            "DROP INDEX CONCURRENTLY" => {
                Some(one_name(after(pieces, "CONCURRENTLY")).map_or(Alone::Unknown, Alone::DropIndex))
            }
            "REINDEX CONCURRENTLY" => Some(reindex(pieces).unwrap_or(Alone::Unknown)),
            "CREATE DATABASE" => Some(pieces.get(2).and_then(folded).map_or(Alone::Unknown, Alone::CreateDatabase)),
            "DROP DATABASE" => {
                let name = without_existence(pieces.get(2..).unwrap_or_default()).first();
                Some(name.and_then(folded).map_or(Alone::Unknown, Alone::DropDatabase))
            }
            "VACUUM" | "CLUSTER" | "DISCARD ALL" | "ALTER SYSTEM" => Some(Alone::Repeatable),
            "REINDEX SCHEMA" if pieces.iter().any(|piece| piece.is("CONCURRENTLY")) => {
                Some(pieces.last().and_then(folded).map_or(Alone::Unknown, Alone::ReindexSchema))
            }
            "REINDEX DATABASE" | "REINDEX SYSTEM" if pieces.iter().any(|piece| piece.is("CONCURRENTLY")) => {
                Some(Alone::ReindexDatabase)
            }
            what if what.starts_with("REINDEX") => Some(Alone::Repeatable),
            _ => Some(Alone::Unknown),
        };
        of_names(&pieces().collect::<Vec<_>>())
    }

    /// What a statement does of which only the server has told that it has to run alone.
    ///
    /// ```
    /// use migrate_core::{Alone, Dialect, scan::scan};
    ///
    /// let refused = |sql: &str| Alone::of_refused(sql, &scan(sql, Dialect::Postgres).statements[0]);
    /// assert_eq!(refused("REINDEX TABLE partitioned"), Alone::Repeatable);
    /// assert_eq!(refused("CALL backfill()"), Alone::Unknown);
    /// ```
    pub fn of_refused(sql: &str, statement: &Statement) -> Alone {
        let verb = statement.words(sql, Dialect::Postgres).next().unwrap_or_default();
        let is_repeatable = ["REINDEX", "CLUSTER"].iter().any(|of| verb.eq_ignore_ascii_case(of));
        if is_repeatable { Alone::Repeatable } else { Alone::Unknown }
    }

    /// Whether it makes or drops an index and names that, or its table, without a schema: which one is meant, depends on the session.
    ///
    /// ```
    /// use migrate_core::Alone;
    ///
    /// assert!(Alone::DropIndex("\"by.name\"".into()).depends_on_search_path());
    /// assert!(!Alone::DropIndex("app.by_name".into()).depends_on_search_path());
    /// ```
    pub fn depends_on_search_path(&self) -> bool {
        let (Alone::CreateIndex { table: name, .. } | Alone::DropIndex(name)) = self else {
            return false;
        };
        // What is within quotes stands at the odd places.
        !name.split('"').step_by(2).any(|unquoted| unquoted.contains('.'))
    }
}

/// `CREATE [UNIQUE] INDEX CONCURRENTLY [IF NOT EXISTS] name ON [ONLY] table …`
fn create_index(pieces: &[Piece<'_>]) -> Option<Alone> {
    let behind = after(pieces, "CONCURRENTLY");
    let rest = without_existence(behind);
    let is_left_as_it_is = rest.len() < behind.len();
    let (name, rest) = rest.split_first().filter(|(name, _)| !name.is("ON"))?;
    let (_, rest) = rest.split_first().filter(|(on, _)| on.is("ON"))?;
    let rest = match rest.split_first() {
        Some((only, rest)) if only.is("ONLY") => rest,
        _ => rest,
    };
    Some(Alone::CreateIndex { table: qualified_name(rest)?.0, index: folded(name)?, is_left_as_it_is })
}

/// `REINDEX [(options)] { INDEX | TABLE } [CONCURRENTLY] name`
fn reindex(pieces: &[Piece<'_>]) -> Option<Alone> {
    let object = pieces.iter().position(|piece| piece.is("INDEX") || piece.is("TABLE"))?;
    let rest = pieces.get(object + 1..)?;
    let rest = match rest.split_first() {
        Some((word, rest)) if word.is("CONCURRENTLY") => rest,
        _ => rest,
    };
    Some(Alone::Reindex(qualified_name(rest)?.0))
}

fn after<'p, 'a>(pieces: &'p [Piece<'a>], word: &str) -> &'p [Piece<'a>] {
    pieces.iter().position(|piece| piece.is(word)).and_then(|at| pieces.get(at + 1..)).unwrap_or_default()
}

/// Without `IF [NOT] EXISTS`.
fn without_existence<'p, 'a>(pieces: &'p [Piece<'a>]) -> &'p [Piece<'a>] {
    match pieces {
        [first, _, third, rest @ ..] if first.is("IF") && third.is("EXISTS") => rest,
        [first, second, rest @ ..] if first.is("IF") && second.is("EXISTS") => rest,
        _ => pieces,
    }
}

/// The only name of a list.
fn one_name(pieces: &[Piece<'_>]) -> Option<String> {
    let (name, rest) = qualified_name(without_existence(pieces))?;
    rest.iter().all(|piece| piece.is("CASCADE") || piece.is("RESTRICT")).then_some(name)
}

/// `[schema.]name`, as SQL writes it, and what follows. `None` where escapes would have to be read.
fn qualified_name<'p, 'a>(pieces: &'p [Piece<'a>]) -> Option<(String, &'p [Piece<'a>])> {
    let (first, mut rest) = pieces.split_first().filter(|(first, _)| !has_escapes(first))?;
    let mut name = first.text.to_owned();
    while let [dot, next, behind @ ..] = rest
        && dot.is_sign(".")
    {
        if has_escapes(next) {
            return None;
        }
        name = format!("{name}.{}", next.text);
        rest = behind;
    }
    Some((name, rest))
}

/// The name that Postgres gives to what is written so: letters of other alphabets are not folded, and the end of a long name is cut off.
/// `None` where escapes would have to be read.
fn folded(name: &Piece<'_>) -> Option<String> {
    const MOST_BYTES: usize = 63;
    if has_escapes(name) {
        return None;
    }
    let mut name = name.quoted_name().unwrap_or_else(|| name.text.to_ascii_lowercase());
    let end = (0..=MOST_BYTES.min(name.len())).rev().find(|end| name.is_char_boundary(*end));
    name.truncate(end.unwrap_or_default());
    Some(name)
}

/// Whether a name is written with escapes, which only the server reads.
fn has_escapes(name: &Piece<'_>) -> bool {
    name.text.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("U&\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::scan;

    #[test]
    fn statements() {
        let built = |table: &str, index: &str, is_left_as_it_is| {
            Some(Alone::CreateIndex { table: table.into(), index: index.into(), is_left_as_it_is })
        };
        let index = |table: &str, name: &str| built(table, name, false);
        let long = "x".repeat(70);
        let of_long = format!("CREATE INDEX CONCURRENTLY {long} ON t (a)");
        let cases = [
            ("CREATE INDEX CONCURRENTLY By_Name ON users (name)", index("users", "by_name")),
            (
                "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS \"By\" ON ONLY app.\"Us\"(x)",
                built("app.\"Us\"", "By", true),
            ),
            ("CREATE INDEX CONCURRENTLY IÜ ON t (a)", index("t", "iÜ")),
            ("CREATE INDEX CONCURRENTLY U&\"\\0441\" ON t (a)", Some(Alone::Unknown)),
            (&*of_long, index("t", &long[..63])),
            ("CREATE INDEX CONCURRENTLY if ON t (a)", index("t", "if")),
            ("CREATE INDEX CONCURRENTLY ON users (name)", Some(Alone::Unknown)),
            ("CREATE INDEX by_name ON users (name)", None),
            ("DROP INDEX CONCURRENTLY IF EXISTS a.b CASCADE", Some(Alone::DropIndex("a.b".into()))),
            ("DROP INDEX CONCURRENTLY U&\"b\\00e9\"", Some(Alone::Unknown)),
            ("DROP INDEX CONCURRENTLY a.u&\"b\"", Some(Alone::Unknown)),
            ("CREATE INDEX CONCURRENTLY i ON U&\"t\" (x)", Some(Alone::Unknown)),
            ("DROP INDEX CONCURRENTLY a, b", Some(Alone::Unknown)),
            ("REINDEX TABLE CONCURRENTLY a.b", Some(Alone::Reindex("a.b".into()))),
            ("REINDEX (CONCURRENTLY) INDEX i", Some(Alone::Reindex("i".into()))),
            ("REINDEX DATABASE d", Some(Alone::Repeatable)),
            ("REINDEX SCHEMA s", Some(Alone::Repeatable)),
            ("REINDEX (VERBOSE) SCHEMA CONCURRENTLY App", Some(Alone::ReindexSchema("app".into()))),
            ("REINDEX (CONCURRENTLY) SCHEMA \"App\"", Some(Alone::ReindexSchema("App".into()))),
            ("REINDEX DATABASE CONCURRENTLY d", Some(Alone::ReindexDatabase)),
            ("CREATE DATABASE Shop", Some(Alone::CreateDatabase("shop".into()))),
            ("DROP DATABASE IF EXISTS \"Shop\"", Some(Alone::DropDatabase("Shop".into()))),
            ("VACUUM (ANALYZE) t", Some(Alone::Repeatable)),
            ("ALTER SYSTEM SET work_mem = '1MB'", Some(Alone::Repeatable)),
            ("ALTER TABLE t DETACH PARTITION p CONCURRENTLY", Some(Alone::Unknown)),
            // Whether they commit on their way shows when they are tried.
            ("CALL backfill()", None),
            ("DO $$ BEGIN COMMIT; END $$", None),
            ("UPDATE t SET a = 1", None),
            ("SET lock_timeout = '1s'", None),
        ];
        for (sql, expect) in cases {
            let statement = &scan(sql, Dialect::Postgres).statements[0];
            assert_eq!(Alone::of(sql, statement, Dialect::Postgres), expect, "{sql}");
        }
        for (sql, expect) in [
            ("VACUUM", Some(Alone::Repeatable)),
            ("VACUUM \"into\"", Some(Alone::Repeatable)),
            ("VACUUM INTO 'b.db'", Some(Alone::Unknown)),
            ("vacuum main into 'b' || '.db'", Some(Alone::Unknown)),
            ("PRAGMA journal_mode = WAL", Some(Alone::Repeatable)),
            ("ATTACH 'a' AS b", Some(Alone::Repeatable)),
            ("DELETE FROM t", None),
        ] {
            let statement = &scan(sql, Dialect::Sqlite).statements[0];
            assert_eq!(Alone::of(sql, statement, Dialect::Sqlite), expect, "{sql}");
        }
    }
}
