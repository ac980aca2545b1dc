//! What only the text of `CREATE TABLE` tells.
//!
//! Not a parser: SQLite has accepted the text, so that it is enough to look for the words that begin a clause, outside of brackets.

use std::borrow::Cow;

use super::normal;

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Definition {
    columns: Vec<Column>,
    pub(super) checks: Vec<String>,
    /// `ON CONFLICT` with the constraint that it belongs to.
    pub(super) conflicts: Vec<String>,
    /// The columns of foreign keys that are checked at the end of the transaction.
    pub(super) deferred: Vec<String>,
    pub(super) has_autoincrement: bool,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Column {
    name: String,
    pub(super) collation: Option<String>,
    pub(super) generated: Option<String>,
}

type Token<'a> = Cow<'a, str>;

impl Definition {
    pub(super) fn read(sql: &str) -> Definition {
        let mut definition = Definition::default();
        let tokens: Vec<Token<'_>> = normal::tokens(sql).collect();
        for element in elements(&tokens) {
            definition.add(element);
        }
        definition
    }

    pub(super) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// Reads a column or a constraint of the table.
    fn add(&mut self, element: &[Token<'_>]) {
        let Some(first) = element.first() else { return };
        let is_constraint = matches!(&**first, "constraint" | "primary" | "unique" | "check" | "foreign");
        let mut column = Column { name: first.trim_matches('"').replace("\"\"", "\""), ..Column::default() };
        let mut constraint = String::new();
        let mut key_columns = if is_constraint { String::new() } else { column.name.clone() };
        let mut at = usize::from(!is_constraint);
        while let Some(token) = element.get(at) {
            let next = |ahead: usize| element.get(at + ahead).map_or("", |token| &**token);
            let group = group(element, at + 1);
            match &**token {
                "check" => self.checks.extend(group.map(joined)),
                "as" => column.generated = group.map(joined),
                "collate" => column.collation = Some(next(1).to_owned()),
                "autoincrement" => self.has_autoincrement = true,
                // What comes after it, such as `INITIALLY DEFERRED`, means nothing then.
                "not" if next(1) == "deferrable" => at += 3,
                "primary" | "unique" | "not" => {
                    constraint =
                        format!("{token} {}", if &**token == "unique" { "" } else { next(1) }).trim_end().to_owned();
                    if let Some(columns) = self::group(element, at + 1).or_else(|| self::group(element, at + 2)) {
                        key_columns = joined(columns);
                    }
                }
                "foreign" => {
                    if let Some(columns) = self::group(element, at + 2) {
                        key_columns = joined(columns).replace('"', "");
                    }
                }
                "on" if next(1) == "conflict" => {
                    self.conflicts.push(format!("{constraint} ({key_columns}) on conflict {}", next(2)));
                }
                "initially" if next(1) == "deferred" => self.deferred.push(key_columns.clone()),
                _ => {}
            }
            at += match group {
                Some(group) if &**token != "(" => group.len() + 3,
                _ => 1,
            };
        }
        if !is_constraint {
            self.columns.push(column);
        }
    }
}

fn joined(tokens: &[Token<'_>]) -> String {
    normal::join(tokens.iter().map(|token| Cow::Borrowed(&**token)))
}

/// What is between the brackets of the table, split at its commas.
fn elements<'t, 'a>(tokens: &'t [Token<'a>]) -> Vec<&'t [Token<'a>]> {
    let Some(open) = tokens.iter().position(|token| token == "(") else { return Vec::new() };
    let body = group(tokens, open).unwrap_or_default();
    let mut depth = 0_usize;
    body.split(|token| {
        match &**token {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && token == ","
    })
    .collect()
}

/// What is between the bracket at `open` and the one that closes it; `None` if there is no bracket.
fn group<'t, 'a>(tokens: &'t [Token<'a>], open: usize) -> Option<&'t [Token<'a>]> {
    let inner = tokens.get(open..)?.split_first().filter(|(first, _)| *first == "(")?.1;
    let mut depth = 0_usize;
    let end = inner.iter().position(|token| match &**token {
        ")" if depth == 0 => true,
        bracket => {
            match bracket {
                "(" => depth += 1,
                ")" => depth -= 1,
                _ => {}
            }
            false
        }
    });
    Some(inner.get(..end.unwrap_or(inner.len())).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions() {
        let sql = "CREATE TABLE t (id INTEGER PRIMARY KEY ON CONFLICT ABORT AUTOINCREMENT, \"a b\" text COLLATE NOCASE CHECK (\"a b\" <> ','), \
                   n numeric(10, 2) NOT NULL ON CONFLICT IGNORE DEFAULT (1 + (2)), g int GENERATED ALWAYS AS (id * (2)) STORED, \
                   p int REFERENCES p(id) DEFERRABLE INITIALLY DEFERRED, \
                   r int REFERENCES p(id) NOT DEFERRABLE INITIALLY DEFERRED, CONSTRAINT c CHECK (id > 0), \
                   UNIQUE (n, g) ON CONFLICT REPLACE, FOREIGN KEY (n, g) REFERENCES q (x, y) DEFERRABLE INITIALLY DEFERRED) STRICT";
        let definition = Definition::read(sql);
        assert!(definition.has_autoincrement);
        assert_eq!(definition.checks, ["\"a b\" < > ','", "id > 0"]);
        assert_eq!(
            definition.conflicts,
            [
                "primary key (id) on conflict abort",
                "not null (n) on conflict ignore",
                "unique (n, g) on conflict replace"
            ]
        );
        assert_eq!(definition.deferred, ["p", "n, g"]);
        let column = |name: &str| definition.column(name).unwrap();
        assert_eq!(column("a b").collation.as_deref(), Some("nocase"));
        assert_eq!(column("G").generated.as_deref(), Some("id *(2)"));
        assert_eq!(definition.columns.len(), 6);
        assert_eq!(Definition::read("CREATE TABLE t"), Definition::default());
        assert_eq!(Definition::read("CREATE TABLE t ((("), Definition::read("CREATE TABLE t ((("));
    }
}
