//! SQLite: foreign keys are off while a script rebuilds a table, and checked before its commit.
//!
//! With foreign keys on, dropping a table deletes its rows first, and with them the rows that refer to them; and the pragma does
//! nothing inside a transaction. So it is sent before the transaction begins, and again after it has ended, whatever happens.

use std::collections::{HashMap, HashSet};

use migrate_core::Dialect;

use super::prepare::Prepared;
use super::read::first_cells;
use super::{Engine, refuse};
use crate::driver::{DriverError, DriverErrorKind, Row, Session};
use crate::error::Error;
use crate::quote::identifier;

const SWITCH_OFF: &str = "PRAGMA foreign_keys = OFF";
const SWITCH_ON: &str = "PRAGMA foreign_keys = ON";
/// The pragma without a schema looks at the main database alone.
const CHECK: &str = "SELECT d.name, c.\"table\", c.rowid, c.parent, c.fkid \
                     FROM pragma_database_list AS d, pragma_foreign_key_check(NULL, d.name) AS c";

/// Every foreign key: the table, its column, and the table that it refers to.
const KEYS: &str = "SELECT m.name, f.\"from\", f.\"table\" FROM main.sqlite_master AS m, pragma_foreign_key_list(m.name, 'main') AS f \
                    WHERE m.type = 'table'";

/// What is said of a key that SQLite cannot check.
pub(super) const UNCHECKED: &str = "cannot be checked";

/// What a change tells of a migration that ran so.
pub(super) const NOTE: &str = "foreign keys were off while it ran, and hold as before";

impl<S: Session> Engine<'_, S> {
    /// Switches foreign keys off if one of the scripts needs it and they are on. Whether they were switched.
    pub(super) async fn switch_foreign_keys_off(&mut self, scripts: &[&Prepared<'_>]) -> Result<bool, Error> {
        if self.has_switched_foreign_keys {
            return Ok(false);
        }
        let needing = self.that_need_foreign_keys_off(scripts).await?;
        let Some(off) = needing.first() else { return Ok(false) };
        if self.is_nested {
            let labels: Vec<_> = needing.iter().map(|script| script.label.clone()).collect();
            return Err(refuse::foreign_keys_in_transaction(&labels, self.whole.is_some()));
        }
        let is_other = |script: &&&Prepared<'_>| !needing.iter().any(|needing| std::ptr::eq(*needing, **script));
        if let Some(on) = scripts.iter().filter(is_other).find(|script| script.needs_foreign_keys_on()) {
            return Err(refuse::foreign_keys_on_and_off(&off.label, &on.label));
        }
        self.session.run_when_dropped(Some(SWITCH_ON.into()));
        self.session.execute(SWITCH_OFF).await.map_err(refuse::settings)?;
        self.has_switched_foreign_keys = true;
        Ok(true)
    }

    /// What a dry run tells of a script that needs them off.
    ///
    /// # Errors
    /// They could not be switched.
    pub(super) async fn note_on_foreign_keys(&mut self, script: &Prepared<'_>) -> Result<Option<String>, Error> {
        if self.that_need_foreign_keys_off(&[script]).await?.is_empty() {
            return Ok(None);
        }
        if self.is_nested {
            return Err(refuse::foreign_keys_in_transaction(std::slice::from_ref(&script.label), false));
        }
        Ok(Some("foreign keys would be off while it runs, and checked before its commit".into()))
    }

    /// The scripts for which foreign keys have to be off; none when they are.
    async fn that_need_foreign_keys_off<'s, 'p>(
        &mut self,
        scripts: &[&'s Prepared<'p>],
    ) -> Result<Vec<&'s Prepared<'p>>, Error> {
        let may_need = |script: &&Prepared<'_>| script.needs_foreign_keys_off() || !script.dropped.is_empty();
        let mut needing = Vec::new();
        if self.sql.dialect != Dialect::Sqlite || !scripts.iter().any(|script| may_need(&&**script)) {
            return Ok(needing);
        }
        let rows = self.query_patiently("PRAGMA foreign_keys").await?;
        if first_cells(rows).next().as_deref() == Some("0") {
            return Ok(needing);
        }
        for script in scripts {
            if script.needs_foreign_keys_off() || self.drops_what_others_refer_to(script).await? {
                needing.push(*script);
            }
        }
        Ok(needing)
    }

    /// Whether a script drops a table that rows of others refer to, which would take them along; it may come back in another script.
    async fn drops_what_others_refer_to(&mut self, script: &Prepared<'_>) -> Result<bool, Error> {
        if script.dropped.is_empty() {
            return Ok(false);
        }
        let is_dropped = |table: &str| script.dropped.contains(&table.to_ascii_lowercase());
        for key in self.query_patiently(KEYS).await? {
            let (child, column, parent) = (cell(&key, 0), cell(&key, 1), cell(&key, 2));
            if is_dropped(parent) && !is_dropped(child) {
                let rows = format!(
                    "SELECT EXISTS (SELECT 1 FROM main.{} WHERE {} IS NOT NULL)",
                    identifier(child),
                    identifier(column)
                );
                if first_cells(self.query_patiently(&rows).await?).next().as_deref() == Some("1") {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Undoes [`switch_foreign_keys_off`](Engine::switch_foreign_keys_off).
    pub(super) async fn switch_foreign_keys_on(&mut self) -> Result<(), Error> {
        self.has_switched_foreign_keys = false;
        let switched = self.session.execute(SWITCH_ON).await;
        self.session.run_when_dropped(None);
        switched.map_err(refuse::settings)
    }

    /// The rows that refer to nothing, before or after a script, in all attached databases.
    pub(super) async fn dangling_rows(&mut self) -> Result<Dangling, DriverError> {
        match self.session.query(CHECK).await {
            Err(error) if error.kind() == DriverErrorKind::Refused => self.dangling_rows_of_each().await,
            checked => checked.map(Dangling),
        }
    }

    /// Table by table: a key that SQLite cannot check, because what it refers to is no key, is told in place of the table's rows.
    async fn dangling_rows_of_each(&mut self) -> Result<Dangling, DriverError> {
        let mut found: Vec<Row> = Vec::new();
        for database in self.session.query("SELECT name FROM pragma_database_list").await? {
            let schema = identifier(cell(&database, 0));
            let tables = format!("SELECT name FROM {schema}.sqlite_master WHERE type = 'table'");
            for table in self.session.query(&tables).await? {
                let check = format!("PRAGMA {schema}.foreign_key_check({})", identifier(cell(&table, 0)));
                match self.session.query(&check).await {
                    Ok(rows) => found.extend(rows.into_iter().map(|row| [database.clone(), row].concat())),
                    Err(error) if error.kind() == DriverErrorKind::Refused => {
                        let message = Some(error.message().to_owned());
                        found.push(vec![
                            database.first().cloned().flatten(),
                            table.first().cloned().flatten(),
                            None,
                            message,
                        ]);
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(Dangling(found))
    }
}

/// Rows that refer to nothing, as SQLite lists them, behind the database that they are in: table, number of the row, table referred
/// to, number of the key. Rows of a table `WITHOUT ROWID` have no number.
#[derive(Default)]
pub(super) struct Dangling(Vec<Row>);

impl Dangling {
    /// What was not there before, a line each; empty when nothing is new. In a table that was made anew, rows have new numbers, and
    /// some have none: there it counts how many they are.
    pub(super) fn new_since(&self, before: &Dangling, rebuilt: &[String]) -> Vec<String> {
        let (then, now) = (before.count(), self.count());
        let known: HashSet<&Row> = before.0.iter().collect();
        let mut without_number: HashMap<Pair<'_>, usize> = HashMap::new();
        let mut new = Vec::new();
        for row in &self.0 {
            let pair = pair(row);
            let is_new = if cell(row, 2).is_empty() {
                let seen = without_number.entry(pair).or_default();
                *seen += 1;
                *seen > then.get(&pair).copied().unwrap_or(0)
            } else {
                let is_rebuilt = rebuilt.iter().any(|table| *table == pair.1.to_ascii_lowercase());
                let are_more = now.get(&pair) > then.get(&pair);
                !known.contains(row) && (are_more || !is_rebuilt)
            };
            new.extend(is_new.then(|| describe(row)));
        }
        new
    }

    fn count(&self) -> HashMap<Pair<'_>, usize> {
        let mut counts = HashMap::new();
        self.0.iter().for_each(|row| *counts.entry(pair(row)).or_default() += 1);
        counts
    }
}

/// The database, the table and the table that it refers to.
type Pair<'a> = (&'a str, &'a str, &'a str);

fn pair(row: &Row) -> Pair<'_> {
    (cell(row, 0), cell(row, 1), cell(row, 3))
}

fn describe(row: &Row) -> String {
    let (database, table, parent) = pair(row);
    let table = if database == "main" { table.to_owned() } else { format!("{database}.{table}") };
    match (cell(row, 2), row.get(4)) {
        (_, None) => format!("rows of `{table}` {UNCHECKED}: {parent}"),
        ("", _) => format!("a row of `{table}` refers to a row of `{parent}` that is not there"),
        (number, _) => format!("row {number} of `{table}` refers to a row of `{parent}` that is not there"),
    }
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
            ("c - p 0", "c - p 0", "", 0),
            ("c - p 0", "c - p 0,c - p 0,c - p 0", "", 2),
            ("c - p 0,c - p 0", "c - p 1", "c", 0),
            ("c - mismatch", "c - mismatch", "", 0),
            ("", "c - mismatch", "", 1),
        ];
        let dangling = |text: &str| {
            let cell = |cell: &str| Some(cell.to_owned()).filter(|cell| cell != "-");
            let cells = |row: &str| [Some("main".to_owned())].into_iter().chain(row.split(' ').map(cell)).collect();
            Dangling(text.split(',').filter(|row| !row.is_empty()).map(cells).collect())
        };
        for (before, after, rebuilt, expect) in cases {
            let rebuilt: Vec<String> = rebuilt.split_whitespace().map(str::to_owned).collect();
            let new = dangling(after).new_since(&dangling(before), &rebuilt);
            assert_eq!(new.len(), *expect, "{before} → {after}: {new:?}");
        }
    }
}
