//! MySQL and MariaDB: what protects a `;` is an executable comment, and the compound body of a routine, trigger or event.
//!
//! Blocks are counted only where the grammar of the server lets a statement begin, so that the function `IF()`, a
//! `CASE … END` in an expression, `FOR UPDATE`, `IF EXISTS`, and columns named `begin` or `end` open and close nothing.

use super::ScanProblemKind;
use super::lex::{Token, TokenKind};

/// Knows whether a statement is inside a compound body or an executable comment.
#[derive(Default)]
pub(super) struct CompoundGuard {
    place: Place,
    after_dot: bool,
    /// Parentheses that are open around the parameters of a routine.
    parentheses: usize,
    /// Open statements that hold others.
    blocks: usize,
    outer_block: usize,
    /// Open `CASE`s in the expressions of the current statement of a body.
    cases: usize,
    executable: Option<usize>,
}

/// What comes next in a statement.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    /// The first token of all.
    #[default]
    First,
    /// After the `BEGIN` that a script starts a statement with, at this offset: a block only if `NOT ATOMIC` follows.
    Begin(usize),
    /// After `CREATE` or `ALTER`: what may stand before the kind of object.
    Kind,
    /// After `DEFINER`, and after its `=`.
    Definer,
    DefinerName,
    /// Name and parameters of a routine.
    Parameters,
    /// The head of a trigger, up to its `FOR EACH ROW`.
    TriggerFor,
    /// The head of an event, up to its `DO`.
    EventDo,
    /// What stands between a head and its body: characteristics of a routine, conditions of a handler, a label.
    Body,
    /// The same after `CHARACTER`, where `SET` begins no statement.
    BodyCharacter,
    /// A statement of a body, or the `END` of the block.
    Statement,
    /// After the first word of a statement, which is a label if a colon follows.
    Colon,
    /// After `DECLARE`, after the `CONTINUE`, `EXIT` or `UNDO` behind it, and after `HANDLER`.
    Declaration,
    Handler,
    HandlerFor,
    /// After `UNTIL`, where the `END` of `END REPEAT` comes without a `;`; and after that `END`.
    Until,
    UntilRepeat,
    /// After the `END` of a block.
    BlockName,
    /// More of a statement in a body.
    Rest,
    /// More of a statement that has no body, or not any more.
    Unprotected,
}

impl CompoundGuard {
    pub(super) fn protects(&self) -> bool {
        self.blocks > 0 || self.executable.is_some()
    }

    /// What is still open, and since where.
    pub(super) fn open(&self) -> Option<(usize, ScanProblemKind)> {
        match self.executable {
            Some(start) => Some((start, ScanProblemKind::UnterminatedComment)),
            None => (self.blocks > 0).then_some((self.outer_block, ScanProblemKind::UnterminatedBody)),
        }
    }

    /// Whether only executable comments mean anything to it any more.
    #[inline]
    pub(super) fn is_indifferent(&self) -> bool {
        self.place == Place::Unprotected
    }

    #[inline]
    pub(super) fn feed(&mut self, token: &Token, sql: &str) {
        match token.kind {
            TokenKind::ExecutableStart => self.executable = self.executable.or(Some(token.start)),
            TokenKind::ExecutableEnd => self.executable = None,
            _ if self.place == Place::Unprotected => {}
            _ => {
                let is_name = std::mem::take(&mut self.after_dot);
                self.after_dot = token.text(sql) == ".";
                let word = Word { token, sql, is_name };
                self.place = if self.blocks == 0 { self.next_in_head(&word) } else { self.next_in_body(&word) };
            }
        }
    }

    fn next_in_head(&mut self, word: &Word<'_>) -> Place {
        match self.place {
            Place::First if word.is_any(&["create", "alter"]) => Place::Kind,
            Place::First if word.is("begin") => Place::Begin(word.token.start),
            // MariaDB takes compound statements outside of routines too.
            Place::First if word.is_any(&BLOCKS) => self.open_block(word),
            Place::Begin(start) if word.is("not") => {
                self.blocks = 1;
                self.outer_block = start;
                Place::Statement
            }
            Place::Kind => match word.token.kind {
                TokenKind::Word if word.is("definer") => Place::Definer,
                TokenKind::Word if word.is_any(&["procedure", "function"]) => Place::Parameters,
                TokenKind::Word if word.is("trigger") => Place::TriggerFor,
                TokenKind::Word if word.is("event") => Place::EventDo,
                TokenKind::Word if !word.is_any(&["or", "replace", "aggregate"]) => Place::Unprotected,
                // The host of a definer, or the parentheses of `CURRENT_USER()`.
                _ => Place::Kind,
            },
            Place::Definer => Place::DefinerName,
            Place::DefinerName => Place::Kind,
            Place::Parameters => self.parameters(word),
            // `EACH` and `ROW` begin no statement.
            Place::TriggerFor if word.is("for") => Place::Body,
            Place::TriggerFor => Place::TriggerFor,
            Place::EventDo if word.is("do") => Place::Body,
            Place::EventDo => Place::EventDo,
            Place::Body | Place::BodyCharacter => self.body(word),
            _ => Place::Unprotected,
        }
    }

    /// Parameters are in parentheses, and the body comes somewhere behind them.
    fn parameters(&mut self, word: &Word<'_>) -> Place {
        match word.token.kind {
            TokenKind::Open => self.parentheses += 1,
            TokenKind::Close => self.parentheses = self.parentheses.saturating_sub(1),
            _ => {}
        }
        if word.token.kind == TokenKind::Close && self.parentheses == 0 { Place::Body } else { Place::Parameters }
    }

    /// Looks for the statement that is the body, by the words that may only begin a statement there.
    fn body(&mut self, word: &Word<'_>) -> Place {
        match () {
            () if word.is("begin") || word.is_any(&BLOCKS) => self.open_block(word),
            () if word.is("set") && self.place == Place::BodyCharacter => Place::Body,
            () if word.is_any(&VERBS) => {
                if self.blocks == 0 {
                    Place::Unprotected
                } else {
                    Place::Rest
                }
            }
            () if word.is_any(&["character", "char"]) => Place::BodyCharacter,
            () if word.token.kind == TokenKind::Semicolon => Place::Statement,
            () => Place::Body,
        }
    }

    fn next_in_body(&mut self, word: &Word<'_>) -> Place {
        match (self.place, word.token.kind) {
            (Place::Body | Place::BodyCharacter, _) => self.body(word),
            (_, TokenKind::Semicolon) => {
                self.cases = 0;
                Place::Statement
            }
            (Place::Colon, TokenKind::Other) if word.text() == ":" => Place::Statement,
            (Place::Statement, TokenKind::Word) => self.statement(word),
            // A quoted label, perhaps.
            (Place::Statement, TokenKind::Other) => Place::Colon,
            (Place::BlockName, _) if word.is_any(&BLOCKS) => Place::Rest,
            (Place::UntilRepeat, _) if word.is("repeat") => self.close_block(),
            (Place::Declaration, _) if word.is_any(&["continue", "exit", "undo"]) => Place::Handler,
            (Place::Handler, _) if word.is("handler") => Place::HandlerFor,
            (Place::HandlerFor, _) if word.is("for") => Place::Body,
            (place, _) => self.rest(place, word),
        }
    }

    /// The first word of a statement in a body.
    fn statement(&mut self, word: &Word<'_>) -> Place {
        match () {
            () if word.is("begin") || word.is_any(&BLOCKS) => self.open_block(word),
            () if word.is("end") => self.close_block(),
            () if word.is("until") => Place::Until,
            () if word.is("declare") => Place::Declaration,
            // The last word of `BEGIN NOT ATOMIC`, and `ELSE`.
            () if word.is("atomic") || word.is("else") => Place::Statement,
            () => Place::Colon,
        }
    }

    fn rest(&mut self, place: Place, word: &Word<'_>) -> Place {
        let is_until = matches!(place, Place::Until | Place::UntilRepeat);
        let more = if is_until { Place::Until } else { Place::Rest };
        match () {
            () if word.is("case") => self.cases += 1,
            () if word.is("end") && self.cases > 0 => self.cases -= 1,
            () if word.is("end") && is_until => return Place::UntilRepeat,
            () if self.cases == 0 && word.is_any(&["then", "else", "do"]) => return Place::Statement,
            () => {}
        }
        more
    }

    fn open_block(&mut self, word: &Word<'_>) -> Place {
        if self.blocks == 0 {
            self.outer_block = word.token.start;
        }
        self.blocks += 1;
        if word.is_any(&["begin", "loop", "repeat"]) { Place::Statement } else { Place::Rest }
    }

    fn close_block(&mut self) -> Place {
        self.blocks = self.blocks.saturating_sub(1);
        if self.blocks == 0 { Place::Unprotected } else { Place::BlockName }
    }
}

/// The statements that hold others and end with `END` and the same word; `BEGIN` ends with `END` alone.
const BLOCKS: [&str; 6] = ["if", "case", "loop", "repeat", "while", "for"];

/// What begins a statement that holds no others, but may use a word of [`BLOCKS`] for something else.
const VERBS: [&str; 27] = [
    "select", "insert", "update", "delete", "replace", "set", "call", "return", "with", "do", "values", "table",
    "create", "alter", "drop", "rename", "truncate", "prepare", "execute", "signal", "resignal", "get", "show",
    "explain", "flush", "grant", "revoke",
];

/// A token, and whether it is the part of a name behind a dot, which is no keyword.
struct Word<'a> {
    token: &'a Token,
    sql: &'a str,
    is_name: bool,
}

impl Word<'_> {
    fn text(&self) -> &str {
        self.token.text(self.sql)
    }

    fn is(&self, word: &str) -> bool {
        !self.is_name && self.token.is_word(self.sql, word)
    }

    fn is_any(&self, words: &[&str]) -> bool {
        !self.is_name
            && self.token.kind == TokenKind::Word
            && words.iter().any(|word| self.token.is_word(self.sql, word))
    }
}
