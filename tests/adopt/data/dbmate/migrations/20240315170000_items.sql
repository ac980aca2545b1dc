-- migrate:up
CREATE TABLE items (id integer PRIMARY KEY);

-- migrate:down
DROP TABLE items;
