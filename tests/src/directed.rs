//! A connection whose every request a test knows of, and decides about.

use std::future::ready;
use std::mem;
use std::pin::pin;
use std::process::{self, Command};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use migrate_runtime::driver::{Database, DriverError, DriverErrorKind, Itself, Row, Session, StepFailure, StepRun};
use migrate_runtime::{Dialect, Step};

/// What happens at a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The database refuses it. The connection goes on.
    Refused,
    /// Others are in its way. The connection goes on.
    Busy,
    /// The connection is said to be lost, and goes on: some proxies refuse a request like that.
    SaidToBeLost,
    /// The connection is lost before it is sent.
    LostBefore,
    /// The connection is lost when it is done: nobody hears of it.
    LostAfter,
    /// The process is killed before it is sent: nothing is cleaned up.
    KilledBefore,
}

/// Decides what happens to the requests of a connection.
pub trait Director: Sync {
    /// A request is about to be sent, when this returns.
    fn before(&self, sql: &str) -> Option<Fault>;

    /// It was answered.
    fn answered(&self, sql: &str, answer: Result<&[Row], &DriverError>) {
        let _ = (sql, answer);
    }

    /// The engine sleeps.
    fn sleep(&self, duration: Duration) {
        thread::sleep(duration);
    }
}

/// Remembers the requests of a connection.
#[derive(Debug, Default)]
pub struct Requests(Mutex<Vec<String>>);

impl Requests {
    /// Those since the last time.
    ///
    /// # Panics
    ///
    /// When a thread has panicked while it made one.
    pub fn take(&self) -> Vec<String> {
        mem::take(&mut *self.0.lock().expect("no thread has panicked"))
    }
}

impl Director for Requests {
    fn before(&self, sql: &str) -> Option<Fault> {
        self.0.lock().expect("no thread has panicked").push(sql.to_owned());
        None
    }
}

/// A fault at each request for which a condition holds.
pub struct FaultWhere<F>(pub Fault, pub F);

impl<F: Fn(&str) -> bool + Sync> Director for FaultWhere<F> {
    fn before(&self, sql: &str) -> Option<Fault> {
        (self.1)(sql).then_some(self.0)
    }
}

/// A fault at one request, the first of which has the number 1.
#[derive(Debug)]
pub struct FaultAt {
    fault: Fault,
    request: usize,
    requests: AtomicUsize,
    loses_rollback: bool,
    /// Nothing has gone well since the fault.
    is_failing: AtomicBool,
}

impl FaultAt {
    /// With this fault at this request.
    pub fn new(fault: Fault, request: usize) -> FaultAt {
        FaultAt {
            fault,
            request,
            requests: AtomicUsize::new(0),
            loses_rollback: false,
            is_failing: AtomicBool::new(false),
        }
    }

    /// The connection is lost before what would undo it.
    pub fn and_at_the_rollback(self) -> FaultAt {
        FaultAt { loses_rollback: true, ..self }
    }

    /// Whether there were enough requests for it.
    pub fn has_struck(&self) -> bool {
        self.requests.load(Ordering::SeqCst) >= self.request
    }
}

impl Director for FaultAt {
    fn before(&self, sql: &str) -> Option<Fault> {
        let number = self.requests.fetch_add(1, Ordering::SeqCst) + 1;
        let is_rollback = sql.starts_with("ROLLBACK");
        if self.loses_rollback && is_rollback && self.is_failing.load(Ordering::SeqCst) {
            return Some(Fault::LostBefore);
        }
        // No database refuses to roll back.
        let is_possible = self.fault != Fault::Refused || !is_rollback;
        let strikes = number == self.request && is_possible;
        self.is_failing.fetch_or(strikes, Ordering::SeqCst);
        strikes.then_some(self.fault)
    }

    fn answered(&self, _: &str, answer: Result<&[Row], &DriverError>) {
        self.is_failing.fetch_and(answer.is_err(), Ordering::SeqCst);
    }
}

/// What a server is sent in place of what it is to refuse.
const REFUSED: &str = "DO $$ BEGIN RAISE 'a fault on purpose'; END $$";

/// A blocking connection with a director.
pub struct Directed<'a, C> {
    connection: C,
    director: &'a dyn Director,
}

impl<'a, C> Directed<'a, C> {
    /// Puts a connection under a director.
    pub fn new(connection: C, director: &'a dyn Director) -> Directed<'a, C> {
        Directed { connection, director }
    }

    /// The connection.
    pub fn into_inner(self) -> C {
        self.connection
    }
}

impl<C: Database<Itself>> Database<Itself> for Directed<'_, C> {
    fn session(&mut self) -> impl Session {
        DirectedSession {
            session: Some(self.connection.session()),
            director: self.director,
            fault: None,
            is_lost: false,
        }
    }
}

struct DirectedSession<'a, S> {
    /// Forgotten when it is lost: then it can do nothing for what it leaves behind.
    session: Option<S>,
    director: &'a dyn Director,
    /// The last one.
    fault: Option<Fault>,
    is_lost: bool,
}

impl<S: Session> DirectedSession<'_, S> {
    /// Sends a request, unless the director is against it; nothing when no answer comes back.
    fn pass<T>(&mut self, sql: &str, send: impl FnOnce(&mut S) -> T) -> Option<T> {
        if self.is_lost {
            return None;
        }
        let fault = self.director.before(sql);
        self.fault = fault;
        let session = self.session.as_mut()?;
        match fault {
            None => return Some(send(session)),
            Some(Fault::Refused | Fault::Busy) => {
                if session.dialect() == Dialect::Postgres {
                    // There it is the end of a transaction.
                    let _ = ready_value(session.execute("SELECT 1/0"));
                }
                return None;
            }
            Some(Fault::SaidToBeLost) => return None,
            Some(Fault::LostBefore) => {}
            Some(Fault::LostAfter) => _ = send(session),
            Some(Fault::KilledBefore) => die(),
        }
        self.is_lost = true;
        None
    }

    fn error(&self) -> DriverError {
        let kind = match self.fault {
            _ if self.is_lost => DriverErrorKind::ConnectionLost,
            Some(Fault::SaidToBeLost) => DriverErrorKind::ConnectionLost,
            Some(Fault::Busy) => DriverErrorKind::Busy,
            _ => DriverErrorKind::Refused,
        };
        DriverError::new(self.dialect(), kind, "a fault on purpose", "a fault on purpose")
    }

    fn execute_now(&mut self, sql: &str) -> Result<(), DriverError> {
        let answer = self.pass(sql, |session| ready_value(session.execute(sql))).unwrap_or_else(|| Err(self.error()));
        self.director.answered(sql, answer.as_ref().map(|()| &[] as &[Row]));
        answer
    }

    /// Sends a pipeline: what comes behind a request that is refused reaches the server, too.
    fn execute_together(&mut self, requests: &[String]) -> Result<(), (usize, DriverError)> {
        if self.is_lost {
            return Err((0, self.error()));
        }
        let mut sent = Vec::new();
        for sql in requests {
            self.fault = self.director.before(sql);
            match self.fault {
                None | Some(Fault::LostAfter) => sent.push(sql.clone()),
                Some(Fault::Refused) => sent.push(REFUSED.to_owned()),
                Some(Fault::LostBefore | Fault::KilledBefore) => {}
                Some(Fault::Busy | Fault::SaidToBeLost) => panic!("no server says so of one among others"),
            }
            self.is_lost = !matches!(self.fault, None | Some(Fault::Refused));
            if self.is_lost {
                break;
            }
        }
        let mut answer = self.session.as_mut().map_or(Ok(()), |session| ready_value(session.execute_all(&sent)));
        if self.fault == Some(Fault::KilledBefore) {
            die();
        }
        if self.is_lost {
            // Nobody hears of the last that was sent.
            answer = answer.and(Err((sent.len().saturating_sub(1), self.error())));
        }
        match &answer {
            Ok(()) => requests.iter().for_each(|sql| self.director.answered(sql, Ok(&[]))),
            Err((index, error)) => self.director.answered(&requests[*index], Err(error)),
        }
        answer
    }
}

impl<S: Session> Session for DirectedSession<'_, S> {
    fn dialect(&self) -> Dialect {
        self.session.as_ref().map_or(Dialect::Postgres, Session::dialect)
    }

    fn in_transaction(&self) -> Option<bool> {
        self.session.as_ref().and_then(Session::in_transaction)
    }

    fn execute(&mut self, sql: &str) -> impl Future<Output = Result<(), DriverError>> + Send {
        ready(self.execute_now(sql))
    }

    fn execute_all(&mut self, requests: &[String]) -> impl Future<Output = Result<(), (usize, DriverError)>> + Send {
        ready(match self.pipelines() {
            true => self.execute_together(requests),
            false => requests
                .iter()
                .enumerate()
                .try_for_each(|(index, sql)| self.execute_now(sql).map_err(|error| (index, error))),
        })
    }

    fn pipelines(&self) -> bool {
        self.session.as_ref().is_some_and(Session::pipelines)
    }

    fn query(&mut self, sql: &str) -> impl Future<Output = Result<Vec<Row>, DriverError>> + Send {
        let answer = self.pass(sql, |session| ready_value(session.query(sql))).unwrap_or_else(|| Err(self.error()));
        self.director.answered(sql, answer.as_deref());
        ready(answer)
    }

    fn takes_step(&self, step: &Step<'_>) -> bool {
        self.session.as_ref().is_some_and(|session| session.takes_step(step))
    }

    fn run_step(&mut self, run: StepRun<'_>) -> impl Future<Output = Result<(), StepFailure>> + Send {
        let answer = self.pass("a step", |session| ready_value(session.run_step(run)));
        ready(answer.unwrap_or_else(|| Err(StepFailure::OfDriver(self.error()))))
    }

    fn sleep(&mut self, duration: Duration) -> impl Future<Output = ()> + Send {
        if !self.is_lost {
            self.director.sleep(duration);
        }
        ready(())
    }

    fn enforce_foreign_keys(&mut self, on: bool) -> impl Future<Output = Result<(), DriverError>> + Send {
        // Nothing is sent for it.
        let switched = self
            .session
            .as_mut()
            .filter(|_| !self.is_lost)
            .map(|session| ready_value(session.enforce_foreign_keys(on)));
        ready(switched.unwrap_or_else(|| Err(self.error())))
    }

    fn roll_back_when_dropped(&mut self, rollback: Option<&'static str>) {
        self.session.as_mut().into_iter().for_each(|session| session.roll_back_when_dropped(rollback));
    }

    fn run_when_dropped(&mut self, sql: Option<String>) {
        self.session.as_mut().into_iter().for_each(|session| session.run_when_dropped(sql.clone()));
    }
}

impl<S> Drop for DirectedSession<'_, S> {
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
