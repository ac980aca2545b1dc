//! An async service on Postgres, with `tokio-postgres`, that migrates its own database before it answers anything.
//!
//! What the migrations do goes to the log through `tracing`, next to all else that the service has to say; the observer of
//! `postgres-service` is not needed for that. Needs a database that it may create tables in:
//!
//! ```text
//! cargo run -p async-service -- postgres://user:password@localhost/database
//! ```

use std::env;
use std::error::Error;
use std::io;
use std::process::ExitCode;

use migrate_runtime::{Migrations, Standing, embed_migrations};
use tokio_postgres::{Client, NoTls};

/// The set has a name, so that other programs may keep their migrations in the same database.
static MIGRATIONS: Migrations = embed_migrations!("migrations", dialect = "postgres", set = "users");

const USAGE: &str = "\
usage: async-service [URL]

URL is that of a database, such as postgres://user:password@localhost/database;
without it, the variable DATABASE_URL is read. Start as many replicas at once as
you like: the migrations are applied exactly once.";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(url) = env::args().nth(1).or_else(|| env::var("DATABASE_URL").ok()) else {
        eprintln!("error: no database is given\n\n{USAGE}");
        return ExitCode::from(2);
    };
    if url == "--help" || url == "-h" {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    // Log on stderr, answers on stdout.
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    match serve(&url).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", with_sources(&*error));
            ExitCode::FAILURE
        }
    }
}

async fn serve(url: &str) -> Result<(), Box<dyn Error>> {
    let mut db = connect(url).await?;
    MIGRATIONS.run_async(&mut db).await?;

    // What a health page would show.
    let status = MIGRATIONS.status_async(&mut db).await?;
    println!("{status}");
    println!("{} of {} migrations are applied", status.count(Standing::Applied), status.migrations().len());

    println!("{}", answer(&db).await?);
    Ok(())
}

async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    // Take a connector of your TLS library when the server is not on this machine.
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    // The connection does the talking, and ends when the client is dropped.
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            eprintln!("error: {}", with_sources(&error));
        }
    });
    Ok(client)
}

/// Answers one request. A server would do so for every one that it gets.
async fn answer(db: &Client) -> Result<String, tokio_postgres::Error> {
    let users: i64 = db.query_one("SELECT count(*) AS users FROM users", &[]).await?.try_get("users")?;
    Ok(format!("hello, {users} users"))
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
