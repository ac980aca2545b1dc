//! Scripts that are about to run, scanned in the dialect of the database: the last look before anything is written.

use std::borrow::Cow;

use migrate_core::scan::{Part, ScanProblem, Statement, scan};
use migrate_core::{
    Alone, Dialect, Direction, Enforcement, ForeignKeys, Header, HistoryRow, Label, Migration, Problem, Script,
    TableActs, Version, in_transaction,
};

use super::refuse;
use super::sql::Timeouts;
use crate::error::Error;
use crate::migrator::Migrator;
use crate::report::{Action, PlannedChange};

/// A migration and the script of it that is to run.
pub(super) struct Prepared<'a> {
    pub(super) version: Version,
    pub(super) label: Label,
    pub(super) direction: Direction,
    /// Where the script comes from, as messages tell it.
    pub(super) path: Cow<'a, str>,
    pub(super) sql: Cow<'a, str>,
    pub(super) statements: Vec<Statement>,
    /// What the row is made of; a script down may run without.
    pub(super) embedded: Option<Migration<'a>>,
    /// The row before: of what is to be reverted or goes on, or what remembers that the migration once was applied.
    pub(super) row: Option<HistoryRow>,
    /// SQLite: what the script does to tables.
    pub(super) tables: TableActs,
    header: Header,
    is_marked_beside: bool,
    /// SQLite: whether foreign keys are enforced, for each of its statements.
    enforcement: Vec<Enforcement>,
    /// Whether the script does nothing that a session would remember, as far as its text tells: it is made of statements that define,
    /// write or permit something.
    pub(super) is_plain: bool,
    /// Whether its text names the history table, or may do so.
    pub(super) names_history: bool,
}

/// A script to be prepared.
pub(super) struct Source<'a> {
    pub(super) version: Version,
    pub(super) label: Label,
    pub(super) direction: Direction,
    pub(super) path: Cow<'a, str>,
    pub(super) sql: Cow<'a, str>,
    /// Whether a file beside the script says that it runs outside of a transaction.
    pub(super) is_marked_beside: bool,
    pub(super) embedded: Option<Migration<'a>>,
    pub(super) row: Option<HistoryRow>,
}

/// Prepares scripts, for a history table of this name.
///
/// # Errors
/// Everything that keeps any of them from being run in `dialect`.
pub(super) fn all<'a>(sources: Vec<Source<'a>>, dialect: Dialect, history: &str) -> Result<Vec<Prepared<'a>>, Error> {
    let mut problems = Vec::new();
    let is_of_history = sources.iter().any(|source| source.embedded.is_none());
    let history = history.to_ascii_lowercase();
    let prepared: Vec<Prepared<'_>> =
        sources.into_iter().map(|source| prepare(source, dialect, &history, &mut problems)).collect();
    if problems.is_empty() { Ok(prepared) } else { Err(refuse::unreadable_scripts(dialect, &problems, is_of_history)) }
}

fn prepare<'a>(source: Source<'a>, dialect: Dialect, history: &str, problems: &mut Vec<Problem>) -> Prepared<'a> {
    let Source { version, label, direction, path, sql, is_marked_beside, embedded, row } = source;
    let scanned = scan(&sql, dialect);
    let mut found: Vec<Problem> =
        scanned.problems.iter().map(|found: &ScanProblem| Problem::in_script(&sql, found)).collect();
    let header = Header::read(&sql, dialect, &scanned).map(|header| header.marked_beside(is_marked_beside, &scanned));
    let header = header.unwrap_or_else(|of_header| {
        found.extend(of_header);
        Header::default()
    });
    found.extend(in_transaction::check(&sql, dialect, &scanned, &header));
    problems.extend(found.into_iter().map(|problem| problem.in_file(&*path)));
    let is_sqlite = dialect == Dialect::Sqlite;
    let tables = if is_sqlite { TableActs::of(&sql, &scanned.statements) } else { TableActs::default() };
    Prepared {
        enforcement: if is_sqlite {
            tables.enforcement(&sql, &scanned.statements, header.foreign_keys())
        } else {
            Vec::new()
        },
        tables,
        is_plain: is_plain(&sql, &scanned.statements, dialect),
        names_history: mentions(&sql, &[history], dialect),
        statements: scanned.statements,
        header,
        is_marked_beside,
        version,
        label,
        direction,
        path,
        sql,
        embedded,
        row,
    }
}

fn is_plain(sql: &str, statements: &[Statement], dialect: Dialect) -> bool {
    const PLAIN: [&str; 11] =
        ["alter", "comment", "create", "delete", "drop", "grant", "insert", "replace", "revoke", "truncate", "update"];
    let is_plain = |statement: &Statement| {
        let verb = statement.words(sql, dialect).next().unwrap_or_default();
        PLAIN.iter().any(|plain| verb.eq_ignore_ascii_case(plain))
    };
    let may_set = || dialect == Dialect::Postgres && mentions(sql, &["set_config", "pg_settings"], dialect);
    statements.iter().all(is_plain) && !may_set()
}

/// Whether a script names one of these, which are in small letters, anywhere, or may do so behind the escapes of Postgres.
fn mentions(sql: &str, words: &[&str], dialect: Dialect) -> bool {
    let sql = sql.to_ascii_lowercase();
    let escapes = if dialect == Dialect::Postgres { &["u&"][..] } else { &[] };
    words.iter().chain(escapes).any(|word| sql.contains(word))
}

/// What a script begins with in the history when only a file beside it, or its place in the file, says that it runs outside of a
/// transaction: nothing else of that is left there.
const MARK: &str = "-- migrate: no-transaction\n";

/// A script down of the binary as the history keeps it, to be run from there.
pub(super) fn kept(down: &Script, dialect: Dialect) -> Cow<'_, str> {
    let is_outside_by_mark = down.no_transaction() && !scan(down.sql(), dialect).wrapped;
    if is_outside_by_mark { Cow::Owned(format!("{MARK}{}", down.sql())) } else { Cow::Borrowed(down.sql()) }
}

impl Prepared<'_> {
    /// What the history has kept, as the binary has it.
    pub(super) fn as_written(&self, kept: String) -> String {
        match kept.strip_prefix(MARK) {
            Some(written) if self.is_marked_beside => written.to_owned(),
            _ => kept,
        }
    }

    /// Whether the script runs outside of a transaction, statement by statement.
    pub(super) fn runs_outside(&self) -> bool {
        self.header.no_transaction()
    }

    /// SQLite: whether foreign keys are enforced while a statement of the script runs.
    pub(super) fn enforcement_of(&self, statement: usize) -> &Enforcement {
        self.enforcement.get(statement).unwrap_or(&Enforcement::AsUsual)
    }

    /// SQLite: whether foreign keys may be off for any of its statements.
    pub(super) fn switches_foreign_keys_off(&self) -> bool {
        self.enforcement.iter().any(|of| matches!(of, Enforcement::Off | Enforcement::OffIfReferredTo(_)))
    }

    /// SQLite: whether a statement attaches a database.
    pub(super) fn attaches(&self, index: usize) -> bool {
        let first = || self.statements[index].parts(&self.sql, Dialect::Sqlite).next();
        self.tables.attaches() && first().is_some_and(|(_, part)| is_keyword(&part, "ATTACH"))
    }

    /// SQLite: the database that a statement detaches.
    pub(super) fn detaches(&self, index: usize) -> Option<String> {
        let mut parts = self.statements[index].parts(&self.sql, Dialect::Sqlite).map(|(_, part)| part).peekable();
        parts.next().filter(|verb| is_keyword(verb, "DETACH"))?;
        parts.next_if(|part| is_keyword(part, "DATABASE"));
        match parts.next()? {
            Part::Word(name) => Some(name.to_owned()),
            Part::Quoted(name) => Some(name.into_owned()),
            Part::Text(text) => Some(text.trim_matches('\'').replace("''", "'")),
            _ => None,
        }
    }

    /// SQLite: whether that is because the script says so, and not because of the statements.
    pub(super) fn asks_for_foreign_keys_off(&self) -> bool {
        let sets_off = |statement| in_transaction::foreign_keys_set_by(&self.sql, statement) == Some(false);
        self.header.foreign_keys() == ForeignKeys::Off || self.statements.iter().any(sets_off)
    }

    /// How long the statements of the script may wait and run.
    pub(super) fn timeouts(&self, migrator: &Migrator<'_>) -> Timeouts {
        Timeouts {
            lock: self.header.lock_timeout().unwrap_or(migrator.lock_timeout),
            statement: self.header.statement_timeout().unwrap_or(migrator.statement_timeout),
        }
    }

    /// Whether the file itself may limit how long a statement waits for a lock. One that has to run alone sets nothing.
    pub(super) fn may_limit_waits(&self) -> bool {
        let may_set = |statement: &Statement| {
            let text = statement.text(&self.sql);
            mentions(text, &["lock_timeout", "statement_timeout"], Dialect::Postgres)
                && Alone::of(&self.sql, statement, Dialect::Postgres).is_none()
        };
        self.header.lock_timeout().is_some() || self.statements.iter().any(may_set)
    }

    /// Whether the timeouts of the session may be others after the script, although they look like ours: `RESET ALL` does not name
    /// them.
    pub(super) fn may_change_timeouts(&self) -> bool {
        self.mentions(&["_timeout", "reset"])
    }

    /// The statements that set back everything, and with it what is set for the script.
    pub(super) fn resets(&self) -> impl Iterator<Item = usize> {
        self.statements
            .iter()
            .enumerate()
            .filter(|(_, statement)| resets_all(&self.sql, statement))
            .map(|(index, _)| index)
    }

    /// Whether the script may become another role.
    pub(super) fn mentions_roles(&self) -> bool {
        self.mentions(&["role", "discard"])
    }

    /// Whether the script sets anything for longer than its transaction, as far as its text tells.
    pub(super) fn sets_for_session(&self) -> bool {
        const FOR_TRANSACTION: [&str; 3] = ["local", "transaction", "constraints"];
        let sets = |statement: &Statement| {
            let mut words = statement.words(&self.sql, Dialect::Postgres);
            let is_set = words.next().is_some_and(|verb| verb.eq_ignore_ascii_case("set"));
            is_set && words.next().is_some_and(|what| !FOR_TRANSACTION.iter().any(|of| what.eq_ignore_ascii_case(of)))
        };
        self.statements.iter().any(sets) || self.mentions(&["set_config"]) && self.mentions(&["false"])
    }

    /// Postgres: whether the script names one of these.
    fn mentions(&self, words: &[&str]) -> bool {
        mentions(&self.sql, words, Dialect::Postgres)
    }

    pub(super) fn action(&self) -> Action {
        match self.direction {
            Direction::Up => Action::Apply,
            Direction::Down => Action::Revert,
        }
    }

    /// What a dry run tells.
    pub(super) fn into_plan(self, set: String, action: Action) -> PlannedChange {
        PlannedChange {
            set,
            action,
            migration: self.label,
            statements: self.statements.len(),
            path: if self.embedded.is_some() { self.path.into_owned() } else { String::new() },
            sql: self.sql.into_owned(),
            notes: Vec::new(),
        }
    }
}

/// Postgres: whether a statement sets back all settings of the session.
pub(super) fn resets_all(sql: &str, statement: &Statement) -> bool {
    begins_with(sql, statement, ["reset", "all"]) || discards_all(sql, statement)
}

/// Postgres: whether a statement makes its session as good as new.
pub(super) fn discards_all(sql: &str, statement: &Statement) -> bool {
    begins_with(sql, statement, ["discard", "all"])
}

fn begins_with(sql: &str, statement: &Statement, words: [&str; 2]) -> bool {
    let first = statement.words(sql, Dialect::Postgres).take(words.len());
    first.map(str::to_ascii_lowercase).eq(words)
}

fn is_keyword(part: &Part<'_>, keyword: &str) -> bool {
    matches!(part, Part::Word(word) if word.eq_ignore_ascii_case(keyword))
}
