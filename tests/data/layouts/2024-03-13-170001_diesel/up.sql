CREATE TABLE labels (id integer);
