use migrate_runtime::{Migrations, embed_migrations};

macro_rules! migrations_in {
    ($folder:literal) => {
        embed_migrations!($folder)
    };
}

static MIGRATIONS: Migrations = migrations_in!("migrations/missing");

fn main() {
    println!("{}", MIGRATIONS.set().name());
}
