//! The audit trail of a row of the history table: what was done to it other than to apply the migration, when, by whom and why.
//!
//! A line an event, its fields separated by tabs, so that people can read it in the table. The database puts its own time in front.
//! Reading never fails: somebody may have written into the column by hand.

use crate::printable::printable_line;

/// Something that was done to a row of the history table.
///
/// ```
/// # use migrate_core::AuditEntry;
/// // As it stands in the column `audit` of the history table.
/// let trail = "2026-03-13T17:00:00.123Z\trepaired\tada@web-1 shop 1.4.0\tsha256:00\tonly a comment was edited\n";
/// let entry = &AuditEntry::read(trail)[0];
/// assert_eq!((&*entry.action, &*entry.by), ("repaired", "ada@web-1 shop 1.4.0"));
/// assert_eq!(entry.checksum_before.as_deref(), Some("sha256:00"));
/// assert_eq!(entry.reason, "only a comment was edited");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct AuditEntry {
    /// When, in UTC: `2026-03-13T17:00:00.123Z`.
    pub at: String,
    /// What: `reverted`, `repaired`, `marked applied`, …
    pub action: String,
    /// Who: user, host, binary and its version.
    pub by: String,
    /// The checksum that the row had before, where it had one: `sha256:…`.
    pub checksum_before: Option<String>,
    /// Why; empty where nobody was asked.
    pub reason: String,
}

impl AuditEntry {
    /// The line of an event, from behind its time to its end, in two parts: the database may know the checksum that goes between.
    ///
    /// ```
    /// # use migrate_core::AuditEntry;
    /// let (front, end) = AuditEntry::around_checksum("reverted", "me", "too\nslow");
    /// assert_eq!((&*front, &*end), ("\treverted\tme\t", "\ttoo slow\n")); // one line, whatever the texts hold
    /// ```
    pub fn around_checksum(action: &str, by: &str, reason: &str) -> (String, String) {
        (format!("\t{}\t{}\t", in_a_field(action), in_a_field(by)), format!("\t{}\n", in_a_field(reason)))
    }

    /// The entries of a trail, in order.
    ///
    /// ```
    /// use migrate_core::AuditEntry;
    ///
    /// let (front, end) = AuditEntry::around_checksum("reverted", "me", "too slow");
    /// let trail = format!("2026-03-13T17:00:00.123Z{front}sha256:00{end}");
    /// let entries = AuditEntry::read(&trail);
    /// assert_eq!((&*entries[0].action, &*entries[0].reason), ("reverted", "too slow"));
    /// ```
    pub fn read(trail: &str) -> Vec<AuditEntry> {
        let entry = |line: &str| {
            let mut fields = line.splitn(5, '\t').map(printable_line);
            let mut next = || fields.next().unwrap_or_default();
            let (at, action, by, before, reason) = (next(), next(), next(), next(), next());
            AuditEntry { at, action, by, checksum_before: Some(before).filter(|before| !before.is_empty()), reason }
        };
        trail.lines().filter(|line| !line.trim().is_empty()).map(entry).collect()
    }
}

/// A text that cannot be taken for more than one field or line.
fn in_a_field(text: &str) -> String {
    text.trim().replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Checksum;

    #[test]
    fn what_is_written_is_read() {
        let checksum = Checksum::from_bytes([7; 32]);
        let trail = [
            line("t1", ("repaired", "me\ttoo", " a\nb "), &checksum.to_string()),
            line("t2", ("marked pending", "you", ""), ""),
        ]
        .concat();
        let entries = AuditEntry::read(&trail);
        let told: Vec<String> =
            entries.iter().map(|entry| [&*entry.at, &entry.action, &entry.by, &entry.reason].join("|")).collect();
        assert_eq!(told, ["t1|repaired|me too|a b", "t2|marked pending|you|"]);
        assert_eq!(entries[0].checksum_before, Some(checksum.to_string()));
        assert_eq!(entries[1].checksum_before, None);
    }

    fn line(at: &str, (action, by, reason): (&str, &str, &str), checksum: &str) -> String {
        let (front, end) = AuditEntry::around_checksum(action, by, reason);
        format!("{at}{front}{checksum}{end}")
    }

    #[test]
    fn anything_can_be_read() {
        for (trail, entries) in [("", 0), ("\n \n", 0), ("by hand", 1), ("a\tb\tc\td\te\tf\n\tg", 2)] {
            assert_eq!(AuditEntry::read(trail).len(), entries, "{trail:?}");
        }
    }
}
