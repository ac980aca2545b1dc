use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/link_to_nothing");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
