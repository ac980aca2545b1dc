//! What is in a folder: which entry is a script of which version, without a look into the files.

use std::ffi::OsStr;
use std::io;

use super::source::{Kind, Source};
use crate::{Dialect, Direction, FileName, FileNameError, Problem, Version, filename};

/// What Diesel keeps beside the scripts of a migration, in its folder.
pub(super) const METADATA: &str = "metadata.toml";

/// A file that is a script, by its name.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/memory.rs")); }
/// # use example::*;
/// use migrate_core::{Direction, folder::entries};
///
/// let files = Files(&[("0007_users.down.sql", "")]);
/// let entry = &entries(&files, "migrations", &[]).0[0];
/// assert_eq!((entry.version.digits(), &*entry.name, entry.direction), ("7", "users", Direction::Down));
/// assert_eq!((&*entry.path, &*entry.shown), ("0007_users.down.sql", "migrations/0007_users.down.sql"));
/// ```
#[derive(Clone, Debug)]
pub struct Entry {
    /// The version of its migration.
    pub version: Version,
    /// The name of its migration.
    pub name: String,
    /// The only dialect that it is for; `None` for every dialect.
    pub dialect: Option<Dialect>,
    /// Whether it goes up or down.
    pub direction: Direction,
    /// The file as messages name it.
    pub shown: String,
    /// The file in its source.
    pub path: String,
    /// What Diesel keeps beside the script, where there is such a file, in its source.
    pub metadata: Option<String>,
}

impl Entry {
    /// What tells the migration apart in its folder: `0001_users.sql`, or `0001_users/up.sql`.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/memory.rs")); }
    /// # use example::*;
    /// use migrate_core::folder::entries;
    ///
    /// let files = Files(&[("0007_users.sql", "")]);
    /// assert_eq!(entries(&files, "migrations", &[]).0[0].file_name(), "0007_users.sql");
    /// ```
    pub fn file_name(&self) -> &str {
        filename::within_folder(&self.shown)
    }

    /// The name that the script up of this script down would have.
    pub(super) fn counterpart(&self) -> String {
        let name = self.file_name();
        format!("{}up.sql", name.strip_suffix("down.sql").unwrap_or(name))
    }
}

/// The scripts in a folder, sorted by version, dialect, direction and file, and what does not fit.
pub(super) fn list(source: &dyn Source, shown: &str, ignore: &[String]) -> (Vec<Entry>, Vec<Problem>) {
    let mut lister = Lister { source, ignore, problems: Vec::new(), entries: Vec::new() };
    lister.list(shown);
    let Lister { mut entries, problems, .. } = lister;
    entries.sort_by(|a, b| {
        let key = |entry: &Entry| (entry.dialect, entry.direction);
        a.version.cmp(&b.version).then_with(|| key(a).cmp(&key(b))).then_with(|| a.shown.cmp(&b.shown))
    });
    (entries, problems)
}

struct Lister<'a> {
    source: &'a dyn Source,
    ignore: &'a [String],
    problems: Vec<Problem>,
    entries: Vec<Entry>,
}

/// An entry of a folder, before anything is known of it.
struct Found {
    file_name: String,
    shown: String,
    path: String,
    is_folder: bool,
}

impl Lister<'_> {
    fn list(&mut self, shown: &str) {
        for found in self.found_in("", shown).0 {
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
        let (found, is_left_out) = self.found_in(&folder.path, &folder.shown);
        if found.is_empty() && !is_left_out {
            self.problems.push(
                Problem::new(
                    format!("the folder `{}` holds no script", folder.file_name),
                    "add `up.sql` to it, or remove the folder",
                )
                .in_file(&folder.shown),
            );
        }
        let metadata = Some(format!("{}/{}", folder.path, METADATA));
        let metadata = metadata.filter(|file| matches!(self.source.kind(file), Ok(Kind::File)));
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
            });
        }
    }

    /// The entries of a folder that are not ignored, sorted by name, and whether a pattern left something out.
    fn found_in(&mut self, folder: &str, shown: &str) -> (Vec<Found>, bool) {
        let mut names = match self.source.names(folder) {
            Ok(names) => names,
            Err(error) => {
                self.problems.push(unreadable(shown, &error));
                return (Vec::new(), true);
            }
        };
        names.sort();
        let all = names.len();
        names.retain(|name| !name.to_str().is_some_and(|name| self.is_left_out(folder, name)));
        let is_left_out = names.len() < all;
        names.retain(|name| !name.to_str().is_some_and(filename::is_ignored_by_rule));
        (names.into_iter().filter_map(|name| self.found(folder, shown, &name)).collect(), is_left_out)
    }

    /// Whether a pattern of the user's fits the name, or the name behind that of its folder.
    fn is_left_out(&self, folder: &str, name: &str) -> bool {
        let in_root = format!("{folder}/{name}");
        self.ignore.iter().any(|pattern| matches(pattern, name) || matches(pattern, &in_root))
    }

    fn found(&mut self, folder: &str, shown: &str, name: &OsStr) -> Option<Found> {
        let Some(file_name) = name.to_str() else {
            let shown = below(shown, &name.to_string_lossy());
            self.problems.push(Problem::new("the name of the file is not UTF-8", "rename the file").in_file(shown));
            return None;
        };
        let (path, shown) = (below(folder, file_name), below(shown, file_name));
        let problem = match self.source.kind(&path) {
            Ok(Kind::File) => return Some(Found { file_name: file_name.to_owned(), shown, path, is_folder: false }),
            Ok(Kind::Folder) => return Some(Found { file_name: file_name.to_owned(), shown, path, is_folder: true }),
            Ok(Kind::LinkToNothing) => Problem::new(
                "the symbolic link leads nowhere",
                "put the file itself into the folder, or remove the link",
            ),
            Ok(Kind::LinkOutside) => Problem::new(
                "the symbolic link leads out of the folder",
                "put the file itself into the folder: what is embedded must be under version control with the package",
            ),
            Ok(Kind::Other) => {
                Problem::new("neither a file nor a folder", "move it elsewhere, or name it in `ignore = [\"…\"]`")
            }
            Err(error) => unreadable(&shown, &error),
        };
        self.problems.push(problem.in_file(shown));
        None
    }
}

/// The path of an entry, by the path of its folder; that of the folder that is read may be empty.
fn below(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
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
            (_, Some((star_pattern, star_name))) => (at_pattern, at_name) = (star_pattern, star_name + 1),
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
