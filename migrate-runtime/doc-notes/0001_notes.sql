-- migrate: no-transaction
CREATE TABLE notes (id integer PRIMARY KEY, text text NOT NULL);
VACUUM;
CREATE TABLE tags (note_id integer NOT NULL, tag text NOT NULL);
