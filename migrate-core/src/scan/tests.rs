//! Tables of scripts and what the scanner makes of them.

mod mysql;

use super::*;
use Dialect::{Postgres, Sqlite};
use ScanProblemKind::{
    CopyFromStdin, UnterminatedBody, UnterminatedComment, UnterminatedIdentifier, UnterminatedString,
};

fn texts(sql: &str, dialect: Dialect) -> Vec<&str> {
    scan(sql, dialect).statements.iter().map(|statement| statement.text(sql)).collect()
}

fn problems(sql: &str, dialect: Dialect) -> Vec<(usize, ScanProblemKind)> {
    scan(sql, dialect).problems.into_iter().map(|problem| (problem.offset, problem.kind)).collect()
}

fn dollar(tag: &str) -> ScanProblemKind {
    ScanProblemKind::UnterminatedDollarQuote { tag: tag.to_owned() }
}

fn meta(command: &str) -> ScanProblemKind {
    ScanProblemKind::MetaCommand { command: command.to_owned() }
}

fn transaction(keyword: &str) -> ScanProblemKind {
    ScanProblemKind::TransactionStatement { keyword: keyword.to_owned() }
}

/// A script and its statements.
type Split = (&'static str, &'static [&'static str]);

/// The same in every dialect.
const SPLIT: &[Split] = &[
    ("", &[]),
    (" \t\r\n\x0c", &[]),
    (";;", &[]),
    ("; -- a\n;/* b */;", &[]),
    ("SELECT 1", &["SELECT 1"]),
    ("SELECT 1;", &["SELECT 1"]),
    (" SELECT 1 ; SELECT 2 ", &["SELECT 1", "SELECT 2"]),
    ("a;;b;", &["a", "b"]),
    ("/* before */ a /* behind */ ; -- more", &["a"]),
    ("a -- ;\n b; c", &["a -- ;\n b", "c"]),
    ("a /* ; */ b; c", &["a /* ; */ b", "c"]),
    ("'a;''b;'; c", &["'a;''b;'", "c"]),
    ("\"a;\"\"b;\"; c", &["\"a;\"\"b;\"", "c"]),
    ("x';'; X';'; c", &["x';'", "X';'", "c"]),
    ("1-1; 1/1; 1*1", &["1-1", "1/1", "1*1"]),
    ("1 +-- ;\n 2 */* ; */ 3; c", &["1 +-- ;\n 2 */* ; */ 3", "c"]),
    ("\u{feff}a; b", &["a", "b"]),
    ("é; 'é;'; \"é;\"; 😀", &["é", "'é;'", "\"é;\"", "😀"]),
    ("a\0b; c", &["a\0b", "c"]),
    ("/*/ ; */ a; b", &["a", "b"]),
    ("a$b$; c$b$", &["a$b$", "c$b$"]),
    ("a]; b[1]", &["a]", "b[1]"]),
];

const SPLIT_POSTGRES: &[Split] = &[
    ("'a\\'; 'b'", &["'a\\'", "'b'"]),
    ("/* /* ; */ ; */ a; b", &["a", "b"]),
    ("-- a\r b; c", &["b", "c"]),
    ("a\x0b;b", &["a", "b"]),
    ("E'a\\';'; e'\\\\'; b", &["E'a\\';'", "e'\\\\'", "b"]),
    ("E'a'';'; b", &["E'a'';'", "b"]),
    ("E'\\é;'; b", &["E'\\é;'", "b"]),
    ("E'a' -- it's\n 'b\\';'; c", &["E'a' -- it's\n 'b\\';'", "c"]),
    ("E'a' 'b\\'; c", &["E'a' 'b\\'", "c"]),
    ("E'a' -\n 'b\\'; c", &["E'a' -\n 'b\\'", "c"]),
    ("E'a' --\n; 'b\\'; c", &["E'a'", "'b\\'", "c"]),
    ("nE'a\\'; b", &["nE'a\\'", "b"]),
    ("U&';'; u&\";\"; U&; c", &["U&';'", "u&\";\"", "U&", "c"]),
    ("B';'; N';'; c", &["B';'", "N';'", "c"]),
    ("$$;$$; $a$;$$;$b$;$a$; c", &["$$;$$", "$a$;$$;$b$;$a$", "c"]),
    ("$é_1$;$é_1$; c", &["$é_1$;$é_1$", "c"]),
    ("$a$;$ab$;$a$; c", &["$a$;$ab$;$a$", "c"]),
    ("$a$ $b$a$; c", &["$a$ $b$a$", "c"]),
    ("$1; $2$$;$$; c", &["$1", "$2$$;$$", "c"]),
    ("$1a$;$; b", &["$1a$", "$", "b"]),
    ("1$$;$$; 1.5$$;$$; c", &["1$$;$$", "1.5$$;$$", "c"]),
    ("1e5; 0x1F; 1_000; 1..2; .5; c", &["1e5", "0x1F", "1_000", "1..2", ".5", "c"]),
    ("$ ;$", &["$", "$"]),
    ("(a;b); c", &["(a;b)", "c"]),
    ("((a;b);c); d", &["((a;b);c)", "d"]),
    (")a;b); c", &[")a", "b)", "c"]),
    ("a[1;2]", &["a[1", "2]"]),
    ("'(' ; \"(\" ; /* ( */ a; b", &["'('", "\"(\"", "a", "b"]),
    ("`a;b`", &["`a", "b`"]),
    ("a; \u{feff}b; c", &["a", "\u{feff}b", "c"]),
    (
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END; a",
        &["CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END", "a"],
    ),
    (
        "create or replace procedure p() begin /* ; */ atomic end; a",
        &["create or replace procedure p() begin /* ; */ atomic end", "a"],
    ),
    (
        "CREATE OR REPLACE FUNCTION f() BEGIN ATOMIC SELECT 1; END; a",
        &["CREATE OR REPLACE FUNCTION f() BEGIN ATOMIC SELECT 1; END", "a"],
    ),
    (
        "CREATE FUNCTION f() BEGIN ATOMIC SELECT CASE WHEN a THEN CASE b WHEN 1 THEN 2 END END; END; a",
        &["CREATE FUNCTION f() BEGIN ATOMIC SELECT CASE WHEN a THEN CASE b WHEN 1 THEN 2 END END; END", "a"],
    ),
    // What psql loses its way in, and the server does not.
    (
        "CREATE FUNCTION f() BEGIN ATOMIC SELECT begin FROM t; SELECT 1 AS case, t.end, 2 end; END; a",
        &["CREATE FUNCTION f() BEGIN ATOMIC SELECT begin FROM t; SELECT 1 AS case, t.end, 2 end; END", "a"],
    ),
    ("CREATE FUNCTION begin() RETURNS int RETURN 1; a", &["CREATE FUNCTION begin() RETURNS int RETURN 1", "a"]),
    ("CREATE FUNCTION f() RETURNS atomic RETURN 1; a", &["CREATE FUNCTION f() RETURNS atomic RETURN 1", "a"]),
    ("DROP FUNCTION begin atomic; x", &["DROP FUNCTION begin atomic", "x"]),
    ("CREATE OR ALTER FUNCTION f() BEGIN ATOMIC; x", &["CREATE OR ALTER FUNCTION f() BEGIN ATOMIC", "x"]),
    ("CREATE TABLE t (a int); BEGIN ATOMIC; x", &["CREATE TABLE t (a int)", "BEGIN ATOMIC", "x"]),
    ("CREATE VIEW function BEGIN ATOMIC; x", &["CREATE VIEW function BEGIN ATOMIC", "x"]),
    ("CREATE TRIGGER t EXECUTE FUNCTION f(); a", &["CREATE TRIGGER t EXECUTE FUNCTION f()", "a"]),
];

const SPLIT_SQLITE: &[Split] = &[
    ("'a\\'; 'b'", &["'a\\'", "'b'"]),
    ("/* /* ; */ a; b */", &["a", "b */"]),
    ("-- a\r b; c\n d", &["d"]),
    ("a\x0b;b", &["a\x0b", "b"]),
    ("a \x0b;b", &["a", "b"]),
    ("E'a\\'; b", &["E'a\\'", "b"]),
    ("`a;``b;`; c", &["`a;``b;`", "c"]),
    ("[it's;]; [a[;]; c", &["[it's;]", "[a[;]", "c"]),
    ("(a;b)", &["(a", "b)"]),
    ("$$;$$", &["$$", "$$"]),
    (":a; @b; ?1; $c::d(e;f); $c(e ;f)", &[":a", "@b", "?1", "$c::d(e;f)", "$c(e", "f)"]),
    ("$c::(e;f); $(g;h)", &["$c::(e;f)", "$(g", "h)"]),
    (":; ::; a", &[":", "::", "a"]),
    ("a; \u{feff} b", &["a", "b"]),
    ("a\\; b", &["a\\", "b"]),
    ("CREATE TRIGGER t BEGIN a; b; END; c", &["CREATE TRIGGER t BEGIN a; b; END", "c"]),
    ("CREATE TRIGGER t BEGIN a; END", &["CREATE TRIGGER t BEGIN a; END"]),
    ("create temp trigger t begin a; end /* ; */ ; c", &["create temp trigger t begin a; end", "c"]),
    ("CREATE /* ; */ TEMPORARY TRIGGER t BEGIN a;; END; c", &["CREATE /* ; */ TEMPORARY TRIGGER t BEGIN a;; END", "c"]),
    (
        "CREATE TRIGGER t BEGIN SELECT CASE a WHEN 1 THEN 2 END; END; c",
        &["CREATE TRIGGER t BEGIN SELECT CASE a WHEN 1 THEN 2 END; END", "c"],
    ),
    ("CREATE TRIGGER t BEGIN a; \"end\"; END; c", &["CREATE TRIGGER t BEGIN a; \"end\"; END", "c"]),
    ("EXPLAIN CREATE TRIGGER t BEGIN a; END; c", &["EXPLAIN CREATE TRIGGER t BEGIN a; END", "c"]),
    ("EXPLAIN QUERY PLAN CREATE TRIGGER t BEGIN a; END; c", &["EXPLAIN QUERY PLAN CREATE TRIGGER t BEGIN a; END", "c"]),
    ("EXPLAIN EXPLAIN CREATE TRIGGER t BEGIN a; b", &["EXPLAIN EXPLAIN CREATE TRIGGER t BEGIN a", "b"]),
    ("CREATE TABLE trigger (a); b", &["CREATE TABLE trigger (a)", "b"]),
    ("DROP TRIGGER a; b", &["DROP TRIGGER a", "b"]),
    ("CREATE FUNCTION f() BEGIN ATOMIC a; b", &["CREATE FUNCTION f() BEGIN ATOMIC a", "b"]),
];

#[test]
fn statements_end_where_they_should() {
    for (sql, expected) in SPLIT {
        for dialect in Dialect::ALL {
            assert_eq!(texts(sql, dialect), *expected, "{dialect}: {sql:?}");
        }
    }
    for (sql, expected) in SPLIT_POSTGRES {
        assert_eq!(texts(sql, Postgres), *expected, "{sql:?}");
    }
    for (sql, expected) in SPLIT_SQLITE {
        assert_eq!(texts(sql, Sqlite), *expected, "{sql:?}");
    }
}

#[test]
fn ends_are_behind_the_semicolon() {
    let ends = |sql| scan(sql, Postgres).statements.iter().map(|statement| statement.end).collect::<Vec<_>>();
    assert_eq!(ends("a ; b;;c -- d"), [3, 6, 8]);
    assert_eq!(ends("a /* b */ ;"), [11]);
    assert_eq!(scan("a;\n  b", Postgres).statements[1].place("a;\n  b"), Place { line: 2, column: 3 });
}

#[test]
fn what_is_left_open_is_unsound() {
    let both = [
        ("a 'b; c", 2, UnterminatedString),
        ("a 'b''", 2, UnterminatedString),
        ("'", 0, UnterminatedString),
        ("x'ab", 0, UnterminatedString),
        ("a \"b; c\"\"", 2, UnterminatedIdentifier),
        ("a; /* b; c", 3, UnterminatedComment),
        ("/*", 0, UnterminatedComment),
        ("/*/", 0, UnterminatedComment),
        ("( 'a", 2, UnterminatedString),
    ];
    let postgres = [
        ("/* /* */ a", 0, UnterminatedComment),
        ("a E'b\\'", 2, UnterminatedString),
        ("E'\\", 0, UnterminatedString),
        ("E'a'\n'b", 0, UnterminatedString),
        ("U&'a", 0, UnterminatedString),
        ("U&\"a", 0, UnterminatedIdentifier),
        ("a $$b$; $", 2, dollar("")),
        ("a $é$b$$", 2, dollar("é")),
        ("a (b; c", 2, UnterminatedBody),
        ("a (b (c); d", 2, UnterminatedBody),
        ("(a) (b", 4, UnterminatedBody),
        ("CREATE FUNCTION f() BEGIN ATOMIC a; b;", 20, UnterminatedBody),
        ("CREATE FUNCTION f() BEGIN ATOMIC a END; b;", 20, UnterminatedBody),
    ];
    let sqlite = [
        ("a `b; c", 2, UnterminatedIdentifier),
        ("a [b; c", 2, UnterminatedIdentifier),
        ("a; CREATE TRIGGER t BEGIN b; c;", 3, UnterminatedBody),
        ("CREATE TRIGGER t BEGIN b; END c;", 0, UnterminatedBody),
        ("EXPLAIN CREATE TRIGGER t", 0, UnterminatedBody),
    ];
    let tagged = |table: &[(&'static str, usize, ScanProblemKind)], dialect| {
        table.iter().cloned().map(|case| (dialect, case)).collect::<Vec<_>>()
    };
    let cases = [tagged(&both, Postgres), tagged(&both, Sqlite), tagged(&postgres, Postgres), tagged(&sqlite, Sqlite)];
    for (dialect, (sql, offset, kind)) in cases.concat() {
        assert_eq!(problems(sql, dialect), [(offset, kind)], "{dialect}: {sql:?}");
        assert!(!scan(sql, dialect).is_sound());
    }
}

#[test]
fn transactions_are_not_the_scripts_business() {
    let both = [
        ("BEGIN", "BEGIN"),
        ("end transaction", "END"),
        ("Commit", "COMMIT"),
        ("/* a */ ROLLBACK", "ROLLBACK"),
        ("ROLLBACK TO a", "ROLLBACK TO"),
        ("ROLLBACK TRANSACTION TO SAVEPOINT a", "ROLLBACK TO"),
        ("SAVEPOINT a", "SAVEPOINT"),
        ("RELEASE a", "RELEASE"),
    ];
    let postgres = [
        ("START TRANSACTION", "START TRANSACTION"),
        ("START /* a */ TRANSACTION READ ONLY", "START TRANSACTION"),
        ("ABORT", "ABORT"),
        ("ROLLBACK WORK TO a", "ROLLBACK TO"),
        ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "SET TRANSACTION"),
        ("set local transaction isolation level repeatable read", "SET TRANSACTION"),
        ("PREPARE TRANSACTION 'a'", "PREPARE TRANSACTION"),
        ("PREPARE TRANSACTION $$a$$", "PREPARE TRANSACTION"),
        ("COMMIT PREPARED 'a'", "COMMIT PREPARED"),
        ("ROLLBACK PREPARED 'a'", "ROLLBACK PREPARED"),
    ];
    let tagged = |table: &[(&'static str, &'static str)], dialect| {
        table.iter().map(|(sql, keyword)| (dialect, *sql, *keyword)).collect::<Vec<_>>()
    };
    let cases = [tagged(&both, Postgres), tagged(&both, Sqlite), tagged(&postgres, Postgres)];
    for (dialect, statement, keyword) in cases.concat() {
        let sql = format!("x;{statement};x");
        let offset = if statement.starts_with("/* a */ ") { 10 } else { 2 };
        assert_eq!(problems(&sql, dialect), [(offset, transaction(keyword))], "{dialect}: {statement}");
        assert!(scan(&sql, dialect).is_sound());
        assert_eq!(scan(&sql, dialect).statements.len(), 3);
    }
    let innocent = [
        (Postgres, "SET TRANSACTION READ ONLY"),
        (Postgres, "SET TRANSACTION SNAPSHOT 'x'"),
        (Postgres, "START SLAVE"),
        (Postgres, "PREPARE transaction AS SELECT 1"),
        (Postgres, "PREPARE a AS SELECT 1"),
        (Postgres, "DO $$ BEGIN COMMIT; END $$"),
        (Postgres, "CREATE FUNCTION f() BEGIN ATOMIC SELECT 1; END"),
        (Postgres, "\"begin\""),
        (Postgres, "SELECT begin"),
        (Postgres, "begins"),
        (Sqlite, "START TRANSACTION"),
        (Sqlite, "ABORT"),
        (Sqlite, "CREATE TRIGGER t BEGIN SELECT 1; END"),
        (Sqlite, "[begin]"),
    ];
    for (dialect, statement) in innocent {
        assert_eq!(problems(&format!("x;{statement};x"), dialect), [], "{dialect}: {statement}");
    }
}

#[test]
fn a_pair_around_the_script_is_dropped() {
    let wrapped = [
        (Postgres, "BEGIN; x; COMMIT;"),
        (Postgres, "begin work; x; end work"),
        (Postgres, "BEGIN TRANSACTION; x; END TRANSACTION"),
        (Postgres, "-- a\n START TRANSACTION; x; COMMIT; -- b"),
        (Sqlite, "BEGIN; x; COMMIT;"),
        (Sqlite, "BEGIN TRANSACTION; x; END TRANSACTION;"),
        (Sqlite, "BEGIN IMMEDIATE; x; END;"),
        (Sqlite, "begin exclusive transaction; x; commit transaction"),
    ];
    for (dialect, sql) in wrapped {
        let found = scan(sql, dialect);
        assert!(found.wrapped && found.problems.is_empty(), "{dialect}: {sql}");
        assert_eq!(texts(sql, dialect), ["x"], "{dialect}: {sql}");
    }
    assert!(scan("BEGIN; COMMIT", Postgres).wrapped);

    // Pragmas of SQLite do not stand in the way.
    let off = "PRAGMA foreign_keys = OFF";
    let on = "PRAGMA foreign_keys = ON";
    for (sql, expect, is_wrapped) in [
        ("{off}; BEGIN; x; COMMIT; {on}", "{off}; x; {on}", true),
        ("{off}; BEGIN; x; COMMIT", "{off}; x", true),
        ("COMMIT TRANSACTION; {off}; BEGIN TRANSACTION; x", "{off}; x", false),
        ("COMMIT; {off}; BEGIN; x; COMMIT; {on}; BEGIN", "{off}; x; {on}", false),
        ("x; COMMIT; {off}; BEGIN; y", "x; {off}; y", false),
        ("BEGIN; x; COMMIT; {off}; BEGIN; y; COMMIT", "x; {off}; y", true),
        ("BEGIN; x; COMMIT; BEGIN; y; COMMIT", "x; y", true),
    ] {
        let [sql, expect] = [sql, expect].map(|text| text.replace("{off}", off).replace("{on}", on));
        let found = scan(&sql, Sqlite);
        assert!(found.problems.is_empty(), "{sql}: {:?}", found.problems);
        assert_eq!((texts(&sql, Sqlite).join("; "), found.wrapped), (expect, is_wrapped), "{sql}");
        assert!(!scan(&sql, Postgres).problems.is_empty(), "{sql}");
    }

    let refused = [
        (Postgres, "BEGIN; x", 1),
        (Postgres, "x; COMMIT", 1),
        (Postgres, "BEGIN; x; ROLLBACK", 2),
        (Postgres, "BEGIN; x; COMMIT; y", 2),
        (Postgres, "y; BEGIN; x; COMMIT", 2),
        (Postgres, "BEGIN; x; COMMIT; BEGIN; y; COMMIT", 4),
        (Postgres, "BEGIN; SAVEPOINT a; COMMIT", 3),
        (Postgres, "BEGIN ISOLATION LEVEL SERIALIZABLE; x; COMMIT", 2),
        (Postgres, "BEGIN READ ONLY; x; COMMIT", 2),
        (Postgres, "START TRANSACTION READ ONLY; x; COMMIT", 2),
        (Postgres, "BEGIN; x; COMMIT AND CHAIN", 2),
        (Postgres, "BEGIN IMMEDIATE; x; COMMIT", 2),
        (Postgres, "COMMIT; x; BEGIN", 2),
        (Postgres, "BEGIN", 1),
        (Sqlite, "BEGIN WORK; x; COMMIT", 2),
        (Sqlite, "BEGIN; x; COMMIT TRANSACTION a", 2),
        (Sqlite, "BEGIN; x; ROLLBACK", 2),
        (Sqlite, "y; BEGIN; x; COMMIT", 2),
        (Sqlite, "BEGIN; x; COMMIT; y", 2),
        (Sqlite, "COMMIT; y; BEGIN; x", 2),
        (Sqlite, "BEGIN; BEGIN; x", 2),
        (Sqlite, "x; COMMIT; COMMIT", 2),
        (Sqlite, "COMMIT; PRAGMA a = 1; x; BEGIN", 2),
        (Sqlite, "COMMIT; BEGIN; x; ROLLBACK", 3),
    ];
    for (dialect, sql, count) in refused {
        let found = scan(sql, dialect);
        assert!(!found.wrapped, "{dialect}: {sql}");
        assert_eq!(found.problems.len(), count, "{dialect}: {sql}");
    }
}

#[test]
fn psql_commands_are_refused_in_postgres_only() {
    let cases = [
        ("\\connect it's\nSELECT 1;", vec![(0, meta("\\connect"))], vec!["SELECT 1"]),
        ("a;\n  \\i 'file;\nb", vec![(5, meta("\\i"))], vec!["a", "b"]),
        ("SELECT 1 \\gset p_\n;b", vec![(9, meta("\\gset"))], vec!["SELECT 1 \\gset p_", "b"]),
        ("a \\; b; c", vec![(2, meta("\\"))], vec!["a", "b", "c"]),
        ("\\.\n", vec![(0, meta("\\."))], vec![]),
        ("\\", vec![(0, meta("\\"))], vec![]),
        ("\\\\ \\N", vec![(0, meta("\\\\"))], vec![]),
        ("'\\d'; -- \\d\n/* \\d */ \"\\d\"; $$\\d$$", vec![], vec!["'\\d'", "\"\\d\"", "$$\\d$$"]),
    ];
    for (sql, expected, statements) in cases {
        assert_eq!(problems(sql, Postgres), expected, "{sql:?}");
        assert_eq!(texts(sql, Postgres), statements, "{sql:?}");
        assert!(scan(sql, Postgres).is_sound());
    }
    assert_eq!(problems("\\d", Sqlite), []);
}

#[test]
fn copy_from_stdin_is_refused_in_postgres_only() {
    let refused = [
        "COPY t FROM STDIN",
        "copy t (a, b) from stdin with (format csv)",
        "COPY \"from\" /* a */ FROM /* b */ stdin CSV HEADER",
        "COPY s.t FROM STDOUT",
        "COPY BINARY t FROM STDIN",
    ];
    for sql in refused {
        assert_eq!(problems(sql, Postgres), [(0, CopyFromStdin)], "{sql}");
        assert_eq!(problems(sql, Sqlite), [], "{sql}");
    }
    let fine = [
        "COPY t FROM 'stdin'",
        "COPY t FROM PROGRAM 'cat'",
        "COPY (SELECT * FROM stdin) TO '/a'",
        "COPY stdin FROM '/a'",
        "COPY t FROM \"stdin\"",
        "SELECT copy FROM stdin",
    ];
    for sql in fine {
        assert_eq!(problems(sql, Postgres), [], "{sql}");
    }
}

#[test]
fn copy_to_stdout_is_refused_in_postgres_only() {
    for sql in ["COPY t TO STDOUT", "copy (SELECT a FROM b) to stdout with csv", "COPY t (\"to\") TO stdin"] {
        assert_eq!(problems(sql, Postgres), [(0, ScanProblemKind::CopyToStdout)], "{sql}");
        assert_eq!(problems(sql, Sqlite), [], "{sql}");
    }
    for sql in ["COPY t TO '/a'", "COPY t TO PROGRAM 'cat'", "ALTER TABLE a RENAME TO stdout"] {
        assert_eq!(problems(sql, Postgres), [], "{sql}");
    }
    assert_eq!(texts("COPY t TO STDOUT; SELECT 1;", Postgres), ["COPY t TO STDOUT", "SELECT 1"]);
}

#[test]
fn copy_data_is_no_sql() {
    let sql = "COPY t FROM stdin;\n1\tit's ($$ \\N\n\\.\nSELECT 1;\nCOPY u FROM stdin;\r\n\\.\r\n\\d\n";
    assert_eq!(texts(sql, Postgres), ["COPY t FROM stdin", "SELECT 1", "COPY u FROM stdin"]);
    assert_eq!(problems(sql, Postgres), [(0, CopyFromStdin), (46, CopyFromStdin), (70, meta("\\d"))]);
    assert_eq!(texts("COPY t FROM stdin; SELECT 1;", Postgres), ["COPY t FROM stdin", "SELECT 1"]);
}

#[test]
fn words_are_bare() {
    let words = |sql, dialect| scan(sql, dialect).statements[0].words(sql, dialect).collect::<Vec<_>>();
    assert_eq!(
        words("Create INDEX \"a b\" on x.y (lower('c d')) /* e */ where 1e5 < $1 and E'f' = $$g$$ -- h", Postgres),
        ["Create", "INDEX", "on", "x", "y", "lower", "where", "and"]
    );
    assert_eq!(words("SELECT :a, @b, $c, ?1, [d], `e`, x'66', 0x1F FROM é", Sqlite), ["SELECT", "FROM", "é"]);
    let statement = &scan("SELECT 1", Postgres).statements[0];
    assert_eq!(statement.words("é", Postgres).count(), 0);
    assert_eq!(statement.text(""), "");
}

#[test]
fn a_script_of_no_dialect_needs_one_that_reads_it() {
    let kinds = |sql: &str| check(sql, None).into_iter().map(|problem| problem.kind).collect::<Vec<_>>();
    assert_eq!(kinds("DO $$ it's $$;"), []);
    assert_eq!(kinds("CREATE TABLE [it's] (a);"), []);
    assert_eq!(kinds("\\d"), []);
    assert_eq!(kinds("COPY t FROM stdin"), []);
    assert_eq!(kinds("x; COMMIT"), [transaction("COMMIT")]);
    assert_eq!(kinds("x; COMMIT; y; END"), [transaction("COMMIT"), transaction("END")]);
    assert_eq!(kinds("x; ABORT"), []);
    assert_eq!(kinds("BEGIN; x; COMMIT"), []);
    // Postgres alone reads these.
    assert_eq!(kinds("\\d\nDO $$ it's $$"), [meta("\\d")]);
    // No dialect does.
    assert_eq!(kinds("a 'b"), [UnterminatedString]);
    assert_eq!(kinds("`'` /* a"), [UnterminatedComment]);
}

#[test]
fn the_problems_are_of_the_dialect_that_got_furthest() {
    // Postgres stops at the apostrophe, SQLite at the bracket behind it.
    assert_eq!(check("[it's] [", None), [ScanProblem { kind: UnterminatedIdentifier, offset: 7 }]);
    // The other way round.
    assert_eq!(check("$$it's$$ $a$", None), [ScanProblem { kind: dollar("a"), offset: 9 }]);
    // Both stop at the apostrophe, and Postgres is asked first.
    let kinds = check("\\d\n'", None).into_iter().map(|problem| problem.kind);
    assert!(kinds.eq([meta("\\d"), UnterminatedString]));
}

#[test]
fn blank_is_what_no_dialect_would_run() {
    for sql in ["", " \n", "-- a", "/* a */;;", "\u{feff}"] {
        assert!(is_blank(sql, None), "{sql:?}");
        assert!(is_blank(sql, Some(Postgres)) && is_blank(sql, Some(Sqlite)), "{sql:?}");
    }
    for sql in ["a", "BEGIN; COMMIT", "/* a", "\\d", "'"] {
        assert!(!is_blank(sql, None), "{sql:?}");
    }
    let nested = "/* /* */ DROP TABLE a; */";
    assert!(is_blank(nested, Some(Postgres)) && !is_blank(nested, Some(Sqlite)) && !is_blank(nested, None));
    // SQLite does not read this one.
    assert!(is_blank("/* /* */ ' */", None));
}

#[test]
fn time_grows_with_the_length_only() {
    let hard = [
        "(",
        ")",
        "'",
        "E'a'\n",
        "$a",
        "$a$ ",
        "$$",
        "/*",
        "--",
        "\\ ",
        "\\d\n",
        "COPY t FROM stdin;\n",
        "a;",
        ";",
        "COMMIT;",
        "[",
        "$a(",
        "$1",
        "CREATE TRIGGER ",
        "*/",
        "/**",
        "E'\\",
        "\u{feff}",
        "  \\;",
        "1.",
        "#",
        "/*!",
        "/*!50000 a */",
        "@",
        "0x",
        "1e",
        "DELIMITER //\n",
        "CREATE PROCEDURE p() ",
        "CREATE PROCEDURE p() BEGIN ",
        "IF a THEN ",
        "l: ",
    ];
    for piece in hard {
        let sql = piece.repeat(200_000 / piece.len());
        let start = std::time::Instant::now();
        for dialect in Dialect::ALL {
            scan(&sql, dialect);
        }
        check(&sql, None);
        assert!(start.elapsed().as_secs() < 20, "{piece:?} took {:?}", start.elapsed());
    }
}

#[test]
fn what_changes_how_the_script_is_read_is_refused() {
    let changed = |setting| ScanProblemKind::ReadingChanged { setting };
    for sql in [
        "SET standard_conforming_strings = off",
        "set local Standard_Conforming_Strings to 'off'",
        "SELECT set_config('standard_conforming_strings', 'off', true)",
        "DO $$ BEGIN EXECUTE 'SET standard_conforming_strings = off'; END $$",
        "RESET standard_conforming_strings",
    ] {
        assert_eq!(problems(sql, Postgres), [(0, changed("standard_conforming_strings"))], "{sql}");
    }
    assert_eq!(problems("SET client_encoding = 'LATIN1'", Postgres), [(0, changed("client_encoding"))]);
    assert_eq!(problems("SET client_encoding = 'LATIN1'", Sqlite), []);
    for sql in [
        "SET standard_conforming_strings = on",
        "SET SESSION standard_conforming_strings TO 'on'",
        "SET client_encoding = 'UTF8'",
        "SET client_encoding TO \"utf-8\"",
        "SHOW client_encoding",
        "CREATE TABLE a (x_encoding text)",
        "-- standard_conforming_strings\nSELECT 1",
    ] {
        assert_eq!(problems(sql, Postgres), [], "{sql}");
    }
}
