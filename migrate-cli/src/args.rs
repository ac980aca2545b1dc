//! The arguments, and every word of the help.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use migrate_core::{Dialect, Version};

const EXIT_CODES: &str = "\
Exit codes:
  0  done, or nothing to do
  1  problems were found, or the call was refused because of them
  2  the arguments are wrong
  3  a file could not be written or renamed";

/// Daily work with a folder of migrations, without a database
///
/// Call it in the folder of Cargo.toml. The migrations are in `migrations`, or in the folder that `--dir` names. What has been
/// reviewed is kept in `migrations.lock`, beside the migrations and under version control: a build refuses a folder that differs
/// from it.
#[derive(Debug, Parser)]
#[command(name = "migrate", version, after_help = EXIT_CODES, disable_help_subcommand = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Args {
    /// The arguments of this call; when they are wrong, says so and exits with 2.
    pub(crate) fn of_call() -> Args {
        let args = Args::parse();
        if let Command::Check(check) = &args.command
            && check.same_history
            && check.folders.len() < 2
        {
            let message = "`--same-history` compares two folders or more, for example `migrate check --same-history postgres sqlite`";
            Args::command().error(ErrorKind::TooFewValues, message).exit();
        }
        args
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    New(New),
    Lock(Lock),
    Rebase(Rebase),
    Check(Check),
    Completions(Completions),
}

/// The folder to work on, and how to read it.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Folder")]
pub(crate) struct Reading {
    /// The only database that the scripts are for; `new` and `lock` write it into the lock file
    #[arg(long, value_name = "DIALECT", value_parser = dialect())]
    pub(crate) dialect: Option<Dialect>,
    /// Leave out entries that fit a pattern with `*` and `?`; may be given several times; `new` and `lock` write it into the lock
    /// file
    #[arg(long, value_name = "PATTERN")]
    pub(crate) ignore: Vec<String>,
}

#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Folder")]
pub(crate) struct Folder {
    /// The folder of the migrations
    #[arg(long, value_name = "FOLDER", default_value = DEFAULT_FOLDER)]
    pub(crate) dir: String,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

pub(crate) const DEFAULT_FOLDER: &str = "migrations";

/// Begin a migration
///
/// Makes the files of a new migration, notes it in the lock file as a draft, and prints the paths of the files, a line each. Version,
/// separator and layout are those of the newest migration in the folder: `0008_x.sql` follows `0007_y.sql`, `V8__x.sql` follows
/// `V7__y.sql`, `2024-03-13-170000_x/up.sql` follows Diesel's. A first migration is `0001_x.sql`.
///
/// Without a lock file, the migrations that are there are locked: they must have no problems. Cargo does not know a lock file that it
/// has not seen, so the files of the folder are touched when it is made; in an empty folder, the `.rs` files of the package that
/// contain `embed_migrations`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct New {
    /// What the migration does; several words are joined by `_`
    #[arg(required = true, value_name = "NAME")]
    pub(crate) name: Vec<String>,
    /// Take the present time (UTC) as the version; a folder that has timestamps needs no asking
    #[arg(short, long)]
    pub(crate) timestamp: bool,
    /// Make a script down, too; not needed where the newest migration has one
    ///
    /// A script down that holds no statement counts as none: remove it, or leave it as it is, when there is nothing to take back.
    #[arg(short, long)]
    pub(crate) reversible: bool,
    /// Make a script for each of these databases, for example `postgres,sqlite`
    #[arg(long, value_name = "DIALECT", value_delimiter = ',', value_parser = dialect())]
    pub(crate) dialects: Vec<Dialect>,
    #[command(flatten)]
    pub(crate) folder: Folder,
}

/// Lock what has been reviewed
///
/// Every migration that is in the folder becomes one that must stay as it is: a build refuses a locked file that was edited, renamed
/// or removed, and a release build refuses files that are not locked. Refuses while the folder has problems. Prints what was locked.
///
/// Cargo does not know a lock file that it has not seen, so the files of the folder are touched when it is made.
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Lock {
    /// Write nothing; exit with 1 unless the lock file is what `migrate lock` would write: for CI
    #[arg(long, conflicts_with_all = ["rebless", "reason"])]
    pub(crate) check: bool,
    /// Accept the edited scripts of one locked version, which no database may have applied yet; other locked files may be edited, and
    /// stay refused
    #[arg(long, value_name = "VERSION", requires = "reason", value_parser = version)]
    pub(crate) rebless: Option<Version>,
    /// Why the edit is right: one line, kept in the lock file with both checksums
    #[arg(long, value_name = "TEXT", requires = "rebless", value_parser = reason)]
    pub(crate) reason: Option<String>,
    #[command(flatten)]
    pub(crate) folder: Folder,
}

/// Put one's own migrations behind those of others, after or during a merge
///
/// Resolves the merge conflict of a lock file, where there is one. What others have keeps its versions; one's own migrations that do
/// not come after it get the next ones, and their files are renamed. A renumbered migration is a draft again. Prints
/// `old -> new`, a line for each file or folder that was renamed.
///
/// Own is, in a conflict, the current branch during a merge, the commit that is being put on top during a rebase or `git am`, and what
/// comes out of the stash. On the main branch (`main`, `master`, `trunk`, or that of `origin/HEAD`) the branch that is merged in is
/// renumbered instead, unless it is the same branch of a remote. In a cherry-pick or a revert, what is locked stays. Where it cannot be
/// told, `--ours` has to say it. Without a conflict: drafts. Files that have no line in the lock file only with `--unlisted`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Rebase {
    /// Which side of the conflict to renumber: the one before `=======`, or the one behind it
    #[arg(long, value_name = "SIDE")]
    pub(crate) ours: Option<Side>,
    /// Renumber files that have no line in the lock file, too
    ///
    /// Without it such a file is refused where it would have to be renamed: a merge may have lost the line of somebody else's migration.
    #[arg(long)]
    pub(crate) unlisted: bool,
    #[command(flatten)]
    pub(crate) folder: Folder,
}

/// A side of a merge conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Side {
    /// Between `<<<<<<<` and `=======`
    First,
    /// Between `=======` and `>>>>>>>`
    Second,
}

/// Tell everything that a build would refuse
///
/// Reads folders as the macro does, and prints every problem: errors, which stop a build, and warnings, the findings of lint rules in
/// scripts that are not locked. Exits with 1 when there is an error. A folder with an error is not linted.
#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Check {
    /// The folders to check [default: migrations]
    #[arg(value_name = "FOLDER", conflicts_with = "dir")]
    pub(crate) folders: Vec<String>,
    /// How to print: for people, as one JSON document, or as annotations of GitHub Actions
    ///
    /// JSON: `{"format": 1, "errors": 1, "warnings": 0, "problems": […]}`, where each problem has `severity` ("error", "warning"),
    /// `rule`, `message`, `path`, `line`, `column`, `notes` (texts) and `help`. What a problem does not have is `null`. Fields may be
    /// added; `format` counts up when one changes or goes.
    #[arg(long, value_enum, default_value_t, hide_possible_values = false)]
    pub(crate) format: Format,
    /// Prove that the folders have the same versions with the same names, as the folders of several databases for one history
    #[arg(long)]
    pub(crate) same_history: bool,
    /// The folder, as with the other commands
    #[arg(long, value_name = "FOLDER", help_heading = "Folder")]
    pub(crate) dir: Option<String>,
    #[command(flatten)]
    pub(crate) reading: Reading,
    #[cfg(feature = "lint")]
    #[command(flatten)]
    pub(crate) lints: Lints,
}

/// What to do about risky SQL.
#[cfg(feature = "lint")]
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Lints")]
pub(crate) struct Lints {
    /// Make findings errors, as `lint = "deny"` does in the macro; but for advice about excuses in what is locked
    #[arg(long)]
    pub(crate) deny: bool,
    /// Lint every script, not only those that are not locked
    #[arg(long)]
    pub(crate) all: bool,
    /// List the lint rules, and what they find; nothing is checked
    #[arg(long, exclusive = true)]
    pub(crate) rules: bool,
}

/// How problems are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// As a compiler prints them
    #[default]
    Text,
    /// One JSON document
    Json,
    /// Workflow commands: GitHub shows each problem at its line
    Github,
}

/// Print a script that completes the command in a shell
///
/// For example `migrate completions bash > ~/.local/share/bash-completion/completions/migrate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: Shell,
}

fn dialect() -> impl TypedValueParser<Value = Dialect> {
    let names = PossibleValuesParser::new(Dialect::ALL.map(Dialect::name));
    names.try_map(|name| Dialect::from_name(&name).ok_or("no dialect"))
}

fn version(text: &str) -> Result<Version, String> {
    Version::parse(text).map_err(|error| error.to_string())
}

fn reason(text: &str) -> Result<String, &'static str> {
    match text.trim() {
        "" => Err("a reason says something"),
        text if text.chars().any(char::is_control) => Err("a reason is one line"),
        text => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn arguments_are_consistent() {
        super::Args::command().debug_assert();
    }
}
