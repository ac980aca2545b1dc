//! SQLite: the sign of a runner outside of a transaction, a file beside the database that it holds a lock of the operating system on.
//!
//! Invariant: whoever may use the database can tell whether the runner of a sign lives.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use migrate_core::fnv1a;

/// Makes the sign of a runner, and locks it.
pub(super) fn make(database: &Path, sign: &Path) -> io::Result<File> {
    let file = File::create_new(sign)?;
    open_to_users_of(database, &file);
    file.lock()?;
    Ok(file)
}

/// Whether some process holds the lock on the file. What a dead one has left is removed.
///
/// # Errors
/// It cannot be told: the file may be one that only another account can open.
pub(super) fn is_locked(path: &Path) -> io::Result<bool> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    match file.try_lock() {
        Ok(()) => {
            // It never holds anything; what does is somebody else's.
            if file.metadata().is_ok_and(|about| about.len() == 0) {
                let _ = fs::remove_file(path);
            }
            Ok(false)
        }
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Whoever may use the database may look at the sign of a dead one, whatever account and umask that had: it gets the mode and, from an
/// account that may give files away, the owner of the database, as a journal of SQLite does. When this fails, others are told.
#[cfg(unix)]
fn open_to_users_of(database: &Path, sign: &File) {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};

    let Ok(of) = fs::metadata(database) else { return };
    let _ = sign.set_permissions(fs::Permissions::from_mode(of.mode() & 0o777));
    // Whoever may not give files away may still give them to a group.
    let _ = fchown(sign, None, Some(of.gid()));
    let _ = fchown(sign, Some(of.uid()), None);
}

#[cfg(not(unix))]
fn open_to_users_of(_: &Path, _: &File) {}

/// Where the sign of a runner is. A name that would be too long for a file system has a hash in place of that of the database, the same for
/// every process.
pub(super) fn path_of(database: &Path, token: &str) -> PathBuf {
    /// What most file systems take, without what stands behind the name: `-migrating-` and the longest token.
    const MOST_BYTES: usize = 255 - 55;
    let name = database.file_name().unwrap_or_default();
    let mut sign = match name.len() {
        ..=MOST_BYTES => name.to_owned(),
        _ => format!("{:016x}", fnv1a(name.as_encoded_bytes())).into(),
    };
    sign.push(format!("-migrating-{token}"));
    database.with_file_name(sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_fit_into_a_folder() {
        let token = format!("{}-{:x}-{:x}", u32::MAX, u64::MAX, u64::MAX);
        let sign = |name: &str| path_of(&Path::new("/folder").join(name), &token);
        assert_eq!(sign("app.db"), Path::new(&format!("/folder/app.db-migrating-{token}")));
        assert_eq!(sign(&"n".repeat(201)), Path::new(&format!("/folder/bb093304263dfe91-migrating-{token}")));
        assert_ne!(sign(&"n".repeat(201)), sign(&"n".repeat(202)));
        for length in 1..=255 {
            let sign = sign(&"n".repeat(length));
            assert!(sign.file_name().is_some_and(|name| name.len() <= 255), "{length}: {}", sign.display());
        }
    }
}
