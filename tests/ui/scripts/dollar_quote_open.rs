use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/dollar_quote_open", dialect = "postgres");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
