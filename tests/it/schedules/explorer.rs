//! Follows every order.

use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::thread;
use std::time::{Duration, Instant};

use migrate_runtime::{Error, Migrator, Report};
use migrate_tests::{Connection, Driver, Fault, Fresh, Verb};

use super::turns::{At, Stage, Turns};

const BOUND: Duration = Duration::from_secs(60);
const MOST_MOVES: usize = 400;
const MOST_STRAYED: usize = 50;
/// How often a runner may try again while another one gets on.
const MOST_NAPS: usize = 2;

pub(super) struct Runner<'a> {
    pub(super) migrator: Migrator<'a>,
    pub(super) verb: Verb,
}

pub(super) struct Case<'a> {
    /// What happened before.
    pub(super) before: Option<Runner<'a>>,
    pub(super) runners: Vec<Runner<'a>>,
    /// How many of them may die.
    pub(super) deaths: usize,
    /// What a runner that lives may end with, other than well.
    pub(super) may_end_with: fn(&Error) -> bool,
    /// What comes when all have ended: then everything is as if nobody else had been there.
    pub(super) last: Runner<'a>,
}

/// What was explored.
pub(super) struct Explored {
    states: usize,
    moves: usize,
    pub(super) orders: u128,
    ends: usize,
}

impl fmt::Display for Explored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Explored { states, moves, orders, ends } = self;
        write!(f, "{orders} orders, as {moves} moves between {states} states, {ends} of which are an end")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Move {
    /// The next request of a runner, up to its answer.
    Request(usize),
    /// A runner dies before its next request.
    Death(usize),
}

type State = u64;

struct Explorer<'a> {
    driver: Driver,
    case: &'a Case<'a>,
    fresh: Fresh,
    observer: Connection,
    expect: Vec<String>,
    /// Where each state leads to.
    graph: HashMap<State, Vec<State>>,
    ends: usize,
    /// What is still to be followed.
    open: Vec<Vec<Move>>,
    /// Connections to the server that nobody uses: one that knows the catalog is much faster than a new one.
    spare: Vec<Connection>,
    /// How often a trail led elsewhere than before, because the machine was so busy that a wait for a lock has ended.
    strayed: usize,
}

/// How a runner has ended, and its connection, unless that died with it.
type End = (Result<Report, Error>, Option<Connection>);

/// Follows every order of a case.
pub(super) fn explore(driver: Driver, case: &Case<'_>) -> Explored {
    let fresh = Fresh::new(driver);
    let observer = fresh.connect();
    let mut explorer = Explorer {
        driver,
        case,
        fresh,
        observer,
        expect: Vec::new(),
        graph: HashMap::new(),
        ends: 0,
        open: vec![Vec::new()],
        spare: Vec::new(),
        strayed: 0,
    };
    explorer.prepare();
    explorer.do_last();
    explorer.expect = explorer.observer.contents();
    let mut first = None;
    while let Some(trail) = explorer.open.pop() {
        let start = explorer.follow(trail);
        first.get_or_insert(start);
    }
    let mut known = HashMap::new();
    Explored {
        states: explorer.graph.len(),
        moves: explorer.graph.values().map(Vec::len).sum(),
        orders: orders(&explorer.graph, first.unwrap(), &mut known),
        ends: explorer.ends,
    }
}

/// How many ways there are from a state to an end.
fn orders(graph: &HashMap<State, Vec<State>>, from: State, known: &mut HashMap<State, u128>) -> u128 {
    if let Some(orders) = known.get(&from) {
        return *orders;
    }
    let next = &graph[&from];
    let sum = if next.is_empty() { 1 } else { next.iter().map(|state| orders(graph, *state, known)).sum() };
    known.insert(from, sum);
    sum
}

/// A walk along one order.
struct Walk<'t> {
    turns: &'t Turns,
    processes: Vec<String>,
    trail: Vec<Move>,
    /// Who waits for the database, in the order in which they began to.
    blocked: Vec<usize>,
    dead: Vec<usize>,
    /// Who sleeps, and nothing has happened since.
    tired: Vec<usize>,
    /// How often each has gone to sleep.
    naps: Vec<usize>,
}

/// Lets the runners end whatever becomes of the walk.
struct Over<'t>(&'t Turns);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.end_all();
    }
}

impl Explorer<'_> {
    /// Brings the database to where the runners find it.
    fn prepare(&mut self) {
        match self.driver {
            Driver::Rusqlite => {
                let _ = std::fs::remove_file(self.fresh.file());
                self.observer = self.connect();
            }
            _ => self.observer.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public"),
        }
        if let Some(Runner { migrator, verb }) = &self.case.before {
            self.observer.execute_verb(migrator, verb).unwrap();
        }
    }

    fn do_last(&mut self) {
        let Runner { migrator, verb } = &self.case.last;
        let mut connection = self.spare.pop().unwrap_or_else(|| self.connect());
        connection.execute_verb(migrator, verb).unwrap_or_else(|error| panic!("at last: {error}"));
        self.give_back(connection);
    }

    /// Keeps a connection for others, as if it was new.
    fn give_back(&mut self, mut connection: Connection) {
        if !self.driver.is_sqlite() {
            connection.execute("ROLLBACK");
            connection.execute("DISCARD ALL");
            self.spare.push(connection);
        }
    }

    fn connect(&self) -> Connection {
        let mut connection = self.fresh.connect();
        if let Connection::Rusqlite(connection) = &mut connection {
            connection.busy_timeout(Duration::ZERO).unwrap();
            connection.execute_batch("PRAGMA synchronous = OFF").unwrap();
        }
        connection
    }

    /// Goes along a trail, and on from there until it meets a state that is known, or an end. Tells where the trail begins.
    fn follow(&mut self, trail: Vec<Move>) -> State {
        self.prepare();
        let case = self.case;
        let turns = Turns::new(case.runners.len());
        let mut connections: Vec<Connection> =
            case.runners.iter().map(|_| self.spare.pop().unwrap_or_else(|| self.connect())).collect();
        let process = |connection: &mut Connection| match connection {
            Connection::Rusqlite(_) => String::new(),
            _ => connection.value("SELECT pg_backend_pid()"),
        };
        let processes = connections.iter_mut().map(process).collect();
        thread::scope(|threads| {
            let over = Over(&turns);
            let start = |(runner, connection)| {
                let (turns, Runner { migrator, verb }) = (&turns, &case.runners[runner]);
                threads.spawn(move || {
                    let director = At { turns, runner };
                    let (ended, connection) = verb.execute_directed(migrator, connection, &director);
                    // Whoever dies takes its connection along.
                    let connection = Some(connection).filter(|_| !turns.is_dead(runner));
                    turns.end(runner);
                    (ended, connection)
                })
            };
            let runners: Vec<_> = connections.into_iter().enumerate().map(start).collect();
            let mut walk = Walk {
                turns: &turns,
                processes,
                trail: Vec::new(),
                blocked: Vec::new(),
                dead: Vec::new(),
                tired: Vec::new(),
                naps: vec![0; case.runners.len()],
            };
            self.settle(&mut walk);
            let start = self.state(&walk);
            let is_end = match self.retrace(&trail, &mut walk) {
                Some(from) => self.explore_on(from, &mut walk),
                None => {
                    self.strayed += 1;
                    assert!(self.strayed < MOST_STRAYED, "{trail:?} leads elsewhere every time");
                    self.open.push(trail);
                    false
                }
            };
            let all_have_ended = turns.stages().iter().all(|stage| *stage == Stage::Ended);
            assert!(!is_end || all_have_ended, "nobody can go on after {:?}", walk.trail);
            drop(over);
            let ends: Vec<End> = runners.into_iter().map(|runner| runner.join().unwrap()).collect();
            let (ends, connections): (Vec<_>, Vec<_>) = ends.into_iter().unzip();
            connections.into_iter().flatten().for_each(|connection| self.give_back(connection));
            if is_end {
                self.ends += 1;
                self.check_end(&walk, ends);
            }
            start
        })
    }

    /// Goes along a trail. The state before its last move, if it has any; nothing at all when it leads elsewhere than before.
    fn retrace(&mut self, trail: &[Move], walk: &mut Walk<'_>) -> Option<Option<State>> {
        let mut from = None;
        for (number, next) in trail.iter().enumerate() {
            if number + 1 == trail.len() {
                from = Some(self.state(walk)).filter(|from| self.graph.contains_key(from));
                from?;
            }
            if !self.possible(walk).contains(next) {
                return None;
            }
            self.make(*next, walk);
        }
        Some(from)
    }

    /// Goes on until it meets a state that is known, or an end. Whether it is an end.
    fn explore_on(&mut self, mut from: Option<State>, walk: &mut Walk<'_>) -> bool {
        loop {
            let state = self.state(walk);
            if let Some(from) = from {
                self.graph.entry(from).or_default().push(state);
            }
            if self.graph.contains_key(&state) {
                return false;
            }
            self.graph.insert(state, Vec::new());
            let moves = self.possible(walk);
            let Some((first, others)) = moves.split_first() else { return true };
            assert!(walk.trail.len() < MOST_MOVES, "no end after {:?}", walk.trail);
            self.open.extend(others.iter().map(|other| [&walk.trail[..], &[*other]].concat()));
            from = Some(state);
            self.make(*first, walk);
        }
    }

    /// All have ended: well, unless they are dead, or were refused as they may be.
    fn check_end(&mut self, walk: &Walk<'_>, ends: Vec<Result<Report, Error>>) {
        for (number, end) in ends.into_iter().enumerate() {
            if let Err(error) = end
                && !walk.dead.contains(&number)
            {
                assert!((self.case.may_end_with)(&error), "runner {number} after {:?}: {error}", walk.trail);
            }
        }
        self.do_last();
        assert_eq!(self.observer.contents(), self.expect, "after {:?}", walk.trail);
    }

    fn possible(&self, walk: &Walk<'_>) -> Vec<Move> {
        let stages = walk.turns.stages();
        let at = |stage: Stage| (0..stages.len()).filter(|runner| stages[*runner] == stage).collect::<Vec<_>>();
        let (ready, asleep) = (at(Stage::AtRequest), at(Stage::Asleep));
        let mut able: Vec<usize> = ready.clone();
        // Whoever has slept often sleeps for longer: until nobody else can do anything.
        able.extend(asleep.iter().filter(|runner| !walk.tired.contains(runner) && walk.naps[**runner] < MOST_NAPS));
        if able.is_empty() {
            // Time goes by.
            able = asleep;
        }
        able.sort_unstable();
        let mut moves: Vec<Move> = able.into_iter().map(Move::Request).collect();
        if walk.dead.len() < self.case.deaths {
            moves.extend(ready.into_iter().map(Move::Death));
        }
        moves
    }

    fn make(&mut self, next: Move, walk: &mut Walk<'_>) {
        walk.trail.push(next);
        match next {
            Move::Request(runner) => walk.turns.give(runner, None),
            Move::Death(runner) => {
                walk.turns.give(runner, Some(Fault::LostBefore));
                walk.dead.push(runner);
            }
        }
        walk.tired.clear();
        self.settle(walk);
        if let Move::Death(runner) = next {
            self.wait_until_gone(&walk.processes[runner]);
            // Those that waited for it go on.
            self.settle(walk);
        }
        let (Move::Request(runner) | Move::Death(runner)) = next;
        if walk.turns.stages()[runner] == Stage::Asleep {
            walk.tired.push(runner);
            walk.naps[runner] += 1;
        }
    }

    /// Waits until every runner waits for its turn, or for the database to let it go on.
    fn settle(&mut self, walk: &mut Walk<'_>) {
        let started = Instant::now();
        loop {
            let running =
                walk.turns.still_running(Duration::from_millis(if self.driver.is_sqlite() { 1000 } else { 1 }));
            let waits_for_others = |runner: &usize| {
                !self.driver.is_sqlite()
                    && self
                        .observer
                        .value(&format!("SELECT cardinality(pg_blocking_pids({})) > 0", walk.processes[*runner]))
                        == "t"
            };
            let mut waiting = running.clone();
            waiting.retain(waits_for_others);
            if waiting.len() == running.len() {
                walk.blocked.retain(|runner| waiting.contains(runner));
                waiting.retain(|runner| !walk.blocked.contains(runner));
                walk.blocked.extend(waiting);
                return;
            }
            assert!(started.elapsed() < BOUND, "{running:?} are still at work after {:?}", walk.trail);
        }
    }

    fn wait_until_gone(&mut self, process: &str) {
        if self.driver.is_sqlite() {
            return;
        }
        let started = Instant::now();
        let count = format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {process}");
        while self.observer.value(&count) != "0" {
            assert!(started.elapsed() < BOUND, "process {process} does not end");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// All that decides how it goes on.
    fn state(&mut self, walk: &Walk<'_>) -> State {
        let mut hasher = DefaultHasher::new();
        (walk.turns.heard(), walk.turns.stages(), &walk.blocked, &walk.dead, &walk.tired).hash(&mut hasher);
        for table in self.observer.tables() {
            self.rows_of(&table).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// What is committed in a table; nothing when a runner keeps others from reading.
    fn rows_of(&mut self, table: &str) -> Option<Vec<String>> {
        let columns = if table == "schema_migrations" { "version, name, state, statements_done" } else { "*" };
        let query = format!("SELECT {columns} FROM {table} ORDER BY 1");
        match &mut self.observer {
            Connection::Postgres(client) => {
                let locked = format!("BEGIN; LOCK TABLE {table} IN ACCESS SHARE MODE NOWAIT");
                let is_free = client.batch_execute(&locked).is_ok();
                let rows = is_free.then(|| self.observer.rows(&query));
                self.observer.execute("ROLLBACK");
                rows
            }
            observer => Some(observer.rows(&query)),
        }
    }
}
