//! A package in a folder of its own, and calls of `migrate` in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// Paths and texts.
pub(crate) type Files<'a> = &'a [(&'a str, &'a str)];

pub(crate) struct Package {
    folder: TempDir,
}

/// What a call printed, and its exit code.
#[derive(Debug)]
pub(crate) struct Called {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Package {
    /// A package with a `Cargo.toml` and these files.
    pub(crate) fn new(files: Files<'_>) -> Package {
        let package = Package { folder: tempfile::tempdir().unwrap() };
        package.write("Cargo.toml", "");
        files.iter().for_each(|(path, text)| package.write(path, text));
        package
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.path(path)).unwrap();
    }

    /// Every file below a folder, with `/`, sorted.
    pub(crate) fn files(&self, folder: &str) -> Vec<String> {
        let mut files = Vec::new();
        for entry in fs::read_dir(self.path(folder)).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
            match entry.file_type().unwrap().is_dir() {
                true => files.extend(self.files(&path)),
                false => files.push(path),
            }
        }
        files.sort();
        files
    }

    /// The lines of a lock file, seals left out: `0001 users`, `draft 0002 orders`.
    pub(crate) fn lock(&self, folder: &str) -> Vec<String> {
        let text = self.read(&format!("{folder}/migrations.lock"));
        let lines = text.lines().filter(|line| !line.starts_with("digest "));
        let is_seal = |field: &&str| field.starts_with("sha256:");
        let plain = |line: &str| line.split(' ').filter(|field| !is_seal(field)).collect::<Vec<_>>().join(" ");
        lines.skip(1).map(plain).collect()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_migrate"));
        command.args(args).current_dir(self.root());
        for variable in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS"] {
            command.env_remove(variable);
        }
        command
    }

    pub(crate) fn migrate(&self, args: &[&str]) -> Called {
        Called::from(self.command(args).output().unwrap())
    }

    /// Calls `migrate`, which must exit with this code and print this; `stderr` is a part of what is printed there.
    #[track_caller]
    pub(crate) fn expect(&self, args: &[&str], code: i32, stdout: &str, stderr: &str) -> Called {
        let called = self.migrate(args);
        assert_eq!((called.code, &*called.stdout), (code, stdout), "{args:?} {called:#?}");
        assert!(called.stderr.contains(stderr), "{args:?} {called:#?}");
        // Most tests have folders for no one database, and do not care.
        let is_news = |line: &str| !line.contains("is for no one database");
        assert!(!stderr.is_empty() || !called.stderr.lines().any(is_news), "{args:?} {called:#?}");
        called
    }

    /// Calls git, which must succeed.
    #[track_caller]
    pub(crate) fn git(&self, args: &[&str]) -> Called {
        let called = self.try_git(args);
        assert_eq!(called.code, 0, "{args:?} {called:#?}");
        called
    }

    pub(crate) fn try_git(&self, args: &[&str]) -> Called {
        let settings = ["user.name=x", "user.email=x@example.org", "init.defaultBranch=main", "commit.gpgSign=false"];
        let mut command = Command::new("git");
        command.args(settings.iter().flat_map(|setting| ["-c", setting])).args(args).current_dir(self.root());
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_EDITOR", "true");
        Called::from(command.output().unwrap())
    }
}

impl From<Output> for Called {
    fn from(output: Output) -> Called {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Called { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}
