//! What a verb is out for, and the scripts that it takes to get there.

use std::borrow::Cow;

use migrate_core::plan::{Ahead, Item, Policy, Standing, Standings};
use migrate_core::{Direction, HistoryRow, Label, RowState, Version};

use super::edits::Edit;
use super::outside::OF_SCRIPT_DOWN;
use super::prepare::{self, Prepared, Source};
use super::read::Recorded;
use super::wait::Wait;
use super::{Engine, refuse};
use crate::driver::Session;
use crate::error::Error;
use crate::migrations::Migrations;
use crate::migrator::Resume;
use crate::report::{Action, Plan, PlannedChange, count};

/// What a user asks for.
#[derive(Clone, Debug)]
pub(crate) enum Verb {
    Run,
    RevertTo(Version),
    RevertLast(usize),
    RedoLast(usize),
    Reset,
    Resume(Resume),
    Edit(Edit),
}

impl Verb {
    /// What a report says that has nothing else to say.
    pub(super) fn when_empty(&self) -> &'static str {
        match self {
            Verb::Run => "up to date",
            Verb::RevertTo(_) | Verb::RevertLast(_) | Verb::Reset => "nothing to revert",
            Verb::RedoLast(_) => "nothing to redo",
            Verb::Resume(_) => "nothing to resume",
            Verb::Edit(Edit::Repair(..)) => "nothing to repair",
            #[cfg(feature = "adopt")]
            Verb::Edit(Edit::Adopt(_)) => "nothing to adopt",
            Verb::Edit(_) => "nothing to record",
        }
    }
}

/// What is to be reached with one set.
#[derive(Clone, Debug)]
pub(super) struct Goal<'a> {
    pub(super) set: &'a Migrations,
    pub(super) aim: Aim,
}

#[derive(Clone, Debug)]
pub(super) enum Aim {
    /// What is pending is applied, as far as the options go.
    Run,
    /// These are applied again, unless they are. What was applied beneath them when they were chosen has to be still.
    Reapply { versions: Vec<Version>, beneath: Vec<Version> },
    /// These are reverted, unless they are, the latest first.
    Revert(Vec<Version>),
    /// What was left in the middle is brought to its end.
    Resume(Resume),
}

/// What it takes to reach an aim, given a history.
#[derive(Default)]
pub(super) struct Chosen<'a> {
    /// In the order in which they run.
    pub(super) scripts: Vec<Prepared<'a>>,
    /// How many pending migrations of the set a run leaves out, as it was told to.
    pub(super) left_out: usize,
}

/// How many of these `Migrator::at_most` counts.
fn counted(actions: impl Iterator<Item = Action>) -> usize {
    actions.filter(|action| matches!(action, Action::Apply | Action::Resume)).count()
}

impl Aim {
    /// Whether what was left in the middle is brought to its end first. A revert goes on with what is to be reverted.
    pub(super) fn goes_on_with(&self, row: &HistoryRow) -> bool {
        match self {
            Aim::Run | Aim::Resume(_) => true,
            Aim::Reapply { .. } => false,
            Aim::Revert(versions) => row.state == RowState::Reverting && versions.contains(&row.version),
        }
    }

    /// The history as it will be when it is the aim's turn.
    pub(super) fn foreseen(&self, mut recorded: Recorded) -> Recorded {
        if let Aim::Reapply { versions, .. } = self {
            // They are reverted by then.
            recorded.rows.retain(|row| !versions.contains(&row.version));
        }
        recorded
    }
}

impl<'a, S: Session> Engine<'a, S> {
    /// What it takes to do what a verb is for; nothing when it is done already.
    ///
    /// # Errors
    /// Every problem with the history that keeps the verb from being done.
    pub(super) async fn goals(&mut self, verb: &Verb) -> Result<Vec<Goal<'a>>, Error> {
        match verb {
            Verb::Run => return self.goals_of_run().await,
            Verb::Reset if !self.migrator.may_reset => return Err(refuse::reset_not_allowed()),
            _ => {}
        }
        let mut goals = Vec::new();
        let sets = self.sets.clone();
        if sets.len() > 1 && !matches!(verb, Verb::Reset) {
            return Err(refuse::one_set_only());
        }
        // What came later is in the way of what came before.
        for set in sets.into_iter().rev() {
            self.select(set)?;
            goals.extend(self.aims(verb).await?.into_iter().map(|aim| Goal { set, aim }));
        }
        Ok(goals)
    }

    async fn goals_of_run(&mut self) -> Result<Vec<Goal<'a>>, Error> {
        let mut goals = Vec::new();
        if let Some(target) = &self.migrator.target
            && self.sets.len() > 1
        {
            return Err(refuse::target_of_many(target));
        }
        let sets = self.sets.clone();
        for set in sets {
            self.select(set)?;
            if let Some(target) = &self.migrator.target
                && !self.migrations.iter().any(|migration| migration.version() == target)
            {
                return Err(refuse::unknown_version(target));
            }
            if !self.is_verified().await? {
                self.refuse_before_its_time(set).await?;
                goals.push(Goal { set, aim: Aim::Run });
            }
        }
        Ok(goals)
    }

    /// What a set comes after has to be applied, as far as this binary knows it, if it is not part of the run. What else the other set
    /// has in the history is its own affair.
    async fn refuse_before_its_time(&mut self, set: &'a Migrations) -> Result<(), Error> {
        let is_here =
            |other: &Migrations, sets: &[&Migrations]| sets.iter().any(|own| own.set.name() == other.set.name());
        for other in set.before_it().filter(|other| !is_here(other, &self.sets)).collect::<Vec<_>>() {
            self.select(other)?;
            if self.is_verified().await? {
                continue;
            }
            let recorded = self.read_history().await?;
            let standings = Standings::compare(&self.migrations, recorded.rows);
            let is_lacking = |item: &&Item<'_>| item.embedded().is_some() && item.standing() != Standing::Applied;
            let lacking: Vec<&Item<'_>> = standings.items().iter().filter(is_lacking).collect();
            if !lacking.is_empty() {
                return Err(refuse::before_its_time(set.set.name(), other.set.name(), &lacking));
            }
        }
        self.select(set)
    }

    async fn aims(&mut self, verb: &Verb) -> Result<Vec<Aim>, Error> {
        let most = match verb {
            Verb::Run | Verb::Edit(_) => return Ok(Vec::new()),
            Verb::Resume(decision) => {
                let is_left = self.read_history().await?.in_the_middle().is_some();
                return Ok(is_left.then_some(Aim::Resume(*decision)).into_iter().collect());
            }
            Verb::RevertLast(most) | Verb::RedoLast(most) => *most,
            Verb::RevertTo(_) | Verb::Reset => usize::MAX,
        };
        let recorded = self.history_at_rest(&mut Wait::start()).await?;
        // One that was interrupted on its way down is the first to go.
        let begun = recorded.in_the_middle().filter(|row| row.state == RowState::Reverting).map(|row| &row.version);
        let standings = self.sound_standings(&recorded, LENIENT, begun).await?;
        let floor = match verb {
            Verb::RevertTo(version) => {
                standings.of(version).ok_or_else(|| refuse::unknown_version(version))?;
                Some(version)
            }
            _ => None,
        };
        let is_above = |item: &&Item<'_>| floor.is_none_or(|floor| item.version() > floor);
        let is_begun = |item: &Item<'_>| begun == Some(item.version());
        let reverted: Vec<&Item<'a>> = standings
            .items()
            .iter()
            .rev()
            .filter(|item| is_applied(item) || is_begun(item))
            .filter(is_above)
            .take(most)
            .collect();
        let versions: Vec<Version> = reverted.iter().map(|item| item.version().clone()).collect();
        if begun.is_some_and(|begun| !versions.contains(begun)) {
            // It is none of those that are to go, and nothing else can be done before it is.
            self.sound_standings(&recorded, LENIENT, None).await?;
        }
        if versions.is_empty() {
            return Ok(Vec::new());
        }
        if !matches!(verb, Verb::RedoLast(_)) {
            return Ok(vec![Aim::Revert(versions)]);
        }
        let lost: Vec<Label> =
            reverted.iter().filter(|item| item.embedded().is_none()).map(|item| item.label()).collect();
        if !lost.is_empty() {
            return Err(refuse::not_in_binary(&lost));
        }
        let all = applied(&standings).map(|item| item.version().clone());
        let beneath = all.filter(|version| !versions.contains(version)).collect();
        Ok(vec![Aim::Revert(versions.clone()), Aim::Reapply { versions, beneath }])
    }

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
                let is_above = |item: &&Item<'_>| versions.iter().all(|version| item.version() > version);
                let above: Vec<Label> = applied(&standings).filter(is_above).map(Item::label).collect();
                if !above.is_empty() && !versions.is_empty() {
                    return Err(refuse::applied_meanwhile(&above));
                }
                self.downs(&standings, versions).await?
            }
            Aim::Resume(_) => Vec::new(),
        };
        let scripts = prepare::all(sources, self.sql.dialect)?;
        self.refuse_steps_of_another_driver(&scripts)?;
        let outside: Vec<Label> =
            scripts.iter().filter(|script| script.runs_outside()).map(|script| script.label.clone()).collect();
        if self.is_whole_run() && !outside.is_empty() {
            return Err(refuse::outside_of_whole(&outside));
        }
        if let Some(first) = outside.first().filter(|_| self.is_nested) {
            return Err(refuse::outside_in_transaction(first, false));
        }
        Ok(Chosen { scripts, left_out })
    }

    /// Adds what a dry run tells of a goal, after what it told of those before.
    pub(super) async fn plan_goal(&mut self, goal: &Goal<'a>, plan: &mut Plan) -> Result<(), Error> {
        let mut recorded = self.read_history().await?;
        let counted_in = |plan: &Plan| counted(plan.changes.iter().map(|change| change.action));
        if let Some(row) = recorded.in_the_middle().filter(|row| goal.aim.goes_on_with(row)).cloned() {
            if self.is_whole_run() {
                return Err(refuse::in_the_middle_of_whole());
            }
            plan.changes.extend(self.plan_to_go_on(&row, goal, counted_in(plan)).await?);
            recorded.rows.iter_mut().filter(|own| own.version == row.version).for_each(|own| {
                own.state = if row.state == RowState::Running { RowState::Applied } else { RowState::Pending };
                // With the text of today.
                let today = self.migrations.iter().find(|migration| *migration.version() == own.version);
                own.checksum = today.map_or(own.checksum, |migration| migration.up().checksum());
            });
        }
        let recorded = goal.aim.foreseen(recorded);
        let set = self.set_name().to_owned();
        let chosen = self.choose(&goal.aim, &recorded, counted_in(plan)).await?;
        for script in chosen.scripts {
            let note = self.note_on_foreign_keys(&script).await?;
            let action = script.action();
            let mut change = script.into_plan(set.clone(), action);
            change.notes.extend(note);
            plan.changes.push(change);
        }
        plan.pending += chosen.left_out;
        Ok(())
    }

    async fn plan_to_go_on(
        &mut self,
        row: &HistoryRow,
        goal: &Goal<'a>,
        counted: usize,
    ) -> Result<Option<PlannedChange>, Error> {
        if self.living_holder(row.claim.as_deref()).await?.is_some() {
            // Whoever is at work will be waited for.
            return Ok(None);
        }
        self.refuse_held_back(&goal.aim, row, counted)?;
        let decision = if let Aim::Resume(decision) = goal.aim { Some(decision) } else { None };
        let prepared = self.unfinished(row).await?;
        let (done, note) = self.where_to_go_on(&prepared, row, decision).await?;
        let set = self.set_name().to_owned();
        let is_down = prepared.direction == Direction::Down;
        let mut change = prepared.into_plan(set, Action::Resume);
        change.notes.extend(is_down.then(|| OF_SCRIPT_DOWN.to_owned()));
        change.notes.push(format!("{done} of its {} done", count(change.statements, "statement")));
        change.notes.extend(note);
        change.statements -= done.min(change.statements);
        Ok(Some(change))
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
            Aim::Reapply { .. } | Aim::Revert(_) | Aim::Resume(_) => LENIENT,
        }
    }

    /// What an aim can live with beside what it goes on with.
    pub(super) fn policy_beside(&self, aim: &Aim) -> Policy {
        if let Aim::Revert(_) = aim { LENIENT } else { self.migrator.policy }
    }

    /// The scripts down of these migrations, the latest first.
    async fn downs(&mut self, standings: &Standings<'a>, versions: &[Version]) -> Result<Vec<Source<'a>>, Error> {
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

    fn embedded(&self, version: &Version) -> Option<migrate_core::Migration<'a>> {
        self.migrations.iter().find(|migration| migration.version() == version).copied()
    }
}

/// Goes on whatever is missing, ahead or out of order.
pub(super) const LENIENT: Policy = Policy { allow_out_of_order: true, allow_missing: true, ahead: Ahead::Allow };

/// The script up of a migration of the binary.
fn up<'a>(item: &Item<'a>) -> Option<Source<'a>> {
    Some(source_up(item.embedded()?, item.taken_back().cloned()))
}

fn source_up<'a>(migration: migrate_core::Migration<'a>, row: Option<HistoryRow>) -> Source<'a> {
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

/// What is applied, the latest last.
fn applied<'s, 'a>(standings: &'s Standings<'a>) -> impl DoubleEndedIterator<Item = &'s Item<'a>> {
    standings.items().iter().filter(|item| is_applied(item))
}

fn is_applied(item: &Item<'_>) -> bool {
    matches!(item.standing(), Standing::Applied | Standing::Missing | Standing::Ahead | Standing::Divergent)
}
