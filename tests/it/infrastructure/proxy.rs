//! The proxy that counts and cuts.

use std::io::Write;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use migrate_tests::{Database, Direction, Proxy, poll, postgres};
use postgres::{Client, NoTls};

const BOUND: Duration = Duration::from_secs(60);

fn start(label: &str) -> (Database, Proxy) {
    let database = postgres().database(label);
    let proxy = Proxy::start(database.port());
    (database, proxy)
}

fn connect(proxy: &Proxy, database: &Database) -> Client {
    Client::connect(&proxy.url(database.name()), NoTls).unwrap()
}

fn count(database: &Database, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    database.connect().query_one(&sql, &[]).unwrap().get(0)
}

#[test]
fn a_login_counts_for_nothing() {
    let (database, proxy) = start("login");
    connect(&proxy, &database);
    assert_eq!(proxy.take(), migrate_tests::Traffic::default());
}

#[test]
fn a_simple_query_is_one_round_trip() {
    let (database, proxy) = start("simple");
    let mut client = connect(&proxy, &database);
    client.batch_execute("SELECT 1; SELECT generate_series(1, 3)").unwrap();
    let traffic = proxy.take();
    assert_eq!(traffic.round_trips, 1);
    assert_eq!(traffic.messages, [('Q', "SELECT 1; SELECT generate_series(1, 3)".to_owned())]);
    assert_eq!(traffic.rows, 4);
    assert!(traffic.bytes_from_server > 4 * 11);
    assert_eq!(proxy.take(), migrate_tests::Traffic::default());
}

#[test]
fn a_prepared_query_is_two_round_trips() {
    let (database, proxy) = start("prepared");
    let mut client = connect(&proxy, &database);
    for _ in 0..20 {
        client.query("SELECT $1::int", &[&1]).unwrap();
        // The statement of the last turn is closed along with that.
        client.query("SELECT $1::int", &[&1]).unwrap();
        let traffic = proxy.take();
        assert_eq!(traffic.round_trips, 4);
        assert_eq!(traffic.sql(), ["SELECT $1::int"; 2]);
        assert_eq!(traffic.rows, 2);
    }
}

#[tokio::test]
async fn a_notice_does_not_end_a_burst_and_closing_is_no_round_trip() {
    let (database, proxy) = start("tokio");
    let (client, connection) = tokio_postgres::connect(&proxy.url(database.name()), NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    for _ in 0..20 {
        drop(client.prepare("SELECT 1").await.unwrap());
        client.batch_execute("DROP TABLE IF EXISTS missing").await.unwrap();
        assert_eq!(proxy.take().round_trips, 2);
    }
    drop(client);
    connection.await.unwrap().unwrap();
}

#[test]
fn a_message_of_any_size_goes_through() {
    let (database, proxy) = start("large");
    let mut client = connect(&proxy, &database);
    let text = "x".repeat(3_000_000);
    client.batch_execute(&format!("SELECT '{text}'")).unwrap();
    let traffic = proxy.take();
    assert_eq!(traffic.round_trips, 1);
    assert_eq!(traffic.sql(), [format!("SELECT '{text}'")]);
    assert!(traffic.bytes_from_server > text.len());
}

#[test]
fn a_copy_goes_through() {
    let (database, proxy) = start("copy");
    let mut client = connect(&proxy, &database);
    client.batch_execute("CREATE TABLE t (a int)").unwrap();
    let mut writer = client.copy_in("COPY t FROM STDIN").unwrap();
    writer.write_all(b"1\n2\n").unwrap();
    assert_eq!(writer.finish().unwrap(), 2);
    proxy.take();
    client.batch_execute("SELECT a FROM t").unwrap();
    let traffic = proxy.take();
    assert_eq!((traffic.round_trips, traffic.rows), (1, 2));
}

/// Which libpq does, before it logs in without.
#[test]
fn a_client_may_ask_for_encryption() {
    let (database, proxy) = start("encryption");
    let status = Command::new(postgres().bin("psql"))
        .args(["-X", "-q", "-c", "CREATE TABLE t (a int)"])
        .arg(proxy.url(database.name()) + "?sslmode=prefer")
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(proxy.take().sql(), ["CREATE TABLE t (a int)"]);
    assert_eq!(count(&database, "t"), 0);
}

#[test]
fn several_sessions_are_counted_together() {
    let (database, proxy) = start("several");
    let mut clients = [connect(&proxy, &database), connect(&proxy, &database)];
    for client in &mut clients {
        client.batch_execute("SELECT 1").unwrap();
    }
    assert_eq!(proxy.take().round_trips, 2);
}

#[test]
fn a_query_can_be_lost() {
    let (database, proxy) = start("query_lost");
    let mut client = connect(&proxy, &database);
    client.batch_execute("CREATE TABLE t (a int)").unwrap();
    proxy.cut_after(2, Direction::ToServer);
    client.batch_execute("INSERT INTO t VALUES (1)").unwrap();
    assert!(!proxy.has_cut());
    client.batch_execute("INSERT INTO t VALUES (2)").unwrap_err();
    assert!(proxy.has_cut());
    assert!(client.is_closed());
    assert_eq!(count(&database, "t"), 1);
    connect(&proxy, &database).batch_execute("INSERT INTO t VALUES (3)").unwrap();
}

#[test]
fn an_answer_can_be_lost() {
    let (database, proxy) = start("answer_lost");
    let mut client = connect(&proxy, &database);
    client.batch_execute("CREATE TABLE t (a int)").unwrap();
    for number in 1..=20 {
        proxy.cut_after(1, Direction::ToClient);
        client.batch_execute("INSERT INTO t VALUES (1)").unwrap_err();
        assert!(proxy.has_cut());
        assert_eq!(count(&database, "t"), number);
        client = connect(&proxy, &database);
    }
}

/// A prepared query sends its work as several messages at once. Each of them,
/// and each answer, can be the one that is lost.
#[test]
fn each_message_of_a_prepared_query_can_be_lost() {
    let (database, proxy) = start("each");
    database.connect().batch_execute("CREATE TABLE t (a int)").unwrap();
    for direction in [Direction::ToServer, Direction::ToClient] {
        let mut losses = 0;
        for nth in 1.. {
            let before = count(&database, "t");
            let mut client = connect(&proxy, &database);
            proxy.take();
            proxy.cut_after(nth, direction);
            let result = client.execute("INSERT INTO t VALUES ($1)", &[&1]);
            assert_eq!(result.is_err(), proxy.has_cut());
            let sent = proxy.take().messages;
            let executed = sent.iter().any(|(kind, _)| *kind == 'E');
            let done = result.is_ok() || (executed && direction == Direction::ToClient);
            assert_eq!(count(&database, "t") - before, i64::from(done));
            if result.is_ok() {
                break;
            }
            losses += 1;
        }
        // Parse, describe, sync; bind, execute, sync.
        assert_eq!(losses, 6);
    }
}

#[test]
fn a_copy_can_be_lost() {
    let (database, proxy) = start("copy_lost");
    let mut client = connect(&proxy, &database);
    client.batch_execute("CREATE TABLE t (a int)").unwrap();
    for direction in [Direction::ToServer, Direction::ToClient] {
        for nth in 1..=6 {
            let mut client = connect(&proxy, &database);
            proxy.cut_after(nth, direction);
            let copied = client
                .copy_in("COPY t FROM STDIN")
                .and_then(|mut writer| {
                    writer.write_all(b"1\n").ok();
                    writer.finish()
                })
                .is_ok();
            assert_eq!(copied, !proxy.has_cut());
        }
    }
}

#[test]
fn a_freeze_holds_everything_back() {
    let (database, proxy) = start("frozen");
    let mut client = connect(&proxy, &database);
    client.batch_execute("CREATE TABLE t (a int)").unwrap();
    proxy.take();
    proxy.freeze();
    let query = thread::spawn(move || client.batch_execute("INSERT INTO t VALUES (1)"));
    poll("the query at the proxy", BOUND, || (!proxy.take().messages.is_empty()).then_some(()));
    assert_eq!(count(&database, "t"), 0);
    assert!(!query.is_finished());
    proxy.thaw();
    query.join().unwrap().unwrap();
    assert_eq!(count(&database, "t"), 1);
}

#[test]
fn a_delay_adds_to_each_direction() {
    let (database, proxy) = start("delayed");
    let mut client = connect(&proxy, &database);
    proxy.delay(Duration::from_millis(50));
    let started = Instant::now();
    client.batch_execute("SELECT 1").unwrap();
    assert!(started.elapsed() >= Duration::from_millis(100));
}

#[test]
fn the_end_of_the_proxy_ends_its_sessions() {
    let (database, proxy) = start("ended");
    let mut client = connect(&proxy, &database);
    let address = proxy.url(database.name());
    proxy.freeze();
    drop(proxy);
    client.batch_execute("SELECT 1").unwrap_err();
    assert!(Client::connect(&address, NoTls).is_err());
}

#[test]
fn a_client_that_leaves_ends_its_session_on_the_server() {
    let (database, proxy) = start("left");
    drop(connect(&proxy, &database));
    let mut observer = database.connect();
    poll("the end of the session", BOUND, || {
        let sessions: i64 = observer
            .query_one("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()", &[])
            .unwrap()
            .get(0);
        (sessions == 1).then_some(())
    });
}
