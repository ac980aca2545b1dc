//! What breaks the instances that still run while the new one starts: other names, and columns that they do not fill.

use crate::rebuild::Rebuilds;
use crate::script::{Finding, Reading};
use crate::sentence::{Change, Deed};

/// Adds what other clients trip over.
pub(crate) fn find(reading: &Reading<'_>, rebuilds: &Rebuilds, findings: &mut Vec<Finding>) {
    for act in &reading.acts {
        let Deed::AlterTable { table, actions } = &act.deed else { continue };
        if !act.existed(table) {
            continue;
        }
        findings.extend(actions.iter().filter_map(|action| match &action.change {
            Change::RenameColumn { column, to } => Some(Finding::new(
                "renaming-column",
                action.offset,
                format!("column `{}` of `{}` is renamed to `{}`", column.shown, table.shown, to.shown),
            )),
            Change::RenameTable { to } if !rebuilds.replace(table) => Some(Finding::new(
                "renaming-table",
                action.offset,
                format!("table `{}` is renamed to `{}`", table.shown, to.shown),
            )),
            Change::AddColumn { column, is_required: true, .. } if reading.is_postgres() || reading.is_sqlite() => {
                let message = format!("column `{}` of `{}` is `NOT NULL` without a default", column.shown, table.shown);
                let note = if reading.is_sqlite() {
                    "SQLite refuses it when the table has a row"
                } else {
                    "Postgres refuses it when the table has a row, and so do the inserts of clients that do not know the column"
                };
                Some(Finding::new("adding-required-field", action.offset, message).note(note))
            }
            _ => None,
        }));
    }
}
