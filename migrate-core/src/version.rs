//! The version of a migration: what orders a set and identifies a row of the history table.
//!
//! Invariant: 1 to 64 decimal digits. Two spellings of one number (`7`, `007`) are one version.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

/// The version of a migration: 1 to 64 decimal digits, compared as numbers.
///
/// A timestamp may carry more digits than its 14 (`20240313170000` is a date and a time to the second): what follows the
/// seconds counts as their fraction, so that timestamps of different precision sort by time.
///
/// ```
/// # use migrate_core::Version;
/// let version = |text: &str| Version::parse(text).unwrap();
/// assert_eq!(version("007"), version("7"));
/// assert!(version("9") < version("10"));
/// assert!(version("202511190914440000") < version("20260120162913"));
/// assert_eq!(version("007").to_string(), "007");
/// ```
#[derive(Clone)]
pub struct Version {
    written: Cow<'static, str>,
}

/// Why a text is not a [`Version`].
///
/// ```
/// # use migrate_core::{Version, VersionError};
/// assert_eq!(Version::parse("1.2"), Err(VersionError::NotDigits));
/// assert_eq!(Version::parse(&"1".repeat(65)), Err(VersionError::TooLong(65)));
/// assert_eq!(VersionError::NotDigits.to_string(), "a version consists of decimal digits");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionError {
    /// Empty, or something else than the digits 0 to 9 in it.
    NotDigits,
    /// More than [`Version::MAX_DIGITS`] digits; holds how many there are.
    TooLong(usize),
}

impl fmt::Display for VersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VersionError::NotDigits => f.write_str("a version consists of decimal digits"),
            VersionError::TooLong(digits) => write!(f, "a version has at most 64 digits, and this one has {digits}"),
        }
    }
}

impl std::error::Error for VersionError {}

/// A version from a number, for versions that are written in code: `Version::from(7)`.
impl From<u64> for Version {
    fn from(number: u64) -> Version {
        Version { written: Cow::Owned(number.to_string()) }
    }
}

/// As [`Version::parse`].
impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Version, VersionError> {
        Version::parse(text)
    }
}

impl Version {
    /// The most digits that a version may have.
    ///
    /// ```
    /// # use migrate_core::{Version, VersionError};
    /// assert!(Version::parse(&"9".repeat(Version::MAX_DIGITS)).is_ok());
    /// ```
    pub const MAX_DIGITS: usize = 64;

    /// Reads a version. The spelling is kept for display and does not count when versions are compared.
    ///
    /// ```
    /// # use migrate_core::{Version, VersionError};
    /// let version = Version::parse("007")?;
    /// assert_eq!(version, Version::from(7));
    /// assert!("seven".parse::<Version>().is_err()); // the same, as `FromStr`
    /// # Ok::<(), VersionError>(())
    /// ```
    ///
    /// # Errors
    /// [`VersionError`] when `text` is not 1 to 64 decimal digits.
    pub fn parse(text: &str) -> Result<Version, VersionError> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(VersionError::NotDigits);
        }
        if text.len() > Version::MAX_DIGITS {
            return Err(VersionError::TooLong(text.len()));
        }
        Ok(Version { written: Cow::Owned(text.to_owned()) })
    }

    /// For expansions of the macro, which has parsed the version at build time.
    pub(crate) const fn embedded(written: &'static str) -> Version {
        Version { written: Cow::Borrowed(written) }
    }

    /// The digits without leading zeros, as the history table holds them: `"7"` for `007`.
    ///
    /// ```
    /// # use migrate_core::{Version, VersionError};
    /// assert_eq!(Version::parse("0010").unwrap().digits(), "10");
    /// ```
    pub fn digits(&self) -> &str {
        match self.written.trim_start_matches('0') {
            "" => "0",
            digits => digits,
        }
    }

    /// The digits as the file name spells them: `"007"` for `007`.
    ///
    /// ```
    /// # use migrate_core::{Version, VersionError};
    /// assert_eq!(Version::parse("0010").unwrap().as_written(), "0010");
    /// ```
    pub fn as_written(&self) -> &str {
        &self.written
    }

    /// The same version, spelled with at least `width` digits.
    pub(crate) fn padded_to(&self, width: usize) -> Version {
        Version { written: Cow::Owned(format!("{:0>width$}", self.digits())) }
    }

    /// The next number, spelled with as many digits; `None` for a timestamp, which a clock has to follow, and at 64 nines.
    ///
    /// ```
    /// # use migrate_core::Version;
    /// let next = |text: &str| Version::parse(text).unwrap().next().map(|next| next.to_string());
    /// assert_eq!(next("0009").as_deref(), Some("0010"));
    /// assert_eq!(next("99").as_deref(), Some("100"));
    /// assert_eq!(next("20240313170000"), None);
    /// ```
    pub fn next(&self) -> Option<Version> {
        if self.begins_with_date() {
            return None;
        }
        let nines = self.written.bytes().rev().take_while(|digit| *digit == b'9').count();
        let (kept, _) = self.written.split_at(self.written.len() - nines);
        let zeros = "0".repeat(nines);
        let written = match kept.as_bytes().split_last() {
            Some((digit, rest)) => {
                format!("{}{}{zeros}", &kept[..rest.len()], char::from(digit + 1))
            }
            None => format!("1{zeros}"),
        };
        Version::parse(&written).ok()
    }

    /// Whether the version begins with a plausible calendar date (`YYYYMMDD`), as timestamps do and counters do not.
    ///
    /// ```
    /// # use migrate_core::{Version, VersionError};
    /// let begins_with_date = |text| Version::parse(text).unwrap().begins_with_date();
    /// assert!(begins_with_date("20240313170000") && begins_with_date("20240313"));
    /// assert!(!begins_with_date("0042") && !begins_with_date("20249999"));
    /// ```
    pub fn begins_with_date(&self) -> bool {
        let digits = self.digits();
        digits.len() >= 8 && is_date(&digits[..8])
    }

    /// The whole number and, of a timestamp, the digits after the seconds.
    fn sort_key(&self) -> (&str, &str) {
        const TO_THE_SECOND: usize = 14;
        let digits = self.digits();
        match digits.split_at_checked(TO_THE_SECOND) {
            Some((second, fraction)) if is_date(&second[..8]) && is_time(&second[8..]) => (second, fraction),
            _ => (digits, ""),
        }
    }
}

/// Whether eight digits are a date that a person would use as a version.
pub(crate) fn is_date(digits: &str) -> bool {
    digits.len() == 8
        && matches!(number(&digits[..4]), 1970..=2199)
        && matches!(number(&digits[4..6]), 1..=12)
        && matches!(number(&digits[6..]), 1..=31)
}

/// Whether six digits are a time of day.
pub(crate) fn is_time(digits: &str) -> bool {
    digits.len() == 6 && number(&digits[..2]) < 24 && number(&digits[2..4]) < 60 && number(&digits[4..]) < 60
}

fn number(digits: &str) -> u32 {
    digits.bytes().fold(0, |number, digit| number * 10 + u32::from(digit - b'0'))
}

impl PartialEq for Version {
    fn eq(&self, other: &Version) -> bool {
        self.digits() == other.digits()
    }
}

impl Eq for Version {}

impl Hash for Version {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.digits().hash(state);
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Version) -> Ordering {
        let ((whole, fraction), (other_whole, other_fraction)) = (self.sort_key(), other.sort_key());
        (whole.len(), whole, fraction).cmp(&(other_whole.len(), other_whole, other_fraction))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Version) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.written)
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Version({})", self.written)
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

    use super::*;

    #[test]
    fn parse_accepts_1_to_64_digits() {
        let digits = |count: usize| "9".repeat(count);
        let cases: &[(&str, Result<&str, VersionError>)] = &[
            ("0", Ok("0")),
            ("000", Ok("0")),
            ("0012", Ok("12")),
            (&digits(64), Ok(&digits(64))),
            (&digits(65), Err(VersionError::TooLong(65))),
            ("", Err(VersionError::NotDigits)),
            ("1a", Err(VersionError::NotDigits)),
            ("-1", Err(VersionError::NotDigits)),
            ("+1", Err(VersionError::NotDigits)),
            ("٣", Err(VersionError::NotDigits)),
        ];
        for (text, expect) in cases {
            assert_eq!(Version::parse(text).as_ref().map(Version::digits), expect.as_ref().copied(), "{text}");
        }
    }

    #[test]
    fn versions_sort_as_numbers_and_timestamps_by_time() {
        let sorted = [
            "0",
            "1",
            "2",
            "10",
            "20240313",
            "99999999999999",
            "20251119091444",
            "202511190914440000",
            "202511190914440001",
            "20260120162913",
            "20260120162913123",
            "999999999999999999",
            "1000000000000000000",
        ];
        // A number that is no timestamp keeps its place among the numbers.
        let sorted_by_value = ["99999999999999", "999999999999999999"];
        assert!(version(sorted_by_value[0]) < version(sorted_by_value[1]));
        let timestamps = &sorted[6..11];
        for pair in timestamps.windows(2) {
            assert!(version(pair[0]) < version(pair[1]), "{pair:?}");
        }
        for pair in sorted[..5].windows(2) {
            assert!(version(pair[0]) < version(pair[1]), "{pair:?}");
        }
    }

    #[test]
    fn order_is_total() {
        let hash = |text: &str| BuildHasherDefault::<DefaultHasher>::default().hash_one(version(text));
        let all = [
            "0",
            "00",
            "7",
            "007",
            "20240313",
            "20240313170000",
            "202403131700000",
            "2024031317000000",
            "20240399170000",
            "202403991700001",
            "64000000000000000",
        ];
        for a in all {
            for b in all {
                assert_eq!(version(a).cmp(&version(b)), version(b).cmp(&version(a)).reverse(), "{a} {b}");
                assert_eq!(version(a).cmp(&version(b)) == Ordering::Equal, version(a) == version(b), "{a} {b}");
                assert_eq!(hash(a) == hash(b), version(a) == version(b), "{a} {b}");
                for c in all {
                    if version(a) <= version(b) && version(b) <= version(c) {
                        assert!(version(a) <= version(c), "{a} {b} {c}");
                    }
                }
            }
        }
    }

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }
}
