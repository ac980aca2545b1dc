use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/empty_folder");

fn main() {
    assert!(MIGRATIONS.set().scripts().is_empty());
}
