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

/// The migrations that switch SQLite's foreign keys off.
pub(super) fn switching_foreign_keys_off(prepared: &[Prepared<'_>]) -> Vec<Label> {
    let switches_off = |prepared: &&Prepared<'_>| {
        let sql = prepared.migration.up().sql();
        prepared.statements.iter().any(|statement| is_foreign_keys_off(statement.text(sql)))
    };
    prepared.iter().filter(switches_off).map(|prepared| prepared.label.clone()).collect()
}

/// `PRAGMA foreign_keys = OFF`, in all its spellings.
fn is_foreign_keys_off(statement: &str) -> bool {
    let is_separator = |c: char| c.is_whitespace() || "=().;'\"[]`".contains(c);
    let words: Vec<String> =
        statement.split(is_separator).filter(|word| !word.is_empty()).map(str::to_ascii_lowercase).take(4).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    matches!(
        words.as_slice(),
        ["pragma", "foreign_keys", "off" | "0" | "no" | "false"]
            | ["pragma", _, "foreign_keys", "off" | "0" | "no" | "false"]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pragmas() {
        for off in [
            "PRAGMA foreign_keys = OFF",
            "pragma foreign_keys=0",
            "PRAGMA main.foreign_keys(false)",
            "PRAGMA \"foreign_keys\" = 'no'",
        ] {
            assert!(is_foreign_keys_off(off), "{off}");
        }
        for other in [
            "PRAGMA foreign_keys",
            "PRAGMA foreign_keys = ON",
            "PRAGMA defer_foreign_keys = OFF",
            "SELECT 'pragma foreign_keys off'",
        ] {
            assert!(!is_foreign_keys_off(other), "{other}");
        }
    }
}
