//! What a statement does, read from its first words: just enough of the grammar for the rules, in every dialect at once.
//!
//! Whatever is not understood is [`Deed::Other`]: a rule that sees less finds less, and never something that is not there.

mod alter;
mod change;
mod words;

use migrate_core::Dialect;
use migrate_core::scan::{Part, Statement};

pub(crate) use alter::{Action, Change};
use words::{Words, depth_after, is_word};

/// A name as the database compares it, and as people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    /// The last part of the name, without its schema: two names are taken for one rather than for two.
    pub(crate) key: String,
    /// The whole name without quotes.
    pub(crate) shown: String,
    /// Where it stands.
    pub(crate) offset: usize,
}

/// The kinds of things besides tables that are created and dropped, as `CREATE` calls them.
pub(crate) type Kind = &'static str;

/// What a statement does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// `CREATE TABLE`, also of a virtual table, and `CREATE MATERIALIZED VIEW`: something with rows that nobody else sees yet.
    CreateTable {
        table: Name,
    },
    CreateIndex {
        table: Name,
        concurrently: bool,
    },
    /// `CREATE TRIGGER`, with the table that it is put on.
    CreateTrigger {
        table: Name,
    },
    /// Anything else that is created.
    Create {
        kind: Kind,
        name: Name,
    },
    AlterTable {
        table: Name,
        actions: Vec<Action>,
    },
    /// `ALTER` of anything else.
    Alter {
        kind: Kind,
    },
    /// `ALTER … RENAME TO` of anything else.
    Rename {
        kind: Kind,
        name: Name,
        to: Name,
    },
    AddEnumValue {
        of: Name,
        value: String,
    },
    DropTable {
        tables: Vec<Name>,
        if_exists: bool,
    },
    DropSchema {
        kind: Kind,
        name: Name,
    },
    Drop {
        kind: Kind,
        names: Vec<Name>,
    },
    /// `TRUNCATE`, or `DELETE` without a condition.
    Empty {
        tables: Vec<Name>,
        cascades: bool,
    },
    Update {
        table: Name,
        is_of_one_row: bool,
    },
    Delete {
        table: Name,
        is_of_one_row: bool,
    },
    /// `INSERT … SELECT`, with the tables that it reads.
    InsertSelect {
        table: Name,
        from: Vec<Name>,
    },
    /// `SET`, unless it is `LOCAL`: `search_path` is changed, or set back.
    SearchPath {
        is_back: bool,
    },
    /// `PRAGMA name = value`.
    Pragma {
        name: String,
        value: String,
    },
    Other,
}

/// Reads a statement of `sql`.
pub(crate) fn read(statement: &Statement, sql: &str, dialect: Dialect) -> Deed {
    let parts: Vec<(usize, Part<'_>)> = statement.parts(sql, dialect).collect();
    let mut words = Words { parts: &parts, at: 0, dialect };
    if words.takes("create") {
        create(&mut words)
    } else if words.takes("alter") {
        alter::alter(&mut words)
    } else if words.takes("drop") {
        drop(&mut words)
    } else if words.takes("set") || words.is("reset") || words.is("discard") {
        setting(&mut words)
    } else if words.takes("pragma") {
        pragma(&mut words)
    } else {
        change::change(&mut words)
    }
    .unwrap_or(Deed::Other)
}

/// The tables that the foreign keys in a statement refer to.
pub(crate) fn references(statement: &Statement, sql: &str, dialect: Dialect) -> Vec<String> {
    let parts: Vec<(usize, Part<'_>)> = statement.parts(sql, dialect).collect();
    let mut words = Words { parts: &parts, at: 0, dialect };
    let mut tables = Vec::new();
    while words.peek().is_some() {
        if words.takes("references") {
            tables.extend(words.name().map(|name| name.key));
        } else {
            words.at += 1;
        }
    }
    tables
}

/// The columns of a `CREATE TABLE`, with their types.
pub(crate) fn columns(statement: &Statement, sql: &str, dialect: Dialect) -> Vec<(String, String)> {
    let parts: Vec<(usize, Part<'_>)> = statement.parts(sql, dialect).collect();
    let mut words = Words { parts: &parts, at: 0, dialect };
    let mut columns = Vec::new();
    while words.peek().is_some_and(|part| *part != Part::Symbol('(')) {
        words.at += 1;
    }
    words.at += 1;
    loop {
        let Some(name) = words.name() else { return columns };
        columns.push((name.key, words.type_name()));
        let mut depth = 0_usize;
        while words.peek().is_some_and(|part| depth > 0 || *part != Part::Symbol(',')) {
            depth = words.peek().map_or(0, |part| depth_after(depth, part));
            words.at += 1;
        }
        words.at += 1;
    }
}

/// Whether a `CREATE FUNCTION` makes a function that only a trigger can call.
pub(crate) fn is_for_triggers(statement: &Statement, sql: &str, dialect: Dialect) -> bool {
    let parts: Vec<(usize, Part<'_>)> = statement.parts(sql, dialect).collect();
    parts.windows(2).any(
        |pair| matches!(pair, [(_, first), (_, second)] if is_word(first, "returns") && is_word(second, "trigger")),
    )
}

fn create(words: &mut Words<'_>) -> Option<Deed> {
    let _ = words.takes("or") && words.takes("replace");
    while words.takes_any(&["global", "local", "temporary", "temp", "unlogged", "unique", "virtual", "recursive"]) {}
    if words.takes("constraint") || words.is("trigger") {
        words.takes("trigger");
        words.takes_if_exists();
        words.name()?;
        words.skip_behind("on")?;
        return Some(Deed::CreateTrigger { table: words.name()? });
    }
    if words.takes("index") {
        let concurrently = words.takes("concurrently");
        words.skip_behind("on")?;
        words.takes("only");
        return Some(Deed::CreateIndex { table: words.name()?, concurrently });
    }
    let is_materialized = words.takes("materialized");
    let kind = words.kind()?;
    words.takes_if_exists();
    let name = words.name()?;
    Some(if kind == "table" || is_materialized {
        Deed::CreateTable { table: name }
    } else {
        Deed::Create { kind, name }
    })
}

fn drop(words: &mut Words<'_>) -> Option<Deed> {
    words.takes("temporary");
    words.takes("materialized");
    words.takes("foreign");
    let kind = words.kind()?;
    words.takes("concurrently");
    let if_exists = words.is("if");
    words.takes_if_exists();
    let names = words.names();
    Some(match kind {
        "table" => Deed::DropTable { tables: names, if_exists },
        "schema" | "database" => Deed::DropSchema { kind, name: names.into_iter().next()? },
        _ => Deed::Drop { kind, names },
    })
}

/// What is left of `SET …`, or all of `RESET …` and `DISCARD …`.
fn setting(words: &mut Words<'_>) -> Option<Deed> {
    if words.takes("reset") {
        return (words.is("search_path") || words.is("all")).then_some(Deed::SearchPath { is_back: true });
    }
    if words.takes("discard") {
        return words.is("all").then_some(Deed::SearchPath { is_back: true });
    }
    words.takes("session");
    if words.takes("search_path") {
        let _ = words.takes("to") || words.takes_symbol('=');
        return Some(Deed::SearchPath { is_back: words.is("default") });
    }
    words.is("schema").then_some(Deed::SearchPath { is_back: false })
}

fn pragma(words: &mut Words<'_>) -> Option<Deed> {
    let name = words.name()?.key;
    if !words.takes_symbol('=') && !words.takes_symbol('(') {
        return None;
    }
    words.takes_symbol('+');
    let value = match words.next()?.1 {
        Part::Word(value) | Part::Text(value) | Part::Other(value) => value.trim_matches('\'').to_lowercase(),
        Part::Quoted(value) => value.to_lowercase(),
        // A negative number is no number to SQLite.
        Part::Symbol('-') => "-".to_owned(),
        _ => return None,
    };
    Some(Deed::Pragma { name, value })
}
