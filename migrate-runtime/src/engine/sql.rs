//! The statements of the engine's own bookkeeping, per dialect.
//!
//! Every text in them is quoted by `quote`; the rest is digits, hexadecimal digits and keywords.

use migrate_core::{Dialect, HistoryRow, Migration, Version};

use super::apply::NO_RECORD;
use super::foreseen::Foreseen;
use crate::quote::{identifier, literal};
use crate::table::TableName;

/// What a script may change for the session of Postgres, and is set back after each migration; who one is comes first, because it decides
/// what else may be set.
pub(super) const SETTINGS: [&str; 23] = [
    "session_authorization",
    "role",
    "search_path",
    "standard_conforming_strings",
    "client_encoding",
    "lock_timeout",
    "statement_timeout",
    "idle_in_transaction_session_timeout",
    "default_transaction_isolation",
    "default_transaction_read_only",
    "default_transaction_deferrable",
    "default_tablespace",
    "default_table_access_method",
    "check_function_bodies",
    "row_security",
    "session_replication_role",
    "synchronous_commit",
    "client_min_messages",
    "TimeZone",
    "DateStyle",
    "IntervalStyle",
    "bytea_output",
    "xmloption",
];

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
        let row = "version::pg_catalog.text || ' ' || checksum || ' ' || state || E'\\n'";
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
            "SELECT version, checksum, state FROM {} WHERE {} ORDER BY length(version), version",
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

    /// What is known of the table and the connection before anything is written; `read` takes it apart. The first cells are the
    /// columns of the table, and whether a unique index makes a claim of its key.
    pub(super) fn facts(&self) -> String {
        match self.dialect {
            Dialect::Sqlite => {
                let schema = self.name.schema.as_deref().unwrap_or("main");
                let (name, schema_literal) = (self.literal(&self.name.table), self.literal(schema));
                let key = format!(
                    "SELECT count(*) FROM pragma_index_list({name}, {schema_literal}) AS indexes WHERE indexes.\"unique\" \
                     AND NOT indexes.partial AND (SELECT group_concat(key.name, ' ') FROM (SELECT name \
                     FROM pragma_index_info(indexes.name, {schema_literal}) ORDER BY name) AS key) = 'set version'"
                );
                format!(
                    "SELECT (SELECT group_concat(name, ' ') FROM pragma_table_info({name}, {schema_literal})), ({key}) > 0 \
                     FROM {}.sqlite_master WHERE type IN ('table', 'view') AND name = {name} COLLATE NOCASE",
                    identifier(schema)
                )
            }
            _ => {
                let names: Vec<String> =
                    SETTINGS.iter().map(|name| format!("pg_catalog.current_setting('{name}')")).collect();
                format!(
                    "SELECT CASE WHEN class.oid IS NOT NULL THEN coalesce((SELECT pg_catalog.string_agg(attname, ' ' ORDER BY attnum) \
                     FROM pg_catalog.pg_attribute WHERE attrelid = class.oid AND attnum > 0 AND NOT attisdropped), '') END, \
                     EXISTS (SELECT FROM pg_catalog.pg_index WHERE indrelid = class.oid AND indisunique AND indisvalid \
                     AND indpred IS NULL AND indnkeyatts = 2 AND (SELECT pg_catalog.string_agg(attname, ' ' ORDER BY attname) \
                     FROM pg_catalog.pg_attribute WHERE attrelid = class.oid AND attnum = ANY (indkey[0:1])) = 'set version'), \
                     namespace.nspname, pg_catalog.current_schema(), current_user, \
                     pg_catalog.now() <> pg_catalog.statement_timestamp(), {} \
                     FROM (SELECT pg_catalog.to_regclass({}) AS oid) AS found \
                     LEFT JOIN pg_catalog.pg_class AS class ON class.oid = found.oid \
                     LEFT JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace",
                    names.join(", "),
                    self.literal(&self.table)
                )
            }
        }
    }

    /// Postgres: who holds the latest row of the set, or else who has written to the table first and not committed yet.
    pub(super) fn holder(&self) -> String {
        format!(
            "SELECT 'process ' || a.pid || coalesce(', user ' || a.usename, '') || coalesce(', application ' || \
             nullif(a.application_name, ''), '') || coalesce(', address ' || pg_catalog.host(a.client_addr), '') || \
             coalesce(', since ' || pg_catalog.to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), '') \
             FROM pg_catalog.pg_locks AS l JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid \
             WHERE l.locktype = 'relation' AND l.granted AND l.mode IN ('RowShareLock', 'RowExclusiveLock') \
             AND l.pid <> pg_catalog.pg_backend_pid() AND l.relation = pg_catalog.to_regclass({}) \
             AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) \
             ORDER BY a.backend_xid = (SELECT xmax FROM {} WHERE {} ORDER BY version DESC LIMIT 1) DESC NULLS LAST, \
             a.xact_start LIMIT 1",
            self.literal(&self.table),
            self.table,
            self.of_set()
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

    /// Postgres: makes claims of one set wait for each other, whatever their versions.
    pub(super) fn lock_latest(&self) -> String {
        format!("SELECT FROM {} WHERE {} ORDER BY version DESC LIMIT 1 FOR UPDATE", self.table, self.of_set())
    }

    /// Inserts the row of a migration that is about to run; its primary key is the claim. There is no version for a row when
    /// the set is not as foreseen.
    pub(super) fn claim(
        &self,
        migration: &Migration<'_>,
        statements: usize,
        applied_by: &str,
        foreseen: &Foreseen,
    ) -> String {
        let down = migration.down().map_or("NULL".to_owned(), |down| self.literal(down.sql()));
        format!(
            "INSERT INTO {table} (\"set\", version, name, checksum, state, applied_at, statements, statements_done, applied_by, sql, \
             down_sql) VALUES ({}, CASE WHEN {} THEN {} END, {}, '{}', 'running', {}, {statements}, 0, {}, {}, {down})",
            self.literal(self.set),
            self.is_as_foreseen(foreseen),
            self.version(migration.version()),
            self.literal(migration.name()),
            migration.up().checksum(),
            self.now(),
            self.literal(applied_by),
            self.literal(migration.up().sql()),
            table = self.table,
        )
    }

    fn is_as_foreseen(&self, foreseen: &Foreseen) -> String {
        let (table, of_set) = (&self.table, self.of_set());
        match self.dialect {
            Dialect::Sqlite => format!("(SELECT count(*) FROM {table} WHERE {of_set}) = {}", foreseen.rows),
            // Found through the primary key. Nobody inserts below the latest, because nobody's plan does.
            _ => format!(
                "(SELECT version FROM {table} WHERE {of_set} ORDER BY version DESC LIMIT 1) IS NOT DISTINCT FROM {}",
                foreseen.latest.as_deref().unwrap_or("NULL")
            ),
        }
    }

    /// Turns the claim into the record of an applied migration.
    pub(super) fn finish(&self, version: &Version) -> String {
        // The database measures, because this may travel with the last statement of the migration.
        let elapsed = match self.dialect {
            Dialect::Sqlite => "max(0, CAST(round((julianday('now') - julianday(applied_at)) * 86400000) AS INTEGER))",
            _ => "greatest(0, (extract(epoch FROM pg_catalog.clock_timestamp() - applied_at) * 1000)::pg_catalog.int8)",
        };
        let finish = format!(
            "UPDATE {} SET state = 'applied', execution_time_ms = {elapsed}, applied_at = {}, statements_done = statements WHERE {}",
            self.table,
            self.now(),
            self.row(version)
        );
        match self.dialect {
            Dialect::Sqlite => finish,
            // Fails, with these words in the message, when something has kept the row from being there.
            _ => format!(
                "{finish};\nSELECT CASE rows WHEN 1 THEN 1 ELSE ('{NO_RECORD}' || rows)::pg_catalog.int4 END FROM ({}) AS found (rows)",
                self.is_recorded(version)
            ),
        }
    }

    /// Whether the row of an applied migration is there: 1 or 0.
    pub(super) fn is_recorded(&self, version: &Version) -> String {
        format!("SELECT count(*) FROM {} WHERE {} AND state = 'applied'", self.table, self.row(version))
    }

    /// Postgres: sets back what a migration has changed for the session: the next one starts as the first did. What is unchanged is
    /// not touched, because behind a pooling proxy the session is shared.
    pub(super) fn restore_settings(&self, settings: &[(String, String)]) -> String {
        let pairs: Vec<String> =
            settings.iter().map(|(name, value)| format!("({}, {})", self.literal(name), self.literal(value))).collect();
        format!(
            "SELECT pg_catalog.set_config(name, value, false) FROM (VALUES {}) AS settings (name, value) \
             WHERE pg_catalog.current_setting(name) OPERATOR(pg_catalog.<>) value",
            pairs.join(", ")
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
