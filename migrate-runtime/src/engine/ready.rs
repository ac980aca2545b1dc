//! Gets table and session ready for the first claim. Postgres only: on SQLite the table is made inside the first claim's
//! transaction, and there are no settings to change.

use migrate_core::{Dialect, Label};

use super::read::Recorded;
use super::wait::Wait;
use super::{Engine, refuse};
use crate::driver::AnySession;
use crate::error::Error;

impl<S: AnySession + ?Sized> Engine<'_, S> {
    /// Creates the history table where it is absent, in a transaction of its own: others wait for a claim in a table that they
    /// can see, and can tell who holds it. Whether the history has to be read again.
    pub(super) async fn create_table_first(
        &mut self,
        recorded: &Recorded,
        wait: &mut Wait,
        first: &Label,
    ) -> Result<bool, Error> {
        if recorded.table_exists || self.sql.dialect == Dialect::Sqlite {
            return Ok(false);
        }
        if self.has_created_table {
            return Err(refuse::table_out_of_sight(self.sql.table()));
        }
        if self.sql.table_name().schema.is_none() {
            match &recorded.facts.current_schema {
                Some(schema) if schema.starts_with("pg_temp") => {
                    return Err(refuse::temporary_table(self.sql.table_name()));
                }
                Some(schema) => self.sql.fix_schema(schema),
                None => return Err(refuse::no_schema(recorded.facts.setting("search_path"))),
            }
        }
        let (open, close) = self.transaction();
        let (create, usual) = (self.sql.create_table(), self.sql.restore_timeouts(&recorded.facts.settings));
        let create = format!("{open};\n{};\n{create};\n{usual};\n{close}", self.limit_wait());
        match self.execute_transaction(&create).await {
            Ok(()) => {
                self.has_created_table = true;
                Ok(true)
            }
            // Another runner creates it at this moment: unique_violation in the catalog, duplicate_table, duplicate_object. If the
            // table is not there then, something else has its name.
            Err(error) if error.has_code(&["23505", "42P07", "42710"]) && !self.has_tried_to_create => {
                self.has_tried_to_create = true;
                Ok(true)
            }
            // … and is not done yet.
            Err(error) if error.has_code(&["55P03"]) => {
                self.wait_for_others(wait, first, error).await?;
                Ok(true)
            }
            Err(error) => Err(refuse::no_table(self.sql.table(), recorded.facts.user.as_deref(), error)),
        }
    }

    /// Makes the server read strings as the scanner does.
    pub(super) async fn change_settings(&mut self, recorded: &mut Recorded) -> Result<(), Error> {
        if !recorded.facts.reads_escapes() {
            return Ok(());
        }
        recorded.facts.read_strings_by_the_standard();
        self.has_changed_settings = true;
        self.run_when_dropped(None);
        let read = self.read_strings("on");
        self.session.execute(&read).await.map_err(refuse::settings)
    }

    /// Postgres: makes the server read strings by the standard, as the scanner does, or with escapes; in a transaction of the caller's up to
    /// its end.
    pub(super) fn read_strings(&self, by_the_standard: &str) -> String {
        let local = if self.is_in_transaction_of_user() { "LOCAL " } else { "" };
        format!("SET {local}standard_conforming_strings = {by_the_standard}")
    }

    /// Undoes [`change_settings`](Engine::change_settings).
    pub(super) async fn restore_settings(&mut self) {
        if self.has_changed_settings {
            // When this fails, the connection is gone, and its settings with it.
            let usual = self.read_strings("off");
            let _ = self.session.execute(&usual).await;
            self.has_changed_settings = false;
            self.run_when_dropped(None);
        }
    }

    /// Says what is to be done for the session if the run is dropped, besides undoing [`change_settings`](Engine::change_settings).
    pub(super) fn run_when_dropped(&mut self, sql: Option<String>) {
        let usual = self.has_changed_settings.then(|| self.read_strings("off"));
        let all: Vec<String> = sql.into_iter().chain(usual).collect();
        self.session.run_when_dropped((!all.is_empty()).then(|| all.join(";\n")));
    }
}
