//! What a migrated database depends on: two sets with the same key make the same one.

use migrate_core::{Direction, MigrationSet};

/// Everything that ends up in a database: the scripts up, and what the history keeps of the scripts down.
pub(super) fn of(set: &MigrationSet) -> Vec<u8> {
    let mut key = Vec::with_capacity(set.scripts().len() * 64);
    // Each text behind its length, so that no two sets read the same.
    let mut add = |part: &[u8]| {
        key.extend(part.len().to_le_bytes());
        key.extend(part);
    };
    // Another version of this crate may have another history table.
    add(env!("CARGO_PKG_VERSION").as_bytes());
    add(set.name().as_bytes());
    for script in set.scripts() {
        add(script.version().digits().as_bytes());
        add(script.name().as_bytes());
        add(script.dialect().map_or("", |dialect| dialect.name()).as_bytes());
        add(&[u8::from(script.direction() == Direction::Down), u8::from(script.no_transaction())]);
        add(script.checksum().as_bytes());
    }
    key
}
