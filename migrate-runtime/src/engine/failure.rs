//! What an error of the driver means for a migration, and how it is told.

use migrate_core::{Dialect, Direction, printable};

use super::apply::Outcome;
use super::blockers::LOCK_TIMEOUT;
use super::prepare::Prepared;
use super::request::{Part, Request};
use super::sql::{ANOTHER_TRANSACTION, NO_RECORD};
use super::{Engine, refuse};
use crate::driver::{AnySession, DriverError, DriverErrorKind};
use crate::error::{Error, ErrorKind};
use crate::excerpt::Excerpt;
use crate::report::{Change, count};

/// unique_violation of Postgres; SQLITE_CONSTRAINT_PRIMARYKEY and SQLITE_CONSTRAINT_UNIQUE.
const ROW_EXISTS: [&str; 3] = ["23505", "1555", "2067"];
/// not_null_violation of Postgres; SQLITE_CONSTRAINT_NOTNULL.
const NOT_AS_EXPECTED: [&str; 2] = ["23502", "1299"];
/// lock_not_available and query_canceled, which a timeout of the session raises.
pub(super) const TIMED_OUT: [&str; 2] = [LOCK_TIMEOUT, "57014"];
/// SQLITE_CONSTRAINT_FOREIGNKEY
const FOREIGN_KEY: &str = "787";
/// raise_exception of PL/pgSQL
const RAISED: &str = "P0001";
/// serialization_failure, deadlock_detected, lock_not_available: another try may succeed.
const MAY_PASS: [&str; 3] = ["40001", "40P01", LOCK_TIMEOUT];

/// Whether a claim or an edit has failed because the history is not as it was seen.
pub(super) fn is_of_claim(error: &DriverError) -> bool {
    error.has_code(&ROW_EXISTS) || error.has_code(&NOT_AS_EXPECTED)
}

/// What a failed request was doing.
enum Blame {
    Bookkeeping(Part),
    /// One statement, and how far into it the error is, where the database said.
    Statement(usize, Option<usize>),
    /// One of several statements, first and last.
    OneOf(usize, usize),
}

const KEPT_NOTHING: &str = "fix the data or the file, then start again; nothing of this migration was kept";
const GOES_ON: &str =
    "fix the data or the file, then start again: it goes on behind what is done, which must stay as it is in the file";

impl<S: AnySession + ?Sized> Engine<'_, S> {
    /// What a failed request means. The transaction is rolled back already.
    pub(super) fn interpret(
        &self,
        prepared: &Prepared<'_>,
        request: &Request,
        error: DriverError,
    ) -> Result<Outcome, Error> {
        match error.kind() {
            DriverErrorKind::ConnectionLost => return Err(self.lost(prepared, error)),
            DriverErrorKind::Busy => return Ok(Outcome::Busy(error)),
            DriverErrorKind::Refused => {}
        }
        // Where several statements share a request, only what the server says beside the code tells the errors of the bookkeeping.
        let names_history = error.names_table(&self.sql.table_name().table);
        let is_of_bookkeeping = request.statements().is_none() || names_history;
        // The server always says which table such an error is of, and a commit may raise that of another one.
        let is_of_row = is_of_claim(&error)
            && match self.sql.dialect {
                Dialect::Postgres => names_history,
                _ => is_of_bookkeeping,
            };
        if request.has(Part::Claim) && error.position().is_none() {
            if error.has_code(&TIMED_OUT) && is_of_bookkeeping {
                return Ok(Outcome::Busy(error));
            }
            if is_of_row {
                return Ok(Outcome::Contested(self.failed(prepared, request, error)));
            }
        }
        if request.has(Part::Finish) {
            if error.has_code(&TIMED_OUT) && names_history {
                return Ok(Outcome::Busy(error));
            }
            if is_of_row {
                return Ok(Outcome::Contested(self.failed(prepared, request, error)));
            }
        }
        let may_pass = self.may_pass(&error);
        let failed = self.failed(prepared, request, error);
        if may_pass { Ok(Outcome::Transient(failed)) } else { Err(failed) }
    }

    /// Postgres: an error that tells of a lost connection, and was sent by the server, may be about one that the statement has made to
    /// another server. Ours goes on then, and the statement was refused: in a transaction, one that has failed is still there.
    pub(super) async fn refused_if_ours_lives(&mut self, error: DriverError, is_in_transaction: bool) -> DriverError {
        let was_sent = error.code().is_some_and(|code| code.starts_with("08") || code.starts_with("57P0"));
        if error.kind() != DriverErrorKind::ConnectionLost || !was_sent {
            return error;
        }
        let is_of_another = match self.session.query("SELECT 1").await {
            Ok(_) => !is_in_transaction,
            Err(answer) => is_in_transaction && answer.has_code(&["25P02"]),
        };
        if is_of_another { error.refused() } else { error }
    }

    /// Whether another try may succeed: others were in the way.
    pub(super) fn may_pass(&self, error: &DriverError) -> bool {
        self.sql.dialect == Dialect::Postgres && error.has_code(&MAY_PASS)
    }

    /// A script in a transaction has failed, and is rolled back.
    fn failed(&self, prepared: &Prepared<'_>, request: &Request, error: DriverError) -> Error {
        let end = match self.blame(request, &error) {
            // What the script did before is committed.
            Blame::Bookkeeping(Part::Guard) => "before its end".to_owned(),
            _ => "and was rolled back".to_owned(),
        };
        self.failed_with(prepared, request, error, &end, KEPT_NOTHING)
    }

    /// A script outside of a transaction has failed, with so many statements done.
    pub(super) fn failed_outside(
        &self,
        prepared: &Prepared<'_>,
        request: &Request,
        error: DriverError,
        done: usize,
    ) -> Error {
        if error.kind() == DriverErrorKind::ConnectionLost {
            return self.lost(prepared, error);
        }
        // The record goes before the statement.
        if error.has_code(&NOT_AS_EXPECTED) && error.names_table(&self.sql.table_name().table) {
            return refuse::claim_lost(&prepared.label).with_driver(error);
        }
        let of = prepared.statements.len();
        let end = match done {
            0 => format!("outside of a transaction, at statement 1 of {of}; nothing before it was done"),
            done if done == of => {
                "behind its last statement, outside of a transaction; all of it stays done".to_owned()
            }
            1 => format!("outside of a transaction, at statement 2 of {of}; statement 1 stays done"),
            _ => {
                format!("outside of a transaction, at statement {} of {of}; statements 1 to {done} stay done", done + 1)
            }
        };
        self.failed_with(prepared, request, error, &end, GOES_ON)
    }

    fn failed_with(
        &self,
        prepared: &Prepared<'_>,
        request: &Request,
        error: DriverError,
        end: &str,
        usual_help: &str,
    ) -> Error {
        let Prepared { version, label, path, sql, statements, .. } = prepared;
        let start = |index: usize| statements.get(index).map_or(0, |statement| statement.span.start);
        let blame = self.blame(request, &error);
        let mut notes: Vec<String> = Vec::new();
        let (kind, happened, shown) = match blame {
            Blame::Statement(index, into) => {
                if request.has(Part::Close) && into.is_none() && is_raised_by_commits(&error) {
                    notes.push("the statement was sent together with the commit, which may be what failed".into());
                }
                (ErrorKind::StatementFailed, "failed", Excerpt::of(path, sql, start(index) + into.unwrap_or(0)))
            }
            Blame::OneOf(first, last) => {
                let line = |index: usize| migrate_core::Place::of(sql, start(index)).line;
                let (number, first_line, last_line) = (last - first + 1, line(first), line(last));
                notes.push(format!(
                    "one of the {} that begin on the lines {first_line} to {last_line}, which were sent together",
                    count(number, "statement")
                ));
                (ErrorKind::StatementFailed, "failed", Excerpt::of(path, sql, start(first)))
            }
            Blame::Bookkeeping(Part::Close) => {
                (ErrorKind::StatementFailed, "failed at its commit", Excerpt::of_file(path))
            }
            Blame::Bookkeeping(Part::Guard) => {
                (ErrorKind::LeftTransaction, "left its transaction", Excerpt::of_file(path))
            }
            Blame::Bookkeeping(Part::Open) => (ErrorKind::Database, "could not begin", Excerpt::of_file(path)),
            Blame::Bookkeeping(_) => {
                if let before @ 1.. = self.waiting_rows.len().saturating_sub(1) {
                    let migrations = count(before, "migration");
                    notes.push(format!(
                        "with its row those of the {migrations} before it are written: it may be one of them"
                    ));
                }
                (ErrorKind::Database, "could not be written to the history table", Excerpt::of_file(path))
            }
        };
        if self.has_lost_transaction && self.is_in_transaction_of_user() {
            notes.push("the transaction that the connection was in is rolled back as a whole".into());
        }
        let what = self.what_it_is(prepared);
        let stays = if kind == ErrorKind::LeftTransaction { self.what_may_stay() } else { self.what_stays() };
        let message = format!("{what} {label} {happened} {end}; {stays}");
        let help = advice_on_bookkeeping(&blame, &error, sql).or_else(|| refuse::advice(&error)).unwrap_or(usual_help);
        let statement = match blame {
            Blame::Statement(index, _) => statements.get(index).map(|statement| statement.text(sql).to_owned()),
            _ => None,
        };
        let may_pass = self.may_pass(&error);
        Error::new(kind, message)
            .with_body([shown.text, driver_lines(&error, &notes, shown.margin)].join("\n"))
            .with_margin(shown.margin)
            .with_help(help)
            .with_migration(version, label.clone())
            .with_statement(statement)
            .that_may_pass(may_pass)
            .with_driver(error)
    }

    fn what_it_is(&self, prepared: &Prepared<'_>) -> &'static str {
        match prepared.direction {
            Direction::Up => "migration",
            Direction::Down => "the script down of migration",
        }
    }

    pub(super) fn lost(&self, prepared: &Prepared<'_>, error: DriverError) -> Error {
        let Prepared { version, label, path, .. } = prepared;
        let doing = match prepared.direction {
            Direction::Up => "applied",
            Direction::Down => "reverted",
        };
        let message =
            format!("the connection was lost while migration {label} was being {doing}; {}", self.what_stays());
        let help = match prepared.runs_outside() {
            true => {
                "start again: the history knows which statements are done, and what is not known is found out or asked"
            }
            false => "start again: the migration is applied whole or not at all, and the next start finds out which",
        };
        let shown = Excerpt::of_file(path);
        Error::new(ErrorKind::ConnectionLost, message)
            .with_body([shown.text, driver_lines(&error, &[], shown.margin)].join("\n"))
            .with_help(help)
            .with_migration(version, label.clone())
            .with_driver(error)
    }

    /// What this run has committed before.
    pub(super) fn what_stays(&self) -> String {
        if self.whole.is_some() {
            return "nothing of this run stays".into();
        }
        let short = |change: &Change| match (change.migration.version_as_written(), self.sets.len()) {
            (version, 1) => version.to_owned(),
            (version, _) => format!("{} {version}", change.set),
        };
        let changes = self.report.changes.as_slice();
        let state = match changes {
            [] => return "this run has changed nothing else".into(),
            [first, rest @ ..] if rest.iter().all(|change| change.action == first.action) => first.action.done(),
            _ => "changed",
        };
        match changes {
            [first, last] => format!("{} and {} stay {state}", short(first), short(last)),
            [one] => format!("{} stays {state}", short(one)),
            [first, .., last] => format!("{} to {} stay {state}", short(first), short(last)),
            [] => String::new(),
        }
    }

    /// The same, when the transaction was ended by what ran in it.
    pub(super) fn what_may_stay(&self) -> String {
        match self.whole {
            None if !self.is_nested => self.what_stays(),
            _ => "what this run has done before it may be committed, or lost".into(),
        }
    }

    fn blame(&self, request: &Request, error: &DriverError) -> Blame {
        let names_table = error.names_table(&self.sql.table_name().table);
        let is_constraint = error.code().is_some_and(|code| code.starts_with("23"));
        let is_of_claim = error.has_code(&["25006"]) || (error.has_code(&["42501"]) || is_constraint) && names_table;
        match (error.position().and_then(|position| request.part_at(position)), request.statements()) {
            (Some((Part::Statement(index), into)), _) => Blame::Statement(index, Some(into)),
            (Some((part, _)), _) => Blame::Bookkeeping(part),
            (None, _) if error.has_code(&["25P01"]) && request.has(Part::Guard) => Blame::Bookkeeping(Part::Guard),
            (None, _) if error.message().contains(ANOTHER_TRANSACTION) => Blame::Bookkeeping(Part::Guard),
            (None, _) if error.message().contains(NO_RECORD) => Blame::Bookkeeping(Part::Finish),
            (None, _) if is_of_claim && request.has(Part::Claim) => Blame::Bookkeeping(Part::Claim),
            (None, _) if is_of_claim && names_table && request.has(Part::Finish) => Blame::Bookkeeping(Part::Finish),
            (None, _) if is_of_claim && names_table && request.has(Part::Progress) => {
                Blame::Bookkeeping(Part::Progress)
            }
            (None, Some(indexes)) if indexes.len() == 1 => Blame::Statement(indexes.start, None),
            (None, Some(indexes)) => Blame::OneOf(indexes.start, indexes.end - 1),
            (None, None) if request.has(Part::Close) && is_raised_by_commits(error) => Blame::Bookkeeping(Part::Close),
            // A trigger of the user's that is deferred to the commit; on the history there is none.
            (None, None) if request.has(Part::Close) && error.has_code(&[RAISED]) => Blame::Bookkeeping(Part::Close),
            (None, None) => Blame::Bookkeeping(request.purpose().unwrap_or(Part::Open)),
        }
    }
}

/// SQLite: what says that a row is not there which was to be written tells so. It must not be an error of a statement of the user's.
pub(super) fn of_lacking_record(error: DriverError) -> DriverError {
    match error.dialect() == Dialect::Sqlite && error.message().contains("integer overflow") {
        true => DriverError::new(Dialect::Sqlite, error.kind(), NO_RECORD, error),
        false => error,
    }
}

/// What to do about a script that meddles with the runner's own affairs.
fn advice_on_bookkeeping(blame: &Blame, error: &DriverError, script: &str) -> Option<&'static str> {
    let changes_role = || {
        let script = script.to_ascii_lowercase();
        ["set role", "set session authorization", "set local role"].iter().any(|words| script.contains(words))
    };
    match blame {
        Blame::Bookkeeping(Part::Progress) if error.has_code(&["42501"]) && changes_role() => Some(
            "the script becomes another user, who may not write to the history table, where each of its statements is recorded: `SET ROLE` in \
             place of `SET SESSION AUTHORIZATION` leaves that to the runner",
        ),
        Blame::Bookkeeping(Part::Finish) if error.has_code(&["42501"]) && changes_role() => Some(
            "the script leaves another role behind, which may not write to the history table: end it with `RESET ROLE`, or with \
             `RESET SESSION AUTHORIZATION` if that is what it has set",
        ),
        Blame::Bookkeeping(Part::Guard) => {
            Some("it has ended the transaction by itself, and what it did before may be committed: look at it by hand")
        }
        Blame::Bookkeeping(Part::Finish) if error.has_code(&["42P01", "1"]) => {
            Some("the migration drops or renames the history table: name another one with `Migrator::history_table`")
        }
        Blame::Bookkeeping(_) if error.message().contains(NO_RECORD) => Some(
            "the migration, or a trigger, rule or policy on the history table, has kept its row from being written: leave the table, and \
             in a step the transaction, to the runner, or name another one with `Migrator::history_table`",
        ),
        _ => None,
    }
}

/// Whether a commit may raise the error in place of a statement: deferred constraints, serialization failures.
fn is_raised_by_commits(error: &DriverError) -> bool {
    error.code().is_some_and(|code| match error.dialect() {
        Dialect::Sqlite => code == FOREIGN_KEY,
        _ => code.starts_with("23") || code.starts_with("40"),
    })
}

/// What the database said, a line each, behind a margin of so many columns.
pub(super) fn driver_lines(error: &DriverError, notes: &[String], margin: usize) -> String {
    let code = error.code().map(|code| format!(" {code}")).unwrap_or_default();
    let own = [NO_RECORD, ANOTHER_TRANSACTION].into_iter().find(|own| error.message().contains(own));
    let mut lines = vec![own.map_or_else(|| format!("{}{code}: {}", error.dialect(), error.message()), str::to_owned)];
    let more = [("detail", error.detail()), ("hint", error.hint()), ("context", error.context())];
    lines.extend(more.into_iter().filter_map(|(name, text)| Some(format!("{name}: {}", text?))));
    lines.extend(notes.iter().map(|note| format!("note: {note}")));
    let margin = " ".repeat(margin + 1);
    lines.iter().map(|line| format!("{margin}= {}", printable(line))).collect::<Vec<_>>().join("\n")
}
