//! What becomes of two sides: a lock file, and files to be renamed. A pure function.
//!
//! Invariants: what others have keeps version and line. One's own migrations keep their order and come after it. Nothing is locked
//! behind a draft. A second call has nothing left to do.

use std::collections::{BTreeMap, BTreeSet};

use migrate_core::folder::Entry;
use migrate_core::lock::{Draft, LockFile, Locked};
use migrate_core::{FileName, Problem, Version};

use super::settle::{self, ByVersion};
use super::sides::Sides;
use crate::new::layout::Split;
use crate::numbering::{Numbering, Spelled};

/// What to write, to rename, and to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) lock: LockFile,
    /// Files and folders, from their old names to the new ones, the new versions in order.
    pub(super) moves: Vec<(String, String)>,
    pub(super) notes: Vec<String>,
}

/// What a migration is known by.
type Key = (Version, String);

/// A migration and its files.
type Migrations<'a> = BTreeMap<Key, Vec<&'a Entry>>;

/// The plan for two sides beside the files of a folder, at a time in seconds since 1970.
pub(super) fn plan(
    sides: &Sides,
    entries: &[Entry],
    now: u64,
    shown: &str,
    with_unlisted: bool,
) -> Result<Plan, Vec<Problem>> {
    let mut migrations = Migrations::new();
    for entry in entries {
        migrations.entry((entry.version.clone(), entry.name.clone())).or_default().push(entry);
    }
    let dated = migrations.values().rev().flatten().find_map(|entry| dated_spelling(entry));
    let (problems, notes) = (Vec::new(), Vec::new());
    let mut planner = Planner { sides, migrations: &migrations, dated, now, shown, with_unlisted, problems, notes };
    let plan = planner.plan();
    if planner.problems.is_empty() { Ok(plan) } else { Err(planner.problems) }
}

struct Planner<'a> {
    sides: &'a Sides,
    migrations: &'a Migrations<'a>,
    /// How the newest timestamp in the folder is spelled.
    dated: Option<String>,
    now: u64,
    shown: &'a str,
    /// Whether files without a line in the lock file may be renamed.
    with_unlisted: bool,
    problems: Vec<Problem>,
    notes: Vec<String>,
}

impl Planner<'_> {
    fn plan(&mut self) -> Plan {
        let Sides { theirs, own } = self.sides;
        let settings = settle::settings(theirs, own);
        let mut lock = self.value(settings).unwrap_or_default();
        let mut locked = ByVersion::new();
        let mut keys: BTreeSet<Key> = BTreeSet::new();
        for line in &theirs.locked {
            keys.insert(key_of(line));
            self.add(&mut locked, line);
            self.must_have_a_file(line);
        }
        let own_locked = self.own_locked(&keys);
        // What both have locked, with what one has added to it.
        for (_, lines) in own_locked.iter().filter(|(key, _)| keys.contains(*key)) {
            lines.iter().for_each(|line| self.add(&mut locked, line));
        }

        // Drafts of others, in order; a draft that one has locked meanwhile stays locked while nothing before it is a draft.
        let mut has_draft = false;
        let mut drafts = theirs.drafts.clone();
        drafts.sort_by(|a, b| a.version.cmp(&b.version));
        for draft in drafts {
            let key = key_of_draft(&draft);
            if !self.migrations.contains_key(&key) {
                self.forget(&draft);
                continue;
            }
            match own_locked.get(&key) {
                Some(lines) if !has_draft => lines.iter().for_each(|line| self.add(&mut locked, line)),
                lines => {
                    has_draft = true;
                    self.tell_draft_again(lines);
                    lock.drafts.push(draft);
                }
            }
            keys.insert(key);
        }

        let mut last = keys.iter().map(|(version, _)| version.clone()).max();
        let mut moves = Vec::new();
        let noted: BTreeSet<Key> = own.locked.iter().map(key_of).chain(own.drafts.iter().map(key_of_draft)).collect();
        for key in self.own_keys(&keys, &noted) {
            let is_in_place = last.as_ref().is_none_or(|last| key.0 > *last);
            if !is_in_place && !noted.contains(&key) && !self.with_unlisted {
                self.refuse_unlisted(&key);
                continue;
            }
            let version = match is_in_place {
                true => key.0.clone(),
                false => match self.renumber(&key, last.as_ref(), &mut moves) {
                    Some(version) => version,
                    None => break,
                },
            };
            last = Some(version.clone());
            let lines = own_locked.get(&key);
            match lines {
                Some(lines) if is_in_place && !has_draft => lines.iter().for_each(|line| self.add(&mut locked, line)),
                _ => {
                    has_draft = true;
                    self.tell_draft_again(lines);
                    if !is_in_place || noted.contains(&key) {
                        lock.drafts.push(Draft { version, name: key.1.clone() });
                    }
                }
            }
        }
        for draft in &own.drafts {
            let key = key_of_draft(draft);
            if !self.migrations.contains_key(&key) && !keys.contains(&key) {
                self.forget(draft);
            }
        }
        lock.locked = locked.into_values().collect();
        lock.drafts.dedup_by(|a, b| a.version == b.version);
        self.notes.dedup();
        Plan { lock, moves, notes: std::mem::take(&mut self.notes) }
    }

    /// One's own locked migrations that have a file. One without was renumbered before, by an earlier step of a rebase.
    fn own_locked(&mut self, theirs: &BTreeSet<Key>) -> BTreeMap<Key, Vec<Locked>> {
        let mut by_key: BTreeMap<Key, Vec<Locked>> = BTreeMap::new();
        for line in &self.sides.own.locked {
            let key = key_of(line);
            if theirs.contains(&key) || self.migrations.contains_key(&key) {
                by_key.entry(key).or_default().push(line.clone());
            } else {
                let label = line.label();
                self.notes.push(format!("forgot `{label}`, which was locked on one branch only and has no file"));
            }
        }
        by_key
    }

    /// One's own migrations in order: files that others have no line for. Of several with one version, those that have a line
    /// on one's own side come last: the others may be somebody else's.
    fn own_keys(&self, theirs: &BTreeSet<Key>, noted: &BTreeSet<Key>) -> Vec<Key> {
        let mut keys: Vec<Key> = self.migrations.keys().filter(|key| !theirs.contains(*key)).cloned().collect();
        keys.sort_by(|a, b| {
            a.0.cmp(&b.0).then_with(|| noted.contains(a).cmp(&noted.contains(b))).then_with(|| a.1.cmp(&b.1))
        });
        keys
    }

    /// Gives a migration the version behind `last`, and notes what has to be renamed.
    fn renumber(&mut self, key: &Key, last: Option<&Version>, moves: &mut Vec<(String, String)>) -> Option<Version> {
        let entries = self.migrations.get(key)?;
        let own = entries.iter().find_map(|entry| dated_spelling(entry));
        let numbering = Numbering { spelling: own.or_else(|| self.dated.clone()), timestamp: false, now: self.now };
        let next = numbering.after(last);
        let spelled = self.value(next)?;
        let mut old_names: Vec<&str> = Vec::new();
        for entry in entries {
            let old = entry.path.split('/').next().unwrap_or_default();
            if old_names.contains(&old) {
                continue;
            }
            old_names.push(old);
            let new = self.value(new_name(entry, old, &spelled))?;
            moves.push((old.to_owned(), new));
        }
        Some(spelled.version)
    }

    /// A file that may be somebody else's: nobody knows why it has no line.
    fn refuse_unlisted(&mut self, key: &Key) {
        let Some(entry) = self.migrations.get(key).and_then(|entries| entries.first()) else { return };
        let message = format!("`{}` has no line in the lock file, and does not come last", entry.file_name());
        let help = "if a merge has lost the line, restore the lock file (in a merge: `git checkout -m` brings the conflict back); \
                    if the file is your own, give `--unlisted`, which renames it too";
        self.problems.push(Problem::new(message, help).in_file(&entry.shown));
    }

    fn must_have_a_file(&mut self, locked: &Locked) {
        if !self.migrations.contains_key(&key_of(locked)) {
            let help = "restore its file first: databases that have applied it refuse a binary without it";
            let message = format!("the locked migration `{}` is gone", locked.label());
            self.problems.push(self.in_lock_file(Problem::new(message, help)));
        }
    }

    fn tell_draft_again(&mut self, lines: Option<&Vec<Locked>>) {
        if let Some(line) = lines.and_then(|lines| lines.first()) {
            let label = line.label();
            self.notes.push(format!("`{label}` was locked on one branch only; it is a draft again"));
        }
    }

    fn forget(&mut self, draft: &Draft) {
        self.notes.push(format!("forgot the draft `{}`, which has no file", draft.label()));
    }

    fn add(&mut self, locked: &mut ByVersion, line: &Locked) {
        let added = settle::add(locked, line);
        self.value(added);
    }

    fn value<T>(&mut self, result: Result<T, Problem>) -> Option<T> {
        let in_lock_file = |problem| self.in_lock_file(problem);
        result.map_err(in_lock_file).map_err(|problem| self.problems.push(problem)).ok()
    }

    fn in_lock_file(&self, problem: Problem) -> Problem {
        problem.in_file(LockFile::path_in(self.shown))
    }
}

fn key_of(locked: &Locked) -> Key {
    (locked.version.clone(), locked.name.clone())
}

fn key_of_draft(draft: &Draft) -> Key {
    (draft.version.clone(), draft.name.clone())
}

/// How a file spells its version, when that is a timestamp.
fn dated_spelling(entry: &Entry) -> Option<String> {
    entry.version.begins_with_date().then(|| Split::of(entry).spelling.to_owned())
}

/// The name of a file, or of the folder around it, with another version.
fn new_name(entry: &Entry, old: &str, spelled: &Spelled) -> Result<String, Problem> {
    let Split { prefix, rest, .. } = Split::of(entry);
    let new = [prefix, &spelled.text, rest].concat();
    let read = |name: &str| if entry.path == old { FileName::of_file(name) } else { FileName::of_folder(name) };
    let expect = read(old).map(|name| FileName { version: spelled.version.clone(), ..name });
    if read(&new) == expect {
        return Ok(new);
    }
    let message = format!("`{old}` cannot be renumbered: `{new}` would be read as something else");
    Err(Problem::new(
        message,
        "rename it by hand, so that its name begins with a letter; then call `migrate rebase` again",
    ))
}
