//! What a host takes in by using the runtime, and what packages hold.

use crate::scratch::{Package, cargo, workspace};

/// Checksums are computed by the macro: a host that only uses it links no hash function.
#[test]
fn no_hash_function_without_features() {
    let package = Package::new("host", &[("src/lib.rs", "")]);
    let tree = |edges| {
        let built = package.cargo(&["tree", "--prefix=none", "--edges", edges]);
        assert!(built.success, "{}", built.stderr);
        built.stdout
    };
    let (linked, with_macro) = (tree("normal,no-proc-macro"), tree("normal"));
    assert!(linked.contains("migrate-core ") && !linked.contains("hmac-sha256 "), "{linked}");
    assert!(with_macro.contains("hmac-sha256 "), "{with_macro}");
}

/// The licenses and the front page come along, and nothing but code, its tests and what its examples read.
#[test]
fn what_packages_hold() {
    for package in ["migrate-core", "migrate-lint", "migrate-macros", "migrate-runtime", "migrate-cli"] {
        let arguments = ["package", "--list", "--offline", "--allow-dirty", "--package", package];
        let listed = cargo().args(arguments).current_dir(workspace()).output().unwrap();
        let listed = String::from_utf8(listed.stdout).unwrap();
        let files: Vec<&str> = listed.lines().filter(|file| !file.starts_with(".cargo_vcs")).collect();
        let beside = ["Cargo.lock", "Cargo.toml", "Cargo.toml.orig", "LICENSE-APACHE", "LICENSE-MIT", "README.md"];
        assert!(
            beside.iter().all(|file| files.contains(file))
                && files.contains(&"src/lib.rs") != (package == "migrate-cli")
        );
        let folders = ["src/", "tests/", "doc/"];
        let is_code = |file: &&str| file.ends_with(".rs") && folders.iter().any(|folder| file.starts_with(folder));
        let is_read =
            |file: &&str| file.starts_with("doc-") && file.ends_with(".sql") || file.starts_with("tests/help/");
        let odd: Vec<&&str> =
            files.iter().filter(|file| !beside.contains(file) && !is_code(file) && !is_read(file)).collect();
        assert!(odd.is_empty(), "{package}: {odd:?}");
    }
}
