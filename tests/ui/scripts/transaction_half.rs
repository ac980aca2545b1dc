use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/transaction_half");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
