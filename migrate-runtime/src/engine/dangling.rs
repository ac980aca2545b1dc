//! SQLite: the rows that refer to nothing, in all attached databases, so that those of before are told from new ones.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use migrate_core::{Dialect, TableActs, printable_line};

use super::Engine;
use super::read::{cell, first_cells};
use crate::driver::{AnySession, DriverError, DriverErrorKind, Row};
use crate::quote::{identifier, literal};

/// What is said of a key that SQLite cannot check.
pub(super) const UNCHECKED: &str = "cannot be checked";

impl<S: AnySession + ?Sized> Engine<'_, S> {
    /// The rows that refer to nothing, before or after a script that does this to tables, in all attached databases.
    pub(super) async fn dangling_rows(&mut self, tables: &TableActs) -> Result<Dangling, DriverError> {
        let attached = self.session.query("SELECT name, file FROM pragma_database_list").await?;
        let databases: Vec<Row> = attached.iter().map(|row| row[..1].to_vec()).collect();
        let (listed, mut rows) = match self.dangling_rows_at_once(&databases).await {
            Err(error) if error.kind() == DriverErrorKind::Refused => self.dangling_rows_of_each(&databases).await?,
            checked => (checked?, Vec::new()),
        };
        let (keyed, told): (Vec<Row>, Vec<Row>) = listed.into_iter().partition(|row| row.len() > KEY);
        rows.extend(told);
        let mut keys: BTreeMap<[&str; 3], Vec<&Row>> = BTreeMap::new();
        for row in &keyed {
            keys.entry([cell(row, 0), cell(row, 1), cell(row, KEY)]).or_default().push(row);
        }
        for ([schema, table, key], listed) in keys {
            let has_number = listed.iter().all(|row| !cell(row, 2).is_empty());
            let found = self.dangling_references(schema, table, key, has_number).await?;
            // Nothing that SQLite lists is lost.
            if found.len() >= listed.len() { rows.extend(found) } else { rows.extend(listed.into_iter().cloned()) }
        }
        rows.extend(self.keys_to_nothing(&tables.renamed()).await?);
        let databases = attached.iter().map(|row| (cell(row, 0).to_owned(), cell(row, 1).to_owned())).collect();
        Ok(Dangling { rows, databases })
    }

    /// As SQLite lists them, behind the name of the database: the pragma without a schema looks at the main one alone. It is not asked as
    /// the function `pragma_foreign_key_check`, which finds nothing in a join with the databases up to SQLite 3.41.
    async fn dangling_rows_at_once(&mut self, databases: &[Row]) -> Result<Vec<Row>, DriverError> {
        let mut found = Vec::new();
        for database in databases {
            let check = format!("PRAGMA {}.foreign_key_check", identifier(cell(database, 0)));
            let rows = self.session.query(&check).await?;
            found.extend(rows.into_iter().map(|row| [database.clone(), row].concat()));
        }
        Ok(found)
    }

    /// The keys that refer to a table that is not there, and is called as one that was renamed: they have followed it, or have not. No row
    /// tells of them when the table has none.
    async fn keys_to_nothing(&mut self, renamed: &BTreeSet<&str>) -> Result<Vec<Row>, DriverError> {
        if renamed.is_empty() {
            return Ok(Vec::new());
        }
        let to_nothing = |row: Row| {
            let is_it = cell(&row, 3) == "0" && renamed.contains(cell(&row, 2).to_ascii_lowercase().as_str());
            let told = Some(format!("`{}`, which it refers to, is not there", cell(&row, 2)));
            is_it.then(|| vec![row[0].clone(), row[1].clone(), None, told])
        };
        Ok(self.rows_of_references().await?.into_iter().filter_map(to_nothing).collect())
    }

    /// The rows of a table that refer to nothing by a key, with what they refer to, which tells them apart: their numbers, which some tables do
    /// not have, are others in a table that is made anew.
    async fn dangling_references(
        &mut self,
        schema: &str,
        table: &str,
        key: &str,
        has_number: bool,
    ) -> Result<Vec<Row>, DriverError> {
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
            "SELECT {}, {}, {}, {}, {} FROM {}.{} AS child WHERE {}",
            text(schema),
            text(table),
            if has_number { "CAST(child.rowid AS TEXT)" } else { "NULL" },
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
    async fn dangling_rows_of_each(&mut self, databases: &[Row]) -> Result<(Vec<Row>, Vec<Row>), DriverError> {
        let mut found: Vec<Row> = Vec::new();
        let mut references: Vec<Row> = Vec::new();
        for database in databases {
            let schema = identifier(cell(database, 0));
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
                        let (schema, table) = (cell(database, 0), cell(&table, 0));
                        let keys = format!(
                            "SELECT DISTINCT CAST(id AS TEXT) FROM pragma_foreign_key_list({}, {})",
                            literal(table, Dialect::Sqlite),
                            literal(schema, Dialect::Sqlite)
                        );
                        for key in first_cells(self.session.query(&keys).await?) {
                            match self.dangling_references(schema, table, &key, false).await {
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

/// Rows that refer to nothing: the database, the table, the number of the row if it has one, the table referred to, and what in it they refer
/// to, which tells them apart. A table whose keys cannot be checked has a row with the reason in place of the table referred to.
#[derive(Default)]
pub(super) struct Dangling {
    rows: Vec<Row>,
    /// The names of those that were attached, and their files.
    databases: BTreeSet<(String, String)>,
}

impl Dangling {
    /// As if nothing had been found.
    pub(super) fn without_rows(self) -> Dangling {
        Dangling { rows: Vec::new(), ..self }
    }

    /// What was found in this one.
    pub(super) fn only_of(mut self, database: &str) -> Dangling {
        self.rows.retain(|row| cell(row, 0).eq_ignore_ascii_case(database));
        self
    }

    /// Adds what is found in databases that were not attached before: a script that has attached one just now has done nothing in it.
    pub(super) fn add_attached(&mut self, now: Dangling) {
        let new: BTreeSet<&str> = now.databases.difference(&self.databases).map(|(name, _)| &**name).collect();
        // Of another file that had the name they tell nothing any more.
        self.rows.retain(|row| !new.contains(cell(row, 0)));
        self.rows.extend(now.rows.into_iter().filter(|row| new.contains(cell(row, 0))));
        self.databases.extend(now.databases);
    }

    /// What was not there before this was done to tables, a line each; empty when nothing is new.
    pub(super) fn new_since(&self, before: &Dangling, tables: &TableActs) -> Vec<String> {
        let small = |row: &Row, at: usize| cell(row, at).to_ascii_lowercase();
        let with_names = |row: &Row, table: String, parent: String| {
            let mut named = row.clone();
            named.splice(1..2, [Some(table)]);
            // It is the reason where a key cannot be checked.
            if row.get(KEY).is_some() {
                named.splice(2..4, [None, Some(parent)]);
            }
            named
        };
        let mut known: HashMap<Row, usize> = HashMap::new();
        for row in &before.rows {
            let [table, parent] = [1, 3].map(|at| tables.name_at_the_end(&small(row, at)).to_owned());
            *known.entry(with_names(row, table, parent)).or_default() += 1;
        }
        let mut new = Vec::new();
        for row in &self.rows {
            match known.get_mut(&with_names(row, small(row, 1), small(row, 3))) {
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
        (number, _) => {
            let row_of = if number.is_empty() { "a row".to_owned() } else { format!("row {number}") };
            let key = printable_line(cell(row, KEY));
            format!("{row_of} of `{table}` refers to a row of `{parent}` that is not there: {key}")
        }
    }
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
            // The same under another number.
            ("c 1 p 0", "c 2 p 0", 0),
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
            let rows = text.split(',').filter(|row| !row.is_empty()).map(cells).collect();
            Dangling { rows, databases: BTreeSet::new() }
        };
        for (before, after, expect) in cases {
            let new = dangling(after).new_since(&dangling(before), &TableActs::default());
            assert_eq!(new.len(), *expect, "{before} → {after}: {new:?}");
        }
    }
}
