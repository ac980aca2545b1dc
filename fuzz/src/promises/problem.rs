//! Diagnostics, whoever finds them.

use migrate_core::Problem;

/// What holds for a problem, and for its place in the text that it is about, where that can be read.
pub fn of_problem(problem: &Problem, text: Option<&str>) {
    let context = || format!("{problem:?} in {text:?}");
    let (message, help) = (problem.message(), problem.help());
    assert!(!message.trim().is_empty() && !help.trim().is_empty(), "{}", context());
    assert!(!message.starts_with(|first: char| first.is_ascii_uppercase()), "{}", context());
    assert!(!message.ends_with('.') && !help.ends_with('.'), "{}", context());
    if let Some((place, text)) = problem.place().zip(text) {
        let line = place.line.checked_sub(1).and_then(|index| text.split('\n').nth(index));
        let columns = line.unwrap_or_else(|| panic!("no such line: {}", context())).chars().count() + 1;
        assert!((1..=columns).contains(&place.column), "{}", context());
    }
    // A line for each part, whatever names and texts are quoted in it.
    let shown = problem.to_string();
    let lines: Vec<&str> = shown.split('\n').collect();
    let paths = usize::from(problem.path().is_some());
    assert_eq!(lines.len(), 1 + paths + problem.notes().len() + 1, "{}", context());
    assert!(lines.last().is_some_and(|last| last.starts_with("help: ")), "{}", context());
    assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{}", context());
}
