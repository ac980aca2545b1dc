use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/draft_gone");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
