use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/lock_of_another_dialect", dialect = "sqlite");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
