//! The statements of the engine's own bookkeeping, per dialect.
//!
//! Every text in them is quoted by `quote`; the rest is digits, hexadecimal digits and keywords.

#[cfg(feature = "adopt")]
mod adopt;
mod edit;
mod outside;
mod settings;
mod write;

use migrate_core::{Checksum, Dialect, Digest, HistoryRow, Migration, RowState, Version};

use super::prepare::{self, Prepared};
use crate::quote::{identifier, literal};
use crate::table::TableName;

pub(super) use edit::Signature;
pub(super) use outside::{SENSE_OF_NAMES, names_of};
pub(super) use settings::{SETTINGS, Timeouts};
pub(super) use write::{ANOTHER_TRANSACTION, NO_RECORD, NewRow, is_in_transaction, state_after, state_during};

/// A session of Postgres, `a`, as people know it.
pub(super) const DESCRIPTION: &str = "'process ' || a.pid::pg_catalog.text || coalesce(', user ' || a.usename::pg_catalog.text, '') || \
    coalesce(', application ' || nullif(a.application_name, ''), '') || coalesce(', address ' || pg_catalog.host(a.client_addr), '') || \
    coalesce(', since ' || pg_catalog.to_char(coalesce(a.xact_start, a.query_start) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), '')";

/// As Postgres writes the times that SQLite has in the table.
const TIME_FORMAT: &str = "YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"";

/// SQLite: a number that changes when another connection has written to the main database.
const DATA_VERSION: &str = "SELECT data_version FROM pragma_data_version";

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

    /// The rows that count: those that only remember what once was applied are left out.
    fn that_count(&self) -> String {
        format!("{} AND state <> '{}'", self.of_set(), RowState::Pending.as_str())
    }

    fn row(&self, version: &Version) -> String {
        format!("{} AND version = {}", self.of_set(), self.version(version))
    }

    /// The script down that the row of a migration keeps, as an expression.
    fn down_sql(&self, migration: &Migration<'_>) -> String {
        migration.down().map_or("NULL".to_owned(), |down| self.literal(&prepare::kept(down, self.dialect)))
    }

    /// The assignments that make a row hold a migration as it is in the binary.
    fn as_embedded(&self, migration: &Migration<'_>) -> String {
        format!(
            "name = {}, checksum = '{}', sql = {}, down_sql = {}",
            self.literal(migration.name()),
            migration.up().checksum(),
            self.literal(migration.up().sql()),
            self.down_sql(migration)
        )
    }

    /// The script down that runs, as the row keeps it: that of the binary, or the one that it had.
    fn running_down_sql(&self, prepared: &Prepared<'_>) -> String {
        prepared.embedded.map_or_else(|| self.literal(&prepared.sql), |migration| self.down_sql(&migration))
    }

    /// In quotes also where it is a number: for one without, which is an integer, Postgres would look for operators outside of its own.
    fn version(&self, version: &Version) -> String {
        format!("'{}'", version.digits())
    }

    fn now(&self) -> &'static str {
        match self.dialect {
            Dialect::Sqlite => "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
            _ => "pg_catalog.clock_timestamp()",
        }
    }

    // Reading.

    /// Postgres: one row that tells whether everything is applied, as a [`Digest`](migrate_core::Digest), and whether a transaction is open
    /// already. Functions in place of operators: a new connection has to look up far less for them.
    pub(super) fn digest(&self) -> String {
        format!(
            "SELECT {}, pg_catalog.timestamptz_ne(pg_catalog.now(), pg_catalog.statement_timestamp()) FROM {} \
             WHERE pg_catalog.texteq(\"set\", {}) AND pg_catalog.textne(state, '{}')",
            self.sum_of_hashes(),
            self.table,
            self.literal(self.set),
            RowState::Pending.as_str()
        )
    }

    /// Postgres: the sum of a [`Digest`](migrate_core::Digest) over rows; nothing when there is none.
    fn sum_of_hashes(&self) -> String {
        format!("pg_catalog.sum({})", self.hash_of_row("version", "checksum", "state"))
    }

    fn hash_of_row(&self, version: &str, checksum: &str, state: &str) -> String {
        format!(
            "pg_catalog.hash_numeric_extended({version}, pg_catalog.hashtextextended({checksum}, \
             pg_catalog.hashtextextended({state}, 0)))"
        )
    }

    /// Postgres: whether the server hashes as a [`Digest`](migrate_core::Digest) does; one of another byte order does not.
    fn has_these_hashes(&self) -> String {
        let (version, checksum) = (Version::from(1_234_567), Checksum::from_bytes([7; 32]));
        let (number, text) = (self.version(&version), self.literal(&checksum.to_string()));
        let hash = self.hash_of_row(&number, &text, &self.literal(RowState::Applied.as_str()));
        format!("{hash} = '{}'", Digest::EMPTY.with(&version, checksum))
    }

    /// Postgres: fails when the history cannot be read at once. It sets nothing, because it may be sent into a transaction that nobody told
    /// us of.
    pub(super) fn look_at_once(&self) -> String {
        format!("LOCK TABLE {} IN ACCESS SHARE MODE NOWAIT", self.table)
    }

    /// SQLite: versions and checksums, a line each, in any order; without a checksum is what is not applied. All of it is in an index.
    pub(super) fn applied_rows(&self) -> String {
        let checksum = format!("CASE state WHEN '{}' THEN checksum ELSE '' END", RowState::Applied.as_str());
        format!(
            "SELECT group_concat(version || ' ' || {checksum}, char(10)) FROM {} WHERE {}",
            self.table,
            self.that_count()
        )
    }

    pub(super) fn history(&self) -> String {
        let columns: Vec<String> = HistoryRow::COLUMNS
            .iter()
            .map(|column| match *column {
                "applied_at" if self.dialect == Dialect::Postgres => {
                    format!("pg_catalog.to_char(applied_at AT TIME ZONE 'UTC', '{TIME_FORMAT}')")
                }
                column => column.to_owned(),
            })
            .collect();
        format!("SELECT {} FROM {} WHERE {}", columns.join(", "), self.table, self.of_set())
    }

    pub(super) fn history_of(&self, version: &Version) -> String {
        format!("{} AND version = {}", self.history(), self.version(version))
    }

    /// A text that the row of a migration keeps: `sql` or `down_sql`.
    pub(super) fn stored_text(&self, column: &str, version: &Version) -> String {
        format!("SELECT {column} FROM {} WHERE {}", self.table, self.row(version))
    }

    /// What is known of the table and the connection before anything is written; `read` takes it apart. The first cells are the
    /// columns of the table, whether a unique index makes a claim of its key, where the table is (its schema, or its file), the data version
    /// of SQLite, and whether triggers, rules or policies may have a say in what is written to the table, or, on SQLite, views, triggers and
    /// foreign keys read it.
    pub(super) fn facts(&self) -> String {
        match self.dialect {
            Dialect::Sqlite => {
                let schema = self.name.schema.as_deref().unwrap_or("main");
                // Of an attached database SQLite does not tell it within a query.
                let data_version = if schema.eq_ignore_ascii_case("main") { DATA_VERSION } else { "SELECT NULL" };
                let (name, schema_literal) = (self.literal(&self.name.table), self.literal(schema));
                let key = format!(
                    "SELECT count(*) FROM pragma_index_list({name}, {schema_literal}) AS indexes WHERE indexes.\"unique\" \
                     AND NOT indexes.partial AND (SELECT group_concat(key.name, ' ') FROM (SELECT name \
                     FROM pragma_index_info(indexes.name, {schema_literal}) ORDER BY name) AS key) = 'set version'"
                );
                // The data version goes before the history: a change in between is seen. To look at the temporary triggers themselves would
                // make a temporary database where there is none.
                format!(
                    "SELECT (SELECT group_concat(columns.name, ' ') FROM {}.sqlite_master AS master, \
                     pragma_table_info({name}, {schema_literal}) AS columns WHERE master.type IN ('table', 'view') \
                     AND master.name = {name} COLLATE NOCASE), ({key}) > 0, \
                     (SELECT file FROM pragma_database_list WHERE name = {schema_literal} COLLATE NOCASE), ({data_version}), \
                     EXISTS (SELECT 1 FROM {}.sqlite_master WHERE type = 'trigger' AND tbl_name = {name} COLLATE NOCASE \
                     OR type IN ('table', 'trigger', 'view') AND name <> {name} COLLATE NOCASE AND instr(lower(sql), lower({name})) > 0) \
                     OR EXISTS (SELECT 1 FROM pragma_database_list WHERE name = 'temp')",
                    identifier(schema),
                    identifier(schema)
                )
            }
            _ => {
                let names: Vec<String> =
                    SETTINGS.iter().map(|name| format!("pg_catalog.current_setting('{name}', true)")).collect();
                format!(
                    "SELECT CASE WHEN class.oid IS NOT NULL THEN coalesce((SELECT pg_catalog.string_agg(attname, ' ' ORDER BY attnum) \
                     FROM pg_catalog.pg_attribute WHERE attrelid = class.oid AND attnum > 0 AND NOT attisdropped), '') END, \
                     EXISTS (SELECT FROM pg_catalog.pg_index WHERE indrelid = class.oid AND indisunique AND indisvalid \
                     AND indpred IS NULL AND indnkeyatts = 2 AND (SELECT pg_catalog.string_agg(attname, ' ' ORDER BY attname) \
                     FROM pg_catalog.pg_attribute WHERE attrelid = class.oid AND attnum = ANY (indkey[0:1])) = 'set version'), \
                     namespace.nspname, NULL, class.relhastriggers OR class.relhasrules OR class.relrowsecurity OR class.relkind <> 'r', \
                     pg_catalog.current_schema(), current_user, \
                     pg_catalog.now() <> pg_catalog.statement_timestamp(), \
                     pg_catalog.current_setting('transaction_isolation') <> 'read committed', {} \
                     FROM (SELECT pg_catalog.to_regclass({})::pg_catalog.oid AS oid) AS found \
                     LEFT JOIN pg_catalog.pg_class AS class ON class.oid = found.oid \
                     LEFT JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace",
                    names.join(", "),
                    self.literal(&self.table)
                )
            }
        }
    }

    /// Postgres: who has written to a table, quoted, and not committed.
    pub(super) fn writer_of(&self, table: &str) -> String {
        self.owner_of_lock(table, "l.mode NOT IN ('AccessShareLock', 'RowShareLock', 'ShareLock')")
    }

    /// Postgres: who has locked the history, so that others cannot write.
    pub(super) fn locker(&self) -> String {
        self.owner_of_lock(
            &self.table,
            "l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')",
        )
    }

    fn owner_of_lock(&self, table: &str, modes: &str) -> String {
        format!(
            "SELECT {DESCRIPTION} \
             FROM pg_catalog.pg_locks AS l JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid \
             WHERE l.locktype = 'relation' AND l.granted AND {modes} \
             AND l.pid <> pg_catalog.pg_backend_pid() AND l.relation = pg_catalog.to_regclass({})::pg_catalog.oid \
             AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) \
             ORDER BY a.xact_start LIMIT 1",
            self.literal(table)
        )
    }

    /// Postgres: who holds the latest row of the set, or else who has written to the table first and not committed yet.
    pub(super) fn holder(&self) -> String {
        format!(
            "SELECT {DESCRIPTION} \
             FROM pg_catalog.pg_locks AS l JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid \
             WHERE l.locktype = 'relation' AND l.granted AND l.mode IN ('RowShareLock', 'RowExclusiveLock', 'ShareRowExclusiveLock') \
             AND l.pid <> pg_catalog.pg_backend_pid() AND l.relation = pg_catalog.to_regclass({})::pg_catalog.oid \
             AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) \
             ORDER BY a.backend_xid = (SELECT xmax FROM {} WHERE {} ORDER BY version DESC LIMIT 1) DESC NULLS LAST, \
             a.xact_start LIMIT 1",
            self.literal(&self.table),
            self.table,
            self.of_set()
        )
    }
}
