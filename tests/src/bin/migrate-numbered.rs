//! A runner in a process of its own: `migrate-numbered URL COUNT [failing NUMBER | compatible-with COUNT]` applies `numbered(COUNT)`, or
//! its relatives, and prints how many it applied itself. The URL is `sqlite:PATH` or `postgres://…`.

use std::error::Error;

use migrate_tests::{numbered, numbered_but_failing, numbered_for_old};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (url, migrations) = match arguments.as_slice() {
        [url, count] => (url, numbered(count.parse()?)),
        [url, count, "failing", number] => (url, numbered_but_failing(count.parse()?, number.parse()?)),
        [url, count, "compatible-with", old] => (url, numbered_for_old(count.parse()?, old.parse()?)),
        _ => return Err("usage: migrate-numbered URL COUNT [failing NUMBER | compatible-with COUNT]".into()),
    };
    let report = match url.strip_prefix("sqlite:") {
        Some(path) => migrations.run(&mut rusqlite::Connection::open(path)?)?,
        None => migrations.run(&mut postgres::Client::connect(url, postgres::NoTls)?)?,
    };
    println!("{}", report.changes().len());
    Ok(())
}
