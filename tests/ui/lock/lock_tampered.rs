use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/lock_tampered");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
