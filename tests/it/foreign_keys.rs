//! SQLite's foreign keys while tables are rebuilt: switched off before, checked before the commit, on again after.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use migrate_runtime::driver::{DriverError, Row};
use migrate_runtime::{Error, ErrorKind, Event, Migrations, Migrator, Report, Scope, Step};
use migrate_tests::{Directed, Director, Fault, migrations};
use rusqlite::Connection;

/// Parents, children that go with them, and children that keep them.
const BEFORE: &str = "CREATE TABLE p (id INTEGER PRIMARY KEY, x text); INSERT INTO p VALUES (1, 'a'), (2, 'b');
    CREATE TABLE c (id INTEGER PRIMARY KEY, p integer REFERENCES p ON DELETE CASCADE); INSERT INTO c VALUES (1, 1), (2, 2);
    CREATE TABLE k (name text PRIMARY KEY, p integer REFERENCES p (id)) WITHOUT ROWID; INSERT INTO k VALUES ('one', 1);";

/// The order that SQLite advises.
const REBUILD: &str = "CREATE TABLE n (id INTEGER PRIMARY KEY, x text, y text);\nINSERT INTO n (id, x) SELECT id, x FROM p;\n\
                       DROP TABLE p;\nALTER TABLE n RENAME TO p;\n";

/// The other one, which needs the old meaning of a renaming: the new one makes the children refer to `old`.
const AWAY: &str = "ALTER TABLE p RENAME TO old;\nCREATE TABLE p (id INTEGER PRIMARY KEY, x text, y text);\n\
                    INSERT INTO p (id, x) SELECT id, x FROM old;\nDROP TABLE old;\n";

/// Where the database is, and whether it has a write-ahead log.
#[derive(Clone, Copy, Debug)]
enum Place {
    Memory,
    File,
    Wal,
}

const PLACES: [Place; 3] = [Place::Memory, Place::File, Place::Wal];

struct Database {
    connection: Connection,
    folder: tempfile::TempDir,
}

fn database(place: Place) -> Database {
    let folder = tempfile::tempdir().unwrap();
    let connection = match place {
        Place::Memory => Connection::open_in_memory().unwrap(),
        _ => Connection::open(folder.path().join("main.db")).unwrap(),
    };
    if let Place::Wal = place {
        connection.execute_batch("PRAGMA journal_mode = WAL").unwrap();
    }
    connection.execute_batch("PRAGMA busy_timeout = 1234; PRAGMA foreign_keys = ON").unwrap();
    connection.execute_batch(BEFORE).unwrap();
    Database { connection, folder }
}

impl Database {
    fn value(&self, sql: &str) -> String {
        let text = |value| match value {
            rusqlite::types::Value::Integer(integer) => integer.to_string(),
            rusqlite::types::Value::Text(text) => text,
            other => format!("{other:?}"),
        };
        self.connection.query_row(sql, [], |row| row.get(0).map(text)).expect(sql)
    }

    /// What a run must leave as it was.
    fn settings(&self) -> [String; 4] {
        ["foreign_keys", "journal_mode", "busy_timeout", "defer_foreign_keys"]
            .map(|name| self.value(&format!("PRAGMA {name}")))
    }

    /// The numbers of rows, and the schema.
    fn contents(&self) -> String {
        self.value(
            "SELECT (SELECT count(*) FROM p) || ' ' || (SELECT count(*) FROM c) || ' ' || (SELECT count(*) FROM k) || ' ' \
             || (SELECT group_concat(sql) FROM sqlite_master WHERE name NOT LIKE 'schema\\_%' ESCAPE '\\')",
        )
    }

    fn run(&mut self, migrator: &Migrator<'_>) -> Result<Report, Error> {
        let before = self.settings();
        let ended = migrator.run(&mut self.connection);
        assert_eq!(self.settings(), before, "{ended:?}");
        assert!(self.connection.is_autocommit());
        ended
    }
}

fn one(script: &str) -> Migrations {
    migrations(&[("1_script.sql", script)])
}

const NOTE: &str = "note: foreign keys were off where it needs that, and hold as before";

/// What is there after, or the error and words of its text.
type Expected = Result<(bool, [&'static str; 3]), (ErrorKind, &'static [&'static str])>;

/// A script → whether foreign keys were off while it ran and how many rows there are after: parents, children, keepers; or what is
/// said.
struct Case {
    by_hand: &'static str,
    script: String,
    expect: Expected,
}

fn case(by_hand: &'static str, script: impl Into<String>, expect: Expected) -> Case {
    Case { by_hand, script: script.into(), expect }
}

#[track_caller]
fn check(case: &Case) {
    for place in PLACES {
        for scope in [Scope::PerMigration, Scope::All] {
            let is_outside = case.script.contains("no-transaction");
            if is_outside && scope == Scope::All {
                continue;
            }
            let mut database = database(place);
            database.connection.execute_batch(case.by_hand).unwrap();
            let before = database.contents();
            let what = format!("{place:?}, {scope:?}: {} / {}", case.by_hand, case.script);
            let set = one(&case.script);
            let planned = Migrator::new(&set).scope(scope).plan(&mut database.connection).map(|plan| plan.to_string());
            let ended = database.run(&Migrator::new(&set).scope(scope));
            match (&case.expect, ended) {
                (Ok((is_off, rows)), Ok(report)) => {
                    let plan = planned.unwrap();
                    assert_eq!(plan.contains("note: foreign keys would be off"), *is_off, "{what}: {plan}");
                    assert_eq!(report.to_string().contains(NOTE), *is_off, "{what}: {report}");
                    assert_eq!(report.changes()[0].notes.len(), usize::from(*is_off), "{what}");
                    assert_eq!(
                        ["p", "c", "k"].map(|table| database.value(&format!("SELECT count(*) FROM {table}"))),
                        *rows,
                        "{what}"
                    );
                }
                (Err((kind, words)), Err(error)) => {
                    assert_eq!(error.kind(), *kind, "{what}: {error}");
                    for word in *words {
                        assert!(error.to_string().contains(word), "{what}: {word:?} is not in\n{error}");
                    }
                    if !is_outside {
                        assert_eq!(database.contents(), before, "{what}: something was kept");
                    }
                }
                (_, ended) => panic!("{what}: {ended:?}"),
            }
        }
    }
}

/// Makes rows that refer to nothing by hand.
const BROKEN: &str = "PRAGMA foreign_keys = OFF; INSERT INTO c VALUES (7, 70); INSERT INTO k VALUES ('seven', 70); PRAGMA foreign_keys = ON";

#[test]
fn a_table_can_be_rebuilt_without_losing_children() {
    let all = Ok((true, ["2", "2", "1"]));
    for case in [
        case("", REBUILD, all),
        case("", format!("-- migrate: foreign-keys=auto\n{REBUILD}"), all),
        case("", format!("-- migrate: foreign-keys=off\n{REBUILD}"), all),
        case("", format!("PRAGMA foreign_keys = OFF;\n{REBUILD}PRAGMA foreign_keys = ON;"), all),
        case("", format!("PRAGMA legacy_alter_table = ON;\n{AWAY}PRAGMA legacy_alter_table = OFF;"), all),
        case("", format!("-- migrate: no-transaction\n{REBUILD}VACUUM;"), all),
        case(
            "",
            format!("-- migrate: no-transaction\nPRAGMA foreign_keys = OFF;\n{REBUILD}PRAGMA foreign_keys = ON;"),
            all,
        ),
        case("", format!("-- migrate: no-transaction\nPRAGMA foreign_keys = OFF;\n{REBUILD}"), all),
        // Children are made anew, too.
        case(
            "",
            "CREATE TABLE n (id INTEGER PRIMARY KEY, p integer REFERENCES p ON DELETE CASCADE, z text);\n\
              INSERT INTO n (id, p) SELECT id, p FROM c; DROP TABLE c; ALTER TABLE n RENAME TO c;",
            all,
        ),
        // Nothing is rebuilt: nothing is switched.
        case("", "ALTER TABLE p ADD COLUMN y text; DELETE FROM k;", Ok((false, ["2", "2", "0"]))),
        case("", "DELETE FROM k; DELETE FROM p WHERE id = 1;", Ok((false, ["1", "1", "0"]))),
    ] {
        check(&case);
    }
}

#[test]
fn foreign_keys_that_are_to_stay_on_stay_on() {
    // A table that is dropped takes its children along, or is not dropped when some would be left.
    check(&case("DELETE FROM k", format!("-- migrate: foreign-keys=on\n{REBUILD}"), Ok((false, ["2", "0", "0"]))));
    let refused = Err((ErrorKind::StatementFailed, ["FOREIGN KEY constraint failed"].as_slice()));
    check(&case("", format!("-- migrate: foreign-keys=on\n{REBUILD}"), refused));
    check(&case(
        "DELETE FROM k",
        format!("-- migrate: no-transaction\n-- migrate: foreign-keys=on\n{REBUILD}"),
        Ok((false, ["2", "0", "0"])),
    ));
}

#[test]
fn only_new_violations_fail() {
    for case in [
        case(BROKEN, REBUILD, Ok((true, ["2", "3", "2"]))),
        // A key that refers to a column that is not there.
        case(
            "CREATE TABLE q (a integer); CREATE TABLE r (q integer REFERENCES q (nowhere));",
            REBUILD,
            Ok((true, ["2", "2", "1"])),
        ),
        case(BROKEN, format!("-- migrate: no-transaction\n{REBUILD}"), Ok((true, ["2", "3", "2"]))),
        // The children get new numbers.
        case(
            BROKEN,
            "CREATE TABLE n (id INTEGER PRIMARY KEY, p integer REFERENCES p ON DELETE CASCADE);\n\
              INSERT INTO n (p) SELECT p FROM c; DROP TABLE c; ALTER TABLE n RENAME TO c;",
            Ok((true, ["2", "3", "2"])),
        ),
        // Under other names.
        case(
            BROKEN,
            format!(
                "{REBUILD}ALTER TABLE c RENAME TO children; ALTER TABLE p RENAME TO parents; ALTER TABLE parents RENAME TO P; \
                     ALTER TABLE children RENAME TO C;"
            ),
            Ok((true, ["2", "3", "2"])),
        ),
        case(
            BROKEN,
            format!(
                "ALTER TABLE k RENAME TO keepers; {REBUILD}ALTER TABLE p RENAME TO Parents; CREATE TABLE p (x); \
                     INSERT INTO p VALUES (1), (2); CREATE TABLE k (x); INSERT INTO k VALUES (1), (2);"
            ),
            Ok((true, ["2", "3", "2"])),
        ),
        case(
            BROKEN,
            format!("{REBUILD}ALTER TABLE c RENAME COLUMN p TO parent; ALTER TABLE c RENAME COLUMN parent TO p;"),
            Ok((true, ["2", "3", "2"])),
        ),
        case(
            BROKEN,
            format!("{REBUILD}ALTER TABLE c RENAME COLUMN p TO parent; ALTER TABLE c ADD COLUMN p integer;"),
            Ok((true, ["2", "3", "2"])),
        ),
        // Another one behind the number of an old one.
        case(
            BROKEN,
            "DELETE FROM c WHERE id = 7; INSERT INTO c VALUES (7, 2); CREATE TABLE n (id INTEGER PRIMARY KEY, x text);\n\
             INSERT INTO n SELECT * FROM p WHERE id < 2; DROP TABLE p; ALTER TABLE n RENAME TO p; DELETE FROM c WHERE id = 2;",
            Err((ErrorKind::ForeignKeyViolation, &["leaves 1 row", "row 7 of `c` refers to a row of `p`"])),
        ),
        // What was wrong is put right.
        case(
            BROKEN,
            format!("{REBUILD}DELETE FROM c WHERE p = 70; DELETE FROM k WHERE p = 70;"),
            Ok((true, ["2", "2", "1"])),
        ),
        case(
            "",
            format!("-- migrate: foreign-keys=off\n{REBUILD}DELETE FROM p WHERE id = 2;"),
            Err((
                ErrorKind::ForeignKeyViolation,
                &[
                    "migration 1_script leaves 1 row that refer",
                    "row 2 of `c` refers to a row of `p` that is not there",
                    "1_script.sql",
                    "was rolled back",
                ],
            )),
        ),
        case(
            BROKEN,
            format!("-- migrate: foreign-keys=off\n{REBUILD}DELETE FROM p WHERE id = 2;"),
            Err((ErrorKind::ForeignKeyViolation, &["leaves 1 row", "row 2 of `c` refers"])),
        ),
        // As many as before, but another one: in a table that is made anew, and in one whose rows have no number.
        case(
            "PRAGMA foreign_keys = OFF; INSERT INTO c VALUES (5, 70); PRAGMA foreign_keys = ON;",
            "-- migrate: foreign-keys=off\nCREATE TABLE n (id INTEGER PRIMARY KEY, p integer REFERENCES p ON DELETE CASCADE);\n\
             INSERT INTO n SELECT * FROM c WHERE p < 70; DROP TABLE c; ALTER TABLE n RENAME TO c; DELETE FROM p WHERE id = 2;",
            Err((
                ErrorKind::ForeignKeyViolation,
                &["leaves 1 row", "row 2 of `c` refers to a row of `p` that is not there: '2'"],
            )),
        ),
        case(
            "PRAGMA foreign_keys = OFF; INSERT INTO k VALUES ('five', 70); PRAGMA foreign_keys = ON;",
            format!(
                "-- migrate: foreign-keys=off\n{REBUILD}DELETE FROM k WHERE p = 70; INSERT INTO k VALUES ('six', 60);"
            ),
            Err((
                ErrorKind::ForeignKeyViolation,
                &["leaves 1 row", "a row of `k` refers to a row of `p` that is not there: '60'"],
            )),
        ),
        // Another key of a table with one that cannot be checked.
        case(
            "CREATE TABLE q (a integer); CREATE TABLE r (q integer REFERENCES q (a), p integer REFERENCES p); \
             PRAGMA foreign_keys = OFF; INSERT INTO r VALUES (NULL, 2); PRAGMA foreign_keys = ON",
            format!("-- migrate: foreign-keys=off\n{REBUILD}DELETE FROM p WHERE id = 2; DELETE FROM c WHERE p = 2;"),
            Err((
                ErrorKind::ForeignKeyViolation,
                &["leaves 1 row", "a row of `r` refers to a row of `p` that is not there: '2'"],
            )),
        ),
        // No table is dropped: the script asks for it.
        case(
            "",
            "-- migrate: foreign-keys=off\nDELETE FROM p WHERE id = 2;",
            Err((ErrorKind::ForeignKeyViolation, &["leaves 1 row", "row 2 of `c`"])),
        ),
        case(
            "",
            "PRAGMA foreign_keys = OFF;\nDELETE FROM p WHERE id = 2;\nPRAGMA foreign_keys = ON;",
            Err((ErrorKind::ForeignKeyViolation, &["leaves 1 row", "row 2 of `c`"])),
        ),
        // Both at once.
        case(
            "",
            format!(
                "-- migrate: foreign-keys=off\n{REBUILD}CREATE TABLE q (a integer); CREATE TABLE r (q integer REFERENCES q (a)); \
                 INSERT INTO k VALUES ('six', 60);"
            ),
            Err((
                ErrorKind::ForeignKeyViolation,
                &["leaves 1 row that refers to nothing, and foreign keys that cannot be checked"],
            )),
        ),
        // A new key gives the old one another number.
        case(BROKEN, format!("{REBUILD}ALTER TABLE c ADD COLUMN q integer REFERENCES p;"), Ok((true, ["2", "3", "2"]))),
        // A parent of text, and a child that becomes a number: `7` is not `007`.
        case(
            "CREATE TABLE code (code TEXT PRIMARY KEY); INSERT INTO code VALUES ('007'), ('8'); \
             CREATE TABLE of_code (id INTEGER PRIMARY KEY, code TEXT REFERENCES code); INSERT INTO of_code VALUES (1, '007'), (2, '8');",
            "CREATE TABLE n (id INTEGER PRIMARY KEY, code INTEGER REFERENCES code);\n\
             INSERT INTO n SELECT * FROM of_code; DROP TABLE of_code; ALTER TABLE n RENAME TO of_code;",
            Err((
                ErrorKind::ForeignKeyViolation,
                &["leaves 1 row", "row 1 of `of_code` refers to a row of `code` that is not there: '7'"],
            )),
        ),
        // Rows without a number.
        case(
            "",
            format!("-- migrate: foreign-keys=off\n{REBUILD}INSERT INTO k VALUES ('x', 71), ('y', 72);"),
            Err((
                ErrorKind::ForeignKeyViolation,
                &["leaves 2 rows", "a row of `k` refers to a row of `p` that is not there"],
            )),
        ),
        case(
            BROKEN,
            format!("-- migrate: foreign-keys=off\n{REBUILD}INSERT INTO k VALUES ('x', 71), ('y', 72);"),
            Err((ErrorKind::ForeignKeyViolation, &["leaves 2 rows", "a row of `k` refers"])),
        ),
        // The children go on to refer to the old table.
        case(
            "",
            AWAY,
            Err((ErrorKind::ForeignKeyViolation, &["leaves 3 rows", "row 1 of `c` refers to a row of `old`"])),
        ),
        // A key that is none: SQLite cannot check it, and says so.
        case(
            "",
            "CREATE TABLE n (id integer, x text); INSERT INTO n SELECT * FROM p; DROP TABLE p; ALTER TABLE n RENAME TO p;",
            Err((ErrorKind::ForeignKeyViolation, &["foreign key mismatch"])),
        ),
        case(
            "CREATE TABLE q (a integer); CREATE TABLE r (q integer REFERENCES q (a))",
            REBUILD,
            Ok((true, ["2", "2", "1"])),
        ),
        case(
            "CREATE TABLE q (a integer); CREATE TABLE r (q integer REFERENCES q (a))",
            format!("-- migrate: foreign-keys=off\n{REBUILD}DELETE FROM p WHERE id = 2;"),
            Err((ErrorKind::ForeignKeyViolation, &["leaves 1 row", "row 2 of `c` refers"])),
        ),
        case("CREATE TABLE r (q integer REFERENCES nowhere (a))", REBUILD, Ok((true, ["2", "2", "1"]))),
        case(
            "CREATE TABLE r (q integer REFERENCES p (nowhere), p integer REFERENCES p)",
            REBUILD,
            Ok((true, ["2", "2", "1"])),
        ),
        case(
            "",
            format!("-- migrate: no-transaction\n-- migrate: foreign-keys=off\n{REBUILD}DELETE FROM p WHERE id = 2;"),
            Err((ErrorKind::ForeignKeyViolation, &["has left 1 row", "row 2 of `c` refers", "mark_applied"])),
        ),
        case(
            "",
            format!("{REBUILD}SELECT * FROM nowhere;"),
            Err((ErrorKind::StatementFailed, &["no such table: nowhere"])),
        ),
        case(
            "",
            format!("-- migrate: no-transaction\nPRAGMA foreign_keys = OFF;\n{REBUILD}SELECT * FROM nowhere;"),
            Err((ErrorKind::StatementFailed, &["no such table: nowhere"])),
        ),
    ] {
        check(&case);
    }
    // A long list is cut.
    let dangling = |number: i32| {
        let row = |row: i32| format!("INSERT INTO c VALUES ({row}, {row});");
        format!("-- migrate: foreign-keys=off\n{REBUILD}{}", (100..100 + number).map(row).collect::<String>())
    };
    let words = &["leaves 30 rows", "row 100 of `c`", "and 20 more"];
    check(&case("", dangling(30), Err((ErrorKind::ForeignKeyViolation, words))));
    let text = database(Place::File).run(&Migrator::new(&one(&dangling(10)))).unwrap_err().to_string();
    assert!(text.contains("row 109 of `c`") && !text.contains(" more"), "{text}");
}

#[test]
fn whoever_has_switched_them_off_finds_them_off() {
    let leaving = format!("{REBUILD}DELETE FROM p WHERE id = 2;");
    let outside = format!("-- migrate: no-transaction\n{leaving}");
    for scope in [Scope::PerMigration, Scope::All] {
        for script in [REBUILD.to_owned(), leaving.clone(), outside.clone()] {
            if scope == Scope::All && script == outside {
                continue;
            }
            let mut database = database(Place::File);
            database.connection.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
            let set = one(&script);
            let migrator = Migrator::new(&set).scope(scope);
            let plan = migrator.plan(&mut database.connection).unwrap();
            let report = database.run(&migrator).unwrap();
            assert!(!format!("{plan}{report}").contains("note"), "{plan}\n{report}");
            assert_eq!(database.value("PRAGMA foreign_keys"), "0");
        }
    }
}

#[test]
fn a_panic_in_the_middle_leaves_nothing_behind() {
    for place in PLACES {
        for scope in [Scope::PerMigration, Scope::All] {
            for number in 1..=4 {
                let mut database = database(place);
                let (before, settings) = (database.contents(), database.settings());
                let set = one(REBUILD);
                let migrator = Migrator::new(&set).scope(scope).on_event(move |event| {
                    if let Event::Statement { number: own, .. } = event {
                        assert!(*own != number, "an observer panics");
                    }
                });
                let connection = &mut database.connection;
                let ended = panic::catch_unwind(AssertUnwindSafe(|| migrator.run(connection)));
                let panicked = ended.unwrap_err();
                let message =
                    panicked.downcast_ref::<String>().map(String::as_str).or(panicked.downcast_ref::<&str>().copied());
                assert_eq!(message, Some("an observer panics"));
                assert!(database.connection.is_autocommit());
                assert_eq!(
                    (database.contents(), database.settings()),
                    (before, settings),
                    "{place:?}, {scope:?}, {number}"
                );
                assert_eq!(database.run(&Migrator::new(&set)).unwrap().changes().len(), 1);
            }
        }
    }
    let mut database = database(Place::File);
    let set =
        one(&format!("-- migrate: no-transaction\nPRAGMA foreign_keys = OFF;\n{REBUILD}PRAGMA foreign_keys = ON;"));
    let migrator = Migrator::new(&set).on_event(|event| assert!(!matches!(event, Event::Statement { number: 3, .. })));
    let connection = &mut database.connection;
    panic::catch_unwind(AssertUnwindSafe(|| migrator.run(connection))).unwrap_err();
    assert_eq!(database.value("PRAGMA foreign_keys"), "1");
    assert_eq!(database.run(&Migrator::new(&set)).unwrap().changes().len(), 1);
    assert_eq!(database.value("SELECT count(*) FROM c"), "2");
}

#[test]
fn all_in_one_transaction_are_checked() {
    // The scripts behind the rebuild, and what is said of them.
    let cases: [(&str, &[&str]); 4] = [
        ("INSERT INTO c VALUES (3, 1);", &[]),
        ("SELECT * FROM nowhere;", &["2_after failed", "is rolled back as a whole"]),
        // Foreign keys are on again.
        (
            "INSERT INTO c VALUES (3, 3);",
            &["2_after failed", "FOREIGN KEY constraint failed", "nothing of this run stays"],
        ),
        (
            "-- migrate: foreign-keys=off\nDELETE FROM p WHERE id = 2;",
            &["the 2 migrations leave 1 row", "1_rebuild", "2_after", "row 2 of `c`", "nothing was kept"],
        ),
    ];
    for place in PLACES {
        for (after, words) in cases {
            let mut database = database(place);
            let before = database.contents();
            let set = migrations(&[("1_rebuild.sql", REBUILD), ("2_after.sql", after)]);
            match database.run(&Migrator::new(&set).scope(Scope::All)) {
                Ok(report) => {
                    assert!(words.is_empty() && report.to_string().contains(NOTE), "{after}: {report}");
                    assert_eq!(database.value("SELECT count(*) FROM c"), "3");
                }
                Err(error) => {
                    let text = error.to_string();
                    assert!(!words.is_empty(), "{text}");
                    words.iter().for_each(|word| assert!(text.contains(word), "{word:?} is not in\n{text}"));
                    assert_eq!(database.contents(), before);
                    assert!(error.report().changes().is_empty());
                }
            }
        }
    }
}

/// A note is of the script for which foreign keys are off, and of no other one in its transaction.
#[test]
fn in_one_transaction_what_needs_them_off_is_noted_and_nothing_else() {
    for after in [
        "INSERT INTO c VALUES (3, 1);",
        // Nobody refers to it.
        "DROP TABLE k;",
        "-- migrate: foreign-keys=on\nDELETE FROM k; DROP TABLE p; CREATE TABLE p (id INTEGER PRIMARY KEY);",
    ] {
        let mut database = database(Place::File);
        let set = migrations(&[("1_rebuild.sql", REBUILD), ("2_after.sql", after)]);
        let migrator = Migrator::new(&set).scope(Scope::All);
        let plan = migrator.plan(&mut database.connection).unwrap();
        let planned: Vec<usize> = plan.changes().iter().map(|change| change.notes.len()).collect();
        let report = database.run(&migrator).unwrap();
        let noted: Vec<usize> = report.changes().iter().map(|change| change.notes.len()).collect();
        assert_eq!([planned, noted], [[1, 0], [1, 0]], "{plan}\n{report}");
    }
}

#[test]
fn a_rebuild_can_be_redone_in_one_transaction() {
    let set = migrations(&[("1_rebuild.up.sql", REBUILD), ("1_rebuild.down.sql", "ALTER TABLE p DROP COLUMN y;")]);
    for scope in [Scope::PerMigration, Scope::All] {
        let mut database = database(Place::File);
        let migrator = Migrator::new(&set).scope(scope);
        database.run(&migrator).unwrap();
        let contents = database.contents();
        let report = migrator.redo_last(&mut database.connection, 1).unwrap();
        assert_eq!((report.changes().len(), report.changes()[1].notes.len()), (2, 1), "{report}");
        assert_eq!((database.contents(), database.value("PRAGMA foreign_keys")), (contents, "1".into()));
    }
}

/// They are off for single statements, and on for the others, also in one transaction: what follows, follows.
#[test]
fn on_and_off_are_in_one_transaction() {
    let deleting = |connection: &Connection| Ok(connection.execute_batch("DELETE FROM p WHERE id = 2")?);
    for scope in [Scope::PerMigration, Scope::All] {
        for on in [
            "-- migrate: foreign-keys=on\nDELETE FROM p WHERE id = 2;",
            "DELETE FROM p WHERE id = 2;",
            "DELETE FROM p WHERE id = 2; INSERT INTO p (id) VALUES (2);",
            "REPLACE INTO p (id) VALUES (2);",
        ] {
            for files in [
                vec![("1_rebuild.sql", REBUILD.to_owned()), ("2_on.sql", on.to_owned())],
                vec![("1_both.sql", format!("{REBUILD}{}", on.trim_start_matches("-- migrate: foreign-keys=on\n")))],
            ] {
                let files: Vec<(&str, &str)> = files.iter().map(|(path, sql)| (*path, &**sql)).collect();
                let (ran, left) = left_by(&mut database(Place::File), &files, scope);
                ran.unwrap();
                assert_eq!(left, ["1", "1"], "{on}");
            }
        }
        // So it is in a step, which sees them as the program has set them.
        let set = migrations(&[("1_rebuild.sql", REBUILD)]);
        let migrator = Migrator::new(&set).step(2, "step", Step::rusqlite(deleting)).scope(scope);
        let mut database = database(Place::File);
        database.run(&migrator).unwrap();
        assert_eq!(database.value("SELECT count(*) FROM c"), "1");
    }
}

#[test]
fn attached_databases_are_checked_too() {
    let other = "CREATE TABLE other.p (id INTEGER PRIMARY KEY, x text); INSERT INTO other.p VALUES (1, 'a'), (2, 'b');
        CREATE TABLE other.c (id INTEGER PRIMARY KEY, p integer REFERENCES p ON DELETE CASCADE); INSERT INTO other.c VALUES (1, 1), (2, 2);";
    let rebuild = "CREATE TABLE other.n (id INTEGER PRIMARY KEY, x text, y text);\nINSERT INTO other.n (id, x) SELECT id, x FROM other.p;\n\
                   DROP TABLE other.p;\nALTER TABLE other.n RENAME TO p;\n";
    for place in PLACES {
        // Where the history is, what is broken before, the script, and what is said.
        let broken = "PRAGMA foreign_keys = OFF; INSERT INTO other.c VALUES (7, 70); PRAGMA foreign_keys = ON";
        let cases: [(&str, &str, String, &[&str]); 7] = [
            (
                "schema_migrations",
                "",
                "DROP TABLE other.p;".to_owned(),
                &["leaves 2 rows", "row 1 of `other.c` refers to a row of `p`"],
            ),
            ("schema_migrations", "", rebuild.to_owned(), &[]),
            ("other.schema_migrations", "", rebuild.to_owned(), &[]),
            ("other.schema_migrations", "", REBUILD.to_owned(), &[]),
            ("schema_migrations", broken, rebuild.to_owned(), &[]),
            (
                "schema_migrations",
                broken,
                format!("-- migrate: foreign-keys=off\n{rebuild}DELETE FROM other.p WHERE id = 2;"),
                &["leaves 1 row", "row 2 of `other.c` refers to a row of `p`"],
            ),
            (
                "other.schema_migrations",
                "",
                format!("-- migrate: foreign-keys=off\n{REBUILD}INSERT INTO other.c VALUES (3, 30);"),
                &["leaves 1 row", "row 3 of `other.c`"],
            ),
        ];
        for (table, by_hand, script, words) in cases {
            let mut database = database(place);
            let file = match place {
                Place::Memory => ":memory:".to_owned(),
                _ => database.folder.path().join("other.db").display().to_string(),
            };
            database.connection.execute_batch(&format!("ATTACH '{file}' AS other; {other} {by_hand}")).unwrap();
            let set = one(&script);
            match database.run(&Migrator::new(&set).history_table(table)) {
                Ok(report) => {
                    assert!(words.is_empty() && report.to_string().contains(NOTE), "{script}: {report}");
                    let rows = if by_hand.is_empty() { "2" } else { "3" };
                    assert_eq!(database.value("SELECT count(*) FROM other.c"), rows, "{table}: {script}");
                    assert_eq!(database.value(&format!("SELECT count(*) FROM {table}")), "1");
                }
                Err(error) => {
                    let text = error.to_string();
                    assert!(!words.is_empty(), "{table}: {script}: {text}");
                    words.iter().for_each(|word| assert!(text.contains(word), "{word:?} is not in\n{text}"));
                    assert_eq!(database.value("SELECT count(*) FROM other.p"), "2");
                }
            }
            assert_eq!(database.value("SELECT count(*) FROM c"), "2");
        }
    }
}

/// Whoever keeps a database from being read is in the way, and no reason to call its keys unchecked.
#[test]
fn an_attached_database_that_others_lock_is_busy() {
    for script in [REBUILD.to_owned(), format!("-- migrate: foreign-keys=off\n{REBUILD}")] {
        for scope in [Scope::PerMigration, Scope::All] {
            let mut database = database(Place::File);
            let file = database.folder.path().join("other.db");
            let attach = format!("ATTACH '{}' AS other; PRAGMA busy_timeout = 0", file.display());
            database.connection.execute_batch(&attach).unwrap();
            let other = Connection::open(file).unwrap();
            other.execute_batch("BEGIN EXCLUSIVE").unwrap();
            let set = one(&script);
            let mut transaction = database.connection.transaction().unwrap();
            let error = Migrator::new(&set).scope(scope).run(&mut transaction).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WaitTimeout, "{scope:?}: {error}");
            other.execute_batch("COMMIT").unwrap();
            Migrator::new(&set).scope(scope).run(&mut transaction).unwrap();
            transaction.commit().unwrap();
            assert_eq!(database.value("SELECT count(*) FROM c"), "2");
        }
    }
}

/// Outside of a transaction nothing keeps others out, who are waited for.
#[test]
fn a_check_waits_for_whoever_keeps_it_from_reading() {
    struct InTheWay {
        other: Mutex<Connection>,
        words: &'static str,
        before: AtomicUsize,
        waits: AtomicUsize,
    }
    impl Director for InTheWay {
        fn before(&self, sql: &str) -> Option<Fault> {
            if sql.contains(self.words) && self.before.fetch_sub(1, Ordering::Relaxed) == 0 {
                self.other.lock().unwrap().execute_batch("BEGIN EXCLUSIVE").unwrap();
            }
            None
        }

        fn answered(&self, _: &str, _: Result<&[Row], &DriverError>) {
            let other = self.other.lock().unwrap();
            if !other.is_autocommit() {
                other.execute_batch("COMMIT").unwrap();
            }
        }

        fn sleep(&self, _: Duration) {
            self.waits.fetch_add(1, Ordering::Relaxed);
        }
    }
    // One key cannot be checked, and another one refers to nothing.
    let unchecked = "CREATE TABLE q (a integer); CREATE TABLE r (q integer REFERENCES q (a), p integer REFERENCES p); \
                     PRAGMA foreign_keys = OFF; INSERT INTO r VALUES (NULL, 70); PRAGMA foreign_keys = ON";
    let set = one(&format!("-- migrate: no-transaction\n{REBUILD}"));
    // What was done by hand; the query that others are in the way of, and how many like it come before.
    for (by_hand, words, before) in [
        ("", "foreign_key_check", 0),
        ("", "foreign_key_check", 1),
        (unchecked, "foreign_key_check(", 1),
        (unchecked, "NOT EXISTS (SELECT 1", 0),
        (unchecked, "NOT EXISTS (SELECT 1", 1),
    ] {
        let database = database(Place::File);
        database.connection.execute_batch(by_hand).unwrap();
        let open = || Connection::open(database.connection.path().unwrap()).unwrap();
        let in_the_way =
            InTheWay { other: Mutex::new(open()), words, before: AtomicUsize::new(before), waits: AtomicUsize::new(0) };
        let runner = open();
        runner.execute_batch("PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 0").unwrap();
        let ended = Migrator::new(&set).run(&mut Directed::new(runner, &in_the_way));
        ended.unwrap_or_else(|error| panic!("{words}, {before}: {error}"));
        assert_eq!(in_the_way.waits.into_inner(), 1, "{words}, {before}");
        assert_eq!(database.value("SELECT count(*) FROM c"), "2");
    }
}

/// A check that fails is no reason to wait for anybody.
#[test]
fn a_check_that_fails_outside_of_a_transaction_is_told_at_once() {
    struct Refuses;
    impl Director for Refuses {
        fn before(&self, sql: &str) -> Option<Fault> {
            (sql == "SELECT name FROM pragma_database_list").then_some(Fault::Refused)
        }

        fn sleep(&self, _: Duration) {
            panic!("nobody is in the way");
        }
    }
    let database = database(Place::File);
    let set = one(&format!("-- migrate: no-transaction\n{REBUILD}"));
    let open = || {
        let runner = Connection::open(database.connection.path().unwrap()).unwrap();
        runner.execute_batch("PRAGMA foreign_keys = ON").unwrap();
        runner
    };
    let error = Migrator::new(&set).run(&mut Directed::new(open(), &Refuses)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Database, "{error}");
    let text = error.to_string();
    for part in ["the foreign keys could not be checked", "start again: what the script has done is recorded"] {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    Migrator::new(&set).run(&mut open()).unwrap();
    assert_eq!(database.value("SELECT count(*) FROM c"), "2");
}

#[test]
fn the_transaction_is_immediate() {
    let mut database = database(Place::Wal);
    let file = database.folder.path().join("main.db");
    let set = one(&format!("SELECT 1;\n{REBUILD}"));
    let migrator = Migrator::new(&set).on_event(move |event| {
        if let Event::Statement { number: 1, .. } = event {
            // Nothing is written yet but the claim, and nobody else may begin to write.
            let other = Connection::open(&file).unwrap();
            other.execute_batch("PRAGMA busy_timeout = 0").unwrap();
            let error = other.execute_batch("BEGIN IMMEDIATE").unwrap_err();
            assert_eq!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::DatabaseBusy));
            assert_eq!(other.query_row("SELECT count(*) FROM p", [], |row| row.get::<_, i64>(0)).unwrap(), 2);
        }
    });
    database.run(&migrator).unwrap();
}

/// Foreign keys are off while a table is dropped, and on while rows are changed, in one and the same script.
#[test]
fn what_should_follow_follows() {
    for place in PLACES {
        for scope in [Scope::PerMigration, Scope::All] {
            for action in ["CASCADE", "SET NULL", "SET DEFAULT"] {
                for change in [
                    "DELETE FROM q WHERE id = 1",
                    "UPDATE q SET id = 9 WHERE id = 1",
                    "DELETE FROM q WHERE id = 1; INSERT INTO q VALUES (1)",
                    "UPDATE q SET id = 3 - id + 9; UPDATE q SET id = id - 9",
                    "ALTER TABLE q RENAME TO queue; REPLACE INTO queue VALUES (1); ALTER TABLE queue RENAME TO q",
                ] {
                    let mut database = database(place);
                    let tables = format!(
                        "CREATE TABLE q (id INTEGER PRIMARY KEY); INSERT INTO q VALUES (1), (2); \
                         CREATE TABLE r (q integer DEFAULT 2 REFERENCES q ON DELETE {action} ON UPDATE {action}); INSERT INTO r VALUES (1);"
                    );
                    database.connection.execute_batch(&tables).unwrap();
                    let by_hand = Connection::open_in_memory().unwrap();
                    let changed = by_hand.execute_batch(&format!("PRAGMA foreign_keys = ON; {tables} {change}"));
                    let by_hand = Database { connection: by_hand, folder: tempfile::tempdir().unwrap() };
                    let script = format!("{REBUILD}{change};");
                    let (ran, left) = left_by(&mut database, &[("1_both.sql", &script)], scope);
                    assert_eq!((ran.is_ok(), left), (changed.is_ok(), ["1".into(), "2".into()]), "{action}: {change}");
                    if changed.is_err() {
                        continue;
                    }
                    let rows = "SELECT count(*) || ' ' || coalesce(group_concat(coalesce(q, '-')), '') FROM r";
                    assert_eq!(database.value(rows), by_hand.value(rows), "{action}: {change}");
                }
            }
        }
    }
}

/// Runs a set on a connection with foreign keys on, and tells what is left of them: the report or the error, the pragma, and the rows of `c`.
fn left_by(database: &mut Database, files: &[(&str, &str)], scope: Scope) -> (Result<Report, Error>, [String; 2]) {
    let ran = Migrator::new(&migrations(files)).scope(scope).run(&mut database.connection);
    (ran, ["PRAGMA foreign_keys", "SELECT count(*) FROM c"].map(|sql| database.value(sql)))
}

/// Outside of a transaction the pragma could be obeyed, which would leave rows and the connection as nobody wants them.
#[test]
fn the_pragma_in_a_script_outside_of_a_transaction_is_the_runner_s_affair() {
    let scripts = [
        format!("PRAGMA foreign_keys = ON;\n{REBUILD}"),
        format!(
            "PRAGMA foreign_keys = OFF;\n{REBUILD}PRAGMA foreign_keys = ON;\n{}",
            REBUILD.replace("(id, x)", "(id, y)")
        ),
        format!("PRAGMA foreign_keys(no);\n{REBUILD}"),
    ];
    for place in PLACES {
        for directive in [
            "-- migrate: no-transaction\n",
            "-- no-transaction\n",
            "-- migrate: no-transaction\n-- migrate: foreign-keys=off\n",
        ] {
            for script in &scripts {
                for usual in ["1", "0"] {
                    let mut database = only_with_children_that_go(place);
                    database.connection.execute_batch(&format!("PRAGMA foreign_keys = {usual}")).unwrap();
                    let script = format!("{directive}{}", script.replace("SELECT id, y", "SELECT id, x"));
                    let (ran, left) = left_by(&mut database, &[("1_rebuild.sql", &script)], Scope::PerMigration);
                    assert_eq!(ran.unwrap().to_string().contains(NOTE), usual == "1", "{script}");
                    assert_eq!(left, [usual, "2"], "{script}");
                }
            }
        }
        // Interrupted, and gone on with: by the same connection, and by another one.
        for ends in ["PRAGMA foreign_keys = ON;", ""] {
            let script = format!(
                "-- migrate: no-transaction\nPRAGMA foreign_keys = OFF;\nCREATE TABLE n (id INTEGER PRIMARY KEY, x text);\n\
                 INSERT INTO n SELECT id, x FROM p WHERE id > 1;\nDROP TABLE p;\nSELECT * FROM later;\nALTER TABLE n RENAME TO p;\n{ends}"
            );
            let mut database = only_with_children_that_go(place);
            let (ran, left) = left_by(&mut database, &[("1_rebuild.sql", &script)], Scope::PerMigration);
            assert_eq!((ran.unwrap_err().kind(), left), (ErrorKind::StatementFailed, ["1".into(), "2".into()]));
            let (ran, left) = left_by(&mut database, &[("1_rebuild.sql", &script)], Scope::PerMigration);
            assert_eq!((ran.unwrap_err().kind(), left), (ErrorKind::StatementFailed, ["1".into(), "2".into()]));
            let changed = script.replace("CREATE TABLE n (id", "CREATE TABLE n ( id");
            let (ran, left) = left_by(&mut database, &[("1_rebuild.sql", &changed)], Scope::PerMigration);
            assert_eq!((ran.unwrap_err().kind(), left), (ErrorKind::Interrupted, ["1".into(), "2".into()]));
            database.connection.execute_batch("CREATE TABLE later (x)").unwrap();
            let (ran, left) = left_by(&mut database, &[("1_rebuild.sql", &script)], Scope::PerMigration);
            let error = ran.unwrap_err();
            assert_eq!((error.kind(), left), (ErrorKind::ForeignKeyViolation, ["1".into(), "2".into()]), "{error}");
            assert!(error.to_string().contains("row 1 of `c` refers to a row of `p` that is not there"), "{error}");
        }
    }
}

/// Whoever makes a table refer to another one, which a script is about to drop, is seen in time, and loses nothing.
#[test]
fn what_comes_to_refer_to_a_table_meanwhile_is_seen() {
    let more = "CREATE TABLE q (id INTEGER PRIMARY KEY); INSERT INTO q VALUES (1)";
    let set = migrations(&[("1_drop.sql", "DROP TABLE q;")]);
    let mut database = database(Place::File);
    database.connection.execute_batch(more).unwrap();
    let other = Mutex::new(Connection::open(database.connection.path().unwrap()).unwrap());
    let meanwhile = |event: &Event<'_>| {
        if matches!(event, Event::Started { .. }) {
            let referring = "CREATE TABLE IF NOT EXISTS late (q integer REFERENCES q ON DELETE CASCADE); INSERT INTO late VALUES (1)";
            other.lock().unwrap().execute_batch(referring).unwrap();
        }
    };
    let error = Migrator::new(&set).on_event(meanwhile).run(&mut database.connection).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignKeyViolation, "{error}");
    assert!(error.to_string().contains("row 1 of `late` refers to a row of `q`"), "{error}");
    assert_eq!(database.value("SELECT count(*) FROM late"), "1");
    assert_eq!(database.value("PRAGMA foreign_keys"), "1");
    // Outside of a transaction others may do it at any time.
    let set = migrations(&[("2_drop.sql", "-- migrate: no-transaction\nVACUUM;\nDROP TABLE q;")]);
    let mut database = self::database(Place::File);
    database.connection.execute_batch(more).unwrap();
    let other = Mutex::new(Connection::open(database.connection.path().unwrap()).unwrap());
    let meanwhile = |event: &Event<'_>| {
        if matches!(event, Event::Statement { number: 2, .. }) {
            let referring = "CREATE TABLE late (q integer REFERENCES q ON DELETE CASCADE); INSERT INTO late VALUES (1)";
            other.lock().unwrap().execute_batch(referring).unwrap();
        }
    };
    let error = Migrator::new(&set).on_event(meanwhile).run(&mut database.connection).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignKeyViolation, "{error}");
    assert_eq!(database.value("SELECT count(*) FROM late"), "1");
}

/// Outside of a transaction somebody can do it at the very last moment, when the drop is about to be sent.
#[test]
fn what_comes_to_refer_to_a_table_at_the_last_moment_loses_nothing() {
    struct AtTheDrop(Mutex<Connection>);
    impl Director for AtTheDrop {
        fn before(&self, sql: &str) -> Option<Fault> {
            // The claim has the whole script.
            if sql.contains("DROP TABLE q") && !sql.contains("VACUUM") {
                let referring =
                    "CREATE TABLE late (q integer REFERENCES q ON DELETE CASCADE); INSERT INTO late VALUES (1)";
                self.0.lock().unwrap().execute_batch(referring).unwrap();
            }
            None
        }
    }
    let database = database(Place::File);
    database.connection.execute_batch("CREATE TABLE q (id INTEGER PRIMARY KEY); INSERT INTO q VALUES (1)").unwrap();
    let open = || Connection::open(database.connection.path().unwrap()).unwrap();
    let at_the_drop = AtTheDrop(Mutex::new(open()));
    let set = one("-- migrate: no-transaction\nVACUUM;\nDROP TABLE q;");
    let runner = open();
    runner.execute_batch("PRAGMA foreign_keys = ON").unwrap();
    let error = Migrator::new(&set).run(&mut Directed::new(runner, &at_the_drop)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignKeyViolation, "{error}");
    assert_eq!(database.value("SELECT count(*) FROM late"), "1");
}

/// What nobody refers to needs nothing; and what works on an empty database works on a full one.
#[test]
fn only_tables_that_others_refer_to_need_foreign_keys_off() {
    let leaf =
        "CREATE TABLE n (v text); INSERT INTO n SELECT v FROM leaf; DROP TABLE leaf; ALTER TABLE n RENAME TO leaf;";
    for place in PLACES {
        let fresh = || {
            let database = only_with_children_that_go(place);
            let more = "CREATE TABLE leaf (v text); INSERT INTO leaf VALUES ('a'); CREATE TABLE q (id INTEGER PRIMARY KEY); \
                        CREATE TABLE e (q integer REFERENCES q ON DELETE CASCADE);";
            database.connection.execute_batch(more).unwrap();
            database
        };
        // In one transaction with what needs them on; and what follows, follows.
        for leaf in [leaf.to_owned(), format!("PRAGMA foreign_keys = OFF; {leaf} PRAGMA foreign_keys = ON;")] {
            for scope in [Scope::PerMigration, Scope::All] {
                let files = [("1_leaf.sql", leaf.as_str()), ("2_on.sql", "DELETE FROM p WHERE id = 1;")];
                let (ran, left) = left_by(&mut fresh(), &files, scope);
                ran.unwrap();
                assert_eq!(left, ["1", "1"], "{leaf}");
            }
            let mut database = fresh();
            let mut transaction = database.connection.transaction().unwrap();
            Migrator::new(&one(&leaf)).run(&mut transaction).unwrap();
        }
        // Whether there are rows or not: with children behind their parents, and of any kind.
        for (rows, script, is_left) in [
            ("", "DROP TABLE q; DROP TABLE e;", true),
            ("INSERT INTO q VALUES (1); INSERT INTO e VALUES (1);", "DROP TABLE q; DROP TABLE e;", true),
            (
                "CREATE TABLE f (q REFERENCES q); INSERT INTO q VALUES (1); INSERT INTO f VALUES (1);",
                "DROP TABLE q; DROP TABLE f; DROP TABLE e;",
                true,
            ),
            ("INSERT INTO q VALUES (1); INSERT INTO e VALUES (1);", "DROP TABLE q;", false),
        ] {
            let mut database = fresh();
            let logged =
                "CREATE TABLE log (x); CREATE TRIGGER t AFTER DELETE ON e BEGIN INSERT INTO log VALUES (1); END;";
            database.connection.execute_batch(&format!("{rows} {logged}")).unwrap();
            let (ran, left) = left_by(&mut database, &[("1_drop.sql", script)], Scope::PerMigration);
            assert_eq!((ran.is_ok(), &left[0]), (is_left, &"1".to_owned()), "{script}: {ran:?}");
            assert_eq!(database.value("SELECT count(*) FROM log"), "0", "{script}");
        }
        // Inside somebody's transaction it is the same.
        for (script, children) in [
            ("DROP TABLE q;", Some("2")),
            ("DROP TABLE p;", None),
            ("DROP TABLE c; DROP TABLE p; CREATE TABLE c (x);", Some("0")),
            ("DROP TABLE p; DROP TABLE c; CREATE TABLE c (x);", Some("0")),
            (REBUILD, Some("2")),
            ("DELETE FROM p WHERE id = 1; DROP TABLE q; DROP TABLE e;", Some("1")),
        ] {
            for scope in [Scope::PerMigration, Scope::All] {
                let mut database = fresh();
                let mut transaction = database.connection.transaction().unwrap();
                let set = one(script);
                let ran = Migrator::new(&set).scope(scope).run(&mut transaction);
                transaction.commit().unwrap();
                match children {
                    Some(children) => {
                        ran.unwrap();
                        assert_eq!(database.value("SELECT count(*) FROM c"), children, "{script}");
                    }
                    None => {
                        assert_eq!(ran.unwrap_err().kind(), ErrorKind::ForeignKeyViolation, "{script}");
                        assert_eq!(database.value("SELECT count(*) FROM c"), "2", "{script}");
                    }
                }
                assert_eq!(database.value("PRAGMA foreign_keys"), "1");
            }
        }
    }
}

/// What dangles because of a part that is done by now is found when the rest is gone on with, whatever that is.
#[test]
fn what_was_left_before_an_interruption_is_found_after_it() {
    let statements = ["DROP TABLE p;", "SELECT * FROM later;", "CREATE INDEX i ON c (p);"];
    let script = format!("-- migrate: no-transaction\n{}", statements.join("\n"));
    for place in PLACES {
        let mut database = only_with_children_that_go(place);
        left_by(&mut database, &[("1_drop.sql", &script)], Scope::PerMigration).0.unwrap_err();
        database.connection.execute_batch("CREATE TABLE later (x)").unwrap();
        let (ran, left) = left_by(&mut database, &[("1_drop.sql", &script)], Scope::PerMigration);
        let error = ran.unwrap_err();
        assert_eq!((error.kind(), left), (ErrorKind::ForeignKeyViolation, ["1".into(), "2".into()]), "{error}");
    }
}

/// What a script says with the pragma holds for what stands behind it, also where SQLite would ignore it; and nobody finds it later.
#[test]
fn the_pragma_holds_for_what_stands_behind_it() {
    let deleting = "DELETE FROM p WHERE id = 1;";
    for directive in ["", "-- migrate: no-transaction\n"] {
        for usual in ["1", "0"] {
            // What it says of foreign keys, and how many children are left: those that do not go dangle.
            for (script, children) in [
                (
                    format!("PRAGMA foreign_keys = OFF; DROP TABLE IF EXISTS x; PRAGMA foreign_keys = ON; {deleting}"),
                    "1",
                ),
                (format!("PRAGMA foreign_keys = ON; {deleting}"), "1"),
                (
                    format!(
                        "PRAGMA foreign_keys = OFF; {deleting} DELETE FROM c WHERE p = 1; PRAGMA foreign_keys = ON;"
                    ),
                    "1",
                ),
                (
                    format!(
                        "PRAGMA foreign_keys = OFF; {deleting} INSERT INTO p (id) VALUES (1); PRAGMA foreign_keys = ON;"
                    ),
                    "2",
                ),
            ] {
                let mut database = only_with_children_that_go(Place::File);
                database.connection.execute_batch(&format!("PRAGMA foreign_keys = {usual}")).unwrap();
                let script = format!("{directive}{script}");
                let (ran, left) = left_by(&mut database, &[("1_pragma.sql", &script)], Scope::PerMigration);
                ran.unwrap();
                assert_eq!(left, [usual, children], "{script}");
            }
        }
    }
}

/// A key that follows a table to its end, or stays behind: no row tells of it where there is none.
#[test]
fn a_key_of_an_empty_table_does_not_follow_what_is_dropped() {
    let away = "ALTER TABLE q RENAME TO old_q; CREATE TABLE q (id INTEGER PRIMARY KEY); INSERT INTO q SELECT * FROM old_q; DROP TABLE old_q;";
    let stays = "PRAGMA legacy_alter_table = ON; CREATE TABLE n (id INTEGER PRIMARY KEY); DROP TABLE s; ALTER TABLE n RENAME TO s; \
                 ALTER TABLE q RENAME TO people;";
    let more = "CREATE TABLE q (id INTEGER PRIMARY KEY); CREATE TABLE e (q integer REFERENCES q); \
                CREATE TABLE s (id INTEGER PRIMARY KEY); CREATE TABLE f (s integer REFERENCES s);";
    for place in PLACES {
        for (script, name) in [(away, "old_q"), (stays, "")] {
            for scope in [Scope::PerMigration, Scope::All] {
                let mut database = database(place);
                database.connection.execute_batch(more).unwrap();
                let (ran, _) = left_by(&mut database, &[("1_away.sql", script)], scope);
                if name.is_empty() {
                    // Foreign keys are on where it is renamed: those that refer to it follow.
                    ran.unwrap();
                    assert_eq!(database.value("SELECT \"table\" FROM pragma_foreign_key_list('e')"), "people");
                    continue;
                }
                let error = ran.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::ForeignKeyViolation, "{error}");
                let words = format!("rows of `e` cannot be checked: `{name}`, which it refers to, is not there");
                assert!(error.to_string().contains(&words), "{error}");
            }
        }
    }
}

/// What several scripts do together: none of them says it alone.
#[test]
fn in_one_transaction_they_are_looked_at_together() {
    let referring = "CREATE TABLE e (p integer REFERENCES s ON DELETE CASCADE); INSERT INTO e VALUES (1)";
    let alone = "CREATE TABLE s (id INTEGER PRIMARY KEY); INSERT INTO s VALUES (1)";
    let rename = ("1_rename.sql", "ALTER TABLE p RENAME TO people;");
    for place in PLACES {
        for second in [
            "DROP TABLE people;",
            "CREATE TABLE n (id INTEGER PRIMARY KEY); INSERT INTO n SELECT id FROM people WHERE id = 2; DROP TABLE people; \
             ALTER TABLE n RENAME TO people;",
        ] {
            for scope in [Scope::PerMigration, Scope::All] {
                let mut database = only_with_children_that_go(place);
                let (ran, left) = left_by(&mut database, &[rename, ("2_drop.sql", second)], scope);
                assert_eq!(ran.unwrap_err().kind(), ErrorKind::ForeignKeyViolation, "{second}");
                assert_eq!(left, ["1", "2"]);
            }
        }
        for scope in [Scope::PerMigration, Scope::All] {
            let set = migrations(&[("2_drop.sql", "DROP TABLE s;")]);
            let mut database = database(place);
            database.connection.execute_batch(alone).unwrap();
            let step = Step::rusqlite(move |connection| Ok(connection.execute_batch(referring)?));
            let migrator = Migrator::new(&set).step(1, "refer", step).scope(scope);
            let error = migrator.run(&mut database.connection).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ForeignKeyViolation, "{error}");
        }
    }
}

/// Where a trigger may do anything, foreign keys are on: those of a table that is dropped then, and those that a script makes.
#[test]
fn triggers_run_with_foreign_keys_on() {
    let before = "CREATE TABLE w (id INTEGER PRIMARY KEY); INSERT INTO w VALUES (1); CREATE TABLE junk (x);
        CREATE TABLE log (x integer REFERENCES w ON DELETE CASCADE); INSERT INTO log VALUES (1);
        CREATE TRIGGER old AFTER INSERT ON junk BEGIN DELETE FROM w WHERE id = new.x; END";
    let made = "DROP TABLE junk; CREATE TABLE junk (x, y); \
                CREATE TRIGGER new AFTER INSERT ON junk BEGIN INSERT INTO log VALUES (new.x); END; INSERT INTO junk VALUES (99, 1);";
    let old = "INSERT INTO junk VALUES (1); DROP TABLE junk; CREATE TABLE junk (x, y);";
    for place in PLACES {
        for scope in [Scope::PerMigration, Scope::All] {
            let mut database = database(place);
            database.connection.execute_batch(before).unwrap();
            let error = left_by(&mut database, &[("1_made.sql", made)], scope).0.unwrap_err();
            assert!(error.to_string().contains("FOREIGN KEY constraint failed"), "{error}");
            left_by(&mut database, &[("1_old.sql", old)], scope).0.unwrap();
            assert_eq!(database.value("SELECT count(*) FROM log"), "0");
        }
    }
}

/// What has to be put right before the commit is counted by SQLite: what is dropped with nobody referring to it is put right.
#[test]
fn deferred_keys_are_counted() {
    let before = "CREATE TABLE q (id INTEGER PRIMARY KEY); INSERT INTO q VALUES (1), (2);
        CREATE TABLE d (q integer REFERENCES q DEFERRABLE INITIALLY DEFERRED); INSERT INTO d VALUES (1)";
    for place in PLACES {
        for scope in [Scope::PerMigration, Scope::All] {
            for script in [
                "DELETE FROM q WHERE id = 1; DROP TABLE d;",
                "INSERT INTO d VALUES (5); CREATE TABLE d2 (q integer REFERENCES q DEFERRABLE INITIALLY DEFERRED); \
                 INSERT INTO d2 SELECT * FROM d WHERE q < 5; DROP TABLE d; ALTER TABLE d2 RENAME TO d;",
            ] {
                let mut database = database(place);
                database.connection.execute_batch(before).unwrap();
                left_by(&mut database, &[("1_script.sql", script)], scope).0.unwrap();
            }
        }
    }
}

/// `foreign-keys=on` leaves all to SQLite, but for what the script says itself.
#[test]
fn the_pragma_holds_also_where_foreign_keys_stay_on() {
    for directives in ["-- migrate: foreign-keys=on\n", "-- migrate: no-transaction\n-- migrate: foreign-keys=on\n"] {
        for (script, children) in [
            (format!("PRAGMA foreign_keys = OFF;\n{REBUILD}PRAGMA foreign_keys = ON;"), "2"),
            (REBUILD.to_owned(), "0"),
        ] {
            let mut database = only_with_children_that_go(Place::File);
            let script = format!("{directives}{script}");
            let (ran, left) = left_by(&mut database, &[("1_rebuild.sql", &script)], Scope::PerMigration);
            ran.unwrap();
            assert_eq!(left, ["1", children], "{script}");
        }
    }
}

/// All together are checked, before their commit: what one leaves another may put right.
#[test]
fn in_one_transaction_the_end_counts() {
    let halves = [
        ("1_drop.sql", "CREATE TABLE n (id INTEGER PRIMARY KEY, x text); INSERT INTO n SELECT * FROM p; DROP TABLE p;"),
        ("2_rename.sql", "ALTER TABLE n RENAME TO p;"),
    ];
    for place in PLACES {
        let (ran, left) = left_by(&mut database(place), &halves, Scope::All);
        ran.unwrap();
        assert_eq!(left, ["1", "2"]);
        let (ran, _) = left_by(&mut database(place), &halves, Scope::PerMigration);
        assert_eq!(ran.unwrap_err().kind(), ErrorKind::ForeignKeyViolation);
    }
}

/// What was there before it was interrupted is not known any more: nothing that refers to nothing is taken for old.
#[test]
fn what_is_left_outside_of_a_transaction_is_not_forgotten_by_another_run() {
    for place in PLACES {
        let mut database = database(place);
        let rebuild = "-- migrate: no-transaction\nCREATE TABLE n (id INTEGER PRIMARY KEY, x text);\n\
                       INSERT INTO n SELECT * FROM p WHERE id = 2;\nDROP TABLE p;\nALTER TABLE n RENAME TO p;";
        let set = migrations(&[("1_rebuild.sql", rebuild)]);
        let words = [
            "has left 2 rows that refer to nothing",
            "leaves 2 rows that refer to nothing; whether they were there before is not known",
        ];
        for word in [words[0], words[1], words[1]] {
            let error = Migrator::new(&set).run(&mut database.connection).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ForeignKeyViolation, "{error}");
            assert!(error.to_string().contains(word), "{word:?} is not in\n{error}");
        }
        database.connection.execute_batch("DELETE FROM c WHERE p = 1; DELETE FROM k WHERE p = 1").unwrap();
        Migrator::new(&set).run(&mut database.connection).unwrap();
        assert_eq!(database.value("PRAGMA foreign_keys"), "1");
    }
}

/// Without those that would keep a parent from being dropped.
fn only_with_children_that_go(place: Place) -> Database {
    let database = database(place);
    database.connection.execute_batch("DROP TABLE k").unwrap();
    database
}

/// What refers to nothing in a database that the script itself attaches was there before, too; what the script leaves there is new.
#[test]
fn rows_of_a_database_that_the_script_attaches_are_told_from_new_ones() {
    let broken = "PRAGMA foreign_keys = OFF; CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p integer REFERENCES p); INSERT INTO c VALUES (7)";
    for place in [Place::File, Place::Wal] {
        for directive in ["", "-- migrate: no-transaction\n"] {
            for scope in [Scope::PerMigration, Scope::All] {
                for (more, is_new) in [
                    ("INSERT INTO x.p VALUES (1);", false),
                    ("PRAGMA foreign_keys = OFF;\nINSERT INTO x.c VALUES (8);\nPRAGMA foreign_keys = ON;", true),
                ] {
                    if scope == Scope::All && !directive.is_empty() {
                        continue;
                    }
                    let mut database = database(place);
                    let file = database.folder.path().join("x.db");
                    Connection::open(&file).unwrap().execute_batch(broken).unwrap();
                    let script = format!("{directive}ATTACH '{}' AS x;\n{REBUILD}{more}", file.display());
                    let ended = database.run(&Migrator::new(&one(&script)).scope(scope));
                    let what = format!("{place:?}, {scope:?}, {script}");
                    match (ended, is_new) {
                        (Ok(_), false) => assert_eq!(database.value("SELECT count(*) FROM c"), "2", "{what}"),
                        (Err(error), true) => {
                            let text = error.to_string();
                            assert_eq!(error.kind(), ErrorKind::ForeignKeyViolation, "{what}: {text}");
                            assert!(text.contains("1 row") && text.contains("row 2 of `x.c`"), "{what}: {text}");
                        }
                        (ended, _) => panic!("{what}: {ended:?}"),
                    }
                }
            }
        }
    }
}

/// To attach a database makes nothing of the others old or new, also in a script that goes on.
#[test]
fn what_is_new_elsewhere_stays_so_when_a_database_is_attached() {
    let mut database = database(Place::File);
    let attach = format!("ATTACH '{}' AS x;", database.folder.path().join("x.db").display());
    let dangling = "PRAGMA foreign_keys = OFF; INSERT INTO c VALUES (9, 99); PRAGMA foreign_keys = ON";
    database.connection.execute_batch(dangling).unwrap();
    database.run(&Migrator::new(&one(&format!("{REBUILD}{attach}\nINSERT INTO p (id) VALUES (7);")))).unwrap();

    let mut database = self::database(Place::File);
    let attach = format!("ATTACH '{}' AS x;", database.folder.path().join("x.db").display());
    let script = |left: &str| one(&format!("-- migrate: no-transaction\nSELECT 1;\n{left}"));
    database.run(&Migrator::new(&script("DELETE FROM nowhere;"))).unwrap_err();
    let left = format!("PRAGMA foreign_keys = OFF;\nDELETE FROM p WHERE id = 1;\n{attach}\nPRAGMA foreign_keys = ON;");
    let error = database.run(&Migrator::new(&script(&left))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignKeyViolation, "{error}");
    assert!(error.to_string().contains("row 1 of `c`"), "{error}");
}

/// What a script leaves in a database that it detaches is looked at before; another file under the same name has rows of its own.
#[test]
fn rows_of_a_database_that_the_script_detaches_are_looked_at_before() {
    let one_of = |rows: &str| {
        format!(
            "PRAGMA foreign_keys = OFF; CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p integer REFERENCES p); {rows}"
        )
    };
    let cases = [
        ("DELETE FROM o.p", "DETACH DATABASE \"O\"", true),
        ("DELETE FROM o.p", "DETACH o", true),
        ("DELETE FROM o.p", "detach database 'o'", true),
        ("INSERT INTO o.p VALUES (2)", "DETACH o", false),
        // Nothing else ends what a database has been through.
        ("DELETE FROM o.p;\nDELETE FROM o.c", "DETACH o", false),
    ];
    for (delete, detach, is_new) in cases {
        let mut database = database(Place::File);
        let [sound, broken] = ["sound.db", "broken.db"].map(|name| database.folder.path().join(name));
        let make = |file: &std::path::Path, sql: &str| Connection::open(file).unwrap().execute_batch(sql).unwrap();
        make(&sound, &one_of("INSERT INTO p VALUES (1); INSERT INTO c VALUES (1)"));
        make(&broken, &one_of("INSERT INTO c VALUES (7)"));
        let script = format!(
            "-- migrate: no-transaction\nPRAGMA foreign_keys = OFF;\nATTACH '{}' AS o;\n{delete};\n{detach};\nATTACH '{}' AS o;\n\
             INSERT INTO k VALUES ('two', 2);",
            sound.display(),
            broken.display()
        );
        match database.run(&Migrator::new(&one(&script))) {
            Ok(_) => assert!(!is_new, "{script}"),
            Err(error) => {
                assert!(is_new && error.kind() == ErrorKind::ForeignKeyViolation, "{script}: {error}");
                assert!(error.to_string().contains("row 1 of `o.c`"), "{script}: {error}");
            }
        }
    }
}

/// What a drop takes along although it cannot be seen in the database, or seems to be dropped itself.
#[test]
fn children_that_are_not_seen_do_not_go_along() {
    let refused = |database: &mut Database, script: &str| {
        let error = Migrator::new(&migrations(&[("1_drop.sql", script)])).run(&mut database.connection).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ForeignKeyViolation, "{script}: {error}");
    };
    for place in PLACES {
        // A table of the child's name is dropped, but not the child.
        for (before, script) in [
            ("", "DROP TABLE IF EXISTS temp.c; DROP TABLE p;"),
            ("", "CREATE TEMP TABLE c AS SELECT * FROM main.c; DROP TABLE c; DROP TABLE p;"),
            (
                "ATTACH ':memory:' AS other; CREATE TABLE other.c (x)",
                "DROP TABLE IF EXISTS other.c; DROP TABLE main.p;",
            ),
        ] {
            let mut database = only_with_children_that_go(place);
            database.connection.execute_batch(before).unwrap();
            refused(&mut database, script);
            assert_eq!(database.value("SELECT count(*) FROM main.c"), "2", "{script}");
        }
        // The child is in another database, where the drop does not get to.
        let mut database = only_with_children_that_go(place);
        let other = "ATTACH ':memory:' AS other; CREATE TABLE other.q (id INTEGER PRIMARY KEY); INSERT INTO other.q VALUES (1); \
                     CREATE TABLE other.c (q integer REFERENCES q ON DELETE CASCADE); INSERT INTO other.c VALUES (1)";
        database.connection.execute_batch(other).unwrap();
        refused(&mut database, "DROP TABLE c; DROP TABLE other.q;");
        assert_eq!(database.value("SELECT count(*) FROM other.c"), "1");
        // A database that the script attaches.
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.db");
        Connection::open(&file)
            .unwrap()
            .execute_batch(&other.replace("ATTACH ':memory:' AS other;", "").replace("other.", ""))
            .unwrap();
        let mut database = only_with_children_that_go(place);
        let attach = format!("ATTACH '{}' AS x;\nDROP TABLE x.q;", file.display());
        refused(&mut database, &format!("-- migrate: no-transaction\n{attach}"));
        let left = Connection::open(&file).unwrap().query_row("SELECT count(*) FROM c", [], |row| row.get(0));
        assert_eq!(left, Ok(1));
        // Children that have their rows from the script itself, or from a trigger, or that it makes.
        for script in [
            "INSERT INTO e VALUES (1); DROP TABLE q;",
            "DELETE FROM z; DROP TABLE q;",
            "CREATE TABLE f (q integer REFERENCES q ON DELETE CASCADE); INSERT INTO f VALUES (1); DROP TABLE q;",
            "CREATE TABLE \"we\"\"ird\" (id INTEGER PRIMARY KEY); INSERT INTO \"we\"\"ird\" VALUES (1); \
             CREATE TABLE f (q integer REFERENCES \"we\"\"ird\" ON DELETE CASCADE); INSERT INTO f VALUES (1); DROP TABLE \"we\"\"ird\";",
        ] {
            for directive in ["", "-- migrate: no-transaction\n"] {
                let mut database = only_with_children_that_go(place);
                let more = "CREATE TABLE q (id INTEGER PRIMARY KEY); INSERT INTO q VALUES (1); \
                            CREATE TABLE e (q integer REFERENCES q ON DELETE CASCADE); CREATE TABLE z (id integer); \
                            INSERT INTO z VALUES (1); \
                            CREATE TRIGGER t AFTER DELETE ON z BEGIN INSERT INTO e VALUES (old.id); END";
                database.connection.execute_batch(more).unwrap();
                refused(&mut database, &format!("{directive}{script}"));
            }
        }
    }
}

/// A table that comes back in another file takes nothing along on the way; one that nobody refers to may go as it likes.
#[test]
fn a_dropped_table_takes_no_rows_along() {
    let copy = "CREATE TABLE n (id INTEGER PRIMARY KEY, x text); INSERT INTO n SELECT * FROM p;";
    let rebuilds: [&[(&str, &str)]; 5] = [
        &[("1_copy.sql", &format!("{copy} DROP TABLE p;")), ("2_rename.sql", "ALTER TABLE n RENAME TO p;")],
        &[("1_copy.sql", copy), ("2_drop.sql", "DROP TABLE p;"), ("3_rename.sql", "ALTER TABLE n RENAME TO p;")],
        &[("1_bak.sql", "CREATE TABLE bak AS SELECT * FROM p; DROP TABLE p;")],
        // Under a name that the script has given it, or the children.
        &[("1_new.sql", &format!("ALTER TABLE p RENAME TO old; {copy} DROP TABLE old;").replace("FROM p", "FROM old"))],
        &[("1_new.sql", "ALTER TABLE c RENAME TO c2; CREATE TABLE c (x); DROP TABLE c; DROP TABLE p;")],
    ];
    for place in PLACES {
        for files in rebuilds {
            let mut database = only_with_children_that_go(place);
            let error = Migrator::new(&migrations(files)).run(&mut database.connection).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ForeignKeyViolation, "{error}");
            assert!(error.to_string().contains("foreign-keys=on"), "{error}");
            assert_eq!(database.value("SELECT count(*) FROM c"), "2");
            assert_eq!(database.value("SELECT count(*) FROM p"), "2");
        }
        // With leave they go.
        let mut database = database(place);
        let with_leave = migrations(&[("1_drop.sql", "-- migrate: foreign-keys=on\nDELETE FROM k;\nDROP TABLE p;")]);
        let report = Migrator::new(&with_leave).run(&mut database.connection).unwrap();
        assert!(report.changes()[0].notes.is_empty(), "{report}");
        assert_eq!(database.value("SELECT count(*) FROM c"), "0");

        // Nobody refers to these: also in somebody's transaction, and beside what deletes.
        let mut database = self::database(place);
        database.connection.execute_batch("CREATE TABLE st (x integer); INSERT INTO st VALUES (1)").unwrap();
        let archive =
            "CREATE TABLE ar AS SELECT * FROM st;\nDROP TABLE st;\nDELETE FROM k;\nDELETE FROM p WHERE id = 1;";
        let set = migrations(&[("1_archive.sql", archive)]);
        let mut transaction = database.connection.transaction().unwrap();
        let report = Migrator::new(&set).run(&mut transaction).unwrap();
        transaction.commit().unwrap();
        assert!(report.changes()[0].notes.is_empty(), "{report}");
        assert_eq!(database.value("SELECT count(*) FROM c"), "1");
    }
}

/// What is not in the database before the first ones have run, in a transaction that is ours.
#[test]
fn a_table_of_the_same_run_is_not_dropped_under_its_children() {
    for place in PLACES {
        let mut database = database(place);
        let set = migrations(&[
            (
                "1_tables.sql",
                "CREATE TABLE q (id INTEGER PRIMARY KEY); INSERT INTO q VALUES (1); \
                              CREATE TABLE r (q integer REFERENCES q ON DELETE CASCADE); INSERT INTO r VALUES (1);",
            ),
            ("2_drop.sql", "DROP TABLE q;"),
        ]);
        let error = Migrator::new(&set).scope(Scope::All).run(&mut database.connection).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ForeignKeyViolation, "{error}");
        assert_eq!(database.value("SELECT count(*) FROM sqlite_master WHERE name IN ('q', 'r')"), "0");
        let error = Migrator::new(&set).run(&mut database.connection).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ForeignKeyViolation, "{error}");
    }
}

/// Inside the user's transaction the pragma would do nothing.
#[test]
fn a_table_can_be_rebuilt_inside_a_transaction() {
    for place in PLACES {
        let mut database = database(place);
        let set = migrations(&[("1_t.sql", "CREATE TABLE t (x integer);"), ("2_rebuild.sql", REBUILD)]);
        let mut transaction = database.connection.transaction().unwrap();
        let planned = Migrator::new(&set).plan(&mut transaction).unwrap().to_string();
        assert!(planned.contains("foreign keys would be off where it needs that"), "{planned}");
        let report = Migrator::new(&set).run(&mut transaction).unwrap().to_string();
        assert!(report.contains(NOTE), "{report}");
        transaction.commit().unwrap();
        assert_eq!(["c", "k"].map(|table| database.value(&format!("SELECT count(*) FROM {table}"))), ["2", "1"]);

        let mut database = self::database(place);
        let set = migrations(&[
            ("1_users.up.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY); INSERT INTO users VALUES (1);"),
            ("1_users.down.sql", "DROP TABLE users;"),
            ("2_posts.up.sql", "CREATE TABLE posts (u integer REFERENCES users); INSERT INTO posts VALUES (1);"),
            ("2_posts.down.sql", "DROP TABLE posts;"),
        ]);
        for scope in [Scope::PerMigration, Scope::All] {
            let migrator = Migrator::new(&set).scope(scope).dangerously_allow_reset();
            migrator.run(&mut database.connection).unwrap();
            let mut transaction = database.connection.transaction().unwrap();
            let plan = migrator.dry_run().reset(&mut transaction).unwrap();
            assert_eq!(plan.changes().len(), 2);
            migrator.reset(&mut transaction).unwrap();
            transaction.commit().unwrap();
            migrator.run(&mut database.connection).unwrap();
            assert_eq!(migrator.reset(&mut database.connection).unwrap().changes().len(), 2);
        }
    }
}
