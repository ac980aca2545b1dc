//! One connection through a proxy: for each direction a thread that reads bytes and one that delivers them.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Instant;

#[cfg(target_os = "linux")]
use super::deaf::deafen;
use super::gate::Gate;
use super::message::{Assembler, Message, Opening};
use super::session::{Fate, Session};
use super::traffic::Ledger;

/// What all connections of a proxy share.
#[derive(Debug)]
pub(crate) struct Shared {
    upstream_port: u16,
    ledger: Mutex<Ledger>,
    gate: Gate,
    stopped: AtomicBool,
    /// The open connections, to close them when the proxy ends.
    links: Mutex<HashMap<u64, Link>>,
    next_link: AtomicU64,
}

impl Shared {
    pub(crate) fn new(upstream_port: u16) -> Self {
        Self {
            upstream_port,
            ledger: Mutex::default(),
            gate: Gate::default(),
            stopped: AtomicBool::new(false),
            links: Mutex::default(),
            next_link: AtomicU64::new(0),
        }
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn vanish(&self) {
        for link in self.links().values() {
            for socket in [&link.client, &link.server] {
                deafen(socket).expect("the system allows it");
            }
        }
    }

    /// Closes all connections, so that their threads end.
    pub(crate) fn stop(&self) {
        let links = self.links();
        // Under the lock: a connection that is yet to be entered sees this.
        self.stopped.store(true, Ordering::SeqCst);
        self.gate.open();
        links.values().for_each(Link::close);
    }

    fn links(&self) -> MutexGuard<'_, HashMap<u64, Link>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, link: Link) -> u64 {
        let mut links = self.links();
        if self.is_stopped() {
            link.close();
        }
        let number = self.next_link.fetch_add(1, Ordering::Relaxed);
        links.insert(number, link);
        number
    }
}

/// Both ends of a connection.
#[derive(Debug)]
struct Link {
    client: TcpStream,
    server: TcpStream,
}

impl Link {
    fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { client: self.client.try_clone()?, server: self.server.try_clone()? })
    }

    fn close(&self) {
        let _ = self.client.shutdown(Shutdown::Both);
        let _ = self.server.shutdown(Shutdown::Both);
    }
}

/// Carries everything between `client` and the server until one of them ends.
pub(crate) fn serve(client: TcpStream, shared: &Shared) -> io::Result<()> {
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, shared.upstream_port))?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let link = Link { client, server };
    let number = shared.enter(link.try_clone()?);
    let result = carry(&link, shared);
    shared.links().remove(&number);
    result
}

fn carry(link: &Link, shared: &Shared) -> io::Result<()> {
    let is_plain = open(link, shared)?;
    let session = Mutex::new(Session::default());
    let lock = || session.lock().unwrap_or_else(PoisonError::into_inner);
    thread::scope(|scope| {
        scope.spawn(|| {
            pump(link, &link.client, &link.server, shared, is_plain, |m| lock().client_sent(m, &mut shared.ledger()));
        });
        pump(link, &link.server, &link.client, shared, is_plain, |m| lock().server_sent(m, &mut shared.ledger()));
    });
    Ok(())
}

/// Carries the first messages, up to the one that starts the session. Gives
/// whether that session can be read, that is whether it is not encrypted.
fn open(link: &Link, shared: &Shared) -> io::Result<bool> {
    let (mut client, mut server) = (&link.client, &link.server);
    loop {
        let opening = Opening::read(&mut client)?;
        shared.gate.pass(Instant::now());
        server.write_all(opening.bytes())?;
        if !opening.asks_for_encryption() {
            return Ok(true);
        }
        let mut answer = [0];
        server.read_exact(&mut answer)?;
        shared.gate.pass(Instant::now());
        client.write_all(&answer)?;
        if answer != *b"N" {
            return Ok(false);
        }
    }
}

/// Carries one direction until its sender ends. `judge` decides about each
/// message; it is asked before the message goes on, so that nobody can know of a
/// message that is not entered yet.
fn pump(
    link: &Link,
    mut from: &TcpStream,
    to: &TcpStream,
    shared: &Shared,
    is_plain: bool,
    judge: impl Fn(&Message) -> Fate,
) {
    let mut assembler = Assembler::default();
    let mut bytes = vec![0; 64 * 1024];
    let (queue, queued) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(|| deliver(link, to, shared, queued));
        // Dropped at the end, which ends the delivery.
        let queue = queue;
        loop {
            let length = match from.read(&mut bytes) {
                Ok(0) => return,
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return link.close(),
            };
            let arrived = Instant::now();
            let (bytes, cut) = match is_plain {
                true => decide(&assembler.add(&bytes[..length]), &judge),
                false => (bytes[..length].to_vec(), false),
            };
            if queue.send(Piece { arrived, bytes, cut }).is_err() || cut {
                return;
            }
        }
    });
}

/// Bytes on their way, which may be many at once: a long link is no narrow one.
struct Piece {
    arrived: Instant,
    bytes: Vec<u8>,
    /// Whether the connection is cut after them.
    cut: bool,
}

fn deliver(link: &Link, mut to: &TcpStream, shared: &Shared, queued: mpsc::Receiver<Piece>) {
    for Piece { arrived, bytes, cut } in queued {
        shared.gate.pass(arrived);
        if to.write_all(&bytes).is_err() || cut {
            return link.close();
        }
    }
    // The other direction may still have something to say.
    let _ = to.shutdown(Shutdown::Write);
}

/// The bytes of `messages` that go on, and whether the connection is cut after
/// them.
fn decide(messages: &[Message], judge: impl Fn(&Message) -> Fate) -> (Vec<u8>, bool) {
    let mut bytes = Vec::new();
    for message in messages {
        match judge(message) {
            Fate::Forward => bytes.extend_from_slice(message.bytes()),
            Fate::Swallow => {}
            Fate::Cut => return (bytes, true),
        }
    }
    (bytes, false)
}
