//! Every verb with a fault at every request: the database refuses it, and the connection may be lost before that is rolled back;
//! the connection is lost before it, or after it, when nobody hears what came of it, or the process is killed; or the future of an
//! asynchronous one is dropped behind every poll, while it waits or when it could go on, while its connection lives on in a pool. Then the same verb again, on a clean connection, and
//! the database is what it would be without the fault, or a person is asked, exactly once.
//!
//! Exhaustive, not sampled: the verb is done until it gets through without meeting its fault. How many points were tried is printed.

use std::fmt;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use migrate_runtime::driver::{Database, Itself};
use migrate_runtime::{Error, ErrorKind, Migrations, Migrator, Scope, Version};
use migrate_tests::{
    Awaited, Case, Connection, Directed, Director, Driver, Fault, FaultAt, FaultWhere, Fresh, Moment, Verb, migrations,
    numbered,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mishap {
    /// At a request.
    Of(Fault),
    /// The database refuses a request, and the connection is lost before it is rolled back.
    NotUndone,
    /// The future of the verb is dropped, behind a poll.
    Dropped(Moment),
}

/// To be killed after a request is to be killed before the next one.
const MISHAPS: [Mishap; 7] = [
    Mishap::Of(Fault::Refused),
    Mishap::NotUndone,
    Mishap::Of(Fault::LostBefore),
    Mishap::Of(Fault::LostAfter),
    Mishap::Of(Fault::KilledBefore),
    Mishap::Dropped(Moment::Waiting),
    Mishap::Dropped(Moment::Woken),
];

impl fmt::Display for Mishap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mishap::Of(fault) => write!(f, "{fault:?}"),
            Mishap::NotUndone => write!(f, "{self:?}"),
            Mishap::Dropped(moment) => write!(f, "Dropped{moment:?}"),
        }
    }
}

/// How requests reach the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Sqlite,
    /// With a write-ahead log.
    SqliteWal,
    Postgres,
    /// By the asynchronous driver, which sends all of a migration at once.
    Asynchronous,
}

impl Way {
    fn driver(self) -> Driver {
        match self {
            Way::Sqlite | Way::SqliteWal => Driver::Rusqlite,
            Way::Postgres => Driver::Postgres,
            Way::Asynchronous => Driver::TokioPostgres,
        }
    }

    fn meets(self, mishap: Mishap) -> bool {
        match mishap {
            Mishap::Dropped(_) => self == Way::Asynchronous,
            Mishap::Of(Fault::KilledBefore) => true,
            // The requests are the same with either journal, and so is what a program makes of their answers.
            Mishap::Of(_) | Mishap::NotUndone => self != Way::SqliteWal,
        }
    }
}

/// How many points of a case were tried with each mishap, and how often a person was asked.
#[derive(Default)]
struct Points {
    tried: [usize; MISHAPS.len()],
    asked: usize,
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tried.iter().try_for_each(|points| write!(f, "{points:>16}"))?;
        write!(f, "{:>16}", self.asked)
    }
}

/// A case on a database.
struct Trial<'a> {
    way: Way,
    case: &'a Case,
    migrator: Migrator<'a>,
    fresh: Fresh,
    expect: Vec<String>,
    points: Points,
    /// The connection that a future was dropped on, as its pool has it.
    pooled: Option<Connection>,
}

impl Trial<'_> {
    /// Brings the database to what the verb finds, whatever is in it.
    fn prepare(&self) {
        match self.way {
            Way::Sqlite | Way::SqliteWal => {
                for end in ["db", "db-wal", "db-shm"] {
                    let _ = std::fs::remove_file(self.fresh.file().with_extension(end));
                }
            }
            // Far cheaper than another database. A session that was lost may hold its locks for a moment.
            _ => self.fresh.connect().execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public"),
        }
        let mut connection = self.fresh.connect();
        if self.way == Way::SqliteWal {
            assert_eq!(connection.value("PRAGMA journal_mode = WAL"), "wal");
        }
        if let Some(version) = self.case.before {
            connection.run(&self.migrator.clone().target(version)).unwrap();
        }
        if !self.case.by_hand.is_empty() {
            connection.execute(self.case.by_hand);
        }
    }

    /// Whether there was such a request, or poll. The mishap strikes there.
    fn strike(&mut self, mishap: Mishap, point: usize, what: &str) -> bool {
        match mishap {
            Mishap::Dropped(moment) => self.drop_future((point, moment), what),
            Mishap::Of(Fault::KilledBefore) => self.kill(point, what),
            Mishap::Of(fault) => self.fail(mishap, FaultAt::new(fault, point), what),
            Mishap::NotUndone => self.fail(mishap, FaultAt::new(Fault::Refused, point).and_at_the_rollback(), what),
        }
    }

    fn drop_future(&mut self, polls: (usize, Moment), what: &str) -> bool {
        let mut connection = self.fresh.connect();
        let settings = session(&mut connection);
        match connection.drop_verb(&self.migrator, &self.case.verb, polls) {
            Some(ended) => {
                ended.unwrap_or_else(|error| panic!("{what}: {error}"));
                false
            }
            None => {
                assert_eq!(session(&mut connection), settings, "{what}");
                self.pooled = Some(connection);
                true
            }
        }
    }

    fn fail(&mut self, mishap: Mishap, director: FaultAt, what: &str) -> bool {
        let mut connection = self.fresh.connect();
        let settings = session(&mut connection);
        let (ended, mut connection) = self.case.verb.execute_directed(&self.migrator, connection, &director);
        if !director.has_struck() {
            ended.unwrap_or_else(|error| panic!("{what}: {error}"));
            return false;
        }
        // What a fault may be told as; a read that fails is tried again in another way, and does no harm.
        if let Err(error) = &ended {
            let is_of_refusal = matches!(error.kind(), ErrorKind::Database | ErrorKind::StatementFailed);
            let may_be_lost = !matches!(mishap, Mishap::Of(Fault::Refused) | Mishap::NotUndone);
            assert!(is_of_refusal || may_be_lost && error.kind() == ErrorKind::ConnectionLost, "{what}: {error}");
            assert!(error.to_string().contains("a fault on purpose"), "{what}: {error}");
        }
        if mishap == Mishap::Of(Fault::Refused) {
            assert_eq!(session(&mut connection), settings, "{what}: {ended:?}");
        }
        // Whoever says that it is done has done it, up to a stamp, which is last and may be lacking.
        if ended.is_ok() {
            let (mut found, mut expect) = (self.fresh.connect().snapshot(), self.expect.clone());
            if self.way.driver().is_sqlite() {
                found.pop();
                expect.pop();
            }
            assert_eq!(found, expect, "{what}");
        }
        true
    }

    /// The same in a process of its own.
    fn kill(&self, request: usize, what: &str) -> bool {
        let url = match self.way {
            Way::Sqlite | Way::SqliteWal => format!("sqlite:{}", self.fresh.file().display()),
            Way::Postgres => self.fresh.database().url(),
            Way::Asynchronous => format!("tokio:{}", self.fresh.database().url()),
        };
        let output = Command::new(env!("CARGO_BIN_EXE_migrate-dying"))
            .args([&url, self.case.name, &request.to_string()])
            .output()
            .unwrap();
        assert!(output.stderr.is_empty(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
        !output.status.success()
    }

    /// A clean connection does the rest. Whoever was killed may seem to be alive for a moment.
    fn do_the_rest(&mut self, what: &str) {
        let mut connection = self.fresh.connect();
        let migrator = self.migrator.clone().wait_timeout(Duration::from_secs(30));
        let verb = self.case.then.as_ref().unwrap_or(&self.case.verb);
        let mut ended = connection.execute_verb(&migrator, verb);
        if let (Err(error), Some(decide)) = (&ended, self.case.decides)
            && error.kind() == ErrorKind::Interrupted
        {
            let text = error.to_string();
            assert!(text.contains("2_outside.sql:3:1") && error.statement().is_some(), "{what}, then: {text}");
            let decision = decide(&mut connection);
            self.points.asked += 1;
            ended = connection.execute_verb(&migrator, &Verb::Resume(decision));
            ended.as_ref().unwrap_or_else(|error| panic!("{what}, then {decision:?}: {error}"));
            ended = connection.execute_verb(&migrator, verb);
        }
        let report = ended.unwrap_or_else(|error| panic!("{what}, then: {error}"));
        if let Some(mut pooled) = self.pooled.take() {
            assert_eq!(pooled.snapshot(), self.expect, "{what}");
        }
        assert_eq!(connection.snapshot(), self.expect, "{what}");
        assert!(!connection.is_in_transaction(), "{what}");
        // A start that finds nothing to do does not tidy up, either.
        if self.way == Way::Sqlite && !report.is_empty() {
            assert_eq!(files_beside(&self.fresh.file()), [] as [String; 0], "{what}");
        }
    }
}

/// Tries every point of a case.
fn check(way: Way, case: &Case) -> Points {
    let driver = way.driver();
    let sets: Vec<Migrations> = case.sets(driver);
    let migrator = case.migrator(driver, &sets);
    let fresh = Fresh::new(driver);
    let mut trial = Trial { way, case, migrator, fresh, expect: Vec::new(), points: Points::default(), pooled: None };
    trial.prepare();
    trial.fresh.connect().execute_verb(&trial.migrator, &case.verb).unwrap();
    trial.expect = trial.fresh.connect().snapshot();
    for (number, mishap) in MISHAPS.into_iter().enumerate().filter(|(_, mishap)| way.meets(*mishap)) {
        for point in 1.. {
            assert!(point < 200, "{} never ends", case.name);
            trial.prepare();
            let what = format!("{}, {way:?}: {mishap} at point {point}", case.name);
            if !trial.strike(mishap, point, &what) {
                break;
            }
            trial.points.tried[number] += 1;
            trial.do_the_rest(&what);
        }
    }
    trial.points
}

/// What the next user of the connection finds.
fn session(connection: &mut Connection) -> Vec<String> {
    let settings = match connection {
        Connection::Rusqlite(_) => "SELECT foreign_keys FROM pragma_foreign_keys",
        _ => {
            "SELECT current_user, current_setting('lock_timeout'), current_setting('statement_timeout'), \
             current_setting('work_mem')"
        }
    };
    let is_in_transaction = connection.is_in_transaction();
    let mut session = if is_in_transaction { Vec::new() } else { connection.rows(settings) };
    session.push(format!("in a transaction: {is_in_transaction}"));
    session
}

/// The names of the files in the folder of a database.
fn files_beside(file: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(file.parent().unwrap()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| *name != file.file_name().unwrap().to_string_lossy()).collect()
}

fn check_all(way: Way) {
    let heads = MISHAPS.map(|mishap| format!("{:>16}", mishap.to_string())).concat();
    println!("{:30}{heads}{:>16}", format!("{way:?}, points tried"), "asked");
    let mut all = 0;
    for case in Case::all(way.driver()) {
        let points = check(way, &case);
        println!("{:30}{points}", case.name);
        for (mishap, tried) in MISHAPS.into_iter().zip(points.tried) {
            assert_eq!(way.meets(mishap), tried > 0, "{}: {mishap}", case.name);
        }
        assert_eq!(case.asks(way.driver()), points.asked > 0, "{}", case.name);
        all += points.tried.iter().sum::<usize>();
    }
    println!("{:30}{all:>16}", "in all");
    assert!(all > 200, "{all}");
}

#[test]
fn a_fault_at_every_request_on_sqlite() {
    check_all(Way::Sqlite);
}

#[test]
fn a_kill_at_every_request_on_sqlite_with_a_write_ahead_log() {
    check_all(Way::SqliteWal);
}

#[test]
fn a_fault_at_every_request_on_postgres() {
    check_all(Way::Postgres);
}

#[test]
fn a_fault_at_every_request_and_a_future_dropped_at_every_poll_of_the_asynchronous_driver() {
    check_all(Way::Asynchronous);
}

/// What only reads leaves everything as it was, and says what it has met.
#[test]
fn a_fault_at_every_request_of_what_only_reads() {
    let (two, three) = (numbered(2), numbered(3));
    for driver in Driver::ALL {
        for verb in ["plan", "status", "verify", "history", "dry run", "an edit, dry"] {
            let fresh = Fresh::new(driver);
            fresh.connect().run(&Migrator::new(&two)).unwrap();
            let expect = fresh.connect().snapshot();
            let read = |director: &FaultAt| match fresh.connect() {
                Connection::Rusqlite(connection) => reads(verb, &three, &mut Directed::new(connection, director)),
                Connection::Postgres(client) => reads(verb, &three, &mut Directed::new(client, director)),
                Connection::TokioPostgres(mut client, runtime) => {
                    reads(verb, &three, &mut Directed::new(Awaited::new(&mut client, &runtime), director))
                }
            };
            let mut points = 0;
            for fault in [Fault::Refused, Fault::LostBefore, Fault::LostAfter] {
                for request in 1.. {
                    let what = format!("{driver:?}, {verb}: {fault:?} at request {request}");
                    let director = FaultAt::new(fault, request);
                    let ended = read(&director);
                    // There is one that is not applied.
                    let is_sound = |ended: &Result<(), Error>| match ended {
                        Ok(()) => verb != "verify",
                        Err(error) => verb == "verify" && error.kind() == ErrorKind::Pending,
                    };
                    if !director.has_struck() {
                        assert!(is_sound(&ended), "{what}: {ended:?}");
                        break;
                    }
                    points += 1;
                    let has_met = ended.as_ref().is_err_and(|error| error.to_string().contains("a fault on purpose"));
                    assert!(has_met || is_sound(&ended), "{what}: {ended:?}");
                    assert_eq!(fresh.connect().snapshot(), expect, "{what}");
                }
            }
            println!("{:30}{points:>16}", format!("{driver:?}, {verb}"));
            assert!(points >= 3);
        }
    }
}

fn reads(verb: &str, set: &Migrations, db: &mut impl Database<Itself>) -> Result<(), Error> {
    let migrator = Migrator::new(set);
    match verb {
        "plan" => migrator.plan(db).map(drop),
        "status" => migrator.status(db).map(drop),
        "verify" => migrator.verify(db),
        "history" => migrator.history(db).map(drop),
        "dry run" => migrator.dry_run().run(db).map(drop),
        _ => migrator.dry_run().mark_pending(db, Version::from(2), "on purpose").map(drop),
    }
}

/// A proxy may say that the connection is lost, and hand out the next one, or the same: nothing of a migration may wait there for a commit.
#[test]
fn a_connection_that_is_said_to_be_lost_is_left_outside_of_a_transaction() {
    let two = migrations(&[
        ("1_a.sql", "CREATE TABLE a (x integer);"),
        ("2_b.sql", "CREATE TABLE b (x integer);\nINSERT INTO b VALUES (1);\nINSERT INTO b VALUES (2);"),
    ]);
    for scope in [Scope::PerMigration, Scope::All] {
        for request in ["VALUES (1)", "VALUES (2)", "COMMIT"] {
            let fresh = Fresh::new(Driver::Postgres);
            let migrator = Migrator::new(&two).scope(scope);
            migrator.clone().target(1).run(&mut fresh.database().connect()).unwrap();
            let director = FaultWhere(Fault::SaidToBeLost, |sql: &str| sql.contains(request));
            let mut directed = Directed::new(fresh.database().connect(), &director);
            let error = migrator.run(&mut directed).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{scope:?}, {request}: {error}");
            let mut client = directed.into_inner();
            // Refused inside a transaction.
            client.batch_execute("VACUUM").unwrap_or_else(|error| panic!("{scope:?}, {request}: {error:?}"));
            migrator.run(&mut client).unwrap_or_else(|error| panic!("{scope:?}, {request}, then: {error}"));
            assert_eq!(fresh.connect().rows("SELECT x FROM b ORDER BY x"), ["1", "2"]);
        }
    }
}

/// A transaction around all that the database refuses to begin is no reason to wait for anybody.
#[test]
fn a_transaction_around_all_that_cannot_begin_is_told_at_once() {
    struct Refuses;
    impl Director for Refuses {
        fn before(&self, sql: &str) -> Option<Fault> {
            sql.starts_with("BEGIN").then_some(Fault::Refused)
        }

        fn sleep(&self, _: Duration) {
            panic!("nobody is in the way");
        }
    }
    let fresh = Fresh::new(Driver::Rusqlite);
    let two = numbered(2);
    let connection = rusqlite::Connection::open(fresh.file()).unwrap();
    let error = Migrator::new(&two).scope(Scope::All).run(&mut Directed::new(connection, &Refuses)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Database, "{error}");
    assert!(error.to_string().starts_with("the transaction for all migrations could not begin"), "{error}");
}

/// What another program writes between the look of an edit and its transaction is seen.
#[test]
fn an_edit_is_of_the_history_that_it_has_seen() {
    struct Meddles(Mutex<rusqlite::Connection>);
    impl Director for Meddles {
        fn before(&self, sql: &str) -> Option<Fault> {
            if sql.starts_with("BEGIN") {
                let only_two = migrations(&[("2_b.sql", "CREATE TABLE b (x integer);")]);
                let _ = only_two.run(&mut self.0.lock().unwrap());
            }
            None
        }
    }
    let fresh = Fresh::new(Driver::Rusqlite);
    let open = || rusqlite::Connection::open(fresh.file()).unwrap();
    let both = migrations(&[("1_a.sql", "CREATE TABLE a (x integer);"), ("2_b.sql", "CREATE TABLE b (x integer);")]);
    let meddler = Meddles(Mutex::new(open()));
    let edited = Migrator::new(&both).baseline(&mut Directed::new(open(), &meddler), Version::from(1));
    assert_eq!(edited.unwrap_err().kind(), ErrorKind::HasHistory);
}

/// What became of an edit whose connection is lost is not looked up on a connection that is gone.
#[test]
fn an_edit_that_loses_its_connection_is_told_as_that() {
    let lost = FaultWhere(Fault::LostAfter, |sql: &str| sql.starts_with("BEGIN"));
    let fresh = Fresh::new(Driver::Rusqlite);
    let two = numbered(2);
    let connection = rusqlite::Connection::open(fresh.file()).unwrap();
    let edited = Migrator::new(&two).mark_applied(&mut Directed::new(connection, &lost), Version::from(1), "by hand");
    let error = edited.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{error}");
    assert!(error.to_string().starts_with("the history could not be changed: the connection was lost"), "{error}");
    assert_eq!(fresh.connect().value("SELECT count(*) FROM schema_migrations"), "1");
}

/// What is refused of the look at foreign keys keeps all in one transaction from being done, and a dry run from being told.
#[test]
fn what_the_database_does_not_say_of_foreign_keys_is_told() {
    let set = migrations(&[
        ("1_tables.sql", "CREATE TABLE p (id integer PRIMARY KEY);\nCREATE TABLE c (p integer REFERENCES p);"),
        ("2_again.sql", "DROP TABLE p;\nCREATE TABLE p (id integer PRIMARY KEY, more text);"),
    ]);
    for words in ["foreign_key_list", "PRAGMA foreign_keys"] {
        let fresh = Fresh::new(Driver::Rusqlite);
        let open = || {
            let connection = rusqlite::Connection::open(fresh.file()).unwrap();
            connection.execute_batch("PRAGMA foreign_keys = on").unwrap();
            connection
        };
        Migrator::new(&set).target(1).run(&mut open()).unwrap();
        let director = FaultWhere(Fault::Refused, |sql: &str| sql.contains(words));
        for scope in [Scope::PerMigration, Scope::All] {
            let migrator = Migrator::new(&set).scope(scope);
            let error = migrator.run(&mut Directed::new(open(), &director)).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Database | ErrorKind::StatementFailed), "{words}: {error}");
            let planned = migrator.dry_run().run(&mut Directed::new(open(), &director));
            assert_eq!(planned.unwrap_err().kind(), ErrorKind::Database, "{words}, {scope:?}");
        }
        let mut connection = fresh.connect();
        assert_eq!(connection.rows("SELECT name FROM pragma_table_info('p')"), ["id"], "{words}");
        connection.run(&Migrator::new(&set)).unwrap();
    }
}

/// An edit that was refused because others have changed the history looks again, and does what it is for.
#[test]
fn an_edit_is_done_anew_on_the_history_that_others_have_made() {
    struct Meddles(Mutex<Option<rusqlite::Connection>>);
    impl Director for Meddles {
        fn before(&self, sql: &str) -> Option<Fault> {
            if sql.starts_with("BEGIN")
                && let Some(mut connection) = self.0.lock().unwrap().take()
            {
                let three = numbered(3);
                Migrator::new(&three).target(2).run(&mut connection).unwrap();
            }
            None
        }
    }
    let fresh = Fresh::new(Driver::Rusqlite);
    let open = || rusqlite::Connection::open(fresh.file()).unwrap();
    let three = numbered(3);
    Migrator::new(&three).target(1).run(&mut open()).unwrap();
    let meddler = Meddles(Mutex::new(Some(open())));
    let mut directed = Directed::new(open(), &meddler);
    let report = Migrator::new(&three).mark_applied(&mut directed, Version::from(3), "by hand").unwrap();
    assert_eq!(report.changes().len(), 1);
    assert!(meddler.0.lock().unwrap().is_none());
    three.verify(&mut open()).unwrap();
    assert_eq!(fresh.connect().rows("SELECT number FROM done"), ["1", "2"]);
}

/// An edit is made of the row as it has come to be when it is written, and nothing is forgotten.
#[test]
fn an_edit_forgets_nothing_that_others_have_noted_meanwhile() {
    struct Meddles(Mutex<Option<Connection>>, Migrations, [Verb; 2]);
    impl Director for Meddles {
        fn before(&self, sql: &str) -> Option<Fault> {
            if sql.starts_with("BEGIN")
                && let Some(mut connection) = self.0.lock().unwrap().take()
            {
                for verb in &self.2 {
                    connection.execute_verb(&Migrator::new(&self.1), verb).unwrap();
                }
            }
            None
        }
    }
    let first = ("1_a.sql", "CREATE TABLE a (x integer);");
    let before = || migrations(&[first, ("2_b.sql", "CREATE TABLE b (x integer);")]);
    let edited = migrations(&[first, ("2_b.sql", "CREATE TABLE b (x integer); -- an id")]);
    let there_and_back = || [Verb::MarkPending(2, "too early"), Verb::MarkApplied(2, "after all")];
    let back_and_there = || [Verb::MarkApplied(2, "too early"), Verb::MarkPending(2, "after all")];
    for driver in [Driver::Rusqlite, Driver::Postgres] {
        for (is_pending, meddling, edit) in [
            (true, back_and_there(), Verb::MarkApplied(2, "at last")),
            (false, there_and_back(), Verb::MarkPending(2, "at last")),
            (false, there_and_back(), Verb::Repair(2, "at last")),
        ] {
            let fresh = Fresh::new(driver);
            let mut connection = fresh.connect();
            connection.run(&Migrator::new(&before())).unwrap();
            if is_pending {
                connection.execute_verb(&Migrator::new(&edited), &Verb::MarkPending(2, "to begin with")).unwrap();
            }
            let meddler = Meddles(Mutex::new(Some(fresh.connect())), before(), meddling);
            let migrator = Migrator::new(&edited);
            let (ended, mut connection) = edit.execute_directed(&migrator, connection, &meddler);
            assert_eq!(ended.unwrap().changes().len(), 1, "{driver:?}, {edit:?}");
            let history = connection.history(&migrator).unwrap();
            let reasons: Vec<&str> = history.entries()[1].audit.iter().map(|entry| &*entry.reason).collect();
            let expected = ["to begin with", "too early", "after all", "at last"];
            assert_eq!(reasons, expected[usize::from(!is_pending)..], "{driver:?}, {edit:?}");
        }
    }
}

/// What somebody begins outside of a transaction and leaves, while a revert is on its way, is noticed by it, or left alone: nothing is
/// reverted past it unseen.
#[test]
fn what_somebody_leaves_in_the_middle_meanwhile_is_not_reverted_past() {
    struct MeddlesAt {
        request: Mutex<usize>,
        connection: Mutex<Connection>,
    }
    impl Director for MeddlesAt {
        fn before(&self, _: &str) -> Option<Fault> {
            let mut left = self.request.lock().unwrap();
            if *left == 1 {
                // As if it had waited for its turn, like everybody.
                self.connection.lock().unwrap().execute(
                    "INSERT INTO schema_migrations SELECT \"set\", '4', 'late', checksum, 'running', applied_at, NULL, 1, 0, 0, applied_by, \
                     NULL, '', 'SELECT 1', NULL FROM schema_migrations WHERE version = '3'",
                );
            }
            *left = left.saturating_sub(1);
            None
        }
    }
    let set = migrations(&[
        ("1_a.sql", "CREATE TABLE a (x integer);"),
        ("3_c.up.sql", "CREATE TABLE c (x integer);"),
        ("3_c.down.sql", "DROP TABLE c;"),
    ]);
    let mut kinds = Vec::new();
    for request in 1.. {
        let fresh = Fresh::new(Driver::Postgres);
        fresh.connect().run(&Migrator::new(&set)).unwrap();
        let meddler = MeddlesAt { request: Mutex::new(request), connection: Mutex::new(fresh.connect()) };
        let mut directed = Directed::new(fresh.database().connect(), &meddler);
        let ended = Migrator::new(&set).revert_last(&mut directed, 1);
        let is_there = fresh.connect().tables().contains(&"c".to_owned());
        assert_eq!(ended.is_err(), is_there, "at request {request}: {ended:?}");
        if *meddler.request.lock().unwrap() > 0 {
            break;
        }
        kinds.push(ended.err().map(|error| error.kind()));
    }
    assert!(kinds.contains(&Some(ErrorKind::HistoryMismatch)), "{kinds:?}");
    let unnoticed = kinds.iter().skip_while(|kind| kind.is_some());
    assert!(unnoticed.clone().all(Option::is_none), "{kinds:?}");
}
