-- Where a book stands: on the shelf of its author's first letter.
ALTER TABLE books ADD COLUMN shelf TEXT;

UPDATE books SET shelf = substr(authors.name, 1, 1) FROM authors WHERE authors.id = books.author_id;
