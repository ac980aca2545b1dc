//! Whose is what: the lock file of others, and one's own.

use std::collections::BTreeSet;

use migrate_core::Problem;
use migrate_core::lock::LockFile;

use crate::args::Side;
use crate::git::{State, Work};

/// A lock file, parted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sides {
    /// What keeps its place.
    pub(super) theirs: LockFile,
    /// What comes after it.
    pub(super) own: LockFile,
}

impl Sides {
    /// Parts a lock file whose text was read as one or, with conflict markers, as two.
    pub(super) fn of(
        text: &str,
        first: LockFile,
        second: Option<LockFile>,
        asked: Option<Side>,
        state: &State,
    ) -> Result<Sides, Problem> {
        let Some(second) = second else { return Ok(without_conflict(first)) };
        let is_stash = || text.lines().any(|line| line.starts_with(">>>>>>> Stashed changes"));
        let side = asked
            .or_else(|| state.own_side())
            .or_else(|| is_stash().then_some(Side::Second))
            .or_else(|| by_locks(&first, &second).filter(|_| state.work == Work::Pick));
        match side {
            Some(Side::First) => Ok(Sides { theirs: second, own: first }),
            Some(Side::Second) => Ok(Sides { theirs: first, own: second }),
            None => {
                let help = "`--ours first` renumbers the migrations before `=======`, `--ours second` those behind it: \
                            choose those that no other branch and no database has";
                Err(Problem::new("which side of the conflict is your own cannot be told", help))
            }
        }
    }
}

/// What is locked stays where it is; everything else is one's own.
fn without_conflict(mut lock: LockFile) -> Sides {
    let own = LockFile { drafts: std::mem::take(&mut lock.drafts), ..LockFile::default() };
    Sides { theirs: lock, own }
}

/// The side that has locked nothing which the other has not, when only one is like that.
fn by_locks(first: &LockFile, second: &LockFile) -> Option<Side> {
    let has_more = |one: &LockFile, other: &LockFile| {
        let of_other: BTreeSet<_> = other.locked.iter().map(|locked| (&locked.version, &locked.name)).collect();
        one.locked.iter().any(|locked| !of_other.contains(&(&locked.version, &locked.name)))
    };
    match (has_more(first, second), has_more(second, first)) {
        (false, true) => Some(Side::First),
        (true, false) => Some(Side::Second),
        _ => None,
    }
}
