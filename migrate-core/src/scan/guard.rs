//! Knows when a `;` does not end the statement it stands in.
//!
//! A guard is fed every token of a statement except white space and comments, and starts afresh with the next one.

use super::ScanProblemKind;
use super::compound::CompoundGuard;
use super::lex::{Token, TokenKind};
use crate::Dialect;

/// The guard of a dialect.
pub(super) enum Guard {
    Postgres(RoutineGuard),
    Sqlite(TriggerGuard),
    Mysql(CompoundGuard),
}

impl Guard {
    pub(super) fn new(dialect: Dialect) -> Guard {
        match dialect {
            Dialect::Postgres => Guard::Postgres(RoutineGuard::default()),
            Dialect::Sqlite => Guard::Sqlite(TriggerGuard::default()),
            Dialect::Mysql => Guard::Mysql(CompoundGuard::default()),
        }
    }

    /// Whether a `;` at this point belongs to the statement.
    pub(super) fn protects(&self) -> bool {
        match self {
            Guard::Postgres(guard) => guard.parentheses > 0 || guard.blocks > 0,
            Guard::Sqlite(guard) => matches!(guard.state, Trigger::Body | Trigger::BodySemicolon),
            Guard::Mysql(guard) => guard.protects(),
        }
    }

    /// Whether words, white space and signs mean nothing to it any more.
    #[inline]
    pub(super) fn is_indifferent(&self) -> bool {
        match self {
            Guard::Postgres(guard) => guard.head == Head::AnotherStatement,
            Guard::Sqlite(guard) => guard.state == Trigger::AnotherStatement,
            Guard::Mysql(guard) => guard.is_indifferent(),
        }
    }

    /// Takes in the next token of the statement.
    #[inline]
    pub(super) fn feed(&mut self, token: &Token, sql: &str) {
        match self {
            Guard::Postgres(guard) => guard.feed(token, sql),
            Guard::Sqlite(guard) => guard.feed(token, sql),
            Guard::Mysql(guard) => guard.feed(token, sql),
        }
    }

    /// What is still open, and since which offset, if anything is.
    pub(super) fn open(&self) -> Option<(usize, ScanProblemKind)> {
        let body = |offset| (offset, ScanProblemKind::UnterminatedBody);
        match self {
            Guard::Postgres(guard) if guard.parentheses > 0 => Some(body(guard.outer_parenthesis)),
            Guard::Postgres(guard) => (guard.blocks > 0).then_some(body(guard.outer_block)),
            Guard::Sqlite(guard) => self.protects().then_some(body(guard.start)),
            Guard::Mysql(guard) => guard.open(),
        }
    }
}

/// Postgres: parentheses protect, and so does the `BEGIN ATOMIC … END` of a function or procedure.
///
/// psql, which has no grammar to go by, counts every `BEGIN`, `CASE` and `END` in such a statement. Here a block starts
/// at `BEGIN ATOMIC` only and ends at an `END` where a statement would start, which is what the grammar of the server
/// comes down to: `CASE … END` needs no counting then, nor does a column named `begin` or labelled `end` do harm.
#[derive(Default)]
pub(super) struct RoutineGuard {
    head: Head,
    before: Before,
    parentheses: usize,
    outer_parenthesis: usize,
    blocks: usize,
    outer_block: usize,
}

/// How much of `CREATE [OR REPLACE] FUNCTION | PROCEDURE` was seen.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Head {
    #[default]
    Nothing,
    Create,
    CreateOr,
    CreateOrReplace,
    Routine,
    AnotherStatement,
}

/// What the token before was, as far as it matters.
#[derive(Clone, Copy, Default)]
enum Before {
    #[default]
    Anything,
    /// The word `BEGIN`, at this offset.
    Begin(usize),
    /// Something in a block that a statement, or the `END` of the block, follows.
    StatementStart,
}

impl RoutineGuard {
    #[inline]
    fn feed(&mut self, token: &Token, sql: &str) {
        match token.kind {
            TokenKind::Open => {
                if self.parentheses == 0 {
                    self.outer_parenthesis = token.start;
                }
                self.parentheses += 1;
            }
            TokenKind::Close => self.parentheses = self.parentheses.saturating_sub(1),
            _ => {}
        }
        match self.head {
            Head::AnotherStatement => {}
            Head::Routine => self.feed_routine(token, sql),
            head => self.head = head.next(token, sql),
        }
    }

    fn feed_routine(&mut self, token: &Token, sql: &str) {
        let before = std::mem::take(&mut self.before);
        if self.parentheses > 0 {
            return;
        }
        match token.kind {
            TokenKind::Semicolon => self.before = Before::StatementStart,
            TokenKind::Word => match before {
                Before::Begin(offset) if token.is_word(sql, "atomic") => {
                    if self.blocks == 0 {
                        self.outer_block = offset;
                    }
                    self.blocks += 1;
                    self.before = Before::StatementStart;
                }
                Before::StatementStart if token.is_word(sql, "end") => {
                    self.blocks = self.blocks.saturating_sub(1);
                }
                _ if token.is_word(sql, "begin") => self.before = Before::Begin(token.start),
                _ => {}
            },
            _ => {}
        }
    }
}

impl Head {
    fn next(self, token: &Token, sql: &str) -> Head {
        let is = |word| token.is_word(sql, word);
        match self {
            Head::Nothing if is("create") => Head::Create,
            Head::Create if is("or") => Head::CreateOr,
            Head::CreateOr if is("replace") => Head::CreateOrReplace,
            Head::Create | Head::CreateOrReplace if is("function") || is("procedure") => Head::Routine,
            _ => Head::AnotherStatement,
        }
    }
}

/// SQLite: `CREATE [TEMP | TEMPORARY] TRIGGER` protects up to `; END ;`, the rule of `sqlite3_complete`.
#[derive(Default)]
pub(super) struct TriggerGuard {
    state: Trigger,
    start: usize,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Trigger {
    #[default]
    Nothing,
    Explain,
    Create,
    Body,
    BodySemicolon,
    BodyEnd,
    AnotherStatement,
}

impl TriggerGuard {
    #[inline]
    fn feed(&mut self, token: &Token, sql: &str) {
        if self.state == Trigger::AnotherStatement {
            return;
        }
        if self.state == Trigger::Nothing {
            self.start = token.start;
        }
        self.state = self.state.next(token, sql);
    }
}

impl Trigger {
    fn next(self, token: &Token, sql: &str) -> Trigger {
        let is = |word| token.is_word(sql, word);
        match self {
            Trigger::Nothing if is("explain") => Trigger::Explain,
            Trigger::Nothing | Trigger::Explain if is("create") => Trigger::Create,
            // The words of EXPLAIN QUERY PLAN.
            Trigger::Explain if !["explain", "temp", "temporary", "trigger", "end"].into_iter().any(is) => {
                Trigger::Explain
            }
            Trigger::Create if is("temp") || is("temporary") => Trigger::Create,
            Trigger::Create if is("trigger") => Trigger::Body,
            Trigger::Body | Trigger::BodySemicolon | Trigger::BodyEnd if token.kind == TokenKind::Semicolon => {
                Trigger::BodySemicolon
            }
            Trigger::BodySemicolon if is("end") => Trigger::BodyEnd,
            Trigger::Body | Trigger::BodySemicolon | Trigger::BodyEnd => Trigger::Body,
            _ => Trigger::AnotherStatement,
        }
    }
}
