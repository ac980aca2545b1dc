//! What became of a statement whose record is missing: found out where the database can tell, and asked where it cannot.

use std::thread;
use std::time::Duration;

use migrate_runtime::{ErrorKind, Migrator, Resume};
use migrate_tests::{Driver, Fault, FaultWhere, Fresh, Verb, migrations, poll};

use crate::going_on::{connect_with, invalid, left, owner, progress, run, script};

const DROP: &str = "SELECT 1;\nDROP INDEX CONCURRENTLY i;";
/// Of the session in which a script is begun.
const APART: &str = "SET search_path = apart, public";

/// An index that is on its way out does not check anything any more: only its end, or building it anew, is in order.
#[test]
fn an_index_that_is_half_dropped_is_not_forgotten() {
    for driver in Driver::SERVERS {
        for today in [DROP, "SELECT 1;\nINSERT INTO log VALUES (7);", "SELECT 1;"] {
            let fresh = Fresh::new(driver);
            let mut connection = fresh.connect();
            let tables = script("SELECT 1;");
            connection.run(&Migrator::new(&tables).target(1)).unwrap();
            connection.execute("CREATE UNIQUE INDEX i ON t (b)");
            let mut reader = connect_with(&fresh, "SET idle_in_transaction_session_timeout = '40s'");
            reader.execute("BEGIN; SELECT * FROM t");
            thread::scope(|scope| {
                let interrupted = scope.spawn(|| run(&mut fresh.connect(), &script(DROP)));
                poll("the drop", Duration::from_secs(30), || {
                    (connection.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass") == "f")
                        .then_some(())
                });
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'DROP%'",
                );
                interrupted.join().unwrap().unwrap_err();
            });
            reader.execute("COMMIT");
            assert_eq!(progress(&mut connection), "running 2 1");
            let set = script(today);
            let there = "SELECT count(*) FROM pg_index WHERE indrelid = 't'::regclass";
            if today == DROP {
                let report = run(&mut connection, &set).unwrap().to_string();
                assert!(report.contains("statement 2 found half done"), "{report}");
                assert_eq!(connection.value(there), "0");
                continue;
            }
            for verb in
                [Verb::Run, Verb::Resume(Resume::Retry), Verb::Resume(Resume::Skip), Verb::Resume(Resume::MarkDone)]
            {
                let error = connection.execute_verb(&Migrator::new(&set), &verb).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
                let text = error.to_string();
                assert!(text.contains("at its statement 2, and the index that it drops is invalid"), "{text}");
                assert!(text.contains("DROP INDEX CONCURRENTLY i"), "{text}");
                assert_eq!(progress(&mut connection), "running 2 1");
            }
            connection.execute("REINDEX INDEX i");
            run(&mut connection, &set).unwrap();
            let valid = format!("{there} AND indisvalid");
            assert_eq!(connection.value(&valid), "1");
        }
    }
}

/// A partitioned index is invalid by its nature, and what the server refuses at once has not begun.
#[test]
fn a_drop_that_was_refused_has_not_begun() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection.execute(
            "CREATE TABLE p (a integer) PARTITION BY RANGE (a); CREATE TABLE q PARTITION OF p FOR VALUES FROM (0) TO (9); \
             CREATE INDEX i ON ONLY p (a)",
        );
        let error = run(&mut connection, &script(DROP)).unwrap_err();
        assert_eq!(error.database_code(), Some("0A000"), "{error}");
        run(&mut connection, &script("SELECT 1;\nDROP INDEX i;")).unwrap();
        connection.execute("DELETE FROM schema_migrations WHERE version = 2; CREATE INDEX i ON t (a)");
        connection.execute(&invalid("i"));
        let role = owner(&fresh);
        connection.execute(&format!("GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}"));
        let error = run(&mut connect_with(&fresh, &format!("SET ROLE {role}")), &script(DROP)).unwrap_err();
        assert_eq!(error.database_code(), Some("42501"), "{error}");
        assert_eq!(progress(&mut connection), "running 1 1");
        run(&mut connection, &script("SELECT 1;")).unwrap();
    }
}

/// What could not be announced was not sent.
#[test]
fn a_statement_that_could_not_be_announced_is_in_no_doubt() {
    let refused = FaultWhere(Fault::Refused, |sql: &str| sql.contains("statements_begun = 2, statements_done = 1"));
    for driver in Driver::SERVERS {
        for sql in [DROP, "SELECT 1;\nDO $$ BEGIN COMMIT; END $$;"] {
            let fresh = Fresh::new(driver);
            let mut connection = fresh.connect();
            connection.execute("CREATE TABLE u (a integer); CREATE INDEX i ON u (a)");
            let set = script(sql);
            let (ended, _) = Verb::Run.execute_directed(&Migrator::new(&set), fresh.connect(), &refused);
            assert_eq!(ended.unwrap_err().kind(), ErrorKind::Database);
            assert_eq!(progress(&mut connection), "running 1 1");
            run(&mut connection, &set).unwrap();
        }
    }
}

/// Also one that finds an index invalid may have done what it is for.
#[test]
fn the_drop_of_an_invalid_index_is_announced() {
    let lost = FaultWhere(Fault::LostAfter, |sql: &str| sql.starts_with("DROP INDEX"));
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection.execute("CREATE TABLE u (a integer); CREATE INDEX i ON u (a)");
        connection.execute(&invalid("i"));
        let set = script(DROP);
        let (ended, _) = Verb::Run.execute_directed(&Migrator::new(&set), fresh.connect(), &lost);
        assert_eq!(ended.unwrap_err().kind(), ErrorKind::ConnectionLost);
        assert_eq!(progress(&mut connection), "running 2 1");
        assert!(run(&mut connection, &set).unwrap().to_string().contains("statement 2 found done"));
    }
}

/// What ends a drop in its middle has not refused it.
#[test]
fn a_drop_that_is_cancelled_has_begun() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection.execute("CREATE TABLE u (a integer); CREATE INDEX i ON u (a)");
        connection.execute(&invalid("i"));
        let mut reader = connect_with(&fresh, "SET idle_in_transaction_session_timeout = '40s'");
        reader.execute("BEGIN; SELECT * FROM u");
        thread::scope(|scope| {
            let cancelled = scope.spawn(|| run(&mut fresh.connect(), &script(DROP)));
            let waits = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'DROP%'";
            let cancel = format!("SELECT count(pg_cancel_backend(pid)) {waits}");
            poll("the drop", Duration::from_secs(30), || (connection.value(&cancel) == "1").then_some(()));
            assert_eq!(cancelled.join().unwrap().unwrap_err().database_code(), Some("57014"));
        });
        assert_eq!(progress(&mut connection), "running 2 1");
        reader.execute("COMMIT");
        run(&mut connection, &script(DROP)).unwrap();
    }
}

/// What is there already was not made by a statement that is refused for that.
#[test]
fn a_database_of_others_is_not_taken_for_the_one_that_was_to_be_made() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        let set = script(&format!("SELECT 1;\nCREATE DATABASE \"{}\";", fresh.database().name()));
        for _ in 0..2 {
            let error = run(&mut connection, &set).unwrap_err();
            assert_eq!(error.database_code(), Some("42P04"), "{error}");
            assert_eq!(progress(&mut connection), "running 1 1");
        }
    }
}

/// What a trigger raises behind the end of a drop is none of that.
#[test]
fn a_drop_that_is_refused_behind_its_end_is_half_done() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection.execute(
            "CREATE TABLE u (a integer); CREATE UNIQUE INDEX i ON u (a); \
             CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE insufficient_privilege USING MESSAGE = 'not on fridays'; END $$; \
             CREATE EVENT TRIGGER refuse ON sql_drop EXECUTE FUNCTION refuse()",
        );
        let error = run(&mut connection, &script(DROP)).unwrap_err();
        assert_eq!(error.database_code(), Some("42501"), "{error}");
        assert_eq!(progress(&mut connection), "running 2 1");
        connection.execute("DROP EVENT TRIGGER refuse");
        let error = run(&mut connection, &script("SELECT 1;")).unwrap_err();
        assert!(error.to_string().contains("the index that it drops is invalid"), "{error}");
        run(&mut connection, &script(DROP)).unwrap();
    }
}

/// Whoever goes on may find another one under a name without a schema, or none.
#[test]
fn what_is_out_of_sight_is_not_taken_for_done() {
    let stops = FaultWhere(Fault::LostBefore, |sql: &str| {
        ["DROP INDEX", "CREATE INDEX", "VACUUM"].iter().any(|of| sql.starts_with(of))
    });
    const EARLY: &str = "SET search_path = early, apart, public";
    const BUILD: &str = "CREATE INDEX CONCURRENTLY i ON t (a);";
    const DROP: &str = "DROP INDEX CONCURRENTLY i;";
    let there = "CREATE INDEX i ON apart.t (a)";
    let half = &*invalid("apart.i");
    let both = &*format!("CREATE INDEX i ON public.t (a); {}", invalid("public.i"));
    let (gone, here, only_here) = (
        "DROP INDEX apart.i",
        "DROP INDEX IF EXISTS apart.i; CREATE INDEX i ON public.t (a)",
        &*format!("DROP INDEX apart.i; {both}"),
    );
    // What is done meanwhile, the session that goes on, and what it finds, or is told with its question.
    let cases = [
        (DROP, "", EARLY, Ok("found not done")),
        (DROP, gone, EARLY, Ok("found done")),
        (DROP, here, EARLY, Err("not known")),
        (DROP, only_here, EARLY, Err("The index `public.i` is there, and invalid")),
        (DROP, "", "", Err("another search path")),
        (DROP, here, "", Err("another search path")),
        (DROP, half, "SET search_path = public, apart", Err("The index `apart.i` is there, and invalid")),
        (DROP, both, "", Err("The index `public.i` is there, and invalid")),
        ("DROP INDEX CONCURRENTLY apart.i;", "", "", Ok("found not done")),
        (BUILD, "", EARLY, Ok("found not done")),
        (BUILD, there, EARLY, Ok("found done")),
        (BUILD, here, "", Err("another search path")),
        ("CREATE INDEX CONCURRENTLY i ON apart.t (a);", there, "", Ok("found done")),
        ("VACUUM t;", here, "", Ok("found not done")),
        // The script itself says what it means, or makes a schema in which names are looked for.
        ("SET search_path = apart;\nCREATE INDEX CONCURRENTLY i ON t (a);", there, "", Ok("found done")),
        ("SET search_path = apart, public;\nDROP INDEX CONCURRENTLY i;", "", "", Ok("found not done")),
        ("CREATE SCHEMA early;\nCREATE INDEX CONCURRENTLY i ON t (a);", there, EARLY, Ok("found done")),
    ];
    for (driver, (sql, by_hand, session, expect)) in
        Driver::SERVERS.into_iter().flat_map(|of| cases.map(|case| (of, case)))
    {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection.execute("CREATE SCHEMA apart; CREATE TABLE apart.t (a integer)");
        run(&mut connection, &script("SELECT 1;")).unwrap();
        connection.execute("DELETE FROM schema_migrations WHERE version = 2");
        if sql.contains("DROP") {
            connection.execute(there);
        }
        let set = script(sql);
        let (ended, _) = Verb::Run.execute_directed(&Migrator::new(&set), connect_with(&fresh, EARLY), &stops);
        ended.unwrap_err();
        connection.execute(by_hand);
        let mut next = connect_with(&fresh, session);
        let ended = run(&mut next, &set);
        let what = format!("{sql} {by_hand}, {session}: {ended:?}");
        match expect {
            Ok(found) => assert!(ended.unwrap().to_string().contains(found), "{what}"),
            Err(words) => {
                let error = ended.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Interrupted, "{what}");
                assert!(error.to_string().contains(words), "{what}");
                if by_hand.is_empty() {
                    // It finds nothing, and says nothing of the session before.
                    let retried = next.execute_verb(&Migrator::new(&set), &Verb::Resume(Resume::Retry)).unwrap_err();
                    assert_eq!(retried.database_code(), Some("42704"), "{what}: {retried}");
                    assert_eq!(run(&mut next, &set).unwrap_err().kind(), ErrorKind::Interrupted, "{what}");
                }
                next.execute_verb(&Migrator::new(&set), &Verb::Resume(Resume::MarkDone)).unwrap();
            }
        }
    }
}

/// Also when it was the server that ended it, which leaves nobody at work.
#[test]
fn what_a_failed_statement_has_left_is_looked_for_where_it_was_begun() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection
            .execute("CREATE SCHEMA apart; CREATE TABLE apart.t (a integer); INSERT INTO apart.t VALUES (1), (1)");
        let set = script("CREATE UNIQUE INDEX CONCURRENTLY i ON t (a);");
        connection.run(&Migrator::new(&set).target(1)).unwrap();
        connection.execute("DELETE FROM t");
        let mut apart = connect_with(&fresh, APART);
        assert_eq!(run(&mut apart, &set).unwrap_err().kind(), ErrorKind::StatementFailed);
        let error = run(&mut connection, &set).unwrap_err();
        assert!(error.to_string().contains("another search path"), "{error}");
        connection.execute("DELETE FROM apart.t");
        run(&mut apart, &set).unwrap();
        let built = "SELECT count(*) FROM pg_index WHERE indisvalid AND indexrelid = 'apart.i'::regclass";
        assert_eq!(connection.value(built), "1");
        assert_eq!(connection.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
        assert_eq!(connection.value("SELECT claim IS NULL FROM schema_migrations WHERE version = 2"), "t");
    }
}

/// Where it is to be built, a person says: what stands in its way there is removed, as by a run.
#[test]
fn a_retry_builds_where_names_say_today() {
    let left = "SELECT count(*) FROM pg_index WHERE NOT indisvalid";
    for (driver, (exists, is_set_aside)) in Driver::SERVERS
        .into_iter()
        .flat_map(|of| [("", false), ("", true), ("IF NOT EXISTS", false)].map(|case| (of, case)))
    {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection
            .execute("CREATE SCHEMA apart; CREATE TABLE apart.t (a integer); INSERT INTO apart.t VALUES (1), (1)");
        let set = script(&format!("CREATE UNIQUE INDEX CONCURRENTLY {exists} i ON t (a);"));
        connection.run(&Migrator::new(&set).target(1)).unwrap();
        connection.execute("DROP TABLE t");
        let failed = run(&mut connect_with(&fresh, APART), &set).unwrap_err();
        assert_eq!(failed.kind(), ErrorKind::StatementFailed, "{failed}");
        connection.execute("DELETE FROM apart.t");
        let mut name = "apart.i".to_owned();
        if is_set_aside {
            name = connection.value("SELECT concat('apart.left_by_migration_', 'apart.i'::regclass::oid)");
            connection.execute(&format!("ALTER INDEX apart.i RENAME TO {}", name.trim_start_matches("apart.")));
        }
        let mut next = connect_with(&fresh, "SET search_path = public, apart");
        let error = run(&mut next, &set).unwrap_err().to_string();
        let told = [format!("The index `{name}` is there, and invalid"), "another search path".to_owned()];
        assert!(told.iter().all(|words| error.contains(words)), "{error}");
        let report = next.execute_verb(&Migrator::new(&set), &Verb::Resume(Resume::Retry)).unwrap();
        assert!(report.to_string().contains("statement 1 retried"), "{report}");
        assert_eq!(connection.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'apart.i'::regclass"), "t");
        assert_eq!(connection.value(left), "0");
    }
}

/// Also when whoever goes on is interrupted before anything has run.
#[test]
fn what_names_meant_is_kept_by_who_goes_on() {
    let half = &*invalid("apart.i");
    for (driver, (sql, by_hand, next)) in Driver::SERVERS.into_iter().flat_map(|of| {
        [
            ("DROP INDEX CONCURRENTLY i;", half.to_owned(), "SET statements_begun = 1, statements_done = 0"),
            (
                "CREATE INDEX CONCURRENTLY i ON t (a);",
                format!("CREATE INDEX i ON apart.t (a); {half}"),
                "LOCK TABLE apart.t",
            ),
        ]
        .map(|case| (of, case))
    }) {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection.execute("CREATE SCHEMA apart; CREATE TABLE apart.t (a integer)");
        let set = script(sql);
        connection.run(&Migrator::new(&set).target(1)).unwrap();
        if sql.starts_with("DROP") {
            connection.execute("CREATE INDEX i ON apart.t (a)");
        }
        for at in [&sql[..12], next] {
            // The history has the text of the script, too.
            let lost = FaultWhere(Fault::LostBefore, |request: &str| match at == next {
                true => request.contains(at),
                false => request.starts_with(at),
            });
            let (ended, _) = Verb::Run.execute_directed(&Migrator::new(&set), connect_with(&fresh, APART), &lost);
            assert_eq!(ended.unwrap_err().kind(), ErrorKind::ConnectionLost, "{sql}, {at}");
            if at != next {
                by_hand.split("; ").for_each(|sql| connection.execute(sql));
            }
        }
        let error = run(&mut connection, &set).unwrap_err();
        assert!(error.to_string().contains("another search path"), "{sql}: {error}");
        run(&mut connect_with(&fresh, APART), &set).unwrap();
    }
}

/// What was done where names meant something else is found there, as long as nothing has run since.
#[test]
fn a_retry_that_is_interrupted_at_once_forgets_nothing() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection.execute("CREATE SCHEMA apart; CREATE TABLE apart.t (a integer)");
        let set = script("CREATE INDEX CONCURRENTLY i ON t (a);");
        connection.run(&Migrator::new(&set).target(1)).unwrap();
        let build = FaultWhere(Fault::LostBefore, |sql: &str| sql.starts_with("CREATE INDEX"));
        let announcement =
            FaultWhere(Fault::LostBefore, |sql: &str| sql.contains("SET statements_begun = 1, statements_done = 0"));
        let (begun, _) = Verb::Run.execute_directed(&Migrator::new(&set), connect_with(&fresh, APART), &build);
        assert_eq!(begun.unwrap_err().kind(), ErrorKind::ConnectionLost);
        let retry = Verb::Resume(Resume::Retry);
        let (retried, _) = retry.execute_directed(&Migrator::new(&set), fresh.connect(), &announcement);
        assert_eq!(retried.unwrap_err().kind(), ErrorKind::ConnectionLost);
        connection.execute("CREATE INDEX i ON apart.t (a)");
        let report = run(&mut connect_with(&fresh, APART), &set).unwrap();
        assert!(report.to_string().contains("found done"), "{report}");
    }
}

/// The history tells what was decided, and not more.
#[test]
fn a_retry_of_what_has_gone_from_the_file_is_told_as_none() {
    let commits = "DO $$ BEGIN COMMIT; END $$;";
    for (driver, (today, told)) in Driver::SERVERS
        .into_iter()
        .flat_map(|of| [(commits, "retried"), ("SELECT 1;", "taken for not done")].map(|case| (of, case)))
    {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        run(&mut connection, &script(commits)).unwrap();
        connection.execute(&left(1, 0));
        let report = connection.execute_verb(&Migrator::new(&script(today)), &Verb::Resume(Resume::Retry)).unwrap();
        assert!(report.to_string().contains(&format!("statement 1 {told}")), "{report}");
    }
}

/// A look takes no lock for which it would have to wait.
#[test]
fn a_look_waits_for_no_partition() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection.execute(
            "CREATE TABLE p (a integer) PARTITION BY RANGE (a); CREATE TABLE q PARTITION OF p FOR VALUES FROM (0) TO (9); \
             CREATE INDEX pi ON p (a)",
        );
        for set in ["REINDEX TABLE CONCURRENTLY p;", "SET work_mem = '5MB';\nREINDEX TABLE CONCURRENTLY p;"] {
            let set = script(set);
            connection.execute("CREATE INDEX q_a_idx_ccnew ON q (a)");
            connection.execute(&invalid("q_a_idx_ccnew"));
            run(&mut fresh.connect(), &script("SELECT 1;")).unwrap();
            let begun = set.set().scripts()[1].sql().matches(';').count() as u32;
            connection.execute(&format!(
                "UPDATE schema_migrations SET sql = '{}' WHERE version = 2",
                set.set().scripts()[1].sql().replace('\'', "''")
            ));
            connection.execute(&left(begun, begun - 1));
            let mut holder = connect_with(&fresh, "SET idle_in_transaction_session_timeout = '40s'");
            holder.execute("BEGIN; LOCK TABLE q IN ACCESS EXCLUSIVE MODE");
            let plan = connection.plan(&Migrator::new(&set)).unwrap().to_string();
            assert!(plan.contains("found not done"), "{plan}");
            holder.execute("COMMIT");
            run(&mut connection, &set).unwrap();
            assert_eq!(connection.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
            connection.execute("DELETE FROM schema_migrations WHERE version = 2");
        }
    }
}

/// It is not told as a history that could not be read, or as a setting that cannot be set.
#[test]
fn a_connection_that_is_lost_in_the_middle_is_told_as_that() {
    let sql = "SET work_mem = '5MB';\nINSERT INTO log VALUES (1);\nCREATE INDEX CONCURRENTLY i ON t (a);";
    let set = migrations(&[
        ("1_t.sql", "CREATE TABLE t (a integer);\nCREATE TABLE log (n integer);"),
        ("2_b.sql", &*format!("-- migrate: no-transaction\n{sql}")),
    ]);
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let lose_at = |words: &str| {
            let director = FaultWhere(Fault::LostBefore, |sql: &str| sql.contains(words));
            let (ended, _) = Verb::Run.execute_directed(&Migrator::new(&set), fresh.connect(), &director);
            let error = ended.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{error}");
            error.to_string()
        };
        let look = "i.indrelid = t.oid AND c.relkind";
        let refuses = FaultWhere(Fault::Refused, |sql: &str| sql.contains(look));
        let refused = Verb::Run.execute_directed(&Migrator::new(&set), fresh.connect(), &refuses).0.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Database, "{refused}");
        fresh.connect().execute("DROP TABLE t, log, schema_migrations");
        let text = lose_at(look);
        assert!(
            text.starts_with("the connection was lost while migration 2_b was being applied; 1 stays applied"),
            "{text}"
        );
        let text = lose_at("SET work_mem");
        assert!(
            text.starts_with("migration 2_b was interrupted, and did not go on: the connection was lost"),
            "{text}"
        );
        assert!(text.contains("help: start again: "), "{text}");
        let text = lose_at("BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY");
        assert!(text.contains("help: start again: "), "{text}");
        run(&mut fresh.connect(), &set).unwrap();
        assert_eq!(fresh.connect().rows("SELECT n FROM log"), ["1"]);
    }
}
