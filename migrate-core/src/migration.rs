//! A set of migrations as it stands in the binary: scripts, sorted, each with its checksum.
//!
//! Invariants, kept by the only two ways to make a set (the macro and the folder reader): scripts are sorted by version, then
//! dialect, then direction; a version has one script for every dialect or one a dialect, each with at most one down script.

use std::borrow::Cow;
use std::fmt;

use crate::filename::within_folder;
use crate::printable::printable_line;
use crate::{Checksum, Dialect, Digest, Problem, Version};

/// An SQL file, or a part of one: a step up or down, for one dialect or for all.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # use example::*;
/// # let script = orders_down();
/// // The script of `migrations/0002_orders.down.sql`.
/// assert_eq!((script.version().digits(), script.name()), ("2", "orders"));
/// assert_eq!((script.direction(), script.dialect()), (Direction::Down, None));
/// assert_eq!(script.sql(), "DROP TABLE orders;\n");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    pub(crate) version: Version,
    pub(crate) name: Cow<'static, str>,
    pub(crate) dialect: Option<Dialect>,
    pub(crate) direction: Direction,
    pub(crate) path: Cow<'static, str>,
    pub(crate) sql: Cow<'static, str>,
    pub(crate) checksum: Checksum,
    pub(crate) no_transaction: bool,
}

/// Whether a script applies a migration or takes it back.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # use example::*;
/// # let set = shop();
/// // The set of `0001_users.sql`, `0002_orders.up.sql` and `0002_orders.down.sql`.
/// let down = set.scripts().iter().filter(|script| script.direction() == Direction::Down);
/// assert_eq!(down.count(), 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Applies the migration.
    Up,
    /// Takes it back.
    Down,
}

impl Script {
    /// The version of the migration that the script belongs to.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # use example::*;
    /// # let script = orders_down();
    /// // The script of `migrations/0002_orders.down.sql`.
    /// assert_eq!(script.version().as_written(), "0002");
    /// ```
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// The name of the migration that the script belongs to: `orders` for `0004_orders.sql`.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # use example::*;
    /// # let script = orders_down();
    /// // The script of `migrations/0002_orders.down.sql`.
    /// assert_eq!(script.name(), "orders");
    /// ```
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The only dialect that the script is written in; `None` for a script that every dialect runs.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # use example::*;
    /// # let script = orders_down();
    /// // The script of `migrations/0002_orders.down.sql`.
    /// assert_eq!(script.dialect(), None); // `0002_orders.sqlite.down.sql` would be for SQLite alone
    /// ```
    pub fn dialect(&self) -> Option<Dialect> {
        self.dialect
    }

    /// Whether the script goes up or down.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # use example::*;
    /// # let script = orders_down();
    /// // The script of `migrations/0002_orders.down.sql`.
    /// assert_eq!(script.direction(), Direction::Down);
    /// ```
    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// The file that the script was read from: relative to the package when it was embedded, `migrations/0004_orders.sql`; from another
    /// source, with the path that was given.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # use example::*;
    /// # let script = orders_down();
    /// // The script of `migrations/0002_orders.down.sql`.
    /// assert_eq!(script.path(), "migrations/0002_orders.down.sql");
    /// ```
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What tells the script apart in its folder: `0004_orders.sql`, or `0004_orders/up.sql`.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # use example::*;
    /// # let script = orders_down();
    /// // The script of `migrations/0002_orders.down.sql`.
    /// assert_eq!(script.file_name(), "0002_orders.down.sql");
    /// ```
    pub fn file_name(&self) -> &str {
        within_folder(&self.path)
    }

    /// The SQL, without a byte order mark and with LF line endings. That of a script down which shares its file with the script up
    /// begins with a line break for each line before it, so that a place in it is one in the file.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # use example::*;
    /// # let script = orders_down();
    /// // The script of `migrations/0002_orders.down.sql`.
    /// assert_eq!(script.sql(), "DROP TABLE orders;\n");
    /// ```
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// The checksum of the SQL.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # use example::*;
    /// # let script = orders_down();
    /// // The script of `migrations/0002_orders.down.sql`.
    /// assert!(script.checksum().to_string().starts_with("sha256:"));
    /// ```
    pub fn checksum(&self) -> Checksum {
        self.checksum
    }

    /// Whether the script runs outside of a transaction because of something that is not read from its own SQL: Diesel's `metadata.toml`
    /// beside it, or a mark in its file (`-- migrate:up transaction:false` of dbmate, and one of goose that stands in the script up and
    /// holds for the script down, too). What the SQL itself says is in its [`Header`](crate::Header).
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # use example::*;
    /// # let script = orders_down();
    /// // The script of `migrations/0002_orders.down.sql`.
    /// assert!(!script.no_transaction());
    /// ```
    pub fn no_transaction(&self) -> bool {
        self.no_transaction
    }
}

/// A migration as one dialect sees it: its script up and, where there is one, its script down.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # use example::*;
/// # let migration = orders();
/// // The migration of `0002_orders.up.sql` and `0002_orders.down.sql`.
/// assert_eq!(migration.up().file_name(), "0002_orders.up.sql");
/// assert_eq!(migration.down().map(|down| down.file_name()), Some("0002_orders.down.sql"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migration<'a> {
    up: &'a Script,
    down: Option<&'a Script>,
}

impl<'a> Migration<'a> {
    pub(crate) fn without_down(up: &'a Script) -> Migration<'a> {
        Migration { up, down: None }
    }

    /// The version.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # use example::*;
    /// # let migration = orders();
    /// // The migration of `0002_orders.up.sql` and `0002_orders.down.sql`.
    /// assert_eq!(migration.version(), &2.into());
    /// ```
    pub fn version(&self) -> &'a Version {
        &self.up.version
    }

    /// The name: `orders` for `0004_orders.sql`.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # use example::*;
    /// # let migration = orders();
    /// // The migration of `0002_orders.up.sql` and `0002_orders.down.sql`.
    /// assert_eq!(migration.name(), "orders");
    /// ```
    pub fn name(&self) -> &'a str {
        &self.up.name
    }

    /// The script that applies the migration.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # use example::*;
    /// # let migration = orders();
    /// // The migration of `0002_orders.up.sql` and `0002_orders.down.sql`.
    /// assert_eq!(migration.up().sql(), "CREATE TABLE orders (id integer);\n");
    /// ```
    pub fn up(&self) -> &'a Script {
        self.up
    }

    /// The script that takes the migration back, where there is one.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # use example::*;
    /// # let migration = orders();
    /// // The migration of `0002_orders.up.sql` and `0002_orders.down.sql`.
    /// assert_eq!(migration.down().map(|down| down.sql()), Some("DROP TABLE orders;\n"));
    /// ```
    pub fn down(&self) -> Option<&'a Script> {
        self.down
    }

    /// Version and name as people read them: `0004_orders`.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # use example::*;
    /// # let migration = orders();
    /// // The migration of `0002_orders.up.sql` and `0002_orders.down.sql`.
    /// assert_eq!(migration.label().to_string(), "0002_orders");
    /// ```
    pub fn label(&self) -> Label {
        Label::new(self.version(), self.name())
    }
}

/// The version and the name of a migration, as people read them: `0004_orders`.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # use example::*;
/// # let migration = orders();
/// // The migration of `0002_orders.up.sql` and `0002_orders.down.sql`.
/// assert_eq!(format!("{:15}|", migration.label()), "0002_orders    |");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Label(String);

impl Label {
    pub(crate) fn new(version: &Version, name: &str) -> Label {
        // A name from a history may hold anything.
        let name = printable_line(name);
        Label(format!("{version}_{name}"))
    }

    /// The version as the file name spells it: `0004`.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # use example::*;
    /// # let migration = orders();
    /// // The migration of `0002_orders.up.sql` and `0002_orders.down.sql`.
    /// assert_eq!(migration.label().version_as_written(), "0002");
    /// ```
    pub fn version_as_written(&self) -> &str {
        self.0.split_once('_').map_or(&*self.0, |(version, _)| version)
    }

    /// The label as text.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # use example::*;
    /// # let migration = orders();
    /// // The migration of `0002_orders.up.sql` and `0002_orders.down.sql`.
    /// assert_eq!(migration.label().as_str(), "0002_orders");
    /// ```
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The migrations of one set, sorted by version.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # use example::*;
/// # let set = shop();
/// // The set of `0001_users.sql`, `0002_orders.up.sql` and `0002_orders.down.sql`.
/// for migration in set.migrations(Dialect::Sqlite).unwrap() {
///     println!("{}: {}", migration.label(), migration.up().checksum());
/// }
/// assert_eq!((set.name(), set.versions(), set.scripts().len()), ("shop", 2, 3));
/// ```
#[derive(Clone, Debug)]
pub struct MigrationSet {
    name: Cow<'static, str>,
    scripts: Cow<'static, [Script]>,
    versions: usize,
    digests: [Option<Digest>; Dialect::ALL.len()],
}

impl MigrationSet {
    /// The name of a set that was given none.
    ///
    /// ```
    /// # use migrate_core::MigrationSet;
    /// assert_eq!(MigrationSet::DEFAULT_NAME, "default");
    /// ```
    pub const DEFAULT_NAME: &'static str = "default";

    /// Whether a set may have this name.
    ///
    /// ```
    /// # use migrate_core::MigrationSet;
    /// assert!(MigrationSet::check_name("billing-2").is_ok());
    /// let problem = MigrationSet::check_name("billing 2").unwrap_err();
    /// assert_eq!(problem.message(), "`billing 2` cannot be the name of a set");
    /// ```
    ///
    /// # Errors
    /// It is not made of 1 to 64 ASCII letters, digits, `_`, `-` and `.`.
    pub fn check_name(name: &str) -> Result<(), Problem> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        if !name.is_empty() && name.len() <= 64 && name.chars().all(fits) {
            return Ok(());
        }
        let message = match name {
            "" => "the name of the set is empty".to_owned(),
            _ => format!("`{name}` cannot be the name of a set"),
        };
        Err(Problem::new(message, "use 1 to 64 letters, digits, `_`, `-` and `.`"))
    }

    pub(crate) const fn from_parts(
        name: Cow<'static, str>,
        scripts: Cow<'static, [Script]>,
        versions: usize,
        digests: [Option<Digest>; Dialect::ALL.len()],
    ) -> MigrationSet {
        MigrationSet { name, scripts, versions, digests }
    }

    /// The name of the set: sets of several names share a history table.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # use example::*;
    /// # let set = shop();
    /// // The set of `0001_users.sql`, `0002_orders.up.sql` and `0002_orders.down.sql`.
    /// assert_eq!(set.name(), "shop");
    /// ```
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many migrations it has, of whatever dialects.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # use example::*;
    /// # let set = shop();
    /// // The set of `0001_users.sql`, `0002_orders.up.sql` and `0002_orders.down.sql`.
    /// assert_eq!(set.versions(), 2); // of three scripts
    /// ```
    pub fn versions(&self) -> usize {
        self.versions
    }

    /// Every script, sorted by version, dialect and direction.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # use example::*;
    /// # let set = shop();
    /// // The set of `0001_users.sql`, `0002_orders.up.sql` and `0002_orders.down.sql`.
    /// let files: Vec<&str> = set.scripts().iter().map(|script| script.file_name()).collect();
    /// assert_eq!(files, ["0001_users.sql", "0002_orders.up.sql", "0002_orders.down.sql"]);
    /// ```
    pub fn scripts(&self) -> &[Script] {
        &self.scripts
    }

    /// The digest of the history of a database in which every migration of the set, and no other, is applied.
    /// `None` when a version has no script for `dialect`.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # use example::*;
    /// # let set = shop();
    /// // The set of `0001_users.sql`, `0002_orders.up.sql` and `0002_orders.down.sql`.
    /// let digest = set.digest(Dialect::Postgres); // the same in two builds of the same scripts
    /// assert!(digest.is_some());
    /// ```
    pub fn digest(&self, dialect: Dialect) -> Option<Digest> {
        self.digests[dialect as usize]
    }

    /// The migrations as `dialect` sees them, by version.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # use example::*;
    /// # let set = shop();
    /// // The set of `0001_users.sql`, `0002_orders.up.sql` and `0002_orders.down.sql`.
    /// let migrations = set.migrations(Dialect::Sqlite).unwrap();
    /// let with_down: Vec<bool> = migrations.iter().map(|migration| migration.down().is_some()).collect();
    /// assert_eq!(with_down, [false, true]);
    /// ```
    ///
    /// # Errors
    /// The versions that have no script for `dialect`.
    pub fn migrations(&self, dialect: Dialect) -> Result<Vec<Migration<'_>>, Vec<&Version>> {
        let mut migrations = Vec::with_capacity(self.scripts.len());
        let mut lacking = Vec::new();
        for of_version in self.scripts.chunk_by(|a, b| a.version == b.version) {
            let find = |direction| {
                let runs_here = |script: &&Script| script.dialect.is_none_or(|only| only == dialect);
                of_version.iter().filter(runs_here).find(|script| script.direction == direction)
            };
            match find(Direction::Up) {
                Some(up) => migrations.push(Migration { up, down: find(Direction::Down) }),
                None => lacking.extend(of_version.first().map(Script::version)),
            }
        }
        if lacking.is_empty() { Ok(migrations) } else { Err(lacking) }
    }
}

/// How many versions scripts have that are sorted.
#[cfg(feature = "folder")]
pub(crate) fn versions(scripts: &[Script]) -> usize {
    scripts.chunk_by(|a, b| a.version == b.version).count()
}

/// Computes the digests of a set: one a dialect, `None` where a version has no script for it.
#[cfg(feature = "folder")]
pub(crate) fn digests(scripts: &[Script]) -> [Option<Digest>; Dialect::ALL.len()] {
    let set = MigrationSet::from_parts(Cow::Borrowed(""), Cow::Owned(scripts.to_vec()), 0, [None; Dialect::ALL.len()]);
    let digest = |dialect| {
        let migrations = set.migrations(dialect).ok()?;
        let with =
            |digest: Digest, migration: &Migration<'_>| digest.with(migration.version(), migration.up().checksum());
        Some(migrations.iter().fold(Digest::EMPTY, with))
    };
    match scripts.iter().all(|script| script.dialect.is_none()) {
        true => [digest(Dialect::Postgres); Dialect::ALL.len()],
        false => Dialect::ALL.map(digest),
    }
}
