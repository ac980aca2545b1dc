use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/stray_file");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
