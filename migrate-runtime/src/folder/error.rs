//! Why a folder was refused: every problem in it, as text and as data.

use std::error::Error as StdError;
use std::fmt;

use migrate_core::Problem;

/// Why a folder could not be made into [`Migrations`](crate::Migrations).
///
/// The text tells every problem as a compile error of the macro would: what is wrong, where, and what to do.
/// [`source`](StdError::source) is always `None`, and `Debug` prints the same text, so that
/// `fn main() -> Result<(), Box<dyn Error>>` shows it to people.
///
/// ```
/// use migrate_runtime::Migrations;
///
/// let error = Migrations::from_folder("src").unwrap_err(); // holds no migrations, but programs
/// assert!(error.to_string().starts_with("the folder `src` has "));
/// let problem = &error.problems()[0];
/// assert_eq!(problem.message(), "`block_on.rs` does not end with `.sql`");
/// assert_eq!(problem.path(), Some("src/block_on.rs"));
/// ```
pub struct FolderError {
    /// Stands before the problems of a folder that was read.
    headline: Option<String>,
    problems: Vec<Problem>,
}

impl FolderError {
    /// Every problem, at least one: those of the folder as a whole first, then by file and place.
    ///
    /// ```
    /// use migrate_runtime::{FolderOptions, Migrations};
    ///
    /// let options = FolderOptions::new().set("no spaces").ignore("*_email.sql");
    /// let error = Migrations::from_folder_with("doc-migrations", &options).unwrap_err();
    /// for problem in error.problems() {
    ///     println!("{}; {}", problem.message(), problem.help());
    /// }
    /// assert_eq!(error.problems()[0].message(), "`no spaces` cannot be the name of a set");
    /// ```
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// A folder of which nothing was read.
    pub(super) fn unread(problem: Problem) -> FolderError {
        FolderError { headline: None, problems: vec![problem] }
    }

    pub(super) fn of_folder(shown: &str, problems: Vec<Problem>) -> FolderError {
        let folder = if shown.is_empty() { "the included folder".to_owned() } else { format!("the folder `{shown}`") };
        let count = match problems.len() {
            1 => "1 problem".to_owned(),
            count => format!("{count} problems"),
        };
        FolderError { headline: Some(format!("{folder} has {count}")), problems }
    }
}

impl fmt::Display for FolderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems = self.problems.iter().map(Problem::to_string);
        f.write_str(&self.headline.iter().cloned().chain(problems).collect::<Vec<_>>().join("\n\n"))
    }
}

impl fmt::Debug for FolderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StdError for FolderError {}
