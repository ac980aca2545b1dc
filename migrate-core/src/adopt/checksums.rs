//! The checksums that other tools compute of a script, as they do it.
//!
//! They read files as they are on the disk of the one who builds, and what is embedded here has lost its byte order mark and the CR of
//! its line ends: so each way in which the file can have been written is tried.

use std::hash::Hasher as _;

use siphasher::sip::SipHasher13;

use super::{ForeignRow, Tool};
use crate::Migration;

/// Whether the checksum of a row is that of the migration's script up. `None` when the row has no checksum, or the tool keeps none.
pub(super) fn agree(tool: Tool, row: &ForeignRow, migration: &Migration<'_>) -> Option<bool> {
    let checksum = row.checksum.as_deref().filter(|_| tool.keeps_checksums())?;
    let sql = migration.up().sql();
    Some(match tool {
        Tool::Sqlx => as_written(sql).any(|text| hex(&hmac_sha512::sha384::Hash::hash(text.as_bytes())) == checksum),
        Tool::Prisma => as_written(sql).any(|text| {
            let hash = hmac_sha256::Hash::hash(text.as_bytes());
            // Early versions of its engine have left out zeros.
            hex(&hash) == checksum || hash.iter().map(|byte| format!("{byte:x}")).collect::<String>() == checksum
        }),
        Tool::Flyway => flyway(sql).to_string() == checksum,
        _ => {
            // The name is hashed, too, and a file may have got another one since.
            let name = row.name.as_deref().unwrap_or(migration.name());
            let version = migration.version().digits().parse::<i64>().ok();
            version.is_some_and(|version| {
                as_written(sql).any(|text| refinery(name, version, &text).iter().any(|sum| sum.to_string() == checksum))
            })
        }
    })
}

/// The texts that a file can have had, the likeliest first.
fn as_written(sql: &str) -> impl Iterator<Item = String> {
    const BOM: &str = "\u{feff}";
    let with_cr = || sql.replace('\n', "\r\n");
    (0..4).map(move |way| match way {
        0 => sql.to_owned(),
        1 => with_cr(),
        2 => format!("{BOM}{sql}"),
        _ => format!("{BOM}{}", with_cr()),
    })
}

/// refinery: SipHash-1-3 of name, version and text, each as the trait `Hash` of Rust feeds it. Versions are 32 bits wide, or 64 with
/// its feature `int8-versions`.
fn refinery(name: &str, version: i64, sql: &str) -> [u64; 2] {
    let hash = |version: &[u8]| {
        let mut hasher = SipHasher13::new();
        for part in [name.as_bytes(), &[0xff], version, sql.as_bytes(), &[0xff]] {
            hasher.write(part);
        }
        hasher.finish()
    };
    let wide = version.to_le_bytes();
    [hash(&wide[..4]), hash(&wide)]
}

/// Flyway: CRC-32 of the lines without their ends, as a signed number.
fn flyway(sql: &str) -> i32 {
    let mut hasher = crc32fast::Hasher::new();
    sql.split(['\n', '\r']).for_each(|line| hasher.update(line.as_bytes()));
    hasher.finalize().cast_signed()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
