-- An address has one account, however it is spelled.
UPDATE users SET email = lower(email);

CREATE UNIQUE INDEX users_email ON users (lower(email));
