//! The folders that the cases in `ui/` name, as data: version control does not keep all of them as they are.
//!
//! A folder has the name of its case; those of several cases have a name of their own.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use migrate_core::FileName;
use migrate_core::folder;
use migrate_core::lock::{Draft, LockFile};

use crate::scratch;
use Entry::{File, Folder, Link, Lock};

/// What stands at a path in a folder.
pub(crate) enum Entry {
    File(&'static [u8]),
    /// A folder with nothing in it.
    Folder,
    /// A symbolic link, and what it points to.
    Link(&'static str),
    /// The lock file of a folder that held these files, with these lines in it exchanged afterwards.
    Lock(Entries, &'static [(&'static str, &'static str)]),
}

type Entries = &'static [(&'static str, Entry)];

const USERS: Entry = File(b"CREATE TABLE users (id integer);\n");
const ORDERS: Entry = File(b"CREATE TABLE orders (id integer);\n");
const UP_AND_DOWN: Entry =
    File(b"-- +goose Up\nCREATE TABLE users (id integer);\n\n-- +goose Down\nDROP TABLE users;\n");
const DROP: Entry = File(b"DROP TABLE users;\n");

/// The lock file of [`USERS`] and [`ORDERS`].
const LOCKED: (&str, Entry) = ("migrations.lock", Lock(&[("0001_users.sql", USERS), ("0002_orders.sql", ORDERS)], &[]));

/// The lock file of a folder for Postgres in which nothing is locked.
const FOR_POSTGRES: &[u8] =
    b"migrations.lock 1\ndialect postgres\ndigest sha256:ff8dfe9b33917b34e744200c2ccfedb6744a52f7626307e5b24509f0878e6505\n";

/// Every folder, by its name.
pub(crate) const FOLDERS: &[(&str, Entries)] = &[
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
    ("dialect_unsupported", &[("0001_users.mssql.sql", USERS)]),
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
    // lock
    ("edited", &[("0001_users.sql", File(b"CREATE TABLE users (id bigint);\n")), ("0002_orders.sql", ORDERS), LOCKED]),
    (
        "edited_comment",
        &[
            ("0001_users.sql", File(b"-- People.\r\nCREATE TABLE users\r\n  (id integer);\r\n")),
            ("0002_orders.sql", ORDERS),
            LOCKED,
        ],
    ),
    (
        "line_ends",
        &[
            ("0001_users.sql", File(b"\xef\xbb\xbfCREATE TABLE users (id integer);\r\n")),
            ("0002_orders.sql", ORDERS),
            LOCKED,
        ],
    ),
    ("renamed", &[("0001_users.sql", USERS), ("0002_sales.sql", ORDERS), LOCKED]),
    ("renumbered", &[("0001_users.sql", USERS), ("0003_orders.sql", ORDERS), LOCKED]),
    ("removed", &[("0002_orders.sql", ORDERS), LOCKED]),
    ("too_early", &[("0000_items.sql", USERS), ("0001_users.sql", USERS), ("0002_orders.sql", ORDERS), LOCKED]),
    ("draft", &[("0001_users.sql", USERS), ("0002_orders.sql", ORDERS), ("0003_items.sql", DROP), LOCKED]),
    (
        "draft_gone",
        &[
            ("0001_users.sql", USERS),
            ("migrations.lock", Lock(&[("0001_users.sql", USERS), ("0002_orders.sql", File(b""))], &[])),
        ],
    ),
    (
        "lock_conflict",
        &[
            ("0001_users.sql", USERS),
            (
                "migrations.lock",
                Lock(&[("0001_users.sql", USERS)], &[("digest", "<<<<<<< HEAD\n=======\n>>>>>>> main\ndigest")]),
            ),
        ],
    ),
    (
        "lock_tampered",
        &[("0001_users.sql", USERS), ("migrations.lock", Lock(&[("0001_users.sql", USERS)], &[("users", "people")]))],
    ),
    (
        "lock_unreadable",
        &[("0001_users.sql", USERS), ("migrations.lock", File(b"migrations.lock 1\nhello\n0001\ndigest\n"))],
    ),
    ("lock_of_the_future", &[("0001_users.sql", USERS), ("migrations.lock", File(b"migrations.lock 2\n"))]),
    ("lock_of_another_dialect", &[("0001_users.sql", USERS), ("migrations.lock", File(FOR_POSTGRES))]),
    ("lock_is_a_folder", &[("0001_users.sql", USERS), ("migrations.lock", Folder)]),
    // lint
    (
        "risky",
        &[
            ("0001_users.sql", USERS),
            ("0002_users_name.sql", File(b"ALTER TABLE users ADD COLUMN name text NOT NULL;\n")),
            ("0003_drop.sql", File(b"\n  DROP TABLE users;\n")),
            ("0003_drop.down.sql", File(b"DROP TABLE orders;\n")),
        ],
    ),
    (
        "excused",
        &[
            ("0001_users.sql", USERS),
            ("0002_drop.sql", File(b"-- migrate: allow=ban-drop-table nobody reads it since 2.0\nDROP TABLE users;\n")),
        ],
    ),
    (
        "excuse_without_need",
        &[("0001_users.sql", File(b"-- migrate: allow=ban-drop-table to be sure\nCREATE TABLE users (id integer);\n")), ("migrations.lock", Lock(&[], &[]))],
    ),
    ("excuse_without_reason", &[("0001_users.sql", File(b"-- migrate: allow=ban-drop-table\nDROP TABLE users;\n"))]),
    (
        "excuse_of_an_unknown_rule",
        &[("0001_users.sql", File(b"-- migrate: allow=ban-drop-tables gone\nDROP TABLE users;\n")), ("migrations.lock", Lock(&[], &[]))],
    ),
    (
        "locked_risk",
        &[
            ("0001_users.sql", USERS),
            ("0002_drop.sql", DROP),
            ("0003_again.sql", File(b"CREATE TABLE users (id integer);\n")),
            ("migrations.lock", Lock(&[("0001_users.sql", USERS), ("0002_drop.sql", DROP)], &[])),
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
        "delimiter",
        &[(
            "0001_totals.mariadb.sql",
            File(b"CREATE TABLE totals (n int);\nDELIMITER //\nCREATE PROCEDURE add_one()\nBEGIN\n  UPDATE totals SET n = n + 1;\nEND//\nDELIMITER ;\n"),
        )],
    ),
    ("routine_open", &[("0001_users.mysql.sql", File(b"CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW\nBEGIN\n  SET @a = 1;\n\nSELECT 1;\n"))]),
    ("string_of_mysql_open", &[("0001_users.sql", File(b"INSERT INTO users\nVALUES (1, \"it's);\n"))]),
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
    (
        "mark_of_goose",
        &[
            ("0001_users.sql", File(b"-- +goose Up\n-- +goose ENVSUB ON\nCREATE TABLE users (id integer);\n")),
            ("0002_orders.sql", File(b"-- +goose Up\nCREATE TABLE orders (id integer);\n-- +goose Dwon\nSELECT 1;\n")),
        ],
    ),
    (
        "mark_of_dbmate",
        &[(
            "0001_users.sql",
            File(b"-- migrate:up transaction:no\nCREATE TABLE users (id integer);\n-- migrate:down\nDROP TABLE users;\n"),
        )],
    ),
    (
        "script_down_in_the_file_and_beside",
        &[("0001_users.sql", UP_AND_DOWN), ("0001_users.down.sql", DROP), ("0002_orders.sql", ORDERS)],
    ),
    (
        "mistake_in_a_script_down",
        &[(
            "0001_users.sql",
            File(b"-- +migrate Up\nCREATE TABLE users (id integer);\n\n-- +migrate Down\nDROP TABLE users;\n  COMMIT;\n"),
        )],
    ),
    ("directive_unknown", &[("0001_users.sql", File(b"-- migrate: no_transaction\nVACUUM;\n"))]),
    ("directive_empty", &[("0001_users.sql", File(b"--\n-- migrate:\nVACUUM;\n"))]),
    ("directive_with_a_value", &[("0001_users.sql", File(b"-- migrate: no-transaction=true\nVACUUM;\n"))]),
    (
        "directive_against_transaction",
        &[("0001_users.sql", File(b"-- migrate: no-transaction\nBEGIN;\nVACUUM;\nCOMMIT;\n"))],
    ),
    ("directive_in_a_block_comment", &[("0001_users.sql", File(b"/* migrate: no-transaction */\nVACUUM;\n"))]),
    ("directive_late", &[("0001_users.sql", File(b"VACUUM;\n  -- migrate: no-transaction\nVACUUM;\n"))]),
    ("directive_with_another_value", &[("0001_users.sql", File(b"-- migrate: foreign-keys=maybe\nSELECT 1;\n"))]),
    ("timeout_without_a_unit", &[("0001_users.sql", File(b"-- migrate: lock-timeout=30\nSELECT 1;\n"))]),
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
        "three_dialects",
        &[
            ("1_users.postgres.sql", File(b"CREATE TABLE users (name text DEFAULT 'it''s\\');\n")),
            ("1_users.sqlite.sql", File(b"CREATE TABLE [it's] (name text);\n")),
            ("1_users.mysql.sql", File(b"# it's\nCREATE TABLE users (name text COMMENT 'it\\'s');\n")),
            ("2_orders.sql", ORDERS),
        ],
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
        "scripts_up_and_down_in_one_file",
        &[
            ("0001_users.sql", UP_AND_DOWN),
            (
                "0002_dbmate.sql",
                File(b"-- migrate:up transaction:false\nVACUUM;\n\n-- migrate:down\nCREATE TABLE b (id integer);\n"),
            ),
            ("0003_nothing_back.sql", File(b"-- +migrate Up\nCREATE TABLE c (id integer);\n-- +migrate Down\n-- no way\n")),
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
    create_in(&parent, |_| true);
}

/// Creates those of the folders in another one.
pub(crate) fn create_in(parent: &Path, is_wanted: impl Fn(&str) -> bool) {
    for (folder, entries) in FOLDERS.iter().filter(|(folder, _)| is_wanted(folder)) {
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
            Lock(entries, exchanged) => {
                let text = exchanged.iter().fold(lock_of(entries), |text, (from, to)| text.replace(from, to));
                fs::write(path, text).unwrap();
            }
        }
    }
}

/// The lock file of a folder with these entries; an entry without a statement is a draft.
fn lock_of(entries: Entries) -> String {
    let folder = tempfile::tempdir().unwrap();
    let (drafts, locked): (Vec<_>, Vec<_>) = entries.iter().partition(|(_, entry)| matches!(entry, File(b"")));
    locked.iter().for_each(|(path, entry)| entry.create(&folder.path().join(path)));
    let read = folder::Folder::read(folder.path(), "", &folder::FolderOptions::default()).unwrap();
    let mut lock = LockFile::default();
    lock.lock(read.set.scripts());
    lock.drafts = drafts
        .iter()
        .map(|(path, _)| FileName::of_file(path).unwrap())
        .map(|file| Draft { version: file.version, name: file.name })
        .collect();
    lock.to_string()
}

/// The target folder as trybuild finds it, which asks cargo.
fn target_folder() -> PathBuf {
    let cargo = scratch::cargo().args(["metadata", "--no-deps", "--format-version=1"]).output().unwrap();
    let metadata = String::from_utf8(cargo.stdout).unwrap();
    let (_, rest) = metadata.split_once("\"target_directory\":\"").unwrap();
    rest.split_once('"').unwrap().0.into()
}
