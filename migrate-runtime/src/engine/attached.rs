//! SQLite: what a script attaches outlives its transaction, and is detached when the script has ended, whichever way: another try, the script
//! behind it and a later run on the same connection begin as this one did, and a script that counts on what one before has attached fails
//! where it is written, not where that one ran long ago.
//!
//! Invariant: what was attached before the script stays.

use migrate_core::Dialect;

use super::Engine;
use super::read::cell;
use crate::driver::{AnySession, DriverError};
use crate::quote::identifier;

/// A database of a connection. Another file under the same name is another one.
#[derive(PartialEq, Eq)]
pub(super) struct Attached {
    name: String,
    /// Empty for one in memory.
    file: String,
}

impl<S: AnySession + ?Sized> Engine<'_, S> {
    /// What is attached before something that may attach more; `None` where it does not, or nobody can tell.
    pub(super) async fn attached_before(&mut self, may_attach: bool) -> Option<Vec<Attached>> {
        match may_attach && self.sql.dialect == Dialect::Sqlite {
            true => self.attached().await.ok(),
            false => None,
        }
    }

    /// Detaches what was attached since.
    pub(super) async fn detach_since(&mut self, before: Option<Vec<Attached>>) {
        let Some(before) = before else { return };
        let now = self.attached().await.unwrap_or_default();
        for database in now.iter().filter(|database| !before.contains(database)) {
            // A transaction of the user's keeps what was used in it, for as long as it lasts.
            let _ = self.session.execute(&format!("DETACH {}", identifier(&database.name))).await;
        }
    }

    /// The pragma reads no file, not even one that others lock.
    async fn attached(&mut self) -> Result<Vec<Attached>, DriverError> {
        let rows = self.session.query("PRAGMA database_list").await?;
        let databases =
            rows.iter().map(|row| Attached { name: cell(row, 1).to_owned(), file: cell(row, 2).to_owned() });
        // Temporary tables are in a database that is there as soon as they are.
        Ok(databases.filter(|database| database.name != "temp").collect())
    }
}
