//! (embedded migrations, history) → what stands where. A pure function.
//!
//! Invariant: every migration of the binary and every row of the history appears exactly once, sorted by version.
//!
//! ```
//! # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/standings.rs")); }
//! # use example::*;
//! # let migrations = migrations(); // 01_users, 02_orders, 04_items
//! let standings = Standings::compare(&migrations, vec![row(1, "users", 1)]);
//! let policy = Policy::default();
//! assert_eq!(standings.problems(policy).count(), 0);
//! assert!(standings.pending(policy).map(|item| item.label().to_string()).eq(["02_orders", "04_items"]));
//! ```

use std::cmp::Ordering;

use crate::{Checksum, Dialect, HistoryRow, Label, Migration, RowState, Version, scan};

/// How a migration of the binary and a row of the history relate.
///
/// ```
/// # use migrate_core::plan::Standing;
/// /// What a dashboard makes of it.
/// fn color(standing: Standing) -> &'static str {
///     match standing {
///         Standing::Applied => "green",
///         Standing::Pending | Standing::Running => "yellow",
///         _ => "red", // a person has to look
///     }
/// }
/// assert_eq!(color(Standing::Divergent), "red");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Standing {
    /// In both, with one checksum.
    Applied,
    /// In the binary only, above everything that is applied.
    Pending,
    /// In both, with different checksums.
    Divergent,
    /// In the history only, at or below the binary's latest version.
    Missing,
    /// In the history only, above the binary's latest version.
    Ahead,
    /// In the binary only, below something that is applied.
    OutOfOrder,
    /// Being applied or reverted outside of a transaction, at this moment.
    Running,
    /// Begun outside of a transaction, and not finished.
    Interrupted,
}

impl Standing {
    /// The word for it, as in messages: `out-of-order`.
    ///
    /// ```
    /// # use migrate_core::plan::Standing;
    /// assert_eq!(Standing::OutOfOrder.as_str(), "out-of-order");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Standing::Applied => "applied",
            Standing::Pending => "pending",
            Standing::Divergent => "divergent",
            Standing::Missing => "missing",
            Standing::Ahead => "ahead",
            Standing::OutOfOrder => "out-of-order",
            Standing::Running => "running",
            Standing::Interrupted => "interrupted",
        }
    }
}

/// What does not keep migrations from being applied although binary and history differ in it. The default forgives nothing but what
/// is declared harmless.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/standings.rs")); }
/// # use example::*;
/// # let migrations = migrations();
/// // The binary has 01_users, 02_orders and 04_items. Applied are version 1, under another name, 2, with another text, and 5.
/// let rows = vec![row(1, "people", 1), row(2, "orders", 9), row(5, "notes", 5)];
/// let standings = Standings::compare(&migrations, rows);
/// let problems = |policy| standings.problems(policy).map(|item| item.standing()).collect::<Vec<_>>();
/// assert_eq!(problems(Policy::default()), [Standing::Divergent, Standing::OutOfOrder, Standing::Ahead]);
/// let policy = Policy { allow_out_of_order: true, ahead: Ahead::Allow, ..Policy::default() };
/// assert_eq!(problems(policy), [Standing::Divergent]); // nothing forgives that
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Migrations below something that is applied are applied.
    pub allow_out_of_order: bool,
    /// Migrations that the binary has lost are left alone.
    pub allow_missing: bool,
    /// What is made of migrations of a newer binary.
    pub ahead: Ahead,
}

/// What is made of migrations above the binary's latest version.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/standings.rs")); }
/// # use example::*;
/// # let migrations = migrations();
/// // The binary has 01_users, 02_orders and 04_items. Applied are version 1, under another name, 2, with another text, and 5.
/// let rows = vec![row(1, "people", 1), row(2, "orders", 9), row(5, "notes", 5)];
/// let standings = Standings::compare(&migrations, rows);
/// let newer = standings.of(&5.into()).unwrap();
/// let is_problem = |ahead| newer.is_problem(Policy { ahead, ..Policy::default() });
/// assert_eq!([Ahead::IfCompatible, Ahead::Allow, Ahead::Refuse].map(is_problem), [true, false, true]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ahead {
    /// They are left alone when each of them says `-- migrate: compatible=backward`.
    #[default]
    IfCompatible,
    /// They are left alone.
    Allow,
    /// They are an error.
    Refuse,
}

/// A migration, as the binary and the history know it.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/standings.rs")); }
/// # use example::*;
/// # let migrations = migrations();
/// // The binary has 01_users, 02_orders and 04_items. Applied are version 1, under another name, 2, with another text, and 5.
/// let rows = vec![row(1, "people", 1), row(2, "orders", 9), row(5, "notes", 5)];
/// let standings = Standings::compare(&migrations, rows);
/// let item = &standings.items()[1];
/// assert_eq!((item.label().as_str(), item.standing()), ("02_orders", Standing::Divergent));
/// ```
#[derive(Clone, Debug)]
pub struct Item<'a> {
    version: Version,
    standing: Standing,
    embedded: Option<Migration<'a>>,
    row: Option<HistoryRow>,
    taken_back: Option<HistoryRow>,
    is_compatible: bool,
}

impl<'a> Item<'a> {
    /// The version.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/standings.rs")); }
    /// # use example::*;
    /// # let migrations = migrations();
    /// // The binary has 01_users, 02_orders and 04_items. Applied are version 1, under another name, 2, with another text, and 5.
    /// let rows = vec![row(1, "people", 1), row(2, "orders", 9), row(5, "notes", 5)];
    /// let standings = Standings::compare(&migrations, rows);
    /// assert_eq!(standings.items()[2].version(), &4.into());
    /// ```
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// How binary and history relate.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/standings.rs")); }
    /// # use example::*;
    /// # let migrations = migrations();
    /// // The binary has 01_users, 02_orders and 04_items. Applied are version 1, under another name, 2, with another text, and 5.
    /// let rows = vec![row(1, "people", 1), row(2, "orders", 9), row(5, "notes", 5)];
    /// let standings = Standings::compare(&migrations, rows);
    /// assert_eq!(standings.items()[2].standing(), Standing::OutOfOrder); // 5 is applied already
    /// ```
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// The migration in the binary.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/standings.rs")); }
    /// # use example::*;
    /// # let migrations = migrations();
    /// // The binary has 01_users, 02_orders and 04_items. Applied are version 1, under another name, 2, with another text, and 5.
    /// let rows = vec![row(1, "people", 1), row(2, "orders", 9), row(5, "notes", 5)];
    /// let standings = Standings::compare(&migrations, rows);
    /// assert_eq!(standings.items()[0].embedded().map(|migration| migration.name()), Some("users"));
    /// assert!(standings.items()[3].embedded().is_none()); // of a newer binary
    /// ```
    pub fn embedded(&self) -> Option<Migration<'a>> {
        self.embedded
    }

    /// Its row in the history, unless that only remembers that it once was applied.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/standings.rs")); }
    /// # use example::*;
    /// # let migrations = migrations();
    /// // The binary has 01_users, 02_orders and 04_items. Applied are version 1, under another name, 2, with another text, and 5.
    /// let rows = vec![row(1, "people", 1), row(2, "orders", 9), row(5, "notes", 5)];
    /// let standings = Standings::compare(&migrations, rows);
    /// assert_eq!(standings.items()[0].row().map(|row| &*row.name), Some("people"));
    /// assert!(standings.items()[2].row().is_none());
    /// ```
    pub fn row(&self) -> Option<&HistoryRow> {
        self.row.as_ref()
    }

    /// The row that remembers that a migration which is pending now once was applied.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/standings.rs")); }
    /// # use example::*;
    /// # let migrations = migrations();
    /// // The binary has 01_users, 02_orders and 04_items. Applied are version 1, under another name, 2, with another text, and 5.
    /// let rows = vec![row(1, "people", 1), row(2, "orders", 9), row(5, "notes", 5)];
    /// let standings = Standings::compare(&migrations, rows);
    /// let taken_back = HistoryRow { state: RowState::Pending, ..row(4, "items", 4) };
    /// let standings = Standings::compare(&migrations, vec![taken_back]);
    /// assert!(standings.items()[2].row().is_none() && standings.items()[2].taken_back().is_some());
    /// ```
    pub fn taken_back(&self) -> Option<&HistoryRow> {
        self.taken_back.as_ref()
    }

    /// Whether a binary that does not know the migration can go on; see [`Standings::declare_compatible`].
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/standings.rs")); }
    /// # use example::*;
    /// # let migrations = migrations();
    /// // The binary has 01_users, 02_orders and 04_items. Applied are version 1, under another name, 2, with another text, and 5.
    /// let rows = vec![row(1, "people", 1), row(2, "orders", 9), row(5, "notes", 5)];
    /// let mut standings = Standings::compare(&migrations, rows);
    /// standings.declare_compatible(&5.into());
    /// assert!(standings.items()[3].is_compatible() && !standings.items()[2].is_compatible());
    /// ```
    pub fn is_compatible(&self) -> bool {
        self.is_compatible
    }

    /// Whether nothing may be applied while the migration stands so.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/standings.rs")); }
    /// # use example::*;
    /// # let migrations = migrations();
    /// // The binary has 01_users, 02_orders and 04_items. Applied are version 1, under another name, 2, with another text, and 5.
    /// let rows = vec![row(1, "people", 1), row(2, "orders", 9), row(5, "notes", 5)];
    /// let standings = Standings::compare(&migrations, rows);
    /// assert!(standings.items()[1].is_problem(Policy::default()));
    /// ```
    pub fn is_problem(&self, policy: Policy) -> bool {
        match self.standing {
            Standing::Applied | Standing::Pending => false,
            Standing::Divergent | Standing::Running | Standing::Interrupted => true,
            Standing::Missing => !policy.allow_missing,
            Standing::OutOfOrder => !policy.allow_out_of_order,
            Standing::Ahead => match policy.ahead {
                Ahead::IfCompatible => !self.is_compatible,
                Ahead::Allow => false,
                Ahead::Refuse => true,
            },
        }
    }

    /// Whether the migration is to be applied.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/standings.rs")); }
    /// # use example::*;
    /// # let migrations = migrations();
    /// // The binary has 01_users, 02_orders and 04_items. Applied are version 1, under another name, 2, with another text, and 5.
    /// let rows = vec![row(1, "people", 1), row(2, "orders", 9), row(5, "notes", 5)];
    /// let standings = Standings::compare(&migrations, rows);
    /// let out_of_order = &standings.items()[2];
    /// assert!(!out_of_order.is_pending(Policy::default()));
    /// assert!(out_of_order.is_pending(Policy { allow_out_of_order: true, ..Policy::default() }));
    /// ```
    pub fn is_pending(&self, policy: Policy) -> bool {
        self.standing == Standing::Pending || self.standing == Standing::OutOfOrder && policy.allow_out_of_order
    }

    /// Version and name: those of the binary, or else of the history.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/standings.rs")); }
    /// # use example::*;
    /// # let migrations = migrations();
    /// // The binary has 01_users, 02_orders and 04_items. Applied are version 1, under another name, 2, with another text, and 5.
    /// let rows = vec![row(1, "people", 1), row(2, "orders", 9), row(5, "notes", 5)];
    /// let standings = Standings::compare(&migrations, rows);
    /// assert_eq!(standings.items()[0].label().as_str(), "01_users"); // as the binary calls it
    /// ```
    pub fn label(&self) -> Label {
        let of_history = || self.row.as_ref().map_or("", |row| &row.name);
        Label::new(&self.version, self.embedded.map_or_else(of_history, |migration| migration.name()))
    }

    /// How many statements the script has that is at work, or was interrupted: that of the binary, which goes on with it. Otherwise what
    /// the row remembers.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/standings.rs")); }
    /// # use example::*;
    /// # let migrations = migrations();
    /// // The binary has 01_users, 02_orders and 04_items. Applied are version 1, under another name, 2, with another text, and 5.
    /// let rows = vec![row(1, "people", 1), row(2, "orders", 9), row(5, "notes", 5)];
    /// let standings = Standings::compare(&migrations, rows);
    /// assert_eq!(standings.items()[0].statements(Dialect::Sqlite), Some(1));
    /// ```
    pub fn statements(&self, dialect: Dialect) -> Option<u64> {
        let row = self.row.as_ref()?;
        let script = self.embedded.and_then(|migration| match row.state {
            RowState::Running => Some(migration.up()),
            RowState::Reverting => migration.down(),
            RowState::Applied | RowState::Pending => None,
        });
        let today = script.filter(|_| self.standing == Standing::Interrupted);
        let today = today.map(|script| scan::split(script.sql(), dialect).len());
        Some(today.and_then(|statements| u64::try_from(statements).ok()).unwrap_or(row.statements))
    }

    /// The name that the row remembers, where the binary has another one.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/standings.rs")); }
    /// # use example::*;
    /// # let migrations = migrations();
    /// // The binary has 01_users, 02_orders and 04_items. Applied are version 1, under another name, 2, with another text, and 5.
    /// let rows = vec![row(1, "people", 1), row(2, "orders", 9), row(5, "notes", 5)];
    /// let standings = Standings::compare(&migrations, rows);
    /// assert_eq!(standings.items()[0].renamed_from(), Some("people"));
    /// ```
    pub fn renamed_from(&self) -> Option<&str> {
        let (migration, row) = (self.embedded?, self.row.as_ref()?);
        (migration.name() != row.name).then_some(&*row.name)
    }

    /// The checksums of the row and of the binary, where they differ.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/standings.rs")); }
    /// # use example::*;
    /// # let migrations = migrations();
    /// // The binary has 01_users, 02_orders and 04_items. Applied are version 1, under another name, 2, with another text, and 5.
    /// let rows = vec![row(1, "people", 1), row(2, "orders", 9), row(5, "notes", 5)];
    /// let standings = Standings::compare(&migrations, rows);
    /// let (applied, embedded) = standings.items()[1].diverging_checksums().unwrap();
    /// assert_eq!((applied, embedded), (Checksum::from_bytes([9; 32]), Checksum::from_bytes([2; 32])));
    /// ```
    pub fn diverging_checksums(&self) -> Option<(Checksum, Checksum)> {
        let (applied, embedded) = (self.row.as_ref()?.checksum, self.embedded?.up().checksum());
        (applied != embedded).then_some((applied, embedded))
    }
}

/// Where every migration stands.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/standings.rs")); }
/// # use example::*;
/// # let migrations = migrations();
/// // The binary has 01_users, 02_orders and 04_items. Applied are version 1, under another name, 2, with another text, and 5.
/// let rows = vec![row(1, "people", 1), row(2, "orders", 9), row(5, "notes", 5)];
/// let standings = Standings::compare(&migrations, rows);
/// let told: Vec<String> = standings.items().iter().map(|item| format!("{} {}", item.label(), item.standing().as_str())).collect();
/// assert_eq!(told, ["01_users applied", "02_orders divergent", "04_items out-of-order", "05_notes ahead"]);
/// ```
#[derive(Clone, Debug)]
pub struct Standings<'a>(Vec<Item<'a>>);

impl<'a> Standings<'a> {
    /// Compares the migrations of a binary, sorted by version, with the rows of a history in any order.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/standings.rs")); }
    /// # use example::*;
    /// # let migrations = migrations();
    /// // The binary has 01_users, 02_orders and 04_items. Applied are version 1, under another name, 2, with another text, and 5.
    /// let rows = vec![row(1, "people", 1), row(2, "orders", 9), row(5, "notes", 5)];
    /// let standings = Standings::compare(&migrations, rows);
    /// assert_eq!(standings.items().len(), 4); // each version once
    /// ```
    pub fn compare(migrations: &[Migration<'a>], mut rows: Vec<HistoryRow>) -> Standings<'a> {
        rows.sort_by(|a, b| a.version.cmp(&b.version));
        write_as_in_files(migrations, &mut rows);
        let (taken_back, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.state == RowState::Pending);
        let latest_embedded = migrations.last().map(|migration| migration.version());
        let latest_applied = rows.last().map(|row| row.version.clone());

        let mut items = Vec::with_capacity(migrations.len().max(rows.len()));
        let (mut migrations, mut rows) = (migrations.iter().copied().peekable(), rows.into_iter().peekable());
        let mut taken_back = taken_back.into_iter().peekable();
        loop {
            let (order, version) = match (migrations.peek(), rows.peek()) {
                (Some(migration), Some(row)) => {
                    let order = migration.version().cmp(&row.version);
                    (order, if order.is_le() { migration.version() } else { &row.version })
                }
                (Some(migration), None) => (Ordering::Less, migration.version()),
                (None, Some(row)) => (Ordering::Greater, &row.version),
                (None, None) => break,
            };
            let version = version.clone();
            let embedded = if order.is_le() { migrations.next() } else { None };
            let row = if order.is_ge() { rows.next() } else { None };
            let standing = match (&embedded, &row) {
                (_, Some(row)) if row.state != RowState::Applied => Standing::Interrupted,
                (Some(migration), Some(row)) if migration.up().checksum() != row.checksum => Standing::Divergent,
                (Some(_), Some(_)) => Standing::Applied,
                (Some(migration), None) if Some(migration.version()) < latest_applied.as_ref() => Standing::OutOfOrder,
                (Some(_), None) => Standing::Pending,
                (None, row) if row.as_ref().map(|row| &row.version) > latest_embedded => Standing::Ahead,
                (None, _) => Standing::Missing,
            };
            // What the binary does not have, and the history only remembers, stands nowhere.
            while taken_back.next_if(|row| row.version < version).is_some() {}
            let taken_back = taken_back.next_if(|row| row.version == version);
            items.push(Item { version, standing, embedded, row, taken_back, is_compatible: false });
        }
        Standings(items)
    }

    /// Every migration, by version.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/standings.rs")); }
    /// # use example::*;
    /// # let migrations = migrations();
    /// // The binary has 01_users, 02_orders and 04_items. Applied are version 1, under another name, 2, with another text, and 5.
    /// let rows = vec![row(1, "people", 1), row(2, "orders", 9), row(5, "notes", 5)];
    /// let standings = Standings::compare(&migrations, rows);
    /// assert!(standings.items().is_sorted_by_key(|item| item.version()));
    /// ```
    pub fn items(&self) -> &[Item<'a>] {
        &self.0
    }

    /// The migration of a version, if there is one in the binary or the history.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/standings.rs")); }
    /// # use example::*;
    /// # let migrations = migrations();
    /// // The binary has 01_users, 02_orders and 04_items. Applied are version 1, under another name, 2, with another text, and 5.
    /// let rows = vec![row(1, "people", 1), row(2, "orders", 9), row(5, "notes", 5)];
    /// let standings = Standings::compare(&migrations, rows);
    /// assert_eq!(standings.of(&5.into()).map(|item| item.standing()), Some(Standing::Ahead));
    /// assert!(standings.of(&6.into()).is_none());
    /// ```
    pub fn of(&self, version: &Version) -> Option<&Item<'a>> {
        self.0.binary_search_by(|item| item.version.cmp(version)).ok().and_then(|index| self.0.get(index))
    }

    /// Somebody is at work on an interrupted migration: it is running.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/standings.rs")); }
    /// # use example::*;
    /// # let migrations = migrations();
    /// // The binary has 01_users, 02_orders and 04_items. Applied are version 1, under another name, 2, with another text, and 5.
    /// let rows = vec![row(1, "people", 1), row(2, "orders", 9), row(5, "notes", 5)];
    /// let mut standings = Standings::compare(&migrations, rows);
    /// let left = HistoryRow { state: RowState::Running, ..row(4, "items", 4) };
    /// let mut standings = Standings::compare(&migrations, vec![left]);
    /// assert_eq!(standings.items()[2].standing(), Standing::Interrupted);
    /// standings.declare_running(&4.into()); // its claim is held by somebody who lives
    /// assert_eq!(standings.items()[2].standing(), Standing::Running);
    /// ```
    pub fn declare_running(&mut self, version: &Version) {
        let item = self.0.iter_mut().find(|item| item.version == *version && item.standing == Standing::Interrupted);
        item.into_iter().for_each(|item| item.standing = Standing::Running);
    }

    /// The script of a migration says that a binary which does not know it can go on.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/standings.rs")); }
    /// # use example::*;
    /// # let migrations = migrations();
    /// // The binary has 01_users, 02_orders and 04_items. Applied are version 1, under another name, 2, with another text, and 5.
    /// let rows = vec![row(1, "people", 1), row(2, "orders", 9), row(5, "notes", 5)];
    /// let mut standings = Standings::compare(&migrations, rows);
    /// standings.declare_compatible(&5.into());
    /// assert!(!standings.items()[3].is_problem(Policy::default()));
    /// ```
    pub fn declare_compatible(&mut self, version: &Version) {
        self.0.iter_mut().filter(|item| item.version == *version).for_each(|item| item.is_compatible = true);
    }

    /// What is to be applied, in order.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/standings.rs")); }
    /// # use example::*;
    /// # let migrations = migrations();
    /// // The binary has 01_users, 02_orders and 04_items. Applied are version 1, under another name, 2, with another text, and 5.
    /// let rows = vec![row(1, "people", 1), row(2, "orders", 9), row(5, "notes", 5)];
    /// let standings = Standings::compare(&migrations, rows);
    /// let policy = Policy { allow_out_of_order: true, ..Policy::default() };
    /// let pending: Vec<String> = standings.pending(policy).map(|item| item.label().to_string()).collect();
    /// assert_eq!(pending, ["04_items"]);
    /// ```
    pub fn pending(&self, policy: Policy) -> impl Iterator<Item = &Item<'a>> {
        self.0.iter().filter(move |item| item.is_pending(policy))
    }

    /// What forbids to apply anything.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/standings.rs")); }
    /// # use example::*;
    /// # let migrations = migrations();
    /// // The binary has 01_users, 02_orders and 04_items. Applied are version 1, under another name, 2, with another text, and 5.
    /// let rows = vec![row(1, "people", 1), row(2, "orders", 9), row(5, "notes", 5)];
    /// let standings = Standings::compare(&migrations, rows);
    /// assert_eq!(standings.problems(Policy::default()).count(), 3);
    /// ```
    pub fn problems(&self, policy: Policy) -> impl Iterator<Item = &Item<'a>> {
        self.0.iter().filter(move |item| item.is_problem(policy))
    }
}

/// A row keeps the number, not the zeros that the file name had: its version is told as the names of the files have theirs.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/standings.rs")); }
/// # use example::*;
/// # let migrations = migrations();
/// // The files are 01_users.sql, 02_orders.sql and 04_items.sql.
/// let mut rows = [row(2, "orders", 2)];
/// migrate_core::plan::write_as_in_files(&migrations, &mut rows);
/// assert_eq!(rows[0].version.as_written(), "02");
/// ```
pub fn write_as_in_files(migrations: &[Migration<'_>], rows: &mut [HistoryRow]) {
    let written = migrations.iter().map(|migration| migration.version().as_written());
    let width = written.filter(|written| written.starts_with('0')).map(str::len).max().unwrap_or(0);
    for row in rows {
        row.version = row.version.padded_to(width);
    }
}

#[cfg(all(test, feature = "folder"))]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::{Direction, MigrationSet, Script};

    #[test]
    fn standings() {
        // binary and history as `version`, `version!` = other text, `version~` = running, `version-` = taken back → what stands where
        let cases: &[(&str, &str, &str)] = &[
            ("", "", ""),
            ("1 2", "", "1 pending, 2 pending"),
            ("1 2", "1 2", "1 applied, 2 applied"),
            ("1 2 3", "1", "1 applied, 2 pending, 3 pending"),
            ("01 2", "1 02", "1 applied, 2 applied"),
            ("1 2", "1! 2", "1 divergent, 2 applied"),
            ("1 3", "1 2 3", "1 applied, 2 missing, 3 applied"),
            ("1 2", "1 2 3", "1 applied, 2 applied, 3 ahead"),
            ("1 2 3", "1 3", "1 applied, 2 out-of-order, 3 applied"),
            ("1 2", "3", "1 out-of-order, 2 out-of-order, 3 ahead"),
            ("", "1", "1 ahead"),
            ("1 2", "1~", "1 interrupted, 2 pending"),
            ("1 2", "1!~", "1 interrupted, 2 pending"),
            ("1 2", "1 2-", "1 applied, 2 pending"),
            ("1 2", "1 2!-", "1 applied, 2 pending"),
            ("1 2 3", "1 2- 3", "1 applied, 2 out-of-order, 3 applied"),
            ("1", "1 2-", "1 applied"),
            ("2", "1~ 2", "1 interrupted, 2 applied"),
            ("9 10", "9", "9 applied, 10 pending"),
        ];
        for (binary, history, expect) in cases {
            let set = set(binary);
            let migrations = set.migrations(crate::Dialect::Sqlite).unwrap();
            let standings = Standings::compare(&migrations, history.split_whitespace().rev().map(row).collect());
            let described: Vec<String> = standings
                .items()
                .iter()
                .map(|item| format!("{} {}", item.version().digits(), item.standing().as_str()))
                .collect();
            assert_eq!(described.join(", "), *expect, "{binary} against {history}");
        }
    }

    /// What was taken back stands with its own version, whatever else the history remembers that the binary does not have.
    #[test]
    fn what_was_taken_back() {
        let set = set("2 4 5");
        let migrations = set.migrations(crate::Dialect::Sqlite).unwrap();
        let rows = ["1-", "2", "3-", "4-", "6-"].map(row).into_iter().rev().collect();
        let standings = Standings::compare(&migrations, rows);
        let taken_back = standings.items().iter().map(|item| item.taken_back().map(|row| row.version.digits()));
        assert_eq!(taken_back.collect::<Vec<_>>(), [None, Some("4"), None]);
    }

    #[test]
    fn policies() {
        let strict = Policy::default();
        let cases: &[(&str, &str, Policy, &str, &str)] = &[
            ("1 2 3", "1 3", strict, "2", ""),
            ("1 2 3 4", "1 3", Policy { allow_out_of_order: true, ..strict }, "", "2 4"),
            ("1 3", "1 2", strict, "2", "3"),
            ("1 3", "1 2", Policy { allow_missing: true, ..strict }, "", "3"),
            ("1", "1 2 3", strict, "2 3", ""),
            ("1", "1 2 3", Policy { ahead: Ahead::Allow, ..strict }, "", ""),
            ("1", "1 9 10", strict, "10", ""),
            ("1", "1 9 10", Policy { ahead: Ahead::Refuse, ..strict }, "9 10", ""),
            ("1 2", "1! 2~", Policy { allow_out_of_order: true, allow_missing: true, ahead: Ahead::Allow }, "1 2", ""),
        ];
        for (binary, history, policy, problems, pending) in cases {
            let set = set(binary);
            let migrations = set.migrations(crate::Dialect::Sqlite).unwrap();
            let mut standings = Standings::compare(&migrations, history.split_whitespace().map(row).collect());
            let nine = Version::from(9);
            standings.declare_compatible(&nine);
            assert!(standings.items().iter().all(|item| item.is_compatible() == (*item.version() == nine)));
            let told = |items: Vec<&Item<'_>>| {
                items.iter().map(|item| item.version().digits().to_owned()).collect::<Vec<_>>().join(" ")
            };
            assert_eq!(
                told(standings.problems(*policy).collect()),
                *problems,
                "{binary} against {history}, {policy:?}"
            );
            assert_eq!(told(standings.pending(*policy).collect()), *pending, "{binary} against {history}, {policy:?}");
        }
    }

    #[test]
    fn statements() {
        // The script has none, and the row remembers three.
        let cases = [("1", "", None), ("1", "1", Some(3)), ("1", "1~", Some(0)), ("", "1~", Some(3))];
        for (binary, history, expect) in cases {
            let set = set(binary);
            let migrations = set.migrations(crate::Dialect::Sqlite).unwrap();
            let rows = history.split_whitespace().map(|spec| HistoryRow { statements: 3, ..row(spec) }).collect();
            let standings = Standings::compare(&migrations, rows);
            assert_eq!(standings.items()[0].statements(Dialect::Sqlite), expect, "{binary} against {history}");
        }
    }

    fn set(versions: &str) -> MigrationSet {
        let script = |version: &str| Script {
            version: Version::parse(version).unwrap(),
            name: Cow::Borrowed("x"),
            dialect: None,
            direction: Direction::Up,
            path: Cow::Borrowed(""),
            sql: Cow::Borrowed(""),
            checksum: Checksum::of("as embedded"),
            no_transaction: false,
        };
        MigrationSet::from_parts(
            Cow::Borrowed("default"),
            versions.split_whitespace().map(script).collect(),
            versions.split_whitespace().count(),
            [None; crate::Dialect::ALL.len()],
        )
    }

    fn row(spec: &str) -> HistoryRow {
        HistoryRow {
            version: Version::parse(spec.trim_end_matches(['!', '~', '-'])).unwrap(),
            name: "x".into(),
            checksum: Checksum::of(if spec.contains('!') { "another text" } else { "as embedded" }),
            state: match spec.chars().last() {
                Some('~') => RowState::Running,
                Some('-') => RowState::Pending,
                _ => RowState::Applied,
            },
            applied_at: String::new(),
            execution_time_ms: None,
            statements: 1,
            statements_begun: 1,
            statements_done: 1,
            applied_by: String::new(),
            claim: None,
            audit: String::new(),
        }
    }
}
