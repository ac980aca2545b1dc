use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("Cargo.toml");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
