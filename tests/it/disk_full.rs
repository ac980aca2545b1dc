//! A disk that is full: whatever page is the one too many, nothing is half done, and with more room the next run gets to the end.

use std::process::Command;
use std::time::Duration;

use migrate_runtime::{ErrorKind, Migrator, Scope};
use migrate_tests::{Case, Cluster, Connection, Driver, Fresh, migrations, numbered, poll};

const BOUND: Duration = Duration::from_secs(60);

/// SQLite: no more than so many pages, for every number of pages that is too small.
#[test]
fn every_number_of_pages_on_sqlite() {
    let driver = Driver::Rusqlite;
    for (name, scope, journal) in [
        ("run from nothing", Scope::PerMigration, "delete"),
        ("run from nothing", Scope::PerMigration, "wal"),
        ("run as one", Scope::All, "delete"),
        ("run as one", Scope::All, "wal"),
        ("run a rebuild", Scope::PerMigration, "delete"),
        ("run what is alone", Scope::PerMigration, "wal"),
    ] {
        let case = Case::named(driver, name).unwrap();
        let sets = case.sets(driver);
        let migrator = || case.migrator(driver, &sets).scope(scope);
        let prepare = || {
            let fresh = Fresh::new(driver);
            let mut connection = fresh.connect();
            assert_eq!(connection.value(&format!("PRAGMA journal_mode = {journal}")), journal);
            if let Some(version) = case.before {
                connection.run(&migrator().target(version)).unwrap();
            }
            (fresh, connection)
        };
        let (_fresh, mut connection) = prepare();
        connection.run(&migrator()).unwrap();
        let expect = connection.snapshot();
        let mut failed = 0;
        for pages in 1.. {
            assert!(pages < 200, "it never fits");
            let (_fresh, mut connection) = prepare();
            let limit = connection.value(&format!("PRAGMA max_page_count = {pages}"));
            let what = format!("{name}, {scope:?}, {journal}: {limit} pages");
            let ended = connection.run(&migrator());
            assert!(!connection.is_in_transaction(), "{what}");
            assert_eq!(connection.value("PRAGMA foreign_keys"), "1", "{what}");
            let Err(error) = ended else { break };
            failed += 1;
            assert_eq!(error.database_code(), Some("13"), "{what}: {error}");
            let kinds = [ErrorKind::StatementFailed, ErrorKind::Database];
            assert!(kinds.contains(&error.kind()), "{what}: {:?} {error}", error.kind());
            connection.execute("PRAGMA max_page_count = 100000");
            connection.run(&migrator()).unwrap_or_else(|error| panic!("{what}, then: {error}"));
            assert_eq!(connection.snapshot(), expect, "{what}");
        }
        println!("{name}, {scope:?}, {journal}: {failed} sizes were too small");
        assert!(failed > 2, "{failed}");
    }
}

/// SQLite: no file may grow beyond so many bytes, neither that of the database nor its journal or log, so that any write may be the one
/// that fails, also in the commit.
#[cfg(unix)]
#[test]
fn every_write_of_files_that_cannot_grow_on_sqlite() {
    const COUNT: usize = 4;
    for journal in ["delete", "wal"] {
        let fresh = |limit: Option<usize>| {
            let fresh = Fresh::new(Driver::Rusqlite);
            let mut connection = fresh.connect();
            assert_eq!(connection.value(&format!("PRAGMA journal_mode = {journal}")), journal);
            drop(connection);
            let url = format!("sqlite:{}", fresh.file().display());
            // A process that ignores the signal is told of the limit by the write, as of a full disk.
            let script = limit.map_or(String::new(), |blocks| format!("trap '' XFSZ; ulimit -f {blocks}; "));
            let output = Command::new("sh")
                .args(["-c", &format!("{script}exec \"$@\""), "sh", env!("CARGO_BIN_EXE_migrate-numbered"), &url])
                .arg(COUNT.to_string())
                .output()
                .unwrap();
            (fresh, output)
        };
        let (sound, output) = fresh(None);
        assert!(output.status.success(), "{output:?}");
        let expect = sound.connect().snapshot();
        let (mut failed, mut at_commit) = (0, 0);
        // The files that hold the migrations have to be written, too.
        for blocks in 1.. {
            assert!(blocks < 2_000, "it never fits");
            let (fresh, output) = fresh(Some(blocks));
            if output.status.success() {
                break;
            }
            failed += 1;
            let told = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{journal}, {blocks} blocks: {told}");
            at_commit += usize::from(told.contains("at its commit"));
            let mut connection = fresh.connect();
            connection.run(&Migrator::new(&numbered(COUNT))).unwrap();
            assert_eq!(connection.snapshot(), expect, "{journal}, {blocks} blocks: {told}");
            assert_eq!(connection.value("PRAGMA integrity_check"), "ok", "{journal}, {blocks} blocks");
        }
        println!("{journal}: {failed} sizes were too small, {at_commit} of them at a commit");
        assert!(failed > 10 && at_commit > 2, "{failed}, {at_commit}");
    }
}

/// Postgres: the files of the tables cannot grow any more.
#[test]
fn a_table_that_cannot_grow_on_postgres() {
    for (directive, left) in [("", "0"), ("-- migrate: no-transaction\n", "1")] {
        let fresh = Fresh::new(Driver::Postgres);
        let set = migrations(&[
            ("1_t.sql", "CREATE TABLE t (x text);\nALTER TABLE t ALTER x SET STORAGE PLAIN;"),
            (
                "2_rows.sql",
                &format!(
                    "{directive}INSERT INTO t VALUES ('first');\n\
                     INSERT INTO t SELECT repeat('x', 7000) FROM generate_series(1, 4000);\n\
                     INSERT INTO t VALUES ('last');"
                ),
            ),
        ]);
        let migrator = Migrator::new(&set);
        fresh.connect().run(&migrator.clone().target(1)).unwrap();
        let mut connection = fresh.connect();
        // The process of the server that the connection has gets a limit: more than a segment of the log, which it writes, too.
        connection.execute("COPY (SELECT 1) TO PROGRAM 'cat && prlimit --pid $PPID --fsize=20000000:'");
        let error = connection.run(&migrator).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StatementFailed, "{error}");
        assert!(error.to_string().contains("could not extend file"), "{error}");
        assert!(!connection.is_in_transaction());
        assert_eq!(connection.value("SELECT count(*) FROM t"), left);
        let mut connection = fresh.connect();
        connection.run(&migrator).unwrap();
        assert_eq!(connection.value("SELECT count(*) FROM t"), "4002");
        connection.verify(&migrator).unwrap();
    }
}

/// Postgres: the log cannot grow any more, at whichever page. The server gives up, and recovers.
#[test]
fn every_page_of_the_log_on_postgres() {
    let server = Cluster::start_own();
    let driver = Driver::Postgres;
    for name in ["run from nothing", "run as one"] {
        let case = Case::named(driver, name).unwrap();
        let sets = case.sets(driver);
        let migrator = case.migrator(driver, &sets);
        let fresh = Fresh::on(&server, driver);
        fresh.connect().run(&migrator).unwrap();
        let expect = fresh.connect().snapshot();
        let mut failed = 0;
        for pages in 0.. {
            assert!(pages < 100, "it never fits");
            let what = format!("{name}, {pages} pages");
            let fresh = Fresh::on(&server, driver);
            let name_of = fresh.database().name();
            // Whoever commits writes the log until there, by itself.
            fresh.connect().execute(&format!("ALTER DATABASE {name_of} SET synchronous_commit = on"));
            let (mut connection, mut other) = (fresh.connect(), fresh.database().connect());
            // Far into a segment, so that the limit is one for no other file.
            connection.execute("SELECT pg_switch_wal()");
            connection.execute("SELECT pg_logical_emit_message(true, '', repeat('x', 8000000))");
            let written = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') % pg_size_bytes(current_setting('wal_segment_size'))";
            let limit = connection.value(written).parse::<usize>().unwrap() + pages * 8192;
            connection.execute(&format!("COPY (SELECT 1) TO PROGRAM 'cat && prlimit --pid $PPID --fsize={limit}:'"));
            let Err(error) = connection.run(&migrator) else { break };
            failed += 1;
            assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{what}: {error}");
            // Its process tells us before it tells the server.
            let gone = || other.simple_query("SELECT 1").err();
            poll("the end of all sessions", BOUND, gone);
            let again = || postgres::Client::connect(&fresh.database().url(), postgres::NoTls).ok();
            let mut connection = Connection::Postgres(poll("the recovery", BOUND, again));
            connection.run(&migrator).unwrap_or_else(|error| panic!("{what}, then: {error}"));
            assert_eq!(connection.snapshot(), expect, "{what}");
        }
        println!("{name}: {failed} sizes were too small");
        assert!(failed > 1, "{failed}");
    }
}
