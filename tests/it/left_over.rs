//! What an interrupted statement has left is removed, and nothing else.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use migrate_runtime::{ErrorKind, Event, Migrator, Resume};
use migrate_tests::{Driver, Fresh, Verb, migrations, poll};

use crate::going_on::{connect_with, invalid, left, owner, progress, run, script};

const INVALID: &str = "SELECT count(*) FROM pg_index WHERE NOT indisvalid";

const UNIQUE: &str = "CREATE UNIQUE INDEX CONCURRENTLY i ON t (a);";

/// What a failed statement has left is removed, also when that takes longer than anybody may wait, fails at first, or the statement has gone
/// from the file meanwhile.
#[test]
fn what_is_left_of_a_statement_is_removed_in_any_case() {
    for driver in Driver::SERVERS {
        for today in [
            "DELETE FROM t WHERE b = 2;\nCREATE UNIQUE INDEX CONCURRENTLY i ON t (a);",
            "INSERT INTO log VALUES (7);",
            "DELETE FROM t WHERE b = 2;\nCREATE UNIQUE INDEX CONCURRENTLY k ON t (a);",
        ] {
            let fresh = Fresh::new(driver);
            let mut connection = fresh.connect();
            run(&mut connection, &script(UNIQUE)).unwrap_err();
            let mut reader = fresh.connect();
            reader.execute("BEGIN; SELECT * FROM t");
            let set = script(today);
            let migrator = Migrator::new(&set).lock_timeout(Duration::from_millis(50));
            let waits = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' \
                         AND query LIKE 'DROP INDEX CONCURRENTLY%'";
            thread::scope(|scope| {
                let go_on = || {
                    let (fresh, migrator) = (&fresh, &migrator);
                    scope.spawn(move || fresh.connect().run(migrator))
                };
                let first = go_on();
                let ended = format!("SELECT count(pg_terminate_backend(pid)) {waits}");
                poll("the removal", Duration::from_secs(30), || (connection.value(&ended) == "1").then_some(()));
                assert_eq!(first.join().unwrap().unwrap_err().kind(), ErrorKind::ConnectionLost);
                assert_eq!(progress(&mut connection), "running 1 0", "{today}");
                let second = go_on();
                let long = format!("SELECT count(*) {waits} AND state_change < now() - interval '300 ms'");
                poll("a long removal", Duration::from_secs(30), || (connection.value(&long) == "1").then_some(()));
                reader.execute("COMMIT");
                second.join().unwrap().unwrap();
            });
            assert_eq!(connection.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0", "{today}");
            let built = connection.value("SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass");
            assert_eq!(built == "1", today.contains("INDEX"), "{today}");
            let kept = connection.value("SELECT sql FROM schema_migrations WHERE version = 2");
            assert_eq!(kept, format!("-- migrate: no-transaction\n{today}"));
        }
    }
}

/// What the server builds aside is left there when its session ends: of the table, its partitions, and what is too long for it.
#[test]
fn what_was_built_aside_is_removed() {
    const PLAIN: &str = "CREATE TABLE r (a integer);\nCREATE INDEX ri ON r (a);";
    const PARTS: &str = "CREATE TABLE p (a integer) PARTITION BY RANGE (a);\nCREATE TABLE q PARTITION OF p FOR VALUES FROM (0) TO (9);\n\
                         CREATE TABLE r PARTITION OF p FOR VALUES FROM (9) TO (99);\nCREATE INDEX pi ON p (a);";
    let cases = [
        (PLAIN, "REINDEX TABLE CONCURRENTLY r"),
        (PLAIN, "REINDEX INDEX CONCURRENTLY ri"),
        (PLAIN, "REINDEX SCHEMA CONCURRENTLY public"),
        (PARTS, "REINDEX (CONCURRENTLY) TABLE p"),
        (PARTS, "REINDEX INDEX CONCURRENTLY pi"),
        ("CREATE TABLE r (a text);", "REINDEX TABLE CONCURRENTLY r"),
    ];
    for (index, (tables, sql)) in cases.into_iter().enumerate() {
        let fresh = Fresh::new(Driver::SERVERS[index % 2]);
        let set = migrations(&[("1_r.sql", tables), ("2_b.sql", &*format!("-- migrate: no-transaction\n{sql};"))]);
        let mut connection = fresh.connect();
        connection.run(&Migrator::new(&set).target(1)).unwrap();
        let invalid = "SELECT count(*) FROM pg_index WHERE NOT indisvalid";
        let mut old = fresh.connect();
        // It ends by itself if anything fails here.
        old.execute(
            "SET idle_in_transaction_session_timeout = '40s'; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM r",
        );
        thread::scope(|scope| {
            let interrupted = scope.spawn(|| fresh.connect().run(&Migrator::new(&set)));
            // It waits for that one when the new index is there.
            poll(&format!("the new index of {sql}"), Duration::from_secs(10), || {
                (connection.value(invalid) != "0").then_some(())
            });
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'REINDEX%'",
            );
            interrupted.join().unwrap().unwrap_err();
        });
        old.execute("COMMIT");
        assert_ne!(connection.value(invalid), "0", "{sql}");
        run(&mut connection, &set).unwrap();
        assert_eq!(connection.value(invalid), "0", "{sql}");
    }
}

/// Whoever may not drop what was left aside goes on without that: of values that are too long, nobody but a superuser may.
#[test]
fn what_may_not_be_removed_is_left() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let role = owner(&fresh);
        let as_owner = || connect_with(&fresh, &format!("SET SESSION AUTHORIZATION {role}"));
        let mut connection = fresh.connect();
        let sql = "-- migrate: no-transaction\nREINDEX TABLE CONCURRENTLY r;";
        let set = migrations(&[("1_r.sql", "CREATE TABLE r (a text);\nCREATE INDEX ri ON r (a);"), ("2_b.sql", sql)]);
        as_owner().run(&Migrator::new(&set).target(1)).unwrap();
        let mut old = fresh.connect();
        old.execute(
            "SET idle_in_transaction_session_timeout = '40s'; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM r",
        );
        thread::scope(|scope| {
            let interrupted = scope.spawn(|| as_owner().run(&Migrator::new(&set)));
            let invalid = "SELECT count(*) FROM pg_index WHERE NOT indisvalid";
            poll("the new indexes", Duration::from_secs(30), || (connection.value(invalid) == "2").then_some(()));
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'REINDEX%'",
            );
            interrupted.join().unwrap().unwrap_err();
        });
        old.execute("COMMIT");
        run(&mut as_owner(), &set).unwrap();
        let left = "SELECT count(*) FROM pg_index WHERE NOT indisvalid AND indrelid = 'r'::regclass";
        assert_eq!(connection.value(left), "0");
    }
}

/// Whoever is refused is at work no more.
#[test]
fn who_may_not_remove_what_is_left_keeps_nobody_waiting() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection.execute(
            "CREATE TABLE r (a integer); INSERT INTO r VALUES (1), (1); \
             CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not on fridays'; END $$",
        );
        let set = script("CREATE UNIQUE INDEX CONCURRENTLY i ON r (a);");
        run(&mut connection, &set).unwrap_err();
        connection.execute("DELETE FROM r; CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('ALTER INDEX') EXECUTE FUNCTION refuse()");
        for runner in [&mut connection, &mut fresh.connect()] {
            let error = run(runner, &set).unwrap_err().to_string();
            assert!(error.contains("could not be removed") && error.contains("not on fridays"), "{error}");
            assert!(!runner.is_in_transaction());
        }
        connection.execute("DROP EVENT TRIGGER refuse");
        run(&mut fresh.connect(), &set).unwrap();
    }
}

/// Somebody builds by hand what a statement has failed to build, when it is to be removed.
#[test]
fn what_somebody_else_has_built_meanwhile_stays() {
    for driver in Driver::SERVERS {
        // Whoever builds waits for one that writes, and for one that has read.
        for (holds, today) in [
            ("BEGIN; UPDATE t SET b = b", UNIQUE),
            ("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM log", "SELECT 1;"),
        ] {
            let fresh = Fresh::new(driver);
            let mut connection = fresh.connect();
            run(&mut connection, &script(UNIQUE)).unwrap_err();
            connection.execute("DELETE FROM t WHERE b = 2");
            connection.execute("DROP INDEX i");
            let set = script(today);
            let mut old = fresh.connect();
            // It ends by itself if anything fails here.
            old.execute("SET idle_in_transaction_session_timeout = '40s'");
            old.execute(holds);
            let mut by_hand = fresh.connect();
            let (send, receive) = mpsc::channel();
            let migrator = Migrator::new(&set).on_event(|event| {
                if let Event::Waiting { .. } = event {
                    // It is said again as long as it waits.
                    let _ = send.send(format!("{event:?}"));
                }
            });
            let error = thread::scope(|scope| {
                let built =
                    scope.spawn(move || by_hand.execute("CREATE UNIQUE INDEX CONCURRENTLY i ON t (a) WHERE b > 0"));
                poll("the index", Duration::from_secs(30), || (connection.value(INVALID) == "1").then_some(()));
                let resumed = scope.spawn(|| fresh.connect().run(&migrator));
                let waits = receive.recv_timeout(Duration::from_secs(30)).unwrap();
                assert!(waits.contains("process "), "{waits}");
                old.execute("COMMIT");
                built.join().unwrap();
                resumed.join().unwrap().unwrap_err()
            });
            assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
            assert!(
                error.to_string().contains("`public.i`, which statement 1 of migration 2_b has left invalid"),
                "{error}"
            );
            let by_hand =
                "SELECT count(*) FROM pg_index WHERE indexrelid = 'i'::regclass AND indisvalid AND indpred IS NOT NULL";
            assert_eq!(connection.value(by_hand), "1");
            assert_eq!(progress(&mut connection), "running 1 0");
            // It is the one that was to be built.
            match today {
                UNIQUE => assert!(run(&mut connection, &set).unwrap().to_string().contains("statement 1 found done")),
                _ => assert_eq!(run(&mut connection, &set).unwrap_err().kind(), ErrorKind::Interrupted),
            }
            assert_eq!(connection.value(by_hand), "1");
        }
    }
}

/// Under its name may stand another index by the time that nobody builds any more.
#[test]
fn what_has_taken_the_name_of_a_leftover_stays() {
    let tables = |statement: &str| {
        migrations(&[
            (
                "1_r.sql",
                "CREATE TABLE r (a integer);\nCREATE INDEX ri ON r (a);\nCREATE TABLE w (a integer);\nCREATE TABLE log (n integer);",
            ),
            ("2_b.sql", &*format!("-- migrate: no-transaction\n{statement};")),
        ])
    };
    let cases = [
        (
            "CREATE UNIQUE INDEX CONCURRENTLY x ON r (a)",
            "x",
            "ALTER INDEX x RENAME TO broken; CREATE INDEX x ON w (a)",
            false,
        ),
        (
            "REINDEX TABLE CONCURRENTLY r",
            "ri_ccnew",
            "ALTER INDEX ri_ccnew RENAME TO mine; CREATE INDEX ri_ccnew ON w (a)",
            true,
        ),
    ];
    for (driver, (sql, name, by_hand, goes_on)) in
        Driver::SERVERS.into_iter().flat_map(|of| cases.map(|case| (of, case)))
    {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        let set = tables(sql);
        connection.run(&Migrator::new(&set).target(1)).unwrap();
        run(&mut connection, &set).unwrap();
        connection.execute(&format!("DROP INDEX IF EXISTS x; CREATE INDEX {name} ON r (a)"));
        connection.execute(&invalid(name));
        connection.execute(&left(1, 0));
        let mut old = fresh.connect();
        old.execute(
            "SET idle_in_transaction_session_timeout = '40s'; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT * FROM w",
        );
        let mut builder = fresh.connect();
        let (send, receive) = mpsc::channel();
        let migrator = Migrator::new(&set).on_event(|event| {
            if let Event::Waiting { .. } = event {
                let _ = send.send(());
            }
        });
        let ended = thread::scope(|scope| {
            let built = scope.spawn(move || builder.execute("CREATE INDEX CONCURRENTLY k ON r (a)"));
            poll("the index", Duration::from_secs(30), || {
                (connection.value("SELECT to_regclass('k') IS NOT NULL") == "t").then_some(())
            });
            let resumed = scope.spawn(|| {
                let mut runner = fresh.connect();
                let ended = runner.run(&migrator);
                assert!(!runner.is_in_transaction());
                ended
            });
            receive.recv_timeout(Duration::from_secs(30)).unwrap();
            by_hand.split("; ").for_each(|sql| connection.execute(sql));
            old.execute("COMMIT");
            built.join().unwrap();
            resumed.join().unwrap()
        });
        assert_eq!(ended.is_ok(), goes_on, "{sql}: {ended:?}");
        if let Err(error) = ended {
            assert!(error.to_string().contains("is another one by now"), "{error}");
        }
        let stays = format!("SELECT indisvalid FROM pg_index WHERE indexrelid = 'public.{name}'::regclass");
        assert_eq!(connection.value(&stays), "t", "{sql}");
    }
}

/// It has a name of its own before it is dropped, under which it is found again: also when the index is there by then, or a person has decided.
#[test]
fn what_was_set_aside_is_dropped_later() {
    let decided = "SELECT 1; UPDATE schema_migrations SET statements_done = 1 WHERE version = 2";
    let cases: [(&str, Option<Resume>, &str); 5] = [
        ("DELETE FROM t WHERE b = 2", None, "1"),
        ("DELETE FROM t WHERE b = 2; CREATE UNIQUE INDEX i ON t (a)", None, "1"),
        ("SELECT 1", Some(Resume::MarkDone), "0"),
        ("SELECT 1", Some(Resume::Skip), "0"),
        // The runner was killed before it was dropped.
        (decided, None, "0"),
    ];
    for (driver, (by_hand, decision, expect)) in Driver::SERVERS.into_iter().flat_map(|of| cases.map(|case| (of, case)))
    {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        let set = script(UNIQUE);
        run(&mut connection, &set).unwrap_err();
        let aside = connection.value("SELECT 'left_by_migration_' || 'i'::regclass::oid");
        connection.execute(&format!("ALTER INDEX i RENAME TO {aside}; {by_hand}"));
        if by_hand == decided {
            let again = connection.execute_verb(&Migrator::new(&set), &Verb::Resume(Resume::MarkDone)).unwrap_err();
            assert!(again.to_string().contains("is in doubt: all of them are done"), "{again}");
        }
        let verb = decision.map_or(Verb::Run, Verb::Resume);
        connection.execute_verb(&Migrator::new(&set), &verb).unwrap();
        assert_eq!(progress(&mut connection), "applied 1 1");
        assert_eq!(connection.value(INVALID), "0", "{by_hand}, {decision:?}");
        let built = connection.value("SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass");
        assert_eq!(built, expect, "{by_hand}, {decision:?}");
    }
}

/// What the server writes for names is not always the same.
#[test]
fn a_leftover_is_known_by_its_name_however_that_is_written() {
    for driver in Driver::SERVERS {
        for (sql, name) in [
            ("CREATE INDEX CONCURRENTLY x ON r (a)", "x"),
            ("REINDEX TABLE CONCURRENTLY r", "ri_ccnew"),
            ("REINDEX DATABASE CONCURRENTLY \"{}\"", "ri_ccnew"),
        ] {
            let fresh = Fresh::new(driver);
            let sql = sql.replace("{}", fresh.database().name());
            let mut connection = fresh.connect();
            connection.execute("CREATE TABLE r (a text); CREATE INDEX ri ON r (a)");
            let with = |last: &str| script(&format!("SET quote_all_identifiers = on;\n{sql};\n{last};"));
            run(&mut fresh.connect(), &with("DELETE FROM missing")).unwrap_err();
            connection.execute(&format!("DROP INDEX IF EXISTS x; CREATE INDEX {name} ON r (a)"));
            connection.execute(&invalid(name));
            connection.execute(&left(2, 1));
            run(&mut connection, &with("SELECT 1")).unwrap();
            assert_eq!(connection.value(INVALID), "0", "{sql}");
        }
    }
}

/// Who may not lock the table, or give a name in its schema, may still drop its indexes.
#[test]
fn an_owner_who_may_not_write_removes_what_is_left() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let role = owner(&fresh);
        let as_owner = || connect_with(&fresh, &format!("SET ROLE {role}"));
        let mut connection = fresh.connect();
        run(&mut as_owner(), &script(UNIQUE)).unwrap_err();
        connection.execute("DELETE FROM t WHERE b = 2");
        connection.execute(&format!("REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON t FROM {role}"));
        run(&mut as_owner(), &script(UNIQUE)).unwrap();
        assert_eq!(connection.value(INVALID), "0");
        // What a statement has begun under its name, only whoever may give names removes: it may be somebody else's by then.
        connection.execute(&invalid("i"));
        connection.execute(&left(1, 0));
        connection.execute(&format!("REVOKE CREATE ON SCHEMA public FROM PUBLIC, {role}"));
        let error = run(&mut as_owner(), &script(UNIQUE)).unwrap_err();
        assert_eq!(error.database_code(), Some("42501"), "{error}");
        assert!(error.to_string().contains("which statement 1 of migration 2_b has left invalid"), "{error}");
        connection.execute(&format!("GRANT CREATE ON SCHEMA public TO {role}"));
        run(&mut as_owner(), &script(UNIQUE)).unwrap();
        let rebuild = script("REINDEX INDEX CONCURRENTLY i;");
        connection.execute(&format!("CREATE INDEX i_ccnew ON t (a); {}", invalid("i_ccnew")));
        connection.execute("DELETE FROM schema_migrations WHERE version = 2");
        connection.execute(&format!("REVOKE CREATE ON SCHEMA public FROM PUBLIC, {role}"));
        run(&mut as_owner(), &rebuild).unwrap();
        connection.execute(&left(1, 0));
        run(&mut as_owner(), &rebuild).unwrap();
        assert_eq!(connection.value(INVALID), "0");
    }
}

/// Nobody can lock it but the server.
#[test]
fn an_index_of_a_materialized_view_is_removed() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection.execute("CREATE MATERIALIZED VIEW m AS SELECT * FROM (VALUES (1, 1), (1, 2)) AS of (a, b)");
        let build = "CREATE UNIQUE INDEX CONCURRENTLY \"I\" ON m";
        run(&mut connection, &script(&format!("{build} (a);"))).unwrap_err();
        assert_eq!(connection.value(INVALID), "1");
        run(&mut connection, &script(&format!("{build} (b);"))).unwrap();
        assert_eq!(connection.value(INVALID), "0");
        assert_eq!(connection.value("SELECT count(*) FROM pg_index WHERE indrelid = 'm'::regclass"), "1");
    }
}

/// Only a file that says so limits how long its statements wait that work concurrently, and none whose columns are called like a limit.
#[test]
fn a_column_limits_nothing() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection.execute("CREATE TABLE s (idle_timeout integer); CREATE TABLE u (a integer)");
        let set = script(
            "ALTER TABLE u ADD idle_timeout integer;\n-- its lock_timeout\nCREATE INDEX CONCURRENTLY s_i ON s (idle_timeout);",
        );
        run(&mut connection, &script("SELECT 1;")).unwrap();
        connection.execute("DELETE FROM schema_migrations WHERE version = 2");
        let mut writer = fresh.connect();
        writer.execute("BEGIN; INSERT INTO s VALUES (1)");
        let limited = Migrator::new(&set).lock_timeout(Duration::from_millis(50));
        thread::scope(|scope| {
            let built = scope.spawn(|| fresh.connect().run(&limited));
            let long = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' \
                        AND state_change < now() - interval '300 ms'";
            poll("a long wait", Duration::from_secs(30), || (connection.value(long) == "1").then_some(()));
            writer.execute("COMMIT");
            built.join().unwrap().unwrap();
        });
        assert_eq!(connection.value(INVALID), "0");
    }
}

/// What the server only refuses in a transaction, and does no harm twice.
#[test]
fn a_partitioned_table_is_built_anew_again() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection.execute(
            "CREATE TABLE p (a integer) PARTITION BY RANGE (a); CREATE TABLE q PARTITION OF p FOR VALUES FROM (0) TO (9); \
             CREATE INDEX pi ON p (a)",
        );
        for sql in ["REINDEX TABLE p", "REINDEX INDEX pi"] {
            let set = script(&format!("{sql};"));
            run(&mut connection, &set).unwrap();
            connection.execute(&left(1, 0));
            assert_eq!(run(&mut connection, &set).unwrap().changes().len(), 1, "{sql}");
            connection.execute("DELETE FROM schema_migrations WHERE version = 2");
        }
    }
}

/// What somebody has left who built anew by hand is theirs, unless a statement does the same again.
#[test]
fn what_others_have_left_stays() {
    let others = format!("CREATE INDEX t_b_idx_ccnew ON t (b); {}", invalid("t_b_idx_ccnew"));
    let rebuild = |last: &str| script(&format!("REINDEX TABLE CONCURRENTLY t;\n{last};"));
    for driver in Driver::SERVERS {
        for (first, then) in [
            (script(UNIQUE), script("DELETE FROM t WHERE b = 2;\nCREATE UNIQUE INDEX CONCURRENTLY i ON t (a);")),
            (script(UNIQUE), script(UNIQUE)),
            (rebuild("DELETE FROM missing"), rebuild("SELECT 1")),
        ] {
            let fresh = Fresh::new(driver);
            let mut connection = fresh.connect();
            run(&mut connection, &first).unwrap_err();
            connection.execute(&format!("DELETE FROM t WHERE b = 2; {others}"));
            run(&mut connection, &then).unwrap();
            assert_eq!(connection.value(INVALID), "1");
        }
    }
}
