use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/meta_commands", dialect = "postgres");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
