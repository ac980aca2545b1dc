//! The comments that are marks: what they say, and what they cannot say here.

use std::ops::Range;

use crate::{Dialect, Direction, Place, Problem, marks, scan};

/// A comment that is a mark of another tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark<'a> {
    pub(super) kind: Kind,
    pub(super) tool: &'static str,
    /// The comment.
    pub(super) text: &'a str,
    /// Where it begins, and where its line does.
    pub(super) start: usize,
    pub(super) line_start: usize,
}

/// What a mark says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A script begins here.
    Section { direction: Direction, no_transaction: bool },
    /// All scripts of the file run outside of a transaction.
    NoTransaction,
    /// One statement begins here, whatever `;` is in it. The scanner finds that out by itself.
    BlockBegin,
    /// It ends here.
    BlockEnd,
}

impl Mark<'_> {
    pub(super) fn begins(&self, direction: Direction) -> bool {
        matches!(self.kind, Kind::Section { direction: own, .. } if own == direction)
    }
}

/// What marks begin with, in small letters, behind the dashes.
const GOOSE: &str = "+goose";
const SQL_MIGRATE: &str = "+migrate";
const DBMATE_UP: &str = "migrate:up";
const DBMATE_DOWN: &str = "migrate:down";

/// Marks of tools whose files are not split here.
const REFUSED: [(&str, &str); 3] = [("+micrate down", "micrate"), ("==== down ====", "shmig"), ("//@undo", "MyBatis")];

/// Whether a look at every comment can find something.
pub(super) fn may_have_some(sql: &str) -> bool {
    let [micrate, shmig, mybatis] = REFUSED.map(|(mark, _)| mark);
    marks::may_have_comment(sql, &[GOOSE, SQL_MIGRATE, DBMATE_UP, DBMATE_DOWN, micrate, shmig, mybatis])
}

/// Every mark in a script, and what is wrong with those that cannot be one.
pub(super) fn all(sql: &str, dialect: Dialect) -> (Vec<Mark<'_>>, Vec<Problem>) {
    let (mut marks, mut problems) = (Vec::new(), Vec::new());
    for comment in scan::line_comments(sql, dialect) {
        let start = comment.start;
        match read(sql, comment) {
            Ok(mark) => marks.extend(mark),
            Err(problem) => problems.push(problem.at(Place::of(sql, start))),
        }
    }
    (marks, problems)
}

fn read(sql: &str, comment: Range<usize>) -> Result<Option<Mark<'_>>, Problem> {
    let (start, text) = (comment.start, &sql[comment]);
    let lower = text.trim_start_matches('-').trim().to_ascii_lowercase();
    if let Some((_, tool)) = REFUSED.into_iter().find(|(mark, _)| lower.starts_with(mark)) {
        let message = format!("the file holds a script up and a script down, as {tool} writes them");
        let help = "split it into `<version>_<name>.up.sql` and `<version>_<name>.down.sql`: a file runs as a whole";
        return Err(Problem::new(message, help));
    }
    let words: Vec<&str> = lower.split_ascii_whitespace().collect();
    let (tool, kind) = match words.as_slice() {
        [GOOSE, words @ ..] => ("goose", of_goose(text, words)?),
        [SQL_MIGRATE, words @ ..] => ("sql-migrate", of_sql_migrate(text, words)?),
        [DBMATE_UP, options @ ..] => ("dbmate", of_dbmate(Direction::Up, options)?),
        [DBMATE_DOWN, options @ ..] => ("dbmate", of_dbmate(Direction::Down, options)?),
        _ => return Ok(None),
    };
    let line_start = sql[..start].rfind('\n').map_or(0, |newline| newline + 1);
    if !sql[line_start..start].trim().is_empty() {
        let message = format!("`{text}` stands behind something else on its line");
        return Err(Problem::new(message, "put it on a line of its own, as the tool wants it, or reword the comment"));
    }
    Ok(kind.map(|kind| Mark { kind, tool, text, start, line_start }))
}

fn section(direction: Direction, no_transaction: bool) -> Option<Kind> {
    Some(Kind::Section { direction, no_transaction })
}

/// goose reads capitals and small letters alike.
fn of_goose(text: &str, words: &[&str]) -> Result<Option<Kind>, Problem> {
    Ok(match words {
        ["up"] => section(Direction::Up, false),
        ["down"] => section(Direction::Down, false),
        ["statementbegin"] => Some(Kind::BlockBegin),
        ["statementend"] => Some(Kind::BlockEnd),
        ["no", "transaction"] => Some(Kind::NoTransaction),
        // That is how every file begins.
        ["envsub", "off"] => None,
        ["envsub", "on"] => {
            let message = format!("`{text}` asks for values of the environment in the script");
            let help = "write the values into the script: what runs is what was reviewed and embedded";
            return Err(Problem::new(message, help));
        }
        _ => return Err(unknown(text, "goose", "`Up`, `Down`, `StatementBegin`, `StatementEnd` and `NO TRANSACTION`")),
    })
}

fn of_sql_migrate(text: &str, words: &[&str]) -> Result<Option<Kind>, Problem> {
    let options = |options: &[&str]| match options {
        [] => Ok(false),
        ["notransaction"] => Ok(true),
        _ => Err(Problem::new(
            format!("`{text}` has an option that is not known"),
            "`notransaction` is the only option of a mark of sql-migrate",
        )),
    };
    Ok(match words {
        ["up", rest @ ..] => section(Direction::Up, options(rest)?),
        ["down", rest @ ..] => section(Direction::Down, options(rest)?),
        ["statementbegin"] => Some(Kind::BlockBegin),
        ["statementend"] => Some(Kind::BlockEnd),
        _ => return Err(unknown(text, "sql-migrate", "`Up`, `Down`, `StatementBegin` and `StatementEnd`")),
    })
}

fn of_dbmate(direction: Direction, options: &[&str]) -> Result<Option<Kind>, Problem> {
    let mut no_transaction = false;
    for option in options {
        no_transaction = match *option {
            "transaction:false" => true,
            "transaction:true" => false,
            _ => {
                let message = format!("option `{option}` of dbmate is not known");
                return Err(Problem::new(message, "the options are `transaction:false` and `transaction:true`"));
            }
        };
    }
    Ok(section(direction, no_transaction))
}

fn unknown(text: &str, tool: &str, known: &str) -> Problem {
    let help = format!("{tool} has {known}; reword the comment if it is no mark");
    Problem::new(format!("`{text}` is no mark of {tool}"), help)
}
