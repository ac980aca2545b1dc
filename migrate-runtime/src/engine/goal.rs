//! What a verb is out for.

use std::collections::BTreeSet;

use migrate_core::plan::{Ahead, Item, Policy, Standing, Standings};
use migrate_core::{HistoryRow, Label, RowState, Version};

use super::edits::Edit;
use super::read::Recorded;
use super::wait::Wait;
use super::{Engine, refuse};
use crate::driver::AnySession;
use crate::error::Error;
use crate::migrations::Migrations;
use crate::migrator::Resume;

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
    Reapply { versions: BTreeSet<Version>, beneath: Vec<Version> },
    /// These are reverted, unless they are, the latest first.
    Revert(BTreeSet<Version>),
    /// What was left in the middle is brought to its end. What was decided is about the row as it was then, and about no other; it is
    /// nothing when somebody was at work.
    Resume { seen: Box<HistoryRow>, decision: Option<Resume> },
}

impl Aim {
    /// Whether what was left in the middle is brought to its end first. A revert goes on with what is to be reverted.
    pub(super) fn goes_on_with(&self, row: &HistoryRow) -> bool {
        match self {
            Aim::Run => true,
            Aim::Resume { seen, .. } => seen.version == row.version,
            Aim::Reapply { .. } => false,
            Aim::Revert(versions) => row.state == RowState::Reverting && versions.contains(&row.version),
        }
    }

    /// What was decided about what is left in the middle, if that is what it was decided about: whoever goes on with it, signs.
    pub(super) fn decision(&self, row: &HistoryRow) -> Option<Resume> {
        let of = |row: &HistoryRow| (row.version.clone(), row.statements_begun, row.statements_done, row.audit.clone());
        match self {
            Aim::Resume { seen, decision } if of(seen) == of(row) => *decision,
            _ => None,
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

impl<'a, S: AnySession + ?Sized> Engine<'a, S> {
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
            self.turn_to(set);
            if let Some(target) = &self.migrator.target {
                self.select(set)?;
                if !self.migrations.iter().any(|migration| migration.version() == target) {
                    return Err(refuse::unknown_version(target));
                }
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
                let recorded = self.read_history().await?;
                let Some(row) = recorded.in_the_middle() else { return Ok(Vec::new()) };
                let is_at_work = self.living_holder(row).await?.is_some();
                let decision = Some(*decision).filter(|_| !is_at_work);
                return Ok(vec![Aim::Resume { seen: Box::new(row.clone()), decision }]);
            }
            Verb::RevertLast(most) | Verb::RedoLast(most) => *most,
            Verb::RevertTo(_) | Verb::Reset => usize::MAX,
        };
        let recorded = self.history_at_rest(&mut Wait::start(), None).await?;
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
        let versions: BTreeSet<Version> = reverted.iter().map(|item| item.version().clone()).collect();
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
}

/// Goes on whatever is missing, ahead or out of order.
pub(super) const LENIENT: Policy = Policy { allow_out_of_order: true, allow_missing: true, ahead: Ahead::Allow };

/// What is applied, the latest last.
pub(super) fn applied<'s, 'a>(standings: &'s Standings<'a>) -> impl DoubleEndedIterator<Item = &'s Item<'a>> {
    standings.items().iter().filter(|item| is_applied(item))
}

fn is_applied(item: &Item<'_>) -> bool {
    matches!(item.standing(), Standing::Applied | Standing::Missing | Standing::Ahead | Standing::Divergent)
}
