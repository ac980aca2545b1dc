//! SQLite databases that are migrated already: copies of one that this process keeps for each set.
//!
//! The copy is made with the backup API, which every version of the driver has in the same form; `serialize` would copy as many bytes.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::{With, failed};
use crate::driver::sqlite_error;
use crate::error::{Error, ErrorKind};

/// A database in memory that is migrated with a set, or a migrator, as [`Migrator::run`](crate::Migrator::run) leaves it.
///
/// The first call for a set runs the migrations, the others copy what it has left: microseconds. Nothing is shared between two
/// databases, but for files that a script attaches. Of steps in Rust, name and revision count, not what their functions do. Settings of the connection are the defaults of the driver, whatever a migration has set.
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
/// As [`Migrator::run`](crate::Migrator::run).
pub fn sqlite<'a>(with: impl Into<With<'a>>) -> Result<Connection, Error> {
    let mut db = Connection::open_in_memory().map_err(unopened)?;
    copy(&image(&with.into())?, &mut db)?;
    Ok(db)
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
/// As [`Migrator::run`](crate::Migrator::run), and when there is a file at `path` already: it would be lost.
pub fn sqlite_file<'a>(with: impl Into<With<'a>>, path: impl AsRef<Path>) -> Result<Connection, Error> {
    let (path, image) = (path.as_ref(), image(&with.into())?);
    // Fails for a file that is there; SQLite takes an empty one for a new database.
    OpenOptions::new().write(true).create_new(true).open(path).map_err(|error| {
        let message = format!("`{}` cannot be made: {error}", path.display());
        failed(message, "name a file that is not there yet, in a folder that is")
    })?;
    let mut db = Connection::open(path).map_err(unopened)?;
    copy(&image, &mut db)?;
    Ok(db)
}

/// A migrated database that is copied, and never handed out.
type Image = Arc<Mutex<Option<Connection>>>;

/// The image that databases with the same migrations are copied from; it is made unless it is there.
fn image(with: &With<'_>) -> Result<Image, Error> {
    static IMAGES: LazyLock<Mutex<HashMap<Vec<u8>, Image>>> = LazyLock::new(Mutex::default);
    // A panic of another test, in a function that SQLite calls, leaves no half of anything: an image is kept when it is whole.
    let image = {
        let mut images = IMAGES.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(images.entry(with.key()).or_default())
    };
    let mut migrated = image.lock().unwrap_or_else(PoisonError::into_inner);
    if migrated.is_none() {
        let mut fresh = Connection::open_in_memory().map_err(unopened)?;
        with.migrator().run(&mut fresh)?;
        *migrated = Some(fresh);
    }
    drop(migrated);
    Ok(image)
}

fn copy(image: &Image, db: &mut Connection) -> Result<(), Error> {
    let image = image.lock().unwrap_or_else(PoisonError::into_inner);
    let copied = image.as_ref().map(|migrated| Backup::new(migrated, db).and_then(|backup| backup.step(-1)));
    match copied.transpose().map_err(unopened)? {
        Some(StepResult::Done) => Ok(()),
        _ => Err(failed("the copy of a migrated database is not whole", "run the test again")),
    }
}

pub(super) fn unopened(error: rusqlite::Error) -> Error {
    let error = sqlite_error(error, 0);
    Error::new(ErrorKind::Database, format!("a database for the test cannot be made: {error}"))
        .with_help("look at what SQLite says")
        .with_driver(error)
}
