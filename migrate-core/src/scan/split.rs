//! Splits a script into statements: cuts at each `;` that no guard protects, and trims.

use super::guard::Guard;
use super::lex::{Lexer, Token, TokenKind, Unterminated};
use super::{ScanProblem, ScanProblemKind, Statement, content, postgres};
use crate::Dialect;

/// The statements of a script, and the problems of all kinds that show without looking at transactions.
pub(super) struct Split {
    pub(super) statements: Vec<Statement>,
    /// In no particular order.
    pub(super) problems: Vec<ScanProblem>,
}

/// Splits `sql` into statements.
pub(super) fn split(sql: &str, dialect: Dialect) -> Split {
    let mut splitter = Splitter {
        sql,
        dialect,
        may_change_reading: dialect == Dialect::Postgres && content::mentions_reading(sql),
        guard: Guard::new(dialect),
        span: None,
        found: Split { statements: Vec::new(), problems: Vec::new() },
    };
    let mut data = CopyData { sql, may_end: true };
    let mut lexer = Lexer::new(sql, dialect);
    while let Some(token) = lexer.next() {
        match splitter.feed(&token) {
            Next::Token if splitter.guard.is_indifferent() => {
                if let (Some(end), Some((_, last))) = (lexer.pass_dull(), &mut splitter.span) {
                    *last = end;
                }
            }
            Next::Token => {}
            Next::CopyData => {
                if let Some(end) = data.end(token.end) {
                    lexer.skip_to(end);
                }
            }
            Next::Delimiters => {
                splitter.delimiters(token.start);
                break;
            }
        }
    }
    splitter.finish()
}

struct Splitter<'a> {
    sql: &'a str,
    dialect: Dialect,
    may_change_reading: bool,
    guard: Guard,
    /// The first byte of the current statement and the end of its last token so far.
    span: Option<(usize, usize)>,
    found: Split,
}

/// What comes after a token.
#[derive(PartialEq, Eq)]
enum Next {
    Token,
    /// Perhaps the data of a `COPY`, as psql and `pg_dump` write it.
    CopyData,
    /// A script for the client of MySQL, whose statements do not end where the server takes them to end.
    Delimiters,
}

impl Splitter<'_> {
    #[inline]
    fn feed(&mut self, token: &Token) -> Next {
        match token.kind {
            TokenKind::Blank => return Next::Token,
            TokenKind::Semicolon if !self.guard.protects() => return self.end_statement(token.end),
            TokenKind::Meta => {
                self.report(token.start, ScanProblemKind::MetaCommand { command: meta_command(token.text(self.sql)) });
                return Next::Token;
            }
            TokenKind::Unterminated(what) => {
                self.report(token.start, unterminated(what, token.text(self.sql)));
                if what == Unterminated::Comment {
                    return Next::Token;
                }
            }
            _ => {}
        }
        self.guard.feed(token, self.sql);
        match &mut self.span {
            Some((_, last)) => *last = token.end,
            None => {
                self.span = Some((token.start, token.end));
                if self.dialect == Dialect::Mysql && token.is_word(self.sql, "delimiter") {
                    return Next::Delimiters;
                }
            }
        }
        Next::Token
    }

    /// Ends the current statement, if there is one, at the offset behind its `;`.
    fn end_statement(&mut self, end: usize) -> Next {
        self.guard = Guard::new(self.dialect);
        let Some((start, last)) = self.span.take() else {
            return Next::Token;
        };
        let statement = Statement { span: start..last, end };
        let is_postgres = self.dialect == Dialect::Postgres;
        let copy = is_postgres.then(|| content::client_copy(statement.text(self.sql))).flatten();
        if self.may_change_reading
            && let Some(kind) = content::changed_reading(statement.text(self.sql))
        {
            self.report(start, kind);
        }
        self.found.statements.push(statement);
        let Some(kind) = copy else { return Next::Token };
        let has_data = kind == ScanProblemKind::CopyFromStdin;
        self.report(start, kind);
        if has_data { Next::CopyData } else { Next::Token }
    }

    /// Reports the lines that name a delimiter, and leaves all that follows the first to its last statement.
    fn delimiters(&mut self, start: usize) {
        self.span = Some((start, self.sql.len()));
        let mut at = start;
        for line in self.sql.get(start..).unwrap_or_default().split_inclusive('\n') {
            if at == start || names_delimiter(line) {
                let indent = line.len() - line.trim_start().len();
                self.report(at + indent, ScanProblemKind::Delimiter);
            }
            at += line.len();
        }
    }

    fn finish(mut self) -> Split {
        // What is open because the script ends inside a string or a comment is no news.
        let is_lexical = |problem: &ScanProblem| problem.kind.is_lexical();
        if let Some((offset, kind)) = self.guard.open()
            && !self.found.problems.iter().any(is_lexical)
        {
            self.report(offset, kind);
        }
        if let Some((_, last)) = self.span {
            self.end_statement(last);
        }
        self.found.problems.sort_by_key(|problem| problem.offset);
        self.found
    }

    fn report(&mut self, offset: usize, kind: ScanProblemKind) {
        self.found.problems.push(ScanProblem { kind, offset });
    }
}

fn unterminated(what: Unterminated, text: &str) -> ScanProblemKind {
    match what {
        Unterminated::Text => ScanProblemKind::UnterminatedString,
        Unterminated::Identifier => ScanProblemKind::UnterminatedIdentifier,
        Unterminated::Comment => ScanProblemKind::UnterminatedComment,
        Unterminated::DollarQuote => {
            let length = postgres::tag(text.as_bytes()).unwrap_or_default();
            let tag = text.get(1..1 + length).unwrap_or_default().to_owned();
            ScanProblemKind::UnterminatedDollarQuote { tag }
        }
    }
}

/// Whether a line says `DELIMITER` and what may be one, unlike a column `delimiter`.
fn names_delimiter(line: &str) -> bool {
    const COMMAND: &str = "delimiter";
    let line = line.trim_start();
    let is_command = line.get(..COMMAND.len()).is_some_and(|word| word.eq_ignore_ascii_case(COMMAND));
    let argument = line.get(COMMAND.len()..).unwrap_or_default();
    is_command
        && argument.starts_with([' ', '\t'])
        && argument.trim_start().starts_with([';', '/', '$', '|', '@', '#', '%', '&', '\\', '!', '^', '~', '+', ':'])
}

/// The backslash and the name of the command. One without a name is the backslash alone.
fn meta_command(text: &str) -> String {
    text.split_ascii_whitespace().next().unwrap_or("\\").to_owned()
}

/// Finds the end of the data that follows a `COPY … FROM STDIN` in the output of `pg_dump`.
///
/// The data is no SQL, and to read on in it would bury the one problem that matters under others.
struct CopyData<'a> {
    sql: &'a str,
    /// Cleared once there is no end mark any more, so that many `COPY`s do not search the script many times.
    may_end: bool,
}

impl CopyData<'_> {
    /// The offset behind the line that ends the data after `from`, if there is such a line.
    fn end(&mut self, from: usize) -> Option<usize> {
        if !self.may_end {
            return None;
        }
        let mut at = from;
        while let Some(newline) = self.sql.get(at..)?.find('\n') {
            at += newline + 1;
            let rest = self.sql.get(at..)?;
            let Some(after) = rest.strip_prefix("\\.") else {
                continue;
            };
            if after.is_empty() || after.starts_with('\n') || after.starts_with("\r\n") {
                return Some(at + 2);
            }
        }
        self.may_end = false;
        None
    }
}
