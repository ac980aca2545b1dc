//! Scripts that run outside of a transaction, and whether they have to.

use migrate_core::Dialect;
use migrate_core::scan::Statement;

use crate::script::{Finding, Reading};
use crate::sentence::Deed;

/// Adds a `no-transaction` that nothing in the script asks for.
pub(crate) fn find(reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    if reading.is_in_transaction() || !reading.is_certain {
        return;
    }
    let needs: fn(&[String]) -> bool = match reading.dialect {
        Dialect::Postgres => needed_on_postgres,
        Dialect::Sqlite => needed_on_sqlite,
        // Where a change of the schema commits by itself, the directive says no more than the truth.
        _ => return,
    };
    let is_needed = |statement: &Statement| {
        let words = statement.words(reading.sql, reading.dialect).map(str::to_ascii_lowercase);
        needs(&words.take(MOST_WORDS).collect::<Vec<_>>())
    };
    // Several of them are to be committed one by one: batches of rows, and tables that are not to be locked together.
    let steps = reading.acts.iter().filter(|act| is_step(&act.deed)).count();
    if steps < 2 && !reading.acts.iter().any(|act| is_needed(&act.statement)) {
        let offset = reading.acts.first().map_or(0, |act| act.offset());
        findings.push(Finding::new(
            "needless-no-transaction",
            offset,
            "the script runs outside of a transaction, and no statement of it needs that",
        ));
    }
}

fn is_step(deed: &Deed) -> bool {
    matches!(
        deed,
        Deed::AlterTable { .. }
            | Deed::Update { .. }
            | Deed::Delete { .. }
            | Deed::InsertSelect { .. }
            | Deed::Empty { .. }
    )
}

/// No statement that has to be told apart has its telling word behind this many.
const MOST_WORDS: usize = 24;

fn needed_on_postgres(words: &[String]) -> bool {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        // What a function does, or whether a table has partitions, cannot be told from here.
        ["vacuum" | "cluster" | "reindex" | "call" | "do" | "select" | "checkpoint" | "load", ..] => true,
        ["create" | "drop", "database" | "tablespace" | "subscription", ..] => true,
        ["alter", "system" | "database" | "subscription" | "tablespace", ..] => true,
        // A value can be used only when it is committed.
        ["alter", "type", ..] => words.contains(&"add") && words.contains(&"value"),
        ["create" | "drop" | "alter" | "refresh", ..] => {
            // A constraint is best validated when the lock for adding it is gone.
            words.contains(&"concurrently") || words.contains(&"validate")
        }
        _ => false,
    }
}

fn needed_on_sqlite(words: &[String]) -> bool {
    matches!(words.first().map(String::as_str), Some("vacuum" | "pragma" | "attach" | "detach"))
}
