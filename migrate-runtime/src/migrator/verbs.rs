//! The verbs that write, each in four forms.

use migrate_core::Version;

use super::{Migrator, Resume};
use crate::block_on::block_on;
use crate::driver::{AsyncDatabase, Database};
use crate::engine::{Edit, Verb};
use crate::error::Error;
use crate::report::{Plan, Report};
#[cfg(doc)]
use crate::{ErrorKind, Migrations, Scope};

/// The verbs that write, tried only; made by [`Migrator::dry_run`].
#[derive(Debug)]
pub struct DryRun<'m, 'a>(pub(super) &'m Migrator<'a>);

/// Writes a verb down four times: blocking and asynchronous, done and tried only.
macro_rules! verbs {
    ($($(#[doc = $doc:literal])+ ($($arg:ident: $type:ty),*) $blocking:ident $asynchronous:ident => $verb:expr;)+) => {
        /// The verbs that write.
        impl Migrator<'_> {$(
            $(#[doc = $doc])+
            pub fn $blocking<Kind>(&self, db: &mut impl Database<Kind>, $($arg: $type),*) -> Result<Report, Error> {
                block_on(self.execute(db.session(), $verb))
            }

            #[doc = concat!("[`", stringify!($blocking), "`](Migrator::", stringify!($blocking), ") for asynchronous drivers.")]
            ///
            /// A future that is dropped before its end leaves no transaction open: the migration in progress is committed whole or
            /// rolled back; one outside of a transaction is interrupted.
            ///
            /// # Errors
            #[doc = concat!("As [`", stringify!($blocking), "`](Migrator::", stringify!($blocking), ").")]
            pub async fn $asynchronous<Kind>(
                &self,
                db: &mut impl AsyncDatabase<Kind>,
                $($arg: $type),*
            ) -> Result<Report, Error> {
                self.execute(db.session(), $verb).await
            }
        )+}

        impl DryRun<'_, '_> {$(
            #[doc = concat!("What [`Migrator::", stringify!($blocking), "`] would do. Writes nothing.")]
            ///
            /// # Errors
            /// What would keep the verb from doing anything.
            pub fn $blocking<Kind>(&self, db: &mut impl Database<Kind>, $($arg: $type),*) -> Result<Plan, Error> {
                block_on(self.0.try_only(db.session(), $verb))
            }

            #[doc = concat!("What [`Migrator::", stringify!($asynchronous), "`] would do. Writes nothing.")]
            ///
            /// # Errors
            /// What would keep the verb from doing anything.
            pub async fn $asynchronous<Kind>(
                &self,
                db: &mut impl AsyncDatabase<Kind>,
                $($arg: $type),*
            ) -> Result<Plan, Error> {
                self.0.try_only(db.session(), $verb).await
            }
        )+}
    };
}

verbs! {
    /// See [`Migrations::run`]. Goes on by itself with what was interrupted outside of a transaction, where it is safe to tell how.
    ///
    /// # Errors
    /// As [`Migrations::run`].
    () run run_async => Verb::Run;

    /// Reverts every migration above `version`, the latest first, each in a transaction of its own (see [`Scope`]): runs the scripts
    /// down that the binary has, or that the history has kept of migrations which this binary does not know.
    ///
    /// The history keeps their rows, as `pending`, with who reverted them and when. A script down that was interrupted outside of a
    /// transaction goes on first, and a runner that is at work outside of one is waited for.
    ///
    /// # Errors
    /// [`ErrorKind::NoDownScript`] before anything is reverted, when one of them has no script down;
    /// [`ErrorKind::HistoryMismatch`] when an applied migration differs from the binary's; otherwise as [`Migrations::run`].
    (version: Version) revert_to revert_to_async => Verb::RevertTo(version);

    /// Reverts the `migrations` highest versions that are applied, like [`revert_to`](Migrator::revert_to).
    ///
    /// # Errors
    /// As [`revert_to`](Migrator::revert_to).
    (migrations: usize) revert_last revert_last_async => Verb::RevertLast(migrations);

    /// Reverts the `migrations` highest versions that are applied, and applies them again: for work on a script.
    ///
    /// # Errors
    /// As [`revert_to`](Migrator::revert_to), and when this binary does not have one of them.
    (migrations: usize) redo_last redo_last_async => Verb::RedoLast(migrations);

    /// Reverts everything that is applied. Needs [`dangerously_allow_reset`](Migrator::dangerously_allow_reset).
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`] when it was not allowed; otherwise as [`revert_to`](Migrator::revert_to).
    () reset reset_async => Verb::Reset;

    /// Takes over a database that already has the schema, and no history: every migration up to `version` is recorded as applied,
    /// and none is run.
    ///
    /// # Errors
    /// [`ErrorKind::HasHistory`] when the set has a history already, [`ErrorKind::UnknownVersion`] when it has no such version.
    (version: Version) baseline baseline_async => Verb::Edit(Edit::Baseline(version));

    /// Accepts what the binary has of an applied migration: text, checksum and name. Nothing is run. The row keeps the old checksum,
    /// who accepted it, when, and why.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`] without a reason, [`ErrorKind::HistoryMismatch`] when it is not applied or not in the binary.
    (version: Version, reason: &str) repair repair_async => Verb::Edit(Edit::Repair(version, reason.to_owned()));

    /// Records a migration as applied that was done by hand. Nothing is run. The row keeps who said so, when, and why.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`] without a reason, [`ErrorKind::UnknownVersion`] when the binary has no such version,
    /// [`ErrorKind::Interrupted`] while a runner is at work on it.
    (version: Version, reason: &str) mark_applied mark_applied_async => Verb::Edit(Edit::MarkApplied(version, reason.to_owned()));

    /// Records a migration as not applied that was undone by hand. Nothing is run. The row keeps who said so, when, and why.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`] without a reason, [`ErrorKind::UnknownVersion`] when nobody knows the version,
    /// [`ErrorKind::Interrupted`] while a runner is at work on it.
    (version: Version, reason: &str) mark_pending mark_pending_async => Verb::Edit(Edit::MarkPending(version, reason.to_owned()));

    /// Goes on with a migration that was interrupted outside of a transaction, after a person has looked what became of the statement
    /// in doubt: the one that [`ErrorKind::Interrupted`] has shown. Does nothing else.
    ///
    /// # Errors
    /// [`ErrorKind::Interrupted`] for [`Resume::Skip`] and [`Resume::MarkDone`] where no statement is in doubt: the next one has not
    /// run. Otherwise as [`run`](Migrator::run).
    (decision: Resume) resume resume_async => Verb::Resume(decision);
}
