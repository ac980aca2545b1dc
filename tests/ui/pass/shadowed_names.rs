//! What the expansion names must not be what the crate around it means by these names.

#![allow(dead_code, non_camel_case_types, unused_macros)]

mod core {}
mod std {}
mod alloc {}
mod migrate_core {}
mod migrate_runtime {}

struct Migrations;
struct Migration;
struct MigrationSet;
struct Script;
struct Direction;
struct Option;
struct Some;
struct None;
struct str;
struct u8;

const fn up() {}
const fn script() {}
const fn set() {}
const fn migrations() {}

const __SCRIPTS: () = ();

macro_rules! include_bytes {
    ($($any:tt)*) => {
        compile_error!("not this one")
    };
}

mod user {
    pub static MIGRATIONS: ::migrate_runtime::Migrations =
        ::migrate_runtime::embed_migrations!("migrations/every_layout", ignore = ["data_*.csv", "*/notes.txt"]);
}

static MIGRATIONS: ::migrate_runtime::Migrations =
    ::migrate_runtime::embed_migrations!("migrations/every_layout", ignore = ["data_*.csv", "*/notes.txt"]);

fn main() {
    assert_eq!(MIGRATIONS.set().scripts().len(), 13);
    assert_eq!(user::MIGRATIONS.set().scripts().len(), 13);
}
