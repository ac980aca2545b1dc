//! One Postgres server in a folder of its own: made, started, stopped, and gone when its owner is.

mod account;
mod binaries;
mod folder;
mod watchdog;

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio_postgres::Config;

use super::failed;
use super::poll::poll;
use super::postgres::on_server;
use crate::error::Error;
use account::Account;
use watchdog::Watchdog;

const START_BOUND: Duration = Duration::from_secs(60);
const STOP_BOUND: Duration = Duration::from_secs(60);

/// How often someone else may take the port that was just found to be free.
const PORT_TRIES: usize = 20;

/// The data in the folder. A relative path, as initdb creates the folders above too, and so could bring back what the watchdog has
/// removed.
const DATA: &str = "data";

/// Nothing here has to survive a crash of the machine.
const SETTINGS: [&str; 5] = [
    "listen_addresses=127.0.0.1",
    "max_connections=300",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
];

/// A throw-away Postgres server, for tests that need one of their own, such as those that stop it. Most want
/// [`Postgres`](super::Postgres) instead.
///
/// It is made of the programs of this machine: those in the folder that `PG_BIN` names, or of `pg_config`, or where systems put them.
/// Postgres refuses to run as root: then it runs as `postgres` or `nobody`. It listens on a free port of 127.0.0.1 alone, its superuser
/// is `postgres`, and it trusts everyone on this machine. It is removed when this is dropped, or soon after this process has ended in
/// whatever way.
///
/// ```no_run
/// # #[cfg(feature = "postgres")] {
/// use migrate_runtime::testing::Server;
///
/// let server = Server::create()?;
/// let mut db = postgres::Client::connect(&server.url("postgres"), postgres::NoTls)?;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Server {
    programs: PathBuf,
    account: Account,
    folder: PathBuf,
    port: u16,
    process: Option<Child>,
    watchdog: Watchdog,
}

/// How a server is told to stop.
///
/// ```no_run
/// use migrate_runtime::testing::Server;
///
/// use migrate_runtime::testing::Stop;
///
/// let mut server = Server::create()?;
/// server.stop(Stop::Immediate)?; // a crash
/// server.start()?; // recovers what was committed
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Ends all sessions in good order, and shuts down.
    Fast,
    /// Ends at once, as in a crash. The next start has to recover.
    Immediate,
}

/// What became of an attempt to start.
#[derive(PartialEq, Eq)]
enum Started {
    Ready,
    PortTaken,
}

impl Server {
    /// Makes a new server and starts it.
    ///
    /// ```no_run
    /// use migrate_runtime::testing::Server;
    ///
    /// let server = Server::create()?;
    /// println!("{}", server.url("postgres"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// There are no server programs on this machine, or the server does not start.
    pub fn create() -> Result<Server, Error> {
        let programs = binaries::folder()?;
        let account = Account::for_servers()?;
        let candidates = folder::candidates();
        // Before there is something to remove, as this process can end any time.
        let watchdog = Watchdog::start(&candidates).map_err(|error| not_run("sh", &error))?;
        let folder = folder::create(&candidates, account)?;
        let mut server = Server { programs, account, watchdog, folder, port: 0, process: None };
        server.initialize()?;
        for _ in 0..PORT_TRIES {
            server.port = free_port().map_err(|error| not_run("postgres", &error))?;
            if server.try_start()? == Started::Ready {
                return Ok(server);
            }
        }
        Err(failed(format!("someone else took each of {PORT_TRIES} free ports"), "run the tests again"))
    }

    /// The port on 127.0.0.1.
    ///
    /// ```no_run
    /// use migrate_runtime::testing::Server;
    ///
    /// let server = Server::create()?;
    /// let stream = std::net::TcpStream::connect(("127.0.0.1", server.port()))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of `database` for the superuser.
    ///
    /// ```no_run
    /// use migrate_runtime::testing::Server;
    ///
    /// let server = Server::create()?;
    /// assert_eq!(server.url("app"), format!("postgres://postgres@127.0.0.1:{}/app", server.port()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// The folder with the programs of the server, such as `psql` if it is installed.
    ///
    /// ```no_run
    /// use migrate_runtime::testing::Server;
    ///
    /// let server = Server::create()?;
    /// let mut dump = std::process::Command::new(server.programs().join("pg_dump"));
    /// dump.arg(server.url("postgres")).status()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn programs(&self) -> &Path {
        &self.programs
    }

    /// The folder of the Unix socket.
    ///
    /// ```no_run
    /// use migrate_runtime::testing::Server;
    ///
    /// let server = Server::create()?;
    /// let url = format!("host={} port={} user=postgres", server.socket_folder().display(), server.port());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn socket_folder(&self) -> &Path {
        &self.folder
    }

    /// Starts the server again after a stop, on the same port and with the same data. Does nothing while it runs.
    ///
    /// ```no_run
    /// use migrate_runtime::testing::Server;
    ///
    /// use migrate_runtime::testing::Stop;
    ///
    /// let mut server = Server::create()?;
    /// server.stop(Stop::Fast)?; // what does the program do now?
    /// server.start()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// It does not start.
    pub fn start(&mut self) -> Result<(), Error> {
        if self.process.is_some() {
            return Ok(());
        }
        // Someone may hold the port for a while.
        let started = poll(START_BOUND, || match self.try_start() {
            Ok(Started::Ready) => Some(Ok(())),
            Ok(Started::PortTaken) => None,
            Err(error) => Some(Err(error)),
        });
        started.unwrap_or_else(|| Err(failed(format!("port {} is taken", self.port), "run the tests again")))
    }

    /// Stops the server, and waits until it has ended. Does nothing when it is stopped already.
    ///
    /// ```no_run
    /// use migrate_runtime::testing::Server;
    ///
    /// use migrate_runtime::testing::Stop;
    ///
    /// let mut server = Server::create()?;
    /// server.stop(Stop::Fast)?;
    /// server.stop(Stop::Fast)?; // nothing to do
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// It does not stop.
    pub fn stop(&mut self, how: Stop) -> Result<(), Error> {
        let Some(mut process) = self.process.take() else { return Ok(()) };
        signal(&process, how);
        let ended = poll(STOP_BOUND, || process.try_wait().ok().flatten());
        ended.map(|_| ()).ok_or_else(|| {
            self.process = Some(process);
            failed(format!("the server did not stop in {STOP_BOUND:?}"), "end it with a signal")
        })
    }

    fn initialize(&self) -> Result<(), Error> {
        let mut initdb = Command::new(self.programs.join("initdb"));
        initdb
            .args(["-U", "postgres", "-E", "UTF8", "--locale=C"])
            .args(["--auth=trust", "--no-sync"])
            .args(["-D", DATA]);
        let output = self.prepare(&mut initdb).output().map_err(|error| not_run("initdb", &error))?;
        if output.status.success() {
            return Ok(());
        }
        let said = [output.stdout, output.stderr].concat();
        Err(failed("`initdb` failed", "look at what it says").with_body(String::from_utf8_lossy(&said)))
    }

    fn try_start(&mut self) -> Result<Started, Error> {
        let log_path = self.folder.join("log");
        let cannot_log = |error: io::Error| not_run("postgres", &error);
        let log = File::create(&log_path).map_err(cannot_log)?;
        let mut command = Command::new(self.programs.join("postgres"));
        command
            .args(["-D", DATA])
            .arg("-p")
            .arg(self.port.to_string())
            .arg("-k")
            .arg(&self.folder)
            .args(SETTINGS.iter().flat_map(|setting| ["-c", setting]))
            .stdout(log.try_clone().map_err(cannot_log)?)
            .stderr(log);
        let mut process = self.prepare(&mut command).spawn().map_err(|error| not_run("postgres", &error))?;

        let is_ready = poll(START_BOUND, || match process.try_wait() {
            Ok(None) => self.answers().then_some(true),
            _ => Some(false),
        });
        self.process = Some(process);
        if is_ready == Some(true) {
            return Ok(Started::Ready);
        }
        self.stop(Stop::Immediate)?;
        let log = fs::read_to_string(&log_path).unwrap_or_default();
        if log.contains("could not bind") || log.contains("could not create any TCP/IP sockets") {
            return Ok(Started::PortTaken);
        }
        Err(failed("the Postgres server did not start", "look at what it says").with_body(log))
    }

    /// Whether the server takes sessions. Asks by the socket in its folder, as someone else may be listening on the port.
    fn answers(&self) -> bool {
        let mut config = Config::new();
        config.host_path(&self.folder).port(self.port).user("postgres").dbname("postgres");
        on_server(&config, async |_| Ok(())).is_ok()
    }

    /// What all programs of the server have in common.
    fn prepare<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.current_dir(&self.folder).stdin(Stdio::null());
        self.account.apply(self.watchdog.guard(command))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The watchdog, which is dropped after this, does what remains to do.
        if let Some(mut process) = self.process.take() {
            signal(&process, Stop::Immediate);
            let _ = process.wait();
        }
    }
}

fn not_run(program: &str, error: &io::Error) -> Error {
    failed(format!("`{program}` cannot be run: {error}"), "install a Postgres server whose programs this user may run")
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Sends the signal by which Postgres stops. The standard library has no call for that, but each shell has a command.
fn signal(process: &Child, how: Stop) {
    let name = match how {
        Stop::Fast => "INT",
        Stop::Immediate => "QUIT",
    };
    let _ = Command::new("sh")
        .args(["-c", "kill -s \"$1\" \"$2\"", "sh", name])
        .arg(process.id().to_string())
        .stderr(Stdio::null())
        .status();
}
