//! Whether folders have the same versions with the same names: the folders of several databases for one history.

use std::collections::BTreeMap;

use migrate_core::{Problem, Script, Version};

/// A folder as messages name it, and its scripts, sorted.
type History<'a> = (&'a str, &'a [Script]);

/// Where each folder differs from the first.
pub(super) fn differences(histories: &[History<'_>]) -> Vec<Problem> {
    let Some((first, others)) = histories.split_first() else { return Vec::new() };
    others.iter().flat_map(|other| between(*first, *other)).collect()
}

/// A migration of each side, or of one.
type Pair<'a> = (Option<&'a Script>, Option<&'a Script>);

fn between(first: History<'_>, other: History<'_>) -> Vec<Problem> {
    let mut by_version: BTreeMap<&Version, Pair<'_>> = BTreeMap::new();
    for script in first.1 {
        by_version.entry(script.version()).or_default().0.get_or_insert(script);
    }
    for script in other.1 {
        by_version.entry(script.version()).or_default().1.get_or_insert(script);
    }
    by_version.into_values().filter_map(|pair| difference(first.0, other.0, pair)).collect()
}

fn difference(first: &str, other: &str, pair: Pair<'_>) -> Option<Problem> {
    let lacking = |script: &Script, folder: &str| {
        let help = format!("add version {} with the name `{}` to `{folder}`", script.version(), script.name());
        let message = format!("`{}` has nothing of its version in `{folder}`", script.path());
        Problem::new(message, help).in_file(script.path())
    };
    match pair {
        (Some(script), None) => Some(lacking(script, other)),
        (None, Some(script)) => Some(lacking(script, first)),
        (Some(one), Some(another)) if one.name() != another.name() => {
            let (version, one_name, other_name) = (one.version(), one.name(), another.name());
            let message = format!("version {version} is `{one_name}` in `{first}`, and `{other_name}` in `{other}`");
            let help =
                "give both the same name if they are one migration for two databases; renumber one of them otherwise";
            Some(Problem::new(message, help).in_file(another.path()).with_note(format!("the other is {}", one.path())))
        }
        _ => None,
    }
}
