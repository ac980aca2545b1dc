//! Whether the binary still holds what is in the folder that it was built from. Debug builds only: cargo does not notice a new file,
//! and whoever has just written one wants to know why nothing happens.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use migrate_core::folder::{FileSystem, FolderOptions, Text, Texts, texts};
use migrate_core::{Dialect, MigrationSet, Problem, Script};

use crate::error::{Error, ErrorKind};
use crate::report::count;

/// Where a set comes from.
#[derive(Clone, Copy, Debug)]
pub struct Origin(Option<EmbeddedFolder>);

/// The folder that a debug build has embedded.
#[derive(Clone, Copy, Debug)]
struct EmbeddedFolder {
    /// Its absolute path on the machine of the build.
    root: &'static str,
    /// What messages call it.
    shown: &'static str,
    dialect: Option<Dialect>,
    ignore: &'static [&'static str],
}

impl Origin {
    /// Nothing to compare with.
    pub(crate) const ELSEWHERE: Origin = Origin(None);

    /// A folder that can be compared with what was embedded.
    pub(crate) const fn folder(
        root: &'static str,
        shown: &'static str,
        dialect: Option<Dialect>,
        ignore: &'static [&'static str],
    ) -> Origin {
        Origin(Some(EmbeddedFolder { root, shown, dialect, ignore }))
    }
}

/// Compares a set with the folder that it comes from, when that is known and there. Once in the life of a program, if it finds nothing.
///
/// # Errors
/// Every file that differs.
pub(crate) fn refuse_stale(set: &MigrationSet, origin: &Origin) -> Result<(), Error> {
    let Some(folder) = origin.0 else { return Ok(()) };
    // Looked at once: a program may migrate a database for every test that it has.
    static FRESH: Mutex<BTreeSet<(&str, usize)>> = Mutex::new(BTreeSet::new());
    let fresh = || FRESH.lock().unwrap_or_else(PoisonError::into_inner);
    let key = (folder.root, set.scripts().as_ptr().addr());
    if fresh().contains(&key) || !Path::new(folder.root).is_dir() {
        return Ok(());
    }
    let ignore = folder.ignore.iter().map(|pattern| (*pattern).to_owned()).collect();
    let options = FolderOptions { dialect: folder.dialect, ignore, ..FolderOptions::default() };
    let (texts, problems) = texts(&FileSystem::new(folder.root), folder.shown, &options);
    let differences = differences(set, &texts, &problems);
    let Some(first) = differences.first() else {
        fresh().insert(key);
        return Ok(());
    };
    let (what, body) = match differences.len() {
        1 => (first.clone(), String::new()),
        several => (
            format!("{} of `{}` differ", count(several, "file"), folder.shown),
            differences.iter().map(|difference| format!("   {difference}")).collect::<Vec<_>>().join("\n"),
        ),
    };
    Err(Error::new(ErrorKind::StaleBinary, format!("this binary is stale: {what}; rebuild it"))
        .with_body(body)
        .with_help(
            "cargo does not notice a new file by itself: make files with `migrate new`, let `build.rs` call \
         `migrate_runtime::watch`, or save the source file that embeds the folder",
        ))
}

fn differences(set: &MigrationSet, texts: &Texts, problems: &[Problem]) -> Vec<String> {
    let mut embedded: BTreeMap<&str, &Script> = set.scripts().iter().map(|script| (script.path(), script)).collect();
    let mut differences = Vec::new();
    for Text { entry, sql, no_transaction } in &texts.scripts {
        match embedded.remove(&*entry.shown) {
            Some(script) if script.sql() == sql && script.no_transaction() == *no_transaction => {}
            Some(_) => differences.push(format!("`{}` was edited since", entry.file_name())),
            None => differences.push(format!("`{}` is not in it", entry.file_name())),
        }
    }
    for problem in problems {
        let path = problem.path().and_then(|path| embedded.remove_entry(path)).map(|(path, _)| path);
        match path.or(problem.path()) {
            Some(path) => differences.push(format!("`{path}` cannot be embedded any more: {}", problem.message())),
            None => differences.push(format!("the folder cannot be embedded any more: {}", problem.message())),
        }
    }
    let gone = |script: &&Script| format!("`{}` is in it, and gone from the folder", script.file_name());
    differences.extend(embedded.values().map(gone));
    differences
}
