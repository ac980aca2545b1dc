//! What `--help` says, as snapshots in `tests/help`. `BLESS=1` writes them; then read the diff.

use crate::package::Package;

#[cfg(feature = "lint")]
#[test]
fn help_reads_as_it_did() {
    use std::fs;
    use std::path::Path;

    let package = Package::new(&[]);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/help");
    for command in ["", "new", "lock", "rebase", "check", "completions"] {
        let args: Vec<&str> = [command, "--help"].into_iter().filter(|arg| !arg.is_empty()).collect();
        let called = package.migrate(&args);
        assert_eq!((called.code, &*called.stderr), (0, ""), "{called:?}");
        let lines: Vec<&str> = called.stdout.lines().map(str::trim_end).collect();
        let text = format!("{}\n", lines.join("\n"));
        let snapshot = folder.join(format!("{}.txt", if command.is_empty() { "migrate" } else { command }));
        if std::env::var_os("BLESS").is_some() {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&snapshot, &text).unwrap();
        }
        let expect = fs::read_to_string(&snapshot).unwrap_or_default().replace("\r\n", "\n");
        assert_eq!(text, expect, "{}: bless with BLESS=1", snapshot.display());
    }
}

#[test]
fn completions_for_every_shell() {
    let package = Package::new(&[]);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let called = package.migrate(&["completions", shell]);
        assert_eq!((called.code, &*called.stderr), (0, ""));
        assert!(called.stdout.contains("rebless") && called.stdout.contains("same-history"), "{shell}");
    }
    package.expect(&["completions", "tcsh"], 2, "", "possible values: bash, elvish, fish, powershell, zsh");
}

#[test]
fn wrong_usage() {
    let package = Package::new(&[]);
    package.expect(&[], 2, "", "Usage: migrate <COMMAND>");
    package.expect(&["frobnicate"], 2, "", "unrecognized subcommand");
    package.expect(&["--version"], 0, &format!("migrate {}\n", env!("CARGO_PKG_VERSION")), "");
}
