//! A hash that is the same in every version and on every machine, for what nobody has to be kept from.

/// FNV-1a, of 64 bits: texts by accident hardly ever have the same, texts on purpose do.
///
/// ```
/// assert_eq!(migrate_core::fnv1a(b""), 0xcbf2_9ce4_8422_2325);
/// assert_ne!(migrate_core::fnv1a(b"users"), migrate_core::fnv1a(b"orders"));
/// ```
pub fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
