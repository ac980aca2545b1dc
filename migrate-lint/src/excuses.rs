//! `-- migrate: allow=<rule> <reason>`: takes the findings away that a script excuses, and finds excuses that excuse nothing.

use std::collections::HashSet;

use migrate_core::{Excuse, Place, Problem};

use crate::rules::{self, NEEDLESS_EXCUSE, RULES, UNKNOWN_RULE};
use crate::script::{Finding, Reading};

/// What is left of the findings in a script.
pub(crate) fn apply(reading: &Reading<'_>, mut findings: Vec<Finding>) -> Vec<Problem> {
    let path = reading.script.path();
    let excuses = reading.header.allowed();
    let excused: HashSet<&str> = excuses.iter().map(|excuse| excuse.rule.as_str()).collect();
    let found: HashSet<&str> = findings.iter().map(|finding| finding.rule).collect();
    let mut problems: Vec<Problem> = excuses
        .iter()
        .filter_map(|excuse| doubt(reading, excuse, &found))
        .map(|problem| problem.in_file(path))
        .collect();

    findings.retain(|finding| !excused.contains(finding.rule));
    findings.sort_by_key(|finding| finding.offset);
    let (mut offset, mut place) = (0, Place::START);
    for finding in findings {
        place = place.after(reading.sql.get(offset..finding.offset).unwrap_or_default());
        offset = finding.offset;
        problems.push(finding.into_problem(path, place));
    }
    problems
}

/// What is wrong with an excuse, if anything is.
fn doubt(reading: &Reading<'_>, excuse: &Excuse, found: &HashSet<&str>) -> Option<Problem> {
    let Some(rule) = rules::of_name(&excuse.rule) else {
        let help = match nearest(&excuse.rule) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "the manual of `migrate-lint` lists the rules".to_owned(),
        };
        let problem = Problem::new(format!("unknown lint rule `{}`", excuse.rule), help);
        return Some(problem.of_rule(UNKNOWN_RULE).at(excuse.place));
    };
    // The script may be read for another dialect elsewhere.
    let was_looked_for = reading.is_certain && rule.dialects.contains(&reading.dialect);
    (was_looked_for && !found.contains(rule.name)).then(|| {
        let message = format!("the excuse for `{}` is no longer needed", rule.name);
        let help = "remove the line; in a migration that has shipped it can stay, because an edit changes the checksum";
        Problem::new(message, help).of_rule(NEEDLESS_EXCUSE).at(excuse.place)
    })
}

/// The rule that was probably meant.
fn nearest(written: &str) -> Option<&'static str> {
    let written: Vec<char> = written.chars().take(LONGEST_NAME).collect();
    let most = 2.max(written.len() / 4);
    let names = RULES.iter().map(|rule| rule.name).filter(|name| name.len().abs_diff(written.len()) <= most);
    let (distance, name) = names.map(|name| (distance(&written, name), name)).min()?;
    (distance <= most).then_some(name)
}

/// What is longer is not the name of a rule.
const LONGEST_NAME: usize = 80;

/// How many letters have to be added, left out or replaced to get from one name to the other.
fn distance(written: &[char], name: &str) -> usize {
    let mut row: Vec<usize> = (0..=written.len()).collect();
    for (index, letter) in name.chars().enumerate() {
        let mut diagonal = index;
        let mut left = index + 1;
        for (other, above) in written.iter().zip(row.iter_mut().skip(1)) {
            let cost = (diagonal + usize::from(*other != letter)).min(left + 1).min(*above + 1);
            diagonal = std::mem::replace(above, cost);
            left = cost;
        }
        if let Some(first) = row.first_mut() {
            *first = index + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}
