//! The SQL dialects that scripts are written in.

use std::fmt;

/// The SQL dialect of a script, a driver or a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Dialect {
    /// PostgreSQL, versions 12 and later.
    Postgres,
    /// SQLite, versions 3.35 and later.
    Sqlite,
}

impl Dialect {
    /// Every dialect, in a fixed order.
    pub const ALL: [Dialect; 2] = [Dialect::Postgres, Dialect::Sqlite];

    /// The name used in file names, macro arguments and messages: `postgres` or `sqlite`.
    pub const fn name(self) -> &'static str {
        match self {
            Dialect::Postgres => "postgres",
            Dialect::Sqlite => "sqlite",
        }
    }

    /// The dialect of that name.
    ///
    /// ```
    /// # use migrate_core::Dialect;
    /// assert_eq!(Dialect::from_name("sqlite"), Some(Dialect::Sqlite));
    /// assert_eq!(Dialect::from_name("mysql"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Dialect> {
        Dialect::ALL.into_iter().find(|dialect| dialect.name() == name)
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
