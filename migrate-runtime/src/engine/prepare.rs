//! Pending migrations, scanned in the dialect of the database: the last look before anything is written.

use migrate_core::scan::{ScanProblem, Statement, scan};
use migrate_core::{Dialect, Header, Label, Migration, Problem, in_transaction};

use super::refuse;
use crate::error::Error;

/// A migration whose script can be run.
pub(super) struct Prepared<'a> {
    pub(super) migration: Migration<'a>,
    pub(super) label: Label,
    pub(super) statements: Vec<Statement>,
    /// Whether the script says so, with the directive or with the pragma; only SQLite asks.
    needs_foreign_keys_off: bool,
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
        let mut needs_foreign_keys_off =
            dialect == Dialect::Sqlite && in_transaction::switches_foreign_keys_off(script.sql(), &scanned);
        match Header::read(script.sql(), dialect, &scanned) {
            Ok(header) => {
                let header = header.marked_beside(script.no_transaction(), &scanned);
                if header.no_transaction() {
                    asks_for_no_transaction.push(migration.label());
                }
                needs_foreign_keys_off |= header.foreign_keys_off();
                problems
                    .extend(in_transaction::check(script.sql(), dialect, &scanned, &header).into_iter().map(in_file));
            }
            Err(of_header) => problems.extend(of_header.into_iter().map(in_file)),
        }
        prepared.push(Prepared {
            label: migration.label(),
            migration,
            statements: scanned.statements,
            needs_foreign_keys_off,
        });
    }
    if !problems.is_empty() {
        return Err(refuse::unreadable_scripts(dialect, &problems));
    }
    if !asks_for_no_transaction.is_empty() {
        return Err(refuse::no_transaction(&asks_for_no_transaction));
    }
    Ok(prepared)
}

/// The migrations that need SQLite's foreign keys to be off.
pub(super) fn needing_foreign_keys_off(prepared: &[Prepared<'_>]) -> Vec<Label> {
    prepared.iter().filter(|prepared| prepared.needs_foreign_keys_off).map(|prepared| prepared.label.clone()).collect()
}
