//! `migrate rebase`, in real conflicts of git and without.

use crate::package::{Called, Files, Package};

/// A repository whose branch `main` has a locked migration `0001_users`; `migrate` has been called for all there is.
fn repository(files: Files<'_>) -> Package {
    let package = Package::new(&[("migrations/0001_users.sql", "SELECT 1;\n")]);
    files.iter().for_each(|(path, text)| package.write(path, text));
    package.git(&["init", "-q"]);
    package.migrate(&["lock"]);
    commit(&package);
    package
}

fn commit(package: &Package) {
    package.git(&["add", "--all"]);
    package.git(&["commit", "-q", "-m", "x"]);
}

/// Adds a migration, locked or as a draft, and commits it.
fn add(package: &Package, name: &str, locked: bool) {
    let called = package.migrate(&["new", name]);
    assert_eq!(called.code, 0, "{called:?}");
    called.stdout.lines().for_each(|path| package.write(path, &format!("SELECT '{name}';\n")));
    if locked {
        let called = package.migrate(&["lock"]);
        assert_eq!(called.code, 0, "{called:?}");
    }
    commit(package);
}

/// What `migrate rebase` leaves: a folder that builds, and nothing more to do.
#[track_caller]
fn is_settled(package: &Package, lock: &[&str]) {
    assert_eq!(package.lock("migrations"), lock);
    package.expect(&["check"], 0, "no problems\n", "");
    package.expect(&["rebase"], 0, "nothing to rebase\n", "");
}

#[track_caller]
fn conflicts(called: &Called) {
    assert!(called.code != 0 && called.stdout.contains("CONFLICT"), "{called:?}");
}

/// Two branches that both add a migration, locked or not, merged in both directions and rebased.
#[test]
fn both_branches_add_a_migration() {
    const RENAMED: &str = "migrations/0002_items.sql -> migrations/0003_items.sql\nwrote migrations/migrations.lock\n";
    for theirs_locked in [true, false] {
        for own_locked in [true, false] {
            for (branch, args) in
                [("items", ["merge", "main"]), ("items", ["rebase", "main"]), ("main", ["merge", "items"])]
            {
                let package = repository(&[]);
                package.git(&["checkout", "-q", "-b", "items"]);
                add(&package, "items", own_locked);
                package.git(&["checkout", "-q", "main"]);
                add(&package, "orders", theirs_locked);
                package.git(&["checkout", "-q", branch]);
                conflicts(&package.try_git(&args));
                package.expect(&["check"], 1, &package.migrate(&["check"]).stdout, "");
                let told = if own_locked {
                    "`0002_items` was locked on one branch only; it is a draft again"
                } else {
                    "git add"
                };
                let called = package.expect(&["rebase"], 0, RENAMED, told);
                assert!(called.stderr.contains("git add --all migrations"), "{called:?}");
                let orders = if theirs_locked { "0002 orders" } else { "draft 0002 orders" };
                is_settled(&package, &["0001 users", orders, "draft 0003 items"]);
                assert_eq!(package.read("migrations/0003_items.sql"), "SELECT 'items';\n");
                assert_eq!(package.files("migrations").len(), 4);
                package.git(&["add", "--all", "migrations"]);
                match args[0] {
                    "rebase" => package.git(&["rebase", "--continue"]),
                    _ => package.git(&["commit", "-q", "--no-edit"]),
                };
                assert_eq!(package.git(&["status", "--porcelain"]).stdout, "");
            }
        }
    }
}

/// A rebase of several commits stops at each; what was renumbered before is not lost.
#[test]
fn a_rebase_of_several_commits() {
    for locked in [true, false] {
        let package = repository(&[]);
        package.git(&["checkout", "-q", "-b", "mine"]);
        add(&package, "a", locked);
        add(&package, "b", locked);
        package.git(&["checkout", "-q", "main"]);
        add(&package, "x", true);
        package.git(&["checkout", "-q", "mine"]);
        conflicts(&package.try_git(&["rebase", "main"]));
        let first = package.migrate(&["rebase"]);
        assert!(first.stdout.contains("0002_a.sql -> migrations/0003_a.sql"), "{first:?}");
        package.git(&["add", "--all", "migrations"]);
        conflicts(&package.try_git(&["rebase", "--continue"]));
        let second = package.migrate(&["rebase"]);
        assert!(second.stdout.contains("0003_b.sql -> migrations/0004_b.sql"), "{second:?}");
        package.git(&["add", "--all", "migrations"]);
        package.git(&["rebase", "--continue"]);
        is_settled(&package, &["0001 users", "0002 x", "draft 0003 a", "draft 0004 b"]);
    }
}

/// On the main branch, what a remote has of the same branch stays, and one's own gives way.
#[test]
fn a_pull() {
    let package = repository(&[]);
    let other = Package::new(&[]);
    other.git(&["clone", "-q", package.root().to_str().unwrap(), "clone"]);
    add(&package, "orders", true);
    let clone = |args: &[&str]| {
        let mut all = vec!["-C", "clone"];
        all.extend(args);
        other.try_git(&all)
    };
    let migrate = |args: &[&str]| {
        let output = other.command(args).current_dir(other.path("clone")).output().unwrap();
        Called::from(output)
    };
    migrate(&["new", "items"]);
    other.write("clone/migrations/0002_items.sql", "SELECT 'items';");
    clone(&["add", "--all"]);
    clone(&["commit", "-q", "-m", "x"]);
    conflicts(&clone(&["pull", "-q", "--no-rebase"]));
    let called = migrate(&["rebase"]);
    assert!(called.stdout.starts_with("migrations/0002_items.sql -> migrations/0003_items.sql\n"), "{called:?}");
}

/// A commit that is picked may be anyone's: what is locked stays, and else the sides have to be told apart by hand.
#[test]
fn a_cherry_pick() {
    for (theirs_locked, own_locked, args, expect) in [
        (true, false, &["rebase"][..], Some("0002_items.sql -> migrations/0003_items.sql")),
        (false, true, &["rebase"], Some("0002_orders.sql -> migrations/0003_orders.sql")),
        (true, true, &["rebase"], None),
        (false, false, &["rebase"], None),
        (true, true, &["rebase", "--ours", "first"], Some("0002_orders.sql -> migrations/0003_orders.sql")),
        (true, true, &["rebase", "--ours", "second"], Some("0002_items.sql -> migrations/0003_items.sql")),
    ] {
        let package = repository(&[]);
        package.git(&["checkout", "-q", "-b", "items"]);
        add(&package, "items", own_locked);
        package.git(&["checkout", "-q", "main"]);
        add(&package, "orders", theirs_locked);
        conflicts(&package.try_git(&["cherry-pick", "items"]));
        match expect {
            Some(line) => {
                let called = package.migrate(args);
                assert!(called.code == 0 && called.stdout.contains(line), "{called:?}");
                package.expect(&["check"], 0, "no problems\n", "");
            }
            None => {
                package.expect(args, 1, "", "`--ours first` renumbers the migrations before `=======`");
                assert!(package.path("migrations/0002_items.sql").exists());
            }
        }
    }
}

/// What is put back from the stash comes after what has been committed meanwhile.
#[test]
fn a_stash() {
    let package = repository(&[]);
    package.migrate(&["new", "items"]);
    package.write("migrations/0002_items.sql", "SELECT 'items';");
    package.git(&["stash", "--include-untracked"]);
    add(&package, "orders", true);
    conflicts(&package.try_git(&["stash", "pop"]));
    let stdout = "migrations/0002_items.sql -> migrations/0003_items.sql\nwrote migrations/migrations.lock\n";
    package.expect(&["rebase"], 0, stdout, "git add");
    is_settled(&package, &["0001 users", "0002 orders", "draft 0003 items"]);
}

/// In a further work tree, `.git` is a file.
#[test]
fn a_further_work_tree() {
    let package = repository(&[]);
    package.git(&["checkout", "-q", "-b", "items"]);
    add(&package, "items", true);
    package.git(&["checkout", "-q", "main"]);
    add(&package, "orders", true);
    package.git(&["worktree", "add", "-q", "tree", "items"]);
    conflicts(&package.try_git(&["-C", "tree", "merge", "main"]));
    let called = Called::from(package.command(&["rebase"]).current_dir(package.path("tree")).output().unwrap());
    assert!(called.code == 0 && called.stdout.contains("0002_items.sql -> migrations/0003_items.sql"), "{called:?}");
}

/// Conflict markers with no git around.
#[test]
fn without_git_the_side_has_to_be_named() {
    let package = Package::new(&[
        ("migrations/0001_a.sql", "SELECT 1;"),
        ("migrations/0001_b.sql", "SELECT 2;"),
        (
            "migrations/migrations.lock",
            "migrations.lock 1\n<<<<<<< mine\ndraft 0001 a\ndigest x\n=======\ndraft 0001 b\ndigest y\n>>>>>>> other\n",
        ),
    ]);
    package.expect(&["rebase"], 1, "", "which side of the conflict is your own cannot be told");
    let stdout = "migrations/0001_b.sql -> migrations/0002_b.sql\nwrote migrations/migrations.lock\n";
    package.expect(&["rebase", "--ours", "second"], 0, stdout, "git add");
    is_settled(&package, &["draft 0001 a", "draft 0002 b"]);
}

/// Files that came without a conflict: a line each that `migrate rebase` prints, and the lock file behind it.
#[test]
fn without_a_conflict() {
    let cases: &[(Files<'_>, Files<'_>, &[&str], &[&str])] = &[
        // In place: nothing to do.
        (&[("0002_b.sql", "SELECT 2;")], &[("0003_c.sql", "SELECT 3;")], &[], &["0001 users", "0002 b"]),
        // Below the last locked one, and at its version.
        (
            &[("0003_c.sql", "SELECT 3;")],
            &[("0002_b.sql", "SELECT 2;"), ("0003_d.sql", "SELECT 4;"), ("0003_d.down.sql", "SELECT 4;")],
            &["0002_b.sql -> 0004_b.sql", "0003_d.sql -> 0005_d.sql", "0003_d.down.sql -> 0005_d.down.sql"],
            &["0001 users", "0003 c", "draft 0004 b", "draft 0005 d"],
        ),
        // One that follows has to give way, and takes a name that becomes free.
        (
            &[("0004_c.sql", "SELECT 3;")],
            &[("0003_x.sql", "SELECT 1;"), ("0005_x.sql", "SELECT 2;"), ("0009_y.sql", "SELECT 3;")],
            &["0003_x.sql -> 0005_x.sql", "0005_x.sql -> 0006_x.sql"],
            &["0001 users", "0004 c", "draft 0005 x", "draft 0006 x"],
        ),
        // Prefixes, folders and dialects keep their spelling.
        (
            &[("0010_c.sql", "SELECT 3;")],
            &[
                ("V2__a.sql", "SELECT 1;"),
                ("3-b/up.sql", "SELECT 1;"),
                ("3-b/down.sql", "SELECT 1;"),
                ("4_d.postgres.sql", "SELECT 1;"),
                ("4_d.sqlite.sql", "SELECT 1;"),
            ],
            &[
                "V2__a.sql -> V0011__a.sql",
                "3-b -> 0012-b",
                "4_d.postgres.sql -> 0013_d.postgres.sql",
                "4_d.sqlite.sql -> 0013_d.sqlite.sql",
            ],
            &["0001 users", "0010 c", "draft 0011 a", "draft 0012 b", "draft 0013 d"],
        ),
        // What is beside a locked migration is in place.
        (
            &[("0002_b.postgres.sql", "SELECT 3;"), ("0003_c.sql", "SELECT 1;")],
            &[("0002_b.sqlite.sql", "SELECT 1;"), ("0001_users.down.sql", "SELECT 1;")],
            &[],
            &["0001 users", "0002 b.postgres", "0003 c"],
        ),
    ];
    for (locked, more, moves, lock) in cases {
        let package = Package::new(&[("migrations/0001_users.sql", "SELECT 1;\n")]);
        locked.iter().for_each(|(path, text)| package.write(&format!("migrations/{path}"), text));
        assert_eq!(package.migrate(&["lock"]).code, 0);
        more.iter().for_each(|(path, text)| package.write(&format!("migrations/{path}"), text));
        let texts = |package: &Package| {
            let mut texts: Vec<String> = package.files("migrations").iter().map(|path| package.read(path)).collect();
            texts.retain(|text| text.starts_with("SELECT"));
            texts.sort();
            texts
        };
        let before = texts(&package);
        // Files that nobody has noted may be those of others.
        if !moves.is_empty() {
            let lock = package.read("migrations/migrations.lock");
            package.expect(&["rebase"], 1, "", "has no line in the lock file, and does not come last");
            assert_eq!((texts(&package), package.read("migrations/migrations.lock")), (before.clone(), lock));
        }
        let called = package.migrate(&["rebase", "--unlisted"]);
        let in_folder = |line: &&str| {
            let (old, new) = line.split_once(" -> ").unwrap();
            format!("migrations/{old} -> migrations/{new}")
        };
        let mut expect: Vec<String> = moves.iter().map(in_folder).collect();
        expect.push(if moves.is_empty() {
            "nothing to rebase".into()
        } else {
            "wrote migrations/migrations.lock".into()
        });
        assert_eq!(called.stdout.lines().collect::<Vec<_>>(), expect, "{called:?}");
        assert_eq!(texts(&package), before);
        is_settled(&package, lock);
    }
}

#[test]
fn timestamps_get_new_ones() {
    let package = Package::new(&[("migrations/2099-03-13-170000_z/up.sql", "SELECT 1;")]);
    package.migrate(&["lock"]);
    package.write("migrations/2024-01-01-000000_a/up.sql", "SELECT 1;");
    package.write("migrations/2024-01-01-000000_a/down.sql", "SELECT 1;");
    package.write("migrations/2024-01-02-000000_b/up.sql", "SELECT 1;");
    let called = package.migrate(&["rebase", "--unlisted"]);
    let expect = "migrations/2024-01-01-000000_a -> migrations/2099-03-13-170001_a\n\
                  migrations/2024-01-02-000000_b -> migrations/2099-03-13-170002_b\n\
                  wrote migrations/migrations.lock\n";
    assert_eq!((called.code, &*called.stdout), (0, expect), "{called:?}");
    is_settled(&package, &["20990313170000 z", "draft 20990313170001 a", "draft 20990313170002 b"]);
}

/// One's own migration behind all others stays locked.
#[test]
fn what_needs_no_new_version_keeps_its_lock() {
    let package = repository(&[]);
    package.git(&["checkout", "-q", "-b", "mine"]);
    package.write("migrations/0005_mine.sql", "SELECT 5;");
    package.migrate(&["lock"]);
    commit(&package);
    package.git(&["checkout", "-q", "main"]);
    add(&package, "orders", true);
    package.git(&["checkout", "-q", "mine"]);
    conflicts(&package.try_git(&["merge", "main"]));
    package.expect(&["rebase"], 0, "wrote migrations/migrations.lock\n", "git add");
    is_settled(&package, &["0001 users", "0002 orders", "0005 mine"]);
    package.expect(&["lock", "--check"], 0, "every migration is locked\n", "");
}

#[test]
fn reblessed_lines_of_both_sides_are_kept() {
    let package = repository(&[("migrations/0002_b.sql", "SELECT 2;")]);
    let rebless = |version: &str, reason: &str| {
        let file = if version == "1" { "migrations/0001_users.sql" } else { "migrations/0002_b.sql" };
        package.write(file, &format!("SELECT '{reason}';"));
        let called = package.migrate(&["lock", "--rebless", version, "--reason", reason]);
        assert_eq!(called.code, 0, "{called:?}");
        commit(&package);
    };
    package.git(&["checkout", "-q", "-b", "mine"]);
    rebless("1", "mine");
    package.git(&["checkout", "-q", "main"]);
    rebless("2", "theirs");
    package.git(&["checkout", "-q", "mine"]);
    conflicts(&package.try_git(&["merge", "main"]));
    package.expect(&["rebase"], 0, "wrote migrations/migrations.lock\n", "git add");
    is_settled(&package, &["0001 users", "reblessed 0001 up mine", "0002 b", "reblessed 0002 up theirs"]);
    commit(&package);

    // The same migration on both sides: only a person can tell.
    package.git(&["checkout", "-q", "-b", "other"]);
    rebless("1", "other");
    package.git(&["checkout", "-q", "mine"]);
    rebless("1", "mine again");
    conflicts(&package.try_git(&["merge", "other"]));
    package.write("migrations/0001_users.sql", "SELECT 'mine again';");
    let before = package.read("migrations/migrations.lock");
    let called = package.expect(&["rebase"], 1, "", "`0001_users` is locked or reblessed differently on both sides");
    assert!(
        called.stderr.contains("note: theirs: up sha256:") && called.stderr.contains("note: own: up sha256:"),
        "{called:?}"
    );
    assert_eq!(package.read("migrations/migrations.lock"), before);
}

#[test]
fn settings_are_joined() {
    let package = repository(&[]);
    package.git(&["checkout", "-q", "-b", "mine"]);
    package.migrate(&["lock", "--ignore", "a", "--dialect", "sqlite"]);
    commit(&package);
    package.git(&["checkout", "-q", "main"]);
    package.migrate(&["lock", "--ignore", "b"]);
    commit(&package);
    package.git(&["checkout", "-q", "mine"]);
    conflicts(&package.try_git(&["merge", "main"]));
    package.expect(&["rebase"], 0, "wrote migrations/migrations.lock\n", "git add");
    is_settled(&package, &["dialect sqlite", "ignore b", "ignore a", "0001 users"]);

    let text = "migrations.lock 1\n<<<<<<< HEAD\ndialect sqlite\n=======\ndialect postgres\n>>>>>>> x\n";
    package.write("migrations/migrations.lock", text);
    package.expect(
        &["rebase", "--ours", "first"],
        1,
        "",
        "`dialect postgres` on one side, and `dialect sqlite` on the other",
    );
}

#[test]
fn refusals() {
    let lock = "migrations.lock 1\n<<<<<<< HEAD\ndraft 0001 a\n=======\ndraft 0001 b\n>>>>>>> x\n";
    let twice = "migrations.lock 1\n\
        1 a sha256:4a45092ccf992ea92250053a80b931b787924ba61648f420555511b84f10ab6c/433d10216eb5afe8\n\
        1 b sha256:4a45092ccf992ea92250053a80b931b787924ba61648f420555511b84f10ab6c/433d10216eb5afe8\n";
    let gone = "migrations.lock 1\n\
        9 z sha256:4a45092ccf992ea92250053a80b931b787924ba61648f420555511b84f10ab6c/433d10216eb5afe8\n";
    let a = ("migrations/0001_a.sql", "SELECT 1;");
    let b = ("migrations/0001_b.sql", "SELECT 2;");
    let cases: &[(Files<'_>, &str)] = &[
        (&[a], "there is no lock file `migrations/migrations.lock`"),
        (&[a, b, ("migrations/migrations.lock", "nonsense")], "the lock file does not begin with `migrations.lock 1`"),
        (&[a, b, ("migrations/migrations.lock", lock), ("migrations/x.txt", "")], "`x.txt` does not end with `.sql`"),
        (
            &[
                a,
                ("migrations/0001_b.sql", "SELECT 1;\n<<<<<<< HEAD\n=======\n>>>>>>> x\n"),
                ("migrations/migrations.lock", lock),
            ],
            "error: the script has a merge conflict\n  --> migrations/0001_b.sql:2:1",
        ),
        (&[a, b, ("migrations/migrations.lock", twice)], "two locked migrations have one version: `1_a` and `1_b`"),
        (&[a, b, ("migrations/migrations.lock", gone)], "the locked migration `9_z` is gone"),
        // Something that the reader leaves out is where the new name leads.
        (
            &[a, b, ("migrations/migrations.lock", lock), ("migrations/0002_a.sql", "")],
            "`migrations/0001_a.sql` cannot be renamed to `migrations/0002_a.sql`, which is there",
        ),
    ];
    for (files, stderr) in cases {
        let package = Package::new(files);
        let before = package.files("migrations");
        package.expect(&["rebase", "--ours", "first", "--ignore", "0002_a.sql"], 1, "", stderr);
        assert_eq!(package.files("migrations"), before);
    }
    Package::new(&[a]).expect(&["rebase", "--ours", "left"], 2, "", "possible values: first, second");
}

/// A lock file that a textual merge has put out of order, or left with a wrong last line.
#[test]
fn a_merge_without_markers() {
    let package = repository(&[]);
    add(&package, "b", false);
    add(&package, "c", false);
    let text = package.read("migrations/migrations.lock");
    let swapped = text.replace("draft 0002 b\ndraft 0003 c\n", "draft 0003 c\ndigest sha256:00\ndraft 0002 b\n");
    package.write("migrations/migrations.lock", &swapped);
    package.expect(&["rebase"], 0, "wrote migrations/migrations.lock\n", "git add");
    assert_eq!(package.read("migrations/migrations.lock"), text);
}

/// A merge that was settled by taking one side of the lock file has lost the lines of the other: what others have shipped stays.
#[test]
fn a_lost_line_is_no_draft() {
    let package = repository(&[]);
    package.write("migrations/0002_own.sql", "SELECT 2;");
    assert_eq!(package.migrate(&["lock"]).code, 0);
    package.write("migrations/0002_their.sql", "SELECT 22;");
    let before = package.files("migrations");
    package.expect(&["rebase"], 1, "", "`0002_their.sql` has no line in the lock file, and does not come last");
    assert_eq!(package.files("migrations"), before);

    let package = repository(&[]);
    add(&package, "b", true);
    add(&package, "c", true);
    let text = package.read("migrations/migrations.lock");
    let lost: String =
        text.lines().filter(|line| !line.starts_with("0002 b")).map(|line| format!("{line}\n")).collect();
    package.write("migrations/migrations.lock", &lost);
    package.expect(&["rebase"], 1, "", "`0002_b.sql` has no line in the lock file, and does not come last");
    assert_eq!(package.read("migrations/migrations.lock"), lost);
}

/// What is not the business of a rebase does not stop it, and is told.
#[test]
fn other_problems_are_left() {
    let package = repository(&[("migrations/0002_b.sql", "SELECT 2;")]);
    package.write("migrations/0001_users.sql", "SELECT 11;");
    package.write("migrations/0002_c.sql", "-- not written yet\n");
    let stdout = "migrations/0002_c.sql -> migrations/0003_c.sql\nwrote migrations/migrations.lock\n";
    package.expect(&["rebase", "--unlisted"], 0, stdout, "the folder has 2 problems left, see `migrate check`");
}
