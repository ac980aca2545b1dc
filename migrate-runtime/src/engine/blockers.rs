//! Postgres: who stands in the way of a statement that gave up waiting for a lock.
//!
//! The server says who blocks whom only while somebody waits. Afterwards, the locks on the tables that the statement names tell.

use std::time::Instant;

use migrate_core::Dialect;
use migrate_core::scan::{Part, scan};

use super::Engine;
use super::read::first_cells;
use crate::driver::AnySession;
use crate::error::Error;
use crate::quote::{identifier, literal};

/// lock_not_available
pub(super) const LOCK_TIMEOUT: &str = "55P03";

impl<S: AnySession + ?Sized> Engine<'_, S> {
    /// Adds to the error who holds the locks that the failed statement needs, if that is what it is about.
    pub(super) async fn with_blockers(&mut self, error: Error, begun: Instant) -> Error {
        if self.sql.dialect != Dialect::Postgres || error.database_code() != Some(LOCK_TIMEOUT) {
            return error;
        }
        // What ran inside of a function is named by the context alone.
        let texts = [error.statement(), error.driver_context()].into_iter().flatten();
        let said = texts.collect::<Vec<_>>().join("\n");
        let mut names: Vec<String> = said.split('"').flat_map(named).chain(named(&said)).collect();
        names.sort();
        names.dedup();
        let named = self.sessions(&of_names(&names, said.to_lowercase().contains("advisory")), begun).await;
        if !named.is_empty() {
            return named.iter().fold(error, |error, line| error.with_note(&format!("a lock is held by {line}")));
        }
        // Whoever holds a lock on any table may be the one.
        let any = self.sessions("l.locktype = 'relation' AND l.relation >= '16384'", begun).await;
        let error = error.with_note("no session is seen any more to hold a lock on what is named here");
        any.iter().fold(error, |error, line| error.with_note(&format!("another lock is held by {line}")))
    }

    /// Sessions that hold such a lock, described; none when the database does not say.
    async fn sessions(&mut self, such: &str, begun: Instant) -> Vec<String> {
        let rows = self.query_without_harm(&blockers(such, begun)).await;
        first_cells(rows.unwrap_or_default()).collect()
    }
}

/// Every name in a statement, in quotes, with and without what is before it: its schema, if it is a table.
fn named(statement: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for found in &scan(statement, Dialect::Postgres).statements {
        let (mut before, mut is_behind_dot) = (None, false);
        for (_, part) in found.parts(statement, Dialect::Postgres) {
            let written = match part {
                Part::Word(word) => identifier(&word.to_ascii_lowercase()),
                Part::Quoted(name) if !name.is_empty() => identifier(&name),
                Part::Symbol('.') => {
                    is_behind_dot = true;
                    continue;
                }
                other => {
                    if let Part::Text(text) = other {
                        names.extend(body(text).map(named).unwrap_or_default());
                    }
                    (before, is_behind_dot) = (None, false);
                    continue;
                }
            };
            let schema = before.filter(|_| is_behind_dot);
            names.extend(schema.map(|schema: String| format!("{schema}.{written}")));
            names.push(written.clone());
            (before, is_behind_dot) = (Some(written), false);
        }
    }
    names.sort();
    names.dedup();
    names
}

/// What is between the dollars of a string: the code of a function or of `DO`.
fn body(text: &str) -> Option<&str> {
    let end = text.strip_prefix('$')?.find('$')? + 2;
    text.get(end..text.len().checked_sub(end)?)
}

/// The locks on one of the relations, or on the table of an index; and all advisory ones, if it is about those.
fn of_names(names: &[String], is_advisory: bool) -> String {
    let names: Vec<String> = names
        .iter()
        .map(|name| format!("(pg_catalog.to_regclass({})::pg_catalog.oid)", literal(name, Dialect::Postgres)))
        .collect();
    let relations = match names.is_empty() {
        true => "false".to_owned(),
        false => format!(
            "l.locktype = 'relation' AND l.relation IN (SELECT pg_catalog.unnest(ARRAY[r, i.indrelid]) FROM (VALUES {}) AS named (r) \
             LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = r WHERE r IS NOT NULL)",
            names.join(", ")
        ),
    };
    format!("({relations} OR {is_advisory} AND l.locktype = 'advisory')")
}

/// Sessions that hold such a lock, the oldest transaction first; those that came later than the statement began are not what it waited
/// for.
fn blockers(such: &str, begun: Instant) -> String {
    let milliseconds = begun.elapsed().as_millis();
    format!(
        "SELECT {description} || ', ' || pg_catalog.string_agg(DISTINCT l.mode || ' on ' || coalesce(l.relation::pg_catalog.regclass::pg_catalog.text, 'an advisory lock'), ', ') \
         || CASE WHEN a.state LIKE 'idle%' THEN ', ' || a.state || ', last: ' ELSE ', running: ' END \
         || coalesce(pg_catalog.left(pg_catalog.regexp_replace(a.query, E'\\\\s+', ' ', 'g'), 200), 'a query that only a superuser may see') \
         FROM pg_catalog.pg_locks AS l JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid \
         WHERE l.granted AND l.pid <> pg_catalog.pg_backend_pid() AND {such} \
         AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) \
         AND (a.xact_start IS NULL OR a.xact_start <= pg_catalog.clock_timestamp() - interval '{milliseconds} milliseconds' + interval '1 second') \
         GROUP BY a.pid, a.usename, a.application_name, a.client_addr, a.xact_start, a.query_start, a.state, a.query \
         ORDER BY a.xact_start LIMIT 10",
        description = super::sql::DESCRIPTION
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_statement() {
        let cases: &[(&str, &[&str])] = &[
            (
                "ALTER TABLE app.\"Us ers\" X",
                &["\"Us ers\"", "\"alter\"", "\"app\"", "\"app\".\"Us ers\"", "\"table\"", "\"x\""],
            ),
            ("a.b.c", &["\"a\"", "\"a\".\"b\"", "\"b\"", "\"b\".\"c\"", "\"c\""]),
            ("$$a$$ $b$ c $b$", &["\"a\"", "\"c\""]),
            ("a 'x.y' + . b \"\"", &["\"a\"", "\"b\""]),
            ("", &[]),
        ];
        for (statement, expect) in cases {
            assert_eq!(named(statement), *expect, "{statement}");
        }
    }
}
