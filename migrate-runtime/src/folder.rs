//! Sets that are read while the program runs, with the reader of the macro: from a folder of the file system, or from one that
//! `include_dir` has put into the binary.

mod error;
#[cfg(feature = "include_dir")]
mod included;
mod options;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use migrate_core::Problem;
use migrate_core::folder::{FileSystem, Folder, Source};

use crate::host;
use crate::migrations::Migrations;
use crate::origin::Origin;

pub use error::FolderError;
pub use options::FolderOptions;

impl Migrations {
    /// Reads a folder of the file system, for migrations that are not known when the program is built: those of a plugin, or of a
    /// tool that is told where to look. What a program brings along belongs into
    /// [`embed_migrations!`](crate::embed_migrations), which finds mistakes before anything is deployed.
    ///
    /// A relative path begins at the working directory. Messages name the files with the path as it is given here.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use migrate_runtime::Migrations;
    ///
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let report = Migrations::from_folder("doc-migrations")?.run(&mut db)?;
    /// assert_eq!(report.changes().len(), 2);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// There is no such folder, or something is wrong with what is in it: everything that would be a compile error of the macro.
    pub fn from_folder(path: impl AsRef<Path>) -> Result<Migrations, FolderError> {
        Migrations::from_folder_with(path, &FolderOptions::new())
    }

    /// [`from_folder`](Migrations::from_folder) with options.
    ///
    /// ```
    /// use migrate_runtime::{Dialect, FolderOptions, Migrations};
    ///
    /// let options = FolderOptions::new().set("billing").dialect(Dialect::Sqlite).ignore("data_*.sql");
    /// let migrations = Migrations::from_folder_with("doc-migrations", &options)?;
    /// assert_eq!(migrations.set().name(), "billing");
    /// # Ok::<(), migrate_runtime::FolderError>(())
    /// ```
    ///
    /// # Errors
    /// As [`from_folder`](Migrations::from_folder), and when an option makes no sense.
    pub fn from_folder_with(path: impl AsRef<Path>, options: &FolderOptions) -> Result<Migrations, FolderError> {
        let path = path.as_ref();
        if path.as_os_str().is_empty() {
            let help = "name the folder that holds the migrations, for example `migrations`";
            return Err(FolderError::unread(Problem::new("the path of the folder is empty", help)));
        }
        // Without what would show twice: a slash at the end, or two in a row.
        let shown = path.components().collect::<PathBuf>().display().to_string();
        let source = FileSystem::find(path, &shown, "the working directory").map_err(FolderError::unread)?;
        read(&source, &shown, options)
    }

    /// Reads a folder that the macro of the crate [`include_dir`] has put into the binary: for programs that have one already. The
    /// rules are those of [`embed_migrations!`](crate::embed_migrations), but mistakes show when the program runs; call this in a
    /// test.
    ///
    /// Messages name the files as `include_dir` does, relative to the folder that it was called for; so a sub-folder is read by
    /// itself with `DIR.get_dir("sqlite")`, and its files are called `sqlite/0001_users.sql`.
    ///
    /// ```
    /// # #[cfg(feature = "rusqlite-bundled")] {
    /// use include_dir::{Dir, include_dir};
    /// use migrate_runtime::Migrations;
    ///
    /// static DIR: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/doc-migrations");
    ///
    /// let mut db = rusqlite::Connection::open_in_memory()?;
    /// let report = Migrations::from_include_dir(&DIR)?.run(&mut db)?;
    /// assert_eq!(report.changes().len(), 2);
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Something is wrong with what is in the folder: everything that would be a compile error of the macro.
    #[cfg(feature = "include_dir")]
    pub fn from_include_dir(dir: &include_dir::Dir<'_>) -> Result<Migrations, FolderError> {
        Migrations::from_include_dir_with(dir, &FolderOptions::new())
    }

    /// [`from_include_dir`](Migrations::from_include_dir) with options.
    ///
    /// ```
    /// use include_dir::{Dir, include_dir};
    /// use migrate_runtime::{FolderOptions, Migrations};
    ///
    /// static DIR: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/doc-migrations");
    ///
    /// let migrations = Migrations::from_include_dir_with(&DIR, &FolderOptions::new().set("shop").ignore("0002_*"))?;
    /// assert_eq!((migrations.set().name(), migrations.set().versions()), ("shop", 1));
    /// # Ok::<(), migrate_runtime::FolderError>(())
    /// ```
    ///
    /// # Errors
    /// As [`from_include_dir`](Migrations::from_include_dir), and when an option makes no sense.
    #[cfg(feature = "include_dir")]
    pub fn from_include_dir_with(
        dir: &include_dir::Dir<'_>,
        options: &FolderOptions,
    ) -> Result<Migrations, FolderError> {
        read(&included::Included::new(dir), &dir.path().to_string_lossy(), options)
    }
}

fn read(source: &dyn Source, shown: &str, options: &FolderOptions) -> Result<Migrations, FolderError> {
    // A folder is read even when an option is wrong: all problems are told at once.
    let mut problems = options.problems();
    let folder = Folder::read_from(source, shown, &options.core);
    match folder {
        Ok(folder) if problems.is_empty() => {
            let package = Cow::Owned(host::program().unwrap_or_default());
            Ok(Migrations::new(folder.set, package, Origin::ELSEWHERE))
        }
        Ok(_) => Err(FolderError::of_folder(shown, problems)),
        Err(of_folder) => {
            problems.extend(of_folder);
            Err(FolderError::of_folder(shown, problems))
        }
    }
}
