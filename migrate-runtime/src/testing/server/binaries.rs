//! Finding the programs of a Postgres server on this machine.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::Error;
use crate::testing::failed;

/// Folders that hold one folder per installed Postgres, as the start of the
/// names in it and where the programs are below each.
const INSTALLED: [(&str, &str, &str); 8] = [
    ("/usr/lib/postgresql", "", "bin"),
    ("/usr", "pgsql-", "bin"),
    ("/opt/homebrew/opt", "postgresql", "bin"),
    ("/usr/local/opt", "postgresql", "bin"),
    ("/Library/PostgreSQL", "", "bin"),
    ("/usr/lib", "postgresql", "bin"),
    ("/usr/libexec", "postgresql", ""),
    ("/usr/local", "pgsql", "bin"),
];

/// The folder with `initdb`, `postgres` and the other programs.
pub(super) fn folder() -> Result<PathBuf, Error> {
    candidates().into_iter().find(|folder| is_complete(folder)).ok_or_else(|| {
        failed(
            "no Postgres server programs (`initdb`, `postgres`) on this machine",
            "install a Postgres server, or set `PG_BIN` to the folder of its programs",
        )
    })
}

fn candidates() -> Vec<PathBuf> {
    // Whoever names a folder means that one and no other.
    if let Some(folder) = env::var_os("PG_BIN") {
        return vec![folder.into()];
    }
    let mut folders = Vec::new();
    folders.extend(configured());
    folders.extend(installed());
    folders.extend(env::var_os("PATH").iter().flat_map(env::split_paths).collect::<Vec<_>>());
    folders
}

fn configured() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let folder = String::from_utf8(output.stdout).ok()?;
    Some(PathBuf::from(folder.trim()))
}

/// The installed ones, the newest first.
fn installed() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for (parent, prefix, below) in INSTALLED {
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let Some(version) = name.to_str().and_then(|name| name.strip_prefix(prefix)) else {
                continue;
            };
            let version: String = version.chars().filter(char::is_ascii_digit).collect();
            let folder = entry.path().join(below);
            found.push((version.parse::<u32>().unwrap_or(0), folder));
        }
    }
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, folder)| folder).collect()
}

fn is_complete(folder: &Path) -> bool {
    folder.is_absolute() && ["initdb", "postgres"].iter().all(|program| folder.join(program).is_file())
}
