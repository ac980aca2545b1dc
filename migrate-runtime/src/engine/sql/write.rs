//! Claims and records: what is written before and after the statements of a migration, in their transaction.

use std::time::Duration;

use migrate_core::{AuditEntry, Dialect, Digest, Direction, HistoryRow, Migration, RowState, Version};

use super::super::foreseen::Foreseen;
use super::super::prepare::Prepared;
use super::{DATA_VERSION, Sql};
use crate::quote::identifier;
use crate::table::TableName;

/// What the finish on Postgres says when the row is not as it must be.
pub(in crate::engine) const NO_RECORD: &str = "the row of the migration is not in the history table";

/// What the finish of a step on Postgres says when the function has ended the transaction, and begun another one.
pub(in crate::engine) const ANOTHER_TRANSACTION: &str = "the row of the migration is of another transaction";

/// The claim of a script that runs in a transaction: nobody else sees it, unless the script has ended the transaction by itself.
const IN_TRANSACTION: &str = "in a transaction";

/// Postgres: a setting of ours.
const BEGAN: &str = "migrate_runtime.began";

/// Whether a claim is one of a script that runs in a transaction.
pub(in crate::engine) fn is_in_transaction(claim: &str) -> bool {
    claim.starts_with(IN_TRANSACTION)
}

/// The state that a script leaves its row in.
pub(in crate::engine) fn state_after(direction: Direction) -> RowState {
    match direction {
        Direction::Up => RowState::Applied,
        Direction::Down => RowState::Pending,
    }
}

/// The state of a row while a script is at work.
pub(in crate::engine) fn state_during(direction: Direction) -> RowState {
    match direction {
        Direction::Up => RowState::Running,
        Direction::Down => RowState::Reverting,
    }
}

/// The column that an insert names last.
const APPLIED_AT: &str = "applied_at";

/// A row that is to be inserted.
pub(in crate::engine) struct NewRow {
    /// In the order of the columns: the set, those of a [`HistoryRow`] but for when it was applied, and the scripts.
    pub(in crate::engine) values: String,
    /// What makes of a row that is there this one: on SQLite a statement before, on Postgres a clause behind.
    makes_place: String,
}

impl Sql<'_> {
    pub(in crate::engine) fn create_table(&self) -> String {
        let (version, time, number) = match self.dialect {
            Dialect::Sqlite => ("TEXT", "TEXT", "INTEGER"),
            _ => ("numeric(64)", "timestamptz", "bigint"),
        };
        let table = format!(
            "CREATE TABLE IF NOT EXISTS {} (\n  \
             \"set\" text NOT NULL,\n  version {version} NOT NULL,\n  name text NOT NULL,\n  checksum text NOT NULL,\n  \
             state text NOT NULL,\n  applied_at {time} NOT NULL,\n  execution_time_ms {number},\n  \
             statements {number} NOT NULL,\n  statements_begun {number} NOT NULL,\n  statements_done {number} NOT NULL,\n  \
             applied_by text NOT NULL,\n  claim text,\n  audit text NOT NULL,\n  \
             sql text NOT NULL,\n  down_sql text,\n  PRIMARY KEY (\"set\", version)\n)",
            self.table
        );
        match self.dialect {
            Dialect::Sqlite => format!("{table};\n{}", self.create_index_of_start()),
            _ => table,
        }
    }

    /// SQLite: what a start reads, without the scripts, which are most of the table.
    fn create_index_of_start(&self) -> String {
        let TableName { schema, table } = self.name;
        let index = TableName { schema: schema.clone(), table: format!("{table}_start") };
        format!(
            "CREATE INDEX IF NOT EXISTS {} ON {} (\"set\", version, checksum, state)",
            index.quoted_in(Some("main")),
            identifier(table)
        )
    }

    /// Postgres: how long the statements that follow wait for a lock, up to the end of the transaction. Where the time of a statement
    /// `is_limited`, it is not any more: it would end the wait, and nobody would know that it was one.
    pub(in crate::engine) fn wait_at_most(&self, patience: Duration, is_limited: bool) -> String {
        let unlimited = if is_limited { ";\nSET LOCAL statement_timeout = 0" } else { "" };
        format!("SET LOCAL lock_timeout = '{}ms'{unlimited}", patience.as_millis())
    }

    /// Postgres: keeps everybody else from writing to the history, for a set that has no row to lock. It takes no snapshot: what is
    /// read behind it is what is there.
    pub(in crate::engine) fn lock_history(&self, waits: bool) -> String {
        let nowait = if waits { "" } else { " NOWAIT" };
        format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE{nowait}", self.table)
    }

    /// Postgres: makes claims of one set wait for each other, whatever their versions. Where transactions keep the snapshot that they began
    /// with, it writes the row as it is, because a lock alone would let whoever has waited go on with what it saw before.
    pub(in crate::engine) fn lock_latest(&self, keeps_snapshot: bool) -> String {
        let (table, of_set) = (&self.table, self.of_set());
        let latest = format!("SELECT version FROM {table} WHERE {of_set} ORDER BY version DESC LIMIT 1");
        match keeps_snapshot {
            true => format!("UPDATE {table} SET state = state WHERE {of_set} AND version = ({latest})"),
            false => format!("{latest} FOR NO KEY UPDATE"),
        }
    }

    /// Fails, as if a row without a set had been written, unless the condition holds.
    pub(in crate::engine) fn expect(&self, condition: &str) -> String {
        format!("INSERT INTO {} (\"set\") SELECT NULL WHERE NOT ({condition})", self.table)
    }

    /// The claim of a script that runs in a transaction, as an expression. On Postgres it names the transaction.
    pub(in crate::engine) fn claim_in_transaction(&self) -> String {
        match self.dialect {
            Dialect::Sqlite => format!("'{IN_TRANSACTION}'"),
            _ => format!("pg_catalog.concat('{IN_TRANSACTION} ', pg_catalog.txid_current())"),
        }
    }

    /// Postgres: fails, with words of its own in the message, unless the row of a migration is of the transaction that goes on.
    pub(in crate::engine) fn expect_same_transaction(&self, version: &Version) -> String {
        let own = self.claim_in_transaction();
        format!(
            "SELECT CASE WHEN claim = {own} THEN 1 ELSE pg_catalog.concat('{ANOTHER_TRANSACTION}', version)::pg_catalog.int4 END FROM {} WHERE {}",
            self.table,
            self.row(version)
        )
    }

    /// Takes the row of a migration for a script that is about to run, when it has its [turn](Sql::expect_turn). Fails when somebody
    /// else has it. `claim` is an expression that says who.
    pub(in crate::engine) fn claim(&self, prepared: &Prepared<'_>, applied_by: &str, claim: &str) -> String {
        match (prepared.direction, prepared.embedded) {
            (Direction::Up, Some(migration)) => self.claim_up(prepared, &migration, applied_by, claim),
            (Direction::Up, None) => self.expect("1 = 0"),
            (Direction::Down, _) => self.claim_down(prepared, claim),
        }
    }

    /// Inserts the row; its primary key is the claim.
    ///
    /// In a transaction the row gets its scripts when it is finished: what is written twice stays in the file of the table, where every
    /// start reads past it. Outside of one the row is what is left when the script is interrupted.
    fn claim_up(&self, prepared: &Prepared<'_>, migration: &Migration<'_>, applied_by: &str, claim: &str) -> String {
        let scripts = match prepared.runs_outside() {
            true => self.scripts(migration),
            false => "'', NULL".to_owned(),
        };
        let state = RowState::Running.as_str();
        let progress = format!("'{state}', NULL, {}, 0, 0", prepared.statements.len());
        self.insert(&[self.new_row(prepared, migration, &progress, applied_by, claim, &scripts)])
    }

    fn new_row(
        &self,
        prepared: &Prepared<'_>,
        migration: &Migration<'_>,
        progress: &str,
        applied_by: &str,
        claim: &str,
        scripts: &str,
    ) -> NewRow {
        let audit = self.literal(prepared.row.as_ref().map_or("", |row| &row.audit));
        let (set, version, name) =
            (self.literal(self.set), self.version(&prepared.version), self.literal(migration.name()));
        let (checksum, by) = (self.literal(&migration.up().checksum().to_string()), self.literal(applied_by));
        let values = [&*set, &version, &name, &checksum, progress, &by, claim, &audit, scripts].join(", ");
        let makes_place = prepared.row.as_ref().map(|_| self.make_place(&prepared.version, &audit)).unwrap_or_default();
        NewRow { values, makes_place }
    }

    /// What remembers that the migration once was applied makes place, and hands down its audit trail.
    fn make_place(&self, version: &Version, audit: &str) -> String {
        let pending = RowState::Pending.as_str();
        match self.dialect {
            Dialect::Sqlite => format!(
                "DELETE FROM {} WHERE {} AND state = '{pending}' AND audit = {audit};\n",
                self.table,
                self.row(version)
            ),
            // Whoever waits for the lock of the row would be left without one if it were deleted.
            _ => {
                // Who it is and what became of it before stay.
                let kept = |column: &&str| ["version", "audit"].contains(column);
                let others = HistoryRow::COLUMNS.into_iter().filter(|column| !kept(column));
                let taken_over: Vec<String> =
                    others.chain(["sql", "down_sql"]).map(|column| format!("{column} = excluded.{column}")).collect();
                format!(
                    " ON CONFLICT (\"set\", version) DO UPDATE SET \"set\" = CASE own.state WHEN '{pending}' THEN own.\"set\" END, {}",
                    taken_over.join(", ")
                )
            }
        }
    }

    /// Writes new rows.
    pub(in crate::engine) fn insert(&self, rows: &[NewRow]) -> String {
        match (self.dialect, rows) {
            // In one statement, which is read once, and asks once what time it is.
            (Dialect::Sqlite, [_, _, ..]) => {
                let values: Vec<&str> = rows.iter().map(|row| &*row.values).collect();
                let mut sql: String = rows.iter().map(|row| &*row.makes_place).collect();
                sql.push_str(&self.insert_into());
                sql.extend([" SELECT *, ", self.now(), " FROM (VALUES (", &values.join("), ("), "))"]);
                sql
            }
            _ => {
                let insert = |NewRow { values, makes_place }: &NewRow| {
                    let insert = self.insert_values(values, self.now());
                    match self.dialect {
                        Dialect::Sqlite => [&**makes_place, &insert].concat(),
                        _ => [&*insert, makes_place].concat(),
                    }
                };
                rows.iter().map(insert).collect::<Vec<String>>().join(";\n")
            }
        }
    }

    /// Writes a new row, of [values](NewRow::values) and an expression of when it was applied.
    pub(in crate::engine) fn insert_values(&self, values: &str, applied_at: &str) -> String {
        [&*self.insert_into(), " VALUES (", values, ", ", applied_at, ")"].concat()
    }

    fn insert_into(&self) -> String {
        let own = if self.dialect == Dialect::Postgres { " AS own" } else { "" };
        let columns: Vec<&str> = HistoryRow::COLUMNS.into_iter().filter(|column| *column != APPLIED_AT).collect();
        let columns = columns.join(", ");
        ["INSERT INTO ", &self.table, own, " (\"set\", ", &columns, ", sql, down_sql, ", APPLIED_AT, ")"].concat()
    }

    fn scripts(&self, migration: &Migration<'_>) -> String {
        format!("{}, {}", self.literal(migration.up().sql()), self.down_sql(migration))
    }

    fn claim_down(&self, prepared: &Prepared<'_>, claim: &str) -> String {
        let (table, row, reverting) = (&self.table, self.row(&prepared.version), RowState::Reverting.as_str());
        format!(
            "UPDATE {table} SET state = '{reverting}', statements = {}, statements_begun = 0, statements_done = 0, claim = {claim}, \
             down_sql = {} WHERE {row} AND state = '{}';\n{}",
            prepared.statements.len(),
            self.running_down_sql(prepared),
            RowState::Applied.as_str(),
            self.expect(&format!(
                "EXISTS (SELECT 1 FROM {table} WHERE {row} AND state = '{reverting}' AND claim = {claim})"
            )),
        )
    }

    /// What a script up has done, in one go, and behind its last statement: nothing has claimed its row. `elapsed` is an expression of the
    /// milliseconds that it took.
    pub(in crate::engine) fn record(
        &self,
        prepared: &Prepared<'_>,
        migration: &Migration<'_>,
        by: &str,
        elapsed: &str,
    ) -> NewRow {
        let (state, statements) = (RowState::Applied.as_str(), prepared.statements.len());
        let progress = format!("'{state}', {elapsed}, {statements}, {statements}, {statements}");
        self.new_row(prepared, migration, &progress, by, "NULL", &self.scripts(migration))
    }

    /// Postgres: remembers for the rest of the transaction, which is older than the script, when the script began.
    pub(in crate::engine) fn note_begin(&self) -> String {
        format!(
            "SELECT pg_catalog.set_config('{BEGAN}', pg_catalog.date_part('epoch', pg_catalog.clock_timestamp())::pg_catalog.text, true)"
        )
    }

    /// Postgres: the milliseconds since a script began, which is when its transaction was opened or, inside of another one, the
    /// [note](Sql::note_begin).
    pub(in crate::engine) fn elapsed(&self, is_nested: bool) -> String {
        // A new session has to look up far less for functions than for operators.
        let seconds = match is_nested {
            false => "pg_catalog.date_part('epoch', pg_catalog.timestamptz_mi(pg_catalog.clock_timestamp(), pg_catalog.now()))".into(),
            true => format!(
                "(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) - \
                 nullif(pg_catalog.current_setting('{BEGAN}', true), '')::pg_catalog.float8)"
            ),
        };
        format!("greatest(0, {seconds} * 1000::pg_catalog.float8)")
    }

    /// Whether the set is as a plan has seen it.
    pub(in crate::engine) fn is_as_foreseen(&self, foreseen: &Foreseen) -> String {
        let (table, that_count) = (&self.table, self.that_count());
        // Found through the primary key.
        let is_latest_as_foreseen = || {
            format!(
                "(SELECT version FROM {table} WHERE {that_count} ORDER BY version DESC LIMIT 1) IS NOT DISTINCT FROM {}",
                foreseen.latest().map_or("NULL".to_owned(), |latest| self.literal(latest))
            )
        };
        match (self.dialect, foreseen.applied_before_first_turn()) {
            (Dialect::Sqlite, None) => {
                format!("(SELECT count(*) FROM {table} WHERE {that_count}) = {}", foreseen.rows())
            }
            (Dialect::Sqlite, Some(applied)) => {
                let lines: Vec<String> =
                    applied.map(|(version, checksum)| format!("{} {checksum}", version.digits())).collect();
                format!(
                    "(SELECT coalesce(group_concat(version || ' ' || checksum, char(10)), '') FROM (SELECT version, checksum FROM {table} \
                     WHERE {that_count} ORDER BY length(version), version)) = {}",
                    self.literal(&lines.join("\n"))
                )
            }
            (_, None) => is_latest_as_foreseen(),
            (_, Some(applied)) => {
                let digest = applied.fold(Digest::EMPTY, |digest, (version, checksum)| digest.with(version, checksum));
                format!(
                    "CASE WHEN {} THEN (SELECT coalesce({}, 0) FROM {table} WHERE {that_count}) = '{digest}' ELSE {} END",
                    self.has_these_hashes(),
                    self.sum_of_hashes(),
                    is_latest_as_foreseen()
                )
            }
        }
    }

    /// Fails unless it is the turn of a script: the set is as foreseen, and nobody is at work on it outside of a transaction.
    pub(in crate::engine) fn expect_turn(&self, foreseen: &Foreseen) -> String {
        let (table, applied) = (&self.table, RowState::Applied.as_str());
        self.expect(&match self.dialect {
            Dialect::Sqlite => {
                let is_ours = format!(
                    "{} AND NOT EXISTS (SELECT 1 FROM {table} WHERE {} AND state <> '{applied}')",
                    self.is_as_foreseen(foreseen),
                    self.that_count()
                );
                match foreseen.data_version() {
                    // To look at all rows for every migration would take longer and longer.
                    Some(number) => format!("CASE WHEN ({DATA_VERSION}) = {number} THEN 1 ELSE {is_ours} END"),
                    None => is_ours,
                }
            }
            // Whoever reverts begins with the latest.
            _ => format!(
                "{} AND coalesce((SELECT state FROM {table} WHERE {} ORDER BY version DESC LIMIT 1) = '{applied}', true)",
                self.is_as_foreseen(foreseen),
                self.that_count()
            ),
        })
    }

    /// Postgres: fails in the same way unless it is the turn of a script up that is not the first of a plan, but takes for granted that no
    /// row is taken away, as none is by any runner, which is less than half the work. The version of the script is asked for where it is
    /// `below` the latest.
    pub(in crate::engine) fn expect_nothing_new(&self, latest: &str, below: Option<&Version>) -> String {
        let (pending, applied) = (RowState::Pending.as_str(), RowState::Applied.as_str());
        let from_latest = format!(
            "version >= '{latest}' AND state <> CASE version WHEN '{latest}' THEN '{applied}' ELSE '{pending}' END"
        );
        let unforeseen = match below {
            Some(version) => {
                format!("({from_latest} OR version = {} AND state <> '{pending}')", self.version(version))
            }
            None => from_latest,
        };
        format!("UPDATE {} SET \"set\" = NULL WHERE {} AND {unforeseen}", self.table, self.of_set())
    }

    /// Turns the claim of a script that runs in a transaction into the row of what was done.
    pub(in crate::engine) fn finish(&self, prepared: &Prepared<'_>, by: &str) -> String {
        let outcome = self.outcome(prepared.direction, by);
        let scripts = match (prepared.direction, prepared.embedded) {
            (Direction::Up, Some(migration)) => format!(", {}", self.as_embedded(&migration)),
            _ => String::new(),
        };
        let finish = format!("UPDATE {} SET {outcome}{scripts} WHERE {}", self.table, self.row(&prepared.version));
        match self.dialect {
            Dialect::Sqlite => finish,
            _ => format!("{finish};\n{}", self.expect_recorded(prepared)),
        }
    }

    /// The assignments that make of a claim the row of what was done.
    pub(in crate::engine) fn outcome(&self, direction: Direction, by: &str) -> String {
        match direction {
            Direction::Up => self.applied(),
            Direction::Down => self.reverted(by),
        }
    }

    /// The assignments that make a row that of an applied migration.
    fn applied(&self) -> String {
        // The database measures, because this may travel with the last statement of the migration.
        let elapsed = match self.dialect {
            Dialect::Sqlite => "max(0, CAST(round((julianday('now') - julianday(applied_at)) * 86400000) AS INTEGER))",
            _ => {
                "greatest(0, (pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - applied_at) \
                 * 1000::pg_catalog.float8)::pg_catalog.int8)"
            }
        };
        format!(
            "state = '{}', execution_time_ms = {elapsed}, applied_at = {}, statements_begun = statements, \
             statements_done = statements, claim = NULL",
            RowState::Applied.as_str(),
            self.now()
        )
    }

    /// The assignments that make a row that of a migration which once was applied.
    fn reverted(&self, by: &str) -> String {
        format!(
            "state = '{}', statements_begun = 0, statements_done = 0, claim = NULL, {}",
            RowState::Pending.as_str(),
            self.audited("reverted", by, "")
        )
    }

    /// The assignment that adds a line to the audit trail, with the checksum that the row has before.
    pub(in crate::engine) fn audited(&self, action: &str, by: &str, reason: &str) -> String {
        format!("audit = audit || {}", self.audit_line(action, by, reason, "checksum"))
    }

    /// A line of an audit trail; `checksum_before` is an expression.
    pub(in crate::engine) fn audit_line(&self, action: &str, by: &str, reason: &str, checksum_before: &str) -> String {
        let (front, end) = AuditEntry::around_checksum(action, by, reason);
        let now = match self.dialect {
            Dialect::Sqlite => self.now().to_owned(),
            _ => format!("pg_catalog.to_char({} AT TIME ZONE 'UTC', '{}')", self.now(), super::TIME_FORMAT),
        };
        format!("{now} || {} || {checksum_before} || {}", self.literal(&front), self.literal(&end))
    }

    /// Whether the row of a migration says what its script has done: 1 or 0.
    pub(in crate::engine) fn is_recorded(&self, prepared: &Prepared<'_>) -> String {
        self.counts_as(&prepared.version, state_after(prepared.direction))
    }

    /// Fails unless it does.
    pub(in crate::engine) fn expect_recorded(&self, prepared: &Prepared<'_>) -> String {
        self.expect_one(&self.is_recorded(prepared))
    }

    /// Fails unless a query counts one row, because something has kept it from being there: with words of ours in the message, on SQLite with
    /// an overflow, and without a write, which a trigger on the table could swallow.
    pub(super) fn expect_one(&self, count: &str) -> String {
        match self.dialect {
            Dialect::Sqlite => {
                format!("SELECT CASE WHEN ({count}) = 1 THEN 1 ELSE abs(-9223372036854775807 - 1) END")
            }
            _ => format!(
                "SELECT CASE rows WHEN 1 THEN 1 ELSE pg_catalog.concat('{NO_RECORD}', rows)::pg_catalog.int4 END FROM ({count}) AS found (rows)"
            ),
        }
    }

    fn counts_as(&self, version: &Version, state: RowState) -> String {
        format!("SELECT count(*) FROM {} WHERE {} AND state = '{}'", self.table, self.row(version), state.as_str())
    }
}
