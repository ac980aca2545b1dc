//! The command as people call it: the real binary, in real folders.

#![allow(clippy::unwrap_used)]

mod check;
mod help;
mod lock;
mod new;
mod package;
mod rebase;
