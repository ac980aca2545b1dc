//! Why a verb cannot do what it is asked for.

use migrate_core::plan::Standing;
use migrate_core::{HistoryRow, Label, Version};

use super::{is_are, lines};
use crate::error::{Error, ErrorKind};
use crate::report::{Action, count};
use crate::table::TableName;

pub(in crate::engine) fn no_down(labels: &[Label]) -> Error {
    let message = format!("{} without a script down; nothing was reverted", is_are(labels.len(), "migration"));
    Error::new(ErrorKind::NoDownScript, message).with_body(lines(labels)).with_help(
        "write a new migration that undoes what these have done; or undo it by hand, and tell the history with `Migrator::mark_pending`",
    )
}

pub(in crate::engine) fn applied_meanwhile(labels: &[Label]) -> Error {
    let message =
        format!("{} applied meanwhile, above what is to be reverted; nothing more was reverted", were(labels));
    Error::new(ErrorKind::HistoryMismatch, message)
        .with_body(lines(labels))
        .with_help("another runner has applied them: let it end, look at `status`, and revert again")
}

pub(in crate::engine) fn reset_not_allowed() -> Error {
    Error::new(ErrorKind::InvalidOption, "`reset` reverts every migration, and was not allowed to; nothing was changed")
        .with_help("say so with `Migrator::dangerously_allow_reset`")
}

pub(in crate::engine) fn reverted_meanwhile(versions: &[&Version]) -> Error {
    let message =
        format!("{} reverted meanwhile, below what is to be applied again; nothing more was applied", were(versions));
    Error::new(ErrorKind::HistoryMismatch, message)
        .with_body(lines(versions))
        .with_help("another runner has reverted them: let it end, look at `status`, and `run` what is wanted")
}

fn were<T>(migrations: &[T]) -> String {
    format!("{} {}", count(migrations.len(), "migration"), if migrations.len() == 1 { "was" } else { "were" })
}

pub(in crate::engine) fn not_in_binary(labels: &[Label]) -> Error {
    Error::new(
        ErrorKind::UnknownVersion,
        "migrations that this binary does not have cannot be redone; nothing was changed",
    )
    .with_body(lines(labels))
    .with_help("run the binary that has them")
}

pub(in crate::engine) fn unknown_version(version: &Version) -> Error {
    Error::new(ErrorKind::UnknownVersion, format!("there is no migration of version {version}; nothing was changed"))
        .with_help("`status` lists the migrations")
}

pub(in crate::engine) fn interrupted_above(row: &HistoryRow, target: &Version) -> Error {
    held_back(row, &format!("is above version {target}, up to which to run"))
}

pub(in crate::engine) fn interrupted_beyond(row: &HistoryRow) -> Error {
    held_back(row, "counts as one more than `Migrator::at_most` allows")
}

fn held_back(row: &HistoryRow, why: &str) -> Error {
    let message = format!("migration {} was interrupted, and {why}; nothing was changed", row.label());
    Error::new(ErrorKind::Interrupted, message)
        .with_migration(&row.version, row.label())
        .with_help("nothing else can run before it has come to its end: let `run` go on with it first")
}

pub(in crate::engine) fn one_set_only() -> Error {
    Error::new(ErrorKind::InvalidOption, "this verb works on one set of migrations, and there are several")
        .with_help("use `Migrator::new` with the set that is meant")
}

pub(in crate::engine) fn target_of_many(target: &Version) -> Error {
    Error::new(ErrorKind::InvalidOption, format!("version {target} may be one of any set, and there are several"))
        .with_help("use `Migrator::new` with the set that is meant")
}

pub(in crate::engine) fn temporary_table(table: &TableName) -> Error {
    let message = format!("the history table `{}` would end with the connection; nothing was changed", table.table);
    Error::new(ErrorKind::InvalidOption, message).with_help("name one that lasts with `Migrator::history_table`")
}

pub(in crate::engine) fn reserved_table(table: &TableName) -> Error {
    let message = format!("SQLite keeps names like `{}` to itself; nothing was changed", table.table);
    Error::new(ErrorKind::InvalidOption, message).with_help("name another table with `Migrator::history_table`")
}

pub(in crate::engine) fn not_attached(schema: &str) -> Error {
    let message =
        format!("there is no database `{schema}` on this connection to have the history table; nothing was changed");
    Error::new(ErrorKind::InvalidOption, message)
        .with_help("attach it first, or name another one with `Migrator::history_table`")
}

pub(in crate::engine) fn no_reason(action: Action) -> Error {
    Error::new(ErrorKind::InvalidOption, format!("there is no reason to {}; nothing was changed", action.to_do()))
        .with_help("say why: the history keeps it")
}

pub(in crate::engine) fn has_history(labels: &[Label]) -> Error {
    Error::new(ErrorKind::HasHistory, "a baseline is for a database without a history; nothing was changed")
        .with_body(lines(labels))
        .with_help("`run` applies what is pending; `Migrator::mark_applied` records a single migration")
}

pub(in crate::engine) fn not_repairable(label: &Label, standing: Standing) -> Error {
    let help = match standing {
        Standing::Pending | Standing::OutOfOrder => "it is not applied: there is nothing to repair",
        Standing::Running | Standing::Interrupted => "correct the file, then `run`: it goes on behind what is done",
        _ => "repair it with the binary that has it",
    };
    let message = format!("migration {label} is {}, and cannot be repaired; nothing was changed", standing.as_str());
    Error::new(ErrorKind::HistoryMismatch, message).with_help(help)
}

pub(in crate::engine) fn at_work(label: &Label, holder: &str) -> Error {
    Error::new(ErrorKind::Interrupted, format!("another runner is at work on migration {label}: {holder}"))
        .with_help("wait for it to end")
}
