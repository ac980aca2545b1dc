use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/only_comments");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
