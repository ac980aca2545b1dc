use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/one_version_twice_in_one_folder");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
