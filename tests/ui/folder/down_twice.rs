use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/down_twice");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
