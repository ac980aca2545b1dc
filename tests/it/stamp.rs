//! SQLite's `user_version` as a stamp of an opt-in start that reads nothing else.

use std::sync::Mutex;

use migrate_runtime::{Error, Event, Migrations, Migrator, Report, Step, Version};
use migrate_tests::{Directed, Director, Driver, Fault, Fresh, Requests, migrations, numbered};
use rusqlite::Connection;

const FILES: [(&str, &str); 3] =
    [("1_a.up.sql", "CREATE TABLE a (x);"), ("1_a.down.sql", "DROP TABLE a;"), ("2_b.sql", "CREATE TABLE b (x);")];

fn stamped(set: &Migrations) -> Migrator<'_> {
    Migrator::new(set).user_version_stamp()
}

/// Runs, and tells what was asked of the database.
fn run(migrator: &Migrator<'_>, connection: &Connection) -> (Result<Report, Error>, Vec<String>) {
    run_on(migrator, Connection::open(connection.path().unwrap()).unwrap())
}

fn run_on(migrator: &Migrator<'_>, connection: Connection) -> (Result<Report, Error>, Vec<String>) {
    let requests = Requests::default();
    let ran = migrator.run(&mut Directed::new(connection, &requests));
    (ran, requests.take())
}

fn stamp(connection: &Connection) -> i64 {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
}

struct File {
    connection: Connection,
    _folder: tempfile::TempDir,
}

fn file() -> File {
    let folder = tempfile::tempdir().unwrap();
    File { connection: Connection::open(folder.path().join("main.db")).unwrap(), _folder: folder }
}

#[test]
fn a_start_that_finds_it_asks_for_nothing_else() {
    let (set, file) = (migrations(&FILES), file());
    let migrator = stamped(&set);
    let (ran, requests) = run(&migrator, &file.connection);
    assert_eq!(ran.unwrap().changes().len(), 2);
    assert!(requests.len() > 10, "{requests:?}");
    let (ran, requests) = run(&migrator, &file.connection);
    let report = ran.unwrap();
    assert_eq!(
        (report.changes().len(), report.to_string()),
        (0, Migrator::new(&set).run(&mut { file.connection }).unwrap().to_string())
    );
    assert_eq!(requests, ["PRAGMA user_version"]);
}

/// A start that ends at it tells what any other one tells.
#[test]
fn a_start_that_finds_it_counts_the_steps_too() {
    let (set, mut file) = (migrations(&FILES), file());
    let plain = Migrator::new(&set).step(3, "c", Step::rusqlite(|_| Ok(())));
    let stamped = plain.clone().user_version_stamp();
    stamped.run(&mut file.connection).unwrap();
    let told = [stamped, plain].map(|migrator| migrator.run(&mut file.connection).unwrap().to_string());
    assert_eq!(told, ["up to date, 3 migrations"; 2]);
}

/// Where something is left to do there is none, and no transaction that was begun for it stays open.
#[test]
fn what_is_left_out_leaves_none() {
    let (set, mut file) = (migrations(&FILES), file());
    stamped(&set).at_most(1).run(&mut file.connection).unwrap();
    assert!(file.connection.is_autocommit());
    assert_eq!(stamp(&file.connection), 0);
}

#[test]
fn it_is_written_where_another_binary_has_migrated() {
    let (set, mut file) = (migrations(&FILES), file());
    Migrator::new(&set).run(&mut file.connection).unwrap();
    assert_eq!(stamp(&file.connection), 0);
    run(&stamped(&set), &file.connection).0.unwrap();
    assert_ne!(stamp(&file.connection), 0);
    assert_eq!(run(&stamped(&set), &file.connection).1, ["PRAGMA user_version"]);
}

/// Whatever the history, the stamp never says more than it.
#[test]
fn whatever_changes_the_history_takes_it_away() {
    let set = migrations(&FILES);
    type Run = fn(&Migrator<'_>, &mut Connection) -> Result<Report, Error>;
    let verbs: [Run; 5] = [
        |migrator, db| migrator.mark_pending(db, Version::from(2), "by hand"),
        |migrator, db| migrator.clone().dangerously_allow_reset().reset(db),
        |migrator, db| migrator.revert_to(db, Version::from(1)),
        |migrator, db| migrator.redo_last(db, 1),
        |migrator, db| migrator.revert_last(db, 1),
    ];
    for down in ["DROP TABLE b;", "DROP TABLE nowhere;"] {
        let whole = migrations(&[FILES[0], FILES[1], ("2_b.up.sql", FILES[2].1), ("2_b.down.sql", down)]);
        for (number, verb) in verbs.iter().enumerate() {
            let mut file = file();
            run(&stamped(&whole), &file.connection).0.unwrap();
            let before = stamp(&file.connection);
            let ended = verb(&stamped(&whole), &mut file.connection);
            let is_whole = Migrator::new(&whole).verify(&mut file.connection).is_ok();
            assert_eq!(ended.is_ok(), number == 0 || down.contains(" b"), "{ended:?}");
            assert!(is_whole || stamp(&file.connection) == 0, "{number} {down}");
            if ended.is_err() {
                assert_eq!(stamp(&file.connection), before, "what is rolled back leaves it");
            }
        }
    }
    // A script that fails, one that was interrupted, and one that is there no more.
    let mut file = file();
    run(&stamped(&set), &file.connection).0.unwrap();
    for more in ["SELECT * FROM nowhere;", "-- migrate: no-transaction\nVACUUM;\nSELECT * FROM nowhere;"] {
        let longer = migrations(&[FILES[0], FILES[1], FILES[2], ("3_c.sql", more)]);
        run(&stamped(&longer), &file.connection).0.unwrap_err();
        assert_eq!(stamp(&file.connection) == 0, more.contains("VACUUM"));
    }
    stamped(&set).verify(&mut file.connection).unwrap_err();
}

/// Another text, a migration more, another name of the table or the set, a step: each has its own.
#[test]
fn each_set_has_its_own() {
    let other_text = [FILES[0], FILES[1], ("2_b.sql", "CREATE TABLE b (y);")];
    let fewer = [FILES[0], FILES[1]];
    let sets = [&FILES[..], &other_text, &fewer].map(migrations);
    let step = || Step::rusqlite(|_| Ok(()));
    let mut stamps = Vec::new();
    let mut note = |migrator: Migrator<'_>| {
        let mut file = file();
        migrator.run(&mut file.connection).unwrap();
        stamps.push(stamp(&file.connection));
    };
    sets.iter().for_each(|set| note(stamped(set)));
    note(stamped(&sets[0]).history_table("other"));
    note(stamped(&sets[0]).step(3, "c", step()));
    note(stamped(&sets[0]).step(4, "c", step()));
    note(stamped(&sets[0]).step(3, "d", step()));
    note(stamped(&sets[0]).step(3, "c", step().revision(2)));
    let count = stamps.len();
    stamps.sort();
    stamps.dedup();
    assert_eq!(stamps.len(), count);
    assert!(stamps.iter().all(|stamp| *stamp >= 1 << 30));
}

#[test]
fn it_does_not_hide_what_a_release_brings() {
    let (set, file) = (migrations(&FILES), file());
    run(&stamped(&set), &file.connection).0.unwrap();
    let newer = migrations(&[FILES[0], FILES[1], FILES[2], ("3_c.sql", "CREATE TABLE c (x);")]);
    assert_eq!(run(&stamped(&newer), &file.connection).0.unwrap().changes().len(), 1);
    // The old one is behind now, and is told so, each time.
    for _ in 0..2 {
        run(&stamped(&set), &file.connection).0.unwrap_err();
    }
    assert_eq!(run(&stamped(&newer), &file.connection).1, ["PRAGMA user_version"]);
}

/// Between the last look and the stamp nobody can get in.
#[test]
fn nobody_gets_between_the_history_and_the_stamp() {
    let (set, file) = (migrations(&FILES), file());
    let other = Mutex::new(Connection::open(file.connection.path().unwrap()).unwrap());
    struct Meddler<'a>(&'a Mutex<Connection>, &'a str);
    impl Director for Meddler<'_> {
        fn before(&self, sql: &str) -> Option<Fault> {
            if sql.contains(self.1) {
                let other = self.0.lock().unwrap();
                other.busy_timeout(std::time::Duration::ZERO).unwrap();
                // Where a transaction is open it is kept out.
                let _ = other.execute("DELETE FROM schema_migrations WHERE version = '2'", []);
            }
            None
        }
    }
    Migrator::new(&set).run(&mut Connection::open(file.connection.path().unwrap()).unwrap()).unwrap();
    for moment in ["BEGIN IMMEDIATE", "PRAGMA user_version ="] {
        let open = || Connection::open(file.connection.path().unwrap()).unwrap();
        let _ = stamped(&set).run(&mut Directed::new(open(), &Meddler(&other, moment)));
        let mut twin = open();
        let is_whole = Migrator::new(&set).verify(&mut twin).is_ok();
        assert_eq!((stamp(&twin) != 0, is_whole), (moment.contains("user"), moment.contains("user")), "{moment}");
        twin.execute("DELETE FROM schema_migrations WHERE version = '2'; ", []).unwrap();
        twin.execute_batch("DROP TABLE IF EXISTS b; PRAGMA user_version = 0").unwrap();
        Migrator::new(&set).run(&mut twin).unwrap();
    }
}

#[test]
fn nobody_else_s_number_is_touched() {
    let (set, mut file) = (migrations(&FILES), file());
    file.connection.execute_batch("PRAGMA user_version = 7").unwrap();
    Migrator::new(&set).run(&mut file.connection).unwrap();
    assert_eq!(stamp(&file.connection), 7);
    // Inside somebody's transaction nothing is stamped.
    file.connection.execute_batch("PRAGMA user_version = 0").unwrap();
    let mut transaction = file.connection.transaction().unwrap();
    stamped(&set).run(&mut transaction).unwrap();
    transaction.commit().unwrap();
    assert_eq!(stamp(&file.connection), 0);
    let told = Mutex::new(0);
    let migrator =
        stamped(&set).on_event(|event| *told.lock().unwrap() += usize::from(matches!(event, Event::Finished { .. })));
    migrator.run(&mut file.connection).unwrap();
    migrator.run(&mut file.connection).unwrap();
    assert_eq!(*told.lock().unwrap(), 2, "a start that ends at the stamp is told, too");
}

/// The stamp is worth no wait, and says nothing of another database or of a target.
#[test]
fn where_it_says_nothing_it_is_not_there() {
    let (set, mut file) = (migrations(&FILES), file());
    file.connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 60000").unwrap();
    Migrator::new(&set).run(&mut file.connection).unwrap();
    let writer = Connection::open(file.connection.path().unwrap()).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let started = std::time::Instant::now();
    stamped(&set).run(&mut file.connection).unwrap();
    assert!(started.elapsed() < std::time::Duration::from_secs(20), "{:?}", started.elapsed());
    let patience: i64 = file.connection.query_row("PRAGMA busy_timeout", [], |row| row.get(0)).unwrap();
    assert_eq!((patience, stamp(&file.connection)), (60000, 0));
    writer.execute_batch("COMMIT").unwrap();
    stamped(&set).run(&mut file.connection).unwrap();
    assert_ne!(stamp(&file.connection), 0);
    stamped(&set).target(Version::from(99)).run(&mut file.connection).unwrap_err();

    let mut other = Connection::open_in_memory().unwrap();
    for _ in 0..2 {
        other
            .execute_batch("ATTACH ':memory:' AS t; DROP TABLE IF EXISTS main.a; DROP TABLE IF EXISTS main.b")
            .unwrap();
        let report = stamped(&set).history_table("t.schema_migrations").run(&mut other).unwrap();
        assert_eq!((report.changes().len(), stamp(&other)), (2, 0));
        other.execute_batch("DETACH t").unwrap();
    }
}

/// A connection that waits for nobody is left as it is, and one to a server has no such number.
#[test]
fn it_needs_no_patience_and_no_server_has_it() {
    let (set, file) = (migrations(&FILES), file());
    let impatient = Connection::open(file.connection.path().unwrap()).unwrap();
    impatient.busy_timeout(std::time::Duration::ZERO).unwrap();
    let (ran, requests) = run_on(&stamped(&set), impatient);
    ran.unwrap();
    assert_ne!(stamp(&file.connection), 0);
    assert!(!requests.iter().any(|request| request.starts_with("PRAGMA busy_timeout =")), "{requests:?}");

    let (set, fresh, requests) = (numbered(2), Fresh::new(Driver::Postgres), Requests::default());
    for changes in [2, 0] {
        let mut directed = Directed::new(fresh.database().connect(), &requests);
        assert_eq!(stamped(&set).run(&mut directed).unwrap().changes().len(), changes);
    }
    assert!(!requests.take().iter().any(|request| request.contains("PRAGMA")));
}
