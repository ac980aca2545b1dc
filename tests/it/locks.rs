//! Postgres: locks that others hold, deadlocks, serialization failures and timeouts, on both drivers.

use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use migrate_runtime::{Error, ErrorKind, Event, Migrations, Migrator, Scope, Step};
use migrate_tests::{Connection, Driver, Fresh, Verb, migrations, poll, postgres, set};

const DRIVERS: [Driver; 2] = Driver::SERVERS;
const BOUND: Duration = Duration::from_secs(30);
const SCOPES: [Scope; 2] = [Scope::PerMigration, Scope::All];

/// Does something while a verb is at work, which may keep its thread from waiting.
fn aside<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|threads| threads.spawn(work).join().unwrap())
}

/// A table with a row, and a migration with this script.
fn on_a_table(driver: Driver, script: &str) -> (Fresh, Migrations) {
    let fresh = Fresh::new(driver);
    fresh.connect().execute("CREATE TABLE t (a integer); INSERT INTO t VALUES (1)");
    (fresh, migrations(&[("1_script.sql", script)]))
}

/// Waits for locks for so short a time that a test can do it several times.
fn impatient(set: &Migrations) -> Migrator<'_> {
    Migrator::new(set).lock_timeout(Duration::from_millis(40)).lock_retries(2)
}

/// Another session, in a transaction that has read `t`.
fn reader(fresh: &Fresh) -> Connection {
    let mut reader = fresh.connect();
    reader.execute("SET application_name = 'a slow report'; BEGIN; SELECT a AS looked_at FROM t");
    reader
}

/// How many sessions on the database wait for a lock `l` that meets a condition; the server has other databases.
fn waits(condition: &str) -> String {
    format!(
        "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid \
         WHERE a.datname = current_database() AND NOT l.granted AND {condition}"
    )
}

fn until_somebody_waits(watcher: &mut Connection, condition: &str) {
    poll(condition, BOUND, || (watcher.value(&waits(condition)) == "1").then_some(()));
}

fn settings(connection: &mut Connection) -> [String; 2] {
    ["lock_timeout", "statement_timeout"].map(|name| connection.value(&format!("SHOW {name}")))
}

/// Runs, and counts how often it was tried again.
fn run(connection: &mut Connection, migrator: Migrator<'_>) -> (Result<usize, Error>, usize) {
    let retries = Mutex::new(0);
    let migrator = migrator.on_event(|event| {
        if let Event::Retrying { migration, error, .. } = event {
            assert!(migration.as_str().ends_with("_script"), "{migration}");
            assert_eq!(error.kind(), ErrorKind::StatementFailed, "{error}");
            *retries.lock().unwrap() += 1;
        }
    });
    let ended = connection.run(&migrator).map(|report| report.changes().len());
    drop(migrator);
    (ended, retries.into_inner().unwrap())
}

#[track_caller]
fn contains(error: &Error, parts: &[&str]) {
    let text = error.to_string();
    parts.iter().for_each(|part| assert!(text.contains(part), "{part:?} is not in\n{text}"));
}

#[test]
fn giving_up_names_who_is_in_the_way() {
    for driver in DRIVERS {
        for (scope, note) in [(Scope::PerMigration, ""), (Scope::All, "is rolled back as a whole")] {
            let script = "CREATE TABLE before (x integer);\nALTER TABLE public.t ADD COLUMN b text;";
            let (fresh, set) = on_a_table(driver, script);
            let mut reader = reader(&fresh);
            let process = reader.value("SELECT pg_backend_pid()");
            let since = "SELECT to_char(xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') \
                         FROM pg_stat_activity WHERE pid = pg_backend_pid()";
            // Asked outside, because it must not be the reader's last query.
            let mut connection = fresh.connect();
            let since = connection.value(&since.replace("pg_backend_pid()", &process));
            reader.execute("SELECT a AS looked_at FROM t");

            let (ended, retries) = run(&mut connection, impatient(&set).scope(scope));
            let error = ended.unwrap_err();
            assert_eq!((error.kind(), error.database_code()), (ErrorKind::StatementFailed, Some("55P03")), "{error}");
            assert_eq!(retries, 2);
            contains(
                &error,
                &[
                    "1_script.sql:2:1",
                    "tried 3 times",
                    &format!("a lock is held by process {process}, user postgres, application a slow report"),
                    &format!("since {since}"),
                    "AccessShareLock on t",
                    "idle in transaction, last: SELECT a AS looked_at FROM t",
                    "lock-timeout=30s",
                    note,
                ],
            );
            assert_eq!(error.to_string().matches("a lock is held by").count(), 1, "{error}");
            assert!(!connection.is_in_transaction());
            let has_kept = connection.tables().iter().any(|table| table == "before");
            assert!(!has_kept && error.report().changes().is_empty());
            assert_eq!(connection.value("SELECT count(*) FROM schema_migrations"), "0");
            assert_eq!(settings(&mut connection), ["0", "0"]);

            reader.execute("COMMIT");
            assert_eq!(run(&mut connection, impatient(&set).scope(scope)).0.unwrap(), 1);
        }
    }
}

#[test]
fn it_goes_on_as_soon_as_the_lock_is_free() {
    for driver in DRIVERS {
        for scope in [Scope::PerMigration, Scope::All] {
            let (fresh, set) = on_a_table(driver, "ALTER TABLE t ADD COLUMN b text;");
            let reader = Mutex::new(Some(reader(&fresh)));
            let retries = Mutex::new(Vec::new());
            let migrator = impatient(&set).scope(scope).on_event(|event| {
                if let Event::Retrying { tries, pause, error, .. } = event {
                    retries.lock().unwrap().push(*tries);
                    assert!(*pause <= Duration::from_secs(5) && error.database_code() == Some("55P03"), "{error}");
                    aside(|| drop(reader.lock().unwrap().take()));
                }
            });
            let mut connection = fresh.connect();
            assert_eq!(connection.run(&migrator).unwrap().changes().len(), 1);
            drop(migrator);
            assert_eq!(retries.into_inner().unwrap(), [1]);
            assert_eq!(settings(&mut connection), ["0", "0"]);
            connection.verify(&Migrator::new(&set)).unwrap();
        }
    }
}

#[test]
fn the_session_keeps_its_settings() {
    const USUAL: Duration = Migrator::DEFAULT_LOCK_TIMEOUT;
    // What the session has set for itself, and the limit of the migrator.
    let sessions = [
        ("SELECT 1", USUAL),
        ("SET lock_timeout = '7s'; SET statement_timeout = '8s'", USUAL),
        ("SET lock_timeout = '5s'; SET statement_timeout = '5s'", USUAL),
        ("SET lock_timeout = '7s'; SET statement_timeout = '1h'", Duration::ZERO),
    ];
    let scripts = [
        "SELECT 1;",
        "INSERT INTO t VALUES (1);",
        "-- migrate: lock-timeout=9s\n-- migrate: statement-timeout=9s\nINSERT INTO t VALUES (1);",
        "SET lock_timeout = '5s'; SET statement_timeout = '5s';",
        "SET lock_timeout = '40ms'; SET statement_timeout = 0;",
        "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '9s';",
        "SET lock_timeout = '9s'; SET LOCAL lock_timeout = '5s';",
        "SET LOCAL lock_timeout = '9s'; SET lock_timeout = '5s';",
        "RESET lock_timeout; RESET statement_timeout;",
        "RESET ALL;",
        "SET lock_timeout TO DEFAULT;",
        "SELECT set_config('statement_timeout', '0', false), set_config('lock_timeout', '5s', false);",
        "SET lock_timeout = '9s'; SELECT * FROM nowhere;",
        "-- migrate: no-transaction\nSET lock_timeout = '9s'; RESET ALL; CREATE TABLE x (a integer);",
        "-- migrate: no-transaction\n-- migrate: lock-timeout=9s\nVACUUM t;",
        "-- migrate: no-transaction\nSET statement_timeout = 0; CREATE INDEX CONCURRENTLY i ON t (a);",
        "-- migrate: no-transaction\nSET statement_timeout = '9s'; SELECT * FROM nowhere;",
        "-- migrate: lock-timeout=9s\n-- migrate: statement-timeout=9s\nSELECT 1;",
        "-- migrate: lock-timeout=off\nRESET ALL;",
    ];
    for driver in DRIVERS {
        let fresh = Fresh::new(driver);
        for script in scripts {
            let scopes = if script.contains("no-transaction") { &SCOPES[..1] } else { &SCOPES };
            for ((session, lock_timeout), scope) in
                sessions.iter().flat_map(|session| scopes.iter().map(move |scope| (*session, *scope)))
            {
                // Another one behind it would set back what it has left.
                let set = migrations(&[("1_script.sql", script)]);
                let mut connection = fresh.connect();
                connection.execute("DROP TABLE IF EXISTS schema_migrations, t, x; CREATE TABLE t (a integer)");
                connection.execute(session);
                let before = settings(&mut connection);
                let ended = connection.run(&Migrator::new(&set).lock_timeout(lock_timeout).scope(scope));
                assert_eq!(ended.is_err(), script.contains("nowhere"), "{ended:?}");
                let case = format!("{driver:?}, {scope:?}: {session} / {script} / {lock_timeout:?}");
                assert_eq!(settings(&mut connection), before, "{case}");
                assert!(!connection.is_in_transaction(), "{case}");
            }
        }
    }
}

#[test]
fn a_script_that_sets_everything_back_still_has_its_limits() {
    const OUTSIDE: &str = "-- migrate: no-transaction\n";
    const SEES: &str =
        "INSERT INTO seen VALUES (current_setting('lock_timeout'), current_setting('statement_timeout'))";
    // What it says for itself, what it does first, and what holds then.
    let cases = [
        ("", "RESET ALL", "5s 0"),
        (
            "-- migrate: lock-timeout=7s\n-- migrate: statement-timeout=8s\n",
            "SET lock_timeout = '9s'; reset all",
            "7s 8s",
        ),
        ("", "RESET ALL; SET lock_timeout = '9s'", "9s 0"),
        (OUTSIDE, "RESET ALL", "5s 0"),
        (OUTSIDE, "DISCARD ALL", "5s 0"),
        ("-- migrate: no-transaction\n-- migrate: lock-timeout=7s\n", "SET lock_timeout = '9s'; RESET ALL", "7s 0"),
        (OUTSIDE, "RESET ALL; SET lock_timeout = '9s'", "9s 0"),
        (OUTSIDE, "SET lock_timeout = '9s'", "9s 0"),
    ];
    for driver in DRIVERS {
        let fresh = Fresh::new(driver);
        for (header, first, expect) in cases {
            let scopes = if header.contains("no-transaction") { &SCOPES[..1] } else { &SCOPES };
            // The session itself has no limit, or is left with one.
            for (scope, session) in scopes.iter().flat_map(|scope| ["0", "3s"].map(|session| (*scope, session))) {
                let mut connection = fresh.connect();
                connection.execute(&format!(
                    "DROP TABLE IF EXISTS schema_migrations, seen; CREATE TABLE seen (lock text, statement text); \
                     SET lock_timeout = '{session}'"
                ));
                let case = format!("{driver:?}, {scope:?}, {session}: {header}{first}");
                let script = format!("{header}{first}; {SEES};");
                let set = migrations(&[("1_script.sql", &script)]);
                // Interrupted behind what it sets, it has the same when it is gone on with.
                if header.contains("no-transaction") && first != "DISCARD ALL" {
                    let broken = script.replace(SEES, "SELECT * FROM nowhere");
                    connection.run(&Migrator::new(&migrations(&[("1_script.sql", &broken)]))).unwrap_err();
                    connection.run(&Migrator::new(&set)).unwrap();
                    assert_eq!(connection.value("SELECT concat_ws(' ', lock, statement) FROM seen"), expect, "{case}");
                    connection.execute("TRUNCATE schema_migrations, seen");
                }
                connection.run(&Migrator::new(&set).scope(scope)).unwrap();
                assert_eq!(connection.value("SELECT concat_ws(' ', lock, statement) FROM seen"), expect, "{case}");
            }
        }
    }
}

#[test]
fn the_transaction_of_a_user_keeps_its_settings() {
    let database = postgres().database("settings_of_a_transaction");
    let mut client = database.connect();
    for script in ["CREATE TABLE a (x integer);", "SELECT 1;"] {
        let set = migrations(&[("1_script.sql", script)]);
        let mut transaction = client.transaction().unwrap();
        transaction.batch_execute("SET LOCAL lock_timeout = '3s'; SET LOCAL statement_timeout = '4s'").unwrap();
        set.run(&mut transaction).unwrap();
        let settings = "SELECT current_setting('lock_timeout'), current_setting('statement_timeout')";
        let row = transaction.query_one(settings, &[]).unwrap();
        assert_eq!([0, 1].map(|column| row.get::<_, String>(column)), ["3s", "4s"], "{script}");
        transaction.rollback().unwrap();
    }
}

#[test]
fn whoever_holds_what_a_statement_names_is_found() {
    let scripts = [
        "ALTER TABLE T ADD COLUMN b text;",
        "ALTER TABLE \"t\" ADD COLUMN b text;",
        "LOCK TABLE public.t;",
        "UPDATE t SET a = 2 WHERE t.a = 1;",
        "UPDATE public.t SET a = 2 WHERE public.t.a = 1;",
        "DROP INDEX i;",
        "CREATE TRIGGER x BEFORE INSERT ON t EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger();",
        "ALTER TABLE u ADD FOREIGN KEY (a) REFERENCES t (a);",
        "DROP TABLE u, t CASCADE;",
        "DO $$ BEGIN ALTER TABLE t ADD COLUMN b text; END $$;",
        "-- migrate: no-transaction\nALTER TABLE t ADD COLUMN b text;",
        "-- migrate: no-transaction\nVACUUM FULL t;",
    ];
    for driver in DRIVERS {
        let (fresh, _) = on_a_table(driver, "SELECT 1;");
        let mut connection = fresh.connect();
        connection.execute("CREATE UNIQUE INDEX i ON t (a); CREATE TABLE u (a integer)");
        let mut writer = fresh.connect();
        writer.execute("BEGIN; UPDATE t SET a = 3");
        let process = writer.value("SELECT pg_backend_pid()");
        for script in scripts {
            connection.execute("DROP TABLE IF EXISTS schema_migrations");
            let set = migrations(&[("1_script.sql", script)]);
            let error = run(&mut connection, impatient(&set).lock_retries(0)).0.unwrap_err();
            assert_eq!(error.database_code(), Some("55P03"), "{error}");
            contains(
                &error,
                &[&format!("a lock is held by process {process}, user postgres"), "RowExclusiveLock on t"],
            );
        }
    }
}

#[test]
fn inside_a_transaction_of_the_user_nothing_is_tried_again() {
    for driver in DRIVERS {
        let script = "CREATE TABLE before (x integer);\nALTER TABLE t ADD COLUMN b text;";
        let (fresh, set) = on_a_table(driver, script);
        let _reader = reader(&fresh);
        let migrator = impatient(&set).on_event(|event| assert!(!matches!(event, Event::Retrying { .. })));
        let mut connection = fresh.connect();
        let error = match &mut connection {
            Connection::Postgres(client) => {
                let mut transaction = client.transaction().unwrap();
                transaction.batch_execute("SET LOCAL lock_timeout = '8s'; CREATE TABLE of_user (x integer)").unwrap();
                let error = migrator.run(&mut transaction).unwrap_err();
                let row = transaction.query_one("SELECT current_setting('lock_timeout')", &[]).unwrap();
                assert_eq!(row.get::<_, String>(0), "8s");
                transaction.commit().unwrap();
                error
            }
            Connection::TokioPostgres(client, runtime) => runtime.block_on(async {
                let mut transaction = client.transaction().await.unwrap();
                let sql = "SET LOCAL lock_timeout = '8s'; CREATE TABLE of_user (x integer)";
                transaction.batch_execute(sql).await.unwrap();
                let error = migrator.run_async(&mut transaction).await.unwrap_err();
                let row = transaction.query_one("SELECT current_setting('lock_timeout')", &[]).await.unwrap();
                assert_eq!(row.get::<_, String>(0), "8s");
                transaction.commit().await.unwrap();
                error
            }),
            Connection::Rusqlite(_) => unreachable!(),
        };
        assert_eq!((error.kind(), error.database_code()), (ErrorKind::StatementFailed, Some("55P03")), "{error}");
        contains(&error, &["a lock is held by process ", "application a slow report"]);
        assert!(!error.to_string().contains("tried"), "{error}");
        // The user's own work is as it was.
        let tables = connection.tables();
        assert!(tables.contains(&"of_user".to_owned()) && !tables.contains(&"before".to_owned()), "{tables:?}");
        assert_eq!(settings(&mut connection), ["0", "0"]);
    }
}

#[test]
fn a_deadlock_is_tried_again() {
    for driver in DRIVERS {
        for scope in SCOPES {
            let (fresh, set) = on_a_table(driver, "LOCK TABLE t;\nLOCK TABLE u;\nALTER TABLE u ADD COLUMN b text;");
            fresh.connect().execute(&format!(
                "CREATE TABLE u (a integer); ALTER DATABASE {} SET deadlock_timeout = '100ms'",
                fresh.database().name()
            ));
            let mut other = fresh.connect();
            // It never finds the deadlock, so that the migration does.
            other.execute("SET deadlock_timeout = '60s'; BEGIN; LOCK TABLE u IN SHARE MODE");
            thread::scope(|scope_of_threads| {
                let ended = scope_of_threads.spawn(|| {
                    // Once the migration waits for `u`, this one waits for `t`.
                    let mut watcher = fresh.connect();
                    until_somebody_waits(&mut watcher, "l.relation = 'u'::regclass");
                    other.execute("LOCK TABLE t; COMMIT");
                });
                let migrator = Migrator::new(&set).scope(scope).lock_timeout(BOUND);
                let (done, retries) = run(&mut fresh.connect(), migrator);
                assert_eq!((done.unwrap(), retries), (1, 1), "{driver:?}, {scope:?}");
                ended.join().unwrap();
            });
        }
    }
}

/// How often a migration is tried again counts for each: also behind one that another runner has applied in between.
#[test]
fn every_migration_has_its_own_tries() {
    for driver in DRIVERS {
        let fresh = Fresh::new(driver);
        fresh.connect().execute("CREATE TABLE t (a integer); CREATE TABLE u (a integer)");
        let set = migrations(&[
            ("1_script.sql", "ALTER TABLE t ADD COLUMN b text;"),
            ("2_script.sql", "ALTER TABLE u ADD COLUMN b text;"),
        ]);
        let holder = |table: &str| {
            let mut holder = fresh.connect();
            holder.execute(&format!("BEGIN; LOCK TABLE {table}"));
            Mutex::new(Some(holder))
        };
        let holders = [holder("t"), holder("u")];
        let told = Mutex::new(Vec::new());
        let migrator = Migrator::new(&set).lock_timeout(Duration::from_millis(40)).lock_retries(1).on_event(|event| {
            if let Event::Retrying { migration, .. } = event {
                told.lock().unwrap().push(migration.as_str().to_owned());
                let is_first = migration.as_str() == "1_script";
                aside(|| {
                    drop(holders[usize::from(!is_first)].lock().unwrap().take());
                    if is_first {
                        fresh.connect().run(&Migrator::new(&set).target(1)).unwrap();
                    }
                });
            }
        });
        assert_eq!(fresh.connect().run(&migrator).unwrap().changes().len(), 1, "{driver:?}");
        assert_eq!(*told.lock().unwrap(), ["1_script", "2_script"], "{driver:?}");
    }
}

#[test]
fn a_serialization_failure_is_tried_again() {
    for driver in DRIVERS {
        for isolation in ["serializable", "repeatable read"] {
            for scope in [Scope::PerMigration, Scope::All] {
                let (fresh, set) = on_a_table(driver, "SELECT a FROM t;\nUPDATE t SET a = a + 1;");
                let name = fresh.database().name().to_owned();
                fresh
                    .connect()
                    .execute(&format!("ALTER DATABASE {name} SET default_transaction_isolation = '{isolation}'"));
                let mut other = fresh.connect();
                other.execute("BEGIN; UPDATE t SET a = 10");
                let other = Mutex::new(Some(other));
                thread::scope(|threads| {
                    let watcher = threads.spawn(|| {
                        let mut watcher = fresh.connect();
                        until_somebody_waits(&mut watcher, "l.locktype = 'transactionid'");
                        other.lock().unwrap().take().unwrap().execute("COMMIT");
                    });
                    let migrator = Migrator::new(&set).scope(scope).lock_timeout(BOUND);
                    let mut connection = fresh.connect();
                    let (done, retries) = run(&mut connection, migrator);
                    assert_eq!((done.unwrap(), retries), (1, 1), "{driver:?}, {isolation}, {scope:?}");
                    assert_eq!(connection.value("SELECT a FROM t"), "11");
                    watcher.join().unwrap();
                });
            }
        }
    }
}

/// A transaction around all keeps nobody from another set, once its own has a row to lock.
#[test]
fn a_transaction_around_all_keeps_nobody_from_another_set() {
    for driver in DRIVERS {
        let fresh = Fresh::new(driver);
        let sets = |last: usize| {
            let files = [("1_script.sql", "SELECT 1;"), ("2_script.sql", "SELECT 2;")];
            ["a", "b"].map(|name| set(name, &files[..last]))
        };
        let (short, [a, b]) = (sets(1), sets(2));
        fresh.connect().run(&Migrator::many(&short)).unwrap();
        let migrator = Migrator::new(&a).scope(Scope::All).on_event(|event| {
            if let Event::Statement { .. } = event {
                let other = Migrator::new(&b).wait_timeout(Duration::from_millis(200));
                assert_eq!(aside(|| run(&mut fresh.connect(), other)).0.unwrap(), 1);
            }
        });
        assert_eq!(fresh.connect().run(&migrator).unwrap().changes().len(), 1, "{driver:?}");
    }
}

#[test]
fn how_long_a_statement_may_take_is_for_the_migration_to_say() {
    for driver in DRIVERS {
        let (fresh, set) = on_a_table(driver, "SELECT pg_sleep(0.3);");
        let name = fresh.database().name().to_owned();
        fresh.connect().execute(&format!("ALTER DATABASE {name} SET statement_timeout = '100ms'"));
        let mut connection = fresh.connect();
        assert_eq!(settings(&mut connection), ["0", "100ms"]);
        assert_eq!(run(&mut connection, Migrator::new(&set)).0.unwrap(), 1);
        assert_eq!(settings(&mut connection), ["0", "100ms"]);

        let outside = "-- migrate: no-transaction\nSELECT pg_sleep(0.3);\nVACUUM t;";
        let strict = "-- migrate: statement-timeout=100ms\nSELECT pg_sleep(20);";
        // The script, the option in milliseconds, whether it succeeds.
        for (script, option, succeeds) in [
            (outside, 0, true),
            (outside, 100, false),
            (strict, 0, false),
            (strict, 60_000, false),
            ("-- migrate: statement-timeout=10s\nSELECT pg_sleep(0.3);", 100, true),
            ("SELECT pg_sleep(0.3);", 100, false),
        ] {
            connection.execute("DROP TABLE IF EXISTS schema_migrations");
            let set = migrations(&[("1_script.sql", script)]);
            let migrator = Migrator::new(&set).statement_timeout(Duration::from_millis(option));
            let (ended, retries) = run(&mut connection, migrator);
            match ended {
                Ok(done) => assert!(succeeds && done == 1, "{driver:?}: {script}, {option}"),
                Err(error) => {
                    assert!(!succeeds, "{driver:?}: {script}, {option}: {error}");
                    assert_eq!(error.database_code(), Some("57014"), "{error}");
                    assert_eq!(error.kind(), ErrorKind::StatementFailed, "{error}");
                    contains(&error, &["statement-timeout"]);
                    assert!(!error.to_string().contains("a lock is held by"), "{error}");
                }
            }
            assert_eq!(retries, 0);
            assert_eq!(settings(&mut connection), ["0", "100ms"]);
            assert!(!connection.is_in_transaction());
        }
    }
}

#[test]
fn a_future_that_is_dropped_ends_the_transaction_around_all() {
    let script = "CREATE TABLE before (x integer);\nALTER TABLE t ADD COLUMN b text;";
    let (fresh, set) = on_a_table(Driver::TokioPostgres, script);
    let _reader = reader(&fresh);
    let mut connection = fresh.connect();
    let Connection::TokioPostgres(client, runtime) = &mut connection else { unreachable!() };
    runtime.block_on(async {
        let watcher = fresh.database().connect_tokio().await;
        let migrator = Migrator::new(&set).scope(Scope::All).lock_timeout(BOUND);
        let has_to_wait = async {
            while watcher.query_one(&*waits("l.relation = 't'::regclass"), &[]).await.unwrap().get::<_, i64>(0) == 0 {}
        };
        tokio::select! {
            ended = migrator.run_async(client) => panic!("{ended:?}"),
            () = has_to_wait => {}
        }
        // It still waits on the server, until the server is told.
        watcher.query_one(&*waits("true").replace("count(*)", "pg_cancel_backend(l.pid)"), &[]).await.unwrap();
    });
    assert!(!connection.is_in_transaction() && !connection.tables().contains(&"before".to_owned()));
}

#[test]
fn a_file_knows_better_than_the_code_how_long_to_wait() {
    for driver in DRIVERS {
        // The file gives up, where the code would have waited for long.
        let (fresh, set) = on_a_table(driver, "-- migrate: lock-timeout=30ms\nALTER TABLE t ADD COLUMN b text;");
        let mut reader = reader(&fresh);
        let mut connection = fresh.connect();
        let (ended, retries) = run(&mut connection, Migrator::new(&set).lock_timeout(BOUND).lock_retries(1));
        assert_eq!((ended.unwrap_err().database_code(), retries), (Some("55P03"), 1));

        // The file waits, where the code would have given up.
        let set = migrations(&[("1_script.sql", "-- migrate: lock-timeout=30s\nALTER TABLE t ADD COLUMN b text;")]);
        thread::scope(|threads| {
            let ended = threads.spawn(|| run(&mut fresh.connect(), impatient(&set)));
            let mut watcher = fresh.connect();
            until_somebody_waits(&mut watcher, "a.query_start < clock_timestamp() - interval '300 milliseconds'");
            reader.execute("COMMIT");
            let (ended, retries) = ended.join().unwrap();
            assert_eq!((ended.unwrap(), retries), (1, 0));
        });
    }
}

#[test]
fn a_runner_that_waits_for_another_does_not_count_that_as_a_lock_timeout() {
    for driver in DRIVERS {
        for scope in [Scope::PerMigration, Scope::All] {
            let (fresh, set) = on_a_table(driver, "SELECT pg_advisory_xact_lock(1);\nALTER TABLE t ADD COLUMN b text;");
            let mut gate = fresh.connect();
            gate.execute("SELECT pg_advisory_lock(1)");
            thread::scope(|threads| {
                // Waits for the gate, with its claim in hand.
                let first = threads.spawn(|| {
                    run(&mut fresh.connect(), Migrator::new(&set).lock_timeout(BOUND).scope(scope)).0.unwrap()
                });
                let mut watcher = fresh.connect();
                until_somebody_waits(&mut watcher, "l.locktype = 'advisory'");
                // One that gives up: another runner, and not a lock, is what it tells of.
                let (ended, retries) =
                    run(&mut fresh.connect(), impatient(&set).scope(scope).wait_timeout(Duration::from_millis(300)));
                let error = ended.unwrap_err();
                assert_eq!((error.kind(), retries), (ErrorKind::WaitTimeout, 0), "{error}");
                contains(&error, &["another connection is busy with migration 1_script: process ", "user postgres"]);
                // One that waits finds nothing left to do, and returns at once.
                let (waits, is_waiting) = mpsc::channel();
                let (fresh, set) = (&fresh, &set);
                let second = threads.spawn(move || {
                    let migrator = impatient(set).scope(scope).on_event(move |event| match event {
                        Event::Waiting { holder, .. } => _ = waits.send(holder.map(str::to_owned)),
                        Event::Retrying { error, .. } => panic!("{error}"),
                        _ => {}
                    });
                    fresh.connect().run(&migrator).map(|report| report.changes().len())
                });
                let holder = is_waiting.recv_timeout(BOUND).unwrap();
                assert!(holder.is_some_and(|holder| holder.starts_with("process ")));
                gate.execute("SELECT pg_advisory_unlock(1)");
                assert_eq!(first.join().unwrap(), 1);
                assert_eq!(second.join().unwrap().unwrap(), 0, "{driver:?}, {scope:?}");
            });
        }
    }
}

#[test]
fn outside_of_a_transaction_only_what_is_not_done_is_tried_again() {
    for driver in DRIVERS {
        let script =
            "-- migrate: no-transaction\nINSERT INTO t VALUES (2);\nALTER TABLE t ADD COLUMN b text;\nVACUUM t;";
        let (fresh, set) = on_a_table(driver, script);
        let other = Mutex::new(None);
        let retries = Mutex::new(0);
        let migrator = impatient(&set).on_event(|event| match event {
            Event::Statement { number: 2, .. } if *retries.lock().unwrap() == 0 => {
                *other.lock().unwrap() = Some(aside(|| reader(&fresh)));
            }
            Event::Retrying { error, .. } => {
                *retries.lock().unwrap() += 1;
                contains(error, &["at statement 2 of 3; statement 1 stays done"]);
                aside(|| drop(other.lock().unwrap().take()));
            }
            _ => {}
        });
        let mut connection = fresh.connect();
        assert_eq!(connection.run(&migrator).unwrap().changes().len(), 1);
        drop(migrator);
        assert_eq!(*retries.lock().unwrap(), 1);
        // The first statement was done once.
        assert_eq!(connection.rows("SELECT a FROM t ORDER BY a"), ["1", "2"]);
        assert_eq!(settings(&mut connection), ["0", "0"]);

        // What has to run alone is not tried again by itself: nobody knows what it has left behind.
        let set = migrations(&[
            ("1_script.sql", script),
            ("2_script.sql", "-- migrate: no-transaction\n-- migrate: lock-timeout=40ms\nVACUUM FULL t;"),
        ]);
        let mut reader = reader(&fresh);
        let (ended, retries) = run(&mut connection, impatient(&set));
        let error = ended.unwrap_err();
        assert_eq!((error.database_code(), retries), (Some("55P03"), 0), "{error}");
        reader.execute("COMMIT");
        assert_eq!(run(&mut connection, impatient(&set)).0.unwrap(), 1);
    }
}

#[test]
fn what_runs_alone_gives_up_unless_it_works_concurrently_and_nothing_is_said() {
    for script in ["CALL p();", "SET lock_timeout = '40ms';\nCREATE INDEX CONCURRENTLY i ON t (a);"] {
        for driver in DRIVERS {
            let (fresh, set) = on_a_table(driver, &format!("-- migrate: no-transaction\n{script}"));
            let mut writer = fresh.connect();
            let code = "BEGIN COMMIT; ALTER TABLE t ADD COLUMN b text; END";
            writer.execute(&format!("CREATE PROCEDURE p() LANGUAGE plpgsql AS '{code}'"));
            writer.execute("BEGIN; INSERT INTO t VALUES (5)");
            let error = run(&mut fresh.connect(), impatient(&set)).0.unwrap_err();
            assert_eq!(error.database_code(), Some("55P03"), "{error}");
        }
    }
}

#[test]
fn what_works_concurrently_waits_unless_its_file_says_otherwise() {
    for driver in DRIVERS {
        // The last one has a name, for what follows.
        let mut last = None;
        for script in ["CREATE INDEX CONCURRENTLY ON t (a);", "CREATE INDEX CONCURRENTLY i ON t (a);"] {
            let (fresh, set) = on_a_table(driver, &format!("-- migrate: no-transaction\n{script}"));
            let mut writer = fresh.connect();
            writer.execute("BEGIN; INSERT INTO t VALUES (5)");
            thread::scope(|threads| {
                let build = threads.spawn(|| run(&mut fresh.connect(), impatient(&set)));
                let mut watcher = fresh.connect();
                until_somebody_waits(
                    &mut watcher,
                    "a.query LIKE 'CREATE INDEX%' AND a.query_start < clock_timestamp() - interval '400 milliseconds'",
                );
                writer.execute("COMMIT");
                assert_eq!(build.join().unwrap().0.unwrap(), 1);
            });
            last = Some((fresh, writer));
        }
        let (fresh, mut writer) = last.unwrap();

        let script = "-- migrate: no-transaction\n-- migrate: lock-timeout=40ms\nCREATE INDEX CONCURRENTLY j ON t (a);";
        let set = migrations(&[
            ("1_script.sql", "-- migrate: no-transaction\nCREATE INDEX CONCURRENTLY i ON t (a);"),
            ("2_script.sql", script),
        ]);
        writer.execute("BEGIN; INSERT INTO t VALUES (6)");
        let mut connection = fresh.connect();
        let (ended, retries) = run(&mut connection, impatient(&set));
        let error = ended.unwrap_err();
        assert_eq!((error.database_code(), retries), (Some("55P03"), 0), "{error}");
        assert_eq!(settings(&mut connection), ["0", "0"]);
        writer.execute("COMMIT");
        // The invalid index that it has left is removed, and built again.
        assert_eq!(run(&mut connection, impatient(&set)).0.unwrap(), 1);
        let invalid = connection.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid");
        assert_eq!(invalid, "0");
    }
}

/// Somebody has locked the history itself: readers and writers wait for a time, and are told for whom.
#[test]
fn a_history_that_is_locked_is_waited_for_and_its_holder_named() {
    for driver in DRIVERS {
        for mode in ["ACCESS EXCLUSIVE", "SHARE"] {
            for pending in [false, true] {
                let (fresh, set) = on_a_table(driver, "CREATE TABLE b (x integer);");
                let mut connection = fresh.connect();
                if pending {
                    connection.run(&Migrator::new(&migrations(&[("0_a.sql", "SELECT 1;")]))).unwrap();
                } else {
                    connection.run(&Migrator::new(&set)).unwrap();
                }
                let mut locker = fresh.connect();
                locker.execute(&format!("BEGIN; LOCK TABLE schema_migrations IN {mode} MODE"));
                let process = locker.value("SELECT pg_backend_pid()");
                let migrator = || Migrator::new(&set).allow_missing().wait_timeout(Duration::from_millis(1500));
                let started = Instant::now();
                let ended = connection.run(&migrator());
                if mode == "SHARE" && !pending {
                    assert!(ended.unwrap().is_empty());
                } else {
                    let error = ended.unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::WaitTimeout, "{mode}: {error}");
                    contains(&error, &[&format!("process {process}")]);
                }
                assert!(started.elapsed() < Duration::from_secs(20), "{mode}: {:?}", started.elapsed());
                locker.execute("COMMIT");
                connection.run(&migrator()).unwrap();
            }
        }
    }
}

/// A limit of the role, or of the database, would end the wait, and nobody would know that it was one.
#[test]
fn a_limit_of_the_session_does_not_end_the_wait_for_the_history() {
    for (driver, mode) in
        DRIVERS.into_iter().flat_map(|driver| ["ACCESS EXCLUSIVE", "SHARE"].map(|mode| (driver, mode)))
    {
        for script in ["CREATE TABLE b (x integer);", "-- migrate: no-transaction\nCREATE TABLE b (x integer);"] {
            let (fresh, set) = on_a_table(driver, script);
            let mut connection = fresh.connect();
            connection.run(&Migrator::new(&migrations(&[("0_a.sql", "SELECT 1;")]))).unwrap();
            connection.execute("SET statement_timeout = '50ms'");
            let mut locker = fresh.connect();
            locker.execute(&format!("BEGIN; LOCK TABLE schema_migrations IN {mode} MODE"));
            let process = locker.value("SELECT pg_backend_pid()");
            let migrator = || Migrator::new(&set).allow_missing();
            let error = connection.run(&migrator().wait_timeout(Duration::from_millis(400))).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WaitTimeout, "{mode}, {script}: {error}");
            contains(&error, &[&format!("process {process}")]);
            locker.execute("COMMIT");
            connection.run(&migrator()).unwrap();
            assert_eq!(connection.value("SHOW statement_timeout"), "50ms");
        }
    }
}

#[test]
fn a_limit_of_the_session_does_not_cut_a_pause_short() {
    for driver in DRIVERS {
        let (fresh, set) = on_a_table(driver, "ALTER TABLE t ADD COLUMN b integer;");
        let _reader = reader(&fresh);
        let mut connection = fresh.connect();
        connection.execute("SET statement_timeout = '20ms'");
        let (announced, started) = (Mutex::new(Duration::ZERO), Instant::now());
        let migrator = impatient(&set).on_event(|event| {
            if let Event::Retrying { pause, .. } = event {
                *announced.lock().unwrap() += *pause;
            }
        });
        assert_eq!(connection.run(&migrator).unwrap_err().database_code(), Some("55P03"));
        drop(migrator);
        let (announced, took) = (announced.into_inner().unwrap(), started.elapsed());
        assert!(!announced.is_zero() && took > announced, "{driver:?}: {took:?} with pauses of {announced:?}");
    }
}

/// More than the server takes is as good as for ever.
#[test]
fn a_timeout_may_be_as_long_as_it_likes() {
    for driver in DRIVERS {
        let (fresh, set) =
            on_a_table(driver, "SELECT set_config('lock_timeout', '1s', true);\nINSERT INTO t VALUES (2);");
        let migrator = Migrator::new(&set).lock_timeout(Duration::MAX).statement_timeout(Duration::MAX);
        let mut connection = fresh.connect();
        connection.run(&migrator).unwrap();
        assert_eq!(settings(&mut connection), ["0", "0"]);
    }
}

/// All in one, of which a set is new, locks the history. Whoever has locked a row of another set before goes on to write to the history,
/// and is waited for before that.
#[test]
fn all_in_one_of_a_new_set_and_whoever_adds_to_an_old_one_do_not_stop_each_other() {
    for driver in DRIVERS {
        let fresh = Fresh::new(driver);
        let old = set("old", &[("1_a.sql", "CREATE TABLE a (x integer);"), ("2_a.sql", "INSERT INTO a VALUES (2);")]);
        let new = set("new", &[("1_b.sql", "CREATE TABLE b (x integer);")]);
        fresh.connect().run(&Migrator::new(&old).target(1)).unwrap();
        let (begin, begun) = mpsc::channel();
        let begun = Mutex::new(begun);
        thread::scope(|scope| {
            let other = scope.spawn(|| {
                begun.lock().unwrap().recv_timeout(BOUND).unwrap();
                let mut client = fresh.database().connect();
                let mut transaction = client.transaction().unwrap();
                old.run(&mut transaction).unwrap();
                transaction.commit().unwrap();
            });
            let is_told = Mutex::new(false);
            let migrator = Migrator::many([&old, &new]).scope(Scope::All).on_event(|event| {
                if let Event::Planned { .. } = event
                    && !std::mem::replace(&mut *is_told.lock().unwrap(), true)
                {
                    begin.send(()).unwrap();
                    aside(|| until_somebody_waits(&mut fresh.connect(), "true"));
                }
            });
            fresh.connect().run(&migrator).unwrap();
            other.join().unwrap();
        });
        let mut connection = fresh.connect();
        assert_eq!(connection.rows("SELECT x FROM a"), ["2"], "{driver:?}");
        connection.verify(&Migrator::many([&old, &new])).unwrap();
    }
}

/// A deadlock at the opening of all in one, with somebody who locks rows in another order, is tried again.
#[test]
fn all_in_one_of_a_new_set_begins_again_behind_a_deadlock() {
    let up = |number: u32, name: &str| (format!("{number}_t.sql"), format!("CREATE TABLE {name}{number} (x integer);"));
    let of = |name: &str, count: u32| {
        let files: Vec<_> = (1..=count).map(|number| up(number, name)).collect();
        set(name, &files.iter().map(|(file, sql)| (&**file, &**sql)).collect::<Vec<_>>())
    };
    for driver in DRIVERS {
        let fresh = Fresh::new(driver);
        fresh.connect().run(&Migrator::many([&of("a", 1), &of("b", 1)])).unwrap();
        let [a, b, c] = ["a", "b", "c"].map(|name| of(name, 2));
        fresh.connect().execute(&format!("ALTER DATABASE {} SET deadlock_timeout = '500ms'", fresh.database().name()));
        let mut other = fresh.connect();
        let write = |set: &str| format!("UPDATE schema_migrations SET state = state WHERE \"set\" = '{set}'");
        // It never finds the deadlock, so that the runner does.
        other.execute(&format!("SET deadlock_timeout = '60s'; BEGIN; {}", write("b")));
        thread::scope(|threads| {
            let ended = threads.spawn(|| {
                until_somebody_waits(&mut fresh.connect(), "true");
                other.execute(&format!("{}; COMMIT", write("a")));
            });
            let sets = Migrator::many([&a, &b, &c]).scope(Scope::All);
            fresh.connect().run(&sets).unwrap();
            ended.join().unwrap();
        });
        fresh.connect().verify(&Migrator::many([&a, &b, &c])).unwrap();
    }
}

/// What runs inside of a function, what is no table, and what a step has asked for.
#[test]
fn who_is_in_the_way_of_what_no_statement_names() {
    let in_a_function = "DO $$ BEGIN EXECUTE 'ALTER TABLE ' || 't ADD COLUMN y integer'; END $$;";
    let advisory = "SELECT pg_advisory_xact_lock(7);";
    let hidden = "SELECT alter_it();";
    for driver in DRIVERS {
        for (script, is_named) in
            [(in_a_function, "a lock is held by"), (advisory, "a lock is held by"), (hidden, "a lock is held by")]
        {
            let (fresh, set) = on_a_table(driver, script);
            let mut connection = fresh.connect();
            connection.execute(
                "CREATE FUNCTION alter_it() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'ALTER TABLE ' || 't ADD COLUMN y integer'; END $$",
            );
            let mut reader = reader(&fresh);
            reader.execute("SELECT pg_advisory_xact_lock(7)");
            let process = reader.value("SELECT pg_backend_pid()");
            let error = run(&mut connection, impatient(&set)).0.unwrap_err();
            contains(&error, &[&format!("{is_named} process {process}")]);
        }
        let (fresh, _) = on_a_table(driver, "SELECT 1;");
        let set = migrations(&[]);
        let mut connection = fresh.connect();
        let mut reader = reader(&fresh);
        let process = reader.value("SELECT pg_backend_pid()");
        let step = match driver {
            Driver::Postgres => Step::postgres(|tx| Ok(tx.batch_execute("ALTER TABLE t ADD COLUMN y integer")?)),
            _ => Step::tokio_postgres(|tx| {
                Box::pin(async move { Ok(tx.batch_execute("ALTER TABLE t ADD COLUMN y integer").await?) })
            }),
        };
        let error = run(&mut connection, impatient(&set).step(1, "script", step)).0.unwrap_err();
        contains(&error, &[&format!("lock is held by process {process}"), "wait longer"]);
    }
}

/// An edit waits for whoever keeps the history, and tells who that is.
#[test]
fn an_edit_waits_for_whoever_keeps_the_history() {
    for driver in Driver::ALL {
        let fresh = Fresh::new(driver);
        let set = migrations(&[("1_a.sql", "CREATE TABLE a (x integer);"), ("2_b.sql", "CREATE TABLE b (x integer);")]);
        let mut connection = fresh.connect();
        if let Connection::Rusqlite(connection) = &connection {
            connection.busy_timeout(Duration::ZERO).unwrap();
        }
        connection.run(&Migrator::new(&set).target(1)).unwrap();
        let mut keeper = fresh.connect();
        keeper.execute(match driver.is_sqlite() {
            true => "BEGIN IMMEDIATE",
            false => "BEGIN; SELECT 1 FROM schema_migrations FOR UPDATE",
        });
        let verb = Verb::MarkApplied(2, "by hand");
        let impatient = Migrator::new(&set).wait_timeout(Duration::from_millis(50));
        let error = connection.execute_verb(&impatient, &verb).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WaitTimeout, "{driver:?}: {error}");
        if !driver.is_sqlite() {
            let process = keeper.value("SELECT pg_backend_pid()");
            contains(&error, &["migration 2_b", &format!("process {process}")]);
        }
        let keeper = Mutex::new(Some(keeper));
        let migrator = Migrator::new(&set).on_event(|event| {
            if let Event::Waiting { .. } = event {
                aside(|| drop(keeper.lock().unwrap().take()));
            }
        });
        assert_eq!(connection.execute_verb(&migrator, &verb).unwrap().changes().len(), 1, "{driver:?}");
        drop(migrator);
        assert!(keeper.into_inner().unwrap().is_none(), "{driver:?}: nobody was waited for");
        connection.verify(&Migrator::new(&set)).unwrap();
    }
}

/// Somebody locks the history between two migrations of one transaction: it gives way, waits, and does all of it again.
#[test]
fn all_in_one_waits_for_whoever_locks_the_history_meanwhile() {
    for driver in DRIVERS {
        let fresh = Fresh::new(driver);
        let set = migrations(&[
            ("1_a.sql", "CREATE TABLE a (x integer);"),
            ("2_b.sql", "-- migrate: lock-timeout=40ms\nCREATE TABLE b (x integer);"),
        ]);
        let mut connection = fresh.connect();
        connection.run(&Migrator::new(&set).target(1)).unwrap();
        let (locker, told) = (Mutex::new(None), Mutex::new(Vec::new()));
        let migrator = Migrator::new(&set).scope(Scope::All).on_event(|event| match event {
            Event::Planned { .. } if told.lock().unwrap().is_empty() => aside(|| {
                let mut other = fresh.connect();
                other.execute("BEGIN; LOCK TABLE schema_migrations IN SHARE MODE");
                *locker.lock().unwrap() = Some(other);
            }),
            Event::Waiting { holder, .. } => {
                told.lock().unwrap().push(holder.map(str::to_owned));
                aside(|| drop(locker.lock().unwrap().take()));
            }
            _ => {}
        });
        assert_eq!(connection.run(&migrator).unwrap().changes().len(), 1);
        drop(migrator);
        let told = told.into_inner().unwrap();
        assert!(told.iter().flatten().any(|holder| holder.starts_with("process ")), "{told:?}");
        connection.verify(&Migrator::new(&set)).unwrap();
    }
}

/// Going on with what was left in the middle may fail for what passes, and is tried again.
#[test]
fn what_goes_on_is_tried_again_after_a_serialization_failure() {
    for driver in DRIVERS {
        let fresh = Fresh::new(driver);
        let set = migrations(&[
            ("1_a.sql", "CREATE TABLE a (x integer);"),
            ("2_b.sql", "-- migrate: no-transaction\nINSERT INTO a VALUES (1);\nINSERT INTO a VALUES (2);"),
        ]);
        let mut connection = fresh.connect();
        connection.run(&Migrator::new(&set)).unwrap();
        connection.execute("DELETE FROM a WHERE x = 2");
        connection.execute(
            "UPDATE schema_migrations SET state = 'running', statements_begun = 1, statements_done = 1 WHERE version = 2",
        );
        let mut writer = fresh.connect();
        writer.execute("BEGIN; UPDATE schema_migrations SET applied_by = 'somebody' WHERE version = 2");
        let retries = Mutex::new(0);
        let migrator = Migrator::new(&set).on_event(|event| {
            if let Event::Retrying { error, .. } = event {
                assert_eq!(error.database_code(), Some("40001"), "{error}");
                *retries.lock().unwrap() += 1;
            }
        });
        thread::scope(|threads| {
            threads.spawn(|| {
                until_somebody_waits(&mut fresh.connect(), "a.query LIKE '%schema_migrations%'");
                writer.execute("COMMIT");
            });
            connection.execute("SET default_transaction_isolation = 'repeatable read'");
            connection.run(&migrator).unwrap();
        });
        drop(migrator);
        assert_eq!(retries.into_inner().unwrap(), 1, "{driver:?}");
        assert_eq!(connection.rows("SELECT x FROM a ORDER BY x"), ["1", "2"], "{driver:?}");
    }
}

/// Each of the settings that are set back, with another value than the usual; but for the encoding, which drivers insist on.
#[test]
fn every_setting_is_set_back() {
    let values = [
        ("session_authorization", "another"),
        ("role", "another"),
        ("search_path", "pg_catalog"),
        // A script that names it is refused.
        ("standard_conforming_' || 'strings", "off"),
        ("lock_timeout", "7s"),
        ("statement_timeout", "8s"),
        ("idle_in_transaction_session_timeout", "9s"),
        ("idle_session_timeout", "10s"),
        ("transaction_timeout", "11s"),
        ("default_transaction_isolation", "serializable"),
        ("default_transaction_read_only", "on"),
        ("default_transaction_deferrable", "on"),
        ("work_mem", "9MB"),
        ("maintenance_work_mem", "99MB"),
        ("application_name", "another"),
        ("default_tablespace", "pg_default"),
        ("default_table_access_method", "another"),
        ("check_function_bodies", "off"),
        ("row_security", "off"),
        ("session_replication_role", "replica"),
        ("synchronous_commit", "local"),
        ("client_min_messages", "error"),
        ("TimeZone", "Asia/Tokyo"),
        ("DateStyle", "SQL, DMY"),
        ("IntervalStyle", "iso_8601"),
        ("bytea_output", "escape"),
        ("xmloption", "document"),
    ];
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        let another = format!("{}_another", fresh.database().name());
        connection.execute(&format!(
            "CREATE ROLE {another} SUPERUSER; CREATE ACCESS METHOD another TYPE TABLE HANDLER heap_tableam_handler; \
             CREATE TABLE seen (name text, value text)"
        ));
        // Not every server has all of them.
        let mut known = connection.rows("SELECT lower(name) FROM pg_settings");
        known.extend(["session_authorization", "role"].map(str::to_owned));
        let is_known = |name: &str| known.contains(&name.replace("' || '", "").to_ascii_lowercase());
        let values: Vec<_> = values.into_iter().filter(|(name, _)| is_known(name)).collect();
        assert!(values.len() >= 25, "{values:?}");
        let scripts: Vec<(String, String)> = values
            .iter()
            .enumerate()
            .map(|(number, (name, value))| {
                let value = if ["session_authorization", "role"].contains(name) { &*another } else { value };
                let sql = format!(
                    "SELECT set_config('{name}', '{value}', false);\nINSERT INTO public.seen VALUES ('{name}', current_setting('{name}'));",
                );
                (format!("{}_of_session.sql", number + 1), sql)
            })
            .collect();
        let scripts: Vec<(&str, &str)> = scripts.iter().map(|(name, sql)| (&**name, &**sql)).collect();
        let set = migrations(&scripts);
        let shown = |connection: &mut Connection| -> Vec<String> {
            values.iter().map(|(name, _)| connection.value(&format!("SELECT current_setting('{name}')"))).collect()
        };
        let before = shown(&mut connection);
        connection.run(&Migrator::new(&set)).unwrap();
        assert_eq!(shown(&mut connection), before);
        for ((name, _), usual) in values.iter().zip(&before) {
            let seen = connection.value(&format!("SELECT value FROM seen WHERE name = '{name}'"));
            assert_ne!(seen, *usual, "{name}");
        }
        connection.execute(&format!("DROP OWNED BY {another}; DROP ROLE {another}"));
    }
}
