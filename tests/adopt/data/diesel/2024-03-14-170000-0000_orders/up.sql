CREATE TABLE orders (id integer);
CREATE INDEX by_id ON orders (id);
