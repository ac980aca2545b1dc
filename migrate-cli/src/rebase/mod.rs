//! `migrate rebase`: one's own migrations go behind those of others.
//!
//! `sides` tells whose is what, `plan` what becomes of it, `settle` joins what both sides say of one migration; none of them touches
//! the file system. `rename` does, and takes back what it did when it fails.

mod plan;
mod rename;
mod settle;
mod sides;

use std::fs;

use migrate_core::folder::{self, Entry, Folder};
use migrate_core::lock::{LockFile, command};
use migrate_core::{Place, Problem};

use crate::answer::{Answer, Failure, refuse_if_any};
use crate::args;
use crate::directory::Directory;
use crate::git::{State, Work};
use crate::new::now;
use crate::write;
use plan::Plan;
use sides::Sides;

pub(crate) fn run(args: &args::Rebase) -> Result<Answer, Failure> {
    let directory = Directory::find(&args.folder)?;
    let guard = directory.guard()?;
    let Some(text) = directory.lock_text()? else { return Err(directory.no_lock_file().into()) };
    let (first, second) = LockFile::parse_merged(&text).map_err(|problems| directory.in_lock_file(problems))?;
    let options = directory.asked.beside(Some(&first)).beside(second.as_ref());
    let (entries, mut problems) = folder::entries(&directory.source(), &directory.shown, &options.ignore);
    problems.extend(entries.iter().filter_map(|entry| merge_conflict(&directory, entry)));
    refuse_if_any(problems)?;
    let sides = Sides::of(&text, first, second, args.ours, &State::around(&directory.root))
        .map_err(|problem| Failure::from(problem.in_file(directory.lock_shown())))?;
    let Plan { lock, moves, notes } =
        plan::plan(&sides, &entries, now(), &directory.shown, args.unlisted).map_err(Failure::Refused)?;

    let mut answer = Answer { notes, ..Answer::default() };
    if moves.is_empty() && migrate_core::normalise(&text) == lock.to_string() {
        answer.lines.push("nothing to rebase".to_owned());
        return Ok(answer);
    }
    let renamed = rename::all(&directory, &moves)?;
    if let Err(failure) = write::lock_file(&directory, &lock, &guard) {
        renamed.undo();
        return Err(failure);
    }
    answer.lines = moves
        .iter()
        .map(|(old, new)| format!("{} -> {}", directory.shown(old), directory.shown(new)))
        .chain([format!("wrote {}", directory.lock_shown())])
        .collect();
    answer.notes.extend(what_to_do_next(&directory));
    Ok(answer)
}

/// A script that has a merge conflict of its own, which nobody but its author can resolve.
fn merge_conflict(directory: &Directory, entry: &Entry) -> Option<Problem> {
    // What cannot be read is a problem of the build, and can be renamed all the same.
    let bytes = fs::read(directory.root.join(&entry.path)).ok()?;
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let begin = lines.position(|line| line.starts_with(b"<<<<<<< "))?;
    lines.any(|line| line.starts_with(b">>>>>>> ")).then(|| {
        let help = "resolve it in the file, then call `migrate rebase` again";
        Problem::new("the script has a merge conflict", help)
            .in_file(&entry.shown)
            .at(Place { line: begin + 1, column: 1 })
    })
}

fn what_to_do_next(directory: &Directory) -> Vec<String> {
    let folder = match directory.name() {
        name if name.contains(' ') => format!("\"{name}\""),
        name => name.to_owned(),
    };
    let mut notes = vec![format!("stage the renamed files and the lock file: git add --all {folder}")];
    if State::around(&directory.root).work != Work::Nothing {
        notes.push("should git give up what it is at (`--abort`), it does not take the new names back".to_owned());
    }
    if let Err(problems) = Folder::read(&directory.root, &directory.shown, &directory.asked) {
        let check = command("check", &directory.shown);
        notes.push(match problems.len() {
            1 => format!("the folder has a problem left, see `{check}`"),
            several => format!("the folder has {several} problems left, see `{check}`"),
        });
    }
    notes
}
