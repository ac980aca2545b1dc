//! What was left in the middle goes on as if nothing had happened, whatever has happened to its file, its session and its decision.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use migrate_runtime::{Action, ErrorKind, Event, Migrations, Migrator, Resume};
use migrate_tests::{Connection, Driver, Fresh, Verb, migrations};

/// One script outside of a transaction, behind the tables of [`TABLES`].
pub(crate) fn script(sql: &str) -> Migrations {
    migrations(&[("1_tables.sql", TABLES), ("2_b.sql", &*format!("-- migrate: no-transaction\n{sql}"))])
}

const TABLES: &str = "CREATE TABLE t (a integer, b integer);\nINSERT INTO t VALUES (1, 1), (1, 2), (2, 3);\n\
                      CREATE TABLE log (n integer);";

pub(crate) fn run(
    connection: &mut Connection,
    set: &Migrations,
) -> Result<migrate_runtime::Report, migrate_runtime::Error> {
    connection.run(&Migrator::new(set))
}

pub(crate) fn progress(connection: &mut Connection) -> String {
    connection.value(
        "SELECT state || ' ' || statements_begun || ' ' || statements_done FROM schema_migrations WHERE version = '2'",
    )
}

/// The second migration is left in the middle, with so many statements begun and done.
pub(crate) fn left(begun: u32, done: u32) -> String {
    format!(
        "DELETE FROM log; UPDATE schema_migrations SET state = 'running', statements_begun = {begun}, statements_done = {done}, \
         claim = NULL WHERE version = 2"
    )
}

/// Postgres: an index is as an interrupted statement leaves it.
pub(crate) fn invalid(index: &str) -> String {
    format!("UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{index}'::regclass")
}

/// Postgres: a role that is no superuser, and may make tables.
pub(crate) fn owner(fresh: &Fresh) -> String {
    let role = format!("{}_owner", fresh.database().name());
    fresh.connect().execute(&format!("CREATE ROLE {role}; GRANT ALL ON SCHEMA public TO {role}"));
    role
}

pub(crate) fn connect_with(fresh: &Fresh, sql: &str) -> Connection {
    let mut connection = fresh.connect();
    connection.execute(sql);
    connection
}

/// Two statements that nobody can look up, of which the second writes.
const TWO_IN_DOUBT: &str = "DO $$ BEGIN COMMIT; END $$;\nDO $$ BEGIN INSERT INTO log VALUES (2); COMMIT; END $$;";

/// Somebody else's claim, of a session that lives.
const CLAIM: &str = "UPDATE schema_migrations SET claim = (SELECT concat('1-18a5c0ffee000000-3 ', pid, ' ', \
                     (date_part('epoch', backend_start) * 1000000::float8)::int8) FROM pg_stat_activity WHERE pid = pg_backend_pid())";

#[test]
fn a_decision_is_about_what_was_in_doubt_and_nothing_else() {
    let with = |calls: &str| {
        migrations(&[
            ("1_tables.sql", TABLES),
            ("2_b.sql", "-- migrate: no-transaction\nINSERT INTO log VALUES (1);\nDO $$ BEGIN COMMIT; END $$;"),
            ("3_c.sql", &*format!("-- migrate: no-transaction\n{calls}")),
        ])
    };
    let set = with("DO $$ BEGIN INSERT INTO log VALUES (2); COMMIT; END $$;");
    for (driver, decision) in Driver::SERVERS.into_iter().zip([Resume::MarkDone, Resume::Retry]) {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        run(&mut connection, &set).unwrap();
        connection.execute(
            "DELETE FROM log WHERE n = 2; UPDATE schema_migrations SET state = 'running', statements_begun = statements, \
             statements_done = statements - 1 WHERE version = 2; \
             CREATE TABLE third AS SELECT * FROM schema_migrations WHERE version = 3; DELETE FROM schema_migrations WHERE version = 3",
        );
        // When the one that was decided about is done, somebody begins the next one, and is gone in the middle.
        let migrator = Migrator::new(&set).on_event(|event| {
            if let Event::Changed { .. } = event {
                let died = "UPDATE third SET state = 'running', statements_begun = 1, statements_done = 0; \
                            INSERT INTO schema_migrations SELECT * FROM third";
                thread::scope(|scope| scope.spawn(|| fresh.connect().execute(died)).join().unwrap());
            }
        });
        let report = connection.execute_verb(&migrator, &Verb::Resume(decision)).unwrap();
        assert_eq!(report.changes().len(), 1, "{report}");
        assert_eq!(connection.value("SELECT state FROM schema_migrations WHERE version = 3"), "running");
        assert_eq!(connection.run(&Migrator::new(&set)).unwrap_err().kind(), ErrorKind::Interrupted);
        assert_eq!(connection.rows("SELECT n FROM log"), ["1"]);
    }
}

/// Who is at work then may come to another statement before it is gone, or has had another decision.
#[test]
fn a_decision_about_what_another_runner_is_at_work_on_does_not_count() {
    let set = script(TWO_IN_DOUBT);
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        run(&mut connection, &set).unwrap();
        connection.execute(&left(2, 1));
        let before = progress(&mut connection);
        let mut other = fresh.connect();
        other.execute(CLAIM);
        let error = thread::scope(|scope| {
            let (send, receive) = mpsc::channel();
            let (fresh, set) = (&fresh, &set);
            let resumed = scope.spawn(move || {
                let migrator = Migrator::new(set).on_event(move |event| {
                    if let Event::Waiting { .. } = event {
                        send.send(()).unwrap();
                    }
                });
                fresh.connect().execute_verb(&migrator, &Verb::Resume(Resume::MarkDone)).unwrap_err()
            });
            receive.recv_timeout(Duration::from_secs(30)).unwrap();
            drop(other);
            resumed.join().unwrap()
        });
        assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
        assert_eq!(progress(&mut connection), before);
        // Now nobody is, and it does.
        connection.execute_verb(&Migrator::new(&set), &Verb::Resume(Resume::MarkDone)).unwrap();
        assert_eq!(connection.rows("SELECT n FROM log"), [""; 0]);
    }
}

/// Nor does it for a later statement of the same script, to which somebody else has come meanwhile.
#[test]
fn a_decision_ends_with_the_statement_that_it_is_about() {
    let set = script(TWO_IN_DOUBT);
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        run(&mut connection, &set).unwrap();
        connection.execute(&left(1, 0));
        let is_first = AtomicBool::new(true);
        let migrator = Migrator::new(&set).on_event(|event| {
            if matches!(event, Event::Changed { .. }) && is_first.swap(false, Ordering::Relaxed) {
                thread::scope(|scope| scope.spawn(|| fresh.connect().execute(&left(2, 1))).join().unwrap());
            }
        });
        let error = connection.execute_verb(&migrator, &Verb::Resume(Resume::MarkDone)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
        assert_eq!(progress(&mut connection), "running 2 1");
    }
}

/// A statement that failed and left something behind is in doubt; one that has taken its place in the file is not.
#[test]
fn what_is_in_doubt_is_the_statement_that_ran_and_not_its_place() {
    for driver in Driver::SERVERS {
        let failed = |first: &str| {
            let fresh = Fresh::new(driver);
            let mut connection = fresh.connect();
            connection.execute("CREATE TABLE of_others (b integer); CREATE INDEX j ON of_others (b)");
            run(&mut connection, &script("CREATE UNIQUE INDEX CONCURRENTLY i ON t (a);")).unwrap_err();
            assert_eq!(progress(&mut connection), "running 1 0");
            let set = script(first);
            // It fails for what it is, as often as it runs.
            for _ in 0..2 {
                let error = run(&mut connection, &set).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::StatementFailed, "{first}: {error}");
                assert_eq!(progress(&mut connection), "running 0 0", "{first}");
                assert_eq!(connection.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0", "{first}");
            }
            (fresh, connection)
        };
        let (_fresh, mut connection) =
            failed("DELETE FROM t WHERE c = 2;\nCREATE UNIQUE INDEX CONCURRENTLY i ON t (a);");
        let corrected = script("DELETE FROM t WHERE b = 2;\nCREATE UNIQUE INDEX CONCURRENTLY i ON t (a);");
        run(&mut connection, &corrected).unwrap();
        assert_eq!(
            connection.value("SELECT count(*) FROM pg_index WHERE indisunique AND indrelid = 't'::regclass"),
            "1"
        );
        assert_eq!(connection.value("SELECT count(*) FROM t"), "2");
        // The name of another index, and the name of none.
        failed("CREATE UNIQUE INDEX CONCURRENTLY j ON of_others (missing);");
        failed("CREATE UNIQUE INDEX CONCURRENTLY j ON of_others (b);");
        failed("DROP INDEX CONCURRENTLY jj;");
    }
}

/// What a pragma has written to the file stays as it is, and whoever is refused has set nothing at all.
#[test]
fn what_is_in_the_file_is_not_set_again() {
    let fresh = Fresh::new(Driver::Rusqlite);
    let elsewhere = fresh.file().with_extension("elsewhere");
    let done = format!(
        "PRAGMA user_version = 3;\nPRAGMA journal_mode = DELETE;\nPRAGMA recursive_triggers = ON;\nATTACH '{}' AS elsewhere;\n\
         CREATE TABLE elsewhere.e (x);\nDETACH elsewhere;\nPRAGMA max_page_count = 4711;",
        elsewhere.display()
    );
    let with = |last: &str| script(&format!("{done}\n{last};"));
    run(&mut fresh.connect(), &with("DELETE FROM nowhere")).unwrap_err();
    fs::remove_file(&elsewhere).unwrap();
    let mut connection = fresh.connect();
    connection.execute("PRAGMA user_version = 9; PRAGMA journal_mode = WAL");
    // What is done has changed: it is refused.
    let error = run(&mut connection, &script(&format!("SELECT 1;\n{done}"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
    assert_eq!(connection.value("PRAGMA recursive_triggers"), "0");
    let unchanged = |connection: &mut Connection| {
        let state = ["user_version", "journal_mode"].map(|name| connection.value(&format!("PRAGMA {name}")));
        assert_eq!(state, ["9", "wal"]);
        assert!(!elsewhere.exists());
    };
    unchanged(&mut connection);
    let mut open = fresh.connect();
    open.rows("SELECT * FROM t");
    let seen = "INSERT INTO log SELECT recursive_triggers FROM pragma_recursive_triggers;\n\
                INSERT INTO log SELECT max_page_count FROM pragma_max_page_count";
    run(&mut connection, &with(seen)).unwrap();
    unchanged(&mut connection);
    assert_eq!(connection.rows("SELECT n FROM log"), ["1", "4711"]);
}

/// Others may be at work on a database that is attached again.
#[test]
fn what_is_set_again_waits_for_others() {
    let fresh = Fresh::new(Driver::Rusqlite);
    let attached = fresh.file().with_extension("attached");
    let with = |last: &str| {
        script(&format!(
            "ATTACH '{}' AS b;\nPRAGMA b.locking_mode = NORMAL;\nPRAGMA b.auto_vacuum = 1;\n{last};",
            attached.display()
        ))
    };
    run(&mut fresh.connect(), &with("DELETE FROM nowhere")).unwrap_err();
    let other = rusqlite::Connection::open(&attached).unwrap();
    other.execute_batch("CREATE TABLE o (x); BEGIN EXCLUSIVE").unwrap();
    let set = with("CREATE TABLE b.made (x)");
    thread::scope(|scope| {
        let (send, receive) = mpsc::channel();
        let (fresh, set) = (&fresh, &set);
        let resumed = scope.spawn(move || {
            let migrator = Migrator::new(set).on_event(move |event| {
                if let Event::Waiting { .. } = event {
                    send.send(()).unwrap();
                }
            });
            fresh.connect().run(&migrator)
        });
        receive.recv_timeout(Duration::from_secs(30)).unwrap();
        other.execute_batch("COMMIT").unwrap();
        resumed.join().unwrap().unwrap();
    });
    let made = other.query_row("SELECT count(*) FROM made", [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(made, 0);
}

/// What a later statement has set to something else need not be possible any more.
#[test]
fn what_is_set_no_more_is_not_set_again() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let role = format!("{}_short", fresh.database().name());
        let done = format!(
            "CREATE ROLE {role};\nSET ROLE {role};\nSELECT 1;\nRESET ROLE;\nDROP ROLE {role};\nSET search_path = nowhere, public;"
        );
        let with = |last: &str| script(&format!("{done}\n{last};"));
        run(&mut fresh.connect(), &with("DELETE FROM missing")).unwrap_err();
        let mut connection = fresh.connect();
        let set = with("INSERT INTO log VALUES (length(current_setting('search_path')))");
        assert_eq!(connection.try_verb(&Migrator::new(&set), &Verb::Run).unwrap().changes().len(), 1);
        run(&mut connection, &set).unwrap();
        assert_eq!(connection.rows("SELECT n FROM log"), ["15"]);
    }
}

/// A function of the user's that is called like one of the server's does something each time.
#[test]
fn a_function_of_the_user_s_own_is_not_called_again() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection.execute(
            "CREATE SCHEMA app; CREATE TABLE app.calls (x text); CREATE FUNCTION app.set_config(text, text) RETURNS void \
             LANGUAGE sql AS 'INSERT INTO app.calls VALUES ($1)'",
        );
        let with = |last: &str| script(&format!("SELECT app.set_config('theme', 'dark');\n{last};"));
        for _ in 0..2 {
            run(&mut connection, &with("DELETE FROM missing")).unwrap_err();
        }
        run(&mut connection, &with("SELECT 1")).unwrap();
        assert_eq!(connection.value("SELECT count(*) FROM app.calls"), "1");
    }
}

/// The number that a session has got last is not that of another one.
#[test]
fn the_last_number_of_another_session_is_a_question() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection.execute("CREATE TABLE par (id serial, who text)");
        let with = |last: &str| script(&format!("INSERT INTO par (who) VALUES ('mine');\n{last};"));
        run(&mut fresh.connect(), &with("DELETE FROM missing")).unwrap_err();
        connection.execute("INSERT INTO par (who) VALUES ('of a customer')");
        let child = "INSERT INTO log VALUES (currval('par_id_seq'))";
        let error = run(&mut connection, &with(child)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
        assert!(error.to_string().contains("got from a sequence"), "{error}");
        assert_eq!(connection.rows("SELECT n FROM log"), [""; 0]);
        let own = with(&format!("INSERT INTO par (who) VALUES ('again');\n{child}"));
        let report = run(&mut connection, &own).unwrap();
        assert_eq!(report.changes()[0].action, Action::Resume);
        assert_eq!(connection.rows("SELECT n FROM log"), ["3"]);
    }
}

/// The limit that a script has set for itself holds again, also behind the removal of what a statement has left.
#[test]
fn a_limit_of_the_script_s_own_outlasts_what_is_removed() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let with = |first: &str| script(&format!("SET lock_timeout = '9s';\n{first}"));
        let build = "CREATE UNIQUE INDEX CONCURRENTLY i ON t (a);";
        run(&mut fresh.connect(), &with(build)).unwrap_err();
        let seen = "INSERT INTO log SELECT setting::integer FROM pg_settings WHERE name = 'lock_timeout';";
        let corrected = with(&format!("{seen}\nDELETE FROM t WHERE b = 2;\n{build}\n{seen}"));
        let mut connection = fresh.connect();
        run(&mut connection, &corrected).unwrap();
        assert_eq!(connection.rows("SELECT n FROM log"), ["9000", "9000"]);
        assert_eq!(connection.value("SHOW lock_timeout"), "0");
    }
}

/// Behind `DISCARD ALL` everything is as in a new session.
#[test]
fn what_was_discarded_is_not_set_again() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection.execute("CREATE SCHEMA app");
        let with = |last: &str| {
            script(&format!(
                "SET search_path = app, public;\nCREATE TEMP TABLE picked (a integer);\nDISCARD ALL;\nSET work_mem = '9MB';\n{last};"
            ))
        };
        run(&mut fresh.connect(), &with("DELETE FROM missing")).unwrap_err();
        let set = with(
            "INSERT INTO log SELECT setting::integer FROM pg_settings WHERE name = 'work_mem';\nCREATE TABLE made (a integer)",
        );
        // Of the program, too.
        connection.execute("SET search_path = app");
        let migrator = Migrator::new(&set).history_table("public.schema_migrations");
        assert_eq!(connection.try_verb(&migrator, &Verb::Run).unwrap().changes()[0].statements, 2);
        assert_eq!(connection.value("SHOW search_path"), "app");
        connection.run(&migrator).unwrap();
        assert_eq!(connection.rows("SELECT n FROM public.log"), ["9216"]);
        assert_eq!(connection.value("SELECT to_regclass('public.made') IS NOT NULL"), "t");
    }
}

/// A decision counts for all that it lets go on without, so all of that is shown.
#[test]
fn all_that_is_lost_with_the_session_is_shown() {
    let on_postgres = (
        "CREATE TEMP TABLE scratch (a integer);\nDO $$ BEGIN SET search_path = public; END $$",
        "INSERT INTO log VALUES (currval('s'))",
        "what 2 of its statements have set or made",
    );
    let on_sqlite = (
        "CREATE TEMP TABLE scratch (a);\nINSERT INTO t VALUES (7, 7)",
        "INSERT INTO log VALUES (last_insert_rowid())",
        "what one of its statements has set or made",
    );
    for (driver, (done, reader, lost)) in
        Driver::SERVERS.into_iter().map(|driver| (driver, on_postgres)).chain([(Driver::Rusqlite, on_sqlite)])
    {
        let fresh = Fresh::new(driver);
        run(&mut fresh.connect(), &script(&format!("{done};\nDELETE FROM missing;"))).unwrap_err();
        let error = run(&mut fresh.connect(), &script(&format!("{done};\n{reader};"))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
        let told = error.to_string();
        assert!(told.contains(lost) && told.contains("; and what is left of it asks for the last"), "{told}");
        let of_session = |line: &&str| {
            ["CREATE TEMP", "DO $$", "INSERT INTO log"].iter().any(|of| line.contains(of)) && line.contains(" | ")
        };
        assert_eq!(told.lines().filter(of_session).count(), if driver == Driver::Rusqlite { 2 } else { 3 }, "{told}");
    }
}

/// Nobody may see when a backend of another login was started, not even of itself: whose role is not its login is one that lives.
#[test]
fn a_runner_under_another_role_than_its_login_lives() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let role = owner(&fresh);
        let as_owner = || connect_with(&fresh, &format!("SET ROLE {role}"));
        let set = script("INSERT INTO log VALUES (1);\nINSERT INTO log VALUES (2);");
        let migrator = Migrator::new(&set).on_event(|event| {
            if let Event::Statement { number: 2, migration, .. } = event
                && migration.to_string().starts_with('2')
            {
                thread::scope(|scope| {
                    let refused = scope.spawn(|| {
                        let impatient = Migrator::new(&set).wait_timeout(Duration::from_millis(100));
                        assert_eq!(as_owner().run(&impatient).unwrap_err().kind(), ErrorKind::WaitTimeout);
                        let verb = Verb::MarkPending(2, "it must be dead");
                        as_owner().execute_verb(&impatient, &verb).unwrap_err()
                    });
                    let refused = refused.join().unwrap().to_string();
                    assert!(refused.contains("another runner is at work"), "{refused}");
                });
            }
        });
        as_owner().run(&migrator).unwrap();
        assert_eq!(as_owner().rows("SELECT n FROM log"), ["1", "2"]);
        // Of a server that is not there any more, nobody lives.
        let mut connection = as_owner();
        connection.execute(&left(2, 1));
        connection.execute(
            "UPDATE schema_migrations SET claim = (SELECT concat('1-18a5c0ffee000000-3 ', pid, '  1000000000000000') \
             FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database() LIMIT 1) WHERE version = 2",
        );
        assert_eq!(run(&mut connection, &set).unwrap_err().kind(), ErrorKind::Interrupted);
    }
}

/// On the connection of before, what was detached is not there any more.
#[test]
fn what_is_detached_stays_detached() {
    let fresh = Fresh::new(Driver::Rusqlite);
    let mut connection = fresh.connect();
    connection.execute("ATTACH ':memory:' AS of_program");
    let with = |last: &str| script(&format!("DETACH of_program;\n{last};"));
    for _ in 0..2 {
        let error = run(&mut connection, &with("DELETE FROM missing")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StatementFailed, "{error}");
    }
    run(&mut connection, &with("INSERT INTO log VALUES (1)")).unwrap();
    // Another one of the program is detached, as it would have been.
    let fresh = Fresh::new(Driver::Rusqlite);
    let attached = || {
        let mut connection = fresh.connect();
        connection.execute("ATTACH ':memory:' AS of_program");
        connection
    };
    run(&mut attached(), &with("DELETE FROM missing")).unwrap_err();
    let mut connection = attached();
    run(&mut connection, &with("INSERT INTO log VALUES (1)")).unwrap();
    assert_eq!(connection.value("SELECT count(*) FROM pragma_database_list WHERE name = 'of_program'"), "0");
}

/// Whoever is refused has not touched what the program has in its session.
#[test]
fn a_refused_start_leaves_the_session_alone() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let sql = |last: &str| {
            format!(
                "DISCARD ALL;\nSET enable_seqscan = off;\nSELECT set_config('app.x', 'y', false);\nDO $$ BEGIN COMMIT; END $$;\n{last};"
            )
        };
        run(&mut fresh.connect(), &script(&sql("DELETE FROM missing"))).unwrap_err();
        let set = script(&sql("SELECT 1"));
        let mut connection = fresh.connect();
        connection.execute(&left(4, 3));
        connection.execute(
            "CREATE TEMP TABLE of_program (a integer); SELECT pg_advisory_lock(5); SET app.x = 'of the program'",
        );
        let error = run(&mut connection, &set).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
        let session = "SELECT to_regclass('of_program') IS NOT NULL, current_setting('enable_seqscan'), current_setting('app.x'), \
                       (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())";
        assert_eq!(connection.rows(session), ["t on of the program 1"]);
        connection.execute_verb(&Migrator::new(&set), &Verb::Resume(Resume::MarkDone)).unwrap();
        assert_eq!(progress(&mut connection), "applied 5 5");
    }
}

/// Where the usual transaction of a session is one that waits for everybody else's, whoever only looks does not.
#[test]
fn a_look_waits_for_nobody() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection.execute("CREATE TABLE indexed (a integer); CREATE INDEX i ON indexed (a)");
        let with = |last: &str| script(&format!("SET app.x = '1';\nDROP INDEX CONCURRENTLY i;\n{last};"));
        run(&mut fresh.connect(), &with("DELETE FROM missing")).unwrap_err();
        connection.execute(&left(2, 1));
        let mut writer = fresh.connect();
        // It ends by itself if anything fails here.
        writer.execute(
            "SET idle_in_transaction_session_timeout = '40s'; BEGIN ISOLATION LEVEL SERIALIZABLE; INSERT INTO log VALUES (1)",
        );
        connection.execute("SET default_transaction_isolation = serializable; SET default_transaction_deferrable = on");
        assert!(run(&mut connection, &with("SELECT 1")).unwrap().to_string().contains("statement 2 found done"));
        writer.execute("COMMIT");
    }
}
