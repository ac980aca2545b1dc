CREATE TABLE orders (id integer PRIMARY KEY, number text NOT NULL);
