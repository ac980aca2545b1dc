//! A script as the rules see it: what each statement does, and which tables were there before it.

use std::collections::HashSet;

use migrate_core::scan::{self, Statement};
use migrate_core::{Dialect, Header, Place, Problem, Script};

use crate::sentence::{self, Change, Deed, Name};

/// A script that goes up, read in one dialect.
pub(crate) struct Reading<'a> {
    pub(crate) script: &'a Script,
    pub(crate) sql: &'a str,
    /// What the script is read by.
    pub(crate) dialect: Dialect,
    /// Whether that is what it is written for. Without it, only what holds in every dialect may be said.
    pub(crate) is_certain: bool,
    pub(crate) header: Header,
    pub(crate) acts: Vec<Act>,
}

/// A statement, and what it does.
pub(crate) struct Act {
    pub(crate) statement: Statement,
    pub(crate) deed: Deed,
    /// Names of the tables in the deed that the script has created before this statement.
    fresh: HashSet<String>,
}

impl Act {
    /// Whether the table was there before the script: it may have rows, and others may use it.
    pub(crate) fn existed(&self, table: &Name) -> bool {
        !self.fresh.contains(&table.key)
    }

    pub(crate) fn offset(&self) -> usize {
        self.statement.span.start
    }
}

impl<'a> Reading<'a> {
    /// Reads the script in its dialect, the one asked for or, where neither is known, any that can read it.
    pub(crate) fn of(script: &'a Script, asked: Option<Dialect>) -> Option<Reading<'a>> {
        let sql = script.sql();
        let known = script.dialect().or(asked);
        let candidates = known.map_or(Dialect::ALL.to_vec(), |dialect| vec![dialect]);
        let (dialect, scanned) = candidates
            .into_iter()
            .map(|dialect| (dialect, scan::scan(sql, dialect)))
            .find(|(_, scan)| scan.is_sound())?;
        let header = Header::read(sql, dialect, &scanned).unwrap_or_default();
        let header = header.marked_beside(script.no_transaction(), &scanned);
        let mut created = HashSet::new();
        let acts = scanned.statements.into_iter().map(|statement| {
            let deed = sentence::read(&statement, sql, dialect);
            let fresh =
                tables(&deed).filter(|table| created.contains(&table.key)).map(|table| table.key.clone()).collect();
            let act = Act { statement, deed, fresh };
            remember(&act, &mut created);
            act
        });
        let acts = acts.collect();
        Some(Reading { script, sql, dialect, is_certain: known.is_some(), header, acts })
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.is_certain && self.dialect == Dialect::Postgres
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.is_certain && self.dialect == Dialect::Sqlite
    }

    /// Whether the runner puts a transaction around the script.
    pub(crate) fn is_in_transaction(&self) -> bool {
        !self.header.no_transaction()
    }

    /// The index of the statement that the offset lies in.
    pub(crate) fn act_at(&self, offset: usize) -> Option<usize> {
        let index = self.acts.partition_point(|act| act.statement.span.end <= offset);
        self.acts.get(index).filter(|act| act.statement.span.contains(&offset)).map(|_| index)
    }
}

/// The tables that a deed touches.
fn tables(deed: &Deed) -> impl Iterator<Item = &Name> {
    let (one, several): (Option<&Name>, &[Name]) = match deed {
        Deed::CreateIndex { table, .. }
        | Deed::CreateTrigger { table }
        | Deed::AlterTable { table, .. }
        | Deed::Update { table, .. }
        | Deed::Delete { table, .. } => (Some(table), &[]),
        Deed::InsertSelect { table, from } => (Some(table), from),
        Deed::DropTable { tables, .. } | Deed::Empty { tables, .. } => (None, tables),
        _ => (None, &[]),
    };
    one.into_iter().chain(several)
}

fn remember(act: &Act, created: &mut HashSet<String>) {
    match &act.deed {
        Deed::CreateTable { table } => _ = created.insert(table.key.clone()),
        Deed::AlterTable { table, actions } if !act.existed(table) => {
            created.extend(actions.iter().filter_map(|action| match &action.change {
                Change::RenameTable { to } => Some(to.key.clone()),
                _ => None,
            }));
        }
        _ => {}
    }
}

/// What a rule has found, at a byte of the script.
#[derive(Clone, Debug)]
pub(crate) struct Finding {
    pub(crate) rule: &'static str,
    pub(crate) offset: usize,
    pub(crate) message: String,
    pub(crate) notes: Vec<String>,
    /// The remedy, where it is not that of the rule.
    pub(crate) help: Option<String>,
}

impl Finding {
    pub(crate) fn new(rule: &'static str, offset: usize, message: impl Into<String>) -> Finding {
        Finding { rule, offset, message: message.into(), notes: Vec::new(), help: None }
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Finding {
        self.notes.push(note.into());
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Finding {
        self.help = Some(help.into());
        self
    }

    /// The finding as it is told; `place` is that of its offset.
    pub(crate) fn into_problem(self, path: &str, place: Place) -> Problem {
        let help =
            self.help.unwrap_or_else(|| crate::rules::of_name(self.rule).map_or("", |rule| rule.remedy).to_owned());
        let problem = Problem::new(self.message, help).of_rule(self.rule).in_file(path).at(place);
        self.notes.into_iter().fold(problem, Problem::with_note)
    }
}
