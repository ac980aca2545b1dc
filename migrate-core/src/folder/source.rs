//! Where a folder comes from: what the reader asks of a file system, or of whatever else holds files by name.
//!
//! A source knows nothing of migrations, and has no words for people: it answers with names, kinds and bytes. Paths are relative to
//! the folder that is read, with `/` between their parts; the folder itself is the empty path.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use crate::Problem;

/// A folder that can be read.
pub trait Source {
    /// The names of the entries of a folder, in any order.
    ///
    /// # Errors
    /// The folder cannot be read.
    fn names(&self, folder: &str) -> io::Result<Vec<OsString>>;

    /// What stands at a path.
    ///
    /// # Errors
    /// Nothing stands there, or it cannot be told what.
    fn kind(&self, path: &str) -> io::Result<Kind>;

    /// The bytes of a file. Ask for its [`kind`](Source::kind) first: to read a pipe is to wait for someone who writes into it.
    ///
    /// # Errors
    /// Of the kind [`NotFound`](io::ErrorKind::NotFound) when there is no such file, of any other when it cannot be read.
    fn read(&self, path: &str) -> io::Result<Vec<u8>>;
}

/// What an entry of a folder is, after links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link to nothing.
    LinkToNothing,
    /// A symbolic link out of the folder that is read.
    LinkOutside,
    /// Neither a file nor a folder, such as a pipe.
    Other,
}

/// A folder of the file system.
#[derive(Clone, Debug)]
pub struct FileSystem {
    root: PathBuf,
    /// Where the folder is without links; `None` when it cannot be found.
    real_root: Option<PathBuf>,
}

impl FileSystem {
    /// The folder `root`, which need not be there: then nothing of it can be read.
    pub fn new(root: impl Into<PathBuf>) -> FileSystem {
        let root = root.into();
        FileSystem { real_root: root.canonicalize().ok(), root }
    }

    /// The folder `root`, which messages call `shown`. A relative path begins at `start`, such as "the folder of Cargo.toml".
    ///
    /// # Errors
    /// There is no such folder.
    pub fn find(root: &Path, shown: &str, start: &str) -> Result<FileSystem, Problem> {
        let metadata = root.metadata().map_err(|error| {
            let message = match error.kind() {
                io::ErrorKind::NotFound => format!("the folder `{shown}` does not exist"),
                kind => format!("the folder `{shown}` cannot be read: {kind}"),
            };
            Problem::new(message, format!("create it, or correct the path, which is relative to {start}"))
        })?;
        if !metadata.is_dir() {
            return Err(Problem::new(format!("`{shown}` is a file"), "name the folder that holds the migrations"));
        }
        Ok(FileSystem::new(root))
    }

    /// Where in the file system something of the folder stands.
    pub fn path_of(&self, path: &str) -> PathBuf {
        let mut whole = self.root.clone();
        whole.extend(path.split('/').filter(|part| !part.is_empty()));
        whole
    }
}

impl Source for FileSystem {
    fn names(&self, folder: &str) -> io::Result<Vec<OsString>> {
        fs::read_dir(self.path_of(folder))?.map(|entry| Ok(entry?.file_name())).collect()
    }

    fn kind(&self, path: &str) -> io::Result<Kind> {
        let path = self.path_of(path);
        let metadata = path.symlink_metadata()?;
        if !metadata.is_symlink() {
            return Ok(kind_of(&metadata));
        }
        let Ok(target) = path.canonicalize() else { return Ok(Kind::LinkToNothing) };
        if !self.real_root.as_ref().is_some_and(|root| target.starts_with(root)) {
            return Ok(Kind::LinkOutside);
        }
        Ok(kind_of(&target.metadata()?))
    }

    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        fs::read(self.path_of(path))
    }
}

fn kind_of(metadata: &Metadata) -> Kind {
    match () {
        () if metadata.is_file() => Kind::File,
        () if metadata.is_dir() => Kind::Folder,
        () => Kind::Other,
    }
}
