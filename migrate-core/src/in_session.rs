//! What a statement leaves in its session, or takes from it: whoever goes on with its script in another one has to know.

use crate::Dialect;
use crate::scan::{Piece, Statement};

/// What a statement leaves in its session, and nowhere else.
///
/// ```
/// use migrate_core::{Dialect, InSession, scan::scan};
///
/// let left = |sql: &str| InSession::left_by(sql, &scan(sql, Dialect::Postgres).statements[0], Dialect::Postgres);
/// assert_eq!(left("SET search_path = app"), Some(InSession::Repeatable));
/// assert_eq!(left("CREATE TEMP TABLE picked AS SELECT id FROM users"), Some(InSession::Lost));
/// assert_eq!(left("CREATE TABLE users (id integer)"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InSession {
    /// Sent again, it leaves the same in another session.
    Repeatable,
    /// It is gone with the session, or nobody can tell what it is.
    Lost,
}

impl InSession {
    /// What the statement leaves, as far as its text shows.
    pub fn left_by(sql: &str, statement: &Statement, dialect: Dialect) -> Option<InSession> {
        let pieces: Vec<Piece<'_>> = statement.pieces(sql, dialect).collect();
        let verb = pieces.first()?;
        match dialect {
            Dialect::Sqlite => left_in_sqlite(verb, &pieces),
            _ => left_in_postgres(verb, &pieces, statement.text(sql)),
        }
    }
}

fn left_in_sqlite(verb: &Piece<'_>, pieces: &[Piece<'_>]) -> Option<InSession> {
    match () {
        () if verb.is("PRAGMA") || verb.is("DETACH") => Some(InSession::Repeatable),
        () if verb.is("ATTACH") && attaches_file(pieces) => Some(InSession::Repeatable),
        () if verb.is("ATTACH") || verb.is("CREATE") && makes_temporary(pieces, "TEMP") => Some(InSession::Lost),
        () => None,
    }
}

fn left_in_postgres(verb: &Piece<'_>, pieces: &[Piece<'_>], text: &str) -> Option<InSession> {
    let has = |word: &str| pieces.iter().any(|piece| piece.is(word));
    if verb.is("SET") {
        let is_of_transaction =
            |what: &Piece<'_>| ["LOCAL", "TRANSACTION", "CONSTRAINTS"].into_iter().any(|word| what.is(word));
        let names_temporary = pieces.iter().any(|piece| is_schema(piece, "PG_TEMP"));
        return match pieces.get(1).is_some_and(is_of_transaction) {
            true => None,
            false => Some(if names_temporary { InSession::Lost } else { InSession::Repeatable }),
        };
    }
    if verb.is("RESET") || verb.is("LOAD") || sets_config_alone(pieces) {
        return Some(InSession::Repeatable);
    }
    let is_lost = match () {
        () if verb.is("CREATE") => makes_temporary(pieces, "PG_TEMP") && !is_gone_at_commit(pieces),
        () if verb.is("PREPARE") => !has("TRANSACTION"),
        () if verb.is("DECLARE") => has("HOLD"),
        () if verb.is("DISCARD") => has("ALL"),
        () if verb.is("DO") => block_leaves_something(text),
        () => selects_into_temporary(pieces) || pieces.iter().any(|piece| piece.is_word() && is_of_session(piece.text)),
    };
    is_lost.then_some(InSession::Lost)
}

/// The first of these statements that has left something in its session which is gone with it, unless one behind it has removed that.
///
/// ```
/// use migrate_core::{Dialect, lost_with_session, scan::scan};
///
/// let is_lost = |sql: &str| lost_with_session(sql, &scan(sql, Dialect::Postgres).statements, Dialect::Postgres).is_some();
/// assert!(is_lost("CREATE TEMP TABLE picked AS SELECT id FROM users"));
/// assert!(!is_lost("CREATE TEMP TABLE picked AS SELECT id FROM users; DROP TABLE picked"));
/// ```
pub fn lost_with_session<'s>(sql: &str, statements: &'s [Statement], dialect: Dialect) -> Option<&'s Statement> {
    let pieces_of = |statement: &Statement| statement.pieces(sql, dialect).collect::<Vec<_>>();
    statements.iter().enumerate().find_map(|(index, statement)| {
        let is_lost = InSession::left_by(sql, statement, dialect) == Some(InSession::Lost);
        let left = pieces_of(statement);
        let is_removed = || statements[index + 1..].iter().any(|behind| removes(&pieces_of(behind), &left));
        (is_lost && !is_removed()).then_some(statement)
    })
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
    for statement in statements {
        let pieces: Vec<Piece<'_>> = statement.pieces(sql, Dialect::Sqlite).collect();
        let is = |word: &str| pieces.first().is_some_and(|verb| verb.is(word));
        let has = |word: &str| pieces.iter().any(|piece| piece.is(word));
        // A trigger asks when it fires.
        if !is("CREATE") && calls(&pieces).any(|called| called.is("LAST_INSERT_ROWID")) {
            return Some(statement);
        }
        let may_insert_nothing = ["IGNORE", "CONFLICT", "SELECT"].into_iter().any(has);
        if (is("INSERT") || is("REPLACE")) && has("VALUES") && !may_insert_nothing {
            let of_here = |(table, _): &&(String, bool)| name_behind(&pieces, "INTO").as_ref() == Some(table);
            let is_sure = match created.iter().rfind(of_here) {
                Some((_, numbers_rows)) => *numbers_rows,
                None => name_behind(&pieces, "INTO").is_some_and(|table| numbers_rows(&table)),
            };
            if is_sure {
                return None;
            }
        }
        if is("CREATE") && !has("EXISTS") {
            created.extend(name_behind(&pieces, "TABLE").map(|table| (table, !has("WITHOUT") && !has("VIRTUAL"))));
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

/// What stands before a parenthesis.
fn calls<'p, 'a>(pieces: &'p [Piece<'a>]) -> impl Iterator<Item = &'p Piece<'a>> {
    pieces.windows(2).filter(|pair| pair[1].is_sign("(") && !pair[0].is_sign("(")).map(|pair| &pair[0])
}

/// `SELECT set_config(…)`, as dumps write it, and nothing else that is called or read.
fn sets_config_alone(pieces: &[Piece<'_>]) -> bool {
    let mut calls = calls(pieces).peekable();
    pieces.first().is_some_and(|verb| verb.is("SELECT"))
        && calls.peek().is_some()
        && calls.all(|call| call.is("SET_CONFIG"))
        && !pieces.iter().any(|piece| piece.is("FROM"))
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

/// `CREATE [OR REPLACE] [LOCAL] TEMP …`, and `CREATE … schema.name`.
fn makes_temporary(pieces: &[Piece<'_>], schema: &str) -> bool {
    let before = ["OR", "REPLACE", "LOCAL", "GLOBAL"];
    let what = pieces.iter().skip(1).find(|piece| !before.iter().any(|word| piece.is(word)));
    what.is_some_and(is_temporary)
        || up_to_name(pieces).windows(2).any(|pair| is_schema(&pair[0], schema) && pair[1].is_sign("."))
}

/// A `CREATE` up to the name of what it makes.
fn up_to_name<'p, 'a>(pieces: &'p [Piece<'a>]) -> &'p [Piece<'a>] {
    let behind = ["AS", "ON", "AFTER", "BEFORE", "INSTEAD", "DELETE", "INSERT", "UPDATE", "("];
    let ends_name = |piece: &Piece<'_>| behind.iter().any(|word| piece.is(word) || piece.is_sign(word));
    &pieces[..pieces.iter().position(ends_name).unwrap_or(pieces.len())]
}

/// Whether a statement is sure to remove what another one has left: that has made it under a name, and this one names it.
fn removes(pieces: &[Piece<'_>], left: &[Piece<'_>]) -> bool {
    let [Some(verb), Some(made_by)] = [pieces.first(), left.first()] else { return false };
    let is_by = |made: &str, removed: &str| made_by.is(made) && verb.is(removed);
    let made = match () {
        () if is_by("CREATE", "DROP") => {
            let made = up_to_name(left);
            let is_kind = |kind: &Piece<'_>| made.iter().any(|piece| piece.is(kind.text));
            made.last().filter(|_| pieces.get(1).is_some_and(is_kind))
        }
        () if is_by("PREPARE", "DEALLOCATE") || is_by("DECLARE", "CLOSE") => left.get(1),
        () if is_by("ATTACH", "DETACH") => left.last(),
        () => None,
    };
    made.is_some_and(|made| (1..pieces.len()).any(|at| names_temporary(pieces, at, made)))
}

/// Whether the piece at `at` names what is in the session, and not something of the same name in a schema.
fn names_temporary(pieces: &[Piece<'_>], at: usize, made: &Piece<'_>) -> bool {
    let is_dot = |at: usize| pieces.get(at).is_some_and(|piece| piece.is_sign("."));
    let is_in_session =
        !is_dot(at - 1) || at > 1 && ["TEMP", "PG_TEMP"].iter().any(|of| is_schema(&pieces[at - 2], of));
    let is_same = pieces[at].text == made.text || made.is_word() && pieces[at].is(made.text);
    is_same && is_in_session && !is_dot(at + 1)
}

/// `ON COMMIT DROP`, and not `PRESERVE ROWS` or `DELETE ROWS`.
fn is_gone_at_commit(pieces: &[Piece<'_>]) -> bool {
    pieces.windows(3).any(|three| three[0].is("ON") && three[1].is("COMMIT") && three[2].is("DROP"))
}

/// `SELECT … INTO [LOCAL] TEMP [TABLE] name`
fn selects_into_temporary(pieces: &[Piece<'_>]) -> bool {
    let selects = |three: &&[Piece<'_>]| !three[0].is("INSERT") && !three[0].is("MERGE") && three[1].is("INTO");
    let behind = pieces.windows(3).filter(selects).map(|three| &three[2]);
    behind
        .into_iter()
        .any(|word| is_temporary(word) || word.is("LOCAL") || word.is("GLOBAL") || is_schema(word, "PG_TEMP"))
}

fn is_temporary(word: &Piece<'_>) -> bool {
    word.is("TEMP") || word.is("TEMPORARY")
}

fn is_schema(name: &Piece<'_>, schema: &str) -> bool {
    name.name().eq_ignore_ascii_case(schema)
}

/// Whether a function of this name sets something, or takes a lock, that outlives the transaction.
fn is_of_session(name: &str) -> bool {
    let locks = ["pg_advisory_lock", "pg_advisory_lock_shared", "pg_try_advisory_lock", "pg_try_advisory_lock_shared"];
    ["set_config"].iter().chain(&locks).any(|of_session| name.eq_ignore_ascii_case(of_session))
}

/// Whether what stands in a `DO` block, or in a string in it that is executed, sets something, locks, or makes a temporary table.
fn block_leaves_something(text: &str) -> bool {
    let mut words: Vec<(&str, &str)> = Vec::new();
    let mut rest = text;
    // Each word, behind what stands between it and the one before.
    while let Some(start) = rest.find(is_of_word) {
        let end = rest[start..].find(|sign| !is_of_word(sign)).map_or(rest.len(), |length| start + length);
        words.push((rest[..start].trim(), &rest[start..end]));
        rest = &rest[end..];
    }
    let is = |at: Option<usize>, of: &[&str]| {
        let word = at.and_then(|at| words.get(at));
        word.is_some_and(|(_, word)| of.iter().any(|other| word.eq_ignore_ascii_case(other)))
    };
    let begins = |at: usize| {
        let (before, _) = words[at];
        !before.is_empty() && !before.ends_with([')', '"', ',', '.'])
            || is(at.checked_sub(1), &["begin", "then", "else", "loop"])
    };
    let leaves = |at: usize| {
        let (before, next) = (at.checked_sub(1), at.checked_add(1));
        is_of_session(words[at].1)
            || is(Some(at), &["set", "reset"]) && begins(at) && !is(next, &["local", "transaction", "constraints"])
            || is(Some(at), &["discard", "prepare", "load"]) && begins(at)
            || is(Some(at), &["temp", "temporary"])
                && (is(before, &["create", "replace", "local", "global"])
                    || is(before, &["into"]) && !is(at.checked_sub(2), &["insert", "merge"]))
            || is(Some(at), &["pg_temp"])
    };
    (0..words.len()).any(leaves)
}

fn is_of_word(sign: char) -> bool {
    sign.is_alphanumeric() || sign == '_'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::scan;

    #[test]
    fn what_is_left() {
        use Dialect::{Postgres, Sqlite};
        use InSession::{Lost, Repeatable};

        let cases: &[(Dialect, Option<InSession>, &[&str])] = &[
            (
                Postgres,
                Some(Repeatable),
                &[
                    "SET search_path = a",
                    "RESET ALL",
                    "LOAD 'auto_explain'",
                    "SELECT pg_catalog.set_config('search_path', 'a', false)",
                    "SELECT set_config('a.b', 'x', false), set_config('a.c', 'y', false);",
                ],
            ),
            (
                Postgres,
                Some(Lost),
                &[
                    "SELECT set_config('a.b', f(), false)",
                    "SELECT f(set_config('a.b', 'x', false))",
                    "SELECT set_config('a.b', x, false) FROM settings",
                    "DO $$ BEGIN PERFORM set_config('a.b', 'x', false); END $$",
                    "DO $$ BEGIN CREATE TEMP\nTABLE t (x integer); END $$",
                    "CREATE TEMP TABLE t (x integer)",
                    "create local temporary table t as select 1",
                    "CREATE OR REPLACE TEMP VIEW v AS SELECT 1",
                    "CREATE TABLE pg_temp.t (x integer)",
                    "CREATE TEMP TABLE t ON COMMIT PRESERVE ROWS AS SELECT 1",
                    "CREATE TEMP TABLE t (x integer) ON COMMIT DELETE ROWS",
                    "CREATE FUNCTION \"pg_temp\".f() RETURNS void LANGUAGE sql AS ''",
                    "SELECT 1 AS x INTO TEMP t",
                    "SELECT 1 AS x INTO LOCAL TEMPORARY TABLE t",
                    "SELECT 1 AS x INTO pg_temp.t",
                    "PREPARE p AS SELECT 1",
                    "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
                    "SELECT pg_advisory_lock(1)",
                    "SELECT pg_catalog.pg_try_advisory_lock_shared(1)",
                    "SET search_path = pg_temp, public",
                    "DISCARD ALL",
                    "DO $$ BEGIN EXECUTE format('SET search_path TO %I', 'app'); END $$",
                    "DO $$ BEGIN SET search_path TO app; END $$",
                    "DO $$ BEGIN UPDATE t SET x = 1; RESET ALL; END $$",
                    "DO 'BEGIN SELECT 1 AS x INTO TEMP t; END'",
                ],
            ),
            (
                Postgres,
                None,
                &[
                    "SELECT 1",
                    "CREATE TABLE temp (temporary text)",
                    "CREATE TABLE t AS SELECT pg_temp.a FROM a AS pg_temp",
                    "INSERT INTO temp VALUES (1)",
                    "SELECT 1 AS x INTO t",
                    "PREPARE TRANSACTION 'x'",
                    "SET LOCAL work_mem = '9MB'",
                    "SET CONSTRAINTS ALL DEFERRED",
                    "SET TRANSACTION READ WRITE",
                    "CREATE TEMP TABLE t ON COMMIT DROP AS SELECT 1",
                    "MERGE INTO temp USING t ON true WHEN MATCHED THEN DELETE",
                    "INSERT INTO s VALUES ('see set_config')",
                    "COMMENT ON TABLE s IS 'guarded by pg_advisory_lock'",
                    "DO $$ BEGIN UPDATE s SET temp = 1; END $$",
                    "DO $$ BEGIN UPDATE \"s\" SET x = 1; INSERT INTO temp VALUES (1) ON CONFLICT (x) DO UPDATE SET x = 2; END $$",
                    "DO $$ BEGIN SET LOCAL search_path = app; END $$",
                    "SELECT pg_advisory_xact_lock(1)",
                    "DO $$ BEGIN INSERT INTO template VALUES (1); END $$",
                    "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('a.b', 'x', false); END $$",
                ],
            ),
            (
                Sqlite,
                Some(Repeatable),
                &[
                    "PRAGMA cache_size = 9",
                    "ATTACH 'a' AS b",
                    "attach database \"a\" as b",
                    "ATTACH a AS b",
                    "DETACH b",
                ],
            ),
            (
                Sqlite,
                Some(Lost),
                &[
                    "ATTACH (SELECT file FROM files) AS b",
                    "ATTACH 'a' || 'b' AS c",
                    "ATTACH lower('A') AS b",
                    "ATTACH ':memory:' AS b",
                    "ATTACH '' AS b",
                    "ATTACH 'file:a?mode=memory' AS b",
                    "ATTACH 'file:/m?vfs=memdb' AS b",
                    "CREATE TEMP TABLE t (x)",
                    "CREATE TEMPORARY TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END",
                    "CREATE TABLE IF NOT EXISTS temp.t (x)",
                    "CREATE VIEW [temp].v AS SELECT 1",
                ],
            ),
            (
                Sqlite,
                None,
                &[
                    "VACUUM",
                    "CREATE TRIGGER g AFTER INSERT ON c BEGIN SELECT temp.p FROM c temp; END",
                    "CREATE TABLE temp (x)",
                    "CREATE TABLE t AS SELECT temp.a FROM a AS temp",
                ],
            ),
        ];
        for (dialect, expect, scripts) in cases {
            for sql in *scripts {
                let statement = &scan(sql, *dialect).statements[0];
                assert_eq!(InSession::left_by(sql, statement, *dialect), *expect, "{sql}");
            }
        }
    }

    #[test]
    fn what_is_removed_again_is_not_lost() {
        use Dialect::{Postgres, Sqlite};

        let cases: &[(Dialect, bool, &[&str])] = &[
            (
                Postgres,
                false,
                &[
                    "CREATE TEMP TABLE t AS SELECT 1; DROP TABLE t",
                    "CREATE TEMP TABLE t (x int); DROP TABLE a, T CASCADE",
                    "CREATE TEMP TABLE IF NOT EXISTS \"T\" (x int); SELECT 1; DROP TABLE IF EXISTS pg_temp.\"T\"",
                    "CREATE OR REPLACE TEMP VIEW v AS SELECT 1; DROP VIEW v",
                    "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; DROP FUNCTION pg_temp.f()",
                    "PREPARE p AS SELECT 1; EXECUTE p; DEALLOCATE p",
                    "PREPARE p AS SELECT 1; DEALLOCATE PREPARE p",
                    "DECLARE c CURSOR WITH HOLD FOR SELECT 1; CLOSE c",
                ],
            ),
            (
                Postgres,
                true,
                &[
                    "DROP TABLE t; CREATE TEMP TABLE t AS SELECT 1",
                    "CREATE TEMP TABLE t AS SELECT 1; DROP TABLE t; CREATE TEMP TABLE t AS SELECT 2",
                    "CREATE TEMP TABLE t AS SELECT 1; DROP TABLE public.t",
                    "CREATE TEMP TABLE t AS SELECT 1; DROP TABLE t.u",
                    "CREATE TEMP TABLE t AS SELECT 1; DROP INDEX t",
                    "CREATE TEMP TABLE \"T\" AS SELECT 1; DROP TABLE \"t\"",
                    "CREATE TEMP TABLE \"T\" AS SELECT 1; DROP TABLE t",
                    "CREATE TEMP TABLE t AS SELECT 1; TRUNCATE t",
                    "CREATE TEMP TABLE t AS SELECT 1; DROP TABLE u",
                    "CREATE TEMP TABLE p AS SELECT 1; DEALLOCATE p",
                    "PREPARE p AS SELECT 1; CLOSE p",
                    "SELECT pg_advisory_lock(1); DROP TABLE t",
                ],
            ),
            (
                Sqlite,
                false,
                &[
                    "CREATE TEMP TABLE t (x); DROP TABLE temp.t",
                    "CREATE TABLE temp.t AS SELECT 1; DROP TABLE t",
                    "ATTACH ':memory:' AS other; DETACH DATABASE Other",
                ],
            ),
            (Sqlite, true, &["CREATE TEMP TABLE t (x); DROP TABLE main.t", "ATTACH ':memory:' AS a; DETACH b"]),
        ];
        for (dialect, expect, scripts) in cases {
            for sql in *scripts {
                let statements = scan(sql, *dialect).statements;
                assert_eq!(lost_with_session(sql, &statements, *dialect).is_some(), *expect, "{sql}");
            }
        }
    }

    #[test]
    fn what_reads_the_last_rowid() {
        for (sql, expect) in [
            ("INSERT INTO c VALUES (last_insert_rowid())", true),
            ("UPDATE p SET x = 1; SELECT last_insert_rowid ( )", true),
            (
                "CREATE TRIGGER g AFTER UPDATE ON p BEGIN INSERT INTO c VALUES (1); END; UPDATE c SET p = last_insert_rowid()",
                true,
            ),
            ("INSERT INTO p VALUES (1); INSERT INTO c VALUES (last_insert_rowid())", false),
            ("WITH n AS (SELECT 1) REPLACE INTO p SELECT * FROM n; INSERT INTO c VALUES (last_insert_rowid())", true),
            ("INSERT OR IGNORE INTO p VALUES (1); INSERT INTO c VALUES (last_insert_rowid())", true),
            ("CREATE TRIGGER g AFTER UPDATE ON p BEGIN INSERT INTO c VALUES (last_insert_rowid()); END", false),
            ("INSERT INTO c VALUES ('last_insert_rowid()')", false),
            ("INSERT INTO w VALUES (1); INSERT INTO c VALUES (last_insert_rowid())", true),
            ("INSERT INTO Main . \"P\" (x) VALUES (1); INSERT INTO c VALUES (last_insert_rowid())", false),
            ("INSERT INTO other.p VALUES (1); INSERT INTO c VALUES (last_insert_rowid())", true),
            ("CREATE TABLE n (x); INSERT INTO N VALUES (1); SELECT last_insert_rowid()", false),
            (
                "CREATE TABLE n (x PRIMARY KEY) WITHOUT ROWID; INSERT INTO n VALUES (1); SELECT last_insert_rowid()",
                true,
            ),
            ("CREATE VIRTUAL TABLE n USING fts5(x); INSERT INTO n VALUES (1); SELECT last_insert_rowid()", true),
            ("CREATE TABLE IF NOT EXISTS w (x); INSERT INTO w VALUES (1); SELECT last_insert_rowid()", true),
            (
                "DROP TABLE p; CREATE TABLE p (x PRIMARY KEY) WITHOUT ROWID; INSERT INTO p VALUES (1); SELECT last_insert_rowid()",
                true,
            ),
            ("INSERT INTO w VALUES (1); INSERT INTO p VALUES (1); SELECT last_insert_rowid()", false),
        ] {
            let statements = scan(sql, Dialect::Sqlite).statements;
            assert_eq!(last_rowid_reader(sql, &statements, |table| table == "p").is_some(), expect, "{sql}");
        }
    }
}
