use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("../tests/migrations/sound");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
