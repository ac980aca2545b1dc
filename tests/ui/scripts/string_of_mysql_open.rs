use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/string_of_mysql_open", dialect = "mysql");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
