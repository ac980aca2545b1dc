//! Histories as data. What the tools really write is tested with databases, in the member `tests`.

use std::borrow::Cow;

use super::{Adoption, ForeignRow, Proof, Tool, judge};
use crate::{Dialect, Direction, MigrationSet, Script, embedded};

/// What a row of the cases below has in its cells, with spaces in between; `_` is NULL, and `+` a space.
type Rows = &'static [&'static str];

const SQL: &str = "CREATE TABLE a (id integer);\n-- größe\n";

/// What the tools keep of [`SQL`] as it is, with CRLF, and both with a byte order mark; computed by other means than ours.
mod golden {
    pub(super) const SHA_384: [&str; 4] = [
        "944a145bfc0237d4274adef2f2ae59ccec28cfe5fcba86be699a0882cc0fcc5d3dc76db2b8b2c96ecd5726ff848aa557",
        "54a0d1aeb7acffc9ec64d095a8611ae29373c39bffd1ebc5334a3430343a5ecfeac1e998856be6620a0daa07dacabc87",
        "623c83c17af30633c38c0f63fef0478bde6c7c973a82143f3faad18d91d3746a8831135d8e1e52035f8bd098028d67d0",
        "c97366f73fff5a8e7fa72e5229d1f333f4aa82320ac34a4c4a94de81e459ac5727d712222c369c9eb59300c432bc2611",
    ];
    pub(super) const SHA_256: [&str; 4] = [
        "c94733560f3f2558a2e6161a6924287df21ae96d57541246b6d6c317f20b205b",
        "b2bc7f0f95a3ac39db4f0bd184c511e4d42bfef72fd314499f27994396a83ef4",
        "ce8fdc7b4a6fbb69a184058797cacdb66a3003f22a9aed78a237495401da438b",
        "0ee7f3f10a2269b802ef73d73bededdd2838494393d78e2b065f903103e8fccf",
    ];
    /// As early versions of Prisma have written it.
    pub(super) const SHA_256_WITHOUT_ZEROS: &str = "c9473356f3f2558a2e6161a6924287df21ae96d57541246b6d6c317f2b205b";
    /// Of the name `init`: version 1 in 32 bits, and version 20240313170000 in 64.
    pub(super) const SIP_HASH: [&str; 4] =
        ["8291279940057783613", "13696965715428679640", "14445214359043427083", "7878734827312565326"];
    pub(super) const SIP_HASH_WIDE: [&str; 4] =
        ["9998400311315174355", "18247095315460680634", "1572952455611549529", "3727434323574642980"];
    pub(super) const CRC_32: &str = "-1540672460";
}

#[test]
fn checksums() {
    let mut cases: Vec<(Tool, &str, String)> = Vec::new();
    for sum in golden::SHA_384 {
        cases.push((Tool::Sqlx, "1", format!("1 init {sum} _ _ t _")));
        cases.push((Tool::Sqlx, "1", format!("1 init {} _ _ t _", sum.to_uppercase())));
    }
    for sum in golden::SHA_256.into_iter().chain([golden::SHA_256_WITHOUT_ZEROS]) {
        cases.push((Tool::Prisma, "1", format!("_ 1_init {sum} _ _ t f")));
    }
    for (sum, wide) in golden::SIP_HASH.into_iter().zip(golden::SIP_HASH_WIDE) {
        cases.push((Tool::Refinery, "1", format!("1 init {sum} _ _ _ _")));
        cases.push((Tool::Refinery, "20240313170000", format!("20240313170000 init {wide} _ _ _ _")));
    }
    cases.push((Tool::Flyway, "1", format!("1 init {} _ _ t SQL", golden::CRC_32)));
    for (tool, version, row) in cases {
        // The name of the file counts for none of them: refinery's is that of the row.
        let set = Set::of(&[(version, "another name", SQL)]);
        assert_eq!(told(&set.judge(tool, &[&row])), format!("{version} checksum"), "{tool} {row}");
        let edited = Set::of(&[(version, "another name", "CREATE TABLE a (id integer);\n")]);
        assert_eq!(told(&edited.judge(tool, &[&row])), format!("differs {version}"), "{tool} {row}");
    }
}

#[test]
fn histories() {
    let cases: &[(Tool, &[&str], Rows, &str)] = &[
        (Tool::Dbmate, &["1", "2"], &[], "pending 1, pending 2"),
        // One row a migration, no checksums.
        (Tool::Dbmate, &["1", "2", "3"], &["001 _ _ _ _ _ _", "3 _ _ _ _ _ _"], "1 version, 3 version, pending 2"),
        (Tool::Dbmate, &["1"], &["1 _ _ _ _ _ _", "2 _ _ _ _ _ _"], "1 version, unknown 2"),
        (
            Tool::Diesel,
            &["00000000000000", "20240313170000"],
            &["00000000000000 _ _ _ _ _ _", "20240313170000 _ _ 2024-03-13T17:00:00.5Z _ _ _"],
            "00000000000000 version, 20240313170000 version at 2024-03-13T17:00:00.500Z",
        ),
        (Tool::Diesel, &["1"], &["initial _ _ _ _ _ _"], "pending 1, unknown initial"),
        // The last row of a version counts; version 0 is goose's own.
        (
            Tool::Goose,
            &["1", "2"],
            &["0 _ _ _ _ t _", "1 _ _ _ _ t _", "2 _ _ _ _ t _", "2 _ _ _ _ f _"],
            "1 version, pending 2, out 0, out 2",
        ),
        (
            Tool::Goose,
            &["1"],
            &["0 _ _ _ _ 1 _", "1 _ _ _ _ 1 _", "1 _ _ _ _ 0 _", "1 _ _ _ _ 1 _"],
            "1 version, out 0, out 1",
        ),
        // One row for all.
        (Tool::GolangMigrate, &["1", "2", "3"], &["2 _ _ _ _ f _"], "1 position, 2 version, pending 3"),
        (Tool::GolangMigrate, &["1", "3"], &["2 _ _ _ _ f _"], "1 position, pending 3, unknown 2"),
        (Tool::GolangMigrate, &["1"], &["9 _ _ _ _ f _"], "1 position, unknown 9"),
        (Tool::GolangMigrate, &["1", "2"], &["2 _ _ _ _ t _"], "pending 1, pending 2, dirty 2"),
        (Tool::GolangMigrate, &["1"], &["-1 _ _ _ _ true _"], "pending 1, dirty -1"),
        (Tool::RusqliteMigration, &["5", "6", "7"], &["2 _ _ _ _ _ _"], "5 position, 6 position, pending 7"),
        (Tool::RusqliteMigration, &["5"], &["0 _ _ _ _ _ _"], "pending 5"),
        (Tool::RusqliteMigration, &["5"], &["3 _ _ _ _ _ _"], "5 position, unknown the first 3"),
        // Failures.
        (Tool::Sqlx, &["1"], &["1 a 00 2024-03-13T17:00:00.123456Z -1 f _"], "pending 1, dirty 1 a"),
        (Tool::Flyway, &["1"], &["1 a 5 _ 12 0 SQL"], "pending 1, dirty 1 a"),
        (Tool::Prisma, &["1"], &["_ 1_a 00 _ _ f f"], "pending 1, dirty 1 1_a"),
        // One that was given up, and one that was then applied.
        (Tool::Prisma, &["1"], &["_ 1_a 00 _ _ f t"], "pending 1, out 1 1_a"),
        (Tool::Prisma, &["1"], &["_ 1_a 00 _ _ f t", "_ 1_a 00 _ _ t f"], "differs 1, out 1 1_a"),
        (Tool::Prisma, &["1"], &["_ 1_a 00 _ _ f f", "_ 1_a 00 _ _ t f"], "differs 1"),
        (Tool::Prisma, &["1"], &["_ init 00 _ _ t f"], "pending 1, unknown init"),
        // Flyway's own rows, versions that are no number, migrations without a checksum, and those that have no version.
        (
            Tool::Flyway,
            &["1", "2", "3"],
            &[
                "_ <<+Flyway+Schema+Creation+>> _ _ 0 t SCHEMA",
                "2 <<+Flyway+Baseline+>> _ _ 0 t BASELINE",
                "3 of+Java _ _ 7 t JDBC",
                "_ views 77 _ 1 t SQL",
            ],
            "1 position, 2 position, 3 version in 7, out << Flyway Schema Creation >>, out views",
        ),
        (Tool::Flyway, &["1"], &["_ views 7 _ 1 f SQL", "_ views 7 _ 1 t SQL"], "pending 1, dirty views, out views"),
        (Tool::Flyway, &["1"], &["1.1 a 5 _ 1 t SQL", "1.0.0 b _ _ 1 t SQL"], "1 version in 1, unknown 1.1 a"),
        (
            Tool::Flyway,
            &["1", "2"],
            &["1 a _ _ 1 t SQL", "2 b _ _ 1 t SQL", "2 b _ _ 1 t UNDO_SQL", "1 a _ _ 1 t DELETE"],
            "pending 1, pending 2, out 2 b, out 1 a",
        ),
    ];
    for (tool, versions, rows, expect) in cases {
        let scripts: Vec<_> = versions.iter().map(|version| (*version, "a", SQL)).collect();
        let set = Set::of(&scripts);
        let adoption = set.judge(*tool, rows);
        assert_eq!(told(&adoption), *expect, "{tool} {rows:?}");
        let is_sound = ["dirty", "differs", "unknown"].iter().all(|word| !expect.contains(word));
        assert_eq!(adoption.problems().is_empty(), is_sound, "{tool} {rows:?}");
    }
}

#[test]
fn rows_that_the_tool_cannot_have_written() {
    let cases: &[(Tool, &str, &str)] = &[
        (Tool::Refinery, "x a 1 _ _ _ _", r#"the row "x" has "x" as its version"#),
        (Tool::Refinery, "_ a 1 _ _ _ _", r#"the row "a" has no version"#),
        (Tool::Refinery, "1 a 0x7f _ _ _ _", r#"the row "1" has "0x7f" as its checksum"#),
        (Tool::Sqlx, "1 a _ _ 0 t _", r#"the row "1" has no checksum"#),
        (Tool::Sqlx, "1 a 00 _ soon t _", r#"the row "1" has "soon" as its execution_time"#),
        (Tool::Sqlx, "1 a 00 _ 0 perhaps _", r#"the row "1" has "perhaps" as its done"#),
        (Tool::RusqliteMigration, "-1 _ _ _ _ _ _", r#"the row "-1" has "-1" as its version"#),
        (Tool::GolangMigrate, "7 _ _ _ _ _ _", r#"the row "7" has no done"#),
        (Tool::Dbmate, "a _ _ _ _ _ _", r#"the row "a" has "a" as its version"#),
        (Tool::Goose, "-3 _ _ _ _ t _", r#"the row "-3" has "-3" as its version"#),
        (Tool::Flyway, "1 a 5 _ 1 t _", r#"the row "1" has no kind"#),
        (Tool::Flyway, "1 a five _ 1 t SQL", r#"the row "1" has "five" as its checksum"#),
        (Tool::Prisma, "_ _ 00 _ _ t f", r#"the row "NULL" has no name"#),
    ];
    for (tool, row, expect) in cases {
        let bad = tool.decode(&[cells(row)]).unwrap_err();
        assert_eq!(bad.iter().map(ToString::to_string).collect::<Vec<_>>(), [*expect], "{tool}");
    }
    for tool in Tool::ALL {
        assert_eq!(tool.decode(&[]), Ok(Vec::new()));
        assert!(tool.decode(&[Vec::new()]).is_err(), "{tool}");
    }
}

#[test]
fn times() {
    let cases = [
        ("2024-03-13T17:00:00.123456789Z", Some("2024-03-13T17:00:00.123Z")),
        ("2024-03-13T17:00:00Z", Some("2024-03-13T17:00:00.000Z")),
        ("2024-03-13 17:00:00.1+00:00", Some("2024-03-13T17:00:00.100Z")),
        ("2024-03-13T17:00:00+02:00", None),
        ("2024-02-29T23:59:59Z", Some("2024-02-29T23:59:59.000Z")),
        ("2023-02-29T00:00:00Z", None),
        ("2024-13-01T00:00:00Z", None),
        ("2024-00-01T00:00:00Z", None),
        ("2024-04-31T00:00:00Z", None),
        ("2024-04-30T24:00:00Z", None),
        ("2024-04-30T00:60:00Z", None),
        ("2024-04-30T00:00:60Z", None),
        ("0000-01-01T00:00:00Z", None),
        ("2024-03-13T17:00:00.1xZ", None),
        ("2024-3-013T00:00:00Z", None),
        ("2024-03-13T+1:00:00Z", None),
        ("2024-03-13T17:00:0Z", None),
        ("2024-03-13", None),
        ("yesterday", None),
        ("größe", None),
        ("", None),
    ];
    for (time, expect) in cases {
        let row = vec![Some("1".to_owned()), None, None, Some(time.to_owned()), None, None, None];
        let rows = Tool::Diesel.decode(&[row]).unwrap();
        assert_eq!(rows[0].applied_at.as_deref(), expect, "{time}");
    }
}

#[test]
fn what_a_person_is_told() {
    let cases: &[(Tool, Rows, &str, &str)] = &[
        (
            Tool::GolangMigrate,
            &["2 _ _ _ _ t _"],
            "golang-migrate has left version `2` half done",
            "finish it or take it back by hand, then tell the tool with `migrate force <version>`",
        ),
        (
            Tool::Prisma,
            &["_ 2_b 00 _ _ f f"],
            "Prisma has failed at `2 2_b`",
            "finish it or take it back by hand, then tell the tool with `prisma migrate resolve`",
        ),
        (
            Tool::Sqlx,
            &["1 a 00 _ 0 t _"],
            "`1_a` is not what sqlx has applied: its checksum differs",
            "restore the file as it was applied, comments and line ends included; or make a new migration of the change",
        ),
        (
            Tool::Goose,
            &["9 _ _ _ _ t _"],
            "goose has applied version `9`, which is not in the binary",
            "add its file to the folder, or take a binary that has it",
        ),
        (
            Tool::Flyway,
            &["1.1 a\u{1b} 5 _ 1 t SQL"],
            "Flyway has applied `1.1 a\u{fffd}`, which cannot be a version here",
            "a version is one number here: this part of the history cannot be matched to a file",
        ),
        (
            Tool::RusqliteMigration,
            &["9 _ _ _ _ _ _"],
            "rusqlite_migration has applied 9 migrations, and the binary has fewer",
            "add the files of the others, in the order in which they were applied",
        ),
    ];
    let set = Set::of(&[("1", "a", SQL), ("2", "b", SQL)]);
    for (tool, rows, message, help) in cases {
        let problems = set.judge(*tool, rows).problems();
        assert_eq!((problems.len(), problems[0].message(), problems[0].help()), (1, *message, *help));
    }

    let notes: &[(Tool, Rows, &[&str])] = &[
        (Tool::Dbmate, &[], &[]),
        (
            Tool::Dbmate,
            &["1 _ _ _ _ _ _"],
            &["dbmate keeps no checksums: nothing tells whether a file was edited since it was applied"],
        ),
        (
            Tool::GolangMigrate,
            &["2 _ _ _ _ f _"],
            &[
                "golang-migrate keeps no row for each migration and no checksums: 1 migration is taken as applied by order alone",
            ],
        ),
        (
            Tool::Flyway,
            &[
                "_ <<+Flyway+Schema+Creation+>> _ _ 0 t SCHEMA",
                "_ views 77 _ 1 t SQL",
                "2 <<+Flyway+Baseline+>> _ _ 0 t BASELINE",
            ],
            &[
                "`<< Flyway Schema Creation >>` is a note of Flyway, and no migration",
                "`views` is repeatable, and stays out: there are no repeatable migrations here",
                "2 migrations are without a checksum of Flyway: nothing tells whether they were edited",
            ],
        ),
        (
            Tool::Goose,
            &["0 _ _ _ _ t _", "1 _ _ _ _ t _", "1 _ _ _ _ f _"],
            &["`0` is a note of goose, and no migration", "goose has taken `1` back"],
        ),
    ];
    for (tool, rows, expect) in notes {
        assert_eq!(set.judge(*tool, rows).notes(), *expect, "{tool}");
    }
}

#[test]
fn tables() {
    for tool in Tool::ALL {
        assert_eq!(Tool::from_name(tool.name()), Some(tool));
        let columns = tool.columns();
        assert_eq!(Tool::of_columns(columns), tool.default_table().map(|_| tool), "{tool}");
        for dialect in Dialect::ALL {
            let sql = tool.history_sql(dialect, "\"a\".\"b\"");
            assert_eq!(sql.is_some(), tool.exists_for(dialect), "{tool} {dialect}");
            let numbered = tool.numbered_history_sql(dialect, "\"a\".\"b\"");
            assert_eq!(numbered.is_some(), sql.is_some(), "{tool} {dialect}");
            let Some(sql) = sql else { continue };
            assert!(columns.iter().all(|column| sql.contains(&format!("history.{column}"))), "{sql}");
        }
    }
    assert!(!Tool::RusqliteMigration.exists_for(Dialect::Postgres));
    assert_eq!(Tool::of_columns(&[]), None);
    assert_eq!(Tool::of_columns(&["version", "inserted_at"]), None);
}

/// Scripts up of any dialect.
struct Set(MigrationSet);

impl Set {
    fn of(scripts: &[(&str, &str, &str)]) -> Set {
        let script = |(version, name, sql): &(&str, &str, &str)| Script {
            version: crate::Version::parse(version).unwrap(),
            name: Cow::Owned((*name).to_owned()),
            sql: Cow::Owned((*sql).to_owned()),
            ..embedded::script("0", "", None, Direction::Up, "migrations/a.sql", "", &[0; 32])
        };
        Set(MigrationSet::from_parts("default".into(), scripts.iter().map(script).collect(), scripts.len(), [None; 3]))
    }

    fn judge(&self, tool: Tool, rows: &[&str]) -> Adoption<'_> {
        let rows: Vec<_> = rows.iter().map(|row| cells(row)).collect();
        let rows: Vec<ForeignRow> = tool.decode(&rows).unwrap_or_else(|bad| panic!("{bad:?}"));
        judge(tool, &rows, &self.0.migrations(Dialect::Sqlite).unwrap())
    }
}

fn cells(row: &str) -> Vec<Option<String>> {
    row.split(' ').map(|cell| (cell != "_").then(|| cell.replace('+', " "))).collect()
}

fn told(adoption: &Adoption<'_>) -> String {
    let mut told = Vec::new();
    for matched in &adoption.matched {
        let proof = match matched.proof {
            Proof::Checksum => "checksum",
            Proof::Version => "version",
            Proof::Position => "position",
        };
        let at = matched.applied_at.as_ref().map(|at| format!(" at {at}")).unwrap_or_default();
        let time = matched.execution_time_ms.map(|time| format!(" in {time}")).unwrap_or_default();
        told.push(format!("{} {proof}{at}{time}", matched.migration.version()));
    }
    told.extend(adoption.pending.iter().map(|migration| format!("pending {}", migration.version())));
    told.extend(adoption.differing.iter().map(|differing| format!("differs {}", differing.migration.version())));
    let rows = [("unknown", &adoption.unknown), ("dirty", &adoption.dirty), ("out", &adoption.left_out)];
    for (what, rows) in rows {
        told.extend(rows.iter().map(|row| format!("{what} {}", row.label())));
    }
    told.join(", ")
}
