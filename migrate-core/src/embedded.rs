//! What expansions of `embed_migrations!` call. Not public API: macro and runtime are always of the same version.

use std::borrow::Cow;

use crate::{Checksum, Dialect, Digest, Direction, Migration, MigrationSet, Script, Version};

/// A script of any dialect that goes up, the common case, in few tokens.
pub const fn up(
    version: &'static str,
    name: &'static str,
    path: &'static str,
    sql: &'static str,
    checksum: &'static [u8; 32],
) -> Script {
    script(version, name, None, Direction::Up, path, sql, checksum)
}

/// Any script.
pub const fn script(
    version: &'static str,
    name: &'static str,
    dialect: Option<Dialect>,
    direction: Direction,
    path: &'static str,
    sql: &'static str,
    checksum: &'static [u8; 32],
) -> Script {
    Script {
        version: Version::embedded(version),
        name: Cow::Borrowed(name),
        dialect,
        direction,
        path: Cow::Borrowed(path),
        sql: Cow::Borrowed(sql),
        checksum: Checksum::from_bytes(*checksum),
        no_transaction: false,
    }
}

/// What stands for a migration that is a function of the program: a comment that tells people what it was, its directives, and a
/// checksum of its name and revision.
pub fn step(version: Version, name: Cow<'static, str>, revision: u64, directives: &str) -> Script {
    let checksum = Checksum::of_step(&name, revision);
    let sql = format!("-- a step in Rust: {}, revision {revision}\n{directives}", name.replace(char::is_control, " "));
    Script {
        path: Cow::Owned(format!("the step in Rust of version {version}")),
        sql: Cow::Owned(sql),
        version,
        name,
        dialect: None,
        direction: Direction::Up,
        checksum,
        no_transaction: false,
    }
}

/// The migration that such a script stands for.
pub fn migration_of(step: &Script) -> Migration<'_> {
    Migration::without_down(step)
}

/// The script, marked by a file beside it to run outside of a transaction.
pub const fn outside_of_transaction(mut script: Script) -> Script {
    script.no_transaction = true;
    script
}

/// The dialects by name, so that an expansion needs no `Some`.
pub const POSTGRES: Option<Dialect> = Some(Dialect::Postgres);
/// As [`POSTGRES`].
pub const SQLITE: Option<Dialect> = Some(Dialect::Sqlite);
/// As [`POSTGRES`].
pub const MYSQL: Option<Dialect> = Some(Dialect::Mysql);
/// A script for every dialect.
pub const ANY_DIALECT: Option<Dialect> = None;

/// A set of scripts that are sorted already, of so many versions; no digest stands for a dialect that some version lacks.
pub const fn set(
    name: &'static str,
    scripts: &'static [Script],
    versions: usize,
    digests: [Option<i128>; Dialect::ALL.len()],
) -> MigrationSet {
    let mut decoded = [None; Dialect::ALL.len()];
    let mut dialect = 0;
    while dialect < digests.len() {
        if let Some(sum) = digests[dialect] {
            decoded[dialect] = Some(Digest::from_sum(sum));
        }
        dialect += 1;
    }
    MigrationSet::from_parts(Cow::Borrowed(name), Cow::Borrowed(scripts), versions, decoded)
}
