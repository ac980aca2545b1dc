//! The clusters and databases.

use std::net::TcpStream;
use std::process::Command;

use migrate_runtime::testing::Stop;
use migrate_tests::{Cluster, postgres};

#[test]
fn the_shared_cluster_is_the_same_for_all() {
    assert_eq!(postgres().to_env(), postgres().to_env());
}

#[test]
fn the_programs_of_the_server_work_with_it() {
    let database = postgres().database("programs");
    let output = Command::new(postgres().bin("psql"))
        .args(["-X", "-A", "-t", "-c", "SELECT current_database()"])
        .arg(database.url())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), database.name());
}

#[test]
fn the_socket_leads_to_the_same_server() {
    let database = postgres().database("socket");
    let mut client = postgres::Config::new()
        .host_path(postgres().socket_folder())
        .port(database.port())
        .user("postgres")
        .dbname(database.name())
        .connect(postgres::NoTls)
        .unwrap();
    client.batch_execute("CREATE TABLE t (a int)").unwrap();
    database.connect().batch_execute("INSERT INTO t VALUES (1)").unwrap();
}

#[test]
fn a_database_is_empty_and_takes_any_text() {
    let database = postgres().database("empty");
    let mut client = database.connect();
    let tables: i64 = client
        .query_one("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace", &[])
        .unwrap()
        .get(0);
    assert_eq!(tables, 0);
    let text: String = client.query_one("SELECT 'ä🦀'", &[]).unwrap().get(0);
    assert_eq!(text, "ä🦀");
}

#[test]
fn any_label_makes_a_name_that_is_unique() {
    let long = "1 Ä;'\"".repeat(30);
    let (one, two) = (postgres().database(&long), postgres().database(&long));
    assert_ne!(one.name(), two.name());
    one.connect();
    two.connect();
}

#[test]
fn a_database_is_dropped_in_spite_of_open_sessions() {
    let database = postgres().database("dropped");
    let name = database.name().to_owned();
    let _open = database.connect();
    drop(database);
    let other = postgres().database("observer");
    let found = other.connect().query("SELECT 1 FROM pg_database WHERE datname = $1", &[&name]).unwrap();
    assert!(found.is_empty());
}

#[tokio::test]
async fn asynchronous_tests_have_databases_too() {
    let database = postgres().database("asynchronous");
    let client = database.connect_tokio().await;
    let row = client.query_one("SELECT current_database()", &[]).await.unwrap();
    assert_eq!(row.get::<_, &str>(0), database.name());
}

#[test]
fn an_own_cluster_keeps_its_data_over_each_stop() {
    let mut cluster = Cluster::start_own();
    let folder = cluster.socket_folder().to_owned();
    let port = cluster.port();
    let database = cluster.database("kept");
    database.connect().batch_execute("CREATE TABLE kept (a int)").unwrap();
    for mode in [Stop::Fast, Stop::Immediate] {
        cluster.stop(mode);
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
        cluster.start();
        database.connect().batch_execute("INSERT INTO kept VALUES (1)").unwrap();
    }
    drop((database, cluster));
    assert!(!folder.exists());
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn a_stopped_own_cluster_is_removed_too() {
    let mut cluster = Cluster::start_own();
    let folder = cluster.socket_folder().to_owned();
    cluster.stop(Stop::Immediate);
    drop(cluster);
    assert!(!folder.exists());
}
