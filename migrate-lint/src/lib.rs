//! Finds risky SQL in migration scripts.
mod clients;
mod enums;
mod excuses;
mod locks;
mod loss;
mod rebuild;
mod rules;
mod script;
mod sentence;
mod settings;
mod squawk;
mod transaction;

use migrate_core::{Dialect, Direction, Problem, Script};

pub use rules::{Rule, rules};

use rebuild::{Rebuilds, References};
use script::Reading;

/// Findings.
pub fn lint<'a>(scripts: impl IntoIterator<Item = &'a Script>, dialect: Option<Dialect>) -> Vec<Problem> {
    let mut references = References::default();
    let mut problems = Vec::new();
    for script in scripts.into_iter().filter(|script| script.direction() == Direction::Up) {
        let Some(reading) = Reading::of(script, dialect) else { continue };
        references.learn(&reading);
        let rebuilds = Rebuilds::in_script(&reading);
        let mut findings = Vec::new();
        squawk::find(&reading, &mut findings);
        loss::find(&reading, &rebuilds, &mut findings);
        clients::find(&reading, &rebuilds, &mut findings);
        locks::find(&reading, &mut findings);
        rebuild::find(&reading, &rebuilds, &references, &mut findings);
        settings::find(&reading, &mut findings);
        transaction::find(&reading, &mut findings);
        enums::find(&reading, &mut findings);
        problems.extend(excuses::apply(&reading, findings));
    }
    problems.sort();
    problems
}
