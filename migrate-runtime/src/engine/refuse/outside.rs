//! What is wrong around scripts that run outside of a transaction.

use std::path::Path;

use migrate_core::plan::Standing;
use migrate_core::scan::Statement;
use migrate_core::{Dialect, HistoryRow, InSession, Label};

use super::super::prepare::Prepared;
use super::database::{START_AGAIN, advice, bookkeeping};
use super::{indented, lines};
use crate::driver::{DriverError, DriverErrorKind};
use crate::error::{Error, ErrorKind, Problem};
use crate::excerpt::Excerpt;

pub(in crate::engine) fn outside_in_transaction(label: &Label) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!(
            "migration {label} runs outside of a transaction, and the connection is inside one; nothing was changed"
        ),
    )
    .with_help("hand over the connection instead of a transaction")
}

pub(in crate::engine) fn outside_of_whole(labels: &[Label]) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "all migrations were to run in one transaction, and some run outside of one; nothing was changed",
    )
    .with_body(lines(labels))
    .with_help(
        "run up to these with `Migrator::target` first, or each in a transaction of its own with `Scope::PerMigration`",
    )
}

pub(in crate::engine) fn in_the_middle_of_whole(row: &HistoryRow) -> Error {
    let label = row.label();
    let message = format!(
        "migration {label}, which runs outside of a transaction, was interrupted, and all were to run in one; nothing was changed"
    );
    Error::new(ErrorKind::Interrupted, message)
        .with_help("bring it to its end with `Scope::PerMigration` first")
        .with_migration(&row.version, label)
}

pub(in crate::engine) fn no_sign(path: &Path, error: &std::io::Error) -> Error {
    let message =
        format!("`{}` cannot be made and locked, which shows others that this runner lives: {error}", path.display());
    Error::new(ErrorKind::Database, message)
        .with_help("check the permissions of the folder of the database; nothing was changed")
}

pub(in crate::engine) fn path_not_unicode(path: &str) -> Error {
    let message = format!(
        "the path of the database is not Unicode, and SQLite does not tell what it is: `{path}`; nothing was changed"
    );
    Error::new(ErrorKind::Unsupported, message)
        .with_help("move the database, or open it by another path: a script outside of a transaction needs a file beside it, which shows whether its runner lives")
}

pub(in crate::engine) fn no_cleanup(prepared: &Prepared<'_>, number: usize, index: &str, error: DriverError) -> Error {
    let help = advice(&error).unwrap_or("see what the database says, then start again");
    let message = format!("{} could not be removed", left_invalid(prepared, number, index));
    bookkeeping(message, error).with_help(help).with_migration(&prepared.version, prepared.label.clone())
}

pub(in crate::engine) fn no_longer_left(prepared: &Prepared<'_>, number: usize, index: &str) -> Error {
    let message =
        format!("{} is another one by now: somebody has built or dropped it", left_invalid(prepared, number, index));
    Error::new(ErrorKind::Interrupted, message)
        .with_body(Excerpt::of_file(&prepared.path).text)
        .with_migration(&prepared.version, prepared.label.clone())
        .with_help("start again: one that is valid is taken for the one that was to be built")
}

fn left_invalid(prepared: &Prepared<'_>, number: usize, index: &str) -> String {
    format!("the index `{index}`, which statement {number} of migration {} has left invalid,", prepared.label)
}

pub(in crate::engine) fn claim_lost(label: &Label) -> Error {
    let message = format!("another runner has taken over migration {label} in the middle");
    Error::new(ErrorKind::Interrupted, message).with_help(
        "look at `status`: the other one believed this runner dead, which happens when a proxy changes the connections of a session, or when \
         the file that shows it alive, beside a database of SQLite, was removed, or is looked for beside another name of that",
    )
}

pub(in crate::engine) fn unknown_interrupted(row: &HistoryRow) -> Error {
    let message =
        format!("migration {} was interrupted, and this binary does not have it; nothing was changed", row.label());
    Error::new(ErrorKind::Interrupted, message)
        .with_help("start the binary that has it: it goes on where the other one was")
}

/// A script cannot go on in another session than the one that it was begun in: these of its statements have left something there that is
/// lost, and that one asks for the last number there. `doubtful` is the number of a statement that was begun, and may be done.
pub(in crate::engine) fn session_is_another(
    prepared: &Prepared<'_>,
    dialect: Dialect,
    lost: &[&Statement],
    reader: Option<&Statement>,
    doubtful: Option<usize>,
) -> Error {
    let mut what = Vec::new();
    let mut help = Vec::new();
    if !lost.is_empty() {
        let of = match lost.len() {
            1 => "one of its statements has".to_owned(),
            many => format!("{many} of its statements have"),
        };
        what.push(format!("what {of} set or made for its session alone is gone, or not known"));
        help.push(
            "where nothing behind it needs that, `Migrator::resume` with `Resume::Retry` goes on without it. Otherwise finish it by hand, \
             then `Migrator::mark_applied`; or undo what is done of it, then `Migrator::mark_pending`, and it runs from its beginning. \
             Statements of their own, such as `SET …`, `SELECT set_config(…)`, `PRAGMA …` and `ATTACH` of a file, would be repeated"
                .to_owned(),
        );
    }
    if reader.is_some() {
        let (asks_for, says) = match dialect {
            Dialect::Sqlite => ("the last row that its session has inserted", "0 where it is new"),
            _ => ("the last number that its session has got from a sequence", "and fails where it is new"),
        };
        what.push(format!("what is left of it asks for {asks_for}, which is not known"));
        let say = if help.is_empty() { "say" } else { "Say" };
        help.push(format!(
            "{say} in the file which row is meant, such as `(SELECT max(id) FROM …)`, then start again: statements that are not done may be \
             changed. `Migrator::resume` with `Resume::Retry` goes on with what the session says, {says}"
        ));
    }
    help.extend(doubtful.map(|number| {
        format!(
            "`Retry` also runs statement {number}, which was begun, again, unless the database tells that it is done (`MarkDone` and `Skip` \
             go on behind that: look whether it is done)"
        )
    }));
    let label = &prepared.label;
    let message = format!("migration {label} was interrupted, and {}; nothing was changed", what.join("; and "));
    let shown: Vec<(&Statement, Excerpt)> = lost
        .iter()
        .copied()
        .chain(reader)
        .map(|statement| (statement, Excerpt::of(&prepared.path, &prepared.sql, statement.span.start)))
        .collect();
    let body: Vec<&str> = shown.iter().map(|(_, excerpt)| excerpt.text.as_str()).collect();
    Error::new(ErrorKind::Interrupted, message)
        .with_body(body.join("\n"))
        .with_margin(shown.last().map_or(Excerpt::MARGIN, |(_, excerpt)| excerpt.margin))
        .with_migration(&prepared.version, label.clone())
        .with_statement(shown.first().map(|(statement, _)| statement.text(&prepared.sql).to_owned()))
        .with_help(help.join(". "))
}

/// What a script had set for its session cannot be set for this one.
pub(in crate::engine) fn not_set_again(prepared: &Prepared<'_>, sql: &str, error: DriverError) -> Error {
    let label = &prepared.label;
    let is_lost = error.kind() == DriverErrorKind::ConnectionLost;
    let message = match is_lost {
        true => format!("migration {label} was interrupted, and did not go on"),
        false => format!(
            "migration {label} was interrupted, and what it had set for its session cannot be set again: `{sql}`"
        ),
    };
    let help = advice(&error).unwrap_or(if is_lost { START_AGAIN } else {
        "make that possible, then start again; or finish it by hand, then `Migrator::mark_applied`; or undo what is done of it, then \
         `Migrator::mark_pending`, and it runs from its beginning"
    });
    bookkeeping(message, error).with_help(help).with_migration(&prepared.version, label.clone())
}

pub(in crate::engine) fn invalid_index_is_there(prepared: &Prepared<'_>, index: &str) -> Error {
    let label = &prepared.label;
    let message = format!("migration {label} would leave the index `{index}` as it is: it is there, and invalid");
    Error::new(ErrorKind::StatementFailed, message)
        .with_body(Excerpt::of_file(&prepared.path).text)
        .with_migration(&prepared.version, label.clone())
        .with_help(
            "unless somebody is building it at this moment: `DROP INDEX CONCURRENTLY` it, then start again; `IF NOT EXISTS` takes an index \
             of that name for the one that is meant, valid or not"
        )
}

pub(in crate::engine) fn nothing_in_doubt(prepared: &Prepared<'_>, done: usize) -> Error {
    let (label, next) = (&prepared.label, done + 1);
    let (state, goes_on) = match done < prepared.statements.len() {
        true => (format!("statement {next} has not run"), format!("goes on with statement {next}")),
        false => ("all of them are done".to_owned(), "brings it to its end".to_owned()),
    };
    let message = format!("no statement of migration {label} is in doubt: {state}; nothing was changed");
    Error::new(ErrorKind::Interrupted, message)
        .with_body(Excerpt::of_file(&prepared.path).text)
        .with_migration(&prepared.version, label.clone())
        .with_help(format!(
            "`run`, or `Resume::Retry`, {goes_on}; what is behind those that are done may be changed in the file"
        ))
}

pub(in crate::engine) fn no_longer_outside(prepared: &Prepared<'_>) -> Error {
    let label = &prepared.label;
    let message = format!(
        "migration {label} was interrupted outside of a transaction, and its file does not ask for that any more; nothing was changed"
    );
    Error::new(ErrorKind::Interrupted, message)
        .with_body(Excerpt::of_file(&prepared.path).text)
        .with_migration(&prepared.version, label.clone())
        .with_problems(vec![Problem { migration: label.clone(), standing: Standing::Interrupted }])
        .with_help(
            "put `-- migrate: no-transaction` back until it has come to its end; or finish or undo it by hand, and tell the history with \
             `Migrator::mark_applied` or `Migrator::mark_pending`",
        )
}

pub(in crate::engine) fn done_statement_changed(prepared: &Prepared<'_>, index: usize, before: Option<&str>) -> Error {
    let (label, number) = (&prepared.label, index + 1);
    let message = format!(
        "migration {label} was interrupted behind its statement {number}, which is another one in the file today; nothing was changed"
    );
    let before = before.unwrap_or("a statement that the history does not have");
    let body = format!("{}\n     done was:\n{}", Excerpt::of_file(&prepared.path).text, indented(before));
    Error::new(ErrorKind::Interrupted, message)
        .with_body(body)
        .with_migration(&prepared.version, label.clone())
        .with_help("leave the statements that are done as they were; what comes behind them may be changed")
}

pub(in crate::engine) fn half_done(prepared: &Prepared<'_>, number: usize, statement: &str) -> Error {
    let label = &prepared.label;
    let message = format!(
        "migration {label} was interrupted at its statement {number}, and the index that it drops is invalid: it may check nothing any more; \
         nothing was changed"
    );
    let body = format!("{}\n     begun was:\n{}", Excerpt::of_file(&prepared.path).text, indented(statement));
    Error::new(ErrorKind::Interrupted, message)
        .with_body(body)
        .with_migration(&prepared.version, label.clone())
        .with_help(
            "leave the statement in the file and start again, which ends it; or drop the index by hand, then start again; or keep it: `REINDEX \
             INDEX` it, then take the statement out, or go on with `Resume::Skip`",
        )
}

pub(in crate::engine) fn in_doubt(
    prepared: &Prepared<'_>,
    row: &HistoryRow,
    (sql, statement): (&str, &Statement),
    dialect: Dialect,
    (invalid, has_other_names): (Option<String>, bool),
) -> Error {
    let invalid = invalid
        .map(|index| {
            format!(
                ". The index `{index}` is there, and invalid: if it is that one, it may check nothing any more, until it is dropped or built anew"
            )
        })
        .unwrap_or_default();
    let names = match has_other_names {
        true => {
            ". It was begun in a session with another search path: in one with the same, as that role, it may be found out"
        }
        false => "",
    };
    let is_of_session = InSession::left_by(sql, statement, dialect) == Some(InSession::Lost);
    let needed = if is_of_session { ". What it leaves in its session is gone, done or not" } else { "" };
    let (label, number, of) = (&prepared.label, row.statements_done + 1, row.statements);
    let done = match row.statements_done {
        0 => "none before it was done".to_owned(),
        1 => "the one before it is done".to_owned(),
        done => format!("the {done} before it are done"),
    };
    let message = format!(
        "migration {label} was interrupted at statement {number} of {of}, and whether that one was done is not known; {done}"
    );
    let shown = Excerpt::of(&prepared.path, sql, statement.span.start);
    let who = format!("begun at {} by {}", row.applied_at, row.applied_by);
    Error::new(ErrorKind::Interrupted, message)
        .with_body(format!("{}\n{}= {who}", shown.text, " ".repeat(shown.margin + 1)))
        .with_margin(shown.margin)
        .with_migration(&prepared.version, label.clone())
        .with_statement(Some(statement.text(sql).to_owned()))
        .with_help(format!(
            "look whether it was done, then `Migrator::resume` with `Resume::MarkDone` if it was, `Resume::Retry` if it was not, or \
             `Resume::Skip` to go on without it{needed}{invalid}{names}"
        ))
}
