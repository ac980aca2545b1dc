//! Settings of the connection that do not do what they seem to.

use migrate_core::in_transaction::is_on;

use crate::script::{Finding, Reading};
use crate::sentence::Deed;

/// Adds the settings that stay changed, or that have no effect.
pub(crate) fn find(reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    if reading.is_postgres() {
        search_path(reading, findings);
    }
    if reading.is_sqlite() && reading.is_in_transaction() {
        foreign_keys(reading, findings);
    }
}

fn search_path(reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    let mut changed = None;
    for act in &reading.acts {
        if let Deed::SearchPath { is_back } = act.deed {
            changed = (!is_back).then(|| act.offset());
        }
    }
    findings.extend(changed.map(|offset| {
        Finding::new("search-path-left-changed", offset, "`search_path` is changed and not set back")
            .note("the runner sets it back after the migration, so that later ones do not see it")
    }));
}

fn foreign_keys(reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    let pragmas: Vec<(usize, &str)> = reading
        .acts
        .iter()
        .filter_map(|act| match &act.deed {
            Deed::Pragma { name, value } if name == "foreign_keys" => Some((act.offset(), value.as_str())),
            _ => None,
        })
        .collect();
    // The runner looks after a script that switches them off, and on again at its end.
    if pragmas.iter().any(|(_, value)| !is_on(value)) {
        return;
    }
    findings.extend(pragmas.first().map(|(offset, _)| {
        Finding::new(
            "foreign-keys-in-transaction",
            *offset,
            "`PRAGMA foreign_keys = ON` has no effect inside a transaction",
        )
    }));
}
