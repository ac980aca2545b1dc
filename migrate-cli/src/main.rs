//! The command `migrate`: the daily work with a folder of migrations, without a database.
//!
//! | module | what it does |
//! |---|---|
//! | `args` | the arguments, and every word of the help |
//! | `directory` | the folder that is worked on, its lock file, and the guard against a second `migrate` in it |
//! | `write` | files that are made whole or not at all |
//! | `numbering`, `calendar` | the version of a new migration |
//! | `new`, `lock`, `rebase`, `check` | the subcommands |
//! | `report` | problems for people, for programs, and for GitHub |
//!
//! A subcommand answers with an [`Answer`], or with a [`Failure`]: nobody but `main` prints or exits.
//!
//! # Exit codes
//! - 0: done, or nothing to do
//! - 1: problems were found, or the call was refused because of them; nothing was written
//! - 2: the arguments are wrong
//! - 3: a file could not be written or renamed
//!
//! Invariants: SQL files are made, and renamed, and never overwritten; a lock file is replaced as a whole, so that whoever reads it
//! meanwhile sees the old one or the new one.

mod answer;
mod args;
mod calendar;
mod check;
mod directory;
mod git;
mod lock;
mod new;
mod numbering;
mod rebase;
mod report;
mod write;

use std::io::Write as _;
use std::process::ExitCode;

use clap::CommandFactory as _;

use answer::{Answer, Failure};
use args::{Args, Command};

fn main() -> ExitCode {
    let args = Args::of_call();
    let (answer, code) = match run(&args.command) {
        Ok(answer) => {
            let code = answer.code();
            (answer, code)
        }
        Err(failure) => {
            let code = failure.code();
            (Answer { notes: vec![report::text(&failure.into_findings())], ..Answer::default() }, code)
        }
    };
    // Whoever has closed the other end does not want the rest.
    let _ = print(&answer);
    ExitCode::from(code)
}

fn run(command: &Command) -> Result<Answer, Failure> {
    match command {
        Command::New(args) => new::run(args),
        Command::Lock(args) => lock::run(args),
        Command::Rebase(args) => rebase::run(args),
        Command::Check(args) => check::run(args),
        Command::Completions(args) => {
            let mut script = Vec::new();
            clap_complete::generate(args.shell, &mut Args::command(), "migrate", &mut script);
            Ok(Answer::of_lines([String::from_utf8_lossy(&script).trim_end().to_owned()]))
        }
    }
}

/// Notes first: what is printed to a terminal ends with the result.
fn print(answer: &Answer) -> std::io::Result<()> {
    let mut stderr = anstream::stderr().lock();
    for note in &answer.notes {
        writeln!(stderr, "{note}")?;
    }
    let mut stdout = anstream::stdout().lock();
    for line in &answer.lines {
        writeln!(stdout, "{line}")?;
    }
    stdout.flush()
}
