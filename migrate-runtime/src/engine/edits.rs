//! Verbs that change the history alone: baseline, adoption, repair, marks. No script runs.

use migrate_core::plan::{Item, Standing, Standings};
use migrate_core::scan::scan;
use migrate_core::{Dialect, Label, Migration, RowState, Version};

use super::failure::of_lacking_record;
use super::foreseen::{Foreseen, Seen};
use super::read::Recorded;
use super::sql::Signature;
use super::wait::Wait;
use super::{Engine, refuse};
use crate::driver::{AnySession, DriverError, DriverErrorKind};
use crate::error::Error;
use crate::event::Event;
#[cfg(feature = "adopt")]
use crate::migrator::OldHistory;
use crate::report::{Action, Change, PlannedChange};

/// A change of the history alone.
#[derive(Clone, Debug)]
pub(crate) enum Edit {
    /// Everything up to the version counts as applied.
    Baseline(Version),
    /// What another tool has applied counts as applied.
    #[cfg(feature = "adopt")]
    Adopt(OldHistory),
    /// The history takes over what the binary has.
    Repair(Version, String),
    /// The migration counts as applied.
    MarkApplied(Version, String),
    /// The migration counts as not applied.
    MarkPending(Version, String),
}

/// What an edit writes about one migration.
pub(super) struct Entry {
    pub(super) label: Label,
    pub(super) sql: String,
    pub(super) notes: Vec<String>,
}

/// What an edit writes.
#[derive(Default)]
pub(super) struct Writing {
    pub(super) entries: Vec<Entry>,
    /// Postgres: the table that nobody else may write to meanwhile, quoted.
    pub(super) lock: Option<String>,
}

impl Edit {
    pub(super) fn action(&self) -> Action {
        match self {
            Edit::Baseline(_) => Action::Baseline,
            #[cfg(feature = "adopt")]
            Edit::Adopt(_) => Action::Adopt,
            Edit::Repair(..) => Action::Repair,
            Edit::MarkApplied(..) => Action::MarkApplied,
            Edit::MarkPending(..) => Action::MarkPending,
        }
    }

    fn reason(&self) -> &str {
        match self {
            Edit::Baseline(_) => "",
            #[cfg(feature = "adopt")]
            Edit::Adopt(_) => "",
            Edit::Repair(_, reason) | Edit::MarkApplied(_, reason) | Edit::MarkPending(_, reason) => reason,
        }
    }
}

impl<S: AnySession + ?Sized> Engine<'_, S> {
    /// What an edit would do.
    pub(super) async fn plan_edit(&mut self, edit: &Edit) -> Result<Vec<PlannedChange>, Error> {
        self.refuse_senseless(edit)?;
        let recorded = self.read_history().await?;
        let entries = self.writing(edit, &recorded).await?.entries;
        let planned = |entry: Entry| PlannedChange {
            set: self.set_name().to_owned(),
            migration: entry.label,
            action: edit.action(),
            statements: 0,
            path: String::new(),
            sql: String::new(),
            notes: entry.notes,
        };
        Ok(entries.into_iter().map(planned).collect())
    }

    /// Does it, all or nothing.
    pub(super) async fn carry_out_edit(&mut self, edit: &Edit) -> Result<(), Error> {
        self.refuse_senseless(edit)?;
        let mut wait = Wait::start();
        // What was refused as if the history were another one, with what that means if it is still the same.
        let mut contested: Option<(Seen, String, Error)> = None;
        loop {
            let recorded = self.read_history().await?;
            let writing = self.writing(edit, &recorded).await?;
            let Some(first) = writing.entries.first().map(|entry| entry.label.clone()) else { return Ok(()) };
            let foreseen = Foreseen::of(&recorded);
            let sql = self.sql_of(&writing, &recorded, &foreseen);
            if let Some((seen_then, sql_then, error)) = contested.take()
                && (seen_then, &sql_then) == (Seen::of(&recorded.rows), &sql)
            {
                return Err(error);
            }
            wait.is_for(&first);
            if self.create_table_first(&recorded, &mut wait, &first).await? {
                continue;
            }
            match self.write(&writing, &recorded, &foreseen, &sql).await {
                Ok(()) => {
                    for entry in writing.entries {
                        let change = Change {
                            set: self.set_name().to_owned(),
                            migration: entry.label,
                            action: edit.action(),
                            statements: 0,
                            duration: std::time::Duration::ZERO,
                            notes: entry.notes,
                        };
                        self.migrator.tell(self.set_name(), &Event::Changed { change: &change });
                        self.report.changes.push(change);
                    }
                    return Ok(());
                }
                Err(error) if error.kind() == DriverErrorKind::Busy || error.has_code(&super::failure::TIMED_OUT) => {
                    match self.holder_of_table(writing.lock.as_deref()).await {
                        Some(holder) => self.wait_for_runner(&mut wait, &first, &holder).await?,
                        None => self.wait_for_others(&mut wait, &first, error).await?,
                    }
                }
                Err(error) if super::failure::is_of_claim(&error) => {
                    contested = Some((Seen::of(&recorded.rows), sql, refuse::not_edited(error)));
                }
                Err(error) => return Err(refuse::not_edited(error)),
            }
        }
    }

    fn sql_of(&self, writing: &Writing, recorded: &Recorded, foreseen: &Foreseen) -> String {
        let mut sql = vec![self.sql.expect_foreseen(foreseen)];
        sql.extend(writing.entries.iter().map(|entry| entry.sql.clone()));
        format!("{}{}", self.before_writing(recorded, foreseen), sql.join(";\n"))
    }

    async fn write(
        &mut self,
        writing: &Writing,
        recorded: &Recorded,
        foreseen: &Foreseen,
        sql: &str,
    ) -> Result<(), DriverError> {
        let (open, close) = self.transaction();
        // Before anything that takes a snapshot: what is read behind the lock is what it protects.
        let lock = writing.lock.as_ref().map(|table| format!("{};\n{}", self.limit_wait(), self.sql.lock_table(table)));
        let mut request = format!("{open};\n{}{};\n", lock.unwrap_or_default(), self.bounded(foreseen, sql));
        if self.is_nested && self.sql.dialect == Dialect::Postgres {
            request = format!("{request}{};\n", self.sql.restore_timeouts(&recorded.facts.settings));
        }
        request.push_str(close);
        self.execute_transaction(&request).await.map_err(of_lacking_record)
    }

    /// What can be refused without a look at the database.
    fn refuse_senseless(&self, edit: &Edit) -> Result<(), Error> {
        match edit {
            _ if self.sets.len() > 1 => Err(refuse::one_set_only()),
            #[cfg(feature = "adopt")]
            Edit::Adopt(old) => self.name_of_old(old).map(|_| ()),
            _ => Ok(()),
        }
    }

    /// What an edit writes, given a history.
    ///
    /// # Errors
    /// The edit makes no sense.
    async fn writing(&mut self, edit: &Edit, recorded: &Recorded) -> Result<Writing, Error> {
        let entries = match edit {
            #[cfg(feature = "adopt")]
            Edit::Adopt(old) => return self.adopt(old, recorded).await,
            Edit::Baseline(version) => self.baseline(version, edit, recorded)?,
            Edit::Repair(version, reason) | Edit::MarkApplied(version, reason) | Edit::MarkPending(version, reason) => {
                if reason.chars().all(|c| c.is_whitespace() || c.is_control()) {
                    return Err(refuse::no_reason(edit.action()));
                }
                self.edit_one(version, edit, recorded).await?.into_iter().collect()
            }
        };
        Ok(Writing { entries, lock: None })
    }

    async fn edit_one(&mut self, version: &Version, edit: &Edit, recorded: &Recorded) -> Result<Option<Entry>, Error> {
        let standings = Standings::compare(&self.migrations, recorded.rows.clone());
        let Some(item) = standings.of(version) else { return Err(refuse::unknown_version(version)) };
        if let Some(row) = item.row().filter(|row| row.state != RowState::Applied)
            && let Some(holder) = self.living_holder(row).await?
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
        Ok(sql.map(|sql| Entry { label: item.label(), sql, notes: Vec::new() }))
    }

    fn baseline(&self, version: &Version, edit: &Edit, recorded: &Recorded) -> Result<Vec<Entry>, Error> {
        let standings = Standings::compare(&self.migrations, recorded.rows.clone());
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
            let sql = self.record_applied(&migration, item, signature);
            Some(Entry { label: item.label(), sql, notes: Vec::new() })
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
        self.sql.record_applied(migration, item.taken_back(), self.count_statements(migration), signature)
    }

    pub(super) fn count_statements(&self, migration: &Migration<'_>) -> usize {
        scan(migration.up().sql(), self.sql.dialect).statements.len()
    }
}
