//! What is dropped on a connection of a pool, which hands it on as it comes back, without a request of its own.

use bb8_postgres::PostgresConnectionManager;
use bb8_postgres::bb8::Pool;
use migrate_runtime::{Error, Migrations, Migrator};
use migrate_tests::{Case, Connection, Driver, Fresh, Moment, numbered, polled};
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

/// Neither is its next user, or anything else any different, when what only reads is dropped.
#[test]
fn what_only_reads_dropped_at_every_poll() {
    let (two, three) = (numbered(2), numbered(3));
    let fresh = Fresh::new(Driver::TokioPostgres);
    fresh.connect().run(&Migrator::new(&two)).unwrap();
    let expect = fresh.connect().snapshot();
    let Connection::TokioPostgres(mut client, runtime) = fresh.connect() else { unreachable!() };
    for (verb, moment) in ["plan", "status", "verify", "history", "dry run"]
        .into_iter()
        .flat_map(|verb| Moment::BOTH.map(|moment| (verb, moment)))
    {
        for polls in 0.. {
            let ended = runtime.block_on(async {
                let ended = polled(reads(verb, &three, &mut client), polls, moment).await;
                client.batch_execute("VACUUM").await.unwrap_or_else(|error| panic!("{verb}, {polls} polls: {error:?}"));
                ended
            });
            assert_eq!(fresh.connect().snapshot(), expect, "{verb}, {polls} polls, {moment:?}");
            if let Some(ended) = ended {
                println!("{verb}, {moment:?}: {polls} polls");
                assert_eq!(ended.is_ok(), verb != "verify", "{verb}: {ended:?}");
                assert!(polls > 1, "{verb}: {polls} polls");
                break;
            }
        }
    }
}

async fn reads(verb: &str, set: &Migrations, client: &mut tokio_postgres::Client) -> Result<(), Error> {
    let migrator = Migrator::new(set);
    match verb {
        "plan" => migrator.plan_async(client).await.map(drop),
        "status" => migrator.status_async(client).await.map(drop),
        "verify" => migrator.verify_async(client).await,
        "history" => migrator.history_async(client).await.map(drop),
        _ => migrator.dry_run().run_async(client).await.map(drop),
    }
}
