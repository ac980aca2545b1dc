//! PgBouncer in front of a database, in transaction mode, with a pool of one connection.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use migrate_tests::{Connection, Database, poll};
use tempfile::TempDir;

pub(super) struct Bouncer {
    process: Child,
    port: u16,
    database: String,
    _folder: TempDir,
}

impl Bouncer {
    /// Starts one. `tests/run` has installed it.
    pub(super) fn start(database: &Database) -> Bouncer {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pgbouncer.ini");
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let is_root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
        // It refuses to run as root.
        let user = if is_root { "user = nobody\n" } else { "" };
        let config = format!(
            "[databases]\n* = host=127.0.0.1 port={} user=postgres\n[pgbouncer]\n{user}listen_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 1\nmax_client_conn = 200\n",
            database.port()
        );
        fs::write(&path, config).unwrap();
        let process = Command::new("pgbouncer")
            .arg(&path)
            .env("PATH", format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("pgbouncer is installed");
        let bouncer = Bouncer { process, port, database: database.name().to_owned(), _folder: folder };
        poll("pgbouncer", Duration::from_secs(30), || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok());
        bouncer
    }

    pub(super) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{}", self.port, self.database)
    }

    pub(super) fn connect(&self) -> Connection {
        Connection::Postgres(postgres::Client::connect(&self.url(), postgres::NoTls).unwrap())
    }
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}
