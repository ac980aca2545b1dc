//! What the lock file holds of a script: its checksum, and a fingerprint that survives a change of comments. Frozen: golden tests.

use std::fmt;

use hmac_sha256::Hash;

use crate::{Checksum, Dialect, Header, Script, scan};

/// A script as it was locked, written `sha256:<64 hexadecimal digits>/<16 hexadecimal digits>`, and `/no-transaction` behind it when a
/// file beside the script says so.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # use example::*;
/// use migrate_core::lock::Seal;
///
/// let seal = Seal::of(orders_down(), Some(Dialect::Sqlite));
/// let (checksum, fingerprint) = (seal.checksum, seal.fingerprint);
/// assert_eq!(seal.to_string(), format!("{checksum}/{fingerprint}"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seal {
    /// The checksum of the script: what the history keeps, too.
    pub checksum: Checksum,
    /// What tells an edit of comments and white space from one that matters.
    pub fingerprint: Fingerprint,
    /// Whether a file beside the script says that it runs outside of a transaction ([`Script::no_transaction`]).
    pub no_transaction: bool,
}

impl Seal {
    /// The seal of a script in a folder that is written for `dialect` alone, if it is.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # use example::*;
    /// use migrate_core::lock::Seal;
    ///
    /// let seal = Seal::of(orders_down(), Some(Dialect::Sqlite));
    /// assert_eq!(seal.checksum, orders_down().checksum());
    /// ```
    pub fn of(script: &Script, dialect: Option<Dialect>) -> Seal {
        Seal {
            checksum: script.checksum(),
            fingerprint: Fingerprint::of(script.sql(), script.dialect().or(dialect)),
            no_transaction: script.no_transaction(),
        }
    }

    /// Whether the script is as it was when it was sealed.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # use example::*;
    /// use migrate_core::lock::Seal;
    ///
    /// let seal = Seal::of(orders_down(), Some(Dialect::Sqlite));
    /// assert!(seal.holds(orders_down()));
    /// assert!(!seal.holds(orders().up()));
    /// ```
    pub fn holds(&self, script: &Script) -> bool {
        self.checksum == script.checksum() && self.no_transaction == script.no_transaction()
    }

    /// Reads what [`Display`](fmt::Display) wrote; `None` for anything else.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # use example::*;
    /// use migrate_core::lock::Seal;
    ///
    /// let seal = Seal::of(orders_down(), Some(Dialect::Sqlite));
    /// assert_eq!(Seal::parse(&seal.to_string()), Some(seal));
    /// assert_eq!(Seal::parse("sha256:00"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Seal> {
        let (text, no_transaction) = match text.strip_suffix(BESIDE) {
            Some(text) => (text, true),
            None => (text, false),
        };
        let (checksum, fingerprint) = text.split_once('/')?;
        let (checksum, fingerprint) = (Checksum::parse(checksum)?, Fingerprint::parse(fingerprint)?);
        Some(Seal { checksum, fingerprint, no_transaction })
    }
}

const BESIDE: &str = "/no-transaction";

impl fmt::Display for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}{}", self.checksum, self.fingerprint, if self.no_transaction { BESIDE } else { "" })
    }
}

/// A digest of a script without its comments and white space, but with what its directives ask for. Two scripts of one fingerprint do the
/// same; it only ever makes a message kinder, and is too short to prove anything.
///
/// ```
/// use migrate_core::{Dialect, lock::Fingerprint};
///
/// let of = |sql| Fingerprint::of(sql, Some(Dialect::Sqlite));
/// assert_eq!(of("SELECT  1; -- one"), of("SELECT 1;"));
/// assert_ne!(of("SELECT 2;"), of("SELECT 1;"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([u8; 8]);

impl Fingerprint {
    /// The fingerprint of a script, read in its dialect or, where that is not known, in each that reads it soundly.
    ///
    /// ```
    /// use migrate_core::{Dialect, lock::Fingerprint};
    ///
    /// let of = |sql| Fingerprint::of(sql, Some(Dialect::Sqlite));
    /// assert_ne!(of("-- migrate: no-transaction\nVACUUM;"), of("VACUUM;")); // a directive is more than a comment
    /// ```
    pub fn of(sql: &str, dialect: Option<Dialect>) -> Fingerprint {
        let mut hash = Hash::new();
        update(&mut hash, "migrate fingerprint 1");
        for dialect in dialect.map_or(Dialect::WITH_DRIVER.to_vec(), |dialect| vec![dialect]) {
            let scanned = scan::scan(sql, dialect);
            if !scanned.is_sound() {
                continue;
            }
            let header = Header::read(sql, dialect, &scanned).unwrap_or_default();
            update(&mut hash, dialect.name());
            header.asked().iter().for_each(|directive| update(&mut hash, directive));
            scan::without_comments(sql, dialect).for_each(|part| update(&mut hash, part));
        }
        let hash = hash.finalize();
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
    let mut hash = Hash::new();
    for line in lines {
        update(&mut hash, line);
    }
    Checksum::from_bytes(hash.finalize())
}

/// Takes in a text behind its length, so that no two sequences of texts are one sequence of bytes.
fn update(hash: &mut Hash, text: &str) {
    hash.update(text.len().to_string());
    hash.update(":");
    hash.update(text);
}
