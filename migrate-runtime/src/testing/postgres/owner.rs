//! Who databases belong to: a process that uses the kit, known by an advisory lock that one session of it holds until it ends.
//!
//! Whether an owner is dead is certain: its lock is taken before its first database is made, its number is never used again, and the
//! server frees the lock with the session. `pg_locks` shows the locks of all databases to everybody.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use tokio::runtime::Runtime;
use tokio_postgres::{Client, Config, NoTls};

use super::admin::{elsewhere, execute, first_cells, refused, runtime};
use super::names::TEST;
use crate::error::Error;

#[derive(Debug)]
pub(super) struct Owner {
    id: String,
    databases: AtomicUsize,
    /// Holds the lock. Nobody asks anything of it any more, so nothing has to drive it. Only taken by `drop`.
    session: Option<(Runtime, Client)>,
}

impl Owner {
    /// Takes the lock. Drops what dead owners have left behind, too.
    pub(super) fn start(config: &Config) -> Result<Owner, Error> {
        // Each state is made from fresh random keys.
        let id = format!("{:016x}", RandomState::new().hash_one(()));
        let on_thread = || {
            let runtime = runtime()?;
            let client = runtime.block_on(async {
                let (client, connection) =
                    config.connect(NoTls).await.map_err(|error| refused("connecting", "", error))?;
                tokio::spawn(connection);
                // Where the server ends sessions that do nothing, it must not end this one. Before 14 there is no such setting.
                let _ = execute(&client, "SET idle_session_timeout = 0").await;
                execute(&client, &format!("SELECT pg_catalog.pg_advisory_lock({})", lock(&id))).await?;
                drop_orphans(&client).await?;
                Ok(client)
            })?;
            Ok((runtime, client))
        };
        let session = elsewhere(on_thread)?;
        Ok(Owner { id, databases: AtomicUsize::new(0), session: Some(session) })
    }

    /// The name of a new database; nobody else uses it.
    pub(super) fn new_name(&self) -> String {
        format!("{TEST}{}_{}", self.id, self.databases.fetch_add(1, Ordering::Relaxed))
    }

    /// Whether the server still knows the owner; it does not after it was stopped.
    pub(super) async fn is_alive(&self, client: &Client) -> Result<bool, Error> {
        let query = format!("SELECT 1 FROM pg_catalog.pg_locks WHERE {IS_OWNER} AND {LOCK} = '{}'", self.id);
        Ok(!first_cells(client, &query).await?.is_empty())
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // A runtime may not be dropped in an asynchronous test, but on any other thread.
        let session = self.session.take();
        thread::scope(|scope| {
            let _ = scope.spawn(move || drop(session)).join();
        });
    }
}

/// Drops the databases of dead owners, unless somebody is connected.
async fn drop_orphans(client: &Client) -> Result<(), Error> {
    let query = format!(
        "SELECT datname FROM pg_catalog.pg_database WHERE datname ~ '^{TEST}[0-9a-f]{{16}}_[0-9]+$' \
         AND datdba = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user) \
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_locks WHERE {IS_OWNER} AND {LOCK} = substr(datname, {}, 16))",
        TEST.len() + 1
    );
    for name in first_cells(client, &query).await? {
        // Someone else may be about to drop it, too.
        let _ = execute(client, &format!("DROP DATABASE IF EXISTS {name}")).await;
    }
    Ok(())
}

/// A lock in `pg_locks` may be one of an owner.
const IS_OWNER: &str = "locktype = 'advisory' AND objsubid = 1 AND granted";

/// The number of an owner, as its name spells it.
const LOCK: &str = "lpad(to_hex(classid::pg_catalog.int8), 8, '0') || lpad(to_hex(objid::pg_catalog.int8), 8, '0')";

fn lock(id: &str) -> String {
    format!("('x' || '{id}')::pg_catalog.bit(64)::pg_catalog.int8")
}
