//! What is in a file: SQL that can be embedded, or every problem with it.

use std::fs;

use super::entries::{Entry, unreadable};
use crate::scan;
use crate::{Checksum, Dialect, Header, Place, Problem, checksum};

/// Reads a script: its normalised SQL and the checksum of it.
pub(super) fn read(entry: &Entry, dialect: Option<Dialect>) -> Result<(String, Checksum), Vec<Problem>> {
    let bytes = fs::read(&entry.path).map_err(|error| vec![unreadable(&entry.shown, &error)])?;
    let in_file = |problem: Problem| problem.in_file(&entry.shown);
    let text = String::from_utf8(bytes).map_err(|error| vec![in_file(not_utf8(&error))])?;
    let sql = checksum::normalise(&text).into_owned();
    let problems = problems(&sql, entry.dialect.or(dialect));
    if problems.is_empty() {
        let checksum = Checksum::of_bytes(sql.as_bytes());
        Ok((sql, checksum))
    } else {
        Err(problems.into_iter().map(in_file).collect())
    }
}

/// Everything that is wrong with a script for `dialect`, or for every dialect when it is for no single one.
fn problems(sql: &str, dialect: Option<Dialect>) -> Vec<Problem> {
    if let Some(offset) = sql.find('\0') {
        return vec![
            Problem::new("the file has a NUL byte in it", "remove it: no database takes SQL with a NUL byte")
                .at(Place::of(sql, offset)),
        ];
    }
    let found = scan::check(sql, dialect);
    if !found.is_empty() {
        return found.iter().map(|problem| Problem::in_script(sql, problem)).collect();
    }
    if scan::is_blank(sql, dialect) {
        return vec![Problem::new("the file holds no statement", "write the migration, or remove the file")];
    }
    let reads_soundly = |dialect: &Dialect| scan::scan(sql, *dialect).is_sound();
    let reader = dialect.or_else(|| Dialect::ALL.into_iter().find(reads_soundly));
    let header = reader.map(|dialect| Header::read(sql, dialect, &scan::scan(sql, dialect)));
    header.and_then(Result::err).unwrap_or_default()
}

fn not_utf8(error: &std::string::FromUtf8Error) -> Problem {
    let valid = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
    Problem::new("the file is not UTF-8", "save it as UTF-8").at(Place::of(&valid, valid.len()))
}
