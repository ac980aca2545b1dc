//! `migrate lock`.

use crate::package::{Files, Package};

const A: (&str, &str) = ("migrations/1_a.sql", "SELECT 1;");
const B: (&str, &str) = ("migrations/2_b.sql", "SELECT 2;");
const LOCKED: &str = "locked migrations/1_a.sql\nlocked migrations/2_b.sql\n";

fn locked() -> Package {
    let package = Package::new(&[A, B]);
    package.expect(&["lock"], 0, LOCKED, "made `migrations/migrations.lock`");
    package
}

#[test]
fn drafts_are_locked_once() {
    let package = locked();
    assert_eq!(package.lock("migrations"), ["1 a", "2 b"]);
    package.expect(&["lock"], 0, "nothing to lock: every migration is locked\n", "");
    package.expect(&["lock", "--check"], 0, "every migration is locked\n", "");
    package.migrate(&["new", "c"]);
    package.expect(&["lock"], 1, "", "the file holds no statement");
    package.write("migrations/3_c.sql", "SELECT 3;");
    package.write("migrations/2_b.down.sql", "SELECT 2;");
    package.expect(&["lock", "--check"], 1, "", "error: the file is not locked\n  --> migrations/2_b.down.sql");
    assert_eq!(package.lock("migrations"), ["1 a", "2 b", "draft 3 c"]);
    package.expect(&["lock"], 0, "locked migrations/2_b.down.sql\nlocked migrations/3_c.sql\n", "");
    assert_eq!(package.lock("migrations"), ["1 a", "2 b", "3 c"]);
    package.expect(&["check"], 0, "no problems\n", "");
}

/// A file of another tool is two scripts, and one file.
#[test]
fn a_file_may_hold_a_script_down() {
    const FILE: &str = "migrations/1_a.sql";
    let both = "-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;\n";
    let package = Package::new(&[(FILE, both)]);
    package.expect(&["lock"], 0, "locked migrations/1_a.sql\n", "made `migrations/migrations.lock`");
    package.expect(&["lock", "--check"], 0, "every migration is locked\n", "");
    package.write(FILE, &both.replace("SELECT 2", "SELECT 3"));
    package.expect(&["lock"], 1, "", "`1_a.sql` is locked, and was edited");
    let reblessed = package.migrate(&["lock", "--rebless", "1", "--reason", "x"]);
    assert!(reblessed.stdout.starts_with("reblessed 1_a down\n"), "{reblessed:#?}");
    package.expect(&["check"], 0, "no problems\n", "");
    package.write("migrations/2_b.sql", both);
    package.expect(&["lock", "--check"], 1, "", "error: the file is not locked\n  --> migrations/2_b.sql");
    package.expect(&["lock"], 0, "locked migrations/2_b.sql\n", "");
}

/// A dialect that holds for the call, or for the folder, does not end up in every line.
#[test]
fn a_dialect_is_a_setting() {
    let package =
        Package::new(&[A, ("migrations/2_b.sqlite.sql", "SELECT 2;"), ("migrations/2_b.postgres.sql", "SELECT 2;")]);
    package.migrate(&["lock", "--dialect", "sqlite"]);
    assert_eq!(package.lock("migrations"), ["dialect sqlite", "1 a", "2 b.postgres", "2 b.sqlite"]);
    package.expect(&["check"], 0, "no problems\n", "");
    package.expect(&["lock", "--check"], 0, "every migration is locked\n", "");
    package.expect(
        &["lock", "--check", "--ignore", "x"],
        1,
        "",
        "the lock file is not what `migrate lock` would write",
    );
    package.expect(&["lock", "--ignore", "x"], 0, "wrote `migrations/migrations.lock`\n", "");
    package.expect(&["lock", "--check"], 0, "every migration is locked\n", "");
}

#[test]
fn what_is_wrong_is_refused() {
    let cases: &[(Files<'_>, &[&str], &str)] = &[
        (&[("migrations/1_a.sql", "SELECT 11;")], &[], "`1_a.sql` is locked, and was edited"),
        (&[], &["migrations/1_a.sql"], "the locked migration `1_a` is gone"),
        (&[("migrations/0_z.sql", "SELECT 0;")], &[], "`0_z.sql` does not come after `2_b`"),
        (&[("migrations/2_c.sql", "SELECT 0;")], &[], "two migrations have version 2"),
        (&[("migrations/notes.txt", "")], &[], "`notes.txt` does not end with `.sql`"),
        (
            &[("migrations/migrations.lock", "migrations.lock 1\n<<<<<<< HEAD\n")],
            &[],
            "resolve it with `migrate rebase`",
        ),
        (&[("migrations/migrations.lock", "migrations.lock 9\n")], &[], "this version cannot read"),
    ];
    for (write, remove, stderr) in cases {
        let package = locked();
        write.iter().for_each(|(path, text)| package.write(path, text));
        remove.iter().for_each(|path| package.remove(path));
        let before = package.read("migrations/migrations.lock");
        for args in [&["lock"][..], &["lock", "--check"]] {
            package.expect(args, 1, "", stderr);
        }
        assert_eq!(package.read("migrations/migrations.lock"), before);
        let files = package.files("migrations");
        assert!(files.iter().all(|path| !path.contains(".migrations.lock.")), "{files:?}");
    }
}

#[test]
fn all_problems_are_told_at_once() {
    let package = locked();
    package.write("migrations/1_a.sql", "SELECT 'a;");
    package.write("migrations/3_c.sql", "COMMIT;");
    let called = package.expect(&["lock"], 1, "", "migrations/1_a.sql:1:8");
    assert!(called.stderr.contains("migrations/3_c.sql:1:1"), "{called:?}");
    assert!(!called.stderr.contains("is gone"), "{called:?}");
}

#[test]
fn without_a_lock_file() {
    let package = Package::new(&[A]);
    package.expect(&["lock", "--check"], 1, "", "there is no lock file `migrations/migrations.lock`");
    let args = ["lock", "--rebless", "1", "--reason", "x"];
    package.expect(&args, 1, "", "there is no lock file `migrations/migrations.lock`");
    assert_eq!(package.files("migrations"), [A.0]);
}

#[test]
fn line_endings_of_the_lock_file_do_not_count() {
    let package = locked();
    let text = package.read("migrations/migrations.lock");
    package.write("migrations/migrations.lock", &format!("\u{feff}{}", text.replace('\n', "\r\n")));
    package.expect(&["lock", "--check"], 0, "every migration is locked\n", "");
    package.write("migrations/migrations.lock", &text.replace('\n', "\n\n"));
    package.expect(&["lock", "--check"], 1, "", "the lock file is not what `migrate lock` would write");
}

#[test]
fn drafts_without_a_file_are_forgotten() {
    let package = locked();
    package.migrate(&["new", "c"]);
    package.remove("migrations/3_c.sql");
    package.expect(&["lock", "--check"], 1, "", "the draft `3_c` has no file");
    package.expect(&["lock"], 0, "", "forgot the draft `3_c`, which has no file");
    assert_eq!(package.lock("migrations"), ["1 a", "2 b"]);
}

#[test]
fn a_new_name_is_accepted_for_a_reason() {
    let package = locked();
    std::fs::rename(package.path("migrations/2_b.sql"), package.path("migrations/2_c.sql")).unwrap();
    package.expect(&["lock"], 1, "", "the locked migration `2_b` was renamed to `2_c.sql`");
    let told = "reblessed 2_c up\n  renamed from 2_b\n";
    let called = package.expect(&["lock", "--rebless", "2", "--reason", "a typo"], 0, told, "");
    assert_eq!(called.stderr, "");
    package.expect(&["lock", "--check"], 0, "every migration is locked\n", "");
}

#[test]
fn an_edit_is_accepted_for_a_reason() {
    let package = locked();
    package.write("migrations/1_a.sql", "SELECT 11;");
    package.write("migrations/2_b.sql", "SELECT 22;");
    let args = ["lock", "--rebless", "02", "--reason", "never \"applied\""];
    let called = package.migrate(&args);
    assert_eq!(called.code, 0, "{called:?}");
    let lines: Vec<&str> = called.stdout.lines().collect();
    assert_eq!(lines[0], "reblessed 2_b up");
    assert!(lines[1].starts_with("  from sha256:") && lines[2].starts_with("  to   sha256:"), "{called:?}");
    assert_eq!(package.lock("migrations"), ["1 a", "2 b", "reblessed 2 up \"never \\\"applied\\\"\""]);
    // The other edit is refused as before.
    let called = package.expect(&["lock"], 1, "", "`1_a.sql` is locked, and was edited");
    assert!(!called.stderr.contains("2_b"), "{called:?}");
    package.expect(&args, 1, "", "no script of `2_b` differs from its lock");
}

#[test]
fn reblessing_is_refused() {
    let cases: &[(&[&str], i32, &str)] = &[
        (&["--rebless", "1"], 2, "--reason <TEXT>"),
        (&["--reason", "x"], 2, "--rebless <VERSION>"),
        (&["--rebless", "1", "--reason", " "], 2, "a reason says something"),
        (&["--rebless", "1", "--reason", "a\nb"], 2, "a reason is one line"),
        (&["--rebless", "x", "--reason", "a"], 2, "a version consists of decimal digits"),
        (&["--rebless", "1", "--reason", "a", "--check"], 2, "cannot be used with"),
        (&["--rebless", "1", "--reason", "a"], 1, "no script of `1_a` differs from its lock"),
        (&["--rebless", "3", "--reason", "a"], 1, "no migration of version 3 is locked"),
    ];
    let package = locked();
    let before = package.read("migrations/migrations.lock");
    for (args, code, stderr) in cases {
        package.expect(&[&["lock"], *args].concat(), *code, "", stderr);
    }
    // Not while the folder cannot be read.
    package.write("migrations/1_a.sql", "SELECT 11;");
    package.write("migrations/2_b.sql", "SELECT 'b;");
    package.expect(&["lock", "--rebless", "1", "--reason", "a"], 1, "", "migrations/2_b.sql:1:8");
    assert_eq!(package.read("migrations/migrations.lock"), before);
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    let package = locked();
    std::fs::rename(package.path("migrations/migrations.lock"), package.path("migrations/.real.lock")).unwrap();
    std::os::unix::fs::symlink(".real.lock", package.path("migrations/migrations.lock")).unwrap();
    package.write("migrations/3_c.sql", "SELECT 3;");
    package.expect(&["lock"], 0, "locked migrations/3_c.sql\n", "");
    assert!(package.path("migrations/migrations.lock").is_symlink());
    assert!(package.read("migrations/.real.lock").contains("\n3 c sha256:"));
}

/// What is no file is neither waited for nor written through.
#[cfg(unix)]
#[test]
fn odd_files_are_refused() {
    let make = |package: &Package, path: &str, kind: &str| {
        let path = package.path(path);
        let _ = std::fs::remove_file(&path);
        match kind {
            "pipe" => assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success()),
            "folder" => std::fs::create_dir(path).unwrap(),
            link => std::os::unix::fs::symlink(link, path).unwrap(),
        }
    };
    for (path, stderr) in [
        ("migrations/migrations.lock", "the lock file is no file"),
        ("migrations/.migrations.lock.busy", "something is in the way"),
    ] {
        for kind in ["pipe", "folder", "../elsewhere"] {
            let package = locked();
            make(&package, path, kind);
            package.expect(&["lock"], 1, "", stderr);
            package.expect(&["new", "x"], 1, "", stderr);
            assert!(!package.path("elsewhere").exists());
        }
    }
}

/// A file system that takes nothing any more: with `kill`, the process dies where it would be told so.
#[cfg(unix)]
#[test]
fn a_full_disk_and_a_crash_leave_the_old_lock_file() {
    let package = locked();
    package.write("elsewhere", "mine");
    std::os::unix::fs::symlink("../elsewhere", package.path("migrations/.migrations.lock.new")).unwrap();
    let before = package.read("migrations/migrations.lock");
    package.write("migrations/3_c.sql", "SELECT 3;");
    for (is_killed, args) in [(false, "lock"), (true, "lock"), (false, "new x"), (true, "new x")] {
        let trap = if is_killed { "" } else { "trap '' XFSZ;" };
        let script = format!("{trap} ulimit -f 0; exec {} {args}", env!("CARGO_BIN_EXE_migrate"));
        let output =
            std::process::Command::new("sh").args(["-c", &script]).current_dir(package.root()).output().unwrap();
        assert_eq!(output.status.code(), if is_killed { None } else { Some(3) }, "{output:?}");
        assert_eq!(package.read("migrations/migrations.lock"), before);
        let files = package.files("migrations");
        assert_eq!(files.iter().any(|path| path.ends_with("_x.sql")), is_killed && args == "new x", "{files:?}");
    }
    package.remove("migrations/4_x.sql");
    assert_eq!(package.read("elsewhere"), "mine");
    // What the dead have left behind is in nobody's way.
    package.expect(&["lock"], 0, "locked migrations/3_c.sql\n", "");
    assert_eq!(
        package.files("migrations"),
        ["migrations/1_a.sql", "migrations/2_b.sql", "migrations/3_c.sql", "migrations/migrations.lock"]
    );
}
