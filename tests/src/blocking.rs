//! Work with the blocking client, which refuses to run inside of an
//! asynchronous test.

use std::panic;
use std::thread;

/// Does `work` on a thread of its own, and passes on its panic.
pub(crate) fn blocking<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| match scope.spawn(work).join() {
        Ok(value) => value,
        Err(panic) => panic::resume_unwind(panic),
    })
}
