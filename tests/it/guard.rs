//! The guard around a folder, as people meet it: programs that are really built, with the command `migrate` and with git.

use crate::scratch::{Built, Package, migrate};

const USERS: &str = "CREATE TABLE users (id integer);\n";
const USERS_AND_BACK: &str = "-- +goose Up\nCREATE TABLE users (id integer);\n-- +goose Down\nDROP TABLE users;\n";
const ORDERS: &str = "CREATE TABLE orders (id integer);\n";
const LOCK: &str = "migrations/migrations.lock";

/// Migrates a database, and tells what it did.
const SERVICE: &str = r#"
    use migrate_runtime::{Migrations, Migrator, embed_migrations};

    static MIGRATIONS: Migrations = embed_migrations!("migrations");

    fn main() {
        let mut db = rusqlite::Connection::open("app.db").unwrap();
        let migrator = Migrator::new(&MIGRATIONS);
        let is_allowed = std::env::args().any(|argument| argument == "allow-stale");
        match if is_allowed { migrator.allow_stale() } else { migrator }.run(&mut db) {
            Ok(report) => print!("{:?}", report.changes().iter().map(|applied| applied.migration.as_str()).collect::<Vec<_>>()),
            Err(error) => {
                eprintln!("{error}");
                std::process::exit(1);
            }
        }
    }
"#;

/// Only has them.
const HOST: &str = r#"
    use migrate_runtime::{Migrations, embed_migrations};

    static MIGRATIONS: Migrations = embed_migrations!("migrations");

    fn main() {
        print!("{}", MIGRATIONS.set().scripts().len());
    }
"#;

/// What is expected of a command: success or failure, and a part of what it says.
#[track_caller]
fn expect(built: &Built, success: bool, said: &str) {
    let all = format!("{}{}", built.stdout, built.stderr);
    assert!(built.success == success && all.contains(said), "{said:?} is not in\n{all}");
}

#[test]
fn new_files_are_noticed_or_told() {
    let package = Package::with_sqlite(
        "guard-service",
        &[("src/main.rs", SERVICE), ("migrations/0001_users.sql", USERS_AND_BACK)],
    );
    expect(&package.cargo(&["run"]), true, r#"["0001_users"]"#);

    // A lock file that somebody else has made arrives unnoticed.
    package.write(LOCK, "migrations.lock 1\ndigest sha256:00\n");
    expect(&package.cargo(&["run"]), false, "`migrations.lock` was not there when it was built");
    package.remove(LOCK);

    // The first file made by the command brings the lock file along, which no expansion knows of.
    expect(&package.run(migrate(), &["new", "orders"]), true, "migrations/0002_orders.sql");
    expect(&package.cargo(&["run"]), false, "the file holds no statement");
    package.write("migrations/0002_orders.sql", ORDERS);
    expect(&package.cargo(&["run"]), true, r#"["0002_orders"]"#);

    // The second one changes it.
    expect(&package.run(migrate(), &["new", "items"]), true, "migrations/0003_items.sql");
    package.write("migrations/0003_items.sql", "CREATE TABLE items (id integer);\n");
    expect(&package.cargo(&["run"]), true, r#"["0003_items"]"#);
    expect(&package.cargo(&["run"]), true, "[]");

    // A file that was only dropped in is not built in, and the program says so.
    package.write("migrations/0004_dropped.sql", "CREATE TABLE dropped (id integer);\n");
    let stale = package.cargo(&["run"]);
    assert!(!stale.compiled);
    expect(&stale, false, "this binary is stale: `0004_dropped.sql` is not in it; rebuild it");
    expect(&package.run(migrate(), &["lock"]), true, "0004_dropped");
    expect(&package.cargo(&["run"]), true, r#"["0004_dropped"]"#);

    // Other differences, told by the program that was built before them.
    let program = package.program("debug");
    package.write("migrations/0004_dropped.sql", "CREATE TABLE dropped (id bigint);\n");
    expect(&package.run(&program, &[]), false, "this binary is stale: `0004_dropped.sql` was edited since; rebuild it");
    expect(&package.run(&program, &["allow-stale"]), true, "[]");
    package.remove("migrations/0004_dropped.sql");
    expect(&package.run(&program, &[]), false, "`0004_dropped.sql` is in it, and gone from the folder");
    package.write("migrations/0004_dropped.sql", "CREATE TABLE dropped (id integer);\r\n");
    expect(&package.run(&program, &[]), true, "[]");
    package.write("migrations/0001_users.down.sql", "DROP TABLE users;\n");
    package.write("migrations/0005_open.sql", "SELECT 'open;\n");
    let several = package.run(&program, &[]);
    let body = "2 files of `migrations` differ; rebuild it\n   `0001_users.down.sql` is not in it\n   `0005_open.sql` is not in it\n";
    expect(&several, false, &format!("this binary is stale: {body}"));

    // The script down in the file of the script up.
    package.remove("migrations/0001_users.down.sql");
    package.remove("migrations/0005_open.sql");
    for edited in [USERS_AND_BACK.replace("DROP", "drop"), USERS_AND_BACK.replace("DROP", "-- DROP")] {
        package.write("migrations/0001_users.sql", &edited);
        expect(
            &package.run(&program, &[]),
            false,
            "this binary is stale: `0001_users.sql` was edited since; rebuild it",
        );
    }
    package.write("migrations/0001_users.sql", USERS_AND_BACK);

    // What is no script, or does nothing, is for the next build to judge.
    package.write("migrations/0001_users.down.sql", "-- nothing to take back\n");
    for odd in ["0001_users.sql~", "#0001_users.sql#", "4913", "notes.txt"] {
        package.write(&format!("migrations/{odd}"), "x");
    }
    expect(&package.run(&program, &[]), true, "[]");
}

#[test]
fn what_is_locked_stays_as_it_is() {
    let files = [("src/main.rs", HOST), ("migrations/0001_users.sql", USERS), ("migrations/0002_orders.sql", ORDERS)];
    let package = Package::new("guard-locked", &files);
    expect(&package.run(migrate(), &["lock"]), true, "0002_orders");
    expect(&package.cargo(&["run"]), true, "2");

    package.write("migrations/0001_users.sql", "CREATE TABLE users (id bigint);\n");
    let edited = package.cargo(&["run"]);
    expect(&edited, false, "error: `0001_users.sql` is locked, and was edited\n");
    assert_eq!(edited.stderr.matches("error: ").count(), 2, "one of ours, one of cargo's: {}", edited.stderr);
    expect(&package.run(migrate(), &["lock"]), false, "`0001_users.sql` is locked, and was edited");
    let reason = ["lock", "--rebless", "1", "--reason", "no database has it yet"];
    expect(&package.run(migrate(), &reason), true, "0001_users");
    assert!(package.read(LOCK).contains("\"no database has it yet\""));
    expect(&package.cargo(&["run"]), true, "2");

    package.remove("migrations/0002_orders.sql");
    package.write("migrations/0002_sales.sql", ORDERS);
    expect(
        &package.run(migrate(), &["check"]),
        false,
        "the locked migration `0002_orders` was renamed to `0002_sales.sql`",
    );
    expect(
        &package.run(migrate(), &["lock", "--rebless", "2", "--reason", "a better name"]),
        true,
        "reblessed 0002_sales up",
    );
    expect(&package.cargo(&["run"]), true, "2");
    expect(&package.run(migrate(), &["check"]), true, "no problems");
    package.remove("migrations/0002_sales.sql");
    package.write("migrations/0002_orders.sql", ORDERS);
    expect(
        &package.run(migrate(), &["lock", "--rebless", "2", "--reason", "it was better before"]),
        true,
        "reblessed 0002_orders up",
    );
    package.remove("migrations/0002_orders.sql");
    expect(&package.cargo(&["run"]), false, "error: the locked migration `0002_orders` is gone");
    package.write("migrations/0002_orders.sql", ORDERS.replace('\n', "\r\n"));
    expect(&package.cargo(&["run"]), true, "2");
}

#[test]
fn a_release_takes_no_drafts() {
    let package = Package::new("guard-release", &[("src/main.rs", HOST), ("migrations/0001_users.sql", USERS)]);
    expect(&package.run(migrate(), &["new", "orders"]), true, "0002_orders.sql");
    package.write("migrations/0002_orders.sql", ORDERS);
    expect(&package.cargo(&["run"]), true, "2");
    let refused = package.cargo(&["run", "--release"]);
    expect(&refused, false, "error: a file is not locked, and a release build takes no drafts");
    expect(&refused, false, "note: not locked: migrations/0002_orders.sql");
    expect(&refused, false, "help: review them, then lock them with `migrate lock`");
    expect(&package.run(migrate(), &["lock", "--check"]), false, "0002_orders");
    expect(&package.run(migrate(), &["lock"]), true, "0002_orders");
    expect(&package.run(migrate(), &["lock", "--check"]), true, "");
    expect(&package.cargo(&["run", "--release"]), true, "2");

    // A release build does not know where its folder was, so it cannot look.
    let folder = package.folder().join("migrations").display().to_string();
    let knows_folder = |profile: &str| {
        let program = std::fs::read(package.program(profile)).unwrap();
        program.windows(folder.len()).any(|bytes| bytes == folder.as_bytes())
    };
    assert!(knows_folder("debug") && !knows_folder("release"));
}

#[test]
fn the_lint_is_a_feature() {
    let main = HOST.replace("\"migrations\"", "\"migrations\", dialect = \"sqlite\", lint = \"deny\"");
    let package = Package::new("guard-lint", &[("src/main.rs", &main), ("migrations/0001_users.sql", USERS)]);
    expect(&package.cargo(&["check"]), false, "error: the lint needs the feature `lint` of migrate-runtime");
}

#[test]
fn branches_conflict_and_are_rebased() {
    let package = Package::new("guard-branches", &[("src/main.rs", HOST), ("migrations/0001_users.sql", USERS)]);
    package.write(".gitignore", "target\n");
    let git = |arguments: &[&str]| {
        let config = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", "-c", "core.autocrlf=false"];
        package.run("git", &[&config[..], arguments].concat())
    };
    let commit = |message: &str| {
        expect(&git(&["add", "-A"]), true, "");
        expect(&git(&["commit", "-q", "-m", message]), true, "");
    };
    expect(&git(&["init", "-q", "-b", "main"]), true, "");
    expect(&package.run(migrate(), &["lock"]), true, "0001_users");
    commit("users");
    for branch in ["orders", "items"] {
        expect(&git(&["checkout", "-q", "-b", branch, "main"]), true, "");
        expect(&package.run(migrate(), &["new", branch]), true, "0002_");
        package.write(&format!("migrations/0002_{branch}.sql"), format!("CREATE TABLE {branch} (id integer);\n"));
        expect(&package.cargo(&["run"]), true, "2");
        expect(&package.run(migrate(), &["lock"]), true, "0002_");
        commit(branch);
    }
    expect(&git(&["checkout", "-q", "main"]), true, "");
    expect(&git(&["merge", "-q", "orders"]), true, "");
    expect(&git(&["checkout", "-q", "items"]), true, "");
    expect(&git(&["merge", "main"]), false, "CONFLICT (content): Merge conflict in migrations/migrations.lock");
    let conflict = package.read(LOCK);
    assert!(conflict.contains("\n0002 items ") && conflict.contains("\n0002 orders "), "{conflict}");
    expect(&package.cargo(&["run"]), false, "error: the lock file has a merge conflict");

    expect(&package.run(migrate(), &["rebase"]), true, "0003_items.sql");
    assert!(package.has("migrations/0003_items.sql") && !package.has("migrations/0002_items.sql"));
    expect(&package.cargo(&["run"]), true, "3");
    expect(&package.run(migrate(), &["lock"]), true, "0003_items");
    commit("merged");
    expect(&package.cargo(&["run"]), true, "3");
}
