use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/sound", crate = "my_crate::migrate_runtime");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
