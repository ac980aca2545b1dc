//! `migrate new`.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use crate::package::{Called, Files, Package};

#[test]
fn a_first_migration() {
    let package = Package::new(&[]);
    package.expect(
        &["new", "create", "users"],
        0,
        "migrations/0001_create_users.sql\n",
        "made `migrations/migrations.lock`",
    );
    assert_eq!(package.lock("migrations"), ["draft 0001 create_users"]);
    let text = package.read("migrations/0001_create_users.sql");
    assert!(text.starts_with("-- 0001_create_users: write it here") && text.ends_with('\n'), "{text}");
    // The next one, while the first is not written yet.
    package.expect(&["new", "orders"], 0, "migrations/0002_orders.sql\n", "");
    assert_eq!(package.lock("migrations"), ["draft 0001 create_users", "draft 0002 orders"]);
    assert_eq!(
        package.files("migrations"),
        ["migrations/0001_create_users.sql", "migrations/0002_orders.sql", "migrations/migrations.lock"]
    );
    // What was made passes once it is written.
    package.write("migrations/0001_create_users.sql", "SELECT 1;");
    package.write("migrations/0002_orders.sql", "SELECT 2;");
    package.expect(&["check"], 0, "no problems\n", "");
}

#[test]
fn folders_are_followed() {
    let cases: &[(Files<'_>, &[&str], &str)] = &[
        (&[("migrations/V1__a.sql", "SELECT 1;")], &[], "migrations/V2__x.sql\n"),
        (&[("migrations/1-a.sql", "SELECT 1;")], &["--reversible"], "migrations/2-x.up.sql\nmigrations/2-x.down.sql\n"),
        (
            &[
                ("migrations/2099-03-13-170000_a/up.sql", "SELECT 1;"),
                ("migrations/2099-03-13-170000_a/down.sql", "SELECT 2;"),
            ],
            &[],
            "migrations/2099-03-13-170001_x/up.sql\nmigrations/2099-03-13-170001_x/down.sql\n",
        ),
        (
            &[("migrations/1_a.sql", "SELECT 1;")],
            &["--dialects", "sqlite,postgres"],
            "migrations/2_x.postgres.sql\nmigrations/2_x.sqlite.sql\n",
        ),
    ];
    for (files, args, stdout) in cases {
        let package = Package::new(files);
        package.expect(&[&["new", "x"], *args].concat(), 0, stdout, "locked the");
        for path in stdout.lines() {
            package.write(path, "SELECT 3;");
        }
        package.expect(&["check"], 0, "no problems\n", "");
        package.expect(&["check", "--dialect", "sqlite"], 0, "no problems\n", "");
    }
}

#[test]
fn timestamps_are_of_now_and_ever_later() {
    let package = Package::new(&[]);
    let version = |called: Called| -> u64 {
        let name = called.stdout.strip_prefix("migrations/").unwrap();
        name.split('_').next().unwrap().parse().unwrap()
    };
    let first = version(package.migrate(&["new", "x", "--timestamp"]));
    assert!(first > 20_240_000_000_000 && first < 22_000_000_000_000, "{first}");
    let mut last = first;
    for _ in 0..5 {
        let next = version(package.migrate(&["new", "x"]));
        assert!(next > last);
        last = next;
    }
}

#[test]
fn a_lock_file_is_made_of_what_is_there() {
    let package = Package::new(&[("migrations/1_a.sql", "SELECT 1;"), ("migrations/2_b.sql", "SELECT 2;")]);
    package.expect(&["new", "c"], 0, "migrations/3_c.sql\n", "and locked the 2 scripts that were there");
    assert_eq!(package.lock("migrations"), ["1 a", "2 b", "draft 3 c"]);

    let package = Package::new(&[("migrations/1_a.sql", "SELECT 'a;"), ("migrations/2_b.sql", "COMMIT;")]);
    let called = package.expect(&["new", "c"], 1, "", "the string that begins here does not end");
    assert!(called.stderr.contains("migrations/2_b.sql:1:1"), "{called:?}");
    assert_eq!(package.files("migrations"), ["migrations/1_a.sql", "migrations/2_b.sql"]);
}

#[test]
fn settings_are_given_once() {
    let package = Package::new(&[("db/sql/1_a.sql", "SELECT E'\\';';"), ("db/sql/data x.sql", "")]);
    let args = ["new", "b", "--dir", "db/sql", "--dialect", "postgres", "--ignore", "data *"];
    package.expect(&args, 0, "db/sql/2_b.sql\n", "and locked the script that was there");
    assert_eq!(package.lock("db/sql"), ["dialect postgres", "ignore \"data *\"", "1 a", "draft 2 b"]);
    package.expect(&["new", "c", "--dir", "./db/sql/"], 0, "db/sql/3_c.sql\n", "");
}

#[test]
fn the_current_folder() {
    let package = Package::new(&[("sql/1_a.sql", "SELECT 1;")]);
    for (args, code, stdout) in [
        (&["new", "b", "--dir", "."][..], 0, "2_b.sql\n"),
        (&["check", "."], 1, "error: the file holds no statement\n  --> 2_b.sql\n"),
        (&["check", "--dir", "./"], 1, "error: the file holds no statement\n  --> 2_b.sql\n"),
    ] {
        let called = Called::from(package.command(args).current_dir(package.path("sql")).output().unwrap());
        assert_eq!(called.code, code, "{called:?}");
        assert!(called.stdout.starts_with(stdout), "{called:?}");
    }
    package.write("sql/1_a.sql", "SELECT 11;");
    package.write("sql/2_b.sql", "SELECT 2;");
    let called =
        Called::from(package.command(&["lock", "--dir", "."]).current_dir(package.path("sql")).output().unwrap());
    assert!(called.code == 1 && called.stderr.contains("(`migrate new <name> --dir .`)"), "{called:?}");
}

#[test]
fn refusals() {
    let cases: &[(&[&str], i32, &str)] = &[
        (&["new"], 2, "<NAME>..."),
        (&["new", "x", "--dialects", "oracle"], 2, "[possible values: postgres, sqlite, mysql]"),
        (&["new", ""], 1, "the name is empty"),
        (&["new", "../../etc/x"], 1, "`../../etc/x` has a `/` in it"),
        (&["new", "a\nb\u{1b}[31m"], 1, "the name has a control character in it: `\\n`"),
        (&["new", "x.sqlite"], 1, "`0002_x.sqlite` would not be read as the name `x.sqlite`"),
        (&["new", "x", "--dir", "nowhere"], 1, "the folder `nowhere` does not exist"),
        (&["new", "x", "--dir", "Cargo.toml"], 1, "`Cargo.toml` is a file"),
        (&["new", "x", "--dir", ""], 1, "the path of the folder is empty"),
        (&["new", &"x".repeat(300)], 1, "the name has 300 bytes"),
    ];
    for (args, code, stderr) in cases {
        let package = Package::new(&[("migrations/0001_a.sql", "SELECT 1;")]);
        package.expect(args, *code, "", stderr);
        assert_eq!(package.files("migrations"), ["migrations/0001_a.sql"], "{args:?}");
    }
    // Only beside a Cargo.toml is the folder made.
    let package = Package::new(&[]);
    package.remove("Cargo.toml");
    package.expect(&["new", "x"], 1, "", "the folder `migrations` does not exist");
    assert!(!package.path("migrations").exists());
}

#[test]
fn what_is_there_is_not_overwritten() {
    // A file that the reader leaves out stands where the new one would.
    let package = Package::new(&[("migrations/migrations.lock", ""), ("migrations/0001_x.sql", "mine")]);
    package.expect(&["new", "x"], 1, "", "the lock file is empty");
    package.remove("migrations/migrations.lock");
    package.expect(&["new", "x", "--ignore", "0001_x.sql"], 3, "", "cannot make `migrations/0001_x.sql`");
    assert_eq!(package.read("migrations/0001_x.sql"), "mine");
    assert_eq!(package.files("migrations"), ["migrations/0001_x.sql"]);
}

/// When the lock file cannot be written, the new files go again.
#[test]
fn a_failure_leaves_nothing_behind() {
    let package = Package::new(&[("migrations/.migrations.lock.new/x", ""), ("migrations/1_a/up.sql", "SELECT 1;")]);
    package.expect(&["new", "b", "--reversible"], 3, "", "cannot write `migrations/migrations.lock`");
    assert_eq!(package.files("migrations"), ["migrations/.migrations.lock.new/x", "migrations/1_a/up.sql"]);
    assert!(!package.path("migrations/2_b").exists());
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written() {
    use std::io::ErrorKind;
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::CommandExt as _;
    use std::process::Command;

    let package = Package::new(&[("migrations/0001_a.sql", "SELECT 1;")]);
    let set_mode =
        |path: &str, mode| fs::set_permissions(package.path(path), fs::Permissions::from_mode(mode)).unwrap();
    // Root may write everywhere, so another account calls a binary that it can reach.
    fs::copy(env!("CARGO_BIN_EXE_migrate"), package.path("migrate")).unwrap();
    set_mode("migrate", 0o755);
    set_mode("", 0o755);
    set_mode("migrations", 0o555);
    let is_root = fs::write(package.path("migrations/.probe"), "").is_ok();
    for (args, code, stderr) in [
        (["new", "x"], 3, "cannot write in the folder `migrations`"),
        (["lock", "--ignore=x"], 3, "cannot write in the folder `migrations`"),
        (["rebase", "--ours=first"], 3, "cannot write in the folder `migrations`"),
        (["check", "--format=text"], 0, ""),
    ] {
        let mut command = Command::new(package.path("migrate"));
        command.args(args).current_dir(package.root());
        if is_root {
            command.uid(65_534);
        }
        // A child of another test that has not begun yet may still hold the new binary open.
        let output = (0..1000).find_map(|_| match command.output() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {
                std::thread::sleep(Duration::from_millis(5));
                None
            }
            output => Some(output.unwrap()),
        });
        let called = Called::from(output.unwrap());
        assert_eq!(called.code, code, "{called:?}");
        assert!(called.stderr.contains(stderr), "{called:?}");
    }
    set_mode("migrations", 0o755);
}

#[test]
fn many_at_once_get_a_version_each() {
    const COUNT: usize = 24;
    let package = Package::new(&[("migrations/0001_a.sql", "SELECT 1;")]);
    let calls: Vec<_> = (0..COUNT)
        .map(|index| {
            let mut command = package.command(&["new", &format!("n{index}")]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for call in calls {
        let called = Called::from(call.wait_with_output().unwrap());
        assert_eq!(called.code, 0, "{called:?}");
        assert!(package.path(called.stdout.trim_end()).exists());
    }
    let mut expect = vec!["0001".to_owned()];
    expect.extend((2..COUNT + 2).map(|number| format!("{number:04}")));
    let files = package.files("migrations");
    let found: Vec<String> = files.iter().filter_map(|path| path.get(11..15)).map(str::to_owned).collect();
    assert_eq!(found[..found.len() - 1], expect, "{files:?}");
    assert_eq!(package.lock("migrations").len(), COUNT + 1);
    // No guard stays behind.
    assert_eq!(files.last().unwrap(), "migrations/migrations.lock");
    assert_eq!(files.len(), COUNT + 2);
}

#[test]
fn one_waits_for_the_other() {
    let package = Package::new(&[("migrations/.migrations.lock.busy", "")]);
    let busy = fs::File::options().write(true).open(package.path("migrations/.migrations.lock.busy")).unwrap();
    busy.lock().unwrap();
    let mut command = package.command(&["new", "x"]);
    let mut call = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(200));
    assert!(call.try_wait().unwrap().is_none() && !package.path("migrations/0001_x.sql").exists());
    drop(busy);
    let called = Called::from(call.wait_with_output().unwrap());
    assert_eq!((called.code, &*called.stdout), (0, "migrations/0001_x.sql\n"), "{called:?}");
}

/// A guard that a dead process left behind keeps nobody out.
#[test]
fn a_guard_that_was_left_behind() {
    let package = Package::new(&[("migrations/.migrations.lock.busy", "")]);
    package.expect(&["new", "x"], 0, "migrations/0001_x.sql\n", "made");
    assert_eq!(package.files("migrations"), ["migrations/0001_x.sql", "migrations/migrations.lock"]);
}

#[test]
fn cargo_is_woken_when_a_lock_file_is_made() {
    let package = Package::new(&[
        ("migrations/0001_a.sql", "SELECT 1;"),
        ("src/bin/x.rs", "embed_migrations!(\"migrations\")"),
        ("src/lib.rs", "other"),
        ("empty/.gitkeep", ""),
    ]);
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let paths = ["migrations/0001_a.sql", "src/bin/x.rs", "src/lib.rs"];
    let make_old = || {
        for path in paths {
            fs::File::options().append(true).open(package.path(path)).unwrap().set_modified(long_ago).unwrap();
        }
    };
    let touched = || paths.map(|path| fs::metadata(package.path(path)).unwrap().modified().unwrap() != long_ago);
    make_old();
    package.migrate(&["new", "b"]);
    assert_eq!(touched(), [true, false, false]);
    // Cargo knows it from now on.
    make_old();
    package.migrate(&["new", "c"]);
    assert_eq!(touched(), [false, false, false]);
    package.migrate(&["new", "b", "--dir", "empty"]);
    assert_eq!(touched(), [false, true, false]);
    make_old();
    package.remove("migrations/migrations.lock");
    package.write("migrations/0002_b.sql", "SELECT 1;");
    package.write("migrations/0003_c.sql", "SELECT 1;");
    package.migrate(&["lock"]);
    assert_eq!(touched(), [true, false, false]);
    assert_eq!(package.read("migrations/0001_a.sql"), "SELECT 1;");
}
