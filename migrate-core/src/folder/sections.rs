//! Files of other tools that hold a script up and a script down in one: run as a whole, they would undo themselves.

use crate::{Dialect, Place, Problem, scan};

/// The comments that begin a script down, in small letters, and whose they are. Those of dbmate begin with our own marker, so the
/// one for its script up is here too.
const MARKS: [(&str, &str); 7] = [
    ("+goose down", "goose"),
    ("+migrate down", "sql-migrate"),
    ("+micrate down", "micrate"),
    ("migrate:down", "dbmate"),
    ("migrate:up", "dbmate"),
    ("==== down ====", "shmig"),
    ("//@undo", "MyBatis"),
];

/// The problem of a script with such a comment.
pub(super) fn find(sql: &str, dialect: Dialect) -> Option<Problem> {
    // A plain search is far cheaper than a look at every token.
    if !sql.contains("--") {
        return None;
    }
    scan::line_comments(sql, dialect).find_map(|comment| {
        let text = sql[comment.clone()].trim_start_matches('-').trim().to_ascii_lowercase();
        let (_, tool) = MARKS.into_iter().find(|(mark, _)| text.starts_with(mark))?;
        let message = format!("the file holds a script up and a script down, as {tool} writes them");
        let help = "split it into `<version>_<name>.up.sql` and `<version>_<name>.down.sql`: a file runs as a whole";
        Some(Problem::new(message, help).at(Place::of(sql, comment.start)))
    })
}
