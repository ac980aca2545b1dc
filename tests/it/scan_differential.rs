//! The SQL scanner against the programs whose rules it follows: psql for Postgres, SQLite's own parser for SQLite.
//!
//! Most scripts are generated, from a seed that a failure names. Set `SCAN_SEED` to run one seed again.

mod fake_server;
pub(crate) mod generator;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use generator::{Generator, Script};
use migrate_core::{Dialect, scan};
use rusqlite::fallible_iterator::FallibleIterator;

/// The psql to compare with: version 15 or later, which sends comments along.
fn psql() -> PathBuf {
    migrate_tests::postgres().bin("psql")
}

pub(crate) fn seeds(count: u64) -> Range<u64> {
    match std::env::var("SCAN_SEED").ok().and_then(|seed| seed.parse::<u64>().ok()) {
        Some(seed) => seed..seed + 1,
        None => 1..count + 1,
    }
}

/// The statements of a script, each with what comes before it, as the scanner finds them.
fn scanned(sql: &str, dialect: Dialect) -> Vec<String> {
    let found = scan::scan(sql, dialect);
    found.statements.iter().map(|statement| statement.text(sql).to_owned()).collect()
}

fn generate(count: u64, dialect: Dialect) -> BTreeMap<u64, Script> {
    seeds(count).map(|seed| (seed, Generator::new(seed, dialect).script())).collect()
}

#[test]
fn generated_scripts_split_where_they_were_joined() {
    for dialect in Dialect::ALL {
        for (seed, script) in generate(5_000, dialect) {
            let found = scan::scan(&script.text, dialect);
            assert_eq!(found.problems, [], "{dialect} seed {seed}:\n{}", script.text);
            let texts = scanned(&script.text, dialect);
            assert_eq!(texts, script.statements, "{dialect} seed {seed}:\n{}", script.text);
        }
    }
}

#[test]
fn psql_splits_alike() {
    let scripts = generate(2_000, Dialect::Postgres);
    let texts: Vec<&str> = scripts.values().map(|script| script.text.as_str()).collect();
    let sent = fake_server::statements_sent(&psql(), &texts);
    for ((seed, script), sent) in scripts.iter().zip(&sent) {
        assert_psql_agrees(&format!("seed {seed}"), &script.text, sent);
    }
}

#[test]
fn psql_splits_nonsense_alike() {
    let scripts: Vec<(u64, String)> =
        seeds(2_000).map(|seed| (seed, Generator::new(seed, Dialect::Postgres).nonsense())).collect();
    let texts: Vec<&str> = scripts.iter().map(|(_, text)| text.as_str()).collect();
    let sent = fake_server::statements_sent(&psql(), &texts);
    for ((seed, text), sent) in scripts.iter().zip(&sent) {
        assert_psql_agrees(&format!("seed {seed}"), text, sent);
    }
}

#[test]
fn psql_splits_nasty_files_alike() {
    let scripts = [include_str!("../data/scan/nasty_postgres.sql"), include_str!("../data/scan/copy_data.sql")];
    let sent = fake_server::statements_sent(&psql(), &scripts);
    for (script, sent) in scripts.into_iter().zip(&sent) {
        assert_psql_agrees("a file", script, sent);
    }
}

#[test]
fn psql_splits_real_scripts_alike() {
    let scripts = real_scripts();
    let texts: Vec<&str> = scripts.iter().map(|(_, text)| text.as_str()).collect();
    let sent = fake_server::statements_sent(&psql(), &texts);
    let mut statements = 0;
    for ((path, text), sent) in scripts.iter().zip(&sent) {
        assert_psql_agrees(path, text, sent);
        statements += scan::scan(text, Dialect::Postgres).statements.len();
    }
    println!("{} scripts, {statements} statements", scripts.len());
    assert!(scripts.len() > 10 && statements > 1_000, "{} scripts, {statements} statements", scripts.len());
}

/// The scripts that come with every Postgres server, its own and those of its extensions, without the lines for psql; and those of
/// the folder that `SCAN_FOLDER` names.
fn real_scripts() -> Vec<(String, String)> {
    let database = migrate_tests::postgres().database("scripts");
    let row = database
        .connect()
        .query_one("SELECT setting FROM pg_config WHERE name = 'SHAREDIR'", &[])
        .expect("the server knows");
    let share = PathBuf::from(row.get::<_, String>(0));
    let own = std::env::var_os("SCAN_FOLDER").map(PathBuf::from);
    let folders = [share.join("extension"), share].into_iter().chain(own);
    let files = folders.flat_map(|folder| std::fs::read_dir(folder).into_iter().flatten().flatten());
    let scripts =
        files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|extension| extension == "sql"));
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).ok()?;
        let lines = text.lines().filter(|line| !line.starts_with('\\')).map(|line| format!("{line}\n"));
        Some((path.display().to_string(), lines.collect()))
    };
    scripts.filter_map(read).collect()
}

/// psql leaves out blank lines and the white space before a statement, so that only the rest can be compared.
fn assert_psql_agrees(name: &str, script: &str, sent: &[String]) {
    let dense = |text: &str| text.chars().filter(|char| !char.is_whitespace()).collect::<String>();
    // psql sends a `;` on its own, and at the end a comment on its own too.
    let says_something = |text: &&String| !scan::scan(text, Dialect::Postgres).statements.is_empty();
    let sent: Vec<String> = sent.iter().filter(says_something).map(|text| dense(text)).collect();
    let found = scan::scan(script, Dialect::Postgres);
    assert!(!found.wrapped, "{name} is not meant to be wrapped in a transaction");
    let ours: Vec<String> = found
        .statements
        .iter()
        .map(|statement| dense(script.get(statement.span.start..statement.end).unwrap_or_default()))
        .collect();
    // What psql sends may have a comment before the statement and, at the end of the script, behind it.
    let last = ours.len().saturating_sub(1);
    let agrees = sent.len() == ours.len()
        && sent.iter().zip(&ours).enumerate().all(|(index, (sent, ours))| {
            sent.ends_with(ours.as_str()) || index == last && sent.contains(ours.as_str())
        });
    assert!(agrees, "{name}: psql sent {sent:#?}\nthe scanner found {ours:#?}\nin:\n{script}");
}

#[test]
fn sqlite_splits_alike() {
    let connection = rusqlite::Connection::open_in_memory().expect("a database in memory");
    connection.execute_batch(generator::SQLITE_SCHEMA).expect("the schema of the generated statements");
    let nasty = include_str!("../data/scan/nasty_sqlite.sql").to_owned();
    let generated = generate(5_000, Dialect::Sqlite).into_iter().map(|(seed, script)| (seed, script.text));
    for (seed, script) in generated.chain([(0, nasty)]) {
        let mut batch = rusqlite::Batch::new(&connection, &script);
        let mut parsed = Vec::new();
        loop {
            match batch.next() {
                Ok(Some(statement)) => parsed.push(statement.expanded_sql().unwrap_or_default()),
                Ok(None) => break,
                Err(error) => panic!("seed {seed}: {error} in:\n{script}"),
            }
        }
        let ours = scan::scan(&script, Dialect::Sqlite).statements;
        let mut behind = 0;
        let agrees = parsed.len() == ours.len()
            && parsed.iter().zip(&ours).all(|(parsed, ours)| {
                // Without a `;` SQLite reads on to the end of the script.
                let has_semicolon = ours.span.end < ours.end;
                let end = if has_semicolon { ours.end } else { script.len() };
                let up_to_end = script.get(behind..end).unwrap_or_default();
                let before = script.get(behind..ours.span.start).unwrap_or_default();
                behind = ours.end;
                up_to_end.ends_with(parsed)
                    && parsed.len() >= end - ours.span.start
                    && scan::is_blank(before, Some(Dialect::Sqlite))
            });
        assert!(agrees, "seed {seed}: SQLite parsed {parsed:#?}\nthe scanner found {ours:#?}\nin:\n{script}");
    }
}
