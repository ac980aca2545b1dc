//! The name of the history table, as an option gives it.

use migrate_core::Dialect;

use crate::error::{Error, ErrorKind};
use crate::quote;

/// A validated table name, with or without its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TableName {
    pub(crate) schema: Option<String>,
    pub(crate) table: String,
}

impl TableName {
    pub(crate) const DEFAULT: &'static str = "schema_migrations";

    /// Reads `table` or `schema.table`.
    pub(crate) fn parse(text: &str) -> Result<TableName, Error> {
        let (schema, table) = match text.split_once('.') {
            Some((schema, table)) => (Some(schema), table),
            None => (None, text),
        };
        if !schema.into_iter().chain([table]).all(is_name) {
            return Err(Error::new(
                ErrorKind::InvalidOption,
                format!("{text:?} cannot be the name of the history table"),
            )
            .with_help(
                "write `table` or `schema.table`, each of at most 63 ASCII letters, digits and `_`, and no digit first",
            ));
        }
        Ok(TableName { schema: schema.map(str::to_owned), table: table.to_owned() })
    }

    /// Whether SQLite keeps the name to itself.
    pub(crate) fn is_reserved(&self, dialect: Dialect) -> bool {
        dialect == Dialect::Sqlite && self.table.to_ascii_lowercase().starts_with("sqlite_")
    }

    /// Whether it is one that ends with the connection.
    pub(crate) fn is_temporary(&self, dialect: Dialect) -> bool {
        self.schema.as_deref().map(str::to_ascii_lowercase).is_some_and(|schema| match dialect {
            Dialect::Sqlite => schema == "temp",
            _ => schema.starts_with("pg_temp"),
        })
    }

    /// The name in quotes, in `schema` unless it has one of its own.
    pub(crate) fn quoted_in(&self, schema: Option<&str>) -> String {
        let table = quote::identifier(&self.table);
        match self.schema.as_deref().or(schema) {
            Some(schema) => format!("{}.{table}", quote::identifier(schema)),
            None => table,
        }
    }
}

fn is_name(name: &str) -> bool {
    name.len() <= 63
        && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let long = "x".repeat(63);
        for (text, quoted) in
            [("history", r#""history""#), ("ops.History_2", r#""ops"."History_2""#), (&long, &format!("\"{long}\""))]
        {
            assert_eq!(TableName::parse(text).unwrap().quoted_in(None), quoted);
        }
        assert_eq!(TableName::parse("t").unwrap().quoted_in(Some("public")), r#""public"."t""#);
        assert_eq!(TableName::parse("s.t").unwrap().quoted_in(Some("public")), r#""s"."t""#);
        let too_long = "x".repeat(64);
        for text in
            ["", ".", "a.", ".a", "a.b.c", "a b", "a\"; DROP TABLE x; --", "1a", "größe", "a'b", "a\0", &too_long]
        {
            assert!(TableName::parse(text).is_err(), "{text:?}");
        }
    }
}
