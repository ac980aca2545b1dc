//! What a claim expects of the history: what the plan saw, and what has been done since. Anything else means that another
//! runner has changed it, and the plan no longer holds.

use std::collections::{BTreeMap, BTreeSet};

use migrate_core::{Checksum, Direction, HistoryRow, RowState, Version};

use super::prepare::Prepared;
use super::read::Recorded;

/// The rows of the set that count, as the plan knows of them.
#[derive(Default)]
pub(super) struct Foreseen {
    rows: BTreeMap<(usize, String), (Version, Checksum)>,
    /// Whether all of them are applied.
    is_at_rest: bool,
    /// SQLite: while the database has this data version, nobody else has written to it.
    data_version: Option<String>,
    /// Whether this runner has done a script of this plan.
    has_had_turn: bool,
    /// Whether a script of this plan may have written to the history itself, or have made a trigger on it.
    may_have_changed: bool,
}

impl Foreseen {
    pub(super) fn of(recorded: &Recorded) -> Foreseen {
        let counting = recorded.rows.iter().filter(|row| row.state != RowState::Pending);
        let is_at_rest = counting.clone().all(|row| row.state == RowState::Applied);
        Foreseen {
            rows: counting.map(|row| (key(&row.version), (row.version.clone(), row.checksum))).collect(),
            is_at_rest,
            data_version: recorded.facts.data_version.clone().filter(|_| is_at_rest),
            ..Foreseen::default()
        }
    }

    /// A script has done its work, run by this runner or by another one with the same plan.
    pub(super) fn is_done(&mut self, prepared: &Prepared<'_>) {
        match prepared.direction {
            Direction::Up => {
                let version = &prepared.version;
                let checksum = prepared.embedded.map(|migration| migration.up().checksum());
                self.rows.extend(checksum.map(|checksum| (key(version), (version.clone(), checksum))));
            }
            Direction::Down => _ = self.rows.remove(&key(&prepared.version)),
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

    /// What is applied, in order, to be compared row by row: before the first turn anything may have happened. Behind it others would have
    /// to take away what this runner has just written, which the next look notices.
    pub(super) fn applied_before_first_turn(&self) -> Option<impl Iterator<Item = (&Version, Checksum)>> {
        let is_sure = self.is_at_rest && !self.has_had_turn;
        is_sure.then(|| self.rows.values().map(|(version, checksum)| (version, *checksum)))
    }

    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The highest version, as the database's numbers have it.
    pub(super) fn latest(&self) -> Option<&str> {
        self.rows.keys().next_back().map(|(_, digits)| digits.as_str())
    }

    pub(super) fn is_below_latest(&self, version: &Version) -> bool {
        self.rows.keys().next_back().is_some_and(|latest| key(version) < *latest)
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

/// The order of the database's numbers.
fn key(version: &Version) -> (usize, String) {
    (version.digits().len(), version.digits().to_owned())
}
