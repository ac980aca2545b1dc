//! Postgres clusters to test against: one that all tests share, and private
//! ones for the tests that stop theirs.

use std::env;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use migrate_runtime::testing::{Server, Stop};

use crate::CLUSTER_ENV;

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
            let server = create();
            (Cluster::of(&server), Some(server))
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
        let server = create();
        OwnCluster { cluster: Cluster::of(&server), server }
    }

    fn of(server: &Server) -> Self {
        Self { port: server.port(), programs: server.programs().into(), socket_folder: server.socket_folder().into() }
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

fn create() -> Server {
    Server::create().unwrap_or_else(|error| panic!("{error}"))
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
    /// When it does not.
    pub fn stop(&mut self, how: Stop) {
        self.server.stop(how).expect("the server stops");
    }

    /// Starts the server after a stop, on the same port and with the same data.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn start(&mut self) {
        self.server.start().expect("the server starts");
    }
}

impl Deref for OwnCluster {
    type Target = Cluster;

    fn deref(&self) -> &Cluster {
        &self.cluster
    }
}
