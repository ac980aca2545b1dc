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
///
/// ```
/// use std::{ffi::OsString, io};
/// use migrate_core::folder::{FolderOptions, Kind, Source, list};
///
/// /// Files that are texts.
/// struct Files(&'static [(&'static str, &'static str)]);
///
/// impl Source for Files {
///     fn names(&self, folder: &str) -> io::Result<Vec<OsString>> {
///         if folder.is_empty() { Ok(self.0.iter().map(|(name, _)| name.into()).collect()) } else { self.none() }
///     }
///
///     fn kind(&self, path: &str) -> io::Result<Kind> {
///         self.read(path).map(|_| Kind::File)
///     }
///
///     fn read(&self, path: &str) -> io::Result<Vec<u8>> {
///         let file = self.0.iter().find(|(name, _)| *name == path);
///         file.map_or_else(|| self.none(), |(_, text)| Ok(text.as_bytes().to_vec()))
///     }
/// }
///
/// impl Files {
///     fn none<T>(&self) -> io::Result<T> {
///         Err(io::ErrorKind::NotFound.into())
///     }
/// }
///
/// let (entries, problems) = list(&Files(&[("0001_users.sql", "SELECT 1;")]), "", &FolderOptions::default());
/// assert_eq!((entries[0].file_name(), problems.len()), ("0001_users.sql", 0));
/// ```
pub trait Source {
    /// The names of the entries of a folder, in any order.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/memory.rs")); }
    /// # use example::*;
    /// use migrate_core::folder::Source;
    ///
    /// assert_eq!(Files(&[("0001_users.sql", "")]).names("").unwrap(), ["0001_users.sql"]);
    /// ```
    ///
    /// # Errors
    /// The folder cannot be read.
    fn names(&self, folder: &str) -> io::Result<Vec<OsString>>;

    /// What stands at a path.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/memory.rs")); }
    /// # use example::*;
    /// use migrate_core::folder::{Kind, Source};
    ///
    /// assert_eq!(Files(&[("0001_users.sql", "")]).kind("0001_users.sql").unwrap(), Kind::File);
    /// ```
    ///
    /// # Errors
    /// Nothing stands there, or it cannot be told what.
    fn kind(&self, path: &str) -> io::Result<Kind>;

    /// The bytes of a file. Ask for its [`kind`](Source::kind) first: to read a pipe is to wait for someone who writes into it.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/memory.rs")); }
    /// # use example::*;
    /// use migrate_core::folder::Source;
    ///
    /// let files = Files(&[("0001_users.sql", "SELECT 1;")]);
    /// assert_eq!(files.read("0001_users.sql").unwrap(), b"SELECT 1;");
    /// assert_eq!(files.read("0002.sql").unwrap_err().kind(), std::io::ErrorKind::NotFound);
    /// ```
    ///
    /// # Errors
    /// Of the kind [`NotFound`](io::ErrorKind::NotFound) when there is no such file, of any other when it cannot be read.
    fn read(&self, path: &str) -> io::Result<Vec<u8>>;
}

/// What an entry of a folder is, after links.
///
/// ```
/// use migrate_core::folder::{FileSystem, Kind, Source};
///
/// let package = FileSystem::new(".");
/// assert_eq!(package.kind("src").unwrap(), Kind::Folder);
/// assert_eq!(package.kind("src/lib.rs").unwrap(), Kind::File);
/// ```
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
///
/// ```
/// use migrate_core::folder::{FileSystem, Source};
///
/// let package = FileSystem::new(".");
/// assert!(package.names("src").unwrap().contains(&"lib.rs".into()));
/// ```
#[derive(Clone, Debug)]
pub struct FileSystem {
    root: PathBuf,
    /// Where the folder is without links; `None` when it cannot be found.
    real_root: Option<PathBuf>,
}

impl FileSystem {
    /// The folder `root`, which need not be there: then nothing of it can be read.
    ///
    /// ```
    /// use migrate_core::folder::{FileSystem, Source};
    ///
    /// assert!(FileSystem::new("no/such/folder").names("").is_err());
    /// ```
    pub fn new(root: impl Into<PathBuf>) -> FileSystem {
        let root = root.into();
        FileSystem { real_root: root.canonicalize().ok(), root }
    }

    /// The folder `root`, which messages call `shown`. A relative path begins at `start`, such as "the folder of Cargo.toml".
    ///
    /// ```
    /// use std::path::Path;
    /// use migrate_core::folder::FileSystem;
    ///
    /// let problem = FileSystem::find(Path::new("no/such"), "no/such", "the working directory").unwrap_err();
    /// assert_eq!(problem.message(), "the folder `no/such` does not exist");
    /// assert!(FileSystem::find(Path::new("src"), "src", "the working directory").is_ok());
    /// ```
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
    ///
    /// ```
    /// use std::path::Path;
    /// use migrate_core::folder::FileSystem;
    ///
    /// assert_eq!(FileSystem::new("db").path_of("0001_users/up.sql"), Path::new("db/0001_users/up.sql"));
    /// ```
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
