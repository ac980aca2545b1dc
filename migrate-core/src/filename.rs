//! The grammar of file names: `<version><sep><name>[.<dialect>][.up|.down].sql`, or a folder `<version><sep><name>/`.
//!
//! Knows names only, never the file system. Every refusal says what the name should look like.

use std::fmt;

use crate::version::{is_date, is_time};
use crate::{Dialect, Direction, Version, VersionError};

/// What the name of a file or folder says about a migration.
///
/// ```
/// use migrate_core::{Direction, FileName};
///
/// let file = FileName::of_file("2024-03-13-170000_users.sql").unwrap();
/// assert_eq!((file.version.as_written(), &*file.name), ("20240313170000", "users"));
/// assert_eq!((file.dialect, file.direction), (None, Some(Direction::Up)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName {
    /// The digits before the first separator, dashes of a date and a time left out.
    pub version: Version,
    /// What follows the separator: any text.
    pub name: String,
    /// `.postgres`, `.sqlite` or `.mysql` after the name; `.mariadb` is the same as `.mysql`.
    pub dialect: Option<Dialect>,
    /// `.up` or `.down` before the extension; a plain `.sql` goes up, a folder has none.
    pub direction: Option<Direction>,
}

/// Why a name does not fit the grammar.
///
/// ```
/// use migrate_core::{FileName, FileNameError};
///
/// let error = FileName::of_file("R__refresh_views.sql").unwrap_err();
/// assert_eq!(error, FileNameError::Prefix('R'));
/// assert_eq!(error.to_string(), "begins with `R`, and only `V` may stand before a version");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileNameError {
    /// The name does not end with `.sql`.
    NotSql,
    /// The name does not begin with a version.
    NoVersion,
    /// No `_`, `__` or `-` follows the version.
    NoSeparator,
    /// Nothing follows the separator.
    NoName,
    /// A line break or another control character in the name.
    ControlCharacter,
    /// Flyway's versions of several numbers, such as `V1.2__x.sql` or `V1_2__x.sql`.
    DottedVersion,
    /// Something like a date with dashes, such as `2024-3-9`.
    MalformedDate,
    /// `R__x.sql` and `U1__x.sql` of Flyway and refinery, or another single letter before the version.
    Prefix(char),
    /// A dialect that is not supported.
    UnknownDialect(String),
    /// `.up` or `.down` somewhere else than right before `.sql`.
    DirectionTooEarly(&'static str),
    /// More digits than a version may have.
    Version(VersionError),
}

impl fmt::Display for FileNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileNameError::NotSql => f.write_str("does not end with `.sql`"),
            FileNameError::NoVersion => f.write_str("does not begin with a version"),
            FileNameError::NoSeparator => f.write_str("has no `_` or `-` after its version"),
            FileNameError::NoName => f.write_str("has no name after its version"),
            FileNameError::ControlCharacter => f.write_str("has a control character in its name"),
            FileNameError::DottedVersion => f.write_str("has a version of several numbers"),
            FileNameError::MalformedDate => f.write_str("begins with a date that cannot be read"),
            FileNameError::Prefix(found) => write!(f, "begins with `{found}`, and only `V` may stand before a version"),
            FileNameError::UnknownDialect(found) => write!(f, "is for the dialect `{found}`, which is not supported"),
            FileNameError::DirectionTooEarly(found) => write!(f, "has `{found}` at a place where it does not count"),
            FileNameError::Version(found) => write!(f, "has a version that cannot be used: {found}"),
        }
    }
}

impl std::error::Error for FileNameError {}

impl FileNameError {
    /// The remedy, without a full stop.
    ///
    /// ```
    /// use migrate_core::FileName;
    ///
    /// let error = FileName::of_file("V1.2__users.sql").unwrap_err();
    /// assert_eq!(error.help(), "write the version as one number, for example `0102` for `1.2`");
    /// ```
    pub fn help(&self) -> String {
        const SHAPE: &str = "`<version>_<name>.sql`, for example `0001_create_users.sql`";
        match self {
            FileNameError::NotSql => {
                format!(
                    "a migration is {SHAPE}; move other files out of the folder, or name them in `ignore = [\"…\"]`"
                )
            }
            FileNameError::NoVersion
            | FileNameError::NoSeparator
            | FileNameError::NoName
            | FileNameError::ControlCharacter => {
                format!("a migration is {SHAPE}; rename the file, or name it in `ignore = [\"…\"]`")
            }
            FileNameError::DottedVersion => "write the version as one number, for example `0102` for `1.2`".into(),
            FileNameError::MalformedDate => {
                "write month and day with two digits each, for example `2024-03-09_name.sql` or `2024-03-09-170000_name.sql`"
                    .into()
            }
            FileNameError::Prefix('R') => {
                "there are no repeatable migrations: give the file a version, for example `0007_refresh_views.sql`"
                    .into()
            }
            FileNameError::Prefix('U') => "a script that takes a migration back has its name and `.down`: `0007_name.down.sql` beside `0007_name.sql`; an unversioned migration of refinery takes a `V`".into(),
            FileNameError::Prefix(_) => format!("a migration is {SHAPE}; a capital `V` may stand before the version"),
            FileNameError::UnknownDialect(_) => {
                let [first @ .., last] = Dialect::ALL.map(|dialect| format!("`.{dialect}`"));
                format!("the dialects are {} and {last}", first.join(", "))
            }
            FileNameError::DirectionTooEarly(direction) => {
                format!("it stands right before `.sql`, and after the dialect: `<version>_<name>.sqlite{direction}.sql`")
            }
            FileNameError::Version(_) => "use a counter or a timestamp as the version".into(),
        }
    }
}

impl FileName {
    /// Reads the name of a file.
    ///
    /// ```
    /// use migrate_core::{FileName, Dialect, Direction};
    /// let file = FileName::of_file("V0007__add phone.sqlite.down.sql").unwrap();
    /// assert_eq!(file.version.digits(), "7");
    /// assert_eq!(file.name, "add phone");
    /// assert_eq!(file.dialect, Some(Dialect::Sqlite));
    /// assert_eq!(file.direction, Some(Direction::Down));
    /// ```
    ///
    /// # Errors
    /// [`FileNameError`] when the name does not fit.
    pub fn of_file(file_name: &str) -> Result<FileName, FileNameError> {
        let stem = file_name.strip_suffix(".sql").ok_or(FileNameError::NotSql)?;
        let (stem, direction) = match (stem.strip_suffix(".up"), stem.strip_suffix(".down")) {
            (Some(stem), _) => (stem, Direction::Up),
            (_, Some(stem)) => (stem, Direction::Down),
            _ => (stem, Direction::Up),
        };
        Ok(FileName { direction: Some(direction), ..FileName::of_folder(stem)? })
    }

    /// Reads the name of a folder that holds `up.sql` and `down.sql`, or `migration.sql`.
    ///
    /// ```
    /// use migrate_core::FileName;
    ///
    /// let folder = FileName::of_folder("20240313170000_users").unwrap();
    /// assert_eq!((&*folder.name, folder.direction), ("users", None));
    /// ```
    ///
    /// # Errors
    /// [`FileNameError`] when the name does not fit.
    pub fn of_folder(folder_name: &str) -> Result<FileName, FileNameError> {
        let numbered = without_prefix(folder_name)?;
        let (version, rest) = split_version(numbered)?;
        let name = rest.strip_prefix("__").or_else(|| rest.strip_prefix(['_', '-'])).ok_or_else(|| {
            match rest.chars().next() {
                Some('.') => FileNameError::DottedVersion,
                _ => FileNameError::NoSeparator,
            }
        })?;
        let (name, dialect) = split_dialect(name)?;
        if name.trim().is_empty() {
            return Err(FileNameError::NoName);
        }
        if let Some(direction) = [".up", ".down"].into_iter().find(|direction| name.ends_with(direction)) {
            return Err(FileNameError::DirectionTooEarly(direction));
        }
        if name.chars().any(char::is_control) {
            return Err(FileNameError::ControlCharacter);
        }
        let version = Version::parse(&version).map_err(FileNameError::Version)?;
        Ok(FileName { version, name: name.to_owned(), dialect, direction: None })
    }
}

/// What tells a script apart in its folder, at the end of its path: `0001_users.sql`, or `0001_users/up.sql`.
pub(crate) fn within_folder(path: &str) -> &str {
    let in_own_folder = matches!(path.rsplit('/').next(), Some("up.sql" | "down.sql" | "migration.sql"));
    let slashes = if in_own_folder { 1 } else { 0 };
    let start = path.rmatch_indices('/').nth(slashes).map_or(0, |(slash, _)| slash + 1);
    &path[start..]
}

/// The name of the lock file, in the folder of the migrations.
///
/// ```
/// assert!(migrate_core::is_ignored_by_rule(migrate_core::LOCK_FILE_NAME));
/// ```
pub const LOCK_FILE_NAME: &str = "migrations.lock";

/// Whether a name is ignored by rule: dot files, read-me files, the lock file, and what other tools keep beside their migrations.
///
/// ```
/// use migrate_core::is_ignored_by_rule;
///
/// assert!(is_ignored_by_rule("README.md") && is_ignored_by_rule(".gitkeep"));
/// assert!(!is_ignored_by_rule("notes.txt")); // a problem, unless it is asked to be left out
/// ```
pub fn is_ignored_by_rule(name: &str) -> bool {
    const KEPT_BY_TOOLS: [&str; 4] = [LOCK_FILE_NAME, "metadata.toml", "migration_lock.toml", "atlas.sum"];
    name.starts_with('.') || name.starts_with("README") || KEPT_BY_TOOLS.contains(&name)
}

fn without_prefix(name: &str) -> Result<&str, FileNameError> {
    let mut chars = name.chars();
    match chars.next() {
        Some(first) if first.is_ascii_digit() => Ok(name),
        Some(letter) if letter.is_alphabetic() => match chars.as_str() {
            rest if letter == 'V' && has_several_numbers(rest) => Err(FileNameError::DottedVersion),
            rest if letter == 'V' && rest.starts_with(|next: char| next.is_ascii_digit()) => Ok(rest),
            rest if rest.starts_with(|next: char| next.is_ascii_digit()) => Err(FileNameError::Prefix(letter)),
            rest if letter == 'R' && rest.starts_with("__") => Err(FileNameError::Prefix(letter)),
            _ => Err(FileNameError::NoVersion),
        },
        _ => Err(FileNameError::NoVersion),
    }
}

/// Whether a name has a version such as `1_2__`, where Flyway means `1.2`.
fn has_several_numbers(name: &str) -> bool {
    let numbers = name.split_once("__").map(|(numbers, _)| numbers.split('_'));
    let is_number = |part: &str| !part.is_empty() && leading_digits(part).1.is_empty();
    numbers.is_some_and(|mut numbers| numbers.clone().count() > 1 && numbers.all(is_number))
}

/// The digits of the version and what follows them. A date, or a date and a time, may be spelled with dashes or an underscore
/// (`2024-03-13`, `2024-03-13-170000`, `20240313_170000`), and with Diesel's counter after it (`2024-03-13-170000-0000`).
fn split_version(text: &str) -> Result<(String, &str), FileNameError> {
    let (mut digits, rest) = match dashed_date(text)? {
        Some((date, rest)) => (date, rest),
        None => {
            let (digits, rest) = leading_digits(text);
            (digits.to_owned(), rest)
        }
    };
    if !is_date(&digits) {
        return Ok((digits, rest));
    }
    let is_dashed = !text.starts_with(&digits);
    let (time, rest) = time_of_day(rest, is_dashed)?;
    digits.push_str(time);
    let counter = separated_digits(rest, &['-'], 4).filter(|_| !time.is_empty());
    let (counter, rest) = counter.unwrap_or(("", rest));
    digits.push_str(counter);
    Ok((digits, rest))
}

/// The digits of a date with dashes and what follows it; what only begins like one is an error, because it would pass for a year.
fn dashed_date(text: &str) -> Result<Option<(String, &str)>, FileNameError> {
    let (year, rest) = leading_digits(text);
    let begins_like_date = year.len() == 4
        && matches!(year.parse(), Ok(1970_u16..=2199))
        && rest.strip_prefix('-').is_some_and(|rest| rest.starts_with(|next: char| next.is_ascii_digit()));
    if !begins_like_date {
        return Ok(None);
    }
    let date = separated_digits(rest, &['-'], 2).and_then(|(month, rest)| {
        let (day, rest) = separated_digits(rest, &['-'], 2)?;
        Some(([year, month, day].concat(), rest))
    });
    date.filter(|(digits, _)| is_date(digits)).map(Some).ok_or(FileNameError::MalformedDate)
}

/// The digits of a time of day behind a date, or none, and what follows. Behind a date with dashes, whatever is joined by a dash
/// counts, even if it is no time: Diesel takes it so.
fn time_of_day(text: &str, is_dashed: bool) -> Result<(&str, &str), FileNameError> {
    let (digits, rest) = text.strip_prefix(['-', '_']).map_or(("", text), leading_digits);
    let ends_here = rest.starts_with(['-', '_']);
    let is_time = is_time(digits);
    match () {
        () if is_time && rest.is_empty() => Err(FileNameError::NoName),
        () if ends_here && (is_time || is_dashed && text.starts_with('-') && !digits.is_empty()) => Ok((digits, rest)),
        () => Ok(("", text)),
    }
}

fn leading_digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|next: char| !next.is_ascii_digit()).unwrap_or(text.len()))
}

/// A separator, then exactly `count` digits with a separator after them.
fn separated_digits<'a>(text: &'a str, separators: &[char], count: usize) -> Option<(&'a str, &'a str)> {
    let text = text.strip_prefix(separators)?;
    let (digits, rest) = leading_digits(text);
    (digits.len() == count && rest.starts_with(['-', '_'])).then_some((digits, rest))
}

fn split_dialect(name: &str) -> Result<(&str, Option<Dialect>), FileNameError> {
    /// Names that a person would mean as a dialect; any other text after a dot is part of the name.
    const UNSUPPORTED: [&str; 7] = ["postgresql", "pg", "pgsql", "sqlite3", "mssql", "oracle", "cockroachdb"];
    let Some((before, last)) = name.rsplit_once('.') else { return Ok((name, None)) };
    match Dialect::from_name(last) {
        Some(dialect) => Ok((before, Some(dialect))),
        None if UNSUPPORTED.contains(&last) => Err(FileNameError::UnknownDialect(last.to_owned())),
        None => Ok((name, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_fit() {
        let cases: &[(&str, &str, &str)] = &[
            // refinery, Flyway
            ("V1__init.sql", "1", "init up"),
            ("V20240313170000__add_users.sql", "20240313170000", "add_users up"),
            // sqlx
            ("20240313170000_create-users.sql", "20240313170000", "create-users up"),
            ("0001_users.up.sql", "1", "users up"),
            ("0001_users.down.sql", "1", "users down"),
            // others
            ("001-create-users.sql", "1", "create-users up"),
            ("1_a.sql", "1", "a up"),
            ("2024-03-13-170000_x.sql", "20240313170000", "x up"),
            ("2024-03-13_170000_x.sql", "20240313170000", "x up"),
            ("20240313_170000_x.sql", "20240313170000", "x up"),
            ("2024-03-13_x.sql", "20240313", "x up"),
            ("2024-03-13-x.sql", "20240313", "x up"),
            ("2024-03-13-170000-0000_x.sql", "202403131700000000", "x up"),
            // what looks like a time, but is not
            ("20240313_2fa.sql", "20240313", "2fa up"),
            ("20240313_250000_x.sql", "20240313", "250000_x up"),
            ("20240313_1700.sql", "20240313", "1700 up"),
            ("20240313_240000_x.sql", "20240313", "240000_x up"),
            ("20240313_236000_x.sql", "20240313", "236000_x up"),
            ("20240313_235960_x.sql", "20240313", "235960_x up"),
            ("20240313_235959_x.sql", "20240313235959", "x up"),
            ("2024-03-13_100_users.sql", "20240313", "100_users up"),
            ("12345678_170000_x.sql", "12345678", "170000_x up"),
            ("2024_99-13_x.sql", "2024", "99-13_x up"),
            ("0001-2fa_users.sql", "1", "2fa_users up"),
            // no time of day, but joined to the date
            ("2025-08-01-000060_x.sql", "20250801000060", "x up"),
            ("2022-03-09-07000_x.sql", "2022030907000", "x up"),
            ("2024-03-13-1-x.sql", "202403131", "x up"),
            ("2024-03-13-2fa.sql", "20240313", "2fa up"),
            // untidy
            ("0001_Create Users (v2).sql", "1", "Create Users (v2) up"),
            ("0001_größe_表.sql", "1", "größe_表 up"),
            ("0001_release_1.2.sql", "1", "release_1.2 up"),
            ("1___x.sql", "1", "_x up"),
            ("V1_a__x.sql", "1", "a__x up"),
            // dialects
            ("3_users.postgres.sql", "3", "users postgres up"),
            ("3_users.sqlite.down.sql", "3", "users sqlite down"),
            ("3_users.mysql.sql", "3", "users mysql up"),
            ("3_users.mariadb.down.sql", "3", "users mysql down"),
        ];
        for (file_name, version, expect) in cases {
            let file = FileName::of_file(file_name).unwrap_or_else(|error| panic!("{file_name}: {error}"));
            let direction = if file.direction == Some(Direction::Down) { "down" } else { "up" };
            let dialect = file.dialect.map_or(String::new(), |dialect| format!(" {dialect}"));
            assert_eq!(file.version.digits(), *version, "{file_name}");
            assert_eq!(format!("{}{dialect} {direction}", file.name), *expect, "{file_name}");
        }
    }

    #[test]
    fn names_that_do_not_fit() {
        let long = format!("{}_x.sql", "1".repeat(65));
        let cases: &[(&str, FileNameError)] = &[
            ("0001_x.txt", FileNameError::NotSql),
            ("0001_x.SQL", FileNameError::NotSql),
            ("0001_x.sql~", FileNameError::NotSql),
            ("users.sql", FileNameError::NoVersion),
            ("_1_x.sql", FileNameError::NoVersion),
            ("V_1__x.sql", FileNameError::NoVersion),
            ("Roles.sql", FileNameError::NoVersion),
            (".sql", FileNameError::NoVersion),
            ("٣_x.sql", FileNameError::NoVersion),
            ("0001.sql", FileNameError::NoSeparator),
            ("0001 x.sql", FileNameError::NoSeparator),
            ("0001x.sql", FileNameError::NoSeparator),
            ("0001_.sql", FileNameError::NoName),
            ("0001__.sql", FileNameError::NoName),
            ("0001_ .sql", FileNameError::NoName),
            ("0001_a\nb.sql", FileNameError::ControlCharacter),
            ("V1.2__x.sql", FileNameError::DottedVersion),
            ("V1_2__x.sql", FileNameError::DottedVersion),
            ("V4_0_10__x.sql", FileNameError::DottedVersion),
            ("2020-12-7-190800_x.sql", FileNameError::MalformedDate),
            ("2024-99-13_x.sql", FileNameError::MalformedDate),
            ("2024-03-13.sql", FileNameError::MalformedDate),
            ("20220329-040000.sql", FileNameError::NoName),
            ("1_x.down.sqlite.sql", FileNameError::DirectionTooEarly(".down")),
            ("1_x.up.postgres.up.sql", FileNameError::DirectionTooEarly(".up")),
            ("1_x.down.down.sql", FileNameError::DirectionTooEarly(".down")),
            ("2022-03-29-040000.sql", FileNameError::NoName),
            ("v1__x.sql", FileNameError::Prefix('v')),
            ("U1__x.sql", FileNameError::Prefix('U')),
            ("R__views.sql", FileNameError::Prefix('R')),
            ("1_x.mssql.sql", FileNameError::UnknownDialect("mssql".into())),
            ("1_x.postgresql.up.sql", FileNameError::UnknownDialect("postgresql".into())),
            (&long, FileNameError::Version(VersionError::TooLong(65))),
        ];
        for (file_name, expect) in cases {
            assert_eq!(FileName::of_file(file_name).as_ref(), Err(expect), "{file_name}");
        }
    }

    #[test]
    fn ignored_by_rule() {
        for name in [
            ".gitkeep",
            ".DS_Store",
            "README.md",
            "README",
            LOCK_FILE_NAME,
            "metadata.toml",
            "migration_lock.toml",
            "atlas.sum",
        ] {
            assert!(is_ignored_by_rule(name), "{name}");
        }
        for name in ["readme.txt.sql", "0001_x.sql", "notes.md", "x.metadata.toml", "0001_migrations.lock"] {
            assert!(!is_ignored_by_rule(name), "{name}");
        }
    }
}
