use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/sound", dialect = "oracle");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
