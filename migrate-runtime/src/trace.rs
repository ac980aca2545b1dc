//! The events of a run as events of the crate `tracing`.

use migrate_core::MigrationSet;
use tracing::{debug, error, info, warn};

use crate::event::Event;

/// Messages do not come from this private module, for those who filter.
const TARGET: &str = "migrate_runtime";

pub(crate) fn record(set: &MigrationSet, event: &Event<'_>) {
    let set = set.name();
    match event {
        Event::Planned { pending } => info!(target: TARGET, set, pending = pending.len(), "migrations planned"),
        Event::Waiting { holder, waited } => {
            warn!(target: TARGET, set, holder, waited_ms = waited.as_millis(), "waiting for another runner");
        }
        Event::Started { migration, statements } => {
            debug!(target: TARGET, set, migration = migration.as_str(), statements, "migration started");
        }
        Event::Statement { migration, number, count, place } => {
            debug!(target: TARGET, set, migration = migration.as_str(), number, count, line = place.line, "statements sent");
        }
        Event::Applied { applied } => {
            let (migration, duration_ms) = (applied.migration.as_str(), applied.duration.as_millis());
            info!(target: TARGET, set, migration, duration_ms, "migration applied");
        }
        Event::Failed { error } => {
            let migration = error.migration().map(|label| label.as_str());
            error!(target: TARGET, set, migration, code = error.code(), database_code = error.database_code(), "{error}");
        }
        Event::Finished { report } => {
            info!(target: TARGET, set, applied = report.applied().len(), total = report.total(), "database up to date");
        }
    }
}
