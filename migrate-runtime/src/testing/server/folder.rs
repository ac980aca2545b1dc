//! The folder of one server: its data, its log and its socket. The watchdog of
//! the server removes it.

use std::env;
use std::fs::{self, DirBuilder};
use std::hash::{BuildHasher, RandomState};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::account::Account;
use crate::error::Error;
use crate::testing::failed;

/// Where the folder of a new server may come to be, best first. Nothing is there
/// yet, so that the watchdog can be told before there is something to remove.
pub(super) fn candidates() -> Vec<PathBuf> {
    // Each state is made from fresh random keys.
    let random = RandomState::new().hash_one(());
    [env::temp_dir(), PathBuf::from("/tmp")]
        .iter()
        .map(|parent| parent.join(format!("migrate-pg-{random:016x}")))
        .collect()
}

/// Creates the first of `candidates` that `account` can reach, and gives it to that account.
pub(super) fn create(candidates: &[PathBuf], account: Account) -> Result<PathBuf, Error> {
    candidates.iter().find(|folder| is_created(folder, account)).cloned().ok_or_else(|| {
        let message = format!("a Postgres server can use none of the folders {candidates:?}");
        failed(message, "set `TMPDIR` to a folder that every user may enter and write to")
    })
}

fn is_created(folder: &Path, account: Account) -> bool {
    if DirBuilder::new().mode(0o700).create(folder).is_err() {
        return false;
    }
    // The folders above can still be closed to the account.
    let mut enter = Command::new("sh");
    enter.args(["-c", "cd \"$1\" && test -w .", "sh"]).arg(folder).stderr(Stdio::null());
    let is_usable =
        account.give(folder).is_ok() && account.apply(&mut enter).status().is_ok_and(|status| status.success());
    if !is_usable {
        let _ = fs::remove_dir(folder);
    }
    is_usable
}
