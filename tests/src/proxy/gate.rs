//! What holds back the bytes of a proxy: a freeze or a delay.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Everything passes here before it is sent on.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    frozen: bool,
    latency: Duration,
    /// Nothing is held back any more, so that the threads can end.
    open: bool,
}

impl Gate {
    /// Waits until bytes that have arrived then may go on.
    pub(crate) fn pass(&self, arrived: Instant) {
        let state = self
            .changed
            .wait_while(self.lock(), |state| state.frozen && !state.open)
            .unwrap_or_else(PoisonError::into_inner);
        let left = (arrived + state.latency).saturating_duration_since(Instant::now());
        if !left.is_zero() {
            drop(self.changed.wait_timeout_while(state, left, |s| !s.open));
        }
    }

    pub(crate) fn freeze(&self) {
        self.lock().frozen = true;
    }

    pub(crate) fn thaw(&self) {
        self.lock().frozen = false;
        self.changed.notify_all();
    }

    pub(crate) fn delay(&self, latency: Duration) {
        self.lock().latency = latency;
    }

    /// Lets everything pass from now on.
    pub(crate) fn open(&self) {
        self.lock().open = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
