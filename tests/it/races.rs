//! Many runners at once, each a process of its own: all succeed, and everything is applied once.

mod bouncer;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use migrate_runtime::{Migrations, Migrator};
use migrate_tests::{Driver, Fresh, numbered, numbered_and_outside, numbered_but_failing, numbered_for_old};

use bouncer::Bouncer;

/// How many processes there are at once.
const SIZES: [usize; 4] = [2, 8, 32, 64];

/// What the processes run: the arguments behind the address, and the set that they stand for.
struct Binary {
    count: usize,
    /// Behind the count.
    arguments: Vec<String>,
    set: Migrations,
}

fn binary(count: usize) -> Binary {
    Binary { count, arguments: Vec::new(), set: numbered(count) }
}

fn failing(count: usize, number: usize) -> Binary {
    Binary { count, arguments: vec!["failing".into(), number.to_string()], set: numbered_but_failing(count, number) }
}

fn outside(count: usize) -> Binary {
    Binary { count, arguments: vec!["outside".into()], set: numbered_and_outside(count) }
}

fn for_old(count: usize, old: usize) -> Binary {
    Binary { count, arguments: vec!["compatible-with".into(), old.to_string()], set: numbered_for_old(count, old) }
}

#[test]
fn processes_on_an_empty_postgres_database() {
    for driver in Driver::SERVERS {
        for size in SIZES {
            race(&Fresh::new(driver), size, &binary(50));
        }
    }
}

#[test]
fn processes_on_an_empty_sqlite_file() {
    for size in SIZES {
        race(&Fresh::new(Driver::Rusqlite), size, &binary(50));
    }
}

#[test]
fn processes_on_a_sqlite_file_with_a_write_ahead_log() {
    for size in SIZES {
        let fresh = Fresh::new(Driver::Rusqlite);
        fresh.connect().execute("PRAGMA journal_mode = WAL; CREATE TABLE other (id integer)");
        race(&fresh, size, &binary(50));
    }
}

/// Whoever is at work outside of a transaction is waited for.
#[test]
fn processes_with_scripts_outside_of_a_transaction() {
    for driver in Driver::ALL {
        for size in SIZES {
            race(&Fresh::new(driver), size, &outside(12));
        }
    }
}

/// All go as far as they get, and each says at which migration it failed.
#[test]
fn processes_with_a_migration_that_fails() {
    for driver in Driver::ALL {
        for size in SIZES {
            let fresh = Fresh::new(driver);
            let ended = at_once(&url(&fresh), &vec![&failing(12, 9); size]);
            for end in &ended {
                let error = end.as_ref().unwrap_err();
                assert!(error.contains("migration 00009_t9 failed and was rolled back"), "{error}");
            }
            is_done(&fresh, 8);
            // With the file corrected.
            race(&fresh, 2, &binary(12));
        }
    }
}

/// Each process is killed at a moment of its own behind the first migrations that it has begun: all but the last die at work.
#[test]
fn killed_processes_lose_and_double_nothing() {
    for (driver, journal) in
        [(Driver::Rusqlite, "delete"), (Driver::Rusqlite, "wal"), (Driver::Postgres, ""), (Driver::TokioPostgres, "")]
    {
        let fresh = Fresh::new(driver);
        if !journal.is_empty() {
            fresh.connect().execute(&format!("PRAGMA journal_mode = {journal}; CREATE TABLE other (id integer)"));
        }
        let binary = binary(150);
        let mut killed = 0;
        for round in 0_u64.. {
            let mut runner = command(&url(&fresh), &binary).env("MIGRATE_TEST_TELLS", "").spawn().unwrap();
            let mut told = BufReader::new(runner.stderr.take().unwrap()).lines();
            let begun = told.by_ref().take(1 + round as usize % 4).count();
            // What is waited for is time itself: the kill shall hit anywhere in what comes next.
            std::thread::sleep(Duration::from_micros(round * 677 % 2_000));
            let is_at_work = runner.try_wait().unwrap().is_none();
            runner.kill().unwrap();
            runner.wait().unwrap();
            // Up to here it could go on telling.
            drop(told);
            if begun == 0 {
                break;
            }
            killed += usize::from(is_at_work);
        }
        println!("killed at work on {driver:?} {journal}: {killed}");
        assert!(killed >= 10, "{driver:?} {journal}: {killed}");
        race(&fresh, 2, &binary);
    }
}

#[test]
fn binaries_of_different_age_at_once() {
    for driver in Driver::ALL {
        for size in SIZES {
            let fresh = Fresh::new(driver);
            let binaries = [binary(20), binary(10), binary(15)];
            let mixed: Vec<&Binary> = binaries.iter().cycle().take(size).collect();
            let ended = at_once(&url(&fresh), &mixed);
            for (number, end) in ended.iter().enumerate() {
                // An older binary that comes too late is refused; nothing else may happen to it.
                let is_old = number % 3 > 0;
                assert!(end.as_ref().err().is_none_or(|error| is_old && error.contains("is ahead")), "{ended:?}");
            }
            race(&fresh, 1, &binaries[0]);
        }
    }
}

/// Neither do those hinder each other of which the newest have a migration that fails.
#[test]
fn binaries_of_different_age_with_a_migration_that_fails() {
    for driver in Driver::ALL {
        for size in SIZES {
            let fresh = Fresh::new(driver);
            let binaries = [failing(20, 17), binary(10), binary(15)];
            let mixed: Vec<&Binary> = binaries.iter().cycle().take(size).collect();
            for (number, end) in at_once(&url(&fresh), &mixed).iter().enumerate() {
                let is_well = match number % 3 {
                    0 => end
                        .as_ref()
                        .is_err_and(|error| error.contains("migration 00017_t17 failed and was rolled back")),
                    _ => end.as_ref().err().is_none_or(|error| error.contains("is ahead")),
                };
                assert!(is_well, "{driver:?}, {number} of {size}: {end:?}");
            }
            is_done(&fresh, 16);
            // With the file corrected.
            race(&fresh, 2, &binary(20));
        }
    }
}

/// Old and new binaries start in every order, one after the other and overlapping. Where what is new says that old binaries can live with
/// it, nobody is refused.
#[test]
fn a_rolling_deploy() {
    // Which of four are new: two of them, in every order.
    let orders: Vec<[bool; 4]> = (0..16_u8)
        .filter(|bits| bits.count_ones() == 2)
        .map(|bits| [0, 1, 2, 3].map(|bit| bits >> bit & 1 == 1))
        .collect();
    for driver in Driver::ALL {
        for new in [binary(14), for_old(14, 10)] {
            let is_compatible = !new.arguments.is_empty();
            let old = binary(10);
            for order in &orders {
                let fresh = Fresh::new(driver);
                let pick = |is_new: &bool| if *is_new { &new } else { &old };
                let mut ended: Vec<Result<usize, String>> = Vec::new();
                for pair in order.chunks(2) {
                    ended.extend(at_once(&url(&fresh), &pair.iter().map(pick).collect::<Vec<_>>()));
                }
                for (is_new, end) in order.iter().zip(&ended) {
                    let is_well =
                        end.as_ref().err().is_none_or(|error| !is_new && !is_compatible && error.contains("is ahead"));
                    assert!(is_well, "{driver:?}, {order:?}: {ended:?}");
                }
                is_done(&fresh, new.count);
                fresh.connect().verify(&Migrator::new(&new.set)).unwrap();
            }
        }
    }
}

/// Every transaction may be on another connection of the pool; here they are all on one, and wait for it.
#[test]
fn through_a_pool_of_one_connection() {
    for (driver, size) in Driver::SERVERS.into_iter().flat_map(|driver| SIZES.map(|size| (driver, size))) {
        let fresh = Fresh::new(driver);
        let bouncer = Bouncer::start(fresh.database());
        let url = address(driver, &bouncer.url());
        let ended = at_once(&url, &vec![&binary(30); size]);
        assert!(ended.iter().all(Result::is_ok), "{ended:?}");
        is_done(&fresh, 30);
        let refused = at_once(&url, &[&failing(31, 31); 4]);
        assert!(
            refused.iter().all(|end| end.as_ref().is_err_and(|error| error.contains("00031_t31 failed"))),
            "{refused:?}"
        );
        // What is left of them in the pool is no transaction, and no setting.
        let mut connection = bouncer.connect();
        assert!(!connection.is_in_transaction());
        assert_eq!(connection.value("SELECT current_setting('lock_timeout')"), "0");
        connection.verify(&Migrator::new(&numbered(30))).unwrap();
    }
}

/// There a runner may take over from one that lives, which finds its claim gone and stops; nothing is done twice.
#[test]
fn scripts_outside_of_a_transaction_through_a_pool_of_one_connection() {
    let binary = outside(12);
    for (driver, size) in Driver::SERVERS.into_iter().flat_map(|driver| SIZES.map(|size| (driver, size))) {
        let fresh = Fresh::new(driver);
        let bouncer = Bouncer::start(fresh.database());
        let ended = at_once(&address(driver, &bouncer.url()), &vec![&binary; size]);
        let is_well = |end: &Result<usize, String>| {
            end.as_ref().err().is_none_or(|error| error.contains("another runner has taken over"))
        };
        assert!(ended.iter().all(is_well), "{ended:?}");
        is_done(&fresh, 12);
        fresh.connect().verify(&Migrator::new(&binary.set)).unwrap();
    }
}

/// Starts so many processes, all at once.
fn race(fresh: &Fresh, size: usize, binary: &Binary) {
    let ended = at_once(&url(fresh), &vec![binary; size]);
    let applied: Result<Vec<usize>, &String> = ended.iter().map(|end| end.as_ref().copied()).collect();
    println!("applied by each of {size}: {applied:?}");
    assert!(applied.is_ok(), "{ended:?}");
    is_done(fresh, binary.count);
    fresh.connect().verify(&Migrator::new(&binary.set)).unwrap();
}

/// All up to this one are applied, each once.
#[track_caller]
fn is_done(fresh: &Fresh, count: usize) {
    let numbers: Vec<String> = (1..=count).map(|number| number.to_string()).collect();
    assert_eq!(fresh.connect().rows("SELECT number FROM done ORDER BY number"), numbers);
}

fn at_once(url: &str, binaries: &[&Binary]) -> Vec<Result<usize, String>> {
    let runners: Vec<Child> = binaries.iter().map(|binary| start(url, binary)).collect();
    runners.into_iter().map(wait).collect()
}

fn url(fresh: &Fresh) -> String {
    match fresh.driver() {
        Driver::Rusqlite => format!("sqlite:{}", fresh.file().display()),
        driver => address(driver, &fresh.database().url()),
    }
}

/// The address of a server, as the processes understand it.
fn address(driver: Driver, url: &str) -> String {
    match driver {
        Driver::TokioPostgres => format!("tokio:{url}"),
        _ => url.to_owned(),
    }
}

fn start(url: &str, binary: &Binary) -> Child {
    command(url, binary).spawn().unwrap()
}

fn command(url: &str, binary: &Binary) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_migrate-numbered"));
    command.args([url, &binary.count.to_string()]).args(&binary.arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// How many migrations the process applied, or what it complained about.
fn wait(runner: Child) -> Result<usize, String> {
    let output = runner.wait_with_output().unwrap();
    match output.status.success() {
        true => Ok(String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}
