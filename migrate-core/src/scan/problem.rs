//! What the scanner can find wrong with a script. The texts shown to people are written elsewhere.

/// One problem in a script: what it is, and where.
///
/// The offset counts bytes; [`Place::of`](crate::Place::of) turns it into a line and a column.
///
/// ```
/// use migrate_core::{Dialect, Place, scan};
///
/// let sql = "SELECT 1;\nSELECT 'open;\n";
/// let problem = &scan::scan(sql, Dialect::Postgres).problems[0];
/// assert_eq!(problem.kind, scan::ScanProblemKind::UnterminatedString);
/// assert_eq!(Place::of(sql, problem.offset), Place { line: 2, column: 8 });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanProblem {
    /// What is wrong.
    pub kind: ScanProblemKind,
    /// The byte offset in the script where the offending text starts.
    pub offset: usize,
}

/// What is wrong with a script.
///
/// The first kinds are *lexical*: the script cannot be read in the dialect, and where its statements end is a guess.
/// The others concern the *content*: the script reads well, but a migration runner cannot run it.
///
/// ```
/// use migrate_core::{Dialect, scan::{ScanProblemKind, scan}};
///
/// let kind = |sql| scan(sql, Dialect::Postgres).problems[0].kind.clone();
/// assert_eq!(kind("\\connect app"), ScanProblemKind::MetaCommand { command: "\\connect".into() });
/// assert_eq!(kind("ROLLBACK TO a"), ScanProblemKind::TransactionStatement { keyword: "ROLLBACK TO".into() });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScanProblemKind {
    /// Lexical: a string constant is still open at the end of the script. The offset is its start.
    UnterminatedString,
    /// Lexical: a quoted identifier is still open at the end of the script. The offset is its start.
    UnterminatedIdentifier,
    /// Lexical: a `/*` comment is still open at the end of the script. The offset is its start.
    UnterminatedComment,
    /// Lexical: a dollar-quoted string is still open at the end of the script. The offset is its start.
    UnterminatedDollarQuote {
        /// What stands between the two dollar signs: `body` for `$body$`, nothing for `$$`.
        tag: String,
    },
    /// Lexical: something that may hold `;` is still open at the end of the script, which makes everything after it
    /// one statement: the `BEGIN ATOMIC` of a Postgres routine without its `END`, a `(` of Postgres without its `)`,
    /// a SQLite `CREATE TRIGGER` without its `END`, or a block in the body of a MySQL routine without its `END`. The
    /// offset is that of the `BEGIN` (or another word that opens a block), the `(` or the statement.
    UnterminatedBody,
    /// Lexical: `DELIMITER`, with which the client of MySQL is told where statements end; the server does not know it.
    /// The offset is that of the word, once for each line that begins with it.
    Delimiter,
    /// Content: a statement that controls the transaction, which is the runner's to control.
    TransactionStatement {
        /// The words that make it one, in capitals: `BEGIN`, `COMMIT`, `ROLLBACK TO`, `PREPARE TRANSACTION`, …
        keyword: String,
    },
    /// Content: a backslash outside of quotes and comments, which psql reads as a command of its own and the Postgres
    /// server refuses.
    MetaCommand {
        /// The command as written, without its arguments: `\connect`, `\.`, `\i`.
        command: String,
    },
    /// Content: a Postgres `COPY … FROM STDIN`, whose data would have to follow outside of the SQL.
    CopyFromStdin,
    /// Content: a Postgres statement that changes how the server reads the rest of the script: how strings end, or its encoding.
    ReadingChanged {
        /// `standard_conforming_strings` or `client_encoding`.
        setting: &'static str,
    },
    /// Content: a Postgres `COPY … TO STDOUT`, whose data nobody would take.
    CopyToStdout,
}

impl ScanProblemKind {
    /// Whether the script cannot be read in the dialect, as opposed to read but not run.
    ///
    /// ```
    /// use migrate_core::scan::ScanProblemKind;
    ///
    /// assert!(ScanProblemKind::UnterminatedString.is_lexical());
    /// assert!(!ScanProblemKind::CopyToStdout.is_lexical());
    /// ```
    pub fn is_lexical(&self) -> bool {
        match self {
            ScanProblemKind::UnterminatedString
            | ScanProblemKind::UnterminatedIdentifier
            | ScanProblemKind::UnterminatedComment
            | ScanProblemKind::UnterminatedDollarQuote { .. }
            | ScanProblemKind::UnterminatedBody
            | ScanProblemKind::Delimiter => true,
            ScanProblemKind::TransactionStatement { .. }
            | ScanProblemKind::MetaCommand { .. }
            | ScanProblemKind::CopyFromStdin
            | ScanProblemKind::ReadingChanged { .. }
            | ScanProblemKind::CopyToStdout => false,
        }
    }
}
