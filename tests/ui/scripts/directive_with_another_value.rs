use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/directive_with_another_value");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
