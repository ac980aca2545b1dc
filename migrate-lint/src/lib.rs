//! Finds risky SQL in migration scripts.
mod catalog;
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

use catalog::Catalog;
use rebuild::Rebuilds;
use script::Reading;

/// Findings.
pub fn lint<'a>(scripts: impl IntoIterator<Item = &'a Script>, dialect: Option<Dialect>) -> Vec<Problem> {
    let mut catalog = Catalog::default();
    let mut problems = Vec::new();
    for script in scripts.into_iter().filter(|script| script.direction() == Direction::Up) {
        let Some(reading) = Reading::of(script, dialect) else { continue };
        catalog.learn(&reading);
        let rebuilds = Rebuilds::in_script(&reading);
        let mut findings = Vec::new();
        squawk::find(&reading, &catalog, &mut findings);
        loss::find(&reading, &rebuilds, &catalog, &mut findings);
        clients::find(&reading, &rebuilds, &mut findings);
        locks::find(&reading, &mut findings);
        rebuild::find(&reading, &rebuilds, &catalog, &mut findings);
        settings::find(&reading, &mut findings);
        transaction::find(&reading, &mut findings);
        enums::find(&reading, &mut findings);
        catalog.conclude(&reading);
        problems.extend(excuses::apply(&reading, findings));
    }
    problems.sort();
    problems
}
