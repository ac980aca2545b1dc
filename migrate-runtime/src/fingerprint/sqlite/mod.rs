//! The facts of an SQLite database: its main schema, from version 3.37 on.
//!
//! Pragmas tell what they can. What they do not tell is read from the SQL that SQLite keeps: collations, checks, generated columns,
//! conflict clauses, when foreign keys are checked, and the scripts of views and triggers.

mod definition;
mod normal;

use crate::driver::{AnySession, DriverError, Row};
use crate::fingerprint::fact::Fact;
use crate::quote::literal;
use crate::table::TableName;
use definition::Definition;
use migrate_core::Dialect;

const BEGIN: &str = "SAVEPOINT migrate_runtime_fingerprint";
const END: &str = "RELEASE migrate_runtime_fingerprint";

/// Tables first, each with what it is; a shadow table comes with its virtual table.
const OBJECTS: &str = "SELECT s.type, s.name, s.tbl_name, s.sql, l.type, l.wr, l.strict FROM main.sqlite_master AS s \
     LEFT JOIN pragma_table_list AS l ON l.schema = 'main' AND l.name = s.name AND s.type IN ('table', 'view') \
     WHERE s.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
     AND s.tbl_name NOT IN (SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow')";

pub(super) async fn read(
    session: &mut (impl AnySession + ?Sized),
    history: &TableName,
) -> Result<Vec<Fact>, DriverError> {
    session.execute(BEGIN).await?;
    session.roll_back_when_dropped(Some(END));
    let facts = read_all(session, history).await;
    let ended = session.execute(END).await;
    session.roll_back_when_dropped(None);
    let facts = facts?;
    ended.map(|()| facts)
}

async fn read_all(session: &mut (impl AnySession + ?Sized), history: &TableName) -> Result<Vec<Fact>, DriverError> {
    let mut facts = Vec::new();
    for row in session.query(OBJECTS).await? {
        let [kind, name, table, sql, shape, ..] = cells::<7>(&row);
        if table.eq_ignore_ascii_case(&history.table) {
            continue;
        }
        match (kind, shape) {
            ("table", "virtual") => facts.push(Fact::new(&format!("virtual table {name}"), &normal::text(sql))),
            ("table", _) => table_facts(session, name, sql, &row, &mut facts).await?,
            ("index", _) => {} // Told with their tables.
            _ => facts.push(Fact::new(&format!("{kind} {name}"), &normal::text(sql))),
        }
    }
    Ok(facts)
}

async fn table_facts(
    session: &mut (impl AnySession + ?Sized),
    name: &str,
    sql: &str,
    row: &Row,
    facts: &mut Vec<Fact>,
) -> Result<(), DriverError> {
    let [.., without_rowid, strict] = cells::<7>(row);
    let definition = Definition::read(sql);
    let quoted = literal(name, Dialect::Sqlite);

    let columns = "SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo";
    let columns = session.query(&format!("{columns}({quoted}, 'main') ORDER BY cid")).await?;
    let names: Vec<&str> = columns.iter().map(|row| cells::<1>(row)[0]).collect();
    let mut table = format!("({})", names.join(", "));
    let flags = [(without_rowid, "WITHOUT ROWID"), (strict, "STRICT")];
    flags.iter().filter(|(flag, _)| *flag == "1").for_each(|(_, told)| table = format!("{table} {told}"));
    if definition.has_autoincrement {
        table.push_str(" AUTOINCREMENT");
    }
    facts.push(Fact::new(&format!("table {name}"), &table));
    facts.extend(columns.iter().map(|row| column_fact(name, row, &columns, &definition)));
    // What is told once more by another constraint is told once more here: SQLite checks it twice.
    facts.extend(definition.checks.iter().map(|check| Fact::new(&format!("check of {name}"), check)));
    facts.extend(definition.conflicts.iter().map(|clause| Fact::new(&format!("conflict clause of {name}"), clause)));

    foreign_keys(session, name, &quoted, &definition, facts).await?;
    indexes(session, name, &quoted, facts).await
}

fn column_fact(table: &str, row: &Row, columns: &[Row], definition: &Definition) -> Fact {
    let [name, kind, not_null, _, key, hidden] = cells(row);
    let default = row.get(3).and_then(Option::as_deref);
    let mut told = vec![kind.to_ascii_uppercase()];
    if key != "0" {
        let is_alone = columns.iter().filter(|row| cells::<5>(row)[4] != "0").count() == 1;
        told.push(if is_alone { "PRIMARY KEY".to_owned() } else { format!("PRIMARY KEY ({key})") });
    }
    if not_null == "1" {
        told.push("NOT NULL".to_owned());
    }
    told.extend(default.map(|default| format!("DEFAULT {}", normal::text(default))));
    let of_definition = definition.column(name);
    if let Some(expression) = of_definition.and_then(|column| column.generated.as_deref()) {
        told.push(format!("AS ({expression}) {}", if hidden == "3" { "STORED" } else { "VIRTUAL" }));
    }
    if let Some(collation) = of_definition.and_then(|column| column.collation.as_deref()) {
        told.push(format!("COLLATE {collation}"));
    }
    told.retain(|part| !part.is_empty());
    Fact::new(&format!("column {table}.{name}"), &told.join(" "))
}

/// The keys have no names, and are numbered by their place: they are told by their columns.
async fn foreign_keys(
    session: &mut (impl AnySession + ?Sized),
    table: &str,
    quoted: &str,
    definition: &Definition,
    facts: &mut Vec<Fact>,
) -> Result<(), DriverError> {
    let query = "SELECT id, \"table\", \"from\", \"to\", on_update, on_delete FROM pragma_foreign_key_list";
    let rows = session.query(&format!("{query}({quoted}, 'main') ORDER BY id, seq")).await?;
    for key in rows.chunk_by(|a, b| a.first() == b.first()) {
        let column = |index: usize| key.iter().map(|row| cells::<6>(row)[index]).collect::<Vec<_>>().join(", ");
        let Some(row) = key.first() else { continue };
        let [_, parent, _, to, on_update, on_delete] = cells(row);
        let from = column(2);
        let to = if to.is_empty() { String::new() } else { format!(" ({})", column(3)) };
        let mut detail = format!("REFERENCES {parent}{to}");
        for (event, action) in [("UPDATE", on_update), ("DELETE", on_delete)] {
            if action != "NO ACTION" {
                detail = format!("{detail} ON {event} {action}");
            }
        }
        if definition.deferred.iter().any(|columns| columns.eq_ignore_ascii_case(&from)) {
            detail.push_str(" DEFERRABLE INITIALLY DEFERRED");
        }
        facts.push(Fact::new(&format!("foreign key of {table} ({from})"), &detail));
    }
    Ok(())
}

/// An index that SQLite makes for a constraint has a name with a number, and is told by its columns.
async fn indexes(
    session: &mut (impl AnySession + ?Sized),
    table: &str,
    quoted: &str,
    facts: &mut Vec<Fact>,
) -> Result<(), DriverError> {
    let query = format!(
        "SELECT l.name, l.\"unique\", l.origin, l.partial, s.sql, x.cid, x.name, x.\"desc\", x.coll \
         FROM pragma_index_list({quoted}, 'main') AS l, pragma_index_xinfo(l.name, 'main') AS x \
         LEFT JOIN main.sqlite_master AS s ON s.type = 'index' AND s.name = l.name WHERE x.key = 1 ORDER BY l.name, x.seqno"
    );
    let rows = session.query(&query).await?;
    for index in rows.chunk_by(|a, b| a.first() == b.first()) {
        let Some(row) = index.first() else { continue };
        let [name, unique, origin, partial, sql, ..] = cells::<9>(row);
        let column = |row: &Row| {
            let [.., id, name, descending, collation] = cells::<9>(row);
            let name = if id == "-2" { "<expression>" } else { name };
            let collation = if collation == "BINARY" { String::new() } else { format!(" COLLATE {collation}") };
            format!("{name}{collation}{}", if descending == "1" { " DESC" } else { "" })
        };
        let columns: Vec<String> = index.iter().map(column).collect();
        let columns = columns.join(", ");
        let has_expression = index.iter().any(|row| cells::<6>(row)[5] == "-2");
        let unique = if unique == "1" { "UNIQUE " } else { "" };
        facts.push(match origin {
            "pk" => Fact::new(&format!("primary key of {table}"), &format!("({columns})")),
            "u" => Fact::new(&format!("unique of {table} ({columns})"), ""),
            _ if has_expression || partial == "1" => {
                Fact::new(&format!("index {name}"), &format!("{unique}ON {}", normal::text_after(sql, "on")))
            }
            _ => Fact::new(&format!("index {name}"), &format!("{unique}ON {table} ({columns})")),
        });
    }
    Ok(())
}

/// The first cells of a row; NULL is the empty text.
fn cells<const N: usize>(row: &Row) -> [&str; N] {
    std::array::from_fn(|index| row.get(index).and_then(Option::as_deref).unwrap_or_default())
}
