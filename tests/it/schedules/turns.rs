//! Whose turn it is: runners that wait for theirs, and somebody who gives it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

use migrate_core::HistoryRow;
use migrate_runtime::driver::{DriverError, Row};
use migrate_tests::{Director, Fault};

/// Where a runner is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Stage {
    /// It has its turn, or waits for the database.
    Running,
    /// It is about to make a request.
    AtRequest,
    /// It sleeps until something happens.
    Asleep,
    Ended,
}

struct Seat {
    stage: Stage,
    turn: Option<Option<Fault>>,
    is_dead: bool,
    /// All that it was answered.
    heard: DefaultHasher,
}

pub(super) struct Turns {
    seats: Mutex<(Vec<Seat>, bool)>,
    moved: Condvar,
}

impl Turns {
    pub(super) fn new(runners: usize) -> Turns {
        let seat = || Seat { stage: Stage::Running, turn: None, is_dead: false, heard: DefaultHasher::new() };
        Turns { seats: Mutex::new(((0..runners).map(|_| seat()).collect(), false)), moved: Condvar::new() }
    }

    fn seats(&self) -> MutexGuard<'_, (Vec<Seat>, bool)> {
        self.seats.lock().unwrap()
    }

    /// Waits for the turn of a runner.
    fn wait(&self, runner: usize, stage: Stage) -> Option<Fault> {
        let mut seats = self.seats();
        seats.0[runner].stage = stage;
        self.moved.notify_all();
        loop {
            if seats.1 {
                return Some(Fault::LostBefore);
            }
            if let Some(fault) = seats.0[runner].turn.take() {
                seats.0[runner].stage = Stage::Running;
                return fault;
            }
            seats = self.moved.wait(seats).unwrap();
        }
    }

    /// A runner has ended.
    pub(super) fn end(&self, runner: usize) {
        self.seats().0[runner].stage = Stage::Ended;
        self.moved.notify_all();
    }

    /// Gives a runner its turn.
    pub(super) fn give(&self, runner: usize, fault: Option<Fault>) {
        let mut seats = self.seats();
        seats.0[runner].turn = Some(fault);
        seats.0[runner].is_dead |= fault.is_some();
        // It has not noticed yet.
        seats.0[runner].stage = Stage::Running;
        self.moved.notify_all();
    }

    /// Takes the connections of all runners away.
    pub(super) fn end_all(&self) {
        self.seats().1 = true;
        self.moved.notify_all();
    }

    /// Whether a runner has died.
    pub(super) fn is_dead(&self, runner: usize) -> bool {
        self.seats().0[runner].is_dead
    }

    /// Who is running after so long at most.
    pub(super) fn still_running(&self, patience: Duration) -> Vec<usize> {
        let is_running = |seats: &(Vec<Seat>, bool)| seats.0.iter().any(|seat| seat.stage == Stage::Running);
        let (seats, _) = self.moved.wait_timeout_while(self.seats(), patience, |seats| is_running(seats)).unwrap();
        (0..seats.0.len()).filter(|runner| seats.0[*runner].stage == Stage::Running).collect()
    }

    pub(super) fn stages(&self) -> Vec<Stage> {
        self.seats().0.iter().map(|seat| seat.stage).collect()
    }

    /// What each runner has heard, as a number.
    pub(super) fn heard(&self) -> Vec<u64> {
        self.seats().0.iter().map(|seat| seat.heard.finish()).collect()
    }
}

/// A runner's seat.
pub(super) struct At<'a> {
    pub(super) turns: &'a Turns,
    pub(super) runner: usize,
}

impl Director for At<'_> {
    fn before(&self, _: &str) -> Option<Fault> {
        self.turns.wait(self.runner, Stage::AtRequest)
    }

    fn answered(&self, sql: &str, answer: Result<&[Row], &DriverError>) {
        let heard = &mut self.turns.seats().0[self.runner].heard;
        match answer {
            Ok(rows) => without_times(sql, rows).hash(heard),
            Err(error) => (error.code(), error.message()).hash(heard),
        }
    }

    fn sleep(&self, _: Duration) {
        self.turns.wait(self.runner, Stage::Asleep);
    }
}

/// What changes from one try to the next without a meaning: when, how long, who.
fn without_times<'r>(sql: &str, rows: &'r [Row]) -> Vec<Vec<&'r Option<String>>> {
    const NOTHING: &Option<String> = &None;
    let is_of_history = sql.contains("execution_time_ms");
    let is_of_time =
        |cell: usize| ["applied_at", "execution_time_ms", "claim", "audit"].contains(&HistoryRow::COLUMNS[cell]);
    let tells_of_process = sql.starts_with("SELECT 'process ");
    let is_masked = |number| tells_of_process || is_of_history && is_of_time(number);
    let cell = |(number, cell)| if is_masked(number) { NOTHING } else { cell };
    rows.iter().map(|row| row.iter().enumerate().map(cell).collect()).collect()
}
