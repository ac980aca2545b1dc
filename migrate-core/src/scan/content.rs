//! Recognises the statements that a migration runner cannot run, by their first words.

use super::ScanProblemKind;
use super::lex::{Lexer, Token, TokenKind};
use crate::Dialect;

/// A statement that controls the transaction.
pub(super) struct Transaction {
    pub(super) keyword: &'static str,
    pub(super) role: Role,
}

/// The part a transaction statement may play in a pair around a whole script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Opens a transaction with no options that a runner would have to know of.
    Opens,
    /// Commits it, and does nothing else.
    Closes,
    /// Sets how it runs; may stand inside a pair, and is refused there too.
    Configures,
    Neither,
}

/// What the statement does to the transaction, if it does anything.
pub(super) fn transaction(statement: &str, dialect: Dialect) -> Option<Transaction> {
    let mut tokens = tokens(statement, dialect);
    let verb = tokens.next()?;
    if !VERBS.into_iter().any(|known| verb.is_word(statement, known)) {
        return None;
    }
    let rest = Rest { statement, tokens: [tokens.next(), tokens.next(), tokens.next()] };
    let keyword_and_role = match dialect {
        Dialect::Postgres => postgres_transaction(verb.text(statement), &rest),
        Dialect::Sqlite => sqlite_transaction(verb.text(statement), &rest),
        Dialect::Mysql => mysql_transaction(verb.text(statement), &rest),
    };
    keyword_and_role.map(|(keyword, role)| Transaction { keyword, role })
}

/// Whether a script has to be looked at for statements that change how it is read; most scripts need not.
pub(super) fn mentions_reading(sql: &str) -> bool {
    let follows = |at: usize, word: &str| {
        sql.as_bytes().get(at..at + word.len()).is_some_and(|bytes| bytes.eq_ignore_ascii_case(word.as_bytes()))
    };
    sql.match_indices('_').any(|(at, _)| follows(at, "_conforming_strings") || follows(at, "_encoding"))
}

/// What is wrong with a Postgres statement that changes how the server reads what follows. The values that the scanner reads by are
/// fine: dumps set them.
pub(super) fn changed_reading(statement: &str) -> Option<ScanProblemKind> {
    let is_separator = |c: char| c.is_whitespace() || "=(),;'\"".contains(c);
    let words: Vec<String> =
        statement.split(is_separator).filter(|word| !word.is_empty()).map(str::to_ascii_lowercase).collect();
    let setting = ["standard_conforming_strings", "client_encoding"]
        .into_iter()
        .find(|setting| words.iter().any(|word| word == setting))?;
    let words: Vec<&str> =
        words.iter().map(String::as_str).filter(|word| !matches!(*word, "session" | "local" | "to")).collect();
    match words.as_slice() {
        ["set", "standard_conforming_strings", "on" | "true" | "1"] | ["set", "client_encoding", "utf8" | "utf-8"] => {
            None
        }
        ["show", ..] => None,
        _ => Some(ScanProblemKind::ReadingChanged { setting }),
    }
}

/// What is wrong with a Postgres `COPY` whose data goes to or comes from the client.
///
/// Outside of parentheses `FROM` and `TO` can only be those of `COPY` itself, for they are reserved words. The server takes
/// `STDIN` and `STDOUT` for the same thing.
pub(super) fn client_copy(statement: &str) -> Option<ScanProblemKind> {
    let mut tokens = tokens(statement, Dialect::Postgres);
    tokens.next().filter(|token| token.is_word(statement, "copy"))?;
    let mut depth = 0_usize;
    let mut found = None;
    for token in tokens {
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            _ if found.is_some() => {
                return found.filter(|_| token.is_word(statement, "stdin") || token.is_word(statement, "stdout"));
            }
            _ if token.is_word(statement, "from") => found = Some(ScanProblemKind::CopyFromStdin),
            _ if token.is_word(statement, "to") => found = Some(ScanProblemKind::CopyToStdout),
            _ => {}
        }
    }
    None
}

const VERBS: [&str; 11] =
    ["BEGIN", "SET", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE", "PREPARE", "XA"];

fn postgres_transaction(verb: &str, rest: &Rest<'_>) -> Option<(&'static str, Role)> {
    let is_plain = rest.is(&[]) || rest.is(&["WORK"]) || rest.is(&["TRANSACTION"]);
    let role_if_plain = |role| if is_plain { role } else { Role::Neither };
    Some(match verb.to_ascii_uppercase().as_str() {
        "BEGIN" => ("BEGIN", role_if_plain(Role::Opens)),
        // The runner has made the first query of the transaction already.
        "SET"
            if rest.starts_with(&["TRANSACTION", "ISOLATION"])
                || rest.starts_with(&["LOCAL", "TRANSACTION", "ISOLATION"]) =>
        {
            ("SET TRANSACTION", Role::Configures)
        }
        "START" if rest.is(&["TRANSACTION"]) => ("START TRANSACTION", Role::Opens),
        "START" if rest.starts_with(&["TRANSACTION"]) => ("START TRANSACTION", Role::Neither),
        "COMMIT" if rest.starts_with(&["PREPARED"]) => ("COMMIT PREPARED", Role::Neither),
        "COMMIT" => ("COMMIT", role_if_plain(Role::Closes)),
        "END" => ("END", role_if_plain(Role::Closes)),
        "ROLLBACK" if rest.starts_with(&["PREPARED"]) => ("ROLLBACK PREPARED", Role::Neither),
        "ROLLBACK" => (rollback(rest, &["WORK", "TRANSACTION"]), Role::Neither),
        "ABORT" => ("ABORT", Role::Neither),
        "SAVEPOINT" => ("SAVEPOINT", Role::Neither),
        "RELEASE" => ("RELEASE", Role::Neither),
        // A prepared statement may have the name `transaction`: then no string follows.
        "PREPARE" if rest.starts_with(&["TRANSACTION"]) && rest.has_text_at(1) => {
            ("PREPARE TRANSACTION", Role::Neither)
        }
        _ => return None,
    })
}

fn sqlite_transaction(verb: &str, rest: &Rest<'_>) -> Option<(&'static str, Role)> {
    let is_plain = rest.is(&[]) || rest.is(&["TRANSACTION"]);
    let has_plain_mode = ["DEFERRED", "IMMEDIATE", "EXCLUSIVE"]
        .into_iter()
        .any(|mode| rest.is(&[mode]) || rest.is(&[mode, "TRANSACTION"]));
    Some(match verb.to_ascii_uppercase().as_str() {
        "BEGIN" => ("BEGIN", if is_plain || has_plain_mode { Role::Opens } else { Role::Neither }),
        "COMMIT" => ("COMMIT", if is_plain { Role::Closes } else { Role::Neither }),
        "END" => ("END", if is_plain { Role::Closes } else { Role::Neither }),
        "ROLLBACK" => (rollback(rest, &["TRANSACTION"]), Role::Neither),
        "SAVEPOINT" => ("SAVEPOINT", Role::Neither),
        "RELEASE" => ("RELEASE", Role::Neither),
        _ => return None,
    })
}

fn mysql_transaction(verb: &str, rest: &Rest<'_>) -> Option<(&'static str, Role)> {
    let is_plain = rest.is(&[]) || rest.is(&["WORK"]);
    Some(match verb.to_ascii_uppercase().as_str() {
        // A compound statement of MariaDB.
        "BEGIN" if rest.starts_with(&["NOT", "ATOMIC"]) => return None,
        "BEGIN" => ("BEGIN", if is_plain { Role::Opens } else { Role::Neither }),
        "START" if rest.is(&["TRANSACTION"]) => ("START TRANSACTION", Role::Opens),
        "START" if rest.starts_with(&["TRANSACTION"]) => ("START TRANSACTION", Role::Neither),
        // The server refuses it inside of a transaction.
        "SET" if rest.starts_with(&["TRANSACTION"]) => ("SET TRANSACTION", Role::Configures),
        "SET" if sets_autocommit(rest.statement) => ("SET autocommit", Role::Neither),
        "COMMIT" => ("COMMIT", if is_plain { Role::Closes } else { Role::Neither }),
        "ROLLBACK" => (rollback(rest, &["WORK"]), Role::Neither),
        "SAVEPOINT" => ("SAVEPOINT", Role::Neither),
        "RELEASE" => ("RELEASE", Role::Neither),
        "XA" if !rest.starts_with(&["RECOVER"]) => ("XA", Role::Neither),
        _ => return None,
    })
}

/// Whether one of the assignments of a MySQL `SET` is to the `autocommit` of the session.
fn sets_autocommit(statement: &str) -> bool {
    const SPELLED: [&str; 4] = ["autocommit", "@@autocommit", "@@session.autocommit", "@@local.autocommit"];
    let mut depth = 0_usize;
    let mut may_be_target = false;
    for token in tokens(statement, Dialect::Mysql) {
        let text = token.text(statement);
        let is = |word: &str| text.eq_ignore_ascii_case(word);
        match token.kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            _ if may_be_target && SPELLED.into_iter().any(is) => return true,
            _ => {}
        }
        // The first word is `SET`.
        may_be_target = depth == 0 && (text == "," || ["set", "session", "local"].into_iter().any(is));
    }
    false
}

fn rollback(rest: &Rest<'_>, noise: &[&str]) -> &'static str {
    let is_partial = rest.starts_with(&["TO"]) || noise.iter().any(|word| rest.starts_with(&[word, "TO"]));
    if is_partial { "ROLLBACK TO" } else { "ROLLBACK" }
}

/// The tokens behind the verb of a statement, as many as ever matter.
struct Rest<'a> {
    statement: &'a str,
    tokens: [Option<Token>; 3],
}

impl Rest<'_> {
    /// Whether these words follow and nothing else.
    fn is(&self, words: &[&str]) -> bool {
        self.starts_with(words) && self.tokens.get(words.len()).is_some_and(Option::is_none)
    }

    /// Whether these words follow.
    fn starts_with(&self, words: &[&str]) -> bool {
        words.iter().zip(&self.tokens).all(|(word, token)| match token {
            Some(token) => token.is_word(self.statement, word),
            None => false,
        })
    }

    fn has_text_at(&self, index: usize) -> bool {
        matches!(self.tokens.get(index), Some(Some(token)) if token.kind == TokenKind::Text)
    }
}

fn tokens(statement: &str, dialect: Dialect) -> impl Iterator<Item = Token> {
    // What an executable comment holds counts, and its two ends do not.
    let is_nothing = |kind| {
        matches!(kind, TokenKind::Blank | TokenKind::Meta | TokenKind::ExecutableStart | TokenKind::ExecutableEnd)
    };
    Lexer::new(statement, dialect).filter(move |token| !is_nothing(token.kind))
}
