//! The integration tests of the workspace.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod conformance;
mod infrastructure;
mod scan_differential;
