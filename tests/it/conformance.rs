//! What every driver must do, on a real database each. A test here takes nothing for granted about the driver.

use std::sync::Mutex;
use std::time::Duration;

use migrate_runtime::{Dialect, ErrorKind, Event, Migrations, Migrator, Standing};
use migrate_tests::{Connection, Driver, Fresh, migrations, numbered, only_for, set};

/// Runs a test on a fresh database of every driver.
fn on_every_driver(test: impl Fn(&Fresh)) {
    for driver in Driver::ALL {
        println!("on {driver:?}");
        test(&Fresh::new(driver));
    }
}

fn run(connection: &mut Connection, migrations: &Migrations) -> Vec<String> {
    let report = connection.run(&Migrator::new(migrations)).unwrap_or_else(|error| panic!("{error}"));
    report.changes().iter().map(|applied| applied.migration.to_string()).collect()
}

fn fail(connection: &mut Connection, migrations: &Migrations) -> migrate_runtime::Error {
    let error = connection.run(&Migrator::new(migrations)).expect_err("a failure");
    assert!(!connection.is_in_transaction(), "{error}");
    error
}

fn standings(connection: &mut Connection, migrations: &Migrations) -> Vec<String> {
    let status = connection.status(&Migrator::new(migrations)).unwrap();
    let line = |migration: &migrate_runtime::MigrationStatus| {
        format!("{} {}", migration.migration.version_as_written(), migration.standing.as_str())
    };
    status.migrations().iter().map(line).collect()
}

#[test]
fn applies_once_and_then_has_nothing_to_do() {
    on_every_driver(|fresh| {
        let three = numbered(3);
        let mut connection = fresh.connect();
        assert_eq!(run(&mut connection, &three), ["00001_t1", "00002_t2", "00003_t3"]);
        assert_eq!(run(&mut connection, &three), [""; 0]);
        assert_eq!(run(&mut fresh.connect(), &three), [""; 0]);
        assert_eq!(run(&mut connection, &numbered(5)), ["00004_t4", "00005_t5"]);
        assert_eq!(connection.rows("SELECT number FROM done ORDER BY number"), ["1", "2", "3", "4", "5"]);
        assert_eq!(connection.tables(), ["done", "schema_migrations", "t1", "t2", "t3", "t4", "t5"]);
        connection.verify(&Migrator::new(&numbered(5))).unwrap();
    });
}

#[test]
fn history_rows_hold_what_was_applied() {
    on_every_driver(|fresh| {
        let files = [
            ("007_it's.up.sql", "CREATE TABLE a (x text DEFAULT 'it''s \\ größe');\nCREATE TABLE b (y text);"),
            ("007_it's.down.sql", "DROP TABLE a;"),
        ];
        let quoted = migrations(&files);
        let mut connection = fresh.connect();
        connection.run(&Migrator::new(&quoted).applied_by("O'Neil \\ 1")).unwrap();
        let columns = "\"set\", version, name, checksum, state, statements, statements_done, applied_by";
        let checksum = quoted.set().scripts()[0].checksum();
        assert_eq!(
            connection.value(&format!("SELECT {columns} FROM schema_migrations")),
            format!("default 7 it's {checksum} applied 2 2 O'Neil \\ 1")
        );
        assert_eq!(connection.value("SELECT sql FROM schema_migrations"), files[0].1);
        assert_eq!(connection.value("SELECT down_sql FROM schema_migrations"), files[1].1);
        let status = connection.status(&Migrator::new(&quoted)).unwrap();
        let [row] = status.migrations() else { panic!("{status}") };
        let applied_at = row.applied_at.as_deref().unwrap();
        assert!(applied_at.len() == 24 && applied_at.starts_with("20") && applied_at.ends_with('Z'), "{applied_at}");
        assert!(row.execution_time_ms.unwrap() < 60_000);
        assert!(connection.run(&Migrator::new(&quoted)).unwrap().is_empty());
    });
}

#[test]
fn plan_status_and_verify_write_nothing() {
    on_every_driver(|fresh| {
        let three = numbered(3);
        let mut connection = fresh.connect();
        let migrator = Migrator::new(&three);
        let plan = connection.plan(&migrator).unwrap();
        assert_eq!(plan.changes().len(), 3);
        assert_eq!(
            plan.to_string().lines().next().unwrap(),
            "would apply 00001_t1  3 statements   migrations/00001_t1.sql"
        );
        assert_eq!(standings(&mut connection, &three), ["00001 pending", "00002 pending", "00003 pending"]);
        assert_eq!(connection.verify(&migrator).unwrap_err().kind(), ErrorKind::Pending);
        assert_eq!(connection.tables(), [""; 0]);
        run(&mut connection, &three);
        assert_eq!(connection.plan(&migrator).unwrap().to_string(), "up to date, 3 migrations");
        assert_eq!(standings(&mut connection, &three), ["00001 applied", "00002 applied", "00003 applied"]);
        connection.verify(&migrator).unwrap();
    });
}

#[test]
fn an_empty_set_writes_nothing() {
    on_every_driver(|fresh| {
        let none = migrations(&[]);
        let mut connection = fresh.connect();
        let report = connection.run(&Migrator::new(&none)).unwrap();
        assert_eq!(report.to_string(), "up to date, 0 migrations");
        assert_eq!(connection.tables(), [""; 0]);
    });
}

#[test]
fn a_failing_statement_is_shown_and_rolled_back() {
    on_every_driver(|fresh| {
        let failing = migrations(&[
            ("0001_users.sql", "CREATE TABLE users (id integer PRIMARY KEY);\n"),
            ("0002_data.sql", "CREATE TABLE extra (id integer);\n"),
            (
                "0003_twice.sql",
                "-- größe\nCREATE TABLE kept_not (id integer);\n\nINSERT INTO users\n  VALUES (1), (1);\nSELECT 1;\n",
            ),
            ("0004_never.sql", "CREATE TABLE never (id integer);\n"),
        ]);
        let mut connection = fresh.connect();
        let error = fail(&mut connection, &failing);
        assert_eq!((error.kind(), error.code()), (ErrorKind::StatementFailed, "statement-failed"));
        assert_eq!(error.migration().unwrap().as_str(), "0003_twice");
        assert_eq!(error.version().unwrap().digits(), "3");
        assert_eq!(error.report().changes().len(), 2);
        let code = if fresh.driver().is_sqlite() { "1555" } else { "23505" };
        assert_eq!(error.database_code(), Some(code));
        // The driver's own error is at hand, and told only once.
        let own = error.driver_error().unwrap();
        let is_own = match fresh.driver().is_sqlite() {
            true => own.is::<rusqlite::Error>(),
            false => own.is::<tokio_postgres::Error>(),
        };
        assert!(is_own && std::error::Error::source(&error).is_none());
        let said = match fresh.driver().is_sqlite() {
            true => "  = sqlite 1555: UNIQUE constraint failed: users.id\n",
            false => {
                "  = postgres 23505: duplicate key value violates unique constraint \"users_pkey\"\n  = detail: Key (id)=(1) already exists.\n"
            }
        };
        assert_eq!(
            error.to_string(),
            format!(
                "migration 0003_twice failed and was rolled back; 0001 and 0002 stay applied\n \
                 --> migrations/0003_twice.sql:4:1\n  |\n4 | INSERT INTO users\n  | ^^^^^^\n{said}  \
                 = help: fix the data or the file, then start again; nothing of this migration was kept"
            )
        );
        assert_eq!(connection.tables(), ["extra", "schema_migrations", "users"]);
        assert_eq!(
            standings(&mut connection, &failing),
            ["0001 applied", "0002 applied", "0003 pending", "0004 pending"]
        );
        // The connection is as good as new.
        connection.execute("CREATE TABLE after_failure (id integer)");
    });
}

#[test]
fn a_unique_violation_of_the_first_statement_is_not_taken_for_another_runner() {
    on_every_driver(|fresh| {
        let mut connection = fresh.connect();
        connection.execute("CREATE TABLE one (id integer PRIMARY KEY)");
        let failing = migrations(&[("1_a.sql", "INSERT INTO one VALUES (1), (1);"), ("2_b.sql", "SELECT 1;")]);
        let error = fail(&mut connection, &failing);
        assert_eq!((error.kind(), error.migration().unwrap().as_str()), (ErrorKind::StatementFailed, "1_a"), "{error}");
        assert!(error.to_string().contains("migrations/1_a.sql:1:1\n"), "{error}");
    });
}

#[test]
fn a_position_of_the_database_is_marked() {
    on_every_driver(|fresh| {
        let failing = migrations(&[("1_x.sql", "CREATE TABLE a (größe text);\n\tSELECT 'ä', größe, oops FROM a;\n")]);
        let error = fail(&mut fresh.connect(), &failing).to_string();
        assert!(
            error.contains(
                "migrations/1_x.sql:2:21\n  |\n2 | \tSELECT 'ä', größe, oops FROM a;\n  | \t                   ^^^^\n"
            ),
            "{error}"
        );
        assert!(
            error.starts_with("migration 1_x failed and was rolled back; this run has changed nothing else\n"),
            "{error}"
        );
    });
}

#[test]
fn a_syntax_error_changes_nothing() {
    // The first statement travels with the bookkeeping; a server that cannot read it must not run that either.
    for sql in ["CREATE TALBE x (id integer);", "CREATE TABLE x (id integer);\nSELEC 1;\nCREATE TABLE y (id integer);"]
    {
        on_every_driver(|fresh| {
            let mut connection = fresh.connect();
            let error = fail(&mut connection, &migrations(&[("1_x.sql", sql)]));
            assert_eq!(error.kind(), ErrorKind::StatementFailed, "{error}");
            let tables = connection.tables();
            assert!(!tables.contains(&"x".to_owned()) && !tables.contains(&"y".to_owned()), "{tables:?}");
            assert_eq!(run(&mut connection, &migrations(&[("1_x.sql", "CREATE TABLE x (id integer);")])), ["1_x"]);
        });
    }
}

#[test]
fn an_edited_migration_is_refused_with_both_checksums_and_a_diff() {
    on_every_driver(|fresh| {
        let applied =
            migrations(&[("0001_a.sql", "CREATE TABLE a (x text);\n"), ("0002_b.sql", "CREATE TABLE b (x text);\n")]);
        let edited = migrations(&[
            ("0001_a.sql", "CREATE TABLE a (x text);\n"),
            ("0002_b.sql", "CREATE TABLE b (x text NOT NULL);\n"),
            ("0003_c.sql", "CREATE TABLE c (x text);\n"),
        ]);
        let mut connection = fresh.connect();
        run(&mut connection, &applied);
        let error = fail(&mut connection, &edited);
        assert_eq!(error.kind(), ErrorKind::HistoryMismatch);
        assert_eq!(error.problems().len(), 1);
        assert_eq!(error.problems()[0].standing, Standing::Divergent);
        let text = error.to_string();
        for part in [
            "the history does not match this binary in 1 migration; nothing was changed\n0002_b is divergent\n  --> migrations/0002_b.sql\n",
            &format!("applied  {}\n", applied.set().scripts()[1].checksum()),
            &format!("embedded {}\n", edited.set().scripts()[1].checksum()),
            "-CREATE TABLE b (x text);\n     +CREATE TABLE b (x text NOT NULL);",
            "= help: divergent: restore the file",
        ] {
            assert!(text.contains(part), "{part:?} is not in\n{text}");
        }
        assert_eq!(connection.verify(&Migrator::new(&edited)).unwrap_err().to_string(), text);
        assert_eq!(connection.plan(&Migrator::new(&edited)).unwrap_err().to_string(), text);
        assert_eq!(standings(&mut connection, &edited), ["0001 applied", "0002 divergent", "0003 pending"]);
        assert!(!connection.tables().contains(&"c".to_owned()));
    });
}

#[test]
fn every_problem_is_reported_together() {
    on_every_driver(|fresh| {
        let file = |version: &'static str| (version, "SELECT 1;\n");
        let applied =
            migrations(&[("2_a.sql", "SELECT 1;"), ("4_b.sql", "SELECT 1;"), file("5_c.sql"), file("9_d.sql")]);
        let binary = migrations(&[file("1_new.sql"), ("2_a.sql", "SELECT 2;"), file("5_c.sql"), file("6_e.sql")]);
        let mut connection = fresh.connect();
        run(&mut connection, &applied);
        let error = fail(&mut connection, &binary);
        let problems: Vec<String> = error
            .problems()
            .iter()
            .map(|problem| format!("{} {}", problem.migration, problem.standing.as_str()))
            .collect();
        assert_eq!(problems, ["1_new out-of-order", "2_a divergent", "4_b missing", "6_e out-of-order", "9_d ahead"]);
        assert_eq!(error.to_string().matches("= help: ").count(), 4);
    });
}

#[test]
fn a_renamed_migration_stays_applied() {
    on_every_driver(|fresh| {
        let mut connection = fresh.connect();
        run(&mut connection, &migrations(&[("1_old.sql", "SELECT 1;")]));
        let renamed = migrations(&[("001-new.sql", "SELECT 1;"), ("2_b.sql", "SELECT 1;")]);
        assert_eq!(run(&mut connection, &renamed), ["2_b"]);
        let status = connection.status(&Migrator::new(&renamed)).unwrap();
        assert_eq!(status.migrations()[0].renamed_from.as_deref(), Some("old"));
        assert!(connection.run(&Migrator::new(&renamed)).unwrap().is_empty());
    });
}

#[test]
fn a_script_with_thousands_of_small_statements() {
    on_every_driver(|fresh| {
        let rows: String = (0..5_000).map(|row| format!("INSERT INTO many VALUES ({row});\n")).collect();
        let script = format!("CREATE TABLE many (id integer PRIMARY KEY);\n{rows}");
        let mut connection = fresh.connect();
        run(&mut connection, &migrations(&[("1_many.sql", &script)]));
        assert_eq!(connection.value("SELECT count(*) FROM many"), "5000");

        let twice = script.replace("many", "other").replace("(3000)", "(2999)");
        let error = fail(&mut connection, &migrations(&[("1_many.sql", &script), ("2_other.sql", &twice)])).to_string();
        // The blocking client does not learn which statement of a request failed.
        let expect = match fresh.driver() {
            Driver::Postgres => {
                "one of the 100 statements that begin on the lines 3001 to 3100, which were sent together"
            }
            _ => "migrations/2_other.sql:3002:1\n",
        };
        assert!(error.contains(expect), "{error}");
    });
}

#[test]
fn sets_share_a_table() {
    on_every_driver(|fresh| {
        let (shop, billing) = (
            set("shop", &[("1_a.sql", "CREATE TABLE a (x text);")]),
            set("billing", &[("1_b.sql", "CREATE TABLE b (x text);")]),
        );
        let mut connection = fresh.connect();
        assert_eq!(run(&mut connection, &shop), ["1_a"]);
        assert_eq!(run(&mut connection, &billing), ["1_b"]);
        assert!(run(&mut connection, &shop).is_empty() && run(&mut connection, &billing).is_empty());
    });
}

#[test]
fn the_history_table_can_be_named() {
    on_every_driver(|fresh| {
        let one = numbered(1);
        let mut connection = fresh.connect();
        connection.run(&Migrator::new(&one).history_table("Select")).unwrap();
        assert!(connection.tables().contains(&"Select".to_owned()));
        assert!(connection.run(&Migrator::new(&one).history_table("Select")).unwrap().is_empty());
        for hostile in ["x\"; DROP TABLE t1; --", "a.b.c", "", "x y", "x'y"] {
            let error = connection.run(&Migrator::new(&one).history_table(hostile)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidOption, "{hostile}: {error}");
        }
        assert!(connection.tables().contains(&"t1".to_owned()));
    });
}

#[test]
fn the_history_table_can_be_in_a_schema() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let one = numbered(1);
        let mut connection = fresh.connect();
        let migrator = Migrator::new(&one).history_table("ops.history");
        let error = connection.run(&migrator).unwrap_err();
        assert!(error.to_string().contains("create the schema first"), "{error}");
        connection.execute("CREATE SCHEMA ops");
        assert_eq!(connection.run(&migrator).unwrap().changes().len(), 1);
        assert!(connection.run(&migrator).unwrap().is_empty());
        assert_eq!(connection.value("SELECT count(*) FROM ops.history"), "1");
    }
}

#[test]
fn the_history_table_can_be_in_an_attached_database() {
    let fresh = Fresh::new(Driver::Rusqlite);
    let mut connection = fresh.connect();
    let one = numbered(1);
    let migrator = Migrator::new(&one).history_table("ops.history");
    let error = connection.run(&migrator).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidOption, "{error}");
    assert!(error.to_string().contains("there is no database `ops` on this connection"), "{error}");
    connection.execute("ATTACH ':memory:' AS ops");
    assert_eq!(connection.run(&migrator).unwrap().changes().len(), 1);
    assert!(connection.run(&migrator).unwrap().is_empty());
    assert_eq!(connection.value("SELECT count(*) FROM ops.history"), "1");
    assert_eq!(connection.tables(), ["done", "t1"]);
}

#[test]
fn foreign_tables_are_recognised_and_left_alone() {
    let tables = [
        ("(version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)", "golang-migrate"),
        ("(version varchar(255) PRIMARY KEY)", "dbmate or Rails"),
        ("(version bigint PRIMARY KEY, inserted_at timestamp)", "Ecto"),
        ("(id integer, something text)", "it is none of ours"),
    ];
    on_every_driver(|fresh| {
        let mut connection = fresh.connect();
        for (columns, whose) in tables {
            connection.execute(&format!("CREATE TABLE schema_migrations {columns}"));
            let error = fail(&mut connection, &numbered(1));
            assert_eq!(error.kind(), ErrorKind::ForeignTable, "{error}");
            assert!(error.to_string().contains(whose), "{error}");
            assert_eq!(connection.status(&Migrator::new(&numbered(1))).unwrap_err().kind(), ErrorKind::ForeignTable);
            assert_eq!(connection.tables(), ["schema_migrations"]);
            connection.execute("DROP TABLE schema_migrations");
        }
    });
}

#[test]
fn bad_rows_are_named() {
    on_every_driver(|fresh| {
        let mut connection = fresh.connect();
        run(&mut connection, &numbered(2));
        connection.execute("UPDATE schema_migrations SET checksum = 'md5:00' WHERE version = '2'");
        connection.execute("UPDATE schema_migrations SET state = 'Applied' WHERE version = '1'");
        let error = fail(&mut connection, &numbered(2));
        assert_eq!(error.kind(), ErrorKind::BadHistory);
        let text = error.to_string();
        assert!(text.contains("the row of version \"1\" has \"Applied\" as its state"), "{text}");
        assert!(text.contains("the row of version \"2\" has \"md5:00\" as its checksum"), "{text}");
    });
}

#[test]
fn an_interrupted_migration_is_a_problem() {
    on_every_driver(|fresh| {
        let mut connection = fresh.connect();
        run(&mut connection, &numbered(2));
        connection.execute("UPDATE schema_migrations SET state = 'running' WHERE version = '2'");
        let error = fail(&mut connection, &numbered(3));
        assert_eq!(error.problems()[0].standing, Standing::Interrupted);
    });
}

#[test]
fn a_version_without_a_script_for_the_dialect_is_refused_at_start() {
    on_every_driver(|fresh| {
        let other = if fresh.driver().is_sqlite() { "1_a.postgres.sql" } else { "1_a.sqlite.sql" };
        let mut connection = fresh.connect();
        let error = fail(&mut connection, &migrations(&[(other, "SELECT 1;")]));
        assert_eq!(error.kind(), ErrorKind::MissingDialect, "{error}");
        let both = migrations(&[("1_a.postgres.sql", "SELECT 'postgres';"), ("1_a.sqlite.sql", "SELECT 'sqlite';")]);
        run(&mut connection, &both);
        let name = if fresh.driver().is_sqlite() { "sqlite" } else { "postgres" };
        assert_eq!(connection.value("SELECT sql FROM schema_migrations"), format!("SELECT '{name}';"));
        assert!(connection.run(&Migrator::new(&both)).unwrap().is_empty());
    });
}

#[test]
fn a_set_for_another_database_is_refused_at_start() {
    on_every_driver(|fresh| {
        let is_sqlite = fresh.driver().is_sqlite();
        let (own, other) =
            if is_sqlite { (Dialect::Sqlite, Dialect::Postgres) } else { (Dialect::Postgres, Dialect::Sqlite) };
        let files = [("1_a.sql", "CREATE TABLE a (x text);")];
        let mut connection = fresh.connect();
        let error = fail(&mut connection, &only_for(other, &files));
        assert_eq!(error.kind(), ErrorKind::MissingDialect);
        let expect = format!("these migrations are for {other}, and the database is {own}; nothing was applied\n");
        assert!(error.to_string().starts_with(&expect), "{error}");
        let error = fail(&mut connection, &only_for(Dialect::Mysql, &files));
        let help = format!("embed the migrations for {own} too: there is no driver for mysql yet");
        assert!(error.kind() == ErrorKind::MissingDialect && error.to_string().contains(&help), "{error}");
        assert_eq!(run(&mut connection, &only_for(own, &files)), ["1_a"]);
        assert!(run(&mut connection, &migrations(&files)).is_empty());
    });
}

#[test]
fn a_missing_migration_is_named_as_its_file_was() {
    on_every_driver(|fresh| {
        let mut connection = fresh.connect();
        run(
            &mut connection,
            &migrations(&[("0001_a.sql", "SELECT 1;"), ("0003_index.sql", "SELECT 1;"), ("0004_d.sql", "SELECT 1;")]),
        );
        let error = fail(&mut connection, &migrations(&[("0001_a.sql", "SELECT 1;"), ("0004_d.sql", "SELECT 1;")]));
        assert!(error.to_string().contains("\n0003_index is missing\n"), "{error}");
    });
}

#[test]
fn a_script_that_only_the_other_dialect_reads_is_refused_at_start() {
    on_every_driver(|fresh| {
        let sql = match fresh.driver().is_sqlite() {
            true => "DO $$ BEGIN PERFORM 'it''s'; -- it's\nEND $$;",
            false => "CREATE TABLE [it's] (x text);",
        };
        let mut connection = fresh.connect();
        let error = fail(&mut connection, &migrations(&[("1_a.sql", "CREATE TABLE a (x text);"), ("2_b.sql", sql)]));
        assert_eq!(error.kind(), ErrorKind::UnreadableScript, "{error}");
        assert_eq!(connection.tables(), [""; 0]);
    });
}

#[test]
fn a_pair_around_the_file_is_dropped() {
    on_every_driver(|fresh| {
        let wrapped = migrations(&[
            ("1_a.sql", "BEGIN;\nCREATE TABLE a (x text);\nCOMMIT;\n"),
            ("2_b.sql", "BEGIN; SELECT 1; COMMIT;"),
        ]);
        let mut connection = fresh.connect();
        assert_eq!(run(&mut connection, &wrapped), ["1_a", "2_b"]);
        assert_eq!(connection.tables(), ["a", "schema_migrations"]);
    });
}

#[test]
fn events_tell_the_run() {
    on_every_driver(|fresh| {
        let told = Mutex::new(Vec::new());
        let two = numbered(2);
        let migrator = Migrator::new(&two).on_event(|event| {
            told.lock().unwrap().push(match event {
                Event::Planned { migrations, .. } => format!("planned {}", migrations.len()),
                Event::Started { migration, statements, .. } => format!("started {migration} {statements}"),
                Event::Statement { number, count, place, .. } => format!("statement {number}+{count} at {place}"),
                Event::Changed { change, .. } => format!("{} {}", change.action.done(), change.migration),
                Event::Failed { error, .. } => format!("failed {}", error.code()),
                Event::Finished { report, .. } => format!("finished {}", report.changes().len()),
                other => format!("{other:?}"),
            });
        });
        let mut connection = fresh.connect();
        connection.run(&migrator).unwrap();
        connection.run(&migrator).unwrap();
        connection.execute("DELETE FROM schema_migrations WHERE version = '1'");
        connection.run(&migrator).unwrap_err();
        let expect = [
            "planned 2",
            "started 00001_t1 3",
            "statement 1+1 at 1:1",
            "statement 2+1 at 2:1",
            "statement 3+1 at 3:1",
            "applied 00001_t1",
            "started 00002_t2 2",
            "statement 1+1 at 1:1",
            "statement 2+1 at 2:1",
            "applied 00002_t2",
            "finished 2",
            "finished 0",
            "failed history-mismatch",
        ];
        assert_eq!(*told.lock().unwrap(), expect);
    });
}

#[test]
fn a_panic_in_the_observer_leaves_no_transaction_open() {
    on_every_driver(|fresh| {
        let two = numbered(2);
        let mut connection = fresh.connect();
        let migrator = Migrator::new(&two).on_event(|event| {
            if matches!(event, Event::Statement { number: 2, .. }) {
                panic!("on purpose");
            }
        });
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| connection.run(&migrator)));
        assert!(panicked.is_err());
        assert!(!connection.is_in_transaction());
        assert_eq!(run(&mut connection, &two).len(), 2);
    });
}

#[test]
fn statements_that_return_rows_run_to_their_end() {
    on_every_driver(|fresh| {
        let rows = migrations(&[(
            "1_a.sql",
            "CREATE TABLE a (x integer);\nINSERT INTO a VALUES (1), (2), (3) RETURNING x;\nSELECT x FROM a;\nCREATE TABLE b AS SELECT x FROM a;",
        )]);
        let mut connection = fresh.connect();
        run(&mut connection, &rows);
        assert_eq!(connection.value("SELECT count(*) FROM b"), "3");
    });
}

#[test]
fn ten_thousand_migrations() {
    let files: Vec<(String, String)> =
        (1..=10_000).map(|number| (format!("{number}_m.sql"), format!("SELECT {number};"))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, sql)| (&**path, &**sql)).collect();
    let many = migrations(&files);
    on_every_driver(|fresh| {
        let mut connection = fresh.connect();
        if let Connection::Rusqlite(connection) = &connection {
            connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF").unwrap();
        }
        assert_eq!(run(&mut connection, &many).len(), 10_000);
        assert!(connection.run(&Migrator::new(&many)).unwrap().is_empty());
        connection.verify(&Migrator::new(&many)).unwrap();
    });
}

#[test]
fn a_script_of_fifty_megabytes() {
    let line = format!("INSERT INTO big VALUES ('{}');\n", "größe ".repeat(1_000));
    let script = format!("CREATE TABLE big (x text);\n{}", line.repeat(50 * 1024 * 1024 / line.len()));
    let big = migrations(&[("1_big.sql", &script)]);
    on_every_driver(|fresh| {
        let mut connection = fresh.connect();
        run(&mut connection, &big);
        let rows: usize = connection.value("SELECT count(*) FROM big").parse().unwrap();
        assert_eq!(rows, script.lines().count() - 1);
        assert!(connection.run(&Migrator::new(&big)).unwrap().is_empty());
    });
}

#[test]
fn a_version_of_64_digits() {
    on_every_driver(|fresh| {
        let (low, high) = (format!("{}1_low.sql", "9".repeat(63)), format!("{}2_high.sql", "9".repeat(63)));
        let long = migrations(&[(&low, "SELECT 1;"), (&high, "SELECT 1;"), ("5_small.sql", "SELECT 1;")]);
        let mut connection = fresh.connect();
        assert_eq!(run(&mut connection, &long).len(), 3);
        assert!(connection.run(&Migrator::new(&long)).unwrap().is_empty());
        assert_eq!(connection.status(&Migrator::new(&long)).unwrap().count(Standing::Applied), 3);
    });
}

#[test]
fn timestamps_of_different_precision_are_up_to_date_in_one_read() {
    on_every_driver(|fresh| {
        let mixed = migrations(&[
            ("20140924113530_dumped.sql", "SELECT 1;"),
            ("2025-11-19-091444-0000_a/up.sql", "SELECT 1;"),
            ("2026-01-20-162913_b/up.sql", "SELECT 1;"),
        ]);
        let mut connection = fresh.connect();
        assert_eq!(run(&mut connection, &mixed), ["20140924113530_dumped", "202511190914440000_a", "20260120162913_b"]);
        connection.execute("ALTER TABLE schema_migrations RENAME COLUMN applied_at TO hidden");
        // Only the one read of the verified start can still succeed.
        assert!(connection.run(&Migrator::new(&mixed)).unwrap().is_empty());
    });
}

#[test]
fn unicode_in_sql_and_paths() {
    on_every_driver(|fresh| {
        let unicode = migrations(&[(
            "1_größe 表 😀.sql",
            "CREATE TABLE größe (\"表\" text DEFAULT '😀');\nINSERT INTO größe VALUES ('é');",
        )]);
        let mut connection = fresh.connect();
        assert_eq!(run(&mut connection, &unicode), ["1_größe 表 😀"]);
        assert!(connection.run(&Migrator::new(&unicode)).unwrap().is_empty());
        assert_eq!(connection.value("SELECT name FROM schema_migrations"), "größe 表 😀");
    });
}

#[test]
fn a_wait_ends_with_the_holder_named() {
    wait_for_a_holder("schema_migrations", true);
}

/// The server tells of the index only that the row waits at, whose name it has cut.
#[test]
fn a_wait_at_a_long_name_ends_with_the_holder_named() {
    wait_for_a_holder(&"h".repeat(63), true);
    wait_for_a_holder(&"h".repeat(63), false);
}

/// The holder `waits_its_turn` as every runner does, or only writes the row of the migration.
fn wait_for_a_holder(table: &str, waits_its_turn: bool) {
    on_every_driver(|fresh| {
        let (one, two) = (numbered(1), numbered(2));
        let mut holder = fresh.connect();
        holder.run(&Migrator::new(&one).history_table(table)).unwrap();
        if fresh.driver().is_sqlite() {
            holder.execute("BEGIN IMMEDIATE");
        } else {
            holder.execute("SET application_name = 'the other runner'; BEGIN");
            if waits_its_turn {
                holder.execute(&format!("SELECT FROM {table} FOR NO KEY UPDATE"));
            }
            holder.execute(&format!(
                "INSERT INTO {table} (\"set\", version, name, checksum, state, applied_at, statements, statements_begun, \
                 statements_done, applied_by, audit, sql) VALUES ('default', 2, 'x', 'x', 'running', now(), 0, 0, 0, '', '', '')",
            ));
        }
        let mut connection = fresh.connect();
        if let Connection::Rusqlite(connection) = &connection {
            connection.busy_timeout(Duration::ZERO).unwrap();
        }
        let waited = Mutex::new(0);
        let migrator =
            Migrator::new(&two).history_table(table).wait_timeout(Duration::from_millis(1500)).on_event(|event| {
                *waited.lock().unwrap() += usize::from(matches!(event, Event::Waiting { .. }));
            });
        let error = connection.run(&migrator).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WaitTimeout, "{error}");
        assert!(*waited.lock().unwrap() > 0 || !waits_its_turn);
        let text = error.to_string();
        let expect = if fresh.driver().is_sqlite() {
            "another connection is in the way"
        } else {
            "application the other runner"
        };
        assert!(text.contains(expect), "{text}");
        assert!(!connection.is_in_transaction());

        // The holder gives up, and the next try takes over.
        holder.execute("ROLLBACK");
        assert_eq!(connection.run(&migrator).unwrap().changes().len(), 1);
    });
}
