//! What can be counted exactly: it does not grow with what is applied already.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use migrate_core::scan::scan;
use migrate_runtime::{Dialect, Migrations, Migrator, Scope, Version};
use migrate_tests::{Directed, Driver, Fresh, Requests, Verb, migrations, numbered, postgres};
use rusqlite::Connection;

fn set(count: usize) -> Migrations {
    let file = |number: usize| (format!("{number:05}_n.sql"), format!("UPDATE counter SET n = {number};"));
    let files: Vec<(String, String)> = (1..=count).map(file).collect();
    migrations(&files.iter().map(|(path, sql)| (&**path, &**sql)).collect::<Vec<_>>())
}

/// How many instructions of its virtual machine SQLite takes for a run.
fn instructions(set: &Migrations, connection: &mut Connection) -> u64 {
    let count = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&count);
    let count_one = move || {
        counter.fetch_add(1, Ordering::Relaxed);
        false
    };
    connection.progress_handler(1, Some(count_one)).unwrap();
    set.run(connection).unwrap();
    connection.progress_handler(1, None::<fn() -> bool>).unwrap();
    count.load(Ordering::Relaxed)
}

#[test]
fn a_migration_costs_sqlite_the_same_whatever_is_applied() {
    let after = |applied: usize| {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE counter (n integer); INSERT INTO counter VALUES (0)").unwrap();
        let (before, all) = (set(applied), set(applied + 200));
        before.run(&mut connection).unwrap();
        // What is read at the start grows, which is the same for any number that is pending.
        let one_more = set(applied + 1);
        let for_one = instructions(&one_more, &mut connection);
        let for_many = instructions(&all, &mut connection);
        (for_many - for_one) / 198
    };
    let [few, many] = [10, 2_000].map(after);
    assert!(many < few + few / 5, "{few} instructions with 10 applied, {many} with 2,000");
}

/// How many statements a run on a new database makes, those of its scripts included.
fn statements(set: &Migrations, scope: Scope) -> usize {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch("CREATE TABLE counter (n integer); INSERT INTO counter VALUES (0)").unwrap();
    let requests = Requests::default();
    Migrator::new(set).scope(scope).run(&mut Directed::new(connection, &requests)).unwrap();
    requests.take().iter().map(|sql| scan(sql, Dialect::Sqlite).statements.len()).sum()
}

#[test]
fn a_migration_on_sqlite_makes_four_statements_beside_its_own_and_a_hundredth_of_one_in_one_transaction() {
    let more = |scope| statements(&set(300), scope) - statements(&set(100), scope);
    // It begins, looks whether it is its turn, writes its row, and commits.
    assert_eq!(more(Scope::PerMigration), 200 * (1 + 4));
    // A hundred rows are written together.
    assert_eq!(more(Scope::All), 200 + 2);
}

/// How often a start that finds everything applied allocates, and how many bytes.
fn allocations(migrator: &Migrator<'_>, mut run: impl FnMut(&Migrator<'_>)) -> (u64, u64) {
    run(migrator);
    let counted = allocation_counter::measure(|| run(migrator));
    (counted.count_total, counted.bytes_total)
}

#[test]
fn a_script_is_scanned_once_also_in_one_transaction() {
    let sql = format!("CREATE TABLE counter (n integer);{}", " INSERT INTO counter VALUES (1);".repeat(5_000));
    let long = migrations(&[("1_long.sql", &sql)]);
    let of_scan = allocation_counter::measure(|| _ = scan(&sql, Dialect::Sqlite)).bytes_total;
    let bytes = |scope| {
        let mut connection = Connection::open_in_memory().unwrap();
        allocation_counter::measure(|| _ = Migrator::new(&long).scope(scope).run(&mut connection).unwrap()).bytes_total
    };
    let (each, one) = (bytes(Scope::PerMigration), bytes(Scope::All));
    assert!(one < each + of_scan / 2, "{each} bytes, {one} in one transaction; {of_scan} for a scan");
}

#[test]
fn a_start_on_postgres_allocates_the_same_for_few_and_for_many() {
    for (driver, most) in Driver::SERVERS.into_iter().zip([5_000, 12_000]) {
        let count = |count: usize| {
            let (set, fresh) = (set(count), Fresh::new(driver));
            let (mut connection, migrator) = (fresh.connect(), Migrator::new(&set));
            connection.execute_verb(&migrator, &Verb::Baseline(count as u64)).unwrap();
            allocations(&migrator, |migrator| _ = connection.run(migrator).unwrap())
        };
        let [few, more, many] = [10, 300, 10_000].map(count);
        println!("{driver:?}: {few:?} {more:?} {many:?} allocations and bytes");
        // A digit more in the one number of the answer.
        assert!(few.0 == more.0 && few.0 == many.0, "{driver:?}: {few:?} {more:?} {many:?} allocations and bytes");
        assert!(few.1.abs_diff(many.1) < 50, "{driver:?}: {few:?} {many:?} allocations and bytes");
        assert!(few.0 < 50 && few.1 < most, "{driver:?}: {few:?} allocations and bytes");
    }
}

/// How many instructions a `migrate-numbered` takes, the driver's included, once it is connected, and what it prints.
#[cfg(target_os = "linux")]
fn instructions_of_a_process(arguments: &[&str]) -> (u64, String) {
    let output = std::process::Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*migrate_numbered::carry_out*"])
        .arg(env!("CARGO_BIN_EXE_migrate-numbered"))
        .args(arguments)
        .output()
        .expect("valgrind is installed");
    assert!(output.status.success(), "{output:?}");
    let [printed, told] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    let collected = told.lines().find_map(|line| line.split_once("Collected : "));
    (collected.unwrap_or_else(|| panic!("{told}")).1.parse().unwrap(), printed.trim().to_owned())
}

#[test]
#[cfg(target_os = "linux")]
fn a_start_on_postgres_takes_as_many_instructions_for_few_and_for_many() {
    let count = |count: usize| {
        let (set, database) = (numbered(count), postgres().database("counted"));
        Migrator::new(&set).baseline(&mut database.connect(), Version::from(count as u64)).unwrap();
        let url = database.url();
        [url.clone(), format!("tokio:{url}")].map(|url| {
            let (instructions, applied) = instructions_of_a_process(&[&url, &count.to_string()]);
            assert_eq!(applied, "0");
            instructions
        })
    };
    let [few, many] = [10, 10_000].map(count);
    // A digit more in the one number of the answer, and what differs between two runs of the same.
    let is_flat = few.iter().zip(&many).all(|(few, many)| few.abs_diff(*many) < few / 50);
    assert!(is_flat, "{few:?} instructions for 10, {many:?} for 10,000");
}

#[test]
#[cfg(target_os = "linux")]
fn a_migration_that_is_applied_or_reverted_takes_as_many_instructions_among_few_as_among_many() {
    let count = |count: u64| {
        let fresh = Fresh::new(Driver::Rusqlite);
        let (url, number) = (format!("sqlite:{}", fresh.file().display()), count.to_string());
        ["there", "back"].map(|way| {
            let (instructions, changed) = instructions_of_a_process(&[&url, &number, way]);
            assert_eq!(changed, number);
            instructions / count
        })
    };
    let [few, many] = [200, 1_600].map(count);
    let grows = few.iter().zip(&many).any(|(few, many)| *many > few + few / 4);
    assert!(!grows, "{few:?} instructions for each of 200, {many:?} for each of 1,600, to apply and to revert");
}

#[test]
fn a_start_on_sqlite_reads_an_index_that_has_no_scripts() {
    for table in ["schema_migrations", "ops.History"] {
        let folder = tempfile::tempdir().unwrap();
        let connect = || {
            let connection = Connection::open(folder.path().join("main.db")).unwrap();
            connection.execute("ATTACH ? AS ops", [folder.path().join("ops.db").to_str().unwrap()]).unwrap();
            connection
        };
        let connection = connect();
        connection.execute_batch("CREATE TABLE counter (n integer)").unwrap();
        let (set, requests) = (set(3), Requests::default());
        let migrator = Migrator::new(&set).history_table(table);
        let mut directed = Directed::new(connection, &requests);
        migrator.run(&mut directed).unwrap();
        requests.take();
        migrator.run(&mut directed).unwrap();
        let start = requests.take().join("; ");
        let plan = format!("EXPLAIN QUERY PLAN {start}");
        let plan: String = connect().query_row(&plan, [], |row| row.get("detail")).unwrap();
        let index = format!("USING COVERING INDEX {}_start", table.trim_start_matches("ops."));
        assert!(plan.contains(&index), "{plan}");
    }
}

#[test]
fn a_start_on_sqlite_allocates_nearly_the_same_for_few_and_for_many() {
    let count = |count: usize, has_stamp: bool| {
        let set = set(count);
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE counter (n integer); INSERT INTO counter VALUES (0)").unwrap();
        let migrator = if has_stamp { Migrator::new(&set).user_version_stamp() } else { Migrator::new(&set) };
        allocations(&migrator, |migrator| _ = migrator.run(&mut connection).unwrap())
    };
    let [few, many] = [100, 1_100].map(|size| count(size, false));
    // Lists grow by doubling.
    assert!(many.0 - few.0 <= 10, "{few:?} allocations and bytes for 100, {many:?} for 1,100");
    // A version and a checksum each, as the answer has them, and as they are compared.
    assert!(few.0 < 60 && many.1 < 300 * 1_100, "{few:?} allocations and bytes for 100, {many:?} for 1,100");
    // With the stamp it is as many for any number.
    let [few, many] = [10, 1_000].map(|size| count(size, true));
    assert_eq!(few, many);
    assert!(few.0 < 40, "{few:?} allocations and bytes");
}
