use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/copy_from_stdin", dialect = "postgres");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
