//! Where a folder differs from its lock file, said to a person.

use super::{LockFile, Locked, Seal, command};
use crate::{Dialect, Direction, Problem, Script, Version};

/// A folder beside its lock file.
///
/// ```
/// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # use example::*;
/// use migrate_core::lock::LockFile;
///
/// let mut lock = LockFile::default();
/// lock.lock(&shop().scripts()[..1]);
/// let comparison = lock.compare(shop().scripts(), "migrations");
/// assert_eq!((comparison.problems.len(), comparison.drafts.len()), (0, 2)); // up and down of 0002_orders
/// ```
#[derive(Clone, Debug, Default)]
pub struct Comparison<'a> {
    /// What must not be, in no particular order.
    pub problems: Vec<Problem>,
    /// The scripts that are not locked yet.
    pub drafts: Vec<&'a Script>,
}

impl LockFile {
    /// Compares the scripts of a folder, all of them and sorted, with the lock file, for messages about the `folder`
    /// of that name.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # use example::*;
    /// use migrate_core::lock::LockFile;
    ///
    /// let mut lock = LockFile::default();
    /// lock.lock(shop().scripts()); // 0001_users, 0002_orders
    /// lock.locked[0].up.checksum = migrate_core::Checksum::of("-- the text that was locked");
    /// let comparison = lock.compare(shop().scripts(), "migrations");
    /// assert!(comparison.problems[0].message().starts_with("`0001_users.sql` is locked, and was edited"));
    /// ```
    pub fn compare<'a>(&self, scripts: &'a [Script], folder: &str) -> Comparison<'a> {
        let mut comparison = Comparison::default();
        let shown = LockFile::path_in(folder);
        let highest = scripts.last().map(Script::version).max(self.last_locked().map(|last| &last.version));
        for locked in &self.locked {
            let mut of_locked = of_version(scripts, &locked.version).iter().filter(|script| locked.is_for(script));
            match of_locked.find(|script| script.direction() == Direction::Up) {
                Some(up) => comparison.problems.extend(differences(locked, up, of_locked.next(), self.dialect, folder)),
                None => comparison.problems.push(self.gone(locked, scripts, &shown)),
            }
        }
        for script in scripts.iter().filter(|script| !self.holds(script)) {
            match self.is_in_place(script) {
                true => comparison.drafts.push(script),
                false => comparison.problems.push(self.too_early(script, highest, folder)),
            }
        }
        for draft in self.drafts.iter().filter(|draft| of_version(scripts, &draft.version).is_empty()) {
            let forget = command("lock", folder);
            let help =
                format!("restore the file, perhaps it was not committed; `{forget}` forgets a draft that is gone");
            comparison
                .problems
                .push(Problem::new(format!("the draft `{}` has no file", draft.label()), help).in_file(&shown));
        }
        comparison
    }

    /// Whether a script is locked.
    pub(crate) fn holds(&self, script: &Script) -> bool {
        let locked = self.locked_in(script.version()).iter().find(|locked| locked.is_for(script));
        locked.is_some_and(|locked| script.direction() == Direction::Up || locked.down.is_some())
    }

    /// Whether a script that is not locked stands where it can be applied: behind everything that is locked, or beside a script
    /// of its version that is locked, to take it back or for another dialect.
    fn is_in_place(&self, script: &Script) -> bool {
        !self.locked_in(script.version()).is_empty()
            || self.last_locked().is_none_or(|last| script.version() > &last.version)
    }

    /// What is locked of a version.
    fn locked_in(&self, version: &Version) -> &[Locked] {
        let start = self.locked.partition_point(|locked| &locked.version < version);
        let count = self.locked[start..].partition_point(|locked| &locked.version == version);
        &self.locked[start..start + count]
    }

    fn gone(&self, locked: &Locked, scripts: &[Script], shown: &str) -> Problem {
        let is_it = |script: &&Script| script.checksum() == locked.up.checksum && !self.holds(script);
        let label = locked.label();
        match scripts.iter().find(is_it) {
            Some(script) => {
                let file = script.file_name();
                let help = format!("give it its name back: databases know the migration as `{label}`");
                let problem = Problem::new(format!("the locked migration `{label}` was renamed to `{file}`"), help);
                with_checksums(problem.in_file(script.path()), &locked.up, &Seal::of(script, self.dialect))
            }
            None => {
                let dialect = locked.dialect.map(|dialect| format!(" for {dialect}")).unwrap_or_default();
                let help = "restore its file: databases that have applied it refuse a binary without it";
                let message = format!("the locked migration `{label}`{dialect} is gone");
                Problem::new(message, help).in_file(shown).with_note(format!("locked {}", locked.up.checksum))
            }
        }
    }

    fn too_early(&self, script: &Script, highest: Option<&Version>, folder: &str) -> Problem {
        let last = self.last_locked().map(|last| last.label().to_string()).unwrap_or_default();
        let to = match highest.and_then(Version::next) {
            Some(next) => format!(" to version {next} or later"),
            None => " to a later version".to_owned(),
        };
        let message = format!("`{}` does not come after `{last}`, the last locked migration", script.file_name());
        let is_noted =
            self.drafts.iter().any(|draft| &draft.version == script.version() && draft.name == script.name());
        let help = match is_noted {
            true => format!("a branch has to be rebased: `{}` renames the file{to}", command("rebase", folder)),
            false => format!(
                "if a merge has lost its line in the lock file, restore that; if the file is new, a branch has to be rebased: \
                 `{}` renames the file{to}",
                command("rebase --unlisted", folder)
            ),
        };
        Problem::new(message, help).in_file(script.path())
    }
}

/// What has changed of a locked migration that is still there.
fn differences(
    locked: &Locked,
    up: &Script,
    down: Option<&Script>,
    dialect: Option<Dialect>,
    folder: &str,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    if locked.name != up.name() {
        let label = locked.label();
        let help = format!(
            "give it its name back: databases know the migration as `{label}`; if none has applied it yet: `{}`",
            rebless(up, folder)
        );
        let message = format!("the locked migration `{label}` was renamed to `{}`", up.file_name());
        problems.push(with_checksums(
            Problem::new(message, help).in_file(up.path()),
            &locked.up,
            &Seal::of(up, dialect),
        ));
    }
    let edit_of_up = edit(&locked.up, up, dialect, folder);
    let is_up_edited = edit_of_up.is_some();
    problems.extend(edit_of_up);
    // In one file, lines more or less in the script up move the script down: that is no edit to be told of besides.
    let is_moved = |seal: &Seal, down: &Script| {
        is_up_edited && down.path() == up.path() && seal.fingerprint == Seal::of(down, dialect).fingerprint
    };
    match (&locked.down, down) {
        (Some(seal), Some(down)) if is_moved(seal, down) => {}
        (Some(seal), Some(down)) => problems.extend(edit(seal, down, dialect, folder)),
        (Some(_), None) => {
            let message = format!("the script down of the locked migration `{}` is gone", locked.label());
            problems.push(Problem::new(message, "restore its file from version control").in_file(up.path()));
        }
        (None, _) => {}
    }
    problems
}

fn edit(seal: &Seal, script: &Script, dialect: Option<Dialect>, folder: &str) -> Option<Problem> {
    if seal.holds(script) {
        return None;
    }
    let present = Seal::of(script, dialect);
    let what = match () {
        () if seal.checksum == present.checksum => ": a file beside it says something else of transactions",
        () if (seal.fingerprint, seal.no_transaction) == (present.fingerprint, present.no_transaction) => {
            ": only comments or white space differ, but they count"
        }
        () => "",
    };
    let help = format!(
        "restore it from version control, and put the change into a new migration (`{}`); \
         if no database has applied it yet: `{}`",
        command("new <name>", folder),
        rebless(script, folder)
    );
    let problem = Problem::new(format!("`{}` is locked, and was edited{what}", script.file_name()), help);
    Some(with_checksums(problem.in_file(script.path()), seal, &present))
}

fn rebless(script: &Script, folder: &str) -> String {
    command(&format!("lock --rebless {} --reason \"…\"", script.version()), folder)
}

fn with_checksums(problem: Problem, locked: &Seal, present: &Seal) -> Problem {
    [("locked ", locked), ("present", present)].into_iter().fold(problem, |problem, (when, seal)| {
        let beside = if seal.no_transaction { ", outside of a transaction" } else { "" };
        problem.with_note(format!("{when} {}{beside}", seal.checksum))
    })
}

/// The scripts of a version among sorted ones.
fn of_version<'a>(scripts: &'a [Script], version: &Version) -> &'a [Script] {
    let start = scripts.partition_point(|script| script.version() < version);
    let count = scripts[start..].partition_point(|script| script.version() == version);
    &scripts[start..start + count]
}
