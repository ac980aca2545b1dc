use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/no_separator");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
