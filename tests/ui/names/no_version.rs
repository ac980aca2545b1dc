use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/no_version");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
