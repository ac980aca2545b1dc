//! Fresh databases, each for one test.

use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};

use postgres::{Client, NoTls};

use crate::blocking::blocking;
use crate::cluster::Cluster;

/// Leaves room for what makes a name unique below the 63 bytes of Postgres.
const LONGEST_LABEL: usize = 40;

/// A database that is dropped together with this value, whoever still uses it.
#[derive(Debug)]
pub struct Database {
    cluster: Cluster,
    name: String,
}

impl Cluster {
    /// Creates an empty database. Its name is unique, contains `label`, and
    /// it needs no quotes.
    ///
    /// # Panics
    ///
    /// When the server does not create it.
    pub fn database(&self, label: &str) -> Database {
        let name = unique_name(label);
        // Unlike template1, nobody can be connected to template0, which would
        // make this fail.
        self.create(&name, "template0");
        Database { cluster: self.clone(), name }
    }

    /// Creates a database with all that is in another one, as soon as nobody is connected to that.
    fn copy_of(&self, other: &Database) -> Database {
        let name = unique_name("copy");
        self.create(&name, &other.name);
        Database { cluster: self.clone(), name }
    }

    fn create(&self, name: &str, template: &str) {
        let created = blocking(|| {
            let mut client = Client::connect(&self.url("postgres"), NoTls)?;
            let version = client.query_one("SELECT current_setting('server_version_num')::int", &[])?;
            // Half the time of the usual way, where nothing has to reach a disk. Before 15 there was no other.
            let strategy = if version.get::<_, i32>(0) >= 150_000 { "STRATEGY file_copy" } else { "" };
            client.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template} {strategy}"))
        });
        created.expect("a database can be created");
    }

    fn administer(&self, sql: &str) -> Result<(), postgres::Error> {
        blocking(|| Client::connect(&self.url("postgres"), NoTls)?.batch_execute(sql))
    }
}

impl Database {
    /// The name of the database.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A database with all that is in this one. Nobody may be connected to it for long.
    ///
    /// # Panics
    ///
    /// When the server does not copy it.
    pub fn copy(&self) -> Database {
        self.cluster.copy_of(self)
    }

    /// The port of its server on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.cluster.port()
    }

    /// The address of the database for the superuser.
    pub fn url(&self) -> String {
        self.cluster.url(&self.name)
    }

    /// A new session of the blocking client. Not for asynchronous tests: that
    /// client panics in them.
    ///
    /// # Panics
    ///
    /// When the server does not accept the session.
    pub fn connect(&self) -> Client {
        Client::connect(&self.url(), NoTls).expect("the server accepts a session")
    }

    /// A new session of the asynchronous client. A task of the current runtime
    /// drives it until the client is dropped.
    ///
    /// # Panics
    ///
    /// When the server does not accept the session.
    pub async fn connect_tokio(&self) -> tokio_postgres::Client {
        connect_tokio(&self.url()).await
    }
}

pub(crate) async fn connect_tokio(url: &str) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("the server accepts a session");
    // An error also reaches whoever waits for an answer of the client.
    tokio::spawn(async { drop(connection.await) });
    client
}

impl Drop for Database {
    fn drop(&mut self) {
        // A test may have stopped the server, or dropped the database itself.
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let _ = self.cluster.administer(&sql);
    }
}

fn unique_name(label: &str) -> String {
    static COUNTER: AtomicUsize = AtomicUsize::new(0);
    let label: String = label
        .chars()
        .map(|c| match c.to_ascii_lowercase() {
            c @ ('a'..='z' | '0'..='9') => c,
            _ => '_',
        })
        .take(LONGEST_LABEL)
        .collect();
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    // A keyword or a leading digit would need quotes.
    format!("t_{label}_{}_{number}", process::id())
}
