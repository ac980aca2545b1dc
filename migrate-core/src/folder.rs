//! A folder of SQL files → a set of migrations, or every problem in it at once.
//!
//! The only module that touches the file system; macro and runtime both read folders through it. Each file is read once.
//! Invariant: every entry becomes a script, is ignored by rule, or is a problem; nothing is skipped in silence.

mod agreement;
mod entries;
mod metadata;
mod sections;
#[cfg(test)]
mod tests;
mod text;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use crate::migration::digests;
use crate::{Dialect, Direction, MigrationSet, Problem, Script};

/// How to read a folder.
#[derive(Clone, Debug, Default)]
pub struct FolderOptions {
    /// The name of the set; [`MigrationSet::DEFAULT_NAME`] when `None`.
    pub set: Option<String>,
    /// The only dialect that the scripts are for; `None` checks what holds for every dialect.
    pub dialect: Option<Dialect>,
    /// Patterns of entries to leave out, with `*` and `?`: `data_*.sql`.
    pub ignore: Vec<String>,
}

/// A folder that was read without a problem.
#[derive(Clone, Debug)]
pub struct Folder {
    /// The migrations in it.
    pub set: MigrationSet,
    /// The files that were read, as absolute paths: an edit of any of them changes the set.
    pub files: Vec<PathBuf>,
}

impl Folder {
    /// Reads the folder `root`, which messages call `shown`.
    ///
    /// # Errors
    /// Every problem in the folder, sorted by file and place.
    pub fn read(root: &Path, shown: &str, options: &FolderOptions) -> Result<Folder, Vec<Problem>> {
        let mut problems = Vec::new();
        let entries = entries::list(root, shown, &options.ignore, &mut problems);
        problems.extend(agreement::contradictions(&entries));
        problems.extend(agreement::doubtful_order(&entries));
        problems.extend(agreement::lacking_dialect(&entries, options.dialect));

        let mut scripts = Vec::with_capacity(entries.len());
        let mut files = Vec::with_capacity(entries.len());
        for entry in entries {
            match text::read(&entry, options.dialect) {
                // A script down that does nothing cannot take anything back: it is as good as none.
                Ok(None) if entry.direction == Direction::Down => {}
                Ok(None) => problems.push(text::blank(&entry)),
                Ok(Some(text::Text { sql, checksum, no_transaction })) => scripts.push(Script {
                    version: entry.version,
                    name: Cow::Owned(entry.name),
                    dialect: entry.dialect,
                    direction: entry.direction,
                    path: Cow::Owned(entry.shown),
                    sql: Cow::Owned(sql),
                    checksum,
                    no_transaction,
                }),
                Err(of_file) => problems.extend(of_file),
            }
            files.push(entry.path);
            // Scripts up and down share it.
            files.extend(entry.metadata.filter(|_| entry.direction == Direction::Up));
        }
        restrict_to(options.dialect, &mut scripts);
        if !problems.is_empty() {
            problems.sort();
            problems.dedup();
            return Err(problems);
        }
        let digests = digests(&scripts);
        let name = options.set.clone().map_or(Cow::Borrowed(MigrationSet::DEFAULT_NAME), Cow::Owned);
        Ok(Folder { set: MigrationSet::from_parts(name, Cow::Owned(scripts), digests), files })
    }
}

/// A set that was given a dialect is for no other database.
fn restrict_to(dialect: Option<Dialect>, scripts: &mut Vec<Script>) {
    let Some(dialect) = dialect else { return };
    scripts.retain(|script| script.dialect.is_none_or(|only| only == dialect));
    scripts.iter_mut().for_each(|script| script.dialect = Some(dialect));
}
