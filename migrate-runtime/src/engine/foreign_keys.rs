//! SQLite: foreign keys are off while a table is dropped, and for what else a script says or needs, and checked before its commit.
//!
//! With foreign keys on, dropping a table deletes its rows first, and with them the rows that refer to them. The pragma does nothing inside
//! a transaction; the driver can switch them there all the same. So they are off for single statements, and everything else goes as the
//! author of the script has seen it go.

use migrate_core::{Dialect, Enforcement, Reference, TableActs};

use super::Engine;
use super::dangling::Dangling;
use super::prepare::Prepared;
use super::read::{cell, first_cells};
use crate::driver::{AnySession, DriverError, Row};
use crate::quote::{identifier, literal};

/// What a change tells of a migration that ran so.
pub(super) const NOTE: &str = "foreign keys were off where it needs that, and hold as before";
const PLANNED: &str = "foreign keys would be off where it needs that, and checked before its commit";

/// What is known of the enforcement of foreign keys while a script runs.
#[derive(Default)]
pub(super) struct ForeignKeys {
    /// As the program has set it, once that was looked for.
    usual: Option<bool>,
    /// As it is, if that was changed.
    changed_to: Option<bool>,
    /// Whether what scripts leave is compared with what was there before.
    pub(super) are_checked: bool,
    /// That: what referred to nothing.
    pub(super) before: Dangling,
    /// Whether they were off for any statement of the script.
    pub(super) were_off: bool,
}

impl<S: AnySession + ?Sized> Engine<'_, S> {
    /// Enforces foreign keys for what is sent next, or does not.
    pub(super) async fn enforce(&mut self, enforcement: &Enforcement) -> Result<(), DriverError> {
        let wanted = match enforcement {
            // It has never been changed.
            Enforcement::AsUsual if self.foreign_keys.changed_to.is_none() => return Ok(()),
            Enforcement::AsUsual => self.are_usually_enforced().await?,
            Enforcement::On => true,
            // Whoever has switched them off finds them off.
            Enforcement::Off => false,
            Enforcement::OffIfReferredTo(table) => {
                self.are_usually_enforced().await? && !self.references().await?.iter().any(|of| of.parent == *table)
            }
        };
        let usual = self.are_usually_enforced().await?;
        self.foreign_keys.were_off |= usual && !wanted;
        if self.foreign_keys.changed_to.unwrap_or(usual) != wanted {
            self.session.enforce_foreign_keys(wanted).await?;
            self.foreign_keys.changed_to = Some(wanted);
        }
        Ok(())
    }

    /// Behind a script, however it has ended. When this fails, the session sets them back when it is dropped.
    pub(super) async fn enforce_as_usual(&mut self) {
        if self.enforce(&Enforcement::AsUsual).await.is_ok() {
            self.foreign_keys.usual = None;
            self.foreign_keys.changed_to = None;
        }
    }

    pub(super) async fn are_usually_enforced(&mut self) -> Result<bool, DriverError> {
        if self.foreign_keys.usual.is_none() {
            let found = self.session.query("PRAGMA foreign_keys").await?;
            self.foreign_keys.usual = Some(first_cells(found).next().as_deref() == Some("1"));
        }
        Ok(self.foreign_keys.usual == Some(true))
    }

    /// Whether scripts, which run after each other, may leave rows that refer to nothing because foreign keys are off for a while. Where
    /// they always are, nobody asks for that.
    pub(super) async fn may_leave_dangling(&mut self, scripts: &[&Prepared<'_>]) -> Result<bool, DriverError> {
        if self.sql.dialect != Dialect::Sqlite || !scripts.iter().any(|script| script.switches_foreign_keys_off()) {
            return Ok(false);
        }
        if !self.are_usually_enforced().await? {
            return Ok(false);
        }
        if scripts.iter().any(|script| script.asks_for_foreign_keys_off()) {
            return Ok(true);
        }
        // Nobody can tell what tables a step makes.
        if scripts.iter().any(|script| self.step_of(script).is_some()) {
            return Ok(true);
        }
        let tables = TableActs::together(scripts.iter().map(|script| &script.tables));
        Ok(tables.may_leave_dangling(self.references().await?.iter()))
    }

    /// What a dry run tells of scripts for which they would be off, for each.
    pub(super) async fn notes_on_foreign_keys(
        &mut self,
        scripts: &[&Prepared<'_>],
    ) -> Result<Vec<Option<&'static str>>, DriverError> {
        let is_worth_a_look = self.sql.dialect == Dialect::Sqlite
            && scripts.iter().any(|script| script.switches_foreign_keys_off())
            && self.are_usually_enforced().await?;
        if !is_worth_a_look {
            return Ok(vec![None; scripts.len()]);
        }
        let mut keys = self.references().await?;
        let mut notes = Vec::new();
        for script in scripts {
            let is_off = script.switches_foreign_keys_off()
                && (script.asks_for_foreign_keys_off() || script.tables.may_leave_dangling(keys.iter()));
            notes.push(is_off.then_some(PLANNED));
            // What it does is not in the database yet.
            keys.extend_from_slice(script.tables.references());
            for key in &mut keys {
                key.child = script.tables.name_at_the_end(&key.child).to_owned();
                key.parent = script.tables.name_at_the_end(&key.parent).to_owned();
            }
        }
        Ok(notes)
    }

    /// Which table refers to which.
    async fn references(&mut self) -> Result<Vec<Reference>, DriverError> {
        let small = |row: &Row, at: usize| cell(row, at).to_ascii_lowercase();
        let rows = self.rows_of_references().await?;
        Ok(rows.iter().map(|row| Reference { child: small(row, 1), parent: small(row, 2) }).collect())
    }

    /// Which table refers to which, in all attached databases: the database, the table, the one that it refers to, and whether that is
    /// there.
    pub(super) async fn rows_of_references(&mut self) -> Result<Vec<Row>, DriverError> {
        let mut found = Vec::new();
        for schema in first_cells(self.session.query("SELECT name FROM pragma_database_list").await?) {
            let (tables, schema) =
                (format!("{}.sqlite_master", identifier(&schema)), literal(&schema, Dialect::Sqlite));
            let of_tables = format!(
                "SELECT DISTINCT {schema}, m.name, f.\"table\", EXISTS (SELECT 1 FROM {tables} AS parent WHERE parent.type = 'table' \
                 AND parent.name = f.\"table\" COLLATE NOCASE) FROM {tables} AS m, pragma_foreign_key_list(m.name, {schema}) AS f \
                 WHERE m.type = 'table'"
            );
            found.extend(self.session.query(&of_tables).await?);
        }
        Ok(found)
    }
}
