/* A comment that /* does not hold another; */
CREATE TABLE IF NOT EXISTS `it's; new` (`a;``b` TEXT COMMENT ';', delimiter TEXT DEFAULT ';"', `c\` INT, 1st INT, x$y INT);
# it's a comment; with an apostrophe
-- so is it's; this
SELECT 1--1, 2 --	;
- -1, 3*/*;*/2, 4 #;
+ 1, 'it\'s;', "it's\";", "a"";", 'b''\\', N'n\';', _utf8mb4'\';', x'3b', X'27', b'1', 0x1F, 1.5e-3, \N;;;
;SET @a := 1, @'b;' = 2, @`c;``d` = "x;", @"e\";" = @@global.autocommit;
/*!40101 SET NAMES utf8mb4 */;
/*! SET @a = '*/;' */; /*M!100100 SET @b = 1 /* ; */ + 2 */;
SELECT 1 /*!99999 ; no server has this version */ AS `;`, 2 /*! + 1 -- ; */
 */ AS "end;";
DROP PROCEDURE IF EXISTS kind;
CREATE DEFINER=`root`@`localhost` /* ; */ PROCEDURE kind(IN begin INT, `end` VARCHAR(9)) COMMENT 'BEGIN;' SQL SECURITY INVOKER
outermost: BEGIN
    DECLARE done, v INT DEFAULT CASE 1 WHEN 1 THEN IF(1, 2, 3) END;
    DECLARE c CURSOR FOR SELECT begin FROM t FOR UPDATE;
    DECLARE CONTINUE HANDLER FOR NOT FOUND SET done = IF(1, 2, 3);
    DECLARE EXIT HANDLER FOR SQLSTATE '23000', 1062 BEGIN ROLLBACK; END;
    -- END;
    CASE begin WHEN 1 THEN SELECT 'END;'; ELSE BEGIN END; END CASE;
    IF begin THEN SELECT 1; ELSEIF done THEN SELECT 2; ELSE SET v = CASE WHEN done THEN 1 ELSE 2 END; END /* ; */ IF;
    `l;`: LOOP LEAVE `l;`; END LOOP `l;`;
    REPEAT SET v = v + 1; UNTIL CASE v WHEN 9 THEN 1 ELSE v > 9 END END REPEAT;
    WHILE v DO SET v = 0; DROP TEMPORARY TABLE IF EXISTS gone; END WHILE;
    START TRANSACTION; COMMIT;
END outermost;
DROP FUNCTION IF EXISTS area;
create function area(w int, h int) returns char(9) character set utf8mb4 deterministic return if(w, h, repeat('a;', 2));
DROP TRIGGER IF EXISTS keep;
/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER keep BEFORE INSERT ON t FOR EACH ROW BEGIN
    SET @a = NEW.end; IF @a THEN SET @b = 1; END IF;
END */;
DROP TRIGGER IF EXISTS single;
CREATE TRIGGER single AFTER INSERT ON begin FOR EACH ROW IF NEW.a THEN SET @c = 1; ELSE SET @c = 2; END IF;
DROP EVENT IF EXISTS daily;
CREATE EVENT daily ON SCHEDULE EVERY 1 DAY DO BEGIN DELETE FROM log WHERE b = 'END'; END;
ALTER EVENT daily DO DELETE FROM log;
DROP VIEW IF EXISTS v;
CREATE DEFINER=CURRENT_USER() SQL SECURITY INVOKER VIEW v AS SELECT IF(a, 1, 2) AS `if` FROM t;
BEGIN NOT ATOMIC DECLARE i INT; SET i = 1; END;
FOR i IN 1..2 DO SET @a = i; END FOR;
SELECT 'no semicolon; at the end' -- ;
