//! SQLite: foreign keys are off while a script rebuilds a table, and checked before its commit.
//!
//! With foreign keys on, dropping a table deletes its rows first, and with them the rows that refer to them; and the pragma does
//! nothing inside a transaction. So it is sent before the transaction begins, and again after it has ended, whatever happens.

use std::collections::{HashMap, HashSet};

use migrate_core::Dialect;

use super::prepare::Prepared;
use super::{Engine, refuse};
use crate::driver::{DriverError, Row, Session};
use crate::error::Error;

const SWITCH_OFF: &str = "PRAGMA foreign_keys = OFF";
const SWITCH_ON: &str = "PRAGMA foreign_keys = ON";
const CHECK: &str = "PRAGMA foreign_key_check";

/// What a change tells of a migration that ran so.
pub(super) const NOTE: &str = "foreign keys were off while it ran, and hold as before";

impl<S: Session> Engine<'_, S> {
    /// Switches foreign keys off if one of the scripts needs it and they are on. Whether they were switched.
    pub(super) async fn switch_foreign_keys_off(&mut self, steps: &[&Prepared<'_>]) -> Result<bool, Error> {
        let needing: Vec<_> = steps.iter().filter(|step| step.needs_foreign_keys_off()).collect();
        if self.sql.dialect != Dialect::Sqlite || needing.is_empty() || self.has_switched_foreign_keys {
            return Ok(false);
        }
        let rows = self.query_patiently("PRAGMA foreign_keys").await?;
        if rows.first().and_then(|row| row.first()?.as_deref()) == Some("0") {
            return Ok(false);
        }
        if self.is_nested {
            let labels: Vec<_> = needing.iter().map(|step| step.label.clone()).collect();
            return Err(refuse::foreign_keys_in_transaction(&labels));
        }
        self.session.run_when_dropped(Some(SWITCH_ON.into()));
        self.session.execute(SWITCH_OFF).await.map_err(refuse::settings)?;
        self.has_switched_foreign_keys = true;
        Ok(true)
    }

    /// What [`switch_foreign_keys_off`](Engine::switch_foreign_keys_off) would refuse.
    pub(super) async fn switch_would_be_refused(&mut self, step: &Prepared<'_>) -> Result<(), Error> {
        if self.is_nested && self.sql.dialect == Dialect::Sqlite && step.needs_foreign_keys_off() {
            return self.switch_foreign_keys_off(&[step]).await.map(|_| ());
        }
        Ok(())
    }

    /// Undoes [`switch_foreign_keys_off`](Engine::switch_foreign_keys_off).
    pub(super) async fn switch_foreign_keys_on(&mut self) -> Result<(), Error> {
        self.has_switched_foreign_keys = false;
        let switched = self.session.execute(SWITCH_ON).await;
        self.session.run_when_dropped(None);
        switched.map_err(refuse::settings)
    }

    /// Whether a script runs with foreign keys off because we have switched them off.
    pub(super) fn checks_foreign_keys(&self, prepared: &Prepared<'_>) -> bool {
        self.has_switched_foreign_keys && prepared.needs_foreign_keys_off()
    }

    /// The rows that refer to nothing, before or after a script.
    pub(super) async fn dangling_rows(&mut self) -> Result<Dangling, DriverError> {
        Ok(Dangling(self.session.query(CHECK).await?))
    }
}

/// Rows that refer to nothing, as `PRAGMA foreign_key_check` lists them: table, row, table referred to, number of the key.
#[derive(Default)]
pub(super) struct Dangling(Vec<Row>);

impl Dangling {
    /// What was not there before, a line each; empty when nothing is new. In a table that was made anew, rows have new numbers:
    /// there it counts how many they are.
    pub(super) fn new_since(&self, before: &Dangling, rebuilt: &[String]) -> Vec<String> {
        let (then, now) = (before.count(), self.count());
        let known: HashSet<&Row> = before.0.iter().collect();
        let is_new = |row: &&Row| {
            let pair = pair(row);
            let is_rebuilt = rebuilt.iter().any(|table| *table == pair.0.to_lowercase());
            let are_more = now.get(&pair) > then.get(&pair);
            !known.contains(*row) && (are_more || !is_rebuilt)
        };
        self.0.iter().filter(is_new).map(describe).collect()
    }

    fn count(&self) -> HashMap<(String, String), usize> {
        let mut counts = HashMap::new();
        self.0.iter().for_each(|row| *counts.entry(pair(row)).or_default() += 1);
        counts
    }
}

/// The table and the table that it refers to.
fn pair(row: &Row) -> (String, String) {
    (cell(row, 0).to_owned(), cell(row, 2).to_owned())
}

fn describe(row: &Row) -> String {
    let row_number = match cell(row, 1) {
        "" => "a row".to_owned(),
        number => format!("row {number}"),
    };
    format!("{row_number} of `{}` refers to a row of `{}` that is not there", cell(row, 0), cell(row, 2))
}

fn cell(row: &Row, column: usize) -> &str {
    row.get(column).and_then(Option::as_deref).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_new() {
        // before, after, rebuilt tables → how many are new
        let cases: &[(&str, &str, &str, usize)] = &[
            ("", "", "", 0),
            ("", "c 1 p 0", "", 1),
            ("c 1 p 0", "c 1 p 0", "", 0),
            ("c 1 p 0", "c 2 p 0", "", 1),
            ("c 1 p 0", "c 2 p 0", "c", 0),
            ("c 1 p 0", "c 2 p 0,c 3 p 0", "c", 2),
            ("c 1 p 0,c 2 p 0", "c 2 p 0", "", 0),
            ("c 1 p 0", "c 1 q 0", "c", 1),
            ("C 1 p 0", "C 9 p 0", "c", 0),
        ];
        let dangling = |text: &str| {
            let cells = |row: &str| row.split(' ').map(|cell| Some(cell.to_owned())).collect();
            Dangling(text.split(',').filter(|row| !row.is_empty()).map(cells).collect())
        };
        for (before, after, rebuilt, expect) in cases {
            let rebuilt: Vec<String> = rebuilt.split_whitespace().map(str::to_owned).collect();
            let new = dangling(after).new_since(&dangling(before), &rebuilt);
            assert_eq!(new.len(), *expect, "{before} → {after}: {new:?}");
        }
    }
}
