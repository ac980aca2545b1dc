//! `migrate check`: everything that a build would refuse, and what is worth a look.

#[cfg(feature = "lint")]
mod lints;
mod same_history;

use migrate_core::folder::Folder;
use migrate_core::lock::command;

use crate::answer::{Answer, Failure};
use crate::args::{self, DEFAULT_FOLDER, Format};
use crate::directory::Directory;
use crate::git;
use crate::report::{self, Finding, Severity};

pub(crate) fn run(args: &args::Check) -> Result<Answer, Failure> {
    #[cfg(feature = "lint")]
    if args.lints.rules {
        return Ok(Answer::of_lines(lints::rules()));
    }
    let usual = [args.dir.clone().unwrap_or_else(|| DEFAULT_FOLDER.to_owned())];
    let paths = if args.folders.is_empty() { &usual[..] } else { &args.folders[..] };
    let mut findings = Vec::new();
    let mut folders = Vec::new();
    for path in paths {
        match read(path, args) {
            Ok(folder) => folders.push(folder),
            Err(failure) => findings.extend(failure.into_findings()),
        }
    }
    #[cfg(feature = "lint")]
    findings.extend(folders.iter().flat_map(|(_, folder)| lints::findings(folder, &args.lints)));
    if args.same_history {
        let histories: Vec<_> = folders.iter().map(|(shown, folder)| (&**shown, folder.set.scripts())).collect();
        findings.extend(same_history::differences(&histories).into_iter().map(Finding::error));
    }
    let mut answer = answer(&findings, args, paths.len());
    if args.format == Format::Text {
        answer.notes.extend(folders.iter().filter(|(_, folder)| folder.has_unknown_dialect()).map(no_dialect));
    }
    Ok(answer)
}

/// What a check without a dialect leaves out.
fn no_dialect((shown, _): &(String, Folder)) -> String {
    format!(
        "`{shown}` is for no one database, so only what is wrong for all of them was looked for: give `--dialect`, or keep it in the \
         lock file with `{}`",
        command("lock --dialect <name>", shown)
    )
}

fn read(path: &str, args: &args::Check) -> Result<(String, Folder), Failure> {
    let directory = Directory::at(path, &args.reading)?;
    let folder = Folder::read(&directory.root, &directory.shown, &directory.asked).map_err(Failure::Refused)?;
    Ok((directory.name().to_owned(), folder))
}

fn answer(findings: &[Finding], args: &args::Check, folders: usize) -> Answer {
    let errors = report::count(findings, Severity::Error);
    let lines = match args.format {
        Format::Json => vec![report::json(findings)],
        Format::Github => report::github(findings, &git::way_from_root()),
        Format::Text if findings.is_empty() => vec![],
        Format::Text => vec![report::text(findings), String::new()],
    };
    let mut answer = Answer { lines, notes: Vec::new(), is_bad: errors > 0 };
    if args.format == Format::Text {
        answer.lines.push(summary(errors, report::count(findings, Severity::Warning), folders));
    }
    answer
}

fn summary(errors: usize, warnings: usize, folders: usize) -> String {
    let counted = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    };
    let in_folders = match folders {
        1 => String::new(),
        _ => format!(" in {folders} folders"),
    };
    match (errors, warnings) {
        (0, 0) => format!("no problems{in_folders}"),
        (errors, 0) => format!("{}{in_folders}", counted(errors, "error")),
        (0, warnings) => format!("{}{in_folders}", counted(warnings, "warning")),
        _ => format!("{}, {}{in_folders}", counted(errors, "error"), counted(warnings, "warning")),
    }
}
