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
#[cfg(feature = "folder")]
mod locked;
mod metadata;
mod sections;
mod source;
#[cfg(test)]
#[cfg(feature = "folder")]
mod tests;
mod text;

#[cfg(feature = "folder")]
use std::{borrow::Cow, collections::BTreeSet, path::Path};

#[cfg(feature = "folder")]
use crate::lock::{LockFile, LockUse};
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
    /// Whether a lock file in the folder holds.
    #[cfg(feature = "folder")]
    pub lock: LockUse,
}

#[cfg(feature = "folder")]
impl FolderOptions {
    /// These options with what a lock file adds to them: its dialect when they have none, and its patterns behind theirs.
    pub fn beside(&self, lock: Option<&LockFile>) -> FolderOptions {
        let mut options = self.clone();
        if let Some(lock) = lock {
            options.dialect = options.dialect.or(lock.dialect);
            let more = lock.ignore.iter().filter(|pattern| !self.ignore.contains(pattern));
            options.ignore.extend(more.cloned());
        }
        options
    }
}

/// A folder that was read without a problem.
#[cfg(feature = "folder")]
#[derive(Clone, Debug)]
pub struct Folder {
    /// The migrations in it.
    pub set: MigrationSet,
    /// The files that were read, the lock file among them, as paths in the source: an edit of any of them changes the set, or
    /// whether there is one.
    pub files: Vec<String>,
    /// The lock file, when there is one and it holds.
    pub lock: Option<LockFile>,
    /// The scripts of the set that the lock file does not hold yet, by their paths; none without a lock file.
    pub drafts: BTreeSet<String>,
    /// How the folder was read: as asked for, with what the lock file says.
    pub options: FolderOptions,
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
        let (lock, mut problems) = locked::read(source, shown, options.lock);
        problems.extend(lock.as_ref().and_then(|lock| locked::other_dialect(options, lock, shown)));
        let options = options.beside(lock.as_ref());
        let (Texts { scripts, mut files }, of_scripts) = all_texts(source, shown, &options);
        problems.extend(of_scripts);
        let mut scripts: Vec<Script> = scripts.into_iter().map(script).collect();
        let mut drafts = BTreeSet::new();
        if let Some(lock) = &lock {
            files.push(LockFile::FILE_NAME.to_owned());
            drafts = locked::compare(lock, &scripts, shown, &mut problems);
        }
        if !problems.is_empty() {
            problems.sort();
            problems.dedup();
            return Err(problems);
        }
        restrict_to(options.dialect, &mut scripts, |script| &mut script.dialect);
        let drafts = scripts.iter().map(|script| &*script.path).filter(|path| drafts.contains(*path));
        let drafts = drafts.map(str::to_owned).collect();
        let digests = digests(&scripts);
        let name = options.set.clone().map_or(Cow::Borrowed(MigrationSet::DEFAULT_NAME), Cow::Owned);
        let set = MigrationSet::from_parts(name, Cow::Owned(scripts), digests);
        Ok(Folder { set, files, lock, drafts, options })
    }

    /// What is wrong with a release build of the folder, which messages call `shown`: scripts that are still drafts.
    pub fn drafts_problem(&self, shown: &str) -> Option<Problem> {
        locked::drafts_problem(&self.drafts, shown)
    }

    /// Whether some script could be for any database: then only what holds for all of them was checked.
    pub fn has_unknown_dialect(&self) -> bool {
        self.set.scripts().iter().any(|script| script.dialect.is_none())
    }

    /// Whether a script has not been locked: none has without a lock file.
    pub fn is_unlocked(&self, script: &Script) -> bool {
        self.lock.is_none() || self.drafts.contains(&*script.path)
    }
}

/// Every script of a folder, those for other dialects than the only one asked for too, whatever a lock file says: what a lock file
/// is made of, and compared with. With the problems of the whole folder, in no order; a script that has one is not among the scripts.
#[cfg(feature = "folder")]
pub fn scripts(source: &dyn Source, shown: &str, options: &FolderOptions) -> (Vec<Script>, Vec<Problem>) {
    let (texts, problems) = all_texts(source, shown, options);
    (texts.scripts.into_iter().map(script).collect(), problems)
}

#[cfg(feature = "folder")]
fn script(Text { entry, sql, no_transaction }: Text) -> Script {
    Script {
        checksum: Checksum::of_bytes(sql.as_bytes()),
        version: entry.version,
        name: Cow::Owned(entry.name),
        dialect: entry.dialect,
        direction: entry.direction,
        path: Cow::Owned(entry.shown),
        sql: Cow::Owned(sql),
        no_transaction,
    }
}

/// What the files of a folder hold.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    /// The scripts of the set, in its order.
    pub scripts: Vec<Text>,
    /// Every file that was read, as a path in the source; more than there are scripts when a script down does nothing.
    pub files: Vec<String>,
}

/// A script that can be embedded.
#[derive(Clone, Debug)]
pub struct Text {
    /// What its name says.
    pub entry: Entry,
    /// The SQL, as checksums see it: without a byte order mark, and with LF line ends.
    pub sql: String,
    /// Whether a file beside it says that it runs outside of a transaction.
    pub no_transaction: bool,
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
/// let text = &texts.scripts[0];
/// assert_eq!(text.entry.shown, "migrations/0001_users.sql");
/// assert_eq!(text.sql, "CREATE TABLE users (id integer);\n");
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn texts(source: &dyn Source, shown: &str, options: &FolderOptions) -> (Texts, Vec<Problem>) {
    let (mut texts, problems) = all_texts(source, shown, options);
    restrict_to(options.dialect, &mut texts.scripts, |text| &mut text.entry.dialect);
    (texts, problems)
}

/// [`texts`], with those for other dialects.
fn all_texts(source: &dyn Source, shown: &str, options: &FolderOptions) -> (Texts, Vec<Problem>) {
    let (entries, mut problems) = list(source, shown, options);
    let mut texts = Texts::default();
    for entry in entries {
        texts.files.push(entry.path.clone());
        match text::read(source, &entry, options.dialect) {
            // A script down that does nothing cannot take anything back: it is as good as none.
            Ok(None) if entry.direction == Direction::Down => {}
            Ok(None) => problems.push(text::blank(&entry)),
            Ok(Some(text)) => texts.scripts.push(text),
            Err(of_file) => problems.extend(of_file),
        }
        // Scripts up and down share it.
        texts.files.extend(entry.metadata.filter(|_| entry.direction == Direction::Up));
    }
    (texts, problems)
}

/// The scripts of a folder by their names, without a look into the files, sorted by version, dialect, direction and file; with the
/// problems that the names show, in no order.
pub fn list(source: &dyn Source, shown: &str, options: &FolderOptions) -> (Vec<Entry>, Vec<Problem>) {
    let (entries, mut problems) = entries(source, shown, &options.ignore);
    problems.extend(agreement::contradictions(&entries));
    problems.extend(agreement::doubtful_order(&entries));
    problems.extend(agreement::lacking_dialect(&entries, options.dialect));
    (entries, problems)
}

/// The scripts of a folder by their names, sorted as by [`list`], however they contradict each other: two files may have one version.
/// With the entries that are no scripts as problems.
pub fn entries(source: &dyn Source, shown: &str, ignore: &[String]) -> (Vec<Entry>, Vec<Problem>) {
    entries::list(source, shown, ignore)
}

/// A set that was given a dialect is for no other database.
fn restrict_to<T>(dialect: Option<Dialect>, scripts: &mut Vec<T>, own: impl Fn(&mut T) -> &mut Option<Dialect>) {
    let Some(dialect) = dialect else { return };
    scripts.retain_mut(|script| own(script).replace(dialect).is_none_or(|only| only == dialect));
}
