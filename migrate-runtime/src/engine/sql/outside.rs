//! Claims and progress of scripts that run outside of a transaction, statement by statement.
//!
//! A claim is a token of the runner's own and, on Postgres, the backend that it works through, as long as it does: whoever finds it asks the
//! server whether that one still lives.

use migrate_core::{Dialect, Direction, HistoryRow, Version};

use super::super::outside::Continuation;
use super::super::prepare::Prepared;
use super::{Sql, state_after, state_during};

impl Sql<'_> {
    /// The claim of a runner, as an expression.
    pub(in crate::engine) fn claim_of(&self, token: &str) -> String {
        self.claim_with(token, None)
    }

    /// The same, with what names without a schema mean to the statement that is in doubt.
    fn claim_with(&self, token: &str, names: Option<&str>) -> String {
        let names = names.map(|names| format!(", ' {names}'")).unwrap_or_default();
        match self.dialect {
            Dialect::Sqlite => format!("'{token}'"),
            _ => format!(
                "(SELECT pg_catalog.concat('{token} ', pid, ' ', {STARTED}, ' ', {SERVER_STARTED}{names}) \
                 FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid())"
            ),
        }
    }

    /// So many statements are begun, so many done. Fails when the claim is another one's by now.
    pub(in crate::engine) fn progress(&self, version: &Version, token: &str, begun: usize, done: usize) -> String {
        self.step(version, token, (begun, done), None)
    }

    /// The statement of this number is about to run alone.
    pub(in crate::engine) fn announce(
        &self,
        version: &Version,
        token: &str,
        number: usize,
        names: Option<&str>,
    ) -> String {
        self.step(version, token, (number, number - 1), names)
    }

    fn step(&self, version: &Version, token: &str, (begun, done): (usize, usize), names: Option<&str>) -> String {
        let (table, mine) = (&self.table, self.is_mine(version, token));
        format!(
            "UPDATE {table} SET statements_begun = {begun}, statements_done = {done}, claim = {} WHERE {mine};\n{}",
            self.claim_with(token, names),
            self.expect(&format!(
                "EXISTS (SELECT 1 FROM {table} WHERE {mine} AND statements_begun = {begun} AND statements_done = {done})"
            ))
        )
    }

    /// Nobody is at work on the migration any more; what was begun stays in doubt unless `begun` says how far it came.
    pub(in crate::engine) fn let_go(&self, version: &Version, token: &str, begun: Option<usize>) -> String {
        let begun = begun.map(|begun| format!(", statements_begun = {begun}")).unwrap_or_default();
        let (table, mine) = (&self.table, self.is_mine(version, token));
        format!("UPDATE {table} SET claim = {}{begun} WHERE {mine}", self.claim_let_go(token))
    }

    /// Postgres: what names mean to a statement in doubt stays, without anybody who could be at work.
    fn claim_let_go(&self, token: &str) -> String {
        match self.dialect {
            Dialect::Sqlite => "NULL".to_owned(),
            _ => {
                let names = format!("pg_catalog.split_part(claim, ' ', {})", NAMES_OF_CLAIM + 1);
                format!("CASE WHEN {names} <> '' THEN pg_catalog.concat('{token} - - - ', {names}) END")
            }
        }
    }

    /// Nobody is at work any more, if the claim is of the session that says so.
    pub(in crate::engine) fn let_go_from_here(&self, version: &Version, token: &str) -> String {
        format!(
            "UPDATE {} SET claim = {} WHERE {} AND pg_catalog.strpos(claim, {}) = 1",
            self.table,
            self.claim_let_go(token),
            self.row(version),
            self.claim_of(token)
        )
    }

    /// Takes over what somebody has left in the middle, with the script of today unless there is something to remove first, of a statement
    /// of the script as it was. Fails when the row is not as it was seen.
    pub(in crate::engine) fn take_up(
        &self,
        prepared: &Prepared<'_>,
        seen: &HistoryRow,
        token: &str,
        start: &Continuation,
        audited: &str,
    ) -> String {
        let progress = start.progress;
        let mut assignments = format!(
            "{audited}, claim = {}, statements_begun = {}, statements_done = {}",
            self.claim_with(token, start.names.as_deref()),
            progress.begun(),
            progress.done
        );
        if start.left.is_empty() {
            assignments.push_str(&format!(", {}", self.script_of_today(prepared)));
        }
        self.edit(seen, &assignments)
    }

    /// Nothing is in doubt any more, and what is left is that of the script of today.
    pub(in crate::engine) fn settle(&self, prepared: &Prepared<'_>, token: &str, done: usize) -> String {
        let (mine, today) = (self.is_mine(&prepared.version, token), self.script_of_today(prepared));
        let settled = self.progress(&prepared.version, token, done, done);
        format!("UPDATE {} SET {today} WHERE {mine};\n{settled}", self.table)
    }

    fn script_of_today(&self, prepared: &Prepared<'_>) -> String {
        let script = match (prepared.embedded, prepared.direction) {
            (Some(migration), Direction::Up) => self.as_embedded(&migration),
            _ => format!("down_sql = {}", self.running_down_sql(prepared)),
        };
        format!("statements = {}, {script}", prepared.statements.len())
    }

    /// Postgres: statements as another role than the script is at the moment, and goes on to be.
    pub(in crate::engine) fn as_role(&self, role: &str, sql: &str) -> String {
        let set = |name: &str, value: &str| format!("SELECT pg_catalog.set_config('{name}', {value}, true)");
        let of_script = |name: &str| format!("pg_catalog.current_setting('{name}')");
        let (keep, become_runner, go_back) = (
            set(ROLE_OF_SCRIPT, &of_script("role")),
            set("role", &self.literal(role)),
            set("role", &of_script(ROLE_OF_SCRIPT)),
        );
        format!("{keep};\n{become_runner};\n{sql};\n{go_back}")
    }

    /// The end of a script: its row says what was done.
    pub(in crate::engine) fn finish_outside(&self, prepared: &Prepared<'_>, by: &str, token: &str) -> String {
        let outcome = self.outcome(prepared.direction, by);
        let recorded = format!(
            "EXISTS (SELECT 1 FROM {} WHERE {} AND state = '{}')",
            self.table,
            self.row(&prepared.version),
            state_after(prepared.direction).as_str()
        );
        format!(
            "UPDATE {} SET {outcome} WHERE {} AND state = '{}';\n{}",
            self.table,
            self.is_mine(&prepared.version, token),
            state_during(prepared.direction).as_str(),
            self.expect(&recorded)
        )
    }

    fn is_mine(&self, version: &Version, token: &str) -> String {
        let claim = match self.dialect {
            Dialect::Sqlite => format!("claim = '{token}'"),
            _ => format!("claim LIKE '{token} %'"),
        };
        format!("{} AND {claim}", self.row(version))
    }

    /// Postgres: the backend of a claim, described, if it still lives. Where the role of either may not see when it was started, it counts
    /// as the same as long as the server has not been started anew. Our own is none: whoever was at work through this connection has given
    /// it up.
    pub(in crate::engine) fn living(&self, process: u32, started: Option<u64>, server: Option<u64>) -> String {
        let is_same = |of: &str, known: Option<u64>| match known {
            Some(known) => format!("coalesce({of} = {known}, true)"),
            None => "true".to_owned(),
        };
        format!(
            "SELECT {} FROM pg_catalog.pg_stat_activity AS a WHERE a.pid = {process} \
             AND a.pid <> pg_catalog.pg_backend_pid() AND a.datname = pg_catalog.current_database() AND {} AND {}",
            super::DESCRIPTION,
            is_same(STARTED, started),
            is_same(SERVER_STARTED, server)
        )
    }
}

/// Postgres: which word of a claim says what names without a schema mean, counted from 0.
const NAMES_OF_CLAIM: usize = 4;

/// Postgres: what names without a schema meant to whoever was at work, if a statement for which that counts was in doubt.
pub(in crate::engine) fn names_of(claim: &str) -> Option<&str> {
    claim.split(' ').nth(NAMES_OF_CLAIM)
}

/// Postgres: the schemas in which a session looks for names without one, as a number.
pub(in crate::engine) const SENSE_OF_NAMES: &str = "SELECT pg_catalog.to_hex(pg_catalog.hashtextextended(coalesce(\
     pg_catalog.string_agg(pg_catalog.quote_ident(name::pg_catalog.text), ',' ORDER BY place), ''), 0)) \
     FROM pg_catalog.unnest(pg_catalog.current_schemas(false)) WITH ORDINALITY AS of (name, place) \
     WHERE pg_catalog.left(name::pg_catalog.text, 8) <> 'pg_temp_'";

/// Postgres: a setting of ours.
const ROLE_OF_SCRIPT: &str = "migrate_runtime.role";

/// When a backend was started, in microseconds; null where the role may not see that. It may not even see it of its own, when it is another
/// one than has logged in.
const STARTED: &str = "(pg_catalog.date_part('epoch', backend_start) * 1000000::pg_catalog.float8)::pg_catalog.int8";

/// When the server was started, in microseconds.
const SERVER_STARTED: &str = "(pg_catalog.date_part('epoch', pg_catalog.pg_postmaster_start_time()) * 1000000::pg_catalog.float8)::pg_catalog.int8";
