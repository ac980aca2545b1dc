//! Waiting for another runner: how long, and who it is.

use std::time::{Duration, Instant};

use migrate_core::{Dialect, Label};

use super::{Engine, refuse};
use crate::driver::{DriverError, Session};
use crate::error::Error;
use crate::event::Event;

/// How long one try of a claim may wait in the database before the holder is told about.
const CLAIM_PATIENCE: Duration = Duration::from_secs(1);

/// How long others have been waited for, since something last moved.
#[derive(Debug)]
pub(super) struct Wait {
    migration: Option<Label>,
    since: Instant,
    pauses: u32,
}

impl Wait {
    /// Starts the clock.
    pub(super) fn start() -> Wait {
        Wait { migration: None, since: Instant::now(), pauses: 0 }
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
        const SHORTEST_MS: u64 = 2;
        const LONGEST_MS: u64 = 100;
        self.pauses += 1;
        let longest = (SHORTEST_MS << self.pauses.min(6)).min(LONGEST_MS);
        let spread =
            u64::from(std::process::id()).wrapping_mul(u64::from(self.pauses) * 0x9E37_79B9) % (longest / 2 + 1);
        Duration::from_millis(longest - spread)
    }
}

impl<S: Session> Engine<'_, S> {
    /// How long the next claim may wait in the database.
    pub(super) fn claim_patience(&self) -> Duration {
        // Inside somebody's transaction there is only one try.
        let longest = if self.is_nested { Duration::from_secs(24 * 60 * 60) } else { CLAIM_PATIENCE };
        self.migrator.wait_timeout.clamp(Duration::from_millis(1), longest)
    }

    /// Tells who is waited for, and gives up when it takes too long.
    pub(super) async fn wait_for_others(
        &mut self,
        wait: &mut Wait,
        label: &Label,
        error: DriverError,
    ) -> Result<(), Error> {
        let waits_in_database = self.sql.dialect != Dialect::Sqlite;
        let holder = if waits_in_database { self.holder().await } else { None };
        let waited = wait.waited();
        if waited >= self.migrator.wait_timeout || self.is_nested {
            return Err(refuse::wait_timeout(Some(label), waited, holder.as_deref(), error));
        }
        self.migrator.tell(&Event::Waiting { holder: holder.as_deref(), waited });
        if !waits_in_database {
            let pause = wait.next_pause();
            self.session.sleep(pause).await;
        }
        Ok(())
    }

    /// Who has written to the history and not committed; `None` when nobody has, or the database does not say.
    async fn holder(&mut self) -> Option<String> {
        let rows = self.session.query(&self.sql.holder()).await.ok()?;
        rows.into_iter().next()?.into_iter().next()?
    }
}
