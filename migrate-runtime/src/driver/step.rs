//! What the engine and a driver tell each other of a step.

use super::DriverError;
use crate::step::{Step, StepError};

/// A step that is to run in a transaction.
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/now.rs")); }
/// # use example::now;
/// use migrate_runtime::driver::{Database, Session};
///
/// let mut db = rusqlite::Connection::open_in_memory()?;
/// let mut session = db.session();
/// use migrate_runtime::{Step, driver::StepRun};
///
/// now(session.execute("CREATE TABLE history (version, state)"))?;
/// let run = StepRun {
///     before: "INSERT INTO history VALUES (3, 'running')",
///     step: &Step::rusqlite(|_| Ok(())),
///     inside: "", // rusqlite knows whether a transaction is open
///     after: "UPDATE history SET state = 'applied'",
///     is_nested: false,
/// };
/// now(session.run_step(run)).unwrap();
/// assert_eq!(now(session.query("SELECT state FROM history"))?, [[Some("applied".to_owned())]]);
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct StepRun<'a> {
    /// Statements that claim the row, inside the transaction.
    pub before: &'a str,
    /// The step.
    pub step: &'a Step<'a>,
    /// Statements that fail when the function has ended the transaction; empty where the driver knows that by itself.
    pub inside: &'a str,
    /// Statements that record it, before the commit; `inside` is part of them.
    pub after: &'a str,
    /// Whether the connection is inside a transaction already, which has to go on.
    pub is_nested: bool,
}

/// Why a step is not done; its transaction is rolled back, unless the function has ended it.
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/now.rs")); }
/// # use example::now;
/// use migrate_runtime::driver::{Database, Session};
///
/// let mut db = rusqlite::Connection::open_in_memory()?;
/// let mut session = db.session();
/// use migrate_runtime::{Step, driver::{StepFailure, StepRun}};
///
/// let step = Step::rusqlite(|_| Err("no network".into()));
/// let run = StepRun { before: "CREATE TABLE t (a)", step: &step, inside: "", after: "SELECT 1", is_nested: false };
/// let failure = now(session.run_step(run)).unwrap_err();
/// assert!(matches!(failure, StepFailure::Function(error) if error.to_string() == "no network"));
/// assert!(now(session.query("SELECT * FROM t")).is_err()); // rolled back
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum StepFailure {
    /// The transaction could not be opened, or the row not be claimed.
    Before(DriverError),
    /// The function has returned an error of the driver.
    OfDriver(DriverError),
    /// The function has returned another error.
    Function(StepError),
    /// The row could not be recorded, or the transaction not be committed.
    After(DriverError),
    /// The function has ended the transaction by itself; with the error that it has returned, if it has.
    LeftTransaction(Option<StepError>),
    /// The step is for another driver.
    Unsupported,
}
