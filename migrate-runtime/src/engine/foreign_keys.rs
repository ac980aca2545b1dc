//! SQLite: foreign keys are off while a script drops a table that others refer to, and checked before its commit.
//!
//! With foreign keys on, dropping a table deletes its rows first, and with them the rows that refer to them; and the pragma does
//! nothing inside a transaction. So it is sent before the transaction begins, and again after it has ended, whatever happens.
//!
//! Whether others refer to a table is for the definitions to say, not for the rows: what works on an empty database works on a full one.

use std::collections::HashMap;

use migrate_core::{Dialect, ForeignKeys, Reference, TableActs};

use super::prepare::Prepared;
use super::read::{cell, first_cells};
use super::{Engine, refuse};
use crate::driver::Session;
use crate::error::Error;
use crate::quote::{identifier, literal};

const SWITCH_OFF: &str = "PRAGMA foreign_keys = OFF";
const SWITCH_ON: &str = "PRAGMA foreign_keys = ON";
/// What a change tells of a migration that ran so.
pub(super) const NOTE: &str = "foreign keys were off while it ran, and hold as before";

/// What scripts need foreign keys to be; those that do not care are not among them.
struct Needs<'s, 'p> {
    off: Vec<&'s Prepared<'p>>,
    /// They run better with them off, but can do without.
    rather_off: Vec<&'s Prepared<'p>>,
    on: Vec<&'s Prepared<'p>>,
}

/// A foreign key of the database, a column of it.
struct ForeignKey {
    schema: String,
    reference: Reference,
    /// Whether no other schema has a table of the child's name.
    is_alone: bool,
}

impl<S: Session> Engine<'_, S> {
    /// Switches foreign keys off if one of the scripts needs it and they are on. Whether they were switched.
    pub(super) async fn switch_foreign_keys_off(&mut self, scripts: &[&Prepared<'_>]) -> Result<bool, Error> {
        if self.has_switched_foreign_keys {
            return Ok(false);
        }
        let needs = self.needs_of(scripts).await?;
        if self.is_nested && !needs.off.is_empty() {
            return Err(refuse::foreign_keys_in_transaction(&needs.off, self.whole.is_some()));
        }
        if self.is_nested || !self.are_better_off(&needs)? {
            return Ok(false);
        }
        self.session.run_when_dropped(Some(SWITCH_ON.into()));
        self.session.execute(SWITCH_OFF).await.map_err(refuse::settings)?;
        self.has_switched_foreign_keys = true;
        Ok(true)
    }

    /// Undoes [`switch_foreign_keys_off`](Engine::switch_foreign_keys_off).
    pub(super) async fn switch_foreign_keys_on(&mut self) -> Result<(), Error> {
        self.has_switched_foreign_keys = false;
        // When this fails it is tried once more when the session is dropped.
        self.session.execute(SWITCH_ON).await.map_err(refuse::settings)?;
        self.session.run_when_dropped(None);
        Ok(())
    }

    /// Whether others have made foreign keys, since that was looked for, that have to be off for a script. Nobody can write any more.
    pub(super) async fn need_foreign_keys_off_by_now(&mut self, script: &Prepared<'_>) -> bool {
        // What cannot be read any more the script's own statements will tell.
        !self.has_switched_foreign_keys && self.needs_of(&[script]).await.is_ok_and(|needs| !needs.off.is_empty())
    }

    /// What a dry run tells of scripts that need them off, for each.
    ///
    /// # Errors
    /// They could not be switched.
    pub(super) async fn notes_on_foreign_keys(
        &mut self,
        scripts: &[&Prepared<'_>],
    ) -> Result<Vec<Option<&'static str>>, Error> {
        let mut needs = self.needs_of(scripts).await?;
        if self.is_whole_run() && !self.are_better_off(&needs)? {
            needs.rather_off.clear();
        }
        let is_off =
            |script: &Prepared<'_>| needs.off.iter().chain(&needs.rather_off).any(|off| std::ptr::eq(*off, script));
        let note = "foreign keys would be off while it runs, and checked before its commit";
        Ok(scripts.iter().map(|script| is_off(script).then_some(note)).collect())
    }

    /// They cannot be switched inside the user's transaction.
    pub(super) async fn refuse_foreign_keys_inside(&mut self, scripts: &[Prepared<'_>]) -> Result<(), Error> {
        let needs = self.needs_of(&scripts.iter().collect::<Vec<_>>()).await?;
        if needs.off.is_empty() { Ok(()) } else { Err(refuse::foreign_keys_in_transaction(&needs.off, false)) }
    }

    /// What scripts, which run after each other, need foreign keys to be; nothing when they are off.
    ///
    /// # Errors
    /// One needs them to be both.
    async fn needs_of<'s, 'p>(&mut self, scripts: &[&'s Prepared<'p>]) -> Result<Needs<'s, 'p>, Error> {
        let mut needs = Needs { off: Vec::new(), rather_off: Vec::new(), on: Vec::new() };
        let may_need = |script: &Prepared<'_>| script.may_need_foreign_keys_off();
        if self.sql.dialect != Dialect::Sqlite || !scripts.iter().any(|script| may_need(script)) {
            return Ok(needs);
        }
        let rows = self.query_patiently("PRAGMA foreign_keys").await?;
        if first_cells(rows).next().as_deref() == Some("0") {
            return Ok(needs);
        }
        let keys = self.foreign_keys().await?;
        let mut tables = TableActs::default();
        for script in scripts {
            // What those before it have done is not in the database yet.
            tables.extend(&script.tables);
            let references = || keys.iter().map(|key| &key.reference).chain(tables.references());
            let passes_on = references().any(|of| script.tables.passes_on(of));
            // Whoever says so does not want what refers to the rows to follow them.
            let keeps_back = script.switches_foreign_keys_off() && passes_on;
            // A step may do anything, and nothing looks after what it leaves.
            let is_step = self.step_of(script).is_some();
            let list = match script.foreign_keys() {
                ForeignKeys::Off => &mut needs.off,
                ForeignKeys::On => &mut needs.on,
                ForeignKeys::Auto if keeps_back => &mut needs.off,
                ForeignKeys::Auto if self.may_take_rows_along(script, &tables, &keys).await? => {
                    if let Some(confused) = references().find(|of| script.tables.confuses(of)) {
                        return Err(refuse::foreign_keys_off_and_on(script, confused));
                    }
                    &mut needs.off
                }
                ForeignKeys::Auto if is_step || passes_on => &mut needs.on,
                ForeignKeys::Auto => {
                    let rebuilt = script.tables.rebuilt();
                    let is_of_rebuilt = |of: &Reference| rebuilt.contains(&of.child);
                    // What refers to nothing already could not be copied.
                    if !script.switches_foreign_keys_off() && !references().any(is_of_rebuilt) {
                        continue;
                    }
                    &mut needs.rather_off
                }
            };
            list.push(script);
        }
        Ok(needs)
    }

    /// Whether foreign keys are off in the one transaction of scripts: they are on for all or for none.
    ///
    /// # Errors
    /// They have to be both.
    fn are_better_off(&self, needs: &Needs<'_, '_>) -> Result<bool, Error> {
        match (needs.off.first(), needs.on.first()) {
            (Some(off), Some(on)) => {
                Err(refuse::foreign_keys_on_and_off(&off.label, &on.label, self.step_of(on).is_some()))
            }
            (off, on) => Ok(off.is_some() || on.is_none() && !needs.rather_off.is_empty()),
        }
    }

    /// Whether a script drops a table that others refer to, whose rows would go with it. It may come back in another script.
    async fn may_take_rows_along(
        &mut self,
        script: &Prepared<'_>,
        tables: &TableActs,
        keys: &[ForeignKey],
    ) -> Result<bool, Error> {
        if !script.tables.drops() {
            return Ok(false);
        }
        if tables.may_take_unseen_along() {
            return Ok(true);
        }
        let dropped = tables.dropped();
        for key in keys {
            let Reference { child, parent, .. } = &key.reference;
            let goes_along = dropped.contains(parent.as_str())
                && child != parent
                && !tables.goes_before((&key.schema, child), parent, key.is_alone);
            // Inside the user's transaction they cannot be off, but nobody else can write any more.
            if goes_along && !(self.is_nested && self.stays_empty(key, tables).await?) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the table that refers to another one has no rows, and gets none.
    async fn stays_empty(&mut self, key: &ForeignKey, tables: &TableActs) -> Result<bool, Error> {
        let Reference { child, .. } = &key.reference;
        if tables.writes_to(child) || tables.makes_trigger() || tables.renamed().contains(child.as_str()) {
            return Ok(false);
        }
        let schema = identifier(&key.schema);
        let has_any = format!(
            "SELECT EXISTS (SELECT 1 FROM {schema}.{}) OR EXISTS (SELECT 1 FROM {schema}.sqlite_master WHERE type = 'trigger') \
             OR EXISTS (SELECT 1 FROM temp.sqlite_master WHERE type = 'trigger')",
            identifier(child)
        );
        Ok(first_cells(self.query_patiently(&has_any).await?).next().as_deref() == Some("0"))
    }

    /// Every foreign key of every attached database, a column each.
    async fn foreign_keys(&mut self) -> Result<Vec<ForeignKey>, Error> {
        let (mut keys, mut homes) = (Vec::new(), HashMap::<String, usize>::new());
        for schema in first_cells(self.query_patiently("SELECT name FROM pragma_database_list").await?) {
            let (tables, of_schema) =
                (format!("{}.sqlite_master", identifier(&schema)), literal(&schema, Dialect::Sqlite));
            let names = format!("SELECT name FROM {tables} WHERE type = 'table'");
            for name in first_cells(self.query_patiently(&names).await?) {
                *homes.entry(name.to_ascii_lowercase()).or_default() += 1;
            }
            // A key that names no column refers to the primary key.
            let of_tables = format!(
                "SELECT m.name, f.\"table\", coalesce(f.\"to\", (SELECT name FROM pragma_table_info(f.\"table\", {of_schema}) \
                 WHERE pk = f.seq + 1)), f.on_delete, f.on_update FROM {tables} AS m, pragma_foreign_key_list(m.name, {of_schema}) AS f \
                 WHERE m.type = 'table'"
            );
            let acts = |action: &str| action == "CASCADE" || action.starts_with("SET ");
            keys.extend(self.query_patiently(&of_tables).await?.iter().map(|row| ForeignKey {
                schema: schema.to_ascii_lowercase(),
                reference: Reference {
                    child: cell(row, 0).to_ascii_lowercase(),
                    parent: cell(row, 1).to_ascii_lowercase(),
                    column: Some(cell(row, 2).to_ascii_lowercase()).filter(|column| !column.is_empty()),
                    follows_deletes: acts(cell(row, 3)),
                    follows_updates: acts(cell(row, 4)),
                },
                is_alone: false,
            }));
        }
        for key in &mut keys {
            key.is_alone = homes.get(&key.reference.child) == Some(&1);
        }
        Ok(keys)
    }
}
