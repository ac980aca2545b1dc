//! Splits a script into statements under the lexical rules of its dialect, and finds what a runner cannot run.
//!
//! The scanner knows tokens, not grammar: it must never need a database, a schema or the meaning of a statement.
//! For any input at all it returns without panicking, in time linear in its length; spans are ordered, do not overlap,
//! start and end on character boundaries, and leave out nothing but white space, comments, `;` and refused
//! meta-commands.
//!
//! ```
//! use migrate_core::{Dialect, scan::scan};
//!
//! let sql = "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; DELETE FROM c; END; SELECT 1;";
//! assert_eq!(scan(sql, Dialect::Sqlite).statements.len(), 2); // the `;` of the trigger are its own
//! ```

mod check;
mod comments;
mod compound;
mod content;
mod dull;
mod guard;
mod lex;
mod mysql;
mod pairs;
mod parts;
mod postgres;
mod problem;
mod split;
mod sqlite;
#[cfg(test)]
mod tests;

use std::ops::Range;

#[cfg(feature = "folder")]
pub(crate) use check::agreed;
pub use check::{check, is_blank};
pub(crate) use comments::block_comments;
pub use comments::{line_comments, without_comments};
pub use parts::Part;
pub(crate) use parts::Piece;
pub use problem::{ScanProblem, ScanProblemKind};

use crate::{Dialect, Place};
use content::Role;
use lex::{Lexer, TokenKind};

/// Splits `sql` into its statements under the lexical rules of `dialect`, and lists every problem found, in order of
/// offset.
///
/// A transaction pair that wraps the whole script is accepted and dropped, because the runner opens its own
/// transaction: a plain `BEGIN` (or `START TRANSACTION`) as the first statement, a plain `COMMIT` (or `END`) as the
/// last, and no other transaction statement between them. Then neither of the two is in [`Scan::statements`], and
/// [`Scan::wrapped`] is set. Any other use of transaction statements is a problem, one for each statement.
///
/// Scripts for SQLite leave the transaction for a pragma that does nothing in one: pragmas may stand before and behind such a pair, and a
/// `COMMIT` and a `BEGIN` with nothing but pragmas between them are dropped, too.
///
/// ```
/// use migrate_core::{Dialect, scan::scan};
///
/// let sql = "CREATE TABLE a (x text DEFAULT ';'); -- one;\nDROP TABLE b";
/// let found = scan(sql, Dialect::Postgres);
/// let texts: Vec<&str> = found.statements.iter().map(|statement| statement.text(sql)).collect();
/// assert_eq!(texts, ["CREATE TABLE a (x text DEFAULT ';')", "DROP TABLE b"]);
/// assert!(found.problems.is_empty());
///
/// let found = scan("BEGIN; DROP TABLE b; COMMIT;", Dialect::Postgres);
/// assert_eq!(found.statements.len(), 1);
/// assert!(found.wrapped);
/// ```
pub fn scan(sql: &str, dialect: Dialect) -> Scan {
    let split::Split { mut statements, mut problems } = split::split(sql, dialect);
    let transactions: Vec<_> = statements
        .iter()
        .enumerate()
        .filter_map(|(index, statement)| Some((index, content::transaction(statement.text(sql), dialect)?)))
        .collect();

    let (refused, paired): (Vec<_>, Vec<_>) =
        transactions.into_iter().partition(|(_, transaction)| transaction.role == Role::Configures);
    let accepted = pairs::accepted(sql, dialect, &statements, &paired);
    let unpaired = if accepted.is_some() { Vec::new() } else { paired };
    problems.extend(refused.iter().chain(&unpaired).filter_map(|(index, transaction)| {
        let keyword = transaction.keyword.to_owned();
        let offset = statements.get(*index)?.span.start;
        Some(ScanProblem { kind: ScanProblemKind::TransactionStatement { keyword }, offset })
    }));
    problems.sort_by_key(|problem| problem.offset);
    let pairs::Accepted { dropped, wrapped } = accepted.unwrap_or_default();
    let mut index = 0..statements.len();
    statements.retain(|_| index.next().is_none_or(|index| dropped.binary_search(&index).is_err()));
    Scan { statements, problems, wrapped }
}

/// Every statement of a text that is run as it stands: a transaction pair around the whole is kept.
///
/// ```
/// use migrate_core::{Dialect, scan::split};
///
/// assert_eq!(split("BEGIN; SELECT 1; COMMIT", Dialect::Sqlite).len(), 3);
/// ```
pub fn split(sql: &str, dialect: Dialect) -> Vec<Statement> {
    split::split(sql, dialect).statements
}

/// What [`scan()`] found in a script.
///
/// ```
/// use migrate_core::{Dialect, scan::scan};
///
/// let found = scan("BEGIN; SELECT 1; SELECT 2; COMMIT;", Dialect::Sqlite);
/// assert_eq!((found.statements.len(), found.problems.len(), found.wrapped), (2, 0, true));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// The statements, in order. Empty statements are left out, and so is a transaction pair around the whole script.
    ///
    /// When the scan is not sound, the last one reaches from where the trouble starts to the end of the script.
    pub statements: Vec<Statement>,
    /// Every problem found, in order of offset.
    pub problems: Vec<ScanProblem>,
    /// Whether a transaction pair wrapped the whole script and was dropped from the statements.
    pub wrapped: bool,
}

impl Scan {
    /// Whether the script can be read in the dialect: no problem is [lexical](ScanProblemKind::is_lexical).
    ///
    /// ```
    /// use migrate_core::{Dialect, scan::scan};
    ///
    /// assert!(scan("COMMIT", Dialect::Sqlite).is_sound());
    /// assert!(!scan("SELECT 'it's'", Dialect::Sqlite).is_sound());
    /// ```
    pub fn is_sound(&self) -> bool {
        !self.problems.iter().any(|problem| problem.kind.is_lexical())
    }
}

/// Where one statement stands in its script.
///
/// A statement holds offsets only, and its methods take the script it was found in. Given another text they return
/// what stands at the same offsets there, or nothing.
///
/// ```
/// use migrate_core::{Dialect, scan::scan};
///
/// let sql = "SELECT 1 ; SELECT 2";
/// let statement = &scan(sql, Dialect::Sqlite).statements[0];
/// assert_eq!((statement.span.clone(), statement.end), (0..8, 10));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// From the first token to the last, without the `;` and without the white space and comments around.
    pub span: Range<usize>,
    /// The offset just after the `;` that ends the statement, or the end of its last token when there is none.
    pub end: usize,
}

impl Statement {
    /// The text of the statement, without its `;`.
    ///
    /// ```
    /// use migrate_core::{Dialect, scan::scan};
    ///
    /// let sql = "SELECT 1; -- one\nSELECT 2;";
    /// assert_eq!(scan(sql, Dialect::Sqlite).statements[1].text(sql), "SELECT 2");
    /// ```
    pub fn text<'a>(&self, sql: &'a str) -> &'a str {
        sql.get(self.span.clone()).unwrap_or_default()
    }

    /// The line and column where the statement starts.
    ///
    /// ```
    /// use migrate_core::{Dialect, Place, scan::scan};
    ///
    /// let sql = "SELECT 1; -- one\nSELECT 2;";
    /// assert_eq!(scan(sql, Dialect::Sqlite).statements[1].place(sql), Place { line: 2, column: 1 });
    /// ```
    pub fn place(&self, sql: &str) -> Place {
        Place::of(sql, self.span.start)
    }

    /// The bare words of the statement in order, as written: keywords, names and types, but nothing that is quoted,
    /// part of a comment, a number or a parameter. Compare them without regard to case.
    ///
    /// ```
    /// use migrate_core::{Dialect, scan::scan};
    ///
    /// let sql = "create /* or drop */ INDEX concurrently \"by name\" ON people (name);";
    /// let found = scan(sql, Dialect::Postgres);
    /// let words: Vec<&str> = found.statements[0].words(sql, Dialect::Postgres).collect();
    /// assert_eq!(words, ["create", "INDEX", "concurrently", "ON", "people", "name"]);
    /// ```
    pub fn words<'a>(&self, sql: &'a str, dialect: Dialect) -> impl Iterator<Item = &'a str> + use<'a> {
        let text = self.text(sql);
        Lexer::new(text, dialect).filter(|token| token.kind == TokenKind::Word).map(move |token| token.text(text))
    }
}
