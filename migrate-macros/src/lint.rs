//! The lint, where it is built in: what is risky in the scripts that have not shipped.

use migrate_core::Problem;
use migrate_core::folder::Folder;

/// Whether the feature `lint` is on.
pub(crate) const IS_BUILT_IN: bool = cfg!(feature = "lint");

/// The findings in the scripts that are not locked: all of them without a lock file.
#[cfg(feature = "lint")]
pub(crate) fn findings(folder: &Folder) -> Vec<Problem> {
    migrate_lint::lint(folder.unlocked(), folder.options.dialect)
}

/// No findings: nobody could have asked for them.
#[cfg(not(feature = "lint"))]
pub(crate) fn findings(_folder: &Folder) -> Vec<Problem> {
    Vec::new()
}
