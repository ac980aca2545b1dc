//! The digest of a history: one number that a Postgres server computes of its rows, and this crate of a set.
//!
//! A start compares the two instead of all rows. So the number has to be cheap for a server that has just accepted a connection: there a
//! sort, a first SHA-256 or a first operator cost more than hundreds of rows. It is the sum over the rows of
//! `hash_numeric_extended(version, hashtextextended(checksum, hashtextextended(state, 0)))`, functions that Postgres has for its hash
//! partitions, and cannot change without losing rows of those. Where they give something else (a server of another byte order) the start
//! takes a closer look, no more.
//!
//! Such a hash keeps accidents away, not people who search for two rows of one hash. What they would gain is an edit that one start does
//! not notice: the checksums themselves are SHA-256, and `verify`, the lock file and every run that applies something compare those.

use std::fmt;
use std::str::FromStr;

use crate::{Checksum, RowState, Version};

/// What the rows of a history sum up to when so many migrations are applied, and nothing else.
///
/// ```
/// use migrate_core::{Checksum, Digest, Version};
///
/// let one = Digest::EMPTY.with(&Version::from(1), Checksum::from_bytes([7; 32]));
/// let two = one.with(&Version::from(2), Checksum::from_bytes([8; 32]));
/// // Compared with what a server says, which sums up its rows.
/// assert_eq!(two.to_string().parse(), Ok(two));
/// assert_ne!(one, two);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(i128);

impl Digest {
    /// That of a history without rows.
    ///
    /// ```
    /// assert_eq!("0".parse(), Ok(migrate_core::Digest::EMPTY));
    /// ```
    pub const EMPTY: Digest = Digest(0);

    pub(crate) const fn from_sum(sum: i128) -> Digest {
        Digest(sum)
    }

    /// The sum.
    ///
    /// ```
    /// assert_eq!(migrate_core::Digest::EMPTY.sum(), 0);
    /// ```
    pub fn sum(self) -> i128 {
        self.0
    }

    /// With the row of one more migration that is applied; in which order they come does not matter.
    ///
    /// ```
    /// # use migrate_core::{Checksum, Digest, Version};
    /// let row = |version: u64| (Version::from(version), Checksum::from_bytes([7; 32]));
    /// let ((one, of_one), (two, of_two)) = (row(1), row(2));
    /// assert_eq!(Digest::EMPTY.with(&one, of_one).with(&two, of_two), Digest::EMPTY.with(&two, of_two).with(&one, of_one));
    /// ```
    #[must_use]
    pub fn with(self, version: &Version, checksum: Checksum) -> Digest {
        let state = hash(RowState::Applied.as_str().as_bytes(), 0);
        let row = hash_of_number(version.digits(), hash(checksum.to_string().as_bytes(), state));
        Digest(self.0 + i128::from(row.cast_signed()))
    }
}

/// Reads what [`Display`](fmt::Display) and the server write.
impl FromStr for Digest {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Digest, Self::Err> {
        text.parse().map(Digest)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// `hash_numeric_extended` of a whole number without leading zeros: the hash of its digits to the base of 10,000, and of how many there are.
fn hash_of_number(digits: &str, seed: u64) -> u64 {
    let mut limbs: Vec<u16> = digits
        .as_bytes()
        .rchunks(4)
        .rev()
        .map(|chunk| chunk.iter().fold(0, |limb, digit| limb * 10 + u16::from(digit - b'0')))
        .collect();
    let weight = limbs.len() as u64 - 1;
    while limbs.last() == Some(&0) {
        limbs.pop();
    }
    if limbs.is_empty() {
        return seed.wrapping_sub(1);
    }
    let bytes: Vec<u8> = limbs.into_iter().flat_map(u16::to_le_bytes).collect();
    hash(&bytes, seed) ^ weight
}

/// `hashtextextended`: Bob Jenkins' lookup3, 64 bits of it.
fn hash(bytes: &[u8], seed: u64) -> u64 {
    let start = 0x9e37_79b9_u32.wrapping_add(bytes.len() as u32).wrapping_add(3_923_095);
    let mut state = [start; 3];
    if seed != 0 {
        add(&mut state, [(seed >> 32) as u32, seed as u32, 0]);
        mix(&mut state);
    }
    let mut blocks = bytes.chunks_exact(12);
    for block in &mut blocks {
        add(&mut state, words(block));
        mix(&mut state);
    }
    let mut rest = [0; 12];
    rest[..blocks.remainder().len()].copy_from_slice(blocks.remainder());
    let [a, b, c] = words(&rest);
    // The lowest byte of the third word is for the length.
    add(&mut state, [a, b, c << 8]);
    let [_, b, c] = finish(state);
    u64::from(b) << 32 | u64::from(c)
}

fn words(block: &[u8]) -> [u32; 3] {
    let word = |at: usize| u32::from_le_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]]);
    [word(0), word(4), word(8)]
}

fn add(state: &mut [u32; 3], words: [u32; 3]) {
    for (own, word) in state.iter_mut().zip(words) {
        *own = own.wrapping_add(word);
    }
}

fn mix([a, b, c]: &mut [u32; 3]) {
    let step = |x: &mut u32, y: &mut u32, z: &mut u32, turn: u32| {
        *x = x.wrapping_sub(*z) ^ z.rotate_left(turn);
        *z = z.wrapping_add(*y);
    };
    step(a, b, c, 4);
    step(b, c, a, 6);
    step(c, a, b, 8);
    step(a, b, c, 16);
    step(b, c, a, 19);
    step(c, a, b, 4);
}

fn finish([mut a, mut b, mut c]: [u32; 3]) -> [u32; 3] {
    let step = |x: &mut u32, y: u32, turn: u32| *x = (*x ^ y).wrapping_sub(y.rotate_left(turn));
    step(&mut c, b, 14);
    step(&mut a, c, 11);
    step(&mut b, a, 25);
    step(&mut c, b, 16);
    step(&mut a, c, 4);
    step(&mut b, a, 14);
    step(&mut c, b, 24);
    [a, b, c]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a server has said.
    #[test]
    fn hashes_are_those_of_postgres() {
        let eleven = "x".repeat(11);
        let twelve = "x".repeat(12);
        let texts = [
            ("", 0, -6_939_563_903_564_495_251_i64),
            ("abc", 0, -6_747_756_470_228_489_321),
            (&*eleven, 5, -5_127_006_179_723_279_158),
            (&*twelve, 5, 7_016_923_285_348_115_293),
            ("größe und noch mehr", u64::MAX, -3_835_802_327_675_298_796),
        ];
        for (text, seed, expect) in texts {
            assert_eq!(hash(text.as_bytes(), seed).cast_signed(), expect, "{text:?}");
        }
        let numbers = [
            ("0", 9, 8_i64),
            ("10000", 0, -7_507_508_252_608_306_359),
            ("20240313170000", 1, 8_215_490_682_555_397_139),
            ("1234567890123456789012345678901234567890123456789012345678901234", 1, -6_623_490_213_106_555_479),
            ("100010000", 0, 8_142_302_191_801_602_714),
        ];
        for (digits, seed, expect) in numbers {
            assert_eq!(hash_of_number(digits, seed).cast_signed(), expect, "{digits}");
        }
    }

    fn digest(rows: &[(u64, u8)]) -> Digest {
        let with = |digest: Digest, (version, byte): &(u64, u8)| {
            digest.with(&Version::from(*version), Checksum::from_bytes([*byte; 32]))
        };
        rows.iter().fold(Digest::EMPTY, with)
    }

    #[test]
    fn golden_digest_never_changes() {
        assert_eq!(digest(&[(7, 7)]).to_string(), "4356073458150040058");
        assert_eq!("4356073458150040058".parse(), Ok(digest(&[(7, 7)])));
    }

    #[test]
    fn histories_are_told_apart() {
        let two = digest(&[(1, 10), (2, 11)]);
        assert_eq!(two, digest(&[(2, 11), (1, 10)]));
        for other in [&[(1, 10)][..], &[(1, 10), (2, 10)], &[(1, 10), (3, 11)], &[(1, 11), (2, 10)], &[]] {
            assert_ne!(two, digest(other), "{other:?}");
        }
    }
}
