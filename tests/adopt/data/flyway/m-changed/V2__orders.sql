CREATE TABLE orders (id integer);
-- other words
