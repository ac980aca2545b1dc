//! Verbs that change the history alone: baseline, repair, marks. No script runs.

use migrate_core::plan::{Item, Standing, Standings};
use migrate_core::scan::scan;
use migrate_core::{Dialect, Label, Migration, RowState, Version};

use super::foreseen::{Foreseen, Seen};
use super::read::Recorded;
use super::sql::Signature;
use super::wait::Wait;
use super::{Engine, refuse};
use crate::driver::{DriverErrorKind, Session};
use crate::error::Error;
use crate::event::Event;
use crate::report::{Action, Change, PlannedChange};

/// A change of the history alone.
#[derive(Clone, Debug)]
pub(crate) enum Edit {
    /// Everything up to the version counts as applied.
    Baseline(Version),
    /// The history takes over what the binary has.
    Repair(Version, String),
    /// The migration counts as applied.
    MarkApplied(Version, String),
    /// The migration counts as not applied.
    MarkPending(Version, String),
}

/// What an edit writes about one migration.
pub(super) struct Entry {
    label: Label,
    sql: String,
}

impl Edit {
    pub(super) fn action(&self) -> Action {
        match self {
            Edit::Baseline(_) => Action::Baseline,
            Edit::Repair(..) => Action::Repair,
            Edit::MarkApplied(..) => Action::MarkApplied,
            Edit::MarkPending(..) => Action::MarkPending,
        }
    }

    fn reason(&self) -> &str {
        match self {
            Edit::Baseline(_) => "",
            Edit::Repair(_, reason) | Edit::MarkApplied(_, reason) | Edit::MarkPending(_, reason) => reason,
        }
    }
}

impl<S: Session> Engine<'_, S> {
    /// What an edit would do.
    pub(super) async fn plan_edit(&mut self, edit: &Edit) -> Result<Vec<PlannedChange>, Error> {
        let recorded = self.read_history().await?;
        let entries = self.entries(edit, &recorded).await?;
        let planned = |entry: Entry| PlannedChange {
            set: self.set_name().to_owned(),
            migration: entry.label,
            action: edit.action(),
            statements: 0,
            path: String::new(),
            sql: String::new(),
        };
        Ok(entries.into_iter().map(planned).collect())
    }

    /// Does it, all or nothing.
    pub(super) async fn carry_out_edit(&mut self, edit: &Edit) -> Result<(), Error> {
        let mut wait = Wait::start();
        let mut contested: Option<(Seen, Error)> = None;
        loop {
            let recorded = self.read_history().await?;
            let entries = self.entries(edit, &recorded).await?;
            let Some(first) = entries.first().map(|entry| entry.label.clone()) else { return Ok(()) };
            let foreseen = Foreseen::of(&recorded.rows);
            if let Some((seen_then, error)) = contested.take()
                && seen_then == Seen::of(&recorded.rows)
            {
                return Err(error);
            }
            wait.is_for(&first);
            if self.create_table_first(&recorded, &mut wait, &first).await? {
                continue;
            }
            let written = self.write(&entries, &recorded, &foreseen).await;
            match written {
                Ok(()) => {
                    for entry in entries {
                        let change = Change {
                            set: self.set_name().to_owned(),
                            migration: entry.label,
                            action: edit.action(),
                            statements: 0,
                            duration: std::time::Duration::ZERO,
                            notes: Vec::new(),
                        };
                        self.migrator.tell(self.set_name(), &Event::Changed { change: &change });
                        self.report.changes.push(change);
                    }
                    return Ok(());
                }
                Err(error) if error.kind() == DriverErrorKind::Busy || error.has_code(&super::failure::TIMED_OUT) => {
                    self.wait_for_others(&mut wait, &first, error).await?;
                }
                Err(error) if super::failure::is_of_claim(&error) => {
                    contested = Some((Seen::of(&recorded.rows), refuse::not_edited(error)));
                }
                Err(error) => return Err(refuse::not_edited(error)),
            }
        }
    }

    async fn write(
        &mut self,
        entries: &[Entry],
        recorded: &Recorded,
        foreseen: &Foreseen,
    ) -> Result<(), crate::driver::DriverError> {
        let mut sql = vec![self.sql.expect_foreseen(foreseen)];
        sql.extend(entries.iter().map(|entry| entry.sql.clone()));
        let sql = self.on_a_table(recorded, foreseen, sql.join(";\n"));
        let (open, close) = self.transaction();
        let mut request = format!("{open};\n{};\n", self.bounded(&sql));
        if self.is_nested && self.sql.dialect == Dialect::Postgres {
            request = format!("{request}{};\n", self.sql.restore_timeouts(&recorded.facts.settings));
        }
        request.push_str(close);
        self.session.roll_back_when_dropped(Some(self.rollback()));
        let sent = self.session.execute(&request).await;
        if sent.as_ref().is_err_and(|error| error.kind() != DriverErrorKind::ConnectionLost) {
            self.roll_back().await;
        }
        self.session.roll_back_when_dropped(None);
        sent
    }

    /// What an edit writes, given a history.
    ///
    /// # Errors
    /// The edit makes no sense.
    async fn entries(&mut self, edit: &Edit, recorded: &Recorded) -> Result<Vec<Entry>, Error> {
        if self.sets.len() > 1 {
            return Err(refuse::one_set_only());
        }
        let standings = Standings::compare(&self.migrations, recorded.rows.clone());
        match edit {
            Edit::Baseline(version) => self.baseline(version, edit, &standings, recorded),
            Edit::Repair(version, reason) | Edit::MarkApplied(version, reason) | Edit::MarkPending(version, reason) => {
                if reason.trim().is_empty() {
                    return Err(refuse::no_reason(edit.action()));
                }
                let Some(item) = standings.of(version) else { return Err(refuse::unknown_version(version)) };
                if let Some(row) = item.row().filter(|row| row.state != RowState::Applied)
                    && let Some(holder) = self.living_holder(row.claim.as_deref()).await?
                {
                    return Err(refuse::at_work(&item.label(), &holder));
                }
                let by = self.applied_by(&recorded.facts);
                let signature = Signature { action: edit.action().done(), by: &by, reason: edit.reason() };
                let sql = match edit {
                    Edit::Repair(..) => self.repair(item, signature)?,
                    Edit::MarkApplied(..) => self.mark_applied(item, signature)?,
                    _ => item.row().map(|row| self.sql.record_pending(row, signature)),
                };
                Ok(sql.map(|sql| Entry { label: item.label(), sql }).into_iter().collect())
            }
        }
    }

    fn baseline(
        &self,
        version: &Version,
        edit: &Edit,
        standings: &Standings<'_>,
        recorded: &Recorded,
    ) -> Result<Vec<Entry>, Error> {
        if standings.of(version).is_none_or(|item| item.embedded().is_none()) {
            return Err(refuse::unknown_version(version));
        }
        let up_to = |item: &&Item<'_>| item.version() <= version;
        let is_baselined = |item: &Item<'_>| item.standing() == Standing::Applied;
        if standings.items().iter().filter(up_to).all(is_baselined) {
            return Ok(Vec::new());
        }
        let rows: Vec<Label> = standings.items().iter().filter(|item| item.row().is_some()).map(Item::label).collect();
        if !rows.is_empty() {
            return Err(refuse::has_history(&rows));
        }
        let by = self.applied_by(&recorded.facts);
        let signature = Signature { action: edit.action().done(), by: &by, reason: "" };
        let entry = |item: &Item<'_>| {
            let migration = item.embedded()?;
            Some(Entry { label: item.label(), sql: self.record_applied(&migration, item, signature) })
        };
        Ok(standings.items().iter().filter(up_to).filter_map(entry).collect())
    }

    fn repair(&self, item: &Item<'_>, signature: Signature<'_>) -> Result<Option<String>, Error> {
        let (Some(migration), Some(row)) = (item.embedded(), item.row()) else {
            return Err(refuse::not_repairable(&item.label(), item.standing()));
        };
        match item.standing() {
            Standing::Divergent | Standing::Applied => {}
            standing => return Err(refuse::not_repairable(&item.label(), standing)),
        }
        if item.renamed_from().is_none() && item.diverging_checksums().is_none() {
            return Ok(None);
        }
        let statements = self.count_statements(&migration);
        Ok(Some(self.sql.take_over(&migration, row, RowState::Applied, statements, signature)))
    }

    fn mark_applied(&self, item: &Item<'_>, signature: Signature<'_>) -> Result<Option<String>, Error> {
        let Some(migration) = item.embedded() else { return Err(refuse::unknown_version(item.version())) };
        Ok(match item.row() {
            None => Some(self.record_applied(&migration, item, signature)),
            Some(row) if row.state == RowState::Applied => None,
            Some(row) => {
                let statements = self.count_statements(&migration);
                Some(self.sql.take_over(&migration, row, RowState::Applied, statements, signature))
            }
        })
    }

    fn record_applied(&self, migration: &Migration<'_>, item: &Item<'_>, signature: Signature<'_>) -> String {
        let statements = self.count_statements(migration);
        let absent = self.sql.expect_absent(migration.version());
        format!("{absent};\n{}", self.sql.record_applied(migration, item.taken_back(), statements, signature))
    }

    fn count_statements(&self, migration: &Migration<'_>) -> usize {
        scan(migration.up().sql(), self.sql.dialect).statements.len()
    }
}
