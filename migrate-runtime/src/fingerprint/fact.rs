//! One fact of a schema: what it is about, and what holds of it.

use crate::driver::Row;

/// `subject: detail`, or the subject alone. Ordered by subject.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Fact {
    text: String,
    subject_length: usize,
}

impl Fact {
    pub(super) fn new(subject: &str, detail: &str) -> Fact {
        let detail = detail.trim_end();
        let text = if detail.is_empty() { subject.to_owned() } else { format!("{subject}: {detail}") };
        Fact { text, subject_length: subject.len() }
    }

    /// From a row of subject and detail. A part of it that is NULL is not there.
    pub(super) fn from_row(row: &Row) -> Option<Fact> {
        let cell = |index: usize| row.get(index).and_then(Option::as_deref);
        Some(Fact::new(cell(0)?, cell(1).unwrap_or_default()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn subject(&self) -> &str {
        self.text.get(..self.subject_length).unwrap_or_default()
    }

    pub(super) fn detail(&self) -> &str {
        self.text.get(self.subject_length..).unwrap_or_default().trim_start_matches(": ")
    }
}
