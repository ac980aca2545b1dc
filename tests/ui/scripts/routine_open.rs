use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/routine_open");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
