-- The rule of the house: two books at a time.
CREATE TRIGGER loans_limit BEFORE INSERT ON loans
WHEN (SELECT count(*) FROM loans WHERE member_id = NEW.member_id AND returned_on IS NULL) >= 2
BEGIN
    SELECT raise(ABORT, 'a member may have two books at a time');
END;
