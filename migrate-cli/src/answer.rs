//! What a subcommand answers: lines and notes, or why it did not do it.

use std::fmt::Display;
use std::io;

use migrate_core::Problem;

use crate::report::Finding;

/// What a subcommand has done.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// The result, for the standard output.
    pub(crate) lines: Vec<String>,
    /// What a person should know beside it, for the standard error.
    pub(crate) notes: Vec<String>,
    /// Whether the result is that something is wrong.
    pub(crate) is_bad: bool,
}

impl Answer {
    pub(crate) fn of_lines(lines: impl IntoIterator<Item = String>) -> Answer {
        Answer { lines: lines.into_iter().collect(), ..Answer::default() }
    }

    pub(crate) fn code(&self) -> u8 {
        u8::from(self.is_bad)
    }
}

/// Why a subcommand has not done what it was asked for.
#[derive(Debug)]
pub(crate) enum Failure {
    /// There are problems, all of them told at once.
    Refused(Vec<Problem>),
    /// The file system did not take it.
    Io(Problem),
}

impl Failure {
    /// What cannot be done to a file, and why.
    pub(crate) fn io(action: impl Display, error: &io::Error) -> Failure {
        let help = match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                "check the permissions of the file and its folder"
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room, then call `migrate` again",
            io::ErrorKind::InvalidFilename => "choose a shorter name",
            _ => "see to it, then call `migrate` again",
        };
        Failure::Io(Problem::new(format!("cannot {action}: {error}"), help))
    }

    pub(crate) fn code(&self) -> u8 {
        match self {
            Failure::Refused(_) => 1,
            Failure::Io(_) => 3,
        }
    }

    pub(crate) fn into_findings(self) -> Vec<Finding> {
        let problems = match self {
            Failure::Refused(problems) => problems,
            Failure::Io(problem) => vec![problem],
        };
        problems.into_iter().map(Finding::error).collect()
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Failure {
        Failure::Refused(vec![problem])
    }
}

/// Nothing, unless there are problems: then all of them, sorted.
pub(crate) fn refuse_if_any(mut problems: Vec<Problem>) -> Result<(), Failure> {
    problems.sort();
    problems.dedup();
    if problems.is_empty() { Ok(()) } else { Err(Failure::Refused(problems)) }
}
