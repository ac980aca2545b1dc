//! The wire to the server: cut after every message, in both directions, and frozen; sessions ended by the server, and the server itself
//! killed in the middle of its work.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use migrate_runtime::testing::Stop;
use migrate_runtime::{ErrorKind, Event, Migrations, Migrator, Scope};
use migrate_tests::{Case, Cluster, Connection, Direction, Driver, Fresh, Proxy, migrations, poll};

const BOUND: Duration = Duration::from_secs(60);

/// A connection that goes through the proxy.
fn through(proxy: &Proxy, fresh: &Fresh) -> Connection {
    let url = proxy.url(fresh.database().name());
    match fresh.driver() {
        Driver::TokioPostgres => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let client = runtime.block_on(async {
                let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
                tokio::spawn(async { drop(connection.await) });
                client
            });
            Connection::TokioPostgres(client, runtime)
        }
        _ => Connection::Postgres(::postgres::Client::connect(&url, ::postgres::NoTls).unwrap()),
    }
}

/// Drops all that is in a database. A session that was lost may hold its locks for a moment.
fn empty(fresh: &Fresh) {
    fresh.connect().execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
}

/// Brings a database to what the verb of a case finds, whatever is in it.
fn prepare(fresh: &Fresh, case: &Case, migrator: &Migrator<'_>) {
    empty(fresh);
    if let Some(version) = case.before {
        fresh.connect().run(&migrator.clone().target(version)).unwrap();
    }
}

/// What the verb of a case leaves when nothing happens to it.
fn undisturbed(fresh: &Fresh, case: &Case, migrator: &Migrator<'_>) -> Vec<String> {
    prepare(fresh, case, migrator);
    let mut connection = fresh.connect();
    connection.execute_verb(migrator, &case.verb).unwrap();
    connection.snapshot()
}

#[test]
fn cut_after_every_message() {
    let cases = [
        (Driver::Postgres, "run from nothing"),
        (Driver::Postgres, "run what is alone"),
        (Driver::TokioPostgres, "run from nothing"),
        (Driver::TokioPostgres, "run as one"),
        (Driver::TokioPostgres, "revert to"),
    ];
    for (driver, name) in cases {
        let fresh = Fresh::new(driver);
        let proxy = Proxy::start(fresh.database().port());
        let case = Case::named(Driver::Postgres, name).unwrap();
        let sets = case.sets(Driver::Postgres);
        let migrator = || case.migrator(Driver::Postgres, &sets).wait_timeout(BOUND);
        let expect = undisturbed(&fresh, &case, &migrator());
        let mut points = 0;
        for direction in [Direction::ToServer, Direction::ToClient] {
            for nth in 1.. {
                assert!(nth < 200, "it never ends");
                prepare(&fresh, &case, &migrator());
                let what = format!("{driver:?}, {name}, {direction:?}, message {nth}");
                let mut connection = through(&proxy, &fresh);
                proxy.cut_after(nth, direction);
                let ended = connection.execute_verb(&migrator(), &case.verb);
                if !proxy.has_cut() {
                    proxy.take();
                    ended.unwrap_or_else(|error| panic!("{what}: {error}"));
                    break;
                }
                points += 1;
                let error = ended.expect_err(&what);
                assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{what}: {error}");
                let mut connection = fresh.connect();
                connection
                    .execute_verb(&migrator(), &case.verb)
                    .unwrap_or_else(|error| panic!("{what}, then: {error}"));
                assert_eq!(connection.snapshot(), expect, "{what}");
            }
        }
        println!("{driver:?}, {name}: {points} points");
        assert!(points > 8, "{points}");
    }
}

/// Two migrations, the second of which waits for a gate between its two inserts.
fn gated(directive: &str) -> Migrations {
    let second = format!(
        "{directive}INSERT INTO done VALUES (2);\nSELECT pg_advisory_lock_shared(7), pg_advisory_unlock_shared(7);\nINSERT INTO done VALUES (3);"
    );
    migrations(&[("1_a.sql", "CREATE TABLE done (x integer);\nINSERT INTO done VALUES (1);"), ("2_b.sql", &second)])
}

const OUTSIDE: &str = "-- migrate: no-transaction\n";

fn done(fresh: &Fresh) -> Vec<String> {
    fresh.connect().rows("SELECT x FROM done ORDER BY x")
}

/// A runner behind a link that is frozen while its transaction is open keeps others waiting, who say for whom, until the server ends its
/// session. When the link works again, it hears that its connection is lost, and nothing was done twice.
#[test]
fn a_frozen_link_keeps_others_waiting_until_the_server_ends_the_session() {
    let fresh = Fresh::new(Driver::Postgres);
    let set = migrations(&[
        ("1_a.sql", "CREATE TABLE done (x integer);\nINSERT INTO done VALUES (1);"),
        ("2_b.sql", "INSERT INTO done VALUES (2);\nINSERT INTO done VALUES (3);"),
    ]);
    fresh.connect().run(&Migrator::new(&set).target(1)).unwrap();
    let proxy = Proxy::start(fresh.database().port());
    thread::scope(|threads| {
        // Also when an assertion fails.
        let thaw = Thaw(&proxy);
        let frozen = threads.spawn(|| {
            let migrator = Migrator::new(&set).on_event(|event| {
                if let Event::Statement { number: 2, .. } = event {
                    proxy.freeze();
                }
            });
            through(&proxy, &fresh).run(&migrator)
        });
        let idle = "FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'";
        let mut watcher = fresh.connect();
        let count = format!("SELECT count(*) {idle}");
        poll("a session in the middle", BOUND, || (watcher.value(&count) == "1").then_some(()));
        let short = Migrator::new(&set).wait_timeout(Duration::from_millis(1200));
        let error = fresh.connect().run(&short).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WaitTimeout, "{error}");
        assert!(error.to_string().contains("busy with migration 2_b: process "), "{error}");
        watcher.execute(&format!("SELECT pg_terminate_backend(pid) {idle}"));
        let report = fresh.connect().run(&Migrator::new(&set).wait_timeout(BOUND)).unwrap();
        assert_eq!(report.changes().len(), 1);
        drop(thaw);
        let error = frozen.join().unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{error}");
    });
    assert_eq!(done(&fresh), ["1", "2", "3"]);
}

/// When nothing comes from a runner any more.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
enum When {
    /// The server waits for the next statement.
    Between,
    /// The server is in a statement, which goes on.
    Inside,
    /// The server is in a statement, and has its answer to send soon.
    Answering,
}

/// Nothing comes from a runner any more, in the middle of its transaction. The server, set like this, ends the session by itself, others go
/// on, and the runner hears of it.
fn ends_by_itself(driver: Driver, settings: &[&str], when: When, strike: fn(&Proxy)) {
    let fresh = Fresh::new(driver);
    let mut watcher = fresh.connect();
    for setting in settings {
        watcher.execute(&format!("ALTER DATABASE {} SET {setting}", fresh.database().name()));
    }
    watcher.execute("SELECT pg_advisory_lock(7)");
    let proxy = Proxy::start(fresh.database().port());
    // The client's own means, for what does not reach it.
    let url = format!(
        "{}?keepalives_idle=1&keepalives_interval=1&keepalives_retries=2&tcp_user_timeout=2",
        proxy.url(fresh.database().name())
    );
    let set = gated("");
    thread::scope(|threads| {
        // Also when an assertion fails.
        let thaw = Thaw(&proxy);
        let runner = threads.spawn(|| {
            let migrator = Migrator::new(&set).on_event(|event| {
                if let Event::Statement { number: 3, .. } = event
                    && when == When::Between
                {
                    strike(&proxy);
                }
            });
            Connection::to(&url, driver).run(&migrator)
        });
        poll("a runner at the gate", BOUND, || (watcher.value(AT_THE_GATE) == "1").then_some(()));
        if when != When::Between {
            strike(&proxy);
        }
        if when != When::Inside {
            watcher.execute("SELECT pg_advisory_unlock(7)");
        }
        let others =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
        poll("the end of the session", BOUND, || (watcher.value(others) == "0").then_some(()));
        watcher.execute("SELECT pg_advisory_unlock_all()");
        let report = fresh.connect().run(&Migrator::new(&set)).unwrap();
        assert_eq!(report.changes().len(), 1, "{settings:?}");
        drop(thaw);
        let error = runner.join().unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{settings:?}: {error}");
    });
    assert_eq!(done(&fresh), ["1", "2", "3"], "{settings:?}");
}

#[test]
fn a_frozen_link_and_a_server_that_ends_what_is_idle_in_a_transaction() {
    let settings = ["idle_in_transaction_session_timeout = '1s'"];
    ends_by_itself(Driver::Postgres, &settings, When::Between, Proxy::freeze);
}

/// The kernel answers keep-alive for a program that does not read, so the other machine has to be gone for it.
#[cfg(target_os = "linux")]
#[test]
fn a_machine_that_is_gone_and_a_server_that_looks_for_it() {
    let keep_alive = ["tcp_keepalives_idle = 1", "tcp_keepalives_interval = 1", "tcp_keepalives_count = 2"];
    let in_statements = [&keep_alive[..], &["client_connection_check_interval = '200ms'"]].concat();
    ends_by_itself(Driver::Postgres, &keep_alive, When::Between, Proxy::vanish);
    ends_by_itself(Driver::TokioPostgres, &in_statements, When::Inside, Proxy::vanish);
    // Keep-alive does not begin while there is an answer of which nobody has said that it came.
    ends_by_itself(Driver::Postgres, &["tcp_user_timeout = '2s'"], When::Answering, Proxy::vanish);
}

/// Whoever puts a timeout around a run behind a frozen link gets a connection back that is in no transaction, once the link works again.
#[test]
fn a_frozen_link_and_a_timeout_around_the_run() {
    for frozen_at in 1..=4 {
        let fresh = Fresh::new(Driver::TokioPostgres);
        let proxy = Proxy::start(fresh.database().port());
        let set = gated("");
        let events = AtomicUsize::new(0);
        let migrator = Migrator::new(&set).on_event(|event| {
            if let Event::Statement { .. } = event
                && events.fetch_add(1, Ordering::Relaxed) + 1 == frozen_at
            {
                proxy.freeze();
            }
        });
        let Connection::TokioPostgres(mut client, runtime) = through(&proxy, &fresh) else { unreachable!() };
        runtime.block_on(async {
            let run = migrator.run_async(&mut client);
            tokio::time::timeout(Duration::from_millis(300), run).await.expect_err("the link is frozen");
            proxy.thaw();
            // Refused inside a transaction.
            client.batch_execute("VACUUM").await.unwrap();
            Migrator::new(&set).run_async(&mut client).await.unwrap();
            Migrator::new(&set).verify_async(&mut client).await.unwrap();
        });
        assert_eq!(done(&fresh), ["1", "2", "3"], "frozen at {frozen_at}");
    }
}

struct Thaw<'a>(&'a Proxy);

impl Drop for Thaw<'_> {
    fn drop(&mut self) {
        self.0.thaw();
    }
}

/// How many are at the gate.
const AT_THE_GATE: &str = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
                           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";

/// Lets a runner come to the gate in its second migration, does something to it there, opens the gate, and lets another one finish.
fn at_the_gate(fresh: &Fresh, set: &Migrations, migrator: &Migrator<'_>, strike: impl FnOnce(&mut Connection)) {
    let mut watcher = fresh.connect();
    watcher.execute("SELECT pg_advisory_lock(7)");
    let error = thread::scope(|threads| {
        let runner = threads.spawn(|| fresh.connect().run(migrator));
        poll("a runner at the gate", BOUND, || (watcher.value(AT_THE_GATE) == "1").then_some(()));
        strike(&mut watcher);
        runner.join().unwrap().unwrap_err()
    });
    assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{error}");
    drop(watcher);
    let mut connection = fresh.connect();
    connection.run(&migrator.clone().wait_timeout(BOUND)).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(connection.rows("SELECT x FROM done ORDER BY x"), ["1", "2", "3"]);
    connection.verify(&Migrator::new(set)).unwrap();
}

#[test]
fn a_session_that_is_ended_in_the_middle_of_a_statement() {
    for driver in Driver::SERVERS {
        for (directive, scope) in [("", Scope::PerMigration), ("", Scope::All), (OUTSIDE, Scope::PerMigration)] {
            let fresh = Fresh::new(driver);
            let set = gated(directive);
            at_the_gate(&fresh, &set, &Migrator::new(&set).scope(scope), |watcher| {
                watcher.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
                     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
                );
            });
        }
    }
}

/// A server that is killed at every statement, before it comes there, and recovers.
#[test]
fn a_server_that_is_killed() {
    let mut server = Cluster::start_own();
    for (driver, name) in [
        (Driver::Postgres, "run from nothing"),
        (Driver::Postgres, "run what is alone"),
        (Driver::Postgres, "revert to"),
        (Driver::TokioPostgres, "run from nothing"),
        (Driver::TokioPostgres, "run as one"),
    ] {
        let fresh = Fresh::on(&server, driver);
        // Or what was there before it was killed could be lost, too.
        let name_of = fresh.database().name();
        fresh.connect().execute(&format!("ALTER DATABASE {name_of} SET synchronous_commit = on"));
        let case = Case::named(driver, name).unwrap();
        let sets = case.sets(driver);
        let migrator = || case.migrator(driver, &sets).wait_timeout(BOUND);
        let expect = undisturbed(&fresh, &case, &migrator());
        let mut points = 0;
        for strike in 1.. {
            prepare(&fresh, &case, &migrator());
            let what = format!("{driver:?}, {name}, killed at statement {strike}");
            let events = AtomicUsize::new(0);
            let stopped = Mutex::new(&mut server);
            let killing = migrator().on_event(|event| {
                if let Event::Statement { .. } = event
                    && events.fetch_add(1, Ordering::Relaxed) + 1 == strike
                {
                    stopped.lock().unwrap().stop(Stop::Immediate);
                }
            });
            let ended = fresh.connect().execute_verb(&killing, &case.verb);
            drop(killing);
            if events.into_inner() < strike {
                ended.unwrap_or_else(|error| panic!("{what}: {error}"));
                break;
            }
            points += 1;
            let error = ended.expect_err(&what);
            assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{what}: {error}");
            server.start();
            let mut connection = fresh.connect();
            connection.execute_verb(&migrator(), &case.verb).unwrap_or_else(|error| panic!("{what}, then: {error}"));
            assert_eq!(connection.snapshot(), expect, "{what}");
        }
        println!("{driver:?}, {name}: killed at {points} statements");
        assert!(points > 4, "{points}");
    }
}

#[test]
fn a_server_that_is_killed_in_the_middle_of_a_statement() {
    let mut server = Cluster::start_own();
    for (driver, directive, scope) in [
        (Driver::Postgres, "", Scope::PerMigration),
        (Driver::Postgres, OUTSIDE, Scope::PerMigration),
        (Driver::TokioPostgres, "", Scope::All),
    ] {
        let set = gated(directive);
        at_the_gate(&Fresh::on(&server, driver), &set, &Migrator::new(&set).scope(scope), |_| {
            server.stop(Stop::Immediate);
            server.start();
        });
    }
}
