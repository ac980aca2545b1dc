//! The requests that the engine makes, in order: what the protocol of DESIGN section 4 looks like on each database.

use std::sync::Mutex;
use std::time::Duration;

use migrate_core::scan::scan;
use migrate_runtime::driver::{Database, Itself};
use migrate_runtime::{Dialect, Migrator, Scope};
use migrate_tests::{Directed, Director, Driver, Fault, Fresh, migrations, numbered, postgres};

/// Remembers what was asked of a connection.
struct Recorder {
    dialect: Dialect,
    requests: Mutex<Vec<String>>,
}

impl Recorder {
    fn new(dialect: Dialect) -> Recorder {
        Recorder { dialect, requests: Mutex::default() }
    }

    fn note(&self, request: String) {
        self.requests.lock().unwrap().push(request);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.requests.lock().unwrap())
    }
}

impl Director for Recorder {
    fn before(&self, sql: &str) -> Option<Fault> {
        let statements = scan(sql, self.dialect);
        let words = |statement: &str| statement.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
        // What `scan` drops as a pair around the whole belongs to the protocol here.
        let mut outline: Vec<String> =
            statements.statements.iter().map(|statement| words(statement.text(sql))).collect();
        if statements.wrapped {
            outline.insert(0, "BEGIN".into());
            outline.push("COMMIT".into());
        }
        self.note(outline.join("; "));
        None
    }

    fn sleep(&self, duration: Duration) {
        self.note("sleep".into());
        std::thread::sleep(duration);
    }
}

/// Two starts with a sound set, then one with a migration more that fails.
fn transcripts(dialect: Dialect, connection: impl Database<Itself>) -> [Vec<String>; 3] {
    let sound = [
        ("1_a.sql", "CREATE TABLE a (id integer);\nCREATE INDEX i ON a (id);"),
        ("2_b.sql", "CREATE VIEW b AS SELECT 1;"),
        // Nobody can tell what a session remembers of it.
        ("3_c.sql", "SELECT 1;"),
    ];
    let failing = [sound[0], sound[1], sound[2], ("4_d.sql", "DROP VIEW b;\nDROP TABLE never;\nDROP TABLE a;")];
    let recorder = Recorder::new(dialect);
    let mut recorded = Directed::new(connection, &recorder);
    let mut transcript = |files: &[(&str, &str)], succeeds: bool| {
        let result = migrations(files).run(&mut recorded);
        assert_eq!(result.is_ok(), succeeds, "{result:?}");
        recorder.take()
    };
    [transcript(&sound, true), transcript(&sound, true), transcript(&failing, false)]
}

#[test]
fn sqlite() {
    let [first, second, failing] = transcripts(Dialect::Sqlite, rusqlite::Connection::open_in_memory().unwrap());
    let (start, insert) = ("SELECT group_concat(version ||", "INSERT INTO \"main\".\"schema_migrations\"");
    assert_eq!(
        first,
        [
            start,
            "SELECT (SELECT group_concat(columns.name,",
            "BEGIN IMMEDIATE",
            &format!("CREATE TABLE IF; CREATE INDEX IF; {insert}"),
            "CREATE TABLE a",
            "CREATE INDEX i",
            insert,
            "COMMIT",
            "BEGIN IMMEDIATE",
            "PRAGMA data_version",
            "CREATE VIEW b",
            insert,
            "COMMIT",
            "BEGIN IMMEDIATE",
            &format!("{insert}; {insert}"),
            "SELECT 1",
            "UPDATE \"main\".\"schema_migrations\" SET",
            "SELECT count(*) FROM",
            "COMMIT",
        ]
    );
    assert_eq!(second, [start]);
    assert_eq!(
        failing,
        [
            start,
            "SELECT (SELECT group_concat(columns.name,",
            "SELECT version, name,",
            "BEGIN IMMEDIATE",
            insert,
            // It drops a table: does anybody refer to it?
            "PRAGMA foreign_keys",
            "SELECT name FROM",
            "SELECT DISTINCT 'main',",
            "DROP VIEW b",
            // Does anybody now?
            "SELECT name FROM",
            "SELECT DISTINCT 'main',",
            "DROP TABLE never",
            "ROLLBACK",
        ]
    );
}

/// Nobody else can have a turn behind the first script, nothing goes on when one fails, and rows are written together.
#[test]
fn all_in_one_transaction_looks_once_and_takes_one_savepoint() {
    let (a, b, c) = ("CREATE TABLE a (x)", "CREATE VIEW b AS SELECT 1", "PRAGMA cache_size");
    let set = migrations(&[("1_a.sql", a), ("2_b.sql", b), ("3_c.sql", c)]);
    let recorder = Recorder::new(Dialect::Sqlite);
    let mut recorded = Directed::new(rusqlite::Connection::open_in_memory().unwrap(), &recorder);
    Migrator::new(&set).scope(Scope::All).run(&mut recorded).unwrap();
    let requests = recorder.take();
    let insert = "INSERT INTO \"main\".\"schema_migrations\"";
    let update = "UPDATE \"main\".\"schema_migrations\" SET";
    let (open, close) = ("SAVEPOINT migrate_runtime", "RELEASE SAVEPOINT migrate_runtime");
    let first_turn = format!("CREATE TABLE IF; CREATE INDEX IF; {insert}");
    let begin = requests.iter().rposition(|request| request == "BEGIN IMMEDIATE").unwrap();
    let in_transaction: Vec<&str> =
        requests[begin + 1..].iter().map(String::as_str).filter(|request| !request.starts_with("SELECT")).collect();
    let plain = [open, &first_turn, "CREATE TABLE a", close, "CREATE VIEW b", insert];
    assert_eq!(in_transaction, [&plain[..], &[open, insert, c, update, close, "COMMIT"]].concat());
}

#[test]
fn a_start_on_sqlite_is_one_statement_in_whatever_order_rows_were_written() {
    let files =
        [("9_a.sql", "CREATE TABLE a (x)"), ("10_b.sql", "CREATE TABLE b (x)"), ("11_c.sql", "CREATE TABLE c (x)")];
    let (some, all) = (migrations(&[files[0], files[2]]), migrations(&files));
    let recorder = Recorder::new(Dialect::Sqlite);
    let mut recorded = Directed::new(rusqlite::Connection::open_in_memory().unwrap(), &recorder);
    some.run(&mut recorded).unwrap();
    Migrator::new(&all).allow_out_of_order().run(&mut recorded).unwrap();
    recorder.take();
    all.run(&mut recorded).unwrap();
    assert_eq!(recorder.take(), ["SELECT group_concat(version ||"]);
}

#[test]
fn postgres_blocking() {
    let database = postgres().database("transcript");
    let [first, second, failing] = transcripts(Dialect::Postgres, database.connect());
    let start = "LOCK TABLE \"schema_migrations\"; SELECT pg_catalog.sum(pg_catalog.hash_numeric_extended(version, \
                 pg_catalog.hashtextextended(checksum,";
    let (facts, history) = ("SELECT CASE WHEN", "SET LOCAL lock_timeout; SELECT version, name,");
    let create =
        "BEGIN; SET LOCAL lock_timeout; CREATE TABLE IF; SET LOCAL lock_timeout; SET LOCAL statement_timeout; COMMIT";
    let table = "\"public\".\"schema_migrations\"";
    let begun_with = |lock: &str| {
        format!("BEGIN; SET LOCAL lock_timeout; {lock}; SET LOCAL lock_timeout; SET LOCAL statement_timeout")
    };
    // The first look of a plan is at all rows.
    let first_turn = begun_with(&format!("LOCK TABLE {table}; INSERT INTO {table}"));
    let first_turn_later = begun_with(&format!("SELECT version FROM; INSERT INTO {table}"));
    let turn = begun_with(&format!("SELECT version FROM; UPDATE {table} SET"));
    let claim = begun_with(&format!("SELECT version FROM; INSERT INTO {table}; INSERT INTO {table}"));
    let record = format!("INSERT INTO {table}; COMMIT");
    let guard = "SAVEPOINT migrate_runtime_guard; RELEASE SAVEPOINT migrate_runtime_guard";
    let finish = format!("UPDATE {table} SET; SELECT CASE rows; SELECT pg_catalog.set_config(name, usual,; COMMIT");
    assert_eq!(
        first,
        [
            start,
            facts,
            create,
            facts,
            history,
            &format!("{first_turn}; CREATE TABLE a"),
            &format!("{guard}; CREATE INDEX i; {record}"),
            &format!("{turn}; CREATE VIEW b; {record}"),
            &format!("{claim}; SELECT 1; {finish}"),
        ]
    );
    assert_eq!(second, [start]);
    assert_eq!(
        failing,
        [
            start,
            facts,
            history,
            &format!("{first_turn_later}; DROP VIEW b"),
            &format!("{guard}; DROP TABLE never"),
            "ROLLBACK"
        ]
    );
}

#[test]
fn nothing_sleeps_inside_a_transaction() {
    let fresh = Fresh::new(Driver::Rusqlite);
    numbered(1).run(&mut rusqlite::Connection::open(fresh.file()).unwrap()).unwrap();
    let holder = rusqlite::Connection::open(fresh.file()).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let connection = rusqlite::Connection::open(fresh.file()).unwrap();
    connection.busy_timeout(Duration::ZERO).unwrap();
    let recorder = Recorder::new(Dialect::Sqlite);
    let mut recorded = Directed::new(connection, &recorder);
    let two = numbered(2);
    let migrator = Migrator::new(&two).wait_timeout(Duration::from_millis(50));
    migrator.run(&mut recorded).unwrap_err();
    let requests = recorder.take();
    let sleeps = requests.iter().filter(|request| *request == "sleep").count();
    assert!(sleeps > 0, "{requests:?}");
    // A refused BEGIN opens nothing, so there is nothing to roll back before the sleep.
    for pair in requests.windows(2).filter(|pair| pair[1] == "sleep") {
        assert_eq!(pair[0], "BEGIN IMMEDIATE", "{requests:?}");
    }
    assert_eq!(requests.last().unwrap(), "BEGIN IMMEDIATE", "{requests:?}");
}
