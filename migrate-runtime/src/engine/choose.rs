//! The scripts that it takes to reach an aim, and how far a run may go.

use std::borrow::Cow;
use std::collections::BTreeSet;

use migrate_core::plan::{Item, Policy, Standings};
use migrate_core::{Direction, HistoryRow, Label, Migration, RowState, Version};

use super::goal::{Aim, LENIENT, applied};
use super::prepare::{self, Prepared, Source};
use super::read::Recorded;
use super::{Engine, refuse};
use crate::driver::AnySession;
use crate::error::Error;
use crate::report::Action;

/// What it takes to reach an aim, given a history.
#[derive(Default)]
pub(super) struct Chosen<'a> {
    /// In the order in which they run.
    pub(super) scripts: Vec<Prepared<'a>>,
    /// How many pending migrations of the set a run leaves out, as it was told to.
    pub(super) left_out: usize,
}

/// How many of these `Migrator::at_most` counts.
pub(super) fn counted(actions: impl Iterator<Item = Action>) -> usize {
    actions.filter(|action| matches!(action, Action::Apply | Action::Resume)).count()
}

impl<'a, S: AnySession + ?Sized> Engine<'a, S> {
    /// The scripts between a history and an aim, after so many that `Migrator::at_most` counts.
    ///
    /// # Errors
    /// Every problem with the history that keeps the aim from being reached, or with the scripts.
    pub(super) async fn choose(&mut self, aim: &Aim, recorded: &Recorded, counted: usize) -> Result<Chosen<'a>, Error> {
        let standings = self.sound_standings(recorded, self.policy(aim), None).await?;
        let mut left_out = 0;
        let sources = match aim {
            Aim::Run => {
                let sources: Vec<Source<'a>> =
                    self.pending(&standings).take(self.left_after(counted)).filter_map(up).collect();
                left_out = standings.pending(self.migrator.policy).count() - sources.len();
                sources
            }
            Aim::Reapply { versions, beneath } => {
                let is_applied = |version: &Version| standings.of(version).is_some_and(|item| item.row().is_some());
                let gone: Vec<&Version> = beneath.iter().filter(|version| !is_applied(version)).collect();
                if !gone.is_empty() {
                    return Err(refuse::reverted_meanwhile(&gone));
                }
                let is_left = |item: &&Item<'_>| item.row().is_none() && versions.contains(item.version());
                standings.items().iter().filter(is_left).filter_map(up).collect()
            }
            Aim::Revert(versions) => {
                // There was nothing above them when it was decided which they are.
                let is_above = |item: &&Item<'_>| versions.last().is_none_or(|latest| item.version() > latest);
                let above: Vec<Label> = applied(&standings).filter(is_above).map(Item::label).collect();
                if !above.is_empty() {
                    return Err(refuse::applied_meanwhile(&above));
                }
                self.downs(&standings, versions).await?
            }
            Aim::Resume { .. } => Vec::new(),
        };
        let scripts = prepare::all(sources, self.sql.dialect, &self.table.table)?;
        self.refuse_steps_of_another_driver(&scripts)?;
        let outside: Vec<Label> =
            scripts.iter().filter(|script| script.runs_outside()).map(|script| script.label.clone()).collect();
        if self.is_whole_run() && !outside.is_empty() {
            return Err(refuse::outside_of_whole(&outside));
        }
        if let Some(first) = outside.first().filter(|_| self.is_nested) {
            return Err(refuse::outside_in_transaction(first));
        }
        Ok(Chosen { scripts, left_out })
    }

    /// What was left in the middle goes on only as far as a run may go; and nothing else can run before it is done.
    pub(super) fn refuse_held_back(&self, aim: &Aim, row: &HistoryRow, counted: usize) -> Result<(), Error> {
        if !matches!(aim, Aim::Run) {
            return Ok(());
        }
        match &self.migrator.target {
            Some(target) if row.version > *target && row.state == RowState::Running => {
                Err(refuse::interrupted_above(row, target))
            }
            _ if self.left_after(counted) == 0 => Err(refuse::interrupted_beyond(row)),
            _ => Ok(()),
        }
    }

    /// How many migrations a run may still apply.
    fn left_after(&self, counted: usize) -> usize {
        self.migrator.at_most.map_or(usize::MAX, |most| most.saturating_sub(counted))
    }

    /// How many that `Migrator::at_most` counts the verb has done up to now.
    pub(super) fn counted(&self) -> usize {
        counted(self.report.changes.iter().map(|change| change.action))
    }

    /// What is pending, up to the target.
    pub(super) fn pending<'s>(&self, standings: &'s Standings<'a>) -> impl Iterator<Item = &'s Item<'a>> {
        let target = self.migrator.target.clone();
        let is_below = move |item: &&Item<'_>| target.as_ref().is_none_or(|target| item.version() <= target);
        standings.pending(self.migrator.policy).filter(is_below)
    }

    /// What an aim can live with.
    fn policy(&self, aim: &Aim) -> Policy {
        match aim {
            Aim::Run => self.migrator.policy,
            // Named migrations, whatever is between and above them.
            Aim::Reapply { .. } | Aim::Revert(_) | Aim::Resume { .. } => LENIENT,
        }
    }

    /// What an aim can live with beside what it goes on with.
    pub(super) fn policy_beside(&self, aim: &Aim) -> Policy {
        if let Aim::Revert(_) = aim { LENIENT } else { self.migrator.policy }
    }

    /// The scripts down of these migrations, the latest first.
    async fn downs(
        &mut self,
        standings: &Standings<'a>,
        versions: &BTreeSet<Version>,
    ) -> Result<Vec<Source<'a>>, Error> {
        let mut sources = Vec::new();
        let mut lacking: Vec<Label> = Vec::new();
        for item in standings.items().iter().rev() {
            let Some(row) = item.row().filter(|_| versions.contains(item.version())) else { continue };
            match self.source_down(row).await? {
                Some(source) => sources.push(source),
                None => lacking.push(item.label()),
            }
        }
        if lacking.is_empty() { Ok(sources) } else { Err(refuse::no_down(&lacking)) }
    }

    /// The script down of a migration: that of the binary, or else that of the history.
    pub(super) async fn source_down(&mut self, row: &HistoryRow) -> Result<Option<Source<'a>>, Error> {
        let embedded = self.embedded(&row.version);
        let (path, sql, is_marked_beside) = match embedded {
            Some(migration) => match migration.down() {
                Some(down) => (Cow::Borrowed(down.path()), Cow::Borrowed(down.sql()), down.no_transaction()),
                None => return Ok(None),
            },
            None => match self.stored_text("down_sql", &row.version).await? {
                Some(sql) => {
                    (Cow::Owned(format!("{}, down, as the history has it", row.label())), Cow::Owned(sql), false)
                }
                None => return Ok(None),
            },
        };
        let label = embedded.map_or_else(|| row.label(), |migration| migration.label());
        Ok(Some(Source {
            version: row.version.clone(),
            label,
            direction: Direction::Down,
            path,
            sql,
            is_marked_beside,
            embedded,
            row: Some(row.clone()),
        }))
    }

    /// The script up of the binary for a row.
    pub(super) fn source_up(&self, row: &HistoryRow) -> Option<Source<'a>> {
        self.embedded(&row.version).map(|migration| source_up(migration, Some(row.clone())))
    }

    fn embedded(&self, version: &Version) -> Option<Migration<'a>> {
        let found = self.migrations.binary_search_by(|migration| migration.version().cmp(version)).ok()?;
        self.migrations.get(found).copied()
    }
}

/// The script up of a migration of the binary.
fn up<'a>(item: &Item<'a>) -> Option<Source<'a>> {
    Some(source_up(item.embedded()?, item.taken_back().cloned()))
}

fn source_up<'a>(migration: Migration<'a>, row: Option<HistoryRow>) -> Source<'a> {
    let up = migration.up();
    Source {
        version: migration.version().clone(),
        label: migration.label(),
        direction: Direction::Up,
        path: Cow::Borrowed(up.path()),
        sql: Cow::Borrowed(up.sql()),
        is_marked_beside: up.no_transaction(),
        embedded: Some(migration),
        row,
    }
}
