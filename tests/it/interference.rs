//! Scripts, triggers and people that meddle with the runner's own affairs: what was promised holds, or the run fails and says why.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use migrate_runtime::{Error, ErrorKind, Event, Migrations, Migrator, Scope};
use migrate_tests::{Connection, Driver, Fresh, Moment, Verb, migrations, poll, postgres, set};

const FIRST: (&str, &str) = ("1_a.sql", "CREATE TABLE done (x integer);");

fn on(drivers: &[Driver], test: impl Fn(&Fresh)) {
    for driver in drivers {
        println!("on {driver:?}");
        test(&Fresh::new(*driver));
    }
}

fn fail(connection: &mut Connection, migrations: &Migrations) -> Error {
    connection.run(&Migrator::new(migrations)).expect_err("a failure")
}

fn done(connection: &mut Connection) -> Vec<String> {
    connection.rows("SELECT x FROM done ORDER BY x")
}

/// Does something once, when a script of this version starts.
fn when_started<'a>(migrator: Migrator<'a>, version: &'a str, act: impl FnOnce() + Send + 'a) -> Migrator<'a> {
    let act = Mutex::new(Some(act));
    migrator.on_event(move |event| {
        if let Event::Started { migration, .. } = event
            && migration.version_as_written() == version
            && let Some(act) = act.lock().unwrap().take()
        {
            act();
        }
    })
}

#[test]
fn a_migration_that_removes_its_own_row() {
    for removal in [
        "DELETE FROM schema_migrations",
        "DELETE FROM schema_migrations WHERE version = '2'",
        "DELETE FROM schema_migrations /* as after SET ROLE */",
    ] {
        on(&Driver::ALL, |fresh| {
            let mut connection = fresh.connect();
            let sql = format!("INSERT INTO done VALUES (2);\n{removal};");
            let error = fail(&mut connection, &migrations(&[FIRST, ("2_b.sql", &sql)]));
            assert_eq!(error.kind(), ErrorKind::Database);
            assert!(error.to_string().contains("kept its row from being written"), "{error}");
            assert!(done(&mut connection).is_empty());
            assert_eq!(connection.value("SELECT count(*) FROM schema_migrations"), "1");
        });
    }
}

const SWALLOWS: [&str; 2] = [
    "CREATE TRIGGER swallow BEFORE INSERT ON schema_migrations BEGIN SELECT RAISE(IGNORE); END;",
    "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; \
     CREATE TRIGGER swallow BEFORE INSERT ON schema_migrations FOR EACH ROW EXECUTE FUNCTION swallow();",
];

#[test]
fn a_trigger_that_swallows_the_row() {
    on(&Driver::ALL, |fresh| {
        let mut connection = fresh.connect();
        connection.run(&Migrator::new(&migrations(&[FIRST]))).unwrap();
        connection.execute(SWALLOWS[usize::from(!fresh.driver().is_sqlite())]);
        let error = fail(&mut connection, &migrations(&[FIRST, ("2_b.sql", "INSERT INTO done VALUES (2);")]));
        assert!(error.to_string().contains("a trigger, rule or policy"), "{error}");
        assert!(done(&mut connection).is_empty());
    });
}

/// Also where a script of the same run has made it, behind the look at the table.
#[test]
fn a_trigger_that_a_script_has_made_swallows_no_row_in_silence() {
    for scope in [Scope::PerMigration, Scope::All] {
        on(&Driver::ALL, |fresh| {
            let mut connection = fresh.connect();
            connection.run(&Migrator::new(&migrations(&[FIRST]))).unwrap();
            let swallow = SWALLOWS[usize::from(!fresh.driver().is_sqlite())];
            let set = migrations(&[FIRST, ("2_b.sql", swallow), ("3_c.sql", "INSERT INTO done VALUES (3);")]);
            let error = connection.run(&Migrator::new(&set).scope(scope)).unwrap_err();
            assert!(error.to_string().contains("a trigger, rule or policy"), "{scope:?}: {error}");
            assert!(done(&mut connection).is_empty(), "{scope:?}");
        });
    }
}

#[test]
fn a_pipeline_whose_first_request_is_refused_runs_nothing() {
    // LATIN1 has no arrow, so the server cannot even read the request that would open the transaction.
    let database = postgres().database("pipeline");
    let name = format!("{}_latin1", database.name());
    let mut admin = database.connect();
    admin.batch_execute(&format!("CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")).unwrap();
    let mut check = ::postgres::Client::connect(&postgres().url(&name), ::postgres::NoTls).unwrap();
    let arrow =
        migrations(&[FIRST, ("2_b.sql", "-- copy → done\nINSERT INTO done VALUES (2);\nINSERT INTO done VALUES (3);")]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    runtime.block_on(async {
        let (mut client, connection) =
            tokio_postgres::connect(&postgres().url(&name), tokio_postgres::NoTls).await.unwrap();
        let task = tokio::spawn(connection);
        let error = arrow.run_async(&mut client).await.unwrap_err();
        assert_eq!(error.database_code(), Some("22P05"), "{error}");
        drop(client);
        task.await.unwrap().unwrap();
    });
    let rows: i64 = check.query_one("SELECT count(*) FROM done", &[]).unwrap().get(0);
    assert_eq!(rows, 0);
    drop(check);
    admin.batch_execute(&format!("DROP DATABASE {name}")).unwrap();
}

#[test]
fn strings_cannot_be_made_to_end_elsewhere() {
    let hidden =
        "SELECT 'a\\', '; INSERT INTO done VALUES (1); COMMIT; --';\nINSERT INTO done VALUES (2);\nSELECT 1/0;";
    let ways = [
        "SET standard_conforming_strings = off;\n",
        "SELECT set_config('standard_conforming_strings', 'off', true);\n",
        "SET client_encoding = 'LATIN1';\n",
    ];
    for way in ways {
        on(&Driver::SERVERS, |fresh| {
            let mut connection = fresh.connect();
            connection.run(&Migrator::new(&migrations(&[FIRST]))).unwrap();
            let error = fail(&mut connection, &migrations(&[FIRST, ("2_b.sql", &format!("{way}{hidden}"))]));
            assert_eq!(error.kind(), ErrorKind::UnreadableScript, "{error}");
            assert!(done(&mut connection).is_empty());
        });
    }
    on(&Driver::SERVERS, |fresh| {
        let dump = "SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\nSELECT 1;";
        fresh.connect().run(&Migrator::new(&migrations(&[("1_dump.sql", dump)]))).unwrap();
    });
}

#[test]
fn a_script_that_ends_its_transaction_goes_no_further_and_is_not_called_rolled_back() {
    // A setting changes how strings are read, which the scanner cannot know of.
    on(&Driver::SERVERS, |fresh| {
        let mut connection = fresh.connect();
        connection.run(&Migrator::new(&migrations(&[FIRST]))).unwrap();
        let hidden = "DO $$ BEGIN PERFORM set_config(concat('standard_', 'conforming_strings'), 'off', false); END $$;\nSELECT 'a\\', '; INSERT INTO done VALUES (1); COMMIT; --';\nINSERT INTO done VALUES (2);";
        let error = fail(&mut connection, &migrations(&[FIRST, ("2_b.sql", hidden)]));
        let text = error.to_string();
        assert!(text.starts_with("migration 2_b left its transaction before its end;"), "{text}");
        assert!(text.contains("what it did before may be committed"), "{text}");
        assert_eq!(done(&mut connection), ["1"]);
        let again = fail(&mut fresh.connect(), &migrations(&[FIRST, ("2_b.sql", hidden)]));
        for part in ["2_b is interrupted", "interrupted: look what its statements have done, then finish or undo them"]
        {
            assert!(again.to_string().contains(part), "{part:?} is not in\n{again}");
        }
    });
}

#[test]
fn settings_of_the_session_are_set_back() {
    on(&Driver::SERVERS, |fresh| {
        let mut connection = fresh.connect();
        let usual = "SELECT current_user, current_setting('lock_timeout'), current_setting('statement_timeout'), \
                     current_setting('idle_session_timeout'), \
                     current_setting('session_replication_role'), current_setting('row_security'), \
                     current_setting('check_function_bodies'), current_setting('TimeZone'), \
                     current_setting('default_transaction_read_only')";
        let before = connection.rows(usual);
        let setting = migrations(&[
            (
                "1_a.sql",
                "SET lock_timeout = '7s';\nSET statement_timeout = '8s';\nSET idle_session_timeout = '9s';\nSET session_replication_role = replica;\n\
                 SET row_security = off;\nSET check_function_bodies = off;\nSET TimeZone = 'Asia/Tokyo';\n\
                 SET default_transaction_read_only = on;\nSET ROLE pg_read_all_data;",
            ),
            ("2_b.sql", "CREATE TABLE b (x integer);"),
        ]);
        // The last statement leaves the role without rights on the table.
        let error = fail(&mut connection, &setting);
        assert_eq!(error.database_code(), Some("42501"), "{error}");
        assert!(error.to_string().contains("end it with `RESET ROLE`"), "{error}");
        assert_eq!(connection.rows(usual), before);
        let without_role = setting.set().scripts()[0].sql().replace("\nSET ROLE pg_read_all_data;", "");
        let setting = migrations(&[("1_a.sql", &without_role), ("2_b.sql", "CREATE TABLE b (x integer);")]);
        assert_eq!(connection.run(&Migrator::new(&setting)).unwrap().changes().len(), 2);
        assert_eq!(connection.rows(usual), before);
    });
}

#[test]
fn two_branches_at_once_do_not_both_succeed() {
    let ours = migrations(&[FIRST, ("2_ours.sql", "INSERT INTO done VALUES (2);")]);
    let theirs = migrations(&[FIRST, ("3_theirs.sql", "INSERT INTO done VALUES (3);")]);
    on(&Driver::ALL, |fresh| {
        let mut connection = fresh.connect();
        connection.run(&Migrator::new(&migrations(&[FIRST]))).unwrap();
        // The other branch gets in after our plan and before our claim.
        let other = Mutex::new(fresh.connect());
        let migrator = Migrator::new(&ours).on_event(|event| {
            if matches!(event, Event::Started { .. }) {
                let _ = other.lock().unwrap().run(&Migrator::new(&theirs));
            }
        });
        let error = match fresh.driver() {
            // An asynchronous connection cannot be waited for inside of another.
            Driver::TokioPostgres => return,
            _ => connection.run(&migrator).unwrap_err(),
        };
        assert_eq!(error.kind(), ErrorKind::HistoryMismatch, "{error}");
        assert_eq!(done(&mut connection), ["3"]);
    });
}

/// Nor is anything applied on top of what is called the same, and is another script.
#[test]
fn what_another_branch_calls_the_same_is_not_built_upon() {
    let ours =
        migrations(&[FIRST, ("2_b.sql", "INSERT INTO done VALUES (2);"), ("3_c.sql", "INSERT INTO done VALUES (3);")]);
    let theirs = migrations(&[FIRST, ("2_b.sql", "INSERT INTO done VALUES (20);")]);
    on(&[Driver::Rusqlite, Driver::Postgres], |fresh| {
        let mut connection = fresh.connect();
        connection.run(&Migrator::new(&migrations(&[FIRST]))).unwrap();
        let other = Mutex::new(fresh.connect());
        let migrator = Migrator::new(&ours).on_event(|event| {
            if matches!(event, Event::Started { .. }) {
                let _ = other.lock().unwrap().run(&Migrator::new(&theirs));
            }
        });
        let error = connection.run(&migrator).unwrap_err();
        assert!(error.to_string().contains("2_b is divergent"), "{error}");
        assert_eq!(done(&mut connection), ["20"]);
    });
}

#[test]
fn a_history_table_without_its_key_is_refused() {
    on(&Driver::ALL, |fresh| {
        let mut connection = fresh.connect();
        connection.run(&Migrator::new(&migrations(&[FIRST]))).unwrap();
        connection.execute("CREATE TABLE copy AS SELECT * FROM schema_migrations");
        connection.execute("DROP TABLE schema_migrations");
        connection.execute("ALTER TABLE copy RENAME TO schema_migrations");
        let error = fail(&mut connection, &migrations(&[FIRST, ("2_b.sql", "INSERT INTO done VALUES (2);")]));
        assert_eq!(error.kind(), ErrorKind::BadHistory);
        assert!(error.to_string().contains("has lost its primary key"), "{error}");
        assert!(done(&mut connection).is_empty());
    });
}

#[test]
fn something_else_with_the_name_of_the_table() {
    let others = [
        "CREATE TABLE schema_migrations ()",
        "CREATE TYPE schema_migrations AS ENUM ('a')",
        "CREATE VIEW schema_migrations AS SELECT 1 AS version",
    ];
    for other in others {
        on(&Driver::SERVERS, |fresh| {
            let mut connection = fresh.connect();
            connection.execute(other);
            let error = fail(&mut connection, &migrations(&[FIRST]));
            assert!(matches!(error.kind(), ErrorKind::ForeignTable | ErrorKind::Database), "{error}");
        });
    }
}

#[test]
fn a_syntax_error_in_somebody_s_transaction_costs_nothing_else() {
    let database = postgres().database("nested_syntax");
    let mut client = database.connect();
    let mut transaction = client.transaction().unwrap();
    transaction.batch_execute("CREATE TABLE mine (x int); SAVEPOINT migrate; CREATE TABLE mine2 (x int)").unwrap();
    let error = migrations(&[("1_a.sql", "CREATE TALBE a (x int);")]).run(&mut transaction).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StatementFailed, "{error}");
    transaction.batch_execute("INSERT INTO mine2 VALUES (1)").unwrap();
    transaction.commit().unwrap();
    assert_eq!(client.query("SELECT FROM mine2", &[]).unwrap().len(), 1);
}

#[test]
fn a_panic_inside_somebody_s_transaction_leaves_no_half_migration() {
    let halves = migrations(&[("1_a.sql", "CREATE TABLE a (x integer);\nCREATE TABLE b (x integer);")]);
    let panics = || {
        Migrator::new(&halves)
            .on_event(|event| assert!(!matches!(event, Event::Statement { number: 2, .. }), "on purpose"))
    };
    let attempt = |run: &mut dyn FnMut()| std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_err();

    let mut sqlite = rusqlite::Connection::open_in_memory().unwrap();
    let mut transaction = sqlite.transaction().unwrap();
    attempt(&mut || drop(panics().run(&mut transaction)));
    transaction.commit().unwrap();
    assert_eq!(Connection::Rusqlite(sqlite).tables(), [""; 0]);

    let database = postgres().database("nested_panic");
    let mut client = database.connect();
    let mut transaction = client.transaction().unwrap();
    attempt(&mut || drop(panics().run(&mut transaction)));
    transaction.commit().unwrap();
    assert_eq!(Connection::Postgres(client).tables(), ["schema_migrations"]);
}

#[test]
fn a_lock_that_is_not_waited_for_is_the_statement_s_failure() {
    on(&Driver::SERVERS, |fresh| {
        let (mut holder, mut connection) = (fresh.connect(), fresh.connect());
        holder.execute("CREATE TABLE busy (x int)");
        holder.execute("BEGIN; LOCK TABLE busy");
        let error =
            fail(&mut connection, &migrations(&[("1_a.sql", "LOCK TABLE busy IN ACCESS EXCLUSIVE MODE NOWAIT;")]));
        assert_eq!((error.kind(), error.database_code()), (ErrorKind::StatementFailed, Some("55P03")), "{error}");
    });
}

#[test]
fn the_holder_of_this_set_is_named_and_not_that_of_another() {
    on(&Driver::SERVERS, |fresh| {
        let (mut innocent, mut holder, mut connection) = (fresh.connect(), fresh.connect(), fresh.connect());
        connection.run(&Migrator::new(&migrations(&[FIRST]))).unwrap();
        connection.run(&Migrator::new(&set("other", &[("1_a.sql", "SELECT 1;")]))).unwrap();
        for (session, name, set) in [(&mut innocent, "innocent", "other"), (&mut holder, "holder", "default")] {
            session.execute(&format!("SET application_name = '{name}'; BEGIN"));
            session.execute(&format!("SELECT FROM schema_migrations WHERE \"set\" = '{set}' FOR UPDATE"));
            session.execute("CREATE TEMPORARY TABLE assigns_a_transaction_number (x int)");
        }
        let two = migrations(&[FIRST, ("2_b.sql", "SELECT 1;")]);
        let error = connection.run(&Migrator::new(&two).wait_timeout(Duration::from_millis(200))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WaitTimeout);
        assert!(error.to_string().contains("application holder"), "{error}");
    });
}

/// A transaction that a script makes read-only is that of its next statement, and not one that cannot be written to the history.
#[test]
fn a_script_that_makes_its_transaction_read_only() {
    on(&Driver::SERVERS, |fresh| {
        let script = "SET transaction_read_only = on;\nINSERT INTO done VALUES (2);\nSELECT 1;";
        let error = fail(&mut fresh.connect(), &migrations(&[FIRST, ("2_b.sql", script)]));
        assert_eq!((error.kind(), error.database_code()), (ErrorKind::StatementFailed, Some("25006")), "{error}");
        assert!(error.to_string().contains("2_b.sql:2:1"), "{error}");
    });
}

/// What a commit refuses is told as that, or as what may have happened where the commit was sent together with a statement.
#[test]
fn what_only_a_commit_refuses_is_told() {
    on(&Driver::ALL, |fresh| {
        let mut connection = fresh.connect();
        let tables = "CREATE TABLE p (id integer PRIMARY KEY); \
                      CREATE TABLE c (p integer NOT NULL REFERENCES p DEFERRABLE INITIALLY DEFERRED);";
        let set = |script: &str| migrations(&[("1_tables.sql", tables), ("2_b.sql", script)]);
        connection.run(&Migrator::new(&migrations(&[("1_tables.sql", tables)]))).unwrap();
        if fresh.driver().is_sqlite() {
            connection.execute("PRAGMA foreign_keys = ON");
        }
        let alone = "2_b failed at its commit and was rolled back";
        let together = "the statement was sent together with the commit, which may be what failed";
        let usual = if fresh.driver() == Driver::Postgres { together } else { alone };
        let outside = "-- migrate: no-transaction\n";
        for (directive, words) in [("", usual), (outside, together)] {
            let error = fail(&mut connection, &set(&format!("{directive}INSERT INTO c VALUES (1);")));
            assert_eq!(error.kind(), ErrorKind::StatementFailed, "{error}");
            assert!(error.to_string().contains(words), "{words}: {error}");
        }
        let error = fail(&mut connection, &set(&format!("{outside}INSERT INTO nowhere VALUES (1);")));
        assert!(!error.to_string().contains(together), "{error}");
        if fresh.driver().is_sqlite() {
            let error = fail(&mut connection, &set(&format!("{outside}INSERT INTO c VALUES (NULL);")));
            assert!(!error.to_string().contains(together), "{error}");
        }
    });
}

#[test]
fn parameters_are_refused() {
    let fresh = Fresh::new(Driver::Rusqlite);
    let error = fail(&mut fresh.connect(), &migrations(&[FIRST, ("2_b.sql", "INSERT INTO done VALUES (?1);")]));
    assert_eq!(error.migration().unwrap().as_str(), "2_b", "{error}");
}

/// What this run has applied is not applied again because its row is gone: that would never end.
#[test]
fn a_row_that_is_gone_after_its_commit_is_told() {
    on(&Driver::SERVERS, |fresh| {
        let mut connection = fresh.connect();
        connection.run(&Migrator::new(&migrations(&[FIRST]))).unwrap();
        connection.execute(
            "CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM schema_migrations WHERE version = NEW.version; RETURN NULL; END'; \
             CREATE CONSTRAINT TRIGGER forget AFTER INSERT ON schema_migrations DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION forget()",
        );
        let set = migrations(&[
            FIRST,
            ("2_b.sql", "INSERT INTO done VALUES (2);"),
            ("3_c.sql", "INSERT INTO done VALUES (3);"),
        ]);
        let error = fail(&mut connection, &set);
        assert_eq!(error.kind(), ErrorKind::BadHistory, "{error}");
        assert!(error.to_string().contains("migration 2_b was applied a moment ago"), "{error}");
        assert_eq!(done(&mut connection), ["2"]);
    });
}

/// What a script has made of the history is known before the next one runs.
#[test]
fn a_script_that_changes_the_history_of_others_is_noticed() {
    on(&[Driver::Rusqlite], |fresh| {
        let mut connection = fresh.connect();
        let set = migrations(&[
            FIRST,
            ("2_b.sql", "INSERT INTO done VALUES (2);"),
            ("3_c.sql", "DELETE FROM Schema_Migrations WHERE version = '2';"),
            ("4_d.sql", "INSERT INTO done VALUES (4);"),
        ]);
        let error = fail(&mut connection, &set);
        assert_eq!(error.kind(), ErrorKind::HistoryMismatch, "{error}");
        assert!(error.to_string().contains("2_b is out-of-order"), "{error}");
        assert_eq!(done(&mut connection), ["2"]);
    });
}

#[test]
fn what_another_runner_does_below_the_latest_is_noticed_before_it_is_done_again() {
    on(&[Driver::Rusqlite, Driver::Postgres], |fresh| {
        let mut connection = fresh.connect();
        let gap = ("3_c.sql", "CREATE TABLE gap (x integer);\nINSERT INTO done VALUES (3);");
        let latest = ("4_d.sql", "INSERT INTO done VALUES (4);");
        connection.run(&Migrator::new(&migrations(&[FIRST, latest]))).unwrap();
        let all = migrations(&[FIRST, gap, latest]);
        let other = Mutex::new(fresh.connect());
        let migrator = Migrator::new(&all).allow_out_of_order().on_event(|event| {
            if matches!(event, Event::Started { .. }) {
                other.lock().unwrap().run(&Migrator::new(&all).allow_out_of_order()).unwrap();
            }
        });
        assert!(connection.run(&migrator).unwrap().is_empty());
        assert_eq!(done(&mut connection), ["3", "4"]);
    });
}

/// Between the look at the history and the turn of the script, another runner applies it and reverts it: that is not forgotten.
#[test]
fn what_another_runner_reverts_before_the_turn_is_remembered() {
    for directive in ["", "-- migrate: no-transaction\n"] {
        on(&[Driver::Rusqlite, Driver::Postgres], |fresh| {
            let mut connection = fresh.connect();
            let sql = format!("{directive}INSERT INTO done VALUES (2);");
            let set = migrations(&[FIRST, ("2_b.up.sql", &sql), ("2_b.down.sql", "DELETE FROM done;")]);
            let migrator = || Migrator::new(&set);
            connection.run(&migrator()).unwrap();
            connection.execute_verb(&migrator(), &Verb::RevertLast(1)).unwrap();
            let mut other = fresh.connect();
            let behind = when_started(migrator(), "2", || {
                other.run(&migrator()).unwrap();
                other.execute_verb(&migrator(), &Verb::RevertLast(1)).unwrap();
            });
            assert_eq!(connection.run(&behind).unwrap().changes().len(), 1);
            assert_eq!(done(&mut connection), ["2"]);
            let history = connection.history(&migrator()).unwrap();
            assert_eq!(history.entries()[1].audit.len(), 2, "{history}");
        });
    }
}

/// Between two scripts of a run, another runner takes the first back: it is applied again before the second.
#[test]
fn what_another_runner_reverts_between_two_is_applied_again() {
    on(&[Driver::Rusqlite, Driver::Postgres], |fresh| {
        let mut connection = fresh.connect();
        let set = migrations(&[
            FIRST,
            ("2_b.up.sql", "INSERT INTO done VALUES (2);"),
            ("2_b.down.sql", "DELETE FROM done WHERE x = 2;"),
            ("3_c.sql", "INSERT INTO done SELECT count(*) + 2 FROM done;"),
        ]);
        let mut other = fresh.connect();
        let migrator = when_started(Migrator::new(&set), "3", || {
            other.execute_verb(&Migrator::new(&set), &Verb::RevertLast(1)).unwrap();
        });
        let report = connection.run(&migrator).unwrap();
        assert_eq!(report.changes().len(), 4, "{report}");
        assert_eq!(done(&mut connection), ["2", "3"]);
    });
}

/// So it is where nothing is left applied, and another runner is faster with the script that comes next.
#[test]
fn what_another_runner_applies_between_revert_and_apply_is_not_done_again() {
    on(&[Driver::Rusqlite, Driver::Postgres], |fresh| {
        let mut connection = fresh.connect();
        let set = migrations(&[("1_a.up.sql", "CREATE TABLE done (x integer);"), ("1_a.down.sql", "DROP TABLE done;")]);
        connection.run(&Migrator::new(&set)).unwrap();
        let (mut other, is_second) = (fresh.connect(), AtomicUsize::new(0));
        let other = Mutex::new(&mut other);
        let migrator = Migrator::new(&set).on_event(|event| {
            if matches!(event, Event::Started { .. }) && is_second.fetch_add(1, Ordering::Relaxed) == 1 {
                other.lock().unwrap().run(&Migrator::new(&set)).unwrap();
            }
        });
        connection.execute_verb(&migrator, &Verb::RedoLast(1)).unwrap();
        assert!(is_second.load(Ordering::Relaxed) > 1);
        connection.verify(&Migrator::new(&set)).unwrap();
        assert!(done(&mut connection).is_empty());
    });
}

/// Others may write to the database while a runner has its turn, whatever the versions look like.
#[test]
fn what_others_write_elsewhere_keeps_nobody_from_a_turn() {
    on(&[Driver::Rusqlite, Driver::Postgres], |fresh| {
        let mut connection = fresh.connect();
        let files = [("9_a.sql", FIRST.1), ("10_b.sql", "SELECT 1;"), ("11_c.sql", "INSERT INTO done VALUES (11);")];
        connection.run(&Migrator::new(&migrations(&files[..2]))).unwrap();
        let mut other = fresh.connect();
        let set = migrations(&files);
        let migrator = when_started(Migrator::new(&set), "11", || other.execute("INSERT INTO done VALUES (10)"));
        assert_eq!(connection.run(&migrator).unwrap().changes().len(), 1);
        assert_eq!(done(&mut connection), ["10", "11"]);
    });
}

/// Nobody but a person writes to the history without waiting for the turn of a script; the key of the row is left to tell.
#[test]
fn a_row_that_somebody_writes_while_a_script_runs_undoes_it() {
    let fresh = Fresh::new(Driver::Postgres);
    let mut connection = fresh.connect();
    connection.run(&Migrator::new(&migrations(&[FIRST]))).unwrap();
    let set = migrations(&[FIRST, ("2_b.sql", "INSERT INTO done VALUES (2);\nINSERT INTO done VALUES (2);")]);
    let by_hand = format!(
        "INSERT INTO schema_migrations SELECT \"set\", 2, 'b', '{}', state, applied_at, execution_time_ms, 2, 2, 2, applied_by, claim, \
         audit, sql, down_sql FROM schema_migrations WHERE version = 1",
        set.set().scripts()[1].checksum()
    );
    let other = Mutex::new(fresh.connect());
    let migrator = Migrator::new(&set).on_event(|event| {
        if matches!(event, Event::Statement { number: 2, .. }) {
            other.lock().unwrap().execute(&by_hand);
        }
    });
    assert!(connection.run(&migrator).unwrap().is_empty());
    assert!(done(&mut connection).is_empty());
}

/// One that a script makes of what its text does not show.
/// Triggers, rules and policies that keep rows from being written or changed, but for those with which we ask whether that fails.
#[test]
fn an_edit_that_is_swallowed_is_told() {
    let of_sqlite = "CREATE TRIGGER u BEFORE UPDATE ON schema_migrations BEGIN SELECT RAISE(IGNORE); END; \
                     CREATE TRIGGER i BEFORE INSERT ON schema_migrations WHEN NEW.\"set\" IS NOT NULL BEGIN SELECT RAISE(IGNORE); END";
    let of_server = [
        "CREATE FUNCTION s() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.\"set\" IS NULL THEN RETURN NEW; END IF; RETURN NULL; END'; \
         CREATE TRIGGER s BEFORE INSERT OR UPDATE ON schema_migrations FOR EACH ROW EXECUTE FUNCTION s()",
        "CREATE RULE u AS ON UPDATE TO schema_migrations DO INSTEAD NOTHING; \
         CREATE RULE i AS ON INSERT TO schema_migrations WHERE NEW.\"set\" IS NOT NULL DO INSTEAD NOTHING",
    ];
    let second = ("2_b.sql", "CREATE TABLE b (x integer);");
    let edited =
        migrations(&[("1_a.sql", "CREATE TABLE done (x integer); -- edited"), second, ("3_c.sql", "SELECT 1;")]);
    for driver in Driver::ALL {
        for swallows in if driver.is_sqlite() { std::slice::from_ref(&of_sqlite) } else { &of_server[..] } {
            let fresh = Fresh::new(driver);
            let mut connection = fresh.connect();
            let set = migrations(&[FIRST, second]);
            connection.run(&Migrator::new(&set)).unwrap();
            connection.execute(swallows);
            let rows = "SELECT version || state || checksum || length(audit) FROM schema_migrations ORDER BY version";
            let before = connection.rows(rows);
            for verb in [Verb::MarkPending(2, "r"), Verb::Repair(1, "r"), Verb::MarkApplied(3, "r")] {
                let error = connection.execute_verb(&Migrator::new(&edited), &verb).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Database, "{driver:?}, {verb:?}: {error}");
                let told = error.to_string();
                assert!(told.contains("a trigger, rule or policy on the history table"), "{verb:?}: {told}");
                assert_eq!(connection.rows(rows), before, "{driver:?}, {verb:?}");
            }
            connection.execute("DELETE FROM schema_migrations");
            connection.execute_verb(&Migrator::new(&set), &Verb::Baseline(2)).unwrap_err();
            assert_eq!(connection.rows(rows), [""; 0], "{driver:?}");
        }
    }
}

#[test]
fn a_trigger_of_the_same_run_that_swallows_rows_is_found_out() {
    let swallow = "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';\n";
    let hidden = [
        "DO $$ BEGIN EXECUTE 'CREATE TRIGGER s BEFORE INSERT ON schema_' || 'migrations FOR EACH ROW EXECUTE FUNCTION swallow()'; END $$;",
        "CREATE TRIGGER s BEFORE INSERT ON U&\"schema\\005fmigrations\" FOR EACH ROW EXECUTE FUNCTION swallow();",
    ];
    for hidden in hidden {
        on(&Driver::SERVERS, |fresh| {
            let mut connection = fresh.connect();
            let second = format!("{swallow}{hidden}");
            let set = migrations(&[FIRST, ("2_b.sql", &second), ("3_c.sql", "INSERT INTO done VALUES (3);")]);
            let error = fail(&mut connection, &set);
            assert!(error.to_string().contains("kept its row from being written"), "{error}");
            assert!(done(&mut connection).is_empty());
        });
    }
}

#[test]
fn a_trigger_on_a_partition_of_the_history_is_found_out() {
    on(&Driver::SERVERS, |fresh| {
        let mut connection = fresh.connect();
        connection.run(&Migrator::new(&migrations(&[FIRST]))).unwrap();
        connection.execute(
            "ALTER TABLE schema_migrations RENAME TO old; \
             CREATE TABLE schema_migrations (LIKE old INCLUDING ALL) PARTITION BY LIST (\"set\"); \
             CREATE TABLE part PARTITION OF schema_migrations DEFAULT; INSERT INTO schema_migrations SELECT * FROM old; \
             CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; \
             CREATE TRIGGER s BEFORE INSERT ON part FOR EACH ROW EXECUTE FUNCTION swallow()",
        );
        let error = fail(&mut connection, &migrations(&[FIRST, ("2_b.sql", "INSERT INTO done VALUES (2);")]));
        assert!(error.to_string().contains("kept its row from being written"), "{error}");
        assert!(done(&mut connection).is_empty());
    });
}

/// The key alone is sure to have no NULL.
#[test]
fn a_history_that_was_copied_without_its_constraints_is_looked_at_as_well() {
    on(&[Driver::Postgres], |fresh| {
        let mut connection = fresh.connect();
        connection.run(&Migrator::new(&migrations(&[FIRST]))).unwrap();
        connection.execute(
            "CREATE TABLE copy AS SELECT * FROM schema_migrations; DROP TABLE schema_migrations; \
             ALTER TABLE copy RENAME TO schema_migrations; ALTER TABLE schema_migrations ADD PRIMARY KEY (\"set\", version)",
        );
        let four = ("4_d.sql", "INSERT INTO done VALUES (4);");
        let ours = migrations(&[FIRST, ("3_c.sql", "INSERT INTO done VALUES (3);"), four]);
        let theirs = migrations(&[
            FIRST,
            ("3_c.sql", "INSERT INTO done VALUES (3);"),
            ("5_e.sql", "INSERT INTO done VALUES (5);"),
        ]);
        for begins in ["3_c", "4_d"] {
            connection.execute("DELETE FROM done; DELETE FROM schema_migrations WHERE version > 1");
            let other = Mutex::new(fresh.connect());
            let migrator = Migrator::new(&ours).on_event(|event| {
                if matches!(event, Event::Started { migration, .. } if migration.as_str() == begins) {
                    let _ = other.lock().unwrap().run(&Migrator::new(&theirs));
                }
            });
            let error = connection.run(&migrator).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::HistoryMismatch, "{begins}: {error}");
            assert_eq!(done(&mut connection), ["3", "5"], "{begins}");
        }
    });
}

/// Another session would not see it.
#[test]
fn a_temporary_table_of_the_session_is_no_history() {
    on(&Driver::SERVERS, |fresh| {
        let mut connection = fresh.connect();
        connection.run(&Migrator::new(&migrations(&[FIRST]))).unwrap();
        connection.execute("CREATE TEMPORARY TABLE schema_migrations AS SELECT * FROM public.schema_migrations");
        let error = fail(&mut connection, &migrations(&[FIRST, ("2_b.sql", "INSERT INTO done VALUES (2);")]));
        assert_eq!(error.kind(), ErrorKind::InvalidOption, "{error}");
        assert!(done(&mut connection).is_empty());
    });
}

/// A script that names things in a way that hides them counts as one that may do anything.
#[test]
fn a_commit_behind_escapes_is_noticed() {
    let first = ("1_a.sql", "CREATE TABLE done (x integer);\nCREATE TABLE texts (a text, b text);");
    let hidden = "UPDATE U&\"pg\\005fsettings\" SET setting = 'off' WHERE name = U&'standard\\005fconforming\\005fstrings';\n\
                  INSERT INTO texts VALUES ('a\\', '); INSERT INTO done VALUES (1); COMMIT; --');\nINSERT INTO done VALUES (2);";
    on(&Driver::SERVERS, |fresh| {
        let mut connection = fresh.connect();
        let set = migrations(&[first, ("2_b.sql", hidden)]);
        for _ in 0..2 {
            connection.run(&Migrator::new(&set)).unwrap_err();
            connection = fresh.connect();
        }
        assert!(done(&mut connection).len() < 2);
    });
}

#[test]
fn a_session_in_another_encoding_is_refused() {
    on(&Driver::SERVERS, |fresh| {
        let mut connection = fresh.connect();
        connection.execute("SET client_encoding = 'GBK'");
        let error = fail(&mut connection, &migrations(&[FIRST]));
        assert!(error.to_string().contains("`client_encoding` is GBK"), "{error}");
        assert!(connection.tables().is_empty());
    });
}

/// Nobody can have been faster, so nothing is tried again.
#[test]
fn duplicates_in_the_user_s_own_tables_are_a_failure_at_once() {
    let first = ("1_a.sql", "CREATE TABLE v (x integer);\nINSERT INTO v VALUES (1), (1);\nCREATE SEQUENCE tries;");
    let second = ("2_b.sql", "CREATE TABLE b AS SELECT nextval('tries');");
    for duplicate in [
        "CREATE UNIQUE INDEX i ON v (x);",
        "CREATE TABLE w (x integer UNIQUE DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO w VALUES (1), (1);",
        "SELECT 1;\nCREATE UNIQUE INDEX i ON v (x);",
    ] {
        for scope in [Scope::PerMigration, Scope::All] {
            on(&Driver::SERVERS, |fresh| {
                let mut connection = fresh.connect();
                connection.run(&Migrator::new(&migrations(&[first]))).unwrap();
                let starts = AtomicUsize::new(0);
                let set = migrations(&[first, second, ("3_c.sql", duplicate)]);
                let migrator = Migrator::new(&set).scope(scope).on_event(|event| {
                    starts.fetch_add(usize::from(matches!(event, Event::Started { .. })), Ordering::Relaxed);
                });
                let error = connection.run(&migrator).unwrap_err();
                assert_eq!(error.database_code(), Some("23505"), "{scope:?} {duplicate}: {error}");
                assert_eq!(starts.load(Ordering::Relaxed), 2, "{scope:?} {duplicate}: {error}");
                assert_eq!(connection.value("SELECT last_value FROM tries"), "1", "{scope:?} {duplicate}");
            });
        }
    }
}

/// However far a run has come when it is dropped.
#[test]
fn strings_are_read_as_before_when_a_run_is_dropped() {
    let set = migrations(&[
        FIRST,
        ("2_b.sql", "CREATE TABLE b (x integer);"),
        ("3_c.sql", "-- migrate: no-transaction\nCREATE TABLE c (x integer);\nVACUUM c;"),
        ("4_d.sql", "CREATE TABLE d (x integer);"),
    ]);
    let fresh = Fresh::new(Driver::TokioPostgres);
    let name = fresh.connect().value("SELECT current_database()");
    fresh.connect().execute(&format!("ALTER DATABASE {name} SET standard_conforming_strings = off"));
    for moment in Moment::BOTH {
        let ended = (1..).find_map(|polls| {
            fresh.connect().execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
            let mut connection = fresh.connect();
            let ended = connection.drop_verb(&Migrator::new(&set), &Verb::Run, (polls, moment));
            assert_eq!(connection.value("SHOW standard_conforming_strings"), "off", "{polls} polls, {moment:?}");
            ended.inspect(|_| assert!(polls > 3))
        });
        ended.unwrap().unwrap();
    }
}

/// What a script resets is set again for what is left of it.
#[test]
fn strings_are_read_by_the_standard_behind_a_reset() {
    let write = "INSERT INTO done VALUES (length('C:\\new\\table'))";
    let both = format!("RESET ALL;\n{write};");
    let outside = |first: &str| format!("-- migrate: no-transaction\n{first};\n{write};");
    for (driver, sql) in Driver::SERVERS.into_iter().flat_map(|of| {
        [both.clone(), outside("RESET ALL"), outside("DISCARD ALL"), outside("VACUUM done")].map(|sql| (of, sql))
    }) {
        let fresh = Fresh::new(driver);
        let name = fresh.connect().value("SELECT current_database()");
        fresh.connect().execute(&format!("ALTER DATABASE {name} SET standard_conforming_strings = off"));
        let mut connection = fresh.connect();
        let set = migrations(&[FIRST, ("2_b.sql", &sql)]);
        connection.run(&Migrator::new(&set)).unwrap();
        let longest = "SELECT max(x) FROM done";
        assert_eq!(connection.value(longest), "12", "{driver:?}, {sql}");
        assert_eq!(connection.value("SHOW standard_conforming_strings"), "off");
        if sql == both {
            continue;
        }
        // When it is gone on with behind it, too.
        connection.execute(
            "DELETE FROM done; UPDATE schema_migrations SET state = 'running', statements_begun = 1, statements_done = 1 WHERE version = 2",
        );
        connection.run(&Migrator::new(&set)).unwrap();
        assert_eq!(connection.value(longest), "12", "{driver:?}, {sql}");
        assert_eq!(connection.value("SHOW standard_conforming_strings"), "off");
    }
}

/// What the caller's transaction has set for itself alone ends with it.
#[test]
fn strings_are_read_as_before_behind_the_transaction_of_the_caller() {
    let reset = migrations(&[FIRST, ("2_b.sql", "RESET ALL;\nINSERT INTO done VALUES (length('C:\\new'));")]);
    let plain = migrations(&[FIRST, ("2_b.sql", "INSERT INTO done VALUES (length('C:\\new'));")]);
    for (usual, within, set) in
        [("off", "on", &reset), ("on", "off", &plain), ("on", "off", &reset), ("off", "off", &plain)]
    {
        let fresh = Fresh::new(Driver::Postgres);
        let name = fresh.connect().value("SELECT current_database()");
        fresh.connect().execute(&format!("ALTER DATABASE {name} SET standard_conforming_strings = {usual}"));
        let mut client = fresh.database().connect();
        let mut transaction = client.transaction().unwrap();
        transaction.batch_execute(&format!("SET LOCAL standard_conforming_strings = {within}")).unwrap();
        set.run(&mut transaction).unwrap();
        transaction.commit().unwrap();
        let found =
            client.query_one("SELECT current_setting('standard_conforming_strings'), max(x) FROM done", &[]).unwrap();
        assert_eq!((found.get::<_, &str>(0), found.get::<_, i32>(1)), (usual, 6), "{within}");
    }
}

/// A statement that breaks a constraint of the history is told as that statement where it has a request of its own.
#[test]
fn a_script_that_doubles_the_rows_of_the_history_is_the_one_that_fails() {
    for scope in [Scope::PerMigration, Scope::All] {
        let fresh = Fresh::new(Driver::Postgres);
        let mut client = fresh.database().connect();
        migrations(&[FIRST]).run(&mut client).unwrap();
        let script = "INSERT INTO done VALUES (2);\nINSERT INTO schema_migrations SELECT * FROM schema_migrations WHERE version = 1;\n\
                      INSERT INTO done VALUES (3);";
        let set = migrations(&[FIRST, ("2_b.sql", script)]);
        let mut transaction = client.transaction().unwrap();
        let error = Migrator::new(&set).scope(scope).run(&mut transaction).unwrap_err();
        assert_eq!((error.kind(), error.database_code()), (ErrorKind::StatementFailed, Some("23505")), "{error}");
        assert!(error.to_string().contains("2_b.sql:2:1"), "{error}");
        transaction.commit().unwrap();
        assert!(done(&mut fresh.connect()).is_empty());
    }
}

/// A row that the history refuses, as if it were there already, although it is not: an edit does not try for ever.
#[test]
fn an_edit_that_the_history_refuses_is_told() {
    let refuse = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
                  $$ BEGIN RAISE EXCEPTION 'not today' USING ERRCODE = '23505'; END $$; \
                  CREATE TRIGGER refuse BEFORE INSERT ON schema_migrations FOR EACH ROW EXECUTE FUNCTION refuse()";
    on(&Driver::SERVERS, |fresh| {
        let mut connection = fresh.connect();
        connection.run(&Migrator::new(&migrations(&[FIRST]))).unwrap();
        connection.execute(refuse);
        let two = migrations(&[FIRST, ("2_b.sql", "INSERT INTO done VALUES (2);")]);
        let error = connection.execute_verb(&Migrator::new(&two), &Verb::MarkApplied(2, "by hand")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Database, "{error}");
        assert!(error.to_string().starts_with("the history could not be changed"), "{error}");
        assert!(error.to_string().contains("not today"), "{error}");
        assert_eq!(connection.value("SELECT count(*) FROM schema_migrations"), "1");
    });
}

/// Whoever has waited for another one that edits the row looks at it again.
#[test]
fn an_edit_that_has_waited_for_another_one_is_signed_or_not_done() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let set = migrations(&[("1_a.sql", "SELECT 1;"), ("2_b.sql", "SELECT 2;"), ("3_c.sql", "SELECT 3;")]);
        let mut other = fresh.connect();
        other.run(&Migrator::new(&set)).unwrap();
        other.execute("BEGIN; UPDATE schema_migrations SET audit = E'2026-01-01T00:00:00.000Z\\trepaired\\tsomebody\\t\\t\\n' WHERE version = 2");
        thread::scope(|scope| {
            let marked = scope.spawn(|| {
                fresh.connect().execute_verb(&Migrator::new(&set), &Verb::MarkPending(2, "to try it")).unwrap()
            });
            let mut watcher = fresh.connect();
            let waits =
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
            poll("the wait", Duration::from_secs(30), || (watcher.value(waits) == "1").then_some(()));
            other.execute("COMMIT");
            assert_eq!(marked.join().unwrap().changes().len(), 1);
        });
        let audit = other.value("SELECT state || ' ' || audit FROM schema_migrations WHERE version = 2");
        assert!(audit.starts_with("pending ") && audit.contains("repaired") && audit.contains("to try it"), "{audit}");
    }
}
