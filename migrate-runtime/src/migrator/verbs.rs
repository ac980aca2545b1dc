//! The verbs that write, each in four forms.

use migrate_core::Version;

use super::{Migrator, Resume};
use crate::driver::{AsyncDatabase, Database};
use crate::engine::{Edit, Verb};
use crate::error::Error;
use crate::report::{Plan, Report};
#[cfg(doc)]
use crate::{ErrorKind, Migrations, Scope};

/// The verbs that write, tried only: each returns a [`Plan`] of what it would do, and writes nothing. Made by [`Migrator::dry_run`].
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// use migrate_runtime::{Migrator, embed_migrations};
///
/// let migrations = embed_migrations!("doc-orders");
/// let migrator = Migrator::new(&migrations);
/// let mut db = rusqlite::Connection::open_in_memory()?;
/// migrator.run(&mut db)?;
/// let plan = migrator.dry_run().revert_last(&mut db, 1)?;
/// assert_eq!(plan.changes()[0].sql, "ALTER TABLE orders DROP COLUMN total;\n");
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct DryRun<'m, 'a>(pub(super) &'m Migrator<'a>);

/// Writes a verb down four times: blocking and asynchronous, done and tried only.
///
/// The texts behind `example` are for the docs: the folder of the set, the options, what has been done before, the arguments behind the
/// connection, and what the plan begins with.
macro_rules! verbs {
    ($(
        $(#[doc = $doc:literal])+
        ($($arg:ident: $type:ty),*) $blocking:ident $asynchronous:ident => $verb:expr,
            example $folder:literal $options:literal $before:literal $with:literal $tells:literal;
    )+) => {
        /// The verbs that write.
        impl Migrator<'_> {$(
            $(#[doc = $doc])+
            pub fn $blocking<Kind>(&self, db: &mut impl Database<Kind>, $($arg: $type),*) -> Result<Report, Error> {
                self.execute_on(&mut db.session(), $verb)
            }

            #[doc = concat!("[`", stringify!($blocking), "`](Migrator::", stringify!($blocking), ") for asynchronous drivers.")]
            ///
            /// A future that is dropped before its end leaves no transaction open: the migration in progress is committed whole or
            /// rolled back; one outside of a transaction is interrupted.
            ///
            /// ```no_run
            /// # #[cfg(feature = "tokio-postgres")] {
            /// # async fn on_server(client: &mut tokio_postgres::Client) -> Result<(), migrate_runtime::Error> {
            /// use migrate_runtime::{Migrations, Migrator, embed_migrations};
            ///
            #[doc = concat!("static MIGRATIONS: Migrations = embed_migrations!(", stringify!($folder), ");")]
            ///
            #[doc = concat!("let migrator = Migrator::new(&MIGRATIONS)", $options, ";")]
            #[doc = concat!("let report = migrator.", stringify!($asynchronous), "(client", $with, ").await?;")]
            /// println!("{report}");
            /// # Ok(())
            /// # }
            /// # }
            /// ```
            ///
            /// # Errors
            #[doc = concat!("As [`", stringify!($blocking), "`](Migrator::", stringify!($blocking), ").")]
            pub async fn $asynchronous<Kind>(
                &self,
                db: &mut impl AsyncDatabase<Kind>,
                $($arg: $type),*
            ) -> Result<Report, Error> {
                self.execute_on_async(&mut db.session(), $verb).await
            }
        )+}

        impl DryRun<'_, '_> {$(
            #[doc = concat!("What [`Migrator::", stringify!($blocking), "`] would do. Writes nothing.")]
            ///
            /// ```
            /// # #[cfg(feature = "rusqlite-bundled")] {
            /// # use migrate_runtime::{Migrator, embed_migrations};
            #[doc = concat!("# let migrations = embed_migrations!(", stringify!($folder), ");")]
            /// # let mut db = rusqlite::Connection::open_in_memory()?;
            #[doc = concat!("let migrator = Migrator::new(&migrations)", $options, ";")]
            #[doc = $before]
            #[doc = concat!("let plan = migrator.dry_run().", stringify!($blocking), "(&mut db", $with, ")?;")]
            #[doc = concat!("assert!(plan.to_string().starts_with(", stringify!($tells), "));")]
            /// # }
            /// # Ok::<(), Box<dyn std::error::Error>>(())
            /// ```
            ///
            /// # Errors
            /// What would keep the verb from doing anything.
            pub fn $blocking<Kind>(&self, db: &mut impl Database<Kind>, $($arg: $type),*) -> Result<Plan, Error> {
                self.0.try_on(&mut db.session(), $verb)
            }

            #[doc = concat!("What [`Migrator::", stringify!($asynchronous), "`] would do. Writes nothing.")]
            ///
            /// ```no_run
            /// # #[cfg(feature = "tokio-postgres")] {
            /// # async fn on_server(client: &mut tokio_postgres::Client) -> Result<(), migrate_runtime::Error> {
            /// # use migrate_runtime::{Migrations, Migrator, embed_migrations};
            #[doc = concat!("# static MIGRATIONS: Migrations = embed_migrations!(", stringify!($folder), ");")]
            #[doc = concat!("let migrator = Migrator::new(&MIGRATIONS)", $options, ";")]
            #[doc = concat!("println!(\"{}\", migrator.dry_run().", stringify!($asynchronous), "(client", $with, ").await?);")]
            /// # Ok(())
            /// # }
            /// # }
            /// ```
            ///
            /// # Errors
            /// What would keep the verb from doing anything.
            pub async fn $asynchronous<Kind>(
                &self,
                db: &mut impl AsyncDatabase<Kind>,
                $($arg: $type),*
            ) -> Result<Plan, Error> {
                self.0.try_on_async(&mut db.session(), $verb).await
            }
        )+}
    };
}

verbs! {
    /// See [`Migrations::run`]. Goes on by itself with what was interrupted outside of a transaction, where it is safe to tell how.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{Migrator, embed_migrations};
    ///
    /// let migrations = embed_migrations!("doc-orders");
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let migrator = Migrator::new(&migrations).applied_by("release 1.4");
    /// assert_eq!(migrator.run(&mut db)?.changes().len(), 2);
    /// assert!(migrator.run(&mut db)?.is_empty()); // the second start finds nothing to do
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Migrations::run`].
    () run run_async => Verb::Run,
        example "doc-orders" "" "#" "" "would apply 0001_orders";

    /// Reverts every migration above `version`, the latest first, each in a transaction of its own (see [`Scope`]): runs the scripts
    /// down that the binary has, or that the history has kept of migrations which this binary does not know.
    ///
    /// The history keeps their rows, as `pending`, with who reverted them and when. A script down that was interrupted outside of a
    /// transaction goes on first, and a runner that is at work outside of one is waited for.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{Migrator, embed_migrations};
    ///
    /// let migrations = embed_migrations!("doc-orders");
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let migrator = Migrator::new(&migrations);
    /// migrator.run(&mut db)?;
    /// let report = migrator.revert_to(&mut db, 1.into())?;
    /// assert_eq!(report.changes()[0].migration.as_str(), "0002_orders_total");
    /// db.execute_batch("INSERT INTO orders (number) VALUES ('A-1')")?; // version 1 is still there
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::NoDownScript`] before anything is reverted, when one of them has no script down;
    /// [`ErrorKind::UnknownVersion`] when neither the binary nor the history has `version` (what reverts everything is
    /// [`reset`](Migrator::reset)); [`ErrorKind::HistoryMismatch`] when an applied migration differs from the binary's; otherwise as
    /// [`Migrations::run`].
    (version: Version) revert_to revert_to_async => Verb::RevertTo(version),
        example "doc-orders" "" "migrator.run(&mut db)?;" ", 1.into()" "would revert 0002_orders_total";

    /// Reverts the `migrations` highest versions that are applied, like [`revert_to`](Migrator::revert_to).
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{Migrator, embed_migrations};
    ///
    /// let migrations = embed_migrations!("doc-orders");
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let migrator = Migrator::new(&migrations);
    /// migrator.run(&mut db)?;
    /// let report = migrator.revert_last(&mut db, 2)?;
    /// let reverted: Vec<&str> = report.changes().iter().map(|change| change.migration.as_str()).collect();
    /// assert_eq!(reverted, ["0002_orders_total", "0001_orders"]);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`revert_to`](Migrator::revert_to).
    (migrations: usize) revert_last revert_last_async => Verb::RevertLast(migrations),
        example "doc-orders" "" "migrator.run(&mut db)?;" ", 1" "would revert 0002_orders_total";

    /// Reverts the `migrations` highest versions that are applied, and applies them again: for work on a script.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{Action, Migrator, embed_migrations};
    ///
    /// let migrations = embed_migrations!("doc-orders");
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let migrator = Migrator::new(&migrations);
    /// migrator.run(&mut db)?;
    /// let report = migrator.redo_last(&mut db, 1)?;
    /// let actions: Vec<Action> = report.changes().iter().map(|change| change.action).collect();
    /// assert_eq!(actions, [Action::Revert, Action::Apply]);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`revert_to`](Migrator::revert_to), and [`ErrorKind::UnknownVersion`] when this binary does not have one of them.
    (migrations: usize) redo_last redo_last_async => Verb::RedoLast(migrations),
        example "doc-orders" "" "migrator.run(&mut db)?;" ", 1" "would revert 0002_orders_total";

    /// Reverts everything that is applied. Needs [`dangerously_allow_reset`](Migrator::dangerously_allow_reset).
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{Migrator, embed_migrations};
    ///
    /// let migrations = embed_migrations!("doc-orders");
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let migrator = Migrator::new(&migrations).dangerously_allow_reset();
    /// migrator.run(&mut db)?;
    /// migrator.reset(&mut db)?;
    /// assert!(db.prepare("SELECT * FROM orders").is_err()); // the table is gone, and what was in it
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`] when it was not allowed; otherwise as [`revert_to`](Migrator::revert_to).
    () reset reset_async => Verb::Reset,
        example "doc-orders" ".dangerously_allow_reset()" "migrator.run(&mut db)?;" "" "would revert 0002_orders_total";

    /// Takes over a database that already has the schema, and no history: every migration up to `version` is recorded as applied,
    /// and none is run.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{Migrator, embed_migrations};
    ///
    /// let migrations = embed_migrations!("doc-orders");
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// db.execute_batch("CREATE TABLE orders (id integer PRIMARY KEY, number text NOT NULL)")?; // by hand, long ago
    /// let migrator = Migrator::new(&migrations);
    /// migrator.baseline(&mut db, 1.into())?; // what version 1 makes is there
    /// let report = migrator.run(&mut db)?;
    /// assert_eq!(report.changes()[0].migration.as_str(), "0002_orders_total");
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::HasHistory`] when the set has a history that says otherwise, [`ErrorKind::UnknownVersion`] when the binary has no such
    /// version. Where all of them are recorded already there is nothing to do.
    (version: Version) baseline baseline_async => Verb::Edit(Edit::Baseline(version)),
        example "doc-orders" "" "#" ", 2.into()" "would baseline 0001_orders";

    /// Accepts what the binary has of an applied migration: text, checksum and name. Nothing is run. The row keeps the old checksum,
    /// who accepted it, when, and why.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{ErrorKind, Migrator, embed_migrations};
    ///
    /// let migrations = embed_migrations!("doc-orders");
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let migrator = Migrator::new(&migrations);
    /// # migrator.run(&mut db)?;
    /// # db.execute("UPDATE schema_migrations SET checksum = 'sha256:' || printf('%064d', 0) WHERE version = '2'", [])?;
    /// // A comment in 0002_orders_total was edited after it was applied.
    /// assert_eq!(migrator.run(&mut db).unwrap_err().kind(), ErrorKind::HistoryMismatch);
    /// migrator.repair(&mut db, 2.into(), "only a comment was edited")?;
    /// migrator.run(&mut db)?;
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`] without a reason, [`ErrorKind::HistoryMismatch`] when it is not applied or only in the history,
    /// [`ErrorKind::UnknownVersion`] when nobody knows the version, [`ErrorKind::Interrupted`] while a runner is at work on it.
    (version: Version, reason: &str) repair repair_async => Verb::Edit(Edit::Repair(version, reason.to_owned())),
        example "doc-orders" ""
            "# migrator.run(&mut db)?;\n\
            # let edited = \"UPDATE schema_migrations SET checksum = 'sha256:' || printf('%064d', version)\";\n\
            # db.execute(edited, [])?;\n\
            // The text of version 2 is not the one that was applied."
            ", 2.into(), \"only a comment was edited\"" "would repair 0002_orders_total";

    /// Records a migration as applied that was done by hand. Nothing is run. The row keeps who said so, when, and why.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{Migrator, embed_migrations};
    ///
    /// let migrations = embed_migrations!("doc-orders");
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// db.execute_batch("CREATE TABLE orders (id integer PRIMARY KEY, number text NOT NULL)")?;
    /// let migrator = Migrator::new(&migrations);
    /// migrator.mark_applied(&mut db, 1.into(), "the table was made by hand in an emergency")?;
    /// assert_eq!(migrator.run(&mut db)?.changes().len(), 1); // version 2 alone
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`] without a reason, [`ErrorKind::UnknownVersion`] when the binary has no such version,
    /// [`ErrorKind::Interrupted`] while a runner is at work on it.
    (version: Version, reason: &str) mark_applied mark_applied_async => Verb::Edit(Edit::MarkApplied(version, reason.to_owned())),
        example "doc-orders" "" "#" ", 1.into(), \"was run by hand\"" "would mark applied 0001_orders";

    /// Records a migration as not applied that was undone by hand. Nothing is run. The row keeps who said so, when, and why.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{Migrator, embed_migrations};
    ///
    /// let migrations = embed_migrations!("doc-orders");
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let migrator = Migrator::new(&migrations);
    /// migrator.run(&mut db)?;
    /// db.execute_batch("ALTER TABLE orders DROP COLUMN total")?;
    /// migrator.mark_pending(&mut db, 2.into(), "the column was dropped by hand")?;
    /// assert_eq!(migrator.run(&mut db)?.changes()[0].migration.as_str(), "0002_orders_total");
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`] without a reason, [`ErrorKind::UnknownVersion`] when nobody knows the version,
    /// [`ErrorKind::Interrupted`] while a runner is at work on it.
    (version: Version, reason: &str) mark_pending mark_pending_async => Verb::Edit(Edit::MarkPending(version, reason.to_owned())),
        example "doc-orders" "" "migrator.run(&mut db)?;" ", 2.into(), \"was undone by hand\"" "would mark pending 0002_orders_total";

    /// Goes on with a migration that was interrupted outside of a transaction, after a person has looked what became of the statement
    /// in doubt: the one that [`ErrorKind::Interrupted`] has shown. Does nothing else. The decision is about what is interrupted when this
    /// is called. Where another runner is at work on it by then, or goes on with it meanwhile, it does not count: what is in doubt then is
    /// asked about again.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::{Action, Migrator, Resume, embed_migrations};
    ///
    /// let migrations = embed_migrations!("doc-notes"); // `-- migrate: no-transaction`
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// db.execute_batch("CREATE TABLE tags (tag text)")?; // in the way of the last statement
    /// let migrator = Migrator::new(&migrations);
    /// migrator.run(&mut db).unwrap_err(); // what came before it is done, and stays
    /// db.execute_batch("DROP TABLE tags")?;
    /// let report = migrator.resume(&mut db, Resume::Retry)?; // here `run` would go on by itself, too
    /// assert_eq!(report.changes()[0].action, Action::Resume);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Interrupted`] for [`Resume::Skip`] and [`Resume::MarkDone`] where no statement is in doubt: the next one has not
    /// run. Otherwise as [`run`](Migrator::run).
    (decision: Resume) resume resume_async => Verb::Resume(decision),
        example "doc-notes" ""
            "# db.execute_batch(\"CREATE TABLE tags (tag)\")?;\n\
            migrator.run(&mut db).unwrap_err(); // the last statement fails, those before it are done\n\
            # db.execute_batch(\"DROP TABLE tags\")?;"
            ", migrate_runtime::Resume::Retry" "would resume 0001_notes";
}
