//! What another tool's history says of the migrations in the binary. A pure function.

use std::collections::HashMap;

use super::checksums::agree;
use super::{ForeignKey, ForeignRow, ForeignState, Tool};
use crate::Migration;

/// Another tool's history beside the migrations in the binary.
///
/// Migrations and rows keep their order. [`problems`](Adoption::problems) tells what speaks against taking the history over,
/// [`notes`](Adoption::notes) what else is worth knowing.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # use example::*;
/// use migrate_core::adopt::{Proof, Tool, judge};
///
/// let applied = |version: &str| vec![Some(version.to_owned()), None, None, None, None, None, None];
/// let rows = Tool::Dbmate.decode(&[applied("1"), applied("9")]).unwrap();
/// let migrations = shop().migrations(Dialect::Sqlite).unwrap(); // 0001_users, 0002_orders
/// let adoption = judge(Tool::Dbmate, &rows, &migrations);
/// assert_eq!((adoption.matched.len(), adoption.pending.len(), adoption.unknown.len()), (1, 1, 1));
/// ```
#[derive(Clone, Debug)]
pub struct Adoption<'a> {
    /// The tool.
    pub tool: Tool,
    /// The migrations that count as applied, sorted by version.
    pub matched: Vec<Matched<'a>>,
    /// The migrations that the history does not know, sorted by version.
    pub pending: Vec<Migration<'a>>,
    /// The migrations that the tool has applied with another text, sorted by version.
    pub differing: Vec<Differing<'a>>,
    /// What the tool has applied and the binary does not have.
    pub unknown: Vec<ForeignRow>,
    /// What has failed or was interrupted.
    pub dirty: Vec<ForeignRow>,
    /// What says nothing of a migration that counts: taken back, repeatable, or the tool's own note.
    pub left_out: Vec<ForeignRow>,
}

/// A migration that counts as applied.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # use example::*;
/// use migrate_core::adopt::{Proof, Tool, judge};
///
/// let applied = |version: &str| vec![Some(version.to_owned()), None, None, None, None, None, None];
/// let rows = Tool::Dbmate.decode(&[applied("1"), applied("9")]).unwrap();
/// let migrations = shop().migrations(Dialect::Sqlite).unwrap(); // 0001_users, 0002_orders
/// let adoption = judge(Tool::Dbmate, &rows, &migrations);
/// let matched = &adoption.matched[0];
/// assert_eq!((matched.migration.name(), matched.proof), ("users", Proof::Version));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched<'a> {
    /// The migration.
    pub migration: Migration<'a>,
    /// How well that is known.
    pub proof: Proof,
    /// When it was applied, in UTC, where the tool keeps it: `2026-03-13T17:00:00.000Z`. Where it counts by its position, when that was
    /// recorded which comes later: it was applied then at the latest.
    pub applied_at: Option<String>,
    /// How long it took, in milliseconds, where the tool keeps it.
    pub execution_time_ms: Option<u64>,
}

/// How well it is known that a migration was applied as it is in the binary.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # use example::*;
/// use migrate_core::adopt::{Proof, Tool, judge};
///
/// let applied = |version: &str| vec![Some(version.to_owned()), None, None, None, None, None, None];
/// let rows = Tool::Dbmate.decode(&[applied("1"), applied("9")]).unwrap();
/// let migrations = shop().migrations(Dialect::Sqlite).unwrap(); // 0001_users, 0002_orders
/// let adoption = judge(Tool::Dbmate, &rows, &migrations);
/// assert_eq!(adoption.matched[0].proof, Proof::Version); // dbmate keeps no checksums
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Proof {
    /// The tool's checksum is that of the script.
    Checksum,
    /// The tool has a row for its version, and no checksum.
    Version,
    /// The tool has no row for it: it counts because something that comes later is applied.
    Position,
}

/// A migration that the tool has applied with another text.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # use example::*;
/// use migrate_core::adopt::{Tool, judge};
///
/// let cell = |text: &str| Some(text.to_owned());
/// let edited = vec![cell("1"), cell("users"), cell("ab12"), None, cell("-1"), cell("1"), None]; // another checksum
/// let rows = Tool::Sqlx.decode(&[edited]).unwrap();
/// let migrations = shop().migrations(Dialect::Sqlite).unwrap();
/// let adoption = judge(Tool::Sqlx, &rows, &migrations);
/// assert_eq!(adoption.differing[0].migration.name(), "users");
/// assert_eq!(adoption.differing[0].row.checksum.as_deref(), Some("ab12"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differing<'a> {
    /// The migration.
    pub migration: Migration<'a>,
    /// The row, with the checksum of what was applied.
    pub row: ForeignRow,
}

/// Compares the rows of a history, in the order of [`history_sql`](Tool::history_sql), with the migrations in the binary, sorted.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # use example::*;
/// use migrate_core::adopt::{Proof, Tool, judge};
///
/// let applied = |version: &str| vec![Some(version.to_owned()), None, None, None, None, None, None];
/// let rows = Tool::Dbmate.decode(&[applied("1"), applied("9")]).unwrap();
/// let migrations = shop().migrations(Dialect::Sqlite).unwrap(); // 0001_users, 0002_orders
/// let adoption = judge(Tool::Dbmate, &rows, &migrations);
/// assert_eq!(adoption.pending[0].name(), "orders");
/// assert_eq!(adoption.unknown[0].label(), "9");
/// ```
pub fn judge<'a>(tool: Tool, rows: &[ForeignRow], migrations: &[Migration<'a>]) -> Adoption<'a> {
    let mut judge = Judge { tool, migrations, standings: vec![Standing::Pending; migrations.len()] };
    let (mut unknown, mut dirty, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
    // The last row of a version tells where it stands.
    let telling = rows.iter().enumerate().filter(|(_, row)| tells(row));
    let last: HashMap<_, usize> = telling.map(|(index, row)| (subject(row), index)).collect();
    let is_last = |index: usize, row: &ForeignRow| last.get(&subject(row)) == Some(&index);
    for (index, row) in rows.iter().enumerate() {
        match row.state {
            ForeignState::Dirty if is_last(index, row) => dirty.push(row.clone()),
            ForeignState::Applied if is_last(index, row) => {
                if !judge.apply(row) {
                    unknown.push(row.clone());
                }
            }
            ForeignState::Dirty | ForeignState::Applied => {}
            ForeignState::Reverted | ForeignState::Repeatable | ForeignState::Note => left_out.push(row.clone()),
        }
    }
    let mut adoption =
        Adoption { tool, matched: Vec::new(), pending: Vec::new(), differing: Vec::new(), unknown, dirty, left_out };
    for (migration, standing) in migrations.iter().zip(judge.standings) {
        match standing {
            Standing::Pending => adoption.pending.push(*migration),
            Standing::Applied(proof, row) => {
                adoption.matched.push(Matched {
                    migration: *migration,
                    proof,
                    applied_at: row.and_then(|row| row.applied_at.clone()),
                    execution_time_ms: row.filter(|_| proof != Proof::Position).and_then(|row| row.execution_time_ms),
                });
            }
            Standing::Differs(row) => adoption.differing.push(Differing { migration: *migration, row: row.clone() }),
        }
    }
    adoption
}

struct Judge<'r, 'm, 'a> {
    tool: Tool,
    migrations: &'m [Migration<'a>],
    standings: Vec<Standing<'r>>,
}

#[derive(Clone, Copy)]
enum Standing<'r> {
    Pending,
    Applied(Proof, Option<&'r ForeignRow>),
    Differs(&'r ForeignRow),
}

impl<'r> Judge<'r, '_, '_> {
    /// Notes what a row says is applied; `false` when the binary has nothing like it.
    fn apply(&mut self, row: &'r ForeignRow) -> bool {
        let tool = self.tool;
        match &row.key {
            ForeignKey::Text(_) => false,
            ForeignKey::Version(version) => {
                let Ok(at) = self.migrations.binary_search_by(|migration| migration.version().cmp(version)) else {
                    return false;
                };
                self.standings[at] = match agree(tool, row, &self.migrations[at]) {
                    Some(true) => Standing::Applied(Proof::Checksum, Some(row)),
                    Some(false) => Standing::Differs(row),
                    None => Standing::Applied(Proof::Version, Some(row)),
                };
                true
            }
            ForeignKey::UpTo(version) => {
                let end = self.migrations.partition_point(|migration| migration.version() <= version);
                self.count(end, row);
                let is_last = |at: &usize| self.migrations[*at].version() == version;
                let last = end.checked_sub(1).filter(is_last);
                if let Some(last) = last.filter(|_| tool == Tool::GolangMigrate) {
                    self.standings[last] = Standing::Applied(Proof::Version, Some(row));
                }
                // A baseline of Flyway need not have a file.
                last.is_some() || tool == Tool::Flyway
            }
            ForeignKey::First(count) => {
                let count = usize::try_from(*count).unwrap_or(usize::MAX);
                self.count(count.min(self.migrations.len()), row);
                count <= self.migrations.len()
            }
        }
    }

    /// Counts the first migrations as applied, because of a row.
    fn count(&mut self, first: usize, row: &'r ForeignRow) {
        for standing in self.standings.iter_mut().take(first) {
            if matches!(standing, Standing::Pending) {
                *standing = Standing::Applied(Proof::Position, Some(row));
            }
        }
    }
}

/// Whether a row tells where a migration stands.
fn tells(row: &ForeignRow) -> bool {
    !matches!(row.state, ForeignState::Note | ForeignState::Repeatable)
}

/// What rows that replace each other have in common. What has no version is told apart by its name.
fn subject(row: &ForeignRow) -> (&ForeignKey, Option<&str>) {
    let is_text = matches!(row.key, ForeignKey::Text(_));
    (&row.key, row.name.as_deref().filter(|_| is_text))
}
