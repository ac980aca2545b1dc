//! SQLite: databases that scripts and steps attach, which neither a commit nor a rollback detaches.

use std::sync::Mutex;
use std::time::Duration;

use migrate_runtime::{ErrorKind, Event, Migrations, Migrator, Scope, Step};
use migrate_tests::{Connection, Director, Driver, Fault, Fresh, Verb, migrations};
use rusqlite::Connection as Sqlite;

const FIRST: (&str, &str) = ("1_first.sql", "SELECT 1;");

/// A history, a table `t` in it, and a connection that waits for nobody and has attached `mine`.
fn connected(fresh: &Fresh) -> Sqlite {
    let mut connection = Sqlite::open(fresh.file()).unwrap();
    connection.busy_timeout(Duration::ZERO).unwrap();
    connection.execute_batch("CREATE TABLE t (x); ATTACH ':memory:' AS mine").unwrap();
    migrations(&[FIRST]).run(&mut connection).unwrap();
    connection
}

/// `ATTACH` of a file beside the database of the history.
fn attach(fresh: &Fresh) -> String {
    format!("ATTACH '{}' AS other;", fresh.file().with_extension("other").display())
}

fn attached(connection: &Sqlite) -> Vec<String> {
    let mut names = connection.prepare("SELECT name FROM pragma_database_list").unwrap();
    names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// Runs while another connection is in the way of the first try, and lets go when it is waited for.
fn run_behind(other: Sqlite, migrator: Migrator<'_>, connection: &mut Sqlite) {
    let other = Mutex::new(Some(other));
    let migrator = migrator.on_event(|event| {
        if let Event::Waiting { .. } = event {
            other.lock().unwrap().take();
        }
    });
    let report = migrator.run(connection).unwrap();
    assert_eq!(report.changes().len(), 1, "{report}");
    assert!(other.lock().unwrap().is_none(), "nobody was waited for");
}

/// Somebody who reads a file, so that no other one commits to it, or who writes to it.
fn in_the_way(file: &std::path::Path, locks: &str) -> Sqlite {
    let other = Sqlite::open(file).unwrap();
    other.execute_batch(locks).unwrap();
    other
}

/// What a try attached, whose commit or statement has met a lock, is no hindrance to the next one.
#[test]
fn what_was_attached_is_attached_again_by_another_try() {
    for scope in [Scope::PerMigration, Scope::All] {
        for is_main in [true, false] {
            let fresh = Fresh::new(Driver::Rusqlite);
            let mut connection = connected(&fresh);
            let set = migrations(&[
                FIRST,
                ("2_b.sql", &format!("{}INSERT INTO other.o SELECT count(*) FROM t; DELETE FROM t;", attach(&fresh))),
            ]);
            let file = fresh.file().with_extension("other");
            Sqlite::open(&file).unwrap().execute_batch("CREATE TABLE o (x)").unwrap();
            let other = match is_main {
                true => in_the_way(&fresh.file(), "BEGIN; SELECT * FROM t"),
                false => in_the_way(&file, "BEGIN IMMEDIATE"),
            };
            run_behind(other, Migrator::new(&set).scope(scope), &mut connection);
            assert_eq!(attached(&connection), ["main", "mine"], "{scope:?}, {is_main}");
            let count = |connection: &Sqlite| connection.query_row("SELECT count(*) FROM o", [], |row| row.get(0));
            assert_eq!(count(&Sqlite::open(&file).unwrap()), Ok(1), "{scope:?}, {is_main}");
        }
    }
}

/// So it is with what the function of a step has attached.
#[test]
fn what_a_step_has_attached_goes_with_its_try() {
    for scope in [Scope::PerMigration, Scope::All] {
        let fresh = Fresh::new(Driver::Rusqlite);
        let mut connection = connected(&fresh);
        let (set, attach) = (migrations(&[FIRST]), attach(&fresh));
        let step = Step::rusqlite(move |tx| Ok(tx.execute_batch(&format!("{attach} INSERT INTO t VALUES (1)"))?));
        let other = in_the_way(&fresh.file(), "BEGIN; SELECT * FROM t");
        run_behind(other, Migrator::new(&set).step(2, "step", step).scope(scope), &mut connection);
        assert_eq!(attached(&connection), ["main", "mine"], "{scope:?}");
    }
}

/// Every script attaches for itself, so that the database where one has run long ago is not another one for the next: up and down, in a
/// transaction and outside of any.
#[test]
fn what_a_script_attaches_is_detached_behind_it() {
    let fresh = Fresh::new(Driver::Rusqlite);
    let mut connection = connected(&fresh);
    let attach = attach(&fresh);
    let files = [
        FIRST,
        ("2_b.sql", &*format!("{attach}CREATE TABLE other.o (x);")),
        ("2_b.down.sql", &format!("{attach}DROP TABLE other.o;")),
        ("3_c.sql", &format!("{attach}INSERT INTO other.o VALUES (3);")),
        ("3_c.down.sql", &format!("{attach}DELETE FROM other.o;")),
        ("4_d.sql", &format!("-- migrate: no-transaction\n{attach}INSERT INTO other.o VALUES (4);")),
        ("4_d.down.sql", &format!("-- migrate: no-transaction\n{attach}DELETE FROM other.o;")),
    ];
    let set = migrations(&files);
    set.run(&mut connection).unwrap();
    assert_eq!(attached(&connection), ["main", "mine"]);
    let other = Sqlite::open(fresh.file().with_extension("other")).unwrap();
    let sum: u32 = other.query_row("SELECT sum(x) FROM o", [], |row| row.get(0)).unwrap();
    assert_eq!(sum, 7);
    Migrator::new(&set).revert_to(&mut connection, 1.into()).unwrap();
    assert_eq!(attached(&connection), ["main", "mine"]);

    // What was used in a transaction of the caller's can be detached behind that alone.
    let fresh = Fresh::new(Driver::Rusqlite);
    let mut connection = connected(&fresh);
    let set = migrations(&files[..2]);
    let mut transaction = connection.transaction().unwrap();
    set.run(&mut transaction).unwrap();
    transaction.commit().unwrap();
    assert_eq!(attached(&connection), ["main", "mine", "other"]);
}

/// What a script attaches in the place of what the program has attached is detached as well: nobody writes to one file for another.
#[test]
fn what_is_attached_in_place_of_another_is_detached() {
    let fresh = Fresh::new(Driver::Rusqlite);
    let mut connection = Sqlite::open(fresh.file()).unwrap();
    let of_program = fresh.file().with_extension("mine");
    connection.execute_batch(&format!("ATTACH '{}' AS other", of_program.display())).unwrap();
    let script = format!("-- migrate: no-transaction\nDETACH other;\n{}\nCREATE TABLE other.o (x);", attach(&fresh));
    migrations(&[("1_a.sql", &script)]).run(&mut connection).unwrap();
    assert_eq!(attached(&connection), ["main"]);
}

/// Two that attach under one name cannot be in one transaction, and the error says what to do.
#[test]
fn one_transaction_attaches_a_name_once() {
    let fresh = Fresh::new(Driver::Rusqlite);
    let mut connection = connected(&fresh);
    let attach = attach(&fresh);
    let set = migrations(&[
        FIRST,
        ("2_b.sql", &format!("{attach}CREATE TABLE other.o (x);")),
        ("3_c.sql", &format!("{attach}INSERT INTO other.o VALUES (3);")),
    ]);
    let all = Migrator::new(&set).scope(Scope::All);
    let error = all.run(&mut connection).unwrap_err().to_string();
    assert!(error.contains("database other is already in use") && error.contains("attach it itself"), "{error}");
    assert_eq!(attached(&connection), ["main", "mine"]);
    Migrator::new(&set).run(&mut connection).unwrap();
}

/// A script that has failed leaves nothing attached: when its file is corrected, it runs on the same connection.
#[test]
fn a_script_that_has_failed_leaves_nothing_attached() {
    for scope in [Scope::PerMigration, Scope::All] {
        let fresh = Fresh::new(Driver::Rusqlite);
        let mut connection = connected(&fresh);
        let set = |last: &str| migrations(&[FIRST, ("2_b.sql", &format!("{}{last}", attach(&fresh)))]);
        let run = |set: &Migrations, connection: &mut Sqlite| Migrator::new(set).scope(scope).run(connection);
        run(&set("CREATE TABLE other.o (x); SELECT * FROM nowhere;"), &mut connection).unwrap_err();
        assert_eq!(attached(&connection), ["main", "mine"], "{scope:?}");
        run(&set("CREATE TABLE other.o (x);"), &mut connection).unwrap();
    }
}

/// In a transaction of the caller's it stays attached where it was used, as long as that lasts; then the name is told to be taken.
#[test]
fn a_name_that_is_taken_is_told_with_what_to_do() {
    let fresh = Fresh::new(Driver::Rusqlite);
    let mut connection = connected(&fresh);
    let set = migrations(&[
        FIRST,
        ("2_b.sql", &format!("{}CREATE TABLE other.o (x); SELECT * FROM nowhere;", attach(&fresh))),
    ]);
    let run = |connection: &mut Sqlite| {
        let mut transaction = connection.transaction().unwrap();
        Migrator::new(&set).run(&mut transaction).unwrap_err().to_string()
    };
    assert!(run(&mut connection).contains("no such table: nowhere"));
    assert_eq!(attached(&connection), ["main", "mine", "other"]);
    let error = run(&mut connection);
    assert!(error.contains("database other is already in use") && error.contains("`DETACH` it first"), "{error}");
    connection.execute_batch("DETACH other").unwrap();
    assert!(run(&mut connection).contains("no such table: nowhere"));

    let set = migrations(&[FIRST, ("2_b.sql", &format!("{}CREATE TABLE other.o (x); DETACH other;", attach(&fresh)))]);
    connection.execute_batch("DETACH other").unwrap();
    let error = set.run(&mut connection).unwrap_err().to_string();
    assert!(error.contains("database other is locked") && error.contains("no-transaction"), "{error}");
}

/// Outside of a transaction, where somebody writes to the history between `ATTACH` and its record for too long: it counts as not done.
#[test]
fn what_was_attached_and_not_recorded_is_attached_again() {
    struct Writer(Mutex<Sqlite>);
    impl Director for Writer {
        fn before(&self, sql: &str) -> Option<Fault> {
            if sql.starts_with("ATTACH") {
                self.0.lock().unwrap().execute_batch("BEGIN IMMEDIATE").unwrap();
            }
            None
        }
    }

    let fresh = Fresh::new(Driver::Rusqlite);
    let connection = connected(&fresh);
    let script = format!("-- migrate: no-transaction\n{}CREATE TABLE other.o (x);", attach(&fresh));
    let set = migrations(&[FIRST, ("2_b.sql", &script)]);
    let migrator = Migrator::new(&set).wait_timeout(Duration::ZERO);
    let writer = Writer(Mutex::new(Sqlite::open(fresh.file()).unwrap()));
    let (ended, connection) = Verb::Run.execute_directed(&migrator, Connection::Rusqlite(connection), &writer);
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::WaitTimeout);
    writer.0.lock().unwrap().execute_batch("ROLLBACK").unwrap();
    let Connection::Rusqlite(mut connection) = connection else { unreachable!() };
    assert_eq!(attached(&connection), ["main", "mine"]);
    migrator.run(&mut connection).unwrap();
    assert_eq!(attached(&connection), ["main", "mine"]);
}
