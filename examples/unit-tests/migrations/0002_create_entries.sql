-- The ledger: every change of a balance, with its reason.
CREATE TABLE entries (
    id         INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    amount     INTEGER NOT NULL CHECK (amount <> 0),
    reason     TEXT NOT NULL
);

CREATE INDEX entries_account ON entries (account_id);
