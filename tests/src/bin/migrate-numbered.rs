//! A runner in a process of its own: `migrate-numbered URL COUNT` applies `numbered(COUNT)` and prints how many it applied
//! itself. The URL is `sqlite:PATH` or `postgres://…`.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, url, count] = arguments.as_slice() else { return Err("usage: migrate-numbered URL COUNT".into()) };
    let migrations = migrate_tests::numbered(count.parse()?);
    let report = match url.strip_prefix("sqlite:") {
        Some(path) => migrations.run(&mut rusqlite::Connection::open(path)?)?,
        None => migrations.run(&mut postgres::Client::connect(url, postgres::NoTls)?)?,
    };
    println!("{}", report.changes().len());
    Ok(())
}
