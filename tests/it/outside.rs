//! Scripts that run outside of a transaction: interrupted in every way, with others waiting. `crashes` kills them at every request.

use std::fs::{self, File};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use migrate_runtime::driver::{DriverError, Row};
use migrate_runtime::{ErrorKind, Event, Migrations, Migrator, Resume, Scope, Standing};
use migrate_tests::{Case, Connection, Director, Driver, Fault, Fresh, Moment, Verb, migrations, poll, postgres};

/// How many claims name somebody who may be at work; what is kept of one that was given up does not.
const AT_WORK: &str = "SELECT count(*) FROM schema_migrations WHERE claim NOT LIKE '% - - - %'";

/// Whether a request gives a claim up.
fn gives_up(sql: &str) -> bool {
    sql.contains("SET claim = NULL") || sql.contains("SET claim = CASE")
}

/// Three migrations, of which the second has all that cannot share a transaction.
fn alone(driver: Driver) -> Migrations {
    Case::named(driver, "run what is alone").unwrap().sets(driver).remove(0)
}

#[test]
fn an_index_is_built_concurrently_while_another_replica_waits() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let set = alone(Driver::Postgres);
        fresh.connect().run(&Migrator::new(&set).target(1)).unwrap();
        // An old snapshot, which the build has to wait for.
        let mut holder = fresh.connect();
        holder.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM t");
        let (send, receive) = mpsc::channel();
        thread::scope(|scope| {
            let runner = |name: &'static str| {
                let (send, fresh, set) = (send.clone(), &fresh, &set);
                scope.spawn(move || {
                    let migrator =
                        Migrator::new(set).wait_timeout(Duration::from_secs(60)).on_event(|event| match event {
                            Event::Started { .. } => send.send(format!("{name} started")).unwrap(),
                            Event::Waiting { holder, .. } => {
                                assert!(holder.is_some_and(|holder| holder.starts_with("process ")), "{holder:?}");
                                send.send(format!("{name} waits")).unwrap();
                            }
                            _ => {}
                        });
                    fresh.connect().run(&migrator).unwrap().changes().len()
                })
            };
            let hear = |what: &str| {
                while receive.recv_timeout(Duration::from_secs(30)).unwrap() != what {}
            };
            let first = runner("first");
            hear("first started");
            let mut watcher = fresh.connect();
            poll("the build", Duration::from_secs(30), || {
                let building = watcher.value(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                     AND state = 'active' AND query LIKE 'CREATE INDEX CONC%'",
                );
                (building == "1").then_some(())
            });
            let status = watcher.status(&Migrator::new(&set)).unwrap();
            assert_eq!(status.migrations()[1].standing, Standing::Running, "{status}");
            assert!(status.to_string().contains("1 of 9 statements done, the next one begun"), "{status}");
            let second = runner("second");
            hear("second waits");
            // Nobody else may touch what is at work.
            let error = watcher.execute_verb(&Migrator::new(&set), &Verb::MarkPending(2, "x")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
            holder.execute("COMMIT");
            // The third is in a transaction: whoever comes first has it.
            let applied = (first.join().unwrap(), second.join().unwrap());
            assert!(matches!(applied, (2, 0) | (1, 1)), "{applied:?}");
        });
        fresh.connect().verify(&Migrator::new(&set)).unwrap();
        assert_eq!(fresh.connect().rows("SELECT n FROM done ORDER BY n"), ["1", "2", "3", "4"]);
    }
}

#[test]
fn a_living_runner_on_sqlite_is_waited_for() {
    let fresh = Fresh::new(Driver::Rusqlite);
    let set = alone(Driver::Rusqlite);
    let (paused, go_on) = (mpsc::channel(), mpsc::channel());
    let (pause, gone_on) = (paused.0, std::sync::Mutex::new(go_on.1));
    thread::scope(|scope| {
        let first = scope.spawn(|| {
            let migrator = Migrator::new(&set).on_event(|event| {
                if let Event::Statement { migration, number: 3, .. } = event
                    && migration.as_str() == "2_outside"
                {
                    pause.send(()).unwrap();
                    gone_on.lock().unwrap().recv_timeout(Duration::from_secs(30)).unwrap();
                }
            });
            fresh.connect().run(&migrator).unwrap().changes().len()
        });
        paused.1.recv_timeout(Duration::from_secs(30)).unwrap();
        let mut other = fresh.connect();
        // The second statement has run alone.
        let progress = "SELECT statements_begun || ' ' || statements_done FROM schema_migrations WHERE version = '2'";
        assert_eq!(other.value(progress), "2 2");
        let migrator = Migrator::new(&set).wait_timeout(Duration::from_millis(50));
        let error = other.run(&migrator).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WaitTimeout, "{error}");
        assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
        assert_eq!(other.status(&migrator).unwrap().migrations()[1].standing, Standing::Running);
        go_on.0.send(()).unwrap();
        assert_eq!(first.join().unwrap(), 3);
    });
    assert_eq!(fresh.connect().rows("SELECT n FROM done"), ["1", "2", "3", "4"]);
}

/// Interrupted at its second statement, of which nobody knows whether it was done.
fn in_doubt(fresh: &Fresh, second: &str) -> Migrations {
    let sql =
        format!("-- migrate: no-transaction\nINSERT INTO done VALUES (1);\n{second};\nINSERT INTO done VALUES (3);");
    let set = migrations(&[("1_tables.sql", "CREATE TABLE done (number integer);"), ("2_outside.sql", &sql)]);
    let mut connection = fresh.connect();
    connection.run(&Migrator::new(&set)).unwrap();
    connection.execute("DELETE FROM done WHERE number > 1");
    connection.execute(
        "UPDATE schema_migrations SET state = 'running', statements_begun = 2, statements_done = 1, claim = '1-18a5c0ffee000000-3 4 5' WHERE version = '2'",
    );
    set
}

#[test]
fn a_statement_in_doubt_is_for_a_person_to_decide() {
    let cases = [
        (Resume::Retry, ["1", "2", "3"].as_slice(), "statement 2 retried"),
        (Resume::Skip, &["1", "3"], "statement 2 skipped"),
        (Resume::MarkDone, &["1", "3"], "statement 2 marked done"),
    ];
    for (decision, expect, audited) in cases {
        let fresh = Fresh::new(Driver::Postgres);
        let set = in_doubt(&fresh, "DO $$ BEGIN INSERT INTO done VALUES (2); END $$");
        let migrator = Migrator::new(&set);
        let mut connection = fresh.connect();
        for error in [connection.run(&migrator).unwrap_err(), connection.plan(&migrator).unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
            let text = error.to_string();
            for part in
                ["at statement 2 of 3", "2_outside.sql:3:1", "DO $$", "the one before it is done", "Resume::MarkDone"]
            {
                assert!(text.contains(part), "{part:?} is not in\n{text}");
            }
            assert!(!text.contains("leaves in its session"), "{text}");
            assert!(error.statement().unwrap().starts_with("DO $$"));
        }
        let status = connection.status(&migrator).unwrap();
        assert_eq!(status.migrations()[1].standing, Standing::Interrupted);
        assert!(status.migrations()[1].is_in_doubt, "{status}");
        let plan = connection.try_verb(&migrator, &Verb::Resume(decision)).unwrap();
        assert!(plan.to_string().starts_with("would resume 2_outside"), "{plan}");
        let report = connection.execute_verb(&migrator, &Verb::Resume(decision)).unwrap();
        assert!(report.to_string().contains(audited), "{report}");
        assert_eq!(connection.rows("SELECT number FROM done ORDER BY number"), expect, "{decision:?}");
        connection.verify(&migrator).unwrap();
        let history = connection.history(&migrator).unwrap();
        assert!(history.entries()[1].audit[0].action.contains(audited), "{history}");
    }
}

/// It may have set something for whoever decides, too.
#[test]
fn what_a_statement_in_doubt_leaves_in_its_session_is_gone() {
    let fresh = Fresh::new(Driver::Postgres);
    let set = in_doubt(&fresh, "DO $$ BEGIN PERFORM set_config('app.x', 'y', false); END $$");
    let error = fresh.connect().run(&Migrator::new(&set)).unwrap_err();
    assert!(error.to_string().contains("What it leaves in its session is gone, done or not"), "{error}");
}

/// What SQLite writes to a file of its own is there or not, whole or not. When it has refused, it is known that it was not done.
#[test]
fn a_copy_into_a_file_is_for_a_person_to_decide() {
    let fresh = Fresh::new(Driver::Rusqlite);
    let copy = fresh.file().with_extension("copy");
    let set = in_doubt(&fresh, &format!("VACUUM INTO '{}'", copy.display()));
    assert!(copy.exists());
    let mut connection = fresh.connect();
    let (migrator, retry) = (Migrator::new(&set), Verb::Resume(Resume::Retry));
    let error = connection.run(&migrator).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
    assert!(error.to_string().contains("VACUUM INTO") && error.to_string().contains("Resume::MarkDone"), "{error}");
    let error = connection.execute_verb(&migrator, &retry).unwrap_err();
    assert!(error.to_string().contains("output file already exists"), "{error}");
    assert_eq!(connection.run(&migrator).unwrap_err().kind(), ErrorKind::Interrupted, "it still is in doubt");
    connection.execute_verb(&migrator, &Verb::Resume(Resume::MarkDone)).unwrap();
    assert_eq!(connection.rows("SELECT number FROM done ORDER BY number"), ["1", "3"]);

    let fresh = Fresh::new(Driver::Rusqlite);
    let copy = fresh.file().with_extension("copy");
    fs::write(&copy, "something else").unwrap();
    let script = format!("-- migrate: no-transaction\nCREATE TABLE t (x);\nVACUUM INTO '{}';", copy.display());
    let (set, mut connection) = (migrations(&[("1_a.sql", &script)]), fresh.connect());
    let error = connection.run(&Migrator::new(&set)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StatementFailed, "{error}");
    fs::remove_file(&copy).unwrap();
    connection.run(&Migrator::new(&set)).unwrap();
}

#[test]
fn a_statement_that_the_server_knows_of_is_looked_up() {
    // The statement in doubt, what was done by hand, the action in the audit trail.
    let cases = [
        ("CREATE INDEX CONCURRENTLY i ON done (number)", "", "found done"),
        ("CREATE INDEX CONCURRENTLY i ON done (number)", "DROP INDEX i", "found not done"),
        (
            "CREATE INDEX CONCURRENTLY i ON public.done (number)",
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass",
            "found not done",
        ),
        (
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON done (number)",
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass",
            "found not done",
        ),
        ("VACUUM done", "", "found not done"),
        ("DROP INDEX CONCURRENTLY IF EXISTS i", "", "found done"),
        ("DROP INDEX CONCURRENTLY IF EXISTS i", "CREATE INDEX i ON done (number)", "found not done"),
        ("CREATE DATABASE OTHER TEMPLATE template0", "", "found done"),
        ("CREATE DATABASE OTHER TEMPLATE template0", "DROP DATABASE OTHER", "found not done"),
        ("DROP DATABASE IF EXISTS OTHER", "", "found done"),
        ("DROP DATABASE IF EXISTS OTHER", "CREATE DATABASE OTHER TEMPLATE template0", "found not done"),
    ];
    for (second, by_hand, expect) in cases {
        let fresh = Fresh::new(Driver::Postgres);
        let other = format!("{}_other", fresh.database().name());
        let [second, by_hand] = [second, by_hand].map(|sql| sql.replace("OTHER", &other));
        let set = in_doubt(&fresh, &second);
        let mut connection = fresh.connect();
        if !by_hand.is_empty() {
            connection.execute(&by_hand);
        }
        let report =
            connection.run(&Migrator::new(&set)).unwrap_or_else(|error| panic!("{second}, {by_hand}: {error}"));
        assert!(report.to_string().contains(&format!("statement 2 {expect}")), "{second}, {by_hand}: {report}");
        assert_eq!(connection.rows("SELECT number FROM done"), ["1", "3"]);
        let invalid = connection.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid");
        assert_eq!(invalid, "0", "{second}");
        if second.starts_with("CREATE INDEX") {
            assert_eq!(
                connection.value("SELECT count(*) FROM pg_class WHERE relname = 'i'"),
                "1",
                "{second}, {by_hand}"
            );
        }
        let others = connection.value(&format!("SELECT count(*) FROM pg_database WHERE datname = '{other}'"));
        assert_eq!(others == "1", second.starts_with("CREATE DATABASE"), "{second}, {by_hand}");
        connection.execute(&format!("DROP DATABASE IF EXISTS {other}"));
    }
    // Another table has an index of the name: nobody can tell.
    let fresh = Fresh::new(Driver::Postgres);
    let set = in_doubt(&fresh, "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON done (number)");
    fresh.connect().execute("DROP INDEX i; CREATE TABLE other (x integer); CREATE INDEX i ON other (x)");
    assert_eq!(fresh.connect().run(&Migrator::new(&set)).unwrap_err().kind(), ErrorKind::Interrupted);
}

/// A name without a schema finds the index of the next schema when that of the first is gone.
#[test]
fn an_index_that_comes_into_sight_is_not_taken_for_the_one_that_was_to_be_dropped() {
    let in_both = "CREATE SCHEMA tenant; CREATE TABLE tenant.done (number integer); CREATE INDEX i ON tenant.done (number); \
                   CREATE INDEX i ON public.done (number)";
    // The name, what was dropped before the record was lost, what is found, or nothing where a person decides, and what stays.
    let cases = [
        ("i", "tenant.i", None, "public"),
        ("i", "public.i", Some("found not done"), ""),
        ("i", "tenant.i, public.i", Some("found done"), ""),
        ("public.i", "tenant.i", Some("found not done"), ""),
        ("tenant.i", "tenant.i", Some("found done"), "public"),
    ];
    for (name, dropped, expect, stays) in cases {
        let fresh = Fresh::new(Driver::Postgres);
        let set = in_doubt(&fresh, &format!("DROP INDEX CONCURRENTLY IF EXISTS {name}"));
        let mut connection = fresh.connect();
        connection.execute(&format!("{in_both}; DROP INDEX {dropped}; SET search_path = tenant, public"));
        let migrator = Migrator::new(&set).history_table("public.schema_migrations");
        let went_on = connection.run(&migrator);
        let case = format!("{name}, {dropped}: {went_on:?}");
        match expect {
            Some(expect) => assert!(went_on.unwrap().to_string().contains(&format!("statement 2 {expect}")), "{case}"),
            None => assert_eq!(went_on.unwrap_err().kind(), ErrorKind::Interrupted, "{case}"),
        }
        let left = "SELECT coalesce(string_agg(schemaname, ' '), '') FROM pg_indexes WHERE indexname = 'i'";
        assert_eq!(connection.value(left), stays, "{case}");
    }
}

/// What the server tells to be done is not run again, and not said to be.
#[test]
fn what_is_found_done_is_not_retried() {
    let fresh = Fresh::new(Driver::Postgres);
    let set = in_doubt(&fresh, "CREATE INDEX CONCURRENTLY i ON done (number)");
    let mut connection = fresh.connect();
    let index = connection.value("SELECT 'i'::regclass::oid");
    let report = connection.execute_verb(&Migrator::new(&set), &Verb::Resume(Resume::Retry)).unwrap();
    assert!(report.to_string().contains("statement 2 found done"), "{report}");
    assert_eq!(connection.value("SELECT 'i'::regclass::oid"), index);
}

/// The script may become a role that has no right to the history.
#[test]
fn a_script_that_becomes_another_role_is_recorded_as_the_runner() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let role = format!("{}_owner", fresh.database().name());
        let mut connection = fresh.connect();
        connection.execute(&format!("CREATE ROLE {role}; GRANT CREATE ON SCHEMA public TO {role}"));
        let script = |third: &str| {
            let sql = format!(
                "-- migrate: no-transaction\nSET ROLE {role};\nCREATE TABLE a (x integer);\n{third};\nCREATE INDEX CONCURRENTLY i ON a (x);\n\
                 CREATE TABLE b (x integer);\nRESET ROLE;\nCREATE TABLE c (x integer);"
            );
            migrations(&[("1_owned.sql", &sql)])
        };
        let error = connection.run(&Migrator::new(&script("SELECT * FROM nowhere"))).unwrap_err();
        assert_eq!(error.database_code(), Some("42P01"), "{error}");
        assert!(error.statement().unwrap().contains("nowhere"), "{error}");
        assert_eq!(connection.value(AT_WORK), "0");
        assert_eq!(connection.value("SHOW role"), "none");
        let report = connection.run(&Migrator::new(&script("SELECT 1"))).unwrap();
        assert!(report.to_string().contains("resumed"), "{report}");
        let owners = "SELECT string_agg(tablename || ' ' || (tableowner = current_user), ', ' ORDER BY tablename) FROM pg_tables \
                      WHERE tablename IN ('a', 'b', 'c')";
        assert_eq!(connection.value(owners), "a false, b false, c true");
        assert_eq!(connection.value("SHOW role"), "none");
        connection.verify(&Migrator::new(&script("SELECT 1"))).unwrap();
        connection.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
    }
}

/// SQLite says the same of one that is in its own way, which is in a transaction.
#[test]
fn a_checkpoint_waits_for_whoever_shares_the_cache() {
    let folder = tempfile::tempdir().unwrap();
    let flags = rusqlite::OpenFlags::default() | rusqlite::OpenFlags::SQLITE_OPEN_SHARED_CACHE;
    let connect = || rusqlite::Connection::open_with_flags(folder.path().join("shared.db"), flags).unwrap();
    let mut connection = connect();
    connection.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE z (n)").unwrap();
    let reader = Mutex::new(connect());
    let set = migrations(&[
        ("1_a.sql", "CREATE TABLE a (x);"),
        ("2_checkpoint.sql", "-- migrate: no-transaction\nPRAGMA wal_checkpoint(TRUNCATE);"),
    ]);
    Migrator::new(&set).target(1).run(&mut connection).unwrap();
    reader.lock().unwrap().execute_batch("BEGIN; SELECT * FROM z").unwrap();
    let migrator = Migrator::new(&set).on_event(|event| {
        if let Event::Waiting { .. } = event {
            reader.lock().unwrap().execute_batch("COMMIT").unwrap();
        }
    });
    assert_eq!(migrator.run(&mut connection).unwrap().changes().len(), 1);
}

/// Told as the loss of the connection, because a commit may be lost, although it lives on: nobody waits for who is not at work.
#[test]
fn a_claim_is_given_up_where_the_connection_lives_on() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection.execute(
            "CREATE TABLE d (n integer);
             CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'gone' USING ERRCODE = '08006'; END $$;
             CREATE CONSTRAINT TRIGGER t AFTER INSERT ON d DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail()",
        );
        let set = migrations(&[("1_d.sql", "-- migrate: no-transaction\nINSERT INTO d VALUES (1);")]);
        let migrator = Migrator::new(&set).wait_timeout(BOUND);
        assert_eq!(connection.run(&migrator).unwrap_err().kind(), ErrorKind::ConnectionLost);
        assert_eq!(connection.value(AT_WORK), "0");
        connection.execute("DROP TRIGGER t ON d");
        fresh.connect().run(&migrator).unwrap();
        assert_eq!(connection.rows("SELECT n FROM d"), ["1"]);
    }
}

/// A user who is not the one that the connection was opened for has no right to the history, and keeps no claim.
#[test]
fn a_script_that_becomes_another_user_is_told_so_and_lets_go() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let user = format!("{}_user", fresh.database().name());
        let mut connection = fresh.connect();
        connection.execute(&format!("CREATE ROLE {user}"));
        let sql = format!(
            "-- migrate: no-transaction\nSET SESSION AUTHORIZATION {user};\nSELECT 1;\nRESET SESSION AUTHORIZATION;"
        );
        let set = migrations(&[("1_user.sql", &sql)]);
        let error = connection.run(&Migrator::new(&set)).unwrap_err();
        assert!(error.to_string().contains("`SET ROLE` in place of"), "{error}");
        assert_eq!(connection.value("SELECT session_user = current_user"), "t");
        assert_eq!(connection.value(AT_WORK), "0");
        connection.execute(&format!("DROP ROLE {user}"));
    }
}

/// A statement that connects to another server fails with an error that looks like the loss of our connection.
#[test]
fn a_connection_to_elsewhere_that_fails_is_not_ours() {
    let elsewhere = "CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 port=1 dbname=x' PUBLICATION p";
    let raised = "DO $$ BEGIN RAISE EXCEPTION 'server closed the connection' USING ERRCODE = '08006'; END $$";
    // As of a foreign server that is shut down.
    let shut_down = "DO $$ BEGIN RAISE EXCEPTION 'shut down' USING ERRCODE = '57P01'; END $$";
    for driver in Driver::SERVERS {
        for (first, second) in [
            ("", raised.to_owned()),
            ("", shut_down.to_owned()),
            ("", format!("{elsewhere} WITH (create_slot = false)")),
            ("-- migrate: no-transaction\n", raised.to_owned()),
            ("-- migrate: no-transaction\n", elsewhere.to_owned()),
        ] {
            let fresh = Fresh::new(driver);
            let script = |second: &str| {
                let sql = format!("{first}CREATE TABLE done (n integer);\n{second};\nINSERT INTO done VALUES (2);");
                migrations(&[("1_elsewhere.sql", &sql)])
            };
            let mut connection = fresh.connect();
            let error = connection.run(&Migrator::new(&script(&second))).unwrap_err();
            let code = if second == shut_down { "57P01" } else { "08006" };
            assert_eq!((error.kind(), error.database_code()), (ErrorKind::StatementFailed, Some(code)), "{error}");
            assert_eq!(error.statement(), Some(&*second), "{error}");
            assert!(!connection.is_in_transaction());
            assert_eq!(connection.value(AT_WORK), "0", "{error}");
            if second == elsewhere {
                // What it has made there only a person knows.
                connection.execute_verb(&Migrator::new(&script(&second)), &Verb::Resume(Resume::Skip)).unwrap();
            } else {
                connection.run(&Migrator::new(&script("SELECT 1"))).unwrap();
            }
            assert_eq!(connection.rows("SELECT n FROM done"), ["2"]);
        }
    }
}

#[test]
fn after_a_failure_the_file_is_corrected_and_goes_on() {
    for driver in Driver::ALL {
        let fresh = Fresh::new(driver);
        let with = |rest: &str| {
            let sql =
                format!("-- migrate: no-transaction\nCREATE TABLE a (x integer);\nINSERT INTO a VALUES (1);\n{rest}");
            migrations(&[("1_a.sql", &sql)])
        };
        let mut connection = fresh.connect();
        let error = connection
            .run(&Migrator::new(&with("INSERT INTO nowhere VALUES (1);\nINSERT INTO a VALUES (2);")))
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StatementFailed);
        let text = error.to_string();
        for part in
            ["outside of a transaction, at statement 3 of 4; statements 1 to 2 stay done", "1_a.sql:4:", "nowhere"]
        {
            assert!(text.contains(part), "{part:?} is not in\n{text}");
        }
        assert!(!text.contains("lock"), "{text}");
        let status = connection.status(&Migrator::new(&with(""))).unwrap();
        assert!(status.to_string().contains("interrupted"), "{status}");
        assert!(status.to_string().contains("2 of 2 statements done"), "{status}");

        // What is done must stay as it is.
        let changed = migrations(&[(
            "1_a.sql",
            "-- migrate: no-transaction\nCREATE TABLE a (x integer);\nINSERT INTO a VALUES (9);",
        )]);
        let error = connection.run(&Migrator::new(&changed)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
        assert!(error.to_string().contains("INSERT INTO a VALUES (1)"), "{error}");
        // The rest may differ, and comments anywhere.
        let set = with("/* better */ INSERT INTO a VALUES (3);");
        let report = connection.run(&Migrator::new(&set)).unwrap();
        assert!(report.to_string().starts_with("resumed 1_a"), "{report}");
        assert_eq!(connection.rows("SELECT x FROM a ORDER BY x"), ["1", "3"]);
        connection.verify(&Migrator::new(&set)).unwrap();
        assert_eq!(connection.value("SELECT statements FROM schema_migrations"), "3");
    }
}

#[test]
fn an_index_build_that_failed_is_dropped_and_built_again() {
    let fresh = Fresh::new(Driver::Postgres);
    let set = migrations(&[
        ("1_t.sql", "CREATE TABLE t (a integer);"),
        ("2_i.sql", "-- migrate: no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY once ON t (a);"),
    ]);
    let mut connection = fresh.connect();
    connection.run(&Migrator::new(&set).target(1)).unwrap();
    connection.execute("INSERT INTO t VALUES (1), (1)");
    for _ in 0..2 {
        let error = connection.run(&Migrator::new(&set)).unwrap_err();
        assert_eq!((error.kind(), error.database_code()), (ErrorKind::StatementFailed, Some("23505")), "{error}");
    }
    connection.execute("DELETE FROM t");
    connection.run(&Migrator::new(&set)).unwrap();
    assert_eq!(connection.rows("SELECT indisvalid FROM pg_index WHERE indrelid = 't'::regclass"), ["t"]);
}

/// Where only a mark of another tool, or a file beside it, says so, a script down that the history keeps runs outside all the same.
#[test]
fn an_older_binary_reverts_outside_of_a_transaction_what_only_a_mark_asks_for() {
    let (up, down) = ("CREATE INDEX CONCURRENTLY i ON t (a);", "DROP INDEX CONCURRENTLY i;");
    let goose = format!("-- +goose NO TRANSACTION\n-- +goose Up\n{up}\n-- +goose Down\n{down}\n");
    let dbmate = format!("-- migrate:up transaction:false\n{up}\n-- migrate:down transaction:false\n{down}\n");
    let first = ("1_t.sql", "CREATE TABLE t (a integer);");
    let diesel_first = ("1_t/up.sql", first.1);
    let cases: [&[(&str, &str)]; 4] = [
        &[first, ("2_i.sql", &goose)],
        &[first, ("2_i.sql", &dbmate)],
        &[
            diesel_first,
            ("2_i/up.sql", up),
            ("2_i/down.sql", down),
            ("2_i/metadata.toml", "run_in_transaction = false\n"),
        ],
        &[
            diesel_first,
            ("2_i/up.sql", up),
            ("2_i/down.sql", "BEGIN;\nDROP INDEX i;\nCOMMIT;"),
            ("2_i/metadata.toml", "run_in_transaction = false\n"),
        ],
    ];
    for files in cases {
        let fresh = Fresh::new(Driver::Postgres);
        let (new, old) = (migrations(files), migrations(&files[..1]));
        let mut connection = fresh.connect();
        connection.run(&Migrator::new(&new)).unwrap();
        // Reverted by the one that has it, too.
        connection.execute_verb(&Migrator::new(&new), &Verb::RedoLast(1)).unwrap();
        let old = Migrator::new(&old).allow_ahead();
        let plan = connection.try_verb(&old, &Verb::RevertLast(1)).unwrap();
        assert!(plan.to_string().starts_with("would revert 2_i"), "{plan}");
        connection.execute_verb(&old, &Verb::RevertLast(1)).unwrap();
        assert_eq!(connection.value("SELECT count(*) FROM pg_indexes WHERE indexname = 'i'"), "0");
        connection.run(&Migrator::new(&new)).unwrap();
    }
}

/// A script down may be edited behind the run of its migration: what it is resumed with is what was begun.
#[test]
fn an_edited_script_down_goes_on_as_it_was_begun() {
    for driver in Driver::ALL {
        let fresh = Fresh::new(driver);
        let with_down = |down: &str| {
            migrations(&[
                ("1_t.sql", "CREATE TABLE t (x integer);"),
                ("2_b.up.sql", "INSERT INTO t VALUES (1);"),
                ("2_b.down.sql", &format!("-- migrate: no-transaction\n{down}")),
            ])
        };
        let mut connection = fresh.connect();
        connection.run(&Migrator::new(&with_down("DELETE FROM t;"))).unwrap();
        let edited = with_down("INSERT INTO t VALUES (2);\nINSERT INTO log SELECT x FROM t;\nDELETE FROM t;");
        let revert =
            |connection: &mut Connection| connection.execute_verb(&Migrator::new(&edited), &Verb::RevertLast(1));
        revert(&mut connection).unwrap_err();
        connection.execute("CREATE TABLE log (x integer)");
        revert(&mut connection).unwrap();
        assert_eq!(connection.rows("SELECT x FROM log ORDER BY x"), ["1", "2"], "{driver:?}");
        assert_eq!(connection.value("SELECT count(*) FROM t"), "0", "{driver:?}");
    }
}

/// What was there before is not taken for what the migration would have made, however often it is tried.
#[test]
fn an_index_of_the_same_name_is_not_taken_for_the_one_that_was_to_be_built() {
    for (by_hand, statement, refused_with) in [
        ("CREATE INDEX i ON t (a)", "CREATE INDEX CONCURRENTLY i ON t (b)", Some("42P07")),
        ("", "DROP INDEX CONCURRENTLY i", Some("42704")),
        ("CREATE INDEX i ON t (a)", "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (b)", None),
    ] {
        let fresh = Fresh::new(Driver::Postgres);
        let set = migrations(&[
            ("1_t.sql", "CREATE TABLE t (a integer, b integer);"),
            ("2_i.sql", &format!("-- migrate: no-transaction\n{statement};")),
        ]);
        let mut connection = fresh.connect();
        connection.run(&Migrator::new(&set).target(1)).unwrap();
        connection.execute(by_hand);
        for _ in 0..3 {
            let ended = connection.run(&Migrator::new(&set));
            let code = ended.as_ref().err().map(|error| error.database_code().unwrap_or_default());
            assert_eq!(code, refused_with, "{statement}: {ended:?}");
        }
        // Nothing of it is in doubt: once the way is free, it is done.
        let status = connection.status(&Migrator::new(&set)).unwrap();
        assert!(!status.migrations()[1].is_in_doubt, "{statement}: {status}");
        if refused_with.is_some() {
            connection.execute("DROP INDEX IF EXISTS i");
            connection.execute(if by_hand.is_empty() { "CREATE INDEX i ON t (a)" } else { "" });
            connection.run(&Migrator::new(&set)).unwrap();
        }
        connection.verify(&Migrator::new(&set)).unwrap();
    }
}

#[test]
fn a_runner_that_fails_leaves_no_claim_although_its_connection_lives_on() {
    let fresh = Fresh::new(Driver::Postgres);
    let set = migrations(&[
        ("1_t.sql", "CREATE TABLE t (a integer);\nINSERT INTO t VALUES (1), (1);"),
        ("2_i.sql", "-- migrate: no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY once ON t (a);"),
    ]);
    let mut pooled = fresh.connect();
    pooled.run(&Migrator::new(&set)).unwrap_err();
    let mut other = fresh.connect();
    let migrator = Migrator::new(&set).wait_timeout(Duration::ZERO);
    assert_eq!(other.status(&migrator).unwrap().migrations()[1].standing, Standing::Interrupted);
    assert_eq!(other.run(&migrator).unwrap_err().kind(), ErrorKind::StatementFailed);
    pooled.execute("DELETE FROM t");
    other.run(&migrator).unwrap();
}

/// Somebody locks the history, or the file, when a script has failed: its claim is given up when they are done.
#[test]
fn a_claim_is_given_up_as_soon_as_nobody_is_in_the_way() {
    struct InTheWay {
        other: Mutex<Connection>,
        waited: AtomicBool,
    }

    impl Director for InTheWay {
        fn before(&self, sql: &str) -> Option<Fault> {
            if gives_up(sql) && !self.waited.load(Ordering::Relaxed) {
                let mut other = self.other.lock().unwrap();
                let lock = match &*other {
                    Connection::Rusqlite(_) => "BEGIN IMMEDIATE",
                    _ => "BEGIN; LOCK TABLE schema_migrations IN EXCLUSIVE MODE",
                };
                other.execute(lock);
            }
            None
        }

        fn sleep(&self, _: Duration) {
            self.other.lock().unwrap().execute("COMMIT");
            self.waited.store(true, Ordering::Relaxed);
        }
    }

    let set = migrations(&[("1_a.sql", "-- migrate: no-transaction\nSELECT * FROM nowhere;")]);
    for driver in [Driver::Rusqlite, Driver::Postgres] {
        let fresh = Fresh::new(driver);
        let connection = fresh.connect();
        if let Connection::Rusqlite(connection) = &connection {
            connection.busy_timeout(Duration::ZERO).unwrap();
        }
        let in_the_way = InTheWay { other: Mutex::new(fresh.connect()), waited: AtomicBool::new(false) };
        let (ended, mut connection) = Verb::Run.execute_directed(&Migrator::new(&set), connection, &in_the_way);
        let error = ended.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StatementFailed, "{driver:?}: {error}");
        assert!(error.to_string().contains("at statement 1 of 1; nothing before it was done"), "{error}");
        assert!(in_the_way.waited.into_inner(), "{driver:?}");
        assert_eq!(connection.value(AT_WORK), "0", "{driver:?}");
    }
}

#[test]
fn a_procedure_that_commits_runs_alone_and_one_that_does_not_is_never_in_doubt() {
    let fresh = Fresh::new(Driver::Postgres);
    let body = |end: &str| format!("LANGUAGE plpgsql AS $$ BEGIN INSERT INTO done VALUES (1); {end} END $$");
    let with = |third: &str| {
        let sql = format!(
            "-- migrate: no-transaction\nCALL plain();\nCALL committing();\nDO $$ BEGIN INSERT INTO done VALUES (2); COMMIT; END $$;\n{third}"
        );
        let first = format!(
            "CREATE TABLE done (number integer);\nCREATE PROCEDURE plain() {};\nCREATE PROCEDURE committing() {};",
            body(""),
            body("COMMIT;")
        );
        migrations(&[("1_tables.sql", &first), ("2_outside.sql", &sql)])
    };
    let mut connection = fresh.connect();
    let failing = with("DO $$ BEGIN INSERT INTO done VALUES (3); RAISE 'on purpose'; END $$;");
    let error = connection.run(&Migrator::new(&failing)).unwrap_err();
    assert!(error.to_string().contains("at statement 4 of 4; statements 1 to 3 stay done"), "{error}");
    assert!(!connection.status(&Migrator::new(&failing)).unwrap().migrations()[1].is_in_doubt);
    connection.run(&Migrator::new(&with("INSERT INTO done VALUES (3);"))).unwrap();
    assert_eq!(connection.rows("SELECT number FROM done ORDER BY number"), ["1", "1", "2", "3"]);
}

#[test]
fn settings_end_with_the_script() {
    let database = postgres().database("settings_outside");
    let mut client = database.connect();
    let sql = "-- migrate: no-transaction\nSET work_mem = '9MB';\nSET lock_timeout = '5s';\nCREATE TABLE a (x text);\nVACUUM a;";
    let shown = |client: &mut postgres::Client, name: &str| -> String {
        client.query_one(&*format!("SHOW {name}"), &[]).unwrap().get(0)
    };
    let usual = shown(&mut client, "work_mem");
    let next = "CREATE TABLE b AS SELECT current_setting('work_mem') AS found;";
    migrations(&[("1_a.sql", sql), ("2_b.sql", next)]).run(&mut client).unwrap();
    let found: String = client.query_one("SELECT found FROM b", &[]).unwrap().get(0);
    assert_eq!(found, usual, "the next migration begins with what the first began with");
    assert_eq!(shown(&mut client, "lock_timeout"), "0");
    assert_eq!(shown(&mut client, "statement_timeout"), "0");
}

/// What a session had set is set again: also where a dump wrote it, and where it cannot be told it is asked.
#[test]
fn what_was_set_for_the_session_counts_when_it_goes_on() {
    let cases = [
        ("SET search_path = app", true),
        ("SELECT pg_catalog.set_config('search_path', 'app', false)", true),
        ("DO $$ BEGIN PERFORM set_config('search_path', 'app', false); END $$", false),
    ];
    for driver in Driver::SERVERS {
        for (setting, is_known) in cases {
            let fresh = Fresh::new(driver);
            let sql = format!(
                "-- migrate: no-transaction\n{setting};\nCREATE INDEX CONCURRENTLY i ON t (id);\nINSERT INTO t VALUES (5);"
            );
            let tables = "CREATE SCHEMA app; CREATE TABLE t (id integer); CREATE TABLE app.t (id integer); CREATE INDEX i ON public.t (id);";
            let set = migrations(&[("1_tables.sql", tables), ("2_outside.sql", &sql)]);
            let migrator = Migrator::new(&set);
            let mut connection = fresh.connect();
            connection.run(&migrator).unwrap();
            connection.execute("DELETE FROM app.t; DROP INDEX app.i");
            connection.execute(
                "UPDATE schema_migrations SET state = 'running', statements_begun = 2, statements_done = 1, claim = '1-18a5c0ffee000000-3 4 5' WHERE version = '2'",
            );
            if !is_known {
                for error in [connection.plan(&migrator).unwrap_err(), connection.run(&migrator).unwrap_err()] {
                    assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
                    assert!(error.to_string().contains("for its session alone is gone, or not known"), "{error}");
                }
                continue;
            }
            let plan = connection.plan(&migrator).unwrap();
            assert!(plan.to_string().contains("statement 2 found not done"), "{setting}: {plan}");
            assert_eq!(connection.value("SHOW search_path"), "\"$user\", public");
            let report = connection.run(&migrator).unwrap();
            assert!(report.to_string().contains("statement 2 found not done"), "{setting}: {report}");
            assert_eq!(connection.rows("SELECT id FROM app.t"), ["5"]);
            assert_eq!(connection.rows("SELECT id FROM public.t"), [""; 0]);
        }
    }
}

/// What the script had attached is attached again, and is not taken for what the program has attached under its name.
#[test]
fn what_was_attached_is_attached_again_when_it_goes_on() {
    let fresh = Fresh::new(Driver::Rusqlite);
    let aux = fresh.file().with_extension("aux");
    let script = |last: &str| {
        let sql = format!(
            "-- migrate: no-transaction\nATTACH '{}' AS aux1;\nCREATE TABLE aux1.x (v integer);\n{last};",
            aux.display()
        );
        migrations(&[("1_outside.sql", &*sql)])
    };
    let mut connection = fresh.connect();
    connection.run(&Migrator::new(&script("INSERT INTO nope VALUES (1)"))).unwrap_err();
    let corrected = script("INSERT INTO aux1.x VALUES (1)");
    let migrator = Migrator::new(&corrected);
    let mut with_another = fresh.connect();
    with_another.execute("ATTACH ':memory:' AS aux1; CREATE TABLE aux1.x (v integer)");
    let error = with_another.run(&migrator).unwrap_err().to_string();
    assert!(error.contains("database aux1 is already in use") && error.contains("has to `DETACH` it"), "{error}");
    assert_eq!(with_another.rows("SELECT v FROM aux1.x"), [""; 0]);
    connection.run(&migrator).unwrap();
    connection.execute(&format!("ATTACH '{}' AS aux1", aux.display()));
    assert_eq!(connection.rows("SELECT v FROM aux1.x"), ["1"]);
}

/// What only the session had in which a script was begun is gone: it does not go on as if it were there.
#[test]
fn what_is_gone_with_its_session_is_a_question() {
    let of_server = [
        "CREATE TEMP TABLE picked AS SELECT x FROM t;",
        "CREATE TABLE pg_temp.t AS SELECT x FROM public.t;",
        "DO $$ BEGIN CREATE TEMPORARY TABLE t AS SELECT 1 AS x; END $$;",
        "SELECT x INTO TEMP t FROM t;",
        "PREPARE p AS SELECT 1;",
        "DO $$ BEGIN EXECUTE 'SET search_path TO app'; END $$;",
    ];
    let of_sqlite =
        ["CREATE TEMP TABLE t AS SELECT x FROM main.t;", "ATTACH (SELECT '') AS other;", "ATTACH ':memory:' AS other;"];
    for driver in Driver::ALL {
        for begin in if driver.is_sqlite() { &of_sqlite[..] } else { &of_server[..] } {
            let fresh = Fresh::new(driver);
            let with = |last: &str| {
                let sql = format!("-- migrate: no-transaction\n{begin}\n{last}");
                migrations(&[("1_t.sql", "CREATE TABLE t (x integer);\nINSERT INTO t VALUES (1);"), ("2_b.sql", &sql)])
            };
            fresh.connect().run(&Migrator::new(&with("DELETE FROM nowhere;"))).unwrap_err();
            let set = with("DELETE FROM t;");
            let migrator = Migrator::new(&set);
            let mut connection = fresh.connect();
            for error in [connection.plan(&migrator).unwrap_err(), connection.run(&migrator).unwrap_err()] {
                assert_eq!(error.kind(), ErrorKind::Interrupted, "{driver:?}, {begin}: {error}");
                let told = error.to_string();
                assert!(
                    told.contains("for its session alone is gone") && told.contains("2_b.sql:2:1"),
                    "{begin}: {told}"
                );
            }
            assert_eq!(connection.rows("SELECT x FROM t"), ["1"], "{driver:?}, {begin}");
            connection.execute_verb(&migrator, &Verb::Resume(Resume::Retry)).unwrap();
            assert_eq!(connection.rows("SELECT x FROM t"), [""; 0], "{driver:?}, {begin}");
        }
    }
}

/// So it is not when the script has removed it again, or when nothing is left to run.
#[test]
fn what_is_removed_again_or_needed_no_more_is_no_question() {
    for driver in Driver::ALL {
        let temporary = "-- migrate: no-transaction\nCREATE TEMP TABLE picked AS SELECT 7 AS x;\n";
        let with = |end: &str| {
            let sql = format!("{temporary}INSERT INTO t SELECT x FROM picked;\n{end}");
            migrations(&[("1_t.sql", "CREATE TABLE t (x integer);"), ("2_b.sql", &sql)])
        };
        let fresh = Fresh::new(driver);
        let stopped = with("DROP TABLE picked;\nDELETE FROM nowhere;");
        fresh.connect().run(&Migrator::new(&stopped)).unwrap_err();
        fresh.connect().run(&Migrator::new(&with("DROP TABLE picked;\nUPDATE t SET x = x + 1;"))).unwrap();
        assert_eq!(fresh.connect().rows("SELECT x FROM t"), ["8"], "{driver:?}");

        let fresh = Fresh::new(driver);
        let set = with("");
        fresh.connect().run(&Migrator::new(&set)).unwrap();
        fresh.connect().execute("UPDATE schema_migrations SET state = 'running' WHERE version = '2'");
        fresh.connect().run(&Migrator::new(&set)).unwrap();
        assert_eq!(fresh.connect().rows("SELECT x FROM t"), ["7"], "{driver:?}");
        assert_eq!(fresh.connect().value("SELECT state FROM schema_migrations WHERE version = '2'"), "applied");
    }
}

/// To go on decides of a statement in doubt, too, which the question says.
#[test]
fn a_question_says_what_else_is_in_doubt() {
    let fresh = Fresh::new(Driver::Postgres);
    let set = migrations(&[
        ("1_p.sql", "CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN COMMIT; END';"),
        ("2_b.sql", "-- migrate: no-transaction\nSELECT pg_advisory_lock(7);\nCALL p();"),
    ]);
    let mut connection = fresh.connect();
    connection.run(&Migrator::new(&set)).unwrap();
    let begun = |number: u32| {
        format!(
            "UPDATE schema_migrations SET state = 'running', statements_begun = {number}, statements_done = 1 WHERE version = 2"
        )
    };
    for (number, is_in_doubt) in [(1, false), (2, true)] {
        connection.execute(&begun(number));
        let error = connection.run(&Migrator::new(&set)).unwrap_err().to_string();
        assert!(error.contains("for its session alone is gone"), "{error}");
        assert_eq!(error.contains("`Retry` also runs statement 2, which was begun, again"), is_in_doubt, "{error}");
    }
}

/// SQLite: so it is with the last row that a statement behind has to refer to.
#[test]
fn the_last_row_of_another_session_is_a_question() {
    let set = |last: &str| {
        let sql = format!("-- migrate: no-transaction\nINSERT INTO p VALUES (7);\n{last};");
        migrations(&[
            ("1_t.sql", "CREATE TABLE p (id INTEGER PRIMARY KEY);\nCREATE TABLE c (p integer);"),
            ("2_b.sql", &sql),
        ])
    };
    let fresh = Fresh::new(Driver::Rusqlite);
    let stopped = set("INSERT INTO c SELECT last_insert_rowid() FROM nowhere");
    fresh.connect().run(&Migrator::new(&stopped)).unwrap_err();
    let mut connection = fresh.connect();
    let error = connection.run(&Migrator::new(&set("INSERT INTO c VALUES (last_insert_rowid())"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
    assert!(error.to_string().contains("last row that its session has inserted"), "{error}");
    assert_eq!(connection.value("SELECT count(*) FROM c"), "0");
    connection.run(&Migrator::new(&set("INSERT INTO c SELECT max(id) FROM p"))).unwrap();
    assert_eq!(connection.rows("SELECT p FROM c"), ["7"]);
    // Undisturbed, it is known.
    let fresh = Fresh::new(Driver::Rusqlite);
    fresh.connect().run(&Migrator::new(&set("INSERT INTO c VALUES (last_insert_rowid())"))).unwrap();
    assert_eq!(fresh.connect().rows("SELECT p FROM c"), ["7"]);
    // Where nothing is done yet, nobody knows more than that.
    let fresh = Fresh::new(Driver::Rusqlite);
    let first = |sql: &str| {
        migrations(&[
            ("1_a.sql", "CREATE TABLE c (p integer);"),
            ("2_b.sql", &*format!("-- migrate: no-transaction\n{sql};")),
        ])
    };
    fresh.connect().run(&Migrator::new(&first("DELETE FROM nowhere"))).unwrap_err();
    fresh.connect().run(&Migrator::new(&first("INSERT INTO c VALUES (last_insert_rowid())"))).unwrap();
    // What is left inserts one itself, or not.
    for (table, is_question) in [
        ("CREATE TABLE n (x)", false),
        ("CREATE TABLE n (x PRIMARY KEY) WITHOUT ROWID", true),
        ("CREATE VIEW n AS SELECT id FROM p; CREATE TRIGGER r INSTEAD OF INSERT ON n BEGIN SELECT 1; END", true),
        ("CREATE TABLE n (x); CREATE TRIGGER r BEFORE INSERT ON n BEGIN SELECT raise(IGNORE); END", true),
    ] {
        let fresh = Fresh::new(Driver::Rusqlite);
        fresh.connect().execute(table);
        fresh.connect().run(&Migrator::new(&stopped)).unwrap_err();
        let left = set("INSERT INTO n VALUES (1);\nINSERT INTO c VALUES (last_insert_rowid())");
        let mut connection = fresh.connect();
        let ended = connection.run(&Migrator::new(&left));
        assert_eq!(ended.is_err(), is_question, "{table}: {ended:?}");
        let number = if is_question { vec![] } else { vec!["1".to_owned()] };
        assert_eq!(connection.rows("SELECT p FROM c"), number, "{table}");
    }
}

/// Who has lost a claim to another runner is told that, and not what the database says of it; who has lost the table is told what it says.
#[test]
fn a_claim_that_another_runner_has_taken_over_is_told_as_lost() {
    for driver in Driver::ALL {
        // In the transaction of a statement, before one that runs alone, and at the end.
        for (script, at) in [
            ("CREATE TABLE t (x integer);\nINSERT INTO t VALUES (1);", 2),
            ("CREATE TABLE t (x integer);\nVACUUM;", 2),
            ("CREATE TABLE t (x integer);", 1),
        ] {
            let fresh = Fresh::new(driver);
            let set = migrations(&[("1_outside.sql", &*format!("-- migrate: no-transaction\n{script}"))]);
            let is_last = at == 1;
            let migrator = Migrator::new(&set).on_event(|event| {
                if let Event::Statement { number, .. } = event
                    && *number == at
                {
                    thread::scope(|threads| {
                        let taken = "UPDATE schema_migrations SET claim = '1-18a5c0ffee000000-3 4 5'";
                        threads.spawn(|| fresh.connect().execute(taken));
                    });
                }
            });
            let error = fresh.connect().run(&migrator).unwrap_err();
            let text = error.to_string();
            assert_eq!(error.kind(), ErrorKind::Interrupted, "{driver:?}, {script}: {text}");
            assert!(text.starts_with("another runner has taken over migration 1_outside in the middle"), "{text}");
            assert_eq!(fresh.connect().tables().contains(&"t".to_owned()), !is_last, "{driver:?}, {script}");
        }
        let script = "-- migrate: no-transaction\nALTER TABLE schema_migrations RENAME TO elsewhere;";
        let error = Fresh::new(driver).connect().run(&Migrator::new(&migrations(&[("1_a.sql", script)]))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Database, "{error}");
        let text = error.to_string();
        for part in ["behind its last statement", "the migration drops or renames the history table"] {
            assert!(text.contains(part), "{part:?} is not in\n{text}");
        }
    }
}

/// What a session had attached and cannot be attached again is told before anything else runs.
#[test]
fn what_cannot_be_attached_again_is_told() {
    let fresh = Fresh::new(Driver::Rusqlite);
    let folder = fresh.file().with_extension("folder");
    fs::create_dir(&folder).unwrap();
    let script = |last: &str| {
        let attach = format!("ATTACH '{}' AS aux1;", folder.join("aux.db").display());
        migrations(&[("1_outside.sql", &*format!("-- migrate: no-transaction\n{attach}\nSELECT 1;\n{last};"))])
    };
    fresh.connect().run(&Migrator::new(&script("INSERT INTO nope VALUES (1)"))).unwrap_err();
    fs::remove_dir_all(&folder).unwrap();
    let error = fresh.connect().run(&Migrator::new(&script("SELECT 2"))).unwrap_err();
    let told = error.to_string();
    assert!(told.contains("what it had set for its session cannot be set again: `ATTACH '"), "{told}");
    assert_eq!(
        fresh.connect().value("SELECT statements_begun || statements_done || ifnull(claim, '') FROM schema_migrations"),
        "22"
    );
    fs::create_dir(&folder).unwrap();
    fresh.connect().run(&Migrator::new(&script("SELECT 2"))).unwrap();
}

/// Whoever wants to take back waits for a runner that is at work.
#[test]
fn a_revert_waits_for_a_living_runner() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let files = [
            ("1_tables.up.sql", "CREATE TABLE t (a integer);"),
            ("2_outside.up.sql", "-- migrate: no-transaction\nCREATE INDEX CONCURRENTLY i ON t (a);"),
            ("2_outside.down.sql", "DROP INDEX i;"),
        ];
        let set = migrations(&files);
        fresh.connect().run(&Migrator::new(&set).target(1)).unwrap();
        let mut old = fresh.connect();
        old.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM t");
        let (waiting, waits) = mpsc::channel();
        thread::scope(|threads| {
            let builder =
                threads.spawn(|| fresh.connect().run(&Migrator::new(&set)).map(|report| report.changes().len()));
            let mut connection = fresh.connect();
            poll("the index to be built", Duration::from_secs(30), || {
                let begun = "SELECT count(*) FROM schema_migrations WHERE state = 'running' AND statements_begun = 1";
                (connection.value(begun) == "1").then_some(())
            });
            let reverter = threads.spawn(|| {
                let waiting = std::sync::Mutex::new(waiting);
                let migrator = Migrator::new(&set).on_event(move |event| {
                    if let Event::Waiting { holder, .. } = event {
                        assert!(holder.is_some_and(|holder| holder.contains("process")), "{holder:?}");
                        _ = waiting.lock().unwrap().send(());
                    }
                });
                fresh.connect().execute_verb(&migrator, &Verb::RevertLast(1)).map(|report| report.changes().len())
            });
            waits.recv_timeout(Duration::from_secs(30)).unwrap();
            old.execute("COMMIT");
            assert_eq!(builder.join().unwrap().unwrap(), 1);
            assert_eq!(reverter.join().unwrap().unwrap(), 1);
        });
        assert_eq!(fresh.connect().value("SELECT count(*) FROM pg_class WHERE relname = 'i'"), "0");
    }
}

/// Whose end comes between the look at the history and the look whether it lives was never interrupted.
#[test]
fn a_runner_that_ends_meanwhile_is_none_that_was_interrupted() {
    struct EndsMeanwhile(Mutex<Connection>);

    impl Director for EndsMeanwhile {
        fn before(&self, sql: &str) -> Option<Fault> {
            if sql.contains("FROM pg_catalog.pg_stat_activity AS a WHERE a.pid") || sql.starts_with("SELECT file, ") {
                self.0.lock().unwrap().execute(
                    "UPDATE schema_migrations SET state = 'applied', statements_done = 1, claim = NULL WHERE state = 'running'",
                );
            }
            None
        }
    }

    let set = migrations(&[
        ("1_a.sql", "CREATE TABLE a (x integer);"),
        ("2_b.up.sql", "-- migrate: no-transaction\nVACUUM;"),
        ("2_b.down.sql", "-- migrate: no-transaction\nVACUUM;"),
    ]);
    for driver in [Driver::Rusqlite, Driver::Postgres] {
        for (verb, changes) in [(Verb::Run, 0), (Verb::RevertLast(1), 1), (Verb::RedoLast(1), 2)] {
            let fresh = Fresh::new(driver);
            let migrator = Migrator::new(&set);
            fresh.connect().run(&migrator).unwrap();
            let at_work = "UPDATE schema_migrations SET state = 'running', statements_done = 0, claim = '1-18a5c0ffee000000-3 4 5' WHERE version = '2'";
            fresh.connect().execute(at_work);
            let director = EndsMeanwhile(Mutex::new(fresh.connect()));
            let (ended, mut connection) = verb.execute_directed(&migrator, fresh.connect(), &director);
            assert_eq!(ended.unwrap().changes().len(), changes, "{driver:?}, {verb:?}");
            assert_eq!(connection.value("SELECT count(*) FROM schema_migrations WHERE claim IS NOT NULL"), "0");
        }
    }
}

/// Inside a transaction it cannot run, and that is known before anything is done.
#[test]
fn inside_the_transaction_of_a_user_it_is_refused_before_anything_is_done() {
    let set =
        migrations(&[("1_a.sql", "CREATE TABLE a (x integer);"), ("2_b.sql", "-- migrate: no-transaction\nVACUUM;")]);
    let database = postgres().database("nested_outside");
    let mut client = database.connect();
    let mut transaction = client.transaction().unwrap();
    let migrator = Migrator::new(&set);
    for error in [migrator.plan(&mut transaction).unwrap_err(), migrator.run(&mut transaction).unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains("nothing was changed"), "{error}");
    }
    assert_eq!(transaction.query("SELECT 1 FROM pg_class WHERE relname = 'a'", &[]).unwrap().len(), 0);
}

/// An index that is there, but invalid, is not taken for the one that is meant; nor one whose name only looks like another.
#[test]
fn an_invalid_index_is_never_left_in_silence() {
    for driver in Driver::SERVERS {
        let invalidate = |connection: &mut migrate_tests::Connection, name: &str| {
            connection
                .execute(&format!("UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{name}'::regclass"));
        };
        // There before: it is somebody else's.
        let fresh = Fresh::new(driver);
        let set = migrations(&[(
            "1_i.sql",
            "-- migrate: no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS nx ON t (id);",
        )]);
        let mut connection = fresh.connect();
        connection.execute("CREATE TABLE t (id integer); CREATE INDEX nx ON t (id)");
        invalidate(&mut connection, "nx");
        let error = connection.run(&Migrator::new(&set)).unwrap_err();
        assert!(error.to_string().contains("would leave the index `nx` as it is: it is there, and invalid"), "{error}");
        connection.execute("DROP INDEX nx");
        connection.run(&Migrator::new(&set)).unwrap();

        // Left by a runner that died: letters of other alphabets are not folded, and long names are cut off.
        let long = format!("ix_{}", "é".repeat(60));
        for name in ["IÜ", "\"Mixed Case\"", &*long] {
            let fresh = Fresh::new(driver);
            let sql = format!("-- migrate: no-transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON t (id);");
            let set = migrations(&[("1_t.sql", "CREATE TABLE t (id integer);"), ("2_i.sql", &*sql)]);
            let mut connection = fresh.connect();
            connection.run(&Migrator::new(&set)).unwrap();
            invalidate(&mut connection, name);
            connection.execute(
                "UPDATE schema_migrations SET state = 'running', statements_begun = 1, statements_done = 0, claim = '1-18a5c0ffee000000-3 4 5' WHERE version = '2'",
            );
            connection.run(&Migrator::new(&set)).unwrap();
            assert_eq!(connection.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0", "{name}");
            assert_eq!(connection.value("SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass"), "1", "{name}");
        }
    }
}

/// "Of so many statements" counts the file of today.
#[test]
fn an_interrupted_script_is_told_with_the_file_of_today() {
    for driver in Driver::ALL {
        let fresh = Fresh::new(driver);
        let set = |last: &str| {
            let sql = format!("-- migrate: no-transaction\nINSERT INTO t VALUES (1);\n{last}");
            migrations(&[("1_t.sql", "CREATE TABLE t (id integer);"), ("2_o.sql", &*sql)])
        };
        let mut connection = fresh.connect();
        connection.run(&Migrator::new(&set("INSERT INTO nope VALUES (1);"))).unwrap_err();
        let longer = set("INSERT INTO t VALUES (2);\nINSERT INTO t VALUES (3);");
        let status = connection.status(&Migrator::new(&longer)).unwrap();
        assert!(status.to_string().contains("1 of 3 statements done"), "{status}");
        let error = connection.verify(&Migrator::new(&longer)).unwrap_err();
        assert!(error.to_string().contains("1 of 3 statements done"), "{error}");
        let plan = connection.plan(&Migrator::new(&longer)).unwrap();
        assert!(plan.to_string().contains("note: 1 of its 3 statements done"), "{plan}");
        assert!(!plan.to_string().contains("script down"), "{plan}");
        assert_eq!(plan.changes()[0].statements, 2, "{plan}");
        let report = connection.run(&Migrator::new(&longer)).unwrap();
        assert!(!report.to_string().contains("script down"), "{report}");
        assert_eq!(connection.rows("SELECT id FROM t ORDER BY id"), ["1", "2", "3"]);
    }
}

#[test]
fn an_interrupted_script_down_is_told_as_one() {
    for driver in Driver::ALL {
        let fresh = Fresh::new(driver);
        let set = migrations(&[
            ("1_t.up.sql", "CREATE TABLE t (id integer);"),
            ("1_t.down.sql", "-- migrate: no-transaction\nDELETE FROM t;\nDELETE FROM later;\nDROP TABLE t;"),
        ]);
        let (migrator, revert) = (Migrator::new(&set), Verb::RevertLast(1));
        let mut connection = fresh.connect();
        connection.run(&migrator).unwrap();
        connection.execute_verb(&migrator, &revert).unwrap_err();
        let plan = connection.try_verb(&migrator, &revert).unwrap();
        assert_eq!(plan.changes()[0].statements, 2, "{plan}");
        assert!(plan.to_string().contains("note: its script down\n"), "{plan}");
        connection.execute("CREATE TABLE later (id integer)");
        let report = connection.execute_verb(&migrator, &revert).unwrap();
        assert!(report.to_string().contains("note: its script down"), "{report}");
    }
}

/// Also where the history has kept the script behind a mark, which the file has not.
#[test]
fn a_script_down_in_doubt_is_told_at_its_place_in_the_file() {
    let fresh = Fresh::new(Driver::Postgres);
    let set = migrations(&[
        ("1_t/up.sql", "CREATE TABLE t (a integer);"),
        ("2_i/up.sql", "INSERT INTO t VALUES (1);"),
        ("2_i/down.sql", "DELETE FROM t;\nDO $$ BEGIN DELETE FROM t; END $$;"),
        ("2_i/metadata.toml", "run_in_transaction = false\n"),
    ]);
    let mut connection = fresh.connect();
    connection.run(&Migrator::new(&set)).unwrap();
    connection.execute(
        "UPDATE schema_migrations SET state = 'reverting', statements = 2, statements_begun = 2, statements_done = 1, claim = '1-18a5c0ffee000000-3 4 5' \
         WHERE version = '2'",
    );
    let error = connection.execute_verb(&Migrator::new(&set), &Verb::RevertLast(1)).unwrap_err();
    assert!(error.to_string().contains("2_i/down.sql:2:1"), "{error}");
}

/// Files beside the database show who lives: those of the dead are removed by whoever comes next, one's own at the end. What only looks
/// like one is somebody else's.
#[test]
fn only_the_living_have_a_sign() {
    let fresh = Fresh::new(Driver::Rusqlite);
    let (set, beside) = (alone(Driver::Rusqlite), |end: &str| fresh.file().with_extension(format!("db-{end}")));
    let mut connection = fresh.connect();
    connection.run(&Migrator::new(&set).target(1)).unwrap();
    let others = [
        "migrating-2024-01-31",
        "migrating-backup",
        "migrating-7-sixteen-letters0-8",
        "migrating-7-sixteen_letters0-8",
        "migrating-7-18a5c0ffee000000-last",
        "of-others",
    ];
    for end in others.into_iter().chain(["migrating-1-18a5c0ffee000000-3"]) {
        fs::write(beside(end), "").unwrap();
    }
    let same_name = beside("migrating-7-18a5c0ffee000000-8");
    fs::copy(fresh.file(), &same_name).unwrap();
    let living = File::create(beside("migrating-4-18a5c0ffee000000-6")).unwrap();
    living.lock().unwrap();
    connection.run(&Migrator::new(&set)).unwrap();
    let entries = fs::read_dir(fresh.file().parent().unwrap()).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let signs = ["migrating-4-18a5c0ffee000000-6", "migrating-7-18a5c0ffee000000-8"].into_iter();
    let mut expect: Vec<String> = signs.chain(others).map(|end| format!("test.db-{end}")).collect();
    expect.push("test.db".into());
    expect.sort();
    assert_eq!(names, expect);
}

/// What shows whether a runner lives can be opened by whoever can open the database, whatever account it was started by.
#[cfg(unix)]
#[test]
fn a_sign_has_the_mode_of_its_database() {
    use std::os::unix::fs::PermissionsExt;

    for mode in [0o600, 0o606, 0o666] {
        let fresh = Fresh::new(Driver::Rusqlite);
        let set = alone(Driver::Rusqlite);
        let mut connection = fresh.connect();
        connection.run(&Migrator::new(&set).target(1)).unwrap();
        fs::set_permissions(fresh.file(), fs::Permissions::from_mode(mode)).unwrap();
        let modes = Mutex::new(Vec::new());
        let migrator = Migrator::new(&set).on_event(|event| {
            if let Event::Statement { .. } = event {
                let entries = fs::read_dir(fresh.file().parent().unwrap()).unwrap().map(Result::unwrap);
                let signs = entries.filter(|entry| entry.file_name().to_string_lossy().contains("-migrating-"));
                modes.lock().unwrap().extend(signs.map(|sign| sign.metadata().unwrap().permissions().mode() & 0o777));
            }
        });
        connection.run(&migrator).unwrap();
        drop(migrator);
        let modes = modes.into_inner().unwrap();
        assert!(!modes.is_empty() && modes.iter().all(|found| *found == mode), "{mode:o}: {modes:?}");
    }
}

/// SQLite opens files whose names other programs have trouble with. Such a runner is known to live, and to be dead.
#[cfg(target_os = "linux")]
#[test]
fn a_sign_stands_beside_a_database_of_any_name() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let long = "n".repeat(235);
    let paths: [&[u8]; 4] = [b"app.db", b"a\xff/app.db", b"app\xfe\xff.db", long.as_bytes()];
    for (path, encoding) in paths.into_iter().flat_map(|path| [(path, "UTF-8"), (path, "UTF-16")]) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(OsStr::from_bytes(path));
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let connect = || rusqlite::Connection::open(&file).unwrap();
        connect().execute_batch(&format!("PRAGMA encoding = '{encoding}'; CREATE TABLE t (x)")).unwrap();
        let set = migrations(&[("1_a.sql", "-- migrate: no-transaction\nINSERT INTO t VALUES (1);")]);
        let standing = |set: &Migrations| Migrator::new(set).status(&mut connect()).unwrap().migrations()[0].standing;
        let seen = Mutex::new(None);
        let migrator = Migrator::new(&set).on_event(|event| {
            if let Event::Statement { .. } = event {
                *seen.lock().unwrap() = Some(standing(&set));
            }
        });
        let ended = migrator.run(&mut connect());
        drop(migrator);
        if encoding == "UTF-16" && path.contains(&0xff) {
            let error = ended.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{file:?}: {error}");
            assert!(error.to_string().starts_with("the path of the database is not Unicode"), "{error}");
            continue;
        }
        ended.unwrap_or_else(|error| panic!("{file:?}, {encoding}: {error}"));
        assert_eq!(seen.into_inner().unwrap(), Some(Standing::Running), "{file:?}, {encoding}");
        let dead = "UPDATE schema_migrations SET state = 'running', claim = '1-18a5c0ffee000000-3'";
        connect().execute_batch(dead).unwrap();
        assert_eq!(standing(&set), Standing::Interrupted, "{file:?}, {encoding}");
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "{file:?}, {encoding}");
    }
}

/// Names of databases are the same in any case.
#[test]
fn a_sign_stands_beside_the_database_that_the_history_is_in_however_it_is_written() {
    for (table, file) in [("MAIN.schema_migrations", "app.db"), ("hist.schema_migrations", "hist.db")] {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let mut connection = rusqlite::Connection::open(path("app.db")).unwrap();
        connection.execute("ATTACH ? AS Hist", [path("hist.db").to_str().unwrap()]).unwrap();
        let set = migrations(&[("1_a.sql", "-- migrate: no-transaction\nCREATE TABLE t (x);")]);
        let signs = Mutex::new(Vec::new());
        let migrator = Migrator::new(&set).history_table(table).on_event(|event| {
            if let Event::Statement { .. } = event {
                let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
                let names = names.map(|name| name.into_string().unwrap());
                signs.lock().unwrap().extend(names.filter(|name| name.contains("migrating-")));
            }
        });
        migrator.run(&mut connection).unwrap();
        let signs = signs.lock().unwrap();
        assert!(matches!(&signs[..], [sign] if sign.starts_with(file)), "{table}: {signs:?}");
    }
}

/// A sign that cannot be opened may be that of somebody else's process, which is waited for. It is told which one it is, and why.
#[cfg(unix)]
#[test]
fn a_runner_whose_sign_cannot_be_opened_may_live() {
    let fresh = Fresh::new(Driver::Rusqlite);
    let set = alone(Driver::Rusqlite);
    let mut connection = fresh.connect();
    connection.run(&Migrator::new(&set)).unwrap();
    connection
        .execute("UPDATE schema_migrations SET state = 'running', claim = '1-18a5c0ffee000000-3' WHERE version = '2'");
    let standing =
        |connection: &mut Connection| connection.status(&Migrator::new(&set)).unwrap().migrations()[1].standing;
    assert_eq!(standing(&mut connection), Standing::Interrupted);
    // It leads to itself.
    let sign = fresh.file().with_extension("db-migrating-1-18a5c0ffee000000-3");
    std::os::unix::fs::symlink(&sign, &sign).unwrap();
    assert_eq!(standing(&mut connection), Standing::Running);
    let migrator = Migrator::new(&set).wait_timeout(Duration::ZERO);
    let why = fs::File::open(&sign).unwrap_err();
    for verb in [Verb::Run, Verb::Resume(Resume::Retry), Verb::MarkPending(2, "by hand")] {
        let error = connection.execute_verb(&migrator, &verb).unwrap_err().to_string();
        let told = format!("process 1, if it still lives: `{}` would show that", sign.display());
        assert!(error.contains(&told) && error.contains(&why.to_string()), "{verb:?}: {error}");
    }
    fs::remove_file(&sign).unwrap();
    assert_eq!(standing(&mut connection), Standing::Interrupted);
}

/// Between a plan and its first claim, another runner begins to revert outside of a transaction: whoever has planned waits for it, and
/// plans again. Two that revert do not both go on, and nothing is applied on top of what is being taken away.
#[test]
fn what_is_being_reverted_is_not_built_upon() {
    let sleep = |driver: Driver| if driver.is_sqlite() { "VACUUM" } else { "SELECT pg_sleep(1)" };
    for driver in Driver::ALL {
        for second in [Verb::RevertLast(1), Verb::Run] {
            let fresh = Fresh::new(driver);
            let down =
                format!("-- migrate: no-transaction\nDELETE FROM t;\n{};\nINSERT INTO t VALUES (-2);", sleep(driver));
            let files = [
                ("9_t.up.sql", "CREATE TABLE t (a integer);"),
                ("10_rows.up.sql", "INSERT INTO t VALUES (2);"),
                ("10_rows.down.sql", &*down),
            ];
            let set = migrations(&files);
            let longer = migrations(&[&files[..], &[("11_more.up.sql", "INSERT INTO t VALUES (3);")]].concat());
            fresh.connect().run(&Migrator::new(&set)).unwrap();
            let (begun, may_plan) = mpsc::channel();
            let (planned, may_revert) = mpsc::channel();
            let (fresh, set) = (&fresh, &set);
            thread::scope(|threads| {
                let reverter = threads.spawn(move || {
                    may_revert.recv_timeout(Duration::from_secs(30)).unwrap();
                    let begun = std::sync::Mutex::new(begun);
                    let migrator = Migrator::new(set).on_event(move |event| {
                        if let Event::Statement { number: 2, .. } = event {
                            _ = begun.lock().unwrap().send(());
                        }
                    });
                    fresh.connect().execute_verb(&migrator, &Verb::RevertLast(1))
                });
                let channels = std::sync::Mutex::new(Some((planned, may_plan)));
                let migrator = Migrator::new(&longer).on_event(move |event| {
                    if let (Event::Planned { .. }, Some((planned, may_plan))) = (event, channels.lock().unwrap().take())
                    {
                        planned.send(()).unwrap();
                        may_plan.recv_timeout(Duration::from_secs(30)).unwrap();
                    }
                });
                let ended = fresh.connect().execute_verb(&migrator, &second);
                reverter.join().unwrap().unwrap();
                let report = ended.unwrap_or_else(|error| panic!("{driver:?}, {second:?}: {error}"));
                let done: Vec<&str> = report.changes().iter().map(|change| change.migration.as_str()).collect();
                let expect: &[&str] = if let Verb::Run = second { &["10_rows", "11_more"] } else { &[] };
                assert_eq!(done, expect, "{driver:?}, {second:?}");
            });
            let mut connection = fresh.connect();
            let rows: &[&str] = if let Verb::Run = second { &["-2", "2", "3"] } else { &["-2"] };
            assert_eq!(connection.rows("SELECT a FROM t ORDER BY a"), rows, "{driver:?}, {second:?}");
            connection.run(&Migrator::new(&longer)).unwrap();
            connection.verify(&Migrator::new(&longer)).unwrap();
        }
    }
}

/// Somebody locks the history, or the file, while a script is at work: it goes on when they are done, and nothing is in doubt.
#[test]
fn whoever_locks_the_history_meanwhile_is_waited_for() {
    for driver in Driver::ALL {
        for at in 1..=4 {
            let fresh = Fresh::new(driver);
            let (index, vacuum) = match driver.is_sqlite() {
                true => ("CREATE INDEX i ON done (n)", "VACUUM"),
                false => ("CREATE INDEX CONCURRENTLY i ON done (n)", "VACUUM done"),
            };
            let script = format!(
                "-- migrate: no-transaction\n-- migrate: lock-timeout=100ms\nINSERT INTO done VALUES (1);\n{index};\n{vacuum};\nINSERT INTO done VALUES (2);"
            );
            let set = migrations(&[("1_tables.sql", "CREATE TABLE done (n integer);"), ("2_outside.sql", &script)]);
            fresh.connect().run(&Migrator::new(&set).target(1)).unwrap();
            let holder = Mutex::new(None);
            let waited = AtomicBool::new(false);
            let migrator = Migrator::new(&set).on_event(|event| {
                thread::scope(|threads| {
                    threads.spawn(|| match event {
                        Event::Statement { number, .. } if *number == at => {
                            let mut other = fresh.connect();
                            other.execute(match driver.is_sqlite() {
                                true => "BEGIN IMMEDIATE",
                                false => "BEGIN; LOCK TABLE schema_migrations IN EXCLUSIVE MODE",
                            });
                            *holder.lock().unwrap() = Some(other);
                        }
                        Event::Waiting { holder: who, .. } => {
                            assert!(driver.is_sqlite() || who.is_some(), "{who:?}");
                            waited.store(true, Ordering::Relaxed);
                            holder.lock().unwrap().take();
                        }
                        _ => {}
                    });
                });
            });
            let mut connection = fresh.connect();
            if let Connection::Rusqlite(connection) = &connection {
                connection.busy_timeout(Duration::ZERO).unwrap();
            }
            let ended = connection.run(&migrator);
            ended.unwrap_or_else(|error| panic!("{driver:?}, at statement {at}: {error}"));
            assert!(waited.load(Ordering::Relaxed), "{driver:?}, at statement {at}");
            assert_eq!(connection.rows("SELECT n FROM done ORDER BY n"), ["1", "2"], "{driver:?}, at statement {at}");
            connection.verify(&Migrator::new(&set)).unwrap();
        }
    }
}

/// Lets a script outside of a transaction pause, and the test do something meanwhile.
fn while_one_is_at_work(fresh: &Fresh, set: &Migrations, meanwhile: impl FnOnce(&dyn Fn())) {
    let (paused, is_paused) = mpsc::channel();
    let (go_on, gone_on) = mpsc::channel::<()>();
    let gone_on = Mutex::new(gone_on);
    thread::scope(|threads| {
        let runner = threads.spawn(|| {
            let migrator = Migrator::new(set).on_event(|event| {
                if let Event::Statement { migration, number: 2, .. } = event
                    && migration.as_str() == "2_outside"
                {
                    paused.send(()).unwrap();
                    gone_on.lock().unwrap().recv_timeout(BOUND).unwrap();
                }
            });
            fresh.connect().run(&migrator).map(|report| report.changes().len())
        });
        is_paused.recv_timeout(BOUND).unwrap();
        meanwhile(&|| _ = go_on.send(()));
        let _ = go_on.send(());
        runner.join().unwrap().unwrap();
    });
}

const BOUND: Duration = Duration::from_secs(30);

/// A run of all in one transaction waits for a living runner, too, and a dry run says that it would.
#[test]
fn all_in_one_transaction_waits_for_a_living_runner() {
    for driver in Driver::ALL {
        let fresh = Fresh::new(driver);
        let set = migrations(&[
            ("1_tables.sql", "CREATE TABLE done (n integer);"),
            ("2_outside.sql", "-- migrate: no-transaction\nINSERT INTO done VALUES (1);\nINSERT INTO done VALUES (2);"),
        ]);
        while_one_is_at_work(&fresh, &set, |go_on| {
            let progress =
                "SELECT statements_begun || ' ' || statements_done FROM schema_migrations WHERE version = '2'";
            assert_eq!(fresh.connect().value(progress), "1 1", "{driver:?}");
            let plan = fresh.connect().plan(&Migrator::new(&set)).unwrap();
            assert!(plan.to_string().starts_with("would wait for process "), "{plan}");
            assert!(plan.waits_for()[0].ends_with("which is at work on 2_outside"), "{plan}");
            let go_on = Mutex::new(Some(go_on));
            let went_on = AtomicBool::new(false);
            let (send, receive) = mpsc::channel();
            thread::scope(|threads| {
                let (fresh, set, went_on) = (&fresh, &set, &went_on);
                let whole = threads.spawn(move || {
                    let migrator = Migrator::new(set).scope(Scope::All).on_event(move |event| {
                        if let Event::Waiting { holder, .. } = event {
                            assert!(holder.is_some_and(|holder| holder.starts_with("process ")), "{holder:?}");
                            let _ = send.send(());
                        }
                    });
                    let report = fresh.connect().run(&migrator);
                    assert!(went_on.load(Ordering::Relaxed), "{report:?}");
                    report
                });
                receive.recv_timeout(BOUND).unwrap();
                went_on.store(true, Ordering::Relaxed);
                go_on.lock().unwrap().take().unwrap()();
                assert!(whole.join().unwrap().unwrap().is_empty());
            });
        });
    }
}

/// A binary that has nothing to do does not wait for a newer one that says it need not, nor for what that has left in the middle.
#[test]
fn an_old_binary_starts_beside_a_newer_one_that_is_at_work() {
    for driver in Driver::ALL {
        for (directive, allow, is_fine) in
            [("-- migrate: compatible=backward\n", false, true), ("", true, true), ("", false, false)]
        {
            let fresh = Fresh::new(driver);
            let tables = ("1_tables.sql", "CREATE TABLE done (n integer);");
            let script = format!(
                "-- migrate: no-transaction\n{directive}INSERT INTO done VALUES (1);\nINSERT INTO done VALUES (2);"
            );
            let (old, new) = (migrations(&[tables]), migrations(&[tables, ("2_outside.sql", &script)]));
            let old = || {
                let migrator = Migrator::new(&old).wait_timeout(Duration::from_millis(50));
                if allow { migrator.allow_ahead() } else { migrator }
            };
            let check = |what: &str| {
                let mut connection = fresh.connect();
                let ended = [
                    connection.run(&old()).map(|report| report.to_string()),
                    connection.run(&old().scope(Scope::All)).map(|report| report.to_string()),
                    connection.plan(&old()).map(|plan| plan.to_string()),
                    connection.verify(&old()).map(|()| "up to date, 1 migration".to_owned()),
                ];
                for ended in ended {
                    match ended {
                        Ok(text) if is_fine => assert_eq!(text, "up to date, 1 migration", "{driver:?}, {what}"),
                        Ok(text) => assert!(text.starts_with("would wait for"), "{driver:?}, {what}: {text}"),
                        Err(error) => assert!(!is_fine, "{driver:?}, {what}: {error}"),
                    }
                }
            };
            while_one_is_at_work(&fresh, &new, |_| check("at work"));
            check("done");
            fresh.connect().execute(
                "UPDATE schema_migrations SET state = 'running', statements_done = 1, claim = '1-18a5c0ffee000000-3 4 5' WHERE version = '2'",
            );
            check("interrupted");
        }
    }
}

/// A file that holds less than what is done is another one, also where the last of it is in doubt, and was found done.
#[test]
fn what_is_done_stands_in_the_file_still() {
    let index = "CREATE INDEX CONCURRENTLY i ON done (number)";
    let script = |rest: &str| {
        let sql = format!("-- migrate: no-transaction\nINSERT INTO done VALUES (1);\n{rest}");
        migrations(&[("1_tables.sql", "CREATE TABLE done (number integer);"), ("2_outside.sql", &sql)])
    };
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        in_doubt(&fresh, index);
        let mut connection = fresh.connect();
        // Nothing is there that would say whether it was built, and then something else.
        for rest in ["", "CREATE INDEX CONCURRENTLY j ON done (number);"] {
            let error = connection.run(&Migrator::new(&script(rest))).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Interrupted, "{rest}: {error}");
            let text = error.to_string();
            assert!(text.contains("behind its statement 2, which is another one in the file today"), "{rest}: {text}");
            assert!(text.contains(index), "{rest}: {text}");
        }
        connection.execute("UPDATE schema_migrations SET statements_done = 2");
        let shorter = script("");
        for error in [
            connection.run(&Migrator::new(&shorter)).unwrap_err(),
            connection.execute_verb(&Migrator::new(&shorter), &Verb::Resume(Resume::Retry)).unwrap_err(),
        ] {
            assert!(error.to_string().contains("behind its statement 2"), "{error}");
        }
        assert_eq!(connection.rows("SELECT number FROM done"), ["1"]);
    }
}

#[test]
fn how_much_is_done_before_what_is_in_doubt_is_told() {
    let fresh = Fresh::new(Driver::Postgres);
    let set = in_doubt(&fresh, "INSERT INTO done VALUES (2)");
    let mut connection = fresh.connect();
    connection.execute("UPDATE schema_migrations SET statements_begun = 3, statements_done = 2 WHERE version = 2");
    let error = connection.run(&Migrator::new(&set)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
    assert!(error.to_string().contains("at statement 3 of 3"), "{error}");
    assert!(error.to_string().contains("the 2 before it are done"), "{error}");
}

/// What a script has set for its session, and cannot be set again, keeps it from going on, and a dry run says so.
#[test]
fn what_cannot_be_set_again_is_told() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let role = format!("{}_gone", fresh.database().name());
        let sql = format!("-- migrate: no-transaction\nSET ROLE {role};\nVACUUM done;\nRESET ROLE;");
        let set = migrations(&[("1_tables.sql", "CREATE TABLE done (n integer);"), ("2_outside.sql", &sql)]);
        let migrator = Migrator::new(&set);
        let mut connection = fresh.connect();
        connection.run(&migrator.clone().target(1)).unwrap();
        let error = connection.run(&migrator).unwrap_err();
        assert!(error.to_string().contains("at statement 1 of 3"), "{error}");
        connection.execute("UPDATE schema_migrations SET statements_begun = 1, statements_done = 1 WHERE version = 2");
        for error in [connection.plan(&migrator).unwrap_err(), connection.run(&migrator).unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::Database, "{error}");
            assert!(error.to_string().contains(&role), "{error}");
        }
        assert!(!connection.is_in_transaction());
        assert_eq!(connection.value("SELECT state FROM schema_migrations WHERE version = 2"), "running");
    }
}

/// Somebody else's, and there before: the server refuses to build another one, and nothing of that is in doubt.
#[test]
fn an_invalid_index_of_somebody_else_is_in_the_way_and_nothing_is_in_doubt() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let set = migrations(&[("1_i.sql", "-- migrate: no-transaction\nCREATE INDEX CONCURRENTLY nx ON t (id);")]);
        let mut connection = fresh.connect();
        connection.execute("CREATE TABLE t (id integer); CREATE INDEX nx ON t (id)");
        connection.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'nx'::regclass");
        let error = connection.run(&Migrator::new(&set)).unwrap_err();
        assert_eq!((error.kind(), error.database_code()), (ErrorKind::StatementFailed, Some("42P07")), "{error}");
        let progress = "SELECT statements_begun || ' ' || statements_done FROM schema_migrations";
        assert_eq!(connection.value(progress), "0 0");
        assert_eq!(connection.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "1");
        connection.execute("DROP INDEX nx");
        connection.run(&Migrator::new(&set)).unwrap();
        assert_eq!(
            connection.value("SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass AND indisvalid"),
            "1"
        );
    }
}

/// A statement that waits for too long gives up, and so does its claim: whoever is in the way of one is in the way of the other.
#[test]
fn a_statement_that_has_waited_for_too_long_lets_go_at_once() {
    let fresh = Fresh::new(Driver::Rusqlite);
    let set = migrations(&[
        ("1_tables.sql", "CREATE TABLE done (n integer);"),
        ("2_outside.sql", "-- migrate: no-transaction\nINSERT INTO done VALUES (1);\nINSERT INTO done VALUES (2);"),
    ]);
    fresh.connect().run(&Migrator::new(&set).target(1)).unwrap();
    let holder = Mutex::new(None);
    let migrator = Migrator::new(&set).wait_timeout(Duration::from_millis(20)).on_event(|event| {
        if let Event::Statement { number: 2, .. } = event {
            let mut other = fresh.connect();
            other.execute("BEGIN IMMEDIATE");
            *holder.lock().unwrap() = Some(other);
        }
    });
    let mut connection = fresh.connect();
    if let Connection::Rusqlite(connection) = &connection {
        connection.busy_timeout(Duration::ZERO).unwrap();
    }
    let error = connection.run(&migrator).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WaitTimeout, "{error}");
    assert_eq!(connection.rows("SELECT n FROM done"), ["1"]);
    holder.lock().unwrap().take();
    // The file beside the database tells that nobody is at work any more.
    connection.run(&Migrator::new(&set)).unwrap();
    assert_eq!(connection.rows("SELECT n FROM done"), ["1", "2"]);
}

/// A database in memory, which several connections of a process may share, has no file beside it.
#[test]
fn a_living_runner_on_a_database_in_memory_is_known() {
    let open = || {
        let connection = rusqlite::Connection::open("file:shared_by_runners?mode=memory&cache=shared").unwrap();
        // It would not wait for the tables of another one.
        connection.execute_batch("PRAGMA read_uncommitted = on").unwrap();
        connection
    };
    let set = migrations(&[("1_a.sql", "-- migrate: no-transaction\nCREATE TABLE a (x);\nCREATE TABLE b (x);")]);
    let (mut first, second) = (open(), Mutex::new(open()));
    let told = Mutex::new(Vec::new());
    let migrator = Migrator::new(&set).on_event(|event| {
        if let Event::Statement { number: 2, .. } = event {
            let status = Migrator::new(&set).status(&mut *second.lock().unwrap()).unwrap();
            told.lock().unwrap().push(status.migrations()[0].standing);
        }
    });
    migrator.run(&mut first).unwrap();
    drop(migrator);
    // Nobody has left this.
    first
        .execute_batch(
            "UPDATE schema_migrations SET state = 'running', statements_done = 1, statements_begun = 1, claim = '1-18a5c0ffee000000-3'; DROP TABLE b",
        )
        .unwrap();
    let status = Migrator::new(&set).status(&mut *second.lock().unwrap()).unwrap();
    told.lock().unwrap().push(status.migrations()[0].standing);
    assert_eq!(*told.lock().unwrap(), [Standing::Running, Standing::Interrupted]);
    set.run(&mut first).unwrap();
}

/// Whoever goes on with what was left in the middle may be late: another one has taken it up, or keeps its row.
#[test]
fn who_goes_on_second_finds_it_done_or_waits() {
    for driver in Driver::ALL {
        let fresh = Fresh::new(driver);
        let set = migrations(&[
            ("1_tables.sql", "CREATE TABLE done (n integer);"),
            ("2_outside.sql", "-- migrate: no-transaction\nINSERT INTO done VALUES (1);\nINSERT INTO done VALUES (2);"),
        ]);
        let mut connection = fresh.connect();
        connection.run(&Migrator::new(&set)).unwrap();
        connection.execute("DELETE FROM done WHERE n = 2");
        connection.execute(
            "UPDATE schema_migrations SET state = 'running', statements_begun = 1, statements_done = 1 WHERE version = '2'",
        );
        let (other, keeper) = (Mutex::new(fresh.connect()), Mutex::new(None));
        let waited = AtomicBool::new(false);
        let keep = || {
            let mut other = fresh.connect();
            other.execute(match driver.is_sqlite() {
                true => "BEGIN IMMEDIATE",
                false => "BEGIN; SELECT 1 FROM schema_migrations FOR UPDATE",
            });
            *keeper.lock().unwrap() = Some(other);
        };
        let aside = |work: &(dyn Fn() + Sync)| thread::scope(|threads| threads.spawn(work).join().unwrap());
        let migrator = Migrator::new(&set).on_event(|event| match event {
            Event::Started { .. } if !waited.load(Ordering::Relaxed) => aside(&keep),
            Event::Waiting { .. } => {
                waited.store(true, Ordering::Relaxed);
                aside(&|| {
                    keeper.lock().unwrap().take();
                    other.lock().unwrap().run(&Migrator::new(&set)).unwrap();
                });
            }
            _ => {}
        });
        if let Connection::Rusqlite(connection) = &connection {
            connection.busy_timeout(Duration::ZERO).unwrap();
        }
        let report = connection.run(&migrator).unwrap();
        assert!(waited.load(Ordering::Relaxed) && report.is_empty(), "{driver:?}: {report}");
        drop(migrator);
        // Without a wait in between.
        connection.execute("DELETE FROM done WHERE n = 2");
        connection.execute(
            "UPDATE schema_migrations SET state = 'running', statements_begun = 1, statements_done = 1 WHERE version = '2'",
        );
        let migrator = Migrator::new(&set).on_event(|event| {
            if let Event::Started { .. } = event {
                aside(&|| _ = other.lock().unwrap().run(&Migrator::new(&set)).unwrap());
            }
        });
        let report = connection.run(&migrator).unwrap();
        assert!(report.is_empty(), "{driver:?}: {report}");
        assert_eq!(connection.rows("SELECT n FROM done ORDER BY n"), ["1", "2"], "{driver:?}");
    }
}

/// Who was at work on it is of no interest any more.
#[test]
fn an_edit_takes_away_the_claim_of_a_dead_runner() {
    let set = migrations(&[(
        "1_t.sql",
        "-- migrate: no-transaction\nCREATE TABLE t (x integer);\nCREATE TABLE u (x integer);",
    )]);
    for driver in Driver::ALL {
        for (edit, expected) in [
            (Verb::MarkApplied(1, "by hand"), "applied 2 2 2 NULL"),
            (Verb::MarkPending(1, "undone"), "pending 2 0 0 NULL"),
        ] {
            let fresh = Fresh::new(driver);
            let mut connection = fresh.connect();
            connection.run(&Migrator::new(&set)).unwrap();
            connection.execute(
                "UPDATE schema_migrations SET state = 'running', statements_begun = 1, statements_done = 1, \
                 claim = '1-18a5c0ffee000000-3 4 5'",
            );
            connection.execute_verb(&Migrator::new(&set), &edit).unwrap();
            let row = "SELECT state, statements, statements_begun, statements_done, claim FROM schema_migrations";
            assert_eq!(connection.rows(row), [expected], "{driver:?}");
        }
    }
}

/// A connection of a pool lives on: dropped wherever, also behind the failure, the runner is at work no more, and what the script had set is
/// set back.
#[test]
fn a_run_that_fails_and_is_dropped_leaves_no_claim() {
    let script =
        "-- migrate: no-transaction\nSET work_mem = '9MB';\nINSERT INTO t VALUES (1);\nINSERT INTO nowhere VALUES (1);";
    let set = migrations(&[("1_t.sql", "CREATE TABLE t (x integer);"), ("2_b.sql", script)]);
    let hurried = Migrator::new(&set).wait_timeout(Duration::ZERO);
    for moment in Moment::BOTH {
        for polls in 0.. {
            let what = format!("after {polls} polls, {moment:?}");
            let fresh = Fresh::new(Driver::TokioPostgres);
            let mut connection = fresh.connect();
            connection.run(&Migrator::new(&set).target(1)).unwrap();
            let usual = connection.value("SHOW work_mem");
            let ended = connection.drop_verb(&Migrator::new(&set), &Verb::Run, (polls, moment));
            assert_eq!(connection.value("SHOW work_mem"), usual, "{what}");
            let error = fresh.connect().run(&hurried).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StatementFailed, "{what}: {error}");
            assert_eq!(connection.value("SELECT count(*) FROM t"), "1", "{what}");
            if ended.is_some() {
                assert!(polls > 10, "{polls}");
                break;
            }
        }
    }
}

/// From the claim to the end.
#[test]
fn the_history_has_the_time_that_a_script_took() {
    const PART: Duration = Duration::from_millis(60);
    for driver in Driver::ALL {
        let fresh = Fresh::new(driver);
        let set = migrations(&[(
            "1_t.sql",
            "-- migrate: no-transaction\nCREATE TABLE t (x integer);\nCREATE TABLE u (x integer);",
        )]);
        let takes_time = Migrator::new(&set).on_event(|event| {
            if let Event::Statement { number: 2, .. } = event {
                thread::sleep(PART);
            }
        });
        let mut connection = fresh.connect();
        let started = Instant::now();
        connection.run(&takes_time).unwrap();
        let longest = started.elapsed();
        let history = connection.history(&Migrator::new(&set)).unwrap();
        let time = history.entries()[0].execution_time_ms.unwrap();
        // It is rounded, and SQLite's clock counts milliseconds.
        let time = Duration::from_millis(time);
        let rounding = Duration::from_millis(2);
        assert!(PART <= time + rounding && time <= longest + rounding, "{driver:?}: {time:?}, {longest:?}");
    }
}

/// Others keep the history to themselves, once the first statement is done.
struct KeepsTheHistory {
    is_kept: AtomicBool,
    given_up: AtomicUsize,
}

impl Director for KeepsTheHistory {
    fn before(&self, sql: &str) -> Option<Fault> {
        self.given_up.fetch_add(usize::from(gives_up(sql)), Ordering::Relaxed);
        let writes = sql.contains("UPDATE") && sql.contains("schema_migrations");
        (writes && self.is_kept.load(Ordering::Relaxed)).then_some(Fault::Busy)
    }

    fn answered(&self, sql: &str, answer: Result<&[Row], &DriverError>) {
        self.is_kept.fetch_or(answer.is_ok() && sql.contains("INSERT INTO t "), Ordering::Relaxed);
    }
}

/// The claim is given up behind a wait that was too long without another wait for that.
#[test]
fn nobody_waits_twice_as_long_as_allowed() {
    for driver in [Driver::Rusqlite, Driver::Postgres] {
        let fresh = Fresh::new(driver);
        let set = migrations(&[
            ("1_t.sql", "CREATE TABLE t (x integer);"),
            ("2_b.sql", "-- migrate: no-transaction\nINSERT INTO t VALUES (1);\nINSERT INTO t VALUES (2);"),
        ]);
        let director = KeepsTheHistory { is_kept: AtomicBool::new(false), given_up: AtomicUsize::new(0) };
        let migrator = Migrator::new(&set).wait_timeout(Duration::from_millis(200));
        let (ended, mut connection) = Verb::Run.execute_directed(&migrator, fresh.connect(), &director);
        assert_eq!(ended.unwrap_err().kind(), ErrorKind::WaitTimeout);
        assert_eq!(director.given_up.into_inner(), 1, "{driver:?}");
        connection.run(&Migrator::new(&set)).unwrap();
        assert_eq!(connection.rows("SELECT x FROM t ORDER BY x"), ["1", "2"], "{driver:?}");
    }
}
