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
