//! What goes over the wire to Postgres, counted by a proxy: DESIGN's promises in round trips, rows and bytes.

use std::time::{Duration, Instant};

use migrate_runtime::{Migrations, Migrator, Scope, Step, Version};
use migrate_tests::{Database, Driver, Fresh, Proxy, Traffic, migrations, numbered, postgres};

/// Applies `before`, then runs `migrations` through a proxy.
fn blocking(before: Option<&Migrations>, migrations: &Migrations) -> Traffic {
    blocking_as(before, &Migrator::new(migrations))
}

fn blocking_as(before: Option<&Migrations>, migrator: &Migrator<'_>) -> Traffic {
    blocking_on(&prepared(before), migrator)
}

fn blocking_on(database: &Database, migrator: &Migrator<'_>) -> Traffic {
    let proxy = Proxy::start(database.port());
    let mut client = ::postgres::Client::connect(&proxy.url(database.name()), ::postgres::NoTls).unwrap();
    migrator.run(&mut client).unwrap();
    proxy.take()
}

fn asynchronous(before: Option<&Migrations>, migrations: &Migrations) -> Traffic {
    asynchronous_on(&prepared(before), &Migrator::new(migrations))
}

fn asynchronous_on(database: &Database, migrator: &Migrator<'_>) -> Traffic {
    let proxy = Proxy::start(database.port());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    runtime.block_on(async {
        let (mut client, connection) =
            tokio_postgres::connect(&proxy.url(database.name()), tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(async { drop(connection.await) });
        // Long enough for everything that is not waited for to be on its way before the first answer comes.
        proxy.delay(Duration::from_millis(60));
        migrator.run_async(&mut client).await.unwrap();
    });
    proxy.take()
}

fn prepared(before: Option<&Migrations>) -> Database {
    let database = postgres().database("traffic");
    if let Some(before) = before {
        before.run(&mut database.connect()).unwrap();
    }
    database
}

#[test]
fn a_start_without_work_is_one_round_trip_and_one_row() {
    for run in [blocking_on, asynchronous_on] {
        let mut bytes = Vec::new();
        for count in [1, 10, 500, 10_000] {
            let (many, database) = (numbered(count), prepared(None));
            let migrator = Migrator::new(&many);
            migrator.baseline(&mut database.connect(), Version::from(count as u64)).unwrap();
            let traffic = run(&database, &migrator);
            assert_eq!((traffic.round_trips, traffic.rows, traffic.sql().len()), (1, 1, 1), "{:?}", traffic.sql());
            bytes.push(traffic.bytes_from_server);
        }
        // One number, which may have a digit more or less.
        assert!(bytes.iter().all(|of_start| of_start.abs_diff(bytes[0]) < 5), "the answer grows: {bytes:?}");
    }
}

#[test]
fn a_migration_of_one_statement_is_one_round_trip() {
    // The verified start, facts and history come before: 3 round trips.
    let one = numbered(1);
    let next = |count: usize| {
        let mut files = vec![("00001_t1.sql".to_owned(), one.set().scripts()[0].sql().to_owned())];
        files.extend(
            (2..count + 2).map(|number| (format!("{number:05}_n.sql"), format!("CREATE TABLE n{number} (id int);"))),
        );
        let files: Vec<(&str, &str)> = files.iter().map(|(path, sql)| (&**path, &**sql)).collect();
        migrations(&files)
    };
    for run in [blocking, asynchronous] {
        for count in [1, 2, 20] {
            let traffic = run(Some(&one), &next(count));
            assert_eq!(traffic.round_trips, 3 + count, "{:#?}", traffic.sql());
        }
    }
}

#[test]
fn all_in_one_transaction_costs_a_few_round_trips_more() {
    let one = numbered(1);
    // The transaction is opened, facts and history are read again inside of it, and it is committed; two statements each.
    for count in [2, 20] {
        let traffic = blocking_as(Some(&one), &Migrator::new(&numbered(1 + count)).scope(Scope::All));
        assert_eq!(traffic.round_trips, 3 + 4 + 2 * count, "{:#?}", traffic.sql());
    }
}

#[test]
fn a_migration_waits_for_nothing_in_between_on_the_asynchronous_driver() {
    let one = numbered(1);
    let script: String = (0..300).map(|number| format!("CREATE TABLE x{number} (id int);\n")).collect();
    let two = migrations(&[("00001_t1.sql", one.set().scripts()[0].sql()), ("2_x.sql", &script)]);
    let traffic = asynchronous(Some(&one), &two);
    assert_eq!(traffic.round_trips, 3 + 1, "{:?}", traffic.round_trips);
    // Bookkeeping before and after, and every statement for itself.
    assert_eq!(traffic.sql().len(), 3 + 302);
}

#[test]
fn thousands_of_statements_go_in_groups_on_the_blocking_driver() {
    let one = numbered(1);
    let script: String = (0..5_000).map(|number| format!("INSERT INTO done VALUES ({number});\n")).collect();
    let two = migrations(&[("00001_t1.sql", one.set().scripts()[0].sql()), ("2_x.sql", &script)]);
    assert_eq!(blocking(Some(&one), &two).round_trips, 3 + 50);
}

#[test]
fn the_first_start_creates_its_table_once() {
    // Verified start, facts, create, facts, history, then the migrations.
    let two = migrations(&[("1_a.sql", "CREATE TABLE a (id int)"), ("2_b.sql", "CREATE TABLE b (id int)")]);
    assert_eq!(blocking(None, &two).round_trips, 5 + 2);
}

#[test]
fn nothing_is_prepared_on_the_server() {
    let three = numbered(3);
    for run in [blocking, asynchronous] {
        let traffic = run(None, &three);
        assert!(traffic.messages.iter().all(|(kind, _)| *kind == 'Q'), "{:?}", traffic.messages);
    }
}

/// A run through a link of 20 ms, without connecting: how long it took, and its round trips.
fn from_afar(driver: Driver, before: &Migrations, set: &Migrations) -> (Duration, usize) {
    let fresh = Fresh::new(driver);
    before.run(&mut fresh.database().connect()).unwrap();
    let proxy = Proxy::start(fresh.database().port());
    let mut connection = fresh.connect_through(&proxy);
    proxy.delay(Duration::from_millis(10));
    let started = Instant::now();
    connection.run(&Migrator::new(set)).unwrap();
    (started.elapsed(), proxy.take().round_trips)
}

#[test]
fn a_distant_server_costs_its_round_trips_and_nothing_else() {
    let file = |number: usize| (format!("{number:05}_n.sql"), format!("CREATE TABLE n{number} (id int);"));
    let files: Vec<(String, String)> = (1..=21).map(file).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, sql)| (&**path, &**sql)).collect();
    let (one, all) = (migrations(&files[..1]), migrations(&files));
    for driver in Driver::SERVERS {
        for (set, expect) in [(&one, 1), (&all, 3 + 20)] {
            // A machine that is busy is given another chance; the link is never faster than it is.
            let mut trips = (0..5).map(|_| {
                let (took, round_trips) = from_afar(driver, &one, set);
                assert_eq!(round_trips, expect, "{driver:?}");
                let trip = took / u32::try_from(round_trips).unwrap();
                assert!(trip >= Duration::from_millis(20), "{driver:?}: {trip:?}");
                trip
            });
            assert!(trips.any(|trip| trip < Duration::from_millis(30)), "{driver:?}, {expect} round trips");
        }
    }
}

/// The server and the binary come to the same digest.
#[test]
fn a_start_is_one_round_trip_whatever_the_versions_are() {
    let versions = [
        "0",
        "1",
        "9999",
        "10000",
        "10001",
        "99999999",
        "100000000",
        "20240313170000",
        "202403131700001",
        "12345678901234567890123456789012345678901234567890123456789012",
        "1000000000000000000000000000000000000000000000000000000000000000",
        "9999999999999999999999999999999999999999999999999999999999999999",
    ];
    let files: Vec<(String, String)> =
        versions.iter().map(|version| (format!("{version}_x.sql"), format!("SELECT {version}"))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, sql)| (&**path, &**sql)).collect();
    let set = migrations(&files);
    let migrator =
        Migrator::new(&set).step(7, "one", Step::postgres(|_| Ok(()))).step(20_000, "two", Step::postgres(|_| Ok(())));
    let database = prepared(None);
    migrator.run(&mut database.connect()).unwrap();
    let at = |statement: &str| {
        database.connect().batch_execute(statement).unwrap();
        let proxy = Proxy::start(database.port());
        let mut client = ::postgres::Client::connect(&proxy.url(database.name()), ::postgres::NoTls).unwrap();
        let is_fine = migrator.run(&mut client).is_ok_and(|report| report.changes().is_empty());
        (proxy.take().round_trips, is_fine)
    };
    assert_eq!(at(""), (1, true));
    // Vacuum and updates change where the rows are, and not what they come to.
    assert_eq!(at("UPDATE schema_migrations SET audit = '' WHERE version < 9999"), (1, true));
    // Nor do rows of what was taken back, and of other sets.
    for (set, state) in [("'default'", "pending"), ("'another'", "applied")] {
        let beside = format!(
            "INSERT INTO schema_migrations SELECT {set}, 5, name, checksum, '{state}', applied_at, execution_time_ms, statements, \
             statements_begun, statements_done, applied_by, claim, audit, sql, down_sql FROM schema_migrations WHERE version = 1"
        );
        assert_eq!(at(&beside), (1, true), "{state}");
    }
    let changes = [
        "UPDATE schema_migrations SET checksum = overlay(checksum placing 'x' from 20) WHERE version = 0",
        "UPDATE schema_migrations SET state = 'running' WHERE version = 7",
        "UPDATE schema_migrations SET version = 9998 WHERE version = 9999",
        "DELETE FROM schema_migrations WHERE version = 10000",
    ];
    for change in changes {
        let (round_trips, is_fine) = at(change);
        assert!(round_trips > 1 && !is_fine, "{change}");
    }
}

#[test]
fn a_plan_of_an_up_to_date_database_is_one_round_trip_and_verify_reads_every_row() {
    let three = numbered(3);
    let database = prepared(Some(&three));
    let proxy = Proxy::start(database.port());
    let mut client = ::postgres::Client::connect(&proxy.url(database.name()), ::postgres::NoTls).unwrap();
    Migrator::new(&three).plan(&mut client).unwrap();
    assert_eq!(proxy.take().round_trips, 1);
    Migrator::new(&three).verify(&mut client).unwrap();
    let traffic = proxy.take();
    assert_eq!((traffic.round_trips, traffic.rows), (2, 1 + 3));
}
