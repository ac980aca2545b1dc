-- The way back; the history keeps it next to the script that it undoes.
ALTER TABLE books DROP COLUMN shelf;
