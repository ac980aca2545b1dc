//! On SQLite.

use migrate_tests::Driver;

use super::{changes, same};

#[test]
fn what_changes_a_fingerprint() {
    let before = "CREATE TABLE p (id INTEGER PRIMARY KEY, code TEXT UNIQUE);
        CREATE TABLE t (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p ON DELETE CASCADE, n INTEGER NOT NULL DEFAULT 1);
        CREATE INDEX t_n ON t (n);
        CREATE VIEW v AS SELECT id FROM t;
        CREATE TRIGGER tr AFTER INSERT ON t BEGIN UPDATE t SET n = 1; END;";
    let cases = [
        ("ALTER TABLE p ADD COLUMN x TEXT", "+ column p.x: TEXT\n- table p: (id, code)\n+ table p: (id, code, x)"),
        (
            "CREATE TABLE a (x, y PRIMARY KEY) WITHOUT ROWID",
            "+ column a.x\n+ column a.y: PRIMARY KEY NOT NULL\n+ primary key of a: (y)\n+ table a: (x, y) WITHOUT ROWID",
        ),
        ("CREATE TABLE a (x INT) STRICT", "+ column a.x: INT\n+ table a: (x) STRICT"),
        (
            "CREATE TABLE a (x INT CHECK (x > 0) COLLATE NOCASE)",
            "+ check of a: x > 0\n+ column a.x: INT COLLATE nocase\n+ table a: (x)",
        ),
        (
            "CREATE TABLE a (x INT, y INT AS (x + 1))",
            "+ column a.x: INT\n+ column a.y: INT AS (x + 1) VIRTUAL\n+ table a: (x, y)",
        ),
        (
            "CREATE TABLE a (x INT, PRIMARY KEY (x) ON CONFLICT IGNORE)",
            "+ column a.x: INT PRIMARY KEY\n+ conflict clause of a: primary key (x) on conflict ignore\n+ primary key of a: (x)\n+ table a: (x)",
        ),
        (
            "CREATE TABLE a (x INT, y INT, UNIQUE (y, x), FOREIGN KEY (x) REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED)",
            "+ column a.x: INT\n+ column a.y: INT\n+ foreign key of a (x): REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED\n+ table a: (x, y)\n+ unique of a (y, x)",
        ),
        ("DROP INDEX t_n", "- index t_n: ON t (n)"),
        (
            "DROP INDEX t_n; CREATE UNIQUE INDEX t_n ON t (n DESC)",
            "- index t_n: ON t (n)\n+ index t_n: UNIQUE ON t (n DESC)",
        ),
        (
            "DROP INDEX t_n; CREATE INDEX t_n ON t (n) WHERE n > 1",
            "- index t_n: ON t (n)\n+ index t_n: ON t(n) where n > 1",
        ),
        ("CREATE INDEX e ON t (abs(n))", "+ index e: ON t(abs(n))"),
        ("CREATE INDEX e ON p (code COLLATE NOCASE)", "+ index e: ON p (code COLLATE NOCASE)"),
        ("DROP VIEW v", "- view v: create view v as select id from t"),
        (
            "DROP VIEW v; CREATE VIEW v AS SELECT n FROM t",
            "- view v: create view v as select id from t\n+ view v: create view v as select n from t",
        ),
        ("DROP TRIGGER tr", "- trigger tr: create trigger tr after insert on t begin update t set n = 1 end"),
        ("CREATE VIRTUAL TABLE f USING fts5 (body)", "+ virtual table f: create virtual table f using fts5(body)"),
        (
            "ALTER TABLE t RENAME COLUMN n TO m; DROP TRIGGER tr",
            "+ column t.m: INTEGER NOT NULL DEFAULT 1\n- column t.n: INTEGER NOT NULL DEFAULT 1\n- index t_n: ON t (n)\n+ index t_n: ON t (m)\n- table t: (id, p, n)\n+ table t: (id, p, m)\n- trigger tr: create trigger tr after insert on t begin update t set n = 1 end",
        ),
    ];
    changes(Driver::Rusqlite, before, &cases);
}

#[test]
fn what_does_not_change_a_fingerprint() {
    let cases = [
        ("CREATE TABLE a (x INT); CREATE TABLE b (x INT)", "CREATE TABLE b (x INT); CREATE TABLE a (x INT)"),
        (
            "CREATE TABLE a (x INT, y INT)",
            "CREATE TABLE a (x INT, z INT); ALTER TABLE a ADD COLUMN y INT; ALTER TABLE a DROP COLUMN z",
        ),
        (
            "CREATE TABLE a (id INTEGER PRIMARY KEY, x INT NOT NULL DEFAULT 1 CHECK (x > 0)); CREATE INDEX i ON a (x); CREATE VIEW v AS SELECT x FROM a",
            "CREATE TABLE a (id INTEGER); INSERT INTO a VALUES (1);
             CREATE TABLE a_new (id integer, x int CHECK ( x/* one */>0) DEFAULT 1 NOT NULL, PRIMARY KEY (\"id\"));
             INSERT INTO a_new SELECT id, 1 FROM a; DROP TABLE a; ALTER TABLE a_new RENAME TO a;
             create index i on \"a\"(x); create view v as -- all of it\n select [x] from a",
        ),
        (
            "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (a INT REFERENCES p (id) ON DELETE CASCADE, b INT REFERENCES p (id))",
            "CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (a INT, b INT, FOREIGN KEY (b) REFERENCES p (id), FOREIGN KEY (a) REFERENCES p (id) ON DELETE CASCADE)",
        ),
        ("CREATE TABLE a (x INT UNIQUE, y INT UNIQUE)", "CREATE TABLE a (x INT, y INT, UNIQUE (y), UNIQUE (x))"),
        ("CREATE TABLE a (x INT)", "CREATE TABLE a (x INT); PRAGMA user_version = 7; CREATE TEMP TABLE b (x INT)"),
        (
            "CREATE VIRTUAL TABLE f USING fts5 (x)",
            "CREATE VIRTUAL TABLE f USING fts5 (x); INSERT INTO f VALUES ('y'); ANALYZE",
        ),
    ];
    same(Driver::Rusqlite, &cases);
}
