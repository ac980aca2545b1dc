use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/sound", ignore = ["*.csv", 1]);

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
