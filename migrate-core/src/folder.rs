//! A folder of SQL files → a set of migrations, or every problem in it at once.
//!
//! The only module that touches the file system; macro and runtime both read folders through it. Each file is read once.
//! Invariant: every entry becomes a script, is ignored by rule, or is a problem; nothing is skipped in silence.

mod entries;
mod text;

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use crate::migration::digests;
use crate::{Dialect, Direction, MigrationSet, Problem, Script, Version};
use entries::Entry;

/// How to read a folder.
#[derive(Clone, Debug, Default)]
pub struct FolderOptions {
    /// The name of the set; [`MigrationSet::DEFAULT_NAME`] when `None`.
    pub set: Option<String>,
    /// The only dialect that the scripts are for; `None` checks what holds for every dialect.
    pub dialect: Option<Dialect>,
    /// Patterns of entries to leave out, with `*` and `?`: `data_*.sql`.
    pub ignore: Vec<String>,
}

/// A folder that was read without a problem.
#[derive(Clone, Debug)]
pub struct Folder {
    /// The migrations in it.
    pub set: MigrationSet,
    /// The files that were read, as absolute paths: an edit of any of them changes the set.
    pub files: Vec<PathBuf>,
}

impl Folder {
    /// Reads the folder `root`, which messages call `shown`.
    ///
    /// # Errors
    /// Every problem in the folder, sorted by file and place.
    pub fn read(root: &Path, shown: &str, options: &FolderOptions) -> Result<Folder, Vec<Problem>> {
        let mut problems = Vec::new();
        let entries = entries::list(root, shown, &options.ignore, &mut problems);
        problems.extend(contradictions(&entries));
        problems.extend(doubtful_order(&entries));

        let mut scripts = Vec::with_capacity(entries.len());
        let mut files = Vec::with_capacity(entries.len());
        for entry in entries {
            match text::read(&entry, options.dialect) {
                Ok((sql, checksum)) => scripts.push(Script {
                    version: entry.version,
                    name: Cow::Owned(entry.name),
                    dialect: entry.dialect,
                    direction: entry.direction,
                    path: Cow::Owned(entry.shown),
                    sql: Cow::Owned(sql),
                    checksum,
                }),
                Err(of_file) => problems.extend(of_file),
            }
            files.push(entry.path);
        }
        if problems.is_empty() {
            problems.extend(lacking_dialect(&scripts, options.dialect));
        }
        if !problems.is_empty() {
            problems.sort();
            problems.dedup();
            return Err(problems);
        }
        let digests = digests(&scripts);
        let name = options.set.clone().map_or(Cow::Borrowed(MigrationSet::DEFAULT_NAME), Cow::Owned);
        Ok(Folder { set: MigrationSet::from_parts(name, Cow::Owned(scripts), digests), files })
    }
}

/// Two files for one step, and steps down without a step up.
fn contradictions(entries: &[Entry]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for of_version in entries.chunk_by(|a, b| a.version == b.version) {
        let ups: Vec<&Entry> = of_version.iter().filter(|entry| entry.direction == Direction::Up).collect();
        let downs = of_version.iter().filter(|entry| entry.direction == Direction::Down);
        let clashes = clashes(&ups);
        if !clashes.is_empty() {
            problems.extend(clashes.into_iter().map(|(first, second)| two_files(first, second, entries)));
            continue;
        }
        let mut taken: Vec<&Entry> = Vec::new();
        for down in downs {
            if let Some(other) = taken.iter().find(|other| other.dialect == down.dialect) {
                let (one, other) = (other.file_name(), down.file_name());
                let message = format!("two scripts take version {} back: `{one}` and `{other}`", down.version.digits());
                problems.push(Problem::new(message, "remove one of them"));
            } else if !ups.iter().any(|up| up.dialect == down.dialect && up.name == down.name) {
                let help = match ups.iter().find(|up| up.dialect == down.dialect) {
                    Some(up) => format!("give it the name of `{}`", up.file_name()),
                    None => format!("add `{}` beside it, or remove it", down.counterpart()),
                };
                problems
                    .push(Problem::new(format!("`{}` has no script up", down.file_name()), help).in_file(&down.shown));
            }
            taken.push(down);
        }
    }
    problems
}

/// Scripts up of one version that no dialect tells apart: each with the first that it clashes with.
fn clashes<'a>(ups: &[&'a Entry]) -> Vec<(&'a Entry, &'a Entry)> {
    let clash = |one: &Entry, other: &Entry| {
        let apart = matches!((one.dialect, other.dialect), (Some(one), Some(another)) if one != another);
        !apart || one.name != other.name
    };
    let with_earlier = |(index, up): (usize, &&'a Entry)| {
        ups[..index].iter().find(|earlier| clash(earlier, up)).map(|earlier| (*earlier, *up))
    };
    ups.iter().enumerate().filter_map(with_earlier).collect()
}

fn two_files(first: &Entry, second: &Entry, entries: &[Entry]) -> Problem {
    let (mut first, mut second) = (first, second);
    if first.shown > second.shown {
        (first, second) = (second, first);
    }
    let version = first.version.digits();
    let message =
        format!("two migrations have version {version}: `{}` and `{}`", first.file_name(), second.file_name());
    let help = match next_free(entries) {
        _ if first.name == second.name => "remove one of them".to_owned(),
        _ if first.dialect.is_some() && second.dialect.is_some() && first.dialect != second.dialect => {
            "give both the same name if they are one migration in two dialects; rename one of them otherwise".to_owned()
        }
        Some(next) => format!("rename one of them; the next free version is {next}"),
        None => "rename one of them".to_owned(),
    };
    Problem::new(message, help)
}

/// The number after the highest version, where versions are small enough to be counters.
fn next_free(entries: &[Entry]) -> Option<u64> {
    entries.last()?.version.digits().parse::<u64>().ok()?.checked_add(1)
}

/// A date without a time among timestamps: as a number it comes before all of them, as text it stands between them.
fn doubtful_order(entries: &[Entry]) -> Vec<Problem> {
    let mut dated: Vec<&Entry> = entries.iter().filter(|entry| entry.version.begins_with_date()).collect();
    dated.dedup_by(|a, b| a.version == b.version);
    let in_doubt = dated.windows(2).find_map(|pair| match pair {
        [one, other] if one.version.digits() > other.version.digits() => Some((one, other)),
        _ => None,
    });
    in_doubt.map_or_else(Vec::new, |(one, other)| {
        let (one, other) = (one.file_name(), other.file_name());
        vec![Problem::new(
            format!(
                "the order of `{one}` and `{other}` is in doubt: as numbers `{one}` comes first, as text `{other}`"
            ),
            "write both versions with the same number of digits, for example as `20240313170000`",
        )]
    })
}

fn lacking_dialect(scripts: &[Script], dialect: Option<Dialect>) -> Vec<Problem> {
    let Some(dialect) = dialect else { return Vec::new() };
    let has = |of_version: &[Script]| of_version.iter().any(|script| script.dialect.is_none_or(|only| only == dialect));
    let lacking = scripts.chunk_by(|a, b| a.version == b.version).filter(|of_version| !has(of_version));
    let problem = |version: &Version, path: &str| {
        Problem::new(
            format!("version {version} has no script for `{dialect}`"),
            format!("add a file for it whose name ends with `.{dialect}.sql`"),
        )
        .in_file(path)
    };
    lacking.filter_map(|of_version| of_version.first()).map(|script| problem(&script.version, &script.path)).collect()
}
