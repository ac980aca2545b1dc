//! The account that a Postgres server runs under. Postgres refuses to run as
//! root, so that root has to hand the server to someone with less rights.

use std::io;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// Accounts to run a server under when the tests run as root, best first.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// Who runs a server: the user of the tests, or someone else if that is root.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    /// User and group to change to; nothing when no change is needed.
    change_to: Option<(u32, u32)>,
}

impl Account {
    /// The account for servers that this process starts.
    pub(crate) fn for_servers() -> Self {
        if id(&["-u"]) != Some(0) {
            return Self { change_to: None };
        }
        let found = UNPRIVILEGED.iter().find_map(|name| Some((id(&["-u", name])?, id(&["-g", name])?)));
        assert!(found.is_some(), "Postgres refuses to run as root, and there is none of the accounts {UNPRIVILEGED:?}");
        Self { change_to: found }
    }

    /// Lets `command` run under this account.
    pub(crate) fn apply(self, command: &mut Command) -> &mut Command {
        match self.change_to {
            Some((user, group)) => command.uid(user).gid(group),
            None => command,
        }
    }

    /// Makes this account the owner of the file or folder at `path`.
    pub(crate) fn give(self, path: &Path) -> io::Result<()> {
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
