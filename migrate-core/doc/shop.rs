// What examples in the docs start from: `0001_users.sql`, `0002_orders.up.sql` and `0002_orders.down.sql`.
pub use migrate_core::{Dialect, Direction, Migration, MigrationSet, Script};

use migrate_core::embedded::{script, set, up};

static SCRIPTS: [Script; 3] = [
    up("0001", "users", "migrations/0001_users.sql", "CREATE TABLE users (id integer);\n", &[1; 32]),
    up("0002", "orders", "migrations/0002_orders.up.sql", "CREATE TABLE orders (id integer);\n", &[2; 32]),
    script(
        "0002",
        "orders",
        None,
        Direction::Down,
        "migrations/0002_orders.down.sql",
        "DROP TABLE orders;\n",
        &[3; 32],
    ),
];

static SET: MigrationSet = set("shop", &SCRIPTS, 2, [Some(4); 3]);

pub fn shop() -> &'static MigrationSet {
    &SET
}

pub fn orders() -> Migration<'static> {
    SET.migrations(Dialect::Sqlite).unwrap()[1]
}

pub fn orders_down() -> &'static Script {
    &SCRIPTS[2]
}
