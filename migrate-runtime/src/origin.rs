//! Where a set comes from: what a debug build compares it with, and a release build does not look at.
#![cfg_attr(not(debug_assertions), allow(dead_code))]

use migrate_core::Dialect;

/// Where a set comes from.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    pub(crate) folder: Option<EmbeddedFolder>,
}

/// The folder that a debug build has embedded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EmbeddedFolder {
    /// Its absolute path on the machine of the build.
    pub(crate) root: &'static str,
    /// What messages call it.
    pub(crate) shown: &'static str,
    pub(crate) dialect: Option<Dialect>,
    pub(crate) ignore: &'static [&'static str],
    /// Whether a lock file was there, or is not to be looked at.
    pub(crate) knows_lock: bool,
}

impl Origin {
    /// Nothing to compare with: a release build, or a set that was read while the program runs.
    pub const ELSEWHERE: Origin = Origin { folder: None };

    /// A folder that can be compared with what was embedded.
    pub const fn folder(
        root: &'static str,
        shown: &'static str,
        dialect: Option<Dialect>,
        ignore: &'static [&'static str],
        knows_lock: bool,
    ) -> Origin {
        Origin { folder: Some(EmbeddedFolder { root, shown, dialect, ignore, knows_lock }) }
    }
}
