/* A comment that /* does not hold another; */
CREATE TABLE IF NOT EXISTS [it's; new] (`a;``b` TEXT DEFAULT ';', "c;""d" INT, 'e;''f' INT);
-- it's a comment; with an apostrophe
CREATE TEMP TRIGGER IF NOT EXISTS "end" AFTER INSERT ON main.t WHEN CASE new.a WHEN 1 THEN 2 END
BEGIN
    UPDATE log SET b = CASE a WHEN 1 THEN '; END;' ELSE new."end" END; -- END;
    INSERT INTO log VALUES (new.[a], 'it''s'); /* ; END; */
END;
CREATE /* ; */ TRIGGER [;] INSTEAD OF DELETE ON v BEGIN SELECT 1; SELECT 2;
END -- ;
;
EXPLAIN CREATE TRIGGER x AFTER UPDATE ON t BEGIN SELECT ';'; END;
EXPLAIN QUERY PLAN SELECT x'3b', a->>'$;' FROM t;;;
;SELECT a AS x$y, b AS é, 1 - -1, 4/2, '\' FROM t;
SELECT 'no semicolon; at the end' -- ;
