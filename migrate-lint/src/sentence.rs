//! What a statement does, read from its first words: just enough of the grammar for the rules, in every dialect at once.
//!
//! Whatever is not understood is [`Deed::Other`]: a rule that sees less finds less, and never something that is not there.

mod alter;
mod change;

use migrate_core::Dialect;
use migrate_core::scan::{Part, Statement};

pub(crate) use alter::{Action, Change};

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
    let value = match words.next()? {
        (_, Part::Symbol('=' | '(')) => match words.next()?.1 {
            Part::Word(value) | Part::Text(value) | Part::Other(value) => value.trim_matches('\'').to_lowercase(),
            Part::Quoted(value) => value.to_lowercase(),
            _ => return None,
        },
        _ => return None,
    };
    Some(Deed::Pragma { name, value })
}

/// A place between the tokens of a statement.
pub(crate) struct Words<'a> {
    parts: &'a [(usize, Part<'a>)],
    at: usize,
    dialect: Dialect,
}

impl<'a> Words<'a> {
    fn peek(&self) -> Option<&'a Part<'a>> {
        self.parts.get(self.at).map(|(_, part)| part)
    }

    fn next(&mut self) -> Option<(usize, &'a Part<'a>)> {
        let (offset, part) = self.parts.get(self.at)?;
        self.at += 1;
        Some((*offset, part))
    }

    fn offset(&self) -> usize {
        self.parts.get(self.at).or(self.parts.last()).map_or(0, |(offset, _)| *offset)
    }

    /// Whether this word is next.
    fn is(&self, word: &str) -> bool {
        self.is_at(0, word)
    }

    fn is_at(&self, ahead: usize, word: &str) -> bool {
        self.parts.get(self.at + ahead).is_some_and(|(_, part)| is_word(part, word))
    }

    fn is_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }

    /// Moves over this word, if it is next.
    fn takes(&mut self, word: &str) -> bool {
        let takes = self.is(word);
        self.at += usize::from(takes);
        takes
    }

    fn takes_any(&mut self, words: &[&str]) -> bool {
        words.iter().any(|word| self.takes(word))
    }

    fn takes_symbol(&mut self, symbol: char) -> bool {
        let takes = self.peek() == Some(&Part::Symbol(symbol));
        self.at += usize::from(takes);
        takes
    }

    /// `IF EXISTS` or `IF NOT EXISTS`.
    fn takes_if_exists(&mut self) {
        if self.is("if") && (self.is_at(1, "exists") || (self.is_at(1, "not") && self.is_at(2, "exists"))) {
            self.at += if self.is_at(1, "exists") { 2 } else { 3 };
        }
    }

    /// Moves behind the next `word` outside of parentheses.
    fn skip_behind(&mut self, word: &str) -> Option<()> {
        let mut depth = 0_usize;
        while let Some((_, part)) = self.next() {
            depth = depth_after(depth, part);
            if depth == 0 && is_word(part, word) {
                return Some(());
            }
        }
        None
    }

    /// The kind of thing that is created, altered or dropped.
    fn kind(&mut self) -> Option<Kind> {
        const KINDS: [Kind; 24] = [
            "table",
            "index",
            "view",
            "schema",
            "database",
            "function",
            "procedure",
            "routine",
            "aggregate",
            "type",
            "domain",
            "sequence",
            "trigger",
            "extension",
            "policy",
            "rule",
            "role",
            "user",
            "group",
            "event",
            "collation",
            "operator",
            "publication",
            "statistics",
        ];
        let kind = KINDS.into_iter().find(|kind| self.is(kind));
        self.at += usize::from(kind.is_some());
        kind
    }

    /// A name with its schema, if one is next.
    fn name(&mut self) -> Option<Name> {
        let offset = self.offset();
        let mut segments = Vec::new();
        loop {
            segments.push(match self.next()?.1 {
                Part::Word(word) if self.dialect == Dialect::Postgres => (word.to_lowercase(), *word),
                Part::Quoted(name) if self.dialect == Dialect::Postgres => (name.to_string(), name.as_ref()),
                Part::Word(word) => (word.to_lowercase(), *word),
                Part::Quoted(name) => (name.to_lowercase(), name.as_ref()),
                // SQLite takes a string for a name where only a name can stand.
                Part::Text(text) => (text.trim_matches('\'').to_lowercase(), text.trim_matches('\'')),
                _ => return None,
            });
            if !self.takes_symbol('.') {
                break;
            }
        }
        let shown = segments.iter().map(|(_, shown)| *shown).collect::<Vec<_>>().join(".");
        Some(Name { key: segments.pop()?.0, shown, offset })
    }

    /// The name of a type, in lower case and without spaces but between words: `character varying(20)`.
    fn type_name(&mut self) -> String {
        const BEHIND: [&str; 14] = [
            "not",
            "null",
            "default",
            "primary",
            "unique",
            "references",
            "check",
            "constraint",
            "collate",
            "generated",
            "as",
            "using",
            "storage",
            "auto_increment",
        ];
        let mut name = String::new();
        let (mut depth, mut after_word) = (0_usize, false);
        while let Some(part) = self.peek() {
            let ends = matches!(part, Part::Symbol(',' | ')')) || BEHIND.iter().any(|word| is_word(part, word));
            if depth == 0 && ends {
                break;
            }
            depth = depth_after(depth, part);
            match part {
                Part::Word(word) => {
                    name.push_str(if after_word { " " } else { "" });
                    name.push_str(&word.to_lowercase());
                }
                Part::Symbol(symbol) => name.push(*symbol),
                Part::Quoted(text) => name.push_str(text),
                Part::Text(text) | Part::Other(text) => name.push_str(text),
                _ => {}
            }
            after_word = matches!(part, Part::Word(_));
            self.at += 1;
        }
        name
    }

    /// Names with commas between them; what Postgres may write around one is left out.
    fn names(&mut self) -> Vec<Name> {
        let mut names = Vec::new();
        loop {
            if self.is("only") {
                self.at += 1;
            }
            names.extend(self.name());
            self.takes_symbol('*');
            if !self.takes_symbol(',') {
                return names;
            }
        }
    }
}

fn is_word(part: &Part<'_>, word: &str) -> bool {
    matches!(part, Part::Word(written) if written.eq_ignore_ascii_case(word))
}

fn depth_after(depth: usize, part: &Part<'_>) -> usize {
    match part {
        Part::Symbol('(') => depth + 1,
        Part::Symbol(')') => depth.saturating_sub(1),
        _ => depth,
    }
}
