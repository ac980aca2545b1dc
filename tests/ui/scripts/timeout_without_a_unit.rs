use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/timeout_without_a_unit");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
