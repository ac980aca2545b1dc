//! A socket that no longer hears anything, as if its machine were gone: not even its kernel answers.

use std::io;
use std::net::TcpStream;

use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::SetUsize;
use nix::{libc, setsockopt_impl};

/// What has been on its way for longer is dropped before TCP sees it. Everybody may set it.
#[derive(Clone)]
struct LeastTimeToLive;

setsockopt_impl!(LeastTimeToLive, libc::IPPROTO_IP, libc::IP_MINTTL, usize, SetUsize);

/// No packet of this machine has as many hops left.
const MOST: usize = 255;

pub(super) fn deafen(socket: &TcpStream) -> io::Result<()> {
    Ok(setsockopt(socket, LeastTimeToLive, &MOST)?)
}
