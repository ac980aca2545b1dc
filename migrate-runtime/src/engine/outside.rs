//! Runs a script outside of a transaction, statement by statement.
//!
//! The claim is committed first. A statement that can share a transaction with the record of its success does, and is never in doubt.
//! One that has to run alone is announced before and recorded after; whether it was done when that record is missing is for `doubt`.

use std::time::{Duration, Instant};

use migrate_core::scan::Statement;
use migrate_core::{Alone, Dialect, Direction, Enforcement, in_transaction};

use super::alive::Claim;
use super::apply::{Outcome, Places};
use super::dangling::Dangling;
use super::doubt::Effect;
use super::foreseen::Foreseen;
use super::left_over::LeftOver;
use super::prepare::{Prepared, resets_all};
use super::read::Recorded;
use super::request::{Part, Request};
use super::resume::Setting;
use super::wait::{Tries, Wait, is_kept_by_others};
use super::{Engine, refuse};
use crate::driver::{AnySession, DriverError, DriverErrorKind};
use crate::error::{Error, ErrorKind};
use crate::event::Event;

/// active_sql_transaction and invalid_transaction_termination (a procedure that commits): the statement has to run alone.
const CANNOT_SHARE: [&str; 2] = ["25001", "2D000"];

/// feature_not_supported, insufficient_privilege, dependent_objects_still_exist, wrong_object_type, undefined_object, undefined_table,
/// active_sql_transaction: an index is not dropped in part.
const REFUSED_AT_ONCE: [&str; 7] = ["0A000", "42501", "2BP01", "42809", "42704", "42P01", "25001"];

/// Postgres: waits for locks as long as it takes.
const UNLIMITED: &str = "SET lock_timeout = 0";

/// What is said of a script down that goes on.
pub(super) const OF_SCRIPT_DOWN: &str = "its script down";

/// Where a script begins, or goes on when it was left in the middle.
pub(super) struct Continuation {
    pub(super) progress: Progress,
    /// What was set for its session, to be set again.
    pub(super) settings: Vec<Setting>,
    /// What is left of the statement in doubt, or of the last one that is done, to be removed.
    pub(super) left: Vec<LeftOver>,
    /// What became of the statement that was in doubt.
    pub(super) verdict: Option<String>,
    /// Postgres: what names without a schema mean to one that still is.
    pub(super) names: Option<String>,
    pub(super) is_resumed: bool,
}

impl Continuation {
    /// What the audit trail tells of it.
    pub(super) fn audited(&self) -> String {
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
        let start = Continuation {
            progress,
            settings: Vec::new(),
            left: Vec::new(),
            verdict: None,
            names: None,
            is_resumed: false,
        };
        self.run_outside(prepared, recorded, &claim, start).await
    }

    pub(super) async fn run_outside(
        &mut self,
        prepared: &Prepared<'_>,
        recorded: &Recorded,
        claim: &Claim,
        start: Continuation,
    ) -> Result<Outcome, Error> {
        let started = Instant::now();
        let mut progress = start.progress;
        let ended = self.run_statements(prepared, recorded, claim, &start, &mut progress).await;
        let ended = ended.map_err(|error| self.lost_in_the_middle(prepared, error));
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

    /// A connection that is lost in the middle is told as that, whatever it was needed for.
    fn lost_in_the_middle(&self, prepared: &Prepared<'_>, mut error: Error) -> Error {
        let is_lost = error.kind() == ErrorKind::ConnectionLost && error.migration().is_none();
        match is_lost.then(|| error.take_driver()).flatten() {
            Some(lost) => self.lost(prepared, lost),
            None => error,
        }
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
        if self.sql.dialect == Dialect::Sqlite {
            for setting in &start.settings {
                self.set_again(prepared, &setting.sql).await?;
            }
        }
        self.look_for_dangling_rows(prepared, start).await?;
        if !start.left.is_empty() {
            self.clean_up(prepared, recorded, claim, start).await?;
            progress.is_in_doubt = false;
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

    /// SQLite: sets something for the session again, as soon as nobody is in the way.
    async fn set_again(&mut self, prepared: &Prepared<'_>, sql: &str) -> Result<(), Error> {
        let mut wait = Wait::start();
        wait.is_for(&prepared.label);
        loop {
            match self.session.execute(sql).await {
                // The connection is still the one on which it was detached.
                Err(error) if error.message().contains("no such database") => return Ok(()),
                Err(error) if error.kind() == DriverErrorKind::Busy => {
                    self.wait_for_others(&mut wait, &prepared.label, error).await?;
                }
                set => return set.map_err(|error| refuse::not_set_again(prepared, sql, error)),
            }
        }
    }

    /// Removes what is left of the statement in doubt, which it is no more.
    async fn clean_up(
        &mut self,
        prepared: &Prepared<'_>,
        recorded: &Recorded,
        claim: &Claim,
        start: &Continuation,
    ) -> Result<(), Error> {
        // It works concurrently.
        let limits = self.limits(prepared).filter(|_| !prepared.may_limit_waits());
        if limits.is_some() {
            self.session.execute(UNLIMITED).await.map_err(refuse::settings)?;
        }
        let (done, number) = (start.progress.done, start.progress.begun());
        for left in &start.left {
            self.wait_for_builders(&prepared.label, left).await?;
            let told = |error| refuse::no_cleanup(prepared, number, &left.to_string(), error);
            if !self.remove(left).await.map_err(told)? && left.may_be_of_others() {
                return Err(refuse::no_longer_left(prepared, number, &left.to_string()));
            }
        }
        if let Some(limits) = &limits {
            self.session.execute(limits).await.map_err(refuse::settings)?;
        }
        let settled = self.as_runner(prepared, recorded, self.sql.settle(prepared, &claim.token, done));
        self.record(prepared, (Part::Progress, &settled), done).await
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
        let mut was_invalid = false;
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
                    was_invalid = matches!(there, Some(Effect::HalfDone(_)));
                    if let Alone::CreateIndex { index, is_left_as_it_is: true, .. } = alone
                        && matches!(&there, Some(Effect::NotDone(left)) if !left.is_empty())
                    {
                        return Err(refuse::invalid_index_is_there(prepared, index));
                    }
                    let is_announced = there.is_none_or(|there| there.leaves_something_to(alone));
                    self.run_alone(prepared, recorded, claim, progress, (alone, is_announced)).await?
                }
                None => self.run_with_record(prepared, recorded, claim, index).await,
            };
            let Err((request, error)) = sent else { return Ok(()) };
            if self.sql.dialect == Dialect::Sqlite || self.is_refused_at_once(alone.as_ref(), &error, was_invalid).await
            {
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
                alone = Some(Alone::of_refused(&prepared.sql, statement));
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

    /// Postgres: whether an index was not dropped in part when that was refused. What says so may be a trigger, behind its end.
    async fn is_refused_at_once(&mut self, alone: Option<&Alone>, error: &DriverError, was_invalid: bool) -> bool {
        match alone {
            Some(Alone::DropIndex(index)) if error.has_code(&REFUSED_AT_ONCE) => {
                was_invalid || matches!(self.effect_of_drop(index).await, Ok(Effect::NotDone(_)))
            }
            _ => false,
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
        let again = self.set_again_behind(prepared, statement);
        let mut parts =
            vec![(Part::Progress, record.as_str()), (Part::Statement(index), statement.text(&prepared.sql))];
        parts.extend(again.iter().map(|again| (Part::Settings, again.as_str())));
        self.send_in_transaction(&parts).await
    }

    /// Whether a statement switches foreign keys on or off. It is never sent: that is done for the statements behind it, up to the end of the
    /// script.
    pub(super) fn is_on_foreign_keys(&self, sql: &str, statement: &Statement) -> bool {
        self.sql.dialect == Dialect::Sqlite && in_transaction::foreign_keys_set_by(sql, statement).is_some()
    }

    /// A statement outside of any transaction, announced before and recorded after. Whether the statement itself was refused.
    async fn run_alone(
        &mut self,
        prepared: &Prepared<'_>,
        recorded: &Recorded,
        claim: &Claim,
        progress: &mut Progress,
        (alone, is_announced): (&Alone, bool),
    ) -> Result<Result<(), (Request, DriverError)>, Error> {
        let index = progress.done;
        if is_announced {
            let names = self.names_for(alone).await?;
            let announced = self.sql.announce(&prepared.version, &claim.token, index + 1, names.as_deref());
            let announced = self.as_runner(prepared, recorded, announced);
            self.record(prepared, (Part::Progress, &announced), index).await?;
            progress.is_in_doubt |= *alone != Alone::Repeatable;
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
            self.send_parts(&[(Part::Settings, UNLIMITED)]).await?;
        }
        self.send_parts(&[(Part::Statement(index), statement.text(&prepared.sql))]).await?;
        match self.set_again_behind(prepared, statement).or_else(|| self.limits(prepared).filter(|_| is_patient)) {
            Some(again) => self.send_parts(&[(Part::Settings, &again)]).await,
            None => Ok(()),
        }
    }

    /// Postgres: what has to be set again behind a statement that has set back everything.
    fn set_again_behind(&self, prepared: &Prepared<'_>, statement: &Statement) -> Option<String> {
        self.settings(prepared).filter(|_| resets_all(&prepared.sql, statement))
    }

    /// Postgres: what a script outside of a transaction has its session set to.
    pub(super) fn settings(&self, prepared: &Prepared<'_>) -> Option<String> {
        self.limits(prepared).map(|limits| format!("{limits};\n{}", self.read_strings("on")))
    }

    /// Postgres: how long the statements of a script may wait and run, for its session.
    pub(super) fn limits(&self, prepared: &Prepared<'_>) -> Option<String> {
        (self.sql.dialect != Dialect::Sqlite).then(|| prepared.timeouts(self.migrator).set_for_session())
    }

    /// What works concurrently waits for old transactions by its nature, and disturbs nobody meanwhile: a limit would only leave
    /// an invalid index behind.
    fn waits_for_long(&self, prepared: &Prepared<'_>, alone: &Alone, text: &str) -> bool {
        let is_concurrent = *alone != Alone::Repeatable && text.to_ascii_uppercase().contains("CONCURRENTLY");
        self.sql.dialect != Dialect::Sqlite && is_concurrent && !prepared.may_limit_waits()
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
    pub(super) fn as_runner(&self, prepared: &Prepared<'_>, recorded: &Recorded, sql: String) -> String {
        match self.sql.dialect == Dialect::Postgres && prepared.mentions_roles() {
            true => self.sql.as_role(recorded.facts.setting("role"), &sql),
            false => sql,
        }
    }

    /// Postgres: the connection may live on in a pool when nobody waits for the script any more. Then what it has set is set back, and its
    /// claim is given up; on SQLite, dropping the claim is enough.
    pub(super) fn clean_up_when_dropped(&mut self, prepared: &Prepared<'_>, recorded: &Recorded, claim: &Claim) {
        if self.sql.dialect != Dialect::Sqlite {
            let let_go = self.sql.let_go(&prepared.version, &claim.token, None);
            let restore = self.sql.restore_settings(&recorded.facts.settings, None, false);
            self.run_when_dropped(Some(format!("{restore};\n{let_go}")));
        }
    }

    /// The script has ended, and with it what is to be done if it is dropped.
    pub(super) async fn restore_session(&mut self, recorded: &Recorded) {
        let left = self.set_back(recorded).await.err();
        self.run_when_dropped(left);
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
    pub(super) async fn send_in_transaction(&mut self, parts: &[(Part, &str)]) -> Result<(), (Request, DriverError)> {
        let (open, close) = self.transaction();
        let parts: Vec<(Part, &str)> =
            [(Part::Open, open)].into_iter().chain(parts.iter().copied()).chain([(Part::Close, close)]).collect();
        let request = Request::of(&parts);
        let sent = self.execute_transaction(&request.sql).await;
        sent.map_err(|error| (request, error))
    }
}
