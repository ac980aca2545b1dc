use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/refused_in_a_transaction");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
