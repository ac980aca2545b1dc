//! What an adoption asks of the table of another tool, and what it writes into ours.

use migrate_core::Dialect;
use migrate_core::adopt::Matched;

use super::{Signature, Sql};
use crate::driver::Row;
use crate::quote::literal;
use crate::table::TableName;

impl Sql<'_> {
    /// The columns of a table, a row each, with the schema that it was found in; no row when it is absent.
    pub(in crate::engine) fn columns_of(&self, table: &TableName) -> String {
        match self.dialect {
            Dialect::Sqlite => {
                let schema = table.schema.as_deref().unwrap_or("main");
                let (name, schema) = (self.literal(&table.table), self.literal(schema));
                format!("SELECT name, {schema} FROM pragma_table_info({name}, {schema})")
            }
            _ => format!(
                "SELECT a.attname, n.nspname FROM pg_catalog.pg_attribute AS a \
                 JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
                 WHERE a.attrelid = pg_catalog.to_regclass({})::pg_catalog.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
                self.literal(&table.quoted_in(None))
            ),
        }
    }

    /// Fails unless a query still has these rows, numbered from 1, with the number in front.
    pub(in crate::engine) fn expect_rows(&self, numbered: &str, rows: &[Row]) -> String {
        let cell = |cell: &Option<String>| cell.as_ref().map_or("NULL".to_owned(), |cell| self.literal(cell));
        let row = |(index, row): (usize, &Row)| {
            let cells: Vec<String> = row.iter().map(cell).collect();
            format!("({}, {})", index + 1, cells.join(", "))
        };
        let values: Vec<String> = rows.iter().enumerate().map(row).collect();
        let is_known = match values.is_empty() {
            true => String::new(),
            false => format!(
                " AND NOT EXISTS (SELECT * FROM ({numbered}) AS old EXCEPT SELECT * FROM (VALUES {}) AS seen)",
                values.join(", ")
            ),
        };
        self.expect(&format!("(SELECT count(*) FROM ({numbered}) AS old) = {}{is_known}", rows.len()))
    }

    /// Records a migration as applied by another tool, at its time where that is known.
    pub(in crate::engine) fn record_adopted(
        &self,
        matched: &Matched<'_>,
        statements: usize,
        signature: Signature<'_>,
    ) -> String {
        let applied_at = match (&matched.applied_at, self.dialect) {
            (None, _) => self.now().to_owned(),
            (Some(time), Dialect::Sqlite) => self.literal(time),
            (Some(time), _) => format!("{}::pg_catalog.timestamptz", literal(time, Dialect::Postgres)),
        };
        // What does not fit into the column was not measured, either.
        let milliseconds = matched.execution_time_ms.and_then(|time| i64::try_from(time).ok());
        let milliseconds = milliseconds.map_or("NULL".to_owned(), |time| time.to_string());
        self.record_applied_at(&matched.migration, None, statements, signature, (&applied_at, &milliseconds))
    }
}
