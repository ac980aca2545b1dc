//! Statements that MySQL and MariaDB take, put together from what trips up a scanner of theirs.

use super::Generator;

/// What may stand anywhere in a text, to no good.
pub(super) const FRAGMENTS: &[&str] = &[
    "'",
    "\"",
    "`",
    "\\",
    "\\'",
    "#",
    "--",
    "-- ",
    "--\n",
    "/*",
    "*/",
    "/*!",
    "/*!50003 ",
    "/*M!",
    "/*+",
    "/",
    "*",
    "-",
    ";",
    ";",
    "(",
    ")",
    "[",
    "@",
    "@@a",
    "@'",
    ":",
    ":=",
    "$",
    "$a",
    "$$",
    "$b$",
    "x'",
    "b'",
    "N'",
    "_utf8'",
    "1e5",
    "1e",
    "0x1F",
    "0xG",
    "1a",
    ".",
    "é",
    "create ",
    "procedure ",
    "p()",
    "trigger ",
    "event ",
    "for each row ",
    "do ",
    "definer=",
    "or replace ",
    "begin ",
    "end ",
    "if ",
    "then ",
    "else ",
    "case ",
    "when ",
    "loop ",
    "repeat ",
    "until ",
    "while ",
    "for ",
    "declare ",
    "continue ",
    "handler ",
    "not ",
    "atomic ",
    "delimiter ",
    "\ndelimiter //\n",
    "commit",
    "set autocommit=",
    "\n",
    "\r",
    "\t",
    " ",
    " ",
    "\u{b}",
    "\u{1}",
    "''",
    "\"\"",
    "``",
    "\u{feff}",
    "😀",
];

const EXPRESSIONS: &[&str] = &[
    "1",
    "a",
    "`a`",
    "'x'",
    "'it''s;'",
    r"'it\'s;'",
    r"'\\'",
    r#""it's;""#,
    r#""b\";""#,
    r#""b"";""#,
    "N'n;'",
    r"n'\';'",
    r"_utf8mb4'\';'",
    "x'3b'",
    "X'27'",
    "b'1'",
    "@v",
    "@'q;'",
    "@`q;``r`",
    "@\"r;\"",
    "@@autocommit",
    "1e5",
    "1.5e-3",
    "1.e2",
    ".5",
    "0x1F",
    "0b1",
    "1a",
    "x$y",
    "begin",
    "end",
    "t.end",
    "`t`.`begin`",
    "1--1",
    "a/b",
    "2*/*;*/3",
    "a-1",
    "IF(a, 1, 2)",
    "REPEAT('a;', 2)",
    "CASE a WHEN 1 THEN 2 ELSE 3 END",
    "(CASE WHEN a THEN CASE b WHEN 1 THEN IF(1, 2, 3) END END)",
    r"\N",
    "(SELECT t.end FROM t LIMIT 1)",
    "1 /*! + 1 */",
    "1 /*M! + ';' */",
    "1 /*!99999 ; 'skipped' by some */",
    "1 /*!50003 + '*/' */",
];

impl Generator {
    pub(super) fn mysql_statement(&mut self) -> String {
        match self.below(10) {
            0 | 1 => {
                let definer = self.pick(&[
                    "",
                    "DEFINER=`root`@`localhost`",
                    "definer = 'root'@'localhost'",
                    "DEFINER=CURRENT_USER()",
                ]);
                let name = self.pick(&["p", "`p;`", "test.p", "begin"]);
                let parameters =
                    self.pick(&["(a INT, end VARCHAR(9))", "(IN `a` INT, OUT end INT)", "(a INT, end INT)"]);
                let more = self.pick(&["", "NO SQL", "COMMENT 'it''s; BEGIN' DETERMINISTIC", "SQL SECURITY INVOKER"]);
                self.join_some(&["CREATE OR", "REPLACE", definer, "PROCEDURE", name, parameters, more]) + &self.body()
            }
            2 => {
                let returns = self.pick(&[
                    "RETURNS INT",
                    "RETURNS CHAR(9) CHARACTER SET utf8mb4",
                    "returns text charset utf8mb4",
                ]);
                let head = self.join_some(&["CREATE", "OR REPLACE", "FUNCTION", "f", "(a INT, end INT)", returns]);
                let text = match self.below(2) {
                    0 => format!("RETURN{}IF(a, end, REPEAT('b;', 2))", self.blank()),
                    _ => format!("BEGIN {} RETURN a; END", self.block(2)),
                };
                head + &self.blank() + &text
            }
            3 => {
                let head = self.pick(&["CREATE OR REPLACE", "/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/"]);
                let name = if head.ends_with("/") { "IF NOT EXISTS y" } else { "x" };
                self.join(&[head, "TRIGGER", name, "BEFORE", "INSERT", "ON", "begin", "FOR", "EACH", "ROW"])
                    + &self.body()
            }
            4 => self.join(&["CREATE OR REPLACE", "EVENT", "e", "ON SCHEDULE EVERY 1 DAY", "DO"]) + &self.body(),
            5 => {
                let body = self.block(2);
                format!("BEGIN{}NOT{}ATOMIC IF 0 THEN {body} END IF; END", self.blank(), self.blank())
            }
            6 => self
                .pick(&[
                    "/*!40101 SET @old = @@sql_mode */",
                    "/*! SET @a = ';' */",
                    "/*M!100100 SET @a = 1 /* ; */ + 2 */",
                    "CREATE TABLE IF NOT EXISTS u (`a;``b` INT, delimiter TEXT COMMENT \"it's;\", begin INT, 1st INT)",
                ])
                .to_owned(),
            _ => self.mysql_query(),
        }
    }

    fn mysql_query(&mut self) -> String {
        let mut query = "SELECT".to_owned() + &self.blank();
        for index in 0..self.below(5) + 1 {
            if index > 0 {
                query += ",";
                query += &self.maybe_blank();
            }
            query += self.pick(EXPRESSIONS);
            query += &self.maybe_blank();
        }
        query + " FROM t"
    }

    fn body(&mut self) -> String {
        let label = self.pick(&["", "", "outermost:"]);
        let label = if label.is_empty() { String::new() } else { label.to_owned() + &self.maybe_blank() };
        let block = self.block(3);
        self.blank()
            + &match self.below(4) {
                0 => self.simple(),
                1 => format!("IF a THEN {block} END{}IF", self.blank()).replace("IF a ", "IF @a "),
                2 => format!("{label}LOOP {block} END{}LOOP", self.blank()),
                _ => format!("{label}BEGIN {block} {}", self.pick(&["END", "end", "End"])),
            }
    }

    /// Statements in a block, at least one.
    fn block(&mut self, depth: usize) -> String {
        let mut block = String::new();
        for _ in 0..self.below(2) + 1 {
            block += &self.blank();
            block += &self.nested(depth);
            block += &self.maybe_blank();
            block += "; ";
        }
        block
    }

    fn nested(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.simple();
        }
        let (block, gap) = (self.block(depth - 1), self.blank());
        let condition = self.pick(&["@a", "IF(@a, 1, 0)", "(1)", "CASE @a WHEN 1 THEN 0 ELSE 1 END"]);
        match self.below(9) {
            0 => format!("IF {condition} THEN {block} END{gap}IF"),
            1 => format!("if{gap}{condition} then {block} elseif @b then do 1; else {block} end if"),
            2 => format!("CASE {condition} WHEN 1 THEN {block} WHEN 2 THEN DO 2; ELSE {block} END{gap}CASE"),
            3 => format!("l{depth}:{gap}WHILE {condition} DO {block} END{gap}WHILE l{depth}"),
            4 => format!("REPEAT {block} UNTIL {condition} END{gap}REPEAT"),
            5 => format!("`l;{depth}` : LOOP {block} LEAVE `l;{depth}`; END{gap}LOOP `l;{depth}`"),
            6 => format!("l{depth}: BEGIN {block} END{gap}l{depth}"),
            7 => format!(
                "BEGIN DECLARE v INT DEFAULT CASE 1 WHEN 1 THEN 2 END; DECLARE CONTINUE HANDLER{gap}FOR NOT FOUND SET @d = IF(1, 2, 3); \
                 DECLARE EXIT HANDLER FOR SQLSTATE '23000', 1062{gap}BEGIN {block} END; END"
            ),
            _ => format!("FOR i{depth} IN 1..3{gap}DO {block} END{gap}FOR"),
        }
    }

    fn simple(&mut self) -> String {
        let gap = self.blank();
        self.pick(&[
            "SET @a = IF(1, 2, 3)",
            "SET @a := (SELECT CASE WHEN begin THEN end END FROM t LIMIT 1)",
            "DO REPEAT('it''s; END', 2)",
            "INSERT INTO log SELECT t.end, 'END;' FROM t FOR UPDATE",
            "DELETE FROM log WHERE b = \"END\\\";\"",
            "UPDATE log SET b = CASE WHEN 1 THEN ';' ELSE 'END' END",
            "DROP TEMPORARY TABLE IF EXISTS gone",
        ])
        .replacen(' ', &gap, 1)
    }

    fn join_some(&mut self, words: &[&str]) -> String {
        let words: Vec<&str> = words.iter().copied().filter(|word| !word.is_empty()).collect();
        self.join(&words)
    }
}
