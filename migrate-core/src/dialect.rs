//! The SQL dialects that scripts are written in.

use std::fmt;

/// The SQL dialect of a script, a driver or a database.
///
/// ```
/// # use migrate_core::Dialect;
/// assert_eq!(Dialect::from_name("postgres"), Some(Dialect::Postgres));
/// assert_eq!(Dialect::Sqlite.to_string(), "sqlite");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Dialect {
    /// PostgreSQL, versions 12 and later.
    Postgres,
    /// SQLite, versions 3.35 and later.
    Sqlite,
    /// MySQL and MariaDB, with their default `sql_mode` as far as it concerns quotes: neither `ANSI_QUOTES` nor
    /// `NO_BACKSLASH_ESCAPES`, nor `ORACLE`. There is no driver yet: scripts are checked and embedded.
    Mysql,
}

impl Dialect {
    /// Every dialect, in a fixed order.
    ///
    /// ```
    /// # use migrate_core::Dialect;
    /// let names = Dialect::ALL.map(Dialect::name);
    /// assert_eq!(names, ["postgres", "sqlite", "mysql"]);
    /// ```
    pub const ALL: [Dialect; 3] = [Dialect::Postgres, Dialect::Sqlite, Dialect::Mysql];

    /// The dialects of the databases that migrations can be run on. A script of no dialect is for these.
    ///
    /// ```
    /// # use migrate_core::Dialect;
    /// assert!(!Dialect::WITH_DRIVER.contains(&Dialect::Mysql));
    /// ```
    pub const WITH_DRIVER: [Dialect; 2] = [Dialect::Postgres, Dialect::Sqlite];

    /// The name used in file names, macro arguments and messages: `postgres`, `sqlite` or `mysql`.
    ///
    /// ```
    /// # use migrate_core::Dialect;
    /// assert_eq!(format!("0001_users.{}.sql", Dialect::Sqlite.name()), "0001_users.sqlite.sql");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Dialect::Postgres => "postgres",
            Dialect::Sqlite => "sqlite",
            Dialect::Mysql => "mysql",
        }
    }

    /// The dialect of that name. `mariadb` is another name of the dialect `mysql`.
    ///
    /// ```
    /// # use migrate_core::Dialect;
    /// assert_eq!(Dialect::from_name("sqlite"), Some(Dialect::Sqlite));
    /// assert_eq!(Dialect::from_name("mariadb"), Some(Dialect::Mysql));
    /// assert_eq!(Dialect::from_name("oracle"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Dialect> {
        let name = if name == "mariadb" { "mysql" } else { name };
        Dialect::ALL.into_iter().find(|dialect| dialect.name() == name)
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
