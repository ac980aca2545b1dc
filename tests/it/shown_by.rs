//! The documents name the tests that show what they say. Here, that there are such tests.

use std::fs;
use std::path::{Path, PathBuf};

use crate::scratch::workspace;

/// The names of all tests here, `module::name`; what is in a module of a module has the name of the outer one.
fn tests() -> Vec<String> {
    let mut tests = Vec::new();
    let folder = workspace().join("tests/it");
    let mut add = |path: &Path, module: &str| {
        let text = fs::read_to_string(path).unwrap();
        let attribute = "#[test]";
        let behind = text.split(attribute).skip(1).filter_map(|rest| rest.split_once("fn ")?.1.split('(').next());
        tests.extend(behind.map(|name| format!("{module}::{name}")));
    };
    for path in entries(&folder) {
        let module = path.file_stem().unwrap().to_str().unwrap().to_owned();
        match path.is_dir() {
            true => entries(&path).iter().filter(|path| path.is_file()).for_each(|path| add(path, &module)),
            false => add(&path, &module),
        }
    }
    tests
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// The pages of the documentation, relative to the workspace.
fn documents() -> Vec<PathBuf> {
    entries(&workspace().join("docs")).iter().map(|path| Path::new("docs").join(path.file_name().unwrap())).collect()
}

/// Whether a name has the parts around `…` in this order.
fn fits(name: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    for part in parts {
        let Some((_, behind)) = rest.split_once(part) else { return false };
        rest = behind;
    }
    rest.is_empty() || pattern.ends_with('…')
}

#[test]
fn every_test_that_a_document_names() {
    let tests = tests();
    assert!(tests.len() > 300, "{}", tests.len());
    let mut named = 0;
    for document in documents().into_iter().chain(["README.md".into()]) {
        let text = fs::read_to_string(workspace().join(&document)).unwrap();
        for line in text.lines() {
            let mut module = "";
            for (_, name) in line.split('`').enumerate().filter(|(index, _)| index % 2 == 1) {
                let is_of_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_:…".contains(c);
                if !name.chars().all(is_of_name) {
                    continue;
                }
                let pattern = match name.split_once("::") {
                    Some((of, _)) if tests.iter().any(|test| test.starts_with(&format!("{of}::"))) => {
                        module = of;
                        name.to_owned()
                    }
                    None if name.starts_with('…') && name.len() > '…'.len_utf8() => format!("{module}::{name}"),
                    _ => continue,
                };
                named += 1;
                assert!(
                    tests.iter().any(|test| fits(test, &pattern)),
                    "{} names {pattern}, which is no test",
                    document.display()
                );
            }
        }
    }
    assert!(named > 30, "{named}");
}

/// Where a document links to a file, it is there; where the link has the name of a test or a module of tests, they are in that file.
#[test]
fn every_file_that_a_document_links_to() {
    let mut checked = 0;
    for document in
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(PathBuf::from).into_iter().chain(documents())
    {
        let text = fs::read_to_string(workspace().join(&document)).unwrap();
        let folder = workspace().join(document.parent().unwrap());
        for (before, target) in
            text.match_indices("](").filter_map(|(at, _)| Some((&text[..at], text[at + 2..].split_once(')')?.0)))
        {
            let target = target.split('#').next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            checked += 1;
            assert!(folder.join(target).exists(), "{} links to {target}", document.display());
            let label = before.rsplit_once('[').map_or("", |(_, label)| label.trim_matches('`'));
            let file = Path::new(target).file_stem().unwrap().to_str().unwrap();
            if target.contains("tests/it/") {
                assert_eq!(label.split("::").next(), Some(file), "{} links to {target}", document.display());
            }
        }
    }
    assert!(checked > 60, "{checked}");
}
