CREATE TABLE groessen (id integer);
INSERT INTO groessen VALUES (1);
