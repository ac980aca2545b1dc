//! What is in a file: SQL that can be embedded, or every problem with it.

use super::entries::{Entry, unreadable};
use super::source::Source;
use super::{Section, Sections, metadata, sections};
use crate::{Dialect, Direction, Header, Place, Problem, checksum, in_transaction, scan};

/// A script that can be embedded.
pub(super) struct Text {
    /// The SQL, as checksums see it: without a byte order mark, and with LF line ends.
    pub(super) sql: String,
    /// Whether a file beside it, or the mark of its section, says that it runs outside of a transaction.
    pub(super) no_transaction: bool,
}

/// What is in a file that can be embedded.
pub(super) struct Texts {
    /// The script that the file is by its name; `None` when it holds no statement.
    pub(super) own: Option<Text>,
    /// The script down that the file has besides, when it holds a statement.
    pub(super) down: Option<Text>,
    /// Whether the file has one besides, with a statement or without.
    pub(super) has_down: bool,
}

/// Reads the scripts in a file.
pub(super) fn read(source: &dyn Source, entry: &Entry, dialect: Option<Dialect>) -> Result<Texts, Vec<Problem>> {
    let bytes = source.read(&entry.path).map_err(|error| vec![unreadable(&entry.shown, &error)])?;
    let in_file = |problem: Problem| problem.in_file(&entry.shown);
    let all_in_file = |problems: Vec<Problem>| problems.into_iter().map(in_file).collect::<Vec<_>>();
    let text = String::from_utf8(bytes).map_err(|error| vec![in_file(not_utf8(&error))])?;
    let sql = checksum::normalise(&text);
    let no_transaction = metadata::asks_for_no_transaction(source, entry).map_err(|problem| vec![problem])?;
    let dialect = entry.dialect.or(dialect);
    let Sections { up, down } = sections::split(&sql, dialect).map_err(all_in_file)?;
    if let Some(down) = down.as_ref().filter(|_| entry.direction == Direction::Down) {
        let place = Place::of(&down.sql, down.sql.len() - down.sql.trim_start_matches('\n').len());
        let help = "give the file the name of a script up, or take the script up out of it";
        return Err(vec![in_file(
            Problem::new("the file is a script down, and holds a script up too", help).at(place),
        )]);
    }
    let has_down = down.is_some();
    let checked = |section: Section| -> Result<Option<Text>, Vec<Problem>> {
        let no_transaction = no_transaction || section.no_transaction;
        let content = check(&section.sql, dialect, no_transaction)?;
        Ok(matches!(content, Content::Statements).then_some(Text { sql: section.sql, no_transaction }))
    };
    match (checked(up), down.map(checked).transpose()) {
        (Ok(own), Ok(down)) => Ok(Texts { own, down: down.flatten(), has_down }),
        (up, down) => Err(all_in_file([up.err(), down.err()].into_iter().flatten().flatten().collect())),
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
        match Header::read(sql, *reader, scanned) {
            Ok(header) => {
                let header = header.marked_beside(no_transaction, scanned);
                problems.extend(in_transaction::check_for_all(sql, &sound, &header));
            }
            Err(of_header) => problems.extend(of_header),
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
