//! The lint, where it is built in: what is risky in the scripts that have not shipped.

use migrate_core::Problem;
use migrate_core::folder::Folder;

/// Whether the feature `lint` is on.
pub(crate) const IS_BUILT_IN: bool = cfg!(feature = "lint");

/// The findings in the scripts that are not locked: all of them without a lock file. Advice is for drafts alone, which can be edited.
#[cfg(feature = "lint")]
pub(crate) fn findings(folder: &Folder) -> Vec<Problem> {
    if folder.has_unknown_dialect() {
        let message = "the lint does not know which database the scripts are for";
        return vec![Problem::new(message, "say it: `dialect = \"postgres\"` or `dialect = \"sqlite\"`")];
    }
    let mut findings =
        migrate_lint::lint(folder.set.scripts(), folder.options.dialect, |script| folder.is_unlocked(script));
    findings.retain(|finding| folder.lock.is_some() || !migrate_lint::is_advice(finding));
    findings
}

/// No findings: nobody could have asked for them.
#[cfg(not(feature = "lint"))]
pub(crate) fn findings(_folder: &Folder) -> Vec<Problem> {
    Vec::new()
}
