//! What two lock files say of one migration, or of the folder, as one.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use migrate_core::lock::{LockFile, Locked, Reblessed, Seal};
use migrate_core::{Checksum, Dialect, Direction, Problem, Version};

/// What is locked, by version and dialect.
pub(super) type ByVersion = BTreeMap<(Version, Option<Dialect>), Locked>;

/// Adds what is locked, and joins it with what is there already.
pub(super) fn add(all: &mut ByVersion, locked: &Locked) -> Result<(), Problem> {
    match all.entry((locked.version.clone(), locked.dialect)) {
        Entry::Vacant(entry) => {
            entry.insert(locked.clone());
        }
        Entry::Occupied(mut entry) => {
            let joined = join(entry.get(), locked)?;
            entry.insert(joined);
        }
    }
    Ok(())
}

fn join(one: &Locked, other: &Locked) -> Result<Locked, Problem> {
    if one.name != other.name {
        let message = format!("two locked migrations have one version: `{}` and `{}`", one.label(), other.label());
        let help =
            "remove the line of the one that no database has, then call `migrate rebase` again: its file is renumbered";
        return Err(Problem::new(message, help));
    }
    let (older, newer) = if other.reblessed.starts_with(&one.reblessed) { (one, other) } else { (other, one) };
    let later = newer.reblessed.strip_prefix(&*older.reblessed).ok_or_else(|| contradiction(one, other))?;
    let led_to = |from: Seal, direction, to: Seal| after(from.checksum, direction, later) == Some(to.checksum);
    if !led_to(older.up, Direction::Up, newer.up) {
        return Err(contradiction(one, other));
    }
    let down = match (older.down, newer.down) {
        (Some(before), Some(now)) if !led_to(before, Direction::Down, now) => return Err(contradiction(one, other)),
        // A script down may have been locked on one side only.
        (before, now) => now.or(before),
    };
    Ok(Locked { down, ..newer.clone() })
}

/// The checksum of a script after it was reblessed; `None` when that does not begin where it should.
fn after(from: Checksum, direction: Direction, reblessed: &[Reblessed]) -> Option<Checksum> {
    let mut steps = reblessed.iter().filter(|step| step.direction == direction);
    steps.try_fold(from, |at, step| (step.from == at).then_some(step.to))
}

fn contradiction(one: &Locked, other: &Locked) -> Problem {
    let told = |locked: &Locked| {
        let down = locked.down.map(|down| format!(", down {}", down.checksum)).unwrap_or_default();
        format!("up {}{down}", locked.up.checksum)
    };
    let message = format!("`{}` is locked or reblessed differently on both sides", one.label());
    let help = "keep the line of the side that databases have applied and remove the other, with its `reblessed` lines; then call `migrate rebase` again";
    Problem::new(message, help).with_note(format!("theirs: {}", told(one))).with_note(format!("own: {}", told(other)))
}

/// The settings of both, those of others first.
pub(super) fn settings(theirs: &LockFile, own: &LockFile) -> Result<LockFile, Problem> {
    if let (Some(one), Some(other)) = (theirs.dialect, own.dialect)
        && one != other
    {
        let message = format!("the lock file says `dialect {one}` on one side, and `dialect {other}` on the other");
        return Err(Problem::new(message, "remove one of the lines, then call `migrate rebase` again"));
    }
    let mut settings = LockFile { dialect: theirs.dialect.or(own.dialect), ..LockFile::default() };
    for pattern in theirs.ignore.iter().chain(&own.ignore) {
        if !settings.ignore.contains(pattern) {
            settings.ignore.push(pattern.clone());
        }
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(digit: char) -> Seal {
        let hex: String = std::iter::repeat_n(digit, 64).collect();
        Seal::parse(&format!("sha256:{hex}/{}", &hex[..16])).unwrap()
    }

    /// A migration as `seal up, seal down, reblessed`: `1`, `12`, `3- u13`.
    fn locked(text: &str) -> Locked {
        let mut fields = text.split(' ');
        let seals: Vec<Option<Seal>> = fields.next().unwrap().chars().map(|c| (c != '-').then(|| seal(c))).collect();
        let step = |text: &str| {
            let chars: Vec<char> = text.chars().collect();
            let direction = if chars[0] == 'u' { Direction::Up } else { Direction::Down };
            let (from, to) = (seal(chars[1]).checksum, seal(chars[2]).checksum);
            Reblessed { direction, from, to, reason: chars[3..].iter().collect() }
        };
        Locked {
            version: Version::parse("1").unwrap(),
            name: "a".to_owned(),
            dialect: None,
            up: seals[0].unwrap(),
            down: seals.get(1).copied().flatten(),
            reblessed: fields.map(step).collect(),
        }
    }

    #[test]
    fn what_both_sides_say_of_a_migration() {
        let cases = [
            ("1", "1", Some("1")),
            ("12", "12", Some("12")),
            // One side has reblessed it, or locked its script down.
            ("1", "2 u12", Some("2 u12")),
            ("2 u12", "4 u12 u24", Some("4 u12 u24")),
            ("13", "14 d34", Some("14 d34")),
            ("1", "13", Some("13")),
            ("13", "2 u12", Some("23 u12")),
            // Both have, or what they say does not fit together.
            ("1", "2", None),
            ("13", "14", None),
            ("2 u12", "3 u13", None),
            ("2 u12mine", "2 u12theirs", None),
            ("23 u12", "14 d34", None),
            ("1", "3 u23", None),
            ("1", "4 u12 u34", None),
        ];
        for (one, other, expect) in cases {
            for (one, other) in [(one, other), (other, one)] {
                let joined = join(&locked(one), &locked(other)).ok();
                assert_eq!(joined, expect.map(locked), "{one} {other}");
            }
        }
    }
}
