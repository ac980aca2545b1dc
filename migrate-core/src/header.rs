//! Directives: comment lines `-- migrate: <key>` or `-- migrate: <key>=<value>` before the first statement of a script.

mod value;

use std::time::Duration;

use crate::scan::{self, Scan};
use crate::{Dialect, Place, Problem, marks};
pub use value::ForeignKeys;

/// What the directives of a script ask for.
///
/// ```
/// use migrate_core::{Dialect, Header, scan::scan};
///
/// let read = |sql: &str| Header::read(sql, Dialect::Postgres, &scan(sql, Dialect::Postgres));
/// let header = read("-- migrate: no-transaction\nCREATE INDEX CONCURRENTLY by_name ON users (name);").unwrap();
/// assert!(header.no_transaction());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    no_transaction: bool,
    foreign_keys: Option<ForeignKeys>,
    lock_timeout: Option<Duration>,
    statement_timeout: Option<Duration>,
    is_compatible: bool,
    allowed: Vec<Excuse>,
}

/// What `-- migrate: allow=<rule> <reason>` says: a finding of a lint rule in this script is known, and meant to be so.
///
/// ```
/// use migrate_core::{Dialect, Header, scan::scan};
///
/// let read = |sql: &str| Header::read(sql, Dialect::Postgres, &scan(sql, Dialect::Postgres));
/// let header = read("-- migrate: allow=ban-drop-table nobody reads it\nDROP TABLE notes;").unwrap();
/// let excuse = &header.allowed()[0];
/// assert_eq!((&*excuse.rule, &*excuse.reason, excuse.place.line), ("ban-drop-table", "nobody reads it", 1));
/// ```
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
const LOCK_TIMEOUT: &str = "lock-timeout";
const STATEMENT_TIMEOUT: &str = "statement-timeout";
const COMPATIBLE: &str = "compatible";
const ALLOW: &str = "allow";

impl Header {
    /// Reads the directives of a script that was scanned for `dialect`.
    ///
    /// ```
    /// use migrate_core::{Dialect, Header, scan::scan};
    ///
    /// let read = |sql: &str| Header::read(sql, Dialect::Postgres, &scan(sql, Dialect::Postgres));
    /// let problems = read("-- migrate: no-transactions\nSELECT 1;").unwrap_err();
    /// assert!(problems[0].message().contains("no-transactions"));
    /// let problems = read("SELECT 1;\n-- migrate: no-transaction").unwrap_err();
    /// assert_eq!(problems[0].message(), "directive `no-transaction` stands after the first statement");
    /// ```
    ///
    /// # Errors
    /// A problem each for an unknown or malformed directive, and for one that stands after the first statement.
    pub fn read(sql: &str, dialect: Dialect, scan: &Scan) -> Result<Header, Vec<Problem>> {
        // A pair around the whole script says of itself what is in the transaction.
        let no_transaction = !scan.wrapped && marks::ask_for_no_transaction(sql, dialect);
        let mut header = Header { no_transaction, ..Header::default() };
        // Most scripts have no directive, and a plain search is far cheaper than a second look at every comment.
        if !may_name_us(sql) {
            return Ok(header);
        }
        let mut problems = Vec::new();
        let mut place = (0, Place::START);
        let first_statement = scan.statements.first().map_or(sql.len(), |statement| statement.span.start);
        for comment in scan::line_comments(sql, dialect) {
            let text = comment_text(&sql[comment.clone()]);
            let result = match directive(&sql[comment.clone()]) {
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
        for comment in scan::block_comments(sql, dialect) {
            let text = sql[comment.clone()].trim_start_matches(['/', '*']).trim_end_matches(['/', '*']).trim();
            let problem =
                misspelt(text).map(|help| Problem::new(format!("directive `{text}` in a block comment"), help));
            problems.extend(problem.map(|problem| problem.at(Place::of(sql, comment.start))));
        }
        if problems.is_empty() { Ok(header) } else { Err(problems) }
    }

    /// Whether the script asks to run outside of a transaction: `-- migrate: no-transaction`, or the comment of another tool that
    /// says the same, such as `-- +goose NO TRANSACTION`.
    ///
    /// ```
    /// use migrate_core::{Dialect, Header, scan::scan};
    ///
    /// let read = |sql: &str| Header::read(sql, Dialect::Postgres, &scan(sql, Dialect::Postgres));
    /// assert!(read("-- +goose NO TRANSACTION\nVACUUM;").unwrap().no_transaction());
    /// assert!(!read("SELECT 1;").unwrap().no_transaction());
    /// ```
    pub fn no_transaction(&self) -> bool {
        self.no_transaction
    }

    /// What becomes of SQLite's foreign keys while the script runs: `-- migrate: foreign-keys=off`, `on` or `auto`. The other
    /// databases need no such thing.
    ///
    /// ```
    /// use migrate_core::{Dialect, ForeignKeys, Header, scan::scan};
    ///
    /// let read = |sql: &str| Header::read(sql, Dialect::Sqlite, &scan(sql, Dialect::Sqlite));
    /// assert_eq!(read("-- migrate: foreign-keys=off\nDROP TABLE a;").unwrap().foreign_keys(), ForeignKeys::Off);
    /// assert_eq!(read("DROP TABLE a;").unwrap().foreign_keys(), ForeignKeys::Auto);
    /// ```
    pub fn foreign_keys(&self) -> ForeignKeys {
        self.foreign_keys.unwrap_or_default()
    }

    /// How long a statement of the script may wait for a lock: `-- migrate: lock-timeout=30s`. Zero is without limit.
    ///
    /// ```
    /// use std::time::Duration;
    /// use migrate_core::{Dialect, Header, scan::scan};
    ///
    /// let read = |sql: &str| Header::read(sql, Dialect::Postgres, &scan(sql, Dialect::Postgres));
    /// assert_eq!(read("-- migrate: lock-timeout=30s\nSELECT 1;").unwrap().lock_timeout(), Some(Duration::from_secs(30)));
    /// assert_eq!(read("SELECT 1;").unwrap().lock_timeout(), None); // what the migrator says
    /// ```
    pub fn lock_timeout(&self) -> Option<Duration> {
        self.lock_timeout
    }

    /// How long a statement of the script may take: `-- migrate: statement-timeout=10min`. Zero is without limit.
    ///
    /// ```
    /// use std::time::Duration;
    /// use migrate_core::{Dialect, Header, scan::scan};
    ///
    /// let read = |sql: &str| Header::read(sql, Dialect::Postgres, &scan(sql, Dialect::Postgres));
    /// let header = read("-- migrate: statement-timeout=off\nSELECT 1;").unwrap();
    /// assert_eq!(header.statement_timeout(), Some(Duration::ZERO)); // without limit
    /// ```
    pub fn statement_timeout(&self) -> Option<Duration> {
        self.statement_timeout
    }

    /// Whether a binary that does not know the migration can go on with what it leaves: `-- migrate: compatible=backward`.
    ///
    /// ```
    /// use migrate_core::{Dialect, Header, scan::scan};
    ///
    /// let read = |sql: &str| Header::read(sql, Dialect::Postgres, &scan(sql, Dialect::Postgres));
    /// let header = read("-- migrate: compatible=backward\nCREATE TABLE notes (id integer);").unwrap();
    /// assert!(header.is_compatible_backward());
    /// ```
    pub fn is_compatible_backward(&self) -> bool {
        self.is_compatible
    }

    /// [`is_compatible_backward`](Header::is_compatible_backward) of a script that a newer version of this crate may have read: what
    /// else it says need not be known.
    ///
    /// ```
    /// use migrate_core::{Dialect, Header};
    ///
    /// let sql = "-- migrate: compatible = backward\n-- migrate: unheard-of\nSELECT 1;";
    /// assert!(Header::says_compatible_backward(sql, Dialect::Sqlite));
    /// ```
    pub fn says_compatible_backward(sql: &str, dialect: Dialect) -> bool {
        let mut header = Header::default();
        scan::line_comments(sql, dialect)
            .filter_map(|comment| directive(&sql[comment]))
            .any(|directive| header.take(directive).is_ok() && header.is_compatible)
    }

    /// The directives that decide how the script runs, each in one spelling.
    ///
    /// ```
    /// use migrate_core::{Dialect, Header, scan::scan};
    ///
    /// let read = |sql: &str| Header::read(sql, Dialect::Postgres, &scan(sql, Dialect::Postgres));
    /// let header = read("-- migrate: no-transaction\n-- migrate: lock-timeout = 2min\nVACUUM;").unwrap();
    /// assert_eq!(header.asked(), ["no-transaction", "lock-timeout=120000ms"]);
    /// ```
    pub fn asked(&self) -> Vec<String> {
        let foreign_keys =
            self.foreign_keys.map(|value| format!("{FOREIGN_KEYS}={}", format!("{value:?}").to_lowercase()));
        let timeout = |key: &str, value: Option<Duration>| value.map(|value| format!("{key}={}ms", value.as_millis()));
        [
            self.no_transaction.then(|| NO_TRANSACTION.to_owned()),
            foreign_keys,
            timeout(LOCK_TIMEOUT, self.lock_timeout),
            timeout(STATEMENT_TIMEOUT, self.statement_timeout),
            self.is_compatible.then(|| format!("{COMPATIBLE}=backward")),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// The same, for a script about which a file beside it may say that it runs outside of a transaction
    /// ([`Script::no_transaction`](crate::Script::no_transaction)). A transaction pair around the whole script comes first, as it does
    /// with the comments of other tools.
    ///
    /// ```
    /// use migrate_core::{Dialect, Header, scan::scan};
    ///
    /// let scan = scan("VACUUM;", Dialect::Sqlite);
    /// let header = Header::read("VACUUM;", Dialect::Sqlite, &scan).unwrap();
    /// assert!(header.marked_beside(true, &scan).no_transaction());
    /// ```
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
            (FOREIGN_KEYS, value) => {
                self.foreign_keys = Some(value.and_then(ForeignKeys::parse).ok_or_else(|| {
                    Problem::new(
                        "directive `foreign-keys` takes the value `off`, `on` or `auto`",
                        "write `-- migrate: foreign-keys=off`",
                    )
                })?);
            }
            (LOCK_TIMEOUT, value) => self.lock_timeout = Some(timeout(LOCK_TIMEOUT, value)?),
            (STATEMENT_TIMEOUT, value) => self.statement_timeout = Some(timeout(STATEMENT_TIMEOUT, value)?),
            (COMPATIBLE, Some("backward")) => self.is_compatible = true,
            (COMPATIBLE, _) => {
                return Err(Problem::new(
                    "directive `compatible` takes the value `backward` only",
                    "write `-- migrate: compatible=backward`",
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
                    "the directives are `no-transaction`, `foreign-keys=off`, `lock-timeout=30s`, `statement-timeout=10min`, \
                     `compatible=backward` and `allow=<rule> <reason>`; reword the comment if it is none",
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

fn timeout(key: &str, value: Option<&str>) -> Result<Duration, Problem> {
    value.and_then(value::parse_timeout).ok_or_else(|| {
        let message = match value {
            Some(number) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => {
                format!("directive `{key}` takes a time, and `{number}` has no unit")
            }
            Some(value) if value::is_time(value) => format!("directive `{key}` takes a time of at most 24 days"),
            _ => format!("directive `{key}` takes a time"),
        };
        Problem::new(
            message,
            format!("write `-- migrate: {key}=30s`; the units are `ms`, `s`, `min` and `h`, and `off` is no limit"),
        )
    })
}

/// The text of a line comment.
fn comment_text(comment: &str) -> &str {
    comment.trim_start_matches('-').trim()
}

/// What a line comment that is a directive says.
fn directive(comment: &str) -> Option<&str> {
    let text = comment_text(comment);
    if marks::is_of_dbmate(text) { None } else { text.strip_prefix(MARKER).map(str::trim) }
}

/// Whether the directive has this key, with or without a value.
fn names(directive: &str, key: &str) -> bool {
    directive.split(|c: char| c == '=' || c.is_whitespace()).next() == Some(key)
}

/// What to write instead of a comment that says `migrate` and a known key, but is no directive: `-- Migrate: no-transaction`,
/// `/* migrate: no-transaction */`. Any other comment may speak of migrating.
fn misspelt(comment: &str) -> Option<&'static str> {
    let words = comment.split([' ', ':', '=', '\t']).filter(|word| !word.is_empty());
    let words: Vec<String> = words.map(|word| word.to_ascii_lowercase().replace('_', "-")).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["migrate", NO_TRANSACTION] => Some("write `-- migrate: no-transaction`"),
        ["migrate", FOREIGN_KEYS, "off" | "on" | "auto"] => Some("write `-- migrate: foreign-keys=off`"),
        ["migrate", COMPATIBLE, "backward"] => Some("write `-- migrate: compatible=backward`"),
        ["migrate", LOCK_TIMEOUT, _] if comment.contains('=') => Some("write `-- migrate: lock-timeout=30s`"),
        ["migrate", STATEMENT_TIMEOUT, _] if comment.contains('=') => {
            Some("write `-- migrate: statement-timeout=10min`")
        }
        // Its value is free text.
        ["migrate", ALLOW, ..] if comment.contains('=') => Some(Excuse::FORM),
        _ => None,
    }
}

/// Whether a text has most of our name in it. For one letter the search is fast, also where nothing is optimised.
fn may_name_us(sql: &str) -> bool {
    [('g', "grate"), ('G', "GRATE")]
        .iter()
        .any(|(first, name)| sql.match_indices(*first).any(|(at, _)| sql[at..].starts_with(name)))
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
            (
                "-- a\n/* migrate: no-transaction */ SELECT 1; /** migrate: lock-timeout=5s\n*/",
                Err("2:1 directive `migrate: no-transaction` in a block comment, \
                     2:41 directive `migrate: lock-timeout=5s` in a block comment"),
            ),
            ("/* migrate: all users */ SELECT '/* migrate: no-transaction */';", Ok("")),
            ("-- transactions\nSELECT '-- migrate: x';", Ok("")),
            ("-- migrate: foreign-keys=off\nSELECT 1;", Ok("foreign-keys=off")),
            (
                "-- migrate: foreign-keys = off\n-- migrate: no-transaction\nSELECT 1;",
                Ok("no-transaction foreign-keys=off"),
            ),
            (
                "-- migrate: foreign-keys\nSELECT 1;",
                Err("1:1 directive `foreign-keys` takes the value `off`, `on` or `auto`"),
            ),
            ("-- migrate: foreign-keys=on\nSELECT 1;", Ok("foreign-keys=on")),
            ("-- migrate: foreign-keys=auto\nSELECT 1;", Ok("foreign-keys=auto")),
            (
                "-- migrate: lock-timeout=30s\n-- migrate: statement-timeout = 2 min\nSELECT 1;",
                Ok("lock-timeout=30000ms statement-timeout=120000ms"),
            ),
            ("-- migrate: lock-timeout=off\nSELECT 1;", Ok("lock-timeout=0ms")),
            (
                "-- migrate: lock-timeout=5\nSELECT 1;",
                Err("1:1 directive `lock-timeout` takes a time, and `5` has no unit"),
            ),
            ("-- migrate: lock-timeout=25 h 3\nSELECT 1;", Err("1:1 directive `lock-timeout` takes a time")),
            ("-- migrate: lock-timeout=s\nSELECT 1;", Err("1:1 directive `lock-timeout` takes a time")),
            ("-- migrate: statement-timeout\nSELECT 1;", Err("1:1 directive `statement-timeout` takes a time")),
            (
                "-- migrate: lock-timeout=1000h\nSELECT 1;",
                Err("1:1 directive `lock-timeout` takes a time of at most 24 days"),
            ),
            ("-- migrate lock_timeout=5s\nSELECT 1;", Err("1:1 misspelt directive `migrate lock_timeout=5s`")),
            ("-- migrate lock timeouts = 2\nSELECT 1;", Ok("")),
            ("-- migrate lock_timeout settings\nSELECT 1;", Ok("")),
            ("-- migrate statement_timeout settings\nSELECT 1;", Ok("")),
            (
                "-- migrate statement-timeout=5s\nSELECT 1;",
                Err("1:1 misspelt directive `migrate statement-timeout=5s`"),
            ),
            ("-- migrate: compatible=backward\nSELECT 1;", Ok("compatible=backward")),
            ("-- migrate compatible backward\nSELECT 1;", Err("1:1 misspelt directive `migrate compatible backward`")),
            (
                "-- migrate: compatible=forward\nSELECT 1;",
                Err("1:1 directive `compatible` takes the value `backward` only"),
            ),
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
            let told = read.map(|header| header.asked().join(" ")).map_err(|problems| {
                let told = |problem: &Problem| format!("{} {}", problem.place().unwrap(), problem.message());
                problems.iter().map(told).collect::<Vec<_>>().join(", ")
            });
            assert_eq!(told, expect.map(str::to_owned).map_err(str::to_owned), "{sql}");
        }
    }

    #[test]
    fn what_is_asked_for() {
        let minute = Some(Duration::from_secs(60));
        let cases = [
            ("SELECT 1;", None, None, false),
            ("-- migrate: lock-timeout=1min\nSELECT 1;", minute, None, false),
            ("-- migrate: statement-timeout=1min\nSELECT 1;", None, minute, false),
            ("-- migrate: compatible=backward\nSELECT 1;", None, None, true),
        ];
        for (sql, lock, statement, is_compatible) in cases {
            let header = Header::read(sql, Dialect::Sqlite, &scan::scan(sql, Dialect::Sqlite)).unwrap();
            assert_eq!((header.lock_timeout(), header.statement_timeout()), (lock, statement), "{sql}");
            assert_eq!(header.is_compatible_backward(), is_compatible, "{sql}");
        }
    }
}
