//! What was left in the middle goes on as if nothing had happened, whatever has happened to its file, its session and its decision.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use migrate_runtime::{Action, ErrorKind, Event, Migrations, Migrator, Resume};
use migrate_tests::{Connection, Driver, Fresh, Verb, migrations, poll};

const SERVERS: [Driver; 2] = [Driver::Postgres, Driver::TokioPostgres];

/// One script outside of a transaction, behind the tables of [`TABLES`].
fn script(sql: &str) -> Migrations {
    migrations(&[("1_tables.sql", TABLES), ("2_b.sql", &*format!("-- migrate: no-transaction\n{sql}"))])
}

const TABLES: &str = "CREATE TABLE t (a integer, b integer);\nINSERT INTO t VALUES (1, 1), (1, 2), (2, 3);\n\
                      CREATE TABLE log (n integer);";

fn run(connection: &mut Connection, set: &Migrations) -> Result<migrate_runtime::Report, migrate_runtime::Error> {
    connection.run(&Migrator::new(set))
}

fn progress(connection: &mut Connection) -> String {
    connection.value(
        "SELECT state || ' ' || statements_begun || ' ' || statements_done FROM schema_migrations WHERE version = '2'",
    )
}

/// The second migration is left in the middle, with so many statements begun and done.
fn left(begun: u32, done: u32) -> String {
    format!(
        "DELETE FROM log; UPDATE schema_migrations SET state = 'running', statements_begun = {begun}, statements_done = {done}, \
         claim = NULL WHERE version = 2"
    )
}

/// Two statements that nobody can look up, of which the second writes.
const TWO_IN_DOUBT: &str = "DO $$ BEGIN COMMIT; END $$;\nDO $$ BEGIN INSERT INTO log VALUES (2); COMMIT; END $$;";

/// Somebody else's claim, of a session that lives.
const CLAIM: &str = "UPDATE schema_migrations SET claim = (SELECT concat('1-18a5c0ffee000000-3 ', pid, ' ', \
                     (date_part('epoch', backend_start) * 1000000::float8)::int8) FROM pg_stat_activity WHERE pid = pg_backend_pid())";

#[test]
fn a_decision_is_about_what_was_in_doubt_and_nothing_else() {
    let with = |calls: &str| {
        migrations(&[
            ("1_tables.sql", TABLES),
            ("2_b.sql", "-- migrate: no-transaction\nINSERT INTO log VALUES (1);\nDO $$ BEGIN COMMIT; END $$;"),
            ("3_c.sql", &*format!("-- migrate: no-transaction\n{calls}")),
        ])
    };
    let set = with("DO $$ BEGIN INSERT INTO log VALUES (2); COMMIT; END $$;");
    for (driver, decision) in SERVERS.into_iter().zip([Resume::MarkDone, Resume::Retry]) {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        run(&mut connection, &set).unwrap();
        connection.execute(
            "DELETE FROM log WHERE n = 2; UPDATE schema_migrations SET state = 'running', statements_begun = statements, \
             statements_done = statements - 1 WHERE version = 2; \
             CREATE TABLE third AS SELECT * FROM schema_migrations WHERE version = 3; DELETE FROM schema_migrations WHERE version = 3",
        );
        // When the one that was decided about is done, somebody begins the next one, and is gone in the middle.
        let migrator = Migrator::new(&set).on_event(|event| {
            if let Event::Changed { .. } = event {
                let died = "UPDATE third SET state = 'running', statements_begun = 1, statements_done = 0; \
                            INSERT INTO schema_migrations SELECT * FROM third";
                thread::scope(|scope| scope.spawn(|| fresh.connect().execute(died)).join().unwrap());
            }
        });
        let report = connection.execute_verb(&migrator, &Verb::Resume(decision)).unwrap();
        assert_eq!(report.changes().len(), 1, "{report}");
        assert_eq!(connection.value("SELECT state FROM schema_migrations WHERE version = 3"), "running");
        assert_eq!(connection.run(&Migrator::new(&set)).unwrap_err().kind(), ErrorKind::Interrupted);
        assert_eq!(connection.rows("SELECT n FROM log"), ["1"]);
    }
}

/// Who is at work then may come to another statement before it is gone, or has had another decision.
#[test]
fn a_decision_about_what_another_runner_is_at_work_on_does_not_count() {
    let set = script(TWO_IN_DOUBT);
    for driver in SERVERS {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        run(&mut connection, &set).unwrap();
        connection.execute(&left(2, 1));
        let before = progress(&mut connection);
        let mut other = fresh.connect();
        other.execute(CLAIM);
        let error = thread::scope(|scope| {
            let (send, receive) = mpsc::channel();
            let (fresh, set) = (&fresh, &set);
            let resumed = scope.spawn(move || {
                let migrator = Migrator::new(set).on_event(move |event| {
                    if let Event::Waiting { .. } = event {
                        send.send(()).unwrap();
                    }
                });
                fresh.connect().execute_verb(&migrator, &Verb::Resume(Resume::MarkDone)).unwrap_err()
            });
            receive.recv_timeout(Duration::from_secs(30)).unwrap();
            drop(other);
            resumed.join().unwrap()
        });
        assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
        assert_eq!(progress(&mut connection), before);
        // Now nobody is, and it does.
        connection.execute_verb(&Migrator::new(&set), &Verb::Resume(Resume::MarkDone)).unwrap();
        assert_eq!(connection.rows("SELECT n FROM log"), [""; 0]);
    }
}

/// Nor does it for a later statement of the same script, to which somebody else has come meanwhile.
#[test]
fn a_decision_ends_with_the_statement_that_it_is_about() {
    let set = script(TWO_IN_DOUBT);
    for driver in SERVERS {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        run(&mut connection, &set).unwrap();
        connection.execute(&left(1, 0));
        let is_first = AtomicBool::new(true);
        let migrator = Migrator::new(&set).on_event(|event| {
            if matches!(event, Event::Changed { .. }) && is_first.swap(false, Ordering::Relaxed) {
                thread::scope(|scope| scope.spawn(|| fresh.connect().execute(&left(2, 1))).join().unwrap());
            }
        });
        let error = connection.execute_verb(&migrator, &Verb::Resume(Resume::MarkDone)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
        assert_eq!(progress(&mut connection), "running 2 1");
    }
}

/// A statement that failed and left something behind is in doubt; one that has taken its place in the file is not.
#[test]
fn what_is_in_doubt_is_the_statement_that_ran_and_not_its_place() {
    for driver in SERVERS {
        let failed = |first: &str| {
            let fresh = Fresh::new(driver);
            let mut connection = fresh.connect();
            connection.execute("CREATE TABLE of_others (b integer); CREATE INDEX j ON of_others (b)");
            run(&mut connection, &script("CREATE UNIQUE INDEX CONCURRENTLY i ON t (a);")).unwrap_err();
            assert_eq!(progress(&mut connection), "running 1 0");
            let set = script(first);
            // It fails for what it is, as often as it runs.
            for _ in 0..2 {
                let error = run(&mut connection, &set).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::StatementFailed, "{first}: {error}");
                assert_eq!(progress(&mut connection), "running 0 0", "{first}");
                assert_eq!(connection.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0", "{first}");
            }
            (fresh, connection)
        };
        let (_fresh, mut connection) =
            failed("DELETE FROM t WHERE c = 2;\nCREATE UNIQUE INDEX CONCURRENTLY i ON t (a);");
        let corrected = script("DELETE FROM t WHERE b = 2;\nCREATE UNIQUE INDEX CONCURRENTLY i ON t (a);");
        run(&mut connection, &corrected).unwrap();
        assert_eq!(
            connection.value("SELECT count(*) FROM pg_index WHERE indisunique AND indrelid = 't'::regclass"),
            "1"
        );
        assert_eq!(connection.value("SELECT count(*) FROM t"), "2");
        // The name of another index, and the name of none.
        failed("CREATE UNIQUE INDEX CONCURRENTLY j ON of_others (missing);");
        failed("CREATE UNIQUE INDEX CONCURRENTLY j ON of_others (b);");
        failed("DROP INDEX CONCURRENTLY jj;");
    }
}

/// What a failed statement has left is removed, also when that takes longer than anybody may wait, fails at first, or the statement has gone
/// from the file meanwhile.
#[test]
fn what_is_left_of_a_statement_is_removed_in_any_case() {
    for driver in SERVERS {
        for today in [
            "DELETE FROM t WHERE b = 2;\nCREATE UNIQUE INDEX CONCURRENTLY i ON t (a);",
            "INSERT INTO log VALUES (7);",
            "DELETE FROM t WHERE b = 2;\nCREATE UNIQUE INDEX CONCURRENTLY k ON t (a);",
        ] {
            let fresh = Fresh::new(driver);
            let mut connection = fresh.connect();
            run(&mut connection, &script("CREATE UNIQUE INDEX CONCURRENTLY i ON t (a);")).unwrap_err();
            let mut reader = fresh.connect();
            reader.execute("BEGIN; SELECT * FROM t");
            let set = script(today);
            let migrator = Migrator::new(&set).lock_timeout(Duration::from_millis(50));
            let waits = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' \
                         AND query LIKE 'DROP INDEX CONCURRENTLY%'";
            thread::scope(|scope| {
                let go_on = || {
                    let (fresh, migrator) = (&fresh, &migrator);
                    scope.spawn(move || fresh.connect().run(migrator))
                };
                let first = go_on();
                let ended = format!("SELECT count(pg_terminate_backend(pid)) {waits}");
                poll("the removal", Duration::from_secs(30), || (connection.value(&ended) == "1").then_some(()));
                assert_eq!(first.join().unwrap().unwrap_err().kind(), ErrorKind::ConnectionLost);
                assert_eq!(progress(&mut connection), "running 1 0", "{today}");
                let second = go_on();
                let long = format!("SELECT count(*) {waits} AND state_change < now() - interval '300 ms'");
                poll("a long removal", Duration::from_secs(30), || (connection.value(&long) == "1").then_some(()));
                reader.execute("COMMIT");
                second.join().unwrap().unwrap();
            });
            assert_eq!(connection.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0", "{today}");
            let built = connection.value("SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass");
            assert_eq!(built == "1", today.contains("INDEX"), "{today}");
            let kept = connection.value("SELECT sql FROM schema_migrations WHERE version = 2");
            assert_eq!(kept, format!("-- migrate: no-transaction\n{today}"));
        }
    }
}

/// What a pragma has written to the file stays as it is, and whoever is refused has set nothing at all.
#[test]
fn what_is_in_the_file_is_not_set_again() {
    let fresh = Fresh::new(Driver::Rusqlite);
    let elsewhere = fresh.file().with_extension("elsewhere");
    let done = format!(
        "PRAGMA user_version = 3;\nPRAGMA journal_mode = DELETE;\nPRAGMA recursive_triggers = ON;\nATTACH '{}' AS elsewhere;\n\
         CREATE TABLE elsewhere.e (x);\nDETACH elsewhere;\nPRAGMA max_page_count = 4711;",
        elsewhere.display()
    );
    let with = |last: &str| script(&format!("{done}\n{last};"));
    run(&mut fresh.connect(), &with("DELETE FROM nowhere")).unwrap_err();
    fs::remove_file(&elsewhere).unwrap();
    let mut connection = fresh.connect();
    connection.execute("PRAGMA user_version = 9; PRAGMA journal_mode = WAL");
    // What is done has changed: it is refused.
    let error = run(&mut connection, &script(&format!("SELECT 1;\n{done}"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
    assert_eq!(connection.value("PRAGMA recursive_triggers"), "0");
    let unchanged = |connection: &mut Connection| {
        let state = ["user_version", "journal_mode"].map(|name| connection.value(&format!("PRAGMA {name}")));
        assert_eq!(state, ["9", "wal"]);
        assert!(!elsewhere.exists());
    };
    unchanged(&mut connection);
    let mut open = fresh.connect();
    open.rows("SELECT * FROM t");
    let seen = "INSERT INTO log SELECT recursive_triggers FROM pragma_recursive_triggers;\n\
                INSERT INTO log SELECT max_page_count FROM pragma_max_page_count";
    run(&mut connection, &with(seen)).unwrap();
    unchanged(&mut connection);
    assert_eq!(connection.rows("SELECT n FROM log"), ["1", "4711"]);
}

/// Others may be at work on a database that is attached again.
#[test]
fn what_is_set_again_waits_for_others() {
    let fresh = Fresh::new(Driver::Rusqlite);
    let attached = fresh.file().with_extension("attached");
    let with = |last: &str| {
        script(&format!(
            "ATTACH '{}' AS b;\nPRAGMA b.locking_mode = NORMAL;\nPRAGMA b.auto_vacuum = 1;\n{last};",
            attached.display()
        ))
    };
    run(&mut fresh.connect(), &with("DELETE FROM nowhere")).unwrap_err();
    let other = rusqlite::Connection::open(&attached).unwrap();
    other.execute_batch("CREATE TABLE o (x); BEGIN EXCLUSIVE").unwrap();
    let set = with("CREATE TABLE b.made (x)");
    thread::scope(|scope| {
        let (send, receive) = mpsc::channel();
        let (fresh, set) = (&fresh, &set);
        let resumed = scope.spawn(move || {
            let migrator = Migrator::new(set).on_event(move |event| {
                if let Event::Waiting { .. } = event {
                    send.send(()).unwrap();
                }
            });
            fresh.connect().run(&migrator)
        });
        receive.recv_timeout(Duration::from_secs(30)).unwrap();
        other.execute_batch("COMMIT").unwrap();
        resumed.join().unwrap().unwrap();
    });
    let made = other.query_row("SELECT count(*) FROM made", [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(made, 0);
}

/// What a later statement has set to something else need not be possible any more.
#[test]
fn what_is_set_no_more_is_not_set_again() {
    for driver in SERVERS {
        let fresh = Fresh::new(driver);
        let role = format!("{}_short", fresh.database().name());
        let done = format!(
            "CREATE ROLE {role};\nSET ROLE {role};\nSELECT 1;\nRESET ROLE;\nDROP ROLE {role};\nSET search_path = nowhere, public;"
        );
        let with = |last: &str| script(&format!("{done}\n{last};"));
        run(&mut fresh.connect(), &with("DELETE FROM missing")).unwrap_err();
        let mut connection = fresh.connect();
        run(&mut connection, &with("INSERT INTO log VALUES (length(current_setting('search_path')))")).unwrap();
        assert_eq!(connection.rows("SELECT n FROM log"), ["15"]);
    }
}

/// A function of the user's that is called like one of the server's does something each time.
#[test]
fn a_function_of_the_user_s_own_is_not_called_again() {
    for driver in SERVERS {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection.execute(
            "CREATE SCHEMA app; CREATE TABLE app.calls (x text); CREATE FUNCTION app.set_config(text, text) RETURNS void \
             LANGUAGE sql AS 'INSERT INTO app.calls VALUES ($1)'",
        );
        let with = |last: &str| script(&format!("SELECT app.set_config('theme', 'dark');\n{last};"));
        for _ in 0..2 {
            run(&mut connection, &with("DELETE FROM missing")).unwrap_err();
        }
        run(&mut connection, &with("SELECT 1")).unwrap();
        assert_eq!(connection.value("SELECT count(*) FROM app.calls"), "1");
    }
}

/// The number that a session has got last is not that of another one.
#[test]
fn the_last_number_of_another_session_is_a_question() {
    for driver in SERVERS {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection.execute("CREATE TABLE par (id serial, who text)");
        let with = |last: &str| script(&format!("INSERT INTO par (who) VALUES ('mine');\n{last};"));
        run(&mut fresh.connect(), &with("DELETE FROM missing")).unwrap_err();
        connection.execute("INSERT INTO par (who) VALUES ('of a customer')");
        let child = "INSERT INTO log VALUES (currval('par_id_seq'))";
        let error = run(&mut connection, &with(child)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
        assert!(error.to_string().contains("got from a sequence"), "{error}");
        assert_eq!(connection.rows("SELECT n FROM log"), [""; 0]);
        let own = with(&format!("INSERT INTO par (who) VALUES ('again');\n{child}"));
        let report = run(&mut connection, &own).unwrap();
        assert_eq!(report.changes()[0].action, Action::Resume);
        assert_eq!(connection.rows("SELECT n FROM log"), ["3"]);
    }
}

/// What the server builds aside is left there when its session ends: of the table, its partitions, and what is too long for it.
#[test]
fn what_was_built_aside_is_removed() {
    const PLAIN: &str = "CREATE TABLE r (a integer);\nCREATE INDEX ri ON r (a);";
    const PARTS: &str = "CREATE TABLE p (a integer) PARTITION BY RANGE (a);\nCREATE TABLE q PARTITION OF p FOR VALUES FROM (0) TO (9);\n\
                         CREATE TABLE r PARTITION OF p FOR VALUES FROM (9) TO (99);\nCREATE INDEX pi ON p (a);";
    let cases = [
        (PLAIN, "REINDEX TABLE CONCURRENTLY r"),
        (PLAIN, "REINDEX INDEX CONCURRENTLY ri"),
        (PLAIN, "REINDEX SCHEMA CONCURRENTLY public"),
        (PARTS, "REINDEX (CONCURRENTLY) TABLE p"),
        (PARTS, "REINDEX INDEX CONCURRENTLY pi"),
        ("CREATE TABLE r (a text);", "REINDEX TABLE CONCURRENTLY r"),
    ];
    for (index, (tables, sql)) in cases.into_iter().enumerate() {
        let fresh = Fresh::new(SERVERS[index % 2]);
        let set = migrations(&[("1_r.sql", tables), ("2_b.sql", &*format!("-- migrate: no-transaction\n{sql};"))]);
        let mut connection = fresh.connect();
        connection.run(&Migrator::new(&set).target(1)).unwrap();
        let invalid = "SELECT count(*) FROM pg_index WHERE NOT indisvalid";
        let mut old = fresh.connect();
        // It ends by itself if anything fails here.
        old.execute(
            "SET idle_in_transaction_session_timeout = '40s'; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM r",
        );
        thread::scope(|scope| {
            let interrupted = scope.spawn(|| fresh.connect().run(&Migrator::new(&set)));
            // It waits for that one when the new index is there.
            poll(&format!("the new index of {sql}"), Duration::from_secs(10), || {
                (connection.value(invalid) != "0").then_some(())
            });
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'REINDEX%'",
            );
            interrupted.join().unwrap().unwrap_err();
        });
        old.execute("COMMIT");
        assert_ne!(connection.value(invalid), "0", "{sql}");
        run(&mut connection, &set).unwrap();
        assert_eq!(connection.value(invalid), "0", "{sql}");
    }
}

/// The limit that a script has set for itself holds again, also behind the removal of what a statement has left.
#[test]
fn a_limit_of_the_script_s_own_outlasts_what_is_removed() {
    for driver in SERVERS {
        let fresh = Fresh::new(driver);
        let with = |first: &str| script(&format!("SET lock_timeout = '9s';\n{first}"));
        let build = "CREATE UNIQUE INDEX CONCURRENTLY i ON t (a);";
        run(&mut fresh.connect(), &with(build)).unwrap_err();
        let seen = "INSERT INTO log SELECT setting::integer FROM pg_settings WHERE name = 'lock_timeout';";
        let corrected = with(&format!("{seen}\nDELETE FROM t WHERE b = 2;\n{build}\n{seen}"));
        let mut connection = fresh.connect();
        run(&mut connection, &corrected).unwrap();
        assert_eq!(connection.rows("SELECT n FROM log"), ["9000", "9000"]);
        assert_eq!(connection.value("SHOW lock_timeout"), "0");
    }
}

/// Whoever may not drop what was left aside goes on without that: of values that are too long, nobody but a superuser may.
#[test]
fn what_may_not_be_removed_is_left() {
    for driver in SERVERS {
        let fresh = Fresh::new(driver);
        let role = format!("{}_owner", fresh.database().name());
        let mut connection = fresh.connect();
        connection.execute(&format!("CREATE ROLE {role}; GRANT ALL ON SCHEMA public TO {role}"));
        let as_owner = || {
            let mut connection = fresh.connect();
            connection.execute(&format!("SET SESSION AUTHORIZATION {role}"));
            connection
        };
        let sql = "-- migrate: no-transaction\nREINDEX TABLE CONCURRENTLY r;";
        let set = migrations(&[("1_r.sql", "CREATE TABLE r (a text);\nCREATE INDEX ri ON r (a);"), ("2_b.sql", sql)]);
        as_owner().run(&Migrator::new(&set).target(1)).unwrap();
        let mut old = fresh.connect();
        old.execute(
            "SET idle_in_transaction_session_timeout = '40s'; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM r",
        );
        thread::scope(|scope| {
            let interrupted = scope.spawn(|| as_owner().run(&Migrator::new(&set)));
            let invalid = "SELECT count(*) FROM pg_index WHERE NOT indisvalid";
            poll("the new indexes", Duration::from_secs(30), || (connection.value(invalid) == "2").then_some(()));
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'REINDEX%'",
            );
            interrupted.join().unwrap().unwrap_err();
        });
        old.execute("COMMIT");
        run(&mut as_owner(), &set).unwrap();
        let left = "SELECT count(*) FROM pg_index WHERE NOT indisvalid AND indrelid = 'r'::regclass";
        assert_eq!(connection.value(left), "0");
    }
}
