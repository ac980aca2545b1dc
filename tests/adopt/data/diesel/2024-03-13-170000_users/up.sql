-- größe
CREATE TABLE users (id integer);
