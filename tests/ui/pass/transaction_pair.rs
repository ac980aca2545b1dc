use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/transaction_pair");

fn main() {
    let mut db = rusqlite::Connection::open_in_memory().unwrap();
    assert_eq!(MIGRATIONS.run(&mut db).unwrap().changes().len(), 1);
}
