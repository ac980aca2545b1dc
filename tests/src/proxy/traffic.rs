//! What a proxy has seen, and the connection that it is asked to lose.

/// What went through a proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// How often a client sent something and then had to wait for the server: a
    /// burst of messages between two of the server is one. Closing a prepared
    /// statement or a portal is none, as no client waits for that.
    pub round_trips: usize,
    /// The type of each message of the clients, with the SQL if it is a `Q`
    /// (query) or a `P` (parse). The goodbye at the end of a session is left
    /// out.
    pub messages: Vec<(char, String)>,
    /// How many rows the server sent.
    pub rows: usize,
    /// How many bytes the server sent.
    pub bytes_from_server: usize,
}

impl Traffic {
    /// The SQL texts among the messages, in their order.
    pub fn sql(&self) -> Vec<&str> {
        self.messages.iter().filter(|(kind, _)| matches!(kind, 'Q' | 'P')).map(|(_, sql)| sql.as_str()).collect()
    }
}

/// Which way a connection is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The message of the client never arrives at the server.
    ToServer,
    /// The server gets the message and all that the client sends with it, and
    /// does its work until it is ready again or wants more. Nothing of its
    /// answer arrives at the client.
    ToClient,
}

/// The books of a proxy.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    traffic: Traffic,
    /// How many messages from now the cut is due.
    cut: Option<(usize, Direction)>,
    has_cut: bool,
}

impl Ledger {
    pub(crate) fn take(&mut self) -> Traffic {
        std::mem::take(&mut self.traffic)
    }

    pub(crate) fn plan_cut(&mut self, nth: usize, direction: Direction) {
        assert!(nth > 0, "the first message has the number 1");
        self.cut = Some((nth, direction));
        self.has_cut = false;
    }

    pub(crate) fn has_cut(&self) -> bool {
        self.has_cut
    }

    /// Notes that a connection was lost as planned.
    pub(crate) fn note_cut(&mut self) {
        self.has_cut = true;
    }

    /// Enters a message of a client. Tells whether, and how, it is the one that
    /// loses its connection.
    pub(crate) fn client_message(&mut self, kind: u8, sql: String) -> Option<Direction> {
        self.traffic.messages.push((char::from(kind), sql));
        match self.cut.take() {
            Some((1, direction)) => Some(direction),
            later => {
                self.cut = later.map(|(nth, direction)| (nth - 1, direction));
                None
            }
        }
    }

    pub(crate) fn round_trip(&mut self) {
        self.traffic.round_trips += 1;
    }

    /// Enters a message of a server.
    pub(crate) fn server_message(&mut self, length: usize, is_row: bool) {
        self.traffic.bytes_from_server += length;
        self.traffic.rows += usize::from(is_row);
    }
}
