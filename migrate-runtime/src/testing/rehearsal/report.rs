//! What a rehearsal has found.

use std::fmt;

use migrate_core::Label;

use crate::fingerprint::Fingerprint;

/// What a successful [`Rehearsal`](super::Rehearsal) has found. `Display` is one line for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rehearsed {
    pub(super) migrations: usize,
    pub(super) without_down: Vec<Label>,
    pub(super) fingerprint: Fingerprint,
}

impl Rehearsed {
    /// How many migrations there are.
    pub fn migrations(&self) -> usize {
        self.migrations
    }

    /// The migrations that have no script down, and were rehearsed upwards alone.
    pub fn without_down(&self) -> &[Label] {
        &self.without_down
    }

    /// The schema that every way leads to.
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }
}

impl fmt::Display for Rehearsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.migrations == 1 { "" } else { "s" };
        write!(f, "rehearsed {} migration{plural}", self.migrations)?;
        let labels: Vec<&str> = self.without_down.iter().map(Label::as_str).collect();
        if !labels.is_empty() {
            write!(f, "; without a script down: {}", labels.join(", "))?;
        }
        Ok(())
    }
}
