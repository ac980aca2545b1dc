//! SQLite: foreign keys are off while a script rebuilds a table, and checked before its commit.
//!
//! With foreign keys on, dropping a table deletes its rows first, and with them the rows that refer to them; and the pragma does
//! nothing inside a transaction. So it is sent before the transaction begins, and again after it has ended, whatever happens.

use std::collections::HashMap;

use migrate_core::{Dialect, TableActs};

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

/// A column that refers to another table.
struct ForeignKey {
    schema: String,
    child: String,
    column: String,
    /// In small letters.
    parent: String,
    /// Whether no other schema has a table of the child's name.
    is_alone: bool,
}

impl<S: Session> Engine<'_, S> {
    /// Switches foreign keys off if one of the scripts needs it and they are on. Whether they were switched.
    pub(super) async fn switch_foreign_keys_off(&mut self, scripts: &[&Prepared<'_>]) -> Result<bool, Error> {
        if self.has_switched_foreign_keys {
            return Ok(false);
        }
        let needing = self.that_need_foreign_keys_off(scripts).await?;
        if needing.is_empty() {
            return Ok(false);
        }
        if self.is_nested {
            let labels: Vec<_> = needing.iter().map(|script| script.label.clone()).collect();
            return Err(refuse::foreign_keys_in_transaction(&labels, self.whole.is_some()));
        }
        self.refuse_on_beside_off(scripts, &needing)?;
        self.session.run_when_dropped(Some(SWITCH_ON.into()));
        self.session.execute(SWITCH_OFF).await.map_err(refuse::settings)?;
        self.has_switched_foreign_keys = true;
        Ok(true)
    }

    /// In one transaction, foreign keys are on for all scripts or for none.
    fn refuse_on_beside_off(&self, scripts: &[&Prepared<'_>], off: &[&Prepared<'_>]) -> Result<(), Error> {
        let is_other = |script: &&&Prepared<'_>| !off.iter().any(|off| std::ptr::eq(*off, **script));
        // A step may do anything, and nothing looks after what it leaves.
        let is_step = |script: &Prepared<'_>| self.step_of(script).is_some();
        let on = scripts.iter().filter(is_other).find(|script| is_step(script) || script.needs_foreign_keys_on());
        match (off.first(), on) {
            (Some(off), Some(on)) => Err(refuse::foreign_keys_on_and_off(&off.label, &on.label, is_step(on))),
            _ => Ok(()),
        }
    }

    /// What a dry run tells of scripts that need them off, for each.
    ///
    /// # Errors
    /// They could not be switched.
    pub(super) async fn notes_on_foreign_keys(
        &mut self,
        scripts: &[&Prepared<'_>],
    ) -> Result<Vec<Option<&'static str>>, Error> {
        let needing = self.that_need_foreign_keys_off(scripts).await?;
        if self.is_whole_run() {
            self.refuse_on_beside_off(scripts, &needing)?;
        }
        let needs = |script: &Prepared<'_>| needing.iter().any(|needing| std::ptr::eq(*needing, script));
        let note = "foreign keys would be off while it runs, and checked before its commit";
        Ok(scripts.iter().map(|script| needs(script).then_some(note)).collect())
    }

    /// They cannot be switched inside the user's transaction.
    pub(super) async fn refuse_foreign_keys_inside(&mut self, scripts: &[Prepared<'_>]) -> Result<(), Error> {
        let needing = self.that_need_foreign_keys_off(&scripts.iter().collect::<Vec<_>>()).await?;
        let labels: Vec<_> = needing.iter().map(|script| script.label.clone()).collect();
        if labels.is_empty() { Ok(()) } else { Err(refuse::foreign_keys_in_transaction(&labels, false)) }
    }

    /// The scripts for which foreign keys have to be off; none when they are.
    async fn that_need_foreign_keys_off<'s, 'p>(
        &mut self,
        scripts: &[&'s Prepared<'p>],
    ) -> Result<Vec<&'s Prepared<'p>>, Error> {
        let may_need = |script: &&&Prepared<'_>| script.needs_foreign_keys_off() || script.may_need_foreign_keys_off();
        let mut needing = Vec::new();
        if self.sql.dialect != Dialect::Sqlite || !scripts.iter().any(|script| may_need(&script)) {
            return Ok(needing);
        }
        let rows = self.query_patiently("PRAGMA foreign_keys").await?;
        if first_cells(rows).next().as_deref() == Some("0") {
            return Ok(needing);
        }
        let keys = match scripts.iter().any(|script| script.may_need_foreign_keys_off()) {
            true => self.foreign_keys().await?,
            false => Vec::new(),
        };
        let mut tables = TableActs::default();
        for script in scripts {
            // What those before it have done is not in the database yet.
            tables.extend(&script.tables);
            let takes_along = script.may_need_foreign_keys_off() && self.may_take_rows_along(&tables, &keys).await?;
            if script.needs_foreign_keys_off() || takes_along {
                needing.push(*script);
            }
        }
        Ok(needing)
    }

    /// Whether a table is dropped that rows of others refer to: they would go with it. It may come back in another script.
    async fn may_take_rows_along(&mut self, tables: &TableActs, keys: &[ForeignKey]) -> Result<bool, Error> {
        if tables.may_take_unseen_along() {
            return Ok(true);
        }
        let dropped = tables.dropped();
        for ForeignKey { schema, child, column, parent, is_alone } in keys {
            let of_child = (schema.to_ascii_lowercase(), child.to_ascii_lowercase());
            if !dropped.contains(parent.as_str()) || tables.is_gone((&of_child.0, &of_child.1), *is_alone) {
                continue;
            }
            let (schema, table, column) = (identifier(schema), identifier(child), identifier(column));
            let has_rows = format!("SELECT EXISTS (SELECT 1 FROM {schema}.{table} WHERE {column} IS NOT NULL)");
            if tables.writes_rows()
                || first_cells(self.query_patiently(&has_rows).await?).next().as_deref() == Some("1")
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Every foreign key of every attached database, a column each.
    async fn foreign_keys(&mut self) -> Result<Vec<ForeignKey>, Error> {
        let (mut keys, mut homes) = (Vec::new(), HashMap::<String, usize>::new());
        for schema in first_cells(self.query_patiently("SELECT name FROM pragma_database_list").await?) {
            let tables = format!("{}.sqlite_master", identifier(&schema));
            let names = format!("SELECT name FROM {tables} WHERE type = 'table'");
            for name in first_cells(self.query_patiently(&names).await?) {
                *homes.entry(name.to_ascii_lowercase()).or_default() += 1;
            }
            let of_tables = format!(
                "SELECT m.name, f.\"from\", f.\"table\" FROM {tables} AS m, pragma_foreign_key_list(m.name, {}) AS f WHERE m.type = 'table'",
                literal(&schema, Dialect::Sqlite)
            );
            let rows = self.query_patiently(&of_tables).await?;
            keys.extend(rows.iter().map(|row| ForeignKey {
                schema: schema.clone(),
                child: cell(row, 0).to_owned(),
                column: cell(row, 1).to_owned(),
                parent: cell(row, 2).to_ascii_lowercase(),
                is_alone: false,
            }));
        }
        for key in &mut keys {
            key.is_alone = homes.get(&key.child.to_ascii_lowercase()) == Some(&1);
        }
        Ok(keys)
    }

    /// Undoes [`switch_foreign_keys_off`](Engine::switch_foreign_keys_off).
    pub(super) async fn switch_foreign_keys_on(&mut self) -> Result<(), Error> {
        self.has_switched_foreign_keys = false;
        // When this fails it is tried once more when the session is dropped.
        self.session.execute(SWITCH_ON).await.map_err(refuse::settings)?;
        self.session.run_when_dropped(None);
        Ok(())
    }
}
