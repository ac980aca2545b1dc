-- Who has which book, and since when. A loan ends when the book is returned; its row stays.
CREATE TABLE loans (
    id          INTEGER PRIMARY KEY,
    book_id     INTEGER NOT NULL REFERENCES books (id),
    member_id   INTEGER NOT NULL REFERENCES members (id),
    due_on      TEXT NOT NULL,
    returned_on TEXT
);
