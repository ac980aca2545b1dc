//! What is wrong with the sets, scripts and steps that a migrator was given.

use migrate_core::plan::Item;
use migrate_core::{Dialect, Label, MigrationSet, Problem, Script, Version};

use super::{is_are, lines};
use crate::error::{Error, ErrorKind};

pub(in crate::engine) fn lacking_dialect(dialect: Dialect, set: &MigrationSet, lacking: &[&Version]) -> Error {
    if let Some(only) =
        Dialect::ALL.into_iter().find(|only| set.scripts().iter().all(|script| script.dialect() == Some(*only)))
    {
        let message = format!("these migrations are for {only}, and the database is {dialect}; nothing was applied");
        let help = match Dialect::WITH_DRIVER.contains(&only) {
            true => format!("connect to a {only} database, or embed the migrations for {dialect} too"),
            false => format!("embed the migrations for {dialect} too: there is no driver for {only} yet"),
        };
        return Error::new(ErrorKind::MissingDialect, message).with_help(help);
    }
    let versions: Vec<&str> = lacking.iter().map(|version| version.as_written()).collect();
    let message = format!("no script for {dialect} in version {}; nothing was applied", versions.join(", "));
    let help = format!(
        "add files whose names end with `.{dialect}.sql`, and build with `dialect = \"{dialect}\"` to be told earlier"
    );
    Error::new(ErrorKind::MissingDialect, message).with_help(help)
}

pub(in crate::engine) fn unreadable_scripts(dialect: Dialect, problems: &[Problem], is_of_history: bool) -> Error {
    let help = match is_of_history {
        true => "revert it with the binary that has it, or undo it by hand, and tell the history with `Migrator::mark_pending`".to_owned(),
        false => format!("correct the files; with `dialect = \"{dialect}\"` in `embed_migrations!` the build tells"),
    };
    let indented = |problem: &Problem| format!("   {}", problem.to_string().replace('\n', "\n     "));
    let texts: Vec<String> = problems.iter().map(indented).collect();
    Error::new(
        ErrorKind::UnreadableScript,
        format!("not every script that is to run can be run on {dialect}; nothing was changed"),
    )
    .with_body(texts.join("\n"))
    .with_help(help)
}

pub(in crate::engine) fn no_sets() -> Error {
    Error::new(ErrorKind::InvalidOption, "there is no set of migrations to work on").with_help("hand over at least one")
}

pub(in crate::engine) fn set_given_twice(name: &str) -> Error {
    Error::new(ErrorKind::InvalidOption, format!("the set `{name}` is given twice"))
        .with_help("give every set once; a set of another library needs a name of its own: `set = \"…\"`")
}

pub(in crate::engine) fn circle_of_sets(names: &[String]) -> Error {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    Error::new(ErrorKind::InvalidOption, format!("the sets {} come after each other in a circle", names.join(", ")))
        .with_help("remove one `Migrations::after`")
}

pub(in crate::engine) fn before_its_time(set: &str, other: &str, lacking: &[&Item<'_>]) -> Error {
    let message = format!("the set `{set}` comes after `{other}`, which is not up to date; nothing was changed");
    let line = |item: &&Item<'_>| format!("   {} is {}", item.label(), item.standing().as_str());
    Error::new(ErrorKind::Pending, message)
        .with_body(lacking.iter().map(line).collect::<Vec<_>>().join("\n"))
        .with_help("run both in one call: `Migrator::many`")
}

pub(in crate::engine) fn lost_step(step: &Script, set: Option<&str>) -> Error {
    let name = step.name();
    let (message, help) = match set {
        Some(set) => (
            format!(
                "the step `{name}` is of the set `{set}`, which is not among those that are migrated, nor before them"
            ),
            "hand over the set that it belongs to, too: `Migrator::many`",
        ),
        None => (
            format!("the step `{name}` does not say which of the sets it belongs to"),
            "name the set: `Migrator::step_of(&SET, …)`",
        ),
    };
    Error::new(ErrorKind::InvalidOption, message).with_help(help)
}

pub(in crate::engine) fn version_taken(step: &Script) -> Error {
    let message = format!("the step `{}` has version {}, and so has another migration", step.name(), step.version());
    Error::new(ErrorKind::InvalidOption, message).with_help("give the step a version of its own")
}

pub(in crate::engine) fn steps_of_another_driver(labels: &[Label]) -> Error {
    let message = format!("{} made for another driver; nothing was changed", is_are(labels.len(), "step"));
    Error::new(ErrorKind::Unsupported, message)
        .with_body(lines(labels))
        .with_help("make it with the function of `Step` that is named after the driver of the connection")
}
