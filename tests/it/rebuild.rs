//! That what is in the binary is what is in the folder: a program that embeds migrations is really built, something is changed,
//! and it is built again.

use crate::scratch::{Built, Package};

const USERS: &str = "migrations/0001_users.sql";
const ORDERS: &str = "migrations/0002_orders.sql";
const ITEMS: &str = "migrations/0003_items.sql";
const CREATE_USERS: &str = "CREATE TABLE users (id integer);\n";
const CREATE_ORDERS: &str = "CREATE TABLE orders (id integer);\n";
const CREATE_ITEMS: &str = "CREATE TABLE items (id integer);\n";

/// Prints a line for each script: its file, its checksum and its SQL.
const MAIN: &str = r#"
    use migrate_runtime::{Migrations, embed_migrations};

    static MIGRATIONS: Migrations = embed_migrations!("migrations");

    fn main() {
        for script in MIGRATIONS.set().scripts() {
            println!("{} {} {:?}", script.path(), script.checksum(), script.sql());
        }
    }
"#;

/// A build script that has the program built again whenever anything changes in the folder.
const WATCH: &str = r#"fn main() { println!("cargo::rerun-if-changed=migrations"); }"#;

enum Change {
    Write(&'static str, &'static str),
    Remove(&'static str),
    Nothing,
}

use Change::{Nothing, Remove, Write};

enum Expect {
    /// The program is built again and prints these files and this SQL, with other checksums where the SQL is another.
    Built(&'static [(&'static str, &'static str)]),
    /// The program is not built again, and prints what it printed before.
    UpToDate,
    /// The build fails, and says this.
    Refused(&'static str),
}

use Expect::{Built as Rebuilt, Refused, UpToDate};

const BOTH: Expect = Rebuilt(&[(USERS, CREATE_USERS), (ORDERS, CREATE_ORDERS)]);

/// Builds a program with two migrations, then makes each change and looks at what the next build makes of it.
fn check(name: &'static str, more_files: &[(&str, &str)], steps: &[(Change, Expect)]) {
    let package = Package::new(name, &[("src/main.rs", MAIN), (USERS, CREATE_USERS), (ORDERS, CREATE_ORDERS)]);
    for (path, text) in more_files {
        package.write(path, text);
    }
    let mut before = package.cargo(&["run"]);
    BOTH.check(&before, None);
    for (change, expect) in steps {
        match change {
            Write(path, text) => package.write(path, text),
            Remove(path) => package.remove(path),
            Nothing => {}
        }
        let after = package.cargo(&["run"]);
        expect.check(&after, Some(&before));
        before = after;
    }
}

impl Expect {
    fn check(&self, after: &Built, before: Option<&Built>) {
        let context = format!("{}{}", after.stdout, after.stderr);
        match self {
            Rebuilt(scripts) => {
                assert!(after.success && after.compiled, "{context}");
                let expect = scripts.iter().map(|(path, sql)| (path.to_string(), format!("{sql:?}")));
                let lines = lines(after);
                assert!(lines.iter().map(|[path, _, sql]| (path.to_string(), sql.to_string())).eq(expect), "{context}");
                for [path, checksum, sql] in before.map(self::lines).unwrap_or_default() {
                    if let Some(same) = lines.iter().find(|line| line[0] == path) {
                        assert_eq!(same[1] == checksum, same[2] == sql, "{context}");
                    }
                }
            }
            UpToDate => {
                assert!(after.success && !after.compiled, "{context}");
                assert_eq!(Some(&after.stdout), before.map(|before| &before.stdout), "{context}");
            }
            Refused(message) => {
                assert!(!after.success && after.stderr.contains(message), "{context}");
            }
        }
    }
}

/// File, checksum and SQL of each script that was printed.
fn lines(built: &Built) -> Vec<[&str; 3]> {
    built.stdout.lines().map(|line| line.splitn(3, ' ').collect::<Vec<_>>().try_into().unwrap()).collect()
}

#[test]
fn nothing_is_built_again_when_nothing_changed() {
    check("nothing-changed", &[], &[(Nothing, UpToDate), (Nothing, UpToDate)]);
}

#[test]
fn an_edited_script_is_built_in() {
    const CREATE_PEOPLE: &str = "CREATE TABLE people (id integer);\n";
    check(
        "script-edited",
        &[],
        &[
            (Write(USERS, CREATE_PEOPLE), Rebuilt(&[(USERS, CREATE_PEOPLE), (ORDERS, CREATE_ORDERS)])),
            (Nothing, UpToDate),
            (Write(USERS, CREATE_USERS), BOTH),
        ],
    );
}

#[test]
fn a_deleted_script_is_gone() {
    check("script-deleted", &[], &[(Remove(ORDERS), Rebuilt(&[(USERS, CREATE_USERS)])), (Nothing, UpToDate)]);
}

/// The checksum is the same on a machine that checks files out with CRLF.
#[test]
fn line_endings_change_neither_sql_nor_checksum() {
    check("line-endings", &[], &[(Write(USERS, "CREATE TABLE users (id integer);\r\n"), BOTH), (Nothing, UpToDate)]);
}

#[test]
fn a_script_can_be_broken_and_repaired() {
    check(
        "script-broken",
        &[],
        &[
            (Write(USERS, "SELECT 'open\n"), Refused("--> migrations/0001_users.sql:1:8")),
            (Nothing, Refused("the string that begins here does not end")),
            (Write(USERS, CREATE_USERS), BOTH),
            (Nothing, UpToDate),
        ],
    );
}

/// A limit of cargo, which watches files and not folders. The test that follows has the remedy.
#[test]
fn an_added_script_waits_for_another_change() {
    const DOWN: &str = "migrations/0001_users.down.sql";
    const DROP_USERS: &str = "DROP TABLE users;\n";
    check(
        "script-added",
        &[],
        &[
            (Write(DOWN, DROP_USERS), UpToDate),
            (Write(ITEMS, CREATE_ITEMS), UpToDate),
            (
                Write("src/main.rs", MAIN),
                Rebuilt(&[(USERS, CREATE_USERS), (DOWN, DROP_USERS), (ORDERS, CREATE_ORDERS), (ITEMS, CREATE_ITEMS)]),
            ),
        ],
    );
}

#[test]
fn an_added_script_is_built_in_when_a_build_script_watches_the_folder() {
    check(
        "folder-watched",
        &[("build.rs", WATCH)],
        &[
            (Nothing, UpToDate),
            (
                Write(ITEMS, CREATE_ITEMS),
                Rebuilt(&[(USERS, CREATE_USERS), (ORDERS, CREATE_ORDERS), (ITEMS, CREATE_ITEMS)]),
            ),
            (Nothing, UpToDate),
            (Remove(ITEMS), BOTH),
        ],
    );
}

/// What lies beside a script counts, though it is not in the checksum.
#[test]
fn the_mark_beside_a_script_is_watched() {
    const UP: &str = "migrations/0003_index/up.sql";
    const METADATA: &str = "migrations/0003_index/metadata.toml";
    const CREATE_INDEX: &str = "CREATE INDEX CONCURRENTLY by_id ON users (id);\n";
    const ALL: Expect = Rebuilt(&[(USERS, CREATE_USERS), (ORDERS, CREATE_ORDERS), (UP, CREATE_INDEX)]);
    check(
        "mark-beside",
        &[],
        &[
            (Write(UP, CREATE_INDEX), UpToDate),
            (Write(METADATA, "run_in_transaction = false\n"), UpToDate),
            (Write("src/main.rs", MAIN), ALL),
            (Write(METADATA, "run_in_transaction = true\n"), Refused("cannot run in a transaction")),
            (Write(METADATA, "run_in_transaction = false\n"), ALL),
            (Nothing, UpToDate),
        ],
    );
}

#[test]
fn the_helper_for_build_scripts_watches_the_folder() {
    const HELPER: &str = r#"fn main() { migrate_runtime::watch("migrations"); }"#;
    let files = [("src/main.rs", MAIN), ("build.rs", HELPER), (USERS, CREATE_USERS), (ORDERS, CREATE_ORDERS)];
    let package = Package::with_build_dependency("folder-watched-by-helper", &files);
    BOTH.check(&package.cargo(&["run"]), None);
    assert!(!package.cargo(&["run"]).compiled);
    package.write(ITEMS, CREATE_ITEMS);
    let with_items = Rebuilt(&[(USERS, CREATE_USERS), (ORDERS, CREATE_ORDERS), (ITEMS, CREATE_ITEMS)]);
    with_items.check(&package.cargo(&["run"]), None);
    package.write("build.rs", HELPER.replace("migrations\"", "migration\""));
    Refused("the folder `migration` does not exist: create it, or correct its path")
        .check(&package.cargo(&["run"]), None);
}
