use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations =
    embed_migrations!("migrations/many_mistakes", dialect = "oracle", table = "history", set = "my app",);

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
