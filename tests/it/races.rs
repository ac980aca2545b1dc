//! Many runners at once, each a process of its own: all succeed, and everything is applied once.

use std::process::{Child, Command, Stdio};

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

/// Starts a process for each count of migrations, all at once.
fn race(fresh: &Fresh, counts: &[usize]) {
    let url =
        if fresh.driver().is_sqlite() { format!("sqlite:{}", fresh.file().display()) } else { fresh.database().url() };
    let runners: Vec<Child> = counts.iter().map(|count| start(&url, *count)).collect();
    let ended: Vec<Result<usize, String>> = runners.into_iter().map(wait).collect();
    let applied: Result<Vec<usize>, &String> = ended.iter().map(|end| end.as_ref().copied()).collect();
    let most = counts.iter().copied().max().unwrap();
    println!("applied by each: {applied:?}");
    assert_eq!(applied.map(|applied| applied.iter().sum()), Ok(most), "{ended:?}");

    let mut connection = fresh.connect();
    let numbers: Vec<String> = (1..=most).map(|number| number.to_string()).collect();
    assert_eq!(connection.rows("SELECT number FROM done ORDER BY number"), numbers);
    connection.verify(&Migrator::new(&numbered(most))).unwrap();
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
