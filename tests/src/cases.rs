//! What every verb is tried at, request by request: by tests, and by processes that are killed.

use migrate_runtime::{Migrations, Migrator, OldHistory, Resume, Scope, Step, Tool};

use crate::{Connection, Driver, Verb, migrations, set};

/// A verb, what it finds, and what comes after it.
pub struct Case {
    /// Unique.
    pub name: &'static str,
    /// Applied before, up to this version.
    pub before: Option<u64>,
    /// Done by hand before.
    pub by_hand: &'static str,
    /// The verb.
    pub verb: Verb,
    /// What comes after a fault, if it is not the same again.
    pub then: Option<Verb>,
    /// What a person decides, when asked.
    pub decides: Option<fn(&mut Connection) -> Resume>,
    sets: fn(Driver) -> Vec<Migrations>,
    options: fn(Driver, Migrator<'_>) -> Migrator<'_>,
    only_on_postgres: bool,
    /// Whether there is a question on SQLite, too, which tells of each statement whether it is done.
    asks_on_sqlite: bool,
}

const PLAIN: Case = Case {
    name: "",
    before: None,
    by_hand: "",
    verb: Verb::Run,
    then: None,
    decides: None,
    sets: of_each_kind,
    options: |_, migrator| migrator,
    only_on_postgres: false,
    asks_on_sqlite: false,
};

impl Case {
    /// Those of a driver.
    pub fn all(driver: Driver) -> Vec<Case> {
        let mut cases = every_case();
        cases.retain(|case| !driver.is_sqlite() || !case.only_on_postgres);
        cases
    }

    /// The one of this name.
    pub fn named(driver: Driver, name: &str) -> Option<Case> {
        Case::all(driver).into_iter().find(|case| case.name == name)
    }

    /// Whether a person is asked at some of its points.
    pub fn asks(&self, driver: Driver) -> bool {
        self.decides.is_some() && (self.asks_on_sqlite || !driver.is_sqlite())
    }

    /// The migrations, in their sets.
    pub fn sets(&self, driver: Driver) -> Vec<Migrations> {
        (self.sets)(driver)
    }

    /// What the verb is done with.
    pub fn migrator<'a>(&self, driver: Driver, sets: &'a [Migrations]) -> Migrator<'a> {
        (self.options)(driver, Migrator::many(sets).applied_by("the tests"))
    }
}

fn every_case() -> Vec<Case> {
    let tables = "CREATE TABLE done (n integer); CREATE TABLE t (x integer); INSERT INTO done VALUES (1)";
    let as_one: fn(Driver, Migrator<'_>) -> Migrator<'_> = |_, migrator| migrator.scope(Scope::All);
    vec![
        Case { name: "run from nothing", ..PLAIN },
        Case { name: "run what is left", before: Some(1), ..PLAIN },
        Case { name: "run as one", sets: in_transactions, options: as_one, ..PLAIN },
        Case {
            name: "run with a stamp",
            before: Some(1),
            sets: in_transactions,
            // Others have no such number.
            options: |driver, migrator| if driver.is_sqlite() { migrator.user_version_stamp() } else { migrator },
            ..PLAIN
        },
        Case { name: "run up to a target", before: Some(1), options: |_, migrator| migrator.target(2), ..PLAIN },
        Case { name: "run what is alone", before: Some(1), sets: alone, ..PLAIN },
        Case { name: "run a step", before: Some(1), sets: in_transactions, options: with_step, ..PLAIN },
        Case {
            name: "run a step as one",
            sets: in_transactions,
            options: |driver, migrator| with_step(driver, migrator.scope(Scope::All)),
            ..PLAIN
        },
        Case { name: "run two sets", sets: two_sets, ..PLAIN },
        Case { name: "run a rebuild", before: Some(1), sets: rebuild, ..PLAIN },
        Case { name: "run what a person decides", before: Some(1), sets: doubtful, decides: Some(looks), ..PLAIN },
        Case {
            name: "run what its session had",
            before: Some(1),
            sets: of_session,
            decides: Some(|_| Resume::Retry),
            asks_on_sqlite: true,
            ..PLAIN
        },
        Case {
            name: "run after a build that failed",
            before: Some(2),
            by_hand: "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass; \
                      UPDATE schema_migrations SET state = 'running', statements_done = 0, claim = '1-18a5c0ffee000000-3 4 5' WHERE version = '2'",
            sets: index_build,
            only_on_postgres: true,
            ..PLAIN
        },
        Case {
            name: "run after indexes cut off",
            before: Some(2),
            by_hand: "CREATE INDEX i_ccnew ON t (a); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i_ccnew'::regclass; \
                      UPDATE schema_migrations SET state = 'running', statements_done = 0, claim = '1-18a5c0ffee000000-3 4 5' WHERE version = '2'",
            sets: index_rebuild,
            only_on_postgres: true,
            ..PLAIN
        },
        Case { name: "revert to", before: Some(4), verb: Verb::RevertTo(1), ..PLAIN },
        Case {
            name: "revert as one",
            before: Some(3),
            sets: in_transactions,
            options: as_one,
            verb: Verb::RevertTo(1),
            ..PLAIN
        },
        // What was taken back by then is no longer the last.
        Case {
            name: "revert last",
            before: Some(4),
            verb: Verb::RevertLast(2),
            then: Some(Verb::RevertTo(2)),
            ..PLAIN
        },
        Case {
            name: "reset",
            before: Some(4),
            options: |_, migrator| migrator.dangerously_allow_reset(),
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
        Case { name: "resume, retry", verb: Verb::Resume(Resume::Retry), decides: Some(looks), ..DOUBT },
        Case { name: "resume, skip", verb: Verb::Resume(Resume::Skip), decides: Some(|_| Resume::Skip), ..DOUBT },
        Case {
            name: "resume, done",
            verb: Verb::Resume(Resume::MarkDone),
            decides: Some(|_| Resume::MarkDone),
            ..DOUBT
        },
    ]
}

/// Interrupted at a statement of which nobody knows whether it was done.
const DOUBT: Case = Case {
    before: Some(2),
    by_hand: "DELETE FROM done WHERE n > 1; \
              UPDATE schema_migrations SET state = 'running', statements_begun = 2, statements_done = 1, claim = '1-18a5c0ffee000000-3 4 5' \
              WHERE version = '2'",
    then: Some(Verb::Run),
    sets: doubtful,
    ..PLAIN
};

/// A migration of each kind, with effects that would show a second run.
fn of_each_kind(driver: Driver) -> Vec<Migrations> {
    let (outside, outside_down) = match driver {
        Driver::Rusqlite => ("VACUUM", "VACUUM"),
        _ => ("CREATE INDEX CONCURRENTLY by_x ON t (x)", "DROP INDEX CONCURRENTLY by_x"),
    };
    vec![migrations(&[
        (
            "1_tables.up.sql",
            "CREATE TABLE done (n integer);\nCREATE TABLE t (x integer);\nINSERT INTO done VALUES (1);",
        ),
        ("1_tables.down.sql", "DROP TABLE done;\nDROP TABLE t;"),
        ("2_rows.up.sql", "INSERT INTO t VALUES (1), (2);\nINSERT INTO done VALUES (2);"),
        ("2_rows.down.sql", "DELETE FROM t;\nDELETE FROM done WHERE n = 2;"),
        (
            "3_outside.up.sql",
            &format!(
                "-- migrate: no-transaction\nINSERT INTO done VALUES (3);\n{outside};\nINSERT INTO done VALUES (4);"
            ),
        ),
        (
            "3_outside.down.sql",
            &format!(
                "-- migrate: no-transaction\nDELETE FROM done WHERE n = 4;\n{outside_down};\nDELETE FROM done WHERE n = 3;"
            ),
        ),
        ("4_last.up.sql", "INSERT INTO done VALUES (5);"),
        ("4_last.down.sql", "DELETE FROM done WHERE n = 5;"),
    ])]
}

/// For what has to be in a transaction.
fn in_transactions(_: Driver) -> Vec<Migrations> {
    vec![migrations(&[
        ("1_tables.up.sql", "CREATE TABLE done (n integer);\nINSERT INTO done VALUES (1);"),
        ("1_tables.down.sql", "DROP TABLE done;"),
        ("2_rows.up.sql", "INSERT INTO done VALUES (2);"),
        ("2_rows.down.sql", "DELETE FROM done WHERE n = 2;"),
        ("3_more.up.sql", "INSERT INTO done VALUES (3);\nINSERT INTO done VALUES (4);"),
        ("3_more.down.sql", "DELETE FROM done WHERE n > 2;"),
    ])]
}

/// All that cannot share a transaction and that the database can tell about.
fn alone(driver: Driver) -> Vec<Migrations> {
    let outside = match driver {
        Driver::Rusqlite => {
            "-- migrate: no-transaction\n\
             INSERT INTO done VALUES (1);\n\
             VACUUM;\n\
             INSERT INTO done VALUES (2);\n\
             PRAGMA user_version = 7;\n\
             CREATE UNIQUE INDEX once ON t (a);\n\
             INSERT INTO done VALUES (3);"
        }
        _ => {
            "-- migrate: no-transaction\n\
             INSERT INTO done VALUES (1);\n\
             CREATE INDEX CONCURRENTLY by_a ON t (a);\n\
             INSERT INTO done VALUES (2);\n\
             VACUUM t;\n\
             SET work_mem = '5MB';\n\
             CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS once ON public.t (a);\n\
             DROP INDEX CONCURRENTLY by_a;\n\
             REINDEX INDEX CONCURRENTLY once;\n\
             INSERT INTO done SELECT 3 WHERE current_setting('work_mem') = '5MB';"
        }
    };
    vec![migrations(&[
        ("1_tables.sql", "CREATE TABLE done (n integer);\nCREATE TABLE t (a integer);\nINSERT INTO t VALUES (1), (2);"),
        ("2_outside.sql", outside),
        ("3_after.sql", "INSERT INTO done VALUES (4);"),
    ])]
}

/// A table that others refer to is made anew.
fn rebuild(driver: Driver) -> Vec<Migrations> {
    let rebuild = match driver {
        Driver::Rusqlite => {
            "CREATE TABLE new (id integer PRIMARY KEY, name text);\nINSERT INTO new (id) SELECT id FROM parent;\n\
             DROP TABLE parent;\nALTER TABLE new RENAME TO parent;\nINSERT INTO child VALUES (2, 1);"
        }
        _ => "ALTER TABLE parent ADD COLUMN name text;\nINSERT INTO child VALUES (2, 1);",
    };
    vec![migrations(&[
        (
            "1_tables.sql",
            "CREATE TABLE parent (id integer PRIMARY KEY);\nINSERT INTO parent VALUES (1);\n\
             CREATE TABLE child (id integer, parent integer REFERENCES parent (id) ON DELETE CASCADE);\n\
             INSERT INTO child VALUES (1, 1);",
        ),
        ("2_rebuild.sql", rebuild),
    ])]
}

/// With a statement of which the database cannot tell whether it was done: it commits by itself.
fn doubtful(driver: Driver) -> Vec<Migrations> {
    let second = match driver {
        Driver::Rusqlite => "VACUUM;\nINSERT INTO done VALUES (2)",
        _ => "DO $$ BEGIN INSERT INTO done VALUES (2); COMMIT; END $$",
    };
    vec![migrations(&[
        ("1_tables.sql", "CREATE TABLE done (n integer);"),
        (
            "2_outside.sql",
            &format!(
                "-- migrate: no-transaction\nINSERT INTO done VALUES (1);\n{second};\nINSERT INTO done VALUES (3);"
            ),
        ),
    ])]
}

/// With a statement whose effect is gone with its session.
fn of_session(driver: Driver) -> Vec<Migrations> {
    let second = match driver {
        Driver::Rusqlite => "CREATE TEMP TABLE picked (n integer)",
        _ => "SELECT setseed(0.5)",
    };
    vec![migrations(&[
        ("1_tables.sql", "CREATE TABLE done (n integer);"),
        (
            "2_outside.sql",
            &format!(
                "-- migrate: no-transaction\nINSERT INTO done VALUES (1);\n{second};\nINSERT INTO done VALUES (3);"
            ),
        ),
    ])]
}

fn index_build(_: Driver) -> Vec<Migrations> {
    vec![migrations(&[
        ("1_t.sql", "CREATE TABLE t (a integer);"),
        ("2_i.sql", "-- migrate: no-transaction\nCREATE INDEX CONCURRENTLY i ON t (a);"),
    ])]
}

fn index_rebuild(_: Driver) -> Vec<Migrations> {
    vec![migrations(&[
        ("1_t.sql", "CREATE TABLE t (a integer);\nCREATE INDEX i ON t (a);"),
        ("2_i.sql", "-- migrate: no-transaction\nREINDEX TABLE CONCURRENTLY t;"),
    ])]
}

/// A function in the place of a version that no file has.
fn with_step(driver: Driver, migrator: Migrator<'_>) -> Migrator<'_> {
    const SQL: &str = "INSERT INTO done VALUES (7)";
    migrator.step(
        4,
        "in Rust",
        match driver {
            Driver::Rusqlite => Step::rusqlite(|transaction| Ok(transaction.execute_batch(SQL)?)),
            Driver::Postgres => Step::postgres(|transaction| Ok(transaction.batch_execute(SQL)?)),
            Driver::TokioPostgres => {
                Step::tokio_postgres(|transaction| Box::pin(async move { Ok(transaction.batch_execute(SQL).await?) }))
            }
        },
    )
}

fn two_sets(_: Driver) -> Vec<Migrations> {
    vec![
        set("library", &[("1_l.sql", "CREATE TABLE l (n integer);"), ("2_l.sql", "INSERT INTO l VALUES (1);")]),
        migrations(&[("1_a.sql", "CREATE TABLE a (n integer);"), ("2_a.sql", "INSERT INTO a SELECT n FROM l;")]),
    ]
}

/// A person who looks whether the statement was done.
fn looks(connection: &mut Connection) -> Resume {
    match connection.value("SELECT count(*) FROM done WHERE n = 2").as_str() {
        "0" => Resume::Retry,
        _ => Resume::MarkDone,
    }
}
