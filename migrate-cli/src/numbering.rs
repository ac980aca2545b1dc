//! The next version of a folder, in its own spelling. Knows no clock: the time is a value.

use migrate_core::{Problem, Version};

use crate::calendar;

/// The spelling of the first version of all.
const FIRST: &str = "0001";

/// A version behind all others, spelled as file names spell it: with the dashes of a date, and Diesel's counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spelled {
    pub(crate) text: String,
    pub(crate) version: Version,
}

/// How the versions of a folder go on.
#[derive(Clone, Debug)]
pub(crate) struct Numbering {
    /// How a file name spells a version, where there is one.
    pub(crate) spelling: Option<String>,
    /// Whether a timestamp is asked for.
    pub(crate) timestamp: bool,
    /// Seconds since 1970.
    pub(crate) now: u64,
}

impl Numbering {
    /// The version behind `highest`: the next number, or the present time; and the first second behind `highest` when that is later.
    pub(crate) fn after(&self, highest: Option<&Version>) -> Result<Spelled, Problem> {
        let is_timestamp = self.timestamp || highest.is_some_and(Version::begins_with_date);
        let text = match highest {
            None if !is_timestamp => Some(FIRST.to_owned()),
            Some(highest) if !is_timestamp => highest.next().map(|next| next.as_written().to_owned()),
            _ => self.timestamp_after(highest),
        };
        text.and_then(spelled).ok_or_else(|| {
            let highest = highest.map(Version::to_string).unwrap_or_default();
            let help = "name the file by hand, or give the last migration an earlier version if no database has it";
            Problem::new(format!("there is no version behind `{highest}`"), help)
        })
    }

    fn timestamp_after(&self, highest: Option<&Version>) -> Option<String> {
        let spelling =
            self.spelling.as_deref().filter(|text| spelled(*text).is_some_and(|it| it.version.begins_with_date()));
        let unit = unit(spelling.map_or(SECONDS, count_digits)).unwrap_or(1);
        let own = spelling.map_or_else(|| "0".repeat(SECONDS), own_spelling);
        let times =
            [Some(self.now), highest.and_then(|highest| calendar::seconds(highest.digits())).map(|last| last + unit)];
        let mut texts = times.into_iter().flatten().map(|time| in_spelling(&own, &calendar::digits(time)));
        texts.find(|text| match (spelled(text.clone()), highest) {
            (Some(found), Some(highest)) => found.version > *highest && found.version.begins_with_date(),
            (Some(_), None) => true,
            (None, _) => false,
        })
    }
}

/// The digits of a time to the second.
const SECONDS: usize = 14;

/// The seconds that the last digit but those of a fraction counts in; `None` when there is half a digit of something.
fn unit(digits: usize) -> Option<u64> {
    match digits {
        8 => Some(86_400),
        10 => Some(3600),
        12 => Some(60),
        SECONDS.. => Some(1),
        _ => None,
    }
}

/// The spelling of new timestamps beside this one: the same, unless its digits end in the middle of an hour, minute or second.
fn own_spelling(spelling: &str) -> String {
    match unit(count_digits(spelling)) {
        Some(_) => spelling.to_owned(),
        None if spelling.contains('-') => "0000-00-00-000000".to_owned(),
        None => "0".repeat(SECONDS),
    }
}

/// The digits in the places of those of a spelling; the fraction of a second is zero.
fn in_spelling(spelling: &str, digits: &str) -> String {
    let mut digits = digits.chars().chain(std::iter::repeat('0'));
    spelling.chars().map(|c| if c.is_ascii_digit() { digits.next().unwrap_or(c) } else { c }).collect()
}

fn count_digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

fn spelled(text: impl Into<String>) -> Option<Spelled> {
    let text = text.into();
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    Version::parse(&digits).ok().map(|version| Spelled { text, version })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22 21:53:00
    const NOW: u64 = 1_795_384_380;

    #[test]
    fn versions_that_follow() {
        let nines = "9".repeat(64);
        let cases = [
            // Nothing there.
            ("", "", false, Some("0001")),
            ("", "", true, Some("20261122215300")),
            // Counters.
            ("0001", "0001", false, Some("0002")),
            ("9", "9", false, Some("10")),
            ("0099", "0099", false, Some("0100")),
            (&nines, &nines, false, None),
            ("0007", "0007", true, Some("20261122215300")),
            // Timestamps, each in its spelling.
            ("20240313170000", "20240313170000", false, Some("20261122215300")),
            ("20240313170000", "2024-03-13-170000", false, Some("2026-11-22-215300")),
            ("20240313170000", "20240313_170000", false, Some("20261122_215300")),
            ("202403131700000000", "2024-03-13-170000-0000", false, Some("2026-11-22-215300-0000")),
            ("20240313", "2024-03-13", false, Some("2026-11-22")),
            ("202403131700", "202403131700", false, Some("202611222153")),
            ("2022030907000", "2022-03-09-07000", false, Some("2026-11-22-215300")),
            ("202403131", "202403131", false, Some("20261122215300")),
            // The clock is behind.
            ("20261122215300", "20261122215300", false, Some("20261122215301")),
            ("20261231235959", "20261231235959", false, Some("20270101000000")),
            ("20300228", "2030-02-28", false, Some("2030-03-01")),
            ("20261122215300123", "20261122215300123", false, Some("20261122215301000")),
            ("20270101000060", "20270101000060", false, Some("20270101000101")),
            // Known only from the lock file.
            ("20240313170000", "", false, Some("20261122215300")),
            ("20240313170000", "0001", false, Some("20261122215300")),
            // A date behind a time of the same day would be in front of it.
            ("99999999999999", "99999999999999", true, None),
        ];
        for (highest, spelling, timestamp, expect) in cases {
            let highest = Version::parse(highest).ok();
            let spelling = Some(spelling.to_owned()).filter(|text| !text.is_empty());
            let numbering = Numbering { spelling, timestamp, now: NOW };
            let next = numbering.after(highest.as_ref());
            assert_eq!(next.as_ref().ok().map(|next| &*next.text), expect, "{highest:?} {numbering:?}");
            if let (Ok(next), Some(highest)) = (next, highest) {
                assert!(next.version > highest, "{highest}");
            }
        }
    }
}
