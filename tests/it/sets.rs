//! Several sets in one history table, run in one call: a library brings its own.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use migrate_runtime::{Error, ErrorKind, Event, Migrations, Migrator, Report, Scope, Version};
use migrate_tests::{Connection, Driver, Fresh, Verb, set};

const OPTIONS: [Scope; 2] = [Scope::PerMigration, Scope::All];

/// A set in one line: a file each, `version` or `version?`, which fails. Tables are called as set and version, and refer to the table of
/// the same version in `before`.
fn made(name: &str, versions: &str, before: Option<&'static Migrations>) -> &'static Migrations {
    let files: Vec<(String, String)> = versions
        .split_whitespace()
        .flat_map(|file| {
            let version = file.trim_end_matches('?');
            let parent = before
                .filter(|_| version == "1")
                .map(|before| format!(", p integer REFERENCES {}1 (id)", before.set().name()));
            let failing = if file.ends_with('?') { "SELECT * FROM nowhere;" } else { "" };
            let up = format!(
                "CREATE TABLE {name}{version} (id integer PRIMARY KEY{});{failing}",
                parent.unwrap_or_default()
            );
            let down = format!("DROP TABLE {name}{version};");
            [(format!("{version}_t.up.sql"), up), (format!("{version}_t.down.sql"), down)]
        })
        .collect();
    let set = set(name, &files.iter().map(|(path, sql)| (&**path, &**sql)).collect::<Vec<_>>());
    Box::leak(Box::new(match before {
        Some(before) => set.after(before),
        None => set,
    }))
}

/// The sets `base` and `more`, which comes after it.
fn two(base: &str, more: &str) -> [&'static Migrations; 2] {
    let base = made("base", base, None);
    [base, made("more", more, Some(base))]
}

fn told(report: &Report) -> Vec<String> {
    let changes = report.changes().iter();
    changes
        .map(|change| format!("{} {} {}", change.action.to_do(), change.set, change.migration.version_as_written()))
        .collect()
}

fn tables(connection: &mut Connection) -> String {
    let tables = connection.tables();
    tables.into_iter().filter(|table| table != "schema_migrations").collect::<Vec<_>>().join(" ")
}

fn standings(connection: &mut Connection, migrator: &Migrator<'_>) -> String {
    let status = connection.status(migrator).unwrap();
    let line = |one: &migrate_runtime::MigrationStatus| {
        format!("{} {} {}", one.set, one.migration.version_as_written(), one.standing.as_str())
    };
    status.migrations().iter().map(line).collect::<Vec<_>>().join(", ")
}

#[track_caller]
fn refused(ended: Result<Report, Error>, kind: ErrorKind, words: &[&str]) {
    let error = ended.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    words.iter().for_each(|word| assert!(error.to_string().contains(word), "{word:?} is not in\n{error}"));
}

/// On a fresh database of every driver, with each migration in a transaction of its own, and with all in one.
fn everywhere(test: impl Fn(&mut Connection, Scope, &Fresh)) {
    for driver in Driver::ALL {
        for scope in OPTIONS {
            println!("on {driver:?}, {scope:?}");
            let fresh = Fresh::new(driver);
            let mut connection = fresh.connect();
            test(&mut connection, scope, &fresh);
            assert!(!connection.is_in_transaction());
        }
    }
}

/// What is said to stay is what stays, and of which set it is.
#[test]
fn what_stays_after_a_failure_is_told_by_set() {
    for driver in Driver::ALL {
        for (scope, says) in
            OPTIONS.into_iter().zip(["; base 1 and base 2 stay applied", "; nothing of this run stays"])
        {
            let [base, more] = two("1 2", "1?");
            let fresh = Fresh::new(driver);
            let error = fresh.connect().run(&Migrator::many([base, more]).scope(scope)).unwrap_err();
            let text = error.to_string();
            assert!(text.lines().next().unwrap().ends_with(says), "{driver:?}, {scope:?}: {text}");
        }
    }
}

#[test]
fn they_run_in_order_and_are_told_apart() {
    everywhere(|connection, scope, _| {
        let [base, more] = two("1 2", "1 2");
        let other = made("other", "2", None);
        let migrator = Migrator::many([more, other, base]).scope(scope);
        let expect = ["apply base 1", "apply base 2", "apply more 1", "apply more 2"];
        let expect: Vec<String> = ["apply other 2"].iter().chain(&expect).map(|&text| text.to_owned()).collect();
        let plan = connection.plan(&migrator).unwrap();
        let planned: Vec<String> = plan
            .changes()
            .iter()
            .map(|change| format!("{} {} {}", change.action.to_do(), change.set, change.migration.version_as_written()))
            .collect();
        assert_eq!(planned, expect);
        assert!(plan.to_string().contains("would apply other  2_t"), "{plan}");
        let error = connection.verify(&migrator).unwrap_err();
        assert_eq!((error.kind(), error.to_string().matches("_t").count()), (ErrorKind::Pending, 5), "{error}");
        assert_eq!(tables(connection), "");

        let report = connection.run(&migrator).unwrap();
        assert_eq!((told(&report), report.total()), (expect, 5));
        assert!(report.to_string().starts_with("applied other  2_t"), "{report}");
        assert_eq!(tables(connection), "base1 base2 more1 more2 other2");
        connection.verify(&migrator).unwrap();
        assert!(connection.run(&migrator).unwrap().is_empty());
        assert_eq!(
            standings(connection, &migrator),
            "other 2 applied, base 1 applied, base 2 applied, more 1 applied, more 2 applied"
        );
        let status = connection.status(&migrator).unwrap();
        assert!(status.is_up_to_date() && status.to_string().contains("other"), "{status}");
        // Each alone sees its own.
        for (one, count) in [(base, 2), (more, 2), (other, 1)] {
            assert_eq!(connection.status(&Migrator::new(one)).unwrap().migrations().len(), count);
            assert!(connection.run(&Migrator::new(one).scope(scope)).unwrap().is_empty());
        }
    });
}

#[test]
fn the_history_is_told_in_the_order_in_which_it_was_done() {
    everywhere(|connection, scope, _| {
        let [base, more] = two("1", "1");
        connection.run(&Migrator::many([base, more]).scope(scope)).unwrap();
        let [base, more] = two("1 2", "1 2");
        let migrator = Migrator::many([base, more]).scope(scope);
        connection.run(&migrator).unwrap();
        let history = connection.history(&migrator).unwrap();
        let told: Vec<String> =
            history.entries().iter().map(|entry| format!("{} {}", entry.set, entry.version)).collect();
        assert_eq!(told, ["base 1", "more 1", "base 2", "more 2"], "{history}");
    });
}

#[test]
fn when_one_fails_what_stays_is_what_the_scope_says() {
    everywhere(|connection, scope, _| {
        let [base, more] = two("1", "1 2?");
        let error = connection.run(&Migrator::many([base, more]).scope(scope)).unwrap_err();
        assert_eq!((error.kind(), error.migration().unwrap().as_str()), (ErrorKind::StatementFailed, "2_t"), "{error}");
        let (kept, changes) = if scope == Scope::All { ("", 0) } else { ("base1 more1", 2) };
        assert_eq!((tables(connection).as_str(), error.report().changes().len()), (kept, changes));
        let [base, more] = two("1", "1 2");
        connection.run(&Migrator::many([base, more]).scope(scope)).unwrap();
        assert_eq!(tables(connection), "base1 more1 more2");

        // Also where there is something already.
        let [base, more] = two("1 2", "1 2 3?");
        connection.run(&Migrator::many([base, more]).scope(scope)).unwrap_err();
        let kept = if scope == Scope::All { "base1 more1 more2" } else { "base1 base2 more1 more2" };
        assert_eq!(tables(connection), kept);
        // Every problem is known before anything is done.
        let [base, _] = two("1 2 3", "");
        let edited = set("more", &[("1_t.up.sql", "SELECT 5;")]);
        let ended = connection.run(&Migrator::many([base, &edited]).scope(scope));
        refused(ended, ErrorKind::HistoryMismatch, &["1_t is divergent", "nothing was changed"]);
        assert_eq!(tables(connection), kept);
    });
}

#[test]
fn a_set_waits_for_what_it_comes_after() {
    everywhere(|connection, scope, _| {
        let [base, more] = two("1", "1");
        let last = made("last", "1", Some(more));
        let alone = Migrator::new(more).scope(scope);
        let words = ["the set `more` comes after `base`, which is not up to date", "Migrator::many"];
        refused(connection.run(&alone), ErrorKind::Pending, &words);
        assert!(connection.plan(&alone).is_err());
        refused(connection.run(&Migrator::many([last, more]).scope(scope)), ErrorKind::Pending, &words);
        assert_eq!(connection.tables(), [""; 0]);
        connection.run(&Migrator::new(base).scope(scope)).unwrap();
        connection.run(&alone).unwrap();
        // What is up to date itself asks for nothing.
        let [_, more] = two("1 2", "1");
        assert!(connection.run(&Migrator::new(more)).unwrap().is_empty());
        connection.run(&Migrator::new(last)).unwrap();
        assert_eq!(tables(connection), "base1 last1 more1");
    });
}

#[test]
fn they_are_reverted_one_by_one_and_reset_in_reverse() {
    everywhere(|connection, scope, fresh| {
        let [base, more] = two("1 2", "1 2");
        let many = || Migrator::many([base, more]).scope(scope).dangerously_allow_reset();
        connection.run(&many()).unwrap();
        let report = connection.execute_verb(&Migrator::new(base).scope(scope), &Verb::RevertLast(1)).unwrap();
        assert_eq!(told(&report), ["revert base 2"]);
        let report = connection.execute_verb(&Migrator::new(more).scope(scope), &Verb::RevertTo(1)).unwrap();
        assert_eq!(told(&report), ["revert more 2"]);
        assert_eq!(standings(connection, &many()), "base 1 applied, base 2 pending, more 1 applied, more 2 pending");
        // The tables of one refer to those of the other, which SQLite looks at only when asked to.
        if !fresh.driver().is_sqlite() {
            refused(
                connection.execute_verb(&Migrator::new(base).scope(scope).dangerously_allow_reset(), &Verb::Reset),
                ErrorKind::StatementFailed,
                &["the script down of migration 1_t"],
            );
        }
        connection.run(&many()).unwrap();
        let planned = connection.try_verb(&many(), &Verb::Reset).unwrap();
        assert_eq!(planned.changes().len(), 4);
        let report = connection.execute_verb(&many(), &Verb::Reset).unwrap();
        assert_eq!(told(&report), ["revert more 2", "revert more 1", "revert base 2", "revert base 1"]);
        assert_eq!(tables(connection), "");
        assert!(connection.execute_verb(&many(), &Verb::Reset).unwrap().is_empty());
        assert_eq!(connection.run(&many()).unwrap().changes().len(), 4);
    });
}

#[test]
fn what_is_for_one_set_is_refused_for_many() {
    for driver in Driver::ALL {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        let [base, more] = two("1 2", "1");
        let many = || Migrator::many([base, more]);
        for verb in [
            Verb::RevertTo(1),
            Verb::RevertLast(1),
            Verb::RedoLast(1),
            Verb::Baseline(1),
            Verb::Repair(1, "x"),
            Verb::MarkApplied(1, "x"),
            Verb::MarkPending(1, "x"),
            Verb::Resume(migrate_runtime::Resume::Retry),
        ] {
            refused(connection.execute_verb(&many(), &verb), ErrorKind::InvalidOption, &["several", "Migrator::new"]);
            assert_eq!(connection.try_verb(&many(), &verb).unwrap_err().kind(), ErrorKind::InvalidOption, "{verb:?}");
        }
        refused(connection.run(&many().target(Version::from(1))), ErrorKind::InvalidOption, &["version 1"]);
        refused(
            connection.run(&Migrator::many([base, more, base])),
            ErrorKind::InvalidOption,
            &["`base` is given twice"],
        );
        let same_name = made("base", "7", None);
        let words = ["`base` is given twice", "set = "];
        refused(connection.run(&Migrator::many([base, same_name])), ErrorKind::InvalidOption, &words);
        refused(connection.run(&Migrator::many([])), ErrorKind::InvalidOption, &["no set"]);
        assert_eq!(connection.tables(), [""; 0]);
        // So many in all.
        let report = connection.run(&many().at_most(1)).unwrap();
        assert_eq!(told(&report), ["apply base 1"]);
        assert_eq!(connection.plan(&many().at_most(2)).unwrap().changes().len(), 2);
        assert_eq!(told(&connection.run(&many().at_most(2)).unwrap()), ["apply base 2", "apply more 1"]);
    }
}

/// What was interrupted is one of those that a run may apply: what comes behind it is not looked at.
#[test]
fn what_goes_on_counts_before_what_comes_behind_it() {
    for driver in Driver::ALL {
        let script = "-- migrate: no-transaction\nCREATE TABLE base1 (id integer);\nINSERT INTO later VALUES (1);";
        let unreadable = match driver.is_sqlite() {
            true => "DO $$ BEGIN PERFORM 'it''s'; -- it's\nEND $$;",
            false => "CREATE TABLE [it's] (x text);",
        };
        let (base, more) = (set("base", &[("1_t.sql", script)]), set("more", &[("1_t.sql", unreadable)]));
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection.run(&Migrator::new(&base)).unwrap_err();
        connection.execute("CREATE TABLE later (id integer)");
        let many = || Migrator::many([&base, &more]);
        refused(connection.run(&many()), ErrorKind::UnreadableScript, &["1_t"]);
        assert_eq!(told(&connection.run(&many().at_most(1)).unwrap()), ["resume base 1"]);
    }
}

#[test]
fn what_would_not_run_is_not_judged() {
    everywhere(|connection, scope, _| {
        let outside = "-- migrate: no-transaction\nCREATE TABLE more1 (id integer);";
        let base = made("base", "1 2", None);
        let more = set("more", &[("1_t.sql", outside)]);
        let many = || Migrator::many([base, &more]).scope(scope);
        let plan = connection.plan(&many().at_most(1)).unwrap();
        assert_eq!(plan.pending(), 2, "{plan}");
        assert!(plan.to_string().ends_with("\nleft out: 2 migrations"), "{plan}");
        let report = connection.run(&many().at_most(2)).unwrap();
        assert_eq!((told(&report), report.pending()), (vec!["apply base 1".into(), "apply base 2".into()], 1));
        assert!(report.to_string().ends_with("\nleft out: 1 migration"), "{report}");
        let report = connection.run(&many().at_most(0)).unwrap();
        assert_eq!(report.to_string(), "nothing to apply: 1 of 3 migrations left out");
        let all = connection.run(&many());
        match scope {
            Scope::PerMigration => assert_eq!(all.unwrap().pending(), 0),
            Scope::All => refused(all, ErrorKind::Unsupported, &["1_t", "outside"]),
        }
    });
}

/// What was interrupted counts as one of `at_most`, in a set that comes later, too.
#[test]
fn what_may_not_go_on_is_refused_before_anything_is_done() {
    for driver in Driver::ALL {
        let base = made("base", "1 2", None);
        let more = set("more", &[("1_t.sql", "-- migrate: no-transaction\nCREATE TABLE more1 (id integer);")]);
        let many = || Migrator::many([base, &more]);
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection.run(&Migrator::new(&more)).unwrap();
        connection.execute(
            "UPDATE schema_migrations SET state = 'running', statements_begun = 0, statements_done = 0; DROP TABLE more1",
        );
        let words = ["migration 1_t was interrupted", "at_most", "nothing was changed", "in the set `more`"];
        let planned = connection.plan(&many().at_most(2)).map(|plan| panic!("{plan}"));
        refused(planned, ErrorKind::Interrupted, &words);
        refused(connection.run(&many().at_most(2)), ErrorKind::Interrupted, &words);
        assert_eq!(tables(&mut connection), "", "{driver:?}");
        let report = connection.run(&many().at_most(3)).unwrap();
        assert_eq!(told(&report), ["apply base 1", "apply base 2", "resume more 1"]);
    }
}

/// What was interrupted in a set that comes later, and cannot go on, keeps what comes before it from being begun.
#[test]
fn what_cannot_go_on_is_refused_before_anything_is_done() {
    let file = "-- migrate: no-transaction\nCREATE TABLE more1 (id integer);\nCREATE TABLE more2 (id integer);";
    let edited = file.replacen("id", "it", 1);
    let later: [(&[(&str, &str)], &str); 3] = [
        (&[("1_t.sql", &edited)], "behind its statement 1, which is another one"),
        (&[("1_t.sql", &file.replace("-- migrate: no-transaction", "--"))], "no-transaction"),
        (&[], "1_t"),
    ];
    for driver in Driver::ALL {
        for (files, words) in later {
            let base = made("base", "1 2", None);
            let fresh = Fresh::new(driver);
            let mut connection = fresh.connect();
            connection.run(&Migrator::new(&set("more", &[("1_t.sql", file)]))).unwrap();
            connection.execute(
                "UPDATE schema_migrations SET state = 'running', statements_begun = 1, statements_done = 1; DROP TABLE more2",
            );
            let more = set("more", files);
            let many = Migrator::many([base, &more]);
            let planned = connection.plan(&many).map(|plan| panic!("{plan}"));
            refused(planned, ErrorKind::Interrupted, &[words]);
            let ended = connection.run(&many);
            assert!(ended.as_ref().unwrap_err().report().is_empty(), "{ended:?}");
            refused(ended, ErrorKind::Interrupted, &[words, "in the set `more`"]);
            assert_eq!(tables(&mut connection), "more1", "{driver:?}: {words}");
        }
    }
}

#[test]
fn verify_tells_of_every_set() {
    for driver in Driver::ALL {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        let (base, more) = (made("base", "1 2", None), made("more", "1", None));
        connection.run(&Migrator::new(base).target(1)).unwrap();
        let verified = connection.verify(&Migrator::many([base, more])).map(|()| Report::default());
        refused(verified, ErrorKind::Pending, &["2_t", "in the set `base`", "1_t", "in the set `more`"]);
    }
}

/// A transaction around all gives its locks back before it waits for a runner of another set.
#[test]
fn nobody_waits_inside_the_transaction_around_all() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection.execute("CREATE TABLE users (id integer)");
        let base = set("base", &[("1_u.sql", "ALTER TABLE users ADD COLUMN name text;")]);
        let more = made("more", "1 2", None);
        connection.run(&Migrator::new(more).target(1)).unwrap();
        let mut holder = fresh.connect();
        holder.execute("BEGIN; SELECT * FROM schema_migrations WHERE \"set\" = 'more' FOR UPDATE");
        let holder = Mutex::new(Some(holder));
        let waited = AtomicBool::new(false);
        let migrator = Migrator::many([&base, more]).scope(Scope::All).on_event(|event| {
            if let Event::Waiting { holder: who, .. } = event {
                assert!(who.is_some_and(|who| who.starts_with("process ")), "{who:?}");
                thread::scope(|threads| {
                    threads.spawn(|| {
                        fresh.connect().execute("SET lock_timeout = '1s'; SELECT * FROM users");
                        holder.lock().unwrap().take();
                    });
                });
                waited.store(true, Ordering::Relaxed);
            }
        });
        let report = connection.run(&migrator).unwrap();
        assert_eq!(told(&report), ["apply base 1", "apply more 2"]);
        assert!(waited.load(Ordering::Relaxed));
    }
}

/// Before anything is done, everything that is wrong with any set is told, and of which it is.
#[test]
fn the_problems_of_all_sets_are_told_together() {
    everywhere(|connection, scope, _| {
        let [base, more] = two("1 2", "1 2");
        connection.run(&Migrator::many([base, more])).unwrap();
        let [edited, lost] =
            [("base", "SELECT 5;"), ("more", "SELECT 6;")].map(|(name, sql)| set(name, &[("1_t.sql", sql)]));
        let many = Migrator::many([&edited, &lost]).scope(scope);
        for ended in [connection.run(&many), connection.plan(&many).map(|plan| panic!("{plan}"))] {
            let error = ended.unwrap_err();
            assert_eq!((error.kind(), error.problems().len()), (ErrorKind::HistoryMismatch, 4), "{error}");
            let text = error.to_string();
            let places = ["+SELECT 5;", "in the set `base`", "+SELECT 6;", "in the set `more`"];
            let found: Vec<Option<usize>> = places.iter().map(|words| text.find(words)).collect();
            assert!(found.is_sorted() && found[0].is_some(), "{text}");
        }
        let [base, more] =
            [("base", "CREATE TABLE x (id integer);"), ("more", "CREATE TABLE y (id integer);")].map(|(name, sql)| {
                set(name, &[("1_t.up.sql", sql), ("2_u.up.sql", "SELECT 1;"), ("2_u.down.sql", "SELECT 1;")])
            });
        connection.execute("DROP TABLE schema_migrations");
        connection.run(&Migrator::many([&base, &more])).unwrap();
        let reset = Migrator::many([&base, &more]).scope(scope).dangerously_allow_reset();
        let words = ["1_t", "in the set `base`", "in the set `more`"];
        refused(connection.execute_verb(&reset, &Verb::Reset), ErrorKind::NoDownScript, &words);
    });
}

#[test]
fn several_runners_at_once_do_everything_once() {
    for driver in Driver::ALL {
        for scope in OPTIONS {
            let fresh = Fresh::new(driver);
            let [base, more] = two("1 2 3 4 5", "1 2 3 4 5");
            let barrier = std::sync::Barrier::new(4);
            let done: Vec<usize> = thread::scope(|threads| {
                let runner = |number: usize| {
                    let (fresh, barrier) = (&fresh, &barrier);
                    threads.spawn(move || {
                        let mut connection = fresh.connect();
                        let sets = if number.is_multiple_of(2) { [base, more] } else { [more, base] };
                        let migrator = Migrator::many(sets)
                            .scope(scope)
                            .wait_timeout(Duration::from_secs(60))
                            .on_event(|event| assert!(!matches!(event, Event::Retrying { .. })));
                        barrier.wait();
                        let report =
                            connection.run(&migrator).unwrap_or_else(|error| panic!("{driver:?}, {scope:?}: {error}"));
                        assert!(!connection.is_in_transaction());
                        report.changes().len()
                    })
                };
                (0..4).map(runner).collect::<Vec<_>>().into_iter().map(|runner| runner.join().unwrap()).collect()
            });
            assert_eq!(done.iter().sum::<usize>(), 10, "{driver:?}, {scope:?}: {done:?}");
            fresh.connect().verify(&Migrator::many([base, more])).unwrap();
        }
    }
}

/// Of several sets, too, one that somebody is at work on is left to that one, and waited for.
#[test]
fn a_living_runner_of_one_set_is_waited_for_before_the_next() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let base = set("base", &[("1_u.sql", "-- migrate: no-transaction\nCREATE TABLE u (id integer);")]);
        let more = made("more", "1", None);
        let mut connection = fresh.connect();
        connection.run(&Migrator::new(&base)).unwrap();
        let mut living = fresh.connect();
        let claim = living.value(
            "SELECT 'abc ' || pid || ' ' || (extract(epoch FROM backend_start) * 1000000)::int8 \
             FROM pg_stat_activity WHERE pid = pg_backend_pid()",
        );
        connection.execute(&format!(
            "UPDATE schema_migrations SET state = 'running', statements_begun = 0, statements_done = 0, claim = '{claim}'; DROP TABLE u"
        ));
        let living = Mutex::new(Some(living));
        let migrator = Migrator::many([&base, more]).on_event(|event| {
            if let Event::Waiting { holder: who, .. } = event {
                assert!(who.is_some_and(|who| who.starts_with("process ")), "{who:?}");
                thread::scope(|threads| threads.spawn(|| drop(living.lock().unwrap().take())).join().unwrap());
            }
        });
        let report = connection.run(&migrator).unwrap();
        assert_eq!(told(&report), ["resume base 1", "apply more 1"]);
        drop(migrator);
        assert!(living.into_inner().unwrap().is_none(), "nobody was waited for");
    }
}
