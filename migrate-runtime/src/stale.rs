//! Whether the binary still holds what is in the folder that it was built from. Debug builds only: cargo does not notice a new file,
//! and whoever has just written one wants to know why nothing happens.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use migrate_core::folder::{Entry, FileSystem, FolderOptions, Sections, Source, list, split};
use migrate_core::scan::is_blank;
use migrate_core::{Direction, LOCK_FILE_NAME, MigrationSet, Script, normalise};

use crate::error::{Error, ErrorKind};
use crate::origin::Origin;
use crate::report::count;

/// Compares a set with the folder that it comes from, when that is known and there. Once in the life of a program, if it finds nothing.
///
/// # Errors
/// Every file that differs.
pub(crate) fn refuse_stale(set: &MigrationSet, origin: &Origin) -> Result<(), Error> {
    let Some(folder) = origin.folder else { return Ok(()) };
    // Looked at once: a program may migrate a database for every test that it has.
    static FRESH: Mutex<BTreeSet<(&str, usize)>> = Mutex::new(BTreeSet::new());
    let fresh = || FRESH.lock().unwrap_or_else(PoisonError::into_inner);
    let key = (folder.root, set.scripts().as_ptr().addr());
    if fresh().contains(&key) || !Path::new(folder.root).is_dir() {
        return Ok(());
    }
    let ignore = folder.ignore.iter().map(|pattern| (*pattern).to_owned()).collect();
    let options = FolderOptions { dialect: folder.dialect, ignore, ..FolderOptions::default() };
    let source = FileSystem::new(folder.root);
    let mut differences = differences(set, &source, folder.shown, &options);
    if !folder.knows_lock && source.kind(LOCK_FILE_NAME).is_ok() {
        differences.push(format!("`{LOCK_FILE_NAME}` was not there when it was built"));
    }
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
            "`cargo build` does it, but for new files, which cargo does not notice: make them with `migrate new`, let `build.rs` call \
         `migrate_runtime::watch`, or save the source file that embeds the folder",
        ))
}

/// Where the folder certainly holds something else. Files that are no scripts are for the next build to judge, and what cannot be read
/// tells nothing.
fn differences(set: &MigrationSet, source: &dyn Source, shown: &str, options: &FolderOptions) -> Vec<String> {
    let is_for_us = |entry: &Entry| entry.dialect.is_none_or(|own| options.dialect.is_none_or(|only| own == only));
    let (entries, _) = list(source, shown, options);
    let mut embedded: BTreeMap<(&str, Direction), &Script> =
        set.scripts().iter().map(|script| ((script.path(), script.direction()), script)).collect();
    let mut differences = Vec::new();
    for entry in entries.iter().filter(|entry| is_for_us(entry)) {
        // A file may hold a script down besides its script up.
        let own = embedded.remove(&(&*entry.shown, entry.direction));
        let besides = embedded.remove(&(&*entry.shown, Direction::Down));
        let Ok(bytes) = source.read(&entry.path) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        let sql = normalise(&text);
        let dialect = entry.dialect.or(options.dialect);
        let is_blank = |sql: &str| is_blank(sql, dialect);
        let (sql, down) = match split(&sql, dialect) {
            Ok(Sections { up, down }) => (up.sql, down.map(|down| down.sql)),
            Err(_) => (sql.into_owned(), None),
        };
        match own {
            Some(script) if script.sql() == sql && is_as_embedded(besides, down.as_deref(), is_blank) => {}
            Some(script) => differences.push(format!("`{}` was edited since", script.file_name())),
            // A script down that does nothing is not embedded.
            None if entry.direction == Direction::Down && is_blank(&sql) => {}
            None => differences.push(format!("`{}` is not in it", entry.file_name())),
        }
    }
    let start = if shown.is_empty() { 0 } else { shown.len() + 1 };
    let is_gone = |script: &&&Script| {
        let kind = source.kind(script.path().get(start..).unwrap_or_default());
        kind.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
    };
    let gone = embedded.values().filter(is_gone);
    differences.extend(gone.map(|script| format!("`{}` is in it, and gone from the folder", script.file_name())));
    differences
}

/// Whether the script down that a file holds besides its script up is the one that is embedded. One that does nothing is not.
fn is_as_embedded(embedded: Option<&Script>, down: Option<&str>, is_blank: impl Fn(&str) -> bool) -> bool {
    match (embedded, down) {
        (Some(script), Some(down)) => script.sql() == down,
        (Some(_), None) => false,
        (None, down) => down.is_none_or(is_blank),
    }
}
