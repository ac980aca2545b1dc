use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/mark_of_dbmate");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
