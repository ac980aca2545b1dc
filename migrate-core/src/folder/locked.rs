//! The lock file of a folder: where it is, whether it fits the options, and what it says of the scripts.

use std::collections::BTreeSet;
use std::io;

use super::FolderOptions;
use super::entries::unreadable;
use super::source::{Kind, Source};
use crate::lock::{LockFile, LockUse, command};
use crate::{Problem, Script};

/// Reads the lock file, unless it is not to be looked at.
pub(super) fn read(source: &dyn Source, shown: &str, lock: LockUse) -> (Option<LockFile>, Vec<Problem>) {
    if lock == LockUse::Off {
        return (None, Vec::new());
    }
    let path = LockFile::path_in(shown);
    let bytes = match source.kind(LockFile::FILE_NAME) {
        Ok(Kind::File) => source.read(LockFile::FILE_NAME),
        Ok(_) => {
            let help = "restore the file from version control; it must be a file of its own";
            return (None, vec![Problem::new("the lock file is no file", help).in_file(path)]);
        }
        Err(error) => Err(error),
    };
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let missing = Problem::new(
                format!("there is no lock file `{path}`, and `lock = \"required\"` asks for one"),
                format!("make it with `{}`, and commit it with the migrations", command("lock", shown)),
            );
            return (None, if lock == LockUse::Required { vec![missing] } else { Vec::new() });
        }
        Err(error) => return (None, vec![unreadable(&path, &error)]),
    };
    match LockFile::parse(&String::from_utf8_lossy(&bytes)) {
        Ok(lock) => (Some(lock), Vec::new()),
        Err(problems) => (None, problems.into_iter().map(|problem| problem.in_file(&path)).collect()),
    }
}

/// Compares the scripts with the lock file: the paths of those that are not locked. What must not be goes to `problems`, unless the
/// file of a script has a problem already, which would only be told a second time.
pub(super) fn compare(
    lock: &LockFile,
    scripts: &[Script],
    shown: &str,
    problems: &mut Vec<Problem>,
) -> BTreeSet<String> {
    let is_whole = problems.is_empty();
    let comparison = lock.compare(scripts, shown);
    let is_news = |problem: &Problem| is_whole || problem.path() != Some(&*LockFile::path_in(shown));
    problems.extend(comparison.problems.into_iter().filter(is_news));
    comparison.drafts.into_iter().map(|script| script.path().to_owned()).collect()
}

/// A lock file that was made for another database than the one asked for.
pub(super) fn other_dialect(asked: &FolderOptions, lock: &LockFile, shown: &str) -> Option<Problem> {
    let (asked, locked) = asked.dialect.zip(lock.dialect).filter(|(asked, locked)| asked != locked)?;
    let message = format!("the lock file is for the dialect `{locked}`, and `{asked}` is asked for");
    let change = command(&format!("lock --dialect {asked}"), shown);
    let help = format!("ask for `{locked}`, or change the lock file with `{change}`");
    Some(Problem::new(message, help).in_file(LockFile::path_in(shown)))
}

/// What is wrong with a release build that has drafts in it.
pub(super) fn drafts_problem(drafts: &BTreeSet<String>, shown: &str) -> Option<Problem> {
    let message = match drafts.len() {
        0 => return None,
        1 => "a file is not locked, and a release build takes no drafts".to_owned(),
        several => format!("{several} files are not locked, and a release build takes no drafts"),
    };
    let help = format!("review them, then lock them with `{}`", command("lock", shown));
    let note = |problem: Problem, draft: &String| problem.with_note(format!("not locked: {draft}"));
    Some(drafts.iter().fold(Problem::new(message, help), note))
}
