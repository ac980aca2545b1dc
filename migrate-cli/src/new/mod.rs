//! `migrate new`: the files of a new migration, and its line in the lock file.

pub(crate) mod layout;
mod name;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use migrate_core::folder::{self, Entry};
use migrate_core::lock::{Draft, LockFile};
use migrate_core::{Direction, Version};

use crate::answer::{Answer, Failure, refuse_if_any};
use crate::args;
use crate::directory::{Directory, Guard};
use crate::numbering::Numbering;
use crate::write;
use layout::{Layout, NewFile, Wanted};

pub(crate) fn run(args: &args::New) -> Result<Answer, Failure> {
    let name = name::of_words(&args.name)?;
    let directory = Directory::find_or_make(&args.folder)?;
    let guard = directory.guard()?;
    let present = directory.lock()?;
    let options = directory.asked.beside(present.as_ref());
    let (entries, problems) = folder::entries(&directory.source(), &directory.shown, &options.ignore);
    refuse_if_any(problems)?;
    let layout = Layout::of_newest(&entries);
    let numbering = Numbering { spelling: layout.spelling.clone(), timestamp: args.timestamp, now: now() };
    let spelled = numbering.after(highest(&entries, present.as_ref()))?;
    let wanted = Wanted { name: &name, reversible: args.reversible, dialects: &args.dialects };
    let files = layout.files(&spelled, &wanted)?;

    let is_new = present.is_none();
    let mut answer = Answer::default();
    let mut lock = match present {
        Some(lock) => lock,
        None => lock_what_is_there(&directory, &mut answer)?,
    };
    directory.write_settings(&mut lock);
    lock.drafts.push(Draft { version: spelled.version.clone(), name: name.clone() });
    lock.drafts.sort_by(|a, b| a.version.cmp(&b.version));
    make(&directory, &files, &lock, &guard)?;
    if is_new {
        let known: Vec<PathBuf> = entries.iter().map(|entry| directory.root.join(&entry.path)).collect();
        write::wake_cargo(&directory, &known);
    }
    answer.lines = files.iter().map(|file| directory.shown(&file.path)).collect();
    Ok(answer)
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The highest version that anything has.
fn highest<'a>(entries: &'a [Entry], lock: Option<&'a LockFile>) -> Option<&'a Version> {
    let of_lock = lock.into_iter().flat_map(|lock| {
        lock.locked.iter().map(|locked| &locked.version).chain(lock.drafts.iter().map(|draft| &draft.version))
    });
    entries.iter().map(|entry| &entry.version).chain(of_lock).max()
}

/// A lock file for a folder that had none.
fn lock_what_is_there(directory: &Directory, answer: &mut Answer) -> Result<LockFile, Failure> {
    let (scripts, problems) = folder::scripts(&directory.source(), &directory.shown, &directory.asked);
    refuse_if_any(problems)?;
    let mut lock = LockFile::default();
    directory.write_settings(&mut lock);
    lock.lock(&scripts);
    let count = scripts.iter().filter(|script| script.direction() == Direction::Up).count();
    let path = directory.lock_shown();
    answer.notes.push(match count {
        0 => format!("made `{path}`: commit it with the migrations"),
        1 => format!("made `{path}`, and locked the script that was there: commit it with the migrations"),
        _ => format!("made `{path}`, and locked the {count} scripts that were there: commit it with the migrations"),
    });
    Ok(lock)
}

/// Makes the files, then replaces the lock file; leaves nothing behind when one of them cannot be made.
fn make(directory: &Directory, files: &[NewFile], lock: &LockFile, guard: &Guard) -> Result<(), Failure> {
    let mut made = Made::default();
    let result = files
        .iter()
        .try_for_each(|file| {
            let path = directory.root.join(&file.path);
            made.file(&directory.root, &path, &file.text)
                .map_err(|error| Failure::io(format!("make `{}`", directory.shown(&file.path)), &error))
        })
        .and_then(|()| write::lock_file(directory, lock, guard));
    if result.is_err() {
        made.undo();
    }
    result
}

/// What was made so far.
#[derive(Default)]
struct Made {
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

impl Made {
    fn file(&mut self, root: &Path, path: &Path, text: &str) -> std::io::Result<()> {
        if let Some(folder) =
            path.parent().filter(|folder| *folder != root && !self.folders.iter().any(|made| made == folder))
        {
            fs::create_dir(folder)?;
            self.folders.push(folder.to_owned());
        }
        write::new_file(path, text)?;
        self.files.push(path.to_owned());
        Ok(())
    }

    fn undo(&self) {
        // The failure that brought us here is the one to tell.
        self.files.iter().for_each(|path| drop(fs::remove_file(path)));
        self.folders.iter().for_each(|path| drop(fs::remove_dir(path)));
    }
}
