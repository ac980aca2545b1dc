//! Runs one script in a transaction: its statements and its row commit together, when it is its turn.

use std::time::Instant;

use migrate_core::{Dialect, Enforcement, Place};

use super::bookkeeping::Bookkeeping;
use super::foreign_keys;
use super::foreseen::Foreseen;
use super::prepare::Prepared;
use super::read::{Recorded, first_cells};
use super::request::{Part, Request, Style, compose};
use super::sql::NO_RECORD;
use super::{Engine, refuse};
use crate::driver::{AnySession, DriverError, DriverErrorKind};
use crate::error::Error;
use crate::event::Event;
use crate::report::Change;

/// SQLITE_NOMEM, which is what a limit of the steps of a statement leads to, and SQLITE_TOOBIG.
const TOO_LARGE: [&str; 2] = ["7", "18"];

/// How an attempt to run a script ended, if not with an error of the script.
pub(super) enum Outcome {
    /// It is committed.
    Done(Change),
    /// The claim failed as if another runner had been faster. The error is what to say if none was.
    Contested(Error),
    /// Another runner holds the claim, or the SQLite file, for longer than one try may take.
    Busy(DriverError),
    /// It failed for a reason that may pass, such as a lock that others hold, and nothing of it is committed.
    Transient(Error),
}

/// How the requests of a script are sent.
struct Manner<'f> {
    style: Style,
    bookkeeping: Bookkeeping,
    /// SQLite: the data version at which the claim need not be sent.
    quiet_at: Option<&'f str>,
    /// SQLite: whether the row is written together with that of the next script.
    is_row_waiting: bool,
}

/// What keeps a script from its end.
pub(super) enum Trouble {
    /// The request of this index failed.
    Request(usize, DriverError),
    /// The script leaves rows that refer to nothing.
    Dangling(Vec<String>),
}

impl<S: AnySession + ?Sized> Engine<'_, S> {
    pub(super) async fn apply(
        &mut self,
        prepared: &Prepared<'_>,
        next: Option<&Prepared<'_>>,
        recorded: &Recorded,
        foreseen: &Foreseen,
    ) -> Result<Outcome, Error> {
        let step = self.step_of(prepared);
        // Nobody can tell what a step does. As long as the transaction around all lasts, nothing that was used can be detached.
        let may_attach = self.whole.is_none() && (step.is_some() || prepared.tables.attaches());
        let attached = self.attached_before(may_attach).await;
        let ended = match step {
            _ if prepared.runs_outside() => self.apply_outside(prepared, recorded, foreseen).await,
            Some(step) => self.apply_step(prepared, step, recorded, foreseen).await,
            None => self.apply_in_transaction(prepared, next, recorded, foreseen).await,
        };
        self.detach_since(attached).await;
        ended
    }

    async fn apply_in_transaction(
        &mut self,
        prepared: &Prepared<'_>,
        next: Option<&Prepared<'_>>,
        recorded: &Recorded,
        foreseen: &Foreseen,
    ) -> Result<Outcome, Error> {
        let style = match self.sql.dialect {
            Dialect::Sqlite => Style::Separate,
            // A savepoint that shared a request with a statement which cannot be read would never be set, and a transaction of the
            // user's has to go on.
            _ if self.session.pipelines() || self.is_in_transaction_of_user() => Style::Pipelined,
            _ => Style::Together,
        };
        let bookkeeping = self.bookkeeping(prepared, recorded, foreseen);
        let is_shared = self.shares_transaction(bookkeeping, foreseen);
        let frame = self.frame(bookkeeping, prepared, recorded, foreseen);
        let requests = compose(style, frame, &prepared.sql, &prepared.statements);
        let manner = Manner {
            style,
            bookkeeping,
            quiet_at: self.quiet_at(bookkeeping, recorded, foreseen),
            is_row_waiting: self.may_wait(bookkeeping, next, recorded, foreseen),
        };

        self.tell_start(prepared);
        let started = Instant::now();
        self.foreign_keys.were_off = false;
        self.session.roll_back_when_dropped(Some(self.rollback_when_dropped()));
        let sent = match self.send(&manner, &requests, prepared, recorded).await {
            Err(Trouble::Request(index, error)) => {
                Err(Trouble::Request(index, self.refused_if_ours_lives(error, true).await))
            }
            sent => sent,
        };
        self.enforce_as_usual().await;
        match &sent {
            Ok(()) => {}
            // All of it is undone with the transaction.
            Err(_) if is_shared => _ = self.is_transaction_gone(),
            // Also where the connection is said to be lost: a proxy may say it, and go on.
            Err(_) => self.roll_back().await,
        }
        self.session.roll_back_when_dropped(self.whole_rollback());
        match sent {
            Ok(()) => Ok(Outcome::Done(self.change(prepared, started))),
            // There is always a request, whatever index a driver gives.
            Err(Trouble::Request(index, error)) => {
                let meaning = self.interpret(prepared, &requests[index.min(requests.len() - 1)], error);
                self.waiting_rows.clear();
                match meaning? {
                    // Nobody can have been faster.
                    Outcome::Contested(error) if is_shared => Err(error),
                    outcome => Ok(outcome),
                }
            }
            Err(Trouble::Dangling(rows)) => Err(refuse::dangling_rows(prepared, &rows)),
        }
    }

    pub(super) fn tell_start(&self, prepared: &Prepared<'_>) {
        let (migration, action, statements) = (&prepared.label, prepared.action(), prepared.statements.len());
        self.migrator.tell(self.set_name(), &Event::Started { migration, action, statements });
    }

    pub(super) fn change(&self, prepared: &Prepared<'_>, started: Instant) -> Change {
        let is_noted = self.foreign_keys.are_checked && self.foreign_keys.were_off;
        let note = is_noted.then(|| foreign_keys::NOTE.to_owned());
        Change {
            set: self.set_name().to_owned(),
            migration: prepared.label.clone(),
            action: prepared.action(),
            statements: prepared.statements.len(),
            duration: started.elapsed(),
            notes: note.into_iter().collect(),
        }
    }

    /// Sends the requests in order.
    async fn send(
        &mut self,
        &Manner { style, bookkeeping, quiet_at, is_row_waiting }: &Manner<'_>,
        requests: &[Request],
        prepared: &Prepared<'_>,
        recorded: &Recorded,
    ) -> Result<(), Trouble> {
        let mut places = Places::of_script(&prepared.sql);
        if style == Style::Pipelined && self.session.pipelines() {
            requests.iter().for_each(|request| self.tell_statements(request, prepared, &mut places));
            let texts: Vec<String> = requests.iter().map(|request| request.sql.clone()).collect();
            let sent = self.session.execute_all(&texts).await;
            return sent.map_err(|(index, error)| Trouble::Request(index, error));
        }
        // What is in a transaction with others is checked with them.
        let is_alone = self.whole.is_none();
        let mut began = None;
        for (index, request) in requests.iter().enumerate() {
            let failed = |error| Trouble::Request(index, error);
            self.tell_statements(request, prepared, &mut places);
            let closes = style == Style::Separate && request.has(Part::Close);
            if closes && bookkeeping == Bookkeeping::ByClaim {
                self.check_record(prepared).await.map_err(failed)?;
            }
            let statement = request.statements().map(|indexes| prepared.enforcement_of(indexes.start));
            self.enforce(statement.unwrap_or(&Enforcement::AsUsual)).await.map_err(failed)?;
            if closes && is_alone && self.foreign_keys.are_checked {
                let found = self.dangling_rows(&prepared.tables).await.map_err(failed)?;
                let new = found.new_since(&self.foreign_keys.before, &prepared.tables);
                if !new.is_empty() {
                    return Err(Trouble::Dangling(new));
                }
            }
            if statement.is_some() {
                began.get_or_insert_with(Instant::now);
            }
            let sql = match bookkeeping {
                // It says how long the script took.
                Bookkeeping::AtTheEnd if style == Style::Separate && request.has(Part::Finish) => {
                    let took = began.map(|began| began.elapsed()).unwrap_or_default();
                    self.waiting_rows.extend(self.record_at_the_end(prepared, recorded, &took.as_millis().to_string()));
                    if !is_row_waiting || self.are_waiting_rows_many() {
                        self.write_waiting_rows().await.map_err(failed)?;
                    }
                    continue;
                }
                _ => &request.sql,
            };
            if !(request.has(Part::Claim) && self.is_quiet(quiet_at).await.map_err(failed)?) {
                self.session.execute(sql).await.map_err(failed)?;
            }
            if request.has(Part::Claim) && is_alone {
                // Nobody else writes from now on.
                self.foreign_keys.are_checked = self.may_leave_dangling(&[prepared]).await.map_err(failed)?;
                if self.foreign_keys.are_checked {
                    self.foreign_keys.before = self.dangling_rows(&prepared.tables).await.map_err(failed)?;
                }
            }
            if self.foreign_keys.are_checked && request.statements().is_some_and(|of| prepared.attaches(of.start)) {
                let found = self.dangling_rows(&prepared.tables).await.map_err(failed)?;
                self.foreign_keys.before.add_attached(found);
            }
        }
        Ok(())
    }

    /// Writes the rows that wait, in one statement, unless that is too large for the connection.
    async fn write_waiting_rows(&mut self) -> Result<(), DriverError> {
        let written = self.session.execute(&self.sql.insert(&self.waiting_rows)).await;
        // Where memory is short SQLite may have ended the transaction, and what is written then would stay.
        let goes_on = self.waiting_rows.len() > 1 && self.session.in_transaction() == Some(true);
        match written {
            Err(error) if error.has_code(&TOO_LARGE) && goes_on => {
                for row in &self.waiting_rows {
                    self.session.execute(&self.sql.insert(std::slice::from_ref(row))).await?;
                }
            }
            written => written?,
        }
        self.waiting_rows.clear();
        Ok(())
    }

    /// Whether the rows that wait are enough for one statement.
    fn are_waiting_rows_many(&self) -> bool {
        const MOST_ROWS: usize = 100;
        const MOST_BYTES: usize = 64 * 1024;
        let bytes = || self.waiting_rows.iter().map(|row| row.values.len()).sum::<usize>();
        self.waiting_rows.len() >= MOST_ROWS || bytes() > MOST_BYTES
    }

    /// SQLite: whether the database still has this data version, so that nobody else has written to it.
    async fn is_quiet(&mut self, quiet_at: Option<&str>) -> Result<bool, DriverError> {
        let Some(number) = quiet_at else { return Ok(false) };
        let found = self.session.query("PRAGMA data_version").await?;
        Ok(first_cells(found).next().as_deref() == Some(number))
    }

    /// SQLite: whether the row that is about to be committed is really there. On Postgres the finish tells.
    async fn check_record(&mut self, prepared: &Prepared<'_>) -> Result<(), DriverError> {
        let rows = self.session.query(&self.sql.is_recorded(prepared)).await?;
        match first_cells(rows).next().as_deref() {
            Some("1") => Ok(()),
            _ => Err(DriverError::new(Dialect::Sqlite, DriverErrorKind::Refused, NO_RECORD, NO_RECORD)),
        }
    }

    fn tell_statements(&self, request: &Request, prepared: &Prepared<'_>, places: &mut Places<'_>) {
        let Some(indexes) = request.statements().filter(|_| self.migrator.is_watched()) else { return };
        let place = places.of(prepared.statements[indexes.start].span.start);
        let (number, count) = (indexes.start + 1, indexes.len());
        self.migrator.tell(self.set_name(), &Event::Statement { migration: &prepared.label, number, count, place });
    }

    /// What opens a transaction of ours, and what commits it.
    pub(super) fn transaction(&self) -> (&'static str, &'static str) {
        match (self.is_nested, self.sql.dialect) {
            (true, _) => ("SAVEPOINT migrate_runtime", "RELEASE SAVEPOINT migrate_runtime"),
            // A deferred transaction would find out too late that it may not write.
            (false, Dialect::Sqlite) => ("BEGIN IMMEDIATE", "COMMIT"),
            (false, _) => ("BEGIN", "COMMIT"),
        }
    }

    /// What undoes it.
    pub(super) fn rollback(&self) -> &'static str {
        if self.is_nested {
            "ROLLBACK TO SAVEPOINT migrate_runtime; RELEASE SAVEPOINT migrate_runtime"
        } else {
            "ROLLBACK"
        }
    }

    /// What undoes everything that is not committed.
    fn rollback_when_dropped(&self) -> &'static str {
        self.whole_rollback().unwrap_or(self.rollback())
    }

    /// Sends a transaction of ours that is one request.
    pub(super) async fn execute_transaction(&mut self, request: &str) -> Result<(), DriverError> {
        self.session.roll_back_when_dropped(Some(self.rollback_when_dropped()));
        let mut sent = self.session.execute(request).await;
        if let Err(error) = sent {
            sent = Err(self.refused_if_ours_lives(error, true).await);
            self.roll_back().await;
        }
        self.session.roll_back_when_dropped(self.whole_rollback());
        sent
    }

    /// The one rollback.
    pub(super) async fn roll_back(&mut self) {
        if !self.is_transaction_gone() {
            // When this fails, the connection is gone, and the transaction with it.
            let _ = self.session.execute(self.rollback()).await;
        }
    }

    /// Whether SQLite has rolled back by itself, for example when the disk is full.
    fn is_transaction_gone(&mut self) -> bool {
        let is_gone = self.session.in_transaction() == Some(false);
        if is_gone && self.is_nested {
            // The transaction that we were handed is gone, and with it what was released into it.
            self.report.changes.clear();
            self.has_lost_transaction = true;
        }
        is_gone
    }
}

/// Places of ascending offsets in a script, found in one pass.
pub(super) struct Places<'a> {
    sql: &'a str,
    offset: usize,
    place: Place,
}

impl<'a> Places<'a> {
    pub(super) fn of_script(sql: &'a str) -> Places<'a> {
        Places { sql, offset: 0, place: Place::START }
    }

    pub(super) fn of(&mut self, offset: usize) -> Place {
        self.place = self.place.after(self.sql.get(self.offset..offset).unwrap_or_default());
        self.offset = offset;
        self.place
    }
}
