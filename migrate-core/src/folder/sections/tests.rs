//! Files as data: what is in them, or what is wrong with them.

use super::{Section, split};
use crate::Dialect;

#[test]
fn sections() {
    // The scripts; `!` before one says that it runs outside of a transaction.
    let cases: &[(&str, &str, Option<&str>)] = &[
        ("SELECT 1;", "SELECT 1;", None),
        ("", "", None),
        // goose
        ("-- +goose Up\nSELECT 1;", "-- +goose Up\nSELECT 1;", None),
        (
            "-- why\n\n-- +goose Up\nSELECT 1;\n\n-- +goose Down\nSELECT 2;\n",
            "-- why\n\n-- +goose Up\nSELECT 1;\n\n",
            Some("\n\n\n\n\n-- +goose Down\nSELECT 2;\n"),
        ),
        ("--+GOOSE up\nSELECT 1;\n--+goose  DOWN", "--+GOOSE up\nSELECT 1;\n", Some("\n\n--+goose  DOWN")),
        (
            "-- +goose Up\n-- +goose StatementBegin\nSELECT 1; SELECT 2;\n-- +goose StatementEnd\n-- +goose Down\n",
            "-- +goose Up\n-- +goose StatementBegin\nSELECT 1; SELECT 2;\n-- +goose StatementEnd\n",
            Some("\n\n\n\n-- +goose Down\n"),
        ),
        // It holds for the whole file, and is not repeated for the script that has it.
        (
            "-- +goose NO TRANSACTION\n-- +goose Up\nVACUUM;\n-- +goose Down\nVACUUM;\n",
            "-- +goose NO TRANSACTION\n-- +goose Up\nVACUUM;\n",
            Some("!\n\n\n-- +goose Down\nVACUUM;\n"),
        ),
        (
            "-- +goose Up\nVACUUM;\n-- +goose Down\n-- +goose no transaction\nVACUUM;",
            "!-- +goose Up\nVACUUM;\n",
            Some("\n\n-- +goose Down\n-- +goose no transaction\nVACUUM;"),
        ),
        ("-- +goose ENVSUB OFF\n-- +goose Up\nSELECT 1;", "-- +goose ENVSUB OFF\n-- +goose Up\nSELECT 1;", None),
        // dbmate
        ("-- migrate:up\nSELECT 1;\n-- migrate:down\nx", "-- migrate:up\nSELECT 1;\n", Some("\n\n-- migrate:down\nx")),
        ("--migrate:up transaction:false\nVACUUM;", "!--migrate:up transaction:false\nVACUUM;", None),
        (
            "-- migrate:up transaction:true\nSELECT 1;\n-- migrate:down transaction:false\nVACUUM;",
            "-- migrate:up transaction:true\nSELECT 1;\n",
            Some("!\n\n-- migrate:down transaction:false\nVACUUM;"),
        ),
        // sql-migrate, whose option the header reads
        (
            "-- +migrate Up notransaction\nVACUUM;\n-- +migrate Down\nSELECT 1;",
            "-- +migrate Up notransaction\nVACUUM;\n",
            Some("\n\n-- +migrate Down\nSELECT 1;"),
        ),
        (
            "-- +migrate Up\n-- +migrate StatementBegin\nSELECT 1; SELECT 2;\n-- +migrate StatementEnd\n",
            "-- +migrate Up\n-- +migrate StatementBegin\nSELECT 1; SELECT 2;\n-- +migrate StatementEnd\n",
            None,
        ),
        // No marks: in strings and bodies, of no tool, and directives of ours.
        ("SELECT '\n-- +goose Down\n';", "SELECT '\n-- +goose Down\n';", None),
        ("-- migrate: no-transaction\nVACUUM;", "-- migrate: no-transaction\nVACUUM;", None),
        ("-- migrate:upper case\nSELECT 1;", "-- migrate:upper case\nSELECT 1;", None),
        ("-- migrated:up\n-- + goose Down\nSELECT 1;", "-- migrated:up\n-- + goose Down\nSELECT 1;", None),
    ];
    for (file, up, down) in cases {
        let sections = split(file, Some(Dialect::Postgres)).unwrap_or_else(|problems| panic!("{file}: {problems:#?}"));
        let told = |Section { sql, no_transaction }: Section| format!("{}{sql}", if no_transaction { "!" } else { "" });
        assert_eq!((told(sections.up), sections.down.map(told).as_deref()), ((*up).to_owned(), *down), "{file}");
    }
}

/// The beginning and the end make up the file, and the lines of the end are those of the file.
#[test]
fn nothing_is_lost() {
    let file = "-- migrate:up\nCREATE TABLE größe (id integer);\n\n  -- migrate:down\nDROP TABLE größe;";
    let sections = split(file, None).unwrap();
    let (up, down) = (sections.up.sql, sections.down.unwrap().sql);
    assert_eq!(format!("{up}{}", &down[3..]), file);
    assert_eq!(down.lines().nth(4), file.lines().nth(4));
}

#[test]
fn files_with_problems() {
    let cases: &[(&str, &[&str])] = &[
        (
            "-- +goose Up\nSELECT 1;\n-- +goose Up\nSELECT 2;",
            &["3:1 the file holds two scripts up: `-- +goose Up` stands in it twice"],
        ),
        (
            "-- migrate:up\nx;\n-- migrate:down\ny;\n-- migrate:up\nx;\n-- migrate:down\ny;",
            &[
                "5:1 the file holds two scripts up: `-- migrate:up` stands in it twice",
                "7:1 the file holds two scripts down: `-- migrate:down` stands in it twice",
            ],
        ),
        ("-- migrate:down\nSELECT 1;", &["1:1 `-- migrate:down` has no script up before it"]),
        (
            "-- +migrate Down\nSELECT 1;\n-- +migrate Up\nSELECT 1;",
            &[
                "1:1 `-- +migrate Down` has no script up before it",
                "3:1 `-- +migrate Up` stands behind the script down",
                "3:1 a statement stands before `-- +migrate Up`",
            ],
        ),
        ("SELECT 1;\n-- migrate:up\nSELECT 1;", &["2:1 a statement stands before `-- migrate:up`"]),
        (
            "-- +goose Up\nSELECT 1; -- +goose Down\n",
            &["2:11 `-- +goose Down` stands behind something else on its line"],
        ),
        ("-- +goose Up\nSELECT 1;\n-- migrate:down", &["3:1 the file has marks of goose and of dbmate"]),
        (
            "-- +goose ENVSUB ON\n-- +goose Up\nSELECT 1;",
            &["1:1 `-- +goose ENVSUB ON` asks for values of the environment in the script"],
        ),
        ("-- +goose Upp\nSELECT 1;", &["1:1 `-- +goose Upp` is no mark of goose"]),
        ("-- +migrate Up dry\nSELECT 1;", &["1:1 `-- +migrate Up dry` has an option that is not known"]),
        ("-- migrate:up transaction:no x:y\nSELECT 1;", &["1:1 option `transaction:no` of dbmate is not known"]),
        (
            "-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n-- +goose Down\nSELECT 1;\n-- +goose StatementEnd",
            &[
                "2:1 `-- +goose StatementBegin` is not closed in its script",
                "6:1 `-- +goose StatementEnd` closes nothing",
            ],
        ),
        ("-- +goose Up\n-- +goose StatementBegin\nSELECT 1;", &["2:1 `-- +goose StatementBegin` is not closed"]),
        (
            "-- +micrate Up\nx;\n-- +micrate Down\ny;",
            &["3:1 the file holds a script up and a script down, as micrate writes them"],
        ),
        (
            "-- ==== UP ====\nx;\n-- ==== DOWN ====\n",
            &["3:1 the file holds a script up and a script down, as shmig writes them"],
        ),
        ("-- // a\nx;\n-- //@UNDO\ny;", &["3:1 the file holds a script up and a script down, as MyBatis writes them"]),
    ];
    for (file, expect) in cases {
        let problems = split(file, None).unwrap_err();
        let told = problems.iter().map(|problem| format!("{} {}", problem.place().unwrap(), problem.message()));
        assert_eq!(told.collect::<Vec<_>>(), *expect, "{file}");
    }
}
