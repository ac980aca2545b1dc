//! The kit for tests.

mod postgres;
mod rehearsal;
mod sqlite;

use migrate_runtime::Migrations;
use migrate_tests::set;

/// A set, and one that comes after it.
fn two_sets() -> [&'static Migrations; 2] {
    let base: &Migrations = Box::leak(Box::new(set(
        "base",
        &[
            ("1_a.up.sql", "CREATE TABLE base1 (x integer PRIMARY KEY)"),
            ("1_a.down.sql", "DROP TABLE base1"),
            ("2_b.up.sql", "INSERT INTO base1 VALUES (3)"),
            ("2_b.down.sql", "DELETE FROM base1"),
        ],
    )));
    let more = [
        ("1_a.up.sql", "CREATE TABLE more1 (x integer REFERENCES base1 (x)); INSERT INTO more1 SELECT x FROM base1"),
        ("1_a.down.sql", "DROP TABLE more1"),
    ];
    [base, Box::leak(Box::new(set("more", &more).after(base)))]
}

/// What a step of the second set does.
const IN_RUST: &str = "INSERT INTO base1 VALUES (4); INSERT INTO more1 VALUES (4)";
