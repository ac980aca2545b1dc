//! How fast the verbs are, the scanner, reading a folder, and the macro: `cargo bench -p migrate-tests`, with a server that it starts itself.
//!
//! Each at 10, 100, 1,000 and 10,000 migrations, where that ends in a time that anybody waits for. What a machine does beside it shows:
//! compare ratios, in one run.

#![allow(clippy::unwrap_used)]

#[allow(dead_code)]
#[path = "../it/scratch.rs"]
mod scratch;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use migrate_core::folder::{Folder, FolderOptions};
use migrate_core::scan::scan;
use migrate_runtime::{Dialect, Migrations, Migrator, Scope};
use migrate_tests::{Connection, Database, Driver, Fresh, migrations, postgres};

use scratch::Package;

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];

fn main() {
    divan::main();
}

/// A job that can be done once on each database.
fn once_each<D, O>(bencher: Bencher<'_, '_>, count: usize, database: impl Fn() -> D, job: impl Fn(&mut D) -> O) {
    bencher.counter(ItemsCount::new(count)).with_inputs(database).bench_local_refs(job);
}

/// What the drivers alone take for the job, written by hand: the limit.
mod by_hand {
    use migrate_core::{Direction, Script};
    use migrate_runtime::Migrations;

    const TABLE: &str =
        "CREATE TABLE by_hand (version integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL)";
    pub(crate) const ROWS: &str = "SELECT version, checksum FROM by_hand ORDER BY version";

    fn is_up(script: &&Script) -> bool {
        script.direction() == Direction::Up
    }

    /// The scripts, with what records them.
    fn scripts(set: &Migrations) -> impl Iterator<Item = String> {
        set.set().scripts().iter().filter(is_up).enumerate().map(|(index, script)| {
            let (sql, checksum) = (script.sql(), script.checksum());
            format!("{sql};\nINSERT INTO by_hand VALUES ({}, 'small', '{checksum}');\nCOMMIT", index + 1)
        })
    }

    pub(crate) fn apply_on_sqlite(connection: &rusqlite::Connection, set: &Migrations) {
        connection.execute_batch(TABLE).unwrap();
        scripts(set).for_each(|script| connection.execute_batch(&format!("BEGIN IMMEDIATE;\n{script}")).unwrap());
    }

    pub(crate) fn apply_on_postgres(client: &mut ::postgres::Client, set: &Migrations) {
        client.batch_execute(TABLE).unwrap();
        scripts(set).for_each(|script| client.batch_execute(&format!("BEGIN;\n{script}")).unwrap());
    }

    pub(crate) async fn apply_on_tokio_postgres(client: &tokio_postgres::Client, set: &Migrations) {
        client.batch_execute(TABLE).await.unwrap();
        for script in scripts(set) {
            client.batch_execute(&format!("BEGIN;\n{script}")).await.unwrap();
        }
    }

    pub(crate) fn compare(rows: impl Iterator<Item = (i64, String)>, set: &Migrations) {
        let embedded = set.set().scripts().iter().filter(is_up);
        let numbered = (1..).zip(embedded);
        assert!(rows.eq(numbered.map(|(number, script)| (number, script.checksum().to_string()))));
    }
}

/// Migrations of one statement each, with a way back, that leave the catalog of a database as it is.
fn small(count: usize) -> Vec<(String, String)> {
    let file = |number: usize| {
        [
            (format!("{number:05}_small.up.sql"), format!("UPDATE counter SET n = {number};\n")),
            (format!("{number:05}_small.down.sql"), format!("UPDATE counter SET n = {};\n", number - 1)),
        ]
    };
    (1..=count).flat_map(file).collect()
}

fn set(count: usize) -> Migrations {
    let files = small(count);
    migrations(&files.iter().map(|(path, sql)| (&**path, &**sql)).collect::<Vec<_>>())
}

const COUNTER: &str = "CREATE TABLE counter (n integer); INSERT INTO counter VALUES (0)";

fn sqlite() -> rusqlite::Connection {
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    connection.execute_batch(COUNTER).unwrap();
    connection
}

fn server() -> (Database, ::postgres::Client) {
    let database = postgres().database("bench");
    let mut client = database.connect();
    client.batch_execute(COUNTER).unwrap();
    (database, client)
}

/// Of the asynchronous driver.
fn asynchronous_server() -> (Connection, Fresh) {
    let fresh = Fresh::new(Driver::TokioPostgres);
    let mut connection = fresh.connect();
    connection.execute(COUNTER);
    (connection, fresh)
}

/// A start with nothing to do: everything is verified.
#[divan::bench(args = SIZES)]
fn start_on_sqlite(bencher: Bencher<'_, '_>, count: usize) {
    let (set, mut connection) = (set(count), sqlite());
    set.run(&mut connection).unwrap();
    bencher.bench_local(|| set.run(&mut connection).unwrap());
}

#[divan::bench(args = SIZES, sample_count = 30)]
fn start_on_postgres(bencher: Bencher<'_, '_>, count: usize) {
    let (set, (_database, mut client)) = (set(count), server());
    set.run(&mut client).unwrap();
    bencher.bench_local(|| set.run(&mut client).unwrap());
}

#[divan::bench(args = SIZES, sample_count = 30)]
fn start_on_tokio_postgres(bencher: Bencher<'_, '_>, count: usize) {
    let (set, (mut connection, _fresh)) = (set(count), asynchronous_server());
    let migrator = Migrator::new(&set);
    connection.run(&migrator).unwrap();
    bencher.bench_local(|| connection.run(&migrator).unwrap());
}

/// The same by hand: every row is read, and compared.
#[divan::bench(args = SIZES)]
fn start_by_hand_on_sqlite(bencher: Bencher<'_, '_>, count: usize) {
    let (set, connection) = (set(count), sqlite());
    by_hand::apply_on_sqlite(&connection, &set);
    let mut rows = connection.prepare(by_hand::ROWS).unwrap();
    bencher.bench_local(|| {
        let found = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        by_hand::compare(found.map(Result::unwrap), &set);
    });
}

#[divan::bench(args = SIZES, sample_count = 30)]
fn start_by_hand_on_postgres(bencher: Bencher<'_, '_>, count: usize) {
    let (set, (_database, mut client)) = (set(count), server());
    by_hand::apply_on_postgres(&mut client, &set);
    bencher.bench_local(|| {
        let found = client.simple_query(by_hand::ROWS).unwrap();
        let row = |message: &::postgres::SimpleQueryMessage| match message {
            ::postgres::SimpleQueryMessage::Row(row) => {
                Some((row.get(0).unwrap().parse().unwrap(), row.get(1).unwrap().to_owned()))
            }
            _ => None,
        };
        by_hand::compare(found.iter().filter_map(row), &set);
    });
}

/// All is pending.
#[divan::bench(args = SIZES, sample_count = 30)]
fn plan_on_postgres(bencher: Bencher<'_, '_>, count: usize) {
    let (set, (_database, mut client)) = (set(count), server());
    bencher.counter(ItemsCount::new(count)).bench_local(|| set.plan(&mut client).unwrap());
}

#[divan::bench(args = SIZES, sample_count = 20)]
fn plan_on_sqlite(bencher: Bencher<'_, '_>, count: usize) {
    let (set, mut connection) = (set(count), sqlite());
    bencher.counter(ItemsCount::new(count)).bench_local(|| set.plan(&mut connection).unwrap());
}

#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn apply_on_sqlite(bencher: Bencher<'_, '_>, count: usize) {
    let set = set(count);
    once_each(bencher, count, sqlite, |connection| set.run(connection).unwrap());
}

#[divan::bench(args = SIZES, sample_count = 3, sample_size = 1)]
fn apply_on_postgres(bencher: Bencher<'_, '_>, count: usize) {
    let set = set(count);
    once_each(bencher, count, server, |(_, client)| set.run(client).unwrap());
}

#[divan::bench(args = SIZES, sample_count = 3, sample_size = 1)]
fn apply_on_tokio_postgres(bencher: Bencher<'_, '_>, count: usize) {
    let set = set(count);
    let migrator = Migrator::new(&set);
    once_each(bencher, count, asynchronous_server, |(connection, _)| connection.run(&migrator).unwrap());
}

/// The same by hand, each in a transaction.
#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn apply_by_hand_on_sqlite(bencher: Bencher<'_, '_>, count: usize) {
    let set = set(count);
    once_each(bencher, count, sqlite, |connection| by_hand::apply_on_sqlite(connection, &set));
}

#[divan::bench(args = SIZES, sample_count = 3, sample_size = 1)]
fn apply_by_hand_on_postgres(bencher: Bencher<'_, '_>, count: usize) {
    let set = set(count);
    once_each(bencher, count, server, |(_, client)| by_hand::apply_on_postgres(client, &set));
}

#[divan::bench(args = SIZES, sample_count = 3, sample_size = 1)]
fn apply_by_hand_on_tokio_postgres(bencher: Bencher<'_, '_>, count: usize) {
    let set = set(count);
    once_each(bencher, count, asynchronous_server, |(connection, _)| {
        let Connection::TokioPostgres(client, runtime) = connection else { return };
        runtime.block_on(by_hand::apply_on_tokio_postgres(client, &set));
    });
}

#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn apply_all_in_one_on_sqlite(bencher: Bencher<'_, '_>, count: usize) {
    let set = set(count);
    let migrator = Migrator::new(&set).scope(Scope::All);
    once_each(bencher, count, sqlite, |connection| migrator.run(connection).unwrap());
}

#[divan::bench(args = SIZES, sample_count = 3, sample_size = 1)]
fn apply_all_in_one_on_postgres(bencher: Bencher<'_, '_>, count: usize) {
    let set = set(count);
    let migrator = Migrator::new(&set).scope(Scope::All);
    once_each(bencher, count, server, |(_, client)| migrator.run(client).unwrap());
}

#[divan::bench(args = SIZES, sample_count = 3, sample_size = 1)]
fn revert_on_postgres(bencher: Bencher<'_, '_>, count: usize) {
    let set = set(count);
    let migrator = Migrator::new(&set).dangerously_allow_reset();
    let applied = || {
        let (database, mut client) = server();
        set.run(&mut client).unwrap();
        (database, client)
    };
    once_each(bencher, count, applied, |(_, client)| migrator.reset(client).unwrap());
}

#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn revert_on_sqlite(bencher: Bencher<'_, '_>, count: usize) {
    let set = set(count);
    let migrator = Migrator::new(&set).dangerously_allow_reset();
    let applied = || {
        let mut connection = sqlite();
        set.run(&mut connection).unwrap();
        connection
    };
    once_each(bencher, count, applied, |connection| migrator.reset(connection).unwrap());
}

/// What the macro does with a folder: names, checks, checksums.
#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn read_a_folder(bencher: Bencher<'_, '_>, count: usize) {
    let folder = tempfile::tempdir().unwrap();
    for (name, sql) in small(count) {
        std::fs::write(folder.path().join(name), sql).unwrap();
    }
    let options = FolderOptions { dialect: Some(Dialect::Sqlite), ..FolderOptions::default() };
    bencher.counter(ItemsCount::new(count)).bench_local(|| Folder::read(folder.path(), "migrations", &options).is_ok());
}

/// A check of a program that embeds a folder, after an edit of one file: what the macro takes, the compiler for what it returns, and cargo.
#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn expand_a_folder(bencher: Bencher<'_, '_>, count: usize) {
    let embedded = r#"migrate_runtime::embed_migrations!("migrations", dialect = "sqlite")"#;
    let main =
        format!("static MIGRATIONS: migrate_runtime::Migrations = {embedded}; fn main() {{ let _ = &MIGRATIONS; }}");
    check_a_program(bencher, &format!("expand-{count}"), count, &main);
}

/// The same by hand: names, and texts that are included as they are.
#[divan::bench(args = SIZES, sample_count = 5, sample_size = 1)]
fn include_a_folder_by_hand(bencher: Bencher<'_, '_>, count: usize) {
    let file = |(name, _): &(String, String)| format!("({name:?}, include_str!(\"../migrations/{name}\")),\n");
    let files: String = small(count).iter().map(file).collect();
    let main = format!("static MIGRATIONS: &[(&str, &str)] = &[{files}]; fn main() {{ let _ = MIGRATIONS; }}");
    check_a_program(bencher, &format!("include-{count}"), count, &main);
}

fn check_a_program(bencher: Bencher<'_, '_>, name: &str, count: usize, main: &str) {
    let package = Package::new(name, &[("src/main.rs", main)]);
    small(count).iter().for_each(|(name, sql)| package.write(&format!("migrations/{name}"), sql));
    let check = || assert!(package.cargo(&["check"]).success);
    check();
    let edit = || package.write("migrations/00001_small.up.sql", "UPDATE counter SET n = 1;\n");
    bencher.counter(ItemsCount::new(count)).with_inputs(edit).bench_local_values(|()| check());
}

#[divan::bench(args = [Dialect::Postgres, Dialect::Sqlite, Dialect::Mysql])]
fn scan_a_script(bencher: Bencher<'_, '_>, dialect: Dialect) {
    let statements = "CREATE TABLE orders (id bigint PRIMARY KEY, note text DEFAULT 'it''s new'); -- a comment\n\
                      INSERT INTO orders (id, note) VALUES (1, 'a longer text; with a semicolon in it'), (2, NULL);\n\
                      /* and one\n of two lines */ UPDATE orders SET note = upper(note) WHERE id IN (1, 2, 3) AND note IS NOT NULL;\n";
    let script = statements.repeat(1_000_000 / statements.len());
    bencher.counter(BytesCount::of_str(&script)).bench(|| scan(&script, dialect).statements.len());
}
