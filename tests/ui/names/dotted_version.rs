use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/dotted_version");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
