//! What the verb `adopt` makes of a history: on a copy of its database for every driver.

use std::fs;
use std::path::Path;

use migrate_core::adopt::Proof;
use migrate_runtime::{Error, Migrations, Migrator, OldHistory, Plan, Report, Tool};
use migrate_tests::{Connection, Database, Verb};
use tempfile::TempDir;

use crate::history::{Old, write};

/// Where the history of the tests is: two tools have the usual name.
pub(crate) const OURS: &str = "ours";

/// A copy of a database, and a connection to it.
pub(crate) struct Copy {
    pub(crate) connection: Connection,
    _place: (Option<TempDir>, Option<Database>),
}

/// A copy for each driver of the database.
pub(crate) fn copies(old: &Old) -> Vec<Copy> {
    match old {
        Old::Sqlite(connection) => {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("copy.db");
            connection.execute("VACUUM INTO ?1", [path.to_str().unwrap()]).unwrap();
            let connection = Connection::Rusqlite(rusqlite::Connection::open(path).unwrap());
            vec![Copy { connection, _place: (Some(folder), None) }]
        }
        Old::Postgres(database) => {
            let copy = |connect: fn(&Database) -> Connection| {
                let copy = database.copy();
                Copy { connection: connect(&copy), _place: (None, Some(copy)) }
            };
            vec![copy(|database| Connection::Postgres(database.connect())), copy(tokio_postgres)]
        }
    }
}

fn tokio_postgres(database: &Database) -> Connection {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let client = runtime.block_on(database.connect_tokio());
    Connection::TokioPostgres(client, runtime)
}

/// The history of a tool in its usual table is taken over: `adopted` are the versions, and the notes have these words. Then a new
/// migration is applied.
#[track_caller]
pub(crate) fn adopts(old: &Old, tool: Tool, folder: &Path, adopted: &str, words: &[&str]) {
    let set = Migrations::from_folder(folder).unwrap();
    let migrator = migrator(&set);
    let verb = Verb::Adopt(OldHistory::of(tool));
    for mut copy in copies(old) {
        let connection = &mut copy.connection;
        let (table, unchanged) = (tool.default_table(), connection.tables());
        let old_table = contents(connection, table);

        let planned = connection.try_verb(&migrator, &verb).unwrap();
        in_transaction(connection, &migrator, tool, false).unwrap();
        assert_eq!(connection.tables(), unchanged, "{tool}: tried only, and rolled back");
        let report = connection.execute_verb(&migrator, &verb).unwrap();
        assert_eq!(of_report(&report), of_plan(&planned), "{tool}");
        assert_eq!(of_report(&report).0, adopted, "{tool}");
        words
            .iter()
            .for_each(|word| assert!(report.to_string().contains(word), "{tool}: {word:?} is not in\n{report}"));

        let status = connection.status(&migrator).unwrap();
        let standing = |wanted: &str| -> Vec<String> {
            let is_so = |one: &&migrate_runtime::MigrationStatus| one.standing.as_str() == wanted;
            status.migrations().iter().filter(is_so).map(|one| one.migration.version_as_written().to_owned()).collect()
        };
        assert_eq!(standing("applied").join(" "), adopted, "{tool}: {status}");
        remembers(connection, &migrator, old, tool, &set);

        let (_folder, longer) = with_one_more(folder);
        let mut expect = standing("pending");
        expect.push(NEXT.to_owned());
        let migrator = self::migrator(&longer);
        let applied = connection.run(&migrator).unwrap();
        let versions: Vec<&str> =
            applied.changes().iter().map(|change| change.migration.version_as_written()).collect();
        assert_eq!(versions, expect, "{tool}");
        assert!(connection.tables().contains(&"next_one".to_owned()), "{tool}");
        connection.verify(&migrator).unwrap();

        let again = connection.execute_verb(&migrator, &verb).unwrap();
        assert!(again.is_empty() && again.to_string().starts_with("nothing to adopt"), "{tool}: {again}");
        assert!(connection.try_verb(&migrator, &verb).unwrap().is_empty(), "{tool}");
        assert_eq!(contents(connection, table), old_table, "{tool}: the old table is only read");
    }
}

/// The history of a tool is not taken over, with this code and words of the text, and nothing is written.
#[track_caller]
pub(crate) fn refuses(old: &Old, tool: Tool, folder: &Path, code: &str, words: &[&str]) {
    let set = Migrations::from_folder(folder).unwrap();
    let migrator = migrator(&set);
    for mut copy in copies(old) {
        let connection = &mut copy.connection;
        let (table, unchanged) = (tool.default_table(), connection.tables());
        let old_table = contents(connection, table);
        let verb = Verb::Adopt(OldHistory::of(tool));
        let errors = [
            connection.try_verb(&migrator, &verb).unwrap_err(),
            in_transaction(connection, &migrator, tool, true).unwrap_err(),
            connection.execute_verb(&migrator, &verb).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.code(), code, "{tool}: {error}");
            let text = error.to_string();
            words.iter().for_each(|word| assert!(text.contains(word), "{tool}: {word:?} is not in\n{text}"));
            assert!(text.contains("nothing was changed") && text.contains("= help: "), "{tool}: {text}");
        }
        connection.execute("DROP TABLE alive");
        assert_eq!(connection.tables(), unchanged, "{tool}");
        assert_eq!(contents(connection, table), old_table, "{tool}");
    }
}

pub(crate) fn migrator(set: &Migrations) -> Migrator<'_> {
    Migrator::new(set).history_table(OURS).applied_by("the tests")
}

/// Versions, a space between them, and all notes.
pub(crate) fn of_report(report: &Report) -> (String, Vec<String>) {
    let versions: Vec<&str> = report.changes().iter().map(|change| change.migration.version_as_written()).collect();
    assert!(report.changes().iter().all(|change| change.action.done() == "adopted"), "{report}");
    (versions.join(" "), report.changes().iter().flat_map(|change| change.notes.clone()).collect())
}

fn of_plan(plan: &Plan) -> (String, Vec<String>) {
    let versions: Vec<&str> = plan.changes().iter().map(|change| change.migration.version_as_written()).collect();
    assert!(plan.changes().iter().all(|change| change.action.to_do() == "adopt"), "{plan}");
    (versions.join(" "), plan.changes().iter().flat_map(|change| change.notes.clone()).collect())
}

/// Adopts inside a transaction, which is rolled back; or goes on to make a table, and is committed.
fn in_transaction(
    connection: &mut Connection,
    migrator: &Migrator<'_>,
    tool: Tool,
    goes_on: bool,
) -> Result<Report, Error> {
    const ALIVE: &str = "CREATE TABLE alive (id integer)";
    match connection {
        Connection::Rusqlite(connection) => {
            let mut transaction = connection.transaction().unwrap();
            let adopted = migrator.adopt(&mut transaction, tool);
            if goes_on {
                transaction.execute_batch(ALIVE).unwrap();
                transaction.commit().unwrap();
            }
            adopted
        }
        Connection::Postgres(client) => {
            let mut transaction = client.transaction().unwrap();
            let adopted = migrator.adopt(&mut transaction, tool);
            if goes_on {
                transaction.batch_execute(ALIVE).unwrap();
                transaction.commit().unwrap();
            }
            adopted
        }
        Connection::TokioPostgres(client, runtime) => runtime.block_on(async {
            let mut transaction = client.transaction().await.unwrap();
            let adopted = migrator.adopt_async(&mut transaction, tool).await;
            if goes_on {
                transaction.batch_execute(ALIVE).await.unwrap();
                transaction.commit().await.unwrap();
            }
            adopted
        }),
    }
}

/// What stands in a table, and where; without one, in the header of the file.
fn contents(connection: &mut Connection, table: Option<&str>) -> Vec<String> {
    let Some(table) = table else { return connection.rows("SELECT user_version FROM pragma_user_version") };
    match matches!(connection, Connection::Rusqlite(_)) {
        true => {
            let columns = connection.rows(&format!("SELECT 'quote(' || name || ')' FROM pragma_table_info('{table}')"));
            if columns.is_empty() {
                return columns;
            }
            connection.rows(&format!("SELECT rowid, {} FROM \"{table}\" ORDER BY rowid", columns.join(", ")))
        }
        false if connection.value(&format!("SELECT to_regclass('{table}') IS NULL")) == "t" => Vec::new(),
        false => connection.rows(&format!("SELECT xmin, ctid, old.* FROM \"{table}\" AS old ORDER BY ctid")),
    }
}

/// The history here has what the old one knows.
fn remembers(connection: &mut Connection, migrator: &Migrator<'_>, old: &Old, tool: Tool, set: &Migrations) {
    let history = connection.history(migrator).unwrap();
    let adoption = old.adoption(tool, tool.default_table().unwrap_or_default(), set.set());
    assert_eq!(history.entries().len(), adoption.matched.len(), "{history}");
    for matched in &adoption.matched {
        let is_it = |entry: &&migrate_runtime::HistoryEntry| entry.version == matched.migration.version().digits();
        let entry = history.entries().iter().find(is_it).unwrap();
        let [audit] = entry.audit.as_slice() else { panic!("{history}") };
        assert_eq!((&*audit.action, &*audit.by), (&*format!("adopted from {tool}"), "the tests"), "{history}");
        let reason = match matched.proof {
            Proof::Checksum => "its checksum agrees",
            Proof::Version => "by its version, without a checksum",
            Proof::Position => "by its position, without a row of its own",
        };
        assert_eq!((&*audit.reason, entry.applied_at.len()), (reason, 24), "{history}");
        assert_eq!(entry.execution_time_ms, matched.execution_time_ms, "{history}");
        match &matched.applied_at {
            Some(time) => assert_eq!(&entry.applied_at, time, "{history}"),
            None => assert!(entry.applied_at.as_str() > "2025", "{history}"),
        }
    }
}

const NEXT: &str = "99999999999999999999";

/// The same files and another one, behind all of them.
fn with_one_more(folder: &Path) -> (TempDir, Migrations) {
    let longer = tempfile::tempdir().unwrap();
    copy_files(folder, longer.path());
    write(longer.path(), &format!("{NEXT}_next.sql"), "CREATE TABLE next_one (id integer);");
    let set = Migrations::from_folder(longer.path()).unwrap();
    (longer, set)
}

fn copy_files(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&to).unwrap();
            copy_files(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
