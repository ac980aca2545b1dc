//! Two and three runners on one database, in every order of their requests, each of which may be the last that its runner makes.
//!
//! A runner is a thread that waits for its turn before each request, and only one has it; a request that the database makes wait for
//! another runner is left alone until it is answered. The orders are followed depth first. Two orders that have led to the same state,
//! which is all that each runner was answered up to now, and what is committed, go on in the same way, so they are followed once; how
//! many orders there are is counted in the graph of the states. The database is a real one: a file of SQLite, and Postgres. With
//! `MIGRATE_TEST_THOROUGH=1` in the environment more of them are followed, which takes many minutes.

mod explorer;
mod turns;

use migrate_runtime::{Error, ErrorKind, Migrations, Migrator, Scope, Version};
use migrate_tests::{Driver, Verb, migrations, numbered_and_back};

use explorer::{Case, Runner, explore};

const BOTH: [Driver; 2] = [Driver::Rusqlite, Driver::Postgres];

/// Whether to explore what takes many minutes.
fn is_thorough() -> bool {
    std::env::var_os("MIGRATE_TEST_THOROUGH").is_some()
}

fn run(set: &Migrations) -> Runner<'_> {
    Runner { migrator: Migrator::new(set), verb: Verb::Run }
}

fn run_to(set: &Migrations, version: u64) -> Runner<'_> {
    Runner { migrator: Migrator::new(set).target(Version::from(version)), verb: Verb::Run }
}

fn as_one(set: &Migrations) -> Runner<'_> {
    Runner { migrator: Migrator::new(set).scope(Scope::All), verb: Verb::Run }
}

fn revert_to(set: &Migrations, version: u64) -> Runner<'_> {
    Runner { migrator: Migrator::new(set), verb: Verb::RevertTo(version) }
}

/// Runners on an empty database, of which one may die, and the others end well.
fn from_nothing<'a>(runners: Vec<Runner<'a>>, last: Runner<'a>) -> Case<'a> {
    Case { before: None, runners, deaths: 1, may_end_with: |_| false, last }
}

fn is_mismatch(error: &Error) -> bool {
    error.kind() == ErrorKind::HistoryMismatch
}

/// `least` is about half of the orders that there are on SQLite, and on Postgres: fewer would mean that some were not followed.
fn check(driver: Driver, name: &str, least: [u128; 2], case: &Case<'_>) {
    let explored = explore(driver, case);
    println!("{driver:?}, {name}, {} of {} may die: {explored}", case.deaths, case.runners.len());
    assert!(explored.orders >= least[usize::from(!driver.is_sqlite())], "{name}: {explored}");
}

#[test]
fn two_from_nothing() {
    let set = numbered_and_back(1..=2);
    check(Driver::Rusqlite, "from nothing", [10_000_000, 0], &from_nothing(vec![run(&set), run(&set)], run(&set)));
}

#[test]
fn two_and_a_first_migration() {
    let set = numbered_and_back(1..=1);
    for driver in BOTH {
        check(driver, "from nothing", [7_000, 9_000], &from_nothing(vec![run(&set), run(&set)], run(&set)));
    }
}

#[test]
fn three_from_nothing() {
    let set = numbered_and_back(1..=1);
    let deaths = if is_thorough() { 3 } else { 1 };
    let case = Case { deaths, ..from_nothing(vec![run(&set), run(&set), run(&set)], run(&set)) };
    check(Driver::Rusqlite, "from nothing", [2_000_000_000, 0], &case);
}

#[test]
fn two_of_which_each_wants_all_or_nothing() {
    for driver in BOTH {
        let set = numbered_and_back(1..=if driver.is_sqlite() || is_thorough() { 2 } else { 1 });
        check(driver, "as one", [30_000, 1_000_000], &from_nothing(vec![as_one(&set), as_one(&set)], run(&set)));
        check(
            driver,
            "as one beside one by one",
            [900_000, 900_000],
            &from_nothing(vec![as_one(&set), run(&set)], run(&set)),
        );
    }
}

#[test]
fn one_runs_and_one_reverts() {
    let set = numbered_and_back(1..=2);
    for driver in BOTH {
        let case = Case {
            before: Some(run(&set)),
            runners: vec![run(&set), revert_to(&set, 1)],
            deaths: 1,
            may_end_with: is_mismatch,
            last: run(&set),
        };
        check(driver, "run and revert", [40, 15], &case);
    }
}

#[test]
fn two_revert() {
    for driver in BOTH {
        let set = numbered_and_back(1..=if is_thorough() { 3 } else { 2 });
        let case = Case {
            before: Some(run(&set)),
            runners: vec![revert_to(&set, 1), revert_to(&set, 1)],
            deaths: 1,
            may_end_with: is_mismatch,
            last: run(&set),
        };
        check(driver, "revert", [160_000, 700], &case);
    }
}

/// Built from one state, and both deployed: one of them is refused, or comes before the other.
#[test]
fn two_branches() {
    let (base, left, right, both) =
        (numbered_and_back(1..=1), numbered_and_back([1, 2]), numbered_and_back([1, 3]), numbered_and_back(1..=3));
    for driver in BOTH {
        let case = Case {
            before: Some(run(&base)),
            runners: vec![run(&left), run(&right)],
            deaths: 1,
            may_end_with: is_mismatch,
            last: Runner { migrator: Migrator::new(&both).allow_out_of_order(), verb: Verb::Run },
        };
        check(driver, "branches", [18_000, 200], &case);
    }
}

#[test]
fn an_old_and_a_new_binary() {
    let set = numbered_and_back(1..=2);
    for driver in BOTH {
        check(
            driver,
            "up to a target, and all",
            [500_000, 20_000],
            &from_nothing(vec![run_to(&set, 1), run(&set)], run(&set)),
        );
    }
}

/// Both fail where the file fails, and what comes before it is done once.
#[test]
fn a_migration_that_fails() {
    let fails = |error: &Error| error.kind() == ErrorKind::StatementFailed;
    let files = [
        ("1_a.sql", "CREATE TABLE done (n integer);"),
        ("2_b.sql", "INSERT INTO done VALUES (2);\nSELECT * FROM never;"),
    ];
    let (set, sound) = (migrations(&files), migrations(&files[..1]));
    for driver in BOTH {
        let runners = vec![run(&set), run(&set)];
        let before = (!driver.is_sqlite()).then(|| run(&sound));
        let case = Case { before, may_end_with: fails, ..from_nothing(runners, run(&sound)) };
        check(driver, "a failure", [1_800_000, 1_700], &case);
    }
}

/// Claims that are committed before the work begins, and whoever finds one asks whether its runner lives.
#[test]
fn outside_of_a_transaction() {
    let set = migrations(&[
        ("1_a.sql", "CREATE TABLE done (n integer);"),
        ("2_b.sql", "-- migrate: no-transaction\nINSERT INTO done VALUES (2);"),
    ]);
    for driver in BOTH {
        let runners = vec![run(&set), run(&set)];
        let case = Case { before: Some(run_to(&set, 1)), ..from_nothing(runners, run(&set)) };
        check(driver, "outside", [70_000, 15_000], &case);
    }
}
