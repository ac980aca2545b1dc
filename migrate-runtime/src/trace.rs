//! The events of a run as events of the crate `tracing`.

use tracing::{debug, error, info, warn};

use crate::event::Event;

/// Messages do not come from this private module, for those who filter.
const TARGET: &str = "migrate_runtime";

pub(crate) fn record(set: &str, event: &Event<'_>) {
    match event {
        Event::Planned { migrations } => info!(target: TARGET, set, planned = migrations.len(), "migrations planned"),
        Event::Waiting { holder, waited } => {
            warn!(target: TARGET, set, holder, waited_ms = waited.as_millis(), "waiting for another runner");
        }
        Event::Retrying { migration, tries, pause, error } => {
            let (migration, pause_ms) = (migration.as_str(), pause.as_millis());
            warn!(target: TARGET, set, migration, tries, pause_ms, code = error.code(), "migration will be tried again");
        }
        Event::Started { migration, action, statements } => {
            let (migration, action) = (migration.as_str(), action.to_do());
            debug!(target: TARGET, set, migration, action, statements, "migration started");
        }
        Event::Statement { migration, number, count, place } => {
            debug!(target: TARGET, set, migration = migration.as_str(), number, count, line = place.line, "statements sent");
        }
        Event::Changed { change } => {
            let (migration, duration_ms) = (change.migration.as_str(), change.duration.as_millis());
            info!(target: TARGET, set, migration, action = change.action.done(), duration_ms, "migration changed");
        }
        Event::Failed { error } => {
            let migration = error.migration().map(|label| label.as_str());
            error!(target: TARGET, set, migration, code = error.code(), database_code = error.database_code(), "{error}");
        }
        Event::Finished { report } => {
            info!(target: TARGET, set, changed = report.changes().len(), total = report.total(), "done");
        }
    }
}
