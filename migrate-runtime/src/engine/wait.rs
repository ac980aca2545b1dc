//! Waiting for others, and trying again: how long, how often, and who it is.

use std::time::{Duration, Instant};

use migrate_core::{Dialect, Label};

use super::blockers::LOCK_TIMEOUT;
use super::goal::Aim;
use super::read::{Recorded, first_cells};
use super::{Engine, refuse};
use crate::driver::{AnySession, DriverError, DriverErrorKind};
use crate::error::Error;
use crate::event::Event;

/// How long one try of a claim may wait in the database before the holder is told about.
const CLAIM_PATIENCE: Duration = Duration::from_secs(1);

/// As good as for ever.
const A_DAY: Duration = Duration::from_secs(86_400);

/// How often whoever listens hears of a wait.
const TOLD_EVERY: Duration = Duration::from_millis(950);

/// How long others have been waited for, since something last moved.
#[derive(Debug)]
pub(super) struct Wait {
    migration: Option<Label>,
    since: Instant,
    pauses: u32,
    /// When it was last told about.
    told: Option<Instant>,
}

impl Wait {
    /// Starts the clock.
    pub(super) fn start() -> Wait {
        Wait { migration: None, since: Instant::now(), pauses: 0, told: None }
    }

    /// Starts anew when another migration than before is waited for: then somebody has got on.
    pub(super) fn is_for(&mut self, migration: &Label) {
        if self.migration.as_ref() != Some(migration) {
            *self = Wait { migration: Some(migration.clone()), ..Wait::start() };
        }
    }

    pub(super) fn waited(&self) -> Duration {
        self.since.elapsed()
    }

    /// How long to pause now: longer every time, and a bit different for every process.
    pub(super) fn next_pause(&mut self) -> Duration {
        self.pauses += 1;
        pause(self.pauses, Duration::from_millis(4), Duration::from_millis(100))
    }
}

/// How often a script has failed for a reason that may pass.
#[derive(Debug)]
pub(super) struct Tries {
    number: u32,
    migration: Option<Label>,
}

impl Tries {
    pub(super) fn none() -> Tries {
        Tries { number: 0, migration: None }
    }

    /// Starts anew with another migration than before: then somebody has got on.
    fn are_for(&mut self, migration: &Label) {
        if self.migration.as_ref() != Some(migration) {
            *self = Tries { number: 0, migration: Some(migration.clone()) };
        }
    }
}

/// Twice as long every time, up to the longest; between half and the whole of it, different for every process.
fn pause(number: u32, shortest: Duration, longest: Duration) -> Duration {
    let whole = shortest.saturating_mul(1 << (number - 1).min(16)).min(longest);
    let half = u64::try_from(whole.as_micros() / 2).unwrap_or(u64::MAX);
    let spread = u64::from(std::process::id()).wrapping_mul(u64::from(number) * 0x9E37_79B9) % (half + 1);
    whole - Duration::from_micros(spread)
}

/// Whether others keep the history, or the file of SQLite, to themselves for the moment.
pub(super) fn is_kept_by_others(error: &DriverError) -> bool {
    error.kind() == DriverErrorKind::Busy || error.has_code(&[LOCK_TIMEOUT])
}

impl<S: AnySession + ?Sized> Engine<'_, S> {
    /// How long the next claim may wait in the database.
    pub(super) fn claim_patience(&self) -> Duration {
        // Inside the user's transaction there is only one try.
        let has_one_try = self.is_in_transaction_of_user();
        let longest = if has_one_try { A_DAY } else { CLAIM_PATIENCE };
        self.migrator.wait_timeout.clamp(Duration::from_millis(1), longest)
    }

    /// Postgres: limits how long the next claim waits in the database.
    pub(super) fn limit_wait(&self) -> String {
        self.sql.wait_at_most(self.claim_patience(), self.is_time_limited)
    }

    /// Tells who is waited for, about every second.
    pub(super) fn tell_waiting(&self, wait: &mut Wait, holder: Option<&str>) {
        if wait.told.is_none_or(|told| told.elapsed() >= TOLD_EVERY) {
            wait.told = Some(Instant::now());
            self.migrator.tell(self.set_name(), &Event::Waiting { holder, waited: wait.waited() });
        }
    }

    /// Tells who is waited for, and gives up when it takes too long.
    pub(super) async fn wait_for_others(
        &mut self,
        wait: &mut Wait,
        label: &Label,
        error: DriverError,
    ) -> Result<(), Error> {
        let holder = match self.sql.dialect {
            Dialect::Sqlite => None,
            _ => match self.holder().await {
                None => self.locker().await,
                holder => holder,
            },
        };
        let waited = wait.waited();
        if waited >= self.migrator.wait_timeout || self.is_nested {
            return Err(refuse::wait_timeout(Some(label), waited, holder.as_deref(), Some(error)));
        }
        self.tell_waiting(wait, holder.as_deref());
        // Postgres has waited already, but for the lock of a table.
        let pause = wait.next_pause();
        self.session.sleep(pause).await;
        Ok(())
    }

    /// Reads the history when nobody is at work on it outside of a transaction.
    pub(super) async fn history_at_rest(&mut self, wait: &mut Wait, aim: Option<&Aim>) -> Result<Recorded, Error> {
        loop {
            let recorded = match aim {
                Some(aim) => self.read_history_for(aim).await?,
                None => self.read_history().await?,
            };
            let Some(row) = recorded.in_the_middle() else { return Ok(recorded) };
            let Some(holder) = self.living_holder(row).await? else { return Ok(recorded) };
            self.wait_for_runner(wait, &row.label(), &holder).await?;
        }
    }

    /// Waits for a runner whose script runs outside of a transaction, and gives up when it takes too long.
    pub(super) async fn wait_for_runner(&mut self, wait: &mut Wait, label: &Label, holder: &str) -> Result<(), Error> {
        wait.is_for(label);
        let waited = wait.waited();
        if waited >= self.migrator.wait_timeout || self.is_nested {
            return Err(refuse::wait_timeout(Some(label), waited, Some(holder), None));
        }
        self.tell_waiting(wait, Some(holder));
        // Outside of a transaction, and not for long at a time: who builds an index concurrently waits for everybody's snapshots.
        self.session.sleep(wait.next_pause()).await;
        Ok(())
    }

    /// Pauses before another try of what has failed, or gives up.
    pub(super) async fn try_again(
        &mut self,
        tries: &mut Tries,
        label: &Label,
        begun: Instant,
        error: Error,
    ) -> Result<(), Error> {
        const SHORTEST: Duration = Duration::from_millis(200);
        const LONGEST: Duration = Duration::from_secs(5);
        tries.are_for(label);
        if tries.number >= self.migrator.lock_retries {
            return Err(self.with_blockers(error.after_tries(tries.number + 1), begun).await);
        }
        tries.number += 1;
        let pause = pause(tries.number, SHORTEST, LONGEST);
        let retrying = Event::Retrying { migration: label, tries: tries.number, pause, error: &error };
        self.migrator.tell(self.set_name(), &retrying);
        self.session.sleep(pause).await;
        Ok(())
    }

    /// Postgres: who has written to a table, quoted, and not committed; `None` when nobody has, or the database does not say.
    pub(super) async fn holder_of_table(&mut self, table: Option<&str>) -> Option<String> {
        let rows = self.session.query(&self.sql.writer_of(table?)).await.ok()?;
        first_cells(rows).next()
    }

    /// Postgres: who keeps everybody from writing to the history, if that is what an error is about.
    pub(super) async fn locker_behind(&mut self, error: &Error) -> Option<String> {
        if error.database_code() == Some(LOCK_TIMEOUT) { self.locker().await } else { None }
    }

    /// Postgres: who has locked the history against readers or writers; `None` when nobody has, or the database does not say.
    pub(super) async fn locker(&mut self) -> Option<String> {
        if self.sql.dialect == Dialect::Sqlite {
            return None;
        }
        let rows = self.session.query(&self.sql.locker()).await.ok()?;
        first_cells(rows).next()
    }

    /// Who has written to the history and not committed; `None` when nobody has, or the database does not say.
    async fn holder(&mut self) -> Option<String> {
        let rows = self.session.query(&self.sql.holder()).await.ok()?;
        first_cells(rows).next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_bound() {
        let (shortest, longest) = (Duration::from_millis(200), Duration::from_secs(5));
        for number in 1..40 {
            let whole = shortest.saturating_mul(1 << (number - 1).min(16)).min(longest);
            let pause = pause(number, shortest, longest);
            assert!(pause <= whole && pause >= whole / 2, "{number}: {pause:?} of {whole:?}");
        }
        assert!((1..40).any(|number| pause(number, longest, longest) < longest), "those of one process differ");
        let mut wait = Wait::start();
        assert!(wait.next_pause() > Duration::ZERO);
    }
}
