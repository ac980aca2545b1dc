//! A service on Postgres, with the blocking driver, that migrates its own database at every start.
//!
//! Any number of replicas may start at once: one of them applies a migration, the others wait and go on where it ended. Needs a
//! database that it may create tables in:
//!
//! ```text
//! cargo run -p postgres-service -- postgres://user:password@localhost/database
//! ```
//!
//! Several replicas, to see them share the work:
//!
//! ```text
//! URL=postgres://user:password@localhost/database
//! cargo build -p postgres-service
//! for i in 1 2 3 4; do cargo run -q -p postgres-service -- "$URL" & done; wait
//! ```

use std::env;
use std::error::Error;
use std::process::{self, ExitCode};

use migrate_runtime::{Event, Migrations, Migrator, embed_migrations};
use postgres::{Client, Config, NoTls};

/// The set has a name, so that other programs may keep their migrations in the same database.
static MIGRATIONS: Migrations = embed_migrations!("migrations", dialect = "postgres", set = "visits");

const USAGE: &str = "\
usage: postgres-service [URL]

URL is that of a database, such as postgres://user:password@localhost/database;
without it, the variable DATABASE_URL is read. Start as many replicas at once as
you like: the migrations are applied exactly once.";

fn main() -> ExitCode {
    let Some(url) = env::args().nth(1).or_else(|| env::var("DATABASE_URL").ok()) else {
        eprintln!("error: no database is given\n\n{USAGE}");
        return ExitCode::from(2);
    };
    if url == "--help" || url == "-h" {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    // Any name that tells one replica from another; in a cluster that would be the name of the pod.
    let replica = format!("replica-{}", process::id());
    match serve(&replica, &url) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{replica}: error: {}", with_sources(&*error));
            ExitCode::FAILURE
        }
    }
}

fn serve(replica: &str, url: &str) -> Result<(), Box<dyn Error>> {
    let mut db = connect(replica, url)?;
    migrate(replica, &mut db)?;

    let replica_id: i64 =
        db.query_one("INSERT INTO replicas (name) VALUES ($1) RETURNING id", &[&replica])?.try_get("id")?;
    db.execute("INSERT INTO visits (replica_id, page) VALUES ($1, '/')", &[&replica_id])?;
    let visits: i64 = db.query_one("SELECT visits FROM page_counts WHERE page = '/'", &[])?.try_get("visits")?;
    println!("{replica}: served page /, which has had {visits} visits");
    Ok(())
}

fn connect(replica: &str, url: &str) -> Result<Client, postgres::Error> {
    let mut config: Config = url.parse()?;
    // Waiting replicas name this one if it holds them up.
    config.application_name(replica);
    // Give it a connector of your TLS library when the server is not on this machine.
    config.connect(NoTls)
}

/// Brings the database up to date and says how that goes.
fn migrate(replica: &str, db: &mut Client) -> Result<(), migrate_runtime::Error> {
    let report = Migrator::new(&MIGRATIONS)
        .on_event(|event| match event {
            Event::Changed { change, .. } => {
                println!("{replica}: applied {} in {} ms", change.migration, change.duration.as_millis());
            }
            Event::Waiting { holder, waited, .. } => {
                let holder = holder.unwrap_or("another replica");
                println!("{replica}: waiting for {holder}, {:.0} s so far", waited.as_secs_f64());
            }
            _ => {}
        })
        .run(db)?;
    println!("{replica}: the database is up to date; {} of {} by me", report.changes().len(), report.total());
    Ok(())
}

/// The text of an error and of what caused it. Errors of the driver need that; those of migrations say everything themselves.
fn with_sources(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
