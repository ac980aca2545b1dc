//! What a claim expects of the history: what the plan saw, and what has been done since. Anything else means that another
//! runner has changed it, and the plan no longer holds.

use std::collections::BTreeSet;

use migrate_core::{Direction, HistoryRow, RowState, Version};

use super::prepare::Prepared;
use super::read::Recorded;

/// The rows of the set that count, as the plan knows of them.
#[derive(Default)]
pub(super) struct Foreseen {
    /// Digits behind their number: the order of the database's numbers.
    versions: BTreeSet<(usize, String)>,
    /// SQLite: while the database has this data version, nobody else has written to it.
    data_version: Option<String>,
    /// Whether this runner has done a script of this plan.
    has_had_turn: bool,
    /// Whether a script of this plan may have written to the history itself, or have made a trigger on it.
    may_have_changed: bool,
}

impl Foreseen {
    pub(super) fn of(recorded: &Recorded) -> Foreseen {
        let mut foreseen = Foreseen::default();
        let counts = |row: &&HistoryRow| row.state != RowState::Pending;
        recorded.rows.iter().filter(counts).for_each(|row| foreseen.add(&row.version));
        if recorded.rows.iter().all(|row| matches!(row.state, RowState::Applied | RowState::Pending)) {
            foreseen.data_version.clone_from(&recorded.facts.data_version);
        }
        foreseen
    }

    /// A script has done its work, run by this runner or by another one with the same plan.
    pub(super) fn is_done(&mut self, prepared: &Prepared<'_>) {
        match prepared.direction {
            Direction::Up => self.add(&prepared.version),
            Direction::Down => _ = self.versions.remove(&key(&prepared.version)),
        }
    }

    /// A script may have written to the history itself: what others have not done says nothing any more.
    pub(super) fn note_meddler(&mut self) {
        self.may_have_changed = true;
    }

    pub(super) fn may_have_changed(&self) -> bool {
        self.may_have_changed
    }

    /// This runner has had a turn, and has done its script.
    pub(super) fn note_turn(&mut self) {
        self.has_had_turn = true;
    }

    /// Whether this runner has had a turn, so that the history can be written and, in a transaction around all, nobody else has one.
    pub(super) fn has_had_turn(&self) -> bool {
        self.has_had_turn
    }

    pub(super) fn data_version(&self) -> Option<&str> {
        self.data_version.as_deref().filter(|_| !self.may_have_changed)
    }

    pub(super) fn rows(&self) -> usize {
        self.versions.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.versions.is_empty()
    }

    /// The highest version, as the database's numbers have it.
    pub(super) fn latest(&self) -> Option<&str> {
        self.versions.last().map(|(_, digits)| digits.as_str())
    }

    pub(super) fn is_below_latest(&self, version: &Version) -> bool {
        self.versions.last().is_some_and(|latest| key(version) < *latest)
    }

    fn add(&mut self, version: &Version) {
        self.versions.insert(key(version));
    }
}

/// What tells a history from any other, also from one that was changed and changed back in between.
#[derive(PartialEq, Eq)]
pub(super) struct Seen(BTreeSet<(String, &'static str, String, String)>);

impl Seen {
    pub(super) fn of(rows: &[HistoryRow]) -> Seen {
        let row = |row: &HistoryRow| {
            (row.version.digits().to_owned(), row.state.as_str(), row.applied_at.clone(), row.audit.clone())
        };
        Seen(rows.iter().map(row).collect())
    }
}

fn key(version: &Version) -> (usize, String) {
    (version.digits().len(), version.digits().to_owned())
}
