use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/link_out_of_the_folder");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
