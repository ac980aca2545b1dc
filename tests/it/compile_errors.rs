//! Every compile error of `embed_migrations!`: its text, its place, and that the compiler reports nothing else.
//!
//! A case is a program in `ui/` with one mistake, named after it. What the compiler says stands beside it; to write that anew,
//! set `TRYBUILD=overwrite`, and read the difference.

pub(crate) mod folders;
mod odd_tokens;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use trybuild::TestCases;

use crate::scratch::Package;

/// The cases that do not compile, by what the mistake is in.
const MISTAKES: [&str; 7] = ["arguments", "path", "names", "folder", "lock", "lint", "scripts"];

/// Where the cases that compile are.
const SOUND: &str = "pass";

#[test]
fn a_mistake_is_the_one_thing_reported() {
    folders::create();
    let cases = TestCases::new();
    for group in MISTAKES {
        cases.compile_fail(format!("ui/{group}/*.rs"));
    }
}

/// In one build, and with few dependencies, which trybuild would build one by one, and with all that these tests have.
#[test]
fn sound_calls_compile_and_run() {
    let programs: Vec<(String, String)> = files(SOUND, "rs")
        .iter()
        .map(|path| (format!("src/bin/{}", path.file_name().unwrap().display()), fs::read_to_string(path).unwrap()))
        .collect();
    let texts: Vec<(&str, &str)> = programs.iter().map(|(path, text)| (&**path, &**text)).collect();
    let package = Package::with_sqlite_and_lint("sound-calls", &texts);
    let all = programs.iter().map(|(_, text)| &**text).collect::<String>();
    folders::create_in(&package.folder().join("migrations"), |folder| named(&all).contains(folder));
    let built = package.cargo(&["build"]);
    assert!(built.success && !built.stderr.contains("warning"), "{}", built.stderr);
    for path in files(SOUND, "rs") {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let ran = package.cargo(&["run", "--bin", name]);
        assert!(ran.success, "{name}: {}", ran.stderr);
    }
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
        .chain(&[SOUND])
        .flat_map(|group| files(group, "rs"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let named: BTreeSet<&str> = named(&programs).into_iter().filter(|name| *name != ABSENT).collect();
    assert_eq!(named, folders);
}

/// The folders that programs name.
fn named(programs: &str) -> BTreeSet<&str> {
    let is_in_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let named = programs.split("\"migrations/").skip(1).filter_map(|rest| rest.split(|c| !is_in_name(c)).next());
    named.filter(|name| !name.is_empty()).collect()
}

/// The files of a group of cases with this extension, of which there is at least one.
fn files(group: &str, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui").join(group);
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    assert!(!files.is_empty(), "{group} has no {extension}");
    files
}
