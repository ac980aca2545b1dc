//! Errors that are not a migration's own, each with its remedy: a module a subject.

#[cfg(feature = "adopt")]
pub(super) mod adopt;
mod database;
mod foreign_keys;
mod history;
mod outside;
mod sets;
mod verb;

use std::fmt;

use migrate_core::printable;

pub(super) use database::*;
pub(super) use foreign_keys::*;
pub(super) use history::*;
pub(super) use outside::*;
pub(super) use sets::*;
pub(super) use verb::*;

use crate::report::count;

fn lines<T: fmt::Display>(migrations: &[T]) -> String {
    migrations.iter().map(|migration| format!("   {migration}")).collect::<Vec<_>>().join("\n")
}

/// SQL, a line each.
fn indented(text: &str) -> String {
    text.lines().map(|line| format!("       {}", printable(line))).collect::<Vec<_>>().join("\n")
}

fn is_are(number: usize, what: &str) -> String {
    format!("{} {}", count(number, what), if number == 1 { "is" } else { "are" })
}
