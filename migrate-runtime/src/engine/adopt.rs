//! Takes over the history of another tool: reads it, has it judged, and makes an edit of ours of what is applied.
//!
//! It never writes to the table of the other tool. What is written holds only for the history that was judged: the edit locks the old
//! table against writers where a database has locks of tables, and fails when its rows are others by then.

use std::collections::BTreeSet;

use migrate_core::Dialect;
use migrate_core::adopt::{Adoption, Matched, Proof, Tool, judge};
use migrate_core::{Label, RowState, Version};

use super::edits::{Entry, Writing};
use super::read::Recorded;
use super::sql::Signature;
use super::{Engine, refuse};
use crate::driver::{AnySession, Row};
use crate::error::Error;
use crate::migrator::OldHistory;
use crate::report::Action;
use crate::table::TableName;

/// What stands in the history of another tool.
struct Old {
    /// The table, quoted, with its schema; empty when the tool keeps none.
    table: String,
    rows: Vec<Row>,
}

impl<'a, S: AnySession + ?Sized> Engine<'a, S> {
    /// What an adoption writes, given a history of ours.
    ///
    /// # Errors
    /// Everything that speaks against it.
    pub(super) async fn adopt(&mut self, old_history: &OldHistory, recorded: &Recorded) -> Result<Writing, Error> {
        let tool = old_history.tool;
        let old = self.read_old(old_history).await?;
        let rows = tool.decode(&old.rows).map_err(|bad| refuse::adopt::bad_rows(tool, &bad))?;
        if tool == Tool::GolangMigrate && rows.len() > 1 {
            return Err(refuse::adopt::several_rows(tool, rows.len()));
        }
        let adoption = judge(tool, &rows, &self.migrations);
        if is_adopted(&adoption, recorded) {
            return Ok(Writing::default());
        }
        let problems = adoption.problems();
        if !problems.is_empty() {
            return Err(refuse::adopt::problems(tool, &problems));
        }
        if !recorded.rows.is_empty() {
            return Err(refuse::adopt::another_history(tool, &not_applied(&adoption, recorded)));
        }
        let by = self.applied_by(&recorded.facts);
        let action = format!("{} from {tool}", Action::Adopt.done());
        let mut entries: Vec<Entry> =
            adoption.matched.iter().map(|matched| self.entry(matched, &action, &by)).collect();
        if let Some(first) = entries.first_mut() {
            first.sql = format!("{};\n{}", self.expect_old(tool, &old), first.sql);
        }
        if let Some(last) = entries.last_mut() {
            last.notes = notes(&adoption);
        }
        let lock = Some(old.table).filter(|_| self.sql.dialect == Dialect::Postgres);
        Ok(Writing { entries, lock })
    }

    /// The table of the other tool; `None` when it keeps none.
    ///
    /// # Errors
    /// It cannot be that one.
    pub(super) fn name_of_old(&self, OldHistory { tool, table }: &OldHistory) -> Result<Option<TableName>, Error> {
        if !tool.exists_for(self.sql.dialect) {
            return Err(refuse::adopt::not_in(*tool, self.sql.dialect));
        }
        let name = match (tool.default_table(), table) {
            (None, None) => return Ok(None),
            (None, Some(_)) => return Err(refuse::adopt::keeps_no_table(*tool)),
            (Some(default), None) => TableName::parse(default)?,
            (Some(_), Some(table)) => TableName::parse(table)?,
        };
        if name == *self.table {
            return Err(refuse::adopt::same_table(*tool, &name));
        }
        Ok(Some(name))
    }

    async fn read_old(&mut self, old: &OldHistory) -> Result<Old, Error> {
        let tool = old.tool;
        let mut table = String::new();
        if let Some(name) = self.name_of_old(old)? {
            let found = self.query_patiently(&self.sql.columns_of(&name)).await?;
            let Some(schema) = found.first().and_then(|row| row.get(1)?.as_deref()) else {
                return Err(refuse::adopt::no_table(tool, &name));
            };
            let columns: Vec<&str> = found.iter().filter_map(|row| row.first()?.as_deref()).collect();
            if !tool.recognises(&columns) {
                return Err(refuse::adopt::another_table(tool, &name, &columns));
            }
            table = name.quoted_in(Some(schema));
        }
        let Some(sql) = tool.history_sql(self.sql.dialect, &table) else {
            return Err(refuse::adopt::not_in(tool, self.sql.dialect));
        };
        Ok(Old { rows: self.query_patiently(&sql).await?, table })
    }

    /// Fails unless the old history is what was judged.
    fn expect_old(&self, tool: Tool, old: &Old) -> String {
        match tool.numbered_history_sql(self.sql.dialect, &old.table) {
            Some(numbered) => self.sql.expect_rows(&numbered, &old.rows),
            None => self.sql.expect("1 = 0"),
        }
    }

    fn entry(&self, matched: &Matched<'a>, action: &str, by: &str) -> Entry {
        let signature = Signature { action, by, reason: reason(matched.proof) };
        let statements = self.count_statements(&matched.migration);
        let sql = self.sql.record_adopted(matched, statements, signature);
        Entry { label: matched.migration.label(), sql, notes: Vec::new() }
    }
}

/// How well it is known that a migration was applied as it is in the binary, for the audit trail.
fn reason(proof: Proof) -> &'static str {
    match proof {
        Proof::Checksum => "its checksum agrees",
        Proof::Version => "by its version, without a checksum",
        Proof::Position => "by its position, without a row of its own",
    }
}

/// Whether everything that the tool has applied has a row here already, as after an adoption.
fn is_adopted(adoption: &Adoption<'_>, recorded: &Recorded) -> bool {
    adoption.dirty.is_empty() && adoption.unknown.is_empty() && not_applied(adoption, recorded).is_empty()
}

/// What the tool has applied, and is not applied by the history here.
fn not_applied(adoption: &Adoption<'_>, recorded: &Recorded) -> Vec<Label> {
    let matched = adoption.matched.iter().map(|matched| matched.migration);
    let differing = adoption.differing.iter().map(|differing| differing.migration);
    let rows = recorded.rows.iter().filter(|row| row.state == RowState::Applied);
    let applied: BTreeSet<&Version> = rows.map(|row| &row.version).collect();
    let is_lacking = |migration: &migrate_core::Migration<'_>| !applied.contains(migration.version());
    matched.chain(differing).filter(is_lacking).map(|migration| migration.label()).collect()
}

/// What else is worth knowing.
fn notes(adoption: &Adoption<'_>) -> Vec<String> {
    let mut notes = adoption.notes();
    let latest = adoption.matched.last().map(|matched| matched.migration.version());
    notes.extend(adoption.pending.iter().map(|migration| {
        let label = migration.label();
        match latest.is_some_and(|latest| migration.version() < latest) {
            true => format!(
                "`{label}` is not applied, and comes before what is: `run` needs `Migrator::allow_out_of_order`"
            ),
            false => format!("`{label}` is not applied: `run` applies it"),
        }
    }));
    notes
}
