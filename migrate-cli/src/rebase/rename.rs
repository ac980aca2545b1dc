//! Renames that all happen, or none, and that never overwrite anything.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use migrate_core::Problem;

use crate::answer::{Failure, refuse_if_any};
use crate::directory::Directory;

/// What was renamed, the last one last.
#[derive(Debug)]
pub(super) struct Renamed(Vec<(PathBuf, PathBuf)>);

/// Renames entries of a folder, from old to new names. Versions only ever grow, so the last goes first and makes room.
pub(super) fn all(directory: &Directory, moves: &[(String, String)]) -> Result<Renamed, Failure> {
    let sources: BTreeSet<&str> = moves.iter().map(|(old, _)| &**old).collect();
    let is_taken = |new: &str| !sources.contains(new) && is_there(&directory.root.join(new));
    let taken = moves.iter().filter(|(_, new)| is_taken(new)).map(|(old, new)| {
        let message =
            format!("`{}` cannot be renamed to `{}`, which is there", directory.shown(old), directory.shown(new));
        Problem::new(message, "move it out of the way, then call `migrate rebase` again")
    });
    refuse_if_any(taken.collect())?;
    let paths = moves.iter().rev().map(|(old, new)| (directory.root.join(old), directory.root.join(new)));
    each(paths, |old, new| fs::rename(old, new))
        .map_err(|(path, error)| Failure::io(format!("rename `{}`", path.display()), &error))
}

fn each(
    paths: impl Iterator<Item = (PathBuf, PathBuf)>,
    rename: impl Fn(&Path, &Path) -> io::Result<()>,
) -> Result<Renamed, (PathBuf, io::Error)> {
    let mut renamed = Renamed(Vec::new());
    for (old, new) in paths {
        let result = match is_there(&new) {
            true => Err(io::Error::from(io::ErrorKind::AlreadyExists)),
            false => rename(&old, &new),
        };
        match result {
            Ok(()) => renamed.0.push((old, new)),
            Err(error) => {
                renamed.undo();
                return Err((old, error));
            }
        }
    }
    Ok(renamed)
}

impl Renamed {
    /// Gives everything its name back.
    pub(super) fn undo(&self) {
        for (old, new) in self.0.iter().rev() {
            // The failure that brought us here is the one to tell.
            let _ = fs::rename(new, old);
        }
    }
}

fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| {
                let path = entry.unwrap().path();
                format!("{}:{}", path.file_name().unwrap().to_str().unwrap(), fs::read_to_string(&path).unwrap())
            })
            .collect();
        names.sort();
        names
    }

    /// For every N, the Nth rename fails.
    #[test]
    fn a_failure_in_the_middle_takes_everything_back() {
        for fails_at in 0..=3 {
            let folder = tempfile::tempdir().unwrap();
            ["1", "2", "3"].iter().for_each(|name| fs::write(folder.path().join(name), name).unwrap());
            let paths = [("3", "4"), ("2", "3"), ("1", "2")]
                .map(|(old, new)| (folder.path().join(old), folder.path().join(new)));
            let count = Cell::new(0);
            let result = each(paths.into_iter(), |old, new| {
                count.set(count.get() + 1);
                if count.get() > fails_at { Err(io::ErrorKind::Other.into()) } else { fs::rename(old, new) }
            });
            assert_eq!(result.is_ok(), fails_at == 3);
            let expect = if fails_at == 3 { ["2:1", "3:2", "4:3"] } else { ["1:1", "2:2", "3:3"] };
            assert_eq!(names(folder.path()), expect, "{fails_at}");
        }
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        ["1", "2", "4"].iter().for_each(|name| fs::write(folder.path().join(name), name).unwrap());
        let paths = [("2", "3"), ("1", "4")].map(|(old, new)| (folder.path().join(old), folder.path().join(new)));
        let (path, error) = each(paths.into_iter(), |old, new| fs::rename(old, new)).unwrap_err();
        assert_eq!((path.ends_with("1"), error.kind()), (true, io::ErrorKind::AlreadyExists));
        assert_eq!(names(folder.path()), ["1:1", "2:2", "4:4"]);
    }
}
