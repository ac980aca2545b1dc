use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/only_the_other_dialect", dialect = "sqlite");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
