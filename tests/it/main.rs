//! The integration tests of the workspace.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bad_input;
mod compile_errors;
mod conformance;
mod counted;
mod crashes;
mod dependencies;
mod disk_full;
mod fingerprint;
mod foreign_keys;
mod guard;
mod in_transaction;
mod infrastructure;
mod interference;
mod interleaved;
mod locks;
mod observing;
mod outside;
mod promises;
mod races;
mod rebuild;
mod scan_differential;
mod scenarios;
mod schedules;
mod scratch;
mod sets;
mod shown_by;
mod sources;
mod stamp;
mod steps;
mod testing;
mod traffic;
mod transactions;
mod transcripts;
mod wire;
