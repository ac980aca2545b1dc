//! Bad input and bad surroundings: a clear error, and nothing is lost.

use std::sync::Mutex;
use std::time::Duration;

use migrate_runtime::testing::Stop;
use migrate_runtime::{Error, ErrorKind, Event, Migrator, Scope, Version};
use migrate_tests::{Cluster, Direction, Driver, Fresh, Proxy, Verb, migrations, numbered, postgres};
use postgres::{Client, NoTls};

fn connect(url: &str) -> Client {
    Client::connect(url, NoTls).unwrap()
}

fn assert_says(error: &Error, kind: ErrorKind, parts: &[&str]) {
    let text = error.to_string();
    assert_eq!(error.kind(), kind, "{text}");
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
}

// SQLite

#[test]
fn a_read_only_file() {
    let fresh = Fresh::new(Driver::Rusqlite);
    numbered(2).run(&mut rusqlite::Connection::open(fresh.file()).unwrap()).unwrap();
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let mut connection = rusqlite::Connection::open_with_flags(fresh.file(), flags).unwrap();
    assert!(numbered(2).run(&mut connection).unwrap().is_empty());
    numbered(2).verify(&mut connection).unwrap();
    let error = numbered(3).run(&mut connection).unwrap_err();
    assert_says(&error, ErrorKind::Database, &["00003_t3", "readonly database", "the database is read-only"]);
    let three = numbered(3);
    let error = Migrator::new(&three)
        .wait_timeout(Duration::ZERO)
        .mark_applied(&mut connection, Version::from(3), "by hand")
        .unwrap_err();
    assert_says(&error, ErrorKind::Database, &["the history could not be changed", "the database is read-only"]);
    assert!(connection.is_autocommit());
}

/// A transaction that is older than what others have written cannot write any more, however long it waits.
#[test]
fn a_transaction_that_is_too_old_to_write() {
    let fresh = Fresh::new(Driver::Rusqlite);
    let mut connection = rusqlite::Connection::open(fresh.file()).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    numbered(1).run(&mut connection).unwrap();
    for scope in [Scope::PerMigration, Scope::All] {
        let three = numbered(3);
        let migrator = Migrator::new(&three).scope(scope);
        for verb in [Verb::Run, Verb::MarkApplied(2, "by hand")] {
            let mut transaction = connection.transaction().unwrap();
            transaction.query_row("SELECT count(*) FROM done", [], |_| Ok(())).unwrap();
            fresh.connect().execute("INSERT INTO done VALUES (100)");
            let error = verb.execute(&migrator, &mut transaction).unwrap_err();
            assert_says(&error, ErrorKind::WaitTimeout, &["sqlite 517", "roll it back", "`BEGIN IMMEDIATE`"]);
            assert!(!error.to_string().contains("wait longer"), "{error}");
        }
    }
    let mut transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
    assert_eq!(numbered(3).run(&mut transaction).unwrap().changes().len(), 2);
}

/// A version that is not spelled as ours are is that of a row which somebody else has written.
#[test]
fn a_version_with_zeros_before_it() {
    let fresh = Fresh::new(Driver::Rusqlite);
    let mut connection = rusqlite::Connection::open(fresh.file()).unwrap();
    numbered(3).run(&mut connection).unwrap();
    connection.execute_batch("UPDATE schema_migrations SET version = '03' WHERE version = '3'").unwrap();
    let three = numbered(3);
    let migrator = Migrator::new(&three);
    let told = ["holds 1 row that cannot be read", "the row of version \"03\" has \"03\" as its version", "by hand"];
    assert_says(&migrator.run(&mut connection).unwrap_err(), ErrorKind::BadHistory, &told);
    let error = migrator.mark_pending(&mut connection, Version::from(3), "by hand").unwrap_err();
    assert_says(&error, ErrorKind::BadHistory, &told);
}

#[test]
fn a_full_disk() {
    let fresh = Fresh::new(Driver::Rusqlite);
    let mut connection = rusqlite::Connection::open(fresh.file()).unwrap();
    numbered(1).run(&mut connection).unwrap();
    // SQLite answers SQLITE_FULL when it may not add pages.
    let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    connection.execute_batch(&format!("PRAGMA max_page_count = {}", pages + 8)).unwrap();
    let filling = migrations(&[
        ("00001_t1.sql", numbered(1).set().scripts()[0].sql()),
        ("2_fill.sql", "CREATE TABLE fill (x);\nINSERT INTO fill VALUES (zeroblob(1000000));"),
    ]);
    let error = filling.run(&mut connection).unwrap_err();
    assert_says(&error, ErrorKind::StatementFailed, &["2_fill.sql:2:1", "disk is full", "make room"]);
    assert!(connection.is_autocommit());
    connection.execute_batch("PRAGMA max_page_count = 1000000").unwrap();
    assert_eq!(filling.run(&mut connection).unwrap().changes().len(), 1);
}

#[test]
fn a_file_that_is_no_database() {
    let fresh = Fresh::new(Driver::Rusqlite);
    std::fs::write(fresh.file(), "this is no database, and long enough to be looked at".repeat(50)).unwrap();
    let error = numbered(1).run(&mut rusqlite::Connection::open(fresh.file()).unwrap()).unwrap_err();
    assert_says(&error, ErrorKind::Database, &["file is not a database", "no SQLite database"]);
}

#[test]
fn a_write_ahead_log_that_cannot_be_opened() {
    let fresh = Fresh::new(Driver::Rusqlite);
    rusqlite::Connection::open(fresh.file()).unwrap().pragma_update(None, "journal_mode", "WAL").unwrap();
    std::fs::create_dir(fresh.file().with_extension("db-wal")).unwrap();
    let error = numbered(1).run(&mut rusqlite::Connection::open(fresh.file()).unwrap()).unwrap_err();
    assert_says(&error, ErrorKind::Database, &["sqlite 14", "the file cannot be opened: check its path"]);
}

#[test]
fn a_file_locked_for_a_while() {
    let fresh = Fresh::new(Driver::Rusqlite);
    let holder = rusqlite::Connection::open(fresh.file()).unwrap();
    holder.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let (two, told, holder) = (numbered(2), Mutex::new(0), Mutex::new(Some(holder)));
    let mut connection = rusqlite::Connection::open(fresh.file()).unwrap();
    connection.busy_timeout(Duration::from_millis(10)).unwrap();
    let brief = Migrator::new(&two)
        .wait_timeout(Duration::from_millis(200))
        .on_event(|event| *told.lock().unwrap() += i32::from(matches!(event, Event::Waiting { .. })));
    assert_says(
        &brief.run(&mut connection).unwrap_err(),
        ErrorKind::WaitTimeout,
        &["database is locked", "wait longer"],
    );
    assert_eq!(*told.lock().unwrap(), 1, "it is told about once a second");
    let patient = Migrator::new(&two).on_event(|event| {
        if let Event::Waiting { .. } = event {
            drop(holder.lock().unwrap().take());
        }
    });
    assert_eq!(patient.run(&mut connection).unwrap().changes().len(), 2);
    // Nor is one that is attached called absent.
    let mut main = rusqlite::Connection::open_in_memory().unwrap();
    main.execute_batch(&format!("ATTACH '{}' AS other; PRAGMA busy_timeout = 0", fresh.file().display())).unwrap();
    connection.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let migrator = Migrator::new(&two).history_table("other.schema_migrations").wait_timeout(Duration::ZERO);
    assert_says(&migrator.run(&mut main).unwrap_err(), ErrorKind::WaitTimeout, &["database is locked"]);
}

// Postgres

#[test]
fn a_role_that_may_only_read_the_history() {
    let database = postgres().database("reader");
    let mut owner = database.connect();
    numbered(2).run(&mut owner).unwrap();
    let role = format!("reader_{}", database.name());
    owner.batch_execute(&format!("CREATE ROLE {role} LOGIN; GRANT SELECT ON schema_migrations TO {role}")).unwrap();
    let mut reader = connect(&database.url().replace("postgres@", &format!("{role}@")));
    assert!(numbered(2).run(&mut reader).unwrap().is_empty());
    numbered(2).verify(&mut reader).unwrap();
    assert_eq!(numbered(2).status(&mut reader).unwrap().migrations().len(), 2);
    assert_eq!(numbered(3).plan(&mut reader).unwrap().changes().len(), 1);
    let three = numbered(3);
    for scope in [Scope::PerMigration, Scope::All] {
        let error = Migrator::new(&three).scope(scope).run(&mut reader).unwrap_err();
        let words = ["could not be written", "42501", "permission denied", "grant the role"];
        assert_says(&error, ErrorKind::Database, &words);
        assert!(!error.to_string().contains("tried"), "{error}");
    }
    drop(reader);
    owner.batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).unwrap();
}

#[test]
fn a_role_that_may_not_create() {
    let database = postgres().database("nobody");
    let role = format!("nobody_{}", database.name());
    let mut owner = database.connect();
    owner.batch_execute(&format!("CREATE ROLE {role} LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC")).unwrap();
    let mut nobody = connect(&database.url().replace("postgres@", &format!("{role}@")));
    let error = numbered(2).run(&mut nobody).unwrap_err();
    let help = format!("grant CREATE on the schema to {role}");
    assert_says(&error, ErrorKind::Database, &["could not be created; nothing was applied", "42501", &help]);
    drop(nobody);
    owner.batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).unwrap();
}

#[test]
fn a_read_only_session() {
    let database = postgres().database("read_only");
    let mut client = database.connect();
    client.batch_execute("SET default_transaction_read_only = on").unwrap();
    let error = numbered(2).run(&mut client).unwrap_err();
    assert_says(&error, ErrorKind::Database, &["25006", "connect to the primary"]);
    client.batch_execute("SET default_transaction_read_only = off").unwrap();
    numbered(2).run(&mut client).unwrap();
    client.batch_execute("SET default_transaction_read_only = on").unwrap();
    assert!(numbered(2).run(&mut client).unwrap().is_empty());
}

#[test]
fn a_search_path_that_a_migration_changes() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        let usual = connection.value("SHOW search_path");
        let changing = migrations(&[
            ("1_dump.sql", "SELECT pg_catalog.set_config('search_path', '', false);\nCREATE TABLE public.a (id int);"),
            ("2_b.sql", "CREATE TABLE b (id int);"),
            (
                "3_other.sql",
                "CREATE SCHEMA other;\nSET search_path = other;\nCREATE TABLE c (id int);\nCREATE TABLE other.schema_migrations (id int);",
            ),
            ("4_d.sql", "SET LOCAL search_path = pg_catalog, other;\nCREATE TABLE public.d (id int);"),
            ("5_e.sql", "CREATE TABLE e (id int);"),
        ]);
        assert_eq!(connection.run(&Migrator::new(&changing)).unwrap().changes().len(), 5);
        assert_eq!(connection.value("SHOW search_path"), usual);
        assert_eq!(connection.value("SELECT count(*) FROM public.schema_migrations"), "5");
        assert!(connection.run(&Migrator::new(&changing)).unwrap().is_empty());
        let schemas = "SELECT string_agg(relnamespace::regnamespace || '.' || relname, ' ' ORDER BY relname) FROM pg_class WHERE relname IN ('a', 'b', 'c', 'd', 'e')";
        assert_eq!(connection.value(schemas), "public.a public.b other.c public.d public.e");
    }
}

#[test]
fn no_schema_to_create_the_table_in() {
    let database = postgres().database("no_schema");
    let mut client = database.connect();
    client.batch_execute("SET search_path = ''").unwrap();
    let error = numbered(1).run(&mut client).unwrap_err();
    assert_says(
        &error,
        ErrorKind::Database,
        &["no schema to create the history table in", "history_table(\"schema.table\")"],
    );
}

#[test]
fn strings_that_do_not_conform_to_the_standard() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection.execute("SET standard_conforming_strings = off; SET escape_string_warning = off");
        let backslashes = migrations(&[
            ("1_a.sql", "CREATE TABLE a (x text);\nINSERT INTO a VALUES ('\\');\nINSERT INTO a VALUES ('; \\');"),
            ("2_b'\\.sql", "SELECT 1;"),
            ("3_c.sql", "INSERT INTO a VALUES ('\\''');"),
        ]);
        assert_eq!(connection.run(&Migrator::new(&backslashes)).unwrap().changes().len(), 3);
        assert_eq!(connection.rows("SELECT x FROM a"), ["\\", "; \\", "\\'"]);
        assert_eq!(connection.value("SHOW standard_conforming_strings"), "off");
        assert!(connection.run(&Migrator::new(&backslashes)).unwrap().is_empty());
        let stored = "SELECT sql FROM schema_migrations WHERE version = 1";
        assert_eq!(connection.value(stored), backslashes.set().scripts()[0].sql());
    }
}

#[test]
fn a_connection_lost_in_a_migration() {
    let three = migrations(&[
        ("1_a.sql", "CREATE TABLE a (id int);"),
        ("2_b.sql", "CREATE TABLE b (id int);\nSELECT pg_sleep(0);\nCREATE TABLE c (id int);"),
    ]);
    let database = postgres().database("lost");
    let proxy = Proxy::start(database.port());
    // Verified start, facts, create, facts, history, migration 1; then the three statements of migration 2.
    for direction in [Direction::ToServer, Direction::ToClient] {
        for message in 1..=9 {
            let mut client = connect(&proxy.url(database.name()));
            proxy.cut_after(message, direction);
            let error = three.run(&mut client).unwrap_err();
            assert_says(&error, ErrorKind::ConnectionLost, &["lost"]);
            let mut again = database.connect();
            three.run(&mut again).unwrap();
            let count = "SELECT count(*)::int4 FROM pg_class WHERE relname IN ('a', 'b', 'c')";
            let found: i32 = again.query_one(count, &[]).unwrap().get(0);
            assert_eq!(found, 3, "{direction:?} {message}");
            again.batch_execute("DROP TABLE a, b, c, schema_migrations").unwrap();
        }
    }
}

#[test]
fn an_asynchronous_connection_lost_in_a_migration() {
    let two = migrations(&[("1_a.sql", "CREATE TABLE a (id int);"), ("2_b.sql", "CREATE TABLE b (id int);")]);
    let database = postgres().database("lost_async");
    let proxy = Proxy::start(database.port());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    // Verified start, facts, create, facts, history; then three requests a migration.
    for direction in [Direction::ToServer, Direction::ToClient] {
        for message in 1..=11 {
            let error = runtime.block_on(async {
                let url = proxy.url(database.name());
                let (mut client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
                let task = tokio::spawn(connection);
                proxy.cut_after(message, direction);
                let error = two.run_async(&mut client).await.unwrap_err();
                drop(client);
                let _ = task.await.unwrap();
                error
            });
            assert_says(&error, ErrorKind::ConnectionLost, &["lost"]);
            let mut again = database.connect();
            two.run(&mut again).unwrap();
            let count = "SELECT count(*)::int4 FROM pg_class WHERE relname IN ('a', 'b')";
            let found: i32 = again.query_one(count, &[]).unwrap().get(0);
            assert_eq!(found, 2, "{direction:?} {message}");
            again.batch_execute("DROP TABLE a, b, schema_migrations").unwrap();
        }
    }
}

#[test]
fn a_server_that_shuts_down_in_a_migration() {
    for mode in [Stop::Fast, Stop::Immediate] {
        let mut cluster = Cluster::start_own();
        let slow = migrations(&[
            ("1_a.sql", "CREATE TABLE a (id int);"),
            ("2_b.sql", "CREATE TABLE b (id int);\nSELECT pg_sleep(60);"),
        ]);
        let mut client = connect(&cluster.url("postgres"));
        client.batch_execute("SET synchronous_commit = on").unwrap();
        let (told, hears) = std::sync::mpsc::channel();
        let running = std::thread::spawn(move || {
            let migrator = Migrator::new(&slow).on_event(|event| {
                if matches!(event, Event::Statement { number: 2, .. }) {
                    told.send(()).unwrap();
                }
            });
            migrator.run(&mut client)
        });
        hears.recv_timeout(Duration::from_secs(30)).unwrap();
        cluster.stop(mode);
        let error = running.join().unwrap().unwrap_err();
        assert_says(&error, ErrorKind::ConnectionLost, &["2_b", "1 stays applied", "start again"]);
        cluster.start();
        let mut again = connect(&cluster.url("postgres"));
        let rows = again.query("SELECT version::text FROM schema_migrations", &[]).unwrap();
        assert_eq!(rows.iter().map(|row| row.get::<_, String>(0)).collect::<Vec<_>>(), ["1"]);
    }
}

#[test]
fn data_that_nobody_would_take() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        let copying = migrations(&[("1_a.sql", "CREATE TABLE a (id int);\nCOPY a TO STDOUT;")]);
        let error = connection.run(&Migrator::new(&copying)).unwrap_err();
        assert_says(&error, ErrorKind::UnreadableScript, &["migrations/1_a.sql:2:1", "`COPY … TO STDOUT`"]);
        assert_eq!(connection.tables(), [""; 0]);
    }
}

#[test]
fn a_database_in_another_encoding() {
    let database = postgres().database("encoding");
    let name = format!("{}_latin1", database.name());
    let mut admin = database.connect();
    admin.batch_execute(&format!("CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")).unwrap();
    let mut client = connect(&postgres().url(&name));
    let umlaut = migrations(&[("1_größe.sql", "CREATE TABLE größe (id int);"), ("2_b.sql", "SELECT 'größe', oops;")]);
    let error = umlaut.run(&mut client).unwrap_err();
    assert_says(&error, ErrorKind::StatementFailed, &["2_b.sql:1:17"]);
    let umlaut = migrations(&[("1_größe.sql", "CREATE TABLE größe (id int);")]);
    umlaut.run(&mut client).unwrap();
    client.batch_execute("ALTER TABLE schema_migrations RENAME COLUMN applied_at TO hidden").unwrap();
    assert!(umlaut.run(&mut client).unwrap().is_empty());
    drop(client);
    admin.batch_execute(&format!("DROP DATABASE {name}")).unwrap();
}

#[test]
fn a_statement_that_cannot_run_in_a_transaction() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection.execute("CREATE TABLE a (id int) PARTITION BY RANGE (id)");
        // SQLite has room for an index of that name: only here it is known to be none.
        let concurrent = migrations(&[
            ("1_b.sql", "CREATE TABLE b (id int);"),
            ("2_a.sql", "SELECT 1;\nCREATE INDEX CONCURRENTLY ON a (id);"),
        ]);
        let error = connection.run(&Migrator::new(&concurrent)).unwrap_err();
        let parts = ["2_a.sql:2:1", "`CREATE INDEX CONCURRENTLY`", "nothing was changed", "-- migrate: no-transaction"];
        assert_says(&error, ErrorKind::UnreadableScript, &parts);
        assert_eq!(connection.tables(), ["a"]);
        // The server knows that the table has partitions.
        let partitions = migrations(&[("1_a.sql", "REINDEX TABLE a;")]);
        let error = connection.run(&Migrator::new(&partitions)).unwrap_err();
        assert_says(&error, ErrorKind::StatementFailed, &["1_a.sql:1:1", "25001", "migrate: no-transaction"]);
    }
}

#[test]
fn a_migration_that_drops_the_history_table() {
    for driver in Driver::ALL {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        let dropping = migrations(&[
            ("1_a.sql", "CREATE TABLE a (id int);"),
            ("2_b.sql", "DROP TABLE IF EXISTS schema_migrations;"),
        ]);
        let error = connection.run(&Migrator::new(&dropping)).unwrap_err();
        assert_says(&error, ErrorKind::Database, &["2_b", "name another one with `Migrator::history_table`"]);
        assert_eq!(connection.tables(), ["a", "schema_migrations"]);
        let renamed = Migrator::new(&dropping).history_table("app_history");
        connection.execute("DROP TABLE a");
        assert_eq!(connection.run(&renamed).unwrap().changes().len(), 2);
    }
}

/// What only the commit finds out: nothing stays, and the connection goes on.
#[test]
fn a_deferred_constraint_fails_at_the_commit() {
    let trigger = |raise: &str| {
        format!(
            "CREATE TABLE a (id int);\n\
             CREATE FUNCTION complain() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {raise}; END $$;\n\
             CREATE CONSTRAINT TRIGGER too_late AFTER INSERT ON a DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION complain();\n\
             INSERT INTO a VALUES (1);"
        )
    };
    let cases = [
        (
            "CREATE TABLE a (id int PRIMARY KEY, parent int CONSTRAINT too_late REFERENCES a DEFERRABLE INITIALLY DEFERRED);\n\
             INSERT INTO a VALUES (1, 2);"
                .to_owned(),
            ["postgres 23503", "\"too_late\"", "Key (parent)=(2)"],
        ),
        (
            trigger("RAISE 'as in too_late' USING ERRCODE = 'check_violation'"),
            ["postgres 23514", "as in too_late", "function complain()"],
        ),
        (trigger("RAISE 'as in too_late'"), ["postgres P0001", "as in too_late", "function complain()"]),
    ];
    for driver in Driver::SERVERS {
        for (script, said) in &cases {
            for (scope, kind, happened, left, rows) in [
                (
                    Scope::PerMigration,
                    ErrorKind::StatementFailed,
                    "migration 2_a failed",
                    ["first", "schema_migrations"].as_slice(),
                    1,
                ),
                // Which of them it was, the server does not say.
                (
                    Scope::All,
                    ErrorKind::Database,
                    "the transaction for all migrations could not be committed",
                    &["schema_migrations"],
                    0,
                ),
            ] {
                let fresh = Fresh::new(driver);
                let mut connection = fresh.connect();
                let first = ("1_first.sql", "CREATE TABLE first (id int);");
                let set = migrations(&[first, ("2_a.sql", script)]);
                let migrator = Migrator::new(&set).scope(scope);
                let error = connection.run(&migrator).unwrap_err();
                assert_says(&error, kind, said);
                assert!(error.to_string().starts_with(happened), "{error}");
                assert!(!connection.is_in_transaction());
                assert_eq!(connection.tables(), left);
                assert_eq!(connection.rows("SELECT version FROM schema_migrations").len(), rows);
                connection.run(&Migrator::new(&migrations(&[first, ("2_a.sql", "SELECT 1;")]))).unwrap();
            }
        }
    }
}

#[test]
fn a_lock_timeout_of_the_session_is_the_statement_s_and_not_a_wait_for_a_runner() {
    for driver in Driver::SERVERS {
        let fresh = Fresh::new(driver);
        let (mut holder, mut connection) = (fresh.connect(), fresh.connect());
        holder.execute("CREATE TABLE busy (id int)");
        holder.execute("BEGIN; LOCK TABLE busy");
        connection.execute("SET lock_timeout = '50ms'");
        let locking = migrations(&[("1_a.sql", "ALTER TABLE busy ADD COLUMN x int;")]);
        let error = connection
            .run(&Migrator::new(&locking).lock_timeout(Duration::from_millis(50)).lock_retries(1))
            .unwrap_err();
        assert_says(&error, ErrorKind::StatementFailed, &["1_a.sql:1:1", "55P03"]);
        assert_eq!(connection.value("SHOW lock_timeout"), "50ms");
        holder.execute("ROLLBACK");
        connection.run(&Migrator::new(&locking)).unwrap();
    }
}

/// A history table of a short name is not blamed for every message with its letters.
#[test]
fn whose_constraint_it_was_is_not_guessed_by_letters() {
    for driver in Driver::ALL {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection.execute("CREATE TABLE heights (h integer UNIQUE); INSERT INTO heights VALUES (1)");
        let set = migrations(&[("1_a.sql", "INSERT INTO heights VALUES (1);")]);
        let error = connection.run(&Migrator::new(&set).history_table("h")).unwrap_err();
        assert_says(&error, ErrorKind::StatementFailed, &["1_a.sql:1:1", "INSERT INTO heights"]);
    }
}

/// Nor one that a column, or the SQL of a function, has the name of.
#[test]
fn what_has_the_name_of_the_history_is_not_it() {
    let scripts = [
        ("DO $$ BEGIN PERFORM pg_sleep(3), version FROM docs; END $$;", "57014"),
        ("ALTER TABLE docs ALTER COLUMN version SET NOT NULL;", "23502"),
    ];
    for driver in Driver::SERVERS {
        for (script, code) in scripts {
            let fresh = Fresh::new(driver);
            let mut connection = fresh.connect();
            connection.execute("CREATE TABLE docs (version integer); INSERT INTO docs VALUES (NULL)");
            let set = migrations(&[("1_a.sql", &format!("-- migrate: statement-timeout=50ms\n{script}"))]);
            let error = connection.run(&Migrator::new(&set).history_table("version")).unwrap_err();
            assert_says(&error, ErrorKind::StatementFailed, &["1_a.sql:2:1", code]);
        }
    }
}

/// And one that has a unique index of somebody's is.
#[test]
fn a_constraint_of_the_history_is_no_fault_of_a_statement() {
    for driver in Driver::ALL {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection.run(&Migrator::new(&migrations(&[("1_init.sql", "SELECT 1;")]))).unwrap();
        connection.execute("CREATE UNIQUE INDEX by_name ON schema_migrations (name)");
        let set = migrations(&[("1_init.sql", "SELECT 1;"), ("2_init.sql", "CREATE TABLE b (x integer);")]);
        for scope in [Scope::PerMigration, Scope::All] {
            let error = connection.run(&Migrator::new(&set).scope(scope).lock_retries(1)).unwrap_err();
            assert_says(&error, ErrorKind::Database, &["2_init could not be written to the history table"]);
            assert!(!error.to_string().contains("tried"), "{driver:?}, {scope:?}: {error}");
        }
    }
}

/// The history has to last longer than the connection.
#[test]
fn a_history_table_that_would_not_last() {
    for (driver, name, kind, words) in [
        (Driver::Rusqlite, "temp.history", ErrorKind::InvalidOption, "would end with the connection"),
        (
            Driver::Rusqlite,
            "sqlite_history",
            ErrorKind::InvalidOption,
            "SQLite keeps names like `sqlite_history` to itself",
        ),
        (Driver::Postgres, "pg_temp.history", ErrorKind::InvalidOption, "would end with the connection"),
        (Driver::TokioPostgres, "PG_TEMP_3.history", ErrorKind::InvalidOption, "would end with the connection"),
    ] {
        let fresh = Fresh::new(driver);
        let one = numbered(1);
        let error = fresh.connect().run(&Migrator::new(&one).history_table(name)).unwrap_err();
        assert_says(&error, kind, &[words, "nothing was changed", "Migrator::history_table"]);
        assert!(fresh.connect().tables().is_empty(), "{name}");
    }
    // Where nothing else is on the search path.
    let database = postgres().database("temporary");
    let mut client = database.connect();
    client.batch_execute("CREATE TEMPORARY TABLE mine (id integer); SET search_path = pg_temp").unwrap();
    let error = numbered(1).run(&mut client).unwrap_err();
    assert_says(&error, ErrorKind::InvalidOption, &["would end with the connection"]);
}

#[test]
fn a_history_table_that_has_lost_a_column() {
    for driver in Driver::ALL {
        let fresh = Fresh::new(driver);
        let mut connection = fresh.connect();
        connection.run(&Migrator::new(&numbered(1))).unwrap();
        connection.execute("ALTER TABLE schema_migrations RENAME COLUMN audit TO remarks");
        let error = connection.run(&Migrator::new(&numbered(2))).unwrap_err();
        assert_says(&error, ErrorKind::ForeignTable, &["schema_migrations", "it lacks audit"]);
    }
}

/// SQLite takes any text for a version.
#[test]
fn a_version_that_is_none() {
    for version in ["'1' || char(10)", "char(10)", "''", "'1 2'"] {
        let fresh = Fresh::new(Driver::Rusqlite);
        let mut connection = fresh.connect();
        connection.run(&Migrator::new(&numbered(1))).unwrap();
        connection.execute(&format!("UPDATE schema_migrations SET version = {version}"));
        let error = connection.run(&Migrator::new(&numbered(1))).unwrap_err();
        assert_says(&error, ErrorKind::BadHistory, &["holds 1 row that cannot be read"]);
    }
}

/// Some versions have a script for another database alone.
#[test]
fn versions_without_a_script_for_the_database() {
    let set = migrations(&[
        ("1_a.sql", "CREATE TABLE a (x integer);"),
        ("2_b.sqlite.sql", "CREATE TABLE b (x integer);"),
        ("3_c.postgres.sql", "CREATE TABLE c (x integer);"),
        ("4_d.sqlite.sql", "CREATE TABLE d (x integer);"),
    ]);
    for driver in Driver::ALL {
        let fresh = Fresh::new(driver);
        let error = fresh.connect().run(&Migrator::new(&set)).unwrap_err();
        let words = match driver.is_sqlite() {
            true => ["no script for sqlite in version 3; nothing was applied", "end with `.sqlite.sql`"],
            false => ["no script for postgres in version 2, 4; nothing was applied", "end with `.postgres.sql`"],
        };
        assert_says(&error, ErrorKind::MissingDialect, &words);
        assert!(fresh.connect().tables().is_empty());
    }
}

/// The file that shows that a runner lives stands beside the database, where somebody may have moved that away.
#[test]
fn a_file_beside_which_no_sign_can_be_made() {
    let folder = tempfile::tempdir().unwrap();
    let opened = folder.path().join("opened");
    std::fs::create_dir(&opened).unwrap();
    let set = migrations(&[("1_a.sql", "-- migrate: no-transaction\nCREATE TABLE a (x integer);")]);
    let mut connection = rusqlite::Connection::open(opened.join("a.db")).unwrap();
    // No journal has to be beside it.
    connection.execute_batch("PRAGMA journal_mode = MEMORY").unwrap();
    std::fs::rename(&opened, folder.path().join("moved")).unwrap();
    let error = set.run(&mut connection).unwrap_err();
    assert_says(&error, ErrorKind::Database, &["cannot be made and locked", "nothing was changed"]);
    assert!(connection.is_autocommit());
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0)).unwrap();
    assert_eq!(tables, 0);
}

/// No other role is left behind: what the server says of the rights is enough.
#[test]
fn a_role_that_takes_its_own_rights() {
    let database = postgres().database("modest");
    let role = format!("modest_{}", database.name());
    let mut owner = database.connect();
    owner.batch_execute(&format!("CREATE ROLE {role} LOGIN; GRANT CREATE ON SCHEMA public TO {role}")).unwrap();
    let mut modest = connect(&database.url().replace("postgres@", &format!("{role}@")));
    numbered(1).run(&mut modest).unwrap();
    let take = ("2_take.sql", "REVOKE UPDATE ON schema_migrations FROM CURRENT_USER;");
    let set = migrations(&[take]);
    let migrator = Migrator::new(&set).allow_missing();
    let mut errors = vec![migrator.run(&mut modest).unwrap_err()];
    // There each statement is a request of its own.
    errors.push(migrator.run(&mut modest.transaction().unwrap()).unwrap_err());
    for error in errors {
        let words = ["2_take could not be written to the history table", "42501", "grant the role"];
        assert_says(&error, ErrorKind::Database, &words);
        assert!(!error.to_string().contains("RESET ROLE"), "{error}");
    }
    drop(modest);
    owner.batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}")).unwrap();
}
