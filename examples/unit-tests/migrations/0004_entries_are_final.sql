-- A wrong entry is corrected by another entry.
CREATE TRIGGER entries_are_not_updated BEFORE UPDATE ON entries
BEGIN
    SELECT raise(ABORT, 'an entry is final');
END;

CREATE TRIGGER entries_are_not_deleted BEFORE DELETE ON entries
BEGIN
    SELECT raise(ABORT, 'an entry is final');
END;
