//! Flyway: the table of `getRawCreateScript` in its `SQLiteDatabase.java` and `PostgreSQLDatabase.java`, and rows as
//! `JdbcTableSchemaHistory.java` writes them. The checksums are CRC-32 by `ChecksumCalculator.java`, computed with zlib.

use migrate_core::adopt::Tool;

use crate::adoption::{adopts, refuses};
use crate::history::{Files, Old, folder, set, write};

const FILES: Files<'_> = &[
    ("V1__baseline.sql", "CREATE TABLE a (id integer);\n"),
    ("V2__users.sql", "CREATE TABLE a (id integer);\n-- größe\n"),
    ("V3__from_windows.sql", "\u{feff}CREATE TABLE a (id integer);\r\n-- größe\r\n"),
    ("V4__java.sql", "SELECT 1;"),
    ("V6__next.sql", "SELECT 1;"),
];

#[test]
fn histories_of_flyway() {
    for old in [Old::sqlite(), Old::postgres()] {
        let files = folder(FILES);
        old.execute(match &old {
            Old::Sqlite(_) => {
                r#"CREATE TABLE "flyway_schema_history" ("installed_rank" INT NOT NULL PRIMARY KEY, "version" VARCHAR(50),
                "description" VARCHAR(200) NOT NULL, "type" VARCHAR(20) NOT NULL, "script" VARCHAR(1000) NOT NULL, "checksum" INT,
                "installed_by" VARCHAR(100) NOT NULL, "installed_on" TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f','now')),
                "execution_time" INT NOT NULL, "success" BOOLEAN NOT NULL);
                CREATE INDEX "flyway_schema_history_s_idx" ON "flyway_schema_history" ("success");"#
            }
            Old::Postgres(_) => {
                r#"CREATE TABLE "public"."flyway_schema_history" ("installed_rank" INT NOT NULL, "version" VARCHAR(50),
                "description" VARCHAR(200) NOT NULL, "type" VARCHAR(20) NOT NULL, "script" VARCHAR(1000) NOT NULL,
                "checksum" INTEGER, "installed_by" VARCHAR(100) NOT NULL, "installed_on" TIMESTAMP NOT NULL DEFAULT now(),
                "execution_time" INTEGER NOT NULL, "success" BOOLEAN NOT NULL);
                ALTER TABLE "public"."flyway_schema_history" ADD CONSTRAINT "flyway_schema_history_pk" PRIMARY KEY ("installed_rank");
                CREATE INDEX "flyway_schema_history_s_idx" ON "public"."flyway_schema_history" ("success");"#
            }
        });
        let insert = |rows: &str| {
            old.execute(&format!(
                r#"INSERT INTO "flyway_schema_history" ("installed_rank", "version", "description", "type", "script", "checksum",
                "installed_by", "execution_time", "success") VALUES {rows}"#
            ));
        };
        insert(
            "(0, NULL, '<< Flyway Schema Creation >>', 'SCHEMA', '\"app\"', NULL, '', 0, true), \
             (1, '1', '<< Flyway Baseline >>', 'BASELINE', '<< Flyway Baseline >>', NULL, '', 0, true), \
             (2, '2', 'users', 'SQL', 'V2__users.sql', -1540672460, '', 12, true), \
             (3, '3', 'from windows', 'SQL', 'V3__from_windows.sql', -1540672460, '', 1, true), \
             (4, '4', 'java', 'JDBC', 'db.V4__java', NULL, '', 1, true), \
             (5, NULL, 'views', 'SQL', 'R__views.sql', 77, '', 1, true)",
        );
        let told = || old.told(Tool::Flyway, &set(files.path()));
        let matched = "1 position +, 2 checksum + ms, 3 checksum + ms, 4 version + ms, pending 6";
        let left_out = "out << Flyway Schema Creation >>, out views";
        assert_eq!(told(), format!("{matched}, {left_out}"));
        let notes = ["`views` is repeatable", "2 migrations are without a checksum", "`6_next` is not applied"];
        adopts(&old, Tool::Flyway, files.path(), "1 2 3 4", &notes);
        insert("(6, '4.1', 'dotted', 'SQL', 'V4_1__dotted.sql', 5, '', 1, true)");
        insert("(7, '6', 'next', 'SQL', 'V6__next.sql', 6, '', 1, false)");
        assert_eq!(told(), format!("{matched}, unknown 4.1 dotted, dirty 6 next, {left_out}"));
        write(files.path(), "V2__users.sql", "SELECT 2;");
        assert!(told().contains("differs 2"));
        let words = [
            "3 problems",
            "Flyway has failed at `6 next`",
            "`flyway repair`",
            "`2_users` is not what Flyway has applied: its checksum differs",
            "Flyway has kept -1540672460",
            "Flyway has applied `4.1 dotted`, which cannot be a version here",
        ];
        refuses(&old, Tool::Flyway, files.path(), "foreign-history", &words);
    }
}
