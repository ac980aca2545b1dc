use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/directive_against_transaction");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
