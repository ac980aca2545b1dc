//! (embedded migrations, history) → what stands where. A pure function.
//!
//! Invariant: every migration of the binary and every row of the history appears exactly once, sorted by version.

use std::cmp::Ordering;

use crate::{Checksum, HistoryRow, Label, Migration, RowState, Version};

/// How a migration of the binary and a row of the history relate.
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
    /// Begun outside of a transaction, and not finished.
    Interrupted,
}

impl Standing {
    /// The word for it, as in messages: `out-of-order`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Standing::Applied => "applied",
            Standing::Pending => "pending",
            Standing::Divergent => "divergent",
            Standing::Missing => "missing",
            Standing::Ahead => "ahead",
            Standing::OutOfOrder => "out-of-order",
            Standing::Interrupted => "interrupted",
        }
    }

    /// Whether nothing may be applied while a migration stands so.
    pub const fn is_problem(self) -> bool {
        !matches!(self, Standing::Applied | Standing::Pending)
    }
}

/// A migration, as the binary and the history know it.
#[derive(Clone, Debug)]
pub struct Item<'a> {
    version: Version,
    standing: Standing,
    embedded: Option<Migration<'a>>,
    row: Option<HistoryRow>,
}

impl<'a> Item<'a> {
    /// The version.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// How binary and history relate.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// The migration in the binary.
    pub fn embedded(&self) -> Option<Migration<'a>> {
        self.embedded
    }

    /// Its row in the history.
    pub fn row(&self) -> Option<&HistoryRow> {
        self.row.as_ref()
    }

    /// Version and name: those of the binary, or else of the history.
    pub fn label(&self) -> Label {
        let of_history = || self.row.as_ref().map_or("", |row| &row.name);
        Label::new(&self.version, self.embedded.map_or_else(of_history, |migration| migration.name()))
    }

    /// The name that the row remembers, where the binary has another one.
    pub fn renamed_from(&self) -> Option<&str> {
        let (migration, row) = (self.embedded?, self.row.as_ref()?);
        (migration.name() != row.name).then_some(&*row.name)
    }

    /// The checksums of the row and of the binary, where they differ.
    pub fn diverging_checksums(&self) -> Option<(Checksum, Checksum)> {
        let (applied, embedded) = (self.row.as_ref()?.checksum, self.embedded?.up().checksum());
        (applied != embedded).then_some((applied, embedded))
    }
}

/// Where every migration stands.
#[derive(Clone, Debug)]
pub struct Standings<'a>(Vec<Item<'a>>);

impl<'a> Standings<'a> {
    /// Compares the migrations of a binary, sorted by version, with the rows of a history in any order.
    pub fn compare(migrations: &[Migration<'a>], mut rows: Vec<HistoryRow>) -> Standings<'a> {
        rows.sort_by(|a, b| a.version.cmp(&b.version));
        // A row keeps the number, not the zeros that the file name had: they are told as the other names have them.
        let padded = |migration: &Migration<'a>| migration.version().as_written().starts_with('0');
        let width =
            migrations.iter().filter(|migration| padded(migration)).map(|m| m.version().as_written().len()).max();
        for row in &mut rows {
            row.version = row.version.padded_to(width.unwrap_or(0));
        }
        let latest_embedded = migrations.last().map(|migration| migration.version());
        let latest_applied = rows.last().map(|row| row.version.clone());

        let mut items = Vec::with_capacity(migrations.len().max(rows.len()));
        let (mut migrations, mut rows) = (migrations.iter().copied().peekable(), rows.into_iter().peekable());
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
                (Some(migration), Some(row)) if migration.up().checksum() != row.checksum => Standing::Divergent,
                (_, Some(row)) if row.state == RowState::Running => Standing::Interrupted,
                (Some(_), Some(_)) => Standing::Applied,
                (Some(migration), None) if Some(migration.version()) < latest_applied.as_ref() => Standing::OutOfOrder,
                (Some(_), None) => Standing::Pending,
                (None, row) if row.as_ref().map(|row| &row.version) > latest_embedded => Standing::Ahead,
                (None, _) => Standing::Missing,
            };
            items.push(Item { version, standing, embedded, row });
        }
        Standings(items)
    }

    /// Every migration, by version.
    pub fn items(&self) -> &[Item<'a>] {
        &self.0
    }

    /// What would be applied, in order.
    pub fn pending(&self) -> impl Iterator<Item = Migration<'a>> {
        self.0.iter().filter(|item| item.standing == Standing::Pending).filter_map(|item| item.embedded)
    }

    /// What forbids to apply anything.
    pub fn problems(&self) -> impl Iterator<Item = &Item<'a>> {
        self.0.iter().filter(|item| item.standing.is_problem())
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
        // binary and history as `version`, `version!` = other text, `version~` = running → what stands where
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
            ("1 2", "1!~", "1 divergent, 2 pending"),
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
            [None; crate::Dialect::ALL.len()],
        )
    }

    fn row(spec: &str) -> HistoryRow {
        HistoryRow {
            version: Version::parse(spec.trim_end_matches(['!', '~'])).unwrap(),
            name: "x".into(),
            checksum: Checksum::of(if spec.contains('!') { "another text" } else { "as embedded" }),
            state: if spec.contains('~') { RowState::Running } else { RowState::Applied },
            applied_at: String::new(),
            execution_time_ms: None,
            applied_by: String::new(),
        }
    }
}
