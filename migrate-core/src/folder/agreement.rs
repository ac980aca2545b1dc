//! What the entries of a folder must agree on: one step a version, and an order that nobody can doubt.

use super::entries::Entry;
use crate::{Dialect, Direction, Problem, Version};

/// Two files for one step, and steps down without a step up.
pub(super) fn contradictions(entries: &[Entry]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for of_version in entries.chunk_by(|a, b| a.version == b.version) {
        let ups: Vec<&Entry> = of_version.iter().filter(|entry| entry.direction == Direction::Up).collect();
        let downs = of_version.iter().filter(|entry| entry.direction == Direction::Down);
        let clashes = clashes(&ups);
        problems.extend(clashes.into_iter().map(|(first, second)| two_files(first, second, entries)));
        let mut taken: Vec<&Entry> = Vec::new();
        for down in downs {
            if let Some(other) = taken.iter().find(|other| other.dialect == down.dialect) {
                problems.push(two_scripts_down(other, down));
            } else if !ups.iter().any(|up| up.dialect == down.dialect && up.name == down.name) {
                let help = match ups.iter().find(|up| up.dialect == down.dialect) {
                    Some(up) => format!("give it the name of `{}`", up.file_name()),
                    None => format!("add `{}` beside it, or remove it", down.counterpart()),
                };
                problems
                    .push(Problem::new(format!("`{}` has no script up", down.file_name()), help).in_file(&down.shown));
            }
            taken.push(down);
        }
    }
    problems
}

/// A script down, and a file for the same dialect that has one besides its script up.
#[cfg(feature = "folder")]
pub(super) fn down_twice(both: &Entry, down: &Entry) -> Option<Problem> {
    (both.version == down.version && both.dialect == down.dialect).then(|| two_scripts_down(both, down))
}

fn two_scripts_down(one: &Entry, other: &Entry) -> Problem {
    let version = other.version.digits();
    let message = format!("two scripts take version {version} back: `{}` and `{}`", one.file_name(), other.file_name());
    Problem::new(message, "remove one of them")
}

/// Scripts up of one version that no dialect tells apart: each with the first that it clashes with.
fn clashes<'a>(ups: &[&'a Entry]) -> Vec<(&'a Entry, &'a Entry)> {
    let clash = |one: &Entry, other: &Entry| {
        let apart = matches!((one.dialect, other.dialect), (Some(one), Some(another)) if one != another);
        !apart || one.name != other.name
    };
    let with_earlier = |(index, up): (usize, &&'a Entry)| {
        ups[..index].iter().find(|earlier| clash(earlier, up)).map(|earlier| (*earlier, *up))
    };
    ups.iter().enumerate().filter_map(with_earlier).collect()
}

fn two_files(first: &Entry, second: &Entry, entries: &[Entry]) -> Problem {
    let mut both = [first, second];
    both.sort_by_key(|entry| entry.shown.as_str());
    let [first, second] = both;
    let version = first.version.digits();
    let message =
        format!("two migrations have version {version}: `{}` and `{}`", first.file_name(), second.file_name());
    let help = match next_free(&first.version, entries) {
        _ if first.name == second.name => "remove one of them".to_owned(),
        _ if first.dialect.is_some() && second.dialect.is_some() && first.dialect != second.dialect => {
            "give both the same name if they are one migration in two dialects; rename one of them otherwise".to_owned()
        }
        Some(next) => format!("rename one of them; the next free version is {next}"),
        None => "rename one of them".to_owned(),
    };
    Problem::new(message, help)
}

/// The next version that nothing has: after the highest counter; for a timestamp after it, so that the order stays.
fn next_free(clashing: &Version, entries: &[Entry]) -> Option<u64> {
    let number = |version: &Version| version.digits().parse::<u64>().ok();
    if !clashing.begins_with_date() {
        return number(&entries.last()?.version)?.checked_add(1);
    }
    let is_taken = |next: u64| entries.iter().any(|entry| number(&entry.version) == Some(next));
    (1..=60).filter_map(|after| number(clashing)?.checked_add(after)).find(|next| !is_taken(*next))
}

/// Dates without a time, or with half of one, among timestamps: as numbers they come before all of them, as text they stand
/// somewhere in between.
pub(super) fn doubtful_order(entries: &[Entry]) -> Vec<Problem> {
    /// A date and a time to the second.
    const WHOLE: usize = 14;
    let mut dated: Vec<&Entry> = entries.iter().filter(|entry| entry.version.begins_with_date()).collect();
    dated.dedup_by(|a, b| a.version == b.version);
    dated.sort_by(|a, b| a.version.digits().cmp(b.version.digits()));
    let mut problems = Vec::new();
    for (index, short) in dated.iter().enumerate().filter(|(_, entry)| entry.version.digits().len() < WHOLE) {
        let digits = short.version.digits();
        let is_longer = |entry: &&&Entry| entry.version.digits().len() > digits.len();
        let before_as_text = dated[..index].iter().rfind(is_longer);
        let of_same_date = dated[index + 1..].first().filter(|next| next.version.digits().starts_with(digits));
        if let Some(other) = of_same_date.or(before_as_text) {
            let (one, other) = (short.file_name(), other.file_name());
            problems.push(Problem::new(
                format!(
                    "the order of `{one}` and `{other}` is in doubt: as numbers `{one}` comes first, as text `{other}`"
                ),
                "write both versions with the same number of digits, for example as `20240313170000`",
            ));
        }
    }
    problems
}

/// Versions that have no script for the only dialect asked for.
pub(super) fn lacking_dialect(entries: &[Entry], dialect: Option<Dialect>) -> Vec<Problem> {
    let Some(dialect) = dialect else { return Vec::new() };
    let of_versions = entries.chunk_by(|a, b| a.version == b.version);
    let has = |entry: &Entry| entry.dialect.is_none_or(|only| only == dialect);
    let lacking =
        of_versions.filter(|of_version| !of_version.iter().any(has)).filter_map(|of_version| of_version.first());
    let problem = |entry: &Entry| {
        let message = format!("version {} has no script for `{dialect}`", entry.version);
        Problem::new(message, format!("add a file for it whose name ends with `.{dialect}.sql`")).in_file(&entry.shown)
    };
    lacking.map(problem).collect()
}
