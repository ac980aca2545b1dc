//! What a verb would do: the goals are looked at, and nothing is written.

use migrate_core::{Direction, HistoryRow, RowState};

use super::choose::{Chosen, counted};
use super::goal::{Goal, Verb};
use super::outside::OF_SCRIPT_DOWN;
use super::prepare::Prepared;
use super::{Engine, refuse};
use crate::driver::AnySession;
use crate::error::Error;
use crate::report::{Action, Plan, PlannedChange, count};

impl<'a, S: AnySession + ?Sized> Engine<'a, S> {
    /// What a verb would do.
    pub(crate) async fn plan(mut self, verb: &Verb) -> Result<Plan, Error> {
        let mut plan = Plan { when_empty: verb.when_empty(), total: self.report.total, ..Plan::default() };
        if let Verb::Edit(edit) = verb {
            self.select(self.migrations_of)?;
            plan.changes = self.plan_edit(edit).await?;
            return Ok(plan);
        }
        let goals = self.goals(verb).await?;
        if self.is_whole_run() {
            return self.plan_whole(&goals, plan).await;
        }
        let mut found = None;
        for goal in &goals {
            self.select(goal.set)?;
            if let Err(error) = self.plan_goal(goal, &mut plan).await {
                self.gather(error, &mut found)?;
            }
        }
        found.map_or(Ok(plan), Err)
    }

    /// What all goals take together, in one transaction.
    async fn plan_whole(&mut self, goals: &[Goal<'a>], mut plan: Plan) -> Result<Plan, Error> {
        let surveyed = self.survey(goals).await?;
        let scripts: Vec<&Prepared<'a>> = surveyed.iter().flat_map(|(_, chosen)| &chosen.scripts).collect();
        let mut notes = self.notes_on_foreign_keys(&scripts).await.map_err(refuse::unchecked_foreign_keys)?.into_iter();
        for (goal, (_, chosen)) in goals.iter().zip(surveyed) {
            plan.pending += chosen.left_out;
            plan.add(goal.set.set.name(), chosen.scripts, &mut notes);
        }
        Ok(plan)
    }

    /// Adds what a goal takes, after what those before it take.
    async fn plan_goal(&mut self, goal: &Goal<'a>, plan: &mut Plan) -> Result<(), Error> {
        let mut recorded = self.read_history_for(&goal.aim).await?;
        let counted_in = |plan: &Plan| counted(plan.changes.iter().map(|change| change.action));
        if let Some(row) = recorded.in_the_middle().filter(|row| goal.aim.goes_on_with(row)).cloned() {
            match self.living_holder(&row).await? {
                Some(holder) => plan.waits_for.push(format!("{holder}, which is at work on {}", row.label())),
                None => plan.changes.push(self.plan_to_go_on(&row, goal, counted_in(plan)).await?),
            }
            recorded.rows.iter_mut().filter(|own| own.version == row.version).for_each(|own| {
                own.state = if row.state == RowState::Running { RowState::Applied } else { RowState::Pending };
                // With the text of today.
                let today = self.migrations.iter().find(|migration| *migration.version() == own.version);
                own.checksum = today.map_or(own.checksum, |migration| migration.up().checksum());
            });
        }
        let recorded = goal.aim.foreseen(recorded);
        let Chosen { scripts, left_out } = self.choose(&goal.aim, &recorded, counted_in(plan)).await?;
        let notes = self.notes_on_foreign_keys(&scripts.iter().collect::<Vec<_>>()).await;
        let notes = notes.map_err(refuse::unchecked_foreign_keys)?;
        plan.add(self.set_name(), scripts, &mut notes.into_iter());
        plan.pending += left_out;
        Ok(())
    }

    async fn plan_to_go_on(
        &mut self,
        row: &HistoryRow,
        goal: &Goal<'a>,
        counted: usize,
    ) -> Result<PlannedChange, Error> {
        self.refuse_held_back(&goal.aim, row, counted)?;
        let prepared = self.unfinished(row).await?;
        let found = self.where_to_go_on(&prepared, row, goal.aim.decision(row)).await?;
        let done = found.progress.done;
        let set = self.set_name().to_owned();
        let is_down = prepared.direction == Direction::Down;
        let mut change = prepared.into_plan(set, Action::Resume);
        change.notes.extend(is_down.then(|| OF_SCRIPT_DOWN.to_owned()));
        change.notes.push(format!("{done} of its {} done", count(change.statements, "statement")));
        change.notes.extend(found.verdict);
        change.statements -= done.min(change.statements);
        Ok(change)
    }
}

impl Plan {
    fn add(&mut self, set: &str, scripts: Vec<Prepared<'_>>, notes: &mut impl Iterator<Item = Option<&'static str>>) {
        for (script, note) in scripts.into_iter().zip(notes) {
            let action = script.action();
            let mut change = script.into_plan(set.to_owned(), action);
            change.notes.extend(note.map(str::to_owned));
            self.changes.push(change);
        }
    }
}
