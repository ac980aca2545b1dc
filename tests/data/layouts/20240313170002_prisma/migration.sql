CREATE TABLE colours (id integer);
