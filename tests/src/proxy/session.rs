//! The course of one session, as seen from between client and server.

use std::collections::VecDeque;

use super::message::Message;
use super::traffic::{Direction, Ledger};

/// What to do with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Forward,
    Swallow,
    /// Swallow it, and close the connection.
    Cut,
}

/// What the server will say that it is ready after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    Query,
    Extended,
    /// Nothing but the closing of statements and portals, which clients leave
    /// to happen in the background.
    Closing,
}

/// Follows one session.
#[derive(Debug, Default)]
pub(crate) struct Session {
    /// The server has been ready once, that is the greeting is over.
    ready: bool,
    /// The client's current burst is counted as a round trip.
    in_burst: bool,
    /// What the client sent since its last sync.
    unsynced: Option<Work>,
    /// What the server has yet to be ready after.
    outstanding: VecDeque<Work>,
    /// The connection is to be lost: all answers after this many are swallowed.
    losing_after: Option<usize>,
}

impl Session {
    pub(crate) fn client_sent(&mut self, message: &Message, ledger: &mut Ledger) -> Fate {
        let kind = message.kind();
        if !self.ready || kind == b'X' {
            return Fate::Forward;
        }
        let cut = ledger.client_message(kind, message.sql());
        if cut == Some(Direction::ToServer) {
            ledger.note_cut();
            return Fate::Cut;
        }
        if cut == Some(Direction::ToClient) {
            self.losing_after = Some(self.outstanding.len());
        }
        if self.enter(kind) != Work::Closing && !self.in_burst {
            self.in_burst = true;
            ledger.round_trip();
        }
        Fate::Forward
    }

    pub(crate) fn server_sent(&mut self, message: &Message, ledger: &mut Ledger) -> Fate {
        let kind = message.kind();
        if !self.ready {
            self.ready = kind == b'Z';
            return Fate::Forward;
        }
        ledger.server_message(message.bytes().len(), kind == b'D');
        let answered = match kind {
            b'Z' => self.outstanding.pop_front(),
            // The server ignores a sync that it gets while it takes a copy.
            b'G' => self.outstanding.pop_front_if(|work| *work != Work::Query),
            _ => None,
        };
        let is_answer = match kind {
            // Notices, parameters and notifications come unasked.
            b'N' | b'S' | b'A' => false,
            // A statement or portal is closed.
            b'3' => false,
            _ => answered != Some(Work::Closing),
        };
        if is_answer {
            self.in_burst = false;
        }
        self.lose(kind, ledger)
    }

    /// Enters a message of the client. Gives the work that it belongs to.
    fn enter(&mut self, kind: u8) -> Work {
        match kind {
            b'Q' | b'F' => {
                self.outstanding.push_back(Work::Query);
                Work::Query
            }
            b'C' => *self.unsynced.get_or_insert(Work::Closing),
            b'S' => {
                let work = self.unsynced.take().unwrap_or(Work::Extended);
                self.outstanding.push_back(work);
                work
            }
            _ => *self.unsynced.insert(Work::Extended),
        }
    }

    /// What happens to a message of the server while the connection is being
    /// lost.
    fn lose(&mut self, kind: u8, ledger: &mut Ledger) -> Fate {
        match &mut self.losing_after {
            None => Fate::Forward,
            Some(0) => match kind {
                // Ready, or in need of more from the client, who may be waiting
                // itself.
                b'Z' | b'G' | b'W' => {
                    ledger.note_cut();
                    Fate::Cut
                }
                _ => Fate::Swallow,
            },
            Some(answers) => {
                *answers -= usize::from(kind == b'Z');
                Fate::Forward
            }
        }
    }
}
