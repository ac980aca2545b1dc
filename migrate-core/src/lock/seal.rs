//! What the lock file holds of a script: its checksum, and a fingerprint that survives a change of comments. Frozen: golden tests.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::{Checksum, Dialect, Script, scan};

/// A script as it was locked, written `sha256:<64 hexadecimal digits>/<16 hexadecimal digits>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seal {
    /// The checksum of the script: what the history keeps, too.
    pub checksum: Checksum,
    /// What tells an edit of comments and white space from one that matters.
    pub fingerprint: Fingerprint,
}

impl Seal {
    /// The seal of a script.
    pub fn of(script: &Script) -> Seal {
        Seal { checksum: script.checksum(), fingerprint: Fingerprint::of(script.sql(), script.dialect()) }
    }

    /// Reads what [`Display`](fmt::Display) wrote; `None` for anything else.
    pub fn parse(text: &str) -> Option<Seal> {
        let (checksum, fingerprint) = text.split_once('/')?;
        Some(Seal { checksum: Checksum::parse(checksum)?, fingerprint: Fingerprint::parse(fingerprint)? })
    }
}

impl fmt::Display for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.checksum, self.fingerprint)
    }
}

/// A digest of a script without its comments and white space, but with its directives. Two scripts of one fingerprint do the same; it only ever makes a message
/// kinder, and is too short to prove anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([u8; 8]);

impl Fingerprint {
    /// The fingerprint of a script, read in its own dialect or in the first that reads it soundly.
    pub fn of(sql: &str, dialect: Option<Dialect>) -> Fingerprint {
        let reads_soundly = |dialect: &Dialect| scan::scan(sql, *dialect).is_sound();
        let dialect = dialect.or_else(|| Dialect::ALL.into_iter().find(reads_soundly)).unwrap_or(Dialect::Postgres);
        let mut hash = Sha256::new();
        update(&mut hash, "migrate fingerprint 1");
        // Directives are comments that matter; an excuse of a lint is one that does not.
        let directives = scan::line_comments(sql, dialect)
            .map(|comment| sql[comment].trim_start_matches('-').trim())
            .filter(|text| text.starts_with("migrate:") && !text.contains("allow"));
        for part in directives.chain(scan::without_comments(sql, dialect)) {
            update(&mut hash, part);
        }
        let hash: [u8; 32] = hash.finalize().into();
        let mut first = [0; 8];
        first.copy_from_slice(&hash[..8]);
        Fingerprint(first)
    }

    fn parse(text: &str) -> Option<Fingerprint> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == 16 && text.bytes().all(is_digit)).then_some(())?;
        u64::from_str_radix(text, 16).ok().map(|number| Fingerprint(number.to_be_bytes()))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

/// The digest of the lines of a lock file.
pub(super) fn digest_of_lines<'a>(lines: impl IntoIterator<Item = &'a str>) -> Checksum {
    let mut hash = Sha256::new();
    for line in lines {
        update(&mut hash, line);
    }
    Checksum::from_bytes(hash.finalize().into())
}

/// Takes in a text behind its length, so that no two sequences of texts are one sequence of bytes.
fn update(hash: &mut Sha256, text: &str) {
    hash.update(text.len().to_string());
    hash.update(":");
    hash.update(text);
}
