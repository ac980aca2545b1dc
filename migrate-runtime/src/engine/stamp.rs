//! SQLite: `PRAGMA user_version` as a stamp that says that everything is applied, for a start that reads nothing but the first page of the
//! file: not even the schema.
//!
//! The stamp is written behind a run that has left nothing to do, after another look at the history in the same transaction, and removed
//! in the transaction of whatever changes the history. It is only as good as everybody who writes to the history: see
//! [`Migrator::user_version_stamp`].

use migrate_core::Dialect;

use super::read::first_cells;
use super::{Engine, Verb};
use crate::driver::AnySession;
use crate::event::Event;
use crate::migrator::Migrator;
use crate::report::Report;
use crate::table::TableName;

/// What is asked at the start.
const READ: &str = "PRAGMA user_version";

/// Removes the stamp.
pub(super) const REMOVE: &str = "PRAGMA user_version = 0";

/// What a run reports when the stamp says that everything is applied; nothing where a look at the history has to tell.
pub(crate) async fn up_to_date(
    session: &mut (impl AnySession + ?Sized),
    migrator: &Migrator<'_>,
    table: &TableName,
    verb: &Verb,
) -> Option<Report> {
    let (Verb::Run, Some(stamp)) = (verb, stamp_of(migrator, table, session.dialect())) else { return None };
    let found = session.query(READ).await.ok()?;
    if first_cells(found).next()? != stamp.to_string() {
        return None;
    }
    let set = migrator.sets.first()?;
    let total = set.set.versions() + migrator.steps_of(set).count();
    let report = Report { total, when_empty: verb.when_empty(), ..Report::default() };
    migrator.tell(set.set.name(), &Event::Finished { report: &report });
    Some(report)
}

/// The stamp of a database in which everything is applied; nothing where there is none.
fn stamp_of(migrator: &Migrator<'_>, table: &TableName, dialect: Dialect) -> Option<u32> {
    let [set] = migrator.sets.as_slice() else { return None };
    // A target has to be looked at, and the number is that of the main database.
    let is_elsewhere = table.schema.as_ref().is_some_and(|schema| !schema.eq_ignore_ascii_case("main"));
    if !migrator.has_user_version_stamp || dialect != Dialect::Sqlite || migrator.target.is_some() || is_elsewhere {
        return None;
    }
    let digest = set.set.digest(dialect)?;
    let mut hash = Fnv::new();
    // Neither can hold a line feed.
    hash.add(migrator.history_table.as_bytes());
    hash.add(b"\n");
    hash.add(set.set.name().as_bytes());
    hash.add(b"\n");
    hash.add(&digest.sum().to_le_bytes());
    for step in migrator.steps_of(set) {
        hash.add(step.script.version().digits().as_bytes());
        hash.add(b"\n");
        hash.add(step.script.checksum().as_bytes());
    }
    // No number that anybody counts up to, and none that is negative in the file.
    Some(hash.0 >> 2 | 1 << 30)
}

/// FNV-1a: the digests in it are what tells sets apart.
struct Fnv(u32);

impl Fnv {
    fn new() -> Fnv {
        Fnv(0x811c_9dc5)
    }

    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        }
    }
}

impl<S: AnySession + ?Sized> Engine<'_, S> {
    /// Behind a run that has found everything applied, or has changed something: writes the stamp if everything is applied, whoever has
    /// done it. Nothing depends on it: what fails is left, and the next start looks at the history.
    pub(super) async fn stamp(&mut self) {
        let stamp = stamp_of(self.migrator, self.table, self.sql.dialect);
        let Some(stamp) = stamp.filter(|_| !self.is_nested) else { return };
        let Ok(Some(patience)) = self.session.query("PRAGMA busy_timeout").await.map(|rows| first_cells(rows).next())
        else {
            return;
        };
        let (open, close) = self.transaction();
        self.session.roll_back_when_dropped(Some(self.rollback()));
        // A start with nothing to do waits for nobody. Zero may be a handler of the program's own, which is left as it is.
        let is_impatient = patience != "0" && self.session.query("PRAGMA busy_timeout = 0").await.is_ok();
        self.session.run_when_dropped(is_impatient.then(|| format!("PRAGMA busy_timeout = {patience}")));
        if self.session.execute(open).await.is_ok() {
            let is_stamped = matches!(self.is_verified().await, Ok(true))
                && self.session.execute(&format!("PRAGMA user_version = {stamp};\n{close}")).await.is_ok();
            if !is_stamped {
                self.roll_back().await;
            }
        }
        self.session.roll_back_when_dropped(None);
        if is_impatient && self.session.query(&format!("PRAGMA busy_timeout = {patience}")).await.is_ok() {
            self.session.run_when_dropped(None);
        }
    }
}
