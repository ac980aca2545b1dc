//! How a folder spells its migrations, and how a new one is spelled beside them. Knows names only, never the file system.

use migrate_core::folder::Entry;
use migrate_core::{Dialect, Direction, FileName, Problem};

use crate::numbering::Spelled;

/// How the newest migration of a folder is spelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// `V`, or nothing.
    prefix: &'static str,
    /// The version, as its name spells it; `None` in an empty folder.
    pub(crate) spelling: Option<String>,
    /// `_`, `__` or `-`.
    separator: &'static str,
    shape: Shape,
    has_down: bool,
}

/// Which files a migration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// `x.sql`, perhaps with `x.down.sql`.
    File,
    /// `x.up.sql`, perhaps with `x.down.sql`.
    UpFile,
    /// `x/up.sql`, perhaps with `x/down.sql`.
    Folder,
    /// `x/migration.sql`, perhaps with `x/down.sql`.
    FolderOfPrisma,
}

/// What a new migration shall be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) name: &'a str,
    pub(crate) reversible: bool,
    /// A script for each; none for one script that every dialect runs.
    pub(crate) dialects: &'a [Dialect],
}

/// A file to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewFile {
    /// Its path in the folder, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Layout {
    /// The layout of the last of sorted entries; that of a first migration when there is none.
    pub(crate) fn of_newest(entries: &[Entry]) -> Layout {
        let of_newest =
            entries.iter().rev().take_while(|entry| Some(&entry.version) == entries.last().map(|last| &last.version));
        let has_down = of_newest.clone().any(|entry| entry.direction == Direction::Down);
        let up = of_newest.filter(|entry| entry.direction == Direction::Up).last();
        let Some(entry) = up.or(entries.last()) else {
            return Layout { prefix: "", spelling: None, separator: "_", shape: Shape::File, has_down: false };
        };
        let Split { prefix, spelling, rest } = Split::of(entry);
        let shape = match entry.path.split_once('/') {
            Some((_, "migration.sql")) => Shape::FolderOfPrisma,
            Some(_) => Shape::Folder,
            None if entry.path.ends_with(".up.sql") => Shape::UpFile,
            None => Shape::File,
        };
        let separator = ["__", "_", "-"].into_iter().find(|separator| rest.starts_with(separator)).unwrap_or("_");
        Layout { prefix, spelling: Some(spelling.to_owned()), separator, shape, has_down }
    }

    /// The files of a new migration.
    ///
    /// # Errors
    /// The name would be read as something else, such as the time behind a date, or a dialect.
    pub(crate) fn files(&self, spelled: &Spelled, wanted: &Wanted<'_>) -> Result<Vec<NewFile>, Problem> {
        let dialects: Vec<Option<Dialect>> = match wanted.dialects {
            [] => vec![None],
            dialects => {
                let mut dialects = dialects.to_vec();
                dialects.sort();
                dialects.dedup();
                dialects.into_iter().map(Some).collect()
            }
        };
        let has_down = wanted.reversible || self.has_down;
        let mut files = Vec::new();
        for dialect in dialects {
            let stem = self.stem(spelled, wanted.name, dialect);
            let expect =
                FileName { version: spelled.version.clone(), name: wanted.name.to_owned(), dialect, direction: None };
            if FileName::of_folder(&stem).as_ref() != Ok(&expect) {
                let message = format!("`{stem}` would not be read as the name `{}`", wanted.name);
                let help = "choose a name that begins with a letter, and has no dialect, `.up` or `.down` at its end";
                return Err(Problem::new(message, help));
            }
            let label = format!("{}_{}", spelled.version, wanted.name);
            let up = format!(
                "-- {label}: write it here, in place of this line. A file without a statement does not build.\n"
            );
            files.push(NewFile { path: format!("{stem}{}", self.up(has_down)), text: up });
            if has_down {
                let down = format!(
                    "-- Take {label} back here, in place of this line. A file without a statement counts as none.\n"
                );
                files.push(NewFile { path: format!("{stem}{}", self.down()), text: down });
            }
        }
        Ok(files)
    }

    fn stem(&self, spelled: &Spelled, name: &str, dialect: Option<Dialect>) -> String {
        let dialect = dialect.map(|dialect| format!(".{dialect}")).unwrap_or_default();
        [self.prefix, &spelled.text, self.separator, name, &dialect].concat()
    }

    fn up(&self, has_down: bool) -> &'static str {
        match self.shape {
            // A folder in which `x.sql` goes with `x.down.sql` stays as it is.
            Shape::File if self.has_down || !has_down => ".sql",
            Shape::File | Shape::UpFile => ".up.sql",
            Shape::Folder => "/up.sql",
            Shape::FolderOfPrisma => "/migration.sql",
        }
    }

    fn down(&self) -> &'static str {
        match self.shape {
            Shape::File | Shape::UpFile => ".down.sql",
            Shape::Folder | Shape::FolderOfPrisma => "/down.sql",
        }
    }
}

/// The name of a file or folder, taken apart around its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Split<'a> {
    /// `V`, or nothing.
    pub(crate) prefix: &'static str,
    /// The version, with the dashes of a date.
    pub(crate) spelling: &'a str,
    /// From the separator on; within the folder of a migration, only its own name.
    pub(crate) rest: &'a str,
}

impl<'a> Split<'a> {
    /// Takes the name of the file, or of the folder around it, apart.
    pub(crate) fn of(entry: &'a Entry) -> Split<'a> {
        let top = entry.path.split('/').next().unwrap_or_default();
        let (prefix, numbered) = match top.strip_prefix('V') {
            Some(numbered) => ("V", numbered),
            None => ("", top),
        };
        // The version is as many digits as it is written with, and what stands between them.
        let digits = entry.version.as_written().len();
        let last = numbered.char_indices().filter(|(_, c)| c.is_ascii_digit()).nth(digits.saturating_sub(1));
        let (spelling, rest) = numbered.split_at(last.map_or(0, |(index, _)| index + 1));
        Split { prefix, spelling, rest }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numbering::Numbering;
    use migrate_core::folder::{self, FileSystem};

    /// The files of a folder, by their names.
    pub(crate) fn entries(paths: &[&str]) -> Vec<Entry> {
        let folder = tempfile::tempdir().unwrap();
        for path in paths {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let (entries, problems) = folder::entries(&FileSystem::new(folder.path()), "migrations", &[]);
        assert_eq!(problems, []);
        entries
    }

    #[test]
    fn a_new_migration_is_spelled_as_the_newest() {
        const BOTH: [Dialect; 2] = [Dialect::Sqlite, Dialect::Postgres];
        let cases: &[(&[&str], bool, &[Dialect], &str)] = &[
            (&[], false, &[], "0001_x.sql"),
            (&[], true, &[], "0001_x.up.sql 0001_x.down.sql"),
            (&[], false, &BOTH, "0001_x.postgres.sql 0001_x.sqlite.sql"),
            (&["0001_a.sql", "0002_b.sql"], false, &[], "0003_x.sql"),
            (&["1-a.sql"], false, &[], "2-x.sql"),
            (&["V1__a.sql", "V9__b.sql"], false, &[], "V10__x.sql"),
            (&["1_a.sql", "V2__b.sql"], false, &[], "V3__x.sql"),
            (&["V2__b.sql", "003-c.sql"], false, &[], "004-x.sql"),
            (&["1_a.sql", "1_a.down.sql"], false, &[], "2_x.sql 2_x.down.sql"),
            (&["1_a.sql", "1_a.down.sql", "2_b.sql"], false, &[], "3_x.sql"),
            (&["1_a.up.sql", "1_a.down.sql"], false, &[], "2_x.up.sql 2_x.down.sql"),
            (&["1_a.up.sql"], false, &[], "2_x.up.sql"),
            (&["1_a.up.sql"], true, &[], "2_x.up.sql 2_x.down.sql"),
            (&["1_a/up.sql", "1_a/down.sql"], false, &[], "2_x/up.sql 2_x/down.sql"),
            (&["1_a/up.sql"], false, &[], "2_x/up.sql"),
            (&["20240313170000_a/migration.sql"], false, &[], "20261122215300_x/migration.sql"),
            (
                &["20240313170000_a/migration.sql"],
                true,
                &[],
                "20261122215300_x/migration.sql 20261122215300_x/down.sql",
            ),
            (
                &["2024-03-13-170000_a/up.sql", "2024-03-13-170000_a/down.sql"],
                false,
                &[],
                "2026-11-22-215300_x/up.sql 2026-11-22-215300_x/down.sql",
            ),
            (&["2024-03-13-170000-0000_a/up.sql"], false, &[], "2026-11-22-215300-0000_x/up.sql"),
            (&["20240313_170000_a.sql"], false, &[], "20261122_215300_x.sql"),
            (&["1_a.postgres.sql", "1_a.sqlite.sql"], false, &[], "2_x.sql"),
            (
                &["1_a.up.sql", "1_a.down.sql"],
                false,
                &BOTH,
                "2_x.postgres.up.sql 2_x.postgres.down.sql 2_x.sqlite.up.sql 2_x.sqlite.down.sql",
            ),
            (&["1_a/up.sql"], false, &BOTH, "2_x.postgres/up.sql 2_x.sqlite/up.sql"),
        ];
        for (paths, reversible, dialects, expect) in cases {
            let entries = entries(paths);
            let layout = Layout::of_newest(&entries);
            let numbering = Numbering { spelling: layout.spelling.clone(), timestamp: false, now: 1_795_384_380 };
            let spelled = numbering.after(entries.last().map(|entry| &entry.version)).unwrap();
            let wanted = Wanted { name: "x", reversible: *reversible, dialects };
            let files = layout.files(&spelled, &wanted).unwrap();
            let paths: Vec<&str> = files.iter().map(|file| &*file.path).collect();
            assert_eq!(paths.join(" "), *expect);
        }
    }

    #[test]
    fn names_that_would_be_read_as_something_else() {
        let cases: &[(&[&str], &str)] = &[
            (&["1_a.sql"], "x.sqlite"),
            (&["1_a.sql"], "x.mysql"),
            (&["1_a.sql"], "x.up"),
            (&["1_a.sql"], "x.down"),
            (&["2024-03-13_a.sql"], "170000_x"),
        ];
        for (paths, name) in cases {
            let entries = entries(paths);
            let layout = Layout::of_newest(&entries);
            let numbering = Numbering { spelling: layout.spelling.clone(), timestamp: false, now: 1_795_384_380 };
            let spelled = numbering.after(entries.last().map(|entry| &entry.version)).unwrap();
            let files = layout.files(&spelled, &Wanted { name, reversible: false, dialects: &[] });
            assert!(files.is_err_and(|problem| problem.message().contains("would not be read")), "{name}");
        }
    }
}
