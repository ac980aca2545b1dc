use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/directive_in_a_block_comment");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
