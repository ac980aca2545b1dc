//! The folder that is worked on: where it is, its lock file, and the guard against a second `migrate` in it.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use migrate_core::Problem;
use migrate_core::folder::{FileSystem, FolderOptions, Kind, Source as _};
use migrate_core::lock::{LockFile, LockUse, command};

use crate::answer::Failure;
use crate::args::{self, DEFAULT_FOLDER, Reading};

/// A folder of migrations.
#[derive(Debug)]
pub(crate) struct Directory {
    /// Where it is, relative to the current folder.
    pub(crate) root: PathBuf,
    /// What messages call it; empty for the current folder.
    pub(crate) shown: String,
    /// How the arguments say that it is read.
    pub(crate) asked: FolderOptions,
}

impl Directory {
    /// The folder that the arguments name, which must be there.
    pub(crate) fn find(args: &args::Folder) -> Result<Directory, Failure> {
        Directory::at(&args.dir, &args.reading)
    }

    /// The folder of this path, which must be there.
    pub(crate) fn at(path: &str, reading: &Reading) -> Result<Directory, Failure> {
        let directory = Directory::named(path, reading)?;
        FileSystem::find(&directory.root, directory.name(), "the current folder")?;
        Ok(directory)
    }

    /// The folder that the arguments name; the usual one is made beside a `Cargo.toml`.
    pub(crate) fn find_or_make(args: &args::Folder) -> Result<Directory, Failure> {
        let directory = Directory::named(&args.dir, &args.reading)?;
        let is_usual = directory.shown == DEFAULT_FOLDER && Path::new("Cargo.toml").is_file();
        if is_usual && directory.root.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            fs::create_dir(&directory.root)
                .or_else(|error| if directory.root.is_dir() { Ok(()) } else { Err(error) })
                .map_err(|error| Failure::io(format!("make the folder `{}`", directory.name()), &error))?;
        }
        Directory::find(args)
    }

    fn named(path: &str, reading: &Reading) -> Result<Directory, Problem> {
        let root: PathBuf = Path::new(path).components().filter(|part| *part != Component::CurDir).collect();
        let shown = match root.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/") {
            _ if path.is_empty() => {
                let help = format!("name the folder that holds the migrations, for example `{DEFAULT_FOLDER}`");
                return Err(Problem::new("the path of the folder is empty", help));
            }
            shown => shown,
        };
        if let Some(pattern) = reading.ignore.iter().find(|pattern| pattern.chars().any(char::is_control)) {
            let message = format!("the pattern `{}` has a control character in it", pattern.escape_default());
            return Err(Problem::new(message, "let `?` or `*` stand for it"));
        }
        let root = if root.as_os_str().is_empty() { PathBuf::from(".") } else { root };
        let asked = FolderOptions {
            set: None,
            dialect: reading.dialect,
            ignore: reading.ignore.clone(),
            lock: LockUse::WhenPresent,
        };
        Ok(Directory { root, shown, asked })
    }

    /// The folder as something to read.
    pub(crate) fn source(&self) -> FileSystem {
        FileSystem::new(&self.root)
    }

    /// An entry of the folder as messages name it.
    pub(crate) fn shown(&self, entry: &str) -> String {
        if self.shown.is_empty() { entry.to_owned() } else { format!("{}/{entry}", self.shown) }
    }

    /// The lock file as messages name it.
    pub(crate) fn lock_shown(&self) -> String {
        LockFile::path_in(&self.shown)
    }

    /// The lock file.
    pub(crate) fn lock_path(&self) -> PathBuf {
        self.root.join(LockFile::FILE_NAME)
    }

    /// The text of the lock file, where there is one.
    pub(crate) fn lock_text(&self) -> Result<Option<String>, Failure> {
        // To read a pipe would be to wait for someone who writes into it.
        let bytes = match self.source().kind(LockFile::FILE_NAME) {
            Ok(Kind::File) => self.source().read(LockFile::FILE_NAME),
            Ok(_) => {
                let help = "restore the file from version control; it must be a file of its own";
                return Err(Problem::new("the lock file is no file", help).in_file(self.lock_shown()).into());
            }
            Err(error) => Err(error),
        };
        match bytes {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => {
                let problem = Problem::new(format!("cannot be read: {error}"), "check its permissions");
                Err(problem.in_file(self.lock_shown()).into())
            }
        }
    }

    /// The lock file, where there is one.
    pub(crate) fn lock(&self) -> Result<Option<LockFile>, Failure> {
        self.lock_text()?.map(|text| LockFile::parse(&text)).transpose().map_err(|problems| self.in_lock_file(problems))
    }

    /// Problems of the lock file, with its path.
    pub(crate) fn in_lock_file(&self, problems: Vec<Problem>) -> Failure {
        let path = self.lock_shown();
        Failure::Refused(problems.into_iter().map(|problem| problem.in_file(&path)).collect())
    }

    /// A folder without a lock file, where one is needed.
    pub(crate) fn no_lock_file(&self) -> Problem {
        let message = format!("there is no lock file `{}`", self.lock_shown());
        Problem::new(message, format!("make it with `{}`", command("lock", &self.shown)))
    }

    /// The folder itself as messages name it.
    pub(crate) fn name(&self) -> &str {
        if self.shown.is_empty() { "." } else { &self.shown }
    }

    /// Notes the dialect and the patterns that the arguments name in the lock file.
    pub(crate) fn write_settings(&self, lock: &mut LockFile) {
        lock.dialect = self.asked.dialect.or(lock.dialect);
        for pattern in &self.asked.ignore {
            if !lock.ignore.contains(pattern) {
                lock.ignore.push(pattern.clone());
            }
        }
    }

    /// Waits until no other `migrate` writes in this folder, and keeps others out until the guard is dropped.
    pub(crate) fn guard(&self) -> Result<Guard, Failure> {
        let path = self.root.join(".migrations.lock.busy");
        let shown = self.shown(".migrations.lock.busy");
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            if path.symlink_metadata().is_ok_and(|there| !there.is_file()) {
                let help = "remove it: the command makes a file of this name for the time that it writes";
                return Err(Problem::new("something is in the way", help).in_file(shown).into());
            }
            let file = File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&path)
                .map_err(|error| Failure::io(format!("write in the folder `{}`", self.name()), &error))?;
            match file.try_lock() {
                // Whoever had it before may have removed it meanwhile.
                Ok(()) if is_at(&file, &path) => return Ok(Guard { path, _file: file }),
                // Some network file systems have no locks; the files are then guarded by being new.
                Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                    return Ok(Guard { path, _file: file });
                }
                Err(TryLockError::Error(error)) => return Err(Failure::io(format!("lock `{shown}`"), &error)),
                Ok(()) | Err(TryLockError::WouldBlock) => {}
            }
            if Instant::now() > deadline {
                let message = format!("another `migrate` is at work in the folder `{}`", self.name());
                return Err(Problem::new(message, "wait until it has finished, then call this one again").into());
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Keeps other calls of `migrate` that write out of a folder. Should it not be dropped, the operating system ends it, and the file
/// that is left behind is ignored by everyone and used again by the next.
#[derive(Debug)]
pub(crate) struct Guard {
    path: PathBuf,
    _file: File,
}

impl Drop for Guard {
    fn drop(&mut self) {
        // What cannot be removed is harmless.
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether a path still leads to an open file.
fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(open), Ok(there)) = (file.metadata(), path.symlink_metadata()) else { return false };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        (open.dev(), open.ino()) == (there.dev(), there.ino())
    }
    #[cfg(not(unix))]
    {
        matches!((open.created(), there.created()), (Ok(open), Ok(there)) if open == there)
    }
}
