use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/nul_byte");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
