//! An error of a driver, in the parts that the engine and people need.

use std::error::Error as StdError;
use std::fmt;

use migrate_core::Dialect;

/// What a driver reports, taken apart.
///
/// ```
/// use migrate_runtime::Dialect;
/// use migrate_runtime::driver::{DriverError, DriverErrorKind};
///
/// let broken = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
/// let error = DriverError::new(Dialect::Postgres, DriverErrorKind::ConnectionLost, "the connection is closed", broken);
/// assert_eq!(error.to_string(), "the connection is closed");
/// ```
pub struct DriverError(Box<Parts>);

struct Parts {
    dialect: Dialect,
    kind: DriverErrorKind,
    code: Option<String>,
    message: String,
    detail: Option<String>,
    hint: Option<String>,
    position: Option<usize>,
    context: Option<String>,
    table: Option<String>,
    source: Box<dyn StdError + Send + Sync>,
}

/// What an error of a driver means for a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DriverErrorKind {
    /// The database refused the request.
    Refused,
    /// Another connection holds a lock that the request needs.
    Busy,
    /// The connection is gone, and what became of the request is not known.
    ConnectionLost,
}

impl DriverError {
    /// An error with its message only.
    pub fn new(
        dialect: Dialect,
        kind: DriverErrorKind,
        message: impl Into<String>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> DriverError {
        let (message, source) = (message.into(), source.into());
        DriverError(Box::new(Parts {
            dialect,
            kind,
            code: None,
            message,
            detail: None,
            hint: None,
            position: None,
            context: None,
            table: None,
            source,
        }))
    }

    /// Adds the database's own code: an SQLSTATE, or an extended result code of SQLite.
    pub fn with_code(mut self, code: Option<impl Into<String>>) -> DriverError {
        self.0.code = code.map(Into::into);
        self
    }

    /// Adds what the database says beyond the message.
    pub fn with_detail(mut self, detail: Option<impl Into<String>>) -> DriverError {
        self.0.detail = detail.map(Into::into);
        self
    }

    /// Adds what the database advises.
    pub fn with_hint(mut self, hint: Option<impl Into<String>>) -> DriverError {
        self.0.hint = hint.map(Into::into);
        self
    }

    /// Adds where in the request the error is, as a byte offset.
    pub fn with_position(mut self, position: Option<usize>) -> DriverError {
        self.0.position = position;
        self
    }

    /// Adds where in its own doings the database met the error: the CONTEXT of Postgres.
    pub fn with_context(mut self, context: Option<impl Into<String>>) -> DriverError {
        self.0.context = context.map(Into::into);
        self
    }

    /// Adds the table that it is about, without its schema, where the database says so.
    pub fn with_table(mut self, table: Option<impl Into<String>>) -> DriverError {
        self.0.table = table.map(Into::into);
        self
    }

    /// The dialect of the database that reports it.
    pub fn dialect(&self) -> Dialect {
        self.0.dialect
    }

    /// What it means for the run.
    pub fn kind(&self) -> DriverErrorKind {
        self.0.kind
    }

    /// The database's own code.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The message of the database.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The error as the driver gave it, to be downcast.
    pub fn driver_error(&self) -> &(dyn StdError + Send + Sync + 'static) {
        &*self.0.source
    }

    pub(crate) fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    pub(crate) fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    pub(crate) fn position(&self) -> Option<usize> {
        self.0.position
    }

    pub(crate) fn context(&self) -> Option<&str> {
        self.0.context.as_deref()
    }

    /// Whether it is about a table, as the database says it: by its name, or in a word of the message or the context, which may be
    /// the index of its primary key only.
    pub(crate) fn names_table(&self, table: &str) -> bool {
        // Postgres calls that index so, and cuts the table's name where both would be longer than a name can be.
        let key = format!("{}_pkey", table.get(..58).unwrap_or(table));
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let in_words = |text: &str| text.split(|c| !is_word(c)).any(|word| word == table || word == key);
        self.0.table.as_deref() == Some(table) || in_words(self.message()) || self.context().is_some_and(in_words)
    }

    pub(crate) fn has_code(&self, codes: &[&str]) -> bool {
        self.code().is_some_and(|code| codes.contains(&code))
    }
}

impl fmt::Display for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for DriverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0.source, f)
    }
}

impl StdError for DriverError {}
