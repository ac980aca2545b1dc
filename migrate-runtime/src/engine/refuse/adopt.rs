//! Why the history of another tool is not taken over.

use migrate_core::adopt::{BadForeignRow, Tool};
use migrate_core::{Dialect, Label, Problem};

use super::super::foreign;
use super::lines;
use crate::error::{Error, ErrorKind};
use crate::report::count;
use crate::table::TableName;

pub(in crate::engine) fn not_in(tool: Tool, dialect: Dialect) -> Error {
    let message = format!("there are no histories of {tool} that can be read in a database of {dialect}");
    Error::new(ErrorKind::InvalidOption, message).with_help("name the tool that has migrated this database")
}

pub(in crate::engine) fn keeps_no_table(tool: Tool) -> Error {
    Error::new(ErrorKind::InvalidOption, format!("{tool} keeps its history in no table"))
        .with_help("leave out `OldHistory::in_table`")
}

pub(in crate::engine) fn same_table(tool: Tool, table: &TableName) -> Error {
    let message = format!(
        "`{}` is the table of {tool}, and cannot be the history table of this program, too; nothing was changed",
        as_written(table)
    );
    Error::new(ErrorKind::InvalidOption, message).with_help(
        "give the history another table, in every verb: `Migrator::history_table(\"…\")`; that of the other tool stays as it is",
    )
}

pub(in crate::engine) fn no_table(tool: Tool, table: &TableName) -> Error {
    let message =
        format!("there is no table `{}`, where {tool} would have its history; nothing was changed", as_written(table));
    Error::new(ErrorKind::ForeignHistory, message).with_help(format!(
        "name it with `OldHistory::in_table`, and with its schema where that is not on the search path; a database that {tool} has never \
         migrated needs no adoption"
    ))
}

pub(in crate::engine) fn another_table(tool: Tool, table: &TableName, columns: &[&str]) -> Error {
    let whose = match foreign::looks_like(columns) {
        _ if foreign::is_ours(columns) => "it is a history table of this program".to_owned(),
        // Too new, too old, or changed by hand.
        Some(found) if found == tool.name() => "some of its columns are not there".to_owned(),
        Some(found) => format!("it looks like the table of {found}"),
        None => "its columns are others".to_owned(),
    };
    let name = as_written(table);
    Error::new(
        ErrorKind::ForeignHistory,
        format!("`{name}` is not the history of {tool}: {whose}; nothing was changed"),
    )
    .with_body(format!("   = its columns: {}", columns.join(", ")))
    .with_help("name the tool whose table it is, or the right table with `OldHistory::in_table`")
}

pub(in crate::engine) fn bad_rows(tool: Tool, bad: &[BadForeignRow]) -> Error {
    let body: Vec<String> = bad.iter().map(|row| format!("   {row}")).collect();
    let message = format!(
        "the history of {tool} has {} that {tool} cannot have written; nothing was changed",
        count(bad.len(), "row")
    );
    Error::new(ErrorKind::ForeignHistory, message)
        .with_body(body.join("\n"))
        .with_help("correct these rows by hand, or name the tool whose table it is")
}

pub(in crate::engine) fn several_rows(tool: Tool, rows: usize) -> Error {
    let message = format!("the history of {tool} has {rows} rows, and {tool} keeps only one; nothing was changed");
    Error::new(ErrorKind::ForeignHistory, message).with_help(
        "find out which version the database really has, and leave only that row; a table with a row a migration may be that of dbmate",
    )
}

pub(in crate::engine) fn problems(tool: Tool, problems: &[Problem]) -> Error {
    let indented = |problem: &Problem| format!("   {}", problem.to_string().replace('\n', "\n     "));
    let body: Vec<String> = problems.iter().map(indented).collect();
    let message = format!(
        "the history of {tool} cannot be taken over: it has {}; nothing was changed",
        count(problems.len(), "problem")
    );
    Error::new(ErrorKind::ForeignHistory, message)
        .with_body(body.join("\n"))
        .with_help("solve them with the old tool or by hand, then adopt again: it is all or nothing")
}

pub(in crate::engine) fn another_history(tool: Tool, labels: &[Label]) -> Error {
    let message = format!(
        "there is a history already, and it lacks {} that {tool} has applied; nothing was changed",
        count(labels.len(), "migration")
    );
    Error::new(ErrorKind::HasHistory, message).with_body(lines(labels)).with_help(
        "an adoption is the first thing in a history; record what is right with `Migrator::mark_applied`, and see to it that nobody uses \
         the other tool any more",
    )
}

fn as_written(table: &TableName) -> String {
    match &table.schema {
        Some(schema) => format!("{schema}.{}", table.table),
        None => table.table.clone(),
    }
}
