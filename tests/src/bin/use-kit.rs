//! Uses the kit for tests in a process of its own: `use-kit URL COUNT [HOW]`.
//!
//! Takes `COUNT` databases from the server, all with the numbered migrations, and writes their names. Then it ends in good order, or
//! with `wait` not before its input does, or with `panic` by a panic while it holds them.

use std::env;
use std::io::{Read, stdin};

use migrate_runtime::testing::{Postgres, TestDatabase};
use migrate_tests::numbered;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [url, count, how @ ..] = &arguments[..] else { return Err("usage: use-kit URL COUNT [HOW]".into()) };
    let (server, migrations) = (Postgres::at(url)?, numbered(3));
    let databases: Vec<TestDatabase> =
        (0..count.parse()?).map(|_| server.database(&migrations)).collect::<Result<_, _>>()?;
    for database in &databases {
        database.connect()?.batch_execute("INSERT INTO done VALUES (4)")?;
        println!("{}", database.name());
    }
    println!("ready");
    match how.first().map(String::as_str) {
        Some("wait") => drop(stdin().read(&mut [0])?),
        Some("panic") => panic!("as asked"),
        _ => {}
    }
    Ok(())
}
