use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/enum_value_used");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
