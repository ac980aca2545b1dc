//! What a claim expects of the history: what the plan saw, and what has been applied since. Anything else means that another
//! runner has changed it, and the plan no longer holds.

use migrate_core::{HistoryRow, Version};

/// The rows of the set that the plan knows of.
#[derive(Default)]
pub(super) struct Foreseen {
    pub(super) rows: usize,
    /// The highest version, as the database's numbers have it.
    pub(super) latest: Option<String>,
}

impl Foreseen {
    pub(super) fn of(rows: &[HistoryRow]) -> Foreseen {
        let mut foreseen = Foreseen::default();
        rows.iter().for_each(|row| foreseen.add(&row.version));
        foreseen
    }

    /// A migration was applied, by this runner or by another one with the same plan.
    pub(super) fn add(&mut self, version: &Version) {
        let value = |digits: &str| (digits.len(), digits.to_owned());
        self.rows += 1;
        if self.latest.as_deref().map(value) < Some(value(version.digits())) {
            self.latest = Some(version.digits().to_owned());
        }
    }
}
