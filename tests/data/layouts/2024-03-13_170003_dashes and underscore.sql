CREATE TABLE sizes (id integer);
