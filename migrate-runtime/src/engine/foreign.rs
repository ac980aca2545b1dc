//! Tells a history table of ours from those of other tools, by the names of its columns.

use migrate_core::HistoryRow;

/// Columns that a history table of ours has besides those of a row.
const OURS: [&str; 3] = ["set", "sql", "down_sql"];

/// The columns that give away whose table it is, the most telling first.
const TOOLS: [(&str, &[&str]); 15] = [
    ("golang-migrate", &["version", "dirty"]),
    ("Flyway", &["installed_rank", "version", "script"]),
    ("sqlx", &["version", "installed_on", "success"]),
    ("refinery", &["version", "applied_on", "checksum"]),
    ("Diesel", &["version", "run_on"]),
    ("goose", &["version_id", "is_applied"]),
    ("Prisma", &["id", "migration_name", "applied_steps_count"]),
    ("Django", &["app", "name", "applied"]),
    ("Laravel", &["id", "migration", "batch"]),
    ("Knex", &["name", "batch", "migration_time"]),
    ("TypeORM", &["id", "timestamp", "name"]),
    ("Ecto", &["version", "inserted_at"]),
    ("SeaORM", &["version", "applied_at"]),
    ("Alembic", &["version_num"]),
    ("dbmate or Rails", &["version"]),
];

/// Whether a table with these columns is a history table of ours.
pub(super) fn is_ours(columns: &[&str]) -> bool {
    HistoryRow::COLUMNS.iter().chain(&OURS).all(|column| columns.contains(column))
}

/// The columns that a table lacks which has most of ours: one that was changed by hand, or by another version.
pub(super) fn lacking(columns: &[&str]) -> Vec<&'static str> {
    let ours = HistoryRow::COLUMNS.iter().chain(&OURS);
    let (there, lacking): (Vec<&str>, Vec<&str>) = ours.partition(|column| columns.contains(column));
    if there.len() > lacking.len() { lacking } else { Vec::new() }
}

/// The tool that a table with these columns looks like.
pub(super) fn looks_like(columns: &[&str]) -> Option<&'static str> {
    let fits = |telling: &[&str]| telling.iter().all(|column| columns.contains(column));
    // One column tells little: it must be the only one.
    let is_sure = |telling: &[&str]| telling.len() > 1 || columns.len() == 1;
    TOOLS.into_iter().find(|(_, telling)| fits(telling) && is_sure(telling)).map(|(tool, _)| tool)
}

/// Whether the verb `adopt` takes over the history of a tool, by the name that [`looks_like`] gives it.
pub(super) fn is_adoptable(tool: &str) -> bool {
    ["golang-migrate", "Flyway", "sqlx", "refinery", "Diesel", "goose", "Prisma", "dbmate or Rails"].contains(&tool)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables() {
        let cases = [
            ("version dirty", Some("golang-migrate")),
            ("version", Some("dbmate or Rails")),
            ("version inserted_at", Some("Ecto")),
            ("version description installed_on success checksum execution_time", Some("sqlx")),
            ("version name applied_on checksum", Some("refinery")),
            ("version run_on", Some("Diesel")),
            ("id version_id is_applied tstamp", Some("goose")),
            (
                "installed_rank version description type script checksum installed_by installed_on execution_time success",
                Some("Flyway"),
            ),
            ("version applied_at", Some("SeaORM")),
            ("version_num", Some("Alembic")),
            ("a b", None),
            ("version something", None),
            ("", None),
        ];
        for (columns, expect) in cases {
            let columns: Vec<&str> = columns.split_whitespace().collect();
            assert_eq!(looks_like(&columns), expect, "{columns:?}");
            assert!(!is_ours(&columns), "{columns:?}");
        }
        assert!(TOOLS.iter().filter(|(tool, _)| is_adoptable(tool)).count() == 8);
        let mut ours: Vec<&str> = HistoryRow::COLUMNS.into_iter().chain(OURS).collect();
        assert!(is_ours(&ours));
        for (there, lacks) in [(&ours[1..], &ours[..1]), (&ours[..ours.len() / 2], &[]), (&[], &[])] {
            assert_eq!(lacking(there), lacks, "{there:?}");
        }
        ours.push("added_by_a_person");
        assert!(is_ours(&ours));
        assert!(!is_ours(&ours[1..]));
    }
}
