//! Sets of migrations made of texts, for tests that need many of them.

use std::fs;

use migrate_core::folder::{Folder, FolderOptions};
use migrate_runtime::{Dialect, Migrations};

/// The set of these files, each a path in the folder and its SQL, as the macro would embed it.
///
/// # Panics
///
/// When a file has a problem.
pub fn migrations(files: &[(&str, &str)]) -> Migrations {
    embedded(files, FolderOptions::default())
}

/// [`migrations`] of a named set.
///
/// # Panics
///
/// When a file has a problem.
pub fn set(name: &str, files: &[(&str, &str)]) -> Migrations {
    embedded(files, FolderOptions { set: Some(name.to_owned()), ..FolderOptions::default() })
}

/// [`migrations`] for one dialect only.
///
/// # Panics
///
/// When a file has a problem.
pub fn only_for(dialect: Dialect, files: &[(&str, &str)]) -> Migrations {
    embedded(files, FolderOptions { dialect: Some(dialect), ..FolderOptions::default() })
}

fn embedded(files: &[(&str, &str)], options: FolderOptions) -> Migrations {
    let root = tempfile::tempdir().expect("a folder can be made");
    for (path, sql) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder can be made");
        fs::write(path, sql).expect("a file can be written");
    }
    match Folder::read(root.path(), "migrations", &options) {
        Ok(folder) => migrate_runtime::__private::migrations(
            folder.set,
            "tests 0.0.0",
            migrate_runtime::__private::Origin::ELSEWHERE,
        ),
        Err(problems) => panic!("{problems:#?}"),
    }
}

/// `count` migrations that each create a table `t<number>` and count themselves in a table `done`, so that a second execution
/// shows.
pub fn numbered(count: usize) -> Migrations {
    numbered_with(count, |_| ("", ""))
}

/// [`numbered`], of which one fails when it has counted itself.
pub fn numbered_but_failing(count: usize, failing: usize) -> Migrations {
    numbered_with(count, |number| ("", if number == failing { "SELECT * FROM never;\n" } else { "" }))
}

/// [`numbered`], of which those behind the first `old` say that an older binary can live with them.
pub fn numbered_for_old(count: usize, old: usize) -> Migrations {
    numbered_with(count, |number| (if number > old { "-- migrate: compatible=backward\n" } else { "" }, ""))
}

/// [`numbered`], of which each third runs outside of a transaction, and ends with what has to.
pub fn numbered_and_outside(count: usize) -> Migrations {
    numbered_with(
        count,
        |number| if number % 3 == 0 { ("-- migrate: no-transaction\n", "VACUUM;\n") } else { ("", "") },
    )
}

/// Migrations of these versions, the first of which is 1, that count themselves in a table `done`, and their way back.
pub fn numbered_and_back(versions: impl IntoIterator<Item = u64>) -> Migrations {
    let file = |number: u64| {
        let (first, last) =
            if number == 1 { ("CREATE TABLE done (n integer);\n", "\nDROP TABLE done;") } else { ("", "") };
        [
            (format!("{number}_m.up.sql"), format!("{first}INSERT INTO done VALUES ({number});")),
            (format!("{number}_m.down.sql"), format!("DELETE FROM done WHERE n = {number};{last}")),
        ]
    };
    let files: Vec<(String, String)> = versions.into_iter().flat_map(file).collect();
    migrations(&files.iter().map(|(path, sql)| (&**path, &**sql)).collect::<Vec<_>>())
}

/// With lines of their own before and behind.
fn numbered_with(count: usize, own: impl Fn(usize) -> (&'static str, &'static str)) -> Migrations {
    let file = |number: usize| {
        let first = if number == 1 { "CREATE TABLE done (number integer NOT NULL);\n" } else { "" };
        let (before, after) = own(number);
        let sql = format!(
            "{before}{first}CREATE TABLE t{number} (id integer);\nINSERT INTO done VALUES ({number});\n{after}"
        );
        (format!("{number:05}_t{number}.sql"), sql)
    };
    let files: Vec<(String, String)> = (1..=count).map(file).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, sql)| (&**path, &**sql)).collect();
    migrations(&files)
}
