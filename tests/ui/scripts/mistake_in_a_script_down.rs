use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/mistake_in_a_script_down");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
