//! Directives: comment lines `-- migrate: <key>` or `-- migrate: <key>=<value>` before the first statement of a script.

use crate::scan::{self, Scan};
use crate::{Dialect, Place, Problem};

/// What the directives of a script ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    no_transaction: bool,
}

/// What a comment that is a directive begins with.
const MARKER: &str = "migrate:";
const NO_TRANSACTION: &str = "no-transaction";

impl Header {
    /// Reads the directives of a script that was scanned for `dialect`.
    ///
    /// # Errors
    /// A problem each for an unknown or malformed directive, and for one that stands after the first statement.
    pub fn read(sql: &str, dialect: Dialect, scan: &Scan) -> Result<Header, Vec<Problem>> {
        // Most scripts have no directive, and a plain search is far cheaper than a second look at every comment.
        if !sql.contains("igrate") && !sql.contains("IGRATE") {
            return Ok(Header::default());
        }
        let mut header = Header::default();
        let mut problems = Vec::new();
        let first_statement = scan.statements.first().map_or(sql.len(), |statement| statement.span.start);
        for comment in scan::line_comments(sql, dialect) {
            let text = sql[comment.clone()].trim_start_matches('-').trim();
            let result = match text.strip_prefix(MARKER).map(str::trim) {
                Some(directive) if comment.start > first_statement => Err(Problem::new(
                    format!("directive `{directive}` stands after the first statement"),
                    "move it to the top of the file",
                )),
                Some(directive) => header.take(directive).and_then(|()| header.fits(scan)),
                None if is_misspelt(text) => {
                    Err(Problem::new(format!("misspelt directive `{text}`"), "write `-- migrate: no-transaction`"))
                }
                None => Ok(()),
            };
            problems.extend(result.err().map(|problem| problem.at(Place::of(sql, comment.start))));
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
            (NO_TRANSACTION, None) => self.no_transaction = true,
            (NO_TRANSACTION, Some(_)) => {
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

/// Whether a comment says `migrate` and a known key, but is no directive: `-- Migrate: no-transaction`. Any other comment may
/// speak of migrating.
fn is_misspelt(comment: &str) -> bool {
    let words = comment.split([' ', ':', '=', '\t']).filter(|word| !word.is_empty());
    words.map(|word| word.to_ascii_lowercase().replace('_', "-")).eq(["migrate", NO_TRANSACTION])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives() {
        let cases: &[(&str, Result<bool, &str>)] = &[
            ("SELECT 1;", Ok(false)),
            ("-- migrate: no-transaction\nSELECT 1;", Ok(true)),
            ("/* a */\n--migrate:no-transaction \nSELECT 1;", Ok(true)),
            ("BEGIN;\n-- migrate: x\nSELECT 1; COMMIT;", Err("2:1 unknown directive `x`")),
            ("-- migrate: no-transaction=yes\nSELECT 1;", Err("1:1 directive `no-transaction` takes no value")),
            ("-- migrate:\nSELECT 1;", Err("1:1 directive without a key")),
            ("-- migrate: up\nSELECT 1;", Err("1:1 unknown directive `up`")),
            (
                "SELECT 1;\n  -- migrate: no-transaction",
                Err("2:3 directive `no-transaction` stands after the first statement"),
            ),
            ("-- Migrate no-transaction\nSELECT 1;", Err("1:1 misspelt directive `Migrate no-transaction`")),
            ("-- MIGRATE: NO_TRANSACTION\nSELECT 1;", Err("1:1 misspelt directive `MIGRATE: NO_TRANSACTION`")),
            ("-- Migrate: move the data\nSELECT 1;", Ok(false)),
            ("-- no-transaction\nSELECT '-- migrate: x';", Ok(false)),
        ];
        for (sql, expect) in cases {
            let read = Header::read(sql, Dialect::Postgres, &scan::scan(sql, Dialect::Postgres));
            let told = read.map(|header| header.no_transaction()).map_err(|problems| {
                let told = |problem: &Problem| format!("{} {}", problem.place().unwrap(), problem.message());
                problems.iter().map(told).collect::<Vec<_>>().join(", ")
            });
            assert_eq!(told, expect.map_err(str::to_owned), "{sql}");
        }
    }
}
