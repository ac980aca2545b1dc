//! Folders as data: files in, migrations or problems out. What the macro makes of problems is tested with the compiler.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::{fs, io};

use super::{Folder, FolderOptions, Kind, Source};
use crate::lock::LockFile;
use crate::{Direction, Problem};

/// Paths and texts.
type Files = &'static [(&'static str, &'static str)];

const UP: &str = "CREATE TABLE a (id integer);\n";
const BOTH: &str = "-- +goose Up\nCREATE TABLE a (id integer);\n-- +goose Down\nDROP TABLE a;\n";

#[test]
fn folders_that_read_well() {
    let cases: &[(Files, &[&str], &str)] = &[
        (&[], &[], ""),
        (&[("1_a.sql", UP), ("README.md", "x"), (".gitkeep", "")], &[], "1 a up"),
        (
            &[("2_b/up.sql", UP), ("2_b/down.sql", UP), ("2_b/metadata.toml", ""), ("1_a/migration.sql", UP)],
            &[],
            "1 a up, 2 b up, 2 b down",
        ),
        (
            &[("1_a/up.sql", UP), ("1_a/metadata.toml", "run_in_transaction = false"), ("2_b/up.sql", UP)],
            &[],
            "1 a up outside of a transaction, 2 b up",
        ),
        // A script down that does nothing is as good as none.
        (&[("1_a/up.sql", UP), ("1_a/down.sql", "-- not reversible\n")], &[], "1 a up"),
        (&[("1_a.up.sql", UP), ("1_a.down.sql", "")], &[], "1 a up"),
        // Left out by a pattern: files, folders, and folders of which nothing is left.
        (
            &[("1_a.sql", UP), ("data_b.sql", UP), ("2_c/x.ts", ""), ("3_d/x.ts", ""), ("notes/x.txt", "")],
            &["data_*", "*.ts", "notes"],
            "1 a up",
        ),
        (&[("1_a.sqlite.sql", UP), ("1_a.postgres.sql", UP)], &[], "1 a up, 1 a up"),
        // As Diesel sorts them, including what it calls a time.
        (
            &[
                ("2026-05-27-120000-0000_b/up.sql", UP),
                ("2026-05-27-120000_a/up.sql", UP),
                ("2025-08-01-000060_c/up.sql", UP),
                ("2025-08-01-000059_d/up.sql", UP),
            ],
            &[],
            "20250801000059 d up, 20250801000060 c up, 20260527120000 a up, 202605271200000000 b up",
        ),
        (&[("1_a.sql", "-- +goose Up\nCREATE TABLE a (id integer);")], &[], "1 a up"),
        // A script up and a script down in one file, wherever it stands; a blank one is as good as none.
        (&[("1_a.sql", BOTH), ("2_b/migration.sql", BOTH)], &[], "1 a up, 1 a down, 2 b up, 2 b down"),
        (&[("1_a.sqlite.sql", BOTH), ("1_a.postgres.sql", UP)], &[], "1 a up, 1 a up, 1 a down"),
        (&[("1_a.sql", BOTH), ("2_b.up.sql", UP), ("2_b.down.sql", UP)], &[], "1 a up, 1 a down, 2 b up, 2 b down"),
        (
            &[("1_a.postgres.sql", BOTH), ("1_a.sqlite.up.sql", UP), ("1_a.sqlite.down.sql", UP)],
            &[],
            "1 a up, 1 a down, 1 a up, 1 a down",
        ),
        (&[("20240101_a.sql", UP), ("20240301_b.sql", UP)], &[], "20240101 a up, 20240301 b up"),
        (&[("1_a.sql", "-- migrate:up\nSELECT 1;\n-- migrate:down\n-- nothing\n")], &[], "1 a up"),
    ];
    for (files, ignore, expect) in cases {
        let set = read(files, ignore).unwrap_or_else(|problems| panic!("{files:?}: {problems:?}")).set;
        let told = |script: &crate::Script| {
            let direction = if script.direction() == Direction::Up { "up" } else { "down" };
            let outside = if script.no_transaction() { " outside of a transaction" } else { "" };
            format!("{} {} {direction}{outside}", script.version().digits(), script.name())
        };
        assert_eq!(set.scripts().iter().map(told).collect::<Vec<_>>().join(", "), *expect);
    }
}

#[test]
fn folders_with_problems() {
    let cases: &[(Files, &[&str])] = &[
        (&[("1_a.sql", "")], &["migrations/1_a.sql the file holds no statement"]),
        (&[("1_a.sql", "BEGIN; COMMIT;")], &["migrations/1_a.sql the file holds no statement"]),
        (
            &[("1_a/down.sql", "-- nothing")],
            &["migrations/1_a/down.sql `1_a/down.sql` has no script up | add `1_a/up.sql` beside it, or remove it"],
        ),
        (
            &[("1_breakdown.sqlite/down.sql", UP), ("2_breakdown.sqlite.down.sql", UP)],
            &[
                "migrations/1_breakdown.sqlite/down.sql `1_breakdown.sqlite/down.sql` has no script up | add `1_breakdown.sqlite/up.sql` beside it",
                "migrations/2_breakdown.sqlite.down.sql `2_breakdown.sqlite.down.sql` has no script up | add `2_breakdown.sqlite.up.sql` beside it",
            ],
        ),
        (
            &[("1_a/up.sql", UP), ("1_a/down.sql", UP), ("1_a.down.sql", UP)],
            &["two scripts take version 1 back: `1_a.down.sql` and `1_a/down.sql` | remove one of them"],
        ),
        (
            &[("1_a.sql", BOTH), ("1_a.down.sql", UP), ("2_b/up.sql", BOTH), ("2_b/down.sql", UP)],
            &[
                "two scripts take version 1 back: `1_a.sql` and `1_a.down.sql`",
                "two scripts take version 2 back: `2_b/up.sql` and `2_b/down.sql`",
            ],
        ),
        (
            &[("1_a.sql", UP), ("1_a.down.sql", BOTH)],
            &["migrations/1_a.down.sql:3:1 the file is a script down, and holds a script up too"],
        ),
        // Both scripts are checked, and the places are those of the file.
        (
            &[("1_a.sql", "-- migrate:up\nBEGIN; SELECT 1; COMMIT;\n-- migrate:down\nSELECT 1;\n  SELECT '\0;\n")],
            &[
                "migrations/1_a.sql:5:10 the string that begins here does not end",
                "migrations/1_a.sql:5:11 the file has a NUL byte in it",
            ],
        ),
        (
            &[("1_a.sql", "-- migrate:up\n-- nothing\n-- migrate:down\nDROP TABLE a;\n")],
            &["migrations/1_a.sql the file holds no statement"],
        ),
        // Several mistakes in one file, and around one version.
        (
            &[("1_a.sql", "-- migrate: foo\nSELECT '\0;\n"), ("1_b.sql", UP), ("1_c.down.sql", UP)],
            &[
                "two migrations have version 1: `1_a.sql` and `1_b.sql`",
                "migrations/1_a.sql:1:1 unknown directive `foo`",
                "migrations/1_a.sql:2:8 the string that begins here does not end",
                "migrations/1_a.sql:2:9 the file has a NUL byte in it",
                "migrations/1_c.down.sql `1_c.down.sql` has no script up",
            ],
        ),
        // Every file of a version is named, and every date in doubt.
        (
            &[("3_a.sql", UP), ("03_b.sql", UP), ("003_c.sql", UP)],
            &[
                "two migrations have version 3: `003_c.sql` and `03_b.sql` | rename one of them; the next free version is 4",
                "two migrations have version 3: `003_c.sql` and `3_a.sql` | rename one of them; the next free version is 4",
            ],
        ),
        (
            &[("1_a.sql", UP), ("1_b.sqlite.sql", UP)],
            &[
                "two migrations have version 1: `1_a.sql` and `1_b.sqlite.sql` | rename one of them; the next free version is 2",
            ],
        ),
        (
            &[("20240101000000_a.sql", UP), ("20240101000000_b.sql", UP), ("20250101000000_c.sql", UP)],
            &[
                "two migrations have version 20240101000000: `20240101000000_a.sql` and `20240101000000_b.sql` | rename one of them; the next free version is 20240101000001",
            ],
        ),
        (
            &[("20240101_a.sql", UP), ("20240101000058_b.sql", UP), ("20240301_c.sql", UP)],
            &[
                "the order of `20240101_a.sql` and `20240101000058_b.sql` is in doubt: as numbers `20240101_a.sql` comes first, as text `20240101000058_b.sql`",
                "the order of `20240301_c.sql` and `20240101000058_b.sql` is in doubt: as numbers `20240301_c.sql` comes first, as text `20240101000058_b.sql`",
            ],
        ),
    ];
    for (files, expect) in cases {
        let problems = read(files, &[]).map(|folder| folder.set).expect_err("problems");
        for (problem, expect) in problems.iter().zip(*expect) {
            let place = problem.place().map(|place| format!(":{place}")).unwrap_or_default();
            let path = problem.path().map(|path| format!("{path}{place} ")).unwrap_or_default();
            let told = format!("{path}{} | {}", problem.message(), problem.help());
            assert!(told.starts_with(expect), "{told}\nis not\n{expect}");
        }
        assert_eq!(problems.len(), expect.len(), "{problems:#?}");
    }
}

#[test]
fn a_lock_file_holds_both_scripts_of_a_file() {
    let up = BOTH.split_inclusive('\n').take(2).collect::<String>();
    // What is locked, what is there, and what is said of it: problems, or the directions of what is not locked.
    let cases: &[(&str, &str, &str)] = &[
        (BOTH, BOTH, ""),
        (
            BOTH,
            &BOTH.replace("a (id", "a -- why\n(id"),
            "`1_a.sql` is locked, and was edited: only comments or white space differ, but they count",
        ),
        (BOTH, &BOTH.replace("DROP TABLE a", "DROP TABLE b"), "`1_a.sql` is locked, and was edited"),
        (
            BOTH,
            &format!("\n{}", BOTH.replace("TABLE a", "TABLE b")),
            "`1_a.sql` is locked, and was edited, `1_a.sql` is locked, and was edited",
        ),
        (BOTH, &up, "the script down of the locked migration `1_a` is gone"),
        (&up, BOTH, "Down"),
    ];
    for (locked, present, expect) in cases {
        let options = FolderOptions::default();
        let mut lock = LockFile::default();
        let folder = Folder::read_from(&Memory([("1_a.sql", *locked)].into()), "migrations", &options).unwrap();
        lock.lock(folder.set.scripts());
        let lock = lock.to_string();
        let source = Memory([("1_a.sql", *present), (LockFile::FILE_NAME, &lock)].into());
        let told: Vec<String> = match Folder::read_from(&source, "migrations", &options) {
            Err(problems) => problems.iter().map(|problem| problem.message().to_owned()).collect(),
            Ok(folder) => {
                let unlocked = folder.set.scripts().iter().filter(|script| folder.is_unlocked(script));
                unlocked.map(|script| format!("{:?}", script.direction())).collect()
            }
        };
        assert_eq!(told.join(", "), *expect, "{present}");
    }
}

#[test]
fn a_lock_file_and_other_problems() {
    let mut lock = LockFile::default();
    let files = [("1_a.sql", UP), ("2_b.sql", UP)];
    lock.lock(Folder::read_from(&Memory(files.into()), "migrations", &FolderOptions::default()).unwrap().set.scripts());
    let lock = lock.to_string();
    let cases: &[(Files, &[&str])] = &[
        (&[("1_a.sql", UP), ("2_b.sql", UP)], &[]),
        (&[("2_b.sql", UP)], &["the locked migration `1_a` is gone"]),
        // That the lock file has it, too, is no news.
        (&[("1_a.sql", "SELECT '"), ("2_b.sql", UP)], &["the string that begins here does not end"]),
        (
            &[("1_a.sql", "SELECT '"), ("2_b.sql", "SELECT 1;")],
            &["the string that begins here does not end", "`2_b.sql` is locked, and was edited"],
        ),
    ];
    for (files, expect) in cases {
        let source = Memory(files.iter().copied().chain([(LockFile::FILE_NAME, &*lock)]).collect());
        let problems = Folder::read_from(&source, "migrations", &FolderOptions::default()).err().unwrap_or_default();
        let messages: Vec<&str> = problems.iter().map(Problem::message).collect();
        assert_eq!(messages, *expect, "{files:?}");
    }
}

#[test]
fn a_lock_file_that_cannot_be_read() {
    struct Unreadable;

    impl Source for Unreadable {
        fn names(&self, _: &str) -> io::Result<Vec<OsString>> {
            Ok(vec![LockFile::FILE_NAME.into()])
        }

        fn kind(&self, _: &str) -> io::Result<Kind> {
            Ok(Kind::File)
        }

        fn read(&self, _: &str) -> io::Result<Vec<u8>> {
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }

    let problems = Folder::read_from(&Unreadable, "migrations", &FolderOptions::default()).expect_err("a problem");
    let told: Vec<_> = problems.iter().map(|problem| (problem.path(), problem.message())).collect();
    assert_eq!(told, [(Some("migrations/migrations.lock"), "cannot be read: permission denied")]);
}

#[cfg(unix)]
#[test]
fn neither_a_file_nor_a_folder() {
    let root = tempfile::tempdir().expect("a folder can be made");
    let _socket = std::os::unix::net::UnixListener::bind(root.path().join("1_a.sql")).expect("a socket can be made");
    let problems = Folder::read(root.path(), "migrations", &FolderOptions::default()).expect_err("a problem");
    let told: Vec<_> = problems.iter().map(|problem| (problem.path(), problem.message())).collect();
    assert_eq!(told, [(Some("migrations/1_a.sql"), "neither a file nor a folder")]);
}

/// Reads the files from the file system, and from memory in another order, which must not make a difference.
fn read(files: &[(&str, &str)], ignore: &[&str]) -> Result<Folder, Vec<Problem>> {
    let root = tempfile::tempdir().expect("a folder can be made");
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    }
    let ignore = ignore.iter().map(|pattern| (*pattern).to_owned()).collect();
    let options = FolderOptions { ignore, ..FolderOptions::default() };
    let folder = Folder::read(root.path(), "migrations", &options);
    let memory = Memory(files.iter().copied().collect());
    let in_memory = Folder::read_from(&memory, "migrations", &options);
    let scripts = |folder: &Folder| folder.set.scripts().to_vec();
    assert_eq!(in_memory.as_ref().map(scripts), folder.as_ref().map(scripts));
    assert_eq!(in_memory.map(|folder| folder.files).ok(), folder.as_ref().map(|folder| folder.files.clone()).ok());
    folder
}

/// Files in memory. Names come in the wrong order.
struct Memory<'a>(BTreeMap<&'a str, &'a str>);

impl Source for Memory<'_> {
    fn names(&self, folder: &str) -> io::Result<Vec<OsString>> {
        let folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let below = self.0.keys().filter_map(|path| path.strip_prefix(&folder)?.split('/').next());
        let mut names: Vec<_> = below.rev().map(OsString::from).collect();
        names.dedup();
        Ok(names)
    }

    fn kind(&self, path: &str) -> io::Result<Kind> {
        let inside = format!("{path}/");
        match () {
            () if self.0.contains_key(path) => Ok(Kind::File),
            () if self.0.keys().any(|file| file.starts_with(&inside)) => Ok(Kind::Folder),
            () => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        self.0.get(path).map(|text| text.as_bytes().to_vec()).ok_or(io::ErrorKind::NotFound.into())
    }
}
