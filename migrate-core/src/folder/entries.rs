//! What is in a folder: which entry is a script of which version, without a look into the files.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::{Dialect, Direction, FileName, FileNameError, Problem, Version, filename};

/// A file that is a script, by its name.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) version: Version,
    pub(super) name: String,
    pub(super) dialect: Option<Dialect>,
    pub(super) direction: Direction,
    /// The file as messages name it.
    pub(super) shown: String,
    pub(super) path: PathBuf,
    /// What Diesel keeps beside the script, where there is such a file.
    pub(super) metadata: Option<PathBuf>,
    /// Whether the version stands in the name of the folder around the file.
    in_own_folder: bool,
}

impl Entry {
    /// What tells the migration apart in its folder: `0001_users.sql`, or `0001_users/up.sql`.
    pub(super) fn file_name(&self) -> &str {
        let parts = if self.in_own_folder { 2 } else { 1 };
        let start = self.shown.rmatch_indices('/').nth(parts - 1).map_or(0, |(slash, _)| slash + 1);
        &self.shown[start..]
    }

    /// The name that the script up of this script down would have.
    pub(super) fn counterpart(&self) -> String {
        match self.file_name() {
            name if self.in_own_folder => name.replace("down.sql", "up.sql"),
            name => name.replace(".down.sql", ".up.sql"),
        }
    }
}

/// Lists the scripts in `root`, sorted by version, dialect, direction and file; what does not fit goes to `problems`.
pub(super) fn list(root: &Path, shown: &str, ignore: &[String], problems: &mut Vec<Problem>) -> Vec<Entry> {
    let mut lister = Lister { real_root: root.canonicalize().ok(), ignore, problems, entries: Vec::new() };
    lister.list(root, shown);
    let mut entries = lister.entries;
    entries.sort_by(|a, b| {
        let key = |entry: &Entry| (entry.dialect, entry.direction);
        a.version.cmp(&b.version).then_with(|| key(a).cmp(&key(b))).then_with(|| a.shown.cmp(&b.shown))
    });
    entries
}

struct Lister<'a> {
    real_root: Option<PathBuf>,
    ignore: &'a [String],
    problems: &'a mut Vec<Problem>,
    entries: Vec<Entry>,
}

/// An entry of a folder, before anything is known of it.
struct Found {
    file_name: String,
    shown: String,
    path: PathBuf,
    is_folder: bool,
}

impl Lister<'_> {
    fn list(&mut self, root: &Path, shown: &str) {
        for found in self.found_in(root, shown, "").0 {
            if found.is_folder {
                self.list_migration(&found);
                continue;
            }
            match FileName::of_file(&found.file_name) {
                Ok(FileName { version, name, dialect, direction }) => self.entries.push(Entry {
                    version,
                    name,
                    dialect,
                    direction: direction.unwrap_or(Direction::Up),
                    shown: found.shown,
                    path: found.path,
                    metadata: None,
                    in_own_folder: false,
                }),
                Err(error) => self.problems.push(misnamed(&found, &error)),
            }
        }
    }

    /// A folder of one migration: `up.sql` and perhaps `down.sql`, or `migration.sql`.
    fn list_migration(&mut self, folder: &Found) {
        let of_folder = match FileName::of_folder(&folder.file_name) {
            Ok(of_folder) => of_folder,
            Err(error) => {
                self.problems.push(misnamed(folder, &error));
                return;
            }
        };
        let (found, is_left_out) = self.found_in(&folder.path, &folder.shown, &folder.file_name);
        if found.is_empty() && !is_left_out {
            self.problems.push(
                Problem::new(
                    format!("the folder `{}` holds no script", folder.file_name),
                    "add `up.sql` to it, or remove the folder",
                )
                .in_file(&folder.shown),
            );
        }
        let metadata = Some(folder.path.join(super::metadata::FILE_NAME)).filter(|file| file.is_file());
        for file in found {
            let direction = match file.file_name.as_str() {
                "up.sql" | "migration.sql" if !file.is_folder => Direction::Up,
                "down.sql" if !file.is_folder => Direction::Down,
                _ => {
                    self.problems.push(
                        Problem::new(
                            format!("`{}/{}` does not belong in the folder of a migration", folder.file_name, file.file_name),
                            "such a folder holds `up.sql` and `down.sql`, or `migration.sql`; move the rest, or name it in `ignore = [\"…\"]`",
                        )
                        .in_file(file.shown),
                    );
                    continue;
                }
            };
            self.entries.push(Entry {
                version: of_folder.version.clone(),
                name: of_folder.name.clone(),
                dialect: of_folder.dialect,
                direction,
                shown: file.shown,
                path: file.path,
                metadata: metadata.clone(),
                in_own_folder: true,
            });
        }
    }

    /// The entries of a folder that are not ignored, sorted by name, and whether a pattern left something out.
    /// `inside` is the folder's name, for patterns.
    fn found_in(&mut self, folder: &Path, shown: &str, inside: &str) -> (Vec<Found>, bool) {
        let entries = match fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>) {
            Ok(entries) => entries,
            Err(error) => {
                self.problems.push(unreadable(shown, &error));
                return (Vec::new(), true);
            }
        };
        let mut names: Vec<_> = entries.into_iter().map(|entry| entry.file_name()).collect();
        names.sort();
        let all = names.len();
        names.retain(|name| !name.to_str().is_some_and(|name| self.is_left_out(inside, name)));
        let is_left_out = names.len() < all;
        names.retain(|name| !name.to_str().is_some_and(filename::is_ignored_by_rule));
        (names.into_iter().filter_map(|name| self.found(folder, shown, &name)).collect(), is_left_out)
    }

    /// Whether a pattern of the user's fits the name, or the name behind that of its folder.
    fn is_left_out(&self, inside: &str, name: &str) -> bool {
        let in_root = format!("{inside}/{name}");
        self.ignore.iter().any(|pattern| matches(pattern, name) || matches(pattern, &in_root))
    }

    fn found(&mut self, folder: &Path, shown: &str, name: &OsStr) -> Option<Found> {
        let path = folder.join(name);
        let Some(file_name) = name.to_str() else {
            let shown = format!("{shown}/{}", name.to_string_lossy());
            self.problems.push(Problem::new("the name of the file is not UTF-8", "rename the file").in_file(shown));
            return None;
        };
        let shown = format!("{shown}/{file_name}");
        match self.is_folder(&path) {
            Ok(is_folder) => Some(Found { file_name: file_name.to_owned(), shown, path, is_folder }),
            Err(problem) => {
                self.problems
                    .push(problem.map_or_else(|error| unreadable(&shown, &error), |outside| outside.in_file(&shown)));
                None
            }
        }
    }

    /// Whether the path is a folder, after links; a link out of the folder that is read is a problem.
    fn is_folder(&self, path: &Path) -> Result<bool, Result<Problem, io::Error>> {
        let mut metadata = path.symlink_metadata().map_err(Err)?;
        if metadata.is_symlink() {
            let refused = |message, help| Err(Ok(Problem::new(message, help)));
            let Ok(target) = path.canonicalize() else {
                return refused(
                    "the symbolic link leads nowhere",
                    "put the file itself into the folder, or remove the link",
                );
            };
            if !self.real_root.as_ref().is_some_and(|root| target.starts_with(root)) {
                return refused(
                    "the symbolic link leads out of the folder",
                    "put the file itself into the folder: what is embedded must be under version control with the package",
                );
            }
            metadata = target.metadata().map_err(Err)?;
        }
        if metadata.is_dir() || metadata.is_file() {
            return Ok(metadata.is_dir());
        }
        // To read a pipe would be to wait for someone who writes into it.
        let help = "move it elsewhere, or name it in `ignore = [\"…\"]`";
        Err(Ok(Problem::new("neither a file nor a folder", help)))
    }
}

fn misnamed(found: &Found, error: &FileNameError) -> Problem {
    let slash = if found.is_folder { "/" } else { "" };
    let help = match error {
        FileNameError::NoVersion | FileNameError::NoSeparator | FileNameError::NoName if found.is_folder => {
            "the folder of a migration is `<version>_<name>`, for example `0001_create_users`; rename it, move it elsewhere, or name it in `ignore = [\"…\"]`".to_owned()
        }
        _ => error.help(),
    };
    Problem::new(format!("`{}{slash}` {error}", found.file_name), help).in_file(&found.shown)
}

pub(super) fn unreadable(shown: &str, error: &io::Error) -> Problem {
    // The kind rather than the error: it reads the same on every operating system.
    Problem::new(
        format!("cannot be read: {}", error.kind()),
        "check that it exists and that its permissions allow reading",
    )
    .in_file(shown)
}

/// Whether a name fits a pattern, in which `*` stands for any text and `?` for any character.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at_pattern, mut at_name) = (0, 0);
    // The last `*` seen, and where the text that it stands for ends at present.
    let mut star: Option<(usize, usize)> = None;
    while at_name < name.len() {
        match (pattern.get(at_pattern), star) {
            (Some('*'), _) => {
                star = Some((at_pattern, at_name));
                at_pattern += 1;
            }
            (Some(next), _) if *next == '?' || *next == name[at_name] => {
                at_pattern += 1;
                at_name += 1;
            }
            (_, Some((star_pattern, star_name))) => {
                star = Some((star_pattern, star_name + 1));
                at_pattern = star_pattern + 1;
                at_name = star_name + 1;
            }
            (_, None) => return false,
        }
    }
    pattern[at_pattern..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns() {
        let cases = [
            ("data_*.sql", "data_users.sql", true),
            ("data_*.sql", "data_.sql", true),
            ("data_*.sql", "0001_data_users.sql", false),
            ("*", "", true),
            ("", "", true),
            ("", "x", false),
            ("?.md", "a.md", true),
            ("?.md", "ä.md", true),
            ("?.md", "ab.md", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b", "abab", true),
            ("*a*b", "aba", false),
            ("0001_x/notes.txt", "0001_x/notes.txt", true),
            ("a**", "a", true),
        ];
        for (pattern, name, expect) in cases {
            assert_eq!(matches(pattern, name), expect, "{pattern} {name}");
        }
    }
}
