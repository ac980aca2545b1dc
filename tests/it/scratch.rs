//! Packages that tests write and build: with this workspace's runtime, its lock file, and one target folder for all of them.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

/// A package of its own, in the folder of temporary files of the build.
pub(crate) struct Package {
    name: String,
    folder: PathBuf,
}

/// What cargo had to say.
pub(crate) struct Built {
    pub(crate) success: bool,
    /// Whether the package was compiled, rather than found up to date.
    pub(crate) compiled: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Package {
    /// A package of that name with these files. No two packages may have one name: they share a target folder.
    pub(crate) fn new(name: &str, files: &[(&str, &str)]) -> Package {
        Package::with_features(name, "[]", "", files)
    }

    /// A package that has SQLite.
    pub(crate) fn with_sqlite(name: &str, files: &[(&str, &str)]) -> Package {
        Package::with_features(name, "['rusqlite-bundled']", "rusqlite = '0.41'", files)
    }

    /// A package that has SQLite and the lint.
    pub(crate) fn with_sqlite_and_lint(name: &str, files: &[(&str, &str)]) -> Package {
        Package::with_features(name, "['rusqlite-bundled', 'lint']", "rusqlite = '0.41'", files)
    }

    /// A package whose build script may use the runtime.
    pub(crate) fn with_build_dependency(name: &str, files: &[(&str, &str)]) -> Package {
        let runtime = workspace().join("migrate-runtime");
        Package::with_features(name, "[]", &format!("[build-dependencies]\nmigrate-runtime.path = {runtime:?}"), files)
    }

    fn with_features(name: &str, features: &str, more: &str, files: &[(&str, &str)]) -> Package {
        let workspace = workspace();
        let package = Package { name: name.to_owned(), folder: packages().join(name) };
        package.forget();
        let runtime = workspace.join("migrate-runtime");
        let manifest = format!(
            "[package]\nname = {name:?}\nversion = \"1.2.3\"\nedition = \"2024\"\n\n\
             [dependencies]\nmigrate-runtime = {{ path = {runtime:?}, features = {features} }}\n{more}\n\n[workspace]\n"
        );
        package.write("Cargo.toml", manifest);
        package.write("Cargo.lock", fs::read(workspace.join("Cargo.lock")).unwrap());
        for (path, text) in files {
            package.write(path, text);
        }
        package
    }

    /// Removes what an earlier run has left, so that cargo takes none of it for up to date.
    fn forget(&self) {
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder).unwrap();
        }
        for profile in ["debug", "release"] {
            let known =
                fs::read_dir(packages().join("target").join(profile).join(".fingerprint")).into_iter().flatten();
            let is_own = |path: &PathBuf| {
                let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
                let rest = name.as_deref().and_then(|name| name.strip_prefix(&*self.name)?.strip_prefix('-'));
                rest.is_some_and(|hash| !hash.contains('-'))
            };
            let own = known.flatten().map(|entry| entry.path()).filter(is_own);
            own.for_each(|path| fs::remove_dir_all(path).unwrap());
        }
    }

    /// Writes a file that is newer than any build so far, whatever the resolution of the file system's clock.
    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        set_modified(&path, SystemTime::now() + Duration::from_secs(10));
    }

    /// Removes a file.
    pub(crate) fn remove(&self, path: &str) {
        fs::remove_file(self.folder.join(path)).unwrap();
    }

    /// The text of a file.
    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.folder.join(path)).unwrap()
    }

    /// Whether there is such a file.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.folder.join(path).exists()
    }

    /// Where the package is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The program that cargo has built in this profile.
    pub(crate) fn program(&self, profile: &str) -> PathBuf {
        packages().join("target").join(profile).join(&self.name)
    }

    /// Runs a program in the folder of the package.
    pub(crate) fn run(&self, program: impl AsRef<Path>, arguments: &[&str]) -> Built {
        self.built(Command::new(program.as_ref()).args(arguments).current_dir(&self.folder).output().unwrap())
    }

    /// Runs cargo with these arguments. All files are older than the build afterwards.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Built {
        let output = cargo()
            .args(arguments)
            .args(["--offline", "--color=never"])
            .current_dir(&self.folder)
            .env("CARGO_TARGET_DIR", packages().join("target"))
            .env_remove("CARGO_TERM_QUIET")
            .output()
            .unwrap();
        set_modified_below(&self.folder, SystemTime::now() - Duration::from_secs(3600));
        self.built(output)
    }

    fn built(&self, output: Output) -> Built {
        let stderr = String::from_utf8(output.stderr).unwrap();
        let compiled = stderr.contains(&format!("Compiling {} ", self.name));
        Built { success: output.status.success(), compiled, stdout: String::from_utf8(output.stdout).unwrap(), stderr }
    }
}

/// The command `migrate`, built by the cargo that runs the tests.
pub(crate) fn migrate() -> &'static Path {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
        let arguments = ["build", "-p", "migrate-cli", "--bin", "migrate", "--locked", "--message-format=json"];
        let output = cargo().args(arguments).current_dir(workspace()).stderr(Stdio::inherit()).output().unwrap();
        assert!(output.status.success());
        let messages = String::from_utf8(output.stdout).unwrap();
        let executable = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        executable.into_iter().find_map(|message| Some(message["executable"].as_str()?.into())).unwrap()
    });
    &PROGRAM
}

pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The cargo that runs the tests.
pub(crate) fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

fn packages() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("scratch")
}

fn set_modified(path: &Path, time: SystemTime) {
    File::options().write(true).open(path).and_then(|file| file.set_modified(time)).unwrap();
}

fn set_modified_below(folder: &Path, time: SystemTime) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { set_modified_below(&path, time) } else { set_modified(&path, time) }
    }
}
