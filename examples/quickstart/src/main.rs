//! A lending library on SQLite that brings its database up to date at every start.
//!
//! Shows what a program has to do (one line), what it gets for that, and what happens when somebody edits a migration that was
//! applied already. Works in a temporary folder that is removed at the end. Needs a C compiler, for SQLite itself.
//!
//! ```text
//! cargo run -p quickstart
//! ```

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, fs, process};

use migrate_runtime::{Migrations, embed_migrations};
use rusqlite::Connection;

/// The migrations of this program: read and checked when it is compiled, and a part of the binary.
static MIGRATIONS: Migrations = embed_migrations!("migrations", dialect = "sqlite");

/// Those of an older build, for the last act: there were two migrations then, and the second one read differently.
static MIGRATIONS_OF_OLDER_BUILD: Migrations = embed_migrations!("migrations-before-edit", dialect = "sqlite");

fn main() -> Result<(), Box<dyn Error>> {
    let folder = TemporaryFolder::create()?;
    let file = folder.path().join("library.db");

    heading("First start: everything is applied");
    let mut db = Connection::open(&file)?;
    let report = MIGRATIONS.run(&mut db)?; // All that a program has to do.
    println!("{report}");

    heading("The schema at work");
    run_the_library(&db)?;
    drop(db);

    heading("Second start: there is nothing left to do");
    let mut db = Connection::open(&file)?;
    let report = MIGRATIONS.run(&mut db)?;
    println!("{report}");

    heading("Status: what the database remembers");
    println!("{}", MIGRATIONS.status(&mut db)?);

    heading("An edited migration: refused, and nothing is touched");
    println!("An older build has set up another library. Its members could share an e-mail address.");
    let mut db = Connection::open(folder.path().join("another-library.db"))?;
    MIGRATIONS_OF_OLDER_BUILD.run(&mut db)?;
    print_lines(&db, TABLES)?;
    println!("Somebody has changed that in the file of 0002, which was applied already. This build says:\n");
    let Err(error) = MIGRATIONS.run(&mut db) else { return Err("the edit went unnoticed".into()) };
    println!("error: {error}\n");
    println!("The other library is as it was, without what is new since:");
    print_lines(&db, TABLES)?;
    Ok(())
}

/// The names of all tables, in a line.
const TABLES: &str =
    "SELECT 'tables: ' || group_concat(name, ', ' ORDER BY name) FROM sqlite_schema WHERE type = 'table'";

/// Shows what index, trigger, view and data migrations do.
fn run_the_library(db: &Connection) -> rusqlite::Result<()> {
    println!("Authors and shelves were taken from the cards of the catalogue, by 0006 and 0009:");
    print_lines(
        db,
        "SELECT books.shelf || '  ' || authors.name || ': ' || group_concat(books.title, ', ' ORDER BY books.published)
         FROM authors JOIN books ON books.author_id = authors.id
         GROUP BY authors.id ORDER BY authors.name",
    )?;

    db.execute("INSERT INTO members (name, email) VALUES ('Ann', 'ann@example.org'), ('Ben', 'ben@example.org')", [])?;
    lend(db, "Solaris", "Ann", "2001-03-01")?;
    lend(db, "Kindred", "Ann", "2999-12-31")?;
    if let Err(error) = lend(db, "Solaris", "Ben", "2999-12-31") {
        println!("Ben wants Solaris, which Ann has. The unique index of 0004 says:\n  {error}");
    }
    if let Err(error) = lend(db, "The Dispossessed", "Ann", "2999-12-31") {
        println!("Ann wants a third book. The trigger of 0007 says:\n  {error}");
    }

    println!("The view of 0008 knows who is late:");
    print_lines(db, "SELECT member || ': ' || title || ', due on ' || due_on FROM overdue_loans")
}

fn lend(db: &Connection, title: &str, member: &str, due_on: &str) -> rusqlite::Result<()> {
    let sql = "INSERT INTO loans (book_id, member_id, due_on)
               SELECT books.id, members.id, ?3 FROM books, members WHERE books.title = ?1 AND members.name = ?2";
    db.execute(sql, [title, member, due_on])?;
    Ok(())
}

/// Prints the first column of a query, a line a row.
fn print_lines(db: &Connection, sql: &str) -> rusqlite::Result<()> {
    let mut statement = db.prepare(sql)?;
    for line in statement.query_map([], |row| row.get::<_, String>(0))? {
        println!("  {}", line?);
    }
    Ok(())
}

fn heading(text: &str) {
    println!("\n== {text}\n");
}

/// A new folder, removed when it is dropped.
struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    fn create() -> Result<TemporaryFolder, Box<dyn Error>> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_nanos();
        let path = env::temp_dir().join(format!("quickstart-{}-{now}", process::id()));
        fs::create_dir(&path)?;
        Ok(TemporaryFolder(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // What cannot be removed is left to the system, which clears its folder of temporary files by itself.
        let _ = fs::remove_dir_all(&self.0);
    }
}
