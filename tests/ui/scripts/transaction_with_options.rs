use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/transaction_with_options", dialect = "postgres");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
