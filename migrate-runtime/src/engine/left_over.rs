//! Postgres: removes an invalid index that an interrupted statement has left, and none that somebody else has built meanwhile.

use std::fmt;

use migrate_core::{Dialect, Label};

use super::Engine;
use super::read::first_cells;
use super::sql::DESCRIPTION;
use super::wait::Wait;
use crate::driver::{AnySession, DriverError};
use crate::error::Error;
use crate::quote::{identifier, literal};

/// An invalid index.
pub(super) struct LeftOver {
    oid: String,
    schema: String,
    name: String,
    /// The table, or the one whose long values it is for, as SQL writes it.
    table: String,
    /// Whether that can be locked, so that nobody begins to build.
    is_lockable: bool,
    /// Whether it can be given another name.
    is_renamable: bool,
    /// Whether it has the name that a statement gives to it; others may be building it under that.
    is_of_build: bool,
}

/// What an index is called that only waits for being dropped; its number follows.
const ASIDE: &str = "left_by_migration_";

impl LeftOver {
    /// What a query has to tell of the index `c` of the table `t`, or of its long values, to which only the server gives names.
    pub(super) const COLUMNS: &str = "c.oid, (SELECT nspname FROM pg_catalog.pg_namespace WHERE oid = c.relnamespace), c.relname, \
         pg_catalog.format('%I.%I', (SELECT nspname FROM pg_catalog.pg_namespace WHERE oid = t.relnamespace), t.relname), \
         t.relkind <> 'm' AND pg_catalog.has_table_privilege(t.oid, 'UPDATE, DELETE, TRUNCATE'), \
         c.relnamespace = t.relnamespace AND pg_catalog.has_schema_privilege(c.relnamespace, 'CREATE')";

    /// Whether the index `c` has been set aside.
    pub(super) fn is_aside() -> String {
        format!("c.relname::pg_catalog.text = pg_catalog.concat('{ASIDE}', c.oid)")
    }

    /// One that a statement has begun to build under its name.
    pub(super) fn of_build(row: &[Option<String>]) -> LeftOver {
        LeftOver { is_of_build: true, ..LeftOver::of_server(row) }
    }

    /// One under a name that the server, or a runner, has given to it.
    pub(super) fn of_server(row: &[Option<String>]) -> LeftOver {
        let text = |column: usize| row.get(column).cloned().flatten().unwrap_or_default();
        LeftOver {
            oid: text(0),
            schema: text(1),
            name: text(2),
            table: text(3),
            is_lockable: text(4) == "t",
            is_renamable: text(5) == "t",
            is_of_build: false,
        }
    }

    /// Whether somebody else may have had the same name in mind.
    pub(super) fn may_be_of_others(&self) -> bool {
        self.is_of_build
    }

    /// What it is called while it is dropped: under a name that others give, too, another one may stand by then. Whoever may not give names
    /// could not build it either, and is told.
    fn aside(&self) -> String {
        if self.is_renamable || self.is_of_build { format!("{ASIDE}{}", self.oid) } else { self.name.clone() }
    }

    /// As SQL writes it, under a name.
    fn called(&self, name: &str) -> String {
        format!("{}.{}", identifier(&self.schema), identifier(name))
    }

    /// Whether it is there under this name, and left still.
    fn is_left_as(&self, name: &str) -> String {
        format!(
            "SELECT 1 FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid \
             JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
             WHERE c.oid = {}::pg_catalog.oid AND NOT i.indisvalid AND c.relname = {} AND n.nspname = {}",
            self.oid,
            literal(name, Dialect::Postgres),
            literal(&self.schema, Dialect::Postgres)
        )
    }

    /// Who is building an index of its table concurrently.
    fn builder(&self) -> String {
        format!(
            "SELECT {DESCRIPTION} || {} FROM pg_catalog.pg_stat_activity AS a \
             JOIN pg_catalog.pg_stat_progress_create_index AS building ON building.pid = a.pid \
             JOIN pg_catalog.pg_locks AS l ON l.pid = a.pid AND l.granted AND l.mode = 'ShareUpdateExclusiveLock' \
             JOIN pg_catalog.pg_index AS i ON i.indrelid = l.relation AND i.indexrelid = {}::pg_catalog.oid \
             WHERE a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid()",
            literal(&format!(", which builds an index of {}", self.table), Dialect::Postgres),
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
    /// Waits for whoever builds an index of its table. That one waits for everybody else by its nature: in a lock it would be a deadlock.
    pub(super) async fn wait_for_builders(&mut self, label: &Label, left: &LeftOver) -> Result<(), Error> {
        let mut wait = Wait::start();
        while let Some(builder) = first_cells(self.query_patiently(&left.builder()).await?).next() {
            self.wait_for_runner(&mut wait, label, &builder).await?;
        }
        Ok(())
    }

    /// Removes it. `false` where it is another one by now than the one that was found: valid, renamed, or gone.
    pub(super) async fn remove(&mut self, left: &LeftOver) -> Result<bool, DriverError> {
        self.session.roll_back_when_dropped(Some(self.rollback()));
        let secured = self.secure(left).await;
        if !matches!(secured, Ok(true)) {
            self.roll_back().await;
        }
        self.session.roll_back_when_dropped(None);
        if secured? {
            let drop = format!("DROP INDEX CONCURRENTLY IF EXISTS {}", left.called(&left.aside()));
            self.session.execute(&drop).await?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Sets it aside, in a transaction that is committed if that has succeeded.
    async fn secure(&mut self, left: &LeftOver) -> Result<bool, DriverError> {
        let (open, close) = self.transaction();
        let lock = match left.is_lockable {
            true => format!(";\nLOCK TABLE {} IN SHARE UPDATE EXCLUSIVE MODE", left.table),
            false => String::new(),
        };
        self.session.execute(&format!("{open}{lock}")).await?;
        if self.session.query(&left.is_left_as(&left.name)).await?.is_empty() {
            return Ok(false);
        }
        let aside = left.aside();
        if aside != left.name {
            let rename = format!("ALTER INDEX {} RENAME TO {aside}", left.called(&left.name));
            self.session.execute(&rename).await?;
            // Others may have renamed it before that.
            if self.session.query(&left.is_left_as(&aside)).await?.is_empty() {
                return Ok(false);
            }
        }
        self.session.execute(close).await?;
        Ok(true)
    }
}
