//! The kit for tests.

mod postgres;
mod rehearsal;
mod sqlite;
