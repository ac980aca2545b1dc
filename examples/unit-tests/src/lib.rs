//! A repository layer whose tests run on real databases: a new one in memory for each test, migrated like that in production.
//!
//! The pattern: the program embeds its migrations once, in [`MIGRATIONS`]. Its tests get their connection from one helper, which
//! opens an in-memory database and runs the same migrations. There is no second schema for tests that could fall behind, tests
//! share nothing and run in parallel, and the constraints and triggers that they meet are those of production.
//!
//! ```text
//! cargo test -p unit-tests
//! ```

use migrate_runtime::{Migrations, embed_migrations};
use rusqlite::{Connection, Result};

/// The migrations, for `main` at its start and for every test.
pub static MIGRATIONS: Migrations = embed_migrations!("migrations", dialect = "sqlite");

/// The accounts of a bank; amounts are in cents.
#[derive(Clone, Copy, Debug)]
pub struct Accounts<'c>(&'c Connection);

impl<'c> Accounts<'c> {
    /// The accounts in a database that is up to date.
    pub fn new(db: &'c Connection) -> Accounts<'c> {
        Accounts(db)
    }

    /// Opens an account with nothing in it.
    ///
    /// # Errors
    /// When the owner has one already.
    pub fn open(&self, owner: &str) -> Result<()> {
        self.0.execute("INSERT INTO accounts (owner) VALUES (?1)", [owner])?;
        Ok(())
    }

    /// What is in an account.
    ///
    /// # Errors
    /// When there is no such account.
    pub fn balance(&self, owner: &str) -> Result<i64> {
        self.0.query_row("SELECT balance FROM accounts WHERE owner = ?1", [owner], |row| row.get(0))
    }

    /// Puts money into an account, or takes it out when `amount` is negative.
    ///
    /// # Errors
    /// When there is no such account, too little in it, or `amount` is 0.
    pub fn book(&self, owner: &str, amount: i64, reason: &str) -> Result<()> {
        // Without such an account `account_id` is null, which the table refuses.
        let sql = "INSERT INTO entries (account_id, amount, reason)
                   VALUES ((SELECT id FROM accounts WHERE owner = ?1), ?2, ?3)";
        self.0.execute(sql, (owner, amount, reason))?;
        Ok(())
    }

    /// Moves money from one account to another, or leaves both as they are.
    ///
    /// # Errors
    /// As [`book`](Accounts::book), for either account.
    pub fn transfer(&self, from: &str, to: &str, amount: i64) -> Result<()> {
        let transaction = self.0.unchecked_transaction()?;
        self.book(to, amount, &format!("from {from}"))?;
        self.book(from, -amount, &format!("to {to}"))?;
        transaction.commit()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A new database in memory, brought up to date like that in production.
    fn migrated() -> Connection {
        let mut db = Connection::open_in_memory().unwrap();
        MIGRATIONS.run(&mut db).unwrap();
        db
    }

    /// A new database in which Ann has 10.00 and Ben has nothing.
    fn with_ann_and_ben() -> Connection {
        let db = migrated();
        let accounts = Accounts::new(&db);
        accounts.open("Ann").unwrap();
        accounts.open("Ben").unwrap();
        accounts.book("Ann", 10_00, "first deposit").unwrap();
        db
    }

    #[test]
    fn balance_follows_entries() {
        let db = with_ann_and_ben();
        let accounts = Accounts::new(&db);
        accounts.book("Ann", -2_50, "lunch").unwrap();
        assert_eq!(accounts.balance("Ann").unwrap(), 7_50);
    }

    #[test]
    fn transfer_moves_money() {
        let db = with_ann_and_ben();
        let accounts = Accounts::new(&db);
        accounts.transfer("Ann", "Ben", 4_00).unwrap();
        assert_eq!((accounts.balance("Ann").unwrap(), accounts.balance("Ben").unwrap()), (6_00, 4_00));
    }

    #[test]
    fn transfer_of_too_much_leaves_both_accounts_alone() {
        let db = with_ann_and_ben();
        let accounts = Accounts::new(&db);
        let error = accounts.transfer("Ann", "Ben", 10_01).unwrap_err();
        assert_eq!(error.to_string(), "CHECK constraint failed: balance >= 0");
        assert_eq!((accounts.balance("Ann").unwrap(), accounts.balance("Ben").unwrap()), (10_00, 0));
    }

    #[test]
    fn owner_has_one_account() {
        let db = with_ann_and_ben();
        let error = Accounts::new(&db).open("Ann").unwrap_err();
        assert_eq!(error.to_string(), "UNIQUE constraint failed: accounts.owner");
    }

    #[test]
    fn entry_needs_an_account() {
        let db = migrated();
        let error = Accounts::new(&db).book("nobody", 1, "gift").unwrap_err();
        assert_eq!(error.to_string(), "NOT NULL constraint failed: entries.account_id");
    }

    #[test]
    fn entries_are_final() {
        let db = with_ann_and_ben();
        for sql in ["UPDATE entries SET amount = 1", "DELETE FROM entries"] {
            assert_eq!(db.execute(sql, []).unwrap_err().to_string(), "an entry is final", "{sql}");
        }
    }
}
