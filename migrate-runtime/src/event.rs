//! What a run tells while it goes on.

use std::time::Duration;

use migrate_core::{Label, Place};

use crate::error::Error;
use crate::report::{Action, Change, Report};

/// Something that happened in a run; see [`Migrator::on_event`](crate::Migrator::on_event).
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// use std::sync::Mutex;
/// use migrate_runtime::{Event, Migrator, embed_migrations};
///
/// let log = Mutex::new(Vec::new());
/// let migrations = embed_migrations!("doc-migrations");
/// let migrator = Migrator::new(&migrations).at_most(1).on_event(|event| {
///     let line = match event {
///         Event::Planned { migrations, .. } => format!("{} to do", migrations.len()),
///         Event::Started { migration, statements, .. } => format!("{migration} begins, {statements} statement"),
///         Event::Statement { number, place, .. } => format!("statement {number}, at {place}"),
///         Event::Changed { change, .. } => format!("{} {}", change.migration, change.action.done()),
///         Event::Finished { report, .. } => format!("{} done", report.changes().len()),
///         _ => return,
///     };
///     log.lock().unwrap().push(line);
/// });
/// migrator.run(&mut rusqlite::Connection::open_in_memory()?)?;
/// let expect = ["1 to do", "0001_users begins, 1 statement", "statement 1, at 1:1", "0001_users applied", "1 done"];
/// assert_eq!(*log.lock().unwrap(), expect);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The history was read, and these migrations are to be changed. Comes again when another runner has changed some of them.
    #[non_exhaustive]
    Planned {
        /// What is to be applied or reverted, in order.
        migrations: &'a [Label],
    },
    /// Another runner holds what the next migration needs. Comes again about every second.
    #[non_exhaustive]
    Waiting {
        /// Who holds it, where the database can tell: process, user, application and address.
        holder: Option<&'a str>,
        /// How long this run has waited.
        waited: Duration,
    },
    /// A script has failed for a reason that may pass, such as a lock that others hold. Nothing of it was kept, and it will be tried
    /// again after a pause.
    #[non_exhaustive]
    Retrying {
        /// Version and name.
        migration: &'a Label,
        /// How often it has failed.
        tries: u32,
        /// How long the pause is.
        pause: Duration,
        /// What it failed with.
        error: &'a Error,
    },
    /// A migration is about to be claimed, and its script to be run. Another runner may turn out to have been faster; then the next
    /// event is another `Planned`, `Waiting` or `Finished`, and not `Changed`.
    #[non_exhaustive]
    Started {
        /// Version and name.
        migration: &'a Label,
        /// What is to be done.
        action: Action,
        /// How many statements it has.
        statements: usize,
    },
    /// A request with statements of the migration is about to be sent. On drivers that pipeline, all of them come at once.
    #[non_exhaustive]
    Statement {
        /// Version and name.
        migration: &'a Label,
        /// The number of the request's first statement in the script, from 1.
        number: usize,
        /// How many statements of the script the request carries.
        count: usize,
        /// Where the first of them stands in the file.
        place: Place,
    },
    /// A migration was applied, reverted or otherwise changed, and that is committed, or is as soon as the transaction of the caller is.
    #[non_exhaustive]
    Changed {
        /// What the report will say of it.
        change: &'a Change,
    },
    /// The run failed.
    #[non_exhaustive]
    Failed {
        /// What the run returns.
        error: &'a Error,
    },
    /// The run ended well.
    #[non_exhaustive]
    Finished {
        /// What the run returns.
        report: &'a Report,
    },
}
