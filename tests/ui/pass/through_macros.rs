use migrate_runtime::{Migrations, embed_migrations};

macro_rules! literal {
    ($folder:literal, $set:literal) => {
        embed_migrations!($folder, set = $set)
    };
}

macro_rules! expression {
    ($folder:expr, $runtime:path) => {
        embed_migrations!($folder, crate = $runtime)
    };
}

macro_rules! tokens {
    ($($argument:tt)*) => {
        embed_migrations!($($argument)*)
    };
}

static MIGRATIONS: [Migrations; 3] = [
    literal!("migrations/sound", "default"),
    expression!("migrations/sound", ::migrate_runtime),
    tokens!("migrations/sound", ignore = ["*.csv"]),
];

fn main() {
    for migrations in &MIGRATIONS {
        assert_eq!(migrations.set().name(), "default");
        assert_eq!(migrations.set().scripts().len(), 2);
    }
}
