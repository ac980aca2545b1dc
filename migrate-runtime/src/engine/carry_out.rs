//! From goals to the end: plan, apply, wait for others, plan again.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use migrate_core::{Dialect, Label, TableActs};

use super::apply::Outcome;
use super::choose::Chosen;
use super::foreseen::{Foreseen, Seen};
use super::goal::{Aim, Goal};
use super::prepare::Prepared;
use super::read::Recorded;
use super::wait::{Tries, Wait};
use super::{Engine, refuse};
use crate::driver::{AnySession, DriverError, DriverErrorKind};
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::migrator::Scope;
use crate::report::{Action, Change};

/// What keeps a run from its end.
enum Stop {
    Failed(Error),
    /// Another runner is in the way of a transaction around all, which has to give way before anybody waits.
    Busy(DriverError),
}

impl Stop {
    /// What is said where nobody is left to wait.
    fn told(self) -> Error {
        match self {
            Stop::Failed(error) => error,
            Stop::Busy(error) => refuse::wait_timeout(None, Duration::ZERO, None, Some(error)),
        }
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Failed(error)
    }
}

impl<'a, S: AnySession + ?Sized> Engine<'a, S> {
    /// Reaches the goals one after the other.
    pub(super) async fn carry_out(&mut self, goals: &[Goal<'a>]) -> Result<(), Error> {
        let ended = match self.migrator.scope {
            Scope::PerMigration => self.carry_out_alone(goals).await,
            Scope::All => self.carry_out_whole(goals).await,
        };
        self.restore_settings().await;
        ended
    }

    /// Each migration is a transaction of its own.
    async fn carry_out_alone(&mut self, goals: &[Goal<'a>]) -> Result<(), Error> {
        // A single one finds its problems on its own, before anything is done.
        if goals.len() > 1 {
            self.survey(goals).await?;
        }
        self.carry_out_each(goals, &[]).await.map_err(Stop::told)
    }

    /// What the history has of each goal, and what it takes to reach it, in their order.
    ///
    /// # Errors
    /// The problems of every goal.
    pub(super) async fn survey(&mut self, goals: &[Goal<'a>]) -> Result<Vec<(Recorded, Chosen<'a>)>, Error> {
        let (mut surveyed, mut counted, mut found) = (Vec::new(), 0, None);
        for goal in goals {
            self.select(goal.set)?;
            match self.look_ahead(goal, &mut counted).await {
                Ok(ahead) => surveyed.push(ahead),
                Err(error) => self.gather(error, &mut found)?,
            }
        }
        found.map_or(Ok(surveyed), Err)
    }

    async fn look_ahead(&mut self, goal: &Goal<'a>, counted: &mut usize) -> Result<(Recorded, Chosen<'a>), Error> {
        let recorded = match self.is_whole_run() {
            true => self.history_at_rest(&mut Wait::start(), Some(&goal.aim)).await?,
            false => self.read_history_for(&goal.aim).await?,
        };
        if let Some(row) = recorded.in_the_middle().filter(|row| goal.aim.goes_on_with(row)) {
            if self.is_whole_run() {
                return Err(refuse::in_the_middle_of_whole(row));
            }
            if self.living_holder(row).await?.is_none() {
                self.refuse_held_back(&goal.aim, row, *counted)?;
                let prepared = self.unfinished(row).await?;
                self.where_to_go_on(&prepared, row, goal.aim.decision(row)).await?;
            }
            self.sound_standings(&recorded, self.policy_beside(&goal.aim), Some(&row.version)).await?;
            *counted += 1;
            return Ok((recorded, Chosen::default()));
        }
        let recorded = goal.aim.foreseen(recorded);
        let chosen = self.choose(&goal.aim, &recorded, *counted).await?;
        *counted += chosen.scripts.len();
        Ok((recorded, chosen))
    }

    /// What is done in one transaction leaves no row that refers to nothing.
    async fn carry_out_checked(
        &mut self,
        goals: &[Goal<'a>],
        surveyed: &[(Recorded, Chosen<'a>)],
        scripts: &[&Prepared<'a>],
    ) -> Result<(), Stop> {
        let unread = |error: DriverError| match error.kind() {
            DriverErrorKind::Busy => Stop::Busy(error),
            _ => Stop::Failed(refuse::unchecked_foreign_keys(error)),
        };
        self.foreign_keys.are_checked = self.may_leave_dangling(scripts).await.map_err(unread)?;
        if !self.foreign_keys.are_checked {
            return self.carry_out_each(goals, surveyed).await;
        }
        let tables = TableActs::together(scripts.iter().map(|script| &script.tables));
        self.foreign_keys.before = self.dangling_rows(&tables).await.map_err(unread)?;
        self.carry_out_each(goals, surveyed).await?;
        let found = self.dangling_rows(&tables).await.map_err(unread)?;
        let new = found.new_since(&self.foreign_keys.before, &tables);
        match scripts {
            _ if new.is_empty() => Ok(()),
            [script] => Err(refuse::dangling_rows(script, &new).into()),
            _ => Err(refuse::dangling_rows_of_whole(scripts, &new).into()),
        }
    }

    /// What was `surveyed` is not looked for again where nothing has changed since.
    async fn carry_out_each(&mut self, goals: &[Goal<'a>], surveyed: &[(Recorded, Chosen<'a>)]) -> Result<(), Stop> {
        for (index, goal) in goals.iter().enumerate() {
            self.select(goal.set)?;
            self.reach(&goal.aim, surveyed.get(index)).await.map_err(|stop| match stop {
                Stop::Failed(error) => Stop::Failed(self.told_by_set(error)),
                busy => busy,
            })?;
        }
        Ok(())
    }

    /// All goals in one transaction: nothing lasts unless everything does.
    async fn carry_out_whole(&mut self, goals: &[Goal<'a>]) -> Result<(), Error> {
        let mut tries = Tries::none();
        let mut wait = Wait::start();
        loop {
            // What can be refused is refused before anything is begun, and the table is not part of it.
            let surveyed = self.survey(goals).await?;
            let is_first = surveyed.iter().any(|(recorded, _)| Foreseen::of(recorded).is_empty());
            let left_out: usize = surveyed.iter().map(|(_, chosen)| chosen.left_out).sum();
            let scripts: Vec<&Prepared<'a>> = surveyed.iter().flat_map(|(_, chosen)| &chosen.scripts).collect();
            let (Some(first), Some((recorded, _))) =
                (scripts.first().map(|script| script.label.clone()), surveyed.first())
            else {
                self.report.pending = left_out;
                return Ok(());
            };
            if self.create_table_first(recorded, &mut wait, &first).await? {
                continue;
            }
            let locks_all = is_first && !self.is_nested && self.sql.dialect == Dialect::Postgres;
            let turn = locks_all.then(|| self.turn_of_all(goals, &recorded.facts));
            let may_attach = !self.migrator.steps.is_empty() || scripts.iter().any(|script| script.tables.attaches());
            let attached = self.attached_before(may_attach).await;
            let (was_nested, started) = (self.is_nested, Instant::now());
            let mut ended = self.begin_whole(turn.as_deref(), &mut wait, &first).await.map_err(Stop::Failed);
            if ended.is_ok() {
                ended = self.carry_out_checked(goals, &surveyed, &scripts).await;
            }
            if ended.is_ok() {
                ended = self.close_whole().await.map_err(|error| match error.kind() {
                    DriverErrorKind::Busy => Stop::Busy(error),
                    _ => Stop::Failed(refuse::not_committed(error)),
                });
            }
            if ended.is_err() {
                self.abandon_whole().await;
            }
            self.detach_since(attached).await;
            self.is_nested = was_nested;
            self.foreign_keys.are_checked = false;
            match ended {
                Ok(()) => {
                    for change in &self.report.changes {
                        self.migrator.tell(&change.set, &Event::Changed { change });
                    }
                    return Ok(());
                }
                // Nothing waits inside of the transaction, which holds locks.
                Err(Stop::Busy(error)) => {
                    self.report.changes.clear();
                    self.report.pending = 0;
                    self.wait_for_others(&mut wait, &first, error).await?;
                }
                Err(Stop::Failed(error)) => {
                    self.report.changes.clear();
                    self.report.pending = 0;
                    if error.kind() == ErrorKind::LeftTransaction {
                        return Err(error);
                    }
                    if !error.may_pass() || was_nested {
                        return Err(error.nothing_stays());
                    }
                    match self.locker_behind(&error).await {
                        Some(holder) => self.wait_for_runner(&mut wait, &first, &holder).await?,
                        None => self.try_again(&mut tries, &first, started, error.nothing_stays()).await?,
                    }
                }
            }
        }
    }

    /// Plans and applies until the aim is reached.
    async fn reach(&mut self, aim: &Aim, surveyed: Option<&(Recorded, Chosen<'a>)>) -> Result<(), Stop> {
        let mut wait = Wait::start();
        let mut tries = Tries::none();
        // A claim that failed as if another runner had been faster, with what that means if the history is still the same.
        let mut contested: Option<(Label, Seen, Error)> = None;
        'plan: loop {
            let mut recorded = self.history_at_rest(&mut wait, Some(aim)).await?;
            if let Some(row) = recorded.in_the_middle().filter(|row| aim.goes_on_with(row)).cloned() {
                self.refuse_held_back(aim, &row, self.counted())?;
                self.sound_standings(&recorded, self.policy_beside(aim), Some(&row.version)).await?;
                self.change_settings(&mut recorded).await?;
                self.remove_signs_of_the_dead(&recorded);
                if let Some((label, seen_then, error)) = contested.take()
                    && (label, seen_then) == (row.label(), Seen::of(&recorded.rows))
                {
                    return Err(error.into());
                }
                // What is done of the script may attach, too.
                let attached = self.attached_before(true).await;
                let ended = self.go_on(&row, &recorded, aim.decision(&row)).await;
                self.detach_since(attached).await;
                match ended? {
                    Outcome::Done(change) => self.did(Change { action: Action::Resume, ..change }),
                    // Somebody else has taken it up, unless it is still the same.
                    Outcome::Contested(error) => contested = Some((row.label(), Seen::of(&recorded.rows), error)),
                    Outcome::Busy(error) => self.wait_for_others(&mut wait, &row.label(), error).await?,
                    Outcome::Transient(error) => {
                        self.try_again(&mut tries, &row.label(), Instant::now(), error).await?
                    }
                }
                continue 'plan;
            }
            if matches!(aim, Aim::Resume { .. }) {
                // It is at its end. What others have begun meanwhile is their affair.
                return Ok(());
            }
            let is_same = |(before, _): &&(Recorded, Chosen<'a>)| Seen::of(&before.rows) == Seen::of(&recorded.rows);
            let chosen;
            let Chosen { scripts, left_out } = match surveyed.filter(is_same) {
                Some((_, chosen)) => chosen,
                None => {
                    chosen = self.choose(aim, &recorded, self.counted()).await?;
                    &chosen
                }
            };
            let Some(first) = scripts.first() else {
                self.report.pending += left_out;
                return Ok(());
            };
            if let Some(gone) = self.gone(scripts) {
                return Err(refuse::row_gone(gone).into());
            }
            let mut foreseen = Foreseen::of(&recorded);
            if let Some((label, seen_then, error)) = contested.take()
                && (&label, seen_then) == (&first.label, Seen::of(&recorded.rows))
            {
                // A transaction around all, which alone is tried again, may go on to see what was there when it began.
                return Err(error.that_may_pass(self.keeps_snapshot).into());
            }
            wait.is_for(&first.label);
            if self.create_table_first(&recorded, &mut wait, &first.label).await? {
                continue 'plan;
            }
            self.change_settings(&mut recorded).await?;
            self.remove_signs_of_the_dead(&recorded);
            let migrations: Vec<Label> = scripts.iter().map(|script| script.label.clone()).collect();
            self.migrator.tell(self.set_name(), &Event::Planned { migrations: &migrations });

            let mut others_helped = false;
            for (index, script) in scripts.iter().enumerate() {
                wait.is_for(&script.label);
                let started = Instant::now();
                match self.apply(script, scripts.get(index + 1), &recorded, &foreseen).await? {
                    Outcome::Done(change) => {
                        foreseen.is_done(script);
                        foreseen.note_turn();
                        if self.may_write_to_history(script) {
                            foreseen.note_meddler();
                        }
                        tries = Tries::none();
                        self.did(change);
                    }
                    Outcome::Contested(_) if self.is_done_by_now(script).await? => {
                        foreseen.is_done(script);
                        others_helped = true;
                    }
                    Outcome::Contested(error) => {
                        contested = Some((script.label.clone(), Seen::of(&recorded.rows), error));
                        continue 'plan;
                    }
                    Outcome::Busy(error) if self.whole.is_some() => return Err(Stop::Busy(error)),
                    Outcome::Busy(error) => {
                        self.wait_for_others(&mut wait, &script.label, error).await?;
                        continue 'plan;
                    }
                    // Inside a transaction nothing can be tried again but the whole, which is ours or the user's.
                    Outcome::Transient(error) if self.whole.is_some() => return Err(error.into()),
                    Outcome::Transient(error) if self.is_nested => {
                        return Err(self.with_blockers(error, started).await.into());
                    }
                    Outcome::Transient(error) => {
                        match self.locker_behind(&error).await {
                            Some(holder) => self.wait_for_runner(&mut wait, &script.label, &holder).await?,
                            None => self.try_again(&mut tries, &script.label, started, error).await?,
                        }
                        continue 'plan;
                    }
                }
            }
            if !others_helped {
                self.report.pending += left_out;
                return Ok(());
            }
        }
    }

    /// A migration that this very run has applied, and that the history knows nothing of, or that it has applied again and again:
    /// going on would never end. What others revert meanwhile is applied again, and they leave a row.
    fn gone<'s>(&self, scripts: &'s [Prepared<'_>]) -> Option<&'s Label> {
        const MOST: usize = 5;
        let mut times: HashMap<&str, usize> = HashMap::new();
        for change in self.report.changes.iter().filter(|change| change.set == self.set_name()) {
            match change.action {
                Action::Apply | Action::Resume => *times.entry(change.migration.as_str()).or_default() += 1,
                _ => _ = times.remove(change.migration.as_str()),
            }
        }
        let is_gone = |script: &&Prepared<'_>| {
            let times = times.get(script.label.as_str()).copied().unwrap_or(0);
            script.action() == Action::Apply && (times > 0 && script.row.is_none() || times >= MOST)
        };
        scripts.iter().find(is_gone).map(|script| &script.label)
    }

    /// Whether a script may write to the history itself, or make a trigger on it, as far as its text tells. On Postgres what is not plain,
    /// such as `DO`, may execute what its text does not show.
    pub(super) fn may_write_to_history(&self, script: &Prepared<'_>) -> bool {
        let shows_all = self.sql.dialect == Dialect::Sqlite || script.is_plain;
        !shows_all || script.names_history || self.step_of(script).is_some()
    }

    /// Takes note of what was done.
    fn did(&mut self, change: Change) {
        if self.whole.is_none() {
            self.migrator.tell(&change.set, &Event::Changed { change: &change });
        }
        self.report.changes.push(change);
    }
}
