//! Scripts put together from what SQL scanners trip over.

mod mysql;

use migrate_core::Dialect;

/// What the generated SQLite statements refer to.
pub(crate) const SQLITE_SCHEMA: &str = "
    CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT, \"end\" TEXT);
    CREATE TABLE log (a INTEGER, b TEXT);
    CREATE VIEW v AS SELECT a, b FROM t;
";

/// A script, and the statements it was made of.
pub(crate) struct Script {
    pub(crate) text: String,
    pub(crate) statements: Vec<String>,
}

/// Makes one script from one seed.
pub(crate) struct Generator {
    state: u64,
    dialect: Dialect,
}

impl Generator {
    pub(crate) fn new(seed: u64, dialect: Dialect) -> Generator {
        Generator { state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, dialect }
    }

    /// A script of good SQL, as far as scanners and parsers are concerned.
    pub(crate) fn script(&mut self) -> Script {
        let mut script = Script { text: String::new(), statements: Vec::new() };
        if self.below(8) == 0 {
            script.text.push('\u{feff}');
        }
        let count = self.below(6);
        for index in 0..count {
            script.text += &self.blank();
            while self.below(6) == 0 {
                script.text.push(';');
                script.text += &self.blank();
            }
            let statement = self.statement();
            script.text += &statement;
            script.statements.push(statement);
            if index + 1 < count || self.below(3) > 0 {
                script.text += &self.maybe_blank();
                script.text.push(';');
            }
        }
        script.text += &self.blank();
        script
    }

    /// Fragments in any order: quotes that are never closed, and comments that never were opened.
    ///
    /// There is no backslash or colon among them, which psql takes for commands and variables, and no function body,
    /// where psql guesses at what is no SQL.
    pub(crate) fn nonsense(&mut self) -> String {
        let fragments = match self.dialect {
            Dialect::Postgres => &[
                "'", "\"", "$$", "$a$", "$b$", "a$b$", "$1", "1$$", "$", "--", "--\n", "/*", "*/", "/", "*", "-", "+",
                ";", ";", "(", ")", "[", "]", "{", "}", "`", "select", "copy", "e", "E ", "n'", "x'", "U&'", "u&\"",
                "u&", "b", "1", "1e5", "1.", "..", "::", "@", "#", "?", "é", "$é$", "\n", "\r", "\r\n", "\t", " ", " ",
                "case", "end", "begin", "over", "into", "''", "\"\"", "'''", "$a", "a$", "$$$", "0x1F", "1_000",
                "\u{b}", "\u{c}", "😀", "\u{a0}",
            ][..],
            Dialect::Mysql => mysql::FRAGMENTS,
            _ => &[
                "'",
                "\"",
                "`",
                "[",
                "]",
                "$a",
                "$",
                ":a",
                "@b",
                "#",
                "?1",
                "--",
                "--\n",
                "/*",
                "*/",
                "/",
                "*",
                "-",
                ";",
                ";",
                "(",
                ")",
                "select",
                "create",
                "trigger",
                "temp",
                "temporary",
                "begin",
                "end",
                ";end;",
                "explain",
                "query",
                "plan",
                "x'",
                "1e5",
                "0x1F",
                "é",
                "\u{feff}",
                "\n",
                "\r",
                "\t",
                " ",
                " ",
                "''",
                "\"\"",
                "``",
                "\\",
                "::",
                "$a(",
                "\u{b}",
                "😀",
            ][..],
        };
        // A few kinds at a time, so that they meet their like.
        let kinds = self.below(10) + 3;
        let some: Vec<&str> = (0..kinds).map(|_| self.pick(fragments)).chain([";"]).collect();
        let mut text = String::new();
        for _ in 0..self.below(40) {
            text += self.pick(&some);
            if self.below(3) == 0 {
                text.push(' ');
            }
        }
        text
    }

    /// Bytes of which some mean something to a scanner, and the others not even to a decoder.
    pub(crate) fn noise(&mut self) -> Vec<u8> {
        let telling = b"'\"`[]$;()-/*\\\n\r\tEexXuU&aA_09.:@#?\xef\xbb\xbf\xc3\xa9";
        (0..self.below(200))
            .map(|_| match self.below(4) {
                0 => self.below(256) as u8,
                _ => telling[self.below(telling.len())],
            })
            .collect()
    }

    fn statement(&mut self) -> String {
        match self.dialect {
            Dialect::Postgres => self.postgres_statement(),
            Dialect::Mysql => self.mysql_statement(),
            _ => self.sqlite_statement(),
        }
    }

    fn postgres_statement(&mut self) -> String {
        match self.below(8) {
            0 => {
                self.join(&[
                    "CREATE", "OR", "REPLACE", "FUNCTION", "f", "(", "a", "int", ")", "RETURNS", "int", "LANGUAGE",
                    "sql",
                ]) + &self.atomic_body()
            }
            1 => self.join(&["create", "Procedure", "\"begin\"", "(", ")"]) + &self.atomic_body(),
            2 => {
                let actions: Vec<String> = (0..self.below(3) + 1).map(|_| self.postgres_query()).collect();
                let head = self.join(&["CREATE", "RULE", "r", "AS", "ON", "INSERT", "TO", "t", "DO", "ALSO"]);
                format!("{head} ({};{})", actions.join(" ; "), self.maybe_blank())
            }
            3 => {
                let tag = self.pick(&["", "a", "_1", "é", "body", "A_b9"]);
                let body = self.pick(&[
                    "BEGIN PERFORM 1; END;",
                    " it's; \" /* -- ",
                    "$b$ ; $ $1 a$ ",
                    "$ab$ $_1 $ é",
                    "\n\\d\n\\.\n",
                ]);
                format!("DO{}${tag}${body}${tag}$", self.blank())
            }
            4 => self.join(&["CREATE", "TABLE", "t", "(", "a", "int", ",", "\"b;\"\"(\"", "text", ")"]),
            _ => self.postgres_query(),
        }
    }

    fn atomic_body(&mut self) -> String {
        let mut body = format!("{}BEGIN{}Atomic", self.blank(), self.blank());
        for _ in 0..self.below(4) {
            body += &self.blank();
            body += &self.postgres_query();
            if self.below(2) == 0 {
                body += " + CASE WHEN a THEN 1 ELSE case b when 2 then 3 end END";
            }
            body += &self.maybe_blank();
            body.push(';');
        }
        body + &self.blank() + self.pick(&["END", "end", "End"])
    }

    fn postgres_query(&mut self) -> String {
        let mut query = "SELECT".to_owned() + &self.blank();
        for index in 0..self.below(6) + 1 {
            if index > 0 {
                query += self.pick(&[",", " ,", ", ", "||", "+", "-", "*", "/", "@-", "<>", " - "]);
                query += &self.blank();
            }
            query += self.pick(&[
                "1",
                "a",
                "a$b$c",
                "'x'",
                "'it''s;'",
                "'\\'",
                "E'it\\'s;' ",
                "e'\\\\' ",
                "E'''\\\\\\';' ",
                "\"a;\"\"b\"",
                "U&'\\0041;''' ",
                "u&\"d\\0061t;\"",
                "N'n;'",
                "B'101'",
                "x'1F'",
                "$$a;'b$$",
                "$q$;$$;$q$",
                "$1",
                "1$$;$$",
                "1.5e10",
                "(1;2)",
                "((a);'(')",
                "/* ; ' \" $$ /* ; */ ; */ 2",
                "a[1]",
                "x::text",
                "é",
                "\"é;\"",
                "😀",
                ":v",
                "a.\"end\"",
                "\"begin\"",
                "(CASE WHEN a THEN b END)",
                "-1",
                "- -1",
                "1..2",
                "0.5",
                ".5",
                "'a'\n'b;'",
            ]);
            query += &self.maybe_blank();
        }
        query + " z"
    }

    fn sqlite_statement(&mut self) -> String {
        match self.below(6) {
            0 | 1 => self.sqlite_trigger(),
            2 => self.join(&[
                "CREATE",
                "TABLE",
                "IF",
                "NOT",
                "EXISTS",
                "[it's; new]",
                "(",
                "`a;``b`",
                "TEXT",
                ",",
                "\"c;\"\"d\"",
                "INT",
                ")",
            ]),
            3 => self.join(&["INSERT", "INTO", "log", "VALUES", "(", "1", ",", "'it''s; -- /* ]'", ")"]),
            4 => self.join(&["EXPLAIN", "QUERY", "PLAN", "SELECT", "x'3b'", "FROM", "t"]),
            _ => self.sqlite_query(),
        }
    }

    fn sqlite_trigger(&mut self) -> String {
        let temporary = self.pick(&["", "TEMP", "Temporary"]);
        let explain = self.pick(&["", "", "", "EXPLAIN", "EXPLAIN QUERY PLAN"]);
        let mut trigger = explain.to_owned() + &if explain.is_empty() { String::new() } else { self.blank() };
        let name = self.pick(&["x", "\"end\"", "[;]", "`tr``;`", "'n'"]);
        let mut words = vec!["CREATE", temporary, "TRIGGER", "IF", "NOT", "EXISTS", name, "AFTER", "INSERT", "ON", "t"];
        words.retain(|word| !word.is_empty());
        if self.below(2) == 0 {
            words.extend(["WHEN", "CASE", "new.a", "WHEN", "1", "THEN", "2", "END"]);
        }
        trigger += &self.join(&words);
        trigger += &(self.blank() + "BEGIN");
        for _ in 0..self.below(3) + 1 {
            trigger += &self.blank();
            trigger += &match self.below(4) {
                0 => self.join(&[
                    "UPDATE",
                    "log",
                    "SET",
                    "b",
                    "=",
                    "CASE",
                    "a",
                    "WHEN",
                    "1",
                    "THEN",
                    "';'",
                    "ELSE",
                    "new.\"end\"",
                    "END",
                ]),
                1 => self.join(&["INSERT", "INTO", "log", "VALUES", "(", "new.[a]", ",", "'; END;'", ")"]),
                2 => self.join(&["DELETE", "FROM", "log", "WHERE", "`b`", "=", "'it''s'"]),
                _ => self.sqlite_query(),
            };
            trigger += &self.maybe_blank();
            trigger.push(';');
        }
        trigger + &self.blank() + self.pick(&["END", "end", "End"])
    }

    fn sqlite_query(&mut self) -> String {
        let mut query = "SELECT".to_owned() + &self.blank();
        for index in 0..self.below(5) + 1 {
            if index > 0 {
                query += ",";
                query += &self.maybe_blank();
            }
            query += self.pick(&[
                "1",
                "a",
                "b",
                "'x'",
                "'it''s;'",
                "'\\'",
                "\"a\"",
                "[a]",
                "`b`",
                "x'3b'",
                "X'27'",
                "\"end\"",
                "1e5",
                "0x1F",
                ".5",
                "5.",
                "a->'$.x'",
                "b->>'$;'",
                "- -1",
                "a/b",
                "a-1",
                "(SELECT CASE a WHEN 1 THEN 2 END)",
                "a AS [it's]",
                "a AS `x;``y`",
                "a AS é",
                "a AS x$y",
                "1 AS \"\u{feff}\"",
            ]);
            query += &self.maybe_blank();
        }
        query + " FROM t"
    }

    fn join(&mut self, words: &[&str]) -> String {
        let mut text = String::new();
        for (index, word) in words.iter().enumerate() {
            if index > 0 {
                text += &self.blank();
            }
            text += word;
        }
        text
    }

    fn maybe_blank(&mut self) -> String {
        if self.below(2) == 0 { String::new() } else { self.blank() }
    }

    /// White space or comments, never nothing.
    fn blank(&mut self) -> String {
        let mut blank = String::new();
        for _ in 0..self.below(3) / 2 + 1 {
            blank += match self.dialect {
                Dialect::Postgres => self.pick(&[
                    " ",
                    " ",
                    " ",
                    "\n",
                    "\t",
                    "\r\n",
                    "\u{c}",
                    "  \n",
                    " -- it's;\n",
                    " --\"\n",
                    "--$$\r",
                    "/* ' ; */",
                    "/* /* ; */ \" */",
                    "/**/",
                    "/*/**/*/",
                    "/*-- */",
                    "-- /*\n",
                    "\n\n",
                ]),
                Dialect::Mysql => self.pick(&[
                    " ",
                    " ",
                    " ",
                    "\n",
                    "\t",
                    "\r\n",
                    "\u{c}",
                    " \u{b}",
                    " -- it's;\n",
                    " --\t\"\n",
                    "#'\r;\n",
                    "/* ' ; */",
                    "/* /* ; */",
                    "/**/",
                    "/*/ ; */",
                    "/*-- */",
                    "-- /*\n",
                    "/*+ ; */",
                    "/***/",
                ]),
                _ => self.pick(&[
                    " ",
                    " ",
                    " ",
                    "\n",
                    "\t",
                    "\r\n",
                    "\u{c}",
                    " \u{b}",
                    " -- it's;\n",
                    " --\"\n",
                    "--]\r'\n",
                    "/* ' ; */",
                    "/* /* ; */",
                    "/**/",
                    "/*/ ; */",
                    "/*-- */",
                    "-- /*\n",
                    " \u{feff} ",
                    "/***/",
                ]),
            };
        }
        blank
    }

    pub(crate) fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as usize % limit
    }
}
