//! The kit for tests.

mod postgres;
mod sqlite;
