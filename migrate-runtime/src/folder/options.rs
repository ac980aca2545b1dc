//! The options of a folder that is read while the program runs: the arguments of the macro.

use migrate_core::lock::LockUse;
use migrate_core::{Dialect, MigrationSet, Problem, folder};

/// How to read a folder: what the arguments of [`embed_migrations!`](crate::embed_migrations) are to the macro.
///
/// ```
/// use migrate_runtime::{Dialect, FolderOptions};
///
/// let options = FolderOptions::new().set("billing").dialect(Dialect::Postgres).ignore("data_*.sql").ignore("*.csv");
/// ```
#[derive(Clone, Debug, Default)]
pub struct FolderOptions {
    pub(super) core: folder::FolderOptions,
}

impl FolderOptions {
    /// No options: the default set, scripts for any database, nothing left out.
    ///
    /// ```
    /// # use migrate_runtime::{FolderError, FolderOptions, Migrations};
    /// let migrations = Migrations::from_folder_with("doc-migrations", &FolderOptions::new())?;
    /// assert_eq!(migrations.set().name(), "default");
    /// # Ok::<(), FolderError>(())
    /// ```
    pub fn new() -> FolderOptions {
        FolderOptions::default()
    }

    /// The name of the set, `"default"` otherwise. Sets of different names share a history table. A name that is not made of 1 to 64
    /// letters, digits, `_`, `-` and `.` is a problem.
    ///
    /// ```
    /// # use migrate_runtime::{FolderError, FolderOptions, Migrations};
    /// let billing = Migrations::from_folder_with("doc-billing", &FolderOptions::new().set("billing"))?;
    /// assert_eq!(billing.set().name(), "billing");
    /// # Ok::<(), FolderError>(())
    /// ```
    pub fn set(mut self, name: impl Into<String>) -> Self {
        self.core.set = Some(name.into());
        self
    }

    /// The only database that the scripts are for; any other is refused. More can be checked then: without it, a script is refused
    /// only if it is wrong for every database.
    ///
    /// ```
    /// # use migrate_runtime::{FolderError, FolderOptions, Migrations};
    /// use migrate_runtime::Dialect;
    ///
    /// let options = FolderOptions::new().dialect(Dialect::Sqlite);
    /// let migrations = Migrations::from_folder_with("doc-migrations", &options)?;
    /// assert_eq!(migrations.set().scripts()[0].dialect(), Some(Dialect::Sqlite));
    /// assert!(migrations.set().migrations(Dialect::Postgres).is_err());
    /// # Ok::<(), FolderError>(())
    /// ```
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.core.dialect = Some(dialect);
        self
    }

    /// Entries of the folder to leave out; `*` stands for any text, `?` for any character. Each call adds a pattern.
    ///
    /// ```
    /// # use migrate_runtime::{FolderError, FolderOptions, Migrations};
    /// let options = FolderOptions::new().ignore("*.csv").ignore("data_*.sql");
    /// assert_eq!(Migrations::from_folder_with("doc-migrations", &options)?.set().versions(), 2);
    /// # Ok::<(), FolderError>(())
    /// ```
    pub fn ignore(mut self, pattern: impl Into<String>) -> Self {
        self.core.ignore.push(pattern.into());
        self
    }

    /// Whether a lock file in the folder holds; one that is there holds unless told otherwise, and drafts are taken.
    ///
    /// ```
    /// # use migrate_runtime::{FolderError, FolderOptions, Migrations};
    /// use migrate_runtime::LockUse;
    ///
    /// let options = FolderOptions::new().lock(LockUse::Required);
    /// let error = Migrations::from_folder_with("doc-migrations", &options).unwrap_err();
    /// assert!(error.problems()[0].message().contains("lock file"));
    /// # Ok::<(), FolderError>(())
    /// ```
    pub fn lock(mut self, lock: LockUse) -> Self {
        self.core.lock = lock;
        self
    }

    /// What is wrong with the options themselves.
    pub(super) fn problems(&self) -> Vec<Problem> {
        self.core.set.iter().filter_map(|name| MigrationSet::check_name(name).err()).collect()
    }
}
