CREATE TABLE items (id integer);
-- größe
