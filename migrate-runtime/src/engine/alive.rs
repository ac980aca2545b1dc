//! Whether the runner of a script that runs outside of a transaction still lives. No clock is asked.
//!
//! Postgres knows its backends. On SQLite the runner holds a lock of the operating system on a file of its own beside the database,
//! which no process can leave behind; a database in memory belongs to one process, which knows its runners itself.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use migrate_core::{Dialect, HistoryRow};

use super::read::{Recorded, cell, first_cells};
use super::{Engine, refuse, sign};
use crate::driver::AnySession;
use crate::error::Error;
use crate::quote::literal;

/// A runner's claim, and what shows that the runner lives; given up when dropped.
pub(super) struct Claim {
    /// Made of `0` to `9`, `a` to `f` and `-`.
    pub(super) token: String,
    sign: Sign,
}

enum Sign {
    /// The server knows.
    Backend,
    /// A locked file.
    File(PathBuf, #[allow(dead_code)] File),
    /// An entry in [`RUNNERS`].
    Entry,
}

/// The runners of this process on databases in memory.
static RUNNERS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

impl<S: AnySession + ?Sized> Engine<'_, S> {
    /// A claim that no other runner can have.
    pub(super) async fn new_claim(&mut self) -> Result<Claim, Error> {
        loop {
            let token = new_token();
            if self.sql.dialect != Dialect::Sqlite {
                return Ok(Claim { token, sign: Sign::Backend });
            }
            let Some(database) = self.database_file().await? else {
                runners().insert(token.clone());
                return Ok(Claim { token, sign: Sign::Entry });
            };
            let path = sign::path_of(&database, &token);
            let file = sign::make(&database, &path).map_err(|error| refuse::no_sign(&path, &error))?;
            // Before it was locked, somebody may have taken it for a dead one's.
            if path.exists() {
                return Ok(Claim { token, sign: Sign::File(path, file) });
            }
        }
    }

    /// Removes the files of runners that were killed when nothing in the history named them any more, or yet.
    pub(super) fn remove_signs_of_the_dead(&self, recorded: &Recorded) {
        let Some(sign) = recorded.facts.file().map(|file| sign::path_of(Path::new(file), "")) else { return };
        let (Some(folder), Some(prefix)) = (sign.parent(), sign.file_name()) else { return };
        let is_sign = |path: &PathBuf| {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            name.is_some_and(|name| name.strip_prefix(&*prefix.to_string_lossy()).is_some_and(is_token))
        };
        // It is only about tidiness: what cannot be listed or removed stays.
        let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        entries.filter(is_sign).for_each(|path| _ = sign::is_locked(&path));
    }

    /// Who is at work on a migration outside of a transaction, if that one still lives, or has lived when the row was read: what has
    /// changed since then is not what somebody has left in the middle.
    pub(super) async fn living_holder(&mut self, row: &HistoryRow) -> Result<Option<String>, Error> {
        let holder = self.living_holder_of(row.claim.as_deref()).await?;
        if holder.is_some() {
            return Ok(holder);
        }
        let progress = |row: &HistoryRow| (row.state, row.claim.clone(), row.statements_begun, row.statements_done);
        let is_as_read = self.row_of(&row.version).await?.is_some_and(|now| progress(&now) == progress(row));
        Ok((!is_as_read).then(|| "a process that has ended by now".to_owned()))
    }

    async fn living_holder_of(&mut self, claim: Option<&str>) -> Result<Option<String>, Error> {
        let Some(claim) = claim else { return Ok(None) };
        let mut words = claim.split(' ');
        let token = words.next().unwrap_or_default();
        if self.sql.dialect != Dialect::Sqlite {
            let mut number = || words.next().and_then(|word| word.parse::<u64>().ok());
            let Some(process) = number().and_then(|pid| u32::try_from(pid).ok()) else { return Ok(None) };
            let living = self.sql.living(process, number(), number());
            let rows = self.query_patiently(&living).await?;
            return Ok(first_cells(rows).next());
        }
        // Whoever can write into the table must not choose which file is looked at.
        if !is_token(token) {
            return Ok(None);
        }
        let process = format!("process {}", token.split('-').next().unwrap_or_default());
        let Some(database) = self.database_file().await? else {
            return Ok(runners().contains(token).then_some(process));
        };
        let path = sign::path_of(&database, token);
        Ok(match sign::is_locked(&path) {
            Ok(lives) => lives.then_some(process),
            // Better to wait in vain than to run twice.
            Err(error) => Some(format!(
                "{process}, if it still lives: `{}` would show that, and cannot be opened and locked: {error}; let this account read it, or \
                 remove it when that process has ended",
                path.display()
            )),
        })
    }

    /// The database of the history; none for one in memory.
    async fn database_file(&mut self) -> Result<Option<PathBuf>, Error> {
        let schema = literal(self.sql.table_name().schema.as_deref().unwrap_or("main"), Dialect::Sqlite);
        let file = format!("SELECT file, hex(file) FROM pragma_database_list WHERE name = {schema} COLLATE NOCASE");
        let rows = self.query_patiently(&file).await?;
        let Some(row) = rows.first().filter(|row| !cell(row, 0).is_empty()) else { return Ok(None) };
        // Text of SQLite is Unicode; a path need not be. A wrong one would be that of nobody's sign.
        let path = match cell(row, 0) {
            text if text.contains(char::REPLACEMENT_CHARACTER) && !Path::new(text).exists() => {
                path_of_bytes(cell(row, 1)).filter(|path| path.exists())
            }
            text => Some(PathBuf::from(text)),
        };
        path.map(Some).ok_or_else(|| refuse::path_not_unicode(cell(row, 0)))
    }
}

/// The path whose bytes these are, in hexadecimal digits.
#[cfg(unix)]
fn path_of_bytes(digits: &str) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt;

    let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(byte).collect();
    bytes.map(|bytes| PathBuf::from(std::ffi::OsString::from_vec(bytes)))
}

#[cfg(not(unix))]
fn path_of_bytes(_: &str) -> Option<PathBuf> {
    None
}

impl Drop for Claim {
    fn drop(&mut self) {
        match &self.sign {
            Sign::Backend => {}
            // Its name is never used again, so nobody can be waiting for it.
            Sign::File(path, _) => _ = fs::remove_file(path),
            Sign::Entry => _ = runners().remove(&self.token),
        }
    }
}

fn runners() -> std::sync::MutexGuard<'static, BTreeSet<String>> {
    RUNNERS.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Whether a text is one of [`new_token`], and no word or date that somebody has put behind the name of a copy.
fn is_token(text: &str) -> bool {
    let is_hex = |part: &str| !part.is_empty() && part.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
    match text.split('-').collect::<Vec<_>>()[..] {
        // The time has had as many digits since 2006, and will until 2554.
        [process, time, number] => process.parse::<u32>().is_ok() && time.len() == 16 && is_hex(time) && is_hex(number),
        _ => false,
    }
}

/// The process, the time and a number: unique without being guessed from by anybody.
fn new_token() -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    format!("{}-{now:x}-{:x}", process::id(), COUNTER.fetch_add(1, Ordering::Relaxed))
}
