//! Files of other tools that hold a script up and a script down in one, each behind a comment that is its mark.
//!
//! Invariants: the script up is the beginning of the file, as it stands there. The script down is its end, with a line break for each
//! of the lines before it: so the places in both are those of the file, whoever tells them. A file without marks is a script up.

mod mark;
#[cfg(test)]
mod tests;

use crate::{Dialect, Direction, Place, Problem, marks, scan};
use mark::{Kind, Mark};

/// What a file holds.
///
/// ```
/// use migrate_core::folder::split;
///
/// let sections = split("CREATE TABLE users (id integer);\n", None).unwrap();
/// assert!(sections.down.is_none()); // no marks: all of it goes up
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sections {
    /// The script up, or all of a file without marks.
    pub up: Section,
    /// The script down, where the file has one too. It may be blank.
    pub down: Option<Section>,
}

/// One of the scripts in a file.
///
/// ```
/// use migrate_core::folder::split;
///
/// let file = "-- migrate:up transaction:false\nVACUUM;\n-- migrate:down\nSELECT 1;\n";
/// let sections = split(file, None).unwrap();
/// assert!(sections.up.no_transaction && !sections.down.unwrap().no_transaction);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The SQL.
    pub sql: String,
    /// Whether its mark, or one that holds for the whole file, says that it runs outside of a transaction. What the directives and
    /// marks in the SQL itself say is in its [`Header`](crate::Header).
    pub no_transaction: bool,
}

/// Splits the normalised text of a file that is written for `dialect` alone, if it is.
///
/// ```
/// use migrate_core::folder::split;
///
/// let sections = split("-- +goose Up\nCREATE TABLE a (b);\n-- +goose Down\nDROP TABLE a;\n", None).unwrap();
/// assert_eq!(sections.up.sql, "-- +goose Up\nCREATE TABLE a (b);\n");
/// assert_eq!(sections.down.unwrap().sql, "\n\n-- +goose Down\nDROP TABLE a;\n"); // lines keep their numbers
/// ```
///
/// # Errors
/// Marks that contradict each other, or ask for what is not done here.
pub fn split(sql: &str, dialect: Option<Dialect>) -> Result<Sections, Vec<Problem>> {
    let whole = |sql: &str| Sections { up: Section { sql: sql.to_owned(), no_transaction: false }, down: None };
    // A plain search is far cheaper than a look at every token.
    if !mark::may_have_some(sql) {
        return Ok(whole(sql));
    }
    let reader = reader(sql, dialect);
    let (marks, mut problems) = mark::all(sql, reader);
    if problems.is_empty() {
        // A mark that cannot be read may be the one that another lacks.
        problems = contradictions(sql, reader, &marks);
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut sections = whole(sql);
    let of_section = |direction| {
        let holds = |mark: &&Mark<'_>| match mark.kind {
            Kind::Section { direction: own, no_transaction } => no_transaction && own == direction,
            kind => kind == Kind::NoTransaction,
        };
        marks.iter().any(|mark| holds(&mark))
    };
    let down = marks.iter().find(|mark| mark.begins(Direction::Down));
    if let Some(Mark { line_start, .. }) = down {
        let (up, rest) = sql.split_at(*line_start);
        let lines = "\n".repeat(up.matches('\n').count());
        sections.up.sql = up.to_owned();
        sections.down = Some(Section { sql: lines + rest, no_transaction: of_section(Direction::Down) });
    }
    sections.up.no_transaction = of_section(Direction::Up);
    for section in [Some(&mut sections.up), sections.down.as_mut()].into_iter().flatten() {
        // What the text says need not be said twice: seals of locked scripts stay what they are.
        section.no_transaction &= !marks::ask_for_no_transaction(&section.sql, reader);
    }
    Ok(sections)
}

/// The dialect by which the comments of a file are found: one that reads it soundly, where there is a choice.
fn reader(sql: &str, dialect: Option<Dialect>) -> Dialect {
    let is_sound = |dialect: &Dialect| scan::scan(sql, *dialect).is_sound();
    let candidates = Dialect::WITH_DRIVER;
    dialect.or_else(|| candidates.into_iter().find(is_sound)).unwrap_or(candidates[0])
}

/// What is wrong with marks that are sound each by itself.
fn contradictions(sql: &str, reader: Dialect, marks: &[Mark<'_>]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut refuse = |mark: &Mark<'_>, message: String, help: &str| {
        problems.push(Problem::new(message, help).at(Place::of(sql, mark.start)));
    };
    let Some(first) = marks.first() else { return problems };
    let (mut up, mut down, mut block) = (None, None, None::<&Mark<'_>>);
    for mark in marks {
        let text = mark.text;
        if mark.tool != first.tool {
            let message = format!("the file has marks of {} and of {}", first.tool, mark.tool);
            refuse(mark, message, "keep those of one tool");
            continue;
        }
        match mark.kind {
            Kind::Section { direction, .. } => {
                let (seen, what) = match direction {
                    Direction::Up => (&mut up, "up"),
                    Direction::Down => (&mut down, "down"),
                };
                if seen.is_some() {
                    let message = format!("the file holds two scripts {what}: `{text}` stands in it twice");
                    refuse(mark, message, "put everything behind one mark, or into a migration of its own");
                } else {
                    *seen = Some(mark);
                    match direction {
                        Direction::Up if down.is_some() => {
                            refuse(mark, format!("`{text}` stands behind the script down"), "put the script up first");
                        }
                        Direction::Down if up.is_none() => {
                            let help = "begin the file with the script up";
                            refuse(mark, format!("`{text}` has no script up before it"), help);
                        }
                        _ => {}
                    }
                }
                if let Some(open) = block.take() {
                    refuse(
                        open,
                        format!("`{}` is not closed in its script", open.text),
                        "close it before the next script",
                    );
                }
            }
            Kind::BlockBegin if block.is_some() => {
                refuse(mark, format!("`{text}` stands inside another one"), "close the first before it");
            }
            Kind::BlockBegin => block = Some(mark),
            Kind::BlockEnd if block.take().is_none() => {
                refuse(mark, format!("`{text}` closes nothing"), "remove it, or add what it closes");
            }
            Kind::BlockEnd | Kind::NoTransaction => {}
        }
    }
    if let Some(open) = block {
        refuse(open, format!("`{}` is not closed", open.text), "close it behind the statement");
    }
    if let Some(up) = up.filter(|up| !scan::is_blank(&sql[..up.start], Some(reader))) {
        let message = format!("a statement stands before `{}`", up.text);
        refuse(up, message, "move it behind the mark: a tool that reads marks does not run it, or refuses the file");
    }
    problems
}
