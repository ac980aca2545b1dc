use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/trigger_open", dialect = "sqlite");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
