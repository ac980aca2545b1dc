use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/not_utf8");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
