use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/directive_unknown");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
