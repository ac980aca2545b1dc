//! The reader of folders.

use std::collections::BTreeSet;

use migrate_core::folder::{self, Entry, Folder, FolderOptions, Source};
use migrate_core::lock::{LockFile, LockUse};
use migrate_core::{Checksum, Dialect, Direction, Problem, Script, is_ignored_by_rule, normalise, scan};

use super::{Tree, of_problem};

/// As messages name the folder.
const SHOWN: &str = "migrations";

/// What ends each part of a folder that is written as bytes: it is in no UTF-8 text.
const END: u8 = 0xfe;

/// What holds for a folder. It is written as parts, each with a byte of 254 behind it: the first is how to read it, and the others are
/// paths and what stands there, in turn. How to read it is said in words: the name of a dialect, `required` or `off` for the lock
/// file, and every other word is a pattern of entries to leave out. See [`Tree::add`] for paths.
pub fn of_folder(bytes: &[u8]) {
    let mut parts = bytes.split(|byte| *byte == END);
    let options = options(&String::from_utf8_lossy(parts.next().unwrap_or_default()));
    let mut tree = Tree::default();
    while let Some(path) = parts.next() {
        tree.add(path, parts.next().unwrap_or_default());
    }

    let read = Folder::read_from(&tree, SHOWN, &options);
    let from_behind = Folder::read_from(&tree.reversed(), SHOWN, &options);
    assert_eq!(format!("{read:?}"), format!("{from_behind:?}"), "the order of the names counts in {tree:?}");
    of_entries(&tree, &options.ignore);
    match read {
        Ok(folder) => of_accepted(&tree, &folder),
        Err(problems) => {
            assert!(!problems.is_empty() && problems.is_sorted_by(|a, b| a < b), "{problems:?} in {tree:?}");
            problems.iter().for_each(|problem| of_problem_in(&tree, problem));
        }
    }
}

fn options(words: &str) -> FolderOptions {
    let mut options = FolderOptions::default();
    for word in words.split_whitespace() {
        match (Dialect::from_name(word), word) {
            (Some(dialect), _) => options.dialect = Some(dialect),
            (None, "required") => options.lock = LockUse::Required,
            (None, "off") => options.lock = LockUse::Off,
            (None, pattern) => options.ignore.push(pattern.to_owned()),
        }
    }
    options
}

/// A problem of a folder names what it is about, or is about two files and quotes both.
fn of_problem_in(tree: &Tree, problem: &Problem) {
    let path =
        problem.path().map(|path| path.strip_prefix(SHOWN).expect("a path in the folder").trim_start_matches('/'));
    let text = path.and_then(|path| tree.file(path)).map(String::from_utf8_lossy);
    of_problem(problem, text.as_deref());
    assert!(problem.place().is_none() || text.is_some(), "{problem:?} has a place in no file of {tree:?}");
    assert!(path.is_some() || problem.message().matches('`').count() >= 4, "{problem:?} names no file");
}

/// The look at names alone: sorted, of files that are there, and with nothing skipped in silence.
fn of_entries(tree: &Tree, ignore: &[String]) {
    let (entries, problems) = folder::entries(tree, SHOWN, ignore);
    let key = |entry: &Entry| (entry.version.clone(), entry.dialect, entry.direction, entry.shown.clone());
    assert!(entries.is_sorted_by(|a, b| key(a) < key(b)), "{entries:?}");
    for entry in &entries {
        assert_eq!(entry.shown, format!("{SHOWN}/{}", entry.path));
        assert!(tree.kind(&entry.path).is_ok_and(|kind| kind == folder::Kind::File), "{entry:?} in {tree:?}");
        assert!(entry.path.ends_with(entry.file_name()) && !entry.name.trim().is_empty(), "{entry:?}");
    }
    if !ignore.is_empty() {
        return;
    }
    for name in tree.names("").expect("the folder itself") {
        let is_ignored = name.to_str().is_some_and(is_ignored_by_rule);
        let name = name.to_string_lossy();
        let is_it = |path: &str| path == name || path.strip_prefix(&*name).is_some_and(|rest| rest.starts_with('/'));
        let is_entry = entries.iter().any(|entry| is_it(&entry.path));
        let in_folder =
            |problem: &Problem| problem.path().and_then(|path| path.strip_prefix("migrations/")).is_some_and(is_it);
        assert!(is_ignored || is_entry || problems.iter().any(in_folder), "{name:?} was skipped in {tree:?}");
    }
}

/// A folder without a problem.
fn of_accepted(tree: &Tree, folder: &Folder) {
    let scripts = folder.set.scripts();
    let key = |script: &Script| (script.version().clone(), script.dialect(), script.direction());
    assert!(scripts.is_sorted_by(|a, b| key(a) < key(b)), "{scripts:?}");
    for script in scripts {
        of_script_in(tree, folder, script);
    }
    let versions: BTreeSet<_> = scripts.iter().map(Script::version).collect();
    assert_eq!(folder.set.versions(), versions.len());
    for dialect in Dialect::ALL {
        let migrations = folder.set.migrations(dialect);
        assert_eq!(folder.set.digest(dialect).is_some(), migrations.is_ok(), "{dialect} in {tree:?}");
        let migrations = migrations.unwrap_or_default();
        assert!(migrations.is_sorted_by(|a, b| a.version() < b.version()), "{migrations:?}");
    }
    let has_lock = folder.lock.is_some();
    assert!(has_lock || folder.drafts.is_empty() && scripts.iter().all(|script| folder.is_unlocked(script)));
    if let Some(problem) = folder.drafts_problem(SHOWN) {
        of_problem(&problem, None);
    }

    // Nothing counts but what was read.
    assert!(folder.files.iter().all(|path| tree.file(path).is_some()), "{:?} in {tree:?}", folder.files);
    let rest = Folder::read_from(&tree.only(&folder.files), SHOWN, &folder.options);
    assert_eq!(format!("{rest:?}"), format!("{:?}", Ok::<_, Vec<Problem>>(folder)), "in {tree:?}");
    of_locking(tree, folder);
}

/// A script is what its file says, and something that can be run.
fn of_script_in(tree: &Tree, folder: &Folder, script: &Script) {
    let context = || format!("{script:?} in {tree:?}");
    let path = script.path().strip_prefix("migrations/").unwrap_or_else(|| panic!("a path: {}", context()));
    assert!(folder.files.iter().any(|file| file == path), "{}", context());
    let file = tree.file(path).and_then(|bytes| str::from_utf8(bytes).ok()).unwrap_or_else(|| panic!("{}", context()));
    let (text, sql) = (normalise(file), script.sql());
    match script.direction() {
        Direction::Up => assert!(text.starts_with(sql), "{}", context()),
        // One in the file of its script up begins with a line break for each line before it.
        Direction::Down => {
            assert!(text.ends_with(sql.trim_start_matches('\n')), "{}", context());
            assert_eq!(text.matches('\n').count(), sql.matches('\n').count(), "{}", context());
        }
    }
    if text == sql {
        assert_eq!(script.checksum(), Checksum::of(file), "{}", context());
    }
    let dialects = script.dialect().map_or(Dialect::WITH_DRIVER.to_vec(), |dialect| vec![dialect]);
    let runs = |dialect: &Dialect| {
        let found = scan::scan(sql, *dialect);
        found.is_sound() && !found.statements.is_empty()
    };
    assert!(dialects.iter().any(runs), "{}", context());
}

/// What was accepted can be locked, and is the same then without a draft.
fn of_locking(tree: &Tree, folder: &Folder) {
    let options = FolderOptions { lock: LockUse::Off, ..folder.options.clone() };
    let (scripts, problems) = folder::scripts(tree, SHOWN, &options);
    assert_eq!(problems, [], "in {tree:?}");
    let mut lock = LockFile { dialect: options.dialect, ..LockFile::default() };
    lock.lock(&scripts);
    let locked = tree.with(LockFile::FILE_NAME, &lock.to_string());
    let options = FolderOptions { lock: LockUse::Required, ..options };
    let read =
        Folder::read_from(&locked, SHOWN, &options).unwrap_or_else(|problems| panic!("{problems:?} in {locked:?}"));
    assert_eq!(format!("{:?}", read.set), format!("{:?}", folder.set));
    assert!(read.drafts.is_empty() && read.drafts_problem(SHOWN).is_none(), "{:?} in {locked:?}", read.drafts);
    assert_eq!(read.lock, Some(lock), "in {locked:?}");
}
