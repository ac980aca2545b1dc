/* A comment that /* holds another; */ and goes on; */
CREATE TABLE "semi;colon" (a text DEFAULT ';', b text DEFAULT E'it\'s;', "c""d" int);
-- it's a comment; with an apostrophe
CREATE FUNCTION area(w int, h int) RETURNS int LANGUAGE plpgsql AS $fn$
DECLARE note text := $$it's; $fn $ not the end$$;
BEGIN
    -- it's not the end either; $$
    RETURN w * h; /* ' */
END;
$fn$;
CREATE OR REPLACE FUNCTION kind(n int) RETURNS text
BEGIN ATOMIC
    SELECT CASE WHEN n > 0 THEN CASE n WHEN 1 THEN 'one;' ELSE 'many' END ELSE 'none' END;
    SELECT (CASE n WHEN 2 THEN 'two' END);
END;
CREATE PROCEDURE nothing() BEGIN ATOMIC END;
CREATE RULE keep AS ON DELETE TO t DO INSTEAD (INSERT INTO log VALUES (old.a); UPDATE t SET gone = true WHERE a = old.a;);
SELECT 1+--comment;
2, 3*/*comment;*/4, a$b$ AS "x;", $1, $$;$$;
SELECT '\', U&'d\0061t;a', B'1', x'1F', N'n;', e'\\', e'\\\'';
DO $ü$ BEGIN PERFORM ';'; END $ü$;;;
;SELECT 'a'
'b;', "é;""", $a$$b$;$$$a$ /* ; */ ;
SELECT 'no semicolon; at the end' -- ;
