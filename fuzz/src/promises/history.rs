//! Rows of a history, and the plan that is made of them.

use std::borrow::Cow;

use migrate_core::plan::{Ahead, Item, Policy, Standing, Standings, write_as_in_files};
use migrate_core::{AuditEntry, Checksum, Dialect, HistoryRow, Migration, RowState, Script, Version, embedded};

/// What holds for a binary and a history, as text: the first line has the versions that the binary has migrations of, each other line
/// is a row with a tab between its cells. `NULL` is none, and `=` the checksum of the migration in the binary, because nobody hits on
/// one. A row that ends early goes on as a good one does.
pub fn of_history(text: &str) {
    let mut lines = text.split('\n');
    let scripts = scripts(lines.next().unwrap_or_default());
    let migrations: Vec<Migration<'_>> = scripts.iter().map(embedded::migration_of).collect();
    let mut rows = Vec::new();
    for line in lines {
        let cells = cells(line, &scripts);
        rows.extend(of_row(&cells));
        // No database answers with less; it is no reason to panic.
        assert!(HistoryRow::decode(&cells[..cells.len() - 1]).is_err(), "{cells:?}");
    }
    of_padding(&migrations, &rows);
    of_standings(&migrations, &rows);
}

/// Migrations of a binary, sorted and of one version each, as the reader of folders makes them.
fn scripts(versions: &str) -> Vec<Script> {
    let mut versions: Vec<Version> = versions.split(' ').filter_map(|version| Version::parse(version).ok()).collect();
    versions.sort();
    versions.dedup();
    let script = |version: Version| {
        let name = format!("named {}", version.digits());
        embedded::step(version, Cow::Owned(name), 1, "")
    };
    versions.into_iter().map(script).collect()
}

fn cells(line: &str, scripts: &[Script]) -> Vec<Option<String>> {
    let mut cells: Vec<Option<String>> =
        line.split('\t').map(|cell| (cell != "NULL").then(|| cell.to_owned())).collect();
    let version = cells.first().cloned().flatten().and_then(|version| Version::parse(&version).ok());
    let embedded = scripts.iter().find(|script| Some(script.version()) == version.as_ref());
    let checksum = embedded.map_or(Checksum::from_bytes([7; 32]), Script::checksum).to_string();
    let good = ["1", "init", &checksum, "applied", "2026-03-13T17:00:00.000Z", "12", "3", "3", "3", "me", "", ""];
    cells.extend(good.into_iter().skip(cells.len()).map(|cell| Some(cell.to_owned())));
    if let Some(cell) = cells.get_mut(2).filter(|cell| cell.as_deref() == Some("=")) {
        *cell = Some(checksum);
    }
    cells.truncate(HistoryRow::COLUMNS.len());
    cells
}

/// A row that can be read is written and read again as it is; any other names its cell.
fn of_row(cells: &[Option<String>]) -> Option<HistoryRow> {
    let row = match HistoryRow::decode(cells) {
        Ok(row) => row,
        Err(bad) => {
            let told = bad.to_string();
            assert!(HistoryRow::COLUMNS.iter().any(|column| told.ends_with(column)), "{told} of {cells:?}");
            assert!(!told.contains(char::is_control), "{told:?} of {cells:?}");
            return None;
        }
    };
    let written = encode(&row);
    let again = HistoryRow::decode(&written).unwrap_or_else(|bad| panic!("{bad} of {written:?}"));
    assert_eq!(again, row, "{cells:?}");
    assert_eq!(again.version.as_written(), row.version.as_written());
    assert!(!row.label().as_str().contains(char::is_control), "{:?}", row.label());
    assert_eq!(row.label().version_as_written(), row.version.as_written());
    for entry in AuditEntry::read(&row.audit) {
        let fields = [&entry.at, &entry.action, &entry.by, &entry.reason];
        let all = fields.into_iter().chain(&entry.checksum_before);
        assert!(!all.into_iter().any(|field| field.contains(char::is_control)), "{entry:?}");
    }
    Some(row)
}

fn encode(row: &HistoryRow) -> Vec<Option<String>> {
    vec![
        Some(row.version.as_written().to_owned()),
        Some(row.name.clone()),
        Some(row.checksum.to_string()),
        Some(row.state.as_str().to_owned()),
        Some(row.applied_at.clone()),
        row.execution_time_ms.map(|time| time.to_string()),
        Some(row.statements.to_string()),
        Some(row.statements_begun.to_string()),
        Some(row.statements_done.to_string()),
        Some(row.applied_by.clone()),
        row.claim.clone(),
        Some(row.audit.clone()),
    ]
}

/// However versions are spelled, they stay what they are.
fn of_padding(migrations: &[Migration<'_>], rows: &[HistoryRow]) {
    let mut padded = rows.to_vec();
    write_as_in_files(migrations, &mut padded);
    assert_eq!(padded, rows);
    for migration in migrations.iter().filter(|migration| migration.version().as_written().starts_with('0')) {
        let width = migration.version().as_written().len();
        assert!(padded.iter().all(|row| row.version.as_written().len() >= width), "{padded:?}");
    }
}

/// Every migration and every row that counts stands somewhere, once and in order.
fn of_standings(migrations: &[Migration<'_>], rows: &[HistoryRow]) {
    let standings = compare(migrations, rows);
    let items = standings.items();
    let context = || format!("{items:?}");
    assert!(items.is_sorted_by(|a, b| a.version() <= b.version()), "{}", context());
    let embedded: Vec<_> = items.iter().filter_map(Item::embedded).collect();
    assert_eq!(embedded, migrations);
    let count = |is_it: &dyn Fn(RowState) -> bool| rows.iter().filter(|row| is_it(row.state)).count();
    let standing = |is_it: &dyn Fn(Standing) -> bool| items.iter().filter(|item| is_it(item.standing())).count();
    assert_eq!(items.iter().filter_map(Item::row).count(), count(&|state| state != RowState::Pending), "{}", context());
    let is_in_the_middle = |state| matches!(state, RowState::Running | RowState::Reverting);
    assert_eq!(standing(&|standing| standing == Standing::Interrupted), count(&is_in_the_middle), "{}", context());
    items.iter().for_each(|item| of_item(item, items));

    let mut versions: Vec<&Version> = rows.iter().map(|row| &row.version).collect();
    versions.sort();
    let is_unique = versions.is_sorted_by(|a, b| a < b);
    if is_unique {
        assert!(items.is_sorted_by(|a, b| a.version() < b.version()), "{}", context());
        let found = |item: &Item<'_>| standings.of(item.version()).is_some_and(|found| std::ptr::eq(found, item));
        assert!(items.iter().all(found), "{}", context());
        let from_behind: Vec<HistoryRow> = rows.iter().rev().cloned().collect();
        assert_eq!(format!("{:?}", compare(migrations, &from_behind)), format!("{standings:?}"));
    }
    for policy in policies() {
        of_plan(&standings, policy, rows);
    }

    let mut running = standings.clone();
    items.iter().for_each(|item| running.declare_running(item.version()));
    for (before, after) in items.iter().zip(running.items()) {
        let same = before.standing() == after.standing();
        let moved = (before.standing(), after.standing()) == (Standing::Interrupted, Standing::Running);
        // Only the first row of a version is told of.
        assert!(if is_unique { moved != same } else { moved || same }, "{before:?} {after:?}");
        assert!(!is_unique || after.standing() != Standing::Interrupted, "{after:?}");
    }
}

/// Where everything stands, when every second version says that an older binary can go on.
fn compare<'a>(migrations: &[Migration<'a>], rows: &[HistoryRow]) -> Standings<'a> {
    let mut standings = Standings::compare(migrations, rows.to_vec());
    let is_even = |version: &&Version| version.digits().ends_with(['0', '2', '4', '6', '8']);
    let versions = rows.iter().map(|row| &row.version);
    versions.filter(is_even).for_each(|version| standings.declare_compatible(version));
    standings
}

fn of_item(item: &Item<'_>, items: &[Item<'_>]) {
    let checksums = item.embedded().map(|migration| migration.up().checksum()).zip(item.row().map(|row| row.checksum));
    let is_known = (item.embedded().is_some(), item.row().is_some());
    let state = item.row().map(|row| row.state);
    assert!(is_known != (false, false) && state != Some(RowState::Pending), "{item:?}");
    assert!(item.taken_back().is_none_or(|row| row.state == RowState::Pending && row.version == *item.version()));
    let latest = |is_it: &dyn Fn(&Item<'_>) -> bool| items.iter().filter(|item| is_it(item)).map(Item::version).max();
    let latest_embedded = latest(&|item| item.embedded().is_some());
    let latest_row = latest(&|item| item.row().is_some());
    let version = Some(item.version());
    let fits = match item.standing() {
        Standing::Applied => {
            state == Some(RowState::Applied) && checksums.is_some_and(|(embedded, applied)| embedded == applied)
        }
        Standing::Divergent => {
            state == Some(RowState::Applied) && checksums.is_some_and(|(embedded, applied)| embedded != applied)
        }
        Standing::Pending => is_known == (true, false) && version > latest_row,
        Standing::OutOfOrder => is_known == (true, false) && version < latest_row,
        Standing::Ahead => is_known == (false, true) && version > latest_embedded,
        Standing::Missing => is_known == (false, true) && version <= latest_embedded,
        Standing::Interrupted => matches!(state, Some(RowState::Running | RowState::Reverting)),
        _ => false,
    };
    assert!(fits, "{item:?} in {items:?}");
    let diverging = checksums.filter(|(embedded, applied)| embedded != applied);
    assert_eq!(item.diverging_checksums(), diverging.map(|(embedded, applied)| (applied, embedded)));
    assert_eq!(item.statements(Dialect::Sqlite).is_some(), item.row().is_some());
    assert!(!item.label().as_str().contains(char::is_control), "{item:?}");
}

fn policies() -> impl Iterator<Item = Policy> {
    let aheads = [Ahead::IfCompatible, Ahead::Allow, Ahead::Refuse];
    let policy = |(bits, ahead)| Policy { allow_out_of_order: bits & 1 > 0, allow_missing: bits & 2 > 0, ahead };
    (0..4).flat_map(move |bits| aheads.map(|ahead| (bits, ahead))).map(policy)
}

/// A plan has each version once, in order, and none that has been applied; carrying it out leaves nothing to do.
fn of_plan(standings: &Standings<'_>, policy: Policy, rows: &[HistoryRow]) {
    let context = || format!("{policy:?} of {standings:?}");
    let pending: Vec<&Item<'_>> = standings.pending(policy).collect();
    assert!(pending.is_sorted_by(|a, b| a.version() < b.version()), "{}", context());
    assert!(pending.iter().all(|item| item.embedded().is_some() && item.row().is_none()), "{}", context());
    let is_applied =
        |item: &&Item<'_>| rows.iter().any(|row| row.version == *item.version() && row.state != RowState::Pending);
    assert!(!pending.iter().any(is_applied), "{}", context());
    assert!(!pending.iter().any(|item| item.is_problem(policy)), "{}", context());
    let problems = standings.problems(policy).count();
    let strict = Policy { ahead: Ahead::Refuse, ..Policy::default() };
    assert!(problems <= standings.problems(strict).count(), "{}", context());
    if policy == strict {
        // Nothing is passed over.
        let applied = standings.items().iter().filter(|item| item.standing() == Standing::Applied).count();
        assert_eq!(applied + pending.len() + problems, standings.items().len(), "{}", context());
    }
    if problems > 0 {
        return;
    }
    let done = pending.iter().filter_map(|item| item.embedded()).map(|migration| {
        let line = format!("{}\t{}\t{}", migration.version().digits(), migration.name(), migration.up().checksum());
        HistoryRow::decode(&cells(&line, &[])).expect("a good row")
    });
    let is_replaced = |row: &&HistoryRow| !pending.iter().any(|item| *item.version() == row.version);
    let after: Vec<HistoryRow> = rows.iter().filter(is_replaced).cloned().chain(done).collect();
    let migrations: Vec<Migration<'_>> = standings.items().iter().filter_map(Item::embedded).collect();
    let again = compare(&migrations, &after);
    assert!(
        again.pending(policy).next().is_none() && again.problems(policy).next().is_none(),
        "{again:?} after {}",
        context()
    );
}
