//! What is excused passes the lint, and so does what has shipped; nothing is looked at unless it is asked for.

use migrate_runtime::embed_migrations;

fn main() {
    let count = |migrations: migrate_runtime::Migrations| migrations.set().scripts().len();
    assert_eq!(count(embed_migrations!("migrations/excused", dialect = "postgres", lint = "deny")), 2);
    assert_eq!(count(embed_migrations!("migrations/locked_risk", dialect = "postgres", lint = "deny")), 3);
    assert_eq!(count(embed_migrations!("migrations/risky", dialect = "postgres")), 4);
}
