//! Postgres: the settings of the session that a script may change, and those that we set for it.

use std::time::Duration;

use migrate_core::Dialect;

use super::Sql;
use crate::quote::literal;

/// What a script may change for the session of Postgres, and is set back after each migration; who one is comes first, because it decides
/// what else may be set.
pub(in crate::engine) const SETTINGS: [&str; 28] = [
    "session_authorization",
    "role",
    "search_path",
    "standard_conforming_strings",
    "client_encoding",
    "lock_timeout",
    "statement_timeout",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "transaction_timeout",
    "default_transaction_isolation",
    "default_transaction_read_only",
    "default_transaction_deferrable",
    "work_mem",
    "maintenance_work_mem",
    "application_name",
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

/// How long the statements of a script may wait and run; zero is without limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Timeouts {
    pub(in crate::engine) lock: Duration,
    pub(in crate::engine) statement: Duration,
}

impl Timeouts {
    /// For the rest of the transaction.
    pub(in crate::engine) fn set_local(self) -> String {
        self.set("SET LOCAL")
    }

    /// For the session.
    pub(in crate::engine) fn set_for_session(self) -> String {
        self.set("SET")
    }

    fn set(self, verb: &str) -> String {
        let set = |name: &str| format!("{verb} {name} = '{}ms'", self.of(name).as_millis());
        TIMEOUTS.map(set).join(";\n")
    }

    /// At most what the server takes.
    fn of(self, name: &str) -> Duration {
        const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);
        if name == LOCK_TIMEOUT { self.lock } else { self.statement }.min(LONGEST)
    }
}

const LOCK_TIMEOUT: &str = "lock_timeout";
const TIMEOUTS: [&str; 2] = [LOCK_TIMEOUT, "statement_timeout"];

fn is_timeout(name: &str) -> bool {
    TIMEOUTS.contains(&name)
}

impl Sql<'_> {
    /// Sets back what a migration has changed for the session: the next one starts as the first did. What is unchanged is not
    /// touched, because behind a pooling proxy the session is shared. The timeouts count as unchanged when they are `ours`; without
    /// those they are set back in any case. `is_local` sets them back for the rest of the transaction alone.
    pub(in crate::engine) fn restore_settings(
        &self,
        settings: &[(String, String)],
        ours: Option<Timeouts>,
        is_local: bool,
    ) -> String {
        let pair = |(name, usual): &(String, String)| {
            let expected = match (ours, is_timeout(name)) {
                (_, false) => self.literal(usual),
                (None, true) => "NULL".to_owned(),
                (Some(ours), true) => self.literal(&as_shown(ours.of(name))),
            };
            format!("({}, {}, {expected})", self.literal(name), self.literal(usual))
        };
        let pairs: Vec<String> = settings.iter().map(pair).collect();
        format!(
            "SELECT pg_catalog.set_config(name, usual, {is_local}) FROM (VALUES {}) AS settings (name, usual, expected) \
             WHERE expected IS NULL OR pg_catalog.current_setting(name) OPERATOR(pg_catalog.<>) expected",
            pairs.join(", ")
        )
    }

    /// Sets the timeouts back for the rest of a transaction that goes on.
    pub(in crate::engine) fn restore_timeouts(&self, settings: &[(String, String)]) -> String {
        let restore =
            |(name, usual): &(String, String)| format!("SET LOCAL {name} = {}", literal(usual, Dialect::Postgres));
        settings.iter().filter(|(name, _)| is_timeout(name)).map(restore).collect::<Vec<_>>().join(";\n")
    }
}

/// A time as Postgres shows it: in the largest unit that leaves no rest.
fn as_shown(time: Duration) -> String {
    const UNITS: [(&str, u128); 5] = [("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000), ("ms", 1)];
    let milliseconds = time.as_millis();
    match UNITS.into_iter().find(|(_, unit)| milliseconds.is_multiple_of(*unit)) {
        Some((unit, size)) if milliseconds > 0 => format!("{}{unit}", milliseconds / size),
        _ => "0".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_postgres_shows_them() {
        for (milliseconds, expect) in [
            (0, "0"),
            (1, "1ms"),
            (5_000, "5s"),
            (90_000, "90s"),
            (120_000, "2min"),
            (7_200_000, "2h"),
            (86_400_000, "1d"),
        ] {
            assert_eq!(as_shown(Duration::from_millis(milliseconds)), expect);
        }
    }
}
