//! Risky SQL: what the rules of `migrate-lint` find.

use migrate_core::folder::Folder;
use migrate_core::{Problem, Script};

use crate::args::Lints;
use crate::report::{Finding, Severity};

/// What the rules find in a folder: in what is not locked yet, or in all of it.
pub(super) fn findings(folder: &Folder, args: &Lints) -> Vec<Finding> {
    let wanted = |script: &Script| args.all || folder.is_unlocked(script);
    let problems = migrate_lint::lint(folder.set.scripts(), folder.options.dialect, wanted);
    let stops = |problem: &Problem| args.deny && (!migrate_lint::is_advice(problem) || is_of_a_draft(problem, folder));
    let finding = |problem: Problem| {
        let severity = if stops(&problem) { Severity::Error } else { Severity::Warning };
        Finding { severity, problem }
    };
    problems.into_iter().map(finding).collect()
}

/// Whether the script can be edited still. A shipped one cannot, so advice about it never stops anything.
fn is_of_a_draft(problem: &Problem, folder: &Folder) -> bool {
    problem.path().is_some_and(|path| folder.drafts.contains(path))
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
