-- +goose Up
CREATE TABLE items (id integer PRIMARY KEY);

-- +goose Down
DROP TABLE items;
