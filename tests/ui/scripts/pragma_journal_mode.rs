use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/pragma_journal_mode");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
