-- The card catalogue, as it was typed in: the author is a part of every card.
INSERT INTO books (title, author, published) VALUES
    ('A Wizard of Earthsea', 'Le Guin, Ursula K.', 1968),
    ('The Dispossessed', 'Le Guin, Ursula K.', 1974),
    ('Solaris', 'Lem, Stanisław', 1961),
    ('Kindred', 'Butler, Octavia E.', 1979);
