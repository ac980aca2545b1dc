//! What a transaction keeps a script from doing: every migration runs in one, unless it is marked `-- migrate: no-transaction`.
//!
//! Only what is certain is found here, whatever the database holds: a statement that the server refuses, a pragma that it ignores,
//! a value of an enum that cannot be used yet. What only may go wrong is for a lint. Looks at statements token by token, in time
//! linear in the script, and never at what stands between dollar signs.
//!
//! ```
//! use migrate_core::{Dialect, Header, in_transaction, scan::scan};
//!
//! let sql = "VACUUM users;";
//! let problems = in_transaction::check(sql, Dialect::Postgres, &scan(sql, Dialect::Postgres), &Header::default());
//! assert_eq!(problems[0].message(), "`VACUUM` cannot run in a transaction");
//! ```

mod elsewhere;
mod enum_value;
mod pragma;
pub(crate) mod refused;
#[cfg(test)]
mod tests;

pub use pragma::{foreign_keys_set_by, is_on};

use crate::scan::{Scan, Statement};
use crate::{Dialect, Header, Place, Problem};

/// Everything in a script that cannot work because the script runs in a transaction. The scan and the header are those of the
/// script in `dialect`; nothing is found in a script that is marked, or that cannot be read.
///
/// ```
/// use migrate_core::{Dialect, Header, in_transaction, scan::scan};
///
/// let messages = |sql: &str| -> Vec<String> {
///     let scan = scan(sql, Dialect::Postgres);
///     let header = Header::read(sql, Dialect::Postgres, &scan).unwrap();
///     let problems = in_transaction::check(sql, Dialect::Postgres, &scan, &header);
///     problems.iter().map(|problem| problem.message().to_owned()).collect()
/// };
/// let index = "CREATE INDEX CONCURRENTLY by_name ON users (name);";
/// assert_eq!(messages(index), ["`CREATE INDEX CONCURRENTLY` cannot run in a transaction"]);
/// assert!(messages(&format!("-- migrate: no-transaction\n{index}")).is_empty());
/// ```
pub fn check(sql: &str, dialect: Dialect, scan: &Scan, header: &Header) -> Vec<Problem> {
    placed(sql, find(sql, dialect, scan, header))
}

/// As [`check`], for a script of any of the dialects that `scans` were made in: a problem only if none of them can run it.
///
/// ```
/// use migrate_core::{Dialect, Header, in_transaction::check_for_all, scan::scan};
///
/// let finds = |sql: &str| {
///     let scans = Dialect::WITH_DRIVER.map(|dialect| (dialect, scan(sql, dialect)));
///     !check_for_all(sql, &scans.iter().collect::<Vec<_>>(), &Header::default()).is_empty()
/// };
/// assert!(finds("CREATE INDEX CONCURRENTLY by_name ON users (name);"));
/// // To SQLite an index named `concurrently`.
/// assert!(!finds("CREATE INDEX CONCURRENTLY ON users (name);"));
/// ```
pub fn check_for_all(sql: &str, scans: &[&(Dialect, Scan)], header: &Header) -> Vec<Problem> {
    let readings: Vec<Reading<'_>> = scans
        .iter()
        .map(|(dialect, scan)| Reading { dialect: *dialect, scan, findings: find(sql, *dialect, scan, header) })
        .collect();
    let stops_all = |finding: &&Finding| readings.iter().all(|reading| reading.cannot_run(sql, finding.statement));
    placed(sql, readings.iter().flat_map(|reading| &reading.findings).filter(stops_all).cloned().collect())
}

/// Something that cannot work.
#[derive(Clone)]
struct Finding {
    /// Where the statement starts without which it would work.
    statement: usize,
    /// What to point at.
    offset: usize,
    problem: Problem,
}

/// The problems of a script at their places, in order, each once: two dialects may find the same.
fn placed(sql: &str, mut findings: Vec<Finding>) -> Vec<Problem> {
    findings.sort_by_key(|finding| finding.offset);
    let (mut place, mut behind) = (Place::START, 0);
    let at_its_place = |finding: Finding| {
        place = place.after(sql.get(behind..finding.offset).unwrap_or_default());
        behind = finding.offset;
        finding.problem.at(place)
    };
    let mut problems: Vec<Problem> = findings.into_iter().map(at_its_place).collect();
    problems.dedup();
    problems
}

/// The findings in order of their statements.
fn find(sql: &str, dialect: Dialect, scan: &Scan, header: &Header) -> Vec<Finding> {
    if header.no_transaction() || !scan.is_sound() {
        return Vec::new();
    }
    let mut findings = refused::find(sql, dialect, scan);
    match dialect {
        Dialect::Postgres => findings.extend(enum_value::find(sql, scan)),
        Dialect::Sqlite => findings.extend(pragma::find(sql, scan, header)),
        Dialect::Mysql => {}
    }
    findings.sort_by_key(|finding| finding.statement);
    findings
}

/// What a dialect makes of a script.
struct Reading<'a> {
    dialect: Dialect,
    scan: &'a Scan,
    findings: Vec<Finding>,
}

impl Reading<'_> {
    /// Whether the dialect has no use for the statement at `offset`: it cannot work, or there is no such statement.
    fn cannot_run(&self, sql: &str, offset: usize) -> bool {
        self.findings.binary_search_by_key(&offset, |finding| finding.statement).is_ok()
            || self.statement_at(offset).is_some_and(|statement| elsewhere::lacks(self.dialect, sql, statement))
    }

    fn statement_at(&self, offset: usize) -> Option<&Statement> {
        let index = self.scan.statements.binary_search_by_key(&offset, |statement| statement.span.start).ok()?;
        self.scan.statements.get(index)
    }
}
