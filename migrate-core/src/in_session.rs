//! What a statement leaves in its session, or takes from it: whoever goes on with its script in another one has to know.

mod made;
mod postgres;
mod sqlite;
#[cfg(test)]
mod tests;

use crate::Dialect;
use crate::scan::{Piece, Statement};

pub use postgres::last_number_reader;
pub use sqlite::last_rowid_reader;

/// What a statement leaves in its session, and nowhere else.
///
/// ```
/// use migrate_core::{Dialect, InSession, scan::scan};
///
/// let left = |sql: &str| InSession::left_by(sql, &scan(sql, Dialect::Postgres).statements[0], Dialect::Postgres);
/// assert_eq!(left("SET search_path = app"), Some(InSession::Repeatable));
/// assert_eq!(left("CREATE TEMP TABLE picked AS SELECT id FROM users"), Some(InSession::Lost));
/// assert_eq!(left("CREATE TABLE users (id integer)"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InSession {
    /// Sent again, it leaves the same in another session.
    Repeatable,
    /// It is gone with the session, or nobody can tell what it is.
    Lost,
}

impl InSession {
    /// What the statement leaves, as far as its text shows.
    ///
    /// ```
    /// use migrate_core::{Dialect, InSession, scan::scan};
    ///
    /// let sql = "PRAGMA cache_size = 2000";
    /// let left = InSession::left_by(sql, &scan(sql, Dialect::Sqlite).statements[0], Dialect::Sqlite);
    /// assert_eq!(left, Some(InSession::Repeatable));
    /// ```
    pub fn left_by(sql: &str, statement: &Statement, dialect: Dialect) -> Option<InSession> {
        let pieces: Vec<Piece<'_>> = statement.pieces(sql, dialect).collect();
        match dialect {
            Dialect::Sqlite => sqlite::left_by(&pieces),
            _ => postgres::left_by(&pieces, statement.text(sql)),
        }
    }
}

/// Those of these statements that have left something in their session which is gone with it, unless one behind it has removed that.
///
/// ```
/// use migrate_core::{Dialect, lost_with_session, scan::scan};
///
/// let lost = |sql: &str| lost_with_session(sql, &scan(sql, Dialect::Postgres).statements, Dialect::Postgres).len();
/// assert_eq!(lost("CREATE TEMP TABLE picked AS SELECT id FROM users; SELECT pg_advisory_lock(1)"), 2);
/// assert_eq!(lost("CREATE TEMP TABLE picked AS SELECT id FROM users; DROP TABLE picked"), 0);
/// ```
pub fn lost_with_session<'s>(sql: &str, statements: &'s [Statement], dialect: Dialect) -> Vec<&'s Statement> {
    let statements = since_discard(sql, statements, dialect);
    let pieces_of = |statement: &Statement| statement.pieces(sql, dialect).collect::<Vec<_>>();
    let is_lost = |index: usize| {
        let (statement, behind) = (&statements[index], &statements[index + 1..]);
        let left = pieces_of(statement);
        // What it has done beside that stays, and what is called otherwise by now is another thing.
        let may_stay = || {
            postgres::calls_for_session(&left)
                || behind.iter().any(|later| pieces_of(later).iter().any(|piece| piece.is("RENAME")))
        };
        let is_removed = || behind.iter().any(|later| made::removes(&pieces_of(later), &left));
        InSession::left_by(sql, statement, dialect) == Some(InSession::Lost) && (!is_removed() || may_stay())
    };
    (0..statements.len()).filter(|index| is_lost(*index)).map(|index| &statements[index]).collect()
}

/// From the last statement on behind which everything is as in a new session, if there is one.
fn since_discard<'s>(sql: &str, statements: &'s [Statement], dialect: Dialect) -> &'s [Statement] {
    let discards = |statement: &Statement| {
        dialect == Dialect::Postgres && postgres::discards_all(&statement.pieces(sql, dialect).collect::<Vec<_>>())
    };
    &statements[statements.iter().rposition(discards).unwrap_or_default()..]
}

/// Those of these statements that have to be sent again in another session, in their order, for what follows them, without what has been
/// attached and detached again, or discarded; and whether a later one sets the same, so that nothing is lost where it fails.
///
/// ```
/// use migrate_core::{Dialect, scan::scan, session_settings};
///
/// let sql = "SET ROLE owner; SET work_mem = '1GB'; CREATE TABLE t (id integer); RESET ROLE";
/// let statements = scan(sql, Dialect::Postgres).statements;
/// let again = session_settings(sql, &statements, Dialect::Postgres);
/// let texts: Vec<(&str, bool)> = again.iter().map(|(statement, may_fail)| (statement.text(sql), *may_fail)).collect();
/// assert_eq!(texts, [("SET ROLE owner", true), ("SET work_mem = '1GB'", false), ("RESET ROLE", false)]);
/// ```
pub fn session_settings<'s>(sql: &str, statements: &'s [Statement], dialect: Dialect) -> Vec<(&'s Statement, bool)> {
    let is_repeatable =
        |statement: &&Statement| InSession::left_by(sql, statement, dialect) == Some(InSession::Repeatable);
    let set: Vec<(&Statement, Vec<Piece<'_>>)> = since_discard(sql, statements, dialect)
        .iter()
        .filter(is_repeatable)
        .map(|statement| (statement, statement.pieces(sql, dialect).collect()))
        .collect();
    let mut again = Vec::new();
    for (index, (statement, own)) in set.iter().enumerate() {
        let (before, behind) = (&set[..index], &set[index + 1..]);
        let is_removed = |made: &[Piece<'_>]| behind.iter().any(|(_, later)| made::removes(later, made));
        let is_of_what_is_removed = || {
            let is_attached_as = |made: &[Piece<'_>]| made.last().is_some_and(|name| sqlite::is_pragma_of(own, name));
            before.iter().any(|(_, made)| made::removes(own, made) || is_attached_as(made) && is_removed(made))
        };
        if !is_removed(own) && !is_of_what_is_removed() {
            again.push((*statement, behind.iter().any(|(_, later)| postgres::supersedes(later, own))));
        }
    }
    again
}

/// The names that stand before a parenthesis, in small letters, of functions of the database itself.
fn calls(pieces: &[Piece<'_>]) -> impl Iterator<Item = String> {
    let is_of_database = move |at: usize| {
        let is_qualified = at > 1 && pieces[at - 1].is_sign(".");
        !is_qualified || pieces[at - 2].name().eq_ignore_ascii_case("pg_catalog")
    };
    (0..pieces.len().saturating_sub(1))
        .filter(move |at| pieces[*at].is_name() && pieces[at + 1].is_sign("(") && is_of_database(*at))
        .map(|at| pieces[at].name().to_ascii_lowercase())
}
