//! SQLite databases that are migrated already: copies of one that this process keeps for each set.
//!
//! The copy is made with the backup API, which every version of the driver has in the same form; `serialize` would copy as many bytes.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::{failed, key};
use crate::driver::sqlite_error;
use crate::error::{Error, ErrorKind};
use crate::migrations::Migrations;

/// A database in memory with `migrations` applied, as [`Migrations::run`] leaves it.
///
/// The first call for a set runs the migrations, the others copy what it has left: microseconds. Nothing is shared between two
/// databases. Settings of the connection are the defaults of the driver, whatever a migration has set.
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// use migrate_runtime::{embed_migrations, testing};
///
/// let migrations = embed_migrations!("doc-migrations");
/// let (one, other) = (testing::sqlite(&migrations)?, testing::sqlite(&migrations)?);
/// one.execute_batch("INSERT INTO users (name) VALUES ('Ada')")?;
/// other.execute_batch("INSERT INTO users (name) VALUES ('Ada')")?;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`Migrations::run`].
pub fn sqlite(migrations: &Migrations) -> Result<Connection, Error> {
    let db = Connection::open_in_memory().map_err(unopened)?;
    copy(migrations, db)
}

/// [`sqlite`] in a new file.
///
/// ```
/// # #[cfg(feature = "rusqlite-bundled")] {
/// # let path = std::env::temp_dir().join(format!("migrate-doc-{}.db", std::process::id()));
/// use migrate_runtime::{embed_migrations, testing};
///
/// let db = testing::sqlite_file(&embed_migrations!("doc-migrations"), &path)?;
/// db.execute_batch("INSERT INTO users (name) VALUES ('Ada')")?;
/// # drop(db);
/// # std::fs::remove_file(path)?;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`Migrations::run`], and when there is a file at `path` already: it would be lost.
pub fn sqlite_file(migrations: &Migrations, path: impl AsRef<Path>) -> Result<Connection, Error> {
    let path = path.as_ref();
    // Fails for a file that is there; SQLite takes an empty one for a new database.
    OpenOptions::new().write(true).create_new(true).open(path).map_err(|error| {
        let message = format!("`{}` cannot be made: {error}", path.display());
        failed(message, "name a file that is not there yet, in a folder that is")
    })?;
    copy(migrations, Connection::open(path).map_err(unopened)?)
}

/// A migrated database that is copied, and never handed out.
type Image = Arc<Mutex<Option<Connection>>>;

fn copy(migrations: &Migrations, mut db: Connection) -> Result<Connection, Error> {
    static IMAGES: LazyLock<Mutex<HashMap<Vec<u8>, Image>>> = LazyLock::new(Mutex::default);
    // A panic of another test, in a function that SQLite calls, leaves no half of anything: an image is kept when it is whole.
    let image = {
        let mut images = IMAGES.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(images.entry(key::of(migrations.set())).or_default())
    };
    let mut image = image.lock().unwrap_or_else(PoisonError::into_inner);
    let migrated = match &mut *image {
        Some(migrated) => migrated,
        none => {
            let mut fresh = Connection::open_in_memory().map_err(unopened)?;
            migrations.run(&mut fresh)?;
            none.insert(fresh)
        }
    };
    let copied = Backup::new(migrated, &mut db).and_then(|backup| backup.step(-1)).map_err(unopened)?;
    match copied {
        StepResult::Done => Ok(db),
        _ => Err(failed("the copy of a migrated database is not whole", "run the test again")),
    }
}

pub(super) fn unopened(error: rusqlite::Error) -> Error {
    let error = sqlite_error(error, 0);
    Error::new(ErrorKind::Database, format!("a database for the test cannot be made: {error}"))
        .with_help("look at what SQLite says")
        .with_driver(error)
}
