//! A runner in a process of its own: `migrate-numbered URL COUNT [failing NUMBER | compatible-with COUNT | outside]` applies `numbered(COUNT)`, or
//! its relatives, and prints how many it applied itself; `migrate-numbered URL COUNT there` applies `numbered_and_back(1..=COUNT)`,
//! and `back` takes all of them back. The URL is `sqlite:PATH`, `postgres://…`, or `tokio:postgres://…` for the
//! asynchronous driver. What it does is told on standard error, a line for each migration that is begun, where `MIGRATE_TEST_TELLS` is set.

use std::error::Error;

use migrate_runtime::{Event, Migrator, Report};
use migrate_tests::{
    Connection, Driver, Verb, numbered, numbered_and_back, numbered_and_outside, numbered_but_failing, numbered_for_old,
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (url, migrations) = match arguments.as_slice() {
        [url, count] => (url, numbered(count.parse()?)),
        [url, count, "failing", number] => (url, numbered_but_failing(count.parse()?, number.parse()?)),
        [url, count, "compatible-with", old] => (url, numbered_for_old(count.parse()?, old.parse()?)),
        [url, count, "outside"] => (url, numbered_and_outside(count.parse()?)),
        [url, count, "there" | "back"] => (url, numbered_and_back(1..=count.parse()?)),
        _ => {
            return Err(
                "usage: migrate-numbered URL COUNT [failing NUMBER | compatible-with COUNT | outside | there | back]"
                    .into(),
            );
        }
    };
    let tells = std::env::var_os("MIGRATE_TEST_TELLS").is_some();
    let migrator = Migrator::new(&migrations).on_event(|event| match event {
        Event::Started { migration, .. } if tells => eprintln!("{migration}"),
        _ => {}
    });
    let mut connection = match url.split_once(':') {
        Some(("sqlite", path)) => Connection::Rusqlite(rusqlite::Connection::open(path)?),
        Some(("tokio", url)) => Connection::to(url, Driver::TokioPostgres),
        _ => Connection::to(url, Driver::Postgres),
    };
    let verb = if arguments.ends_with(&["back"]) { Verb::Reset } else { Verb::Run };
    let report = carry_out(&mut connection, &migrator.dangerously_allow_reset(), &verb)?;
    println!("{}", report.changes().len());
    Ok(())
}

/// A function of its own, for those who count its instructions.
#[inline(never)]
fn carry_out(
    connection: &mut Connection,
    migrator: &Migrator<'_>,
    verb: &Verb,
) -> Result<Report, migrate_runtime::Error> {
    connection.execute_verb(migrator, verb)
}
