//! Tests of what the other tests stand on.

mod cluster;
mod proxy;
mod with_postgres;
