-- What the reminder letters are written from.
CREATE VIEW overdue_loans AS
SELECT members.name AS member, books.title, loans.due_on
FROM loans
JOIN members ON members.id = loans.member_id
JOIN books ON books.id = loans.book_id
WHERE loans.returned_on IS NULL AND loans.due_on < date('now');
