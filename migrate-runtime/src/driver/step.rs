//! What the engine and a driver tell each other of a step.

use super::DriverError;
use crate::step::{Step, StepError};

/// A step that is to run in a transaction.
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
