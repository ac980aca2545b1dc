// What examples in the docs use to wait for a blocking driver, whose futures are ready at once.
use std::pin::pin;
use std::task::{Context, Poll, Waker};

pub fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => unreachable!("the driver is blocking"),
    }
}
