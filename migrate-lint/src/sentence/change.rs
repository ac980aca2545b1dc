//! What changes rows: `UPDATE`, `DELETE`, `INSERT … SELECT`, `TRUNCATE`.

use migrate_core::scan::Part;

use super::{Deed, Name, Words, depth_after, is_word};

/// Reads a statement that may change rows; one that begins with `WITH` is read from where that ends.
pub(super) fn change(words: &mut Words<'_>) -> Option<Deed> {
    let has_common_tables = words.takes("with");
    if has_common_tables {
        skip_common_tables(words);
    }
    if words.takes("update") {
        let _ = words.takes("or") && words.next().is_some();
        words.takes("only");
        let table = words.name()?;
        let is_of_one_row = condition(words) == Condition::OneRow;
        return Some(Deed::Update { table, is_of_one_row });
    }
    if words.takes("delete") {
        words.takes("from");
        words.takes("only");
        let table = words.name()?;
        return Some(match condition(words) {
            Condition::None if !has_common_tables => Deed::Empty { tables: vec![table], cascades: false },
            condition => Deed::Delete { table, is_of_one_row: condition == Condition::OneRow },
        });
    }
    if words.takes("insert") || words.takes("replace") {
        let _ = words.takes("or") && words.next().is_some();
        words.takes("into");
        let table = words.name()?;
        let from = sources(words, has_common_tables);
        return (!from.is_empty()).then_some(Deed::InsertSelect { table, from });
    }
    if words.takes("truncate") {
        words.takes("table");
        let tables = words.names();
        let cascades =
            words.parts.get(words.at..).is_some_and(|rest| rest.iter().any(|(_, part)| is_word(part, "cascade")));
        return Some(Deed::Empty { tables, cascades });
    }
    if words.takes("select") {
        words.skip_behind("into")?;
        while words.takes_any(&["temporary", "temp", "unlogged", "table"]) {}
        return Some(Deed::CreateTable { table: words.name()? });
    }
    None
}

fn skip_common_tables(words: &mut Words<'_>) {
    let mut depth = 0_usize;
    while let Some(part) = words.peek() {
        if depth == 0 && ["update", "delete", "insert", "replace", "select"].into_iter().any(|verb| is_word(part, verb))
        {
            return;
        }
        depth = depth_after(depth, part);
        words.at += 1;
    }
}

#[derive(PartialEq, Eq)]
enum Condition {
    /// Nothing says which rows.
    None,
    /// `WHERE id = 1`, and nothing else.
    OneRow,
    Some,
}

/// The condition of what is left of an `UPDATE` or `DELETE`.
fn condition(words: &mut Words<'_>) -> Condition {
    if words.skip_behind("where").is_none() {
        let limits = ["using", "limit", "returning"];
        let is_limited = words.parts.iter().any(|(_, part)| limits.into_iter().any(|limit| is_word(part, limit)));
        return if is_limited { Condition::Some } else { Condition::None };
    }
    let is_key = words.name().is_some_and(|column| column.key == "id" || column.key == "key" || column.key == "name");
    let is_constant =
        words.takes_symbol('=') && matches!(words.next(), Some((_, Part::Text(_) | Part::Other(_) | Part::Symbol(_))));
    if is_key && is_constant && words.peek().is_none() { Condition::OneRow } else { Condition::Some }
}

/// The tables that an `INSERT` takes its rows from. The query of it is not within parentheses, or opens them at once.
fn sources(words: &mut Words<'_>, has_common_tables: bool) -> Vec<Name> {
    let mut sources = Vec::new();
    let (mut depth, mut of_query) = (0_usize, None);
    let mut has_common_tables = has_common_tables;
    let mut after_open = false;
    while let Some((_, part)) = words.next() {
        depth = depth_after(depth, part);
        if of_query.is_none() && depth == 0 && is_word(part, "values") {
            return Vec::new();
        }
        has_common_tables |= depth == 0 && of_query.is_none() && is_word(part, "with");
        if of_query.is_none() && is_word(part, "select") && (depth == 0 || (depth == 1 && after_open)) {
            of_query = Some(depth);
        }
        let is_read = has_common_tables || of_query == Some(depth);
        if is_read && (is_word(part, "from") || is_word(part, "join")) {
            words.takes("only");
            let at = words.at;
            match words.name() {
                // A function, or a query within.
                Some(_) if words.peek() == Some(&Part::Symbol('(')) => {}
                Some(name) => sources.push(name),
                None => words.at = at,
            }
        }
        after_open = *part == Part::Symbol('(');
    }
    sources
}
