//! Runs a script outside of a transaction, statement by statement.
//!
//! The claim is committed first. A statement that can share a transaction with the record of its success does, and is never in doubt.
//! One that has to run alone is announced before and recorded after; whether it was done when that record is missing is for `doubt`.

use std::time::{Duration, Instant};

use migrate_core::scan::{Scan, Statement, scan};
use migrate_core::{
    Alone, Dialect, Direction, Enforcement, HistoryRow, InSession, RowState, in_transaction, last_rowid_reader,
    lost_with_session,
};

use super::alive::Claim;
use super::apply::{Outcome, Places};
use super::dangling::Dangling;
use super::doubt::Effect;
use super::foreseen::Foreseen;
use super::prepare::{Prepared, resets_all};
use super::read::{Recorded, first_cells};
use super::request::{Part, Request};
use super::wait::{Tries, Wait, is_kept_by_others};
use super::{Engine, refuse};
use crate::driver::{AnySession, DriverError, DriverErrorKind};
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::migrator::Resume;

/// active_sql_transaction and invalid_transaction_termination (a procedure that commits): the statement has to run alone.
const CANNOT_SHARE: [&str; 2] = ["25001", "2D000"];

/// SQLite: the tables, in small letters, that are sure to number whatever is inserted into them.
const NUMBERING_TABLES: &str = "SELECT lower(name) FROM main.sqlite_master AS master WHERE type = 'table' \
     AND sql NOT LIKE '%without%rowid%' AND sql NOT LIKE 'create virtual%' AND NOT EXISTS (SELECT 1 FROM main.sqlite_master \
     WHERE type = 'trigger' AND tbl_name = master.name COLLATE NOCASE)";

/// What is said of a script down that goes on.
pub(super) const OF_SCRIPT_DOWN: &str = "its script down";

/// Where a script that was left in the middle goes on.
struct Continuation {
    progress: Progress,
    /// Removes what is left of the next statement.
    cleanup: Vec<String>,
    /// What became of the statement that was in doubt.
    verdict: Option<String>,
    is_resumed: bool,
}

impl Continuation {
    /// What the audit trail tells of it.
    fn audited(&self) -> String {
        ["resumed"].into_iter().chain(self.verdict.as_deref()).collect::<Vec<_>>().join(", ")
    }
}

/// How far a script has come.
#[derive(Clone, Copy)]
pub(super) struct Progress {
    /// So many statements are done.
    pub(super) done: usize,
    /// Whether the next one was begun, and may be half done.
    pub(super) is_in_doubt: bool,
}

impl Progress {
    pub(super) fn begun(self) -> usize {
        self.done + usize::from(self.is_in_doubt)
    }
}

impl<'a, S: AnySession + ?Sized> Engine<'a, S> {
    pub(super) async fn apply_outside(
        &mut self,
        prepared: &Prepared<'_>,
        recorded: &Recorded,
        foreseen: &Foreseen,
    ) -> Result<Outcome, Error> {
        if self.is_nested {
            return Err(refuse::outside_in_transaction(&prepared.label));
        }
        let claim = self.new_claim().await?;
        let by = self.applied_by(&recorded.facts);
        let turn = self.turn(&self.sql.expect_turn(foreseen), recorded, foreseen);
        let claimed = self.sql.claim(prepared, &by, &self.sql.claim_of(&claim.token));
        let limits = self.limits(prepared).map(|limits| format!("{limits};\n")).unwrap_or_default();
        let sql = format!("{limits}{turn};\n{claimed}");
        self.tell_start(prepared);
        self.clean_up_when_dropped(prepared, recorded, &claim);
        if let Err((request, error)) = self.send_in_transaction(&[(Part::Claim, &sql)]).await {
            self.restore_session(recorded).await;
            return self.interpret(prepared, &request, error);
        }
        let progress = Progress { done: 0, is_in_doubt: false };
        let start = Continuation { progress, cleanup: Vec::new(), verdict: None, is_resumed: false };
        self.run_outside(prepared, recorded, &claim, start).await
    }

    /// Finishes what was left in the middle, if that can be decided.
    pub(super) async fn go_on(
        &mut self,
        row: &HistoryRow,
        recorded: &Recorded,
        decision: Option<Resume>,
    ) -> Result<Outcome, Error> {
        if self.is_nested {
            return Err(refuse::outside_in_transaction(&row.label()));
        }
        let prepared = self.unfinished(row).await?;
        let stored = self.stored_script(&prepared, row).await?;
        let before = scan(&stored, self.sql.dialect);
        let claim = self.new_claim().await?;
        self.clean_up_when_dropped(&prepared, recorded, &claim);
        let continued = match self.repeat_settings(&prepared, &stored, &before, row).await {
            Ok(()) => self.continuation(&prepared, row, (&stored, &before), decision).await,
            Err(error) => Err(error),
        };
        let start = match continued {
            Ok(start) => start,
            Err(error) => {
                self.restore_session(recorded).await;
                return Err(error);
            }
        };
        let audited = self.sql.audited(&start.audited(), &self.applied_by(&recorded.facts), "");
        let sql = self.sql.take_up(&prepared, row, &claim.token, start.progress, &audited);
        let sql = self.as_runner(&prepared, recorded, self.bounded(&Foreseen::of(recorded), &sql));
        self.tell_start(&prepared);
        if let Err((request, error)) = self.send_in_transaction(&[(Part::Claim, &sql)]).await {
            self.restore_session(recorded).await;
            return self.interpret(&prepared, &request, error);
        }
        self.run_outside(&prepared, recorded, &claim, start).await
    }

    /// Where what was left in the middle would go on: how many statements are done, and what became of the one in doubt; without a look
    /// at what only a session knows.
    ///
    /// # Errors
    /// As [`continuation`](Engine::continuation).
    pub(super) async fn where_to_go_on(
        &mut self,
        prepared: &Prepared<'_>,
        row: &HistoryRow,
        decision: Option<Resume>,
    ) -> Result<(usize, Option<String>), Error> {
        if self.is_nested {
            return Err(refuse::outside_in_transaction(&row.label()));
        }
        let stored = self.stored_script(prepared, row).await?;
        let before = scan(&stored, self.sql.dialect);
        if self.sql.dialect == Dialect::Sqlite {
            let found = self.continuation(prepared, row, (&stored, &before), decision).await?;
            return Ok((found.progress.done, found.verdict));
        }
        // With the settings that its session had, which a rollback takes back.
        self.session.roll_back_when_dropped(Some(self.rollback()));
        self.session.execute("BEGIN READ ONLY").await.map_err(refuse::settings)?;
        let found = match self.repeat_settings(prepared, &stored, &before, row).await {
            Ok(()) => self.continuation(prepared, row, (&stored, &before), decision).await,
            Err(error) => Err(error),
        };
        self.roll_back().await;
        self.session.roll_back_when_dropped(None);
        found.map(|found| (found.progress.done, found.verdict))
    }

    /// The script as it was when it was begun.
    async fn stored_script(&mut self, prepared: &Prepared<'_>, row: &HistoryRow) -> Result<String, Error> {
        let column = if prepared.direction == Direction::Up { "sql" } else { "down_sql" };
        let kept = self.stored_text(column, &row.version).await?.unwrap_or_default();
        Ok(prepared.as_written(kept))
    }

    /// The script that a row is in the middle of, as it is today.
    ///
    /// # Errors
    /// There is none, or it does not run outside of a transaction any more.
    pub(super) async fn unfinished(&mut self, row: &HistoryRow) -> Result<Prepared<'a>, Error> {
        let source = match row.state {
            RowState::Reverting => self.source_down(row).await?.ok_or_else(|| refuse::no_down(&[row.label()]))?,
            _ => self.source_up(row).ok_or_else(|| refuse::unknown_interrupted(row))?,
        };
        let mut prepared = super::prepare::all(vec![source], self.sql.dialect, &self.table.table)?;
        let prepared = prepared.pop().ok_or_else(|| refuse::unknown_interrupted(row))?;
        if prepared.runs_outside() { Ok(prepared) } else { Err(refuse::no_longer_outside(&prepared)) }
    }

    /// Where the script goes on.
    ///
    /// # Errors
    /// A statement that is done is another one today, or whether one is done is for a person to say.
    async fn continuation(
        &mut self,
        prepared: &Prepared<'_>,
        row: &HistoryRow,
        (stored, before): (&str, &Scan),
        decision: Option<Resume>,
    ) -> Result<Continuation, Error> {
        let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        let (begun, done) = (count(row.statements_begun), count(row.statements_done));
        let text_before = |index: usize| before.statements.get(index).map(|statement| statement.text(stored));
        let text_today = |index: usize| prepared.statements.get(index).map(|statement| statement.text(&prepared.sql));
        let dialect = self.sql.dialect;
        let doubtful = (begun > done).then_some(done + 1);
        let is_anything_left = prepared.statements.len() > done;
        if let Some(lost) = lost_with_session(stored, done_before(before, row), dialect)
            .filter(|_| decision.is_none() && is_anything_left)
        {
            return Err(refuse::lost_with_session(prepared, stored, lost, doubtful));
        }
        let is_unchanged = |index: usize| text_today(index).is_some() && text_before(index) == text_today(index);
        if let Some(changed) = (0..done).find(|index| !is_unchanged(*index)) {
            return Err(refuse::done_statement_changed(prepared, changed, text_before(changed)));
        }
        if dialect == Dialect::Sqlite
            && decision.is_none()
            && let Some(reader) = self.reads_last_rowid(prepared, done).await?
        {
            return Err(refuse::last_rowid_not_known(prepared, reader, doubtful));
        }
        let at = |done, is_in_doubt| Progress { done, is_in_doubt };
        let resumed = Continuation { progress: at(done, false), cleanup: Vec::new(), verdict: None, is_resumed: true };
        let Some(in_doubt) = before.statements.get(done).filter(|_| begun > done) else {
            return match decision {
                Some(Resume::Skip | Resume::MarkDone) => Err(refuse::nothing_in_doubt(prepared, done)),
                _ => Ok(resumed),
            };
        };
        let effect = match decision {
            Some(Resume::Skip | Resume::MarkDone) => Effect::Done,
            _ => self.effect_of(stored, in_doubt).await?,
        };
        let number = done + 1;
        let became = match (decision, &effect) {
            (Some(Resume::Skip), _) => "skipped",
            (Some(Resume::MarkDone), _) => "marked done",
            (_, Effect::Done) => "found done",
            (Some(Resume::Retry), _) => "retried",
            (None, _) => "found not done",
        };
        let verdict = Some(format!("statement {number} {became}"));
        match effect {
            Effect::Done if !is_unchanged(done) => {
                Err(refuse::done_statement_changed(prepared, done, text_before(done)))
            }
            Effect::Done => Ok(Continuation { progress: at(number, false), verdict, ..resumed }),
            // It stays in doubt until what is left of it is removed, and it has run.
            Effect::NotDone(cleanup) => Ok(Continuation { progress: at(done, true), cleanup, verdict, ..resumed }),
            Effect::Unknown if decision == Some(Resume::Retry) => {
                Ok(Continuation { progress: at(done, true), verdict, ..resumed })
            }
            Effect::Unknown => Err(refuse::in_doubt(prepared, row, stored, in_doubt)),
        }
    }

    /// SQLite: the statement that reads what a statement which is done may have inserted last.
    async fn reads_last_rowid<'p>(
        &mut self,
        prepared: &'p Prepared<'_>,
        done: usize,
    ) -> Result<Option<&'p Statement>, Error> {
        let left = prepared.statements.get(done..).filter(|_| done > 0).unwrap_or_default();
        if last_rowid_reader(&prepared.sql, left, |_| false).is_none() {
            return Ok(None);
        }
        let tables: Vec<String> = first_cells(self.query_patiently(NUMBERING_TABLES).await?).collect();
        Ok(last_rowid_reader(&prepared.sql, left, |table| tables.iter().any(|of| of == table)))
    }

    /// What was set for the session of the script, by us and by the statements that are done, is set again for this one.
    async fn repeat_settings(
        &mut self,
        prepared: &Prepared<'_>,
        stored: &str,
        before: &Scan,
        row: &HistoryRow,
    ) -> Result<(), Error> {
        let limits = self.limits(prepared);
        if let Some(limits) = &limits {
            self.session.execute(limits).await.map_err(refuse::settings)?;
        }
        for statement in done_before(before, row) {
            let is_repeatable = InSession::left_by(stored, statement, self.sql.dialect) == Some(InSession::Repeatable);
            if !is_repeatable || self.is_on_foreign_keys(stored, statement) {
                continue;
            }
            match self.session.execute(statement.text(stored)).await {
                // The connection is still the one on which it was detached.
                Err(error) if self.sql.dialect == Dialect::Sqlite && error.message().contains("no such database") => {}
                repeated => repeated.map_err(refuse::settings)?,
            }
            if let Some(limits) = limits.as_ref().filter(|_| resets_all(stored, statement)) {
                self.session.execute(limits).await.map_err(refuse::settings)?;
            }
        }
        Ok(())
    }

    async fn run_outside(
        &mut self,
        prepared: &Prepared<'_>,
        recorded: &Recorded,
        claim: &Claim,
        start: Continuation,
    ) -> Result<Outcome, Error> {
        let started = Instant::now();
        let mut progress = start.progress;
        let ended = self.run_statements(prepared, recorded, claim, &start, &mut progress).await;
        self.enforce_as_usual().await;
        let mut change = self.change(prepared, started);
        let is_down = start.is_resumed && prepared.direction == Direction::Down;
        change.notes.extend(is_down.then(|| OF_SCRIPT_DOWN.to_owned()));
        change.notes.extend(start.verdict);
        self.foreign_keys.are_checked = false;
        if let Err(error) = &ended {
            // As whom the script ended it may not be allowed to write to the history.
            let _ = self.set_back(recorded).await;
            self.give_up(prepared, claim, progress, error).await;
        }
        self.restore_session(recorded).await;
        ended.map(|()| Outcome::Done(change))
    }

    /// Runs what is left, and records the end.
    async fn run_statements(
        &mut self,
        prepared: &Prepared<'_>,
        recorded: &Recorded,
        claim: &Claim,
        start: &Continuation,
        progress: &mut Progress,
    ) -> Result<(), Error> {
        self.look_for_dangling_rows(prepared, start).await?;
        for sql in &start.cleanup {
            self.session.execute(sql).await.map_err(refuse::no_cleanup)?;
        }
        let mut places = Places::of_script(&prepared.sql);
        while let Some(statement) = prepared.statements.get(progress.done) {
            let (migration, number) = (&prepared.label, progress.done + 1);
            let place = places.of(statement.span.start);
            self.migrator.tell(self.set_name(), &Event::Statement { migration, number, count: 1, place });
            let enforcement = match prepared.enforcement_of(progress.done) {
                // Somebody may make a table refer to it after a look: nothing keeps others out yet.
                Enforcement::OffIfReferredTo(_) => &Enforcement::Off,
                other => other,
            };
            if self.foreign_keys.are_checked
                && let Some(database) = prepared.detaches(progress.done)
            {
                // The last look at it.
                let found = self.dangling_rows_patiently(prepared).await?.only_of(&database);
                self.refuse_new(prepared, start, &found)?;
            }
            self.enforce(enforcement).await.map_err(refuse::settings)?;
            self.run_statement(prepared, recorded, claim, progress).await?;
            if self.foreign_keys.are_checked && prepared.attaches(progress.done) {
                let found = self.dangling_rows_patiently(prepared).await?;
                self.foreign_keys.before.add_attached(found);
            }
            *progress = Progress { done: number, is_in_doubt: false };
        }
        self.enforce(&Enforcement::AsUsual).await.map_err(refuse::settings)?;
        if self.foreign_keys.are_checked {
            let found = self.dangling_rows_patiently(prepared).await?;
            self.refuse_new(prepared, start, &found)?;
        }
        let finish = self.sql.finish_outside(prepared, &self.applied_by(&recorded.facts), &claim.token);
        let finish = self.as_runner(prepared, recorded, finish);
        self.record(prepared, (Part::Finish, &finish), progress.done).await
    }

    fn refuse_new(&self, prepared: &Prepared<'_>, start: &Continuation, found: &Dangling) -> Result<(), Error> {
        let new = found.new_since(&self.foreign_keys.before, &prepared.tables);
        match new.is_empty() {
            true => Ok(()),
            false => Err(refuse::dangling_rows_outside(prepared, &new, start.is_resumed)),
        }
    }

    /// What refers to nothing before a script that may leave more of that. Others may make tables refer to those that it drops, as long as it
    /// runs: only its own statements tell.
    async fn look_for_dangling_rows(&mut self, prepared: &Prepared<'_>, start: &Continuation) -> Result<(), Error> {
        self.foreign_keys.were_off = false;
        self.foreign_keys.are_checked = self.sql.dialect == Dialect::Sqlite
            && prepared.switches_foreign_keys_off()
            && self.are_usually_enforced().await.map_err(refuse::settings)?;
        if self.foreign_keys.are_checked {
            let found = self.dangling_rows_patiently(prepared).await?;
            // What was there before it was interrupted is not known any more.
            self.foreign_keys.before = if start.is_resumed { found.without_rows() } else { found };
        }
        Ok(())
    }

    /// The rows that refer to nothing, as soon as nobody keeps them from being read.
    async fn dangling_rows_patiently(&mut self, prepared: &Prepared<'_>) -> Result<Dangling, Error> {
        let mut wait = Wait::start();
        wait.is_for(&prepared.label);
        loop {
            match self.dangling_rows(&prepared.tables).await {
                Err(error) if error.kind() == DriverErrorKind::Busy => {
                    self.wait_for_others(&mut wait, &prepared.label, error).await?;
                }
                found => return found.map_err(refuse::unchecked_foreign_keys_outside),
            }
        }
    }

    /// Writes to the history, as soon as nobody is in the way.
    async fn record(&mut self, prepared: &Prepared<'_>, part: (Part, &str), done: usize) -> Result<(), Error> {
        let mut wait = Wait::start();
        wait.is_for(&prepared.label);
        loop {
            let Err((request, error)) = self.send_bookkeeping(part).await else { return Ok(()) };
            if !is_kept_by_others(&error) {
                let told = self.failed_outside(prepared, &request, error, done);
                return Err(self.with_blockers(told, Instant::now()).await);
            }
            self.wait_for_others(&mut wait, &prepared.label, error).await?;
        }
    }

    /// A write to the history, which waits in the database for no longer than a claim does.
    async fn send_bookkeeping(&mut self, (part, sql): (Part, &str)) -> Result<(), (Request, DriverError)> {
        match self.sql.dialect {
            Dialect::Sqlite => self.send_in_transaction(&[(part, sql)]).await,
            _ => {
                // The timeouts of the script hold for its statements.
                let patience = self.sql.wait_at_most(self.claim_patience(), true);
                self.send_in_transaction(&[(part, &patience), (part, sql)]).await
            }
        }
    }

    /// Runs the next statement: with its record when they can share a transaction, which may be tried again; alone otherwise.
    async fn run_statement(
        &mut self,
        prepared: &Prepared<'_>,
        recorded: &Recorded,
        claim: &Claim,
        progress: &mut Progress,
    ) -> Result<(), Error> {
        let index = progress.done;
        let was_in_doubt = progress.is_in_doubt;
        let mut tries = Tries::none();
        let mut wait = Wait::start();
        wait.is_for(&prepared.label);
        let statement = &prepared.statements[index];
        let mut alone = match self.is_on_foreign_keys(&prepared.sql, statement) {
            true => None,
            false => Alone::of(&prepared.sql, statement, self.sql.dialect),
        };
        loop {
            let begun_at = Instant::now();
            let sent = match &alone {
                Some(alone) => {
                    let there = self.found_before(&prepared.sql, &prepared.statements[index], alone).await?;
                    if let Alone::CreateIndex { index, is_left_as_it_is: true, .. } = alone
                        && matches!(&there, Some(Effect::NotDone(cleanup)) if !cleanup.is_empty())
                    {
                        return Err(refuse::invalid_index_is_there(prepared, index));
                    }
                    let is_announced = there.is_none_or(|there| there.is_not_begun());
                    progress.is_in_doubt |= is_announced && *alone != Alone::Repeatable;
                    self.run_alone(prepared, recorded, claim, index, (alone, is_announced)).await?
                }
                None => self.run_with_record(prepared, recorded, claim, index).await,
            };
            let Err((request, error)) = sent else { return Ok(()) };
            if self.sql.dialect == Dialect::Sqlite {
                // It says so when it has not done a statement. What was in doubt before still is.
                progress.is_in_doubt = was_in_doubt;
            }
            if error.kind() == DriverErrorKind::Busy {
                // SQLite has done nothing of it.
                self.wait_for_others(&mut wait, &prepared.label, error).await?;
                continue;
            }
            if alone.is_none() && error.has_code(&CANNOT_SHARE) {
                // That was not known. Nothing of it is done.
                alone = Some(Alone::Unknown);
                continue;
            }
            let may_be_tried_again = alone.is_none() && self.may_pass(&error);
            let told = self.failed_outside(prepared, &request, error, index);
            if !may_be_tried_again {
                return Err(self.with_blockers(told, begun_at).await);
            }
            match self.locker_behind(&told).await {
                Some(holder) => self.wait_for_runner(&mut wait, &prepared.label, &holder).await?,
                None => self.try_again(&mut tries, &prepared.label, begun_at, told).await?,
            }
        }
    }

    /// A statement and the record of its success, in one transaction.
    async fn run_with_record(
        &mut self,
        prepared: &Prepared<'_>,
        recorded: &Recorded,
        claim: &Claim,
        index: usize,
    ) -> Result<(), (Request, DriverError)> {
        let record = self.sql.progress(&prepared.version, &claim.token, index + 1, index + 1);
        let record = self.as_runner(prepared, recorded, record);
        let statement = &prepared.statements[index];
        if self.is_on_foreign_keys(&prepared.sql, statement) {
            return self.send_in_transaction(&[(Part::Progress, &record)]).await;
        }
        let limits = self.limits(prepared).filter(|_| resets_all(&prepared.sql, statement));
        let mut parts =
            vec![(Part::Progress, record.as_str()), (Part::Statement(index), statement.text(&prepared.sql))];
        parts.extend(limits.iter().map(|limits| (Part::Settings, limits.as_str())));
        self.send_in_transaction(&parts).await
    }

    /// Whether a statement switches foreign keys on or off. It is never sent: that is done for the statements behind it, up to the end of the
    /// script.
    fn is_on_foreign_keys(&self, sql: &str, statement: &Statement) -> bool {
        self.sql.dialect == Dialect::Sqlite && in_transaction::foreign_keys_set_by(sql, statement).is_some()
    }

    /// A statement outside of any transaction, announced before and recorded after. Whether the statement itself was refused.
    async fn run_alone(
        &mut self,
        prepared: &Prepared<'_>,
        recorded: &Recorded,
        claim: &Claim,
        index: usize,
        (alone, is_announced): (&Alone, bool),
    ) -> Result<Result<(), (Request, DriverError)>, Error> {
        if is_announced {
            let announced = self.sql.progress(&prepared.version, &claim.token, index + 1, index);
            let announced = self.as_runner(prepared, recorded, announced);
            self.record(prepared, (Part::Progress, &announced), index).await?;
        }
        let text = prepared.statements[index].text(&prepared.sql);
        let sent = self.send_alone(prepared, index, self.waits_for_long(prepared, alone, text)).await;
        if sent.is_err() {
            return Ok(sent);
        }
        let done = self.sql.progress(&prepared.version, &claim.token, index + 1, index + 1);
        let done = self.as_runner(prepared, recorded, done);
        self.record(prepared, (Part::Progress, &done), index).await.map(Ok)
    }

    async fn send_alone(
        &mut self,
        prepared: &Prepared<'_>,
        index: usize,
        is_patient: bool,
    ) -> Result<(), (Request, DriverError)> {
        let statement = &prepared.statements[index];
        if is_patient {
            self.send_parts(&[(Part::Settings, "SET lock_timeout = 0")]).await?;
        }
        self.send_parts(&[(Part::Statement(index), statement.text(&prepared.sql))]).await?;
        match self.limits(prepared).filter(|_| is_patient || resets_all(&prepared.sql, statement)) {
            Some(limits) => self.send_parts(&[(Part::Settings, &limits)]).await,
            None => Ok(()),
        }
    }

    /// Postgres: how long the statements of a script may wait and run, for its session.
    fn limits(&self, prepared: &Prepared<'_>) -> Option<String> {
        (self.sql.dialect != Dialect::Sqlite).then(|| prepared.timeouts(self.migrator).set_for_session())
    }

    /// What works concurrently waits for old transactions by its nature, and disturbs nobody meanwhile: a limit would only leave
    /// an invalid index behind.
    fn waits_for_long(&self, prepared: &Prepared<'_>, alone: &Alone, text: &str) -> bool {
        let is_concurrent = matches!(alone, Alone::CreateIndex { .. } | Alone::DropIndex(_) | Alone::Reindex(_))
            || *alone == Alone::Unknown && text.to_ascii_uppercase().contains("CONCURRENTLY");
        self.sql.dialect != Dialect::Sqlite
            && is_concurrent
            && !prepared.says_lock_timeout()
            && !prepared.mentions_timeouts()
    }

    /// Gives the claim up behind an error.
    async fn give_up(&mut self, prepared: &Prepared<'_>, claim: &Claim, progress: Progress, error: &Error) {
        let patience = match error.kind() {
            // The server has answered, or a proxy in its place, and the connection may live on: with the same backend, which is at work no
            // more, or with another one.
            ErrorKind::ConnectionLost if error.database_code().is_some() => {
                let let_go = self.sql.let_go_from_here(&prepared.version, &claim.token);
                let _ = self.send_bookkeeping((Part::Progress, &let_go)).await;
                return;
            }
            ErrorKind::ConnectionLost => return,
            // It has waited long enough.
            ErrorKind::WaitTimeout => Duration::ZERO,
            _ => self.migrator.wait_timeout,
        };
        self.let_go(prepared, claim, progress, patience).await;
    }

    /// Nobody is at work any more. What the server has refused as a whole is not in doubt.
    async fn let_go(&mut self, prepared: &Prepared<'_>, claim: &Claim, progress: Progress, patience: Duration) {
        let let_go = self.sql.let_go(&prepared.version, &claim.token, Some(progress.begun()));
        let mut wait = Wait::start();
        // When this fails, the claim is given up with the connection.
        while let Err((_, error)) = self.send_bookkeeping((Part::Progress, &let_go)).await
            && is_kept_by_others(&error)
            && wait.waited() < patience
        {
            self.session.sleep(wait.next_pause()).await;
        }
    }

    /// Postgres: a write to the history by a script that may have become another role, as the role that the runner is.
    fn as_runner(&self, prepared: &Prepared<'_>, recorded: &Recorded, sql: String) -> String {
        match self.sql.dialect == Dialect::Postgres && prepared.mentions_roles() {
            true => self.sql.as_role(recorded.facts.setting("role"), &sql),
            false => sql,
        }
    }

    /// Postgres: the connection may live on in a pool when nobody waits for the script any more. Then what it has set is set back, and its
    /// claim is given up; on SQLite, dropping the claim is enough.
    fn clean_up_when_dropped(&mut self, prepared: &Prepared<'_>, recorded: &Recorded, claim: &Claim) {
        if self.sql.dialect != Dialect::Sqlite {
            let let_go = self.sql.let_go(&prepared.version, &claim.token, None);
            let restore = self.sql.restore_settings(&recorded.facts.settings, None, false);
            self.session.run_when_dropped(Some(format!("{restore};\n{let_go}")));
        }
    }

    /// The script has ended, and with it what is to be done if it is dropped.
    async fn restore_session(&mut self, recorded: &Recorded) {
        let left = self.set_back(recorded).await.err();
        self.session.run_when_dropped(left);
    }

    /// Sets back the settings of the session that the script may have changed. What would do it, if that fails.
    async fn set_back(&mut self, recorded: &Recorded) -> Result<(), String> {
        if self.sql.dialect == Dialect::Sqlite {
            return Ok(());
        }
        let restore = self.sql.restore_settings(&recorded.facts.settings, None, false);
        // What follows in this session would take what it finds for the usual.
        for _ in 0..2 {
            if self.session.query(&restore).await.is_ok() {
                return Ok(());
            }
        }
        Err(restore)
    }

    /// Sends parts as one request.
    async fn send_parts(&mut self, parts: &[(Part, &str)]) -> Result<(), (Request, DriverError)> {
        let request = Request::of(parts);
        match self.session.execute(&request.sql).await {
            Ok(()) => Ok(()),
            Err(error) => Err((request, self.refused_if_ours_lives(error, false).await)),
        }
    }

    /// Sends parts as one request and transaction.
    async fn send_in_transaction(&mut self, parts: &[(Part, &str)]) -> Result<(), (Request, DriverError)> {
        let (open, close) = self.transaction();
        let parts: Vec<(Part, &str)> =
            [(Part::Open, open)].into_iter().chain(parts.iter().copied()).chain([(Part::Close, close)]).collect();
        let request = Request::of(&parts);
        let sent = self.execute_transaction(&request.sql).await;
        sent.map_err(|error| (request, error))
    }
}

/// The statements of a script that are done, as it was when it was begun.
fn done_before<'s>(before: &'s Scan, row: &HistoryRow) -> &'s [Statement] {
    let done = usize::try_from(row.statements_done).unwrap_or(usize::MAX);
    &before.statements[..done.min(before.statements.len())]
}
