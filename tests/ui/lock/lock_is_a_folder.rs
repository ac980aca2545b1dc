use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/lock_is_a_folder");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
