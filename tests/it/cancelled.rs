//! A future that is dropped at any of its await points leaves no transaction open, and the next run ends well.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use migrate_runtime::{Migrations, Migrator, Scope, Step};
use migrate_tests::{migrations, postgres};

/// The future's value, unless it takes more polls than that: then it is dropped.
async fn polled<F: Future>(future: F, most: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut polls = 0;
    poll_fn(|context| {
        if polls == most {
            return Poll::Ready(None);
        }
        polls += 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

fn check(set: &Migrations, options: impl Fn(Migrator<'_>) -> Migrator<'_>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for most in 0.. {
        assert!(most < 300, "the run never ends");
        let database = postgres().database("cancelled");
        let is_done = runtime.block_on(async {
            let mut client = database.connect_tokio().await;
            let ended = polled(options(Migrator::new(set)).run_async(&mut client), most).await;
            if let Some(ended) = &ended {
                assert!(ended.is_ok(), "{ended:?}");
            }
            // Refused inside a transaction.
            client.batch_execute("VACUUM").await.unwrap_or_else(|error| panic!("dropped at poll {most}: {error}"));
            // Another connection, while this one lives on in its pool.
            let mut other = database.connect_tokio().await;
            let patient = options(Migrator::new(set)).wait_timeout(std::time::Duration::from_secs(20));
            patient.run_async(&mut other).await.unwrap_or_else(|error| panic!("dropped at poll {most}: {error}"));
            // The same connection, as the next user of a pool gets it.
            options(Migrator::new(set)).run_async(&mut client).await.unwrap();
            options(Migrator::new(set)).verify_async(&mut client).await.unwrap();
            let row = client.query_one("SELECT array_agg(x ORDER BY x) FROM done", &[]).await.unwrap();
            assert_eq!(row.get::<_, Vec<i32>>(0), [1, 2, 3], "dropped at poll {most}");
            let timeouts = client.query_one("SELECT current_setting('lock_timeout')", &[]).await.unwrap();
            assert_eq!(timeouts.get::<_, &str>(0), "0", "dropped at poll {most}");
            ended.is_some()
        });
        if is_done {
            println!("dropped at {most} polls");
            assert!(most > 3, "{most}");
            return;
        }
    }
}

fn set(directive: &str) -> Migrations {
    let second = format!("{directive}INSERT INTO done VALUES (2);\nSELECT pg_sleep(0.001);\nSELECT 2;");
    migrations(&[
        ("1_a.sql", "CREATE TABLE done (x integer);\nINSERT INTO done VALUES (1);"),
        ("2_b.sql", &second),
        ("3_c.sql", "INSERT INTO done VALUES (3);"),
    ])
}

#[test]
fn each_migration_a_transaction() {
    check(&set(""), |migrator| migrator);
}

#[test]
fn all_in_one_transaction() {
    check(&set(""), |migrator| migrator.scope(Scope::All));
}

#[test]
fn outside_of_a_transaction() {
    check(&set("-- migrate: no-transaction\n"), |migrator| migrator);
}

#[test]
fn steps() {
    let files = migrations(&[
        ("1_a.sql", "CREATE TABLE done (x integer);\nINSERT INTO done VALUES (1);"),
        ("3_c.sql", "INSERT INTO done VALUES (3);"),
    ]);
    let step = || {
        Step::tokio_postgres(|tx| {
            Box::pin(async move {
                tx.execute("INSERT INTO done VALUES (2)", &[]).await?;
                tx.batch_execute("SELECT pg_sleep(0.001)").await?;
                Ok(())
            })
        })
    };
    check(&files, |migrator| migrator.step(2, "two", step()));
    check(&files, |migrator| migrator.scope(Scope::All).step(2, "two", step()));
}
