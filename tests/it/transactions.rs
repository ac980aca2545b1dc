//! Connections that are handed over inside a transaction, or behind a guard.

use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use migrate_runtime::{Error, ErrorKind, Event, Migrator, Scope, Version};
use migrate_tests::{Driver, Fresh, Verb, migrations, numbered, poll, postgres};

#[test]
fn a_transaction_of_rusqlite_decides_what_lasts() {
    let fresh = Fresh::new(Driver::Rusqlite);
    let mut connection = rusqlite::Connection::open(fresh.file()).unwrap();
    let (two, three) = (numbered(2), numbered(3));

    let mut transaction = connection.transaction().unwrap();
    assert_eq!(two.run(&mut transaction).unwrap().changes().len(), 2);
    assert!(two.run(&mut transaction).unwrap().is_empty());
    transaction.rollback().unwrap();
    assert_eq!(fresh.connect().tables(), [""; 0]);

    let mut transaction = connection.transaction().unwrap();
    let mut savepoint = transaction.savepoint().unwrap();
    assert_eq!(three.run(&mut savepoint).unwrap().changes().len(), 3);
    savepoint.commit().unwrap();
    transaction.commit().unwrap();
    three.verify(&mut connection).unwrap();
}

#[test]
fn an_open_transaction_of_sqlite_is_used_whoever_opened_it() {
    let fresh = Fresh::new(Driver::Rusqlite);
    let mut connection = rusqlite::Connection::open(fresh.file()).unwrap();
    connection.execute_batch("BEGIN; CREATE TABLE mine (id integer)").unwrap();
    numbered(2).run(&mut connection).unwrap();
    assert!(!connection.is_autocommit());
    connection.execute_batch("ROLLBACK").unwrap();
    assert_eq!(fresh.connect().tables(), [""; 0]);
}

#[test]
fn a_transaction_of_postgres_decides_what_lasts() {
    let database = postgres().database("nested");
    let mut client = database.connect();
    let three = numbered(3);

    let mut transaction = client.transaction().unwrap();
    assert_eq!(three.run(&mut transaction).unwrap().changes().len(), 3);
    assert!(three.run(&mut transaction).unwrap().is_empty());
    transaction.rollback().unwrap();
    assert_eq!(three.verify(&mut client).unwrap_err().kind(), ErrorKind::Pending);

    let mut transaction = client.transaction().unwrap();
    three.run(&mut transaction).unwrap();
    transaction.commit().unwrap();
    three.verify(&mut client).unwrap();
}

#[test]
fn a_failure_keeps_the_transaction_of_postgres_usable() {
    let database = postgres().database("nested_failure");
    let mut client = database.connect();
    let failing =
        migrations(&[("1_a.sql", "CREATE TABLE a (id int);"), ("2_b.sql", "CREATE TABLE b (id int);\nSELECT 1 / 0;")]);
    let mut transaction = client.transaction().unwrap();
    transaction.batch_execute("CREATE TABLE mine (id int)").unwrap();
    let error = failing.run(&mut transaction).unwrap_err();
    assert_eq!((error.kind(), error.report().changes().len()), (ErrorKind::StatementFailed, 1));
    transaction.batch_execute("INSERT INTO mine SELECT count(*) FROM a").unwrap();
    assert!(transaction.simple_query("SELECT to_regclass('b') IS NULL").is_ok());
    transaction.commit().unwrap();
    assert_eq!(migrations(&[("1_a.sql", "CREATE TABLE a (id int);")]).run(&mut client).unwrap().changes().len(), 0);
}

#[test]
fn a_transaction_of_tokio_postgres_decides_what_lasts() {
    let database = postgres().database("nested_async");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    runtime.block_on(async {
        let mut client = database.connect_tokio().await;
        let (three, failing) = (numbered(3), migrations(&[("1_a.sql", "SELECT 1 / 0;")]));
        let mut transaction = client.transaction().await.unwrap();
        assert_eq!(failing.run_async(&mut transaction).await.unwrap_err().kind(), ErrorKind::StatementFailed);
        assert_eq!(three.run_async(&mut transaction).await.unwrap().changes().len(), 3);
        transaction.rollback().await.unwrap();
        let mut transaction = client.transaction().await.unwrap();
        three.run_async(&mut transaction).await.unwrap();
        transaction.commit().await.unwrap();
        three.verify_async(&mut client).await.unwrap();
    });
}

#[test]
fn a_client_inside_a_transaction_that_it_does_not_know_of_is_refused() {
    let database = postgres().database("open");
    let mut client = database.connect();
    let three = numbered(3);
    client.batch_execute("BEGIN; CREATE TABLE mine (id int)").unwrap();
    // The first read fails for want of a table, and with it the transaction; then there is nothing to be harmed.
    let error = three.run(&mut client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InTransaction, "{error}");
    client.batch_execute("ROLLBACK").unwrap();
    three.run(&mut client).unwrap();
    client.batch_execute("BEGIN; CREATE TABLE mine (id int)").unwrap();
    for more in [&three, &numbered(4)] {
        assert_eq!(more.run(&mut client).unwrap_err().kind(), ErrorKind::InTransaction);
    }
    client.batch_execute("COMMIT; DROP TABLE mine").unwrap();
}

#[test]
fn a_transaction_that_has_failed_already_is_refused() {
    let database = postgres().database("failed_already");
    let mut client = database.connect();
    for is_applied in [false, true] {
        let set = numbered(1);
        let mut errors = Vec::new();
        let mut transaction = client.transaction().unwrap();
        transaction.batch_execute("SELECT 1 / 0").unwrap_err();
        errors.push(set.run(&mut transaction).unwrap_err());
        errors.push(set.verify(&mut transaction).unwrap_err());
        drop(transaction);
        client.batch_execute("BEGIN; SELECT 1 / 0").unwrap_err();
        errors.push(set.run(&mut client).unwrap_err());
        client.batch_execute("ROLLBACK").unwrap();
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Database, "{is_applied}: {error}");
            assert!(error.to_string().contains("has failed already: roll it back first"), "{is_applied}: {error}");
        }
        set.run(&mut client).unwrap();
    }
}

#[test]
fn an_edit_leaves_the_settings_of_a_transaction() {
    let database = postgres().database("nested_edit");
    let mut client = database.connect();
    let two = numbered(2);
    Migrator::new(&two).target(1).run(&mut client).unwrap();
    let mut transaction = client.transaction().unwrap();
    transaction.batch_execute("SET LOCAL lock_timeout = '8s'").unwrap();
    Migrator::new(&two).mark_applied(&mut transaction, Version::from(2), "by hand").unwrap();
    let timeout: String = transaction.query_one("SHOW lock_timeout", &[]).unwrap().get(0);
    assert_eq!(timeout, "8s");
}

#[test]
fn guards_are_accepted() {
    let database = postgres().database("guards");
    let (mut client, three) = (Mutex::new(database.connect()), numbered(3));
    three.run(&mut client.lock().unwrap()).unwrap();
    three.run(client.get_mut().unwrap()).unwrap();
    three.run(&mut Box::new(database.connect())).unwrap();
    three.run(&mut Box::new(Box::new(database.connect()))).unwrap();

    let connection = Mutex::new(rusqlite::Connection::open_in_memory().unwrap());
    three.run(&mut connection.lock().unwrap()).unwrap();
}

#[test]
fn an_asynchronous_run_can_be_spawned() {
    fn assert_send<T: Send>(value: T) -> T {
        value
    }
    let database = postgres().database("spawned");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    runtime.block_on(async {
        let mut client = database.connect_tokio().await;
        let task = tokio::spawn(assert_send(async move {
            let three = numbered(3);
            three.run_async(&mut client).await.map(|report| report.changes().len())
        }));
        assert_eq!(task.await.unwrap().unwrap(), 3);
    });
}

/// A transaction that nobody told of is found, and nothing is set in it.
#[test]
fn a_transaction_that_is_found_keeps_its_settings() {
    let set = migrate_tests::numbered(1);
    for is_applied in [false, true] {
        let database = migrate_tests::postgres().database("told_nothing");
        let mut client = database.connect();
        if is_applied {
            set.run(&mut client).unwrap();
        }
        client.batch_execute("BEGIN; SET LOCAL lock_timeout = '9s'").unwrap();
        let error = set.run(&mut client).unwrap_err();
        assert_eq!(error.kind(), migrate_runtime::ErrorKind::InTransaction, "{error}");
        if is_applied {
            let timeout: String = client.query_one("SHOW lock_timeout", &[]).unwrap().get(0);
            assert_eq!(timeout, "9s");
        }
        client.batch_execute("ROLLBACK").unwrap();
    }
}

/// The first start of several replicas, each in a transaction of its own: all but one wait for the table, and find everything done.
#[test]
fn the_table_that_another_transaction_creates_is_waited_for() {
    let fresh = Fresh::new(Driver::Postgres);
    let two = numbered(2);
    let mut first = fresh.database().connect();
    let mut transaction = first.transaction().unwrap();
    assert_eq!(two.run(&mut transaction).unwrap().changes().len(), 2);
    thread::scope(|threads| {
        let second = threads.spawn(|| {
            let mut second = fresh.database().connect();
            let mut transaction = second.transaction().unwrap();
            let report = two.run(&mut transaction).map(|report| report.changes().len());
            transaction.commit().unwrap();
            report
        });
        let mut watcher = fresh.connect();
        let waits =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        poll("the other transaction", Duration::from_secs(30), || (watcher.value(waits) == "1").then_some(()));
        transaction.commit().unwrap();
        assert_eq!(second.join().unwrap().unwrap(), 0);
    });
    two.verify(&mut first).unwrap();
}

/// Inside a transaction of the user's nothing can be tried again, so that it waits for whoever writes to a history without rows.
#[test]
fn a_history_without_rows_that_somebody_writes_to_is_waited_for() {
    for scope in [Scope::PerMigration, Scope::All] {
        let fresh = Fresh::new(Driver::Postgres);
        let (one, two) = (numbered(1), numbered(2));
        let mut writer = fresh.database().connect();
        one.run(&mut writer).unwrap();
        writer.batch_execute("TRUNCATE schema_migrations; DROP TABLE done, t1").unwrap();
        let mut writing = writer.transaction().unwrap();
        writing.batch_execute("LOCK TABLE schema_migrations IN ROW EXCLUSIVE MODE").unwrap();
        thread::scope(|threads| {
            let runner = threads.spawn(|| {
                let mut client = fresh.database().connect();
                let mut transaction = client.transaction().unwrap();
                let changes = Migrator::new(&two).scope(scope).run(&mut transaction)?.changes().len();
                transaction.commit().unwrap();
                Ok::<usize, Error>(changes)
            });
            let mut watcher = fresh.connect();
            let waits =
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
            let mut is_over = || runner.is_finished() || watcher.value(waits) == "1";
            poll("the runner", Duration::from_secs(30), || is_over().then_some(()));
            writing.commit().unwrap();
            assert_eq!(runner.join().unwrap().unwrap(), 2, "{scope:?}");
        });
    }
}

/// Inside a transaction of the user's there is one try, which waits as long as it may, also when all is to be in one.
#[test]
fn a_claim_in_a_transaction_of_the_user_waits_for_longer_than_a_second() {
    for scope in [Scope::PerMigration, Scope::All] {
        let fresh = Fresh::new(Driver::Postgres);
        let (one, two) = (numbered(1), numbered(2));
        let mut first = fresh.database().connect();
        one.run(&mut first).unwrap();
        let mut transaction = first.transaction().unwrap();
        two.run(&mut transaction).unwrap();
        thread::scope(|threads| {
            let second = threads.spawn(|| {
                let mut second = fresh.database().connect();
                let mut transaction = second.transaction().unwrap();
                Migrator::new(&two).scope(scope).wait_timeout(Duration::from_secs(60)).run(&mut transaction)
            });
            let mut watcher = fresh.connect();
            let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                         AND wait_event_type = 'Lock' AND query_start < clock_timestamp() - interval '1500 milliseconds'";
            poll("the other transaction", Duration::from_secs(30), || (watcher.value(waits) == "1").then_some(()));
            transaction.commit().unwrap();
            assert!(second.join().unwrap().unwrap().is_empty(), "{scope:?}");
        });
    }
}

/// Also for longer than one try waits, and whoever listens is told.
#[test]
fn the_table_that_another_transaction_creates_is_waited_for_again_and_again() {
    let fresh = Fresh::new(Driver::Postgres);
    let two = numbered(2);
    let mut first = fresh.database().connect();
    let mut transaction = first.transaction().unwrap();
    two.run(&mut transaction).unwrap();
    let (send, told) = mpsc::channel();
    thread::scope(|threads| {
        let second = threads.spawn(|| {
            let migrator = Migrator::new(&two).on_event(move |event| {
                if let Event::Waiting { .. } = event {
                    let _ = send.send(());
                }
            });
            migrator.run(&mut fresh.database().connect()).map(|report| report.changes().len())
        });
        told.recv_timeout(Duration::from_secs(30)).unwrap();
        transaction.commit().unwrap();
        assert_eq!(second.join().unwrap().unwrap(), 0);
    });
}

/// SQLite lets readers keep a transaction from its commit: then all is rolled back, and tried again when they are done.
#[test]
fn a_commit_of_all_waits_for_readers() {
    let fresh = Fresh::new(Driver::Rusqlite);
    let mut connection = rusqlite::Connection::open(fresh.file()).unwrap();
    numbered(1).run(&mut connection).unwrap();
    let other = rusqlite::Connection::open(fresh.file()).unwrap();
    other.execute_batch("BEGIN; SELECT * FROM done").unwrap();
    let other = Mutex::new(Some(other));
    connection.busy_timeout(Duration::ZERO).unwrap();
    let three = numbered(3);
    let waited = Mutex::new(0);
    let migrator = Migrator::new(&three).scope(Scope::All).on_event(|event| {
        if let Event::Waiting { .. } = event {
            *waited.lock().unwrap() += 1;
            other.lock().unwrap().take();
        }
    });
    assert_eq!(migrator.run(&mut connection).unwrap().changes().len(), 2);
    assert_eq!(*waited.lock().unwrap(), 1);
    migrator.verify(&mut connection).unwrap();
}

/// SQLite: nobody else begins to write behind a transaction around all that has begun, which would be in vain in the end.
/// A statement that cannot be read keeps the whole request from being read, also the savepoint in it, if it had one.
#[test]
fn a_transaction_goes_on_behind_a_statement_that_cannot_be_read() {
    let database = postgres().database("unreadable");
    let mut client = database.connect();
    let set = migrations(&[("1_a.sql", "CREATE TABLE a (x int);"), ("2_b.sql", "SELEC 1;")]);
    for scope in [Scope::PerMigration, Scope::All] {
        let mut transaction = client.transaction().unwrap();
        let error = Migrator::new(&set).scope(scope).run(&mut transaction).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StatementFailed, "{scope:?}: {error}");
        let there: bool = transaction.query_one("SELECT to_regclass('a') IS NOT NULL", &[]).unwrap().get(0);
        assert_eq!(there, scope == Scope::PerMigration, "{scope:?}");
        transaction.rollback().unwrap();
    }
}

#[test]
fn the_time_of_a_migration_is_its_own_whatever_transaction_it_is_in() {
    let sleepers = migrations(&[
        ("1_a.sql", "CREATE TABLE a (x integer);"),
        ("2_b.sql", "INSERT INTO a SELECT 2 FROM pg_sleep(0.05);"),
        ("3_c.sql", "INSERT INTO a SELECT 3 FROM pg_sleep(0.05);"),
    ]);
    for (scope, is_nested) in [(Scope::PerMigration, false), (Scope::All, false), (Scope::PerMigration, true)] {
        let database = postgres().database("own_time");
        let mut client = database.connect();
        let migrator = Migrator::new(&sleepers).scope(scope);
        let taken = if is_nested {
            let mut transaction = client.transaction().unwrap();
            transaction.batch_execute("SELECT pg_sleep(0.2)").unwrap();
            let started = Instant::now();
            migrator.run(&mut transaction).unwrap();
            let taken = started.elapsed();
            transaction.commit().unwrap();
            taken
        } else {
            let started = Instant::now();
            migrator.run(&mut client).unwrap();
            started.elapsed()
        };
        let query = "SELECT execution_time_ms FROM schema_migrations ORDER BY version";
        let times: Vec<i64> = client.query(query, &[]).unwrap().iter().map(|row| row.get(0)).collect();
        assert!(times[1] >= 50 && times[2] >= 50, "{scope:?} {is_nested} {times:?}");
        // Each is rounded.
        let sum = times.iter().sum::<i64>() - 2;
        assert!(u128::try_from(sum).unwrap() <= taken.as_millis(), "{scope:?} {is_nested} {times:?} {taken:?}");
    }
}

/// What was committed behind a snapshot cannot be seen, however long one looks.
#[test]
fn a_history_that_was_made_behind_the_snapshot_of_a_transaction_is_an_error() {
    let set = numbered(2);
    for level in ["REPEATABLE READ", "SERIALIZABLE"] {
        for (scope, verb) in
            [(Scope::PerMigration, Verb::Run), (Scope::All, Verb::Run), (Scope::PerMigration, Verb::Baseline(1))]
        {
            let fresh = Fresh::new(Driver::Postgres);
            let (send, ended) = mpsc::channel();
            let told = thread::scope(|threads| {
                threads.spawn(|| {
                    let mut client = fresh.database().connect();
                    let mut transaction = client.transaction().unwrap();
                    let begin = format!("SET TRANSACTION ISOLATION LEVEL {level}; SELECT count(*) FROM pg_class");
                    transaction.batch_execute(&begin).unwrap();
                    fresh.connect().run(&Migrator::new(&set)).unwrap();
                    let error = verb.execute(&Migrator::new(&set).scope(scope), &mut transaction).unwrap_err();
                    send.send(error.to_string()).unwrap();
                });
                ended.recv_timeout(Duration::from_secs(30)).unwrap_or_else(|_| {
                    let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() \
                                  AND pid <> pg_backend_pid()";
                    fresh.connect().rows(others);
                    "it never ends".to_owned()
                })
            });
            assert!(
                told.contains("but this transaction does not see it") && told.contains("begin anew"),
                "{verb:?}: {told}"
            );
        }
    }
}

/// Whatever a script sets: behind a proxy, or in a pool, the session is somebody else's next.
#[test]
fn what_the_caller_has_set_for_its_transaction_does_not_outlast_it() {
    let scripts = [
        "SET LOCAL search_path = pg_catalog;",
        "SET LOCAL ROLE pg_monitor;\nRESET ROLE;",
        "SELECT set_config('search_path', '', true);",
    ];
    for (sql, scope) in scripts.iter().flat_map(|sql| [(sql, Scope::PerMigration), (sql, Scope::All)]) {
        let fresh = Fresh::new(Driver::Postgres);
        let mut client = fresh.database().connect();
        let usual = "SELECT current_setting('search_path'), current_user::text";
        let told = |row: postgres::Row| (row.get::<_, String>(0), row.get::<_, String>(1));
        let before = told(client.query_one(usual, &[]).unwrap());
        let mut transaction = client.transaction().unwrap();
        transaction.batch_execute("SET LOCAL search_path = public, pg_temp; SET LOCAL ROLE pg_database_owner").unwrap();
        let inside = told(transaction.query_one(usual, &[]).unwrap());
        let set = migrations(&[("1_a.sql", "CREATE TABLE a (x integer);"), ("2_b.sql", sql)]);
        Migrator::new(&set).scope(scope).run(&mut transaction).unwrap();
        assert_eq!(told(transaction.query_one(usual, &[]).unwrap()), inside, "{sql} {scope:?}");
        transaction.commit().unwrap();
        assert_eq!(told(client.query_one(usual, &[]).unwrap()), before, "{sql} {scope:?}");
    }
}

/// What a script sets for longer than the caller's transaction would stay: it is set back for the session.
#[test]
fn what_a_script_sets_for_the_session_is_left_as_the_transaction_of_the_caller_had_it() {
    for sql in ["SET work_mem = '7MB';", "SELECT set_config('work_mem', '7MB', false);"] {
        let database = postgres().database("set_in_a_transaction");
        let mut client = database.connect();
        let mut transaction = client.transaction().unwrap();
        transaction.batch_execute("SET LOCAL work_mem = '6MB'").unwrap();
        migrations(&[("1_a.sql", sql)]).run(&mut transaction).unwrap();
        transaction.commit().unwrap();
        let left: String = client.query_one("SHOW work_mem", &[]).unwrap().get(0);
        assert_eq!(left, "6MB", "{sql}");
    }
}

/// Whatever the verb: each looks for itself.
#[test]
fn a_transaction_that_is_found_is_no_place_for_any_verb() {
    let database = postgres().database("found");
    let mut client = database.connect();
    let two = numbered(2);
    let migrator = Migrator::new(&two);
    migrator.run(&mut client).unwrap();
    let before = client.query("SELECT * FROM done", &[]).unwrap().len();
    client.batch_execute("BEGIN").unwrap();
    let second = Version::from(2);
    let errors = [
        migrator.status(&mut client).unwrap_err(),
        migrator.history(&mut client).unwrap_err(),
        migrator.verify(&mut client).unwrap_err(),
        migrator.revert_last(&mut client, 1).unwrap_err(),
        migrator.mark_pending(&mut client, second, "by hand").unwrap_err(),
    ];
    client.batch_execute("COMMIT").unwrap();
    errors.iter().for_each(|error| assert_eq!(error.kind(), ErrorKind::InTransaction, "{error}"));
    assert_eq!(client.query("SELECT * FROM done", &[]).unwrap().len(), before);
    migrator.verify(&mut client).unwrap();
}

#[test]
fn an_edit_in_a_transaction_of_sqlite_is_part_of_it() {
    let fresh = Fresh::new(Driver::Rusqlite);
    let mut connection = rusqlite::Connection::open(fresh.file()).unwrap();
    let two = numbered(2);
    let migrator = Migrator::new(&two);
    for lasts in [false, true] {
        let mut transaction = connection.transaction().unwrap();
        migrator.baseline(&mut transaction, Version::from(2)).unwrap();
        if lasts {
            transaction.commit().unwrap()
        } else {
            transaction.rollback().unwrap()
        }
        assert_eq!(migrator.verify(&mut connection).is_ok(), lasts);
    }
}

/// SQLite can end a transaction by itself: then that of the user is gone as a whole, and so is what this run has done in it.
#[test]
fn a_transaction_of_the_user_that_sqlite_rolls_back_is_told_as_lost() {
    let fresh = Fresh::new(Driver::Rusqlite);
    let mut connection = rusqlite::Connection::open(fresh.file()).unwrap();
    connection.execute_batch("CREATE TABLE mine (id integer UNIQUE); INSERT INTO mine VALUES (1)").unwrap();
    let set = migrations(&[
        ("1_a.sql", "CREATE TABLE a (x integer);"),
        ("2_b.sql", "INSERT OR ROLLBACK INTO mine VALUES (1);"),
    ]);
    connection.execute_batch("BEGIN; INSERT INTO mine VALUES (2)").unwrap();
    let error = set.run(&mut connection).unwrap_err();
    assert_eq!((error.kind(), error.report().changes().len()), (ErrorKind::StatementFailed, 0), "{error}");
    let text = error.to_string();
    assert!(text.contains("the transaction that the connection was in is rolled back as a whole"), "{text}");
    assert!(text.contains("this run has changed nothing else"), "{text}");
    assert!(connection.is_autocommit());
    assert_eq!(fresh.connect().tables(), ["mine"]);
    assert_eq!(fresh.connect().rows("SELECT id FROM mine"), ["1"]);
}

/// How long it waits for the history there is the user's to say.
#[test]
fn a_locked_history_is_waited_for_as_long_as_the_transaction_of_the_user_says() {
    let fresh = Fresh::new(Driver::Postgres);
    let two = numbered(2);
    two.run(&mut fresh.database().connect()).unwrap();
    let mut locker = fresh.connect();
    locker.execute("BEGIN; LOCK TABLE schema_migrations IN ACCESS EXCLUSIVE MODE");
    let mut client = fresh.database().connect();
    let mut transaction = client.transaction().unwrap();
    transaction.batch_execute("CREATE TABLE mine (id integer); SET LOCAL lock_timeout = '30ms'").unwrap();
    let error = two.run(&mut transaction).unwrap_err();
    assert_eq!((error.kind(), error.database_code()), (ErrorKind::Database, Some("55P03")), "{error}");
    assert!(error.to_string().starts_with("the history could not be read"), "{error}");
}

/// Nobody is waited for in a transaction of the user's, which may hold what the other one needs.
#[test]
fn a_living_runner_is_not_waited_for_in_a_transaction_of_the_user() {
    for scope in [Scope::PerMigration, Scope::All] {
        let fresh = Fresh::new(Driver::Postgres);
        let set = migrations(&[
            ("1_a.sql", "CREATE TABLE a (x integer);"),
            ("2_b.sql", "-- migrate: no-transaction\nCREATE TABLE b (x integer);"),
        ]);
        let mut client = fresh.database().connect();
        set.run(&mut client).unwrap();
        let mut living = fresh.connect();
        let claim = living.value(
            "SELECT 'abc ' || pid || ' ' || (extract(epoch FROM backend_start) * 1000000)::int8 \
             FROM pg_stat_activity WHERE pid = pg_backend_pid()",
        );
        client.batch_execute("DROP TABLE b").unwrap();
        client
            .batch_execute(&format!(
                "UPDATE schema_migrations SET state = 'running', statements_begun = 0, statements_done = 0, \
                 claim = '{claim}' WHERE version = 2"
            ))
            .unwrap();
        let migrator = Migrator::new(&set).scope(scope).wait_timeout(Duration::from_secs(3600));
        let mut transaction = client.transaction().unwrap();
        let error = migrator.run(&mut transaction).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WaitTimeout, "{scope:?}: {error}");
        assert!(error.to_string().contains("is busy with migration 2_b: process "), "{scope:?}: {error}");
        transaction.rollback().unwrap();
        // When it has ended, what it has left is nothing for a transaction either.
        drop(living);
        poll("the end of the other one", Duration::from_secs(30), || {
            let mut transaction = client.transaction().unwrap();
            let error = migrator.run(&mut transaction).unwrap_err();
            (error.kind() != ErrorKind::WaitTimeout).then_some(error)
        });
        let mut transaction = client.transaction().unwrap();
        for ended in [migrator.plan(&mut transaction).map(|_| ()), migrator.run(&mut transaction).map(|_| ())] {
            let error = ended.unwrap_err();
            let expect = if scope == Scope::All { ErrorKind::Interrupted } else { ErrorKind::Unsupported };
            assert_eq!(error.kind(), expect, "{error}");
            assert!(error.to_string().contains("nothing was changed"), "{error}");
        }
    }
}

/// What may pass does not pass in a transaction of the user's, also where all is to be in one.
#[test]
fn in_a_transaction_of_the_user_all_in_one_is_not_tried_again() {
    let fresh = Fresh::new(Driver::Postgres);
    fresh.connect().execute("CREATE TABLE t (a integer)");
    let set =
        migrations(&[("1_a.sql", "CREATE TABLE a (x integer);"), ("2_b.sql", "ALTER TABLE t ADD COLUMN b text;")]);
    let mut reader = fresh.connect();
    reader.execute("BEGIN; SELECT * FROM t");
    let migrator = Migrator::new(&set)
        .scope(Scope::All)
        .lock_timeout(Duration::from_millis(40))
        .on_event(|event| assert!(!matches!(event, Event::Retrying { .. })));
    let mut client = fresh.database().connect();
    let mut transaction = client.transaction().unwrap();
    transaction.batch_execute("CREATE TABLE mine (id integer)").unwrap();
    let error = migrator.run(&mut transaction).unwrap_err();
    assert_eq!((error.kind(), error.database_code()), (ErrorKind::StatementFailed, Some("55P03")), "{error}");
    transaction.commit().unwrap();
    assert_eq!(fresh.connect().tables(), ["mine", "schema_migrations", "t"]);
    assert_eq!(fresh.connect().value("SELECT count(*) FROM schema_migrations"), "0");
}

/// What a migration took is the time of its script, without the wait for its turn, in which the database lets it wait.
#[test]
fn the_wait_for_a_turn_is_no_time_of_a_migration() {
    const LONG: Duration = Duration::from_millis(400);
    let fresh = Fresh::new(Driver::Rusqlite);
    let set = migrations(&[("1_a.sql", "CREATE TABLE a (x);"), ("2_b.sql", "CREATE TABLE b (x);")]);
    let mut connection = fresh.connect();
    connection.run(&Migrator::new(&set).target(1)).unwrap();
    connection.execute("PRAGMA busy_timeout = 30000");
    let mut other = fresh.connect();
    other.execute("BEGIN IMMEDIATE");
    let began = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(LONG);
            other.execute("COMMIT");
        });
        connection.run(&Migrator::new(&set)).unwrap();
    });
    assert!(began.elapsed() >= LONG);
    let took = connection.value("SELECT execution_time_ms FROM schema_migrations WHERE version = '2'");
    assert!(took.parse::<u128>().unwrap() < LONG.as_millis() / 2, "{took}");
}
