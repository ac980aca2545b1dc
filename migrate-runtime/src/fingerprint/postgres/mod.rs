//! The facts of a Postgres database, from version 12 on.
//!
//! Each query gives rows of subject and detail, made of names and definitions: nothing in them is an oid, an attribute number, or a name
//! that the server makes up for its internal triggers. What initdb has made is told by its oid, which is below 16384.

mod access;
mod code;
mod elsewhere;
mod tables;
mod types;

use crate::driver::{AnySession, DriverError, Row};
use crate::fingerprint::fact::Fact;
use crate::quote::literal;
use crate::table::TableName;
use migrate_core::Dialect;

/// Definitions depend on these settings: names are qualified unless the search path leads to them, constants are written by the others.
const SETTINGS: &str = "SELECT set_config(name, value, true) FROM (VALUES ('quote_all_identifiers', 'off'), ('DateStyle', 'ISO, MDY'), \
     ('IntervalStyle', 'postgres'), ('TimeZone', 'UTC'), ('bytea_output', 'hex'), ('extra_float_digits', '1')) AS settings (name, value)";

/// Comes first, so that the rest need not say where functions and catalogs are.
const SEARCH_PATH: &str = "SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true)";

const IN_TRANSACTION: &str = "SELECT pg_catalog.now() <> pg_catalog.statement_timestamp()";

/// One snapshot for all queries, and an end that sets the settings back.
const OWN: (&str, &str) = ("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY", "ROLLBACK");
const NESTED: (&str, &str) = (
    "SAVEPOINT migrate_runtime_fingerprint",
    "ROLLBACK TO SAVEPOINT migrate_runtime_fingerprint; RELEASE SAVEPOINT migrate_runtime_fingerprint",
);

pub(super) async fn read(
    session: &mut (impl AnySession + ?Sized),
    history: &TableName,
) -> Result<Vec<Fact>, DriverError> {
    let is_nested = match session.in_transaction() {
        Some(known) => known,
        None => first_cell(&session.query(IN_TRANSACTION).await?) == Some("t"),
    };
    let (begin, end) = if is_nested { NESTED } else { OWN };
    session.execute(begin).await?;
    session.roll_back_when_dropped(Some(end));
    let facts = query_all(session, history).await;
    let ended = session.execute(end).await;
    session.roll_back_when_dropped(None);
    let facts = facts?;
    ended.map(|()| facts)
}

async fn query_all(session: &mut (impl AnySession + ?Sized), history: &TableName) -> Result<Vec<Fact>, DriverError> {
    session.execute(SEARCH_PATH).await?;
    session.execute(SETTINGS).await?;
    let version = session.query("SELECT current_setting('server_version_num')").await?;
    let server = Server { version: first_cell(&version).and_then(|text| text.parse().ok()).unwrap_or_default() };
    let relations = relations(history);
    let mut facts = Vec::new();
    let of_modules =
        [tables::queries(&server), code::queries(), types::queries(), access::queries(), elsewhere::queries(&server)];
    for query in of_modules.concat() {
        let rows = session.query(&format!("WITH {relations}, {SCHEMAS} {query}")).await?;
        facts.extend(rows.iter().filter_map(Fact::from_row));
    }
    Ok(facts)
}

fn first_cell(rows: &[Row]) -> Option<&str> {
    rows.first()?.first()?.as_deref()
}

/// The server that is asked.
struct Server {
    version: u32,
}

impl Server {
    /// `sql` if the server is of the major version or later, NULL otherwise.
    fn since<'a>(&self, major: u32, sql: &'a str) -> &'a str {
        if self.version >= major * 10_000 { sql } else { "NULL" }
    }

    fn is_since(&self, major: u32) -> bool {
        self.version >= major * 10_000
    }
}

/// The schemas that users have.
const SCHEMAS: &str = "schema AS MATERIALIZED (SELECT n.*, quote_ident(nspname) AS name FROM pg_namespace AS n \
     WHERE nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%' \
     AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_namespace'::regclass AND objid = n.oid AND deptype = 'e'))";

/// Tables, views, sequences and composite types of users, with their names in full; not the history table.
fn relations(history: &TableName) -> String {
    let is_history = match &history.schema {
        Some(schema) => format!("nspname = {} AND ", literal(schema, Dialect::Postgres)),
        None => String::new(),
    };
    format!(
        "relation AS MATERIALIZED (SELECT c.*, n.nspname, format('%I.%I', nspname, relname) AS name, \
         CASE relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' \
         WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table' WHEN 'c' THEN 'type' END AS kind \
         FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = relnamespace \
         WHERE c.oid >= 16384 AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c') AND relpersistence <> 't' \
         AND nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%' \
         AND NOT ({is_history}relname = {} AND relkind IN ('r', 'p')) \
         AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e'))",
        literal(&history.table, Dialect::Postgres)
    )
}

/// A condition: the object of `catalog` in the row `alias` was made by a user, and not by an extension.
fn is_own(catalog: &str, alias: &str) -> String {
    format!(
        "{alias}.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = '{catalog}'::regclass \
         AND objid = {alias}.oid AND deptype = 'e')"
    )
}

/// The options in an array of `name=value`, sorted; without the number that the server keeps among those of a column, since 15.20.
fn options(keyword: &str, array: &str) -> String {
    format!(
        "(SELECT '{keyword} (' || string_agg(option, ', ' ORDER BY option COLLATE \"C\") || ')' FROM unnest({array}) AS option \
         WHERE option NOT LIKE 'pg\\_attver=%')"
    )
}

/// The name of a collation, by its oid; only 13 and later can do that themselves.
fn collation(oid: &str) -> String {
    format!(
        "(SELECT CASE collnamespace WHEN 'pg_catalog'::regnamespace THEN '' ELSE collnamespace::regnamespace || '.' END \
         || quote_ident(collname) FROM pg_collation WHERE pg_collation.oid = {oid})"
    )
}
