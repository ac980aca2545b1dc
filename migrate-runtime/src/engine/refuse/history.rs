//! Why a history, or the table that it is in, cannot be gone on from.

use migrate_core::plan::{Item, Standing};
use migrate_core::{Dialect, Label, Migration, RowState, Version};

use super::super::foreign;
use super::super::sql::is_in_transaction;
use super::{indented, is_are, lines};
use crate::difference::difference;
use crate::error::{self, Error, ErrorKind};
use crate::report::count;

/// So many divergent migrations are shown with their difference.
const MOST_DIFFERENCES: usize = 5;

/// What the history has kept of a migration that is a problem: the text that was applied, or the statement that was begun.
pub(in crate::engine) type Kept = (Version, String);

pub(in crate::engine) fn history_mismatch(
    items: &[&Item<'_>],
    refuses_ahead: bool,
    kept: &[Kept],
    dialect: Dialect,
) -> Error {
    let mut differences = 0;
    let body: Vec<String> = items.iter().map(|item| describe(item, kept, &mut differences, dialect)).collect();
    let problems: Vec<error::Problem> =
        items.iter().map(|item| error::Problem { migration: item.label(), standing: item.standing() }).collect();
    let message = format!(
        "the history does not match this binary in {}; nothing was changed",
        count(problems.len(), "migration")
    );
    let has = |standing| problems.iter().any(|problem| problem.standing == standing);
    // Outside of a transaction, it is known how far it came.
    let interrupted = || items.iter().filter(|item| item.standing() == Standing::Interrupted && is_outside(item));
    let is_ours = |item: &&&Item<'_>| item.embedded().is_some() || is_reverting(item);
    let (can_go_on, is_unknown) = (interrupted().any(|item| is_ours(&item)), interrupted().any(|item| !is_ours(&item)));
    let remedy = |(standing, remedy): (Standing, &'static str)| match standing {
        Standing::Ahead if refuses_ahead => AHEAD_IS_REFUSED,
        Standing::Interrupted if can_go_on => CAN_GO_ON,
        Standing::Interrupted if is_unknown => OF_ANOTHER_BINARY,
        _ => remedy,
    };
    let help: Vec<&str> = REMEDIES.into_iter().filter(|(standing, _)| has(*standing)).map(remedy).collect();
    Error::new(ErrorKind::HistoryMismatch, message)
        .with_body(body.join("\n"))
        .with_help(help.join("\n   = help: "))
        .with_problems(problems)
}

const AHEAD_IS_REFUSED: &str =
    "ahead: a newer binary has migrated this database, and `Migrator::refuse_ahead` was asked for: run that one";

const OF_ANOTHER_BINARY: &str = "interrupted: start the binary that has it: it goes on where the other one was";

const CAN_GO_ON: &str = "interrupted: `run` goes on with it where it is safe to tell how, and `Migrator::resume` with what you have found out of the statement that was begun";

const REMEDIES: [(Standing, &str); 6] = [
    (
        Standing::Divergent,
        "divergent: restore the file as it was applied, and put the change into a new migration; or, when the edit does no harm, accept it \
         with `Migrator::repair`, which keeps the old checksum and the reason",
    ),
    (
        Standing::Missing,
        "missing: restore the file, because an applied migration must stay, or go on without it with `Migrator::allow_missing`; rows of \
         another program need a `set` of their own",
    ),
    (
        Standing::Ahead,
        "ahead: a newer binary has migrated this database, and not every one of its migrations says `-- migrate: compatible=backward`: run \
         the newer binary, let it revert them, or go on at your own risk with `Migrator::allow_ahead`; rows of another program need a \
         `set` of their own",
    ),
    (
        Standing::OutOfOrder,
        "out-of-order: rename the file so that it comes after everything that is applied, or apply it where it stands with \
         `Migrator::allow_out_of_order`",
    ),
    (Standing::Running, "running: another runner is at work on it outside of a transaction: wait for it to end"),
    (
        Standing::Interrupted,
        "interrupted: look what its statements have done, then finish or undo them by hand, and tell the history with \
         `Migrator::mark_applied` or `Migrator::mark_pending`",
    ),
];

fn is_reverting(item: &Item<'_>) -> bool {
    item.row().is_some_and(|row| row.state == RowState::Reverting)
}

fn is_outside(item: &Item<'_>) -> bool {
    item.row().is_some_and(|row| !row.claim.as_deref().is_some_and(is_in_transaction))
}

fn describe(item: &Item<'_>, kept: &[Kept], differences: &mut usize, dialect: Dialect) -> String {
    let (label, standing) = (item.label(), item.standing().as_str());
    let is_reverting = is_reverting(item);
    let script = |migration: Migration<'_>| {
        let script = if is_reverting { migration.down()? } else { migration.up() };
        Some(format!("\n  --> {}", script.path()))
    };
    let path = item.embedded().and_then(script).unwrap_or_default();
    let done = if item.row().is_some_and(|row| row.state == RowState::Running) { "begun" } else { "applied" };
    let applied =
        item.row().map(|row| format!("\n     {done} at {} by {}", row.applied_at, row.applied_by)).unwrap_or_default();
    let mut text = format!("{label} is {standing}{path}{applied}");
    if let Some(row) = item.row().filter(|row| row.state != RowState::Applied && is_outside(item)) {
        let script = if is_reverting { " of its script down" } else { "" };
        text.push_str(&format!(
            "\n     {} of {} statements{script} done",
            row.statements_done,
            item.statements(dialect).unwrap_or(0)
        ));
        if let Some((_, begun)) = kept.iter().find(|(version, _)| version == item.version()) {
            let number = row.statements_done + 1;
            text.push_str(&format!(", and statement {number} begun:\n{}", indented(begun)));
        }
        return text;
    }
    let (Some((applied, embedded)), Some(migration)) = (item.diverging_checksums(), item.embedded()) else {
        return text;
    };
    text.push_str(&format!("\n     applied  {applied}\n     embedded {embedded}"));
    if let Some((_, sql)) =
        kept.iter().find(|(version, _)| version == item.version()).filter(|_| *differences < MOST_DIFFERENCES)
    {
        *differences += 1;
        text.push_str(&match sql == migration.up().sql() {
            true => "\n     the text is the same: somebody has altered the checksum in the row".to_owned(),
            false => format!("\n     - as applied, + in this binary\n{}", difference(sql, migration.up().sql())),
        });
    }
    text
}

pub(in crate::engine) fn pending(labels: &[Label]) -> Error {
    Error::new(ErrorKind::Pending, format!("{} not applied yet", is_are(labels.len(), "migration")))
        .with_body(lines(labels))
        .with_help("`run` applies them")
}

pub(in crate::engine) fn foreign_table(table: &str, columns: &[&str]) -> Error {
    let tool = foreign::looks_like(columns);
    let lacking = foreign::lacking(columns);
    let whose = match tool {
        _ if !lacking.is_empty() => format!("it lacks {}", lacking.join(", ")),
        Some(tool) => format!("it looks like the table of {tool}"),
        None => "it is none of ours".to_owned(),
    };
    let help = match tool.filter(|tool| foreign::is_adoptable(tool)) {
        Some(_) => {
            "give the history another table, in every verb: `Migrator::history_table`; with that, `Migrator::adopt` (feature `adopt`) takes \
             over what the other tool has applied, and leaves its table as it is"
        }
        None => "name another table with `Migrator::history_table`",
    };
    Error::new(
        ErrorKind::ForeignTable,
        format!("{table} is not a history table of this program: {whose}; nothing was altered"),
    )
    .with_body(format!("   = its columns: {}", columns.join(", ")))
    .with_help(help)
}

pub(in crate::engine) fn row_gone(label: &Label) -> Error {
    let message = format!(
        "migration {label} was applied a moment ago, and its row is not in the history any more; nothing more was applied"
    );
    Error::new(ErrorKind::BadHistory, message).with_help(
        "somebody, or a trigger on the history table, deletes rows: stop that, then record what was applied with `Migrator::mark_applied`",
    )
}

pub(in crate::engine) fn no_key(table: &str) -> Error {
    let message = format!(
        "{table} has lost its primary key, without which a migration could be applied twice; nothing was applied"
    );
    Error::new(ErrorKind::BadHistory, message).with_help(format!(
        "look for rows that stand twice, then `ALTER TABLE {table} ADD PRIMARY KEY (\"set\", version)`; where it is a view, name the table \
         behind it with `Migrator::history_table`"
    ))
}

pub(in crate::engine) fn bad_history(table: &str, rows: &[String]) -> Error {
    let lines: Vec<String> = rows.iter().map(|row| format!("   {row}")).collect();
    Error::new(
        ErrorKind::BadHistory,
        format!("{table} holds {} that cannot be read; nothing was applied", count(rows.len(), "row")),
    )
    .with_body(lines.join("\n"))
    .with_help("somebody else has written to the table: correct these rows by hand")
}
