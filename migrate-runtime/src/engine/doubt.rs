//! A statement that ran alone may have been done when the record of it was lost. What it does tells how to find out.

use migrate_core::Alone;
use migrate_core::scan::Statement;

use super::Engine;
use super::left_over::LeftOver;
use super::read::{cell, first_cells};
use super::sql::SENSE_OF_NAMES;
use crate::driver::AnySession;
use crate::error::Error;
use crate::quote::literal;

/// What became of a statement.
pub(super) enum Effect {
    Done,
    /// It can run again, when this is removed, which is left of it.
    NotDone(Vec<LeftOver>),
    /// It has begun to drop this index, and only itself can end that.
    HalfDone(String),
    /// A person has to look, at this invalid index if there is one.
    Unknown(Option<String>),
}

impl Effect {
    /// Whether a statement that finds this can do anything, of which it may not be known later whether it did.
    pub(super) fn leaves_something_to(&self, alone: &Alone) -> bool {
        match alone {
            Alone::DropIndex(_) => !matches!(self, Effect::Done),
            _ => matches!(self, Effect::NotDone(left) if left.is_empty()),
        }
    }
}

impl<S: AnySession + ?Sized> Engine<'_, S> {
    pub(super) async fn effect_of(&mut self, sql: &str, statement: &Statement) -> Result<Effect, Error> {
        let alone = self.alone(sql, statement);
        let left = self.left_by(&alone, true).await?;
        match alone {
            Alone::CreateIndex { table, index, .. } => match self.effect_of_build(&table, &index).await? {
                Effect::NotDone(invalid) => Ok(Effect::NotDone(invalid.into_iter().chain(left).collect())),
                other => Ok(other),
            },
            Alone::DropIndex(index) => self.effect_of_drop(&index).await,
            // Building anew can always be repeated.
            Alone::Reindex(_) | Alone::ReindexSchema(_) | Alone::ReindexDatabase => Ok(Effect::NotDone(left)),
            Alone::CreateDatabase(name) => self.done_if(&self.database_exists(&name)).await,
            Alone::DropDatabase(name) => {
                let gone = format!("SELECT NOT ({})", self.database_exists(&name));
                self.done_if(&gone).await
            }
            Alone::Repeatable => Ok(Effect::NotDone(Vec::new())),
            _ => Ok(Effect::Unknown(None)),
        }
    }

    /// What a runner has set aside for a statement that is done by now, or is not to run.
    pub(super) async fn set_aside_for(
        &mut self,
        statement: Option<&Statement>,
        sql: &str,
    ) -> Result<Vec<LeftOver>, Error> {
        match statement.map(|statement| self.alone(sql, statement)) {
            Some(alone) => self.left_by(&alone, false).await,
            None => Ok(Vec::new()),
        }
    }

    pub(super) fn alone(&self, sql: &str, statement: &Statement) -> Alone {
        Alone::of(sql, statement, self.sql.dialect).unwrap_or_else(|| Alone::of_refused(sql, statement))
    }

    /// What is there of a statement before it has run; `None` where that says nothing. Where what it makes is there, or what it removes
    /// is not, nothing that is found later tells whether it ran: the server refuses it, or it does nothing, as often as it is tried.
    pub(super) async fn found_before(
        &mut self,
        sql: &str,
        statement: &Statement,
        alone: &Alone,
    ) -> Result<Option<Effect>, Error> {
        match alone {
            Alone::DropIndex(index) => self.effect_of_drop(index).await.map(Some),
            Alone::CreateIndex { table, index, .. } => self.effect_of_build(table, index).await.map(Some),
            Alone::CreateDatabase(_) | Alone::DropDatabase(_) => self.effect_of(sql, statement).await.map(Some),
            _ => Ok(None),
        }
    }

    /// An index that is valid and of that table was built; an invalid one was left in the middle.
    async fn effect_of_build(&mut self, table: &str, index: &str) -> Result<Effect, Error> {
        let found = format!(
            "SELECT i.indrelid = t.oid AND c.relkind = 'i', i.indisvalid, {} FROM pg_catalog.pg_class AS t \
             JOIN pg_catalog.pg_class AS c ON c.relnamespace = t.relnamespace AND c.relname = {} \
             LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid WHERE t.oid = pg_catalog.to_regclass({})::pg_catalog.oid",
            LeftOver::COLUMNS,
            self.literal(index),
            self.literal(table)
        );
        let rows = self.query_patiently(&found).await?;
        let Some(row) = rows.first() else { return Ok(Effect::NotDone(Vec::new())) };
        Ok(match (cell(row, 0), cell(row, 1)) {
            ("t", "t") => Effect::Done,
            ("t", "f") => Effect::NotDone(vec![LeftOver::of_build(&row[2..])]),
            _ => Effect::Unknown(None),
        })
    }

    /// An index whose name is gone was dropped, and an invalid one is on its way. One that a name without a schema finds behind the first
    /// schema of the search path may be another one, which came into sight when that of an earlier schema was dropped.
    pub(super) async fn effect_of_drop(&mut self, index: &str) -> Result<Effect, Error> {
        let name = self.literal(index);
        let found = format!(
            "SELECT pg_catalog.array_length(pg_catalog.parse_ident({name}), 1) > 1 OR n.nspname = (pg_catalog.current_schemas(false))[1], \
             c.relkind = 'i' AND NOT i.indisvalid, n.nspname, c.relname \
             FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace \
             LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid \
             WHERE c.oid = pg_catalog.to_regclass({name})::pg_catalog.oid"
        );
        let rows = self.query_patiently(&found).await?;
        let Some(row) = rows.first() else { return Ok(Effect::Done) };
        let index = format!("{}.{}", cell(row, 2), cell(row, 3));
        Ok(match (cell(row, 0), cell(row, 1)) {
            ("t", "t") => Effect::HalfDone(index),
            ("t", _) => Effect::NotDone(Vec::new()),
            (_, "t") => Effect::Unknown(Some(index)),
            _ => Effect::Unknown(None),
        })
    }

    /// Postgres: what names without a schema mean to a statement in this session, if it makes or drops an index by one.
    pub(super) async fn names_for(&mut self, alone: &Alone) -> Result<Option<String>, Error> {
        match alone.depends_on_search_path() {
            true => Ok(first_cells(self.query_patiently(SENSE_OF_NAMES).await?).next()),
            false => Ok(None),
        }
    }

    /// What is left on the tables of a statement under a name that nobody gives: set aside by a runner, or `of_server`, as it builds anew.
    async fn left_by(&mut self, alone: &Alone, of_server: bool) -> Result<Vec<LeftOver>, Error> {
        let tables = match alone {
            Alone::CreateIndex { table, .. } => {
                format!("SELECT pg_catalog.to_regclass({})::pg_catalog.oid", self.literal(table))
            }
            Alone::Reindex(relation) => self.tables_of(relation),
            Alone::ReindexSchema(schema) => {
                format!(
                    "SELECT c.oid FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = {}",
                    self.literal(schema)
                )
            }
            Alone::ReindexDatabase => "SELECT oid FROM pg_catalog.pg_class".to_owned(),
            _ => return Ok(Vec::new()),
        };
        let aside = LeftOver::is_aside();
        let is_left = match alone {
            Alone::CreateIndex { .. } => aside,
            _ if !of_server => aside,
            _ => format!("({aside} OR c.relname::pg_catalog.text ~ '_cc(new|old)[0-9]*$')"),
        };
        // What is too long for a table has a table of its own, whose schema few may use. What the role may not drop, is left.
        let left = format!(
            "WITH tables (oid) AS ({tables}) SELECT {} FROM pg_catalog.pg_index AS i \
             JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid \
             JOIN (SELECT oid, oid AS of FROM tables UNION SELECT own.reltoastrelid, own.oid FROM pg_catalog.pg_class AS own \
             JOIN tables ON tables.oid = own.oid) AS indexed ON indexed.oid = i.indrelid \
             JOIN pg_catalog.pg_class AS t ON t.oid = indexed.of AND t.relkind <> 't' \
             WHERE NOT i.indisvalid AND c.relkind = 'i' AND {is_left} \
             AND pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE') AND pg_catalog.pg_has_role(c.relowner, 'USAGE')",
            LeftOver::COLUMNS
        );
        let rows = self.query_patiently(&left).await?;
        Ok(rows.iter().map(|row| LeftOver::of_server(row)).collect())
    }

    /// A query for a table and its partitions, or for those of an index. It locks none of them, as `pg_partition_tree` would.
    fn tables_of(&self, relation: &str) -> String {
        format!(
            "WITH RECURSIVE named (oid) AS (SELECT pg_catalog.to_regclass({})::pg_catalog.oid UNION \
             SELECT of.inhrelid FROM pg_catalog.pg_inherits AS of JOIN named ON named.oid = of.inhparent \
             JOIN pg_catalog.pg_class AS parent ON parent.oid = of.inhparent AND parent.relkind IN ('p', 'I')) \
             SELECT coalesce(own.indrelid, named.oid) FROM named LEFT JOIN pg_catalog.pg_index AS own ON own.indexrelid = named.oid",
            self.literal(relation)
        )
    }

    fn database_exists(&self, name: &str) -> String {
        format!("SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = {})", self.literal(name))
    }

    async fn done_if(&mut self, condition: &str) -> Result<Effect, Error> {
        let rows = self.query_patiently(condition).await?;
        let holds = first_cells(rows).next().as_deref() == Some("t");
        Ok(if holds { Effect::Done } else { Effect::NotDone(Vec::new()) })
    }

    fn literal(&self, text: &str) -> String {
        literal(text, self.sql.dialect)
    }
}
