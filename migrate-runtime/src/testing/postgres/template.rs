//! Templates: made once for each set and server, by whoever is first.
//!
//! A template is migrated under the name of a test's database, then closed to everybody, and renamed last. So a template that has its
//! name is whole, and one whose maker has died is a left-over like any other.

use std::time::{Duration, Instant};

use tokio_postgres::Client;

use super::admin::{execute, first_cells, run};
use super::names::{self, TEMPLATE};
use super::owner::Owner;
use super::{Kit, on_server};
use crate::error::Error;
use crate::testing::With;

/// How long a session that has ended may take to leave its database.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

/// How often somebody may drop a template between its making and its use.
const TRIES: usize = 5;

const IS_IN_USE: &str = "55006";
const IS_NOT_THERE: &str = "3D000";
const IS_THERE: &str = "42P04";

/// Creates the database `name` as a copy of the template of the set, which is made unless it is there.
pub(super) async fn copy(client: &Client, kit: &Kit, owner: &Owner, with: &With<'_>, name: &str) -> Result<(), Error> {
    let template = names::template(&kit.address.config, &with.key());
    let create = format!("CREATE DATABASE {name} TEMPLATE {template}");
    for _ in 1..TRIES {
        match when_left(client, &create).await {
            Err(error) if error.database_code() == Some(IS_NOT_THERE) => {
                make(client, kit, owner, with, &template).await?;
            }
            done => return done,
        }
    }
    when_left(client, &create).await
}

/// Creates an empty database.
pub(super) async fn create(client: &Client, name: &str) -> Result<(), Error> {
    when_left(client, &format!("CREATE DATABASE {name}")).await
}

pub(super) async fn drop_all(client: &Client) -> Result<(), Error> {
    let query = format!(
        "SELECT datname FROM pg_catalog.pg_database WHERE datname ~ '^{TEMPLATE}[0-9a-f]{{40}}$' \
         AND datdba = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user)"
    );
    for name in first_cells(client, &query).await? {
        when_left(client, &format!("DROP DATABASE IF EXISTS {name}")).await?;
    }
    Ok(())
}

async fn make(client: &Client, kit: &Kit, owner: &Owner, with: &With<'_>, template: &str) -> Result<(), Error> {
    // Saves work and nothing else: two could make it, and one of them would be first to rename. The session ends with the request of
    // the kit, and with it the lock.
    let lock = format!("pg_catalog.hashtextextended('{template}', 0)");
    execute(client, &format!("SELECT pg_catalog.pg_advisory_lock({lock})")).await?;
    let made = make_alone(client, kit, owner, with, template).await;
    execute(client, &format!("SELECT pg_catalog.pg_advisory_unlock({lock})")).await?;
    made
}

async fn make_alone(client: &Client, kit: &Kit, owner: &Owner, with: &With<'_>, template: &str) -> Result<(), Error> {
    let is_there = format!("SELECT 1 FROM pg_catalog.pg_database WHERE datname = '{template}'");
    if !first_cells(client, &is_there).await?.is_empty() {
        return Ok(());
    }
    let name = owner.new_name();
    create(client, &name).await?;
    let made = async {
        let config = kit.config_of(&name);
        on_server(&config, async |client| run(&config, client, with.migrator()).await)?;
        execute(client, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await?;
        when_left(client, &format!("ALTER DATABASE {name} RENAME TO {template}")).await
    };
    match made.await {
        Ok(()) => Ok(()),
        Err(error) => {
            when_left(client, &format!("DROP DATABASE IF EXISTS {name}")).await?;
            if error.database_code() == Some(IS_THERE) { Ok(()) } else { Err(error) }
        }
    }
}

/// Runs a statement about a database that must have no sessions, as soon as the last one has left.
async fn when_left(client: &Client, sql: &str) -> Result<(), Error> {
    let started = Instant::now();
    loop {
        match execute(client, sql).await {
            Err(error) if error.database_code() == Some(IS_IN_USE) && started.elapsed() < PATIENCE => {
                tokio::time::sleep(PAUSE).await;
            }
            done => return done,
        }
    }
}
