//! All migrations of a run in one transaction.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use migrate_runtime::{Event, Migrator, Scope};
use migrate_tests::{Directed, Director, Driver, Fault, Fresh, migrations, numbered};
use rusqlite::limits::Limit;

#[test]
fn the_transaction_around_all_is_immediate() {
    let fresh = Fresh::new(Driver::Rusqlite);
    let mut connection = rusqlite::Connection::open(fresh.file()).unwrap();
    numbered(1).run(&mut connection).unwrap();
    let other = Mutex::new(rusqlite::Connection::open(fresh.file()).unwrap());
    let three = numbered(3);
    let planned = Mutex::new(0);
    let migrator = Migrator::new(&three).scope(Scope::All).on_event(|event| {
        if let Event::Planned { .. } = event {
            *planned.lock().unwrap() += 1;
            let other = other.lock().unwrap();
            other.busy_timeout(Duration::ZERO).unwrap();
            assert!(other.execute_batch("BEGIN IMMEDIATE").is_err());
        }
    });
    migrator.run(&mut connection).unwrap();
    assert_eq!(*planned.lock().unwrap(), 1);
}

/// Rows of a transaction around all are written together, many at once, but before anything looks for them: a script that names the
/// history, one that reads it through a view, or a trigger of somebody's.
#[test]
fn the_rows_of_a_transaction_around_all_are_there_for_whoever_looks() {
    const LOOKS: &str = "INSERT INTO seen SELECT count(*) FROM";
    const ANYTHING: &str = "CREATE TABLE t (x); DROP TABLE t;";
    let counted = |before: &str, looks: [(usize, &str); 2]| {
        let mut files: Vec<(String, String)> = (1..=250).map(|n| (format!("{n}_x.sql"), ANYTHING.to_owned())).collect();
        looks.iter().for_each(|(number, look)| files[number - 1].1 = (*look).to_owned());
        let files: Vec<(&str, &str)> = files.iter().map(|(name, sql)| (&**name, &**sql)).collect();
        let fresh = Fresh::new(Driver::Rusqlite);
        let mut connection = fresh.connect();
        let first = migrations(&files[..1]);
        connection.run(&Migrator::new(&first)).unwrap();
        connection.execute("CREATE TABLE seen (rows)");
        connection.execute(before);
        let set = migrations(&files);
        connection.run(&Migrator::new(&set).scope(Scope::All)).unwrap();
        connection.verify(&Migrator::new(&set)).unwrap();
        connection.rows("SELECT rows FROM seen")
    };
    let (history, view) = (format!("{LOOKS} Schema_Migrations WHERE state = 'applied'"), format!("{LOOKS} v"));
    let v = "CREATE VIEW v AS SELECT * FROM SCHEMA_migrations WHERE state = 'applied'";
    assert_eq!(counted("", [(120, &history), (230, &history)]), ["119", "229"]);
    assert_eq!(counted(v, [(120, &view), (230, &view)]), ["119", "229"]);
    assert_eq!(counted("", [(20, v), (230, &view)]), ["229"]);
    let trigger = format!("CREATE TABLE fires (x); CREATE TRIGGER f AFTER INSERT ON fires BEGIN {history}; END");
    let fires = "INSERT INTO fires VALUES (1)";
    assert_eq!(counted(&trigger, [(120, fires), (230, fires)]), ["119", "229"]);
    assert_eq!(counted("", [(2, &trigger), (230, fires)]), ["229"]);
    // A foreign key looks, too.
    let key = "PRAGMA foreign_keys = ON; CREATE TABLE refers (s, v, FOREIGN KEY (s, v) REFERENCES schema_migrations (\"set\", version))";
    let refer = "INSERT INTO refers VALUES ('default', '119'); INSERT INTO seen SELECT count(*) FROM refers";
    assert_eq!(counted(key, [(120, refer), (230, refer)]), ["1", "2"]);
}

/// Where the connection has limits that a row keeps, many of them keep them, too.
#[test]
fn the_rows_of_a_transaction_around_all_fit_the_limits_of_the_connection() {
    let size = |sql: String| format!("CREATE TABLE {sql} (x /* {} */);", "x".repeat(1_000));
    let files: Vec<(String, String)> = (1..=60).map(|n| (format!("{n}_t.sql"), size(format!("t{n}")))).collect();
    let set = migrations(&files.iter().map(|(name, sql)| (&**name, &**sql)).collect::<Vec<_>>());
    for (limit, most) in [(Limit::SQLITE_LIMIT_SQL_LENGTH, 5_000), (Limit::SQLITE_LIMIT_VDBE_OP, 400)] {
        let mut connection = rusqlite::Connection::open_in_memory().unwrap();
        _ = connection.set_limit(limit, most);
        Migrator::new(&set).scope(Scope::All).run(&mut connection).unwrap();
        set.verify(&mut connection).unwrap();
    }
}

/// Others are in the way of the first request that has these words in it.
struct MeetsOthers {
    at: &'static str,
    has_met: AtomicBool,
}

impl Director for MeetsOthers {
    fn before(&self, sql: &str) -> Option<Fault> {
        (sql.contains(self.at) && !self.has_met.swap(true, Ordering::Relaxed)).then_some(Fault::Busy)
    }
}

/// A row that the history refuses for a while is tried again alone.
#[test]
fn a_row_that_meets_others_is_written_once() {
    let set = migrations(&[("1_t.sql", "CREATE TABLE t1 (x)"), ("2_t.sql", "CREATE TABLE t2 (x)")]);
    let director = MeetsOthers { at: "'2', 't'", has_met: AtomicBool::new(false) };
    let mut directed = Directed::new(rusqlite::Connection::open_in_memory().unwrap(), &director);
    assert_eq!(set.run(&mut directed).unwrap().changes().len(), 2);
    assert!(director.has_met.load(Ordering::Relaxed));
    set.verify(&mut directed.into_inner()).unwrap();
}

/// Whoever is in the way of a transaction around all makes it begin anew, without what was still to be written.
#[test]
fn a_transaction_around_all_that_meets_others_in_the_middle() {
    let files = [1, 2, 3, 4].map(|number| (format!("{number}_t.sql"), format!("CREATE TABLE t{number} (x)")));
    let set = migrations(&files.each_ref().map(|(name, sql)| (&**name, &**sql)));
    let director = MeetsOthers { at: "CREATE TABLE t3", has_met: AtomicBool::new(false) };
    let mut directed = Directed::new(rusqlite::Connection::open_in_memory().unwrap(), &director);
    let report = Migrator::new(&set).scope(Scope::All).run(&mut directed).unwrap();
    assert!(director.has_met.load(Ordering::Relaxed));
    assert_eq!(report.changes().len(), 4);
    set.verify(&mut directed.into_inner()).unwrap();
}

/// Nothing stays when the history refuses one of several rows that are written together, and the error does not blame a single one.
#[test]
fn a_row_that_is_refused_among_others() {
    let set = migrations(&[
        ("1_a.sql", "CREATE TABLE a (x)"),
        ("2_b.sql", "CREATE TABLE b (x)"),
        ("3_c.sql", "CREATE TABLE c (x)"),
        ("4_d.sql", "CREATE TABLE d (x)"),
    ]);
    let fresh = Fresh::new(Driver::Rusqlite);
    let mut connection = fresh.connect();
    connection.run(&Migrator::new(&set).target(2)).unwrap();
    connection.execute("CREATE UNIQUE INDEX odd ON schema_migrations (state) WHERE version IN ('1', '3')");
    let error = connection.run(&Migrator::new(&set).scope(Scope::All)).unwrap_err();
    assert!(error.to_string().contains("migration 4_d could not be written to the history table"), "{error}");
    assert!(error.to_string().contains("those of the 1 migration before it"), "{error}");
    assert_eq!(connection.tables(), ["a", "b", "schema_migrations"]);
    assert!(!connection.is_in_transaction());
    connection.execute("DROP INDEX odd");
    connection.run(&Migrator::new(&set).scope(Scope::All)).unwrap();
    connection.verify(&Migrator::new(&set)).unwrap();
}
