//! A run on a connection of a pool that hands it on as it comes back, without a request of its own.

use bb8_postgres::PostgresConnectionManager;
use bb8_postgres::bb8::Pool;
use migrate_tests::{Case, Driver, Fresh, Moment, polled};
use tokio_postgres::NoTls;

/// Wherever a run is dropped, the next user of the pool's only connection is in no transaction, and can finish what was begun.
#[test]
fn a_run_dropped_at_every_poll_on_a_pool_of_one() {
    let driver = Driver::TokioPostgres;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for (name, moment) in ["run from nothing", "run as one", "run a step as one"]
        .into_iter()
        .flat_map(|name| Moment::BOTH.map(|moment| (name, moment)))
    {
        let fresh = Fresh::new(driver);
        let case = Case::named(driver, name).unwrap();
        let sets = case.sets(driver);
        let migrator = case.migrator(driver, &sets);
        let mut expect = Vec::new();
        for polls in 0.. {
            assert!(polls < 200, "it never ends");
            fresh.connect().execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
            let what = format!("{name}, dropped after {polls} polls, {moment:?}");
            let has_ended = runtime.block_on(async {
                let manager = PostgresConnectionManager::new(fresh.database().url().parse().unwrap(), NoTls);
                let pool = Pool::builder().max_size(1).test_on_check_out(false).build(manager).await.unwrap();
                let session = async || {
                    let row = pool.get().await.unwrap().query_one("SELECT pg_backend_pid()", &[]).await.unwrap();
                    row.get::<_, i32>(0)
                };
                let first = session().await;
                let mut connection = pool.get().await.unwrap();
                let ended = polled(migrator.run_async(&mut connection), polls, moment).await;
                drop(connection);
                let mut next = pool.get().await.unwrap();
                // Refused inside a transaction.
                next.batch_execute("VACUUM").await.unwrap_or_else(|error| panic!("{what}: {error:?}"));
                migrator.run_async(&mut next).await.unwrap_or_else(|error| panic!("{what}, then: {error}"));
                drop(next);
                assert_eq!(session().await, first, "{what}");
                ended.is_some()
            });
            let snapshot = fresh.connect().snapshot();
            if expect.is_empty() {
                // Nothing was done before it was dropped, and all of it then.
                expect.clone_from(&snapshot);
            }
            assert_eq!(snapshot, expect, "{what}");
            if has_ended {
                println!("{name}, {moment:?}: {polls} polls");
                assert!(polls > 5, "{polls}");
                break;
            }
        }
    }
}
