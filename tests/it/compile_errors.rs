//! Every compile error of `embed_migrations!`: its text, its place, and that the compiler reports nothing else.
//!
//! A case is a program in `ui/` with one mistake, named after it. What the compiler says stands beside it; to write that anew,
//! set `TRYBUILD=overwrite`, and read the difference.

pub(crate) mod folders;
mod odd_tokens;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Once;

use trybuild::TestCases;

/// The cases that do not compile, by what the mistake is in.
const MISTAKES: [&str; 7] = ["arguments", "path", "names", "folder", "lock", "lint", "scripts"];

#[test]
fn a_mistake_is_the_one_thing_reported() {
    let cases = cases();
    for group in MISTAKES {
        cases.compile_fail(format!("ui/{group}/*.rs"));
    }
}

#[test]
fn sound_calls_compile_and_run() {
    cases().pass("ui/pass/*.rs");
}

/// The cases, with their folders in place.
fn cases() -> TestCases {
    static FOLDERS: Once = Once::new();
    FOLDERS.call_once(folders::create);
    TestCases::new()
}

/// What people see: the first line in lower case and without a full stop, a remedy, the place in the program, and nothing that
/// differs from machine to machine.
#[test]
fn every_report_has_the_shape_of_a_report() {
    for path in MISTAKES.iter().flat_map(|group| files(group, "stderr")) {
        let snapshot = fs::read_to_string(&path).unwrap();
        for report in snapshot.split("\n\n") {
            let context = format!("{}\n{report}", path.display());
            let message = report.strip_prefix("error: ").expect(&context).lines().next().unwrap();
            assert!(!message.starts_with(char::is_uppercase) && !message.ends_with('.'), "{context}");
            assert_eq!(report.matches("help: ").count(), 1, "{context}");
            assert!(report.contains("--> ui/"), "{context}");
            assert!(!report.contains("os error") && !report.contains(env!("CARGO_MANIFEST_DIR")), "{context}");
        }
    }
}

/// A folder that no case names tests nothing, and a case that names none tests something else than it says.
#[test]
fn cases_and_folders_belong_together() {
    const ABSENT: &str = "missing";
    let folders: BTreeSet<&str> = folders::FOLDERS.iter().map(|(name, _)| *name).collect();
    let programs: String = MISTAKES
        .iter()
        .chain(&["pass"])
        .flat_map(|group| files(group, "rs"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let is_in_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let named = programs.split("\"migrations/").skip(1).filter_map(|rest| rest.split(|c| !is_in_name(c)).next());
    let named: BTreeSet<&str> = named.filter(|name| !name.is_empty() && *name != ABSENT).collect();
    assert_eq!(named, folders);
}

/// The files of a group of cases with this extension, of which there is at least one.
fn files(group: &str, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui").join(group);
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    assert!(!files.is_empty(), "{group} has no {extension}");
    files
}
