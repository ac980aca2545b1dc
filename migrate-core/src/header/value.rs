//! The values that directives take.

use std::time::Duration;

/// What becomes of SQLite's foreign keys while a script runs. What it leaves is checked, unless they are as the connection has them.
///
/// ```
/// use migrate_core::ForeignKeys;
///
/// assert_eq!(ForeignKeys::default(), ForeignKeys::Auto);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForeignKeys {
    /// They are off where the script drops a table or fills the one that takes its place, and where it says so with the pragma.
    #[default]
    Auto,
    /// They are as the connection has them.
    On,
    /// They are off for the whole script.
    Off,
}

impl ForeignKeys {
    /// As a directive spells it.
    pub(super) fn parse(value: &str) -> Option<ForeignKeys> {
        match value {
            "auto" => Some(ForeignKeys::Auto),
            "on" => Some(ForeignKeys::On),
            "off" => Some(ForeignKeys::Off),
            _ => None,
        }
    }
}

/// Reads `250ms`, `30s`, `5min` or `2h`; `off` and `0` are zero, which stands for no limit.
pub(super) fn parse_timeout(value: &str) -> Option<Duration> {
    if matches!(value, "off" | "0") {
        return Some(Duration::ZERO);
    }
    let (number, milliseconds) = parts(value)?;
    // Postgres counts milliseconds in 31 bits.
    let total = number.parse::<u64>().ok()?.checked_mul(milliseconds).filter(|total| i32::try_from(*total).is_ok())?;
    Some(Duration::from_millis(total))
}

/// Whether it is a number with a unit, however long that is.
pub(super) fn is_time(value: &str) -> bool {
    parts(value).is_some()
}

/// The digits, and the milliseconds that the unit stands for.
fn parts(value: &str) -> Option<(&str, u64)> {
    let unit = value.find(|c: char| !c.is_ascii_digit()).filter(|unit| *unit > 0)?;
    let milliseconds = match value[unit..].trim_start() {
        "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    Some((&value[..unit], milliseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts() {
        let cases = [
            ("250ms", Some(250)),
            ("30s", Some(30_000)),
            ("5 min", Some(300_000)),
            ("2h", Some(7_200_000)),
            ("0", Some(0)),
            ("off", Some(0)),
            ("30", None),
            ("s", None),
            ("", None),
            ("-1s", None),
            ("1.5s", None),
            ("2d", None),
            ("1000h", None),
            ("99999999999999999999s", None),
        ];
        for (value, expect) in cases {
            assert_eq!(parse_timeout(value), expect.map(Duration::from_millis), "{value}");
        }
    }
}
