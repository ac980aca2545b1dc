use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/link_to_itself");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
