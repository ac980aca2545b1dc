//! The statements of the engine's own bookkeeping, per dialect.
//!
//! Every text in them is quoted by `quote`; the rest is digits, hexadecimal digits and keywords.

use migrate_core::{Dialect, HistoryRow, Migration, Version};

use crate::quote::{identifier, literal};
use crate::table::TableName;

/// Statements about one set's rows in one history table.
pub(super) struct Sql<'a> {
    pub(super) dialect: Dialect,
    name: &'a TableName,
    set: &'a str,
    /// The table in quotes, with its schema as soon as that is known.
    table: String,
}

impl<'a> Sql<'a> {
    pub(super) fn new(dialect: Dialect, name: &'a TableName, set: &'a str) -> Sql<'a> {
        let schema = match dialect {
            Dialect::Sqlite => Some("main"),
            _ => None,
        };
        Sql { dialect, name, set, table: name.quoted_in(schema) }
    }

    /// From now on the table is that of `schema`, whatever a migration makes of the search path.
    pub(super) fn fix_schema(&mut self, schema: &str) {
        self.table = self.name.quoted_in(Some(schema));
    }

    pub(super) fn table(&self) -> &str {
        &self.table
    }

    pub(super) fn table_name(&self) -> &'a TableName {
        self.name
    }

    fn literal(&self, text: &str) -> String {
        literal(text, self.dialect)
    }

    fn of_set(&self) -> String {
        format!("\"set\" = {}", self.literal(self.set))
    }

    // Reading.

    /// Postgres: one row that tells whether everything is applied, and whether a transaction is open already.
    pub(super) fn digest(&self) -> String {
        let row = "version::pg_catalog.text || ' ' || checksum || ' ' || state || ' ' || pg_catalog.length(name) || ' ' || name || E'\\n'";
        format!(
            "SELECT pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(coalesce(pg_catalog.string_agg({row}, '' \
             ORDER BY version), ''), 'UTF8')), 'hex'), pg_catalog.now() <> pg_catalog.statement_timestamp() FROM {} WHERE {}",
            self.table,
            self.of_set()
        )
    }

    /// SQLite: what makes a row count as applied, in the order of the versions' digits.
    pub(super) fn applied_rows(&self) -> String {
        format!(
            "SELECT version, checksum, state, name FROM {} WHERE {} ORDER BY length(version), version",
            self.table,
            self.of_set()
        )
    }

    pub(super) fn history(&self) -> String {
        let columns: Vec<&str> = HistoryRow::COLUMNS
            .iter()
            .map(|column| match *column {
                "applied_at" if self.dialect == Dialect::Postgres => {
                    "pg_catalog.to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"
                }
                column => column,
            })
            .collect();
        format!("SELECT {} FROM {} WHERE {}", columns.join(", "), self.table, self.of_set())
    }

    pub(super) fn history_of(&self, version: &Version) -> String {
        format!("{} AND version = {}", self.history(), self.version(version))
    }

    pub(super) fn applied_sql(&self, version: &Version) -> String {
        format!("SELECT sql FROM {} WHERE {}", self.table, self.row(version))
    }

    /// What is known of the table and the connection before anything is written: see `facts`.
    pub(super) fn facts(&self) -> String {
        match self.dialect {
            Dialect::Sqlite => {
                let schema = self.name.schema.as_deref().unwrap_or("main");
                let (name, schema_literal) = (self.literal(&self.name.table), self.literal(schema));
                format!(
                    "SELECT (SELECT group_concat(name, ' ') FROM pragma_table_info({name}, {schema_literal})) \
                     FROM {}.sqlite_master WHERE type IN ('table', 'view') AND name = {name} COLLATE NOCASE",
                    identifier(schema)
                )
            }
            _ => format!(
                "SELECT (SELECT pg_catalog.string_agg(attname, ' ' ORDER BY attnum) FROM pg_catalog.pg_attribute \
                 WHERE attrelid = class.oid AND attnum > 0 AND NOT attisdropped), \
                 namespace.nspname, pg_catalog.current_schema(), pg_catalog.current_setting('search_path'), \
                 pg_catalog.current_setting('lock_timeout'), pg_catalog.current_setting('standard_conforming_strings'), \
                 current_user, pg_catalog.now() <> pg_catalog.statement_timestamp() \
                 FROM (SELECT pg_catalog.to_regclass({}) AS oid) AS found \
                 LEFT JOIN pg_catalog.pg_class AS class ON class.oid = found.oid \
                 LEFT JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace",
                self.literal(&self.table)
            ),
        }
    }

    /// Postgres: who else has written to the table and not committed yet.
    pub(super) fn holder(&self) -> String {
        format!(
            "SELECT 'process ' || a.pid || coalesce(', user ' || a.usename, '') || coalesce(', application ' || \
             nullif(a.application_name, ''), '') || coalesce(', address ' || pg_catalog.host(a.client_addr), '') || \
             coalesce(', since ' || pg_catalog.to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), '') \
             FROM pg_catalog.pg_locks AS l JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid \
             WHERE l.locktype = 'relation' AND l.granted AND l.mode = 'RowExclusiveLock' AND l.pid <> pg_catalog.pg_backend_pid() \
             AND l.relation = pg_catalog.to_regclass({}) AND l.database = (SELECT oid FROM pg_catalog.pg_database \
             WHERE datname = pg_catalog.current_database()) ORDER BY a.xact_start LIMIT 1",
            self.literal(&self.table)
        )
    }

    // Writing.

    pub(super) fn create_table(&self) -> String {
        let (version, time, number) = match self.dialect {
            Dialect::Sqlite => ("TEXT", "TEXT", "INTEGER"),
            _ => ("numeric(64)", "timestamptz", "bigint"),
        };
        format!(
            "CREATE TABLE IF NOT EXISTS {} (\n  \
             \"set\" text NOT NULL,\n  version {version} NOT NULL,\n  name text NOT NULL,\n  checksum text NOT NULL,\n  \
             state text NOT NULL,\n  applied_at {time} NOT NULL,\n  execution_time_ms {number},\n  \
             statements {number} NOT NULL,\n  statements_done {number} NOT NULL,\n  applied_by text NOT NULL,\n  \
             sql text NOT NULL,\n  down_sql text,\n  PRIMARY KEY (\"set\", version)\n)",
            self.table
        )
    }

    /// Inserts the row of a migration that is about to run; its primary key is the claim.
    pub(super) fn claim(&self, migration: &Migration<'_>, statements: usize, applied_by: &str) -> String {
        let down = migration.down().map_or("NULL".to_owned(), |down| self.literal(down.sql()));
        format!(
            "INSERT INTO {} (\"set\", version, name, checksum, state, applied_at, statements, statements_done, applied_by, sql, \
             down_sql) VALUES ({}, {}, {}, '{}', 'running', {}, {statements}, 0, {}, {}, {down})",
            self.table,
            self.literal(self.set),
            self.version(migration.version()),
            self.literal(migration.name()),
            migration.up().checksum(),
            self.now(),
            self.literal(applied_by),
            self.literal(migration.up().sql()),
        )
    }

    /// Turns the claim into the record of an applied migration.
    pub(super) fn finish(&self, version: &Version) -> String {
        // The database measures, because this may travel with the last statement of the migration.
        let elapsed = match self.dialect {
            Dialect::Sqlite => "CAST(round((julianday('now') - julianday(applied_at)) * 86400000) AS INTEGER)",
            _ => "(extract(epoch FROM pg_catalog.clock_timestamp() - applied_at) * 1000)::pg_catalog.int8",
        };
        format!(
            "UPDATE {} SET state = 'applied', execution_time_ms = {elapsed}, applied_at = {}, statements_done = statements WHERE {}",
            self.table,
            self.now(),
            self.row(version)
        )
    }

    fn now(&self) -> &'static str {
        match self.dialect {
            Dialect::Sqlite => "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
            _ => "pg_catalog.clock_timestamp()",
        }
    }

    fn row(&self, version: &Version) -> String {
        format!("{} AND version = {}", self.of_set(), self.version(version))
    }

    fn version(&self, version: &Version) -> String {
        match self.dialect {
            Dialect::Sqlite => format!("'{}'", version.digits()),
            _ => version.digits().to_owned(),
        }
    }
}
