//! The rules of MySQL and MariaDB as tables.

use super::*;
use Dialect::Mysql;
use ScanProblemKind::Delimiter;

const SPLIT: &[Split] = &[
    // Comments.
    ("# it's;\na; b # c;\n; d", &["a", "b", "d"]),
    ("a -- it's;\n; b --\tc;\n; d --\n;e --", &["a", "b", "d", "e"]),
    ("1--1; 2--'a;b'; c --\x01;\n; d", &["1--1", "2--'a;b'", "c", "d"]),
    ("-- a\r; b\n c", &["c"]),
    ("/* /* ; */ a; b */", &["a", "b */"]),
    ("SELECT /*+ NO_INDEX(t `;`) */ 1; b", &["SELECT /*+ NO_INDEX(t `;`) */ 1", "b"]),
    ("a\x0b;\x0cb", &["a", "b"]),
    // Strings.
    (r"'a\'; b'; c", &[r"'a\'; b'", "c"]),
    (r"'\\'; 'a''\''';'; b", &[r"'\\'", r"'a''\''';'", "b"]),
    (r#""a\";"; "b"";"; "it's"; c"#, &[r#""a\";""#, r#""b"";""#, r#""it's""#, "c"]),
    (r"N'a\';'; n';'; _utf8mb4'\';'; c", &[r"N'a\';'", "n';'", r"_utf8mb4'\';'", "c"]),
    ("'\\é;'; b", &["'\\é;'", "b"]),
    // No escapes, and no doubling: two constants.
    (r"x'3b'';'; b'0'; B';'; X''; c", &["x'3b'';'", "b'0'", "B';'", "X''", "c"]),
    (r"xx'\';'; b", &[r"xx'\';'", "b"]),
    // Names.
    (r"`a;``b\`; c", &[r"`a;``b\`", "c"]),
    ("[a;b]", &["[a", "b]"]),
    ("a$b;c; $d; 1e$;2", &["a$b", "c", "$d", "1e$", "2"]),
    ("1abc;2", &["1abc", "2"]),
    ("0; 0x; 0xABC; 0b1; 1", &["0", "0x", "0xABC", "0b1", "1"]),
    (
        "@a; @'b;'; @`c;``d`; @\"e;\\\"\"; @@f.g; @a:=1; h",
        &["@a", "@'b;'", "@`c;``d`", "@\"e;\\\"\"", "@@f.g", "@a:=1", "h"],
    ),
    (r"\N; \N';'; a\; b", &[r"\N", r"\N';'", r"a\", "b"]),
    ("$$;$$; $a$;$$;$a$; b", &["$$;$$", "$a$;$$;$a$", "b"]),
    ("(a;b)", &["(a", "b)"]),
    ("a; \u{feff}b; c", &["a", "\u{feff}b", "c"]),
    // Executable comments hold statement text.
    ("/*!40101 SET NAMES utf8 */; b", &["/*!40101 SET NAMES utf8 */", "b"]),
    ("/*! a; b */; c", &["/*! a; b */", "c"]),
    ("/*M!100100 a; b */; c", &["/*M!100100 a; b */", "c"]),
    ("/*!50003 ';*/' */; b", &["/*!50003 ';*/' */", "b"]),
    ("/*!50003 a /* b; */ ; c */; d", &["/*!50003 a /* b; */ ; c */", "d"]),
    ("/*! a -- */\n; b */; c", &["/*! a -- */\n; b */", "c"]),
    ("/*! /*! a */; b */; c", &["/*! /*! a */", "b */", "c"]),
    ("/*!*/; 2*/*;*/3; b", &["/*!*/", "2*/*;*/3", "b"]),
    ("a /*! 2*/*b; c", &["a /*! 2*/*b", "c"]),
    // Bodies.
    ("CREATE PROCEDURE p() BEGIN a; b; END; c", &["CREATE PROCEDURE p() BEGIN a; b; END", "c"]),
    ("CREATE PROCEDURE p() SELECT IF(a, b, c); d", &["CREATE PROCEDURE p() SELECT IF(a, b, c)", "d"]),
    ("CREATE PROCEDURE p() IF a THEN b; ELSE c; END IF; d", &["CREATE PROCEDURE p() IF a THEN b; ELSE c; END IF", "d"]),
    (
        "CREATE PROCEDURE p(a CHAR(2), begin INT) SELECT 1; b",
        &["CREATE PROCEDURE p(a CHAR(2), begin INT) SELECT 1", "b"],
    ),
    (
        "create definer = `a;`@'%' procedure db.begin(in begin int) begin a; end; b",
        &["create definer = `a;`@'%' procedure db.begin(in begin int) begin a; end", "b"],
    ),
    (
        "CREATE OR REPLACE DEFINER=root@localhost FUNCTION IF NOT EXISTS f(a INT, b VARCHAR(2)) RETURNS CHAR CHARACTER SET utf8 \
         NO SQL BEGIN RETURN IF(a, b, 'c;'); END; d",
        &[
            "CREATE OR REPLACE DEFINER=root@localhost FUNCTION IF NOT EXISTS f(a INT, b VARCHAR(2)) RETURNS CHAR CHARACTER SET utf8 \
             NO SQL BEGIN RETURN IF(a, b, 'c;'); END",
            "d",
        ],
    ),
    (
        "CREATE DEFINER=CURRENT_USER() FUNCTION f() RETURNS CHAR CHARSET utf8 DETERMINISTIC RETURN REPEAT('a', 2); b",
        &[
            "CREATE DEFINER=CURRENT_USER() FUNCTION f() RETURNS CHAR CHARSET utf8 DETERMINISTIC RETURN REPEAT('a', 2)",
            "b",
        ],
    ),
    ("CREATE FUNCTION f RETURNS STRING SONAME 'f.so'; a", &["CREATE FUNCTION f RETURNS STRING SONAME 'f.so'", "a"]),
    (
        "CREATE PROCEDURE p() l: LOOP a; IF b THEN LEAVE l; END IF; END LOOP l; c",
        &["CREATE PROCEDURE p() l: LOOP a; IF b THEN LEAVE l; END IF; END LOOP l", "c"],
    ),
    (
        "CREATE PROCEDURE p() BEGIN l: BEGIN a; END l; `m`: WHILE b DO c; END WHILE `m`; END; d",
        &["CREATE PROCEDURE p() BEGIN l: BEGIN a; END l; `m`: WHILE b DO c; END WHILE `m`; END", "d"],
    ),
    (
        "CREATE PROCEDURE p() BEGIN REPEAT a; UNTIL end > CASE c WHEN 1 THEN 0 END END REPEAT; END; b",
        &["CREATE PROCEDURE p() BEGIN REPEAT a; UNTIL end > CASE c WHEN 1 THEN 0 END END REPEAT; END", "b"],
    ),
    (
        "CREATE PROCEDURE p() BEGIN REPEAT a; UNTIL b = REPEAT('c', 2) END REPEAT; d; END; e",
        &["CREATE PROCEDURE p() BEGIN REPEAT a; UNTIL b = REPEAT('c', 2) END REPEAT; d; END", "e"],
    ),
    (
        "CREATE PROCEDURE p() BEGIN SELECT -IF(a, 1, 2), t.do begin FROM t; END; b",
        &["CREATE PROCEDURE p() BEGIN SELECT -IF(a, 1, 2), t.do begin FROM t; END", "b"],
    ),
    (
        "CREATE PROCEDURE p() IF CASE a WHEN 1 THEN 0 END THEN BEGIN b; END; END IF; c",
        &["CREATE PROCEDURE p() IF CASE a WHEN 1 THEN 0 END THEN BEGIN b; END; END IF", "c"],
    ),
    (
        "CREATE PROCEDURE p() BEGIN CASE a WHEN 1 THEN b; WHEN 2 THEN BEGIN END; ELSE SET c = CASE WHEN d THEN IF(1,2,3) END; END CASE; END; e",
        &[
            "CREATE PROCEDURE p() BEGIN CASE a WHEN 1 THEN b; WHEN 2 THEN BEGIN END; ELSE SET c = CASE WHEN d THEN IF(1,2,3) END; END CASE; END",
            "e",
        ],
    ),
    (
        "CREATE PROCEDURE p() BEGIN SELECT begin, end, t.end FROM t WHERE t.case FOR UPDATE; DROP TABLE IF EXISTS a; END; b",
        &[
            "CREATE PROCEDURE p() BEGIN SELECT begin, end, t.end FROM t WHERE t.case FOR UPDATE; DROP TABLE IF EXISTS a; END",
            "b",
        ],
    ),
    (
        "CREATE PROCEDURE p() BEGIN DECLARE CONTINUE HANDLER FOR NOT FOUND SET d = IF(a, 1, 2); \
         DECLARE EXIT HANDLER FOR SQLSTATE '23000', 1062 BEGIN ROLLBACK; END; \
         DECLARE UNDO HANDLER FOR SQLEXCEPTION IF a THEN b; END IF; DECLARE handler INT; a; END; c",
        &[
            "CREATE PROCEDURE p() BEGIN DECLARE CONTINUE HANDLER FOR NOT FOUND SET d = IF(a, 1, 2); \
             DECLARE EXIT HANDLER FOR SQLSTATE '23000', 1062 BEGIN ROLLBACK; END; \
             DECLARE UNDO HANDLER FOR SQLEXCEPTION IF a THEN b; END IF; DECLARE handler INT; a; END",
            "c",
        ],
    ),
    (
        "CREATE PROCEDURE p() BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION ROLLBACK; a; END; b",
        &["CREATE PROCEDURE p() BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION ROLLBACK; a; END", "b"],
    ),
    (
        "CREATE PROCEDURE p() BEGIN IF a THEN b; ELSEIF c THEN IF d THEN e; END IF; ELSE BEGIN f; END; END IF; END; g",
        &[
            "CREATE PROCEDURE p() BEGIN IF a THEN b; ELSEIF c THEN IF d THEN e; END IF; ELSE BEGIN f; END; END IF; END",
            "g",
        ],
    ),
    (
        "CREATE TRIGGER t BEFORE INSERT ON begin FOR EACH ROW FOLLOWS u SET NEW.a = IF(b, 1, 2); c",
        &["CREATE TRIGGER t BEFORE INSERT ON begin FOR EACH ROW FOLLOWS u SET NEW.a = IF(b, 1, 2)", "c"],
    ),
    (
        "CREATE TRIGGER t AFTER UPDATE ON u FOR EACH ROW BEGIN SET @a = NEW.end; END; b",
        &["CREATE TRIGGER t AFTER UPDATE ON u FOR EACH ROW BEGIN SET @a = NEW.end; END", "b"],
    ),
    (
        "/*!50003 CREATE*/ /*!50017 DEFINER=`r`@`l`*/ /*!50003 TRIGGER t AFTER DELETE ON u FOR EACH ROW BEGIN a; END */; b",
        &[
            "/*!50003 CREATE*/ /*!50017 DEFINER=`r`@`l`*/ /*!50003 TRIGGER t AFTER DELETE ON u FOR EACH ROW BEGIN a; END */",
            "b",
        ],
    ),
    (
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY ENDS '2030-01-01' DO BEGIN a; END; ALTER EVENT e DO CALL b(); c",
        &["CREATE EVENT e ON SCHEDULE EVERY 1 DAY ENDS '2030-01-01' DO BEGIN a; END", "ALTER EVENT e DO CALL b()", "c"],
    ),
    ("CREATE VIEW v AS SELECT IF(a, 1, 2); b", &["CREATE VIEW v AS SELECT IF(a, 1, 2)", "b"]),
    (
        "CREATE DEFINER=a@b SQL SECURITY INVOKER VIEW v AS SELECT 1; b",
        &["CREATE DEFINER=a@b SQL SECURITY INVOKER VIEW v AS SELECT 1", "b"],
    ),
    ("CREATE TABLE trigger1 (begin INT); b", &["CREATE TABLE trigger1 (begin INT)", "b"]),
    ("CREATE TABLE event (do INT, begin INT); b", &["CREATE TABLE event (do INT, begin INT)", "b"]),
    ("CREATE TABLE t (\n  delimiter INT\n); b", &["CREATE TABLE t (\n  delimiter INT\n)", "b"]),
    // MariaDB, outside of routines.
    ("BEGIN NOT ATOMIC a; b; END; c", &["BEGIN NOT ATOMIC a; b; END", "c"]),
    (
        "FOR i IN 1..10 DO a; END FOR; IF a THEN b; END IF; c",
        &["FOR i IN 1..10 DO a; END FOR", "IF a THEN b; END IF", "c"],
    ),
];

#[test]
fn statements_end_where_they_should() {
    for (sql, expected) in SPLIT {
        assert_eq!(texts(sql, Mysql), *expected, "{sql:?}");
        assert!(scan(sql, Mysql).is_sound(), "{sql:?}");
    }
}

#[test]
fn what_is_left_open_is_unsound() {
    let cases = [
        ("a 'b; c", 2, UnterminatedString),
        (r"'\'", 0, UnterminatedString),
        (r"'\", 0, UnterminatedString),
        ("a \"b';", 2, UnterminatedString),
        ("x'3b;", 0, UnterminatedString),
        ("a; `b; c", 3, UnterminatedIdentifier),
        ("a; /* b; c", 3, UnterminatedComment),
        ("/*/", 0, UnterminatedComment),
        ("a; /*!50003 b; c", 3, UnterminatedComment),
        ("/*! /*! a; # */", 0, UnterminatedComment),
        ("/*! a 'b */", 6, UnterminatedString),
        ("a $b$ c; $$", 2, dollar("b")),
        ("CREATE PROCEDURE p() BEGIN a; b;", 21, UnterminatedBody),
        ("CREATE PROCEDURE p() BEGIN IF a THEN b; END; c;", 21, UnterminatedBody),
        ("REPEAT a; UNTIL end > 1; b", 0, UnterminatedBody),
        ("a; CREATE PROCEDURE p() WHILE a DO BEGIN b; END; c", 24, UnterminatedBody),
    ];
    for (sql, offset, kind) in cases {
        assert_eq!(problems(sql, Mysql), [(offset, kind)], "{sql:?}");
        assert!(!scan(sql, Mysql).is_sound());
    }
}

#[test]
fn the_delimiter_of_the_client_is_refused() {
    let sql =
        "a;\nDELIMITER //\nCREATE PROCEDURE p() BEGIN it's; END //\n  delimiter ;\nCREATE TABLE t (\n  delimiter INT);";
    assert_eq!(problems(sql, Mysql), [(3, Delimiter), (58, Delimiter)]);
    assert_eq!(texts(sql, Mysql), ["a", &sql[3..]]);
    assert!(!scan(sql, Mysql).is_sound());
    assert_eq!(problems("a; delimiter $$ b", Mysql), [(3, Delimiter)]);
    assert_eq!(problems("DELIMITER //\nSELECT ab @c //\n", Mysql), [(0, Delimiter)]);
    assert_eq!(problems("# DELIMITER //\nSELECT delimiter FROM `delimiter`", Mysql), []);
    assert_eq!(problems("DELIMITER //\n", Dialect::Sqlite), []);
}

#[test]
fn transactions_are_not_the_scripts_business() {
    let cases = [
        ("BEGIN", "BEGIN"),
        ("begin work", "BEGIN"),
        ("START TRANSACTION WITH CONSISTENT SNAPSHOT", "START TRANSACTION"),
        ("COMMIT AND CHAIN", "COMMIT"),
        ("/*!50000 COMMIT */", "COMMIT"),
        ("# a\nROLLBACK", "ROLLBACK"),
        ("ROLLBACK WORK TO SAVEPOINT a", "ROLLBACK TO"),
        ("SAVEPOINT a", "SAVEPOINT"),
        ("RELEASE SAVEPOINT a", "RELEASE"),
        ("XA START 'a'", "XA"),
        ("SET TRANSACTION READ ONLY", "SET TRANSACTION"),
        ("SET autocommit = 0", "SET autocommit"),
        ("set @a = (1, autocommit), @@SESSION.autocommit := 1", "SET autocommit"),
        ("SET LOCAL autocommit = ON", "SET autocommit"),
    ];
    for (statement, keyword) in cases {
        let sql = format!("x;{statement};x");
        let offset = if statement.starts_with('#') { 6 } else { 2 };
        assert_eq!(problems(&sql, Mysql), [(offset, transaction(keyword))], "{statement}");
        assert!(scan(&sql, Mysql).is_sound());
    }
    let innocent = [
        "END",
        "ABORT",
        "BEGIN NOT ATOMIC COMMIT; END",
        "CREATE PROCEDURE p() BEGIN START TRANSACTION; COMMIT; END",
        "SET @a = @@autocommit, b = 'autocommit', c = autocommit",
        "SET @a = f(1, autocommit)",
        "SET GLOBAL autocommit = 0",
        "SET SESSION TRANSACTION READ ONLY",
        "XA RECOVER",
        "START SLAVE",
        "PREPARE transaction FROM 'a'",
        "`begin`",
    ];
    for statement in innocent {
        assert_eq!(problems(&format!("x;{statement};x"), Mysql), [], "{statement}");
    }
}

#[test]
fn a_pair_around_the_script_is_dropped() {
    for sql in ["BEGIN; x; COMMIT;", "begin work; x; commit work", "# a\nSTART TRANSACTION; x; /*! COMMIT */;"] {
        let found = scan(sql, Mysql);
        assert!(found.wrapped && found.problems.is_empty(), "{sql}");
        assert_eq!(texts(sql, Mysql), ["x"], "{sql}");
    }
    for sql in
        ["BEGIN; x; END", "START TRANSACTION READ ONLY; x; COMMIT", "BEGIN; x; COMMIT RELEASE", "BEGIN; x; ROLLBACK"]
    {
        assert!(!scan(sql, Mysql).wrapped && !scan(sql, Mysql).problems.is_empty(), "{sql}");
    }
}

#[test]
fn words_are_bare() {
    let words = |sql| scan(sql, Mysql).statements[0].words(sql, Mysql).collect::<Vec<_>>();
    assert_eq!(
        words(
            "SELECT /*! a */ /*M!100100b*/ `c`, \"d\", N'e', x'66', 0b1, 0x1F, 1e5, 1.5e-3, 1.e5, @g, @@h, \\N FROM 1st, 0xG, $i"
        ),
        ["SELECT", "a", "b", "FROM", "1st", "0xG", "$i"]
    );
    assert_eq!(words("SELECT 7, 1x2, 1ea, 1a5, /*!1000001st*/ 1e5a"), ["SELECT", "1x2", "1ea", "1a5", "1st", "a"]);
}

#[test]
fn blank_is_what_no_server_would_run() {
    for (sql, expected) in [
        ("# a", true),
        ("-- a\n;/* b */ --", true),
        ("/*+ a */", true),
        ("--a", false),
        ("/*!40101 SET a = 1 */", false),
        ("/*M! a */", false),
        ("DELIMITER ;", false),
    ] {
        assert_eq!(is_blank(sql, Some(Mysql)), expected, "{sql:?}");
    }
}

#[test]
fn line_comments_begin_with_dashes_and_a_space() {
    let sql = "-- one\n--two\n# three\n/*! a -- four\n*/";
    assert_eq!(line_comments(sql, Mysql).map(|span| &sql[span]).collect::<Vec<_>>(), ["-- one", "-- four"]);
}

/// No driver runs them: such texts must not pass for SQL of another database.
#[test]
fn a_script_of_no_dialect_is_not_for_mysql() {
    for sql in ["# it's", r"SELECT 'it\'s'", r#"SELECT "it's\"""#] {
        assert!(scan(sql, Mysql).is_sound() && !check(sql, None).is_empty(), "{sql}");
    }
    assert!(!is_blank("# a", None));
}
