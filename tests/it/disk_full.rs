//! A disk that is full: whatever page is the one too many, nothing is half done, and with more room the next run gets to the end.

use migrate_runtime::{ErrorKind, Migrator, Scope};
use migrate_tests::{Case, Driver, Fresh, migrations};

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
