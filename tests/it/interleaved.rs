//! Runners with different aims at once, as threads: each ends, and the history stays one that a single runner could have made.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::Duration;

use migrate_runtime::{Error, ErrorKind, Event, Migrations, Migrator, Report, Scope, Standing};
use migrate_tests::{Connection, Driver, Fresh, Verb, migrations};

const LONG: Duration = Duration::from_secs(60);

/// Migrations that each make a table, and take it away again.
fn made(versions: impl IntoIterator<Item = usize>) -> Migrations {
    let file = |version: usize| {
        let up = format!("CREATE TABLE t{version} (id integer);");
        [(format!("{version}_t.up.sql"), up), (format!("{version}_t.down.sql"), format!("DROP TABLE t{version};"))]
    };
    let files: Vec<(String, String)> = versions.into_iter().flat_map(file).collect();
    migrations(&files.iter().map(|(path, sql)| (&**path, &**sql)).collect::<Vec<_>>())
}

/// Lets runners do what they are for, all at once, and tells how each ended.
fn at_once<'a>(fresh: &Fresh, runners: Vec<(Migrator<'a>, Verb)>) -> Vec<Result<Report, Error>> {
    let barrier = &Barrier::new(runners.len());
    thread::scope(|threads| {
        let start = |(migrator, verb): (Migrator<'a>, Verb)| {
            let migrator = migrator.wait_timeout(LONG);
            threads.spawn(move || {
                let mut connection = fresh.connect();
                barrier.wait();
                let ended = connection.execute_verb(&migrator, &verb);
                assert!(!connection.is_in_transaction());
                ended
            })
        };
        let started: Vec<_> = runners.into_iter().map(start).collect();
        started.into_iter().map(|runner| runner.join().unwrap()).collect()
    })
}

/// The tables are those of the migrations that count as applied.
#[track_caller]
fn is_consistent(connection: &mut Connection, set: &Migrations, what: &str) -> Vec<String> {
    let status = connection.status(&Migrator::new(set)).unwrap();
    let applied: Vec<String> = status
        .migrations()
        .iter()
        .filter(|one| one.standing == Standing::Applied)
        .map(|one| format!("t{}", one.version))
        .collect();
    let mut tables = connection.tables();
    tables.retain(|table| table != "schema_migrations");
    let mut sorted = applied.clone();
    sorted.sort();
    assert_eq!(tables, sorted, "{what}: {status}");
    let known = [Standing::Applied, Standing::Pending];
    assert!(status.migrations().iter().all(|one| known.contains(&one.standing)), "{what}: {status}");
    applied
}

#[test]
fn one_reverts_while_another_runs() {
    for driver in Driver::ALL {
        for round in 0..9 {
            let fresh = Fresh::new(driver);
            let set = made(1..=8);
            let mut connection = fresh.connect();
            connection.run(&Migrator::new(&set).target(if round % 2 == 0 { 8 } else { 4 })).unwrap();
            let migrator = || Migrator::new(&set).dangerously_allow_reset();
            let back = [Verb::RevertTo(2), Verb::RevertLast(3), Verb::Reset][round % 3].clone();
            let what = format!("{driver:?}, {back:?}");
            let ended = at_once(&fresh, vec![(migrator(), Verb::Run), (migrator(), back), (migrator(), Verb::Run)]);
            // Whoever reverts stops where another one has applied more above it, and says so.
            for end in &ended {
                let is_well = end.as_ref().err().is_none_or(|error| {
                    error.kind() == ErrorKind::HistoryMismatch && error.to_string().contains("applied meanwhile")
                });
                assert!(is_well, "{what}: {ended:?}");
            }
            assert!(ended[0].is_ok() && ended[2].is_ok(), "{what}: {ended:?}");
            is_consistent(&mut connection, &set, &what);
            connection.run(&migrator()).unwrap();
            connection.verify(&migrator()).unwrap();
        }
    }
}

/// Nothing is applied again above what another one has taken away meanwhile.
#[test]
fn one_redoes_while_another_reverts() {
    for driver in Driver::ALL {
        let fresh = Fresh::new(driver);
        let set = made(1..=8);
        let mut refused = 0;
        for round in 0..12 {
            let mut connection = fresh.connect();
            connection.run(&Migrator::new(&set)).unwrap();
            let back = [Verb::RevertTo(2), Verb::RevertLast(4)][round % 2].clone();
            let what = format!("{driver:?}, {back:?}");
            let ended = at_once(
                &fresh,
                vec![(Migrator::new(&set), Verb::RedoLast(1 + round % 4)), (Migrator::new(&set), back)],
            );
            for end in &ended {
                let Err(error) = end else { continue };
                let says = ["applied meanwhile", "reverted meanwhile"];
                assert!(says.iter().any(|text| error.to_string().contains(text)), "{what}: {error}");
                assert_eq!(error.kind(), ErrorKind::HistoryMismatch, "{what}: {error}");
                refused += 1;
            }
            let applied = is_consistent(&mut connection, &set, &what);
            let without_gap: Vec<String> = (1..=applied.len()).map(|version| format!("t{version}")).collect();
            assert_eq!(applied, without_gap, "{what}: {ended:?}");
        }
        println!("{driver:?}: {refused} of 24 runners were refused");
    }
}

/// The same two, where it is certain what comes in between.
#[test]
fn what_changes_around_it_stops_a_verb_that_reverts() {
    let (three, four) = (made(1..=3), made(1..=4));
    for driver in [Driver::Rusqlite, Driver::Postgres] {
        for (verb, other_set, other_verb, expect) in [
            (
                Verb::RevertTo(1),
                &four,
                Verb::Run,
                "1 migration was applied meanwhile, above what is to be reverted; nothing more was reverted\n   4_t",
            ),
            (
                Verb::RedoLast(1),
                &three,
                Verb::RevertLast(2),
                "2 migrations were reverted meanwhile, below what is to be applied again; nothing more was applied\n   1\n   2",
            ),
        ] {
            let fresh = Fresh::new(driver);
            let mut connection = fresh.connect();
            connection.run(&Migrator::new(&three)).unwrap();
            let other = Mutex::new(Some(fresh.connect()));
            let migrator = Migrator::new(&three).on_event(|event| {
                if let Event::Changed { .. } = event
                    && let Some(mut other) = other.lock().unwrap().take()
                {
                    other.execute_verb(&Migrator::new(other_set), &other_verb).unwrap();
                }
            });
            let error = connection.execute_verb(&migrator, &verb).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::HistoryMismatch, "{driver:?}, {verb:?}: {error}");
            assert!(error.to_string().contains(expect), "{driver:?}, {verb:?}: {error}");
        }
    }
}

#[test]
fn targets_and_numbers_hold_for_each_runner() {
    for driver in Driver::ALL {
        let fresh = Fresh::new(driver);
        let set = made(1..=12);
        let (few, up_to) = (|| Migrator::new(&set).at_most(3), || Migrator::new(&set).target(5));
        let ended = at_once(&fresh, vec![(few(), Verb::Run), (up_to(), Verb::Run), (few(), Verb::Run)]);
        let counts: Vec<usize> = ended.into_iter().map(|end| end.unwrap().changes().len()).collect();
        assert!(counts[0] <= 3 && counts[2] <= 3 && counts[1] <= 5, "{driver:?}: {counts:?}");
        let applied = is_consistent(&mut fresh.connect(), &set, "targets");
        assert_eq!(applied.len(), counts.iter().sum::<usize>(), "{driver:?}: {counts:?}");
        assert!((5..=11).contains(&applied.len()), "{driver:?}: {applied:?}");
    }
}

#[test]
fn lenient_runners_do_everything_once() {
    for driver in Driver::ALL {
        for scope in [Scope::PerMigration, Scope::All] {
            let fresh = Fresh::new(driver);
            let (odd, even, all) = (made((1..=9).step_by(2)), made((2..=10).step_by(2)), made(1..=10));
            let lenient = |set| Migrator::new(set).scope(scope).allow_out_of_order().allow_missing().allow_ahead();
            let ended = at_once(&fresh, [&odd, &even, &all].map(|set| (lenient(set), Verb::Run)).into());
            let done: Vec<usize> = ended
                .into_iter()
                .map(|end| end.unwrap_or_else(|error| panic!("{driver:?}, {scope:?}: {error}")).changes().len())
                .collect();
            assert_eq!(done.iter().sum::<usize>(), 10, "{driver:?}, {scope:?}: {done:?}");
            is_consistent(&mut fresh.connect(), &all, "lenient");
        }
    }
}

/// Two branches were built from one state, and both are deployed: one is refused, whatever isolation the server is set to.
#[test]
fn two_branches_do_not_both_get_in() {
    two_branches_meet(Some(1));
}

/// The state may be that nothing was ever applied.
#[test]
fn two_branches_do_not_both_get_in_first() {
    two_branches_meet(None);
}

fn two_branches_meet(base: Option<usize>) {
    for driver in Driver::SERVERS {
        for isolation in ["read committed", "repeatable read", "serializable"] {
            for scope in [Scope::PerMigration, Scope::All] {
                let fresh = Fresh::new(driver);
                let name = fresh.database().name().to_owned();
                fresh.connect().run(&Migrator::new(&made(1..=1))).unwrap();
                if base.is_none() {
                    fresh.connect().execute("DROP TABLE t1; DELETE FROM schema_migrations");
                }
                fresh
                    .connect()
                    .execute(&format!("ALTER DATABASE {name} SET default_transaction_isolation = '{isolation}'"));
                let branches = [2, 3].map(|version| made(base.into_iter().chain([version])));
                let mut gate = fresh.connect();
                gate.execute("CREATE FUNCTION wait() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock_shared(1); END $$;
                    CREATE EVENT TRIGGER wait ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION wait(); SELECT pg_advisory_lock(1)");
                let what = format!("{driver:?}, {isolation}, {scope:?}");
                let has_waited = &AtomicBool::new(false);
                let ended: Vec<Result<Report, Error>> = thread::scope(|threads| {
                    let run = |set| {
                        let fresh = &fresh;
                        threads.spawn(move || {
                            let migrator = Migrator::new(set).scope(scope).wait_timeout(LONG);
                            let migrator = migrator.on_event(|event| {
                                if let Event::Waiting { .. } = event {
                                    has_waited.store(true, Ordering::Relaxed);
                                }
                            });
                            fresh.connect().run(&migrator)
                        })
                    };
                    let mut watcher = fresh.connect();
                    let mut until = |locktype: &str| {
                        let waits = format!(
                            "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid \
                             WHERE a.datname = current_database() AND NOT l.granted AND l.locktype = '{locktype}'"
                        );
                        let mut is_so = || has_waited.load(Ordering::Relaxed) || watcher.value(&waits) == "1";
                        migrate_tests::poll(locktype, LONG, || is_so().then_some(()));
                    };
                    // One is in the middle, and the other waits for it, on the server or by trying again.
                    let later = run(&branches[1]);
                    until("advisory");
                    let earlier = run(&branches[0]);
                    until("transactionid");
                    gate.execute("SELECT pg_advisory_unlock(1)");
                    [later, earlier].map(|runner| runner.join().unwrap()).into()
                });
                assert!(ended[0].is_ok(), "{what}: {ended:?}");
                let error = ended[1].as_ref().expect_err(&what);
                assert_eq!(error.kind(), ErrorKind::HistoryMismatch, "{what}: {error}");
                assert!(error.to_string().contains("2_t is out-of-order"), "{what}: {error}");
            }
        }
    }
}

/// Whoever waits is not made to give up by the isolation that the server is set to.
#[test]
fn runners_on_a_strict_server_wait_for_each_other() {
    for driver in Driver::SERVERS {
        for isolation in ["repeatable read", "serializable"] {
            for scope in [Scope::PerMigration, Scope::All] {
                let fresh = Fresh::new(driver);
                let name = fresh.database().name().to_owned();
                fresh
                    .connect()
                    .execute(&format!("ALTER DATABASE {name} SET default_transaction_isolation = '{isolation}'"));
                let set = made(1..=12);
                let migrator = || Migrator::new(&set).scope(scope).lock_retries(2);
                let ended = at_once(&fresh, (0..3).map(|_| (migrator(), Verb::Run)).collect());
                let what = format!("{driver:?}, {isolation}, {scope:?}");
                let done: Vec<usize> = ended
                    .into_iter()
                    .map(|end| end.unwrap_or_else(|error| panic!("{what}: {error}")).changes().len())
                    .collect();
                assert_eq!(done.iter().sum::<usize>(), 12, "{what}: {done:?}");
            }
        }
    }
}

/// What another one does behind the snapshot of a transaction around all is found by the next try.
#[test]
fn what_is_done_behind_a_snapshot_is_found_by_another_try() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let set = made(1..=2);
        fresh.connect().run(&Migrator::new(&set).target(1)).unwrap();
        let others = AtomicUsize::new(0);
        let retries = AtomicUsize::new(0);
        let migrator = Migrator::new(&set).scope(Scope::All).on_event(|event| match event {
            Event::Started { .. } => {
                let other = || fresh.connect().run(&Migrator::new(&set)).unwrap().changes().len();
                let done = thread::scope(|threads| threads.spawn(other).join().unwrap());
                others.fetch_add(done, Ordering::Relaxed);
            }
            Event::Retrying { .. } => _ = retries.fetch_add(1, Ordering::Relaxed),
            _ => {}
        });
        let mut connection = fresh.connect();
        connection.execute("SET default_transaction_isolation = 'repeatable read'");
        assert!(connection.run(&migrator).unwrap().is_empty(), "{driver:?}");
        assert_eq!([&others, &retries].map(|number| number.load(Ordering::Relaxed)), [1, 1], "{driver:?}");
    }
}

#[test]
fn what_others_refer_to_is_reverted_after_them() {
    for driver in Driver::ALL {
        for scope in [Scope::PerMigration, Scope::All] {
            let fresh = Fresh::new(driver);
            let set = migrations(&[
                ("1_parent.up.sql", "CREATE TABLE parent (id integer PRIMARY KEY); INSERT INTO parent VALUES (1);"),
                ("1_parent.down.sql", "DROP TABLE parent;"),
                (
                    "2_child.up.sql",
                    "CREATE TABLE child (p integer REFERENCES parent (id)); INSERT INTO child VALUES (1);",
                ),
                ("2_child.down.sql", "DROP TABLE child;"),
            ]);
            let mut connection = fresh.connect();
            if driver.is_sqlite() {
                connection.execute("PRAGMA foreign_keys = ON");
            }
            let migrator = || Migrator::new(&set).scope(scope).dangerously_allow_reset();
            connection.run(&migrator()).unwrap();
            for verb in [
                Verb::RedoLast(2),
                Verb::RedoLast(1),
                Verb::RevertTo(1),
                Verb::Run,
                Verb::Reset,
                Verb::Run,
                Verb::RevertLast(2),
                Verb::Run,
            ] {
                connection
                    .execute_verb(&migrator(), &verb)
                    .unwrap_or_else(|error| panic!("{driver:?}, {verb:?}: {error}"));
            }
            connection.verify(&migrator()).unwrap();
            // A child that nobody told the history of: the parent stays, whole.
            connection
                .execute("CREATE TABLE stranger (p integer REFERENCES parent (id)); INSERT INTO stranger VALUES (1)");
            // All together could put it right again.
            let verb = if scope == Scope::All { Verb::Reset } else { Verb::RedoLast(2) };
            let error = connection.execute_verb(&migrator(), &verb).unwrap_err();
            let kind = if driver.is_sqlite() { ErrorKind::ForeignKeyViolation } else { ErrorKind::StatementFailed };
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains("1_parent"), "{error}");
            assert_eq!(connection.value("SELECT count(*) FROM parent"), "1");
            let has_child = connection.tables().contains(&"child".to_owned());
            assert_eq!(has_child, scope == Scope::All, "{driver:?}, {scope:?}");
        }
    }
}

/// Migrations that leave a line in a table whenever they run, in either direction.
fn logged(versions: impl IntoIterator<Item = usize>) -> Migrations {
    let file = |version: usize| {
        let (up, down) = match version {
            1 => ("CREATE TABLE log (x integer);".to_owned(), "DROP TABLE log;".to_owned()),
            _ => {
                let made = format!("CREATE TABLE t{version} (x integer);\nINSERT INTO log VALUES ({version});");
                (made, format!("DROP TABLE IF EXISTS t{version};\nINSERT INTO log VALUES (-{version});"))
            }
        };
        [(format!("{version}_t.up.sql"), up), (format!("{version}_t.down.sql"), down)]
    };
    let files: Vec<(String, String)> = versions.into_iter().flat_map(file).collect();
    migrations(&files.iter().map(|(path, sql)| (&**path, &**sql)).collect::<Vec<_>>())
}

fn lenient(set: &Migrations) -> Migrator<'_> {
    Migrator::new(set).allow_out_of_order().allow_missing().allow_ahead()
}

/// Does what a verb is for, while others do theirs between its plan and its first script; what the table of [`logged`] has in the end.
fn behind_the_plan(
    driver: Driver,
    (before, set): (&Migrations, &Migrations),
    (scope, verb): (Scope, &Verb),
    others: &[(&Migrations, Verb)],
) -> (Result<Report, Error>, Vec<String>) {
    let fresh = Fresh::new(driver);
    let mut connection = fresh.connect();
    connection.run(&Migrator::new(before)).unwrap();
    let has_planned = AtomicBool::new(false);
    let migrator = lenient(set).scope(scope).on_event(|event| {
        if matches!(event, Event::Planned { .. }) && !has_planned.swap(true, Ordering::Relaxed) {
            for (set, verb) in others {
                let other = || fresh.connect().execute_verb(&lenient(set), verb).unwrap();
                thread::scope(|threads| threads.spawn(other).join().unwrap());
            }
        }
    });
    let ended = connection.execute_verb(&migrator, verb);
    (ended, connection.rows("SELECT x FROM log ORDER BY x"))
}

#[test]
fn what_another_one_has_done_first_is_no_turn_of_one_s_own() {
    let (one, three) = (logged([1]), logged(1..=3));
    for driver in Driver::SERVERS {
        for scope in [Scope::PerMigration, Scope::All] {
            let way = (scope, &Verb::RevertTo(1));
            let (ended, log) = behind_the_plan(driver, (&three, &three), way, &[(&three, Verb::RevertTo(1))]);
            assert!(ended.unwrap().is_empty(), "{driver:?} {scope:?}");
            assert_eq!(log, ["-3", "-2", "2", "3"], "{driver:?} {scope:?}");
            let (ended, log) = behind_the_plan(driver, (&one, &three), (scope, &Verb::Run), &[(&three, Verb::Run)]);
            assert!(ended.unwrap().is_empty(), "{driver:?} {scope:?}");
            assert_eq!(log, ["2", "3"], "{driver:?} {scope:?}");
        }
    }
}

/// As many rows as before, and other ones.
#[test]
fn what_is_reverted_already_is_not_reverted_again() {
    let (two, without, three) = (logged([1, 2]), logged([1, 3]), logged(1..=3));
    for driver in [Driver::Rusqlite, Driver::Postgres] {
        let way = (Scope::PerMigration, &Verb::RevertLast(1));
        let others = [(&two, Verb::RevertLast(1)), (&without, Verb::Run)];
        let (ended, log) = behind_the_plan(driver, (&two, &two), way, &others);
        assert!(ended.is_err(), "{driver:?} {ended:?}");
        assert_eq!(log, ["-2", "2", "3"], "{driver:?}");
        let others = [(&three, Verb::MarkPending(2, "by hand")), (&three, Verb::MarkApplied(3, "by hand"))];
        let (ended, log) = behind_the_plan(driver, (&two, &two), way, &others);
        assert!(ended.is_err(), "{driver:?} {ended:?}");
        assert_eq!(log, ["2"], "{driver:?}");
    }
}

/// The same migrations as the plan saw, of another text.
#[test]
fn what_was_replaced_beneath_a_plan_is_not_built_upon() {
    let (two, three) = (logged([1, 2]), logged(1..=3));
    let other =
        migrations(&[("1_t.sql", "CREATE TABLE log (x integer);"), ("2_t.sql", "INSERT INTO log VALUES (22);")]);
    for driver in [Driver::Rusqlite, Driver::Postgres, Driver::TokioPostgres] {
        for scope in [Scope::PerMigration, Scope::All] {
            if driver.is_sqlite() && scope == Scope::All {
                // Its transaction is begun before it plans.
                continue;
            }
            let way = (scope, &Verb::Run);
            for others in
                [vec![(&two, Verb::RevertLast(1)), (&other, Verb::Run)], vec![(&other, Verb::Repair(2, "on purpose"))]]
            {
                let (ended, log) = behind_the_plan(driver, (&two, &three), way, &others);
                let error = ended.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::HistoryMismatch, "{driver:?} {scope:?}: {error}");
                assert!(!log.contains(&"3".to_owned()), "{driver:?} {scope:?}: {log:?}");
            }
        }
    }
}

/// Whoever waits for the latest row has it when it was written anew meanwhile.
#[test]
fn a_lock_does_not_slip_when_its_row_is_applied_again() {
    let fresh = Fresh::new(Driver::Postgres);
    let (two, three) = (logged([1, 2]), logged(1..=3));
    let mut connection = fresh.connect();
    connection.run(&Migrator::new(&two)).unwrap();
    let Connection::Postgres(mut redoing) = fresh.connect() else { panic!("a blocking connection") };
    let mut transaction = redoing.transaction().unwrap();
    Migrator::new(&two).redo_last(&mut transaction, 1).unwrap();
    let mut gate = fresh.connect();
    let keeper = gate.value("SELECT pg_backend_pid()");
    thread::scope(|threads| {
        let runner = || fresh.connect().run(&Migrator::new(&three).wait_timeout(LONG)).unwrap().changes().len();
        let runner = threads.spawn(runner);
        let mut wait_for = |locktype: &str| {
            let waits = format!("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = '{locktype}'");
            migrate_tests::poll(locktype, LONG, || (connection.value(&waits) != "0").then_some(()));
        };
        wait_for("transactionid");
        gate.execute("BEGIN; CREATE TABLE t3 (x integer)");
        transaction.commit().unwrap();
        // Its script waits for the name of its table.
        let is_free = "SELECT count(*) FROM (SELECT FROM schema_migrations WHERE version = 2 FOR NO KEY UPDATE SKIP LOCKED) AS free";
        let is_at_the_gate =
            format!("SELECT count(*) FROM pg_stat_activity WHERE {keeper} = ANY (pg_blocking_pids(pid))");
        migrate_tests::poll("the script", LONG, || (asked(&fresh, &is_at_the_gate) == "1").then_some(()));
        assert_eq!(asked(&fresh, is_free), "0");
        gate.execute("ROLLBACK");
        assert_eq!(runner.join().unwrap(), 1);
    });
}

fn asked(fresh: &Fresh, query: &str) -> String {
    fresh.connect().value(query)
}
