//! Histories of other tools, in real databases: written by the tools where they can be called from here, recorded where they ran elsewhere
//! (`recorded`), and with their own statements, whose source is named, for what is hard to bring them to. Read with the queries of `migrate_core::adopt`, compared, and taken over with the verb
//! `adopt`.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod adoption;
mod at_once;
mod dbmate;
mod diesel;
mod flyway;
mod golang_migrate;
mod goose;
mod history;
mod prisma;
mod recorded;
mod refinery;
mod refusals;
mod rusqlite_migration;
mod sqlx;
mod written;
