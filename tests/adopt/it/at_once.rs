//! Somebody writes to the old history while it is taken over: the writer is waited for, and what was written is seen.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use migrate_runtime::{Event, Migrations, Migrator, Tool};
use postgres::Client;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::adoption::{migrator, of_report};
use crate::history::{Old, folder};

const TABLE: &str =
    "CREATE TABLE schema_migrations (version varchar(128) primary key); INSERT INTO schema_migrations VALUES ('1')";
const WRITE: &str = "INSERT INTO schema_migrations VALUES ('2')";
const WATCHED: &str = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'schema_migrations'::regclass";

fn set() -> (TempDir, Migrations) {
    let files = folder(&[("1_a.sql", "SELECT 1;"), ("2_b.sql", "SELECT 2;"), ("3_c.sql", "SELECT 3;")]);
    let set = Migrations::from_folder(files.path()).unwrap();
    (files, set)
}

/// Ends the transaction of a writer as soon as somebody is told to wait.
fn when_waiting<'a>(set: &'a Migrations, commit: impl Fn() + Send + Sync + 'a, waits: &'a AtomicUsize) -> Migrator<'a> {
    migrator(set).on_event(move |event| {
        if let Event::Waiting { holder, .. } = event {
            if waits.fetch_add(1, Ordering::SeqCst) == 0 {
                commit();
            }
            assert!(holder.is_none_or(|holder| holder.contains("process")), "{holder:?}");
        }
    })
}

#[test]
fn a_writer_of_postgres_is_waited_for() {
    let (_files, set) = set();
    let Old::Postgres(database) = Old::postgres() else { unreachable!() };
    database.connect().batch_execute(TABLE).unwrap();
    let mut writer = database.connect();
    writer.batch_execute(&format!("BEGIN; {WRITE}")).unwrap();
    let (writer, waits) = (Mutex::new(writer), AtomicUsize::new(0));
    let migrator = when_waiting(&set, || writer.lock().unwrap().batch_execute("COMMIT").unwrap(), &waits);
    let report = migrator.adopt(&mut database.connect(), Tool::Dbmate).unwrap();
    assert_eq!(of_report(&report).0, "1 2");
    assert!(waits.load(Ordering::SeqCst) > 0);
}

#[test]
fn a_writer_of_sqlite_is_waited_for() {
    let (_files, set) = set();
    let place = tempfile::tempdir().unwrap();
    let open = || Connection::open(place.path().join("old.db")).unwrap();
    let writer = open();
    writer.execute_batch(&format!("{TABLE}; BEGIN IMMEDIATE; {WRITE}")).unwrap();
    let (writer, waits) = (Mutex::new(writer), AtomicUsize::new(0));
    let migrator = when_waiting(&set, || writer.lock().unwrap().execute_batch("COMMIT").unwrap(), &waits);
    let mut connection = open();
    connection.busy_timeout(Duration::ZERO).unwrap();
    let report = migrator.adopt(&mut connection, Tool::Dbmate).unwrap();
    assert_eq!(of_report(&report).0, "1 2");
    assert!(waits.load(Ordering::SeqCst) > 0);
}

#[test]
fn a_writer_who_never_ends_is_named() {
    let (_files, set) = set();
    let Old::Postgres(database) = Old::postgres() else { unreachable!() };
    database.connect().batch_execute(TABLE).unwrap();
    let mut writer = database.connect();
    writer.batch_execute(&format!("BEGIN; SET application_name = 'the old tool'; {WRITE}")).unwrap();
    let migrator = migrator(&set).wait_timeout(Duration::from_millis(300));
    let error = migrator.adopt(&mut database.connect(), Tool::Dbmate).unwrap_err();
    assert_eq!(error.code(), "wait-timeout", "{error}");
    assert!(error.to_string().contains("application the old tool"), "{error}");
    writer.batch_execute("ROLLBACK").unwrap();
    assert_eq!(of_report(&migrator.adopt(&mut database.connect(), Tool::Dbmate).unwrap()).0, "1");
}

#[test]
fn what_is_written_behind_the_look_is_seen_on_postgres() {
    let (_files, set) = set();
    // With a snapshot of the whole transaction, it is a matter of order.
    for isolation in ["read committed", "repeatable read", "serializable"] {
        let Old::Postgres(database) = Old::postgres() else { unreachable!() };
        database.connect().batch_execute(TABLE).unwrap();
        let mut writer = database.connect();
        writer.batch_execute(&format!("BEGIN; {WRITE}")).unwrap();
        let mut watcher = database.connect();
        let waiting = thread::spawn(move || {
            until(|| count(&mut watcher) > 0);
            writer.batch_execute("COMMIT").unwrap();
        });
        let mut connection = database.connect();
        connection.batch_execute(&format!("SET default_transaction_isolation = '{isolation}'")).unwrap();
        let report = migrator(&set).adopt(&mut connection, Tool::Dbmate).unwrap();
        waiting.join().unwrap();
        assert_eq!(of_report(&report).0, "1 2", "{isolation}");
    }
}

#[test]
fn what_is_written_behind_the_look_is_seen_on_sqlite() {
    static IS_WAITING: AtomicBool = AtomicBool::new(false);
    let (_files, set) = set();
    let place = tempfile::tempdir().unwrap();
    let open = || Connection::open(place.path().join("old.db")).unwrap();
    let writer = open();
    writer.execute_batch(&format!("{TABLE}; BEGIN IMMEDIATE; {WRITE}")).unwrap();
    let waiting = thread::spawn(move || {
        until(|| IS_WAITING.load(Ordering::SeqCst));
        writer.execute_batch("COMMIT").unwrap();
    });
    let mut connection = open();
    let wait = |tries: i32| {
        IS_WAITING.store(true, Ordering::SeqCst);
        thread::sleep(Duration::from_millis(2));
        tries < 5_000
    };
    connection.busy_handler(Some(wait)).unwrap();
    let report = migrator(&set).adopt(&mut connection, Tool::Dbmate).unwrap();
    waiting.join().unwrap();
    assert_eq!(of_report(&report).0, "1 2");
}

#[test]
fn two_who_adopt_at_once() {
    let (_files, set) = set();
    for _ in 0..5 {
        let Old::Postgres(database) = Old::postgres() else { unreachable!() };
        database.connect().batch_execute(TABLE).unwrap();
        let adopted: Vec<usize> = thread::scope(|scope| {
            let one = || migrator(&set).adopt(&mut database.connect(), Tool::Dbmate).unwrap().changes().len();
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(adopted.iter().sum::<usize>(), 1, "{adopted:?}");
    }
}

fn count(client: &mut Client) -> i64 {
    client.query_one(WATCHED, &[]).unwrap().get(0)
}

fn until(mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "nobody waits");
        thread::sleep(Duration::from_millis(2));
    }
}
