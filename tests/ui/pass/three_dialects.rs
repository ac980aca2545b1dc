use migrate_runtime::{Dialect, Migrations, embed_migrations};

static ALL: Migrations = embed_migrations!("migrations/three_dialects");
static MYSQL: Migrations = embed_migrations!("migrations/three_dialects", dialect = "mysql");
static MARIADB: Migrations = embed_migrations!("migrations/three_dialects", dialect = "mariadb");

fn main() {
    let dialects = |migrations: &Migrations| -> Vec<Option<Dialect>> {
        migrations.set().scripts().iter().map(|script| script.dialect()).collect()
    };
    assert_eq!(dialects(&ALL), [Some(Dialect::Postgres), Some(Dialect::Sqlite), Some(Dialect::Mysql), None]);
    for only in [&MYSQL, &MARIADB] {
        assert_eq!(dialects(only), [Some(Dialect::Mysql); 2]);
        assert_eq!(only.set().digest(Dialect::Mysql), ALL.set().digest(Dialect::Mysql));
        assert_eq!(only.set().digest(Dialect::Sqlite), None);
    }
    let digests = Dialect::ALL.map(|dialect| ALL.set().digest(dialect).expect("every version has a script"));
    assert!(digests[0] != digests[1] && digests[1] != digests[2] && digests[0] != digests[2]);
}
