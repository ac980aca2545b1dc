//! Postgres: removes an invalid index that an interrupted statement has left, and none that somebody else has built meanwhile.

use std::fmt;

use migrate_core::Label;

use super::Engine;
use super::read::first_cells;
use super::sql::DESCRIPTION;
use super::wait::Wait;
use crate::driver::{AnySession, DriverError};
use crate::error::Error;
use crate::quote::literal;

/// An invalid index.
pub(super) struct LeftOver {
    oid: String,
    /// As SQL writes it, as all names here.
    schema: String,
    name: String,
    /// The table, or the one whose long values it is for; empty for a materialized view, which nobody but the server can lock.
    table: String,
    /// Whether it has the name that a statement gives to it; others may be building it under that.
    is_of_build: bool,
}

/// What an index is called that only waits for being dropped; its number follows.
const ASIDE: &str = "left_by_migration_";

impl LeftOver {
    /// What a query has to tell of the index `c` of the table `t`, or of its long values.
    pub(super) const COLUMNS: &str = "c.oid, c.relnamespace::pg_catalog.regnamespace, pg_catalog.quote_ident(c.relname), \
         CASE WHEN t.relkind <> 'm' THEN pg_catalog.concat(t.relnamespace::pg_catalog.regnamespace, '.', pg_catalog.quote_ident(t.relname)) END";

    /// One that a statement has begun to build under its name.
    pub(super) fn of_build(row: &[Option<String>]) -> LeftOver {
        LeftOver { is_of_build: true, ..LeftOver::of_server(row) }
    }

    /// One under a name that the server, or a runner, has given to it.
    pub(super) fn of_server(row: &[Option<String>]) -> LeftOver {
        let text = |column: usize| row.get(column).cloned().flatten().unwrap_or_default();
        LeftOver { oid: text(0), schema: text(1), name: text(2), table: text(3), is_of_build: false }
    }

    /// Whether somebody else may have had the same name in mind.
    pub(super) fn may_be_of_others(&self) -> bool {
        self.is_of_build
    }

    /// Who is building an index of its table concurrently.
    fn builder(&self) -> String {
        format!(
            "SELECT {DESCRIPTION} FROM pg_catalog.pg_stat_activity AS a \
             JOIN pg_catalog.pg_stat_progress_create_index AS building ON building.pid = a.pid \
             JOIN pg_catalog.pg_locks AS l ON l.pid = a.pid AND l.granted AND l.mode = 'ShareUpdateExclusiveLock' \
             JOIN pg_catalog.pg_index AS i ON i.indrelid = l.relation AND i.indexrelid = {}::pg_catalog.oid \
             WHERE a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid()",
            self.oid
        )
    }
}

impl fmt::Display for LeftOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.name)
    }
}

impl<S: AnySession + ?Sized> Engine<'_, S> {
    /// What was set aside of the builds on a table, and then not dropped.
    pub(super) async fn left_set_aside(&mut self, table: &str) -> Result<Vec<LeftOver>, Error> {
        let found = format!(
            "SELECT {} FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid \
             JOIN pg_catalog.pg_class AS t ON t.oid = i.indrelid \
             WHERE t.oid = pg_catalog.to_regclass({})::pg_catalog.oid AND NOT i.indisvalid AND c.relname = '{ASIDE}' || c.oid",
            LeftOver::COLUMNS,
            literal(table, self.sql.dialect)
        );
        let rows = self.query_patiently(&found).await?;
        Ok(rows.iter().map(|row| LeftOver::of_server(row)).collect())
    }

    /// Waits for whoever builds an index of its table. That one waits for everybody else by its nature: in a lock it would be a deadlock.
    pub(super) async fn wait_for_builders(&mut self, label: &Label, left: &LeftOver) -> Result<(), Error> {
        let mut wait = Wait::start();
        while let Some(builder) = first_cells(self.query_patiently(&left.builder()).await?).next() {
            self.wait_for_runner(&mut wait, label, &builder).await?;
        }
        Ok(())
    }

    /// Removes it. `false` where it is another one by now than the one that was found: valid, or gone.
    pub(super) async fn remove(&mut self, left: &LeftOver) -> Result<bool, DriverError> {
        self.session.roll_back_when_dropped(Some(self.rollback()));
        let dropped = self.secure(left).await;
        if dropped.is_err() {
            self.roll_back().await;
        }
        self.session.roll_back_when_dropped(None);
        let Some(name) = dropped? else { return Ok(false) };
        self.session.execute(&format!("DROP INDEX CONCURRENTLY IF EXISTS {}.{name}", left.schema)).await?;
        Ok(true)
    }

    /// The name under which it can be dropped, which nobody builds.
    async fn secure(&mut self, left: &LeftOver) -> Result<Option<String>, DriverError> {
        let (open, close) = self.transaction();
        let lock = match left.table.as_str() {
            "" => String::new(),
            table => format!(";\nLOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE"),
        };
        self.session.execute(&format!("{open}{lock}")).await?;
        let invalid =
            format!("SELECT NOT indisvalid FROM pg_catalog.pg_index WHERE indexrelid = {}::pg_catalog.oid", left.oid);
        let is_left = first_cells(self.session.query(&invalid).await?).next().as_deref() == Some("t");
        let is_renamed = is_left && left.is_of_build;
        let aside = if is_renamed { format!("{ASIDE}{}", left.oid) } else { left.name.clone() };
        let rename = match is_renamed {
            true => format!("ALTER INDEX {}.{} RENAME TO {aside};\n", left.schema, left.name),
            false => String::new(),
        };
        self.session.execute(&format!("{rename}{close}")).await?;
        Ok(is_left.then_some(aside))
    }
}
