//! A crate that forbids whatever it can.

#![forbid(unsafe_code)]
#![deny(warnings, missing_docs, unused, unreachable_pub, unused_qualifications, unused_results, non_ascii_idents)]
#![deny(future_incompatible, let_underscore, nonstandard_style, rust_2018_idioms, rust_2024_compatibility)]
#![deny(missing_debug_implementations, missing_copy_implementations, single_use_lifetimes, trivial_casts)]

use migrate_runtime::{Migrations, embed_migrations};

/// The migrations.
pub static MIGRATIONS: Migrations = embed_migrations!("migrations/sound");

fn main() {
    assert_eq!(MIGRATIONS.set().scripts().len(), 2);
    assert_eq!(embed_migrations!("migrations/empty_folder").set().scripts().len(), 0);
}
