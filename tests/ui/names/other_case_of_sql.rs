use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/other_case_of_sql");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
