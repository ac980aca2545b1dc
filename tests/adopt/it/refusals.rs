//! What has nothing to do with one tool: names of tables, tables of others, and a history that is there already.

use migrate_runtime::{Migrations, Migrator, OldHistory, Tool};
use migrate_tests::Verb;

use crate::adoption::{OURS, copies, of_report};
use crate::history::{Old, folder};

const DBMATE: &str = "CREATE TABLE schema_migrations (version varchar(128) primary key); \
                      INSERT INTO schema_migrations VALUES ('1'), ('2')";
const DIESEL: &str = "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, \
                      run_on TIMESTAMP NOT NULL); \
                      INSERT INTO __diesel_schema_migrations VALUES ('1', '2024-03-13 17:00:00')";
const ELSEWHERE: &str = "CREATE TABLE old (version varchar(128) primary key); INSERT INTO old VALUES ('1')";

/// Before, our table (the usual one when empty), the tool, the table of the tool (the usual one when empty) => the versions that are
/// adopted; or the code of the error, and words of its text.
type Case =
    (&'static str, &'static str, Tool, &'static str, Result<&'static str, (&'static str, &'static [&'static str])>);

const CASES: &[Case] = &[
    (DBMATE, OURS, Tool::Dbmate, "", Ok("1 2")),
    (ELSEWHERE, "", Tool::Dbmate, "old", Ok("1")),
    (ELSEWHERE, OURS, Tool::Dbmate, "old", Ok("1")),
    (DIESEL, "", Tool::Diesel, "", Ok("1")),
    ("CREATE TABLE schema_migrations (version varchar(128) primary key)", OURS, Tool::Dbmate, "", Ok("")),
    (
        DBMATE,
        "",
        Tool::Dbmate,
        "",
        Err((
            "invalid-option",
            &["`schema_migrations` is the table of dbmate", "Migrator::history_table", "every verb"],
        )),
    ),
    (
        DBMATE,
        "",
        Tool::GolangMigrate,
        "",
        Err(("invalid-option", &["`schema_migrations` is the table of golang-migrate", "Migrator::history_table"])),
    ),
    (ELSEWHERE, "old", Tool::Dbmate, "old", Err(("invalid-option", &["`old` is the table of dbmate"]))),
    // Our table is that of a tool, whatever is to be adopted.
    (
        DBMATE,
        "",
        Tool::Diesel,
        "",
        Err((
            "foreign-table",
            &[
                "\"schema_migrations\" is not a history table of this program: it looks like the table of dbmate or Rails",
                "Migrator::adopt",
                "Migrator::history_table",
            ],
        )),
    ),
    (
        DBMATE,
        OURS,
        Tool::GolangMigrate,
        "",
        Err((
            "foreign-history",
            &["`schema_migrations` is not the history of golang-migrate", "dbmate", "its columns: version"],
        )),
    ),
    (
        DIESEL,
        "",
        Tool::Sqlx,
        "__diesel_schema_migrations",
        Err(("foreign-history", &["is not the history of sqlx: it looks like the table of Diesel"])),
    ),
    (
        "CREATE TABLE _sqlx_migrations (version bigint, installed_on timestamp, success boolean)",
        "",
        Tool::Sqlx,
        "",
        Err(("foreign-history", &["is not the history of sqlx: some of its columns are not there"])),
    ),
    (
        "CREATE TABLE old (\"set\" text, version text, name text, checksum text, state text, applied_at text, execution_time_ms integer, \
         statements integer, statements_begun integer, statements_done integer, applied_by text, claim text, audit text, sql text, down_sql text)",
        "",
        Tool::Sqlx,
        "old",
        Err(("foreign-history", &["`old` is not the history of sqlx: it is a history table of this program"])),
    ),
    (
        "",
        "",
        Tool::Sqlx,
        "",
        Err(("foreign-history", &["there is no table `_sqlx_migrations`", "OldHistory::in_table"])),
    ),
    ("", "", Tool::Sqlx, "nowhere", Err(("foreign-history", &["there is no table `nowhere`"]))),
    ("", "", Tool::Sqlx, "x; y", Err(("invalid-option", &["x; y"]))),
    ("", "", Tool::RusqliteMigration, "x", Err(("invalid-option", &["rusqlite_migration"]))),
    (
        "CREATE TABLE schema_migrations (version varchar(128) primary key); INSERT INTO schema_migrations VALUES ('one')",
        OURS,
        Tool::Dbmate,
        "",
        Err(("foreign-history", &["1 row that dbmate cannot have written", "\"one\""])),
    ),
];

#[test]
fn tables_and_names() {
    let files = folder(&[("1_a.sql", "SELECT 1;"), ("2_b.sql", "SELECT 2;")]);
    let set = Migrations::from_folder(files.path()).unwrap();
    for (before, ours, tool, table, expect) in CASES {
        for old in [Old::sqlite(), Old::postgres()] {
            old.execute(before);
            let migrator = match *ours {
                "" => Migrator::new(&set),
                ours => Migrator::new(&set).history_table(ours),
            };
            let history = match *table {
                "" => OldHistory::of(*tool),
                table => OldHistory::of(*tool).in_table(table),
            };
            let what = format!("{before}: {ours:?} {history:?}");
            for mut copy in copies(&old) {
                let tables = copy.connection.tables();
                let planned = copy.connection.try_verb(&migrator, &Verb::Adopt(history.clone()));
                assert_eq!(copy.connection.tables(), tables, "{what}");
                let done = copy.connection.execute_verb(&migrator, &Verb::Adopt(history.clone()));
                match (expect, done) {
                    (Ok(versions), Ok(report)) => {
                        assert_eq!(of_report(&report).0, *versions, "{what}");
                        assert_eq!(planned.unwrap().changes().len(), report.changes().len(), "{what}");
                    }
                    (Err((code, words)), Err(error)) => {
                        assert_eq!(error.code(), *code, "{what}: {error}");
                        let text = error.to_string();
                        words
                            .iter()
                            .for_each(|word| assert!(text.contains(word), "{what}: {word:?} is not in\n{text}"));
                        assert_eq!(planned.unwrap_err().to_string(), text, "{what}");
                        assert_eq!(copy.connection.tables(), tables, "{what}");
                    }
                    (_, done) => panic!("{what}: {done:?}"),
                }
            }
        }
    }
}

#[test]
fn a_history_that_is_there_already() {
    let files = folder(&[
        ("1_a.sql", "CREATE TABLE a (id integer);"),
        ("2_b.sql", "CREATE TABLE b (id integer);"),
        ("2_b.down.sql", "DROP TABLE b;"),
    ]);
    let set = Migrations::from_folder(files.path()).unwrap();
    let migrator = Migrator::new(&set).history_table(OURS);
    let adopt = Verb::Adopt(OldHistory::of(Tool::Dbmate));
    for old in [Old::sqlite(), Old::postgres()] {
        old.execute(DBMATE);
        for mut copy in copies(&old) {
            let connection = &mut copy.connection;
            // It has everything that the old one has.
            connection.run(&migrator).unwrap();
            assert!(connection.execute_verb(&migrator, &adopt).unwrap().is_empty());
            // What was reverted since is not applied again in secret.
            connection.execute_verb(&migrator, &Verb::RevertLast(1)).unwrap();
            let error = connection.execute_verb(&migrator, &adopt).unwrap_err();
            assert_eq!(error.code(), "has-history", "{error}");
            assert!(error.to_string().contains("lacks 1 migration that dbmate has applied"), "{error}");
            assert!(error.to_string().contains("   2_b"), "{error}");
            // The old tool was used again.
            connection.run(&migrator).unwrap();
            connection.execute("INSERT INTO schema_migrations VALUES ('3')");
            let error = connection.execute_verb(&migrator, &adopt).unwrap_err();
            assert_eq!(error.code(), "foreign-history", "{error}");
        }
    }
}

#[test]
fn one_set_at_a_time() {
    let files = folder(&[("1_a.sql", "SELECT 1;")]);
    let sets = ["a", "b"].map(|name| {
        let options = migrate_runtime::FolderOptions::new().set(name);
        Migrations::from_folder_with(files.path(), &options).unwrap()
    });
    let migrator = Migrator::many(&sets).history_table(OURS);
    let mut old = Old::sqlite();
    old.execute(DBMATE);
    let Old::Sqlite(connection) = &mut old else { unreachable!() };
    assert_eq!(migrator.adopt(connection, Tool::Dbmate).unwrap_err().code(), "invalid-option");
    assert_eq!(migrator.mark_applied(connection, 1_u64.into(), "x").unwrap_err().code(), "invalid-option");
    assert_eq!(migrator.dry_run().baseline(connection, 1_u64.into()).unwrap_err().code(), "invalid-option");
}

#[test]
fn a_table_in_a_schema() {
    let files = folder(&[("1_a.sql", "SELECT 1;"), ("2_b.sql", "SELECT 2;")]);
    let set = Migrations::from_folder(files.path()).unwrap();
    let old = Old::postgres();
    old.execute("CREATE SCHEMA ops; SET search_path = ops");
    old.execute(&format!("SET search_path = ops; {DBMATE}"));
    for mut copy in copies(&old) {
        let adopt = |table: &str| Verb::Adopt(OldHistory::of(Tool::Dbmate).in_table(table));
        let migrator = Migrator::new(&set);
        let absent = copy.connection.execute_verb(&migrator, &adopt("public.schema_migrations")).unwrap_err();
        assert_eq!(absent.code(), "foreign-history", "{absent}");
        let report = copy.connection.execute_verb(&migrator, &adopt("ops.schema_migrations")).unwrap();
        assert_eq!(of_report(&report).0, "1 2");
    }
    let Old::Postgres(database) = &old else { unreachable!() };
    let error = Migrator::new(&set).adopt(&mut database.connect(), Tool::RusqliteMigration).unwrap_err();
    assert_eq!(error.code(), "invalid-option", "{error}");
}
