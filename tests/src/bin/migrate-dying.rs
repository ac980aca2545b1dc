//! A runner that is killed at a request: `migrate-dying URL FOLDER REQUEST before|after`. It applies the folder, and prints `done` when
//! there were fewer requests. The URL is `sqlite:PATH` or `postgres://…`.

use std::error::Error;

use migrate_runtime::Migrations;
use migrate_tests::{Dying, Moment};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, url, folder, request, moment] = arguments.as_slice() else {
        return Err("usage: migrate-dying URL FOLDER REQUEST before|after".into());
    };
    let migrations = Migrations::from_folder(folder)?;
    let request: usize = request.parse()?;
    let moment = if moment == "before" { Moment::Before } else { Moment::After };
    match url.strip_prefix("sqlite:") {
        Some(path) => {
            let connection = rusqlite::Connection::open(path)?;
            migrations.run(&mut Dying { connection, request, moment })?;
        }
        None => {
            let connection = postgres::Client::connect(url, postgres::NoTls)?;
            migrations.run(&mut Dying { connection, request, moment })?;
        }
    }
    println!("done");
    Ok(())
}
