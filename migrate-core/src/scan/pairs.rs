//! The transaction statements that a script may have, because they mean nothing where the runner opens the transaction.

use std::ops::Range;

use super::Statement;
use super::content::{Role, Transaction};
use crate::Dialect;

/// Transaction statements that are dropped.
#[derive(Default)]
pub(super) struct Accepted {
    /// Their indexes, in order.
    pub(super) dropped: Vec<usize>,
    /// Whether a pair of them is around the whole script.
    pub(super) wrapped: bool,
}

/// The transaction statements of a script, at their indexes, if they may be dropped all together.
pub(super) fn accepted(
    sql: &str,
    dialect: Dialect,
    statements: &[Statement],
    transactions: &[(usize, Transaction)],
) -> Option<Accepted> {
    let is_pragma = |statement: &Statement| {
        dialect == Dialect::Sqlite && statement.pieces(sql, dialect).next().is_some_and(|verb| verb.is("PRAGMA"))
    };
    // Whether nothing but pragmas stands there.
    let is_idle = |range: Range<usize>| statements[range].iter().all(is_pragma);
    // SQLite: the transaction is left for some pragmas.
    let is_break = |pair: &&[(usize, Transaction)]| {
        let [(end, closing), (start, opening)] = pair else { return false };
        dialect == Dialect::Sqlite
            && (closing.role == Role::Closes && opening.role == Role::Opens)
            && is_idle(end + 1..*start)
    };
    let breaks: Vec<usize> = transactions.windows(2).filter(is_break).flat_map(|pair| [pair[0].0, pair[1].0]).collect();
    let rest: Vec<_> = transactions.iter().filter(|(index, _)| breaks.binary_search(index).is_err()).collect();
    let wrapped = match rest.as_slice() {
        [] => false,
        [(first, opening), (second, closing)]
            if (opening.role == Role::Opens && closing.role == Role::Closes)
                && is_idle(0..*first)
                && is_idle(second + 1..statements.len()) =>
        {
            true
        }
        _ => return None,
    };
    Some(Accepted { dropped: transactions.iter().map(|(index, _)| *index).collect(), wrapped })
}
