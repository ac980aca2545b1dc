//! A folder of SQL files → a set of migrations, or every problem in it at once.
//!
//! Macro and runtime both read folders through it, and it reads them through a [`Source`]: a folder of the file system, or one that
//! is in the binary. Each file is read once. Reading needs the feature `folder`; a debug build of a host without it can still list what
//! is there.
//!
//! Invariants: every entry becomes a script, is ignored by rule, or is a problem; nothing is skipped in silence. What is found does
//! not depend on the order in which a source names its entries.
//!
//! ```
//! # #[cfg(feature = "folder")] {
//! # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/memory.rs")); }
//! # use example::*;
//! use migrate_core::folder::{Folder, FolderOptions};
//!
//! let files = Files(&[("0001_users.sql", "SELECT 'it's';"), ("notes.txt", "")]);
//! let problems = Folder::read_from(&files, "migrations", &FolderOptions::default()).unwrap_err();
//! let paths: Vec<_> = problems.iter().filter_map(|problem| problem.path()).collect();
//! assert_eq!(paths, ["migrations/0001_users.sql", "migrations/notes.txt"]);
//! # }
//! ```

mod agreement;
mod entries;
#[cfg(feature = "folder")]
mod locked;
#[cfg(feature = "folder")]
mod metadata;
mod sections;
mod source;
#[cfg(test)]
#[cfg(feature = "folder")]
mod tests;
#[cfg(feature = "folder")]
mod text;

#[cfg(feature = "folder")]
use std::{borrow::Cow, collections::BTreeSet, path::Path};

#[cfg(feature = "folder")]
use crate::lock::{LockFile, LockUse};
use crate::{Dialect, Problem};
#[cfg(feature = "folder")]
use crate::{
    Direction, MigrationSet, Script,
    checksum::Checksum,
    migration::{digests, versions},
};

pub use entries::Entry;
pub use sections::{Section, Sections, split};
pub use source::{FileSystem, Kind, Source};
#[cfg(feature = "folder")]
use text::{Text, Texts};

/// How to read a folder.
///
/// ```
/// # #[cfg(feature = "folder")] {
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/memory.rs")); }
/// # use example::*;
/// use migrate_core::folder::{Folder, FolderOptions};
///
/// let files = Files(&[("0001_users.sql", "CREATE TABLE users (id integer);"), ("0002_orders.sql", "SELECT 1;")]);
/// let options = FolderOptions { set: Some("shop".into()), ignore: vec!["0002_*".into()], ..FolderOptions::default() };
/// let folder = Folder::read_from(&files, "migrations", &options).unwrap();
/// assert_eq!((folder.set.name(), folder.set.versions()), ("shop", 1));
/// # }
/// ```
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
    ///
    /// ```
    /// use migrate_core::{Dialect, folder::FolderOptions, lock::LockFile};
    ///
    /// let lock = LockFile { dialect: Some(Dialect::Sqlite), ..LockFile::default() };
    /// assert_eq!(FolderOptions::default().beside(Some(&lock)).dialect, Some(Dialect::Sqlite));
    /// ```
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
///
/// ```
/// # #[cfg(feature = "folder")] {
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/memory.rs")); }
/// # use example::*;
/// use migrate_core::folder::{Folder, FolderOptions};
///
/// let files = Files(&[("0001_users.sql", "CREATE TABLE users (id integer);"), ("0002_orders.sql", "SELECT 1;")]);
/// let folder = Folder::read_from(&files, "migrations", &FolderOptions::default()).unwrap();
/// assert_eq!(folder.files, ["0001_users.sql", "0002_orders.sql"]);
/// assert_eq!(folder.set.scripts()[0].path(), "migrations/0001_users.sql");
/// assert!(folder.lock.is_none() && folder.drafts.is_empty());
/// # }
/// ```
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
    /// The files of the set with a script that the lock file does not hold yet, by their paths; none without a lock file.
    pub drafts: BTreeSet<String>,
    /// How the folder was read: as asked for, with what the lock file says.
    pub options: FolderOptions,
}

#[cfg(feature = "folder")]
impl Folder {
    /// Reads the folder `root` of the file system, which messages call `shown`.
    ///
    /// ```
    /// use std::path::Path;
    /// use migrate_core::folder::{Folder, FolderOptions};
    ///
    /// let problems = Folder::read(Path::new("src"), "src", &FolderOptions::default()).unwrap_err(); // no migrations
    /// assert!(problems.iter().all(|problem| problem.path().is_some_and(|path| path.starts_with("src/"))));
    /// ```
    ///
    /// # Errors
    /// Every problem in the folder, sorted by file and place.
    pub fn read(root: &Path, shown: &str, options: &FolderOptions) -> Result<Folder, Vec<Problem>> {
        Folder::read_from(&FileSystem::new(root), shown, options)
    }

    /// Reads a folder from any source. Messages call it `shown`; when that is empty, they name its files alone.
    ///
    /// ```
    /// # #[cfg(feature = "folder")] {
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/memory.rs")); }
    /// # use example::*;
    /// use migrate_core::folder::{Folder, FolderOptions};
    ///
    /// let files = Files(&[("0001_users.sql", "CREATE TABLE users (id integer);"), ("0002_orders.sql", "SELECT 1;")]);
    /// let folder = Folder::read_from(&files, "", &FolderOptions::default()).unwrap();
    /// assert_eq!(folder.set.scripts()[1].path(), "0002_orders.sql");
    /// # }
    /// ```
    ///
    /// # Errors
    /// Every problem in the folder, sorted by file and place.
    pub fn read_from(source: &dyn Source, shown: &str, options: &FolderOptions) -> Result<Folder, Vec<Problem>> {
        let (lock, mut problems) = locked::read(source, shown, options.lock);
        problems.extend(lock.as_ref().and_then(|lock| locked::other_dialect(options, lock, shown)));
        let options = options.beside(lock.as_ref());
        let (Contents { mut scripts, mut files }, of_scripts) = contents(source, shown, &options);
        problems.extend(of_scripts);
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
        if let Some(dialect) = options.dialect {
            // A set that was given a dialect is for no other database.
            scripts.retain_mut(|script| script.dialect.replace(dialect).is_none_or(|only| only == dialect));
        }
        let drafts = scripts.iter().map(|script| &*script.path).filter(|path| drafts.contains(*path));
        let drafts = drafts.map(str::to_owned).collect();
        let digests = digests(&scripts);
        let name = options.set.clone().map_or(Cow::Borrowed(MigrationSet::DEFAULT_NAME), Cow::Owned);
        let versions = versions(&scripts);
        let set = MigrationSet::from_parts(name, Cow::Owned(scripts), versions, digests);
        Ok(Folder { set, files, lock, drafts, options })
    }

    /// What is wrong with a release build of the folder, which messages call `shown`: scripts that are still drafts.
    ///
    /// ```
    /// # #[cfg(feature = "folder")] {
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/memory.rs")); }
    /// # use example::*;
    /// use migrate_core::folder::{Folder, FolderOptions};
    ///
    /// let files = Files(&[("0001_users.sql", "CREATE TABLE users (id integer);"), ("0002_orders.sql", "SELECT 1;")]);
    /// let folder = Folder::read_from(&files, "migrations", &FolderOptions::default()).unwrap();
    /// assert_eq!(folder.drafts_problem("migrations"), None); // without a lock file nothing is a draft
    /// # }
    /// ```
    pub fn drafts_problem(&self, shown: &str) -> Option<Problem> {
        locked::drafts_problem(&self.drafts, shown)
    }

    /// Whether some script could be for any database: then only what holds for all of them was checked.
    ///
    /// ```
    /// # #[cfg(feature = "folder")] {
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/memory.rs")); }
    /// # use example::*;
    /// use migrate_core::Dialect;
    /// use migrate_core::folder::{Folder, FolderOptions};
    ///
    /// let files = Files(&[("0001_users.sql", "CREATE TABLE users (id integer);"), ("0002_orders.sql", "SELECT 1;")]);
    /// let folder = Folder::read_from(&files, "", &FolderOptions::default()).unwrap();
    /// assert!(folder.has_unknown_dialect());
    /// let options = FolderOptions { dialect: Some(Dialect::Sqlite), ..FolderOptions::default() };
    /// assert!(!Folder::read_from(&files, "", &options).unwrap().has_unknown_dialect());
    /// # }
    /// ```
    pub fn has_unknown_dialect(&self) -> bool {
        self.set.scripts().iter().any(|script| script.dialect.is_none())
    }

    /// Whether a script has not been locked: none has without a lock file.
    ///
    /// ```
    /// # #[cfg(feature = "folder")] {
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/memory.rs")); }
    /// # use example::*;
    /// use migrate_core::folder::{Folder, FolderOptions};
    ///
    /// let files = Files(&[("0001_users.sql", "CREATE TABLE users (id integer);"), ("0002_orders.sql", "SELECT 1;")]);
    /// let folder = Folder::read_from(&files, "", &FolderOptions::default()).unwrap();
    /// assert!(folder.is_unlocked(&folder.set.scripts()[0]));
    /// # }
    /// ```
    pub fn is_unlocked(&self, script: &Script) -> bool {
        // A file may hold a script up that is locked, and a script down that is not.
        self.lock.as_ref().is_none_or(|lock| self.drafts.contains(&*script.path) && !lock.holds(script))
    }
}

/// Every script of a folder, those for other dialects than the only one asked for too, whatever a lock file says: what a lock file
/// is made of, and compared with. With the problems of the whole folder, in no order; a script that has one is not among the scripts.
///
/// ```
/// # #[cfg(feature = "folder")] {
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/memory.rs")); }
/// # use example::*;
/// use migrate_core::folder::{FolderOptions, scripts};
///
/// let files = Files(&[("0001_users.sql", "CREATE TABLE users (id integer);"), ("0002_orders.sql", "SELECT 1;")]);
/// let (scripts, problems) = scripts(&files, "migrations", &FolderOptions::default());
/// assert_eq!((scripts.len(), problems.len()), (2, 0));
/// # }
/// ```
#[cfg(feature = "folder")]
pub fn scripts(source: &dyn Source, shown: &str, options: &FolderOptions) -> (Vec<Script>, Vec<Problem>) {
    let (contents, problems) = contents(source, shown, options);
    (contents.scripts, problems)
}

/// What the files of a folder hold.
#[cfg(feature = "folder")]
#[derive(Default)]
struct Contents {
    /// Every script that can be embedded, sorted.
    scripts: Vec<Script>,
    /// Every file that was read, as a path in the source; more than there are scripts when a script down does nothing.
    files: Vec<String>,
}

/// Reads and checks every script of a folder; with the problems of the whole folder, in no order. A script that has one is not
/// among the contents.
#[cfg(feature = "folder")]
fn contents(source: &dyn Source, shown: &str, options: &FolderOptions) -> (Contents, Vec<Problem>) {
    let (entries, mut problems) = list(source, shown, options);
    let mut contents = Contents::default();
    // The last file that has a script up and a script down.
    let mut with_both: Option<Entry> = None;
    for entry in entries {
        contents.files.push(entry.path.clone());
        // Scripts up and down share it.
        contents.files.extend(entry.metadata.clone().filter(|_| entry.direction == Direction::Up));
        if entry.direction == Direction::Down {
            problems.extend(with_both.as_ref().and_then(|both| agreement::down_twice(both, &entry)));
        }
        match text::read(source, &entry, options.dialect) {
            Ok(Texts { own, down, has_down }) => {
                if has_down {
                    with_both = Some(entry.clone());
                }
                let down = down.map(|text| script(entry.clone(), Direction::Down, text));
                match own {
                    Some(text) => {
                        let direction = entry.direction;
                        contents.scripts.push(script(entry, direction, text));
                    }
                    // A script down that does nothing cannot take anything back: it is as good as none.
                    None if entry.direction == Direction::Down => {}
                    None => problems.push(text::blank(&entry)),
                }
                contents.scripts.extend(down);
            }
            Err(of_file) => problems.extend(of_file),
        }
    }
    (contents, problems)
}

#[cfg(feature = "folder")]
fn script(entry: Entry, direction: Direction, text: Text) -> Script {
    Script {
        checksum: Checksum::of_bytes(text.sql.as_bytes()),
        version: entry.version,
        name: Cow::Owned(entry.name),
        dialect: entry.dialect,
        direction,
        path: Cow::Owned(entry.shown),
        sql: Cow::Owned(text.sql),
        no_transaction: text.no_transaction,
    }
}

/// The scripts of a folder by their names, without a look into the files, sorted by version, dialect, direction and file; with the
/// problems that the names show, in no order.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/memory.rs")); }
/// # use example::*;
/// use migrate_core::folder::{FolderOptions, list};
///
/// let files = Files(&[("3_phone.sql", ""), ("3_email.sql", ""), ("notes.txt", "")]);
/// let (entries, problems) = list(&files, "migrations", &FolderOptions::default());
/// assert_eq!((entries.len(), problems.len()), (2, 2)); // two files of one version, and one that is no migration
/// ```
pub fn list(source: &dyn Source, shown: &str, options: &FolderOptions) -> (Vec<Entry>, Vec<Problem>) {
    let (entries, mut problems) = entries(source, shown, &options.ignore);
    problems.extend(agreement::contradictions(&entries));
    problems.extend(agreement::doubtful_order(&entries));
    problems.extend(agreement::lacking_dialect(&entries, options.dialect));
    (entries, problems)
}

/// The scripts of a folder by their names, sorted as by [`list`], however they contradict each other: two files may have one version.
/// With the entries that are no scripts as problems.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/memory.rs")); }
/// # use example::*;
/// use migrate_core::folder::entries;
///
/// let files = Files(&[("3_phone.sql", ""), ("3_email.sql", ""), ("README.md", "")]);
/// let (entries, problems) = entries(&files, "migrations", &[]);
/// assert_eq!((entries.len(), problems.len()), (2, 0)); // that they contradict each other is for others to say
/// ```
pub fn entries(source: &dyn Source, shown: &str, ignore: &[String]) -> (Vec<Entry>, Vec<Problem>) {
    entries::list(source, shown, ignore)
}
