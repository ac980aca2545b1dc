//! `migrations.lock`: what has been reviewed, as text for version control. A folder that differs from it does not build.
//!
//! `text` reads and writes the file, `seal` is what it holds of a script, `compare` finds where a folder differs from it. Nothing
//! here touches the file system.
//!
//! ```text
//! migrations.lock 1
//! 0001 users sha256:8c3d…/5f0e…
//! 0002 orders sha256:77aa…/91c2… sha256:0be1…/44d7…
//! draft 0003 items
//! digest sha256:d2f1…
//! ```
//!
//! Invariants: migrations stand in order of version and dialect, drafts in order of version; the last line is a digest of all lines
//! before it, so two branches that both add a migration conflict. The format is frozen: golden tests.
//!
//! ```
//! # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
//! # use example::*;
//! use migrate_core::lock::LockFile;
//!
//! let mut lock = LockFile::default();
//! lock.lock(shop().scripts());
//! let lock = LockFile::parse(&lock.to_string()).unwrap(); // as version control keeps it
//! assert!(lock.compare(shop().scripts(), "migrations").problems.is_empty());
//! ```

mod compare;
mod seal;
#[cfg(test)]
mod tests;
mod text;

pub use compare::Comparison;
pub use seal::{Fingerprint, Seal};

use std::collections::BTreeMap;

use crate::{Checksum, Dialect, Direction, LOCK_FILE_NAME, Label, Script, Version};

/// What `migrations.lock` says.
///
/// ```
/// # use migrate_core::lock::LockFile;
/// let text = LockFile::default().to_string();
/// assert!(text.starts_with("migrations.lock 1\ndigest sha256:"));
/// assert_eq!(LockFile::parse(&text).unwrap(), LockFile::default());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockFile {
    /// The only dialect that the folder is written for: line `dialect <name>`.
    pub dialect: Option<Dialect>,
    /// Patterns of entries to leave out of the folder: lines `ignore <pattern>`.
    pub ignore: Vec<String>,
    /// The migrations that must stay as they are: lines `<version> <name>[.<dialect>] <seal up> [<seal down>]`.
    pub locked: Vec<Locked>,
    /// The migrations that are still being written: lines `draft <version> <name>`.
    pub drafts: Vec<Draft>,
}

/// A migration, for one dialect or all, that must stay as it is.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # use example::*;
/// use migrate_core::lock::LockFile;
///
/// let mut lock = LockFile::default();
/// lock.lock(shop().scripts()); // 0001_users, 0002_orders
/// let orders = &lock.locked[1];
/// assert_eq!((orders.version.as_written(), &*orders.name, orders.down.is_some()), ("0002", "orders", true));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locked {
    /// The version, as its file spells it.
    pub version: Version,
    /// The name: `orders` for `0004_orders.sql`.
    pub name: String,
    /// The only dialect of the scripts; `None` for scripts that every dialect runs.
    pub dialect: Option<Dialect>,
    /// The script up.
    pub up: Seal,
    /// The script down, where there is one.
    pub down: Option<Seal>,
    /// Each time that an edit was accepted, the latest last: lines `reblessed …` behind that of the migration.
    pub reblessed: Vec<Reblessed>,
}

/// An edit of a locked script that was accepted, with the reason that was given.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # use example::*;
/// use migrate_core::{Checksum, lock::LockFile};
///
/// let mut lock = LockFile::default();
/// lock.lock(shop().scripts());
/// lock.locked[0].up.checksum = Checksum::of("-- the text before");
/// lock.rebless(&1.into(), shop().scripts(), "only a comment");
/// let reblessed = &lock.locked[0].reblessed[0];
/// assert_eq!((reblessed.direction, &*reblessed.reason), (Direction::Up, "only a comment"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reblessed {
    /// Which of the two scripts.
    pub direction: Direction,
    /// The checksum before.
    pub from: Checksum,
    /// The checksum after.
    pub to: Checksum,
    /// Why: one line.
    pub reason: String,
}

/// A migration that is still being written.
///
/// ```
/// use migrate_core::{Version, lock::{Draft, LockFile}};
///
/// let draft = Draft { version: Version::parse("0003").unwrap(), name: "items".into() };
/// let lock = LockFile { drafts: vec![draft], ..LockFile::default() };
/// assert!(lock.to_string().contains("draft 0003 items\n"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The version, as its file spells it.
    pub version: Version,
    /// The name.
    pub name: String,
}

/// What a lock file is to those who read a folder.
///
/// ```
/// # use migrate_core::lock::LockUse;
/// assert_eq!(LockUse::default(), LockUse::WhenPresent);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LockUse {
    /// A lock file holds where there is one.
    #[default]
    WhenPresent,
    /// A folder without a lock file is a problem.
    Required,
    /// A lock file is not looked at.
    Off,
}

/// A call of the command `migrate`, as people type it: `migrate lock`, with `--dir` for a folder of another name than the usual. The
/// empty path is the current folder.
///
/// ```
/// # use migrate_core::lock::command;
/// assert_eq!(command("lock", "migrations"), "migrate lock");
/// assert_eq!(command("lock", "db/sql"), "migrate lock --dir db/sql");
/// ```
pub fn command(verb: &str, folder: &str) -> String {
    match folder {
        "migrations" => format!("migrate {verb}"),
        "" => format!("migrate {verb} --dir ."),
        _ if folder.contains(' ') => format!("migrate {verb} --dir \"{folder}\""),
        _ => format!("migrate {verb} --dir {folder}"),
    }
}

impl LockFile {
    /// The name of the file, which stands in the folder of the migrations.
    ///
    /// ```
    /// assert_eq!(migrate_core::lock::LockFile::FILE_NAME, "migrations.lock");
    /// ```
    pub const FILE_NAME: &'static str = LOCK_FILE_NAME;

    /// The lock file of a folder, as messages name it. The empty path is the current folder.
    ///
    /// ```
    /// use migrate_core::lock::LockFile;
    ///
    /// assert_eq!(LockFile::path_in("db/sql"), "db/sql/migrations.lock");
    /// assert_eq!(LockFile::path_in(""), "migrations.lock");
    /// ```
    pub fn path_in(folder: &str) -> String {
        if folder.is_empty() { LockFile::FILE_NAME.to_owned() } else { format!("{folder}/{}", LockFile::FILE_NAME) }
    }

    /// The last version that is locked.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # use example::*;
    /// use migrate_core::lock::LockFile;
    ///
    /// let mut lock = LockFile::default();
    /// lock.lock(shop().scripts()); // 0001_users, 0002_orders
    /// assert_eq!(lock.last_locked().map(|last| last.label().to_string()).as_deref(), Some("0002_orders"));
    /// ```
    pub fn last_locked(&self) -> Option<&Locked> {
        self.locked.last()
    }

    /// Locks scripts: those of a migration that is locked already are added to it, and no migration stays a draft. What is locked
    /// already keeps its seal, whatever its script says today. The dialect of the lock file has to be known before.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # use example::*;
    /// use migrate_core::lock::LockFile;
    ///
    /// let mut lock = LockFile::default();
    /// lock.lock(shop().scripts()); // 0001_users, 0002_orders
    /// assert!(lock.to_string().contains("0001 users sha256:"));
    /// assert_eq!(LockFile::parse(&lock.to_string()).unwrap(), lock);
    /// ```
    pub fn lock<'a>(&mut self, scripts: impl IntoIterator<Item = &'a Script>) {
        let dialect = self.dialect;
        let key = |locked: Locked| ((locked.version.clone(), locked.dialect), locked);
        let mut by_version: BTreeMap<_, Locked> = std::mem::take(&mut self.locked).into_iter().map(key).collect();
        for script in scripts {
            let entry = by_version.entry((script.version().clone(), script.dialect()));
            match script.direction() {
                Direction::Up => {
                    entry.or_insert_with(|| Locked {
                        version: script.version().clone(),
                        name: script.name().to_owned(),
                        dialect: script.dialect(),
                        up: Seal::of(script, dialect),
                        down: None,
                        reblessed: Vec::new(),
                    });
                }
                // A script down stands behind its script up.
                Direction::Down => {
                    entry.and_modify(|locked| locked.down = locked.down.or_else(|| Some(Seal::of(script, dialect))));
                }
            }
        }
        self.locked = by_version.into_values().collect();
        self.drafts.clear();
    }

    /// Accepts the scripts of a version as they are now, for a reason that is kept; tells what was accepted.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # use example::*;
    /// use migrate_core::{Checksum, lock::LockFile};
    ///
    /// let mut lock = LockFile::default();
    /// lock.lock(shop().scripts());
    /// assert!(lock.rebless(&1.into(), shop().scripts(), "nothing to accept").is_empty());
    ///
    /// let before = Checksum::of("-- the text that was locked");
    /// lock.locked[0].up.checksum = before;
    /// assert_eq!(lock.rebless(&1.into(), shop().scripts(), "only a comment")[0].from, before);
    /// ```
    pub fn rebless<'a>(
        &mut self,
        version: &Version,
        scripts: impl IntoIterator<Item = &'a Script>,
        reason: &str,
    ) -> Vec<Reblessed> {
        let mut accepted = Vec::new();
        for script in scripts.into_iter().filter(|script| script.version() == version) {
            let seal = Seal::of(script, self.dialect);
            let Some(locked) = self.locked.iter_mut().find(|locked| locked.is_for(script)) else { continue };
            let before = match script.direction() {
                Direction::Up => Some(&mut locked.up),
                Direction::Down => locked.down.as_mut(),
            };
            let is_renamed = locked.name != script.name();
            if let Some(before) = before.filter(|before| is_renamed || !before.holds(script)) {
                let (direction, reason) = (script.direction(), reason.to_owned());
                let reblessed = Reblessed { direction, from: before.checksum, to: seal.checksum, reason };
                *before = seal;
                script.name().clone_into(&mut locked.name);
                locked.reblessed.push(reblessed.clone());
                accepted.push(reblessed);
            }
        }
        accepted
    }
}

impl Locked {
    /// Version and name as people read them: `0004_orders`.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # use example::*;
    /// use migrate_core::lock::LockFile;
    ///
    /// let mut lock = LockFile::default();
    /// lock.lock(shop().scripts()); // 0001_users, 0002_orders
    /// assert_eq!(lock.locked[0].label().as_str(), "0001_users");
    /// ```
    pub fn label(&self) -> Label {
        Label::new(&self.version, &self.name)
    }

    /// Whether the script is one of this migration's, for the same dialect.
    fn is_for(&self, script: &Script) -> bool {
        &self.version == script.version() && self.dialect == script.dialect()
    }
}

impl Draft {
    /// Version and name as people read them: `0004_orders`.
    ///
    /// ```
    /// use migrate_core::lock::Draft;
    ///
    /// assert_eq!(Draft { version: 3.into(), name: "items".into() }.label().as_str(), "3_items");
    /// ```
    pub fn label(&self) -> Label {
        Label::new(&self.version, &self.name)
    }
}
