//! What keeps others waiting on Postgres: a strong lock is held to the end of the transaction, whatever comes after it.

use std::collections::HashSet;

use crate::script::{Act, Finding, Reading};
use crate::sentence::{Change, Deed, Name};

/// Adds the locks that are held for too long.
pub(crate) fn find(reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    if !reading.is_postgres() {
        return;
    }
    if !reading.is_in_transaction() {
        return;
    }
    backfill(reading, findings);
    several_tables(reading, findings);
    let concurrent = reading.acts.iter().filter(|act| matches!(act.deed, Deed::CreateIndex { concurrently: true, .. }));
    findings.extend(concurrent.map(|act| {
        let message = "`CREATE INDEX CONCURRENTLY` cannot run inside a transaction";
        Finding::new("ban-concurrent-index-creation-in-transaction", act.offset(), message)
    }));
}

/// One finding a script: the first statement that works on rows while a table is locked.
fn backfill(reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    let mut locked: Option<&Name> = None;
    for act in &reading.acts {
        if let Some(table) = locked
            && let Some((verb, worked_on)) = backfilled(act)
        {
            let message =
                format!("`{verb}` of `{}` while the transaction has `{}` locked", worked_on.shown, table.shown);
            findings.push(Finding::new("backfill-with-schema-change", act.offset(), message));
            return;
        }
        locked = locked.or_else(|| strongly_locked(act));
    }
}

/// The table that was there before and whose rows are worked on, perhaps all of them.
fn backfilled(act: &Act) -> Option<(&'static str, &Name)> {
    match &act.deed {
        Deed::Update { table, is_of_one_row: false } => Some(("UPDATE", table)),
        Deed::Delete { table, is_of_one_row: false } => Some(("DELETE", table)),
        Deed::InsertSelect { from, .. } => {
            Some(("INSERT … SELECT", from.iter().find(|table| act.existed(table) && !is_catalog(table))?))
        }
        _ => None,
    }
    .filter(|(_, table)| act.existed(table))
}

/// Whether it is a table of the server itself, which is small.
fn is_catalog(table: &Name) -> bool {
    table.key.starts_with("pg_") || table.shown.to_ascii_lowercase().starts_with("information_schema.")
}

fn several_tables(reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    let mut keys = HashSet::new();
    let mut tables: Vec<&Name> = Vec::new();
    // Of an index another rule speaks already.
    let is_index = |act: &&Act| matches!(act.deed, Deed::CreateIndex { .. });
    for table in reading.acts.iter().filter(|act| !is_index(act)).filter_map(strongly_locked) {
        if keys.insert(&table.key) {
            tables.push(table);
        }
    }
    // Two locks that are gone in a moment seldom meet. It is another thing when the first is held while rows are read.
    let is_slow = || reading.acts.iter().any(reads_every_row);
    if let [_, second, more @ ..] = tables.as_slice()
        && (!more.is_empty() || is_slow())
    {
        let (shown, more) = tables.split_at(tables.len().min(5));
        let names: Vec<String> = shown.iter().map(|table| format!("`{}`", table.shown)).collect();
        let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
        let message = format!("one transaction locks {} tables: {}{more}", tables.len(), names.join(", "));
        findings.push(Finding::new("several-tables-locked", second.offset, message));
    }
}

/// The table that was there before, and that others cannot write to from here on.
fn strongly_locked(act: &Act) -> Option<&Name> {
    match &act.deed {
        Deed::AlterTable { table, actions } => {
            actions.iter().any(|action| action.change != Change::Light).then_some(table)
        }
        Deed::CreateIndex { table, concurrently: false } | Deed::CreateTrigger { table } => Some(table),
        _ => None,
    }
    .filter(|table| act.existed(table))
}

fn reads_every_row(act: &Act) -> bool {
    let reads = |change: &Change| matches!(change, Change::Scan | Change::Retype { .. });
    match &act.deed {
        Deed::AlterTable { table, actions } => act.existed(table) && actions.iter().any(|action| reads(&action.change)),
        _ => backfilled(act).is_some(),
    }
}
