-- +goose Up
CREATE TABLE late (id integer PRIMARY KEY);

-- +goose Down
DROP TABLE late;
