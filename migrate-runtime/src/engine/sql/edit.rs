//! Changes of the history alone, which run no script: each fails unless its row is as it was seen.

use migrate_core::{Dialect, HistoryRow, Migration, RowState, Version};

use super::super::foreseen::Foreseen;
use super::Sql;

/// Who changes a row, what they call it, and why.
#[derive(Clone, Copy)]
pub(in crate::engine) struct Signature<'a> {
    pub(in crate::engine) action: &'a str,
    pub(in crate::engine) by: &'a str,
    pub(in crate::engine) reason: &'a str,
}

impl Sql<'_> {
    /// Fails unless the set is as foreseen.
    pub(in crate::engine) fn expect_foreseen(&self, foreseen: &Foreseen) -> String {
        self.expect(&self.is_as_foreseen(foreseen))
    }

    /// Postgres: keeps others from writing to a table, quoted, until the transaction ends.
    pub(in crate::engine) fn lock_table(&self, table: &str) -> String {
        format!("LOCK TABLE {table} IN SHARE MODE;\n")
    }

    /// Records a migration as applied that has no row, or one that only remembers; nothing of it ran. The primary key keeps it from having
    /// two.
    pub(in crate::engine) fn record_applied(
        &self,
        migration: &Migration<'_>,
        seen: Option<&HistoryRow>,
        statements: usize,
        signature: Signature<'_>,
    ) -> String {
        self.record_applied_at(migration, seen, statements, signature, (self.now(), "NULL"))
    }

    /// The same, with expressions of when it was applied, and of how many milliseconds that took.
    pub(in crate::engine) fn record_applied_at(
        &self,
        migration: &Migration<'_>,
        seen: Option<&HistoryRow>,
        statements: usize,
        signature: Signature<'_>,
        (applied_at, milliseconds): (&str, &str),
    ) -> String {
        let Signature { action, by, reason } = signature;
        let before = match seen {
            Some(row) => format!(
                "{} || {}",
                self.literal(&row.audit),
                self.audit_line(action, by, reason, &format!("'{}'", row.checksum))
            ),
            None => self.audit_line(action, by, reason, "''"),
        };
        let down = self.down_sql(migration);
        let values = format!(
            "{}, {}, {}, '{}', '{}', {milliseconds}, {statements}, {statements}, {statements}, {}, NULL, {before}, {}, {down}",
            self.literal(self.set),
            self.version(migration.version()),
            self.literal(migration.name()),
            migration.up().checksum(),
            RowState::Applied.as_str(),
            self.literal(by),
            self.literal(migration.up().sql()),
        );
        let insert = self.insert_values(&values, applied_at);
        let signed = self.expect_signed(migration.version(), seen.map_or("", |row| &row.audit));
        match seen {
            Some(row) => format!("DELETE FROM {} WHERE {};\n{insert};\n{signed}", self.table, self.as_seen(row)),
            None => format!("{insert};\n{signed}"),
        }
    }

    /// The row of a migration takes over what the binary has.
    pub(in crate::engine) fn take_over(
        &self,
        migration: &Migration<'_>,
        seen: &HistoryRow,
        state: RowState,
        statements: usize,
        signature: Signature<'_>,
    ) -> String {
        let Signature { action, by, reason } = signature;
        let assignments = format!(
            "{}, {}, state = '{}', statements = {statements}, statements_begun = {statements}, \
             statements_done = {statements}, claim = NULL",
            self.audited(action, by, reason),
            self.as_embedded(migration),
            state.as_str(),
        );
        self.edit(seen, &assignments)
    }

    /// The migration counts as not applied from now on.
    pub(in crate::engine) fn record_pending(&self, seen: &HistoryRow, signature: Signature<'_>) -> String {
        let Signature { action, by, reason } = signature;
        let assignments = format!(
            "{}, state = '{}', statements_begun = 0, statements_done = 0, claim = NULL",
            self.audited(action, by, reason),
            RowState::Pending.as_str()
        );
        self.edit(seen, &assignments)
    }

    /// Changes and signs a row, and fails when it is not as it was seen, or when something keeps it from being changed.
    pub(in crate::engine) fn edit(&self, seen: &HistoryRow, assignments: &str) -> String {
        let (table, as_seen) = (&self.table, self.as_seen(seen));
        let expected = self.expect(&format!("EXISTS (SELECT 1 FROM {table} WHERE {as_seen})"));
        let signed = self.expect_signed(&seen.version, &seen.audit);
        // Whoever writes to it at the moment is waited for before it is looked at.
        let lock = match self.dialect {
            Dialect::Sqlite => String::new(),
            _ => format!("SELECT 1 FROM {table} WHERE {} FOR NO KEY UPDATE;\n", self.row(&seen.version)),
        };
        format!("{lock}{expected};\nUPDATE {table} SET {assignments} WHERE {as_seen};\n{signed}")
    }

    /// Fails unless the row of a migration has another audit trail than before.
    fn expect_signed(&self, version: &Version, before: &str) -> String {
        let (table, row, before) = (&self.table, self.row(version), self.literal(before));
        self.expect_one(&format!("SELECT count(*) FROM {table} WHERE {row} AND audit <> {before}"))
    }

    fn as_seen(&self, row: &HistoryRow) -> String {
        let HistoryRow { version, state, checksum, audit, statements_begun, statements_done, claim, .. } = row;
        let claim = match claim {
            Some(claim) => format!("claim = {}", self.literal(claim)),
            None => "claim IS NULL".into(),
        };
        format!(
            "{} AND state = '{}' AND checksum = '{checksum}' AND statements_begun = {statements_begun} \
             AND statements_done = {statements_done} AND {claim} AND audit = {}",
            self.row(version),
            state.as_str(),
            self.literal(audit)
        )
    }
}
