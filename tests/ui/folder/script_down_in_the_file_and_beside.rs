use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/script_down_in_the_file_and_beside");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
