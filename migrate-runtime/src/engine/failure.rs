//! What an error of the driver means for a migration, and how it is told.

use migrate_core::Dialect;

use super::apply::Outcome;
use super::prepare::Prepared;
use super::read::History;
use super::request::{Part, Request};
use super::{Engine, refuse};
use crate::driver::{DriverError, DriverErrorKind, Session};
use crate::error::{Error, ErrorKind};
use crate::excerpt::excerpt;
use crate::report::{Applied, count};

/// unique_violation of Postgres; SQLITE_CONSTRAINT_PRIMARYKEY and SQLITE_CONSTRAINT_UNIQUE.
const ROW_EXISTS: [&str; 3] = ["23505", "1555", "2067"];
/// lock_not_available and query_canceled, which a timeout of the session raises.
const TIMED_OUT: [&str; 2] = ["55P03", "57014"];

/// What a failed request was doing.
enum Blame {
    Bookkeeping(Part),
    /// One statement, and how far into it the error is, where the database said.
    Statement(usize, Option<usize>),
    /// One of several statements, first and last.
    OneOf(usize, usize),
}

impl<S: Session> Engine<'_, S> {
    /// What a failed request means. The transaction is rolled back already.
    pub(super) fn interpret(
        &self,
        prepared: &Prepared<'_>,
        history: &History,
        request: &Request,
        error: DriverError,
    ) -> Result<Outcome, Error> {
        match error.kind() {
            DriverErrorKind::ConnectionLost => return Err(self.lost(prepared, error)),
            DriverErrorKind::Busy => return Ok(Outcome::Busy(error)),
            DriverErrorKind::Refused => {}
        }
        if request.has(Part::Claim) && error.position().is_none() {
            if error.has_code(&TIMED_OUT) && self.was_waiting_for_claim(request, history, &error) {
                return Ok(Outcome::Busy(error));
            }
            if error.has_code(&ROW_EXISTS) {
                return Ok(Outcome::Contested(self.failed(prepared, request, error)));
            }
        }
        Err(self.failed(prepared, request, error))
    }

    /// Whether a timeout hit the claim rather than the statement that travels with it.
    fn was_waiting_for_claim(&self, request: &Request, history: &History, error: &DriverError) -> bool {
        let names_table = |context: &str| context.contains(&self.sql.table_name().table);
        let only_claim_has_timeout = error.has_code(&["55P03"]) && !history.facts.has_lock_timeout();
        request.statements().is_none() || only_claim_has_timeout || error.context().is_some_and(names_table)
    }

    fn failed(
        &self,
        Prepared { migration, label, statements }: &Prepared<'_>,
        request: &Request,
        error: DriverError,
    ) -> Error {
        let script = migration.up();
        let (path, sql) = (script.path(), script.sql());
        let start = |index: usize| statements.get(index).map_or(0, |statement| statement.span.start);
        let blame = blame(request, &error);
        let mut notes: Vec<String> = Vec::new();
        let (kind, happened, shown) = match blame {
            Blame::Statement(index, into) => {
                if request.has(Part::Close) && into.is_none() && is_raised_by_commits(&error) {
                    notes.push("the statement was sent together with the commit, which may be what failed".into());
                }
                (ErrorKind::StatementFailed, "failed".to_owned(), excerpt(path, sql, start(index) + into.unwrap_or(0)))
            }
            Blame::OneOf(first, last) => {
                let line = |index: usize| migrate_core::Place::of(sql, start(index)).line;
                let (number, first_line, last_line) = (last - first + 1, line(first), line(last));
                notes.push(format!(
                    "one of the {} that begin on the lines {first_line} to {last_line}, which were sent together",
                    count(number, "statement")
                ));
                (ErrorKind::StatementFailed, "failed".to_owned(), excerpt(path, sql, start(first)))
            }
            Blame::Bookkeeping(Part::Close) => (ErrorKind::StatementFailed, "failed at its commit".into(), arrow(path)),
            Blame::Bookkeeping(Part::Open) => (ErrorKind::Database, "could not begin".into(), arrow(path)),
            Blame::Bookkeeping(_) => {
                (ErrorKind::Database, "could not be written to the history table".into(), arrow(path))
            }
        };
        let message = format!("migration {label} {happened} and was rolled back; {}", self.what_stays());
        let lost_table = matches!(blame, Blame::Bookkeeping(Part::Finish)) && error.has_code(&["42P01", "1"]);
        let help = lost_table
            .then_some(
                "the migration drops or renames the history table: name another one with `Migrator::history_table`",
            )
            .or_else(|| refuse::advice(&error))
            .unwrap_or("fix the data or the file, then start again; nothing of this migration was kept");
        Error::new(kind, message)
            .with_body([shown, driver_lines(&error, &notes)].join("\n"))
            .with_help(help)
            .with_migration(script.version(), label.clone())
            .with_driver(error)
    }

    fn lost(&self, Prepared { migration, label, .. }: &Prepared<'_>, error: DriverError) -> Error {
        let message =
            format!("the connection was lost while migration {label} was being applied; {}", self.what_stays());
        Error::new(ErrorKind::ConnectionLost, message)
            .with_body([arrow(migration.up().path()), driver_lines(&error, &[])].join("\n"))
            .with_help("start again: the migration is applied whole or not at all, and the next start finds out which")
            .with_migration(migration.version(), label.clone())
            .with_driver(error)
    }

    /// What this run has committed before.
    fn what_stays(&self) -> String {
        let short = |applied: &Applied| applied.migration.version_as_written().to_owned();
        match self.report.applied.as_slice() {
            [] => "this run has applied nothing else".into(),
            [first, last] => format!("{} and {} stay applied", short(first), short(last)),
            [one] => format!("{} stays applied", short(one)),
            [first, .., last] => format!("{} to {} stay applied", short(first), short(last)),
        }
    }
}

fn blame(request: &Request, error: &DriverError) -> Blame {
    match (error.position().and_then(|position| request.part_at(position)), request.statements()) {
        (Some((Part::Statement(index), into)), _) => Blame::Statement(index, Some(into)),
        (Some((part, _)), _) => Blame::Bookkeeping(part),
        (None, Some(indexes)) if indexes.len() == 1 => Blame::Statement(indexes.start, None),
        (None, Some(indexes)) => Blame::OneOf(indexes.start, indexes.end - 1),
        (None, None) if request.has(Part::Close) && is_raised_by_commits(error) => Blame::Bookkeeping(Part::Close),
        (None, None) if request.has(Part::Claim) => Blame::Bookkeeping(Part::Claim),
        (None, None) => Blame::Bookkeeping(request.first_part().unwrap_or(Part::Open)),
    }
}

/// Whether a commit may raise the error: deferred constraints, serialization failures.
fn is_raised_by_commits(error: &DriverError) -> bool {
    match error.dialect() {
        Dialect::Sqlite => true,
        _ => error.code().is_some_and(|code| code.starts_with("23") || code.starts_with("40")),
    }
}

fn arrow(path: &str) -> String {
    format!("  --> {path}")
}

/// What the database said, a line each.
pub(super) fn driver_lines(error: &DriverError, notes: &[String]) -> String {
    let code = error.code().map(|code| format!(" {code}")).unwrap_or_default();
    let mut lines = vec![format!("   = {}{code}: {}", error.dialect(), error.message())];
    let more = [("detail", error.detail()), ("hint", error.hint()), ("context", error.context())];
    lines.extend(more.into_iter().filter_map(|(name, text)| Some(format!("   = {name}: {}", text?))));
    lines.extend(notes.iter().map(|note| format!("   = note: {note}")));
    lines.join("\n")
}
