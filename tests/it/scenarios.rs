//! State before, verb and policy → what is said and the state after: as data, on every driver.
//!
//! Each scenario is tried first (`dry_run`), which must write nothing and tell what then happens.

use migrate_runtime::{Migrations, Migrator, Scope, Standing};
use migrate_tests::{Connection, Driver, Fresh, Verb, migrations};

/// A set in one line: a file each, `version`, `version!` with another text, `version-` without a script down,
/// `version~` renamed, `version+` compatible with older binaries, `version*` outside of a transaction, `version?` failing.
fn set(files: &str) -> Migrations {
    let mut made: Vec<(String, String)> = Vec::new();
    for file in files.split_whitespace() {
        let version = file.trim_end_matches(|mark: char| !mark.is_ascii_digit());
        let has = |mark: char| file.contains(mark);
        let name = if has('~') { "renamed" } else { "t" };
        let directive = match file {
            _ if has('+') => "-- migrate: compatible=backward\n",
            _ if has('*') => "-- migrate: no-transaction\n",
            _ => "",
        };
        let note = if has('!') { "-- edited\n" } else { "" };
        let failing = if has('?') { "\nSELECT * FROM nowhere;" } else { "" };
        let up = format!("{directive}{note}CREATE TABLE t{version} (id integer);{failing}");
        made.push((format!("{version}_{name}.up.sql"), up));
        if !has('-') {
            let directive = if has('*') { "-- migrate: no-transaction\n" } else { "" };
            made.push((format!("{version}_{name}.down.sql"), format!("{directive}DROP TABLE t{version};")));
        }
    }
    migrations(&made.iter().map(|(path, sql)| (&**path, &**sql)).collect::<Vec<_>>())
}

/// Options of the migrator, by word.
fn options<'a>(mut migrator: Migrator<'a>, words: &str) -> Migrator<'a> {
    for word in words.split_whitespace() {
        migrator = match word.split_once('=').unwrap_or((word, "")) {
            ("target", version) => migrator.target(version.parse::<u64>().unwrap()),
            ("at-most", number) => migrator.at_most(number.parse().unwrap()),
            ("all", _) => migrator.scope(migrate_runtime::Scope::All),
            ("out-of-order", _) => migrator.allow_out_of_order(),
            ("missing", _) => migrator.allow_missing(),
            ("ahead", _) => migrator.allow_ahead(),
            ("no-ahead", _) => migrator.refuse_ahead(),
            ("may-reset", _) => migrator.dangerously_allow_reset(),
            (other, _) => panic!("{other}"),
        };
    }
    migrator
}

struct Scenario {
    /// The set that the database was migrated with before, and statements that were run by hand.
    before: &'static str,
    by_hand: &'static str,
    /// The set, the options and the verb.
    binary: &'static str,
    options: &'static str,
    verb: Verb,
    /// What was done, as `verb version`; or the code of the error and words of its text.
    expect: Result<&'static str, (&'static str, &'static [&'static str])>,
    /// Where every migration stands after, and the tables that are there.
    after: &'static str,
    tables: &'static str,
}

#[track_caller]
fn check(scenario: &Scenario) {
    for driver in Driver::ALL {
        let fresh = Fresh::new(driver);
        let (before, binary) = (set(scenario.before), set(scenario.binary));
        let mut connection = fresh.connect();
        if !scenario.before.is_empty() {
            connection.run(&Migrator::new(&before).allow_out_of_order()).unwrap();
        }
        if !scenario.by_hand.is_empty() {
            connection.execute(scenario.by_hand);
        }
        let what = format!("{driver:?}: {} / {} {:?}", scenario.before, scenario.binary, scenario.verb);
        let migrator = options(Migrator::new(&binary), scenario.options);

        let unchanged = snapshot(&mut connection);
        let planned = connection.try_verb(&migrator, &scenario.verb);
        assert_eq!(snapshot(&mut connection), unchanged, "{what}: a dry run has written");
        let done = connection.execute_verb(&migrator, &scenario.verb);
        match (&scenario.expect, &done) {
            (Ok(expect), Ok(report)) => {
                let told: Vec<String> = report
                    .changes()
                    .iter()
                    .map(|change| format!("{} {}", change.action.to_do(), change.migration.version_as_written()))
                    .collect();
                assert_eq!(told.join(", "), *expect, "{what}");
                let plan = planned.unwrap_or_else(|error| panic!("{what}: {error}"));
                let pending = plan.pending();
                let plan: Vec<String> = plan
                    .changes()
                    .iter()
                    .map(|change| format!("{} {}", change.action.to_do(), change.migration.version_as_written()))
                    .collect();
                assert_eq!(plan.join(", "), *expect, "{what}: the plan");
                if let Verb::Run = scenario.verb {
                    let left = connection.status(&Migrator::new(&binary)).unwrap().count(Standing::Pending);
                    assert_eq!((report.pending(), pending), (left, left), "{what}: what was left out");
                }
            }
            (Err((code, words)), Err(error)) => {
                // What fails while it runs cannot be known before.
                let is_known = *code != "statement-failed";
                assert_eq!(planned.is_err(), is_known, "{what}: the plan is {planned:?}, and then {error}");
                assert_eq!(error.code(), *code, "{what}: {error}");
                assert!(!error.to_string().contains("in the set"), "{what}: there is only one\n{error}");
                for word in *words {
                    assert!(error.to_string().contains(word), "{what}: {word:?} is not in\n{error}");
                }
            }
            (expect, done) => panic!("{what}: {expect:?}, but {done:?}"),
        }
        let status = connection.status(&Migrator::new(&binary)).unwrap();
        let standings: Vec<String> = status
            .migrations()
            .iter()
            .map(|one| format!("{} {}", one.migration.version_as_written(), one.standing.as_str()))
            .collect();
        assert_eq!(standings.join(", "), scenario.after, "{what}");
        let tables: Vec<String> = connection.tables().into_iter().filter(|name| name.starts_with('t')).collect();
        assert_eq!(tables.join(" "), scenario.tables, "{what}");
        assert!(!connection.is_in_transaction(), "{what}");
    }
}

/// Every table, and every row of the history.
fn snapshot(connection: &mut Connection) -> (Vec<String>, Vec<String>) {
    let tables = connection.tables();
    let has_history = tables.iter().any(|table| table == "schema_migrations");
    let rows =
        if has_history { connection.rows("SELECT * FROM schema_migrations ORDER BY version") } else { Vec::new() };
    (tables, rows)
}

macro_rules! scenarios {
    ($($name:ident: $before:literal $([$by_hand:expr])? / $binary:literal ($options:literal) $verb:expr => $expect:expr, $after:literal, $tables:literal;)+) => {$(
        #[test]
        fn $name() {
            #[allow(unused_mut, unused_assignments)]
            let mut by_hand = "";
            $(by_hand = $by_hand;)?
            check(&Scenario {
                before: $before, by_hand, binary: $binary, options: $options, verb: $verb,
                expect: $expect, after: $after, tables: $tables,
            });
        }
    )+};
}

const NO_WORDS: &[&str] = &[];

// Left in the middle, outside of a transaction: before its first statement, at it, and on the way down.
const BEGUN_2: &str = "UPDATE schema_migrations SET state = 'running', statements_begun = 0, statements_done = 0 WHERE version = '2'; DROP TABLE t2";
const BEGUN_3: &str = "UPDATE schema_migrations SET state = 'running', statements_begun = 0, statements_done = 0 WHERE version = '3'; DROP TABLE t3";
const RUNNING_2: &str =
    "UPDATE schema_migrations SET state = 'running', statements_begun = 0, statements_done = 0 WHERE version = '2'";
const IN_DOUBT_2: &str =
    "UPDATE schema_migrations SET state = 'running', statements_begun = 1, statements_done = 0 WHERE version = '2'";
const REVERTING_2: &str =
    "UPDATE schema_migrations SET state = 'reverting', statements_begun = 0, statements_done = 0 WHERE version = '2'";
const REVERTING_IN_DOUBT_2: &str =
    "UPDATE schema_migrations SET state = 'reverting', statements_begun = 1, statements_done = 0 WHERE version = '2'";
const REVERTING_3: &str =
    "UPDATE schema_migrations SET state = 'reverting', statements_begun = 0, statements_done = 0 WHERE version = '3'";

// By somebody who knows better.
const OTHER_CHECKSUM_2: &str = "UPDATE schema_migrations SET checksum = 'sha256:0000000000000000000000000000000000000000000000000000000000000000' WHERE version = '2'";
const UNREADABLE_DOWN_2: &str =
    "UPDATE schema_migrations SET down_sql = '-- migrate: no-such-thing\nDROP TABLE t2' WHERE version = '2'";

// before [by hand] / binary (options) verb => what is said, the state after, the tables
scenarios! {
    run_from_nothing: "" / "1 2 3" ("") Verb::Run
        => Ok("apply 1, apply 2, apply 3"), "1 applied, 2 applied, 3 applied", "t1 t2 t3";
    run_again: "1 2" / "1 2" ("") Verb::Run => Ok(""), "1 applied, 2 applied", "t1 t2";
    run_up_to_a_target: "1" / "1 2 3 4" ("target=3") Verb::Run
        => Ok("apply 2, apply 3"), "1 applied, 2 applied, 3 applied, 4 pending", "t1 t2 t3";
    run_behind_ten: "9 10" / "9 10 11" ("") Verb::Run
        => Ok("apply 11"), "9 applied, 10 applied, 11 applied", "t10 t11 t9";
    run_to_a_target_below: "1 2 3" / "1 2 3" ("target=1") Verb::Run
        => Ok(""), "1 applied, 2 applied, 3 applied", "t1 t2 t3";
    run_to_an_unknown_target: "1" / "1 2" ("target=9") Verb::Run
        => Err(("unknown-version", &["version 9", "nothing was changed"])), "1 applied, 2 pending", "t1";
    run_a_few: "" / "1 2 3" ("at-most=2") Verb::Run => Ok("apply 1, apply 2"), "1 applied, 2 applied, 3 pending", "t1 t2";
    run_none: "" / "1 2" ("at-most=0") Verb::Run => Ok(""), "1 pending, 2 pending", "";
    run_all_as_one: "1" / "1 2 3" ("all") Verb::Run
        => Ok("apply 2, apply 3"), "1 applied, 2 applied, 3 applied", "t1 t2 t3";
    run_as_one_and_fail: "1" / "1 2 3?" ("all") Verb::Run
        => Err(("statement-failed", &["3_t", "nowhere", "is rolled back as a whole"])), "1 applied, 2 pending, 3 pending", "t1";
    run_each_and_fail: "1" / "1 2 3?" ("") Verb::Run
        => Err(("statement-failed", &["3_t", "nowhere", "2 stays applied"])), "1 applied, 2 applied, 3 pending", "t1 t2";
    go_on_and_fail: "1 2*" [BEGUN_2] / "1 2* 3 4?" ("") Verb::Run
        => Err(("statement-failed", &["4_t failed and was rolled back; 2 and 3 stay changed"])), "1 applied, 2 applied, 3 applied, 4 pending", "t1 t2 t3";
    run_as_one_from_nothing_and_fail: "" / "1 2?" ("all") Verb::Run
        => Err(("statement-failed", &["2_t"])), "1 pending, 2 pending", "";
    run_as_one_with_one_outside: "1" / "1 2 3*" ("all") Verb::Run
        => Err(("unsupported", &["3_t", "outside", "nothing was changed"])), "1 applied, 2 pending, 3 pending", "t1";
    run_one_outside: "" / "1 2* 3" ("") Verb::Run
        => Ok("apply 1, apply 2, apply 3"), "1 applied, 2 applied, 3 applied", "t1 t2 t3";

    out_of_order_is_refused: "1 3" / "1 2 3" ("") Verb::Run
        => Err(("history-mismatch", &["2_t is out-of-order", "allow_out_of_order"])), "1 applied, 2 out-of-order, 3 applied", "t1 t3";
    out_of_order_is_applied: "1 3" / "1 2 3 4" ("out-of-order") Verb::Run
        => Ok("apply 2, apply 4"), "1 applied, 2 applied, 3 applied, 4 applied", "t1 t2 t3 t4";
    missing_is_refused: "1 2 3" / "1 3 4" ("") Verb::Run
        => Err(("history-mismatch", &["2_t is missing", "allow_missing"])), "1 applied, 2 missing, 3 applied, 4 pending", "t1 t2 t3";
    missing_is_allowed: "1 2 3" / "1 3 4" ("missing") Verb::Run
        => Ok("apply 4"), "1 applied, 2 missing, 3 applied, 4 applied", "t1 t2 t3 t4";
    ahead_is_refused: "1 2 3+" / "1" ("") Verb::Run
        => Err(("history-mismatch", &["2_t is ahead", "compatible=backward", "allow_ahead"])), "1 applied, 2 ahead, 3 ahead", "t1 t2 t3";
    ahead_and_compatible: "1 2+ 3+" / "1" ("") Verb::Run => Ok(""), "1 applied, 2 ahead, 3 ahead", "t1 t2 t3";
    ahead_and_compatible_but_refused: "1 2+" / "1" ("no-ahead") Verb::Run
        => Err(("history-mismatch", &["2_t is ahead", "refuse_ahead"])), "1 applied, 2 ahead", "t1 t2";
    ahead_is_allowed: "1 2" / "1" ("ahead") Verb::Run => Ok(""), "1 applied, 2 ahead", "t1 t2";
    divergent_is_refused_whatever_is_allowed: "1 2" / "1 2! 3" ("out-of-order missing ahead") Verb::Run
        => Err(("history-mismatch", &["2_t is divergent", "+-- edited", "repair"])), "1 applied, 2 divergent, 3 pending", "t1 t2";

    divergent_by_its_checksum_alone: "1 2" [OTHER_CHECKSUM_2] / "1 2" ("") Verb::Run
        => Err(("history-mismatch", &["2_t is divergent", "the text is the same: somebody has altered the checksum in the row"])), "1 applied, 2 divergent", "t1 t2";

    revert_to_a_version: "1 2 3" / "1 2 3" ("") Verb::RevertTo(1)
        => Ok("revert 3, revert 2"), "1 applied, 2 pending, 3 pending", "t1";
    revert_to_the_latest: "1 2" / "1 2" ("") Verb::RevertTo(2) => Ok(""), "1 applied, 2 applied", "t1 t2";
    revert_to_an_unknown_version: "1 2" / "1 2" ("") Verb::RevertTo(7)
        => Err(("unknown-version", &["version 7"])), "1 applied, 2 applied", "t1 t2";
    revert_the_last: "1 2 3" / "1 2 3" ("") Verb::RevertLast(2)
        => Ok("revert 3, revert 2"), "1 applied, 2 pending, 3 pending", "t1";
    a_number_for_runs_is_none_for_reverts: "1 2 3" / "1 2 3" ("at-most=1 target=1") Verb::RevertLast(2)
        => Ok("revert 3, revert 2"), "1 applied, 2 pending, 3 pending", "t1";
    revert_more_than_there_are: "1" / "1" ("") Verb::RevertLast(5) => Ok("revert 1"), "1 pending", "";
    revert_nothing: "" / "1" ("") Verb::RevertLast(1) => Ok(""), "1 pending", "";
    revert_without_a_script: "1 2- 3" / "1 2- 3" ("") Verb::RevertTo(1)
        => Err(("no-down-script", &["1 migration is without a script down; nothing was reverted\n   2_t"])), "1 applied, 2 applied, 3 applied", "t1 t2 t3";
    revert_as_one: "1 2 3" / "1 2 3" ("all") Verb::RevertTo(1)
        => Ok("revert 3, revert 2"), "1 applied, 2 pending, 3 pending", "t1";
    revert_what_a_newer_binary_applied: "1 2 3" / "1" ("") Verb::RevertTo(1)
        => Ok("revert 3, revert 2"), "1 applied", "t1";
    revert_what_a_newer_binary_applied_without_a_script: "1 2-" / "1" ("") Verb::RevertTo(1)
        => Err(("no-down-script", &["2_t"])), "1 applied, 2 ahead", "t1 t2";
    revert_what_a_newer_binary_applied_with_a_script_that_cannot_be_read: "1 2" [UNREADABLE_DOWN_2] / "1" ("") Verb::RevertTo(1)
        => Err(("unreadable-script", &["2_t, down, as the history has it", "no-such-thing", "Migrator::mark_pending"])), "1 applied, 2 ahead", "t1 t2";
    revert_what_differs: "1 2" / "1 2!" ("") Verb::RevertTo(1)
        => Err(("history-mismatch", &["2_t is divergent"])), "1 applied, 2 divergent", "t1 t2";
    revert_one_outside: "1 2*" / "1 2*" ("") Verb::RevertTo(1) => Ok("revert 2"), "1 applied, 2 pending", "t1";
    revert_fails: "1 2" ["DROP TABLE t2"] / "1 2" ("") Verb::RevertTo(1)
        => Err(("statement-failed", &["the script down of migration 2_t", "2_t.down.sql"])), "1 applied, 2 applied", "t1";
    redo_the_last: "1 2 3" / "1 2 3" ("") Verb::RedoLast(2)
        => Ok("revert 3, revert 2, apply 2, apply 3"), "1 applied, 2 applied, 3 applied", "t1 t2 t3";
    redo_beside_a_pending_one: "1 2" / "1 2 3" ("") Verb::RedoLast(1)
        => Ok("revert 2, apply 2"), "1 applied, 2 applied, 3 pending", "t1 t2";
    redo_as_one: "1 2" / "1 2" ("all") Verb::RedoLast(1) => Ok("revert 2, apply 2"), "1 applied, 2 applied", "t1 t2";
    redo_some_as_one: "1 2 3" / "1 2 3" ("all") Verb::RedoLast(2)
        => Ok("revert 3, revert 2, apply 2, apply 3"), "1 applied, 2 applied, 3 applied", "t1 t2 t3";
    redo_what_this_binary_lacks: "1 2" / "1" ("") Verb::RedoLast(1)
        => Err(("unknown-version", &["2_t"])), "1 applied, 2 ahead", "t1 t2";
    reset_needs_leave: "1 2" / "1 2" ("") Verb::Reset
        => Err(("invalid-option", &["dangerously_allow_reset"])), "1 applied, 2 applied", "t1 t2";
    repair_with_a_reason_that_says_nothing: "1 2" / "1 2!" ("") Verb::Repair(2, "\0 \n")
        => Err(("invalid-option", &["reason"])), "1 applied, 2 divergent", "t1 t2";
    reset_reverts_everything: "1 2 3" / "1 2" ("may-reset") Verb::Reset
        => Ok("revert 3, revert 2, revert 1"), "1 pending, 2 pending", "";

    baseline_an_old_database: "" ["CREATE TABLE t1 (id integer); CREATE TABLE t2 (id integer)"] / "1 2 3" ("") Verb::Baseline(2)
        => Ok("baseline 1, baseline 2"), "1 applied, 2 applied, 3 pending", "t1 t2";
    baseline_again: "1 2" / "1 2 3" ("") Verb::Baseline(2) => Ok(""), "1 applied, 2 applied, 3 pending", "t1 t2";
    baseline_where_there_is_a_history: "1" / "1 2 3" ("") Verb::Baseline(2)
        => Err(("has-history", &["1_t"])), "1 applied, 2 pending, 3 pending", "t1";
    baseline_to_an_unknown_version: "" / "1 2" ("") Verb::Baseline(7)
        => Err(("unknown-version", &["version 7"])), "1 pending, 2 pending", "";

    repair_what_differs: "1 2" / "1 2!" ("") Verb::Repair(2, "a comment") => Ok("repair 2"), "1 applied, 2 applied", "t1 t2";
    repair_a_new_name: "1 2" / "1 2~" ("") Verb::Repair(2, "renamed") => Ok("repair 2"), "1 applied, 2 applied", "t1 t2";
    repair_what_is_right: "1 2" / "1 2" ("") Verb::Repair(2, "to be sure") => Ok(""), "1 applied, 2 applied", "t1 t2";
    repair_without_a_reason: "1 2" / "1 2!" ("") Verb::Repair(2, " ")
        => Err(("invalid-option", &["reason"])), "1 applied, 2 divergent", "t1 t2";
    repair_what_is_pending: "1" / "1 2" ("") Verb::Repair(2, "x")
        => Err(("history-mismatch", &["2_t is pending", "it is not applied: there is nothing to repair"])), "1 applied, 2 pending", "t1";
    repair_what_is_missing: "1 2 3" / "1 3" ("") Verb::Repair(2, "x")
        => Err(("history-mismatch", &["2_t is missing"])), "1 applied, 2 missing, 3 applied", "t1 t2 t3";
    repair_what_was_interrupted: "1 2*" [BEGUN_2] / "1 2*" ("") Verb::Repair(2, "x")
        => Err(("history-mismatch", &["2_t is interrupted", "correct the file, then `run`"])), "1 applied, 2 interrupted", "t1";
    repair_what_nobody_knows: "1" / "1" ("") Verb::Repair(9, "x") => Err(("unknown-version", NO_WORDS)), "1 applied", "t1";

    mark_applied_what_was_done_by_hand: "1" ["CREATE TABLE t2 (id integer)"] / "1 2 3" ("") Verb::MarkApplied(2, "by hand")
        => Ok("mark applied 2"), "1 applied, 2 applied, 3 pending", "t1 t2";
    mark_applied_out_of_order: "1 3" / "1 2 3" ("") Verb::MarkApplied(2, "not needed")
        => Ok("mark applied 2"), "1 applied, 2 applied, 3 applied", "t1 t3";
    mark_applied_behind_ten: "9 10" / "9 10 11" ("") Verb::MarkApplied(11, "not needed")
        => Ok("mark applied 11"), "9 applied, 10 applied, 11 applied", "t10 t9";
    mark_applied_twice: "1" / "1" ("") Verb::MarkApplied(1, "x") => Ok(""), "1 applied", "t1";
    mark_applied_the_first: "" / "1" ("") Verb::MarkApplied(1, "x") => Ok("mark applied 1"), "1 applied", "";
    mark_applied_what_nobody_knows: "1" / "1" ("") Verb::MarkApplied(4, "x") => Err(("unknown-version", NO_WORDS)), "1 applied", "t1";
    mark_applied_what_only_the_history_knows: "1 2" / "1" ("") Verb::MarkApplied(2, "x")
        => Err(("unknown-version", &["version 2"])), "1 applied, 2 ahead", "t1 t2";
    mark_pending_what_was_undone_by_hand: "1 2" ["DROP TABLE t2"] / "1 2" ("") Verb::MarkPending(2, "by hand")
        => Ok("mark pending 2"), "1 applied, 2 pending", "t1";
    mark_pending_what_is_missing: "1 2 3" / "1 3" ("") Verb::MarkPending(2, "obsolete")
        => Ok("mark pending 2"), "1 applied, 3 applied", "t1 t2 t3";
    mark_pending_what_differs: "1 2" / "1 2!" ("") Verb::MarkPending(2, "again")
        => Ok("mark pending 2"), "1 applied, 2 pending", "t1 t2";
    mark_pending_what_is_pending: "1" / "1 2" ("") Verb::MarkPending(2, "x") => Ok(""), "1 applied, 2 pending", "t1";

    interrupted_above_the_target: "1 2*" [BEGUN_2]
        / "1 2* 3" ("target=1") Verb::Run
        => Err(("interrupted", &["2_t was interrupted, and is above version 1", "nothing was changed"])), "1 applied, 2 interrupted, 3 pending", "t1";
    interrupted_on_its_way_down_above_the_target: "1 2*" [REVERTING_2]
        / "1 2* 3" ("target=1") Verb::Run => Ok("resume 2"), "1 applied, 2 pending, 3 pending", "t1";
    interrupted_by_a_newer_binary_that_is_refused: "1 2*" [BEGUN_2] / "1" ("no-ahead") Verb::Run
        => Err(("interrupted", &["2_t was interrupted, and this binary does not have it"])), "1 applied, 2 interrupted", "t1";
    interrupted_by_a_newer_binary_with_work_left: "1 3*" [BEGUN_3] / "1 2" ("ahead out-of-order") Verb::Run
        => Err(("interrupted", &["3_t was interrupted, and this binary does not have it"])), "1 applied, 2 out-of-order, 3 interrupted", "t1";
    interrupted_and_nothing_allowed: "1 2*" [BEGUN_2]
        / "1 2* 3" ("at-most=0") Verb::Run
        => Err(("interrupted", &["2_t was interrupted", "at_most", "nothing was changed"])), "1 applied, 2 interrupted, 3 pending", "t1";
    interrupted_counts_as_one: "1 2*" [BEGUN_2]
        / "1 2* 3 4" ("at-most=2") Verb::Run
        => Ok("resume 2, apply 3"), "1 applied, 2 applied, 3 applied, 4 pending", "t1 t2 t3";
    interrupted_at_its_target: "1 2*" [BEGUN_2]
        / "1 2* 3" ("target=2") Verb::Run => Ok("resume 2"), "1 applied, 2 applied, 3 pending", "t1 t2";
    interrupted_and_not_ahead: "1 2*" [BEGUN_2]
        / "1 2*" ("ahead") Verb::Run => Ok("resume 2"), "1 applied, 2 applied", "t1 t2";
    interrupted_beside_a_missing_one: "1 2 3*" [BEGUN_3]
        / "1 3* 4" ("missing") Verb::Run
        => Ok("resume 3, apply 4"), "1 applied, 2 missing, 3 applied, 4 applied", "t1 t2 t3 t4";
    interrupted_on_its_way_down_beside_a_missing_one: "1 2 3*" [REVERTING_3]
        / "1 3*" ("") Verb::RevertLast(1) => Ok("resume 3"), "1 applied, 2 missing, 3 pending", "t1 t2";
    revert_beside_one_in_doubt: "1 2*" [IN_DOUBT_2]
        / "1 2*" ("") Verb::RevertLast(1)
        => Err(("history-mismatch", &[
            "2_t is interrupted", "2_t.up.sql\n     begun at ", "0 of 1 statements done, and statement 1 begun:\n       CREATE TABLE t2 (id integer)", "Migrator::resume",
        ])), "1 applied, 2 interrupted", "t1 t2";
    revert_again_what_was_interrupted: "1 2 3*" [REVERTING_3]
        / "1 2 3*" ("") Verb::RevertLast(1) => Ok("resume 3"), "1 applied, 2 applied, 3 pending", "t1 t2";
    revert_more_than_what_was_interrupted: "1 2 3*" [REVERTING_3]
        / "1 2 3*" ("") Verb::RevertTo(1) => Ok("resume 3, revert 2"), "1 applied, 2 pending, 3 pending", "t1";
    redo_what_was_interrupted_on_its_way_down: "1 2 3*" [REVERTING_3]
        / "1 2 3*" ("") Verb::RedoLast(1) => Ok("resume 3, apply 3"), "1 applied, 2 applied, 3 applied", "t1 t2 t3";
    redo_what_another_binary_was_reverting: "1 2*" [REVERTING_2]
        / "1" ("") Verb::RedoLast(1)
        => Err(("unknown-version", &["2_t"])), "1 applied, 2 interrupted", "t1 t2";
    revert_to_what_was_interrupted_on_its_way_down: "1 2 3*" [REVERTING_3]
        / "1 2 3*" ("") Verb::RevertTo(3)
        => Err(("history-mismatch", &["3_t is interrupted", "0 of 1 statements of its script down done\n"])), "1 applied, 2 applied, 3 interrupted", "t1 t2 t3";
    revert_to_what_is_in_doubt_on_its_way_down: "1 2*" [REVERTING_IN_DOUBT_2]
        / "1 2*" ("") Verb::RevertTo(2)
        => Err(("history-mismatch", &["0 of 1 statements of its script down done, and statement 1 begun:\n       DROP TABLE t2"])), "1 applied, 2 interrupted", "t1 t2";
    interrupted_on_its_way_down_without_a_script: "1 2*" [REVERTING_2]
        / "1 2*-" ("") Verb::Run
        => Err(("no-down-script", &["2_t"])), "1 applied, 2 interrupted", "t1 t2";
    revert_to_what_was_interrupted_without_a_script: "1 2*" [REVERTING_2]
        / "1 2*-" ("") Verb::RevertTo(2)
        => Err(("history-mismatch", &["2_t is interrupted\n     applied at ", "0 of 1 statements of its script down done"])), "1 applied, 2 interrupted", "t1 t2";
    in_doubt_at_its_first_statement: "1 2*" [IN_DOUBT_2]
        / "1 2*" ("") Verb::Run
        => Err(("interrupted", &["2_t was interrupted at statement 1 of 1", "none before it was done"])), "1 applied, 2 interrupted", "t1 t2";
    an_interrupted_revert_and_nothing_allowed: "1 2*" [REVERTING_2]
        / "1 2*" ("at-most=0") Verb::Run
        => Err(("interrupted", &["2_t was interrupted", "at_most"])), "1 applied, 2 interrupted", "t1 t2";
    revert_beside_what_another_binary_has_begun: "1 2*" [RUNNING_2]
        / "1" ("") Verb::RevertLast(1)
        => Err(("history-mismatch", &["2_t is interrupted", "start the binary that has it"])), "1 applied, 2 interrupted", "t1 t2";
    interrupted_and_no_longer_outside: "1 2*" [BEGUN_2]
        / "1 2" ("") Verb::Run
        => Err(("interrupted", &["2_t was interrupted outside of a transaction", "`-- migrate: no-transaction`", "nothing was changed"])), "1 applied, 2 interrupted", "t1";

    as_one_beside_an_interrupted_one: "1 2*" [BEGUN_2]
        / "1 2* 3" ("all") Verb::Run
        => Err(("interrupted", &["migration 2_t, which runs outside of a transaction, was interrupted", "Scope::PerMigration"])), "1 applied, 2 interrupted, 3 pending", "t1";
    nothing_is_in_doubt_to_be_skipped: "1 2*" [BEGUN_2]
        / "1 2*" ("") Verb::Resume(migrate_runtime::Resume::Skip)
        => Err(("interrupted", &["no statement of migration 2_t is in doubt: statement 1 has not run"])), "1 applied, 2 interrupted", "t1";
    nothing_is_in_doubt_to_be_marked: "1 2*" [BEGUN_2]
        / "1 2*" ("") Verb::Resume(migrate_runtime::Resume::MarkDone)
        => Err(("interrupted", &["statement 1 has not run", "Resume::Retry"])), "1 applied, 2 interrupted", "t1";

    resume_nothing: "1" / "1 2" ("") Verb::Resume(migrate_runtime::Resume::Retry) => Ok(""), "1 applied, 2 pending", "t1";
}

#[test]
fn an_edit_counts_the_statements_of_a_script() {
    let with = |last: &str| migrations(&[("1_a.sql", &format!("SELECT 1;\nSELECT 2;\n{last}"))]);
    let (two, three) = (with(""), with("SELECT 3;"));
    for driver in Driver::ALL {
        for verb in [Verb::Baseline(1), Verb::MarkApplied(1, "by hand")] {
            let fresh = Fresh::new(driver);
            let mut connection = fresh.connect();
            connection.execute_verb(&Migrator::new(&two), &verb).unwrap();
            assert_eq!(connection.value("SELECT statements FROM schema_migrations"), "2", "{driver:?}, {verb:?}");
            connection.execute_verb(&Migrator::new(&three), &Verb::Repair(1, "longer")).unwrap();
            assert_eq!(connection.value("SELECT statements FROM schema_migrations"), "3", "{driver:?}, {verb:?}");
        }
    }
}

#[test]
fn of_many_that_differ_the_first_five_are_shown() {
    let (before, after) = (set("1 2 3 4 5 6 7"), set("1! 2! 3! 4! 5! 6! 7!"));
    for driver in Driver::ALL {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection.run(&Migrator::new(&before)).unwrap();
        let text = connection.run(&Migrator::new(&after)).unwrap_err().to_string();
        let count = |words: &str| text.matches(words).count();
        assert_eq!((count(" is divergent"), count("+-- edited")), (7, 5), "{driver:?}: {text}");
    }
}

#[test]
fn what_was_reverted_can_be_applied_again_and_the_history_remembers() {
    for driver in Driver::ALL {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        let two = set("1 2");
        let migrator = Migrator::new(&two).applied_by("the tests");
        connection.run(&migrator).unwrap();
        let progress = |connection: &mut Connection| {
            let row = "SELECT state, statements, statements_begun, statements_done, claim FROM schema_migrations WHERE version = '2'";
            connection.rows(row)
        };
        connection.execute_verb(&migrator, &Verb::RevertLast(1)).unwrap();
        assert_eq!(progress(&mut connection), ["pending 1 0 0 NULL"]);
        connection.execute_verb(&migrator, &Verb::MarkApplied(2, "it is there\tafter all")).unwrap();
        assert_eq!(progress(&mut connection), ["applied 1 1 1 NULL"]);
        connection.execute_verb(&migrator, &Verb::MarkPending(2, "it is not")).unwrap();
        assert_eq!(progress(&mut connection), ["pending 1 0 0 NULL"]);
        assert!(connection.verify(&migrator).is_err());
        connection.run(&migrator).unwrap();
        connection.verify(&migrator).unwrap();
        assert!(connection.run(&migrator).unwrap().is_empty());
        let edited = set("1 2!");
        let migrator = Migrator::new(&edited).applied_by("somebody else");
        connection.execute_verb(&migrator, &Verb::Repair(2, "a comment only")).unwrap();
        assert_eq!(progress(&mut connection), ["applied 1 1 1 NULL"]);
        connection.verify(&migrator).unwrap();

        let history = connection.history(&migrator).unwrap();
        let [_, second] = history.entries() else { panic!("{history}") };
        let told: Vec<String> =
            second.audit.iter().map(|entry| format!("{} by {}: {}", entry.action, entry.by, entry.reason)).collect();
        assert_eq!(
            told,
            [
                "reverted by the tests: ",
                "marked applied by the tests: it is there after all",
                "marked pending by the tests: it is not",
                "repaired by somebody else: a comment only",
            ],
            "{driver:?}"
        );
        let checksum =
            |set: &Migrations| set.set().migrations(migrate_runtime::Dialect::Sqlite).unwrap()[1].up().checksum();
        assert_eq!(second.audit[3].checksum_before, Some(checksum(&two).to_string()));
        assert_eq!(second.checksum, checksum(&edited).to_string());
        assert!(second.audit.iter().all(|entry| entry.at.len() == 24), "{history}");
        assert!(history.to_string().contains("repaired by somebody else, was sha256:"), "{history}");
    }
}

/// A binary that does not have them reverts what was applied last.
#[test]
fn what_is_applied_again_has_its_new_scripts_in_the_history() {
    let of_tables = |letter: &str| {
        let up = |number: u32| format!("CREATE TABLE {letter}{number} (x integer);");
        let down = |number: u32| format!("DROP TABLE {letter}{number};");
        migrations(&[
            ("1_t.sql", "CREATE TABLE t1 (x integer);"),
            ("2_t.up.sql", &up(2)),
            ("2_t.down.sql", &down(2)),
            ("3_t.up.sql", &up(3)),
            ("3_t.down.sql", &down(3)),
        ])
    };
    for driver in Driver::ALL {
        for scope in [Scope::PerMigration, Scope::All] {
            let fresh = Fresh::new(driver);
            let mut connection = fresh.connect();
            let (before, after) = (of_tables("a"), of_tables("b"));
            connection.run(&Migrator::new(&before).scope(scope)).unwrap();
            connection.execute_verb(&Migrator::new(&before).scope(scope), &Verb::RevertLast(2)).unwrap();
            connection.run(&Migrator::new(&after).scope(scope)).unwrap();
            assert_eq!(connection.tables(), ["b2", "b3", "schema_migrations", "t1"], "{driver:?}, {scope:?}");
            let older = migrations(&[("1_t.sql", "CREATE TABLE t1 (x integer);")]);
            connection.execute_verb(&Migrator::new(&older), &Verb::RevertTo(1)).unwrap();
            assert_eq!(connection.tables(), ["schema_migrations", "t1"], "{driver:?}, {scope:?}");
        }
    }
}
