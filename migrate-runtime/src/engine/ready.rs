//! Gets table and session ready for the first claim. Postgres only: on SQLite the table is made inside the first claim's
//! transaction, and there are no settings to change.

use migrate_core::Dialect;

use super::read::History;
use super::{Engine, refuse};
use crate::driver::Session;
use crate::error::Error;

impl<S: Session> Engine<'_, S> {
    /// Creates the history table where it is absent, in a transaction of its own: others wait for a claim in a table that they
    /// can see, and can tell who holds it. Whether the history has to be read again.
    pub(super) async fn create_table_first(&mut self, history: &History) -> Result<bool, Error> {
        if history.table_exists || self.sql.dialect == Dialect::Sqlite {
            return Ok(false);
        }
        if self.sql.table_name().schema.is_none() {
            match &history.facts.current_schema {
                Some(schema) => self.sql.fix_schema(schema),
                None => return Err(refuse::no_schema(&history.facts.search_path)),
            }
        }
        match self.session.execute(&self.sql.create_table()).await {
            Ok(()) => Ok(true),
            // Another runner creates it at this moment: unique_violation in the catalog, duplicate_table, duplicate_object.
            Err(error) if error.has_code(&["23505", "42P07", "42710"]) && !self.is_nested => Ok(true),
            Err(error) => Err(refuse::no_table(self.sql.table(), history.facts.user.as_deref(), error)),
        }
    }

    /// Makes the server read strings as the scanner does.
    pub(super) async fn change_settings(&mut self, history: &History) -> Result<(), Error> {
        if history.facts.standard_conforming_strings || self.has_changed_settings {
            return Ok(());
        }
        self.session.execute("SET standard_conforming_strings = on").await.map_err(refuse::settings)?;
        self.has_changed_settings = true;
        Ok(())
    }

    /// Undoes [`change_settings`](Engine::change_settings).
    pub(super) async fn restore_settings(&mut self) {
        if self.has_changed_settings {
            // When this fails, the connection is gone, and its settings with it.
            let _ = self.session.execute("SET standard_conforming_strings = off").await;
        }
    }
}
