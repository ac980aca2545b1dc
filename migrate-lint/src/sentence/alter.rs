//! `ALTER`: what is done to a table, action by action.

use migrate_core::scan::Part;

use super::{Deed, Kind, Name, Words, depth_after, is_word};

/// One of the actions of an `ALTER TABLE`, which are divided by commas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Action {
    /// Where the action begins.
    pub(crate) offset: usize,
    pub(crate) change: Change,
}

/// What an action does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    AddColumn {
        column: Name,
        type_name: String,
        is_required: bool,
        has_default: bool,
    },
    DropColumn {
        column: Name,
    },
    RenameColumn {
        column: Name,
        to: Name,
    },
    RenameTable {
        to: Name,
    },
    /// `ALTER COLUMN … TYPE`, perhaps with an expression.
    Retype {
        column: Name,
        to: String,
        is_converted: bool,
    },
    /// `ALTER COLUMN … SET DEFAULT`.
    SetDefault {
        column: Name,
    },
    /// `ALTER COLUMN … DROP DEFAULT`.
    DropDefault {
        column: Name,
    },
    /// What makes Postgres read every row: a constraint that is checked at once, `SET NOT NULL`.
    Scan,
    /// What lets everybody else go on on Postgres, such as `VALIDATE CONSTRAINT`.
    Light,
    Other,
}

/// Reads what follows `ALTER`.
pub(super) fn alter(words: &mut Words<'_>) -> Option<Deed> {
    words.takes("materialized");
    let is_foreign = words.takes("foreign");
    let kind = words.kind()?;
    if kind == "type" {
        return alter_type(words);
    }
    if kind != "table" || is_foreign {
        return Some(rename(words, kind).unwrap_or(Deed::Alter { kind }));
    }
    words.takes_if_exists();
    words.takes("only");
    let table = words.name()?;
    words.takes_symbol('*');
    let mut actions = Vec::new();
    while words.peek().is_some() {
        let from = words.at;
        let mut depth = 0_usize;
        while let Some(part) = words.peek() {
            if depth == 0 && *part == Part::Symbol(',') {
                break;
            }
            depth = depth_after(depth, part);
            words.at += 1;
        }
        let mut of_action =
            Words { parts: words.parts.get(from..words.at).unwrap_or_default(), at: 0, dialect: words.dialect };
        let offset = of_action.offset();
        actions.push(Action { offset, change: change(&mut of_action).unwrap_or(Change::Other) });
        words.at += 1;
    }
    Some(Deed::AlterTable { table, actions })
}

/// Reads `ALTER … name RENAME TO name`.
fn rename(words: &mut Words<'_>, kind: Kind) -> Option<Deed> {
    words.takes_if_exists();
    let name = words.name()?;
    (words.takes("rename") && words.takes("to")).then(|| words.name()).flatten().map(|to| Deed::Rename {
        kind,
        name,
        to,
    })
}

fn alter_type(words: &mut Words<'_>) -> Option<Deed> {
    let from = words.at;
    let of = words.name()?;
    if !(words.takes("add") && words.takes("value")) {
        words.at = from;
        return Some(rename(words, "type").unwrap_or(Deed::Alter { kind: "type" }));
    }
    words.takes_if_exists();
    match words.next()? {
        (_, Part::Text(value)) => Some(Deed::AddEnumValue { of, value: (*value).to_owned() }),
        _ => None,
    }
}

fn change(words: &mut Words<'_>) -> Option<Change> {
    if words.takes("add") {
        return add(words);
    }
    if words.takes("drop") {
        if !words.takes("column")
            && words.is_any(&["constraint", "index", "key", "primary", "foreign", "check", "partition"])
        {
            return None;
        }
        words.takes_if_exists();
        return Some(Change::DropColumn { column: words.name()? });
    }
    if words.takes("rename") {
        if words.takes("to") || words.takes("as") {
            return Some(Change::RenameTable { to: words.name()? });
        }
        if words.is_any(&["constraint", "index", "key"]) {
            return None;
        }
        words.takes("column");
        let column = words.name()?;
        return words.takes("to").then(|| words.name()).flatten().map(|to| Change::RenameColumn { column, to });
    }
    if words.takes("validate") || words.takes("cluster") || words.takes("attach") {
        return Some(Change::Light);
    }
    if words.takes("set") {
        return (words.peek() == Some(&Part::Symbol('('))).then_some(Change::Light);
    }
    if words.takes("alter") {
        words.takes("column");
        return change_of_column(words);
    }
    None
}

/// Reads what follows `ALTER COLUMN`.
fn change_of_column(words: &mut Words<'_>) -> Option<Change> {
    let column = words.name()?;
    let drops = words.takes("drop");
    let sets = !drops && words.takes("set");
    if words.takes("default") {
        return Some(if drops { Change::DropDefault { column } } else { Change::SetDefault { column } });
    }
    if sets && words.is("statistics") {
        return Some(Change::Light);
    }
    if sets && words.is("not") {
        return Some(Change::Scan);
    }
    let _ = sets && words.takes("data");
    let to = words.takes("type").then(|| words.type_name())?;
    Some(Change::Retype { column, to, is_converted: words.peek().is_some() })
}

/// `NOT VALID`, or `USING INDEX` of one that is there.
fn is_checked_later(first: &Part<'_>, second: &Part<'_>) -> bool {
    (is_word(first, "not") && is_word(second, "valid")) || (is_word(first, "using") && is_word(second, "index"))
}

/// Reads what follows `ADD`.
fn add(words: &mut Words<'_>) -> Option<Change> {
    const NO_COLUMN: [&str; 10] =
        ["constraint", "primary", "unique", "foreign", "check", "exclude", "index", "key", "fulltext", "spatial"];
    if !words.takes("column") && (words.is_any(&NO_COLUMN) || words.is("partition")) {
        let is_checked_later =
            |pair: &[(usize, Part<'_>)]| matches!(pair, [(_, first), (_, second)] if is_checked_later(first, second));
        return (!words.is("partition") && !words.parts.windows(2).any(is_checked_later)).then_some(Change::Scan);
    }
    words.takes_if_exists();
    let column = words.name()?;
    let type_name = words.type_name();
    let (mut depth, mut is_not_null) = (0_usize, false);
    // A serial type brings its default along.
    let mut has_default = type_name.contains("serial");
    while let Some((_, part)) = words.next() {
        depth = depth_after(depth, part);
        if depth > 0 {
            continue;
        }
        is_not_null |= is_word(part, "not") && words.is("null");
        has_default |= is_word(part, "default") && !words.is("null");
        has_default |=
            ["generated", "as", "auto_increment", "autoincrement"].into_iter().any(|word| is_word(part, word));
    }
    Some(Change::AddColumn { column, type_name, is_required: is_not_null && !has_default, has_default })
}
