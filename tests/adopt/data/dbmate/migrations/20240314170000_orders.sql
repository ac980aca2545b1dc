-- migrate:up
CREATE TABLE orders (id integer PRIMARY KEY, user_id integer);

-- migrate:down
DROP TABLE orders;
