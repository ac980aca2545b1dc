//! SQLite: foreign keys are off while a script rebuilds a table, and checked before its commit.
//!
//! With foreign keys on, dropping a table deletes its rows first, and with them the rows that refer to them; and the pragma does
//! nothing inside a transaction. So it is sent before the transaction begins, and again after it has ended, whatever happens.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use migrate_core::{Dialect, TableActs, printable_line};

use super::prepare::Prepared;
use super::read::first_cells;
use super::{Engine, refuse};
use crate::driver::{DriverError, DriverErrorKind, Row, Session};
use crate::error::Error;
use crate::quote::{identifier, literal};

const SWITCH_OFF: &str = "PRAGMA foreign_keys = OFF";
const SWITCH_ON: &str = "PRAGMA foreign_keys = ON";
/// The pragma without a schema looks at the main database alone.
const CHECK: &str = "SELECT d.name, c.\"table\", c.rowid, c.parent, c.fkid \
                     FROM pragma_database_list AS d, pragma_foreign_key_check(NULL, d.name) AS c";

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
        let mut tables = TableActs::default();
        for script in scripts {
            // What those before it have done is not in the database yet.
            tables.extend(&script.tables);
            let takes_along = script.may_need_foreign_keys_off() && self.may_take_rows_along(&tables).await?;
            if script.needs_foreign_keys_off() || takes_along {
                needing.push(*script);
            }
        }
        Ok(needing)
    }

    /// Whether a table is dropped that rows of others refer to, in any attached database: they would go with it. It may come back in
    /// another script.
    async fn may_take_rows_along(&mut self, tables: &TableActs) -> Result<bool, Error> {
        if tables.may_take_unseen_along() {
            return Ok(true);
        }
        let databases = self.query_patiently("SELECT name FROM pragma_database_list").await?;
        let mut homes: HashMap<String, usize> = HashMap::new();
        for database in &databases {
            let names =
                format!("SELECT name FROM {}.sqlite_master WHERE type = 'table'", identifier(cell(database, 0)));
            for name in first_cells(self.query_patiently(&names).await?) {
                *homes.entry(name.to_ascii_lowercase()).or_default() += 1;
            }
        }
        for database in &databases {
            let schema = cell(database, 0);
            let keys = format!(
                "SELECT m.name, f.\"from\", f.\"table\" FROM {}.sqlite_master AS m, pragma_foreign_key_list(m.name, {}) AS f \
                 WHERE m.type = 'table'",
                identifier(schema),
                literal(schema, Dialect::Sqlite)
            );
            for key in self.query_patiently(&keys).await? {
                let (child, column, parent) = (cell(&key, 0), cell(&key, 1), cell(&key, 2));
                let of_child = child.to_ascii_lowercase();
                let is_alone = homes.get(&of_child) == Some(&1);
                let of_schema = schema.to_ascii_lowercase();
                if !tables.may_take_along((&of_schema, &of_child), &parent.to_ascii_lowercase(), is_alone) {
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
        }
        Ok(false)
    }

    /// Undoes [`switch_foreign_keys_off`](Engine::switch_foreign_keys_off).
    pub(super) async fn switch_foreign_keys_on(&mut self) -> Result<(), Error> {
        self.has_switched_foreign_keys = false;
        // When this fails it is tried once more when the session is dropped.
        self.session.execute(SWITCH_ON).await.map_err(refuse::settings)?;
        self.session.run_when_dropped(None);
        Ok(())
    }

    /// The rows that refer to nothing, before or after a script that makes these tables anew, in all attached databases.
    pub(super) async fn dangling_rows(&mut self, rebuilt: &[String]) -> Result<Dangling, DriverError> {
        let (listed, mut rows) = match self.session.query(CHECK).await {
            Err(error) if error.kind() == DriverErrorKind::Refused => self.dangling_rows_of_each().await?,
            checked => (checked?, Vec::new()),
        };
        let is_rebuilt = |row: &Row| rebuilt.contains(&cell(row, 1).to_ascii_lowercase());
        let is_of_key = |row: &Row| row.len() > KEY;
        let (without_number, numbered): (Vec<Row>, Vec<Row>) =
            listed.into_iter().partition(|row| is_of_key(row) && (cell(row, 2).is_empty() || is_rebuilt(row)));
        rows.extend(self.with_columns(numbered).await?);
        let mut keys: BTreeMap<[&str; 3], Vec<&Row>> = BTreeMap::new();
        for row in &without_number {
            keys.entry([cell(row, 0), cell(row, 1), cell(row, KEY)]).or_default().push(row);
        }
        for ([schema, table, key], listed) in keys {
            let found = self.dangling_references(schema, table, key).await?;
            // Nothing that SQLite lists is lost.
            if found.len() >= listed.len() { rows.extend(found) } else { rows.extend(listed.into_iter().cloned()) }
        }
        Ok(Dangling(rows))
    }

    /// The numbers of keys change when a table gets another one: the columns stand in their place.
    async fn with_columns(&mut self, mut rows: Vec<Row>) -> Result<Vec<Row>, DriverError> {
        let mut columns: HashMap<[String; 3], String> = HashMap::new();
        let tables: BTreeSet<[String; 2]> = rows.iter().map(|row| [0, 1].map(|at| cell(row, at).to_owned())).collect();
        for [schema, table] in tables {
            let of_keys = format!(
                "SELECT CAST(id AS TEXT), \"from\" FROM pragma_foreign_key_list({}, {}) ORDER BY id, seq",
                literal(&table, Dialect::Sqlite),
                literal(&schema, Dialect::Sqlite)
            );
            for column in self.session.query(&of_keys).await? {
                let of_key = columns.entry([schema.clone(), table.clone(), cell(&column, 0).to_owned()]).or_default();
                *of_key = format!("{of_key} {}", identifier(cell(&column, 1)));
            }
        }
        for row in rows.iter_mut().filter(|row| row.len() > KEY) {
            let key = [0, 1, KEY].map(|at| cell(row, at).to_owned());
            if let Some(of_key) = columns.get(&key) {
                row[KEY] = Some(of_key.clone());
            }
        }
        Ok(rows)
    }

    /// The rows of a table that refer to nothing by a key, with what they refer to in place of their numbers, which are others in a
    /// table that is made anew, and which some tables do not have.
    async fn dangling_references(&mut self, schema: &str, table: &str, key: &str) -> Result<Vec<Row>, DriverError> {
        let text = |name: &str| literal(name, Dialect::Sqlite);
        let columns = format!(
            "SELECT \"from\", \"to\", \"table\" FROM pragma_foreign_key_list({}, {}) WHERE CAST(id AS TEXT) = {} ORDER BY seq",
            text(table),
            text(schema),
            text(key)
        );
        let columns = self.session.query(&columns).await?;
        let parent = columns.first().map(|column| cell(column, 2)).unwrap_or_default().to_owned();
        let primary =
            format!("SELECT name, pk FROM pragma_table_info({}, {}) ORDER BY pk = 0, pk", text(&parent), text(schema));
        let primary = self.session.query(&primary).await?;
        let of_child = |column: &Row| format!("child.{}", identifier(cell(column, 0)));
        let mut refers_to_nothing: Vec<String> =
            columns.iter().map(|column| format!("{} IS NOT NULL", of_child(column))).collect();
        // Otherwise there is nothing to refer to.
        if !primary.is_empty() {
            let equal = |(number, column): (usize, &Row)| {
                let to = if cell(column, 1).is_empty() {
                    primary.get(number).map(|of| cell(of, 0))
                } else {
                    Some(cell(column, 1))
                };
                // The parent's column comes first, and the child's has no affinity: the parent's says how they are compared.
                format!("parent.{} = +{}", identifier(to.unwrap_or_default()), of_child(column))
            };
            refers_to_nothing.push(format!(
                "NOT EXISTS (SELECT 1 FROM {}.{} AS parent WHERE {})",
                identifier(schema),
                identifier(&parent),
                columns.iter().enumerate().map(equal).collect::<Vec<_>>().join(" AND ")
            ));
        }
        let values: Vec<String> =
            columns.iter().map(|column| format!("quote(CAST({} AS TEXT))", of_child(column))).collect();
        let query = format!(
            "SELECT {}, {}, NULL, {}, {} FROM {}.{} AS child WHERE {}",
            text(schema),
            text(table),
            text(&parent),
            values.join(" || ', ' || "),
            identifier(schema),
            identifier(table),
            refers_to_nothing.join(" AND ")
        );
        self.session.query(&query).await
    }

    /// Table by table: a key that SQLite cannot check, because what it refers to is no key, is told in place of the table's rows; what its
    /// keys refer to comes beside.
    async fn dangling_rows_of_each(&mut self) -> Result<(Vec<Row>, Vec<Row>), DriverError> {
        let mut found: Vec<Row> = Vec::new();
        let mut references: Vec<Row> = Vec::new();
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
                        let (schema, table) = (cell(&database, 0), cell(&table, 0));
                        let keys = format!(
                            "SELECT DISTINCT CAST(id AS TEXT) FROM pragma_foreign_key_list({}, {})",
                            literal(table, Dialect::Sqlite),
                            literal(schema, Dialect::Sqlite)
                        );
                        for key in first_cells(self.session.query(&keys).await?) {
                            match self.dangling_references(schema, table, &key).await {
                                // The one that cannot be checked may refer to a column that is not there.
                                Err(error) if error.kind() == DriverErrorKind::Refused => {}
                                found => references.extend(found?),
                            }
                        }
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok((found, references))
    }
}

/// The cell with the number of the key, in what SQLite lists.
const KEY: usize = 4;

/// Rows that refer to nothing: the database, the table, the number of the row, the table referred to, and the columns of the key. Those
/// that numbers do not tell apart have what they refer to in place of the key; and a table whose keys cannot be checked has a row with
/// the reason in place of the table referred to.
#[derive(Default)]
pub(super) struct Dangling(Vec<Row>);

impl Dangling {
    /// What was not there before, a line each; empty when nothing is new.
    pub(super) fn new_since(&self, before: &Dangling) -> Vec<String> {
        let mut known: HashMap<&Row, usize> = HashMap::new();
        before.0.iter().for_each(|row| *known.entry(row).or_default() += 1);
        let mut new = Vec::new();
        for row in &self.0 {
            match known.get_mut(row) {
                Some(count) if *count > 0 => *count -= 1,
                _ => new.push(describe(row)),
            }
        }
        new
    }
}

fn describe(row: &Row) -> String {
    let (database, table, parent) = (cell(row, 0), cell(row, 1), cell(row, 3));
    let table = if database == "main" { table.to_owned() } else { format!("{database}.{table}") };
    match (cell(row, 2), row.get(KEY)) {
        (_, None) => format!("rows of `{table}` {UNCHECKED}: {parent}"),
        ("", _) => {
            format!(
                "a row of `{table}` refers to a row of `{parent}` that is not there: {}",
                printable_line(cell(row, KEY))
            )
        }
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
        // before, after → how many are new
        let cases: &[(&str, &str, usize)] = &[
            ("", "", 0),
            ("", "c 1 p 0", 1),
            ("c 1 p 0", "c 1 p 0", 0),
            ("c 1 p 0", "c 2 p 0", 1),
            ("c 1 p 0,c 2 p 0", "c 2 p 0", 0),
            ("c 1 p 0", "c 1 p 1", 1),
            ("c - p 5", "c - p 5", 0),
            ("c - p 5", "c - p 1", 1),
            ("c - p 5", "c - p 5,c - p 5,c - p 5", 2),
            ("c - p 5,c - p 5", "c - p 5", 0),
            ("c - mismatch", "c - mismatch", 0),
            ("", "c - mismatch", 1),
        ];
        let dangling = |text: &str| {
            let cell = |cell: &str| Some(cell.to_owned()).filter(|cell| cell != "-");
            let cells = |row: &str| [Some("main".to_owned())].into_iter().chain(row.split(' ').map(cell)).collect();
            Dangling(text.split(',').filter(|row| !row.is_empty()).map(cells).collect())
        };
        for (before, after, expect) in cases {
            let new = dangling(after).new_since(&dangling(before));
            assert_eq!(new.len(), *expect, "{before} → {after}: {new:?}");
        }
    }
}
