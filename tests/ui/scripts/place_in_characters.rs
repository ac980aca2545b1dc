use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/place_in_characters");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
