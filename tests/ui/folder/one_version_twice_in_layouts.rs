use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/one_version_twice_in_layouts");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
