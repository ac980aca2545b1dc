//! A value that is added to an enum and used in the same transaction, which Postgres refuses as unsafe.
//!
//! Certain is a cast of the very value to the very type, for it is evaluated as soon as its statement is read. Nothing is found
//! where the type may have been made in the same script, which Postgres 17 permits, or where its name may come to mean another.

use std::collections::BTreeMap;

use super::Finding;
use crate::scan::{Piece, Scan, Statement};
use crate::{Dialect, Place, Problem};

/// The first use of each value that cannot be used yet.
pub(super) fn find(sql: &str, scan: &Scan) -> Vec<Finding> {
    // Where each value is added.
    let mut added: BTreeMap<Value, (usize, Place)> = BTreeMap::new();
    let (mut place, mut behind) = (Place::START, 0);
    let mut findings = Vec::new();
    for statement in &scan.statements {
        let start = statement.span.start;
        if let Some(value) = added_by(sql, statement) {
            place = place.after(sql.get(behind..start).unwrap_or_default());
            behind = start;
            added.insert(value, (start, place));
        } else if !added.is_empty() {
            for (value, offset) in casts(sql, statement) {
                findings.extend(added.remove(&value).map(|(adding, place)| finding(&value, adding, place, offset)));
            }
        }
    }
    if findings.is_empty() || may_change_types(sql) { Vec::new() } else { findings }
}

fn finding(value: &Value, adding: usize, place: Place, using: usize) -> Finding {
    let (of, value) = (value.of.join("."), &value.value);
    let message = format!("value `{value}` of enum `{of}` is used in the transaction that adds it");
    let problem = Problem::new(message, "move what uses the value into a migration of its own, after this one")
        .with_note(format!("line {} adds the value, and Postgres knows it once that is committed", place.line));
    Finding { statement: adding, offset: using, problem }
}

/// A value of an enum.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Value {
    of: TypeName,
    value: String,
}

/// The parts of the name of a type, as the server compares them.
type TypeName = Vec<String>;

/// `ALTER TYPE name ADD VALUE 'value' …`. With `IF NOT EXISTS` the value may be an old one.
fn added_by(sql: &str, statement: &Statement) -> Option<Value> {
    let mut pieces = statement.pieces(sql, Dialect::Postgres);
    if !["ALTER", "TYPE"].into_iter().all(|word| pieces.next().is_some_and(|piece| piece.is(word))) {
        return None;
    }
    let pieces: Vec<Piece<'_>> = pieces.collect();
    let (of, rest) = type_name(&pieces)?;
    match rest {
        [add, word, value, ..] if add.is("ADD") && word.is("VALUE") => Some(Value { of, value: value.string()? }),
        _ => None,
    }
}

/// Whether anything in the script, strings and comments included, looks as if it gave the name of a type to another one.
fn may_change_types(sql: &str) -> bool {
    let mut before = "";
    sql.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty()).any(|word| {
        let is = |text: &str, words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
        let found = is(word, &["search_path", "temp", "temporary", "role", "authorization"])
            || is(before, &["create"]) && is(word, &["type", "domain", "extension"])
            || is(before, &["drop"]) && is(word, &["type"])
            || is(before, &["rename"]) && is(word, &["to", "value"])
            || is(before, &["set"]) && is(word, &["schema"]);
        before = word;
        found
    })
}

/// Every string constant that the statement certainly casts to a type, with its place.
fn casts(sql: &str, statement: &Statement) -> Vec<(Value, usize)> {
    let pieces: Vec<Piece<'_>> = statement.pieces(sql, Dialect::Postgres).collect();
    // What exists already, or does not exist, may be passed over unread.
    if pieces.iter().any(|piece| piece.is("IF")) {
        return Vec::new();
    }
    let cast = |index: usize| cast_at(pieces.get(..index)?, pieces.get(index..)?);
    (0..pieces.len()).filter_map(cast).collect()
}

/// `'value'::name` or `CAST('value' AS name)`, where a value may stand.
fn cast_at(before: &[Piece<'_>], from: &[Piece<'_>]) -> Option<(Value, usize)> {
    let (piece, rest) = from.split_first()?;
    let value = piece.string()?;
    let of = match (before, rest) {
        ([.., before], [first, second, rest @ ..])
            if first.is_sign(":") && second.is_sign(":") && second.touches(first) && may_precede_a_value(before) =>
        {
            let (of, rest) = type_name(rest)?;
            let is_array = rest.first().is_some_and(|next| next.is_sign("[") || next.is("ARRAY"));
            (!is_array).then_some(of)?
        }
        ([.., cast, open], [r#as, rest @ ..]) if cast.is("CAST") && open.is_sign("(") && r#as.is("AS") => {
            let (of, rest) = type_name(rest)?;
            rest.first().is_some_and(|next| next.is_sign(")")).then_some(of)?
        }
        _ => return None,
    };
    Some((Value { of, value }, piece.offset))
}

/// Whether the string constant behind this piece is whole, and no part of a constant of a type: `date '…'`.
fn may_precede_a_value(piece: &Piece<'_>) -> bool {
    const SIGNS: [&str; 6] = ["(", ",", "=", "<", ">", "["];
    const WORDS: [&str; 10] =
        ["SELECT", "DEFAULT", "WHEN", "THEN", "ELSE", "WHERE", "AND", "OR", "RETURN", "RETURNING"];
    SIGNS.into_iter().any(|sign| piece.is_sign(sign)) || WORDS.into_iter().any(|word| piece.is(word))
}

/// The name of a type at the start of `pieces`, and what follows it.
fn type_name<'a, 'b>(pieces: &'b [Piece<'a>]) -> Option<(TypeName, &'b [Piece<'a>])> {
    let (first, mut rest) = pieces.split_first()?;
    let mut name = vec![part(first)?];
    while let [dot, next, after @ ..] = rest
        && dot.is_sign(".")
    {
        name.push(part(next)?);
        rest = after;
    }
    Some((name, rest))
}

/// A part of a name: a bare word is read in small letters.
fn part(piece: &Piece<'_>) -> Option<String> {
    if piece.is_word() { Some(piece.text.to_ascii_lowercase()) } else { piece.quoted_name() }
}
