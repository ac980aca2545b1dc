//! Postgres clusters to test against: one that all tests share, and private
//! ones for the tests that stop theirs.

use std::env;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::CLUSTER_ENV;
use crate::server::Server;

/// The cluster that all tests share.
///
/// That is the one which [`CLUSTER_ENV`] names, or else one that this process
/// starts at the first call, and which is gone soon after the process has ended.
///
/// # Panics
///
/// When there is no Postgres server on this machine, or it does not start.
pub fn postgres() -> &'static Cluster {
    static SHARED: OnceLock<(Cluster, Option<Server>)> = OnceLock::new();
    let (cluster, _) = SHARED.get_or_init(|| match env::var(CLUSTER_ENV) {
        Ok(text) => (Cluster::from_env(&text), None),
        Err(_) => {
            let server = Server::create();
            (server.cluster(), Some(server))
        }
    });
    cluster
}

/// Where a running cluster is found. Its superuser is `postgres`, and it trusts
/// everyone on this machine.
#[derive(Clone, Debug)]
pub struct Cluster {
    port: u16,
    programs: PathBuf,
    socket_folder: PathBuf,
}

impl Cluster {
    /// Starts a cluster for one test alone.
    ///
    /// # Panics
    ///
    /// When there is no Postgres server on this machine, or it does not start.
    pub fn start_own() -> OwnCluster {
        let server = Server::create();
        OwnCluster { cluster: server.cluster(), server }
    }

    pub(crate) fn new(port: u16, programs: PathBuf, socket_folder: PathBuf) -> Self {
        Self { port, programs, socket_folder }
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of the Unix socket.
    pub fn socket_folder(&self) -> &Path {
        &self.socket_folder
    }

    /// The address of `database` for the superuser.
    pub fn url(&self, database: &str) -> String {
        url(self.port, database)
    }

    /// The path of one of the programs that come with the server, such as
    /// `psql`.
    ///
    /// # Panics
    ///
    /// When that program is not installed.
    pub fn bin(&self, program: &str) -> PathBuf {
        let path = self.programs.join(program);
        assert!(path.is_file(), "there is no {}", path.display());
        path
    }

    /// The value of [`CLUSTER_ENV`] that lets another process use this cluster.
    pub fn to_env(&self) -> String {
        format!("port={};bin={};socket={}", self.port, self.programs.display(), self.socket_folder.display())
    }

    fn from_env(text: &str) -> Self {
        let field = |name: &str| {
            text.split(';')
                .filter_map(|field| field.split_once('='))
                .find_map(|(key, value)| (key == name).then_some(value))
                .unwrap_or_else(|| panic!("{CLUSTER_ENV} has no {name}: {text:?}"))
        };
        Self {
            port: field("port").parse().expect("the port is a number"),
            programs: field("bin").into(),
            socket_folder: field("socket").into(),
        }
    }
}

/// The address of `database` for the superuser behind `port`.
pub(crate) fn url(port: u16, database: &str) -> String {
    format!("postgres://postgres@127.0.0.1:{port}/{database}")
}

/// How a server is told to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Ends all sessions in good order, and shuts down.
    Fast,
    /// Ends at once, as in a crash. The next start has to recover.
    Immediate,
}

/// A cluster that belongs to one test. It is removed when this is dropped, or
/// when the process ends without that.
#[derive(Debug)]
pub struct OwnCluster {
    cluster: Cluster,
    server: Server,
}

impl OwnCluster {
    /// Stops the server, and waits until it has ended.
    ///
    /// # Panics
    ///
    /// When it is stopped already.
    pub fn stop(&mut self, mode: Mode) {
        self.server.stop(mode);
    }

    /// Starts the server after a stop, on the same port and with the same data.
    ///
    /// # Panics
    ///
    /// When it runs already, or does not start.
    pub fn start(&mut self) {
        self.server.start();
    }
}

impl Deref for OwnCluster {
    type Target = Cluster;

    fn deref(&self) -> &Cluster {
        &self.cluster
    }
}
