use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/version_too_long");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
