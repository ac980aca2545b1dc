use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!(folder = "migrations/sound");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
