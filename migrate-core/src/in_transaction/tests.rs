//! Scripts as data. That the servers really refuse what is found, and not its neighbours, is tested on real ones.

use super::{check, check_for_all};
use crate::scan::{Scan, scan};
use crate::{Dialect, Header, Problem};

/// What is found in a script for Postgres, in one for SQLite, and in one for any database: places and messages.
type Case = (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

const INDEX: &str = "1:1 `CREATE INDEX CONCURRENTLY` cannot run in a transaction";
const VACUUM: &str = "1:1 `VACUUM` cannot run in a transaction";
const DATABASE: &str = "1:1 `CREATE DATABASE` cannot run in a transaction";
const REINDEX: &str = "1:1 `REINDEX DATABASE` cannot run in a transaction";
const DETACH: &str = "1:1 `DETACH PARTITION … CONCURRENTLY` cannot run in a transaction";
const FOREIGN_KEYS: &str = "1:1 `PRAGMA foreign_keys` does nothing in a transaction";
const JOURNAL_MODE: &str = "1:1 `PRAGMA journal_mode` does nothing in a transaction";
const SYNCHRONOUS: &str = "1:1 `PRAGMA synchronous` cannot be set in a transaction";
const CHECKPOINT: &str = "1:1 `PRAGMA wal_checkpoint` cannot run in a transaction";

#[test]
fn scripts() {
    let cases: &[Case] = &[
        ("CREATE INDEX CONCURRENTLY a ON t (x);", &[INDEX], &[], &[INDEX]),
        ("create unique index /* why */ concurrently if not exists a on t (x);", &[INDEX], &[], &[INDEX]),
        // To SQLite an index of that name, or one in a database of that name.
        ("CREATE INDEX concurrently ON t (x);", &[INDEX], &[], &[]),
        ("CREATE INDEX concurrently.a ON t (x);", &[INDEX], &[], &[]),
        ("CREATE INDEX \"concurrently\" ON t (x);", &[], &[], &[]),
        (
            "DROP INDEX a;\n  DROP INDEX CONCURRENTLY b;",
            &["2:3 `DROP INDEX CONCURRENTLY` cannot run in a transaction"],
            &[],
            &["2:3 `DROP INDEX CONCURRENTLY` cannot run in a transaction"],
        ),
        ("VACUUM;", &[VACUUM], &[VACUUM], &[VACUUM]),
        ("VACUUM (ANALYZE) t;", &[VACUUM], &[VACUUM], &[VACUUM]),
        ("VACUUM temp;", &[VACUUM], &[], &[]),
        ("CREATE DATABASE a;", &[DATABASE], &[], &[DATABASE]),
        ("REINDEX DATABASE a;", &[REINDEX], &[], &[REINDEX]),
        ("REINDEX database;", &[REINDEX], &[], &[]),
        ("ALTER TABLE s.t DETACH PARTITION p CONCURRENTLY;", &[DETACH], &[], &[DETACH]),
        ("ALTER TABLE t ADD COLUMN detach partition concurrently;", &[], &[], &[]),
        // A text is no statement, and neither is a body.
        ("SELECT 'VACUUM'; COMMENT ON TABLE t IS 'x; VACUUM;';", &[], &[], &[]),
        ("DO $$ BEGIN EXECUTE 'VACUUM'; VACUUM; END $$;", &[], &["1:31 `VACUUM` cannot run in a transaction"], &[]),
        // Marked, in one way or another.
        ("-- migrate: no-transaction\nVACUUM; PRAGMA journal_mode = WAL;", &[], &[], &[]),
        ("-- +goose NO TRANSACTION\nCREATE INDEX CONCURRENTLY a ON t (x);", &[], &[], &[]),
        // The pair around a script is what the mark of another tool is for; then it runs in one all the same.
        (
            "-- no-transaction\nBEGIN; VACUUM; COMMIT;",
            &["2:8 `VACUUM` cannot run in a transaction"],
            &["2:8 `VACUUM` cannot run in a transaction"],
            &["2:8 `VACUUM` cannot run in a transaction"],
        ),
        // Pragmas.
        ("PRAGMA foreign_keys = OFF; DROP TABLE a;", &[], &[FOREIGN_KEYS], &[FOREIGN_KEYS]),
        ("pragma main . \"foreign_keys\" ( 'no' )", &[], &[FOREIGN_KEYS], &[FOREIGN_KEYS]),
        ("PRAGMA [foreign_keys]=0", &[], &[FOREIGN_KEYS], &[FOREIGN_KEYS]),
        ("PRAGMA foreign_keys = OFF; DROP TABLE a; PRAGMA foreign_keys = ON;", &[], &[], &[]),
        ("-- migrate: foreign-keys=off\nPRAGMA foreign_keys = OFF; DROP TABLE a;", &[], &[], &[]),
        ("PRAGMA foreign_keys = ON; SELECT 1;", &[], &[], &[]),
        (
            "PRAGMA foreign_keys = ON;\nPRAGMA foreign_keys = OFF;",
            &[],
            &["2:1 `PRAGMA foreign_keys` does nothing in a transaction"],
            &["2:1 `PRAGMA foreign_keys` does nothing in a transaction"],
        ),
        ("PRAGMA foreign_keys; PRAGMA foreign_keys();", &[], &[], &[]),
        ("PRAGMA defer_foreign_keys = OFF; PRAGMA foreign_key_check;", &[], &[], &[]),
        ("PRAGMA journal_mode = WAL;", &[], &[JOURNAL_MODE], &[JOURNAL_MODE]),
        ("PRAGMA main.journal_mode(delete);", &[], &[JOURNAL_MODE], &[JOURNAL_MODE]),
        ("PRAGMA journal_mode; PRAGMA attached.journal_mode = WAL; PRAGMA cache_size = 100;", &[], &[], &[]),
        ("PRAGMA synchronous = OFF;", &[], &[SYNCHRONOUS], &[SYNCHRONOUS]),
        ("PRAGMA attached.'synchronous'(1);", &[], &[SYNCHRONOUS], &[SYNCHRONOUS]),
        ("PRAGMA wal_checkpoint;", &[], &[CHECKPOINT], &[CHECKPOINT]),
        ("PRAGMA main . [wal_checkpoint] (truncate);", &[], &[CHECKPOINT], &[CHECKPOINT]),
        ("PRAGMA synchronous; PRAGMA attached.wal_checkpoint; PRAGMA wal_autocheckpoint = 9;", &[], &[], &[]),
        ("-- migrate: no-transaction\nPRAGMA synchronous = OFF; PRAGMA wal_checkpoint;", &[], &[], &[]),
        // A script that cannot be read has other problems.
        ("VACUUM; SELECT 'open", &[], &[], &[]),
    ];
    for (sql, postgres, sqlite, any) in cases {
        assert_eq!(found(sql, Dialect::Postgres), *postgres, "postgres: {sql}");
        assert_eq!(found(sql, Dialect::Sqlite), *sqlite, "sqlite: {sql}");
        assert_eq!(found_for_all(sql), *any, "any: {sql}");
    }
}

#[test]
fn values_of_enums() {
    const USED: &str = "value `x` of enum `t` is used in the transaction that adds it";
    let cases: &[(&str, &str)] = &[
        ("ALTER TYPE t ADD VALUE 'x';\nSELECT 'x'::t;", USED),
        ("ALTER TYPE \"t\" ADD VALUE 'x' BEFORE 'a';\nSELECT CAST ( 'x' AS T );", USED),
        ("ALTER TYPE t ADD VALUE 'x';\nUPDATE a SET s = 'x' :: t, r = 'x'::t;", USED),
        ("ALTER TYPE t ADD VALUE 'y';\nALTER TYPE t ADD VALUE 'x';\nINSERT INTO a VALUES (1, 'x'::t);", USED),
        (
            "ALTER TYPE s.\"T\"\"\" ADD VALUE 'it''s';\nSELECT 'it''s'::s.\"T\"\"\";",
            "value `it's` of enum `s.T\"` is used in the transaction that adds it",
        ),
        // Neighbours.
        ("SELECT 'x'::t; ALTER TYPE t ADD VALUE 'x';", ""),
        ("ALTER TYPE t ADD VALUE 'x'; SELECT 'x'::u, 'y'::t, 'x'::s.t, 'x'::\"T\";", ""),
        ("ALTER TYPE t ADD VALUE IF NOT EXISTS 'x'; SELECT 'x'::t;", ""),
        ("ALTER TYPE t ADD VALUE 'x'; INSERT INTO a VALUES ('x');", ""),
        ("ALTER TYPE t ADD VALUE 'x'; SELECT 'x'::t[], 'x'::t ARRAY, CAST('x' AS t[]);", ""),
        ("ALTER TYPE t ADD VALUE 'x'; SELECT f('x', t), xmlforest('x' AS t) FROM a;", ""),
        ("ALTER TYPE t ADD VALUE 'x'; SELECT 'x': :t;", ""),
        ("ALTER TYPE t ADD VALUE 'x'; SELECT 'x'||t, a['x':-t] FROM b;", ""),
        ("ALTER TYPE t ADD ATTRIBUTE 'x'; SELECT 'x'::t;", ""),
        ("ALTER TYPE t ADD VALUE 'x'; SELECT 'y' 'x'::t;", ""),
        ("ALTER TYPE t ADD VALUE 'x'; SELECT E'\\x'::t, text 'x'::t;", ""),
        ("ALTER TYPE t ADD VALUE 'x'; DO $$ BEGIN PERFORM 'x'::t; END $$;", ""),
        ("ALTER TYPE t ADD VALUE 'x'; CREATE TABLE IF NOT EXISTS a (s t DEFAULT 'x'::t);", ""),
        ("CREATE TYPE t AS ENUM (); ALTER TYPE t ADD VALUE 'x'; SELECT 'x'::t;", ""),
        ("DO $$ BEGIN CREATE  TYPE t AS ENUM (); END $$; ALTER TYPE t ADD VALUE 'x'; SELECT 'x'::t;", ""),
        ("ALTER TYPE t ADD VALUE 'x'; ALTER TYPE t RENAME TO v; ALTER TYPE u RENAME TO t; SELECT 'x'::t;", ""),
        ("ALTER TYPE t ADD VALUE 'x'; SET search_path = other; SELECT 'x'::t;", ""),
        ("-- migrate: no-transaction\nALTER TYPE t ADD VALUE 'x'; SELECT 'x'::t;", ""),
    ];
    for (sql, expect) in cases {
        let told = found(sql, Dialect::Postgres).join(", ");
        assert_eq!(told.split_once(' ').map_or("", |(_, message)| message), *expect, "{sql}");
        assert_eq!(found_for_all(sql), found(sql, Dialect::Postgres), "{sql}");
    }
    let (sql, _) = cases[3];
    let [problem] = &problems(sql, Dialect::Postgres)[..] else { panic!("{sql}") };
    assert_eq!(problem.place().map(|place| (place.line, place.column)), Some((3, 26)));
    assert_eq!(problem.notes(), ["line 2 adds the value, and Postgres knows it once that is committed"]);
}

/// A script with very many findings takes no longer than its length.
#[test]
fn long_scripts() {
    let many = |number: usize| format!("ALTER TYPE t ADD VALUE '{number}';\nSELECT '{number}'::t, 'no'::t;\nVACUUM;\n");
    let sql: String = (0..20_000).map(many).collect();
    assert_eq!(problems(&sql, Dialect::Postgres).len(), 40_000);
    let sql = "PRAGMA foreign_keys = OFF; VACUUM;".repeat(20_000);
    assert_eq!(problems(&sql, Dialect::Sqlite).len(), 40_000);
}

fn problems(sql: &str, dialect: Dialect) -> Vec<Problem> {
    let scan = scan(sql, dialect);
    check(sql, dialect, &scan, &Header::read(sql, dialect, &scan).unwrap())
}

fn found(sql: &str, dialect: Dialect) -> Vec<String> {
    problems(sql, dialect).iter().map(told).collect()
}

fn found_for_all(sql: &str) -> Vec<String> {
    let scans = Dialect::WITH_DRIVER.map(|dialect| (dialect, scan(sql, dialect)));
    let sound: Vec<&(Dialect, Scan)> = scans.iter().filter(|(_, scan)| scan.is_sound()).collect();
    let header = sound.first().map_or(Ok(Header::default()), |(dialect, scan)| Header::read(sql, *dialect, scan));
    check_for_all(sql, &sound, &header.unwrap()).iter().map(told).collect()
}

fn told(problem: &Problem) -> String {
    format!("{} {}", problem.place().unwrap(), problem.message())
}
