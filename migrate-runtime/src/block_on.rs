//! Runs the engine for blocking drivers, whose futures are always ready.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Polls a future that never waits. There is no runtime and no thread behind it.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        // A session of somebody else's may wait after all; asking again is slow, but right.
        std::thread::yield_now();
    }
}
