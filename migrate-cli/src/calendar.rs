//! Dates and times as the digits of versions, in UTC.
//!
//! Invariant: for the years 1970 to 9999, [`digits`] and [`seconds`] undo each other.

/// A day in seconds.
const DAY: u64 = 86_400;

/// Days from 1 March of the year 0 to 1 January 1970.
const EPOCH: u64 = 719_468;

/// Days in four centuries, after which the calendar repeats itself.
const ERA: u64 = 146_097;

/// The date and the time, `YYYYMMDDhhmmss`, of seconds since 1970.
pub(crate) fn digits(seconds: u64) -> String {
    let (day, second) = (seconds / DAY + EPOCH, seconds % DAY);
    let (era, day) = (day / ERA, day % ERA);
    // Years begin in March, so that a leap day ends one.
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - first_day(year);
    // The months from March on repeat 31, 30, 31, 30, 31.
    let month = (5 * day + 2) / 153;
    let day = day - first_day_of_month(month) + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    let year = era * 400 + year;
    format!("{year:04}{month:02}{day:02}{:02}{:02}{:02}", second / 3600, second / 60 % 60, second % 60)
}

/// The seconds since 1970 of the digits of a date, with as much of a time behind it as there is. What is too large for its place, such
/// as 60 seconds, runs over into the next. `None` when it is no date since 1970.
pub(crate) fn seconds(digits: &str) -> Option<u64> {
    let part = |start: usize, end: usize| match digits.get(start..end) {
        Some(part) => part.parse().ok(),
        None if start < 8 => None,
        None => Some(0),
    };
    let (year, month, day): (u64, u64, u64) = (part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let (hour, minute, second) = (part(8, 10)?, part(10, 12)?, part(12, 14)?);
    if year < 1970 || !(1..=12).contains(&month) || day == 0 {
        return None;
    }
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year / 400 * ERA + first_day(year % 400) + first_day_of_month(month) + day - 1;
    Some((days - EPOCH) * DAY + hour * 3600 + minute * 60 + second)
}

/// The days before a year of four centuries.
fn first_day(year: u64) -> u64 {
    year * 365 + year / 4 - year / 100
}

/// The days before a month, counted from March.
fn first_day_of_month(month: u64) -> u64 {
    (153 * month + 2) / 5
}

#[cfg(test)]
mod tests {
    use super::{DAY, digits, seconds};

    #[test]
    fn known_times() {
        let cases = [
            (0, "19700101000000"),
            (951_782_399, "20000228235959"),
            (951_782_400, "20000229000000"),
            (1_709_251_199, "20240229235959"),
            (1_710_349_200, "20240313170000"),
            (4_107_542_400, "21000301000000"),
            (253_402_300_799, "99991231235959"),
        ];
        for (time, expect) in cases {
            assert_eq!(digits(time), expect);
            assert_eq!(seconds(expect), Some(time), "{expect}");
        }
    }

    /// Every day until 2199, counted one after the other.
    #[test]
    fn every_day() {
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0..84_006 {
            let text = format!("{year:04}{month:02}{day:02}120000");
            assert_eq!(digits(days * DAY + DAY / 2), text);
            assert_eq!(seconds(&text), Some(days * DAY + DAY / 2), "{text}");
            let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = match month {
                2 => 28 + i32::from(is_leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            (year, month, day) = match (day == length, month) {
                (false, _) => (year, month, day + 1),
                (true, 12) => (year + 1, 1, 1),
                (true, _) => (year, month + 1, 1),
            };
        }
        assert_eq!((year, month, day), (2200, 1, 1));
    }

    #[test]
    fn parts_of_a_time() {
        let cases = [
            ("20240313", Some("20240313000000")),
            ("2024031317", Some("20240313170000")),
            ("202403131", Some("20240313000000")),
            ("20250801000060", Some("20250801000100")),
            ("2024031317000012345", Some("20240313170000")),
            ("20241313", None),
            ("19690101", None),
            ("2024", None),
            ("", None),
        ];
        for (text, expect) in cases {
            assert_eq!(seconds(text).map(digits).as_deref(), expect, "{text}");
        }
    }
}
