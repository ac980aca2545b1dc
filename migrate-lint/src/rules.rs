//! The rules: names, reasons, remedies. What each of them finds is in the module of its subject.

use migrate_core::Dialect;

/// What can be found, and what to do about it.
///
/// ```
/// let rule = migrate_lint::rules().iter().find(|rule| rule.name == "ban-drop-table").unwrap();
/// assert_eq!(rule.finds, "a table that was there before is dropped");
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Rule {
    /// The name, as in `-- migrate: allow=<name> <reason>`. A rule that squawk has too has the name that squawk gave it.
    pub name: &'static str,
    /// The dialects that it is looked for in.
    pub dialects: &'static [Dialect],
    /// Whether it holds in every dialect, so that it is looked for in scripts without one too.
    pub is_general: bool,
    /// What it finds.
    pub finds: &'static str,
    /// What is risky about that.
    pub why: &'static str,
    /// What to do instead. The help of a finding may be more precise.
    pub remedy: &'static str,
    /// Whether a finding is advice that should stop a build only for a draft: it may be in a migration that has shipped, where an edit would change
    /// the checksum.
    pub is_advice: bool,
}

/// An excuse that excuses nothing.
pub(crate) const NEEDLESS_EXCUSE: &str = "needless-excuse";
/// An excuse for a rule that does not exist.
pub(crate) const UNKNOWN_RULE: &str = "unknown-lint-rule";

/// Every rule, sorted by name.
///
/// ```
/// for rule in migrate_lint::rules() {
///     println!("{}: {} ({})", rule.name, rule.finds, rule.remedy);
/// }
/// ```
pub fn rules() -> &'static [Rule] {
    &RULES
}

/// The rule of that name.
pub(crate) fn of_name(name: &str) -> Option<&'static Rule> {
    let index = RULES.binary_search_by(|rule| rule.name.cmp(name)).ok()?;
    RULES.get(index)
}

const fn rule(name: &'static str, dialects: &'static [Dialect], [finds, why, remedy]: [&'static str; 3]) -> Rule {
    Rule { name, dialects, finds, why, remedy, is_general: false, is_advice: false }
}

const fn general(name: &'static str, texts: [&'static str; 3]) -> Rule {
    Rule { is_general: true, ..rule(name, &Dialect::ALL, texts) }
}

const fn advice(name: &'static str, texts: [&'static str; 3]) -> Rule {
    Rule { is_advice: true, ..general(name, texts) }
}

const POSTGRES: &[Dialect] = &[Dialect::Postgres];
const SQLITE: &[Dialect] = &[Dialect::Sqlite];
const BOTH: &[Dialect] = &[Dialect::Postgres, Dialect::Sqlite];

const CONCURRENTLY: &str = "write `CONCURRENTLY`, in a file of its own with `-- migrate: no-transaction`";
const TWO_RELEASES: &str = "let a release go by in which no client needs it, then do this in the next one";

#[rustfmt::skip]
pub(crate) static RULES: [Rule; 43] = [
    rule("adding-field-with-default", POSTGRES, [
        "a column is added whose value is computed for every row",
        "the table is rewritten, and nobody reads or writes it meanwhile",
        "add the column without a default, set the default in a second statement, and fill old rows in batches",
    ]),
    rule("adding-foreign-key-constraint", POSTGRES, [
        "a foreign key is added to a table that was there before, and checked at once",
        "both tables refuse writes while every row is checked",
        "add it `NOT VALID`, and `VALIDATE CONSTRAINT` in the next migration",
    ]),
    rule("adding-not-nullable-field", POSTGRES, [
        "a column of a table that was there before becomes `NOT NULL`",
        "nobody reads or writes the table while every row is checked",
        "add `CHECK (… IS NOT NULL) NOT VALID`, validate it in the next migration, then set `NOT NULL`, which is quick by then",
    ]),
    rule("adding-required-field", BOTH, [
        "a column is added as `NOT NULL` without a default to a table that was there before",
        "the server refuses it as soon as the table has a row, so it works on the empty database of a test alone",
        "give it a default, or add it without `NOT NULL` and fill it first",
    ]),
    rule("adding-serial-primary-key-field", POSTGRES, [
        "a primary key is added to a table that was there before",
        "nobody reads or writes the table while its index is built",
        "create a unique index `CONCURRENTLY` first, then add the primary key `USING INDEX`",
    ]),
    rule("backfill-with-schema-change", POSTGRES, [
        "rows of a table that was there before are changed or copied after another statement has locked one",
        "the lock is held until the last row is done, and every other client waits for it",
        "move the statement to a migration of its own, before or after this one",
    ]),
    rule("ban-alter-domain-with-add-constraint", POSTGRES, [
        "a constraint is added to a domain",
        "every column of the domain is checked, with its table locked",
        "put the constraint on the tables instead",
    ]),
    rule("ban-alter-identity", POSTGRES, [
        "how the identity of a column is generated is changed",
        "inserts that were accepted may be refused",
        TWO_RELEASES,
    ]),
    rule("ban-concurrent-index-creation-in-transaction", POSTGRES, [
        "an index is created `CONCURRENTLY` in a migration that runs in a transaction",
        "the server refuses it",
        "give it a file of its own with `-- migrate: no-transaction`",
    ]),
    general("ban-drop-column", [
        "a column of a table that was there before is dropped",
        "its data is gone, and clients of the release before still ask for it",
        TWO_RELEASES,
    ]),
    general("ban-drop-database", [
        "a database is dropped",
        "all of its data is gone",
        "do it by hand",
    ]),
    rule("ban-drop-default", POSTGRES, [
        "the default of a column of a table that was there before is dropped",
        "clients of the release before leave the column out and rely on it",
        TWO_RELEASES,
    ]),
    rule("ban-drop-domain", POSTGRES, [
        "a domain is dropped and not made again",
        "clients of the release before may name it",
        TWO_RELEASES,
    ]),
    rule("ban-drop-extension", POSTGRES, [
        "an extension is dropped",
        "what it brought along goes with it, and others in the database may use it",
        "make sure that nobody uses it, or leave it",
    ]),
    rule("ban-drop-function", POSTGRES, [
        "a function or procedure is dropped and not made again",
        "clients of the release before still call it",
        TWO_RELEASES,
    ]),
    rule("ban-drop-generated-expression", POSTGRES, [
        "a generated column becomes a plain one",
        "clients of the release before do not fill it",
        TWO_RELEASES,
    ]),
    general("ban-drop-schema", [
        "a schema is dropped",
        "all of its tables are gone, with their data",
        TWO_RELEASES,
    ]),
    rule("ban-drop-sequence", POSTGRES, [
        "a sequence is dropped and not made again",
        "clients of the release before still draw from it",
        TWO_RELEASES,
    ]),
    general("ban-drop-table", [
        "a table that was there before is dropped",
        "its data is gone, and clients of the release before still ask for it",
        TWO_RELEASES,
    ]),
    rule("ban-drop-type", POSTGRES, [
        "a type is dropped and not made again",
        "clients of the release before may name it",
        TWO_RELEASES,
    ]),
    rule("ban-drop-view", POSTGRES, [
        "a view is dropped and not made again",
        "clients of the release before still read it",
        TWO_RELEASES,
    ]),
    rule("ban-duplicate-column-assignments", POSTGRES, [
        "one statement names a column twice",
        "the server refuses it",
        "remove one of the two",
    ]),
    rule("ban-set-schema", POSTGRES, [
        "something is moved to another schema",
        "clients of the release before do not find it any more",
        TWO_RELEASES,
    ]),
    general("ban-truncate", [
        "every row of a table that was there before is deleted",
        "the data is gone",
        "make sure that it is meant so, and excuse it with the reason",
    ]),
    rule("ban-truncate-cascade", POSTGRES, [
        "`TRUNCATE … CASCADE`",
        "tables that the statement does not name are emptied too",
        "name every table that is to be emptied, without `CASCADE`",
    ]),
    rule("changing-column-type", POSTGRES, [
        "the type of a column of a table that was there before is changed",
        "most changes rewrite the table with nobody reading or writing it; a narrower type loses data or fails",
        "add a column of the new type, fill it, and let the next release use it",
    ]),
    rule("constraint-missing-not-valid", POSTGRES, [
        "a constraint is added to a table that was there before, and checked at once",
        "the table is locked while every row is checked",
        "add it `NOT VALID`, and `VALIDATE CONSTRAINT` in the next migration",
    ]),
    rule("disallowed-unique-constraint", POSTGRES, [
        "a unique constraint is added to a table that was there before",
        "nobody reads or writes the table while its index is built",
        "create a unique index `CONCURRENTLY` first, then add the constraint `USING INDEX`",
    ]),
    rule("enum-value-used-at-once", POSTGRES, [
        "a value is added to an enum, and the same text stands in a later statement of the migration",
        "Postgres refuses a new value in the transaction that adds it",
        "move what uses the value to the next migration",
    ]),
    rule("foreign-keys-in-transaction", SQLITE, [
        "`PRAGMA foreign_keys = ON` in a migration that runs in a transaction",
        "SQLite ignores it there",
        "remove it, and set it on the connection",
    ]),
    rule("identifier-too-long", POSTGRES, [
        "a name of more than 63 bytes",
        "the server cuts it off in silence, and two names may become one",
        "write a shorter name",
    ]),
    advice(NEEDLESS_EXCUSE, [
        "an excuse for a rule that finds nothing in the script",
        "it would hide the next finding, which nobody has looked at",
        "remove the line; in a migration that has shipped it can stay, because an edit changes the checksum",
    ]),
    rule("needless-no-transaction", BOTH, [
        "`-- migrate: no-transaction`, and no statement that needs it",
        "a migration that fails half-way is not rolled back",
        "remove the directive",
    ]),
    rule("rebuild-with-foreign-keys", SQLITE, [
        "a table that others refer to is made anew (created, filled, dropped, renamed) under `foreign-keys=on`",
        "`DROP TABLE` deletes the rows first: that fails, or deletes the rows that refer to them with `ON DELETE CASCADE`",
        "remove the directive: without it they are switched off for a script that makes a table anew",
    ]),
    general("renaming-column", [
        "a column of a table that was there before is renamed",
        "clients of the release before still use the old name",
        "add a column of the new name, fill both for a release, then drop the old one",
    ]),
    rule("renaming-object", POSTGRES, [
        "a view, function, type or value of an enum is renamed",
        "clients of the release before still use the old name",
        "create one of the new name beside it, and drop the old one in a later release",
    ]),
    general("renaming-table", [
        "a table that was there before is renamed",
        "clients of the release before still use the old name",
        "leave a view of the old name behind, in the same migration",
    ]),
    rule("require-concurrent-index-creation", POSTGRES, [
        "an index is built on a table that was there before",
        "nobody writes to the table while it is built",
        CONCURRENTLY,
    ]),
    rule("require-concurrent-partition-detach", POSTGRES, [
        "a partition is detached while its table is locked",
        "nobody reads or writes the table meanwhile",
        CONCURRENTLY,
    ]),
    rule("require-concurrent-reindex", POSTGRES, [
        "an index is built anew while its table is locked",
        "nobody writes to the table while it is built",
        CONCURRENTLY,
    ]),
    rule("search-path-left-changed", POSTGRES, [
        "`SET search_path` that is neither `LOCAL` nor set back",
        "the rest of the script looks for its tables elsewhere, and later migrations do not: the runner sets the path back",
        "write `SET LOCAL search_path`, or name the schema with each table",
    ]),
    rule("several-tables-locked", POSTGRES, [
        "one transaction locks several tables that were there before",
        "another transaction that takes them in another order makes a deadlock, and the first table waits for the last one",
        "write one migration for each table",
    ]),
    advice(UNKNOWN_RULE, [
        "an excuse for a rule that does not exist",
        "it excuses nothing",
        "write the name of a rule",
    ]),
];
