//! Histories of other tools, in real databases: written by the tools where they can be called from here, and otherwise with their own
//! statements, whose source is named. Read with the queries of `migrate_core::adopt`, and compared.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod dbmate;
mod diesel;
mod flyway;
mod golang_migrate;
mod goose;
mod history;
mod prisma;
mod refinery;
mod rusqlite_migration;
mod sqlx;
mod written;
