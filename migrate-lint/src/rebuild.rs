//! Tables that are made anew: created under another name, filled from the old one, which is dropped, and renamed.

use std::collections::{HashMap, HashSet};

use migrate_core::ForeignKeys;
use migrate_core::in_transaction::is_on;

use crate::catalog::Catalog;
use crate::script::{Finding, Reading};
use crate::sentence::{Change, Deed, Name};

/// The tables that a script makes anew.
#[derive(Default)]
pub(crate) struct Rebuilds {
    /// Where the table of this name is dropped, and its successor takes the name later.
    dropped: HashSet<(usize, String)>,
    /// Renamed away, and created again.
    replaced: HashSet<String>,
    created: HashSet<String>,
}

impl Rebuilds {
    /// Finds them in a script.
    pub(crate) fn in_script(reading: &Reading<'_>) -> Rebuilds {
        let mut rebuilds = Rebuilds::default();
        // The names that tables take, and the tables that are filled from others, from the end of the script on.
        let mut taken = HashSet::new();
        let mut created = HashSet::new();
        for (index, act) in reading.acts.iter().enumerate().rev() {
            match &act.deed {
                Deed::CreateTable { table: name } | Deed::Create { kind: "view", name } => {
                    created.insert(name.key.as_str());
                }
                Deed::AlterTable { table, actions } => {
                    for action in actions {
                        match &action.change {
                            Change::RenameTable { to } if !act.existed(table) => _ = taken.insert(to.key.as_str()),
                            Change::RenameTable { .. } if created.contains(table.key.as_str()) => {
                                rebuilds.replaced.insert(table.key.clone());
                            }
                            _ => {}
                        }
                    }
                }
                Deed::DropTable { tables, .. } => {
                    let kept = tables.iter().filter(|table| taken.contains(table.key.as_str()));
                    rebuilds.dropped.extend(kept.map(|table| (index, table.key.clone())));
                }
                _ => {}
            }
        }
        rebuilds.created = created.into_iter().map(str::to_owned).collect();
        rebuilds.drop_the_replaced(reading);
        rebuilds
    }

    /// What was renamed away, then read into its successor, and is dropped in the end.
    fn drop_the_replaced(&mut self, reading: &Reading<'_>) {
        let mut away: HashMap<&str, &str> = HashMap::new();
        let mut read = HashSet::new();
        for (index, act) in reading.acts.iter().enumerate() {
            match &act.deed {
                Deed::AlterTable { table, actions } if self.replaced.contains(&table.key) => {
                    away.extend(actions.iter().filter_map(|action| match &action.change {
                        Change::RenameTable { to } => Some((to.key.as_str(), table.key.as_str())),
                        _ => None,
                    }));
                }
                Deed::InsertSelect { table, from } => {
                    let successor = |old: &&Name| away.get(old.key.as_str()) == Some(&table.key.as_str());
                    read.extend(from.iter().filter(successor).map(|old| old.key.as_str()));
                }
                Deed::DropTable { tables, .. } => {
                    let kept = tables.iter().filter(|table| read.contains(table.key.as_str()));
                    self.dropped.extend(kept.map(|table| (index, table.key.clone())));
                }
                _ => {}
            }
        }
    }

    /// Whether the table that this statement drops lives on in its successor.
    pub(crate) fn keep(&self, act: usize, table: &Name) -> bool {
        self.dropped.contains(&(act, table.key.clone()))
    }

    /// Whether the script creates a table of that name.
    pub(crate) fn create(&self, key: &str) -> bool {
        self.created.contains(key)
    }

    /// Whether something of the name of the table is there again after it was renamed.
    pub(crate) fn replace(&self, table: &Name) -> bool {
        self.replaced.contains(&table.key)
    }
}

/// Adds the rebuilds on SQLite that delete or orphan the rows of other tables: those of scripts that keep the runner from switching
/// foreign keys off.
pub(crate) fn find(reading: &Reading<'_>, rebuilds: &Rebuilds, catalog: &Catalog, findings: &mut Vec<Finding>) {
    if !reading.is_sqlite() || reading.header.foreign_keys() != ForeignKeys::On {
        return;
    }
    let successors: HashMap<&str, &str> = reading
        .acts
        .iter()
        .filter_map(|act| match &act.deed {
            Deed::AlterTable { table, actions } => actions.iter().find_map(|action| match &action.change {
                Change::RenameTable { to } => Some((to.key.as_str(), table.key.as_str())),
                _ => None,
            }),
            _ => None,
        })
        .collect();
    for (index, act) in reading.acts.iter().enumerate() {
        match &act.deed {
            Deed::Pragma { name, value } if name == "foreign_keys" && !is_on(value) => return,
            Deed::DropTable { tables, .. } => {
                for table in tables.iter().filter(|table| act.existed(table) && rebuilds.keep(index, table)) {
                    let successor = successors.get(table.key.as_str()).copied();
                    let Some(child) = catalog.referrer(&table.key, successor) else { continue };
                    let message = format!("`{}` is rebuilt while foreign keys may be on", table.shown);
                    let note = format!("`DROP TABLE` deletes its rows first, and that reaches the rows of `{child}`");
                    findings.push(Finding::new("rebuild-with-foreign-keys", act.offset(), message).note(note));
                }
            }
            _ => {}
        }
    }
}
