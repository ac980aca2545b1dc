//! For build scripts of hosts.

use std::path::Path;

/// In a `build.rs`: has cargo build the package again whenever a file appears in the folder, is edited or disappears.
///
/// Without it cargo watches the files that a build has embedded, and the lock file; a file that is dropped into a folder waits for the
/// next build (a debug build tells at start that it is stale). The path is relative to `Cargo.toml`, as in
/// [`embed_migrations!`](crate::embed_migrations).
///
/// ```no_run
/// // In the `main` of build.rs, with migrate-runtime among the [build-dependencies]:
/// migrate_runtime::watch("migrations");
/// ```
///
/// Without the build dependency, one line does the same as long as the folder is there:
/// `println!("cargo::rerun-if-changed=migrations");`.
///
/// A folder that does not exist is an error of the build: cargo would take it for one that changes all the time.
pub fn watch(folder: impl AsRef<Path>) {
    let folder = folder.as_ref();
    match folder.is_dir() {
        true => println!("cargo::rerun-if-changed={}", folder.display()),
        false => {
            println!("cargo::error=the folder `{}` does not exist: create it, or correct its path", folder.display())
        }
    }
}
