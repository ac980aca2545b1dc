CREATE TABLE invoices (id integer PRIMARY KEY, user_id integer NOT NULL REFERENCES users (id));
