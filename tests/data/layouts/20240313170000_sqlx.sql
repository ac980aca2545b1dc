BEGIN;
CREATE TABLE tags (id integer);
COMMIT;
