//! The integration tests of the workspace.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bad_input;
mod conformance;
mod infrastructure;
mod races;
mod scan_differential;
mod traffic;
mod transactions;
