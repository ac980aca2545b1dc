//! What cannot run in a transaction builds where a tool was told so in its own way. The mark beside a script is embedded with it.

use migrate_runtime::{Migrations, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/marks_of_other_tools");

fn main() {
    let marked = MIGRATIONS.set().scripts().iter().filter(|script| script.no_transaction());
    let marked: Vec<&str> = marked.map(|script| script.path()).collect();
    let folder = "migrations/marks_of_other_tools/0003_diesel";
    assert_eq!(marked, [format!("{folder}/up.sql"), format!("{folder}/down.sql")]);
}
