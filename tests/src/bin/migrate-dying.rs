//! A process that is killed before a request: `migrate-dying URL CASE REQUEST` does the verb of a case. The URL is `sqlite:PATH`,
//! `postgres://…`, or `tokio:postgres://…` for the asynchronous driver.

use std::error::Error;

use migrate_tests::{Case, Connection, Driver, Fault, FaultAt};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, url, case, request] = arguments.as_slice() else {
        return Err("usage: migrate-dying URL CASE REQUEST".into());
    };
    let (driver, url) = match url.split_once(':') {
        Some(("sqlite", path)) => (Driver::Rusqlite, path),
        Some(("tokio", url)) => (Driver::TokioPostgres, url),
        _ => (Driver::Postgres, &**url),
    };
    let connection = match driver {
        Driver::Rusqlite => Connection::Rusqlite(rusqlite::Connection::open(url)?),
        _ => Connection::to(url, driver),
    };
    let case = Case::named(driver, case).ok_or("there is no such case")?;
    let sets = case.sets(driver);
    let director = FaultAt::new(Fault::KilledBefore, request.parse()?);
    case.verb.execute_directed(&case.migrator(driver, &sets), connection, &director).0?;
    Ok(())
}
