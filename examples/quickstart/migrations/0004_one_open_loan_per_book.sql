-- A book is lent to one member at a time.
CREATE UNIQUE INDEX loans_open_book ON loans (book_id) WHERE returned_on IS NULL;

-- For the list of what a member has at home.
CREATE INDEX loans_member ON loans (member_id);
