//! How reports become text: one line a migration, in columns.

use std::fmt;

use migrate_core::Label;

pub(crate) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// What is said when nothing was done, or would be.
pub(super) fn empty(f: &mut fmt::Formatter<'_>, when_empty: &str, total: usize, pending: usize) -> fmt::Result {
    match pending {
        0 => write!(f, "{when_empty}, {}", count(total, "migration")),
        _ => write!(f, "nothing to apply: {pending} of {} left out", count(total, "migration")),
    }
}

/// A last line about what a run leaves out, if it does.
pub(super) fn left_out(f: &mut fmt::Formatter<'_>, pending: usize) -> fmt::Result {
    match pending {
        0 => Ok(()),
        _ => write!(f, "\nleft out: {}", count(pending, "migration")),
    }
}

pub(super) fn width<'a>(labels: impl Iterator<Item = &'a Label>) -> usize {
    labels.map(|label| label.as_str().chars().count()).max().unwrap_or(0)
}

/// The names of sets, as a column that is there only when they are several.
pub(super) struct Sets(usize);

pub(super) fn sets<'a>(names: impl Iterator<Item = &'a str>) -> Sets {
    let names: std::collections::BTreeSet<&str> = names.collect();
    let longest = names.iter().map(|name| name.len()).max().unwrap_or(0);
    Sets(if names.len() > 1 { longest } else { 0 })
}

impl Sets {
    pub(super) fn column(&self, name: &str) -> String {
        if self.0 == 0 { String::new() } else { format!("{name:width$}  ", width = self.0) }
    }
}

pub(super) fn lines<T>(
    f: &mut fmt::Formatter<'_>,
    items: &[T],
    mut line: impl FnMut(&mut fmt::Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    items.iter().enumerate().try_for_each(|(index, item)| {
        if index > 0 {
            f.write_str("\n")?;
        }
        line(f, item)
    })
}
