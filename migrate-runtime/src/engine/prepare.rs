//! Pending migrations, scanned in the dialect of the database: the last look before anything is written.

use migrate_core::scan::{ScanProblem, Statement, scan};
use migrate_core::{Dialect, Header, Label, Migration, Problem};

use super::refuse;
use crate::error::Error;

/// A migration whose script can be run.
pub(super) struct Prepared<'a> {
    pub(super) migration: Migration<'a>,
    pub(super) label: Label,
    pub(super) statements: Vec<Statement>,
}

/// Prepares all that is pending.
///
/// # Errors
/// Everything that keeps any of the scripts from being run in `dialect`.
pub(super) fn all<'a>(
    pending: impl Iterator<Item = Migration<'a>>,
    dialect: Dialect,
) -> Result<Vec<Prepared<'a>>, Error> {
    let mut prepared = Vec::new();
    let mut problems = Vec::new();
    let mut asks_for_no_transaction = Vec::new();
    for migration in pending {
        let script = migration.up();
        let scanned = scan(script.sql(), dialect);
        let in_file = |problem: Problem| problem.in_file(script.path());
        problems.extend(
            scanned.problems.iter().map(|found: &ScanProblem| in_file(Problem::in_script(script.sql(), found))),
        );
        match Header::read(script.sql(), dialect, &scanned) {
            Ok(header) if header.no_transaction() => asks_for_no_transaction.push(migration.label()),
            Ok(_) => {}
            Err(of_header) => problems.extend(of_header.into_iter().map(in_file)),
        }
        prepared.push(Prepared { label: migration.label(), migration, statements: scanned.statements });
    }
    if !problems.is_empty() {
        return Err(refuse::unreadable_scripts(dialect, &problems));
    }
    if !asks_for_no_transaction.is_empty() {
        return Err(refuse::no_transaction(&asks_for_no_transaction));
    }
    Ok(prepared)
}
