//! That what `migrate_core::in_transaction` finds is certain: real servers refuse or ignore it in a transaction that has written, as
//! that of a migration has, and its neighbours work or fail for another reason.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use migrate_core::{Dialect, Header, in_transaction, scan::scan};
use migrate_runtime::{ErrorKind, Event, Migrator};
use migrate_tests::{migrations, postgres};
use postgres::Client;
use postgres::error::SqlState;

const REFUSED_BY_POSTGRES: [&str; 45] = [
    "VACUUM",
    "VACUUM FULL t",
    "vacuum (analyze, verbose) t (x)",
    "CREATE DATABASE a",
    "DROP DATABASE a",
    "DROP DATABASE IF EXISTS a WITH (FORCE)",
    "ALTER DATABASE a SET TABLESPACE pg_default",
    "ALTER DATABASE \"a\" TABLESPACE pg_default",
    "CREATE TABLESPACE a LOCATION '/nowhere'",
    "DROP TABLESPACE a",
    "DROP TABLESPACE IF EXISTS a",
    "ALTER SYSTEM SET work_mem = '5MB'",
    "ALTER SYSTEM RESET ALL",
    "CREATE INDEX CONCURRENTLY a ON t (x)",
    "CREATE INDEX CONCURRENTLY ON t (x)",
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (x)",
    "CREATE UNIQUE INDEX CONCURRENTLY a ON absent (x)",
    "DROP INDEX CONCURRENTLY i",
    "DROP INDEX CONCURRENTLY IF EXISTS absent",
    "REINDEX INDEX CONCURRENTLY i",
    "REINDEX TABLE CONCURRENTLY t",
    "REINDEX (CONCURRENTLY) TABLE t",
    "REINDEX (VERBOSE, CONCURRENTLY true) TABLE t",
    "REINDEX (CONCURRENTLY 'on') TABLE t",
    "REINDEX (CONCURRENTLY 1, VERBOSE) INDEX i",
    "REINDEX (CONCURRENTLY off, CONCURRENTLY) TABLE t",
    "REINDEX (VERBOSE) TABLE CONCURRENTLY t",
    "REINDEX SCHEMA public",
    "REINDEX SCHEMA CONCURRENTLY public",
    "REINDEX (VERBOSE) SCHEMA public",
    "REINDEX DATABASE template0",
    "REINDEX SYSTEM template0",
    "CLUSTER",
    "CLUSTER VERBOSE",
    "ALTER TABLE parts DETACH PARTITION part CONCURRENTLY",
    "ALTER TABLE public.parts DETACH PARTITION public.part CONCURRENTLY",
    "ALTER TABLE IF EXISTS ONLY absent DETACH PARTITION \"part\" CONCURRENTLY",
    "DISCARD ALL",
    "CREATE SUBSCRIPTION a CONNECTION 'host=nowhere' PUBLICATION p",
    "CREATE SUBSCRIPTION a CONNECTION 'host=nowhere connect_timeout=1' PUBLICATION p",
    "CREATE SUBSCRIPTION a CONNECTION 'host=nowhere' PUBLICATION p WITH (copy_data = false)",
    "CREATE SUBSCRIPTION a CONNECTION 'host=nowhere' PUBLICATION p WITH (enabled = false)",
    "/* of an old kind */ VACUUM FULL VERBOSE ANALYZE t",
    "Create Unique\n  Index -- fast\n  Concurrently a On t (x)",
    "ALTER SYSTEM SET \"work_mem\" TO 5000",
];

/// Refused or not, by what is in the database or by nothing that concerns transactions.
const UNCERTAIN_ON_POSTGRES: [&str; 27] = [
    "ANALYZE t",
    "ALTER DATABASE template1 SET work_mem = '5MB'",
    "ALTER TABLE t SET TABLESPACE pg_default",
    "ALTER INDEX ALL IN TABLESPACE pg_default SET TABLESPACE pg_default",
    "CREATE INDEX \"concurrently\" ON t (x)",
    "CREATE INDEX a ON t (x)",
    "DROP INDEX i",
    "REINDEX INDEX i",
    "REINDEX TABLE t",
    "REINDEX (CONCURRENTLY off) TABLE t",
    "REINDEX (CONCURRENTLY, CONCURRENTLY false) TABLE t",
    "REINDEX (CONCURRENTLY 0, VERBOSE) TABLE t",
    "CLUSTER t USING i",
    "CLUSTER VERBOSE t USING i",
    "ALTER TABLE parts DETACH PARTITION part",
    "ALTER TABLE parts DETACH PARTITION public.concurrently",
    "DISCARD TEMP",
    "DISCARD PLANS",
    "CREATE SUBSCRIPTION a CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false)",
    "CREATE SUBSCRIPTION a CONNECTION 'host=nowhere' PUBLICATION p WITH (\"connect\" = false)",
    "CREATE SUBSCRIPTION a CONNECTION 'host=nowhere' PUBLICATION p WITH (enabled = false, CREATE_SLOT = false, slot_name = NONE)",
    "DROP SUBSCRIPTION IF EXISTS absent",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY seen",
    "ALTER TYPE mood ADD VALUE 'x'",
    "CREATE STATISTICS a ON x, y FROM t",
    "SELECT 'VACUUM'",
    "DO $$ BEGIN PERFORM 'CREATE DATABASE a'; END $$",
];

/// The server refuses these too, but only because of what is in the database.
const REFUSED_AT_TIMES: [&str; 2] = ["REINDEX TABLE parts", "REINDEX INDEX parts_index"];

const OBJECTS: &str = "
    CREATE TABLE t (x integer, y text);
    CREATE INDEX i ON t (x);
    CREATE TABLE parts (x integer) PARTITION BY RANGE (x);
    CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (9);
    CREATE TABLE \"concurrently\" PARTITION OF parts FOR VALUES FROM (10) TO (19);
    CREATE INDEX parts_index ON parts (x);
    CREATE MATERIALIZED VIEW seen AS SELECT 1 AS x;
    CREATE UNIQUE INDEX ON seen (x);
    CREATE TYPE mood AS ENUM ('old');
    CREATE TYPE unlike AS ENUM ('x');
    CREATE TABLE moods (mood mood);
";

#[test]
fn postgres_refuses_what_is_found() {
    let database = postgres().database("in_transaction");
    let mut client = database.connect();
    client.batch_execute(OBJECTS).unwrap();
    for sql in REFUSED_BY_POSTGRES {
        assert_eq!(run(&mut client, sql), Some(SqlState::ACTIVE_SQL_TRANSACTION), "{sql}");
        assert_eq!(found(sql, Dialect::Postgres), 1, "{sql}");
    }
    for sql in REFUSED_AT_TIMES {
        assert_eq!(run(&mut client, sql), Some(SqlState::ACTIVE_SQL_TRANSACTION), "{sql}");
        assert_eq!(found(sql, Dialect::Postgres), 0, "{sql}");
    }
    for sql in UNCERTAIN_ON_POSTGRES {
        assert_ne!(run(&mut client, sql), Some(SqlState::ACTIVE_SQL_TRANSACTION), "{sql}");
        assert_eq!(found(sql, Dialect::Postgres), 0, "{sql}");
    }
}

/// Behind `ALTER TYPE mood ADD VALUE 'new';`.
const UNSAFE_USES: [&str; 17] = [
    "SELECT 'new'::mood",
    "SELECT CAST('new' AS mood)",
    "SELECT 'new'::\"mood\" WHERE false",
    "SELECT ARRAY['new'::mood]",
    "INSERT INTO moods VALUES ('old'), ('new'::MOOD)",
    "UPDATE moods SET mood = 'new'::mood WHERE mood = 'old'",
    "DELETE FROM moods WHERE mood <> 'new'::mood AND false",
    "SELECT CASE WHEN false THEN 'new'::mood ELSE 'old' END",
    "ALTER TABLE moods ALTER COLUMN mood SET DEFAULT 'new'::mood",
    "ALTER TABLE moods ADD CHECK (mood <> 'new'::mood)",
    "CREATE TABLE a (mood mood DEFAULT 'new'::mood)",
    "CREATE VIEW a AS SELECT * FROM moods WHERE mood IN ('new'::mood)",
    "CREATE INDEX a ON moods (mood) WHERE mood = 'new'::mood",
    "CREATE FUNCTION a() RETURNS mood LANGUAGE sql RETURN 'new'::mood",
    "CREATE FUNCTION a() RETURNS mood LANGUAGE sql BEGIN ATOMIC; SELECT 'new'::mood; END",
    "CREATE POLICY a ON moods USING (mood = 'new'::mood)",
    "PREPARE a AS SELECT 'new'::mood",
];

const SAFE_USES: [&str; 10] = [
    "SELECT 'old'::mood",
    "SELECT 'x'::unlike",
    "SELECT 'new'::text, 'new'",
    "SELECT 'o'\n'ld'::mood",
    "CREATE TABLE IF NOT EXISTS moods (mood mood DEFAULT 'new'::mood)",
    "ALTER TABLE IF EXISTS absent ALTER COLUMN mood SET DEFAULT 'new'::mood",
    "CREATE FUNCTION a() RETURNS mood LANGUAGE plpgsql AS $$ BEGIN RETURN 'new'::mood; END $$",
    "DO $$ BEGIN IF false THEN PERFORM 'new'::mood; END IF; END $$",
    "SELECT '{old}'::mood[]",
    "ALTER TYPE mood RENAME TO other; ALTER TYPE unlike RENAME TO mood; ALTER TYPE mood RENAME VALUE 'x' TO 'new'; SELECT 'new'::mood",
];

#[test]
fn postgres_refuses_a_value_of_an_enum_that_is_found() {
    let database = postgres().database("enum_value");
    let mut client = database.connect();
    client.batch_execute(OBJECTS).unwrap();
    for (uses, code, number) in
        [(&UNSAFE_USES[..], Some(SqlState::UNSAFE_NEW_ENUM_VALUE_USAGE), 1), (&SAFE_USES, None, 0)]
    {
        for used in uses {
            let sql = format!("ALTER TYPE mood ADD VALUE 'new';\n{used};");
            assert_eq!(run(&mut client, &sql), code, "{sql}");
            assert_eq!(found(&sql, Dialect::Postgres), number, "{sql}");
        }
    }
    // Found by nobody: the value may be an old one.
    let again = "ALTER TYPE mood ADD VALUE IF NOT EXISTS 'old'; SELECT 'old'::mood;";
    assert_eq!((run(&mut client, again), found(again, Dialect::Postgres)), (None, 0));
}

/// What the server says to a script in a transaction that has written, which is rolled back.
fn run(client: &mut Client, sql: &str) -> Option<SqlState> {
    client.batch_execute("BEGIN; INSERT INTO t VALUES (1)").unwrap();
    // A request for each statement: several in one are no transaction block of their own to the server.
    let scanned = scan(sql, Dialect::Postgres);
    let failed = scanned.statements.iter().find_map(|statement| client.batch_execute(statement.text(sql)).err());
    let code = failed.map(|error| error.code().unwrap_or_else(|| panic!("{sql}: {error}")).clone());
    client.batch_execute("ROLLBACK").unwrap();
    code
}

fn found(sql: &str, dialect: Dialect) -> usize {
    let scanned = scan(sql, dialect);
    assert!(scanned.problems.is_empty(), "{sql}");
    in_transaction::check(sql, dialect, &scanned, &Header::default()).len()
}

const REFUSED_BY_SQLITE: [&str; 4] = ["VACUUM", "vacuum main", "VACUUM INTO '/nowhere/a.db'", "VACUUM 'main'"];

const ACCEPTED_BY_SQLITE: [&str; 9] = [
    "VACUUM temp",
    "VACUUM \"TEMP\"",
    "REINDEX",
    "ANALYZE",
    "ATTACH ':memory:' AS a",
    "ATTACH ':memory:' AS a; DETACH a",
    "PRAGMA incremental_vacuum",
    "PRAGMA user_version = 7",
    "CREATE INDEX concurrently ON t (x)",
];

#[test]
fn sqlite_refuses_what_is_found() {
    for sql in REFUSED_BY_SQLITE {
        let error = in_written_transaction(|connection| connection.execute_batch(sql)).unwrap_err();
        assert_eq!(error.to_string(), "cannot VACUUM from within a transaction", "{sql}");
        assert_eq!(found(sql, Dialect::Sqlite), 1, "{sql}");
    }
    for sql in ACCEPTED_BY_SQLITE {
        in_written_transaction(|connection| connection.execute_batch(sql))
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert_eq!(found(sql, Dialect::Sqlite), 0, "{sql}");
    }
}

#[test]
fn sqlite_ignores_the_pragmas_that_are_found() {
    const FOREIGN_KEYS: [&str; 9] = [
        "PRAGMA foreign_keys = OFF",
        "pragma foreign_keys=0",
        "PRAGMA foreign_keys(no)",
        "PRAGMA main.foreign_keys = false",
        "PRAGMA \"main\" . \"foreign_keys\" = 'off'",
        "PRAGMA [foreign_keys] = `OFF`",
        "PRAGMA 'foreign_keys' = [no]",
        "PRAGMA foreign_keys /* now */ = -- here\n \"No\"",
        "PRAGMA nowhere.foreign_keys = 0",
    ];
    for sql in FOREIGN_KEYS {
        assert_eq!(found(sql, Dialect::Sqlite), 1, "{sql}");
        // It does what it is found for, outside of a transaction.
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        connection.execute_batch("PRAGMA foreign_keys = ON").unwrap();
        connection.execute_batch(sql).ok();
        let is_known = !sql.contains("nowhere");
        assert_eq!(value(&connection, "PRAGMA foreign_keys") == "0", is_known, "{sql}");
        in_written_transaction(|connection| {
            let before = value(connection, "PRAGMA foreign_keys");
            connection.execute_batch(sql).ok();
            assert_eq!(value(connection, "PRAGMA foreign_keys"), before, "{sql}");
        });
    }
    // SQLite reads flags in its own way, and so do we.
    for value in FLAGS {
        let sql = format!("PRAGMA foreign_keys = {value}");
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        connection.execute_batch("PRAGMA foreign_keys = ON").unwrap();
        connection.execute_batch(&sql).unwrap();
        let is_off = self::value(&connection, "PRAGMA foreign_keys") == "0";
        assert_eq!(found(&sql, Dialect::Sqlite), usize::from(is_off), "{sql}");
    }
    for mode in ["WAL", "delete", "MEMORY", "OFF", "truncate", "PERSIST"] {
        for sql in [format!("PRAGMA journal_mode = {mode}"), format!("PRAGMA main.journal_mode('{mode}')")] {
            assert_eq!(found(&sql, Dialect::Sqlite), 1, "{sql}");
            in_written_transaction(|connection| {
                let before = value(connection, "PRAGMA journal_mode");
                connection.execute_batch(&sql).ok();
                assert_eq!(value(connection, "PRAGMA journal_mode"), before, "{sql}");
            });
        }
    }
    for sql in
        ["PRAGMA foreign_keys", "PRAGMA foreign_keys = ON", "PRAGMA defer_foreign_keys = OFF", "PRAGMA journal_mode"]
    {
        assert_eq!(found(sql, Dialect::Sqlite), 0, "{sql}");
    }
}

#[test]
fn sqlite_refuses_the_pragmas_that_are_found() {
    const SYNCHRONOUS: &str = "Safety level may not be changed inside a transaction";
    const CHECKPOINT: &str = "database table is locked";
    for (sql, says) in [
        ("PRAGMA synchronous = OFF", SYNCHRONOUS),
        ("PRAGMA synchronous = FULL", SYNCHRONOUS),
        ("pragma Synchronous(1)", SYNCHRONOUS),
        ("PRAGMA main.synchronous = bogus", SYNCHRONOUS),
        ("PRAGMA temp.\"synchronous\" = 1", SYNCHRONOUS),
        ("ATTACH ':memory:' AS a; PRAGMA a.synchronous = 1", SYNCHRONOUS),
        ("PRAGMA wal_checkpoint", CHECKPOINT),
        ("PRAGMA wal_checkpoint(PASSIVE)", CHECKPOINT),
        ("PRAGMA main.wal_checkpoint = truncate", CHECKPOINT),
        ("PRAGMA [main].'wal_checkpoint'", CHECKPOINT),
    ] {
        for mode in ["delete", "wal"] {
            let error = in_written_transaction_of(mode, |connection| run_all(connection, sql)).unwrap_err();
            assert_eq!(error.to_string(), says, "{mode}, {sql}");
        }
        assert_eq!(found(sql, Dialect::Sqlite), 1, "{sql}");
    }
    for sql in [
        "PRAGMA synchronous",
        "PRAGMA main.synchronous",
        "PRAGMA temp.wal_checkpoint",
        "ATTACH ':memory:' AS a; PRAGMA a.wal_checkpoint",
        "PRAGMA wal_autocheckpoint = 100",
        "PRAGMA temp_store = memory",
        "PRAGMA cache_size = 100",
        "PRAGMA locking_mode = exclusive",
        "PRAGMA optimize",
    ] {
        for mode in ["delete", "wal"] {
            in_written_transaction_of(mode, |connection| run_all(connection, sql))
                .unwrap_or_else(|error| panic!("{mode}, {sql}: {error}"));
        }
        assert_eq!(found(sql, Dialect::Sqlite), 0, "{sql}");
    }
}

/// Nobody else is in the way of a checkpoint within a transaction, as one of a step: it is not waited for.
#[test]
fn what_is_in_its_own_way_fails_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut connection = rusqlite::Connection::open(folder.path().join("a.db")).unwrap();
    connection.execute_batch("CREATE TABLE t (x)").unwrap();
    let set = migrations(&[("1_a.sql", "INSERT INTO t VALUES (1);\nPRAGMA old.wal_checkpoint;")]);
    let attach = format!("ATTACH '{}' AS old", folder.path().join("old.db").display());
    connection.execute_batch(&attach).unwrap();
    let waits = AtomicBool::new(false);
    let migrator = Migrator::new(&set).wait_timeout(Duration::from_millis(100)).on_event(|event| {
        let is_wait = matches!(event, Event::Waiting { .. });
        waits.fetch_or(is_wait, Ordering::Relaxed);
    });
    let error = migrator.run(&mut connection).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StatementFailed, "{error}");
    assert!(error.to_string().contains("1_a.sql:2:1"), "{error}");
    assert!(!waits.load(Ordering::Relaxed), "{error}");
}

/// Values of a pragma that is on or off.
const FLAGS: [&str; 29] = [
    "1",
    "+1",
    "+ 1",
    "-1",
    "- 1",
    "0",
    "+0",
    "-0",
    "00",
    "01",
    "257",
    "0x10",
    "0x0",
    "0X1",
    "0x80000000",
    "1.5",
    "0.5",
    "1e3",
    "2147483648",
    "99999999999",
    "'1x'",
    "'x1'",
    "' 1'",
    "''",
    "bogus",
    "full",
    "delete",
    "'TRUE'",
    "yEs",
];

/// Statement by statement, as the engine does, rows and all.
fn run_all(connection: &rusqlite::Connection, sql: &str) -> Result<(), rusqlite::Error> {
    let scanned = scan(sql, Dialect::Sqlite);
    scanned.statements.iter().try_for_each(|statement| {
        let mut statement = connection.prepare(statement.text(sql))?;
        let mut rows = statement.query([])?;
        while rows.next()?.is_some() {}
        Ok(())
    })
}

/// Does something in a transaction as the engine makes it.
fn in_written_transaction<T>(run: impl Fn(&rusqlite::Connection) -> T) -> T {
    in_written_transaction_of("delete", run)
}

/// The same with a journal of this kind.
fn in_written_transaction_of<T>(journal: &str, run: impl Fn(&rusqlite::Connection) -> T) -> T {
    let folder = tempfile::tempdir().unwrap();
    let connection = rusqlite::Connection::open(folder.path().join("a.db")).unwrap();
    run_all(&connection, &format!("PRAGMA journal_mode = {journal}")).unwrap();
    connection.execute_batch("CREATE TABLE t (x); PRAGMA foreign_keys = ON").unwrap();
    connection.execute_batch("BEGIN IMMEDIATE; INSERT INTO t VALUES (1)").unwrap();
    run(&connection)
}

fn value(connection: &rusqlite::Connection, sql: &str) -> String {
    let value: rusqlite::types::Value = connection.query_row(sql, [], |row| row.get(0)).unwrap();
    match value {
        rusqlite::types::Value::Text(text) => text,
        rusqlite::types::Value::Integer(number) => number.to_string(),
        other => panic!("{sql}: {other:?}"),
    }
}
