//! Fits what squawk says to this runner: leaves out what the rest of the script shows to be harmless, and says the rest in our voice.

use std::collections::HashSet;

use migrate_core::scan::Part;

use super::Violation;
use crate::catalog::Catalog;
use crate::script::{Act, Finding, Reading};
use crate::sentence::{Action, Change, Deed};

/// Adds what of squawk's findings holds.
pub(super) fn fit(violations: Vec<Violation>, reading: &Reading<'_>, catalog: &Catalog, findings: &mut Vec<Finding>) {
    let made = Made::by(reading);
    let harmful =
        |violation: &Violation| match reading.act_at(violation.start).and_then(|index| reading.acts.get(index)) {
            Some(act) => !is_harmless(violation, act, reading, catalog, &made),
            None => false,
        };
    let violations: Vec<Violation> = violations.into_iter().filter(harmful).collect();
    // One finding a thing: of a constraint the most precise rule speaks.
    let precise: Vec<usize> = violations
        .iter()
        .filter(|violation| PRECISE.contains(&violation.rule))
        .map(|violation| violation.start)
        .collect();
    let is_told = |violation: &Violation| {
        violation.rule == "constraint-missing-not-valid"
            && precise
                .get(precise.partition_point(|start| *start < violation.start))
                .is_some_and(|start| *start < violation.end)
    };
    findings.extend(violations.iter().filter(|violation| !is_told(violation)).map(told));
}

/// The rules that say more of a new constraint than that it is checked at once.
const PRECISE: [&str; 3] =
    ["adding-foreign-key-constraint", "disallowed-unique-constraint", "adding-serial-primary-key-field"];

/// What the script itself makes, by name.
struct Made<'a> {
    names: HashSet<&'a str>,
    /// What was renamed by the script and then made anew under its old name: the new name of what is left behind.
    replaced: HashSet<&'a str>,
    /// The columns, with their tables, that get a default.
    defaults: HashSet<(&'a str, &'a str)>,
}

impl<'a> Made<'a> {
    fn by(reading: &'a Reading<'_>) -> Made<'a> {
        let names: HashSet<&str> = reading
            .acts
            .iter()
            .filter_map(|act| match &act.deed {
                Deed::CreateTable { table: name } | Deed::Create { name, .. } => Some(name.key.as_str()),
                _ => None,
            })
            .collect();
        let replaced = reading.acts.iter().filter_map(|act| match &act.deed {
            Deed::Rename { name, to, .. } if names.contains(name.key.as_str()) => Some(to.key.as_str()),
            _ => None,
        });
        let defaults = reading.acts.iter().flat_map(|act| match &act.deed {
            Deed::AlterTable { table, actions } => actions
                .iter()
                .filter_map(|action| match &action.change {
                    Change::SetDefault { column } => Some((table.key.as_str(), column.key.as_str())),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        });
        Made { replaced: replaced.collect(), defaults: defaults.collect(), names }
    }
}

fn is_harmless(violation: &Violation, act: &Act, reading: &Reading<'_>, catalog: &Catalog, made: &Made<'_>) -> bool {
    let is_of_names = ["identifier-too-long", "ban-duplicate-column-assignments"].contains(&violation.rule);
    match &act.deed {
        _ if is_of_names => false,
        Deed::AlterTable { .. } | Deed::DropTable { .. } | Deed::DropSchema { .. } | Deed::CreateIndex { .. }
            if violation.is_shared =>
        {
            true
        }
        Deed::CreateIndex { table, .. } => !act.existed(table),
        Deed::Empty { tables, .. } => !tables.iter().any(|table| act.existed(table)),
        Deed::AlterTable { table, .. } if !act.existed(table) => true,
        Deed::AlterTable { table, actions } => match (violation.rule, changed(actions, violation.start)) {
            // No statement of a client names a constraint, but for a rare `ON CONFLICT ON CONSTRAINT`.
            ("renaming-object", _) => true,
            // The server knows that a new column without a default is empty, and does not look.
            ("adding-foreign-key-constraint", Some(Change::AddColumn { has_default: false, .. })) => true,
            ("adding-field-with-default", _) => is_computed_once(violation, act, reading),
            ("changing-column-type", Some(Change::Retype { column, to, is_converted: false })) => {
                catalog.is_wider_text(table, column, to)
            }
            // Taken away while the type changes, for example.
            ("ban-drop-default", Some(Change::DropDefault { column })) => {
                made.defaults.contains(&(table.key.as_str(), column.key.as_str()))
            }
            _ => false,
        },
        // Made again, or made by this very script.
        Deed::Drop { names, .. } => {
            let is_made = |key: &str| made.names.contains(key) || made.replaced.contains(key);
            !names.is_empty() && names.iter().all(|name| is_made(&name.key) || catalog.is_of_triggers(name))
        }
        Deed::Rename { kind, name, .. } => {
            made.names.contains(name.key.as_str()) || ["index", "trigger", "policy", "sequence"].contains(kind)
        }
        _ => false,
    }
}

/// What the action does that stands at the offset.
fn changed(actions: &[Action], offset: usize) -> Option<&Change> {
    let index = actions.partition_point(|action| action.offset <= offset).checked_sub(1)?;
    actions.get(index).map(|action| &action.change)
}

/// Whether the default of a new column is surely the same for every row: squawk takes `-1` and `('a')` for functions.
fn is_computed_once(violation: &Violation, act: &Act, reading: &Reading<'_>) -> bool {
    let parts: Vec<Part<'_>> = act
        .statement
        .parts(reading.sql, reading.dialect)
        .skip_while(|(offset, _)| *offset < violation.start)
        .take_while(|(offset, _)| *offset < violation.end)
        .map(|(_, part)| part)
        .collect();
    let is_generated = parts.first().is_some_and(|part| is_word(part, "generated") || is_word(part, "constraint"));
    if is_generated {
        // Stored nowhere.
        return parts.iter().any(|part| is_word(part, "virtual"));
    }
    let is_call = |pair: &[Part<'_>]| matches!(pair, [Part::Word(_) | Part::Quoted(_), Part::Symbol('(')]);
    let calls = parts.windows(2).enumerate().filter(|(_, pair)| is_call(pair));
    // A type with a length is no function.
    let is_type = |at: usize| at > 0 && parts.get(at - 1) == Some(&Part::Symbol(':'));
    calls.filter(|(at, _)| !is_type(*at)).count() == 0
}

fn is_word(part: &Part<'_>, word: &str) -> bool {
    matches!(part, Part::Word(written) if written.eq_ignore_ascii_case(word))
}

/// squawk's words in our voice: the first sentence is the message, the others are a note.
fn told(violation: &Violation) -> Finding {
    let mut sentences = violation.message.splitn(2, ". ");
    let finding = Finding::new(violation.rule, violation.start, in_our_voice(sentences.next().unwrap_or_default()));
    let finding = sentences.next().into_iter().fold(finding, |finding, rest| finding.note(in_our_voice(rest)));
    match &violation.help {
        Some(help) if !violation.rule.starts_with("require-concurrent-") => finding.help(in_our_voice(help)),
        _ => finding,
    }
}

/// Lower case, no full stop.
fn in_our_voice(text: &str) -> String {
    let text = text.trim().trim_end_matches(['.', '!']);
    let mut characters = text.chars();
    match (characters.next(), characters.clone().next()) {
        // `ADD VALUE` stays as it is.
        (Some(first), Some(second)) if !second.is_uppercase() => first.to_lowercase().chain(characters).collect(),
        _ => text.to_owned(),
    }
}
