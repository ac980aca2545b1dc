//! What the scripts of the set, in their order, tell of the database: a script is judged by those before it.
//!
//! What is not in here may exist all the same; only what is in here is relied on.

use std::collections::{HashMap, HashSet};

use crate::script::Reading;
use crate::sentence::{self, Change, Deed, Name};

/// What is known of the database.
#[derive(Default)]
pub(crate) struct Catalog {
    /// The tables that scripts before this one have created.
    tables: HashSet<String>,
    /// The types of columns, by table and column.
    types: HashMap<(String, String), String>,
    /// The tables that have a foreign key, by the table that it refers to.
    references: HashMap<String, HashSet<String>>,
    /// The functions that only triggers can call.
    of_triggers: HashSet<String>,
}

impl Catalog {
    /// Takes in what holds from the first statement of a script on, or does no harm to know too early.
    pub(crate) fn learn(&mut self, reading: &Reading<'_>) {
        for act in &reading.acts {
            match &act.deed {
                Deed::CreateTable { table } | Deed::AlterTable { table, .. } => {
                    for referred in sentence::references(&act.statement, reading.sql, reading.dialect) {
                        self.references.entry(referred).or_default().insert(table.key.clone());
                    }
                }
                Deed::Create { kind: "function", name }
                    if sentence::is_for_triggers(&act.statement, reading.sql, reading.dialect) =>
                {
                    self.of_triggers.insert(name.key.clone());
                }
                _ => {}
            }
        }
    }

    /// Takes in what holds when the script is done.
    pub(crate) fn conclude(&mut self, reading: &Reading<'_>) {
        for act in &reading.acts {
            match &act.deed {
                Deed::CreateTable { table } => {
                    self.tables.insert(table.key.clone());
                    for (column, type_name) in sentence::columns(&act.statement, reading.sql, reading.dialect) {
                        self.types.insert((table.key.clone(), column), type_name);
                    }
                }
                Deed::AlterTable { table, actions } => {
                    for action in actions {
                        match &action.change {
                            Change::AddColumn { column, type_name: to, .. } | Change::Retype { column, to, .. } => {
                                self.types.insert((table.key.clone(), column.key.clone()), to.clone());
                            }
                            // Whatever had a type, it has another name now.
                            Change::RenameColumn { column, to } => {
                                let known = self.types.remove(&(table.key.clone(), column.key.clone()));
                                let renamed = known.map(|known| ((table.key.clone(), to.key.clone()), known));
                                self.types.extend(renamed);
                            }
                            Change::RenameTable { to } => _ = self.tables.insert(to.key.clone()),
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether a script before this one has created the table.
    pub(crate) fn has_table(&self, table: &Name) -> bool {
        self.tables.contains(&table.key)
    }

    /// A table that refers to this one, other than itself and its successor.
    pub(crate) fn referrer(&self, table: &str, successor: Option<&str>) -> Option<&str> {
        let from = self.references.get(table)?.iter().map(String::as_str);
        from.filter(|from| *from != table && Some(*from) != successor).min()
    }

    /// Whether only triggers can call the function.
    pub(crate) fn is_of_triggers(&self, function: &Name) -> bool {
        self.of_triggers.contains(&function.key)
    }

    /// Whether the column holds text, and its new type holds more text: Postgres changes no row for that.
    pub(crate) fn is_wider_text(&self, table: &Name, column: &Name, to: &str) -> bool {
        let known = self.types.get(&(table.key.clone(), column.key.clone()));
        match (known.and_then(|from| length_of_text(from)), length_of_text(to)) {
            (Some(from), Some(to)) => from <= to,
            _ => false,
        }
    }
}

/// How many characters a type of text holds; `None` for what is no text.
fn length_of_text(type_name: &str) -> Option<u64> {
    if ["text", "varchar", "character varying"].contains(&type_name) {
        return Some(u64::MAX);
    }
    let (name, length) = type_name.strip_suffix(')')?.split_once('(')?;
    ["varchar", "character varying"].contains(&name).then(|| length.parse().ok())?
}
