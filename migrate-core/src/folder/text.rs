//! What is in a file: SQL that can be embedded, or every problem with it.

use super::entries::{Entry, unreadable};
use super::source::Source;
use super::{metadata, sections};
use crate::{Dialect, Header, Place, Problem, checksum, in_transaction, scan};

/// A script that can be embedded.
pub(super) struct Text {
    /// The SQL, as checksums see it: without a byte order mark, and with LF line ends.
    pub(super) sql: String,
    /// Whether a file beside it says that it runs outside of a transaction.
    pub(super) no_transaction: bool,
}

/// Reads a script; `None` when it holds no statement.
pub(super) fn read(source: &dyn Source, entry: &Entry, dialect: Option<Dialect>) -> Result<Option<Text>, Vec<Problem>> {
    let bytes = source.read(&entry.path).map_err(|error| vec![unreadable(&entry.shown, &error)])?;
    let in_file = |problem: Problem| problem.in_file(&entry.shown);
    let text = String::from_utf8(bytes).map_err(|error| vec![in_file(not_utf8(&error))])?;
    let sql = checksum::normalise(&text).into_owned();
    let no_transaction = metadata::asks_for_no_transaction(source, entry).map_err(|problem| vec![problem])?;
    match check(&sql, entry.dialect.or(dialect), no_transaction) {
        Ok(Content::Statements) => Ok(Some(Text { sql, no_transaction })),
        Ok(Content::Blank) => Ok(None),
        Err(problems) => Err(problems.into_iter().map(in_file).collect()),
    }
}

/// A migration that would do nothing.
pub(super) fn blank(entry: &Entry) -> Problem {
    let help = "write the migration, or remove the file; `SELECT 1;` stands for a migration that does nothing";
    Problem::new("the file holds no statement", help).in_file(&entry.shown)
}

/// What a script that can be read holds.
enum Content {
    Statements,
    Blank,
}

/// Everything that is wrong with a script for `dialect`, or for every dialect with a driver when it is for no single one.
fn check(sql: &str, dialect: Option<Dialect>, no_transaction: bool) -> Result<Content, Vec<Problem>> {
    let dialects = dialect.map_or(Dialect::WITH_DRIVER.to_vec(), |dialect| vec![dialect]);
    let scans: Vec<_> = dialects.into_iter().map(|dialect| (dialect, scan::scan(sql, dialect))).collect();
    let agreed = scan::agreed(&scans.iter().map(|(_, scan)| scan).collect::<Vec<_>>());
    let mut problems: Vec<Problem> = agreed.iter().map(|problem| Problem::in_script(sql, problem)).collect();
    if let Some(offset) = sql.find('\0') {
        let help = "remove it: no database takes SQL with a NUL byte";
        problems.push(Problem::new("the file has a NUL byte in it", help).at(Place::of(sql, offset)));
    }
    let sound: Vec<_> = scans.iter().filter(|(_, scan)| scan.is_sound()).collect();
    // Comments are read by a dialect that reads the script soundly, or by any when none does.
    if let Some((reader, scanned)) = sound.first().copied().or(scans.first()) {
        match sections::find(sql, *reader) {
            Some(problem) => problems.push(problem),
            None => match Header::read(sql, *reader, scanned) {
                Ok(header) => {
                    let header = header.marked_beside(no_transaction, scanned);
                    problems.extend(in_transaction::check_for_all(sql, &sound, &header));
                }
                Err(of_header) => problems.extend(of_header),
            },
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let is_blank = sound.iter().all(|(_, scan)| scan.statements.is_empty());
    Ok(if is_blank { Content::Blank } else { Content::Statements })
}

fn not_utf8(error: &std::string::FromUtf8Error) -> Problem {
    let valid = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
    Problem::new("the file is not UTF-8", "save it as UTF-8").at(Place::of(&valid, valid.len()))
}
