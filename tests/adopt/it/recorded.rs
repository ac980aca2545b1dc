//! Histories that dbmate, golang-migrate, goose, Prisma and Flyway have written, recorded in `data`: the history table of each database as
//! its dump has it, beside the migrations that the tool ran. `data/README.md` says which versions, and how.

use std::fs;
use std::path::Path;

use migrate_core::adopt::Tool;

use crate::adoption::{adopts, refuses};
use crate::history::{Old, set};

/// What comes of the history with the verb: the versions that are adopted, or words of the refusal.
enum Ends {
    Adopted(&'static str),
    Refused(&'static [&'static str]),
}
use Ends::{Adopted, Refused};

const THREE: &str = "20240313170000 20240314170000 20240315170000";

/// The tool, its migrations, its history, what is made of the two, and how it ends.
#[rustfmt::skip]
const RECORDED: &[(Tool, &str, &str, &str, Ends)] = &[
    (Tool::Dbmate, "dbmate/migrations", "dbmate/fresh", "20240313170000 version, 20240314170000 version, 20240315170000 version", Adopted(THREE)),
    (Tool::Dbmate, "dbmate/migrations", "dbmate/rolledback", "20240313170000 version, 20240314170000 version, pending 20240315170000", Adopted("20240313170000 20240314170000")),
    (Tool::Dbmate, "dbmate/migrations", "dbmate/failed", "20240313170000 version, 20240314170000 version, 20240315170000 version", Adopted(THREE)),
    (Tool::Dbmate, "dbmate/migrations", "dbmate/old-1.16.1", "20240313170000 version, 20240314170000 version, pending 20240315170000", Adopted("20240313170000 20240314170000")),
    (Tool::Dbmate, "dbmate/migrations", "dbmate/old-2.0.1", "20240313170000 version, 20240314170000 version, pending 20240315170000", Adopted("20240313170000 20240314170000")),
    (Tool::GolangMigrate, "golang_migrate/migrations", "golang_migrate/fresh", "000001 position, 000002 position, 000003 version", Adopted("000001 000002 000003")),
    (Tool::GolangMigrate, "golang_migrate/migrations", "golang_migrate/down-1", "000001 position, 000002 version, pending 000003", Adopted("000001 000002")),
    (Tool::GolangMigrate, "golang_migrate/migrations", "golang_migrate/down-all", "pending 000001, pending 000002, pending 000003", Adopted("")),
    (Tool::GolangMigrate, "golang_migrate/migrations", "golang_migrate/failed", "pending 000001, pending 000002, pending 000003, dirty 4", Refused(&["has left version `4` half done"])),
    (Tool::GolangMigrate, "golang_migrate/migrations", "golang_migrate/failed-first", "pending 000001, pending 000002, pending 000003, dirty 1", Refused(&["has left version `1` half done"])),
    (Tool::GolangMigrate, "golang_migrate/migrations", "golang_migrate/failed-down", "pending 000001, pending 000002, pending 000003, dirty -1", Refused(&["`-1`"])),
    (Tool::GolangMigrate, "golang_migrate/migrations-timestamps", "golang_migrate/timestamps", "20240313170000 position, 20240314170000 version", Adopted("20240313170000 20240314170000")),
    (Tool::Goose, "goose/migrations", "goose/fresh", "00001 version +, 00002 version +, 20240313170000 version +, out 0", Adopted("00001 00002 20240313170000")),
    (Tool::Goose, "goose/migrations", "goose/down", "00001 version +, 00002 version +, pending 20240313170000, out 0", Adopted("00001 00002")),
    (Tool::Goose, "goose/migrations", "goose/failed", "00001 version +, 00002 version +, 20240313170000 version +, out 0", Adopted("00001 00002 20240313170000")),
    (Tool::Goose, "goose/migrations", "goose/reset", "pending 00001, pending 00002, pending 20240313170000, out 0", Adopted("")),
    (Tool::Goose, "goose/migrations-late", "goose/late", "00001 version +, 00002 version +, 00003 version +, 20240313170000 version +, out 0", Adopted("00001 00002 00003 20240313170000")),
    (Tool::Goose, "goose/migrations", "goose/old-2.4.3-down", "00001 version +, 00002 version +, pending 20240313170000, out 0, out 20240313170000", Adopted("00001 00002")),
    (Tool::Goose, "goose/migrations", "goose/old-2.4.3-reset", "pending 00001, pending 00002, pending 20240313170000, out 0, out 20240313170000, out 2, out 1", Adopted("")),
    (Tool::Goose, "goose/migrations", "goose/old-3.21.1-fresh", "00001 version +, 00002 version +, 20240313170000 version +, out 0", Adopted("00001 00002 20240313170000")),
    (Tool::Prisma, "prisma/migrations", "prisma/fresh", "20240313170000 checksum +, 20240314170000 checksum +, 20240315170000 checksum +", Adopted(THREE)),
    (Tool::Prisma, "prisma/migrations", "prisma/fresh-unixepoch", "20240313170000 checksum +, 20240314170000 checksum +, 20240315170000 checksum +", Adopted(THREE)),
    (Tool::Prisma, "prisma/migrations", "prisma/baseline", "20240313170000 checksum +, 20240314170000 checksum +, 20240315170000 checksum +", Adopted(THREE)),
    (Tool::Prisma, "prisma/migrations", "prisma/failed", "20240313170000 checksum +, 20240314170000 checksum +, 20240315170000 checksum +, dirty 20240316170000 20240316170000_bad", Refused(&["Prisma has failed at `20240316170000 20240316170000_bad`"])),
    (Tool::Prisma, "prisma/migrations-repaired", "prisma/resolved-as-applied", "20240313170000 checksum +, 20240314170000 checksum +, 20240315170000 checksum +, differs 20240316170000, out 20240316170000 20240316170000_bad", Refused(&["`20240316170000_bad` is not what Prisma has applied"])),
    (Tool::Prisma, "prisma/migrations-repaired", "prisma/rolled-back-and-repaired", "20240313170000 checksum +, 20240314170000 checksum +, 20240315170000 checksum +, 20240316170000 checksum +, out 20240316170000 20240316170000_bad", Adopted("20240313170000 20240314170000 20240315170000 20240316170000")),
    (Tool::Flyway, "flyway/m-fresh", "flyway/fresh", "1 checksum + ms, 2 checksum + ms, 3 checksum + ms, out user names", Adopted("1 2 3")),
    (Tool::Flyway, "flyway/m-fresh", "flyway/v9.8.3-fresh", "1 checksum + ms, 2 checksum + ms, 3 checksum + ms, out user names", Adopted("1 2 3")),
    (Tool::Flyway, "flyway/m-fresh", "flyway/baseline", "1 position +, 2 checksum + ms, 3 checksum + ms, out user names", Adopted("1 2 3")),
    (Tool::Flyway, "flyway/m-fresh", "flyway/repeatable-again", "1 checksum + ms, 2 checksum + ms, 3 checksum + ms, out user names, out user names", Adopted("1 2 3")),
    (Tool::Flyway, "flyway/m-changed", "flyway/checksum-repaired", "1 checksum + ms, 2 checksum + ms, 3 checksum + ms, out user names", Adopted("1 2 3")),
    (Tool::Flyway, "flyway/m-deleted", "flyway/deleted-and-repaired", "1 checksum + ms, 3 checksum + ms, out user names, out 2 orders", Adopted("1 3")),
    (Tool::Flyway, "flyway/m-fresh", "flyway/sql-baseline", "1 position +, 2 position +, 3 checksum + ms", Adopted("1 2 3")),
    (Tool::Flyway, "flyway/m-outoforder2", "flyway/out-of-order", "1 checksum + ms, 2 checksum + ms, 3 checksum + ms", Adopted("1 2 3")),
    (Tool::Flyway, "flyway/m-fresh", "flyway/dotted", "differs 1, differs 2, differs 3, unknown 1.1 more, unknown 1.10 most, unknown 20240313170000 stamp", Refused(&["6 problems", "`1.10 most`"])),
    (Tool::Flyway, "flyway/m-fresh", "flyway/failed-session-lock", "1 checksum + ms, 2 checksum + ms, 3 checksum + ms, dirty 4 bad", Refused(&["Flyway has failed at `4 bad`"])),
    (Tool::Flyway, "flyway/m-fresh", "flyway/failed-without-transaction", "1 checksum + ms, 2 checksum + ms, 3 checksum + ms, dirty 4 bad", Refused(&["Flyway has failed at `4 bad`"])),
    (Tool::Flyway, "flyway/m-java", "flyway/java", "1 checksum + ms, unknown 2 Java one", Refused(&["`2 Java one`, which is not in the binary"])),
];

#[test]
fn histories_that_were_recorded() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    for (tool, migrations, history, expect, ends) in RECORDED {
        let mut databases = 0;
        for (database, old) in [("sqlite", Old::sqlite()), ("postgres", Old::postgres())] {
            // Some were written on one of them alone.
            let Ok(dump) = fs::read_to_string(data.join(format!("{history}.{database}.sql"))) else { continue };
            databases += 1;
            println!("{history} on {database}");
            old.execute(&dump);
            let own = data.join(format!("{migrations}-{database}"));
            let folder = if own.exists() { own } else { data.join(migrations) };
            assert_eq!(old.told(*tool, &set(&folder)), *expect, "{history} on {database}");
            match ends {
                // Nothing is applied: nothing to take over.
                Adopted("") => {}
                Adopted(versions) => adopts(&old, *tool, &folder, versions, &[]),
                Refused(words) => refuses(&old, *tool, &folder, "foreign-history", words),
            }
        }
        assert!(databases > 0, "there is no {history}");
    }
}
