//! What loses data: columns, tables, schemas, rows.

use crate::catalog::Catalog;
use crate::rebuild::Rebuilds;
use crate::script::{Finding, Reading};
use crate::sentence::{Change, Deed, Name};

/// Adds what is lost by the script, in any dialect.
pub(crate) fn find(reading: &Reading<'_>, rebuilds: &Rebuilds, catalog: &Catalog, findings: &mut Vec<Finding>) {
    for (index, act) in reading.acts.iter().enumerate() {
        match &act.deed {
            Deed::AlterTable { table, actions } if act.existed(table) => {
                findings.extend(actions.iter().filter_map(|action| match &action.change {
                    Change::DropColumn { column } => Some(Finding::new(
                        "ban-drop-column",
                        action.offset,
                        format!("column `{}` of `{}` is dropped, with all that is in it", column.shown, table.shown),
                    )),
                    _ => None,
                }));
            }
            Deed::DropTable { tables, if_exists } => {
                // A script that makes sure of its own ground: nobody has created the table, and now it does.
                let is_precaution =
                    |table: &&Name| *if_exists && !catalog.has_table(table) && rebuilds.create(&table.key);
                let is_lost = |table: &&Name| act.existed(table) && !rebuilds.keep(index, table);
                let lost = tables.iter().filter(|table| is_lost(table) && !is_precaution(table));
                findings.extend(lost.map(|table| {
                    let message = format!("table `{}` is dropped, with all its rows", table.shown);
                    Finding::new("ban-drop-table", table.offset, message)
                }));
            }
            Deed::DropSchema { kind, name } => {
                let rule = if *kind == "schema" { "ban-drop-schema" } else { "ban-drop-database" };
                let message = format!("{kind} `{}` is dropped, with all that is in it", name.shown);
                findings.push(Finding::new(rule, act.offset(), message));
            }
            // squawk has a rule for `TRUNCATE … CASCADE`, which empties more than it says.
            Deed::Empty { tables, cascades: false } => {
                if let Some(table) = tables.iter().find(|table| act.existed(table)) {
                    let message = format!("every row of `{}` is deleted", table.shown);
                    findings.push(Finding::new("ban-truncate", act.offset(), message));
                }
            }
            _ => {}
        }
    }
}
