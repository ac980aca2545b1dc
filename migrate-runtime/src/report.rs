//! What the verbs return, for people (`Display`: one line a migration) and for programs (`serde`).

use std::fmt;
use std::time::Duration;

use migrate_core::plan::{Item, Standing, Standings};
use migrate_core::{Dialect, Label};

/// What a run did.
///
/// ```text
/// applied 0001_users          3 ms
/// applied 0002_users_email    1 ms
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Report {
    pub(crate) applied: Vec<Applied>,
    pub(crate) total: usize,
}

/// A migration that a run applied.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Applied {
    /// Version and name.
    pub migration: Label,
    /// How many statements it has.
    pub statements: usize,
    /// How long it took, from its first request to the answer to its last.
    #[cfg_attr(feature = "serde", serde(rename = "duration_ms", serialize_with = "milliseconds"))]
    pub duration: Duration,
}

impl Report {
    /// What this run applied, in order. Empty when the database was up to date, or another runner did the work.
    pub fn applied(&self) -> &[Applied] {
        &self.applied
    }

    /// Whether there was nothing left for this run to apply.
    pub fn is_up_to_date(&self) -> bool {
        self.applied.is_empty()
    }

    /// How many migrations the binary carries for the database.
    pub fn total(&self) -> usize {
        self.total
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.applied.is_empty() {
            return write!(f, "up to date, {}", count(self.total, "migration"));
        }
        let width = width(self.applied.iter().map(|applied| &applied.migration));
        lines(f, &self.applied, |f, Applied { migration, duration, .. }| {
            write!(f, "applied {migration:width$}  {:>5} ms", duration.as_millis())
        })
    }
}

/// What a run would do.
///
/// ```text
/// would apply 0003_orders          2 statements  migrations/0003_orders.sql
/// would apply 0004_orders_total    1 statement   migrations/0004_orders_total.sql
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Plan {
    pub(crate) pending: Vec<Pending>,
    pub(crate) total: usize,
}

/// A migration that a run would apply.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Pending {
    /// Version and name.
    pub migration: Label,
    /// How many statements it has.
    pub statements: usize,
    /// The file, relative to the package.
    pub path: String,
    /// The SQL that would run.
    pub sql: String,
}

impl Plan {
    /// What a run would apply, in order.
    pub fn pending(&self) -> &[Pending] {
        &self.pending
    }

    /// Whether a run would have nothing to apply.
    pub fn is_up_to_date(&self) -> bool {
        self.pending.is_empty()
    }

    /// How many migrations the binary carries for the database.
    pub fn total(&self) -> usize {
        self.total
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pending.is_empty() {
            return write!(f, "up to date, {}", count(self.total, "migration"));
        }
        let width = width(self.pending.iter().map(|pending| &pending.migration));
        lines(f, &self.pending, |f, Pending { migration, statements, path, .. }| {
            write!(f, "would apply {migration:width$}  {:13}  {path}", count(*statements, "statement"))
        })
    }
}

/// Where every migration stands, those of the binary and those of the history.
///
/// ```text
/// applied       0001_users          2026-03-13T17:00:00.123Z  3 ms  app@web-1 shop 1.4.0
/// divergent     0002_users_email    2026-03-13T17:00:00.127Z  1 ms  app@web-1 shop 1.4.0
/// pending       0003_orders
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Status {
    pub(crate) set: String,
    pub(crate) dialect: String,
    pub(crate) migrations: Vec<MigrationStatus>,
}

/// Where one migration stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MigrationStatus {
    /// Version and name.
    pub migration: Label,
    /// The version, in digits without leading zeros.
    pub version: String,
    /// How binary and history relate.
    pub standing: Standing,
    /// The name in the history, where it is another one.
    pub renamed_from: Option<String>,
    /// When it was applied, in UTC: `2026-03-13T17:00:00.123Z`.
    pub applied_at: Option<String>,
    /// How long that took, in milliseconds, without the commit.
    pub execution_time_ms: Option<u64>,
    /// Who applied it: user, host, binary and its version.
    pub applied_by: Option<String>,
    /// The checksum of the SQL that was applied: `sha256:…`.
    pub applied_checksum: Option<String>,
    /// The checksum of the SQL in the binary: `sha256:…`.
    pub embedded_checksum: Option<String>,
}

impl Status {
    pub(crate) fn new(set: &str, dialect: Dialect, standings: &Standings<'_>) -> Status {
        let migrations = standings.items().iter().map(MigrationStatus::of).collect();
        Status { set: set.to_owned(), dialect: dialect.to_string(), migrations }
    }

    /// Every migration, by version.
    pub fn migrations(&self) -> &[MigrationStatus] {
        &self.migrations
    }

    /// How many migrations stand so.
    pub fn count(&self, standing: Standing) -> usize {
        self.migrations.iter().filter(|migration| migration.standing == standing).count()
    }

    /// Whether everything is applied and nothing else is.
    pub fn is_up_to_date(&self) -> bool {
        self.count(Standing::Applied) == self.migrations.len()
    }
}

impl MigrationStatus {
    fn of(item: &Item<'_>) -> MigrationStatus {
        let row = item.row();
        MigrationStatus {
            migration: item.label(),
            version: item.version().digits().to_owned(),
            standing: item.standing(),
            renamed_from: item.renamed_from().map(str::to_owned),
            applied_at: row.map(|row| row.applied_at.clone()),
            execution_time_ms: row.and_then(|row| row.execution_time_ms),
            applied_by: row.map(|row| row.applied_by.clone()),
            applied_checksum: row.map(|row| row.checksum.to_string()),
            embedded_checksum: item.embedded().map(|migration| migration.up().checksum().to_string()),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.migrations.is_empty() {
            return f.write_str("no migrations");
        }
        let width = width(self.migrations.iter().map(|migration| &migration.migration));
        lines(f, &self.migrations, |f, status| {
            let standing = status.standing.as_str();
            let Some(applied_at) = &status.applied_at else { return write!(f, "{standing:12}  {}", status.migration) };
            write!(f, "{standing:12}  {:width$}  {applied_at}", status.migration)?;
            if let Some(milliseconds) = status.execution_time_ms {
                write!(f, "  {milliseconds:>5} ms")?;
            }
            if let Some(applied_by) = &status.applied_by {
                write!(f, "  {applied_by}")?;
            }
            status.renamed_from.as_ref().map_or(Ok(()), |name| write!(f, "  (as {name:?})"))
        })
    }
}

pub(crate) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn width<'a>(labels: impl Iterator<Item = &'a Label>) -> usize {
    labels.map(|label| label.as_str().chars().count()).max().unwrap_or(0)
}

fn lines<T>(
    f: &mut fmt::Formatter<'_>,
    items: &[T],
    mut line: impl FnMut(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    items.iter().enumerate().try_for_each(|(index, item)| {
        if index > 0 {
            f.write_str("\n")?;
        }
        line(f, item)
    })
}

#[cfg(feature = "serde")]
fn milliseconds<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
