//! A connection with a fault at one of the engine's requests.

use std::future::ready;
use std::pin::pin;
use std::process::{self, Command};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use migrate_runtime::driver::{Database, DriverError, DriverErrorKind, Itself, Row, Session, StepFailure, StepRun};
use migrate_runtime::{Dialect, Step};

/// What happens at a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The database refuses it. The connection goes on.
    Refused,
    /// The connection is lost before it is sent.
    LostBefore,
    /// The connection is lost when it is done: nobody hears of it.
    LostAfter,
    /// The process is killed before it is sent: nothing is cleaned up.
    KilledBefore,
    /// The process is killed when its answer has come.
    KilledAfter,
}

impl Fault {
    /// Those that a process outlives.
    pub const OUTLIVED: [Fault; 3] = [Fault::Refused, Fault::LostBefore, Fault::LostAfter];
}

/// A blocking connection with a fault at a request.
#[derive(Debug)]
pub struct Faulty<'a, C> {
    /// The connection.
    pub connection: C,
    /// The number of the request, from 1.
    pub request: usize,
    /// What happens there.
    pub fault: Fault,
    /// Counts the requests.
    pub requests: &'a AtomicUsize,
}

impl<C: Database<Itself>> Database<Itself> for Faulty<'_, C> {
    fn session(&mut self) -> impl Session {
        FaultySession {
            session: Some(self.connection.session()),
            request: self.request,
            fault: self.fault,
            requests: self.requests,
            is_lost: false,
        }
    }
}

struct FaultySession<'a, S> {
    /// Forgotten when it is lost: then it can do nothing for what it leaves behind.
    session: Option<S>,
    request: usize,
    fault: Fault,
    requests: &'a AtomicUsize,
    is_lost: bool,
}

impl<S: Session> FaultySession<'_, S> {
    /// Sends a request, unless it meets the fault; nothing when no answer comes back.
    fn pass<T>(&mut self, send: impl FnOnce(&mut S) -> T) -> Option<T> {
        let is_fatal = self.requests.fetch_add(1, Ordering::SeqCst) + 1 == self.request;
        let session = self.session.as_mut().filter(|_| !self.is_lost)?;
        match self.fault {
            _ if !is_fatal => return Some(send(session)),
            Fault::Refused => return None,
            Fault::LostBefore => {}
            Fault::LostAfter => _ = send(session),
            Fault::KilledBefore => die(),
            Fault::KilledAfter => {
                let _ = send(session);
                die();
            }
        }
        self.is_lost = true;
        None
    }

    fn error(&self) -> DriverError {
        let kind = if self.is_lost { DriverErrorKind::ConnectionLost } else { DriverErrorKind::Refused };
        DriverError::new(self.dialect(), kind, "a fault on purpose", "a fault on purpose")
    }
}

impl<S: Session> Session for FaultySession<'_, S> {
    fn dialect(&self) -> Dialect {
        self.session.as_ref().map_or(Dialect::Postgres, Session::dialect)
    }

    fn in_transaction(&self) -> Option<bool> {
        self.session.as_ref().and_then(Session::in_transaction)
    }

    fn execute(&mut self, sql: &str) -> impl Future<Output = Result<(), DriverError>> + Send {
        let answer = self.pass(|session| ready_value(session.execute(sql)));
        ready(answer.unwrap_or_else(|| Err(self.error())))
    }

    fn execute_all(&mut self, requests: &[String]) -> impl Future<Output = Result<(), (usize, DriverError)>> + Send {
        let mut each = requests.iter().enumerate();
        ready(each.try_for_each(|(index, sql)| ready_value(self.execute(sql)).map_err(|error| (index, error))))
    }

    fn pipelines(&self) -> bool {
        false
    }

    fn query(&mut self, sql: &str) -> impl Future<Output = Result<Vec<Row>, DriverError>> + Send {
        let answer = self.pass(|session| ready_value(session.query(sql)));
        ready(answer.unwrap_or_else(|| Err(self.error())))
    }

    fn takes_step(&self, step: &Step<'_>) -> bool {
        self.session.as_ref().is_some_and(|session| session.takes_step(step))
    }

    fn run_step(&mut self, run: StepRun<'_>) -> impl Future<Output = Result<(), StepFailure>> + Send {
        let answer = self.pass(|session| ready_value(session.run_step(run)));
        ready(answer.unwrap_or_else(|| Err(StepFailure::OfDriver(self.error()))))
    }

    fn sleep(&mut self, duration: Duration) -> impl Future<Output = ()> + Send {
        std::thread::sleep(duration);
        ready(())
    }

    fn roll_back_when_dropped(&mut self, rollback: Option<&'static str>) {
        self.session.as_mut().into_iter().for_each(|session| session.roll_back_when_dropped(rollback));
    }

    fn run_when_dropped(&mut self, sql: Option<String>) {
        self.session.as_mut().into_iter().for_each(|session| session.run_when_dropped(sql.clone()));
    }
}

impl<S> Drop for FaultySession<'_, S> {
    fn drop(&mut self) {
        if self.is_lost {
            std::mem::forget(self.session.take());
        }
    }
}

/// Ends the process as if it had been killed.
fn die() -> ! {
    let _ = Command::new("kill").args(["-9", &process::id().to_string()]).status();
    process::abort()
}

/// The value of a future of a blocking driver.
fn ready_value<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a blocking driver waits"),
    }
}
