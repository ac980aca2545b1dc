//! Goes on with a script outside of a transaction that was left in the middle.
//!
//! It says where, and runs nothing of the script itself: what is done is compared with the file of today, what became of the statement in
//! doubt is for `doubt`, and what was of the session is set again, or asked about.

use migrate_core::scan::{Statement, scan};
use migrate_core::{
    Dialect, Direction, HistoryRow, RowState, last_number_reader, last_rowid_reader, lost_with_session,
    session_settings,
};

use super::apply::Outcome;
use super::doubt::Effect;
use super::failure::of_lacking_record;
use super::foreseen::Foreseen;
use super::outside::{Continuation, Progress};
use super::prepare::{Prepared, discards_all, resets_all};
use super::read::{Recorded, first_cells};
use super::request::Part;
use super::sql::names_of;
use super::{Engine, refuse};
use crate::driver::{AnySession, DriverErrorKind};
use crate::error::Error;
use crate::migrator::Resume;

/// SQLite: the tables, in small letters, that are sure to number whatever is inserted into them.
const NUMBERING_TABLES: &str = "SELECT lower(name) FROM main.sqlite_master AS master WHERE type = 'table' \
     AND sql NOT LIKE '%without%rowid%' AND sql NOT LIKE 'create virtual%' AND sql NOT LIKE '%conflict%' AND NOT EXISTS (SELECT 1 FROM main.sqlite_master \
     WHERE type = 'trigger' AND tbl_name = master.name COLLATE NOCASE)";

/// Postgres: looks, and takes back what it has set. A usual transaction may be one that waits for everybody else's first.
const TRANSACTION: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY";

/// Postgres: what `DISCARD ALL` does to settings. What else the program has in its session is not ours to take away again.
const DISCARDED_SETTINGS: &str = "SET SESSION AUTHORIZATION DEFAULT;\nRESET ALL";

/// What a statement that is done had set for its session.
pub(super) struct Setting {
    pub(super) sql: String,
    /// Whether a later one sets the same.
    may_fail: bool,
    resets_all: bool,
}

/// A script as it was when it was begun, and how far it came.
struct Begun {
    sql: String,
    statements: Vec<Statement>,
    /// So many statements are done.
    done: usize,
    is_in_doubt: bool,
}

impl Begun {
    fn done(&self) -> &[Statement] {
        &self.statements[..self.done.min(self.statements.len())]
    }

    /// What has to be set again in another session.
    fn settings(&self, dialect: Dialect) -> Vec<Setting> {
        let setting = |(statement, may_fail): (&Statement, bool)| Setting {
            sql: match discards_all(&self.sql, statement) {
                true => DISCARDED_SETTINGS.to_owned(),
                false => statement.text(&self.sql).to_owned(),
            },
            may_fail,
            resets_all: resets_all(&self.sql, statement),
        };
        session_settings(&self.sql, self.done(), dialect).into_iter().map(setting).collect()
    }

    fn text(&self, index: usize) -> Option<&str> {
        self.statements.get(index).map(|statement| statement.text(&self.sql))
    }

    fn in_doubt(&self) -> Option<&Statement> {
        self.statements.get(self.done).filter(|_| self.is_in_doubt)
    }
}

impl<'a, S: AnySession + ?Sized> Engine<'a, S> {
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
        // Whoever is refused has set nothing in the session.
        let start = self.where_to_go_on(&prepared, row, decision).await?;
        let claim = self.new_claim().await?;
        self.clean_up_when_dropped(&prepared, recorded, &claim);
        if self.sql.dialect != Dialect::Sqlite
            && let Err(error) = self.repeat_settings(&prepared, &start.settings, false).await
        {
            self.restore_session(recorded).await;
            return Err(error);
        }
        let audited = self.sql.audited(&start.audited(), &self.applied_by(&recorded.facts), "");
        let sql = self.sql.take_up(&prepared, row, &claim.token, &start, &audited);
        let sql = self.as_runner(&prepared, recorded, self.bounded(&Foreseen::of(recorded), &sql));
        self.tell_start(&prepared);
        if let Err((request, error)) = self.send_in_transaction(&[(Part::Claim, &sql)]).await {
            self.restore_session(recorded).await;
            return self.interpret(&prepared, &request, of_lacking_record(error));
        }
        self.run_outside(&prepared, recorded, &claim, start).await
    }

    /// Where the script goes on. On Postgres, where names mean what the session says, with what it had set for that, which is taken back.
    ///
    /// # Errors
    /// As [`continuation`](Engine::continuation).
    pub(super) async fn where_to_go_on(
        &mut self,
        prepared: &Prepared<'_>,
        row: &HistoryRow,
        decision: Option<Resume>,
    ) -> Result<Continuation, Error> {
        if self.is_nested {
            return Err(refuse::outside_in_transaction(&row.label()));
        }
        let begun = self.begun(prepared, row).await?;
        let settings = begun.settings(self.sql.dialect);
        if self.sql.dialect == Dialect::Sqlite || settings.is_empty() {
            return self.continuation(prepared, row, begun, settings, decision).await;
        }
        self.session.roll_back_when_dropped(Some(self.rollback()));
        self.session.execute(TRANSACTION).await.map_err(refuse::settings)?;
        // A query that fails here is not tried again: it has failed the transaction.
        let usual = std::mem::replace(&mut self.is_nested, true);
        let found = match self.repeat_settings(prepared, &settings, true).await {
            Ok(()) => self.continuation(prepared, row, begun, settings, decision).await,
            Err(error) => Err(error),
        };
        self.is_nested = usual;
        self.roll_back().await;
        self.session.roll_back_when_dropped(None);
        found
    }

    async fn begun(&mut self, prepared: &Prepared<'_>, row: &HistoryRow) -> Result<Begun, Error> {
        let column = if prepared.direction == Direction::Up { "sql" } else { "down_sql" };
        let kept = self.stored_text(column, &row.version).await?.unwrap_or_default();
        let sql = prepared.as_written(kept);
        let statements = scan(&sql, self.sql.dialect).statements;
        let done = usize::try_from(row.statements_done).unwrap_or(usize::MAX);
        let is_in_doubt = row.statements_begun > row.statements_done;
        Ok(Begun { sql, statements, done, is_in_doubt })
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
        begun: Begun,
        settings: Vec<Setting>,
        decision: Option<Resume>,
    ) -> Result<Continuation, Error> {
        let done = begun.done;
        let text_today = |index: usize| prepared.statements.get(index).map(|statement| statement.text(&prepared.sql));
        let dialect = self.sql.dialect;
        let is_unchanged = |index: usize| text_today(index).is_some() && begun.text(index) == text_today(index);
        if let Some(changed) = (0..done).find(|index| !is_unchanged(*index)) {
            return Err(refuse::done_statement_changed(prepared, changed, begun.text(changed)));
        }
        if decision.is_none() && prepared.statements.len() > done {
            let lost = lost_with_session(&prepared.sql, &prepared.statements[..done], dialect);
            let reader = self.reads_last_number(prepared, done).await?;
            if !lost.is_empty() || reader.is_some() {
                let doubtful = begun.is_in_doubt.then_some(done + 1);
                return Err(refuse::session_is_another(prepared, dialect, &lost, reader, doubtful));
            }
        }
        let at = |done, is_in_doubt| Progress { done, is_in_doubt };
        let resumed = Continuation {
            progress: at(done, false),
            settings,
            left: Vec::new(),
            verdict: None,
            names: None,
            is_resumed: true,
        };
        let Some(in_doubt) = begun.in_doubt() else {
            return match decision {
                Some(Resume::Skip | Resume::MarkDone) => Err(refuse::nothing_in_doubt(prepared, done)),
                _ => Ok(Continuation { left: self.set_aside_for(begun.done().last(), &begun.sql).await?, ..resumed }),
            };
        };
        let names = self.names_for(&self.alone(&begun.sql, in_doubt)).await?;
        let meant = row.claim.as_deref().and_then(names_of).filter(|_| names.is_some());
        let has_other_names = meant.is_some_and(|meant| names.as_deref() != Some(meant));
        let effect = match (decision, self.effect_of(&begun.sql, in_doubt).await?) {
            (Some(Resume::Skip | Resume::MarkDone), Effect::HalfDone(_)) if has_other_names => Effect::Done,
            (_, Effect::HalfDone(index)) if has_other_names => Effect::Unknown(Some(index)),
            // Nobody but the statement itself ends that.
            (_, half @ Effect::HalfDone(_)) => half,
            (Some(Resume::Skip | Resume::MarkDone), _) => Effect::Done,
            // It is to be built here, whatever names meant before.
            (Some(Resume::Retry), Effect::NotDone(left)) if !left.is_empty() => Effect::NotDone(left),
            (_, Effect::NotDone(left)) if has_other_names => Effect::Unknown(left.first().map(ToString::to_string)),
            (_, Effect::Done) if has_other_names => Effect::Unknown(None),
            (_, effect) => effect,
        };
        let number = done + 1;
        let became = match (decision, &effect) {
            (Some(Resume::Skip), _) => "skipped",
            (Some(Resume::MarkDone), _) => "marked done",
            (_, Effect::Done) => "found done",
            (Some(Resume::Retry), _) if is_unchanged(done) => "retried",
            (Some(Resume::Retry), _) => "taken for not done",
            (None, Effect::HalfDone(_)) => "found half done",
            (None, _) => "found not done",
        };
        let verdict = Some(format!("statement {number} {became}"));
        match effect {
            Effect::Done if !is_unchanged(done) => {
                Err(refuse::done_statement_changed(prepared, done, begun.text(done)))
            }
            Effect::Done => {
                let left = self.set_aside_for(Some(in_doubt), &begun.sql).await?;
                Ok(Continuation { progress: at(number, false), left, verdict, ..resumed })
            }
            Effect::HalfDone(_) if !is_unchanged(done) || matches!(decision, Some(Resume::Skip | Resume::MarkDone)) => {
                Err(refuse::half_done(prepared, number, in_doubt.text(&begun.sql)))
            }
            Effect::HalfDone(_) => Ok(Continuation { progress: at(done, true), verdict, names, ..resumed }),
            Effect::NotDone(left) if left.is_empty() => Ok(Continuation { verdict, ..resumed }),
            // It stays in doubt until what is left of it is removed.
            Effect::NotDone(left) => Ok(Continuation { progress: at(done, true), left, verdict, names, ..resumed }),
            // What the database says of it this time tells nothing of the time before.
            Effect::Unknown(_) if decision == Some(Resume::Retry) => {
                // Nor does what names mean this time, until it runs.
                let names = meant.map(str::to_owned).or(names);
                Ok(Continuation { progress: at(done, is_unchanged(done)), verdict, names, ..resumed })
            }
            Effect::Unknown(invalid) => {
                let today = prepared.statements.get(done).filter(|_| is_unchanged(done));
                let shown = today.map_or((begun.sql.as_str(), in_doubt), |today| (&prepared.sql, today));
                Err(refuse::in_doubt(prepared, row, shown, dialect, (invalid, has_other_names)))
            }
        }
    }

    /// The statement that asks for the last number that its session has given to a row, which may have been one of a statement that is done.
    async fn reads_last_number<'p>(
        &mut self,
        prepared: &'p Prepared<'_>,
        done: usize,
    ) -> Result<Option<&'p Statement>, Error> {
        let left = prepared.statements.get(done..).filter(|_| done > 0).unwrap_or_default();
        if self.sql.dialect != Dialect::Sqlite {
            return Ok(last_number_reader(&prepared.sql, left));
        }
        if last_rowid_reader(&prepared.sql, left, |_| false).is_none() {
            return Ok(None);
        }
        let tables: Vec<String> = first_cells(self.query_patiently(NUMBERING_TABLES).await?).collect();
        Ok(last_rowid_reader(&prepared.sql, left, |table| tables.iter().any(|of| of == table)))
    }

    /// Postgres: what was set for the session of the script, by us and by the statements that are done, is set again for this one.
    async fn repeat_settings(
        &mut self,
        prepared: &Prepared<'_>,
        settings: &[Setting],
        is_in_transaction: bool,
    ) -> Result<(), Error> {
        let own = self.settings(prepared);
        if let Some(own) = &own {
            self.session.execute(own).await.map_err(refuse::settings)?;
        }
        for Setting { sql, may_fail, resets_all } in settings {
            let set = match *may_fail && is_in_transaction {
                true => self.session.execute(&format!("SAVEPOINT migrate_set;\n{sql};\nRELEASE migrate_set")).await,
                false => self.session.execute(sql).await,
            };
            match set {
                Err(error) if *may_fail && error.kind() != DriverErrorKind::ConnectionLost => {
                    if is_in_transaction {
                        self.session.execute("ROLLBACK TO migrate_set").await.map_err(refuse::settings)?;
                    }
                }
                set => set.map_err(|error| refuse::not_set_again(prepared, sql, error))?,
            }
            if let Some(own) = own.as_ref().filter(|_| *resets_all) {
                self.session.execute(own).await.map_err(refuse::settings)?;
            }
        }
        Ok(())
    }
}
