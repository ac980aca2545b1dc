//! A lock file lets line ends and drafts pass, in a debug build; or it is not looked at.

use migrate_runtime::embed_migrations;

fn main() {
    let count = |migrations: migrate_runtime::Migrations| migrations.set().scripts().len();
    assert_eq!(count(embed_migrations!("migrations/line_ends", lock = "required")), 2);
    assert_eq!(count(embed_migrations!("migrations/draft")), 3);
    assert_eq!(count(embed_migrations!("migrations/edited", lock = "off")), 2);
    assert_eq!(count(embed_migrations!("migrations/lock_conflict", lock = "off")), 1);
}
