use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/order_in_doubt");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
