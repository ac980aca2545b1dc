//! What is left in a session, by example.

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
                "DISCARD ALL",
                "EXPLAIN ANALYZE SELECT set_config('a.b', 'x', false)",
                "LOAD 'auto_explain'",
                "SELECT pg_catalog.set_config('search_path', 'a', false)",
                "SELECT set_config('a.b', 'x', false), set_config('a.c', 'y', false);",
                "SELECT set_config('a.b', 'x', true), set_config('a.c', 'y', false);",
                "SELECT set_config('a.b', true::text, false)",
                "SELECT true, set_config('a.b', 'x', false), true",
                "SELECT set_config('a.b', 'true', false), set_config('a.c', true::text, true)",
                "SELECT pg_catalog.set_config('a.b', 'x'::text, false)",
                "SELECT \"set_config\"('a.b', 'x', false)",
                "SELECT set_config('a.b', ('x'), false)",
                "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
            ],
        ),
        (
            Postgres,
            Some(Lost),
            &[
                "SELECT set_config('a.b', f(), false)",
                "SELECT f(set_config('a.b', 'x', false))",
                "SELECT set_config('a.b', x, false) FROM settings",
                "SELECT set_config('a.b', 'x', false) INTO saved",
                "SELECT set_config('a.b', CURRENT_TIMESTAMP::text, false)",
                "SELECT set_config('search_path', 'pg_temp, public', false)",
                "SELECT 1 + length(\"set_config\"('a.b', 'x', false))",
                "CREATE TABLE z AS SELECT set_config('a.b', 'x', false)",
                "CREATE MATERIALIZED VIEW z AS SELECT pg_advisory_lock(1)",
                "UPDATE pg_settings SET setting = 'x' WHERE name = 'search_path'",
                "SET seed = 0.5",
                "SELECT setseed(0.5)",
                "SELECT 5 AS x INTO TABLE pg_temp.t",
                "DO $$ BEGIN UPDATE pg_settings SET setting = 'x'; END $$",
                "DO $$ BEGIN\n -- what follows is for app\n SET search_path TO app; END $$",
                "DO $x$ BEGIN /* for /* the */ rest */ RESET ALL; END $x$",
                "DO $$ BEGIN EXECUTE E'\\nSET search_path TO app'; END $$",
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
                "DO LANGUAGE 'plpgsql' $$ BEGIN SET search_path TO app; END $$",
                "DO 'BEGIN '\n'SET search_path TO app; END' LANGUAGE plpgsql",
                "DO E'BEGIN\\r\\nSET search_path TO app; END'",
                "DO $$ BEGIN PERFORM E'don\\'t -- x'; SET search_path = app; END $$",
                "WITH x AS (SELECT 1) UPDATE pg_settings SET setting = 'app' WHERE name = 'search_path'",
                "EXPLAIN ANALYZE CREATE TEMP TABLE t AS SELECT 9 AS a",
                "EXPLAIN (ANALYZE) CREATE TEMP TABLE t AS SELECT 9 AS a",
                "EXPLAIN ANALYZE VERBOSE VALUES (set_config('a.b', 'x', false))",
                "EXPLAIN (ANALYZE, TIMING off) (SELECT pg_advisory_lock(1))",
                "UPDATE \"pg_settings\" SET setting = 'x' WHERE name = 'search_path'",
                "DO $$ BEGIN UPDATE ONLY pg_catalog.pg_settings SET setting = 'x'; END $$",
                "CREATE TEMP TABLE t USING heap AS SELECT 1",
                "CREATE TEMP TABLE t AS SELECT 1 FROM a JOIN b ON a.x = b.x",
                "SELECT 1 AS x INTO GLOBAL TEMPORARY TABLE t",
                "explain (analyze, verbose) select pg_advisory_lock(1)",
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
                "CREATE TABLE app.t (x integer)",
                "CREATE TABLE t AS SELECT pg_temp.a FROM a AS pg_temp",
                "INSERT INTO temp VALUES (1)",
                "UPDATE temp SET pg_setting = 1",
                "SELECT 1 AS x INTO t",
                "PREPARE TRANSACTION 'x'",
                "SET LOCAL work_mem = '9MB'",
                "SET CONSTRAINTS ALL DEFERRED",
                "SET TRANSACTION READ WRITE",
                "SET transaction_read_only = off",
                "SELECT set_config('transaction_read_only', 'off', false)",
                "CREATE TEMP TABLE t ON COMMIT DROP AS SELECT 1",
                "MERGE INTO temp USING t ON true WHEN MATCHED THEN DELETE",
                "INSERT INTO s VALUES ('see set_config')",
                "COMMENT ON TABLE s IS 'guarded by pg_advisory_lock'",
                "DO $$ BEGIN UPDATE s SET temp = 1; END $$",
                "DO $$ BEGIN UPDATE s SET discard = 1; END $$",
                "DO $$ BEGIN PERFORM name FROM pg_settings; END $$",
                "DO $$ BEGIN UPDATE \"s\" SET x = 1; INSERT INTO temp VALUES (1) ON CONFLICT (x) DO UPDATE SET x = 2; END $$",
                "DO $$ BEGIN SET LOCAL search_path = app; END $$",
                "SELECT pg_advisory_xact_lock(1)",
                "SELECT app.set_config('theme', 'dark')",
                "SELECT set_config('search_path', 'a', true)",
                "SELECT set_config('a.b', ('x'), true)",
                "SELECT set_config('a.b', set_config('a.c', 'z', true), true)",
                "SELECT set_config('search_path', ('a'), 't'), pg_catalog.set_config('a.b', 'x', TRUE)",
                "EXPLAIN (VERBOSE) VALUES (set_config('a.b', 'x', false))",
                "EXPLAIN CREATE TEMP TABLE t AS SELECT 9 AS a",
                "WITH x AS (SELECT * FROM pg_settings) SELECT 1",
                "DISCARD PLANS",
                "SELECT * FROM pg_settings",
                "CREATE VIEW v AS SELECT set_config('a.b', 'x', false)",
                "DO $$ BEGIN -- set the default\n UPDATE s SET x = 1; /* load it */ END $$",
                "DO $$ BEGIN UPDATE log /* all */ SET x = 1; END $$",
                "DO $$ BEGIN INSERT INTO template VALUES (1); END $$",
                "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM set_config('a.b', 'x', false); END $$",
            ],
        ),
        (
            Sqlite,
            Some(Repeatable),
            &[
                "PRAGMA cache_size = 9",
                "pragma main.\"Cache_Size\"(9)",
                "PRAGMA page_size = 8192",
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
                "PRAGMA of_an_extension = 1",
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
                "PRAGMA user_version = 3",
                "PRAGMA main.journal_mode = WAL",
                "PRAGMA cache_size",
                "PRAGMA foreign_keys = off",
                "PRAGMA integrity_check(10)",
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
                "PREPARE \"p\" AS SELECT 1; DEALLOCATE P",
                "CREATE TEMP TABLE t (x int); SELECT pg_advisory_lock(1); DISCARD ALL",
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
                "CREATE TEMP TABLE t AS SELECT set_config('a.b', 'x', false); DROP TABLE t",
                "CREATE TEMP TABLE t (x int); ALTER TABLE t RENAME TO u; CREATE TABLE t (x int); DROP TABLE t",
                "SELECT pg_advisory_lock(1); DROP TABLE t",
                "CREATE TEMP TABLE t USING heap AS SELECT 1; DROP TABLE heap",
                "DISCARD ALL; CREATE TEMP TABLE t (x int)",
            ],
        ),
        (
            Sqlite,
            false,
            &[
                "CREATE TEMP TABLE t (x); DROP TABLE temp.t",
                "CREATE TABLE temp.t AS SELECT 1; DROP TABLE t",
                "ATTACH ':memory:' AS other; DETACH DATABASE Other",
                "ATTACH ':memory:' AS [o]; DETACH \"o\"",
                "ATTACH ':memory:' AS 'o'; DETACH O",
            ],
        ),
        (Sqlite, true, &["CREATE TEMP TABLE t (x); DROP TABLE main.t", "ATTACH ':memory:' AS a; DETACH b"]),
    ];
    for (dialect, expect, scripts) in cases {
        for sql in *scripts {
            let statements = scan(sql, *dialect).statements;
            assert_eq!(!lost_with_session(sql, &statements, *dialect).is_empty(), *expect, "{sql}");
        }
    }
}

#[test]
fn all_that_is_lost_is_told() {
    let sql = "SELECT pg_advisory_lock(1); SELECT 1; CREATE TEMP TABLE t (x int); SET a.b = 1; PREPARE p AS SELECT 1";
    let statements = scan(sql, Dialect::Postgres).statements;
    let lost: Vec<&str> =
        lost_with_session(sql, &statements, Dialect::Postgres).iter().map(|of| of.text(sql)).collect();
    assert_eq!(lost, ["SELECT pg_advisory_lock(1)", "CREATE TEMP TABLE t (x int)", "PREPARE p AS SELECT 1"]);
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
        ("CREATE TABLE n (x PRIMARY KEY) WITHOUT ROWID; INSERT INTO n VALUES (1); SELECT last_insert_rowid()", true),
        ("CREATE VIRTUAL TABLE n USING fts5(x); INSERT INTO n VALUES (1); SELECT last_insert_rowid()", true),
        ("ALTER TABLE w ADD COLUMN y; INSERT INTO w VALUES (1, 2); SELECT last_insert_rowid()", true),
        ("ALTER TABLE p ADD COLUMN y; INSERT INTO p VALUES (1, 2); SELECT last_insert_rowid()", false),
        ("ALTER TABLE w RENAME TO p; INSERT INTO p VALUES (1); SELECT last_insert_rowid()", true),
        (
            "CREATE TABLE n (x); ALTER TABLE n RENAME TO m; ALTER TABLE w RENAME TO n; INSERT INTO n VALUES (1); SELECT last_insert_rowid()",
            true,
        ),
        ("CREATE TABLE IF NOT EXISTS w (x); INSERT INTO w VALUES (1); SELECT last_insert_rowid()", true),
        (
            "DROP TABLE p; CREATE TABLE p (x PRIMARY KEY) WITHOUT ROWID; INSERT INTO p VALUES (1); SELECT last_insert_rowid()",
            true,
        ),
        ("INSERT INTO w VALUES (1); INSERT INTO p VALUES (1); SELECT last_insert_rowid()", false),
        ("CREATE TABLE n AS SELECT last_insert_rowid()", true),
        ("CREATE VIEW n AS SELECT last_insert_rowid()", false),
        ("SELECT \"Last_Insert_Rowid\"()", true),
        ("CREATE TABLE n (x UNIQUE ON CONFLICT IGNORE); INSERT INTO n VALUES (1); SELECT last_insert_rowid()", true),
    ] {
        let statements = scan(sql, Dialect::Sqlite).statements;
        assert_eq!(last_rowid_reader(sql, &statements, |table| table == "p").is_some(), expect, "{sql}");
    }
}

#[test]
fn what_has_to_be_set_again() {
    use Dialect::{Postgres, Sqlite};

    for (dialect, sql, expect) in [
        (Postgres, "SET a.b = 1; SET a.c = 2", "SET a.b = 1; SET a.c = 2"),
        (Postgres, "SET work_mem = 1; SELECT 1; SET Work_Mem TO 2", "? SET work_mem = 1; SET Work_Mem TO 2"),
        (Postgres, "SET ROLE a; SET x.y = 1; RESET ROLE", "? SET ROLE a; SET x.y = 1; RESET ROLE"),
        (
            Postgres,
            "SET SESSION AUTHORIZATION a; SET ROLE b; RESET ALL",
            "SET SESSION AUTHORIZATION a; SET ROLE b; RESET ALL",
        ),
        (
            Postgres,
            "SET work_mem = 1; RESET ALL; SET search_path = a",
            "? SET work_mem = 1; RESET ALL; SET search_path = a",
        ),
        (
            Postgres,
            "SET TIME ZONE 'UTC'; SET SESSION TimeZone = 'Asia/Tokyo'",
            "? SET TIME ZONE 'UTC'; SET SESSION TimeZone = 'Asia/Tokyo'",
        ),
        (Postgres, "SET SESSION a.b='x'; SET SESSION a.c='y'", "SET SESSION a.b='x'; SET SESSION a.c='y'"),
        (
            Postgres,
            "SET a.b.c = 1; SET a.b.d = 2; SET A.b.\"c\" = 3",
            "? SET a.b.c = 1; SET a.b.d = 2; SET A.b.\"c\" = 3",
        ),
        (
            Postgres,
            "SET NAMES 'LATIN1'; SET client_encoding = 'UTF8'",
            "? SET NAMES 'LATIN1'; SET client_encoding = 'UTF8'",
        ),
        (
            Postgres,
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; SET SESSION AUTHORIZATION a",
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; SET SESSION AUTHORIZATION a",
        ),
        (
            Postgres,
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; SET SESSION CHARACTERISTICS AS TRANSACTION DEFERRABLE",
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; SET SESSION CHARACTERISTICS AS TRANSACTION DEFERRABLE",
        ),
        (Postgres, "SET work_mem = 1; SET LOCAL work_mem = 2", "SET work_mem = 1"),
        (Postgres, "SET ROLE a; SET a.b = 1; discard all; SET a.c = 2", "discard all; SET a.c = 2"),
        (
            Postgres,
            "SELECT set_config('Role', 'a', false); RESET ROLE; SET ROLE b; SELECT set_config('role', 'none', false)",
            "? SELECT set_config('Role', 'a', false); ? RESET ROLE; ? SET ROLE b; SELECT set_config('role', 'none', false)",
        ),
        (Postgres, "SET ROLE a; RESET SESSION AUTHORIZATION", "? SET ROLE a; RESET SESSION AUTHORIZATION"),
        (
            Postgres,
            "SET a.b = 1; SELECT set_config('a.b', '2', false), set_config('a.c', '3', false)",
            "SET a.b = 1; SELECT set_config('a.b', '2', false), set_config('a.c', '3', false)",
        ),
        (Sqlite, "ATTACH 'a' AS b; DETACH b; DETACH c", "DETACH c"),
        (Sqlite, "ATTACH 'a' AS \"O\"; DETACH [O]", ""),
        (
            Sqlite,
            "ATTACH 'a' AS b; PRAGMA B.cache_size = 1; DETACH b; ATTACH 'c' AS b; PRAGMA b.synchronous = 0",
            "ATTACH 'c' AS b; PRAGMA b.synchronous = 0",
        ),
        (Sqlite, "DETACH b; ATTACH 'a' AS b", "DETACH b; ATTACH 'a' AS b"),
        (Sqlite, "ATTACH 'a' AS b; PRAGMA synchronous = 0; DETACH b", "PRAGMA synchronous = 0"),
        (
            Sqlite,
            "ATTACH 'a' AS b; ATTACH 'c' AS d; PRAGMA d.cache_size = 1; PRAGMA cache_size(b); DETACH b",
            "ATTACH 'c' AS d; PRAGMA d.cache_size = 1; PRAGMA cache_size(b)",
        ),
        (
            Sqlite,
            "PRAGMA user_version = 1; PRAGMA cache_size = 1; PRAGMA page_size = 512",
            "PRAGMA cache_size = 1; PRAGMA page_size = 512",
        ),
    ] {
        let statements = scan(sql, dialect).statements;
        let told = |(statement, may_fail): &(&Statement, bool)| {
            format!("{}{}", if *may_fail { "? " } else { "" }, statement.text(sql))
        };
        let again: Vec<String> = session_settings(sql, &statements, dialect).iter().map(told).collect();
        assert_eq!(again.join("; "), expect, "{sql}");
    }
}

#[test]
fn what_reads_the_last_number() {
    for (sql, expect) in [
        ("SELECT lastval()", true),
        ("INSERT INTO p VALUES (1); SELECT lastval()", true),
        ("SELECT nextval('s'); SELECT \"lastval\"()", false),
        ("SELECT pg_catalog.currval('s')", true),
        ("SELECT app.currval('s')", false),
        ("SELECT nextval('public.s'); SELECT currval('S')", true),
        ("SELECT nextval('public.s'); SELECT currval('public.S')", false),
        ("SELECT nextval('other'); SELECT currval('s')", true),
        ("INSERT INTO app.par (x) VALUES (1); INSERT INTO c VALUES (currval('app.par_id_seq'))", false),
        ("INSERT INTO app.par (x) VALUES (1); INSERT INTO c VALUES (currval('par_id_seq'))", true),
        ("INSERT INTO audit.par (x) VALUES (1); INSERT INTO c VALUES (currval('app.par_id_seq'))", true),
        ("INSERT INTO par DEFAULT VALUES; SELECT currval('\"par_id_seq\"')", false),
        ("INSERT INTO par VALUES (1000, 'fixed'); SELECT currval('par_id_seq')", true),
        ("INSERT INTO par (id, x) VALUES (1000, 'fixed'); SELECT currval('par_id_seq')", true),
        ("INSERT INTO par (x) VALUES (1); SELECT currval(pg_get_serial_sequence('par', 'id'))", true),
        ("INSERT INTO p (x) VALUES (1); SELECT currval('par_id_seq')", true),
        ("INSERT INTO par (x) VALUES (1); SELECT currval('par_of_id_seq')", true),
        ("ALTER TABLE par ALTER COLUMN id SET DEFAULT nextval('s'); SELECT currval('s')", true),
        ("INSERT INTO par (x) VALUES (1) ON CONFLICT DO NOTHING; SELECT currval('par_id_seq')", true),
        ("INSERT INTO par SELECT 1; SELECT currval('par_id_seq')", true),
        ("INSERT INTO other VALUES (1); SELECT currval('par_id_seq')", true),
        ("DO $$ BEGIN PERFORM lastval(); END $$", true),
        ("DO LANGUAGE 'plpgsql' $$ BEGIN PERFORM lastval(); END $$", true),
        ("DO $$ BEGIN -- lastval()\n END $$", false),
        ("INSERT INTO c VALUES ('lastval()')", false),
        ("SELECT currval FROM t", false),
    ] {
        let statements = scan(sql, Dialect::Postgres).statements;
        assert_eq!(last_number_reader(sql, &statements).is_some(), expect, "{sql}");
    }
}
