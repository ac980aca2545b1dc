//! Many runners at once, each a process of its own: all succeed, and everything is applied once.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use migrate_runtime::Migrator;
use migrate_tests::{Driver, Fresh, numbered};

#[test]
fn eight_processes_on_an_empty_postgres_database() {
    race(&Fresh::new(Driver::Postgres), &[100; 8]);
}

#[test]
fn eight_processes_on_an_empty_sqlite_file() {
    race(&Fresh::new(Driver::Rusqlite), &[100; 8]);
}

#[test]
fn eight_processes_on_a_sqlite_file_with_a_write_ahead_log() {
    let fresh = Fresh::new(Driver::Rusqlite);
    fresh.connect().execute("PRAGMA journal_mode = WAL; CREATE TABLE other (id integer)");
    race(&fresh, &[100; 8]);
}

#[test]
fn killed_processes_lose_and_double_nothing() {
    for driver in [Driver::Rusqlite, Driver::Postgres] {
        let fresh = Fresh::new(driver);
        let mut killed = 0;
        for delay in (0..40).map(|round| Duration::from_millis(round * 7 % 60)) {
            let mut runner = start(&url(&fresh), 60);
            // What is waited for is time itself: the kill shall hit anywhere.
            std::thread::sleep(delay);
            killed += usize::from(runner.try_wait().unwrap().is_none());
            runner.kill().unwrap();
            runner.wait().unwrap();
        }
        println!("killed on {driver:?}: {killed} of 40");
        race(&fresh, &[60; 2]);
    }
}

#[test]
fn binaries_of_different_age_at_once() {
    for driver in [Driver::Rusqlite, Driver::Postgres] {
        let fresh = Fresh::new(driver);
        let ended: Vec<_> = [20, 10, 20, 10].map(|count| start(&url(&fresh), count)).into_iter().map(wait).collect();
        // An older binary that comes too late is refused; nothing else may happen to it.
        for end in &ended {
            assert!(end.as_ref().err().is_none_or(|error| error.contains("is ahead")), "{ended:?}");
        }
        assert!(ended[0].is_ok() && ended[2].is_ok(), "{ended:?}");
        race(&fresh, &[20]);
    }
}

/// Starts a process for each count of migrations, all at once.
fn race(fresh: &Fresh, counts: &[usize]) {
    let url =
        if fresh.driver().is_sqlite() { format!("sqlite:{}", fresh.file().display()) } else { fresh.database().url() };
    let runners: Vec<Child> = counts.iter().map(|count| start(&url, *count)).collect();
    let ended: Vec<Result<usize, String>> = runners.into_iter().map(wait).collect();
    let applied: Result<Vec<usize>, &String> = ended.iter().map(|end| end.as_ref().copied()).collect();
    let most = counts.iter().copied().max().unwrap();
    println!("applied by each: {applied:?}");
    assert!(applied.is_ok(), "{ended:?}");

    let mut connection = fresh.connect();
    let numbers: Vec<String> = (1..=most).map(|number| number.to_string()).collect();
    assert_eq!(connection.rows("SELECT number FROM done ORDER BY number"), numbers);
    connection.verify(&Migrator::new(&numbered(most))).unwrap();
}

fn url(fresh: &Fresh) -> String {
    match fresh.driver().is_sqlite() {
        true => format!("sqlite:{}", fresh.file().display()),
        false => fresh.database().url(),
    }
}

fn start(url: &str, count: usize) -> Child {
    Command::new(env!("CARGO_BIN_EXE_migrate-numbered"))
        .args([url, &count.to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// How many migrations the process applied, or what it complained about.
fn wait(runner: Child) -> Result<usize, String> {
    let output = runner.wait_with_output().unwrap();
    match output.status.success() {
        true => Ok(String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}
