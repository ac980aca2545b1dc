//! The folders that the cases in `ui/` name, as data: version control does not keep all of them as they are.
//!
//! A folder has the name of its case; those of several cases have a name of their own.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::scratch;
use Entry::{File, Folder, Link};

/// What stands at a path in a folder.
pub(super) enum Entry {
    File(&'static [u8]),
    /// A folder with nothing in it.
    Folder,
    /// A symbolic link, and what it points to.
    Link(&'static str),
}

type Entries = &'static [(&'static str, Entry)];

const USERS: Entry = File(b"CREATE TABLE users (id integer);\n");
const ORDERS: Entry = File(b"CREATE TABLE orders (id integer);\n");
const DROP: Entry = File(b"DROP TABLE users;\n");

/// Every folder, by its name.
pub(super) const FOLDERS: &[(&str, Entries)] = &[
    // Of several cases.
    ("sound", &[("0001_users.sql", USERS), ("0002_orders.sql", ORDERS)]),
    // names
    ("no_version", &[("users.sql", USERS)]),
    ("no_separator", &[("0001.sql", USERS)]),
    ("no_name", &[("0001_.sql", USERS)]),
    ("not_sql", &[("0001_users.sql", USERS), ("users.csv", File(b"id\n1\n"))]),
    ("other_case_of_sql", &[("0001_users.SQL", USERS)]),
    ("repeatable", &[("R__views.sql", USERS)]),
    ("undo", &[("V7__users.sql", USERS), ("U7__users.sql", DROP)]),
    ("dotted_version", &[("V1.2__users.sql", USERS)]),
    ("small_v", &[("v1__users.sql", USERS)]),
    ("version_too_long", &[("12345678901234567890123456789012345678901234567890123456789012345_users.sql", USERS)]),
    ("dialect_unsupported", &[("0001_users.mysql.sql", USERS)]),
    ("line_break", &[("0001_us\ners.sql", USERS)]),
    ("folder_misnamed", &[("0001_users.sql", USERS), ("archive/0000_old.sql", ORDERS)]),
    // folder
    ("one_version_twice", &[("7_users.sql", USERS), ("007_orders.sql", ORDERS)]),
    ("one_version_twice_in_layouts", &[("0001_users.sql", USERS), ("1_orders/up.sql", ORDERS)]),
    ("one_version_twice_in_one_folder", &[("0001_users/migration.sql", USERS), ("0001_users/up.sql", USERS)]),
    ("one_version_for_two_names", &[("0001_users.postgres.sql", USERS), ("0001_people.sqlite.sql", USERS)]),
    ("down_without_up", &[("0001_users.sql", USERS), ("0002_orders.down.sql", DROP)]),
    ("down_of_another_name", &[("0001_users.up.sql", USERS), ("0001_user.down.sql", DROP)]),
    ("down_twice", &[("0001_users.sql", USERS), ("0001_users.down.sql", DROP), ("1_users.down.sql", DROP)]),
    (
        "order_in_doubt",
        &[("20240312170000_orders.sql", ORDERS), ("20240313_users.sql", USERS), ("20240314090000_drop.sql", DROP)],
    ),
    ("only_the_other_dialect", &[("0001_users.sql", USERS), ("0002_orders.postgres.sql", ORDERS)]),
    ("stray_file", &[("0001_users/up.sql", USERS), ("0001_users/seed.sql", ORDERS)]),
    ("stray_folder", &[("0001_users/up.sql", USERS), ("0001_users/down.sql/notes", ORDERS)]),
    ("folder_empty", &[("0001_users", Folder)]),
    ("link_out_of_the_folder", &[("0001_users.sql", USERS), ("0002_orders.sql", Link("../sound/0002_orders.sql"))]),
    ("link_out_of_the_package", &[("link", Link("../../.."))]),
    ("link_to_itself", &[("0001_users.sql", Link("0001_users.sql"))]),
    ("link_to_nothing", &[("0001_users.sql", Link("0000_users.sql"))]),
    (
        "many_mistakes",
        &[
            ("0001_users.sql", File(b"CREATE TABLE users (id integer);\nCOMMIT;\nSELECT 'open\n")),
            ("0002_orders.sql", File(b"CREATE TABLE orders (id integer);\nROLLBACK;\nBEGIN;\n")),
            ("0003_items.down.sql", DROP),
            ("0004_empty.sql", File(b"")),
            ("0004_again.sql", File(b"-- migrate: no-transactions\nSELECT 1;\n")),
            ("0005_drop.sql", DROP),
            ("notes.txt", File(b"remember the milk\n")),
        ],
    ),
    // scripts
    ("empty", &[("0001_users.sql", File(b""))]),
    ("only_comments", &[("0001_users.sql", File(b"-- to be done\n/* CREATE TABLE users (id integer); */\n;\n"))]),
    ("not_utf8", &[("0001_users.sql", File(b"CREATE TABLE users (id integer);\n-- gr\xfc\xdfe\n"))]),
    ("nul_byte", &[("0001_users.sql", File(b"CREATE TABLE users\0 (id integer);\n"))]),
    ("string_open", &[("0001_users.sql", File(b"INSERT INTO users\nVALUES (1, 'it''s);\n"))]),
    ("identifier_open", &[("0001_users.sql", File(b"CREATE TABLE \"users (id integer);\n"))]),
    ("comment_open", &[("0001_users.sql", File(b"CREATE TABLE users (id integer);\n/* to be done\n"))]),
    ("dollar_quote_open", &[("0001_users.sql", File(b"DO $body$ BEGIN NULL; END $bdy$;\n"))]),
    ("parenthesis_open", &[("0001_users.sql", File(b"CREATE TABLE users (id integer;\nSELECT 1;\n"))]),
    (
        "trigger_open",
        &[(
            "0001_users.sql",
            File(b"CREATE TRIGGER touch AFTER UPDATE ON users BEGIN\n  DELETE FROM seen;\n\nCREATE TABLE a (id);\n"),
        )],
    ),
    (
        "transaction_statement",
        &[(
            "0001_users.sql",
            File(b"CREATE TABLE users (id integer);\n  COMMIT;\nCREATE TABLE orders (id integer);\n"),
        )],
    ),
    ("transaction_half", &[("0001_users.sql", File(b"BEGIN;\nCREATE TABLE users (id integer);\n"))]),
    (
        "transaction_with_options",
        &[("0001_users.sql", File(b"START TRANSACTION READ ONLY;\nSELECT 1;\nCOMMIT AND CHAIN;\n"))],
    ),
    (
        "meta_commands",
        &[("0001_users.sql", File(b"\\connect app\n\\d users\nCREATE TABLE users (id integer);\n\\.\n"))],
    ),
    (
        "copy_from_stdin",
        &[("0001_users.sql", File(b"CREATE TABLE users (id integer);\nCOPY users (id) FROM STDIN;\n1\n2\n\\.\n"))],
    ),
    ("directive_unknown", &[("0001_users.sql", File(b"-- migrate: no_transaction\nVACUUM;\n"))]),
    ("directive_empty", &[("0001_users.sql", File(b"--\n-- migrate:\nVACUUM;\n"))]),
    ("directive_with_a_value", &[("0001_users.sql", File(b"-- migrate: no-transaction=true\nVACUUM;\n"))]),
    (
        "directive_against_transaction",
        &[("0001_users.sql", File(b"-- migrate: no-transaction\nBEGIN;\nVACUUM;\nCOMMIT;\n"))],
    ),
    ("directive_late", &[("0001_users.sql", File(b"VACUUM;\n  -- migrate: no-transaction\nVACUUM;\n"))]),
    ("directive_with_another_value", &[("0001_users.sql", File(b"-- migrate: foreign-keys=on\nSELECT 1;\n"))]),
    (
        "refused_in_a_transaction",
        &[
            (
                "0001_users.sql",
                File(b"CREATE TABLE users (id integer);\nCREATE INDEX CONCURRENTLY by_id ON users (id);\nVACUUM;\n"),
            ),
            ("0001_users.down.sql", File(b"DROP INDEX CONCURRENTLY by_id;\nDROP TABLE users;\n")),
            ("0002_orders.postgres.sql", File(b"CREATE INDEX CONCURRENTLY ON users (id);\n")),
            ("0002_orders.sqlite.sql", File(b"CREATE INDEX concurrently ON users (id);\n")),
        ],
    ),
    ("pragma_foreign_keys", &[("0001_users.sql", File(b"PRAGMA foreign_keys = OFF;\nDROP TABLE users;\n"))]),
    ("pragma_journal_mode", &[("0001_users.sql", File(b"PRAGMA journal_mode = WAL;\nSELECT 1;\n"))]),
    (
        "enum_value_used",
        &[("0001_moods.sql", File(b"ALTER TYPE mood ADD VALUE 'great';\nUPDATE users\nSET mood = 'great'::mood;\n"))],
    ),
    (
        "place_in_crlf",
        &[("0001_users.sql", File(b"\xef\xbb\xbfCREATE TABLE users (id integer);\r\n\r\nROLLBACK;\r\n"))],
    ),
    ("place_in_characters", &[("0001_users.sql", File("SELECT 'größe', '表', 'open;\n".as_bytes()))]),
    // pass
    ("empty_folder", &[(".gitkeep", File(b""))]),
    (
        "transaction_pair",
        &[("0001_users.sql", File(b"-- as pg_dump\nBEGIN;\nCREATE TABLE users (id integer);\nCOMMIT;\n"))],
    ),
    (
        "marks_of_other_tools",
        &[
            ("0001_sqlx.sql", File(b"-- no-transaction\nVACUUM;\n")),
            ("0002_goose.sql", File(b"-- +goose NO TRANSACTION\n-- +goose Up\nVACUUM;\n")),
            ("0003_diesel/up.sql", File(b"CREATE INDEX CONCURRENTLY by_id ON users (id);\n")),
            ("0003_diesel/down.sql", File(b"DROP INDEX CONCURRENTLY by_id;\n")),
            ("0003_diesel/metadata.toml", File(b"run_in_transaction = false\n")),
            ("0004_ours.sql", File(b"-- migrate: no-transaction\nVACUUM;\n")),
            ("0005_prisma/migration.sql", File(b"PRAGMA foreign_keys=OFF;\nDROP TABLE a;\nPRAGMA foreign_keys=ON;\n")),
        ],
    ),
    (
        "every_layout",
        &[
            ("V1__flyway.sql", USERS),
            ("0002_golang-migrate.up.sql", ORDERS),
            ("0002_golang-migrate.down.sql", DROP),
            ("003-dashes-between.sql", ORDERS),
            ("4_two dialects.postgres.sql", ORDERS),
            ("4_two dialects.sqlite.sql", ORDERS),
            ("4_two dialects.sqlite.down.sql", DROP),
            ("20240313170000_sqlx.sql", ORDERS),
            ("2024-03-13-170001_diesel/up.sql", ORDERS),
            ("2024-03-13-170001_diesel/down.sql", DROP),
            ("2024-03-13-170001_diesel/metadata.toml", File(b"run_in_transaction = true\n")),
            ("20240313170002_prisma/migration.sql", ORDERS),
            ("20240313170002_prisma/notes.txt", File(b"remember the milk\n")),
            ("2024-03-13_170003_dashes and underscore.sql", ORDERS),
            ("20240313170004_Größe (neu).sql", File(b"\xef\xbb\xbfCREATE TABLE x (id integer);\r\n")),
            ("README.md", File(b"# Migrations\n")),
            ("migration_lock.toml", File(b"provider = \"sqlite\"\n")),
            ("data_users.csv", File(b"id\n1\n")),
        ],
    ),
];

/// Brings the folders to where trybuild builds the cases: paths are relative to the package that it makes.
pub(super) fn create() {
    let parent = target_folder().join("tests/trybuild").join(env!("CARGO_PKG_NAME")).join("migrations");
    if parent.exists() {
        fs::remove_dir_all(&parent).unwrap();
    }
    for (folder, entries) in FOLDERS {
        for (path, entry) in *entries {
            entry.create(&parent.join(folder).join(path));
        }
    }
}

impl Entry {
    fn create(&self, path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match self {
            File(bytes) => fs::write(path, bytes).unwrap(),
            Folder => fs::create_dir(path).unwrap(),
            Link(target) => symlink(target, path).unwrap(),
        }
    }
}

/// The target folder as trybuild finds it, which asks cargo.
fn target_folder() -> PathBuf {
    let cargo = scratch::cargo().args(["metadata", "--no-deps", "--format-version=1"]).output().unwrap();
    let metadata = String::from_utf8(cargo.stdout).unwrap();
    let (_, rest) = metadata.split_once("\"target_directory\":\"").unwrap();
    rest.split_once('"').unwrap().0.into()
}
