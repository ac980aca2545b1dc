//! What a verb would do: the goals are looked at, and nothing is written.

use migrate_core::{Direction, HistoryRow, RowState};

use super::choose::counted;
use super::goal::{Aim, Goal, Verb};
use super::outside::OF_SCRIPT_DOWN;
use super::{Engine, refuse};
use crate::driver::Session;
use crate::error::Error;
use crate::report::{Action, Plan, PlannedChange, count};

impl<'a, S: Session> Engine<'a, S> {
    /// What a verb would do.
    pub(crate) async fn plan(mut self, verb: &Verb) -> Result<Plan, Error> {
        let mut plan = Plan { when_empty: verb.when_empty(), total: self.report.total, ..Plan::default() };
        if let Verb::Edit(edit) = verb {
            plan.changes = self.plan_edit(edit).await?;
            return Ok(plan);
        }
        let mut found = None;
        for goal in self.goals(verb).await? {
            self.select(goal.set)?;
            if let Err(error) = self.plan_goal(&goal, &mut plan).await {
                self.gather(error, &mut found)?;
            }
        }
        found.map_or(Ok(plan), Err)
    }

    /// Adds what a goal takes, after what those before it take.
    async fn plan_goal(&mut self, goal: &Goal<'a>, plan: &mut Plan) -> Result<(), Error> {
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
}
