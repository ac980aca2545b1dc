//! The text of lock files, and folders beside them, as data.

use std::borrow::Cow;

use super::{Draft, Fingerprint, LockFile, Seal};
use crate::{Checksum, Dialect, Direction, FileName, Problem, Script, Version};

/// Names and texts.
type Files<'a> = &'a [(&'a str, &'a str)];

const USERS: &str = "CREATE TABLE users (id integer);\n";
const DROP: &str = "DROP TABLE users;\n";

/// The scripts of a folder that holds these files.
fn scripts(files: Files<'_>) -> Vec<Script> {
    let script = |(file, sql): &(&str, &str)| {
        let name = match file.split_once('/') {
            Some((folder, _)) => FileName::of_folder(folder),
            None => FileName::of_file(file),
        };
        let name = name.unwrap();
        Script {
            version: name.version,
            name: Cow::Owned(name.name),
            dialect: name.dialect,
            direction: name.direction.unwrap_or(if file.ends_with("down.sql") {
                Direction::Down
            } else {
                Direction::Up
            }),
            path: Cow::Owned(format!("migrations/{file}")),
            sql: Cow::Owned((*sql).to_owned()),
            checksum: Checksum::of(sql),
            no_transaction: false,
        }
    };
    let mut scripts: Vec<Script> = files.iter().map(script).collect();
    scripts.sort_by(|a, b| (&a.version, a.dialect, a.direction).cmp(&(&b.version, b.dialect, b.direction)));
    scripts
}

fn lock(files: Files<'_>) -> LockFile {
    let mut lock = LockFile::default();
    lock.lock(&scripts(files));
    lock
}

fn draft(version: &str, name: &str) -> Draft {
    Draft { version: Version::parse(version).unwrap(), name: name.to_owned() }
}

/// A file as its first version wrote it, with every kind of line. It may never change.
const GOLDEN: &str = r#"migrations.lock 1
dialect postgres
ignore "data *.sql"
0001 users sha256:3ae90ecc4d506cda0dc3961d0aa61703075387b62bc1cb1b1ec237f591eb3b60/d4c393d3924cc7b7 sha256:de1015707e41d6682186c3440c58b222518e75eae7becfba74346468eefdfc5d/abe02352d4fdfd5d
0002 "Create \"Orders\" (v2)" sha256:b24301103e926f60ba4e5d9c973a558489d57930dade41bf0c2c5fa12de3012d/3d6b87c501bcaf62
reblessed 0002 up sha256:8e7003d62f9d8cbd28da2f243bb0d215bfd4622c716be09be89a8764d9f4c7cb sha256:b24301103e926f60ba4e5d9c973a558489d57930dade41bf0c2c5fa12de3012d "a typo, \\ as I said"
0003 größe.postgres sha256:6d51e258cb323b98bf07dd6658c78c08adaf998a8e717f85e02d9c7ce869608b/c67710263f193209
0003 größe.sqlite sha256:8a717a16f8931155c916e04b8d68aa0cc451ed9646fb93dde4510cf8f4566fbe/33f18051193c1eea/no-transaction
draft 0004 items
draft 0005 "more items"
digest sha256:6d1f2ebe762a5e3bfaa6daef424b719eb540f3c6ecf930f28d6a4bc9d790db60
"#;

#[test]
fn the_golden_file_never_changes() {
    let mut all = scripts(&[
        ("0001_users.sql", USERS),
        ("0001_users.down.sql", DROP),
        ("0002_Create \"Orders\" (v2).sql", "SELECT 2;"),
        ("0003_größe.postgres.sql", "SELECT 3;"),
        ("0003_größe.sqlite.sql", "SELECT 3; -- lite"),
    ]);
    all.last_mut().unwrap().no_transaction = true;
    let mut lock = LockFile { dialect: Some(Dialect::Postgres), ..LockFile::default() };
    lock.lock(&all);
    lock.ignore = vec!["data *.sql".to_owned()];
    let edited = scripts(&[("0002_Create \"Orders\" (v2).sql", "SELECT 22;")]);
    let accepted = lock.rebless(&Version::parse("2").unwrap(), &edited, "a typo, \\ as I said");
    assert_eq!(accepted.len(), 1);
    lock.drafts = vec![draft("0004", "items"), draft("0005", "more items")];
    assert_eq!(lock.to_string(), GOLDEN);
    assert_eq!(LockFile::parse(GOLDEN).unwrap(), lock);
    let with_other_line_ends = format!("\u{feff}{}", GOLDEN.replace('\n', "\r\n"));
    assert_eq!(LockFile::parse(&with_other_line_ends).unwrap(), lock);
}

#[test]
fn fingerprints_see_no_comments_and_no_white_space() {
    let of = |sql: &str| Fingerprint::of(sql, None);
    let same = ["SELECT 'a b' FROM t;", "-- all\nSELECT\t'a b'\r\n FROM /* the */ t;", "SELECT 'a b' FROM t;\n\n"];
    let other = ["SELECT 'a  b' FROM t;", "SELECT 'a b' FROMt;", "select 'a b' FROM t;", "SELECT 'a b' FROM t", ""];
    assert!(same.iter().all(|sql| of(sql) == of(same[0])));
    assert!(other.iter().all(|sql| of(sql) != of(same[0])));
    // A directive is a comment that does something; an excuse is not.
    assert_ne!(of("-- migrate: no-transaction\nSELECT 'a b' FROM t;"), of(same[0]));
    assert_eq!(of("-- migrate: allow=x because\nSELECT 'a b' FROM t;"), of(same[0]));
    assert_eq!(of(same[0]).to_string(), "01d5944f2c27838a");
}

#[test]
fn texts_that_are_no_lock_file() {
    let cases: &[(&str, &str)] = &[
        ("", "the lock file is empty"),
        ("migrations.lock 2\n", "1:1 `migrations.lock 2` is a format of lock files that this version cannot read"),
        ("hello\nworld\n", "1:1 the lock file does not begin with `migrations.lock 1`"),
        ("migrations.lock 1\n", "1:1 the lock file does not end with its digest"),
        ("migrations.lock 1\ndigest sha256:00\n", "2:1 the lock file does not end with its digest"),
        ("\u{feff}\nmigrations.lock 1\ndraft x a\n", "3:1 `draft x a` is no line of a lock file"),
        ("\n\nmigrations.lock 1\r\n\r\n<<<<<<< HEAD\ndraft 1 a\n", "5:1 the lock file has a merge conflict"),
        (
            "migrations.lock 1\ndraft 2 b\ndraft 1 a\ndigest sha256:00\n",
            "3:1 the lines of the lock file are out of order",
        ),
        (
            "migrations.lock 1\ndraft 1 a\ndraft 01 b\ndigest sha256:00\n",
            "3:1 the lines of the lock file are out of order",
        ),
        (
            "migrations.lock 1\ndraft 2 \"b\ndraft x a\n1 a md5:00\ndraft 3  c\nreblessed 1 up a b c\ndigest x\n",
            "2:1 `draft 2 \"b` is no line of a lock file, 3:1 `draft x a` is no line of a lock file, \
             4:1 `1 a md5:00` is no line of a lock file, 5:1 `draft 3  c` is no line of a lock file, \
             6:1 `reblessed 1 up a b c` is no line of a lock file",
        ),
    ];
    for (text, expect) in cases {
        let problems = LockFile::parse(text).expect_err(text);
        let told = |problem: &Problem| match problem.place() {
            Some(place) => format!("{place} {}", problem.message()),
            None => problem.message().to_owned(),
        };
        assert_eq!(problems.iter().map(told).collect::<Vec<_>>().join(", "), *expect, "{text}");
    }
}

#[test]
fn texts_that_are_no_seal() {
    let checksum = Checksum::of("");
    for (fingerprint, is_one) in [
        ("0123456789abcdef", true),
        ("0123456789abcdef/no-transaction", true),
        ("0123456789ABCDEF", false),
        ("+123456789abcdef", false),
        ("0123456789abcde", false),
        ("0123456789abcdef0", false),
        ("0123456789abcdef/transaction", false),
        ("", false),
    ] {
        assert_eq!(Seal::parse(&format!("{checksum}/{fingerprint}")).is_some(), is_one, "{fingerprint}");
    }
}

/// Any change of any line shows in the last one.
#[test]
fn an_edited_lock_file_is_noticed() {
    let lines: Vec<&str> = GOLDEN.lines().collect();
    for index in 1..lines.len() - 1 {
        let mut without = lines.clone();
        let line = without.remove(index);
        assert!(LockFile::parse(&without.join("\n")).is_err(), "{line}");
    }
    let twice = [&lines[..4], &lines[3..]].concat().join("\n");
    let problems = LockFile::parse(&twice).unwrap_err();
    assert_eq!(problems[0].message(), "the lines of the lock file are out of order");
    for (from, to) in [("0002", "002"), ("items", "item"), ("a typo", "no typo"), ("3ae9", "3ae8")] {
        assert!(LockFile::parse(&GOLDEN.replacen(from, to, 1)).is_err(), "{from}");
    }
}

#[test]
fn sides_of_a_merge_conflict() {
    let common = "migrations.lock 1\ndraft 1 a\n";
    let text = format!(
        "{common}<<<<<<< HEAD\ndraft 2 b\ndigest x\n||||||| base\ndigest z\n=======\ndraft 2 c\ndigest y\n>>>>>>> main\n"
    );
    let (ours, theirs) = LockFile::parse_merged(&text).unwrap();
    assert_eq!(ours.drafts, [draft("1", "a"), draft("2", "b")]);
    assert_eq!(theirs.unwrap().drafts, [draft("1", "a"), draft("2", "c")]);
    // Lines out of order do not hide those behind them.
    let text = "migrations.lock 1\ndraft 2 b\ndigest y\ndraft 2 c\ndraft 1 a\ndraft 3 d\ndigest x\n";
    let (merged, none) = LockFile::parse_merged(text).unwrap();
    assert_eq!((merged.drafts.len(), none), (4, None));
}

#[test]
fn folders_beside_their_lock_file() {
    let locked: Files<'_> =
        &[("0001_users.sql", USERS), ("0001_users.down.sql", DROP), ("0003_orders.postgres.sql", "SELECT 3;")];
    let cases: &[(Files<'_>, &str, &[&str])] = &[
        (locked, "", &[]),
        // Drafts: behind the last, to take a locked one back, for a dialect that had no script.
        (
            &[
                locked[0],
                locked[1],
                locked[2],
                ("0003_orders.postgres.down.sql", DROP),
                ("0003_orders.sqlite.sql", "SELECT 3;"),
                ("4_items.sql", "SELECT 4;"),
            ],
            "0003_orders.postgres.down.sql 0003_orders.sqlite.sql 4_items.sql",
            &[],
        ),
        // Another spelling of a version is the same version.
        (&[("1_users.sql", USERS), ("1_users.down.sql", DROP), locked[2]], "", &[]),
        (
            &[
                ("0001_users.sql", "CREATE TABLE users (id bigint);\n"),
                ("0001_users.down.sql", "-- undo\nDROP TABLE users;"),
                locked[2],
            ],
            "",
            &[
                "`0001_users.sql` is locked, and was edited | ",
                "`0001_users.down.sql` is locked, and was edited: only comments or white space differ, but they count",
            ],
        ),
        (
            &[("0001_people.sql", USERS), ("0001_people.down.sql", DROP), locked[2]],
            "",
            &["the locked migration `0001_users` was renamed to `0001_people.sql`"],
        ),
        (&[locked[0], locked[2]], "", &["the script down of the locked migration `0001_users` is gone"]),
        (&[locked[0], locked[1]], "", &["the locked migration `0003_orders` for postgres is gone"]),
        (
            &[locked[0], locked[1], ("0005_items.sql", "SELECT 5;")],
            "0005_items.sql",
            &["the locked migration `0003_orders` for postgres is gone"],
        ),
        (
            &[locked[0], locked[1], ("0005_orders.sql", "SELECT 3;")],
            "0005_orders.sql",
            &["the locked migration `0003_orders` was renamed to `0005_orders.sql`"],
        ),
        (
            &[locked[0], locked[1], locked[2], ("0002_items.sql", "SELECT 2;"), ("0007_later.sql", "SELECT 7;")],
            "0007_later.sql",
            &["`0002_items.sql` does not come after `0003_orders`, the last locked migration \
                 | if a merge has lost its line in the lock file, restore that; if the file is new, a branch has to be rebased: `migrate rebase --unlisted` renames the file to version 0008 or later"],
        ),
    ];
    for (files, drafts, problems) in cases {
        let scripts = scripts(files);
        let lock = lock(locked);
        let comparison = lock.compare(&scripts, "migrations");
        let found: Vec<&str> = comparison.drafts.iter().map(|script| script.file_name()).collect();
        assert_eq!(found.join(" "), *drafts, "{files:?}");
        let found: Vec<String> =
            comparison.problems.iter().map(|problem| format!("{} | {}", problem.message(), problem.help())).collect();
        assert_eq!(found.len(), problems.len(), "{found:#?}");
        assert!(found.iter().zip(*problems).all(|(found, expect)| found.starts_with(expect)), "{found:#?}");
    }
}

/// What a file beside a script says of transactions is no part of its text.
#[test]
fn a_mark_beside_a_script_counts() {
    let mut marked = scripts(&[("1_a/up.sql", "SELECT 1;"), ("1_a/down.sql", DROP)]);
    let plain = marked.clone();
    marked.iter_mut().for_each(|script| script.no_transaction = true);
    for (before, after) in [(&plain, &marked), (&marked, &plain)] {
        let mut lock = LockFile::default();
        lock.lock(before);
        assert_eq!(LockFile::parse(&lock.to_string()).unwrap(), lock);
        assert!(lock.compare(before, "migrations").problems.is_empty());
        let problems = lock.compare(after, "migrations").problems;
        let expect = "`1_a/up.sql` is locked, and was edited: a file beside it says something else of transactions";
        assert_eq!((problems.len(), problems[0].message()), (2, expect));
        assert_eq!(lock.rebless(&Version::parse("1").unwrap(), after, "as it should be").len(), 2);
        assert!(lock.compare(after, "migrations").problems.is_empty());
    }
}

/// An edit is called one of comments only if it is one for every database that may run it.
#[test]
fn what_only_some_call_a_comment() {
    let cases = [
        (None, "/* /* */ CREATE TABLE a(x); -- */\nSELECT 1;", "/* /* */ DROP TABLE a; -- */\nSELECT 1;"),
        (Some(Dialect::Mysql), "SELECT 1 /*!50000 , 2 */;", "SELECT 1 /*!50000 , 3 */;"),
        (Some(Dialect::Sqlite), "/* /* */ SELECT 1; -- */", "/* /* */ SELECT 2; -- */"),
        (None, "SELECT 1;", "-- no-transaction\nSELECT 1;"),
        (None, "SELECT 1;", "-- +goose NO TRANSACTION\nSELECT 1;"),
    ];
    for (dialect, before, after) in cases {
        assert_ne!(Fingerprint::of(before, dialect), Fingerprint::of(after, dialect), "{after}");
    }
    assert_eq!(
        Fingerprint::of("/* /* */ SELECT 1; -- */", Some(Dialect::Postgres)),
        Fingerprint::of("/* /* */ SELECT 2; -- */", Some(Dialect::Postgres))
    );
}

#[test]
fn a_draft_without_a_file() {
    let lock = LockFile { drafts: vec![draft("2", "gone"), draft("3", "other_name")], ..LockFile::default() };
    let scripts = scripts(&[("3_name.sql", USERS)]);
    let comparison = lock.compare(&scripts, "migrations");
    let messages: Vec<&str> = comparison.problems.iter().map(Problem::message).collect();
    assert_eq!(messages, ["the draft `2_gone` has no file"]);
    assert_eq!(comparison.drafts.len(), 1);
}

#[test]
fn a_draft_that_comes_too_early() {
    let mut lock = lock(&[("3_c.sql", "SELECT 3;")]);
    lock.drafts = vec![draft("2", "items")];
    let cases = [
        ("2_items.sql", "a branch has to be rebased: `migrate rebase` renames the file to version 4 or later"),
        ("2_notes.sql", "if a merge has lost its line in the lock file, restore that; "),
        ("1_items.sql", "if a merge has lost its line in the lock file, restore that; "),
    ];
    for (file, help) in cases {
        let scripts = scripts(&[(file, USERS), ("3_c.sql", "SELECT 3;")]);
        let problems = lock.compare(&scripts, "migrations").problems;
        assert_eq!(problems[0].message(), format!("`{file}` does not come after `3_c`, the last locked migration"));
        assert!(problems[0].help().starts_with(help), "{}", problems[0].help());
    }
}

#[test]
fn locking_adds_and_changes_nothing() {
    let mut lock = lock(&[("1_a.sql", "SELECT 1;"), ("3_c.sqlite.sql", "SELECT 3;")]);
    let before = lock.clone();
    lock.drafts = vec![draft("4", "d")];
    lock.lock(&scripts(&[
        ("1_a.sql", "SELECT 11;"),
        ("1_a.down.sql", DROP),
        ("3_c.sqlite.sql", "SELECT 3;"),
        ("3_c.postgres.sql", "SELECT 33;"),
        ("4_d.sql", "SELECT 4;"),
    ]));
    assert_eq!(lock.locked[0].up, before.locked[0].up);
    assert!(lock.locked[0].down.is_some() && lock.drafts.is_empty());
    let told = |locked: &super::Locked| (locked.version.digits().to_owned(), locked.dialect);
    let expect = [("1", None), ("3", Some(Dialect::Postgres)), ("3", Some(Dialect::Sqlite)), ("4", None)];
    assert!(lock.locked.iter().map(told).eq(expect.map(|(version, dialect)| (version.to_owned(), dialect))));
    assert_eq!(LockFile::parse(&lock.to_string()).unwrap(), lock);
}

#[test]
fn reblessing_is_kept_on_record() {
    let mut lock = lock(&[("1_a.sql", "SELECT 1;"), ("1_a.down.sql", DROP)]);
    let version = Version::parse("01").unwrap();
    assert_eq!(lock.rebless(&version, &scripts(&[("1_a.sql", "SELECT 1;")]), "no change"), []);
    for sql in ["SELECT 2;", "SELECT 3;"] {
        let edited = scripts(&[("1_a.sql", sql), ("1_a.down.sql", DROP)]);
        let accepted = lock.rebless(&version, &edited, sql);
        assert_eq!((accepted.len(), accepted[0].direction, accepted[0].to), (1, Direction::Up, Checksum::of(sql)));
        assert!(lock.compare(&edited, "migrations").problems.is_empty());
    }
    assert_eq!(lock.locked[0].reblessed.len(), 2);
    assert_eq!(lock.locked[0].reblessed[1].from, Checksum::of("SELECT 2;"));
    lock.rebless(&version, &scripts(&[("1_a.down.sql", "DROP TABLE b;")]), "on\ttwo\nlines");
    let read = LockFile::parse(&lock.to_string()).unwrap();
    let last = read.locked[0].reblessed.last().unwrap();
    assert_eq!((last.direction, &*last.reason), (Direction::Down, "on two lines"));
}
