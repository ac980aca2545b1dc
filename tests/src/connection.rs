//! One test, every driver: a fresh database behind any of them, with the verbs in one shape.

use std::future::poll_fn;
use std::path::PathBuf;
use std::pin::pin;
use std::task::Poll;

use migrate_runtime::driver::{Database as Blocking, Itself};
use migrate_runtime::{
    Error, Fingerprint, History, Migrator, OldHistory, Plan, Report, Resume, Status, Version, fingerprint,
    fingerprint_async,
};
use tempfile::TempDir;

use crate::database::connect_tokio;
use crate::{Awaited, Cluster, Database, Directed, Director, Proxy, postgres};

/// The drivers that every promise is tested on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Driver {
    /// `rusqlite`, on a file.
    Rusqlite,
    /// `postgres`.
    Postgres,
    /// `tokio-postgres`.
    TokioPostgres,
}

impl Driver {
    /// All of them.
    pub const ALL: [Driver; 3] = [Driver::Rusqlite, Driver::Postgres, Driver::TokioPostgres];
    /// Those of a server.
    pub const SERVERS: [Driver; 2] = [Driver::Postgres, Driver::TokioPostgres];

    /// Whether the database is SQLite.
    pub fn is_sqlite(self) -> bool {
        self == Driver::Rusqlite
    }
}

/// A fresh database, removed on drop.
pub struct Fresh {
    driver: Driver,
    place: Place,
}

enum Place {
    File(TempDir),
    Server(Database),
}

impl Fresh {
    /// Makes an empty database for a driver.
    ///
    /// # Panics
    ///
    /// When it cannot be made.
    pub fn new(driver: Driver) -> Fresh {
        match driver {
            Driver::Rusqlite => {
                Fresh { driver, place: Place::File(tempfile::tempdir().expect("a folder can be made")) }
            }
            _ => Fresh::on(postgres(), driver),
        }
    }

    /// Makes an empty database on a server.
    ///
    /// # Panics
    ///
    /// When it cannot be made.
    pub fn on(cluster: &Cluster, driver: Driver) -> Fresh {
        Fresh { driver, place: Place::Server(cluster.database("fresh")) }
    }

    /// The driver that connections use.
    pub fn driver(&self) -> Driver {
        self.driver
    }

    /// The file of the database.
    ///
    /// # Panics
    ///
    /// When the database is not SQLite.
    pub fn file(&self) -> PathBuf {
        match &self.place {
            Place::File(folder) => folder.path().join("test.db"),
            Place::Server(_) => panic!("the database is on a server"),
        }
    }

    /// The database on its server.
    ///
    /// # Panics
    ///
    /// When the database is SQLite.
    pub fn database(&self) -> &Database {
        match &self.place {
            Place::Server(database) => database,
            Place::File(_) => panic!("the database is a file"),
        }
    }

    /// A new connection.
    ///
    /// # Panics
    ///
    /// When it cannot be opened.
    pub fn connect(&self) -> Connection {
        match (&self.place, self.driver) {
            (Place::File(_), _) => {
                Connection::Rusqlite(rusqlite::Connection::open(self.file()).expect("the file can be opened"))
            }
            (Place::Server(database), driver) => Connection::to(&database.url(), driver),
        }
    }

    /// A new connection through a proxy of the server.
    ///
    /// # Panics
    ///
    /// When it cannot be opened.
    pub fn connect_through(&self, proxy: &Proxy) -> Connection {
        Connection::to(&proxy.url(self.database().name()), self.driver)
    }
}

/// A connection of any driver.
pub enum Connection {
    /// A `rusqlite` connection.
    Rusqlite(rusqlite::Connection),
    /// A `postgres` client.
    Postgres(postgres::Client),
    /// A `tokio_postgres` client and what drives it.
    TokioPostgres(tokio_postgres::Client, tokio::runtime::Runtime),
}

/// A verb that changes something.
#[derive(Clone, Debug)]
pub enum Verb {
    /// `run`
    Run,
    /// `revert_to`
    RevertTo(u64),
    /// `revert_last`
    RevertLast(usize),
    /// `redo_last`
    RedoLast(usize),
    /// `reset`
    Reset,
    /// `baseline`
    Baseline(u64),
    /// `adopt`
    Adopt(OldHistory),
    /// `repair`
    Repair(u64, &'static str),
    /// `mark_applied`
    MarkApplied(u64, &'static str),
    /// `mark_pending`
    MarkPending(u64, &'static str),
    /// `resume`
    Resume(Resume),
}

/// Calls what a verb stands for, by a macro that is given its two names and arguments.
macro_rules! by_name {
    ($verb:expr, $call:ident) => {
        match $verb {
            Verb::Run => $call!(run, run_async;),
            Verb::RevertTo(version) => $call!(revert_to, revert_to_async; Version::from(*version)),
            Verb::RevertLast(migrations) => $call!(revert_last, revert_last_async; *migrations),
            Verb::RedoLast(migrations) => $call!(redo_last, redo_last_async; *migrations),
            Verb::Reset => $call!(reset, reset_async;),
            Verb::Baseline(version) => $call!(baseline, baseline_async; Version::from(*version)),
            Verb::Adopt(old) => $call!(adopt, adopt_async; old.clone()),
            Verb::Repair(version, why) => $call!(repair, repair_async; Version::from(*version), why),
            Verb::MarkApplied(version, why) => $call!(mark_applied, mark_applied_async; Version::from(*version), why),
            Verb::MarkPending(version, why) => $call!(mark_pending, mark_pending_async; Version::from(*version), why),
            Verb::Resume(decision) => $call!(resume, resume_async; *decision),
        }
    };
}

impl Verb {
    /// Does it on a connection under a director, and gives the connection back.
    #[allow(clippy::missing_errors_doc)]
    pub fn execute_directed(
        &self,
        migrator: &Migrator<'_>,
        connection: Connection,
        director: &dyn Director,
    ) -> (Result<Report, Error>, Connection) {
        match connection {
            Connection::Rusqlite(connection) => {
                let mut directed = Directed::new(connection, director);
                let ended = self.execute(migrator, &mut directed);
                (ended, Connection::Rusqlite(directed.into_inner()))
            }
            Connection::Postgres(connection) => {
                let mut directed = Directed::new(connection, director);
                let ended = self.execute(migrator, &mut directed);
                (ended, Connection::Postgres(directed.into_inner()))
            }
            Connection::TokioPostgres(mut client, runtime) => {
                let ended = self.execute(migrator, &mut Directed::new(Awaited::new(&mut client, &runtime), director));
                (ended, Connection::TokioPostgres(client, runtime))
            }
        }
    }

    /// Does it on a blocking connection.
    #[allow(clippy::missing_errors_doc)]
    pub fn execute(&self, migrator: &Migrator<'_>, db: &mut impl Blocking<Itself>) -> Result<Report, Error> {
        macro_rules! call {
            ($blocking:ident, $asynchronous:ident; $($arg:expr),*) => { migrator.$blocking(db, $($arg),*) };
        }
        by_name!(self, call)
    }
}

/// Calls the blocking or the asynchronous verb.
macro_rules! verb {
    ($verb:ident, $verb_async:ident -> $result:ty) => {
        #[doc = concat!("`Migrator::", stringify!($verb), "`.")]
        #[allow(clippy::missing_errors_doc)]
        pub fn $verb(&mut self, migrator: &Migrator<'_>) -> Result<$result, Error> {
            match self {
                Connection::Rusqlite(connection) => migrator.$verb(connection),
                Connection::Postgres(client) => migrator.$verb(client),
                Connection::TokioPostgres(client, runtime) => runtime.block_on(migrator.$verb_async(client)),
            }
        }
    };
}

impl Connection {
    /// A new connection to a server.
    ///
    /// # Panics
    ///
    /// When it cannot be opened.
    pub fn to(url: &str, driver: Driver) -> Connection {
        if driver == Driver::Postgres {
            return Connection::Postgres(
                postgres::Client::connect(url, postgres::NoTls).expect("the server accepts a session"),
            );
        }
        // One thread, which also drives the connection whenever a verb is waited for.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
        let client = runtime.block_on(connect_tokio(url));
        Connection::TokioPostgres(client, runtime)
    }

    verb!(run, run_async -> Report);
    verb!(plan, plan_async -> Plan);
    verb!(status, status_async -> Status);
    verb!(history, history_async -> History);
    verb!(verify, verify_async -> ());

    /// Does what a verb is for.
    #[allow(clippy::missing_errors_doc)]
    pub fn execute_verb(&mut self, migrator: &Migrator<'_>, verb: &Verb) -> Result<Report, Error> {
        macro_rules! call {
            ($blocking:ident, $asynchronous:ident; $($arg:expr),*) => {
                match self {
                    Connection::TokioPostgres(client, runtime) => runtime.block_on(migrator.$asynchronous(client, $($arg),*)),
                    Connection::Rusqlite(connection) => verb.execute(migrator, connection),
                    Connection::Postgres(client) => verb.execute(migrator, client),
                }
            };
        }
        by_name!(verb, call)
    }

    /// Does a verb and drops it after so many polls, at this moment, unless it ends before.
    ///
    /// # Panics
    ///
    /// When the driver is a blocking one: it has nothing to drop.
    pub fn drop_verb(
        &mut self,
        migrator: &Migrator<'_>,
        verb: &Verb,
        (polls, moment): (usize, Moment),
    ) -> Option<Result<Report, Error>> {
        macro_rules! call {
            ($blocking:ident, $asynchronous:ident; $($arg:expr),*) => {
                match self {
                    Connection::TokioPostgres(client, runtime) => {
                        runtime.block_on(polled(migrator.$asynchronous(client, $($arg),*), polls, moment))
                    }
                    _ => panic!("a blocking verb cannot be dropped"),
                }
            };
        }
        by_name!(verb, call)
    }

    /// Tells what a verb would do.
    #[allow(clippy::missing_errors_doc)]
    pub fn try_verb(&mut self, migrator: &Migrator<'_>, verb: &Verb) -> Result<Plan, Error> {
        macro_rules! call {
            ($blocking:ident, $asynchronous:ident; $($arg:expr),*) => {
                match self {
                    Connection::Rusqlite(connection) => migrator.dry_run().$blocking(connection, $($arg),*),
                    Connection::Postgres(client) => migrator.dry_run().$blocking(client, $($arg),*),
                    Connection::TokioPostgres(client, runtime) => runtime.block_on(migrator.dry_run().$asynchronous(client, $($arg),*)),
                }
            };
        }
        by_name!(verb, call)
    }

    /// The fingerprint of the schema.
    ///
    /// # Panics
    ///
    /// When it cannot be read.
    pub fn fingerprint(&mut self) -> Fingerprint {
        let fingerprint = match self {
            Connection::Rusqlite(connection) => fingerprint(connection),
            Connection::Postgres(client) => fingerprint(client),
            Connection::TokioPostgres(client, runtime) => runtime.block_on(fingerprint_async(client)),
        };
        fingerprint.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Runs statements.
    ///
    /// # Panics
    ///
    /// When one of them fails.
    pub fn execute(&mut self, sql: &str) {
        match self {
            Connection::Rusqlite(connection) => connection.execute_batch(sql).expect(sql),
            Connection::Postgres(client) => client.batch_execute(sql).expect(sql),
            Connection::TokioPostgres(client, runtime) => runtime.block_on(client.batch_execute(sql)).expect(sql),
        }
    }

    /// The rows of a query: the cells of each as text, with spaces in between.
    ///
    /// # Panics
    ///
    /// When it fails.
    pub fn rows(&mut self, sql: &str) -> Vec<String> {
        let messages = match self {
            Connection::Rusqlite(connection) => return sqlite_rows(connection, sql),
            Connection::Postgres(client) => client.simple_query(sql).expect(sql),
            Connection::TokioPostgres(client, runtime) => runtime.block_on(client.simple_query(sql)).expect(sql),
        };
        let row = |message: &tokio_postgres::SimpleQueryMessage| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => {
                let cells: Vec<&str> = (0..row.len()).map(|cell| row.get(cell).unwrap_or("NULL")).collect();
                Some(cells.join(" "))
            }
            _ => None,
        };
        messages.iter().filter_map(row).collect()
    }

    /// The first cell of the first row.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn value(&mut self, sql: &str) -> String {
        self.rows(sql).into_iter().next().expect(sql)
    }

    /// The names of all tables of the user, sorted.
    pub fn tables(&mut self) -> Vec<String> {
        self.rows(match self {
            Connection::Rusqlite(_) => "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
            _ => {
                "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('r', 'p') \
                  AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' ORDER BY relname COLLATE \"C\""
            }
        })
    }

    /// All that the user has, and what the history says of every migration: what two databases of the same past have in common.
    pub fn snapshot(&mut self) -> Vec<String> {
        let mut snapshot = self.contents();
        snapshot.insert(0, self.fingerprint().to_string());
        snapshot
    }

    /// The rows of all tables, without what is different every time.
    pub fn contents(&mut self) -> Vec<String> {
        let mut contents = Vec::new();
        for table in self.tables() {
            let rows = match table.as_str() {
                "schema_migrations" => {
                    "SELECT \"set\", version, name, checksum, state, statements, statements_begun, statements_done, claim, sql, \
                     down_sql FROM schema_migrations ORDER BY \"set\", version"
                        .to_owned()
                }
                other => format!("SELECT * FROM {other} ORDER BY 1"),
            };
            contents.extend(self.rows(&rows).into_iter().map(|row| format!("{table}: {row}")));
        }
        if let Connection::Rusqlite(_) = self {
            contents.push(self.value("PRAGMA user_version"));
        }
        contents
    }

    /// Whether the connection is inside a transaction.
    pub fn is_in_transaction(&mut self) -> bool {
        match self {
            Connection::Rusqlite(connection) => !connection.is_autocommit(),
            _ => self.value("SELECT now() <> statement_timestamp()") == "t",
        }
    }
}

/// When a future is dropped that has been polled for the last time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// At once: what it waits for is on its way.
    Waiting,
    /// When it could go on: what it waited for is there.
    Woken,
}

impl Moment {
    /// Each of them.
    pub const BOTH: [Moment; 2] = [Moment::Waiting, Moment::Woken];
}

/// The future's value, unless it takes more polls than that: then it is dropped.
pub async fn polled<F: Future>(future: F, most: usize, moment: Moment) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut polls = 0;
    poll_fn(|context| {
        if polls == most {
            return Poll::Ready(None);
        }
        polls += 1;
        match future.as_mut().poll(context) {
            Poll::Pending if polls == most && moment == Moment::Waiting => Poll::Ready(None),
            polled => polled.map(Some),
        }
    })
    .await
}

fn sqlite_rows(connection: &rusqlite::Connection, sql: &str) -> Vec<String> {
    use rusqlite::types::Value;
    let mut statement = connection.prepare(sql).expect(sql);
    let columns = statement.column_count();
    let text = |value: Value| match value {
        Value::Null => "NULL".to_owned(),
        Value::Integer(integer) => integer.to_string(),
        Value::Real(real) => real.to_string(),
        Value::Text(text) => text,
        Value::Blob(_) => "a blob".to_owned(),
    };
    let row = |row: &rusqlite::Row<'_>| (0..columns).map(|cell| row.get(cell).map(text)).collect::<Result<Vec<_>, _>>();
    let rows: Result<Vec<Vec<String>>, _> = statement.query_map([], row).expect(sql).collect();
    rows.expect(sql).into_iter().map(|cells| cells.join(" ")).collect()
}
