use migrate_runtime::{Direction, Migrations, Script, embed_migrations};

static MIGRATIONS: Migrations = embed_migrations!("migrations/every_layout", ignore = ["data_*.csv", "*/notes.txt"]);

fn main() {
    let line = |script: &Script| {
        let dialect = script.dialect().map_or("any", |dialect| dialect.name());
        let direction = if script.direction() == Direction::Up { "up" } else { "down" };
        format!("{} {} {dialect} {direction}", script.version(), script.name())
    };
    let lines: Vec<String> = MIGRATIONS.set().scripts().iter().map(line).collect();
    assert_eq!(
        lines,
        [
            "1 flyway any up",
            "0002 golang-migrate any up",
            "0002 golang-migrate any down",
            "003 dashes-between any up",
            "4 two dialects postgres up",
            "4 two dialects sqlite up",
            "4 two dialects sqlite down",
            "20240313170000 sqlx any up",
            "20240313170001 diesel any up",
            "20240313170001 diesel any down",
            "20240313170002 prisma any up",
            "20240313170003 dashes and underscore any up",
            "20240313170004 Größe (neu) any up",
        ]
    );
}
