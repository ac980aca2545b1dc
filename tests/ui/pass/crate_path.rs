//! The runtime under another name, as when a framework re-exports it.

mod framework {
    pub mod database {
        pub use migrate_runtime;
    }
}

use framework::database::migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations =
    embed_migrations!("migrations/sound", crate = crate::framework::database::migrate_runtime);

fn main() {
    assert_eq!(MIGRATIONS.set().scripts().len(), 2);
}
