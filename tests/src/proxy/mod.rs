//! A proxy in front of a Postgres server that counts what goes through it, and
//! that loses connections on demand.

#[cfg(target_os = "linux")]
mod deaf;
mod gate;
mod link;
mod message;
mod session;
mod traffic;

use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

pub use traffic::{Direction, Traffic};

use crate::cluster;
use link::Shared;

/// A proxy on a free port of 127.0.0.1, which ends when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Starts a proxy for the server behind `upstream_port` on 127.0.0.1.
    ///
    /// # Panics
    ///
    /// When there is no free port.
    pub fn start(upstream_port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let shared = Arc::new(Shared::new(upstream_port));
        let listening = thread::spawn({
            let shared = Arc::clone(&shared);
            move || listen(&listener, &shared)
        });
        Self { port, shared, listening: Some(listening) }
    }

    /// The port of the proxy.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of `database` for the superuser, through the proxy.
    pub fn url(&self, database: &str) -> String {
        cluster::url(self.port, database)
    }

    /// What went through since the start or the last call, in all sessions
    /// together. A session counts from where it is ready for the first query.
    pub fn take(&self) -> Traffic {
        self.shared.ledger().take()
    }

    /// Loses a connection: the one that sends the `nth` message from now on,
    /// where 1 is the next one of any session that is ready. `direction` tells
    /// whether the message or its answer is lost. Later connections work.
    ///
    /// # Panics
    ///
    /// When `nth` is zero.
    pub fn cut_after(&self, nth: usize, direction: Direction) {
        self.shared.ledger().plan_cut(nth, direction);
    }

    /// Whether a connection was lost as [`Proxy::cut_after`] asked for.
    pub fn has_cut(&self) -> bool {
        self.shared.ledger().has_cut()
    }

    /// Lets nothing through any more, in no direction, while the connections
    /// stay open.
    pub fn freeze(&self) {
        self.shared.gate().freeze();
    }

    /// Ends a freeze. What came in meanwhile goes on.
    pub fn thaw(&self) {
        self.shared.gate().thaw();
    }

    /// Lets the machine at the other end of the open connections be gone, for
    /// those at either end: nothing that they send is answered any more, by no
    /// kernel either.
    ///
    /// # Panics
    ///
    /// When the system does not allow it.
    #[cfg(target_os = "linux")]
    pub fn vanish(&self) {
        self.shared.vanish();
    }

    /// Holds everything back for this long, in each direction.
    pub fn delay(&self, latency: Duration) {
        self.shared.gate().delay(latency);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.stop();
        // The listening thread only looks up when someone comes.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
    }
}

fn listen(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut links: Vec<JoinHandle<io::Result<()>>> = Vec::new();
    for client in listener.incoming() {
        if shared.is_stopped() {
            break;
        }
        links.retain(|link| !link.is_finished());
        if let Ok(client) = client {
            let shared = Arc::clone(shared);
            links.push(thread::spawn(move || link::serve(client, &shared)));
        }
    }
    for link in links {
        let _ = link.join();
    }
}
