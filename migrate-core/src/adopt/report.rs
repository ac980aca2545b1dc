//! What a person is told of an adoption.

use super::{Adoption, Differing, ForeignKey, ForeignRow, ForeignState, Proof, Tool};
use crate::Problem;
use crate::printable::printable_line;

impl Adoption<'_> {
    /// What speaks against taking the history over, in the order in which it should be dealt with: what is dirty, what differs, what
    /// the binary does not have.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # use example::*;
    /// use migrate_core::adopt::{Proof, Tool, judge};
    ///
    /// let applied = |version: &str| vec![Some(version.to_owned()), None, None, None, None, None, None];
    /// let rows = Tool::Dbmate.decode(&[applied("1"), applied("9")]).unwrap();
    /// let migrations = shop().migrations(Dialect::Sqlite).unwrap(); // 0001_users, 0002_orders
    /// let adoption = judge(Tool::Dbmate, &rows, &migrations);
    /// let problems = adoption.problems();
    /// assert_eq!(problems[0].message(), "dbmate has applied version `9`, which is not in the binary");
    /// ```
    pub fn problems(&self) -> Vec<Problem> {
        let dirty = self.dirty.iter().map(|row| self.dirty(row));
        let differing = self.differing.iter().map(|differing| self.differing(differing));
        let unknown = self.unknown.iter().map(|row| self.unknown(row));
        dirty.chain(differing).chain(unknown).collect()
    }

    /// What is worth knowing, and speaks against nothing: a line each.
    ///
    /// ```
    /// # mod example { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # use example::*;
    /// use migrate_core::adopt::{Proof, Tool, judge};
    ///
    /// let applied = |version: &str| vec![Some(version.to_owned()), None, None, None, None, None, None];
    /// let rows = Tool::Dbmate.decode(&[applied("1"), applied("9")]).unwrap();
    /// let migrations = shop().migrations(Dialect::Sqlite).unwrap(); // 0001_users, 0002_orders
    /// let adoption = judge(Tool::Dbmate, &rows, &migrations);
    /// assert!(!adoption.notes().is_empty()); // among them, that dbmate keeps no checksums
    /// ```
    pub fn notes(&self) -> Vec<String> {
        let tool = self.tool;
        let mut notes = Vec::new();
        for row in &self.left_out {
            let label = row.label();
            notes.push(match row.state {
                ForeignState::Repeatable => {
                    format!("`{label}` is repeatable, and stays out: there are no repeatable migrations here")
                }
                ForeignState::Reverted => format!("{tool} has taken `{label}` back"),
                _ => format!("`{label}` is a note of {tool}, and no migration"),
            });
        }
        let of = |proof| self.matched.iter().filter(move |matched| matched.proof == proof).count();
        match (of(Proof::Version), of(Proof::Position)) {
            (0, 0) => {}
            (unproven, implied) if self.tool.keeps_checksums() => {
                let rows = unproven + implied;
                notes.push(format!(
                    "{} without a checksum of {tool}: nothing tells whether they were edited",
                    migrations(rows)
                ));
            }
            (_, 0) => {
                notes.push(format!(
                    "{tool} keeps no checksums: nothing tells whether a file was edited since it was applied"
                ));
            }
            (_, implied) => notes.push(format!(
                "{tool} keeps no row for each migration and no checksums: {} taken as applied by order alone",
                migrations(implied)
            )),
        }
        notes
    }

    fn dirty(&self, row: &ForeignRow) -> Problem {
        let tool = self.tool;
        let message = match tool {
            Tool::Flyway | Tool::Prisma => format!("{tool} has failed at `{}`", row.label()),
            _ => format!("{tool} has left version `{}` half done", row.label()),
        };
        Problem::new(message, format!("finish it or take it back by hand, then {}", settle(tool)))
    }

    fn differing(&self, Differing { migration, row }: &Differing<'_>) -> Problem {
        let tool = self.tool;
        let message = format!("`{}` is not what {tool} has applied: its checksum differs", migration.label());
        let help = "restore the file as it was applied, comments and line ends included; or make a new migration of the change";
        let found = row.checksum.as_deref().unwrap_or_default();
        Problem::new(message, help)
            .in_file(migration.up().path())
            .with_note(format!("{tool} has kept {}", printable_line(found)))
    }

    fn unknown(&self, row: &ForeignRow) -> Problem {
        let (tool, label) = (self.tool, row.label());
        match &row.key {
            ForeignKey::First(count) => {
                let message = format!("{tool} has applied {}, and the binary has fewer", migrations_of(*count));
                Problem::new(message, "add the files of the others, in the order in which they were applied")
            }
            ForeignKey::Text(_) => {
                let message = format!("{tool} has applied `{label}`, which cannot be a version here");
                let help = match tool {
                    Tool::Flyway => {
                        "a version is one number here: this part of the history cannot be matched to a file"
                    }
                    _ => {
                        "a version is a number or a timestamp before the name: this part of the history cannot be matched to a file"
                    }
                };
                Problem::new(message, help)
            }
            ForeignKey::Version(_) | ForeignKey::UpTo(_) => {
                let message = format!("{tool} has applied version `{label}`, which is not in the binary");
                Problem::new(message, "add its file to the folder, or take a binary that has it")
            }
        }
    }
}

/// How the mark of a failure is removed from the history of the tool.
fn settle(tool: Tool) -> &'static str {
    match tool {
        Tool::GolangMigrate => "tell the tool with `migrate force <version>`",
        Tool::Flyway => "tell the tool with `flyway repair`",
        Tool::Prisma => "tell the tool with `prisma migrate resolve`",
        _ => "correct its row in the history of the tool",
    }
}

fn migrations(count: usize) -> String {
    if count == 1 { "1 migration is".to_owned() } else { format!("{count} migrations are") }
}

fn migrations_of(count: u64) -> String {
    if count == 1 { "1 migration".to_owned() } else { format!("{count} migrations") }
}
