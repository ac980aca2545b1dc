//! The messages of the Postgres protocol, version 3, as far as a proxy has to
//! tell them apart.

use std::io::{self, Read};

/// The code of a client's first message by which it asks for TLS.
const TLS_REQUEST: u32 = 80_877_103;
/// The same for encryption by GSSAPI.
const GSS_REQUEST: u32 = 80_877_104;

/// The length field counts itself.
const LENGTH_FIELD: usize = 4;

/// A message with a type, as both sides send them after the first one.
#[derive(Debug)]
pub(crate) struct Message {
    bytes: Vec<u8>,
}

impl Message {
    /// The letter that tells the type. Both sides use some of them in different
    /// meanings.
    pub(crate) fn kind(&self) -> u8 {
        self.bytes[0]
    }

    /// The whole message, as it is sent.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The SQL in a client's message; empty when it has none.
    pub(crate) fn sql(&self) -> String {
        let body = &self.bytes[1 + LENGTH_FIELD..];
        let mut texts = body.split(|byte| *byte == 0);
        let sql = match self.kind() {
            b'Q' => texts.next(),
            // The name of the statement comes first.
            b'P' => texts.nth(1),
            _ => None,
        };
        String::from_utf8_lossy(sql.unwrap_or_default()).into_owned()
    }
}

/// Puts messages together from the pieces in which they arrive.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    pending: Vec<u8>,
}

impl Assembler {
    /// Takes a piece, and gives the messages that are complete by now.
    pub(crate) fn add(&mut self, piece: &[u8]) -> Vec<Message> {
        self.pending.extend_from_slice(piece);
        let mut messages = Vec::new();
        let mut start = 0;
        while let Some(length) = complete_length(&self.pending[start..]) {
            let bytes = self.pending[start..start + length].to_vec();
            messages.push(Message { bytes });
            start += length;
        }
        self.pending.drain(..start);
        messages
    }
}

/// The length of the first message in `bytes`, if that is there as a whole.
fn complete_length(bytes: &[u8]) -> Option<usize> {
    let field = bytes.get(1..=LENGTH_FIELD)?;
    let length = 1 + usize::try_from(u32::from_be_bytes(field.try_into().ok()?)).ok()?;
    // Less than the field itself would be an error of the sender; waiting for
    // more is as good as anything.
    (length > LENGTH_FIELD && length <= bytes.len()).then_some(length)
}

/// A client's first message, which has no type.
#[derive(Debug)]
pub(crate) struct Opening {
    bytes: Vec<u8>,
}

impl Opening {
    /// Reads one, with no byte more.
    pub(crate) fn read(client: &mut impl Read) -> io::Result<Self> {
        let mut field = [0; LENGTH_FIELD];
        client.read_exact(&mut field)?;
        let length = usize::try_from(u32::from_be_bytes(field)).map_err(io::Error::other)?;
        let mut bytes = field.to_vec();
        bytes.resize(length.max(LENGTH_FIELD), 0);
        client.read_exact(&mut bytes[LENGTH_FIELD..])?;
        Ok(Self { bytes })
    }

    /// The whole message, as it is sent.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether the client asks for encryption. The answer to that is one byte
    /// without a frame, and another first message can follow.
    pub(crate) fn asks_for_encryption(&self) -> bool {
        let code = self.bytes.get(LENGTH_FIELD..2 * LENGTH_FIELD);
        [TLS_REQUEST, GSS_REQUEST].iter().any(|request| code == Some(&request.to_be_bytes()))
    }
}
