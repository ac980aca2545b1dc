//! Runs a command with a throw-away Postgres cluster:
//! `with-postgres COMMAND ARGUMENTS…`.
//!
//! The cluster is removed when the command has ended, in whatever way. The exit
//! code is that of the command.

use std::env;
use std::os::unix::process::ExitStatusExt;
use std::process::{self, Command};

use migrate_tests::{CLUSTER_ENV, Cluster};

/// What a shell answers for a command that it cannot run, and for wrong usage.
const CANNOT_RUN: i32 = 127;
const WRONG_USAGE: i32 = 2;
/// A shell adds the number of the signal that ended a command to this.
const ENDED_BY_SIGNAL: i32 = 128;

fn main() {
    process::exit(run());
}

fn run() -> i32 {
    let mut arguments = env::args_os().skip(1);
    let Some(program) = arguments.next() else {
        eprintln!("usage: with-postgres COMMAND ARGUMENTS…");
        return WRONG_USAGE;
    };
    let cluster = Cluster::start_own();
    let status = Command::new(&program).args(arguments).env(CLUSTER_ENV, cluster.to_env()).status();
    match status {
        Ok(status) => status.code().unwrap_or_else(|| ENDED_BY_SIGNAL + status.signal().unwrap_or_default()),
        Err(error) => {
            eprintln!("{} cannot be run: {error}", program.display());
            CANNOT_RUN
        }
    }
}
