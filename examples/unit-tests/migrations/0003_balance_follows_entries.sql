-- The balance is the sum of the entries, and nobody has to remember to update it.
CREATE TRIGGER entries_change_balance AFTER INSERT ON entries
BEGIN
    UPDATE accounts SET balance = balance + NEW.amount WHERE id = NEW.account_id;
END;
