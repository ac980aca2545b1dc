//! Migrations in Rust, on every driver: in the transaction of their row, known by name and revision.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use migrate_runtime::{ErrorKind, Event, Migrations, Migrator, Scope, Standing, Step};
use migrate_tests::{Driver, Fresh, Verb, migrations, postgres, set};

/// A step that runs a statement with the driver's own transaction; `fails` with an error that is none of the driver's.
fn step(driver: Driver, sql: &'static str, fails: bool) -> Step<'static> {
    let end = move || if fails { Err("the function had enough".into()) } else { Ok(()) };
    match driver {
        Driver::Rusqlite => Step::rusqlite(move |tx| {
            tx.execute(sql, [])?;
            end()
        }),
        Driver::Postgres => Step::postgres(move |tx| {
            tx.execute(sql, &[])?;
            end()
        }),
        Driver::TokioPostgres => Step::tokio_postgres(move |tx| {
            Box::pin(async move {
                tx.execute(sql, &[]).await?;
                end()
            })
        }),
    }
}

fn files() -> Migrations {
    migrations(&[("1_a.sql", "CREATE TABLE a (x integer);"), ("3_c.sql", "INSERT INTO a SELECT 3 FROM a;")])
}

const INSERT: &str = "INSERT INTO a VALUES (2)";

#[test]
fn a_step_takes_its_place_and_runs_once() {
    for driver in Driver::ALL {
        for scope in [Scope::PerMigration, Scope::All] {
            let (fresh, files) = (Fresh::new(driver), files());
            let migrator = Migrator::new(&files).scope(scope).step(2, "add two", step(driver, INSERT, false));
            let mut connection = fresh.connect();
            let plan = connection.plan(&migrator).unwrap();
            assert!(plan.to_string().contains("would apply 2_add two"), "{plan}");
            assert_eq!(connection.run(&migrator).unwrap().changes().len(), 3, "{driver:?}, {scope:?}");
            assert_eq!(connection.rows("SELECT x FROM a ORDER BY x"), ["2", "3"]);
            connection.verify(&migrator).unwrap();
            assert!(connection.run(&migrator).unwrap().is_empty());
            assert!(!connection.is_in_transaction());
            let status = connection.status(&migrator).unwrap();
            assert_eq!((status.migrations().len(), status.count(Standing::Applied)), (3, 3), "{status}");
            assert_eq!(
                connection.value("SELECT sql FROM schema_migrations WHERE version = '2'").trim(),
                "-- a step in Rust: add two, revision 1"
            );
            // Who does not register it has lost it.
            let error = connection.run(&Migrator::new(&files)).unwrap_err();
            assert_eq!(error.problems()[0].standing, Standing::Missing, "{error}");
        }
    }
}

#[test]
fn name_and_revision_stand_for_its_checksum() {
    for driver in Driver::ALL {
        let (fresh, files) = (Fresh::new(driver), files());
        let with =
            |name: &str, revision| Migrator::new(&files).step(2, name, step(driver, INSERT, false).revision(revision));
        let mut connection = fresh.connect();
        connection.run(&with("add two", 1)).unwrap();
        for (name, revision) in [("add two", 2), ("add 2", 1)] {
            let error = connection.run(&with(name, revision)).unwrap_err();
            assert_eq!(error.problems()[0].standing, Standing::Divergent, "{error}");
        }
        connection.execute_verb(&with("add two", 2), &Verb::Repair(2, "a faster way")).unwrap();
        connection.verify(&with("add two", 2)).unwrap();
        let error = connection.execute_verb(&with("add two", 2), &Verb::RevertTo(1)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoDownScript, "{error}");
    }
}

#[test]
fn a_step_that_fails_leaves_nothing() {
    for driver in Driver::ALL {
        for scope in [Scope::PerMigration, Scope::All] {
            let (fresh, files) = (Fresh::new(driver), files());
            let mut connection = fresh.connect();
            let cases = [
                (step(driver, INSERT, true), "the function had enough", None),
                (step(driver, "INSERT INTO nowhere VALUES (1)", false), "nowhere", Some(driver)),
            ];
            for (failing, said, of_driver) in cases {
                let migrator = Migrator::new(&files).scope(scope).step(2, "add two", failing);
                let error = connection.run(&migrator).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::StatementFailed, "{error}");
                assert_eq!(error.migration().unwrap().as_str(), "2_add two");
                assert!(error.to_string().contains(said), "{error}");
                assert_eq!(error.driver_error().is_some(), of_driver.is_some(), "{error}");
                assert!(!connection.is_in_transaction(), "{driver:?}");
                let applied = connection.status(&migrator).unwrap().count(Standing::Applied);
                assert_eq!(applied, usize::from(scope == Scope::PerMigration), "{driver:?}, {scope:?}");
            }
            let migrator = Migrator::new(&files).scope(scope).step(2, "add two", step(driver, INSERT, false));
            connection.run(&migrator).unwrap();
            assert_eq!(connection.rows("SELECT x FROM a ORDER BY x"), ["2", "3"]);
        }
    }
}

#[test]
fn a_step_that_panics_leaves_nothing() {
    let files = files();
    let fresh = Fresh::new(Driver::Rusqlite);
    let mut connection = rusqlite::Connection::open(fresh.file()).unwrap();
    let panicking = Step::rusqlite(|tx| {
        tx.execute(INSERT, [])?;
        panic!("on purpose")
    });
    let migrator = Migrator::new(&files).step(2, "add two", panicking);
    catch_unwind(AssertUnwindSafe(|| migrator.run(&mut connection))).unwrap_err();
    assert!(connection.is_autocommit());
    assert_eq!(fresh.connect().rows("SELECT x FROM a"), [""; 0]);

    let database = postgres().database("panic");
    let mut client = database.connect();
    let panicking = Step::postgres(|tx| {
        tx.execute(INSERT, &[])?;
        panic!("on purpose")
    });
    let migrator = Migrator::new(&files).step(2, "add two", panicking);
    catch_unwind(AssertUnwindSafe(|| migrator.run(&mut client))).unwrap_err();
    assert_eq!(client.query_one("SELECT count(*) FROM a", &[]).unwrap().get::<_, i64>(0), 0);
    // Refused inside a transaction.
    client.batch_execute("VACUUM").unwrap();
}

#[test]
fn inside_the_transaction_of_a_user() {
    let files = files();
    let database = postgres().database("nested_step");
    let mut client = database.connect();
    let migrator = Migrator::new(&files).step(2, "add two", step(Driver::Postgres, INSERT, false));
    let mut transaction = client.transaction().unwrap();
    assert_eq!(migrator.run(&mut transaction).unwrap().changes().len(), 3);
    transaction.rollback().unwrap();
    assert_eq!(migrator.verify(&mut client).unwrap_err().kind(), ErrorKind::Pending);

    let mut connection = rusqlite::Connection::open_in_memory().unwrap();
    let migrator = Migrator::new(&files).step(2, "add two", step(Driver::Rusqlite, INSERT, false));
    let mut transaction = connection.transaction().unwrap();
    assert_eq!(migrator.run(&mut transaction).unwrap().changes().len(), 3);
    transaction.commit().unwrap();
    migrator.verify(&mut connection).unwrap();
}

#[test]
fn several_sets_have_steps_of_their_own() {
    let base: &Migrations = Box::leak(Box::new(set("base", &[("1_a.sql", "CREATE TABLE a (x integer);")])));
    let more: &Migrations =
        Box::leak(Box::new(set("more", &[("1_b.sql", "CREATE TABLE b AS SELECT x FROM a;")]).after(base)));
    for driver in Driver::ALL {
        for scope in [Scope::PerMigration, Scope::All] {
            let fresh = Fresh::new(driver);
            let mut connection = fresh.connect();
            let in_b = "INSERT INTO b SELECT x + 1 FROM b";
            let both = || {
                let many = Migrator::many([more, base]).scope(scope);
                // The same version in both.
                let many = many.step_of(base, 2, "add two", step(driver, INSERT, false));
                many.step_of(more, 2, "add three", step(driver, in_b, false))
            };
            connection.run(&Migrator::new(base)).unwrap();
            // What the other set lacks is named, steps as well as files.
            let alone = || Migrator::new(more).scope(scope).step(2, "add three", step(driver, in_b, false));
            let early = alone().step_of(base, 2, "add two", step(driver, INSERT, false));
            let error = connection.run(&early).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Pending, "{error}");
            assert!(error.to_string().contains("2_add two is pending"), "{error}");

            let report = connection.run(&both()).unwrap();
            let told: Vec<&str> = report.changes().iter().map(|change| change.migration.as_str()).collect();
            assert_eq!(told, ["2_add two", "1_b", "2_add three"]);
            assert_eq!(connection.rows("SELECT x FROM b ORDER BY x"), ["2", "3"]);
            connection.verify(&both()).unwrap();
            assert!(connection.run(&both()).unwrap().is_empty());
            assert!(connection.status(&both()).unwrap().is_up_to_date());
            // The steps of the other set are no affair of one that comes after it.
            assert!(connection.run(&alone()).unwrap().is_empty());
            let last: &Migrations =
                Box::leak(Box::new(set("last", &[("1_c.sql", "CREATE TABLE c (x integer);")]).after(base)));
            assert_eq!(connection.run(&Migrator::new(last).scope(scope)).unwrap().changes().len(), 1);
        }
    }
}

#[test]
fn an_older_binary_goes_on_with_a_step_that_says_it_may() {
    for driver in Driver::ALL {
        for (is_compatible, goes_on) in [(false, false), (true, true)] {
            let (fresh, files) = (Fresh::new(driver), files());
            let mut connection = fresh.connect();
            let own = step(driver, INSERT, false);
            let own = if is_compatible { own.compatible_backward() } else { own };
            connection.run(&Migrator::new(&files).step(4, "add two", own)).unwrap();
            let older = connection.run(&Migrator::new(&files));
            assert_eq!(older.is_ok(), goes_on, "{driver:?}: {older:?}");
        }
    }
}

/// What the function does of itself, and what is in the table then.
#[test]
fn a_step_that_ends_its_transaction_is_not_called_applied_nor_rolled_back() {
    let cases: &[(&[&str], bool, &[&str])] = &[
        (&[INSERT, "COMMIT"], false, &["2"]),
        (&[INSERT, "COMMIT"], true, &["2"]),
        (&[INSERT, "COMMIT", "BEGIN", "INSERT INTO a VALUES (3)"], false, &["2"]),
        (&[INSERT, "COMMIT", "BEGIN", "INSERT INTO a VALUES (3)"], true, &["2"]),
        (&[INSERT, "COMMIT", "INSERT INTO nowhere VALUES (1)"], false, &["2"]),
        (&[INSERT, "ROLLBACK", "INSERT INTO a VALUES (3)"], false, &["3"]),
        (&[INSERT, "ROLLBACK", "INSERT INTO a VALUES (3)"], true, &["3"]),
    ];
    for driver in Driver::ALL {
        for scope in [Scope::PerMigration, Scope::All] {
            for (statements, fails, expect) in cases {
                println!("{driver:?}, {scope:?}: {statements:?}, fails: {fails}");
                let (fresh, files) = (Fresh::new(driver), migrations(&[("3_c.sql", "SELECT 1;")]));
                let mut connection = fresh.connect();
                connection.execute("CREATE TABLE a (x integer)");
                let migrator =
                    Migrator::new(&files).scope(scope).step(2, "add two", unruly(driver, statements, *fails));
                let error = connection.run(&migrator).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::LeftTransaction, "{error}");
                assert!(!error.to_string().contains("rolled back"), "{error}");
                let stays = match scope {
                    Scope::PerMigration => "; this run has changed nothing else",
                    Scope::All => "; what this run has done before it may be committed, or lost",
                };
                assert!(error.to_string().contains(stays), "{error}");
                assert_eq!(error.report().changes(), []);
                assert!(!connection.is_in_transaction());
                assert_eq!(connection.rows("SELECT x FROM a"), *expect);
                // Nothing is done a second time before somebody has looked.
                let is_committed = statements.contains(&"COMMIT");
                let status = connection.status(&migrator).unwrap();
                assert_eq!(status.count(Standing::Interrupted), usize::from(is_committed), "{status}");
                connection.execute_verb(&migrator, &Verb::MarkApplied(2, "looked")).unwrap();
                assert_eq!(connection.run(&migrator).unwrap().changes().len(), 1);
            }
        }
    }
}

#[test]
fn a_step_that_ends_the_transaction_of_a_user_may_have_committed_what_came_before() {
    let files = migrations(&[("1_a.sql", "CREATE TABLE a (x integer);")]);
    let mut connection = rusqlite::Connection::open_in_memory().unwrap();
    let mut transaction = connection.transaction().unwrap();
    let step = unruly(Driver::Rusqlite, &[INSERT, "COMMIT"], false);
    let error = Migrator::new(&files).step(2, "add two", step).run(&mut transaction).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LeftTransaction, "{error}");
    let stays = "; what this run has done before it may be committed, or lost";
    assert!(error.to_string().contains(stays), "{error}");
}

/// A step that runs statements which it should not, and may fail with an error that is none of the driver's.
fn unruly(driver: Driver, statements: &'static [&'static str], fails: bool) -> Step<'static> {
    let end = move || if fails { Err("the function had enough".into()) } else { Ok(()) };
    match driver {
        Driver::Rusqlite => Step::rusqlite(move |tx| {
            statements.iter().try_for_each(|sql| tx.execute_batch(sql))?;
            end()
        }),
        Driver::Postgres => Step::postgres(move |tx| {
            statements.iter().try_for_each(|sql| tx.batch_execute(sql))?;
            end()
        }),
        Driver::TokioPostgres => Step::tokio_postgres(move |tx| {
            Box::pin(async move {
                for sql in statements {
                    tx.batch_execute(sql).await?;
                }
                end()
            })
        }),
    }
}

#[test]
fn steps_that_make_no_sense_are_refused() {
    for driver in Driver::ALL {
        let (fresh, files) = (Fresh::new(driver), files());
        let mut connection = fresh.connect();
        let taken = Migrator::new(&files).step(3, "taken", step(driver, INSERT, false));
        let error = connection.run(&taken).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOption, "{error}");
        let other = if driver.is_sqlite() { Driver::Postgres } else { Driver::Rusqlite };
        let foreign = Migrator::new(&files).step(2, "foreign", step(other, INSERT, false));
        for error in [connection.run(&foreign).unwrap_err(), connection.plan(&foreign).unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            assert!(error.to_string().contains("2_foreign") && !connection.is_in_transaction(), "{error}");
        }
        assert!(!connection.tables().contains(&"a".to_owned()), "something was done before it was refused");
        let other = set("other", &[("1_x.sql", "SELECT 1;")]);
        let whose = Migrator::many([&files, &other]).step(2, "whose", step(driver, INSERT, false));
        let lost = Migrator::new(&files).step_of(&other, 2, "lost", step(driver, INSERT, false));
        for (migrator, words) in [(whose, "does not say which of the sets"), (lost, "is of the set `other`")] {
            let error = connection.run(&migrator).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidOption, "{error}");
            assert!(error.to_string().contains(words), "{error}");
        }
    }
}

#[test]
fn a_step_that_removes_its_own_row_is_undone() {
    for driver in Driver::ALL {
        for scope in [Scope::PerMigration, Scope::All] {
            let (fresh, files) = (Fresh::new(driver), files());
            let mut connection = fresh.connect();
            let removing = unruly(driver, &[INSERT, "DELETE FROM schema_migrations WHERE version = '2'"], false);
            let error = connection.run(&Migrator::new(&files).scope(scope).step(2, "add two", removing)).unwrap_err();
            assert!(error.to_string().contains("has kept its row from being written"), "{driver:?}: {error}");
            assert!(!connection.is_in_transaction());
            let migrator = Migrator::new(&files).scope(scope).step(2, "add two", step(driver, INSERT, false));
            connection.run(&migrator).unwrap();
            assert_eq!(connection.rows("SELECT x FROM a ORDER BY x"), ["2", "3"]);
        }
    }
}

#[test]
fn an_error_that_a_step_keeps_to_itself_is_told() {
    for driver in Driver::SERVERS {
        let (fresh, files) = (Fresh::new(driver), files());
        let swallowing = match driver {
            Driver::Postgres => Step::postgres(|tx| {
                let _ = tx.batch_execute("SELECT nope()");
                Ok(())
            }),
            _ => Step::tokio_postgres(|tx| {
                Box::pin(async move {
                    let _ = tx.batch_execute("SELECT nope()").await;
                    Ok(())
                })
            }),
        };
        let error = fresh.connect().run(&Migrator::new(&files).step(2, "add two", swallowing)).unwrap_err();
        assert!(error.to_string().contains("has not returned its error"), "{error}");
        assert_eq!(error.kind(), ErrorKind::StatementFailed, "{error}");
    }
}

/// What only the commit refuses of a step is told as that.
#[test]
fn a_step_that_its_commit_refuses_is_undone() {
    for driver in Driver::ALL {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        if driver.is_sqlite() {
            connection.execute("PRAGMA foreign_keys = ON");
        }
        let tables = "CREATE TABLE p (id integer PRIMARY KEY);\n\
                      CREATE TABLE a (x integer REFERENCES p DEFERRABLE INITIALLY DEFERRED);";
        let first = migrations(&[("1_a.sql", tables)]);
        let error = connection.run(&Migrator::new(&first).step(2, "b", step(driver, INSERT, false))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StatementFailed, "{error}");
        assert!(error.to_string().starts_with("migration 2_b failed at its commit and was rolled back"), "{error}");
        assert_eq!(connection.rows("SELECT x FROM a"), [""; 0]);
    }
}

#[test]
fn a_step_whose_row_a_trigger_swallows_is_undone() {
    let fresh = Fresh::new(Driver::Rusqlite);
    let mut connection = fresh.connect();
    let first = migrations(&[("1_a.sql", "CREATE TABLE a (x integer);")]);
    connection.run(&Migrator::new(&first)).unwrap();
    for when in ["INSERT", "UPDATE"] {
        connection.execute(&format!(
            "CREATE TRIGGER swallow BEFORE {when} ON schema_migrations BEGIN SELECT RAISE(IGNORE); END"
        ));
        let migrator = Migrator::new(&first).step(2, "add two", step(Driver::Rusqlite, INSERT, false));
        let error = connection.run(&migrator).unwrap_err();
        assert!(error.to_string().contains("has kept its row from being written"), "{when}: {error}");
        assert_eq!(connection.rows("SELECT x FROM a"), [""; 0]);
        connection.execute("DROP TRIGGER swallow");
    }
}

/// Another runner has done it between the plan and the claim: the function does not run again.
#[test]
fn a_step_that_another_runner_has_done_first_runs_once() {
    for driver in Driver::ALL {
        let (fresh, files) = (Fresh::new(driver), files());
        let with_step = || Migrator::new(&files).step(2, "add two", step(driver, INSERT, false));
        let mut connection = fresh.connect();
        connection.run(&Migrator::new(&files).target(1)).unwrap();
        let migrator = with_step().on_event(|event| {
            if let Event::Planned { .. } = event {
                thread::scope(|threads| {
                    threads.spawn(|| _ = fresh.connect().run(&with_step()).unwrap()).join().unwrap();
                });
            }
        });
        assert!(connection.run(&migrator).unwrap().is_empty(), "{driver:?}");
        assert_eq!(connection.rows("SELECT x FROM a ORDER BY x"), ["2", "3"], "{driver:?}");
    }
}
