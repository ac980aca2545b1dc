//! What to say of a script whose dialect may not be known.

use super::lex::{Lexer, TokenKind};
use super::{Scan, ScanProblem, scan};
use crate::Dialect;

/// The problems of a script in `dialect` or, where none is given, those that hold whatever its dialect is.
///
/// Without a dialect a script is for any database [with a driver](Dialect::WITH_DRIVER), and refused only if none of their dialects
/// reads it soundly; then the problems are those of the dialect that got furthest. Otherwise a problem counts only if every dialect
/// that reads the script soundly finds it, for what one of them takes offence at may be good SQL in the one it was written for.
///
/// ```
/// use migrate_core::{Dialect, scan::check};
///
/// // An apostrophe between dollar quotes: Postgres reads it, SQLite does not.
/// let sql = "DO $$ BEGIN RAISE NOTICE 'it''s'; -- it's\nEND $$;";
/// assert!(check(sql, None).is_empty());
/// assert!(!check(sql, Some(Dialect::Sqlite)).is_empty());
/// ```
pub fn check(sql: &str, dialect: Option<Dialect>) -> Vec<ScanProblem> {
    match dialect {
        Some(dialect) => scan(sql, dialect).problems,
        None => agreed(&Dialect::WITH_DRIVER.map(|dialect| scan(sql, dialect)).each_ref()),
    }
}

/// The problems of a script that was scanned in every dialect that it may be for.
pub(crate) fn agreed(scans: &[&Scan]) -> Vec<ScanProblem> {
    let mut sound = scans.iter().filter(|scan| scan.is_sound());
    let Some(first) = sound.next() else {
        return furthest(scans);
    };
    let others: Vec<&&Scan> = sound.collect();
    let agree = |problem: &&ScanProblem| others.iter().all(|other| finds(other, problem));
    first.problems.iter().filter(agree).cloned().collect()
}

/// Whether the scan has this problem too. A script may have very many.
fn finds(scan: &Scan, problem: &ScanProblem) -> bool {
    let from = scan.problems.partition_point(|other| other.offset < problem.offset);
    scan.problems.iter().skip(from).take_while(|other| other.offset == problem.offset).any(|other| other == problem)
}

/// Whether a script holds nothing but white space, comments and `;`, in `dialect` or, where none is given, in every
/// dialect [with a driver](Dialect::WITH_DRIVER) that reads it soundly.
///
/// ```
/// use migrate_core::scan::is_blank;
///
/// assert!(is_blank("-- to be done\n;", None));
/// assert!(!is_blank("SELECT 1", None));
/// ```
pub fn is_blank(sql: &str, dialect: Option<Dialect>) -> bool {
    if let Some(dialect) = dialect {
        return is_blank_in(sql, dialect);
    }
    let dialects = Dialect::WITH_DRIVER;
    let blank = dialects.map(|dialect| is_blank_in(sql, dialect));
    blank.contains(&true)
        && dialects.into_iter().zip(blank).all(|(dialect, is_blank)| is_blank || !scan(sql, dialect).is_sound())
}

fn is_blank_in(sql: &str, dialect: Dialect) -> bool {
    Lexer::new(sql, dialect).all(|token| matches!(token.kind, TokenKind::Blank | TokenKind::Semicolon))
}

/// The problems of the scan whose first lexical problem comes last, or of the first such scan.
fn furthest(scans: &[&Scan]) -> Vec<ScanProblem> {
    let reach = |scan: &Scan| {
        scan.problems.iter().find(|problem| problem.kind.is_lexical()).map_or(usize::MAX, |problem| problem.offset)
    };
    let further = |best: &Scan, next: &Scan| reach(next) > reach(best);
    let mut best = None;
    for scan in scans {
        if best.is_none_or(|best| further(best, scan)) {
            best = Some(*scan);
        }
    }
    best.map(|scan| scan.problems.clone()).unwrap_or_default()
}
