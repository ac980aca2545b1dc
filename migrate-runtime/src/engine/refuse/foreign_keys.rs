//! What is wrong around the foreign keys of SQLite.

use migrate_core::Label;

use super::super::dangling::UNCHECKED;
use super::super::prepare::Prepared;
use super::database::bookkeeping;
use super::lines;
use crate::driver::DriverError;
use crate::error::{Error, ErrorKind};
use crate::excerpt::Excerpt;
use crate::report::count;

pub(in crate::engine) fn unchecked_foreign_keys(error: DriverError) -> Error {
    bookkeeping("the foreign keys could not be checked".into(), error)
}

pub(in crate::engine) fn unchecked_foreign_keys_outside(error: DriverError) -> Error {
    unchecked_foreign_keys(error)
        .with_help("start again: what the script has done is recorded, and it goes on behind that")
}

/// So many rows that refer to nothing are listed.
const MOST_ROWS: usize = 10;

pub(in crate::engine) fn dangling_rows(prepared: &Prepared<'_>, rows: &[String]) -> Error {
    let label = &prepared.label;
    let message = format!("migration {label} leaves {}, and was rolled back", referring(rows));
    dangling(message, prepared, rows).with_help(
        "correct the script, so that every row refers to one that is there; foreign keys were off where it drops a table, or asks for it: \
         with `-- migrate: foreign-keys=on` they stay on, and rows that refer to a dropped table may go with it",
    )
}

/// The migrations of one transaction leave them.
pub(in crate::engine) fn dangling_rows_of_whole(scripts: &[&Prepared<'_>], rows: &[String]) -> Error {
    let labels: Vec<&Label> = scripts.iter().map(|script| &script.label).collect();
    let message = format!("the {} leave {}; nothing was kept", count(labels.len(), "migration"), referring(rows));
    let mut body = vec![lines(&labels)];
    body.extend(listed(rows));
    Error::new(ErrorKind::ForeignKeyViolation, message).with_body(body.join("\n")).with_help(
        "correct the scripts, so that every row refers to one that is there; foreign keys were off where one of them drops a table, or asks \
         for it; with `Scope::PerMigration` each is checked by itself",
    )
}

pub(in crate::engine) fn dangling_rows_outside(prepared: &Prepared<'_>, rows: &[String], is_resumed: bool) -> Error {
    let label = &prepared.label;
    let message = match is_resumed {
        false => format!("migration {label}, which runs outside of a transaction, has left {}", referring(rows)),
        true => format!(
            "migration {label}, which was interrupted outside of a transaction, is through, and leaves {}; whether they were there before is not known",
            referring(rows)
        ),
    };
    dangling(message, prepared, rows)
        .with_help("its statements are done: correct these rows by hand, then `run`, or `Migrator::mark_applied` with those that may stay")
}

fn referring(rows: &[String]) -> String {
    let of_tables = rows.iter().filter(|row| row.contains(UNCHECKED)).count();
    let refer = if rows.len() - of_tables == 1 { "refers" } else { "refer" };
    match rows.len() - of_tables {
        0 => format!("foreign keys of {} that cannot be checked", count(of_tables, "table")),
        dangling if of_tables == 0 => format!("{} that {refer} to nothing", count(dangling, "row")),
        dangling => {
            format!("{} that {refer} to nothing, and foreign keys that cannot be checked", count(dangling, "row"))
        }
    }
}

fn dangling(message: String, prepared: &Prepared<'_>, rows: &[String]) -> Error {
    let mut body: Vec<String> = vec![Excerpt::of_file(&prepared.path).text];
    body.extend(listed(rows));
    Error::new(ErrorKind::ForeignKeyViolation, message)
        .with_body(body.join("\n"))
        .with_migration(&prepared.version, prepared.label.clone())
}

fn listed(rows: &[String]) -> impl Iterator<Item = String> {
    let more = rows.len().checked_sub(MOST_ROWS).filter(|more| *more > 0);
    rows.iter().take(MOST_ROWS).map(|row| format!("   = {row}")).chain(more.map(|more| format!("   = and {more} more")))
}
