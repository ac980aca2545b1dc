//! The command that lends a cluster to another, and that nothing of a cluster
//! remains, however its owner ends.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use migrate_tests::{CLUSTER_ENV, poll};
use tempfile::TempDir;

const BOUND: Duration = Duration::from_secs(60);

/// The command, with a folder for temporary files of its own.
fn with_postgres(script: &str) -> (Command, TempDir) {
    let folder = TempDir::new().unwrap();
    // The account of the server has to reach it.
    fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_with-postgres"));
    command.args(["sh", "-c", script]).env("TMPDIR", folder.path()).stdin(Stdio::null()).process_group(0);
    (command, folder)
}

fn children(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// Sends a signal to all of the group of `process`, as a terminal does.
fn signal_group(name: &str, process: &Child) {
    let status = Command::new("sh")
        .args(["-c", "kill -s \"$1\" -- \"-$2\"", "sh", name])
        .arg(process.id().to_string())
        .status()
        .unwrap();
    assert!(status.success());
}

fn wait_until_empty(folder: &Path) {
    poll("the removal of the cluster", BOUND, || children(folder).is_empty().then_some(()));
}

#[test]
fn the_command_gets_a_cluster_and_its_exit_code_is_kept() {
    let script = format!("echo out; echo err >&2; test -n \"${CLUSTER_ENV}\" && exit 3");
    let (mut command, folder) = with_postgres(&script);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(output.stdout, b"out\n");
    assert_eq!(output.stderr, b"err\n");
    assert!(children(folder.path()).is_empty());
}

#[test]
fn the_signal_that_ended_the_command_is_told() {
    let (mut command, folder) = with_postgres("kill -s KILL $$");
    assert_eq!(command.output().unwrap().status.code(), Some(128 + 9));
    assert!(children(folder.path()).is_empty());
}

#[test]
fn nothing_remains_after_a_signal() {
    for name in ["INT", "TERM", "HUP", "KILL"] {
        let (mut command, folder) = with_postgres("echo started; exec sleep 60");
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "started\n");
        assert_eq!(children(folder.path()).len(), 1);
        signal_group(name, &process);
        assert!(!process.wait().unwrap().success());
        wait_until_empty(folder.path());
    }
}

/// The moments are told apart by the file that has just come into being.
#[test]
fn nothing_remains_after_a_kill_during_the_start() {
    for file in ["", "data/PG_VERSION", "data/global/pg_control", "log"] {
        let (mut command, folder) = with_postgres("true");
        let mut process = command.spawn().unwrap();
        poll("a file of the cluster", BOUND, || {
            children(folder.path()).first().and_then(|cluster| cluster.join(file).exists().then_some(()))
        });
        signal_group("KILL", &process);
        process.wait().unwrap();
        wait_until_empty(folder.path());
    }
}
