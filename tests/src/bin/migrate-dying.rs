//! A process that is killed before a request: `migrate-dying URL CASE REQUEST` does the verb of a case. The URL is `sqlite:PATH` or
//! `postgres://…`.

use std::error::Error;

use migrate_tests::{Case, Directed, Driver, Fault, FaultAt};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, url, case, request] = arguments.as_slice() else {
        return Err("usage: migrate-dying URL CASE REQUEST".into());
    };
    let path = url.strip_prefix("sqlite:");
    let driver = if path.is_some() { Driver::Rusqlite } else { Driver::Postgres };
    let case = Case::named(driver, case).ok_or("there is no such case")?;
    let sets = case.sets(driver);
    let migrator = case.migrator(driver, &sets);
    let director = FaultAt::new(Fault::KilledBefore, request.parse()?);
    match path {
        Some(path) => {
            let connection = rusqlite::Connection::open(path)?;
            case.verb.execute(&migrator, &mut Directed::new(connection, &director))?;
        }
        None => {
            let connection = postgres::Client::connect(url, postgres::NoTls)?;
            case.verb.execute(&migrator, &mut Directed::new(connection, &director))?;
        }
    }
    Ok(())
}
