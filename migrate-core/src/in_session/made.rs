//! What a statement makes under a name in its session, and what removes that again.

use crate::scan::Piece;

/// `CREATE [OR REPLACE] [LOCAL] TEMP …`, and `CREATE … schema.name`.
pub(super) fn makes_temporary(pieces: &[Piece<'_>], schema: &str) -> bool {
    let before = ["OR", "REPLACE", "LOCAL", "GLOBAL"];
    let what = pieces.iter().skip(1).find(|piece| !before.iter().any(|word| piece.is(word)));
    what.is_some_and(is_temporary)
        || up_to_name(pieces).windows(2).any(|pair| is_schema(&pair[0], schema) && pair[1].is_sign("."))
}

/// A `CREATE` up to the name of what it makes.
pub(super) fn up_to_name<'p, 'a>(pieces: &'p [Piece<'a>]) -> &'p [Piece<'a>] {
    let behind = ["AS", "ON", "AFTER", "BEFORE", "INSTEAD", "DELETE", "INSERT", "UPDATE", "USING", "("];
    let ends_name = |piece: &Piece<'_>| behind.iter().any(|word| piece.is(word) || piece.is_sign(word));
    &pieces[..pieces.iter().position(ends_name).unwrap_or(pieces.len())]
}

/// Whether a statement is sure to remove what another one has left: that has made it under a name, and this one names it.
pub(super) fn removes(pieces: &[Piece<'_>], left: &[Piece<'_>]) -> bool {
    let [Some(verb), Some(made_by)] = [pieces.first(), left.first()] else { return false };
    let is_by = |made: &str, removed: &str| made_by.is(made) && verb.is(removed);
    let made = match () {
        () if is_by("CREATE", "DROP") => {
            let made = up_to_name(left);
            let is_kind = |kind: &Piece<'_>| made.iter().any(|piece| piece.is(kind.text));
            made.last().filter(|_| pieces.get(1).is_some_and(is_kind))
        }
        () if is_by("PREPARE", "DEALLOCATE") || is_by("DECLARE", "CLOSE") => left.get(1),
        () if is_by("ATTACH", "DETACH") => left.last(),
        () => None,
    };
    made.is_some_and(|made| (1..pieces.len()).any(|at| names_temporary(pieces, at, made)))
}

/// Whether the piece at `at` names what is in the session, and not something of the same name in a schema.
fn names_temporary(pieces: &[Piece<'_>], at: usize, made: &Piece<'_>) -> bool {
    let is_dot = |at: usize| pieces.get(at).is_some_and(|piece| piece.is_sign("."));
    let is_in_session = !is_dot(at - 1) || ["TEMP", "PG_TEMP"].iter().any(|of| is_schema(&pieces[at - 2], of));
    folded(&pieces[at]) == folded(made) && is_in_session && !is_dot(at + 1)
}

/// A name as the database takes it: without its quotes, or in small letters.
fn folded(name: &Piece<'_>) -> String {
    if name.is_word() { name.text.to_ascii_lowercase() } else { name.name().into_owned() }
}

pub(super) fn is_temporary(word: &Piece<'_>) -> bool {
    word.is("TEMP") || word.is("TEMPORARY")
}

pub(super) fn is_schema(name: &Piece<'_>, schema: &str) -> bool {
    name.name().eq_ignore_ascii_case(schema)
}
