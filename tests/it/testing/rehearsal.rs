//! Rehearsals, on both databases.

use migrate_runtime::testing::{Postgres, Rehearsal, Rehearsed};
use migrate_runtime::{Dialect, Error, ErrorKind, Migrations, fingerprint};
use migrate_tests::{migrations, numbered, only_for, postgres as cluster};

fn on_both(migrations: &Migrations) -> [Result<Rehearsed, Error>; 2] {
    let server = Postgres::at(&cluster().url("postgres")).unwrap();
    let rehearsal = Rehearsal::of(migrations);
    [rehearsal.sqlite(), rehearsal.postgres(&server)]
}

/// The rehearsal of these files fails on both databases, with a text that has these parts.
fn fails(files: &[(&str, &str)], parts: &[&str]) {
    for result in on_both(&migrations(files)) {
        let error = result.expect_err("the rehearsal fails");
        println!("{error}\n");
        assert_eq!(error.kind(), ErrorKind::Rehearsal, "{error}");
        let text = error.to_string();
        parts.iter().for_each(|part| assert!(text.contains(part), "no {part:?} in\n{text}"));
    }
}

#[test]
fn a_sound_set_passes() {
    let sound = migrations(&[
        ("1_users.up.sql", "CREATE TABLE users (id integer PRIMARY KEY)"),
        ("1_users.down.sql", "DROP TABLE users"),
        ("2_email.up.sql", "ALTER TABLE users ADD COLUMN email text;\nCREATE INDEX by_email ON users (email)"),
        ("2_email.down.sql", "DROP INDEX by_email;\nALTER TABLE users DROP COLUMN email"),
        ("3_rows.sql", "INSERT INTO users (id) VALUES (1)"),
        ("4_phone.up.sql", "ALTER TABLE users ADD COLUMN phone text"),
        ("4_phone.down.sql", "ALTER TABLE users DROP COLUMN phone"),
    ]);
    for result in on_both(&sound) {
        let rehearsed = result.unwrap();
        assert_eq!(rehearsed.to_string(), "rehearsed 4 migrations; without a script down: 3_rows");
        assert_eq!(rehearsed.migrations(), 4);
        assert_eq!(rehearsed.without_down().len(), 1);
    }
    let mut db = rusqlite::Connection::open_in_memory().unwrap();
    sound.run(&mut db).unwrap();
    assert_eq!(Rehearsal::of(&sound).sqlite().unwrap().fingerprint(), &fingerprint(&mut db).unwrap());
    for result in on_both(&migrations(&[])).into_iter().chain(on_both(&numbered(1))) {
        result.unwrap();
    }
}

#[test]
fn a_script_down_that_leaves_something_fails() {
    fails(
        &[
            ("1_a.sql", "CREATE TABLE a (x integer)"),
            ("2_b.up.sql", "CREATE TABLE b (x integer);\nCREATE INDEX b_x ON a (x)"),
            ("2_b.down.sql", "DROP TABLE b"),
        ],
        &["`2_b` down does not lead back", "+ index ", "b_x", "help: "],
    );
}

#[test]
fn a_script_down_that_takes_too_much_fails() {
    fails(
        &[
            ("1_a.sql", "CREATE TABLE a (x integer, y integer)"),
            ("2_b.up.sql", "CREATE TABLE b (x integer)"),
            ("2_b.down.sql", "DROP TABLE b;\nALTER TABLE a DROP COLUMN y"),
        ],
        &["`2_b` down does not lead back", "- column ", "a.y: "],
    );
}

#[test]
fn a_way_up_that_depends_on_more_than_the_schema_fails() {
    // The script down is right, but leaves the sequence of columns to chance.
    fails(
        &[
            ("1_a.sql", "CREATE TABLE a (x integer, y integer)"),
            ("2_drop.up.sql", "ALTER TABLE a DROP COLUMN x"),
            ("2_drop.down.sql", "ALTER TABLE a ADD COLUMN x integer"),
        ],
        &["`2_drop` down does not lead back", "a: (x, y)", "a: (y, x)"],
    );
}

#[test]
fn a_migration_that_depends_on_the_session_fails() {
    let depends = only_for(
        Dialect::Postgres,
        &[
            ("1_a.sql", "CREATE TEMP TABLE note (x integer)"),
            (
                "2_b.sql",
                "DO $$ BEGIN IF to_regclass('pg_temp.note') IS NULL THEN CREATE TABLE b (x integer); END IF; END $$",
            ),
        ],
    );
    let server = Postgres::at(&cluster().url("postgres")).unwrap();
    let error = Rehearsal::of(&depends).postgres(&server).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rehearsal, "{error}");
    assert!(error.to_string().contains("each on a new connection"), "{error}");
}

#[test]
fn a_failing_script_is_told_as_such() {
    let broken = migrations(&[("1_a.up.sql", "CREATE TABLE a (x integer)"), ("1_a.down.sql", "DROP TABLE b")]);
    for error in on_both(&broken).into_iter().map(Result::unwrap_err) {
        assert_eq!(error.kind(), ErrorKind::StatementFailed, "{error}");
        assert_eq!(error.migration().unwrap().as_str(), "1_a");
    }
    let broken = migrations(&[("1_a.sql", "DROP TABLE b")]);
    for error in on_both(&broken).into_iter().map(Result::unwrap_err) {
        assert_eq!(error.kind(), ErrorKind::StatementFailed, "{error}");
    }
}

#[test]
fn scripts_down_can_be_required() {
    let without = numbered(2);
    let error = Rehearsal::of(&without).require_down().sqlite().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rehearsal);
    assert!(error.to_string().contains("`00001_t1` has no script down"), "{error}");
}
