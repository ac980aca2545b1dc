use migrate_runtime::{Migrations, embed_migrations};
use rusqlite::Connection;

static STATIC: Migrations = embed_migrations!("migrations/sound");
const CONST: Migrations = embed_migrations!("migrations/sound");

fn main() {
    let open = || Connection::open_in_memory().unwrap();
    let in_place = embed_migrations!("migrations/sound").run(&mut open()).unwrap();
    for report in [STATIC.run(&mut open()).unwrap(), CONST.run(&mut open()).unwrap(), in_place] {
        assert_eq!(report.changes().len(), 2);
    }
}
