//! On SQLite.

use std::thread;
use std::time::{Duration, Instant};

use migrate_runtime::{ErrorKind, Migrator, Step, fingerprint, testing};
use migrate_tests::{migrations, numbered, set};

#[test]
fn each_database_is_migrated_and_nobody_elses() {
    let three = numbered(3);
    let mut expect = rusqlite::Connection::open_in_memory().unwrap();
    three.run(&mut expect).unwrap();
    for _ in 0..3 {
        let mut db = testing::sqlite(&three).unwrap();
        three.verify(&mut db).unwrap();
        assert_eq!(fingerprint(&mut db).unwrap(), fingerprint(&mut expect).unwrap());
        db.execute_batch("INSERT INTO t1 VALUES (1)").unwrap();
        let rows: i64 = db.query_row("SELECT count(*) FROM t1", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 1);
        db.execute_batch("DROP TABLE t2").unwrap();
    }
}

#[test]
fn sets_are_told_apart() {
    let up = ("1_a.up.sql", "CREATE TABLE a (x INT)");
    let sets = [
        migrations(&[up]),
        migrations(&[up, ("1_a.down.sql", "DROP TABLE a")]),
        migrations(&[up, ("1_a.down.sql", "DROP TABLE IF EXISTS a")]),
        migrations(&[("1_b.up.sql", up.1)]),
        set("other", &[up]),
    ];
    let history = "SELECT \"set\" || ' ' || name || ' ' || coalesce(down_sql, '-') FROM schema_migrations";
    let told: Vec<String> = sets
        .iter()
        .map(|set| testing::sqlite(set).unwrap().query_row(history, [], |row| row.get(0)).unwrap())
        .collect();
    assert_eq!(
        told,
        ["default a -", "default a DROP TABLE a", "default a DROP TABLE IF EXISTS a", "default b -", "other a -"]
    );
}

#[test]
fn a_migrator_makes_databases_as_well() {
    let [base, more] = super::two_sets();
    let made = |table: &str, name: &str| {
        let step = Step::rusqlite(|tx| Ok(tx.execute_batch(super::IN_RUST)?));
        Migrator::many([more, base]).history_table(table).step_of(more, 2, name, step)
    };
    for (table, name) in [("h", "in rust"), ("h", "in another way"), ("other", "in rust")] {
        for _ in 0..2 {
            let mut db = testing::sqlite(made(table, name)).unwrap();
            made(table, name).verify(&mut db).unwrap();
            let named: String = db
                .query_row(&format!("SELECT name FROM {table} WHERE version = '2' AND \"set\" = 'more'"), [], |row| {
                    row.get(0)
                })
                .unwrap();
            assert_eq!(named, name);
            assert_eq!(db.query_row("SELECT sum(x) FROM more1", [], |row| row.get(0)), Ok(7));
        }
    }
    let rehearsed = testing::Rehearsal::of(made("h", "in rust")).sqlite().unwrap();
    assert_eq!(rehearsed.to_string(), "rehearsed 4 migrations; without a script down: 2_in rust");
    assert!(!rehearsed.fingerprint().to_string().contains("table h:"), "{}", rehearsed.fingerprint());
}

#[test]
fn a_set_that_fails_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    testing::sqlite_file(&migrations(&[("1_a.sql", "SELECT * FROM nowhere")]), &path).unwrap_err();
    assert!(!path.exists());
    testing::sqlite_file(&migrations(&[("1_a.sql", "SELECT 1")]), &path).unwrap();
}

#[test]
fn many_threads_share_an_image() {
    let many = numbered(20);
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..10 {
                    many.verify(&mut testing::sqlite(&many).unwrap()).unwrap();
                }
            });
        }
    });
}

/// Microseconds, where the migrations themselves take milliseconds. The bounds are for a machine that is busy and a build that is slow.
#[test]
fn the_second_database_costs_microseconds() {
    for (count, bound) in [(10, Duration::from_micros(1_000)), (100, Duration::from_micros(3_000))] {
        let many = numbered(count);
        let taken = || {
            let started = Instant::now();
            testing::sqlite(&many).unwrap();
            started.elapsed()
        };
        let first = taken();
        let mut others: Vec<Duration> = (0..51).map(|_| taken()).collect();
        others.sort();
        let median = others[25];
        println!(
            "{count} migrations: the first took {first:?}, the others {:?} to {:?}, typically {median:?}",
            others[0], others[50]
        );
        assert!(median < bound && median < first, "{first:?}, then {others:?}");
    }
}

#[test]
fn a_failing_migration_is_told_each_time() {
    let broken = migrations(&[("1_a.sql", "CREATE TABLE a (x INT);\nINSERT INTO nothing VALUES (1)")]);
    for _ in 0..2 {
        let error = testing::sqlite(&broken).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StatementFailed, "{error}");
    }
}

#[test]
fn a_file_is_made_but_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let (path, two) = (folder.path().join("test.db"), numbered(2));
    drop(testing::sqlite_file(&two, &path).unwrap());
    two.verify(&mut rusqlite::Connection::open(&path).unwrap()).unwrap();
    for taken in [path, folder.path().join("no-folder/test.db")] {
        let error = testing::sqlite_file(&two, taken).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TestDatabase, "{error}");
    }
}
