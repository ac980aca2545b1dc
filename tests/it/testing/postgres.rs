//! On Postgres: templates and databases, of many threads and of many processes.

use std::io::{BufRead, BufReader};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use migrate_runtime::testing::{Postgres, Rehearsal, Stop};
use migrate_runtime::{ErrorKind, Migrations, Migrator, Step, fingerprint};
use migrate_tests::{Cluster, OwnCluster, migrations, numbered, poll, postgres as cluster};

const BOUND: Duration = Duration::from_secs(60);

fn kit(cluster: &Cluster) -> Postgres {
    Postgres::at(&cluster.url("postgres")).unwrap()
}

/// The databases of the kit on a server: those that begin with `migrate_test_`, or the templates.
fn databases(cluster: &Cluster, prefix: &str) -> Vec<String> {
    let mut client = ::postgres::Client::connect(&cluster.url("postgres"), ::postgres::NoTls).unwrap();
    let query = format!("SELECT datname::text FROM pg_database WHERE datname LIKE 'migrate\\_{prefix}%' ORDER BY 1");
    client.query(&query, &[]).unwrap().iter().map(|row| row.get(0)).collect()
}

fn own() -> OwnCluster {
    Cluster::start_own()
}

#[test]
fn each_database_is_migrated_and_nobody_elses() {
    let (kit, three) = (kit(cluster()), numbered(3));
    let (one, other) = (kit.database(&three).unwrap(), kit.database(&three).unwrap());
    one.connect().unwrap().batch_execute("DROP TABLE t1").unwrap();
    let mut client = other.connect().unwrap();
    three.verify(&mut client).unwrap();
    client.batch_execute("INSERT INTO t1 VALUES (1)").unwrap();
    assert_ne!(one.name(), other.name());

    let empty = kit.empty_database().unwrap();
    let mut client = empty.connect().unwrap();
    assert!(three.verify(&mut client).is_err());
    three.run(&mut client).unwrap();
    let expect = fingerprint(&mut client).unwrap();
    assert_eq!(fingerprint(&mut other.connect().unwrap()).unwrap(), expect);
    let mut by_url = ::postgres::Client::connect(other.url(), ::postgres::NoTls).unwrap();
    assert_eq!(fingerprint(&mut by_url).unwrap(), expect);
}

#[tokio::test]
async fn asynchronous_tests_have_databases_too() {
    let (kit, two): (_, &'static Migrations) = (kit(cluster()), Box::leak(Box::new(numbered(2))));
    let database = kit.database_async(two).await.unwrap();
    let mut client = database.connect_async().await.unwrap();
    two.verify_async(&mut client).await.unwrap();
    // Blocks, but neither panics nor hangs.
    let blocking = kit.database(two).unwrap();
    drop((database, blocking, kit));
}

/// Several sets, a step of either driver, and a history table of another name.
#[test]
fn a_migrator_makes_databases_as_well() {
    let (kit, [base, more]) = (kit(cluster()), super::two_sets());
    let steps = [
        Step::postgres(|tx| Ok(tx.batch_execute(super::IN_RUST)?)),
        Step::tokio_postgres(|tx| Box::pin(async move { Ok(tx.batch_execute(super::IN_RUST).await?) })),
    ];
    for (revision, step) in steps.into_iter().enumerate() {
        let migrator =
            Migrator::many([more, base]).history_table("h").step_of(more, 2, "in rust", step.revision(revision as u64));
        for _ in 0..2 {
            let database = kit.database(&migrator).unwrap();
            let mut client = database.connect().unwrap();
            migrator.verify(&mut client).unwrap();
            let rows: i64 = client.query_one("SELECT sum(x) FROM more1", &[]).unwrap().get(0);
            assert_eq!(rows, 7);
        }
        let rehearsed = Rehearsal::of(&migrator).postgres(&kit).unwrap();
        assert_eq!(rehearsed.to_string(), "rehearsed 4 migrations; without a script down: 2_in rust");
    }
}

#[test]
fn what_the_server_says_is_not_always_about_creating_databases() {
    let url = cluster().url("postgres");
    let (server, _) = url.rsplit_once('/').unwrap();
    for (url, words) in [
        (format!("{server}/nowhere"), "name a database that is there"),
        (url.replace("postgres@", "nobody@"), "user and password"),
    ] {
        let error = Postgres::at(&url).unwrap().empty_database().unwrap_err();
        assert!(error.to_string().contains(words) && !error.to_string().contains("CREATEDB"), "{url}: {error}");
    }
}

#[test]
fn a_database_is_dropped_with_its_test() {
    let server = own();
    let (kit, one) = (kit(&server), numbered(1));
    let database = kit.database(&one).unwrap();
    let _open = database.connect().unwrap();
    assert_eq!(databases(&server, "test"), [database.name()]);
    drop(database);
    assert_eq!(databases(&server, "test"), [""; 0]);

    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let database = kit.database(&one).unwrap();
        let _open = database.connect().unwrap();
        panic!("the test fails");
    }));
    assert!(panicked.is_err());
    assert_eq!(databases(&server, "test"), [""; 0]);

    assert_eq!(databases(&server, "template").len(), 1);
    kit.drop_templates().unwrap();
    assert_eq!(databases(&server, "template"), [""; 0]);
    kit.database(&one).unwrap();
}

#[test]
fn a_failing_migration_leaves_nothing_behind() {
    let server = own();
    let broken = migrations(&[("1_a.sql", "CREATE TABLE a (x INT);\nINSERT INTO nothing VALUES (1)")]);
    for _ in 0..2 {
        let error = kit(&server).database(&broken).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StatementFailed, "{error}");
        assert_eq!(databases(&server, ""), [""; 0]);
    }
}

#[test]
fn many_threads_share_a_template() {
    let server = own();
    let (kit, three) = (kit(&server), numbered(3));
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                let database = kit.database(&three).unwrap();
                three.verify(&mut database.connect().unwrap()).unwrap();
            });
        }
    });
    assert_eq!(databases(&server, "template").len(), 1);
    assert_eq!(databases(&server, "test"), [""; 0]);
}

/// A process that uses the kit, up to where it has its databases.
struct User {
    process: Child,
    databases: Vec<String>,
}

fn user(cluster: &Cluster, count: usize, how: &str) -> User {
    let mut process = Command::new(env!("CARGO_BIN_EXE_use-kit"))
        .args([&cluster.url("postgres"), &count.to_string(), how])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines: Vec<String> =
        BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap).take(count + 1).collect();
    assert_eq!(lines.pop().as_deref(), Some("ready"));
    User { process, databases: lines }
}

#[test]
fn many_processes_share_a_template() {
    let server = own();
    let users: Vec<User> = thread::scope(|scope| {
        let starting: Vec<_> = (0..6).map(|_| scope.spawn(|| user(&server, 3, "wait"))).collect();
        starting.into_iter().map(|user| user.join().unwrap()).collect()
    });
    assert_eq!(databases(&server, "template").len(), 1);
    let mut expect: Vec<String> = users.iter().flat_map(|user| user.databases.clone()).collect();
    expect.sort();
    assert_eq!(databases(&server, "test"), expect);
    for mut user in users {
        drop(user.process.stdin.take());
        assert!(user.process.wait().unwrap().success());
    }
    assert_eq!(databases(&server, "test"), [""; 0]);
}

#[test]
fn a_panic_drops_the_databases_of_its_process() {
    let server = own();
    let mut user = user(&server, 2, "panic");
    assert!(!user.process.wait().unwrap().success());
    assert_eq!(databases(&server, "test"), [""; 0]);
}

#[test]
fn what_a_killed_process_leaves_is_dropped_by_the_next() {
    let server = own();
    let (mut killed, mut alive) = (user(&server, 2, "wait"), user(&server, 1, "wait"));
    killed.process.kill().unwrap();
    killed.process.wait().unwrap();
    assert_eq!(databases(&server, "test").len(), 3);
    // The server may take a moment to see that the process is gone.
    poll("the left-overs to go", BOUND, || {
        drop(kit(&server).empty_database().unwrap());
        (databases(&server, "test") == alive.databases).then_some(())
    });
    drop(alive.process.stdin.take());
    assert!(alive.process.wait().unwrap().success());
}

/// Kills processes at any moment while they make the template.
#[test]
fn a_half_made_template_is_never_used() {
    let server = own();
    for step in 0..12 {
        let mut process = Command::new(env!("CARGO_BIN_EXE_use-kit"))
            .args([&server.url("postgres"), "1", "wait"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // Not waiting for anything: where it is hit must differ.
        thread::sleep(Duration::from_millis(15 * step));
        process.kill().unwrap();
        process.wait().unwrap();
        let three = numbered(3);
        let database = kit(&server).database(&three).unwrap();
        let mut client = database.connect().unwrap();
        three.verify(&mut client).unwrap();
        kit(&server).drop_templates().unwrap();
    }
    poll("the left-overs to go", BOUND, || {
        drop(kit(&server).empty_database().unwrap());
        databases(&server, "test").is_empty().then_some(())
    });
}

#[test]
fn a_kit_survives_a_restart_of_its_server() {
    let mut server = own();
    let (kit, one) = (kit(&server), numbered(1));
    let before = kit.database(&one).unwrap();
    server.stop(Stop::Fast);
    assert_eq!(kit.database(&one).unwrap_err().kind(), ErrorKind::ConnectionLost);
    server.start();
    let after = kit.database(&one).unwrap();
    one.verify(&mut after.connect().unwrap()).unwrap();
    drop((before, after));
    assert_eq!(databases(&server, "test"), [""; 0]);
}

#[test]
fn an_own_server_lives_as_long_as_its_databases() {
    let one = numbered(1);
    let kit = Postgres::own().unwrap();
    let database = kit.database(&one).unwrap();
    let url = database.url().to_owned();
    drop(kit);
    one.verify(&mut database.connect().unwrap()).unwrap();
    drop(database);
    assert!(::postgres::Client::connect(&url, ::postgres::NoTls).is_err());
}

#[test]
fn a_role_that_may_not_is_told_what_it_lacks() {
    let mut client = ::postgres::Client::connect(&cluster().url("postgres"), ::postgres::NoTls).unwrap();
    client.batch_execute("DROP ROLE IF EXISTS kit_user; CREATE ROLE kit_user LOGIN").unwrap();
    let kit = Postgres::at(&cluster().url("postgres").replace("postgres@", "kit_user@")).unwrap();
    let error = kit.database(&numbered(1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TestDatabase);
    assert!(error.help().contains("CREATEDB"), "{error}");
    client.batch_execute("ALTER ROLE kit_user CREATEDB").unwrap();
    kit.database(&numbered(1)).unwrap();
    kit.drop_templates().unwrap();
    client.batch_execute("DROP ROLE kit_user").unwrap();
    assert!(Postgres::at("nonsense").is_err());
}
