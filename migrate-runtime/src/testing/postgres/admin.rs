//! Requests to the server, each on a session, a thread and a runtime of its own, so that they work in any test: the blocking client
//! refuses to run in an asynchronous one, and an asynchronous client needs a runtime.

use std::panic;
use std::thread;

use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Client, Config, NoTls};

use super::failed;
use crate::driver::{DriverErrorKind, postgres_error};
use crate::error::{Error, ErrorKind};
use crate::migrator::Migrator;

/// Connects, does `work`, and disconnects.
pub(in crate::testing) fn on_server<T: Send>(
    config: &Config,
    work: impl AsyncFnOnce(&mut Client) -> Result<T, Error> + Send,
) -> Result<T, Error> {
    let on_thread = || {
        runtime()?.block_on(async {
            let (mut client, connection) =
                config.connect(NoTls).await.map_err(|error| refused("connecting", "", error))?;
            let driven = tokio::spawn(connection);
            let done = work(&mut client).await;
            drop(client);
            // Until the server has been told. It may still take a moment to leave the database.
            let _ = driven.await;
            done
        })
    };
    elsewhere(on_thread)
}

/// Does `work` on a thread of its own, and passes on its panic.
pub(in crate::testing) fn elsewhere<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| match scope.spawn(work).join() {
        Ok(done) => done,
        Err(panic) => panic::resume_unwind(panic),
    })
}

/// Runs the migrations in the database that `client` is connected to with `config`: steps in Rust with the driver that they are made for.
#[cfg_attr(not(feature = "postgres"), allow(unused_variables))]
pub(in crate::testing) async fn run(
    config: &Config,
    client: &mut Client,
    migrator: &Migrator<'_>,
) -> Result<(), Error> {
    #[cfg(feature = "postgres")]
    if migrator.steps.iter().any(|step| matches!(step.step.body, crate::step::Body::Postgres(_))) {
        let blocking = || {
            let connected = postgres::Config::from(config.clone()).connect(postgres::NoTls);
            migrator.run(&mut connected.map_err(|error| refused("connecting", "", error))?).map(drop)
        };
        return elsewhere(blocking);
    }
    migrator.run_async(client).await.map(drop)
}

/// Does `work`, which blocks, on a thread where that is allowed.
#[cfg(feature = "tokio-postgres")]
pub(super) async fn unblocked<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) if error.is_panic() => panic::resume_unwind(error.into_panic()),
        Err(_) => Err(failed("the runtime of the test has ended", "wait for the database before the test ends")),
    }
}

pub(in crate::testing) fn runtime() -> Result<Runtime, Error> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| failed(format!("no runtime can be made: {error}"), "run fewer tests at once"))
}

/// Statements whose rows are of no interest.
pub(super) async fn execute(client: &Client, sql: &str) -> Result<(), Error> {
    client.batch_execute(sql).await.map_err(|error| refused(sql, sql, error))
}

/// The first cells of the rows of a query.
pub(super) async fn first_cells(client: &Client, sql: &str) -> Result<Vec<String>, Error> {
    let messages = client.simple_query(sql).await.map_err(|error| refused("a query", sql, error))?;
    Ok(messages
        .iter()
        .filter_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        })
        .collect())
}

pub(super) fn refused(what: &str, sql: &str, error: tokio_postgres::Error) -> Error {
    let error = postgres_error(sql, error);
    let (kind, help) = match error.kind() {
        _ if error.has_code(&["42501"]) => {
            (ErrorKind::TestDatabase, "connect as a role that may create databases: `ALTER ROLE … CREATEDB`")
        }
        _ if error.code().is_some_and(|code| code.starts_with("28")) => {
            (ErrorKind::TestDatabase, "look at user and password in the address, and at `pg_hba.conf` of the server")
        }
        _ if error.has_code(&["3D000"]) => {
            (ErrorKind::TestDatabase, "name a database that is there in the address: `postgres`, say")
        }
        _ if error.has_code(&["53300"]) => {
            (ErrorKind::TestDatabase, "run fewer tests at once, or raise `max_connections` of the server")
        }
        DriverErrorKind::ConnectionLost => (
            ErrorKind::ConnectionLost,
            "see to it that there is a server at the address, and that it has room for more sessions",
        ),
        _ => (ErrorKind::TestDatabase, "see what the server says"),
    };
    Error::new(kind, format!("the server for tests refused {what}: {error}")).with_help(help).with_driver(error)
}
