//! `migrate check`.

use crate::package::{Files, Package};

const BAD: Files<'_> =
    &[("migrations/1_a.sql", "SELECT 1;\nSELECT 'a;"), ("migrations/1_b,%.sql", "SELECT 2;\nCOMMIT;")];

#[test]
fn problems_for_people() {
    let expect = "\
error: two migrations have version 1: `1_a.sql` and `1_b,%.sql`
   = help: rename one of them; the next free version is 2

error: the string that begins here does not end
  --> migrations/1_a.sql:2:8
   = help: close it with `'`

error: transaction statement `COMMIT` in a migration
  --> migrations/1_b,%.sql:2:1
   = help: remove it: the runner begins and ends transactions (only one pair around the whole file is accepted)

3 errors
";
    Package::new(BAD).expect(&["check"], 1, expect, "");
}

#[test]
fn problems_for_github() {
    let expect = "\
::error title=migrations::two migrations have version 1: `1_a.sql` and `1_b,%25.sql`%0Ahelp: rename one of them; the next free version is 2
::error file=migrations/1_a.sql,line=2,col=8,title=migrations::the string that begins here does not end%0Ahelp: close it with `'`
::error file=migrations/1_b%2C%25.sql,line=2,col=1,title=migrations::transaction statement `COMMIT` in a migration%0Ahelp: remove it: the runner begins and ends transactions (only one pair around the whole file is accepted)
";
    let package = Package::new(BAD);
    package.expect(&["check", "--format", "github"], 1, expect, "");
    // Paths are those of the repository.
    package.git(&["init", "-q"]);
    let output = package
        .command(&["check", "--format", "github", "--dir", "."])
        .current_dir(package.path("migrations"))
        .output();
    let stdout = String::from_utf8(output.unwrap().stdout).unwrap();
    assert!(stdout.contains("::error file=migrations/1_a.sql,"), "{stdout}");
}

#[test]
fn problems_for_programs() {
    let expect = "{\"errors\":1,\"format\":1,\"problems\":[{\"column\":8,\"help\":\"close it with `'`\",\"line\":1,\
        \"message\":\"the string that begins here does not end\",\"notes\":[],\"path\":\"migrations/1_a.sql\",\"rule\":null,\
        \"severity\":\"error\"}],\"warnings\":0}\n";
    let package = Package::new(&[("migrations/1_a.sql", "SELECT 'a;")]);
    package.expect(&["check", "--format", "json"], 1, expect, "");
    package.write("migrations/1_a.sql", "SELECT 1;");
    let nothing = "{\"errors\":0,\"format\":1,\"problems\":[],\"warnings\":0}\n";
    package.expect(&["check", "--format", "json"], 0, nothing, "");
}

#[test]
fn what_is_not_looked_for_without_a_dialect_is_told() {
    let package = Package::new(&[("migrations/1_x.sql", "CREATE INDEX CONCURRENTLY ON t (x);")]);
    package.expect(&["check"], 0, "no problems\n", "keep it in the lock file with `migrate lock --dialect <name>`");
    let refused = package.migrate(&["check", "--dialect", "postgres"]);
    assert!(refused.code == 1 && refused.stdout.contains("cannot run in a transaction"), "{refused:?}");
    assert_eq!(refused.stderr, "");
    assert_eq!(package.migrate(&["lock", "--dialect", "sqlite"]).code, 0);
    assert_eq!(package.migrate(&["check"]).stderr, "");
    let other = package.migrate(&["check", "--dialect", "postgres"]);
    let message = "the lock file is for the dialect `sqlite`, and `postgres` is asked for";
    assert!(other.code == 1 && other.stdout.contains(message), "{other:?}");
}

#[test]
fn folders_and_settings() {
    let package =
        Package::new(&[("db/a/1_x.sql", "SELECT 1;"), ("db/b/1_x.sql", "SELECT E'\\';';"), ("db/b/y.txt", "")]);
    package.expect(&["check", "db/a"], 0, "no problems\n", "");
    package.expect(&["check", "--dir", "db/a"], 0, "no problems\n", "");
    let settings = ["--dialect", "postgres", "--ignore", "*.txt"];
    package.expect(&[&["check", "db/a", "./db//b/"], &settings[..]].concat(), 0, "no problems in 2 folders\n", "");
    let called = package.migrate(&["check", "db/a", "db/b", "db/c"]);
    assert_eq!(called.code, 1);
    for part in ["the folder `db/c` does not exist", "--> db/b/y.txt", "2 errors in 3 folders\n"] {
        assert!(called.stdout.contains(part), "{called:?}");
    }
    let absolute = package.path("db/a");
    package.expect(&["check", absolute.to_str().unwrap()], 0, "no problems\n", "");
    package.expect(&["check", "db/a", "--dir", "db/b"], 2, "", "cannot be used with");
    package.expect(&["check", "--format", "xml"], 2, "", "possible values: text, json, github");
}

#[test]
fn one_history_for_several_databases() {
    let package = Package::new(&[
        ("pg/0001_a.sql", "SELECT 1;"),
        ("pg/0002_b.sql", "SELECT 2;"),
        ("pg/0003_c.sql", "SELECT 3;"),
        ("lite/1_a.up.sql", "SELECT 11;"),
        ("lite/1_a.down.sql", "SELECT 11;"),
        ("lite/2_b.sql", "SELECT 22;"),
        ("lite/3_c/up.sql", "SELECT 33;"),
        ("other/1_a.sql", "SELECT 1;"),
        ("other/2_bb.sql", "SELECT 1;"),
        ("other/4_d.sql", "SELECT 1;"),
    ]);
    package.expect(&["check", "--same-history", "pg", "lite"], 0, "no problems in 2 folders\n", "");
    let expect = "\
error: version 0002 is `b` in `pg`, and `bb` in `other`
  --> other/2_bb.sql
   = note: the other is pg/0002_b.sql
   = help: give both the same name if they are one migration for two databases; renumber one of them otherwise

error: `pg/0003_c.sql` has nothing of its version in `other`
  --> pg/0003_c.sql
   = help: add version 0003 with the name `c` to `other`

error: `other/4_d.sql` has nothing of its version in `pg`
  --> other/4_d.sql
   = help: add version 4 with the name `d` to `pg`

3 errors in 3 folders
";
    package.expect(&["check", "--same-history", "pg", "lite", "other"], 1, expect, "");
    package.expect(&["check", "pg", "lite", "other"], 0, "no problems in 3 folders\n", "");
    package.expect(&["check", "--same-history"], 2, "", "compares two folders or more");
    package.expect(&["check", "--same-history", "pg"], 2, "", "compares two folders or more");
}

#[test]
fn hostile_names_are_printed_harmlessly() {
    let package = Package::new(&[("migrations/1_a\n::error::x\u{1b}[31m.sql", "SELECT 1;")]);
    for format in ["text", "github", "json"] {
        let called = package.migrate(&["check", "--format", format]);
        assert_eq!(called.code, 1, "{called:?}");
        assert!(!called.stdout.contains('\u{1b}') && !called.stdout.contains("\n::error::x"), "{called:?}");
    }
}

#[test]
fn colours_only_where_they_are_wanted() {
    let package = Package::new(BAD);
    let cases: &[(&[(&str, &str)], bool)] =
        &[(&[], false), (&[("CLICOLOR_FORCE", "1")], true), (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false)];
    for (variables, expect) in cases {
        let output = package.command(&["check"]).envs(variables.iter().copied()).output().unwrap();
        assert_eq!(output.stdout.contains(&0x1b), *expect, "{variables:?}");
    }
}

/// Whoever has read enough may close the pipe.
#[test]
fn a_closed_pipe_is_no_panic() {
    let package = Package::new(BAD);
    let mut call = package.command(&["check"]);
    let mut call = call.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    drop(call.stdout.take());
    let output = call.wait_with_output().unwrap();
    assert_eq!((output.status.code(), &*output.stderr), (Some(1), &b""[..]));
}

#[cfg(feature = "lint")]
mod lints {
    use super::*;

    const RISKY: &str = "CREATE TABLE a (id integer);\nDROP TABLE users;\n";
    #[test]
    fn findings_are_warnings_unless_denied() {
        let package =
            Package::new(&[("migrations/1_a.sql", "DROP TABLE orders;"), ("migrations/2_b.sql", "SELECT 1;")]);
        package.migrate(&["lock"]);
        package.remove("migrations/2_b.sql");
        package.write("migrations/2_b.sql", "SELECT 1;");
        package.expect(&["check", "--deny"], 0, "no problems\n", "");
        package.write("migrations/3_c.sql", RISKY);
        for (args, code, severity, count) in [
            (&["check"][..], 0, "warning", "1 warning\n"),
            (&["check", "--deny"], 1, "error", "1 error\n"),
            (&["check", "--all"], 0, "warning", "2 warnings\n"),
            (&["check", "--all", "--deny"], 1, "error", "2 errors\n"),
        ] {
            let called = package.migrate(args);
            assert_eq!(called.code, code, "{called:?}");
            let finding = format!("{severity}[ban-drop-table]: table `users` is dropped");
            assert!(
                called.stdout.contains(&finding)
                    && called.stdout.contains("\n  --> migrations/3_c.sql:2:12\n")
                    && called.stdout.ends_with(count),
                "{called:#?}"
            );
        }
        let called = package.migrate(&["check", "--format", "github"]);
        let start = "::warning file=migrations/3_c.sql,line=2,col=12,title=ban-drop-table::table `users` is dropped";
        assert!(called.code == 0 && called.stdout.starts_with(start), "{called:?}");
        let called = package.migrate(&["check", "--format", "json", "--deny"]);
        assert!(called.stdout.contains("\"rule\":\"ban-drop-table\",\"severity\":\"error\""), "{called:?}");
    }

    /// Advice is about files that may have shipped, so it never stops anything.
    #[test]
    fn advice_is_never_denied() {
        let package = Package::new(&[("migrations/1_a.sql", "-- migrate: allow=ban-drop-table why not\nSELECT 1;")]);
        let called = package.migrate(&["check", "--deny", "--dialect", "sqlite"]);
        assert_eq!(called.code, 0, "{called:?}");
        assert!(
            called.stdout.starts_with("warning[needless-excuse]") && called.stdout.ends_with("1 warning\n"),
            "{called:?}"
        );
    }

    #[test]
    fn rules_are_listed() {
        let package = Package::new(&[]);
        let called = package.migrate(&["check", "--rules"]);
        assert_eq!((called.code, &*called.stderr), (0, ""));
        assert!(called.stdout.lines().count() > 20, "{called:?}");
        let line = called.stdout.lines().find(|line| line.starts_with("ban-drop-table ")).unwrap();
        assert!(line.ends_with("  a table that was there before is dropped (every dialect)"), "{line}");
        package.expect(&["check", "--rules", "--deny"], 2, "", "cannot be used with");
    }
}
