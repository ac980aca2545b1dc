//! Directives: comment lines `-- migrate: <key>` or `-- migrate: <key>=<value>` before the first statement of a script.

use crate::scan::{self, Scan};
use crate::{Dialect, Place, Problem};

/// What the directives of a script ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    no_transaction: bool,
}

impl Header {
    /// Reads the directives of a script that was scanned for `dialect`.
    ///
    /// # Errors
    /// A problem each for an unknown or malformed directive, and for one that stands after the first statement.
    pub fn read(sql: &str, dialect: Dialect, scan: &Scan) -> Result<Header, Vec<Problem>> {
        const MARKER: &str = "migrate:";
        // Most scripts have no directive, and a plain search is far cheaper than a second look at every comment.
        if !sql.contains(MARKER) {
            return Ok(Header::default());
        }
        let mut header = Header::default();
        let mut problems = Vec::new();
        let first_statement = scan.statements.first().map_or(sql.len(), |statement| statement.span.start);
        for comment in scan::line_comments(sql, dialect) {
            let Some(directive) = sql[comment.clone()].trim_start_matches('-').trim_start().strip_prefix(MARKER) else {
                continue;
            };
            let problem = if comment.start > first_statement {
                Some(Problem::new(
                    format!("directive `{}` stands after the first statement", directive.trim()),
                    "move it to the top of the file",
                ))
            } else {
                header.take(directive.trim()).and_then(|()| header.fits(scan)).err()
            };
            problems.extend(problem.map(|problem| problem.at(Place::of(sql, comment.start))));
        }
        if problems.is_empty() { Ok(header) } else { Err(problems) }
    }

    /// Whether the script asks to run outside of a transaction: `-- migrate: no-transaction`.
    pub fn no_transaction(&self) -> bool {
        self.no_transaction
    }

    fn fits(&self, scan: &Scan) -> Result<(), Problem> {
        if self.no_transaction && scan.wrapped {
            let message = "directive `no-transaction` in a script that is wrapped in a transaction";
            return Err(Problem::new(message, "remove the directive, or the transaction statements around the script"));
        }
        Ok(())
    }

    fn take(&mut self, directive: &str) -> Result<(), Problem> {
        let (key, value) = match directive.split_once('=') {
            Some((key, value)) => (key.trim(), Some(value.trim())),
            None => (directive, None),
        };
        match (key, value) {
            ("no-transaction", None) => self.no_transaction = true,
            ("no-transaction", Some(_)) => {
                return Err(Problem::new(
                    "directive `no-transaction` takes no value",
                    "write `-- migrate: no-transaction`",
                ));
            }
            ("", _) => {
                return Err(Problem::new(
                    "directive without a key",
                    "write `-- migrate: no-transaction`, or remove the comment",
                ));
            }
            _ => {
                return Err(Problem::new(
                    format!("unknown directive `{key}`"),
                    "the only directive is `-- migrate: no-transaction`; reword the comment if it is none",
                ));
            }
        }
        Ok(())
    }
}
