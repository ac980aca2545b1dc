//! What is written around the statements of a script in a transaction: it waits for its turn, looks whether it is, and its row is written.

use migrate_core::{Dialect, Direction};

use super::foreseen::Foreseen;
use super::prepare::Prepared;
use super::read::{Facts, Recorded};
use super::request::Frame;
use super::sql::NewRow;
use super::{Engine, stamp};
use crate::driver::AnySession;
use crate::host;

/// Postgres refuses savepoints outside of a transaction block, also in a request of several statements.
const GUARD: &str = "SAVEPOINT migrate_runtime_guard;\nRELEASE SAVEPOINT migrate_runtime_guard";

/// How the row of a script that runs in a transaction is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bookkeeping {
    /// At once and last: nothing can keep it from being written, the look before has seen everything, and the script sets nothing that
    /// would have to be set back.
    AtTheEnd,
    /// As a claim before the script, which stays if the script should leave its transaction, and finished, and looked at, behind it.
    ByClaim,
}

impl<S: AnySession + ?Sized> Engine<'_, S> {
    /// How the row of a script in a transaction is written.
    pub(super) fn bookkeeping(&self, prepared: &Prepared<'_>, recorded: &Recorded, foreseen: &Foreseen) -> Bookkeeping {
        let is_exposed = recorded.facts.is_history_exposed || foreseen.may_have_changed();
        // A look into the past does not see what others have done since; the key of the row does.
        let is_of_now = !self.keeps_snapshot;
        // What is to be reverted has a row, which says whether it still is.
        let is_new = prepared.direction == Direction::Up && prepared.embedded.is_some();
        let is_simple = is_new && prepared.is_plain && is_of_now && !is_exposed;
        match is_simple && !self.may_write_to_history(prepared) {
            true => Bookkeeping::AtTheEnd,
            false => Bookkeeping::ByClaim,
        }
    }

    /// Whether nobody else can have a turn: behind the first script of a transaction around all.
    fn is_our_turn(&self, foreseen: &Foreseen) -> bool {
        self.whole.is_some() && foreseen.has_had_turn() && !foreseen.may_have_changed()
    }

    /// Whether a script has no savepoint of its own: when it fails, nothing goes on in the transaction around all. (A server that takes
    /// a savepoint for each of many scripts makes every other session slower that meets what they have written.)
    pub(super) fn shares_transaction(&self, bookkeeping: Bookkeeping, foreseen: &Foreseen) -> bool {
        bookkeeping == Bookkeeping::AtTheEnd && self.is_our_turn(foreseen)
    }

    /// SQLite: the data version at which there is no need to look whether it is the turn of the script. The first one of a plan looks in
    /// any case, to find out whether the history can be written, and to lock the database where a transaction of the user's has not.
    pub(super) fn quiet_at<'f>(
        &self,
        bookkeeping: Bookkeeping,
        recorded: &Recorded,
        foreseen: &'f Foreseen,
    ) -> Option<&'f str> {
        let is_look_alone = bookkeeping == Bookkeeping::AtTheEnd && self.before_writing(recorded, foreseen).is_empty();
        foreseen.data_version().filter(|_| is_look_alone && foreseen.has_had_turn())
    }

    /// The bookkeeping around the statements of a migration.
    pub(super) fn frame(
        &self,
        bookkeeping: Bookkeeping,
        prepared: &Prepared<'_>,
        recorded: &Recorded,
        foreseen: &Foreseen,
    ) -> Frame {
        let transaction = (!self.shares_transaction(bookkeeping, foreseen)).then(|| self.transaction());
        let settings = &recorded.facts.settings;
        let is_postgres = self.sql.dialect == Dialect::Postgres;
        let ours = prepared.timeouts(self.migrator);
        let look = || match (bookkeeping, foreseen.latest()) {
            (Bookkeeping::AtTheEnd, Some(latest)) if is_postgres && foreseen.has_had_turn() => {
                let version = &prepared.version;
                self.sql.expect_nothing_new(latest, foreseen.is_below_latest(version).then_some(version))
            }
            _ => self.sql.expect_turn(foreseen),
        };
        let mut claim = Vec::new();
        claim.extend((!self.is_our_turn(foreseen)).then(|| self.turn(&look(), recorded, foreseen)));
        let mut finish = Vec::new();
        match bookkeeping {
            Bookkeeping::AtTheEnd if is_postgres => {
                claim.extend(self.is_nested.then(|| self.sql.note_begin()));
                let row = self.record_at_the_end(prepared, recorded, &self.sql.elapsed(self.is_nested));
                finish.extend(row.map(|row| self.sql.insert(&[row])));
            }
            // SQLite: made when the script is done, and it is known how long that took.
            Bookkeeping::AtTheEnd => {}
            Bookkeeping::ByClaim => {
                let by = self.applied_by(&recorded.facts);
                claim.push(self.sql.claim(prepared, &by, &self.sql.claim_in_transaction()));
                finish.push(self.sql.finish(prepared, &by));
                // What the user has set for the transaction must not outlast it.
                let is_local = self.is_in_transaction_of_user() && !prepared.sets_for_session();
                let ours = (!prepared.may_change_timeouts()).then_some(ours);
                finish.extend(is_postgres.then(|| self.sql.restore_settings(settings, ours, is_local)));
            }
        }
        claim.extend(is_postgres.then(|| ours.set_local()));
        finish.extend((is_postgres && self.is_nested).then(|| self.sql.restore_timeouts(settings)));
        let guard = is_postgres.then_some(GUARD);
        let resets = if is_postgres { prepared.resets().collect() } else { Vec::new() };
        let settings = (format!("{};\n{}", ours.set_local(), self.read_strings("on")), resets);
        Frame { transaction, guard, claim: claim.join(";\n"), settings, finish: finish.join(";\n") }
    }

    /// The row of a script that nothing has claimed. `elapsed` is an expression of the milliseconds that it took.
    pub(super) fn record_at_the_end(
        &self,
        prepared: &Prepared<'_>,
        recorded: &Recorded,
        elapsed: &str,
    ) -> Option<NewRow> {
        let by = self.applied_by(&recorded.facts);
        prepared.embedded.as_ref().map(|migration| self.sql.record(prepared, migration, &by, elapsed))
    }

    /// SQLite: whether the row of a script can wait for that of the next one, and be written together with it: nobody sees the rows of a
    /// transaction around all before its end, unless a script looks for them, as a plain one does not.
    pub(super) fn may_wait(
        &self,
        bookkeeping: Bookkeeping,
        next: Option<&Prepared<'_>>,
        recorded: &Recorded,
        foreseen: &Foreseen,
    ) -> bool {
        let is_next_alike =
            || next.is_some_and(|next| self.bookkeeping(next, recorded, foreseen) == Bookkeeping::AtTheEnd);
        let is_possible = self.sql.dialect == Dialect::Sqlite && self.whole.is_some();
        is_possible && bookkeeping == Bookkeeping::AtTheEnd && is_next_alike()
    }

    /// Waits for the turn of a script, and looks whether it is.
    pub(super) fn turn(&self, look: &str, recorded: &Recorded, foreseen: &Foreseen) -> String {
        let before = match self.sql.dialect {
            Dialect::Sqlite => self.before_writing(recorded, foreseen),
            _ => format!("{};\n", self.wait_for_turn(foreseen)),
        };
        format!("{before}{look}")
    }

    /// SQLite makes the table in the transaction of the first row, and takes away the stamp.
    pub(super) fn before_writing(&self, recorded: &Recorded, foreseen: &Foreseen) -> String {
        let mut sql = String::new();
        if self.sql.dialect != Dialect::Sqlite {
            return sql;
        }
        if self.migrator.has_user_version_stamp {
            sql.push_str(&format!("{};\n", stamp::REMOVE));
        }
        if !recorded.table_exists && foreseen.is_empty() {
            sql.push_str(&format!("{};\n", self.sql.create_table()));
        }
        sql
    }

    /// Postgres: the claim waits for another runner's transaction, for a time of its own, which goes on to hold.
    pub(super) fn bounded(&self, foreseen: &Foreseen, claim: &str) -> String {
        match self.sql.dialect {
            Dialect::Sqlite => claim.to_owned(),
            _ => format!("{};\n{claim}", self.wait_for_turn(foreseen)),
        }
    }

    pub(super) fn wait_for_turn(&self, foreseen: &Foreseen) -> String {
        // Where it can be tried again it does not wait for the table: the server would not say that it was this what took too long.
        let lock = if foreseen.is_empty() {
            self.sql.lock_history(self.is_nested)
        } else {
            self.sql.lock_latest(self.keeps_snapshot)
        };
        format!("{};\n{lock}", self.limit_wait())
    }

    /// Who writes, as the history remembers it.
    pub(super) fn applied_by(&self, facts: &Facts) -> String {
        let own = self.migrator.applied_by.clone();
        own.unwrap_or_else(|| host::runner(facts.user.as_deref(), &self.migrations_of.package))
    }
}
