//! Finds risky SQL in migration scripts: what loses data, what locks tables for long, what breaks the instances of a service that still
//! run while the new one starts, and what does not do what it seems to.
//!
//! ```
//! use migrate_core::{Dialect, Direction, embedded};
//!
//! # let script = |sql| embedded::script("3", "tidy", None, Direction::Up, "migrations/0003_tidy.sql", sql, &[0; 32]);
//! let scripts = [script("ALTER TABLE books ADD COLUMN isbn text;\nALTER TABLE books DROP COLUMN number;")];
//! let findings = migrate_lint::lint(&scripts, Some(Dialect::Postgres), |_| true);
//! assert_eq!(
//!     findings[0].to_string(),
//!     "column `number` of `books` is dropped, with all that is in it (lint `ban-drop-column`)\n\
//!      --> migrations/0003_tidy.sql:2:19\n\
//!      help: let a release go by in which no client needs it, then do this in the next one"
//! );
//! ```
//!
//! # What counts as risky
//! A linter that cries wolf is turned off, so every rule is about rows, locks or clients; none is about taste. A table that the script
//! itself has created is never a finding: it has no rows, and nobody waits for it. Scripts are read in their order, and what earlier ones
//! tell counts: a `varchar(20)` that becomes a `varchar(40)` is none, nor is the end of a function that only triggers could call. What
//! a statement does is read from its words; nothing is looked up in a database, and what is not understood is not found.
//!
//! Only scripts up are linted. A script down takes back what its script up has made, so it drops and empties by design; it runs when
//! somebody has decided that, with the data of that day before his eyes, and a finding could only say what he knows.
//!
//! # Excuses
//! A finding that is meant to be is excused in its file, before the first statement, with a reason for the reviewer:
//!
//! ```sql
//! -- migrate: allow=ban-drop-table nobody has read it since 2.0
//! DROP TABLE notes;
//! ```
//!
//! It holds for every finding of that rule in that file. One that is not needed (`needless-excuse`), or names no rule
//! (`unknown-lint-rule`), is found too. These two are [advice](is_advice), which should stop a build only for a draft: another file may have shipped,
//! and an edit changes its checksum. For the same reason the findings in migrations that have shipped are better left alone than excused:
//! [`lint`] judges only the scripts that are wanted.
//!
//! # Rules
//! Those with the names of [squawk](https://squawkhq.com)'s are squawk's, fitted to this runner: it wraps each file in one transaction, so
//! the rules about transaction statements and repeatable statements are left out; so are matters of taste, and what only allows more than
//! before. Some of them are found here without squawk, to be the same in every dialect. squawk's own comments (`-- squawk-ignore …`)
//! work for what squawk finds. Its parser is not the server: where it stumbles, it says nothing.
//!
//! | rule | dialect | what it finds |
//! |---|---|---|
//! | `adding-field-with-default` | postgres | a column is added whose value is computed for every row |
//! | `adding-foreign-key-constraint` | postgres | a foreign key is added to a table that was there before, and checked at once |
//! | `adding-not-nullable-field` | postgres | a column of a table that was there before becomes `NOT NULL` |
//! | `adding-required-field` | postgres, sqlite | a column is added as `NOT NULL` without a default to a table that was there before |
//! | `adding-serial-primary-key-field` | postgres | a primary key is added to a table that was there before |
//! | `backfill-with-schema-change` | postgres | rows of a table that was there before are changed or copied after another statement has locked one |
//! | `ban-alter-domain-with-add-constraint` | postgres | a constraint is added to a domain |
//! | `ban-alter-identity` | postgres | how the identity of a column is generated is changed |
//! | `ban-concurrent-index-creation-in-transaction` | postgres | an index is created `CONCURRENTLY` in a migration that runs in a transaction |
//! | `ban-drop-column` | every | a column of a table that was there before is dropped |
//! | `ban-drop-database` | every | a database is dropped |
//! | `ban-drop-default` | postgres | the default of a column of a table that was there before is dropped |
//! | `ban-drop-domain` | postgres | a domain is dropped and not made again |
//! | `ban-drop-extension` | postgres | an extension is dropped |
//! | `ban-drop-function` | postgres | a function or procedure is dropped and not made again |
//! | `ban-drop-generated-expression` | postgres | a generated column becomes a plain one |
//! | `ban-drop-schema` | every | a schema is dropped |
//! | `ban-drop-sequence` | postgres | a sequence is dropped and not made again |
//! | `ban-drop-table` | every | a table that was there before is dropped |
//! | `ban-drop-type` | postgres | a type is dropped and not made again |
//! | `ban-drop-view` | postgres | a view is dropped and not made again |
//! | `ban-duplicate-column-assignments` | postgres | one statement names a column twice |
//! | `ban-set-schema` | postgres | something is moved to another schema |
//! | `ban-truncate` | every | every row of a table that was there before is deleted |
//! | `ban-truncate-cascade` | postgres | `TRUNCATE … CASCADE` |
//! | `changing-column-type` | postgres | the type of a column of a table that was there before is changed |
//! | `constraint-missing-not-valid` | postgres | a constraint is added to a table that was there before, and checked at once |
//! | `disallowed-unique-constraint` | postgres | a unique constraint is added to a table that was there before |
//! | `enum-value-used-at-once` | postgres | a value is added to an enum, and the same text stands in a later statement of the migration |
//! | `foreign-keys-in-transaction` | sqlite | `PRAGMA foreign_keys = ON` in a migration that runs in a transaction |
//! | `identifier-too-long` | postgres | a name of more than 63 bytes |
//! | `needless-excuse` | every | an excuse for a rule that finds nothing in the script |
//! | `needless-no-transaction` | postgres, sqlite | `-- migrate: no-transaction`, and no statement that needs it |
//! | `rebuild-with-foreign-keys` | sqlite | a table that others refer to is made anew (created, filled, dropped, renamed) under `foreign-keys=on` |
//! | `renaming-column` | every | a column of a table that was there before is renamed |
//! | `renaming-object` | postgres | a view, function, type or value of an enum is renamed |
//! | `renaming-table` | every | a table that was there before is renamed |
//! | `require-concurrent-index-creation` | postgres | an index is built on a table that was there before |
//! | `require-concurrent-partition-detach` | postgres | a partition is detached while its table is locked |
//! | `require-concurrent-reindex` | postgres | an index is built anew while its table is locked |
//! | `search-path-left-changed` | postgres | `SET search_path` that is neither `LOCAL` nor set back |
//! | `several-tables-locked` | postgres | one transaction locks several tables that were there before |
//! | `unknown-lint-rule` | every | an excuse for a rule that does not exist |
//!
//! Why, and what to do instead, is in [`rules()`].

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
use script::{Finding, Reading};

/// What is risky in the scripts of one set, sorted by file and place. They are read in the order given, which is that of their versions:
/// earlier ones tell of tables, columns and foreign keys. Only those that are `wanted` are judged; history that has shipped need not be.
///
/// `dialect` is the one that the user has asked for; a script that has one of its own is read in that. A script without any gets only the
/// rules that hold in every dialect. Scripts down are left out, and so are scripts that no dialect can read: the reader of the folder
/// refuses those.
///
/// Each finding has a [rule](Problem::rule), a file, a place and a remedy. Time is linear in the length of the scripts.
///
/// ```
/// # use migrate_core::{Dialect, Direction, embedded};
/// # let script = |sql| embedded::script("1", "x", None, Direction::Up, "1_x.sql", sql, &[0; 32]);
/// let scripts = [script("CREATE TABLE a (b int); DROP TABLE a; DROP TABLE c;")];
/// let findings = migrate_lint::lint(&scripts, Some(Dialect::Sqlite), |_| true);
/// assert_eq!(findings.len(), 1);
/// assert_eq!(findings[0].rule(), Some("ban-drop-table"));
/// ```
pub fn lint<'a>(
    scripts: impl IntoIterator<Item = &'a Script>,
    dialect: Option<Dialect>,
    wanted: impl Fn(&Script) -> bool,
) -> Vec<Problem> {
    let mut catalog = Catalog::default();
    let mut problems = Vec::new();
    for script in scripts.into_iter().filter(|script| script.direction() == Direction::Up) {
        let Some(reading) = Reading::of(script, dialect) else { continue };
        catalog.learn(&reading);
        if wanted(script) {
            problems.extend(excuses::apply(&reading, findings(&reading, &catalog)));
        }
        catalog.conclude(&reading);
    }
    problems.sort();
    problems
}

/// What the rules find in a script, excused or not.
fn findings(reading: &Reading<'_>, catalog: &Catalog) -> Vec<Finding> {
    let rebuilds = Rebuilds::in_script(reading);
    let mut findings = Vec::new();
    squawk::find(reading, catalog, &mut findings);
    loss::find(reading, &rebuilds, catalog, &mut findings);
    clients::find(reading, &rebuilds, &mut findings);
    locks::find(reading, &mut findings);
    rebuild::find(reading, &rebuilds, catalog, &mut findings);
    settings::find(reading, &mut findings);
    transaction::find(reading, &mut findings);
    enums::find(reading, &mut findings);
    findings
}

/// Whether a finding is advice, which should stop a build only for a draft: its rule says so.
///
/// ```
/// use migrate_core::{Dialect, Direction, embedded};
///
/// let sql = "-- migrate: allow=ban-drop-table it is empty\nSELECT 1;";
/// let scripts = [embedded::script("1", "x", None, Direction::Up, "1_x.sql", sql, &[0; 32])];
/// let findings = migrate_lint::lint(&scripts, Some(Dialect::Sqlite), |_| true);
/// assert_eq!(findings[0].message(), "the excuse for `ban-drop-table` is no longer needed");
/// assert!(migrate_lint::is_advice(&findings[0]));
/// ```
pub fn is_advice(finding: &Problem) -> bool {
    finding.rule().and_then(rules::of_name).is_some_and(|rule| rule.is_advice)
}
