//! Checksums of scripts. Frozen: the golden tests below may never change.
//!
//! Computing one needs the feature `folder`; comparing, storing and printing do not, so that a host which only uses the macro
//! carries no hash function.

use std::fmt;

use crate::fnv1a;

/// The SHA-256 of a script's normalised text, written `sha256:` and 64 hexadecimal digits.
///
/// Normalised: a byte order mark at the start is dropped, CRLF is read as LF. Comments and directives count.
///
/// ```
/// # use migrate_core::Checksum;
/// # #[cfg(feature = "folder")] {
/// let (unix, windows) = (Checksum::of("SELECT 1;\n"), Checksum::of("\u{feff}SELECT 1;\r\n"));
/// assert_eq!(unix, windows);
/// assert_ne!(unix, Checksum::of("SELECT 1; -- one\n"));
/// # }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Checksum([u8; 32]);

impl Checksum {
    const PREFIX: &'static str = "sha256:";

    /// A checksum from its 32 bytes.
    ///
    /// ```
    /// # use migrate_core::Checksum;
    /// assert_eq!(Checksum::from_bytes([0xab; 32]).to_string(), format!("sha256:{}", "ab".repeat(32)));
    /// ```
    pub const fn from_bytes(bytes: [u8; 32]) -> Checksum {
        Checksum(bytes)
    }

    /// The 32 bytes.
    ///
    /// ```
    /// # use migrate_core::Checksum;
    /// assert_eq!(Checksum::from_bytes([7; 32]).as_bytes(), &[7; 32]);
    /// ```
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads what [`Display`](fmt::Display) wrote; `None` for anything else.
    ///
    /// ```
    /// # use migrate_core::Checksum;
    /// let checksum = Checksum::from_bytes([7; 32]);
    /// assert_eq!(Checksum::parse(&checksum.to_string()), Some(checksum));
    /// assert_eq!(Checksum::parse("md5:00"), None);
    /// ```
    pub fn parse(text: &str) -> Option<Checksum> {
        let digits = text.strip_prefix(Checksum::PREFIX)?.as_bytes();
        if digits.len() != 64 {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
        }
        Some(Checksum(bytes))
    }

    /// What stands for the checksum of a migration that is a function: no hash of a text, but 32 bytes that show its revision, and that
    /// differ with its name. Needs no hash function of the host.
    pub(crate) fn of_step(name: &str, revision: u64) -> Checksum {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(b"step");
        // Names of one set are told apart, and nobody is to be kept from anything.
        bytes[16..24].copy_from_slice(&fnv1a(name.as_bytes()).to_be_bytes());
        bytes[24..].copy_from_slice(&revision.to_be_bytes());
        Checksum(bytes)
    }

    /// The checksum of a script, whose text is normalised first: no byte order mark, CRLF read as LF.
    ///
    /// ```
    /// # use migrate_core::Checksum;
    /// assert_eq!(Checksum::of("a\r\n"), Checksum::of("a\n"));
    /// ```
    #[cfg(feature = "folder")]
    pub fn of(text: &str) -> Checksum {
        Checksum::of_bytes(normalise(text).as_bytes())
    }

    #[cfg(feature = "folder")]
    pub(crate) fn of_bytes(bytes: &[u8]) -> Checksum {
        Checksum(hmac_sha256::Hash::hash(bytes))
    }
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut hex = [0; 64];
        for (pair, byte) in hex.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        f.write_str(Checksum::PREFIX)?;
        f.write_str(str::from_utf8(&hex).unwrap_or_default())
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text that is checksummed, embedded and run: without a byte order mark, CRLF read as LF. A lone CR stays.
///
/// ```
/// assert_eq!(migrate_core::normalise("\u{feff}SELECT 1;\r\n"), "SELECT 1;\n");
/// ```
pub fn normalise(text: &str) -> std::borrow::Cow<'_, str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.contains('\r') { text.replace("\r\n", "\n").into() } else { text.into() }
}

#[cfg(all(test, feature = "folder"))]
mod tests {
    use super::*;

    #[test]
    fn golden_checksums_never_change() {
        let cases = [
            ("", "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("SELECT 1;\n", "sha256:b4e0497804e46e0a0b0b8c31975b062152d551bac49c3c2e80932567b4085dcd"),
            (
                "-- größe\nCREATE TABLE größe (id int);\n",
                "sha256:7d4ddc28e3f11e3e02e5679461c3c1529f78d176fe8f8902db2301ce2764cf04",
            ),
        ];
        for (text, expect) in cases {
            assert_eq!(Checksum::of(text).to_string(), expect, "{text:?}");
        }
    }

    #[test]
    fn line_endings_and_byte_order_mark_do_not_count() {
        let checksum = Checksum::of("SELECT 1;\nSELECT 2;\n");
        for same in ["SELECT 1;\r\nSELECT 2;\r\n", "\u{feff}SELECT 1;\nSELECT 2;\n", "\u{feff}SELECT 1;\r\nSELECT 2;\n"]
        {
            assert_eq!(Checksum::of(same), checksum, "{same:?}");
        }
        for other in [
            "SELECT 1;\rSELECT 2;\n",
            "SELECT 1;\n\u{feff}SELECT 2;\n",
            "SELECT 1;\nSELECT 2;",
            "select 1;\nSELECT 2;\n",
        ] {
            assert_ne!(Checksum::of(other), checksum, "{other:?}");
        }
    }

    #[test]
    fn parse_refuses_what_display_does_not_write() {
        let written = Checksum::of("x").to_string();
        let cases = [
            written.to_uppercase(),
            written.replace("sha256:", ""),
            format!("{written}0"),
            format!(" {written}"),
            "sha256:".into(),
            String::new(),
        ];
        for text in cases {
            assert_eq!(Checksum::parse(&text), None, "{text}");
        }
    }

    #[test]
    fn steps() {
        let golden = "sha256:73746570000000000000000000000000398ce6a712ed4f1f0000000000000002";
        let told = Checksum::of_step("backfill slugs", 2).to_string();
        assert_eq!(told, golden);
        assert_ne!(Checksum::of_step("backfill slugs", 1), Checksum::of_step("backfill slugs", 2));
        assert_ne!(Checksum::of_step("a", 1), Checksum::of_step("b", 1));
    }
}
