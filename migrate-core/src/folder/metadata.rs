//! Diesel's `metadata.toml`, as far as it concerns us: whether a migration runs in a transaction.

use super::entries::{Entry, METADATA, unreadable};
use super::source::Source;
use crate::Problem;

/// Whether the file beside a script says `run_in_transaction = false`.
pub(super) fn asks_for_no_transaction(source: &dyn Source, entry: &Entry) -> Result<bool, Problem> {
    let Some(path) = &entry.metadata else {
        return Ok(false);
    };
    match source.read(path) {
        Ok(bytes) => Ok(says_no_transaction(&String::from_utf8_lossy(&bytes))),
        Err(error) => {
            let folder = entry.shown.rfind('/').map_or("", |slash| &entry.shown[..slash]);
            Err(unreadable(&format!("{folder}/{METADATA}"), &error))
        }
    }
}

/// Reads the one key that Diesel has, line by line; what belongs to a table is none of it.
fn says_no_transaction(toml: &str) -> bool {
    let lines = toml.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    let pairs = lines.take_while(|line| !line.starts_with('[')).filter_map(|line| line.split_once('='));
    pairs
        .into_iter()
        .any(|(key, value)| key.trim().trim_matches('"') == "run_in_transaction" && value.trim() == "false")
}

#[cfg(test)]
mod tests {
    use super::says_no_transaction;

    #[test]
    fn keys() {
        let cases = [
            ("run_in_transaction = false\n", true),
            ("# why\r\nrun_in_transaction=false # because\r\n", true),
            ("\"run_in_transaction\" = false", true),
            ("run_in_transaction = true\n", false),
            ("# run_in_transaction = false\n", false),
            ("[other]\nrun_in_transaction = false\n", false),
            ("", false),
        ];
        for (toml, expect) in cases {
            assert_eq!(says_no_transaction(toml), expect, "{toml}");
        }
    }
}
