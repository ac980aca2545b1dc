use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/down_without_up");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
