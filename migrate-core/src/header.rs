//! Directives: comment lines `-- migrate: <key>` or `-- migrate: <key>=<value>` before the first statement of a script.

use crate::scan::{self, Scan};
use crate::{Dialect, Place, Problem, marks};

/// What the directives of a script ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    no_transaction: bool,
    foreign_keys_off: bool,
    allowed: Vec<Excuse>,
}

/// What `-- migrate: allow=<rule> <reason>` says: a finding of a lint rule in this script is known, and meant to be so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excuse {
    /// The name of the rule, as written: what rules there are is known to the linter alone.
    pub rule: String,
    /// Why it is fine here; never empty.
    pub reason: String,
    /// Where the directive stands.
    pub place: Place,
}

/// What a comment that is a directive begins with.
const MARKER: &str = "migrate:";
const NO_TRANSACTION: &str = "no-transaction";
const FOREIGN_KEYS: &str = "foreign-keys";
const ALLOW: &str = "allow";

impl Header {
    /// Reads the directives of a script that was scanned for `dialect`.
    ///
    /// # Errors
    /// A problem each for an unknown or malformed directive, and for one that stands after the first statement.
    pub fn read(sql: &str, dialect: Dialect, scan: &Scan) -> Result<Header, Vec<Problem>> {
        // A pair around the whole script says of itself what is in the transaction.
        let no_transaction = !scan.wrapped && marks::ask_for_no_transaction(sql, dialect);
        let mut header = Header { no_transaction, ..Header::default() };
        // Most scripts have no directive, and a plain search is far cheaper than a second look at every comment.
        if !sql.contains("igrate") && !sql.contains("IGRATE") {
            return Ok(header);
        }
        let mut problems = Vec::new();
        let mut place = (0, Place::START);
        let first_statement = scan.statements.first().map_or(sql.len(), |statement| statement.span.start);
        for comment in scan::line_comments(sql, dialect) {
            let text = sql[comment.clone()].trim_start_matches('-').trim();
            let result = match text.strip_prefix(MARKER).map(str::trim) {
                _ if marks::is_of_dbmate(text) => Ok(()),
                Some(directive) if comment.start > first_statement => Err(Problem::new(
                    format!("directive `{directive}` stands after the first statement"),
                    "move it to the top of the file",
                )),
                Some(directive) if names(directive, ALLOW) => {
                    place = (comment.start, place.1.after(&sql[place.0..comment.start]));
                    Excuse::read(directive, place.1).map(|excuse| header.allowed.push(excuse))
                }
                Some(directive) => header.take(directive).and_then(|()| header.fits(scan)),
                None => misspelt(text)
                    .map_or(Ok(()), |help| Err(Problem::new(format!("misspelt directive `{text}`"), help))),
            };
            problems.extend(result.err().map(|problem| problem.at(Place::of(sql, comment.start))));
        }
        if problems.is_empty() { Ok(header) } else { Err(problems) }
    }

    /// Whether the script asks to run outside of a transaction: `-- migrate: no-transaction`, or the comment of another tool that
    /// says the same, such as `-- +goose NO TRANSACTION`.
    pub fn no_transaction(&self) -> bool {
        self.no_transaction
    }

    /// Whether the script asks for foreign keys to be off while it runs: `-- migrate: foreign-keys=off`. SQLite cannot switch them
    /// off in a transaction; the other databases need not.
    pub fn foreign_keys_off(&self) -> bool {
        self.foreign_keys_off
    }

    /// The same, for a script about which a file beside it may say that it runs outside of a transaction
    /// ([`Script::no_transaction`](crate::Script::no_transaction)). A transaction pair around the whole script comes first, as it does
    /// with the comments of other tools.
    pub fn marked_beside(mut self, is_marked: bool, scan: &Scan) -> Header {
        self.no_transaction |= is_marked && !scan.wrapped;
        self
    }

    /// The findings of lint rules that the script excuses, in order: `-- migrate: allow=<rule> <reason>`, once a rule.
    ///
    /// ```
    /// use migrate_core::{Dialect, Header, scan::scan};
    ///
    /// let sql = "-- migrate: allow=ban-drop-table nobody has read it since 2.0\nDROP TABLE notes;";
    /// let header = Header::read(sql, Dialect::Sqlite, &scan(sql, Dialect::Sqlite)).unwrap();
    /// assert_eq!(header.allowed()[0].rule, "ban-drop-table");
    /// assert_eq!(header.allowed()[0].reason, "nobody has read it since 2.0");
    /// ```
    pub fn allowed(&self) -> &[Excuse] {
        &self.allowed
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
            (FOREIGN_KEYS, Some("off")) => self.foreign_keys_off = true,
            (FOREIGN_KEYS, _) => {
                return Err(Problem::new(
                    "directive `foreign-keys` takes the value `off` only",
                    "write `-- migrate: foreign-keys=off`",
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
                    "the directives are `no-transaction`, `foreign-keys=off` and `allow=<rule> <reason>`; reword the comment if it is none",
                ));
            }
        }
        Ok(())
    }
}

impl Excuse {
    const FORM: &str = "write `-- migrate: allow=<rule> <reason>`";

    /// Reads the directive `allow=<rule> <reason>`.
    fn read(directive: &str, place: Place) -> Result<Excuse, Problem> {
        let value = directive.split_once('=').map_or("", |(_, value)| value.trim());
        let (rule, reason) = value.split_once(char::is_whitespace).unwrap_or((value, ""));
        match (rule, reason.trim()) {
            ("", _) => Err(Problem::new("directive `allow` without a rule", Excuse::FORM)),
            (_, "") => {
                let help = "say behind the rule why it is fine here: a reviewer will ask";
                Err(Problem::new(format!("directive `allow={rule}` without a reason"), help))
            }
            (rule, reason) => Ok(Excuse { rule: rule.to_owned(), reason: reason.to_owned(), place }),
        }
    }
}

/// Whether the directive has this key, with or without a value.
fn names(directive: &str, key: &str) -> bool {
    directive.split(|c: char| c == '=' || c.is_whitespace()).next() == Some(key)
}

/// What to write instead of a comment that says `migrate` and a known key, but is no directive: `-- Migrate: no-transaction`. Any
/// other comment may speak of migrating.
fn misspelt(comment: &str) -> Option<&'static str> {
    let words = comment.split([' ', ':', '=', '\t']).filter(|word| !word.is_empty());
    let words: Vec<String> = words.map(|word| word.to_ascii_lowercase().replace('_', "-")).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["migrate", NO_TRANSACTION] => Some("write `-- migrate: no-transaction`"),
        ["migrate", FOREIGN_KEYS, "off"] => Some("write `-- migrate: foreign-keys=off`"),
        // Its value is free text.
        ["migrate", ALLOW, ..] if comment.contains('=') => Some(Excuse::FORM),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excuses() {
        let cases: &[(&str, &str)] = &[
            ("-- migrate: allow=a-b it is fine\nSELECT 1;", "1:1 a-b: it is fine"),
            ("--migrate:allow = a  b = c \n-- migrate: allow=d e\nSELECT 1;", "1:1 a: b = c, 2:1 d: e"),
            ("-- migrate: no-transaction\n  -- migrate: allow=a b\nSELECT 1;", "2:3 a: b"),
            ("SELECT 1; -- migrate: allow=a b", "1:11 directive `allow=a b` stands after the first statement"),
            ("-- migrate: allow=a\nSELECT 1;", "1:1 directive `allow=a` without a reason"),
            ("-- migrate: allow=\nSELECT 1;", "1:1 directive `allow` without a rule"),
            ("-- migrate: allow a b\nSELECT 1;", "1:1 directive `allow` without a rule"),
            ("-- migrate: allowed=a b\nSELECT 1;", "1:1 unknown directive `allowed`"),
            ("-- Migrate: allow=a b\nSELECT 1;", "1:1 misspelt directive `Migrate: allow=a b`"),
            ("-- migrate allow=a\nSELECT 1;", "1:1 misspelt directive `migrate allow=a`"),
            ("-- migrate allow lists\nSELECT 1;", ""),
        ];
        for (sql, expect) in cases {
            let read = Header::read(sql, Dialect::Postgres, &scan::scan(sql, Dialect::Postgres));
            let told: Vec<String> = match read {
                Ok(header) => {
                    header.allowed().iter().map(|own| format!("{} {}: {}", own.place, own.rule, own.reason)).collect()
                }
                Err(problems) => {
                    problems.iter().map(|own| format!("{} {}", own.place().unwrap(), own.message())).collect()
                }
            };
            assert_eq!(told.join(", "), *expect, "{sql}");
        }
    }

    #[test]
    fn directives() {
        let cases: &[(&str, Result<&str, &str>)] = &[
            ("SELECT 1;", Ok("")),
            ("-- migrate: no-transaction\nSELECT 1;", Ok("no-transaction")),
            ("/* a */\n--migrate:no-transaction \nSELECT 1;", Ok("no-transaction")),
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
            ("-- Migrate: move the data\nSELECT 1;", Ok("")),
            ("-- transactions\nSELECT '-- migrate: x';", Ok("")),
            ("-- migrate: foreign-keys=off\nSELECT 1;", Ok("foreign-keys=off")),
            (
                "-- migrate: foreign-keys = off\n-- migrate: no-transaction\nSELECT 1;",
                Ok("no-transaction foreign-keys=off"),
            ),
            ("-- migrate: foreign-keys\nSELECT 1;", Err("1:1 directive `foreign-keys` takes the value `off` only")),
            ("-- migrate: foreign-keys=on\nSELECT 1;", Err("1:1 directive `foreign-keys` takes the value `off` only")),
            ("--MIGRATE foreign_keys off\nSELECT 1;", Err("1:1 misspelt directive `MIGRATE foreign_keys off`")),
            // Marks of other tools.
            ("-- no-transaction\nSELECT '-- migrate: x';", Ok("no-transaction")),
            (
                "-- +goose NO TRANSACTION\n-- migrate: foreign-keys=off\nSELECT 1;",
                Ok("no-transaction foreign-keys=off"),
            ),
            ("-- no-transaction\nBEGIN; SELECT 1; COMMIT;", Ok("")),
            (
                "-- migrate: no-transaction\nBEGIN; SELECT 1; COMMIT;",
                Err("1:1 directive `no-transaction` in a script that is wrapped in a transaction"),
            ),
        ];
        for (sql, expect) in cases {
            let read = Header::read(sql, Dialect::Postgres, &scan::scan(sql, Dialect::Postgres));
            let asked = |header: Header| {
                let asks =
                    [(header.no_transaction(), "no-transaction"), (header.foreign_keys_off(), "foreign-keys=off")];
                let asked: Vec<&str> = asks.into_iter().filter_map(|(asks, what)| asks.then_some(what)).collect();
                asked.join(" ")
            };
            let told = read.map(asked).map_err(|problems| {
                let told = |problem: &Problem| format!("{} {}", problem.place().unwrap(), problem.message());
                problems.iter().map(told).collect::<Vec<_>>().join(", ")
            });
            assert_eq!(told, expect.map(str::to_owned).map_err(str::to_owned), "{sql}");
        }
    }
}
