use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!(dialect = "sqlite");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
