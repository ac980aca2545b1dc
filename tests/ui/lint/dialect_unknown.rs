use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/sound", lint = "deny");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
