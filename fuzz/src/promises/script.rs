//! The scanner, and the reader of directives.

use migrate_core::scan::{self, ScanProblemKind, Statement};
use migrate_core::{Dialect, Header};

use super::of_problem;

/// What holds for a script in every dialect, and for its dialects together.
pub fn of_script(sql: &str) {
    Dialect::ALL.into_iter().for_each(|dialect| of_script_in(sql, dialect));
    for problem in scan::check(sql, None) {
        assert!(sql.is_char_boundary(problem.offset), "{problem:?} in:\n{sql}");
    }
    scan::is_blank(sql, None);
}

/// Spans in order and on character boundaries, nothing left out that matters, and each statement one of its own.
pub fn of_script_in(sql: &str, dialect: Dialect) {
    let context = || format!("{dialect}: {sql:?}");
    let found = scan::scan(sql, dialect);
    assert!(found.problems.is_sorted_by_key(|problem| problem.offset), "{}", context());
    assert!(found.problems.iter().all(|problem| sql.is_char_boundary(problem.offset)), "{}", context());
    assert_eq!(scan::check(sql, Some(dialect)), found.problems, "{}", context());

    // Meta-commands and the data of a `COPY` are left out of statements, and so is a transaction pair.
    let leaves_out =
        |kind: &ScanProblemKind| matches!(kind, ScanProblemKind::MetaCommand { .. } | ScanProblemKind::CopyFromStdin);
    let is_whole =
        found.is_sound() && !found.wrapped && !found.problems.iter().any(|problem| leaves_out(&problem.kind));
    let mut behind = 0;
    let mut joined = String::with_capacity(sql.len());
    for statement in &found.statements {
        let Statement { span, end } = statement.clone();
        assert!(behind <= span.start && span.start < span.end && span.end <= end && end <= sql.len(), "{}", context());
        let between = sql.get(behind..span.start).unwrap_or_else(|| panic!("a boundary in {}", context()));
        let text = sql.get(span.clone()).unwrap_or_else(|| panic!("a boundary in {}", context()));
        let after = sql.get(span.end..end).unwrap_or_else(|| panic!("a boundary in {}", context()));
        assert_eq!(text, statement.text(sql));
        assert!(statement.words(sql, dialect).all(|word| !word.is_empty() && text.contains(word)), "{}", context());
        if is_whole {
            assert!(scan::is_blank(between, Some(dialect)), "{between:?} in {}", context());
            assert!(scan::is_blank(after, Some(dialect)), "{after:?} in {}", context());
            of_statement(text, dialect, &context);
        }
        joined.extend([between, text, after]);
        behind = end;
    }
    let rest = sql.get(behind..).unwrap_or_else(|| panic!("a boundary in {}", context()));
    assert!(!is_whole || scan::is_blank(rest, Some(dialect)), "{rest:?} in {}", context());
    assert_eq!(joined + rest, sql);
    if found.is_sound() {
        assert_eq!(scan::is_blank(sql, Some(dialect)), is_whole && found.statements.is_empty(), "{}", context());
    }

    let mut behind = 0;
    for comment in scan::line_comments(sql, dialect) {
        assert!(behind <= comment.start, "{}", context());
        assert!(sql.get(comment.clone()).is_some_and(|text| text.starts_with("--")), "{}", context());
        behind = comment.end;
    }
    // Directives are read in any script, even in one that cannot be run.
    for problem in Header::read(sql, dialect, &found).err().unwrap_or_default() {
        assert!(problem.place().is_some(), "{}", context());
        of_problem(&problem, Some(sql));
    }
}

/// A statement of a sound script is one statement on its own too.
fn of_statement(text: &str, dialect: Dialect, context: &dyn Fn() -> String) {
    // At the start of a script a byte order mark is no part of the SQL.
    let is_marked = text.starts_with('\u{feff}');
    // To MySQL two dashes are a comment at the end of a text, and none before a `;`. No good statement ends so.
    let has_dashes = dialect == Dialect::Mysql && text.ends_with("--");
    if is_marked || has_dashes {
        return;
    }
    let alone = scan::scan(text, dialect);
    let is_itself = matches!(alone.statements.as_slice(), [one] if one.span == (0..text.len()));
    assert!(alone.is_sound() && is_itself, "{text:?} is {alone:?} in {}", context());
}
