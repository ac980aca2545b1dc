CREATE TABLE orders (id integer);
-- größe
