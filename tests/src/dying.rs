//! A connection that ends its whole process at a request of the engine's, as if it had been killed: nothing is cleaned up.

use std::process::{self, Command};
use std::time::Duration;

use migrate_runtime::Dialect;
use migrate_runtime::driver::{Database, DriverError, Itself, Row, Session};

/// When, with regard to a request, the process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The request is never sent.
    Before,
    /// Its answer has come.
    After,
}

/// A blocking connection whose process is killed at a request.
#[derive(Debug)]
pub struct Dying<C> {
    /// The connection.
    pub connection: C,
    /// The number of the fatal request, from 1.
    pub request: usize,
    /// When the process dies.
    pub moment: Moment,
}

impl<C: Database<Itself>> Database<Itself> for Dying<C> {
    fn session(&mut self) -> impl Session {
        DyingSession { session: self.connection.session(), left: self.request, moment: self.moment }
    }
}

struct DyingSession<S> {
    session: S,
    left: usize,
    moment: Moment,
}

impl<S> DyingSession<S> {
    fn count(&mut self) {
        self.left = self.left.saturating_sub(1);
        self.die_at(Moment::Before);
    }

    fn die_at(&self, moment: Moment) {
        if self.left == 0 && self.moment == moment {
            let _ = Command::new("kill").args(["-9", &process::id().to_string()]).status();
            process::abort();
        }
    }
}

impl<S: Session> Session for DyingSession<S> {
    fn dialect(&self) -> Dialect {
        self.session.dialect()
    }

    fn in_transaction(&self) -> Option<bool> {
        self.session.in_transaction()
    }

    fn execute(&mut self, sql: &str) -> impl Future<Output = Result<(), DriverError>> + Send {
        self.count();
        let answer = ready_value(self.session.execute(sql));
        self.die_at(Moment::After);
        std::future::ready(answer)
    }

    fn execute_all(&mut self, requests: &[String]) -> impl Future<Output = Result<(), (usize, DriverError)>> + Send {
        self.count();
        let answer = ready_value(self.session.execute_all(requests));
        self.die_at(Moment::After);
        std::future::ready(answer)
    }

    fn pipelines(&self) -> bool {
        self.session.pipelines()
    }

    fn query(&mut self, sql: &str) -> impl Future<Output = Result<Vec<Row>, DriverError>> + Send {
        self.count();
        let answer = ready_value(self.session.query(sql));
        self.die_at(Moment::After);
        std::future::ready(answer)
    }

    fn sleep(&mut self, duration: Duration) -> impl Future<Output = ()> + Send {
        self.session.sleep(duration)
    }

    fn roll_back_when_dropped(&mut self, rollback: Option<&'static str>) {
        self.session.roll_back_when_dropped(rollback);
    }

    fn run_when_dropped(&mut self, sql: Option<String>) {
        self.session.run_when_dropped(sql);
    }
}

/// The value of a future of a blocking driver.
pub(crate) fn ready_value<T>(future: impl Future<Output = T>) -> T {
    use std::task::{Context, Poll, Waker};
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a blocking driver waits"),
    }
}
