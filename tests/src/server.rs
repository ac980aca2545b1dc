//! One Postgres server in a folder of its own: made, started, stopped, and gone
//! when its owner is.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use postgres::NoTls;

use crate::account::Account;
use crate::blocking::blocking;
use crate::cluster::{Cluster, Mode};
use crate::poll::poll;
use crate::watchdog::Watchdog;
use crate::{binaries, folder};

const START_BOUND: Duration = Duration::from_secs(60);
const STOP_BOUND: Duration = Duration::from_secs(60);

/// How often someone else may take the port that was just found to be free.
const PORT_TRIES: usize = 20;

/// The data in the folder. A relative path, as initdb creates the folders above
/// too, and so could bring back what the watchdog has removed.
const DATA: &str = "data";

/// Nothing here has to survive a crash of the machine.
const SETTINGS: [&str; 5] = [
    "listen_addresses=127.0.0.1",
    "max_connections=300",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
];

/// A server that this process has made.
#[derive(Debug)]
pub(crate) struct Server {
    programs: PathBuf,
    account: Account,
    folder: PathBuf,
    port: u16,
    process: Option<Child>,
    watchdog: Watchdog,
}

/// What became of an attempt to start.
enum Started {
    Ready,
    PortTaken,
}

impl Server {
    /// Makes a new server and starts it on a free port.
    pub(crate) fn create() -> Self {
        let programs = binaries::folder();
        let account = Account::for_servers();
        let candidates = folder::candidates();
        // Before there is something to remove, as this process can end any time.
        let watchdog = Watchdog::start(&candidates);
        let mut server =
            Self { programs, account, watchdog, folder: folder::create(&candidates, account), port: 0, process: None };
        server.initialize();
        for _ in 0..PORT_TRIES {
            server.port = free_port();
            if matches!(server.try_start(), Started::Ready) {
                return server;
            }
        }
        panic!("someone else took each of {PORT_TRIES} free ports");
    }

    /// Where the server is found.
    pub(crate) fn cluster(&self) -> Cluster {
        Cluster::new(self.port, self.programs.clone(), self.folder.clone())
    }

    /// Starts the server again, on the same port as before.
    pub(crate) fn start(&mut self) {
        assert!(self.process.is_none(), "the server runs already");
        let port = self.port;
        poll(&format!("port {port}"), START_BOUND, || matches!(self.try_start(), Started::Ready).then_some(()));
    }

    /// Stops the server, and waits until it has ended.
    pub(crate) fn stop(&mut self, mode: Mode) {
        let mut process = self.process.take().expect("the server runs");
        signal(&process, mode);
        poll("the end of the server", STOP_BOUND, || process.try_wait().expect("a child can be waited for"));
    }

    fn initialize(&self) {
        let mut initdb = Command::new(self.programs.join("initdb"));
        initdb
            .args(["-U", "postgres", "-E", "UTF8", "--locale=C"])
            .args(["--auth=trust", "--no-sync"])
            .args(["-D", DATA]);
        let output = self.prepare(&mut initdb).output().expect("initdb starts");
        assert!(
            output.status.success(),
            "initdb failed: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }

    fn try_start(&mut self) -> Started {
        let log_path = self.folder.join("log");
        let log = File::create(&log_path).expect("the log can be made");
        let mut command = Command::new(self.programs.join("postgres"));
        command
            .args(["-D", DATA])
            .arg("-p")
            .arg(self.port.to_string())
            .arg("-k")
            .arg(&self.folder)
            .args(SETTINGS.iter().flat_map(|setting| ["-c", setting]))
            .stdout(log.try_clone().expect("the log can be shared"))
            .stderr(log);
        let mut process = self.prepare(&mut command).spawn().expect("postgres can be started");

        let ready = blocking(|| {
            poll("the start of the server", START_BOUND, || {
                let ended = process.try_wait().expect("a child can be waited for");
                match ended {
                    Some(_) => Some(false),
                    None => self.answers().then_some(true),
                }
            })
        });
        if ready {
            self.process = Some(process);
            return Started::Ready;
        }
        let log = fs::read_to_string(&log_path).unwrap_or_default();
        assert!(
            log.contains("could not bind") || log.contains("could not create any TCP/IP sockets"),
            "the server did not start: {log}"
        );
        Started::PortTaken
    }

    /// Whether the server takes sessions. Asks by the socket in its folder, as
    /// someone else may be listening on the port.
    fn answers(&self) -> bool {
        postgres::Config::new()
            .host_path(&self.folder)
            .port(self.port)
            .user("postgres")
            .dbname("postgres")
            .connect(NoTls)
            .is_ok()
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
            signal(&process, Mode::Immediate);
            let _ = process.wait();
        }
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    listener.local_addr().expect("it is bound").port()
}

/// Sends the signal by which Postgres stops in `mode`. The standard library has
/// no call for that, but each shell has a command.
fn signal(process: &Child, mode: Mode) {
    let name = match mode {
        Mode::Fast => "INT",
        Mode::Immediate => "QUIT",
    };
    let _ = Command::new("sh")
        .args(["-c", "kill -s \"$1\" \"$2\"", "sh", name])
        .arg(process.id().to_string())
        .stderr(Stdio::null())
        .status();
}
