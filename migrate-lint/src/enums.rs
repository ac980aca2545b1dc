//! Values of enums on Postgres, which nobody may use before the transaction that has added them has ended.

use std::collections::{HashMap, HashSet};

use migrate_core::scan::Part;

use crate::script::{Finding, Reading};
use crate::sentence::Deed;

/// Adds the strings that are probably a value which the same transaction adds.
pub(crate) fn find(reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    if !reading.is_postgres() || !reading.is_in_transaction() {
        return;
    }
    let mut created: HashSet<&str> = HashSet::new();
    let mut added: HashMap<&str, &str> = HashMap::new();
    for act in &reading.acts {
        match &act.deed {
            // Of a type that the transaction itself creates, every value can be used.
            Deed::Create { kind: "type", name } => _ = created.insert(&name.key),
            Deed::AddEnumValue { of, value } if !created.contains(of.key.as_str()) => {
                added.insert(value, &of.shown);
                continue;
            }
            // What is said about a thing, and what a function will do one day, are no uses.
            Deed::AddEnumValue { .. } | Deed::Create { kind: "function" | "procedure", .. } => continue,
            _ => {}
        }
        if added.is_empty() || is_comment(act.statement.text(reading.sql)) {
            continue;
        }
        let used = act.statement.parts(reading.sql, reading.dialect).find_map(|(offset, part)| match part {
            Part::Text(text) => added.get_key_value(text).map(|(value, of)| (offset, *value, *of)),
            _ => None,
        });
        if let Some((offset, value, of)) = used {
            let message = format!("`{value}` may be the value that the same transaction adds to `{of}`");
            findings.push(Finding::new("enum-value-used-at-once", offset, message));
        }
    }
}

fn is_comment(statement: &str) -> bool {
    statement.get(..8).is_some_and(|verb| verb.eq_ignore_ascii_case("comment "))
}
