//! Waiting for something that another process or thread does.

use std::thread;
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_millis(10);

/// Asks `probe` again and again until it gives a value, for at most `bound`.
///
/// # Panics
///
/// When `bound` has passed without a value; `what` then names what was waited
/// for.
pub fn poll<T>(what: &str, bound: Duration, mut probe: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(value) = probe() {
            return value;
        }
        assert!(started.elapsed() < bound, "waited {bound:?} in vain for {what}");
        thread::sleep(PAUSE);
    }
}
