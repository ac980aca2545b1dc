//! The account that a Postgres server runs under. Postgres refuses to run as root, so that root has to hand the server to someone with
//! less rights.

use std::io;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::error::Error;
use crate::testing::failed;

/// Accounts to run a server under when the tests run as root, best first.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// Who runs a server: the user of the tests, or someone else if that is root.
#[derive(Clone, Copy, Debug)]
pub(super) struct Account {
    /// User and group to change to; nothing when no change is needed.
    change_to: Option<(u32, u32)>,
}

impl Account {
    /// The account for servers that this process starts.
    pub(super) fn for_servers() -> Result<Account, Error> {
        if id(&["-u"]) != Some(0) {
            return Ok(Account { change_to: None });
        }
        match UNPRIVILEGED.iter().find_map(|name| Some((id(&["-u", name])?, id(&["-g", name])?))) {
            None => {
                let message =
                    "Postgres refuses to run as root, and there is neither an account `postgres` nor `nobody`";
                Err(failed(message, "run the tests as another user, or make one of the accounts"))
            }
            found => Ok(Account { change_to: found }),
        }
    }

    /// Lets `command` run under this account.
    pub(super) fn apply(self, command: &mut Command) -> &mut Command {
        match self.change_to {
            Some((user, group)) => command.uid(user).gid(group),
            None => command,
        }
    }

    /// Makes this account the owner of the file or folder at `path`.
    pub(super) fn give(self, path: &Path) -> io::Result<()> {
        match self.change_to {
            Some((user, group)) => chown(path, Some(user), Some(group)),
            None => Ok(()),
        }
    }
}

fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).output().ok()?;
    if !output.status.success() {
        return None;
    }
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
