//! Risky SQL: what the rules of `migrate-lint` find.

use migrate_core::folder::Folder;
use migrate_core::{Problem, Script};
use migrate_lint::Rule;

use crate::args::Lints;
use crate::report::{Finding, Severity};

/// What the rules find in a folder: in what is not locked yet, or in all of it.
pub(super) fn findings(folder: &Folder, args: &Lints) -> Vec<Finding> {
    let scripts: Vec<&Script> = match args.all {
        true => folder.set.scripts().iter().collect(),
        false => folder.unlocked().collect(),
    };
    let problems = migrate_lint::lint(scripts, folder.options.dialect);
    let finding = |problem: Problem| Finding { severity: severity(&problem, args.deny), problem };
    problems.into_iter().map(finding).collect()
}

/// Advice never stops anything.
fn severity(problem: &Problem, deny: bool) -> Severity {
    let is_of = |rule: &&Rule| Some(rule.name) == problem.rule();
    let is_advice = migrate_lint::rules().iter().find(is_of).is_some_and(|rule| rule.is_advice);
    if deny && !is_advice { Severity::Error } else { Severity::Warning }
}

/// The rules, a line each: name, dialects, what it finds.
pub(super) fn rules() -> impl Iterator<Item = String> {
    let width = migrate_lint::rules().iter().map(|rule| rule.name.len()).max().unwrap_or_default();
    migrate_lint::rules().iter().map(move |rule| {
        let dialects: Vec<&str> = rule.dialects.iter().map(|dialect| dialect.name()).collect();
        let dialects = if rule.is_general { "every dialect".to_owned() } else { dialects.join(", ") };
        format!("{:width$}  {} ({dialects})", rule.name, rule.finds)
    })
}
