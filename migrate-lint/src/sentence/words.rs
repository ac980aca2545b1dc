//! Walks over the tokens of a statement: words, names, lists, types.

use migrate_core::Dialect;
use migrate_core::scan::Part;

use super::{Kind, Name};

/// A place between the tokens of a statement.
pub(super) struct Words<'a> {
    pub(super) parts: &'a [(usize, Part<'a>)],
    pub(super) at: usize,
    pub(super) dialect: Dialect,
}

impl<'a> Words<'a> {
    pub(super) fn peek(&self) -> Option<&'a Part<'a>> {
        self.parts.get(self.at).map(|(_, part)| part)
    }

    pub(super) fn next(&mut self) -> Option<(usize, &'a Part<'a>)> {
        let (offset, part) = self.parts.get(self.at)?;
        self.at += 1;
        Some((*offset, part))
    }

    pub(super) fn offset(&self) -> usize {
        self.parts.get(self.at).or(self.parts.last()).map_or(0, |(offset, _)| *offset)
    }

    /// Whether this word is next.
    pub(super) fn is(&self, word: &str) -> bool {
        self.is_at(0, word)
    }

    pub(super) fn is_at(&self, ahead: usize, word: &str) -> bool {
        self.parts.get(self.at + ahead).is_some_and(|(_, part)| is_word(part, word))
    }

    pub(super) fn is_any(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.is(word))
    }

    /// Moves over this word, if it is next.
    pub(super) fn takes(&mut self, word: &str) -> bool {
        let takes = self.is(word);
        self.at += usize::from(takes);
        takes
    }

    pub(super) fn takes_any(&mut self, words: &[&str]) -> bool {
        words.iter().any(|word| self.takes(word))
    }

    pub(super) fn takes_symbol(&mut self, symbol: char) -> bool {
        let takes = self.peek() == Some(&Part::Symbol(symbol));
        self.at += usize::from(takes);
        takes
    }

    /// `IF EXISTS` or `IF NOT EXISTS`.
    pub(super) fn takes_if_exists(&mut self) {
        if self.is("if") && (self.is_at(1, "exists") || (self.is_at(1, "not") && self.is_at(2, "exists"))) {
            self.at += if self.is_at(1, "exists") { 2 } else { 3 };
        }
    }

    /// Moves behind the next `word` outside of parentheses.
    pub(super) fn skip_behind(&mut self, word: &str) -> Option<()> {
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
    pub(super) fn kind(&mut self) -> Option<Kind> {
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
    pub(super) fn name(&mut self) -> Option<Name> {
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
    pub(super) fn type_name(&mut self) -> String {
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
    pub(super) fn names(&mut self) -> Vec<Name> {
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

pub(super) fn is_word(part: &Part<'_>, word: &str) -> bool {
    matches!(part, Part::Word(written) if written.eq_ignore_ascii_case(word))
}

pub(super) fn depth_after(depth: usize, part: &Part<'_>) -> usize {
    match part {
        Part::Symbol('(') => depth + 1,
        Part::Symbol(')') => depth.saturating_sub(1),
        _ => depth,
    }
}
