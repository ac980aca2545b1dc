#![no_implicit_prelude]

static MIGRATIONS: ::migrate_runtime::Migrations =
    ::migrate_runtime::embed_migrations!("migrations/every_layout", ignore = ["data_*.csv", "*/notes.txt"]);

fn main() {
    ::std::assert_eq!(MIGRATIONS.set().scripts().len(), 13);
}
