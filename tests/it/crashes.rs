//! Every verb with a fault at every request: the database refuses it, the connection is lost before it, or after it, when nobody hears
//! what came of it. Then the same verb again, on a clean connection, and the database is what it would be without the fault.
//!
//! Exhaustive, not sampled: the requests are counted until the verb gets through without meeting its fault. The number of points that were
//! tried is printed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use migrate_runtime::{ErrorKind, Migrations, Migrator, OldHistory, Scope, Tool};
use migrate_tests::{Connection, Driver, Fault, Faulty, Fresh, Verb, migrations};

/// A migration of each kind, with effects that would show a second run.
fn files(driver: Driver) -> Migrations {
    let outside = match driver {
        Driver::Rusqlite => {
            "-- migrate: no-transaction\nINSERT INTO done VALUES (3);\nVACUUM;\nINSERT INTO done VALUES (4);"
        }
        _ => {
            "-- migrate: no-transaction\nINSERT INTO done VALUES (3);\nCREATE INDEX CONCURRENTLY by_x ON t (x);\n\
             INSERT INTO done VALUES (4);"
        }
    };
    let outside_down = match driver {
        Driver::Rusqlite => {
            "-- migrate: no-transaction\nDELETE FROM done WHERE n = 4;\nVACUUM;\nDELETE FROM done WHERE n = 3;"
        }
        _ => {
            "-- migrate: no-transaction\nDELETE FROM done WHERE n = 4;\nDROP INDEX CONCURRENTLY by_x;\n\
             DELETE FROM done WHERE n = 3;"
        }
    };
    migrations(&[
        (
            "1_tables.up.sql",
            "CREATE TABLE done (n integer);\nCREATE TABLE t (x integer);\nINSERT INTO done VALUES (1);",
        ),
        ("1_tables.down.sql", "DROP TABLE done;\nDROP TABLE t;"),
        ("2_rows.up.sql", "INSERT INTO t VALUES (1), (2);\nINSERT INTO done VALUES (2);"),
        ("2_rows.down.sql", "DELETE FROM t;\nDELETE FROM done WHERE n = 2;"),
        ("3_outside.up.sql", outside),
        ("3_outside.down.sql", outside_down),
        ("4_last.up.sql", "INSERT INTO done VALUES (5);"),
        ("4_last.down.sql", "DELETE FROM done WHERE n = 5;"),
    ])
}

/// The same without the one outside of a transaction, for what has to be in one.
fn in_transactions() -> Migrations {
    migrations(&[
        ("1_tables.up.sql", "CREATE TABLE done (n integer);\nINSERT INTO done VALUES (1);"),
        ("1_tables.down.sql", "DROP TABLE done;"),
        ("2_rows.up.sql", "INSERT INTO done VALUES (2);"),
        ("2_rows.down.sql", "DELETE FROM done WHERE n = 2;"),
        ("3_more.up.sql", "INSERT INTO done VALUES (3);\nINSERT INTO done VALUES (4);"),
        ("3_more.down.sql", "DELETE FROM done WHERE n > 2;"),
    ])
}

struct Case {
    name: &'static str,
    /// Applied before, with the files up to this version, and statements by hand.
    before: Option<u64>,
    by_hand: &'static str,
    is_in_transactions: bool,
    options: fn(Migrator<'_>) -> Migrator<'_>,
    verb: Verb,
    /// What comes after a fault, if it is not the same again.
    then: Option<Verb>,
}

const PLAIN: Case = Case {
    name: "",
    before: None,
    by_hand: "",
    is_in_transactions: false,
    options: |migrator| migrator,
    verb: Verb::Run,
    then: None,
};

fn as_one(migrator: Migrator<'_>) -> Migrator<'_> {
    migrator.scope(Scope::All)
}

fn cases() -> Vec<Case> {
    let tables = "CREATE TABLE done (n integer); CREATE TABLE t (x integer); INSERT INTO done VALUES (1)";
    vec![
        Case { name: "run from nothing", ..PLAIN },
        Case { name: "run what is left", before: Some(1), ..PLAIN },
        Case { name: "run as one", is_in_transactions: true, options: as_one, ..PLAIN },
        Case { name: "revert", before: Some(4), verb: Verb::RevertTo(1), ..PLAIN },
        Case {
            name: "revert as one",
            before: Some(3),
            is_in_transactions: true,
            options: as_one,
            verb: Verb::RevertTo(1),
            ..PLAIN
        },
        Case {
            name: "reset",
            before: Some(4),
            options: |migrator| migrator.dangerously_allow_reset(),
            verb: Verb::Reset,
            ..PLAIN
        },
        // What was taken back by then is no longer among the last: a start brings it back.
        Case { name: "redo", before: Some(4), verb: Verb::RedoLast(2), then: Some(Verb::Run), ..PLAIN },
        Case { name: "baseline", by_hand: tables, verb: Verb::Baseline(1), ..PLAIN },
        Case {
            name: "adopt",
            by_hand: "CREATE TABLE old (version varchar(128) primary key); INSERT INTO old VALUES ('1'), ('2')",
            verb: Verb::Adopt(OldHistory::of(Tool::Dbmate).in_table("old")),
            ..PLAIN
        },
        Case {
            name: "repair",
            before: Some(2),
            by_hand: "UPDATE schema_migrations SET name = 'another' WHERE version = '2'",
            verb: Verb::Repair(2, "renamed"),
            ..PLAIN
        },
        Case { name: "mark applied", before: Some(1), verb: Verb::MarkApplied(2, "by hand"), ..PLAIN },
        Case { name: "mark pending", before: Some(2), verb: Verb::MarkPending(2, "by hand"), ..PLAIN },
    ]
}

impl Case {
    fn set(&self, driver: Driver) -> Migrations {
        if self.is_in_transactions { in_transactions() } else { files(driver) }
    }

    /// Brings the database to what the verb finds, whatever is in it.
    fn prepare(&self, fresh: &Fresh, set: &Migrations) {
        match fresh.driver() {
            Driver::Rusqlite => _ = std::fs::remove_file(fresh.file()),
            // Far cheaper than another database. A session that was lost may hold its locks for a moment.
            _ => fresh.connect().execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public"),
        }
        let mut connection = fresh.connect();
        if let Some(version) = self.before {
            connection.run(&Migrator::new(set).target(version)).unwrap();
        }
        if !self.by_hand.is_empty() {
            connection.execute(self.by_hand);
        }
    }

    fn migrator<'a>(&self, set: &'a Migrations) -> Migrator<'a> {
        // A server takes a moment to notice that a connection is lost.
        (self.options)(Migrator::new(set).wait_timeout(Duration::from_secs(30)).applied_by("the tests"))
    }

    /// Tries every point of the verb on a driver, and tells how many there were.
    fn check(&self, driver: Driver) -> usize {
        let set = self.set(driver);
        let migrator = self.migrator(&set);
        let fresh = Fresh::new(driver);
        self.prepare(&fresh, &set);
        fresh.connect().execute_verb(&migrator, &self.verb).unwrap();
        let expect = state(&mut fresh.connect());
        let mut points = 0;
        for fault in Fault::OUTLIVED {
            for request in 1.. {
                assert!(request < 200, "{} never ends", self.name);
                self.prepare(&fresh, &set);
                let (requests, what) =
                    (AtomicUsize::new(0), format!("{}, {driver:?}: {fault:?} at request {request}", self.name));
                let ended = match driver {
                    Driver::Rusqlite => {
                        let connection = rusqlite::Connection::open(fresh.file()).unwrap();
                        self.verb.execute(&migrator, &mut Faulty { connection, request, fault, requests: &requests })
                    }
                    _ => {
                        let connection = fresh.database().connect();
                        self.verb.execute(&migrator, &mut Faulty { connection, request, fault, requests: &requests })
                    }
                };
                if requests.load(Ordering::SeqCst) < request {
                    ended.unwrap_or_else(|error| panic!("{what}: {error}"));
                    break;
                }
                points += 1;
                // What a fault may be told as; a read that fails is tried again in another way, and does no harm.
                if let Err(error) = &ended {
                    let kinds = [ErrorKind::ConnectionLost, ErrorKind::Database, ErrorKind::StatementFailed];
                    assert!(kinds.contains(&error.kind()), "{what}: {error}");
                    assert!(error.to_string().contains("a fault on purpose"), "{what}: {error}");
                }
                let mut connection = fresh.connect();
                let again = connection.execute_verb(&migrator, self.then.as_ref().unwrap_or(&self.verb));
                again.unwrap_or_else(|error| panic!("{what}, then: {error}"));
                assert_eq!(state(&mut connection), expect, "{what}");
                assert!(!connection.is_in_transaction(), "{what}");
            }
        }
        points
    }
}

/// The schema, all rows, and what the history says of every migration.
fn state(connection: &mut Connection) -> Vec<String> {
    let mut state = vec![connection.fingerprint().to_string()];
    for table in connection.tables() {
        let rows = match table.as_str() {
            "schema_migrations" => {
                "SELECT version, name, checksum, state, statements, statements_begun, statements_done, claim, sql, down_sql \
                 FROM schema_migrations ORDER BY version"
                    .to_owned()
            }
            other => format!("SELECT * FROM {other} ORDER BY 1"),
        };
        state.extend(connection.rows(&rows).into_iter().map(|row| format!("{table}: {row}")));
    }
    state
}

fn check_all(driver: Driver) {
    let mut all = 0;
    for case in cases() {
        let points = case.check(driver);
        println!("{driver:?} {:18} {points:4} points", case.name);
        all += points;
    }
    println!("{driver:?} {all} points in all");
    assert!(all > 300, "{all}");
}

#[test]
fn a_fault_at_every_request_on_sqlite() {
    check_all(Driver::Rusqlite);
}

#[test]
fn a_fault_at_every_request_on_postgres() {
    check_all(Driver::Postgres);
}
