//! A diagnostic as data, and its one rendering.
//!
//! Every part of the crate that finds something wrong says it with a [`Problem`]; nobody else puts together a message, a place
//! and a remedy.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use crate::Place;
use crate::scan::{ScanProblem, ScanProblemKind};

/// Something that is wrong with a folder, a file or an argument, where it is, and what to do about it.
///
/// ```
/// # use migrate_core::{Place, Problem};
/// let problem = Problem::new("the string that begins here does not end", "close it with `'`")
///     .in_file("migrations/0001_users.sql")
///     .at(Place { line: 3, column: 14 });
/// assert_eq!(
///     problem.to_string(),
///     "the string that begins here does not end\n--> migrations/0001_users.sql:3:14\nhelp: close it with `'`",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    path: Option<String>,
    place: Option<Place>,
    message: String,
    rule: Option<Cow<'static, str>>,
    notes: Vec<String>,
    help: String,
}

impl Problem {
    /// A problem that concerns no single file.
    ///
    /// ```
    /// # use migrate_core::{Place, Problem};
    /// let problem = Problem::new("the path of the folder is empty", "name the folder that holds the migrations");
    /// assert_eq!((problem.path(), problem.place()), (None, None));
    /// ```
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Problem {
        Problem { path: None, place: None, message: message.into(), rule: None, notes: Vec::new(), help: help.into() }
    }

    /// A finding of the scanner in the script `sql`, said to a person.
    ///
    /// ```
    /// # use migrate_core::{Dialect, Problem, scan::scan};
    /// let sql = "SELECT 1;\nCOMMIT;";
    /// let problem = Problem::in_script(sql, &scan(sql, Dialect::Sqlite).problems[0]);
    /// assert_eq!(problem.message(), "transaction statement `COMMIT` in a migration");
    /// assert_eq!(problem.place().map(|place| place.line), Some(2));
    /// ```
    pub fn in_script(sql: &str, problem: &ScanProblem) -> Problem {
        let (message, help) = match &problem.kind {
            ScanProblemKind::UnterminatedString => {
                let is_double = sql.get(problem.offset..).is_some_and(|text| text.starts_with('"'));
                let help = if is_double { "close it with `\"`" } else { "close it with `'`" };
                ("the string that begins here does not end".into(), help)
            }
            ScanProblemKind::UnterminatedIdentifier => {
                ("the quoted identifier that begins here does not end".into(), "close it with the quote that opens it")
            }
            ScanProblemKind::UnterminatedComment => {
                ("the comment that begins here does not end".into(), "close it with `*/`")
            }
            ScanProblemKind::UnterminatedDollarQuote { tag } => {
                (format!("the text after `${tag}$` does not end"), "close it with the same tag")
            }
            ScanProblemKind::UnterminatedBody => {
                ("what begins here does not end".into(), "look for a missing `END` or closing parenthesis")
            }
            ScanProblemKind::Delimiter => (
                "`DELIMITER` in a migration".into(),
                "remove the line, and end each routine with `;`: only the mysql client understands `DELIMITER`, and the body of a routine needs none",
            ),
            ScanProblemKind::TransactionStatement { keyword } => (
                format!("transaction statement `{keyword}` in a migration"),
                "remove it: the runner begins and ends transactions (only one pair around the whole file is accepted)",
            ),
            ScanProblemKind::MetaCommand { command } => {
                let help = match command.as_str() {
                    "\\restrict" | "\\unrestrict" => "pg_dump writes it for psql: remove the line",
                    _ => "only psql understands it: write SQL instead",
                };
                (format!("psql command `{command}` in a migration"), help)
            }
            ScanProblemKind::ReadingChanged { setting } => (
                format!("`{setting}` is changed in a migration"),
                "remove the statement: the script is UTF-8, and its strings are read by the standard",
            ),
            ScanProblemKind::CopyToStdout => {
                ("`COPY … TO STDOUT` in a migration".into(), "remove it: nobody would take the data")
            }
            ScanProblemKind::CopyFromStdin => (
                "`COPY … FROM STDIN` in a migration".into(),
                "write `INSERT` statements: a migration carries no data stream",
            ),
        };
        Problem::new(message, help).at(Place::of(sql, problem.offset))
    }

    /// The same problem, in a file.
    ///
    /// ```
    /// # use migrate_core::{Place, Problem};
    /// let problem = Problem::new("the file is empty", "write the SQL").in_file("migrations/0001_users.sql");
    /// assert_eq!(problem.path(), Some("migrations/0001_users.sql"));
    /// ```
    pub fn in_file(mut self, path: impl Into<String>) -> Problem {
        self.path = Some(path.into());
        self
    }

    /// The same problem, at a place of its file.
    ///
    /// ```
    /// # use migrate_core::{Place, Problem};
    /// let problem = Problem::new("no such thing", "remove it").in_file("a.sql").at(Place { line: 2, column: 1 });
    /// assert!(problem.to_string().contains("--> a.sql:2:1"));
    /// ```
    pub fn at(mut self, place: Place) -> Problem {
        self.place = Some(place);
        self
    }

    /// The same problem, as a finding of a lint rule: `-- migrate: allow=<rule> <reason>` in the file excuses it.
    ///
    /// ```
    /// # use migrate_core::{Place, Problem};
    /// let problem = Problem::new("the table `notes` is dropped", "keep it").of_rule("ban-drop-table");
    /// assert!(problem.to_string().starts_with("the table `notes` is dropped (lint `ban-drop-table`)"));
    /// ```
    pub fn of_rule(mut self, rule: impl Into<Cow<'static, str>>) -> Problem {
        self.rule = Some(rule.into());
        self
    }

    /// The same problem, with one more line between its place and the remedy: a fact that does not fit into the message.
    ///
    /// ```
    /// # use migrate_core::{Place, Problem};
    /// let problem = Problem::new("`0002_orders.sql` is locked, and was edited", "restore it").with_note("present sha256:33…");
    /// assert_eq!(problem.notes(), ["present sha256:33…"]);
    /// ```
    pub fn with_note(mut self, note: impl Into<String>) -> Problem {
        self.notes.push(note.into());
        self
    }

    /// What is wrong: lower case, no full stop.
    ///
    /// ```
    /// # use migrate_core::{Place, Problem};
    /// let problem = Problem::new("`orders.sql` does not begin with a version", "rename the file")
    ///     .in_file("migrations/orders.sql");
    /// assert_eq!(problem.message(), "`orders.sql` does not begin with a version");
    /// ```
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The lint rule that found it; `None` for what is wrong in any case.
    ///
    /// ```
    /// # use migrate_core::{Place, Problem};
    /// let problem = Problem::new("`orders.sql` does not begin with a version", "rename the file")
    ///     .in_file("migrations/orders.sql");
    /// assert_eq!(problem.rule(), None); // no lint has found it
    /// ```
    pub fn rule(&self) -> Option<&str> {
        self.rule.as_deref()
    }

    /// Facts that did not fit into the message, a line each.
    ///
    /// ```
    /// # use migrate_core::{Place, Problem};
    /// let problem = Problem::new("`orders.sql` does not begin with a version", "rename the file")
    ///     .in_file("migrations/orders.sql");
    /// assert!(problem.notes().is_empty());
    /// ```
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The remedy.
    ///
    /// ```
    /// # use migrate_core::{Place, Problem};
    /// let problem = Problem::new("`orders.sql` does not begin with a version", "rename the file")
    ///     .in_file("migrations/orders.sql");
    /// assert_eq!(problem.help(), "rename the file");
    /// ```
    pub fn help(&self) -> &str {
        &self.help
    }

    /// The file: relative to the package when it is told by the macro; from another source, with the path that was given.
    ///
    /// ```
    /// # use migrate_core::{Place, Problem};
    /// let problem = Problem::new("`orders.sql` does not begin with a version", "rename the file")
    ///     .in_file("migrations/orders.sql");
    /// assert_eq!(problem.path(), Some("migrations/orders.sql"));
    /// ```
    pub fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// The place in the file.
    ///
    /// ```
    /// # use migrate_core::{Place, Problem};
    /// let problem = Problem::new("`orders.sql` does not begin with a version", "rename the file")
    ///     .in_file("migrations/orders.sql");
    /// assert_eq!(problem.place(), None); // the name is wrong, not what is in the file
    /// ```
    pub fn place(&self) -> Option<Place> {
        self.place
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", OnOneLine(&self.message))?;
        if let Some(rule) = &self.rule {
            write!(f, " (lint `{}`)", OnOneLine(rule))?;
        }
        if let Some(path) = &self.path {
            write!(f, "\n--> {}", OnOneLine(path))?;
            if let Some(place) = self.place {
                write!(f, ":{place}")?;
            }
        }
        for note in &self.notes {
            write!(f, "\nnote: {}", OnOneLine(note))?;
        }
        write!(f, "\nhelp: {}", OnOneLine(&self.help))
    }
}

/// A text with its line breaks and other control characters spelled out: names of files may have them.
struct OnOneLine<'a>(&'a str);

impl fmt::Display for OnOneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .chars()
            .try_for_each(|c| if c.is_control() { write!(f, "{}", c.escape_default()) } else { f.write_char(c) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dialect;
    use crate::scan::scan;

    #[test]
    fn psql_commands() {
        let cases = [
            ("\\restrict x", "pg_dump writes it for psql: remove the line"),
            ("\\unrestrict x", "pg_dump writes it for psql: remove the line"),
            ("\\connect x", "only psql understands it: write SQL instead"),
        ];
        for (sql, help) in cases {
            let problem = Problem::in_script(sql, &scan(sql, Dialect::Postgres).problems[0]);
            assert_eq!(problem.help(), help, "{sql}");
        }
    }
}
