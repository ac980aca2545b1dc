use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/excuse_of_an_unknown_rule", dialect = "postgres", lint = "deny");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
