//! What the integration tests of the workspace stand on: throw-away Postgres
//! servers, fresh databases behind every driver, migrations made of texts, and a
//! proxy that counts and cuts traffic.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod awaited;
mod blocking;
mod cases;
mod cluster;
mod connection;
mod database;
mod directed;
mod migrations;
mod poll;
mod proxy;

pub use awaited::Awaited;
pub use cases::Case;
pub use cluster::{Cluster, OwnCluster, postgres};
pub use connection::{Connection, Driver, Fresh, Moment, Verb, polled};
pub use database::Database;
pub use directed::{Directed, Director, Fault, FaultAt, FaultWhere, Requests};
pub use migrations::{
    migrations, numbered, numbered_and_back, numbered_and_outside, numbered_but_failing, numbered_for_old, only_for,
    set,
};
pub use poll::poll;
pub use proxy::{Direction, Proxy, Traffic};

/// The environment variable that names a cluster which already runs, as
/// [`Cluster::to_env`] writes it.
pub const CLUSTER_ENV: &str = "MIGRATE_TEST_POSTGRES";
