use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/one_version_for_two_names");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
