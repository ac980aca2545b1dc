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
///
/// ```
/// use migrate_runtime::driver::DriverErrorKind;
///
/// /// What a driver for SQLite makes of a result code.
/// fn kind(code: i32) -> DriverErrorKind {
///     match code & 0xff {
///         5 | 6 => DriverErrorKind::Busy, // SQLITE_BUSY, SQLITE_LOCKED
///         _ => DriverErrorKind::Refused,
///     }
/// }
/// assert_eq!(kind(1), DriverErrorKind::Refused);
/// ```
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
    ///
    /// ```
    /// # use migrate_runtime::Dialect;
    /// # use migrate_runtime::driver::{DriverError, DriverErrorKind};
    ///
    /// let error = DriverError::new(Dialect::Sqlite, DriverErrorKind::Busy, "database is locked", "SQLITE_BUSY");
    /// assert_eq!((error.kind(), error.message()), (DriverErrorKind::Busy, "database is locked"));
    /// ```
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
    ///
    /// ```
    /// # use migrate_runtime::Dialect;
    /// # use migrate_runtime::driver::{DriverError, DriverErrorKind};
    /// let error = DriverError::new(Dialect::Postgres, DriverErrorKind::Refused, "relation \"users\" does not exist", "…")
    ///     .with_code(Some("42P01"));
    /// assert_eq!(error.code(), Some("42P01"));
    /// ```
    pub fn with_code(mut self, code: Option<impl Into<String>>) -> DriverError {
        self.0.code = code.map(Into::into);
        self
    }

    /// Adds what the database says beyond the message.
    ///
    /// ```
    /// # use migrate_runtime::Dialect;
    /// # use migrate_runtime::driver::{DriverError, DriverErrorKind};
    /// let error = DriverError::new(Dialect::Postgres, DriverErrorKind::Refused, "could not create unique index", "…")
    ///     .with_detail(Some("Key (number)=(17) is duplicated.")); // shown behind `= detail:`
    /// ```
    pub fn with_detail(mut self, detail: Option<impl Into<String>>) -> DriverError {
        self.0.detail = detail.map(Into::into);
        self
    }

    /// Adds what the database advises.
    ///
    /// ```
    /// # use migrate_runtime::Dialect;
    /// # use migrate_runtime::driver::{DriverError, DriverErrorKind};
    /// let error = DriverError::new(Dialect::Postgres, DriverErrorKind::Refused, "relation \"users\" does not exist", "…")
    ///     .with_hint(Some("There is a table \"user\".")); // shown behind `= hint:`
    /// ```
    pub fn with_hint(mut self, hint: Option<impl Into<String>>) -> DriverError {
        self.0.hint = hint.map(Into::into);
        self
    }

    /// Adds where in the request the error is, as a byte offset.
    ///
    /// ```
    /// # use migrate_runtime::Dialect;
    /// # use migrate_runtime::driver::{DriverError, DriverErrorKind};
    /// let error = DriverError::new(Dialect::Postgres, DriverErrorKind::Refused, "relation \"users\" does not exist", "…")
    ///     .with_position(Some("SELECT * FROM ".len())); // the place in the file is found with it
    /// ```
    pub fn with_position(mut self, position: Option<usize>) -> DriverError {
        self.0.position = position;
        self
    }

    /// Adds where in its own doings the database met the error: the CONTEXT of Postgres.
    ///
    /// ```
    /// # use migrate_runtime::Dialect;
    /// # use migrate_runtime::driver::{DriverError, DriverErrorKind};
    /// let error = DriverError::new(Dialect::Postgres, DriverErrorKind::Refused, "relation \"users\" does not exist", "…")
    ///     .with_context(Some("SQL function \"names\" statement 1"));
    /// ```
    pub fn with_context(mut self, context: Option<impl Into<String>>) -> DriverError {
        self.0.context = context.map(Into::into);
        self
    }

    /// Adds the table that it is about, without its schema, where the database says so.
    ///
    /// ```
    /// # use migrate_runtime::Dialect;
    /// # use migrate_runtime::driver::{DriverError, DriverErrorKind};
    /// let error = DriverError::new(Dialect::Postgres, DriverErrorKind::Refused, "duplicate key value", "…")
    ///     .with_table(Some("users")); // tells an error of a script from one of the history table
    /// ```
    pub fn with_table(mut self, table: Option<impl Into<String>>) -> DriverError {
        self.0.table = table.map(Into::into);
        self
    }

    /// The dialect of the database that reports it.
    ///
    /// ```
    /// # use migrate_runtime::Dialect;
    /// # use migrate_runtime::driver::{DriverError, DriverErrorKind};
    /// let error = DriverError::new(Dialect::Sqlite, DriverErrorKind::Busy, "database is locked", std::fmt::Error)
    ///     .with_code(Some("5"));
    /// assert_eq!(error.dialect(), Dialect::Sqlite);
    /// ```
    pub fn dialect(&self) -> Dialect {
        self.0.dialect
    }

    /// What it means for the run.
    ///
    /// ```
    /// # use migrate_runtime::Dialect;
    /// # use migrate_runtime::driver::{DriverError, DriverErrorKind};
    /// let error = DriverError::new(Dialect::Sqlite, DriverErrorKind::Busy, "database is locked", std::fmt::Error)
    ///     .with_code(Some("5"));
    /// assert_eq!(error.kind(), DriverErrorKind::Busy);
    /// ```
    pub fn kind(&self) -> DriverErrorKind {
        self.0.kind
    }

    /// The database's own code.
    ///
    /// ```
    /// # use migrate_runtime::Dialect;
    /// # use migrate_runtime::driver::{DriverError, DriverErrorKind};
    /// let error = DriverError::new(Dialect::Sqlite, DriverErrorKind::Busy, "database is locked", std::fmt::Error)
    ///     .with_code(Some("5"));
    /// assert_eq!(error.code(), Some("5"));
    /// ```
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The message of the database.
    ///
    /// ```
    /// # use migrate_runtime::Dialect;
    /// # use migrate_runtime::driver::{DriverError, DriverErrorKind};
    /// let error = DriverError::new(Dialect::Sqlite, DriverErrorKind::Busy, "database is locked", std::fmt::Error)
    ///     .with_code(Some("5"));
    /// assert_eq!(error.message(), "database is locked");
    /// ```
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The error as the driver gave it, to be downcast.
    ///
    /// ```
    /// # use migrate_runtime::Dialect;
    /// # use migrate_runtime::driver::{DriverError, DriverErrorKind};
    /// let error = DriverError::new(Dialect::Sqlite, DriverErrorKind::Busy, "database is locked", std::fmt::Error)
    ///     .with_code(Some("5"));
    /// assert!(error.driver_error().is::<std::fmt::Error>());
    /// ```
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

    /// The statement was refused, whatever the error looks like.
    pub(crate) fn refused(mut self) -> DriverError {
        self.0.kind = DriverErrorKind::Refused;
        self
    }

    /// Whether it is about a table, as far as the database says which: by name, in the message, or in a context of one line, where the
    /// name is in quotes, and may be that of the index of the primary key. A longer context is that of a function, with SQL of its own.
    pub(crate) fn names_table(&self, table: &str) -> bool {
        if let Some(named) = &self.0.table {
            return named == table;
        }
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let in_message = self.message().split(|c| !is_word(c)).any(|word| word == table || is_key_of(word, table));
        // Quotes are others in other languages.
        let quoted = |text: &str| {
            let words = text.split(['"', '»', '«', '„', '“', '”', '‘', '’']);
            words.into_iter().any(|word| word == table || is_key_of(word, table))
        };
        in_message || self.context().is_some_and(|context| !context.contains('\n') && quoted(context))
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

/// Whether Postgres may have named the index of a table's primary key so: it cuts the name of the table where both would be longer than a
/// name can be, and adds a number when the name is taken.
fn is_key_of(index: &str, table: &str) -> bool {
    const SHORTEST_CUT: usize = 50;
    let of_table = index.trim_end_matches(|c: char| c.is_ascii_digit()).strip_suffix("_pkey");
    of_table.is_some_and(|name| name == table || name.len() >= SHORTEST_CUT && table.starts_with(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_that_it_is_about() {
        let long = "h".repeat(63);
        let index = format!("while inserting index tuple (0,1) in relation \"{}_pkey\"", &long[..58]);
        // The table, the message, the context, the table that the server names by itself.
        let cases: &[(&str, &str, &str, Option<&str>, bool)] = &[
            ("h", "permission denied for table h", "", None, true),
            ("h", "could not obtain lock on relation \"public.h\"", "", None, true),
            ("h", "permission denied for table hh", "", None, false),
            ("h", "canceling statement", "while locking tuple (0,1) in relation \"h\"", None, true),
            ("h", "storniere Anfrage", "beim Sperren von Tupel (0,1) in Relation »h«", None, true),
            ("h", "canceling statement", "while inserting index tuple (0,1) in relation \"h_pkey\"", None, true),
            ("h", "canceling statement", "while inserting index tuple (0,1) in relation \"h_pkey1\"", None, true),
            (&long, "canceling statement", &index, None, true),
            ("h", "canceling statement", "SQL statement \"SELECT h FROM t\"", None, false),
            (
                "h",
                "canceling statement",
                "SQL statement \"SELECT \"h\" FROM t\"\nPL/pgSQL function inline_code_block line 1 at PERFORM",
                None,
                false,
            ),
            ("h", "column \"h\" of relation \"t\" contains null values", "", Some("t"), false),
            ("h", "duplicate key value violates unique constraint \"k\"", "", Some("h"), true),
        ];
        for (table, message, context, named, expect) in cases {
            let error = DriverError::new(Dialect::Postgres, DriverErrorKind::Refused, *message, std::fmt::Error)
                .with_context(Some(*context).filter(|context| !context.is_empty()))
                .with_table(*named);
            assert_eq!(error.names_table(table), *expect, "{message} {context}");
        }
    }
}
