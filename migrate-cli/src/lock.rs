//! `migrate lock`: what has been reviewed goes into the lock file.

use std::path::PathBuf;

use migrate_core::folder;
use migrate_core::lock::{LockFile, Locked, command};
use migrate_core::{Direction, Problem, Script, Version};

use crate::answer::{Answer, Failure, refuse_if_any};
use crate::args;
use crate::directory::Directory;
use crate::write;

pub(crate) fn run(args: &args::Lock) -> Result<Answer, Failure> {
    let directory = Directory::find(&args.folder)?;
    match (&args.rebless, &args.reason) {
        (Some(version), Some(reason)) => rebless(&directory, version, reason),
        _ if args.check => check(&directory),
        _ => lock(&directory),
    }
}

fn lock(directory: &Directory) -> Result<Answer, Failure> {
    let guard = directory.guard()?;
    let Locking { text, lock, scripts, new, forgotten } = Locking::of(directory)?;
    let mut answer = Answer::of_lines(new.iter().map(|path| format!("locked {path}")));
    answer.notes.extend(forgotten.iter().map(|label| format!("forgot the draft `{label}`, which has no file")));
    if text.as_deref().is_some_and(|text| is_what_would_be_written(text, &lock)) {
        answer.lines.push(match lock.locked.len() {
            0 => "nothing to lock".to_owned(),
            _ => "nothing to lock: every migration is locked".to_owned(),
        });
        return Ok(answer);
    }
    write::lock_file(directory, &lock, &guard)?;
    if text.is_none() {
        let path = directory.lock_shown();
        answer.notes.push(format!("made `{path}`: commit it with the migrations"));
        let in_folder = |path: &str| path.strip_prefix(&directory.shown("")).map(str::to_owned);
        let known = scripts.iter().filter_map(|script| in_folder(script.path()));
        let known: Vec<PathBuf> = known.map(|path| directory.root.join(path)).collect();
        write::wake_cargo(directory, &known);
    } else if new.is_empty() && forgotten.is_empty() {
        answer.lines.push(format!("wrote `{}`", directory.lock_shown()));
    }
    Ok(answer)
}

/// What `migrate lock` would do.
struct Locking {
    /// The lock file as it is.
    text: Option<String>,
    /// The lock file as it would be.
    lock: LockFile,
    scripts: Vec<Script>,
    /// The paths of the scripts that would be locked.
    new: Vec<String>,
    /// The drafts that have no file.
    forgotten: Vec<String>,
}

impl Locking {
    fn of(directory: &Directory) -> Result<Locking, Failure> {
        let (text, present) = (directory.lock_text()?, directory.lock()?);
        let options = directory.asked.beside(present.as_ref());
        let (scripts, mut problems) = folder::scripts(&directory.source(), &directory.shown, &options);
        let is_readable = problems.is_empty();
        let mut lock = present.unwrap_or_default();
        let mut forgotten = Vec::new();
        if is_readable {
            let has_file = |version: &Version| scripts.binary_search_by(|script| script.version().cmp(version)).is_ok();
            lock.drafts.retain(|draft| {
                let has_file = has_file(&draft.version);
                if !has_file {
                    forgotten.push(draft.label().to_string());
                }
                has_file
            });
        }
        let comparison = lock.compare(&scripts, &directory.shown);
        // A locked script that could not be read is not gone.
        problems.extend(
            comparison
                .problems
                .into_iter()
                .filter(|problem| is_readable || problem.path() != Some(&*directory.lock_shown())),
        );
        refuse_if_any(problems)?;
        let mut new: Vec<String> = comparison.drafts.into_iter().map(|script| script.path().to_owned()).collect();
        // A script up and a script down may share a file.
        new.dedup();
        directory.write_settings(&mut lock);
        lock.lock(&scripts);
        Ok(Locking { text, lock, scripts, new, forgotten })
    }
}

/// Line endings and a byte order mark do not count, as for those who read it.
fn is_what_would_be_written(text: &str, lock: &LockFile) -> bool {
    migrate_core::normalise(text) == lock.to_string()
}

/// What keeps the lock file from being what [`lock`] would write.
fn check(directory: &Directory) -> Result<Answer, Failure> {
    let Locking { text, lock, new, forgotten, .. } = Locking::of(directory)?;
    let path = directory.lock_shown();
    let locks = command("lock", &directory.shown);
    let Some(text) = text else { return Err(directory.no_lock_file().into()) };
    let draft = |file: String| {
        let help = format!("review it, then lock it with `{locks}`");
        Problem::new("the file is not locked", help).in_file(file)
    };
    let mut problems: Vec<Problem> = new.into_iter().map(draft).collect();
    problems.extend(forgotten.into_iter().map(|label| {
        let help = format!("restore the file, perhaps it was not committed; `{locks}` forgets the draft");
        Problem::new(format!("the draft `{label}` has no file"), help).in_file(&path)
    }));
    if problems.is_empty() && !is_what_would_be_written(&text, &lock) {
        let message = "the lock file is not what `migrate lock` would write";
        problems.push(Problem::new(message, format!("write it again with `{locks}`")).in_file(&path));
    }
    refuse_if_any(problems)?;
    Ok(Answer::of_lines(["every migration is locked".to_owned()]))
}

fn rebless(directory: &Directory, version: &Version, reason: &str) -> Result<Answer, Failure> {
    let guard = directory.guard()?;
    let Some(mut lock) = directory.lock()? else { return Err(directory.no_lock_file().into()) };
    let options = directory.asked.beside(Some(&lock));
    let (scripts, problems) = folder::scripts(&directory.source(), &directory.shown, &options);
    refuse_if_any(problems)?;
    let label = |lock: &LockFile| lock.locked.iter().find(|locked| &locked.version == version).map(Locked::label);
    let before = label(&lock);
    let accepted = lock.rebless(version, &scripts, reason);
    let Some(after) = label(&lock).filter(|_| !accepted.is_empty()) else {
        return Err(nothing_to_rebless(directory, version, &lock).into());
    };
    write::lock_file(directory, &lock, &guard)?;
    let mut answer = Answer::default();
    for reblessed in &accepted {
        let direction = match reblessed.direction {
            Direction::Up => "up",
            Direction::Down => "down",
        };
        answer.lines.push(format!("reblessed {after} {direction}"));
        if let Some(before) = before.as_ref().filter(|before| **before != after) {
            answer.lines.push(format!("  renamed from {before}"));
        }
        if reblessed.from != reblessed.to {
            answer.lines.push(format!("  from {}", reblessed.from));
            answer.lines.push(format!("  to   {}", reblessed.to));
        }
    }
    if accepted.iter().any(|reblessed| reblessed.from != reblessed.to) {
        let note = "a database that has applied the script as it was refuses a binary with the script as it is";
        answer.notes.push(note.into());
    }
    Ok(answer)
}

fn nothing_to_rebless(directory: &Directory, version: &Version, lock: &LockFile) -> Problem {
    let path = directory.lock_shown();
    match lock.locked.iter().find(|locked| &locked.version == version) {
        Some(locked) => {
            let help = "only an edited script needs it: check the version";
            Problem::new(format!("no script of `{}` differs from its lock", locked.label()), help).in_file(path)
        }
        None => {
            let help = "a file that is not locked may be edited as you like; check the version";
            Problem::new(format!("no migration of version {version} is locked"), help).in_file(path)
        }
    }
}
