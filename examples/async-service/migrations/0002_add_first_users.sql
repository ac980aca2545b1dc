-- Those who were invited before there was a way to sign up.
INSERT INTO users (email) VALUES
    ('Ann@example.org'),
    ('ben@example.org');
