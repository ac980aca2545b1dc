//! A folder of SQL files → a set of migrations, or every problem in it at once.
//!
//! Macro and runtime both read folders through it, and it reads them through a [`Source`]: a folder of the file system, or one that
//! is in the binary. Each file is read once. Only checksums need the feature `folder`: a host without it can still list a folder and
//! read its texts.
//!
//! Invariants: every entry becomes a script, is ignored by rule, or is a problem; nothing is skipped in silence. What is found does
//! not depend on the order in which a source names its entries.

mod agreement;
mod entries;
mod sections;
mod source;
#[cfg(test)]
#[cfg(feature = "folder")]
mod tests;
mod text;

#[cfg(feature = "folder")]
use std::{borrow::Cow, path::Path};

use crate::{Dialect, Direction, Problem};
#[cfg(feature = "folder")]
use crate::{MigrationSet, Script, checksum::Checksum, migration::digests};

pub use entries::Entry;
pub use source::{FileSystem, Kind, Source};

/// How to read a folder.
#[derive(Clone, Debug, Default)]
pub struct FolderOptions {
    /// The name of the set; [`MigrationSet::DEFAULT_NAME`](crate::MigrationSet::DEFAULT_NAME) when `None`.
    pub set: Option<String>,
    /// The only dialect that the scripts are for; `None` checks what holds for every dialect.
    pub dialect: Option<Dialect>,
    /// Patterns of entries to leave out, with `*` and `?`: `data_*.sql`.
    pub ignore: Vec<String>,
}

/// A folder that was read without a problem.
#[cfg(feature = "folder")]
#[derive(Clone, Debug)]
pub struct Folder {
    /// The migrations in it.
    pub set: MigrationSet,
    /// The files that were read, as paths in the source: an edit of any of them changes the set.
    pub files: Vec<String>,
}

#[cfg(feature = "folder")]
impl Folder {
    /// Reads the folder `root` of the file system, which messages call `shown`.
    ///
    /// # Errors
    /// Every problem in the folder, sorted by file and place.
    pub fn read(root: &Path, shown: &str, options: &FolderOptions) -> Result<Folder, Vec<Problem>> {
        Folder::read_from(&FileSystem::new(root), shown, options)
    }

    /// Reads a folder from any source. Messages call it `shown`; when that is empty, they name its files alone.
    ///
    /// # Errors
    /// Every problem in the folder, sorted by file and place.
    pub fn read_from(source: &dyn Source, shown: &str, options: &FolderOptions) -> Result<Folder, Vec<Problem>> {
        let (Texts { scripts, files }, mut problems) = texts(source, shown, options);
        if !problems.is_empty() {
            problems.sort();
            problems.dedup();
            return Err(problems);
        }
        let script = |(entry, sql): (Entry, String)| Script {
            checksum: Checksum::of_bytes(sql.as_bytes()),
            version: entry.version,
            name: Cow::Owned(entry.name),
            dialect: entry.dialect,
            direction: entry.direction,
            path: Cow::Owned(entry.shown),
            sql: Cow::Owned(sql),
        };
        let scripts: Vec<Script> = scripts.into_iter().map(script).collect();
        let digests = digests(&scripts);
        let name = options.set.clone().map_or(Cow::Borrowed(MigrationSet::DEFAULT_NAME), Cow::Owned);
        Ok(Folder { set: MigrationSet::from_parts(name, Cow::Owned(scripts), digests), files })
    }
}

/// What the files of a folder hold.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    /// The scripts of the set, in its order, each with its normalised SQL.
    pub scripts: Vec<(Entry, String)>,
    /// Every file that was read, as a path in the source; more than there are scripts when a script down does nothing.
    pub files: Vec<String>,
}

/// Reads and checks every script of a folder; with the problems of the whole folder, in no order. A script that has one is not
/// among the texts.
///
/// ```
/// use migrate_core::folder::{FileSystem, FolderOptions, texts};
///
/// # let folder = tempfile::tempdir()?;
/// # std::fs::write(folder.path().join("0001_users.sql"), "CREATE TABLE users (id integer);\r\n")?;
/// let (texts, problems) = texts(&FileSystem::new(folder.path()), "migrations", &FolderOptions::default());
/// assert!(problems.is_empty());
/// let (entry, sql) = &texts.scripts[0];
/// assert_eq!(entry.shown, "migrations/0001_users.sql");
/// assert_eq!(sql, "CREATE TABLE users (id integer);\n");
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn texts(source: &dyn Source, shown: &str, options: &FolderOptions) -> (Texts, Vec<Problem>) {
    let (entries, mut problems) = list(source, shown, options);
    let mut texts = Texts::default();
    for entry in entries {
        texts.files.push(entry.path.clone());
        match text::read(source, &entry, options.dialect) {
            // A script down that does nothing cannot take anything back: it is as good as none.
            Ok(None) if entry.direction == Direction::Down => {}
            Ok(None) => problems.push(text::blank(&entry)),
            Ok(Some(sql)) => texts.scripts.push((entry, sql)),
            Err(of_file) => problems.extend(of_file),
        }
    }
    restrict_to(options.dialect, &mut texts.scripts);
    (texts, problems)
}

/// The scripts of a folder by their names, without a look into the files, sorted by version, dialect, direction and file; with the
/// problems that the names show, in no order.
pub fn list(source: &dyn Source, shown: &str, options: &FolderOptions) -> (Vec<Entry>, Vec<Problem>) {
    let (entries, mut problems) = entries::list(source, shown, &options.ignore);
    problems.extend(agreement::contradictions(&entries));
    problems.extend(agreement::doubtful_order(&entries));
    problems.extend(agreement::lacking_dialect(&entries, options.dialect));
    (entries, problems)
}

/// A set that was given a dialect is for no other database.
fn restrict_to(dialect: Option<Dialect>, scripts: &mut Vec<(Entry, String)>) {
    let Some(dialect) = dialect else { return };
    scripts.retain(|(entry, _)| entry.dialect.is_none_or(|only| only == dialect));
    scripts.iter_mut().for_each(|(entry, _)| entry.dialect = Some(dialect));
}
