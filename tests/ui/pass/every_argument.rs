use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!(
    r"./migrations/../migrations/sound/",
    dialect = "sqlite",
    set = "billing",
    ignore = ["*.csv",],
    crate = ::migrate_runtime,
);

fn main() {
    assert_eq!(MIGRATIONS.set().name(), "billing");
    assert_eq!(MIGRATIONS.set().scripts()[0].path(), "migrations/sound/0001_users.sql");
}
