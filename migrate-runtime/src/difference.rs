//! The difference between the SQL that was applied and the SQL in the binary.

use std::time::Duration;

use similar::TextDiff;

use crate::excerpt::printable;

/// More lines than this say no more.
const MOST_LINES: usize = 40;

/// Longer lines are cut.
const WIDEST: usize = 200;

/// A unified diff of two scripts, indented; `-` was applied, `+` is in the binary.
pub(crate) fn difference(applied: &str, embedded: &str) -> String {
    let diff = TextDiff::configure().timeout(Duration::from_secs(1)).diff_lines(applied, embedded);
    let unified = diff.unified_diff().context_radius(2).to_string();
    let lines: Vec<&str> = unified.lines().collect();
    let mut shown: Vec<String> = lines
        .iter()
        .take(MOST_LINES)
        .map(|line| format!("     {}", printable(&line.chars().take(WIDEST).collect::<String>())))
        .collect();
    if lines.len() > MOST_LINES {
        shown.push(format!("     … {} more lines", lines.len() - MOST_LINES));
    }
    shown.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences() {
        let shown = difference("a\nb\nc\n", "a\nB\nc\n");
        assert_eq!(shown, "     @@ -1,3 +1,3 @@\n      a\n     -b\n     +B\n      c");
        let many = difference("", &"x\n".repeat(100));
        assert_eq!(many.lines().count(), MOST_LINES + 1);
    }
}
