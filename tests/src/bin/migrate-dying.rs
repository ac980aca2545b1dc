//! A runner that is killed at a request: `migrate-dying URL FOLDER REQUEST before|after`. It applies the folder, and prints `done` when
//! there were fewer requests. The URL is `sqlite:PATH` or `postgres://…`.

use std::error::Error;
use std::sync::atomic::AtomicUsize;

use migrate_runtime::Migrations;
use migrate_tests::{Fault, Faulty};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, url, folder, request, moment] = arguments.as_slice() else {
        return Err("usage: migrate-dying URL FOLDER REQUEST before|after".into());
    };
    let migrations = Migrations::from_folder(folder)?;
    let request: usize = request.parse()?;
    let fault = if moment == "before" { Fault::KilledBefore } else { Fault::KilledAfter };
    let requests = &AtomicUsize::new(0);
    match url.strip_prefix("sqlite:") {
        Some(path) => {
            let connection = rusqlite::Connection::open(path)?;
            migrations.run(&mut Faulty { connection, request, fault, requests })?;
        }
        None => {
            let connection = postgres::Client::connect(url, postgres::NoTls)?;
            migrations.run(&mut Faulty { connection, request, fault, requests })?;
        }
    }
    println!("done");
    Ok(())
}
