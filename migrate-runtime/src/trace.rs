//! The events of a run as events of the crate `tracing`.

use tracing::{debug, info, warn};

use crate::event::Event;

pub(crate) fn record(event: &Event<'_>) {
    match event {
        Event::Planned { pending } => info!(pending = pending.len(), "migrations planned"),
        Event::Waiting { holder, waited } => {
            warn!(holder, waited_ms = waited.as_millis(), "waiting for another runner");
        }
        Event::Started { migration, statements } => {
            info!(migration = migration.as_str(), statements, "migration started")
        }
        Event::Statement { migration, number, count, place } => {
            debug!(migration = migration.as_str(), number, count, line = place.line, "statements sent");
        }
        Event::Applied { migration } => {
            info!(
                migration = migration.migration.as_str(),
                duration_ms = migration.duration.as_millis(),
                "migration applied"
            );
        }
        Event::Finished { report } => {
            info!(applied = report.applied().len(), total = report.total(), "database up to date")
        }
    }
}
