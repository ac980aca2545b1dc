//! The difference between the SQL that was applied and the SQL in the binary.

use std::ops::Range;
use std::time::{Duration, Instant};

use similar::algorithms::{Capture, Replace, myers};
use similar::{ChangeTag, DiffOp};

/// More lines than this say no more.
const MOST_LINES: usize = 40;

/// Longer lines are cut, with a sign.
const WIDEST: usize = 200;

/// Lines that did not change, around those that did.
const CONTEXT: usize = 2;

/// Longer is not searched for the shortest difference.
const PATIENCE: Duration = Duration::from_secs(1);

/// A unified diff of two scripts, indented; `-` was applied, `+` is in the binary.
pub(crate) fn difference(applied: &str, embedded: &str) -> String {
    let (applied, embedded) = (lines(applied), lines(embedded));
    let mut shown: Vec<String> =
        hunks(&applied, &embedded).iter().flat_map(|hunk| unified(hunk, &applied, &embedded)).collect();
    let more = shown.len().saturating_sub(MOST_LINES);
    shown.truncate(MOST_LINES);
    if more > 0 {
        shown.push(format!("     … {more} more lines"));
    }
    shown.join("\n")
}

/// Lines with their ends: two scripts may differ in the last line's alone.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

fn hunks(applied: &[&str], embedded: &[&str]) -> Vec<Vec<DiffOp>> {
    // Not `TextDiff`: it would compile two more algorithms into every host.
    let mut hook = Replace::new(Capture::new());
    let until = Some(Instant::now() + PATIENCE);
    match myers::diff_deadline(&mut hook, applied, 0..applied.len(), embedded, 0..embedded.len(), until) {
        Ok(()) => hook.into_inner().into_grouped_ops(CONTEXT),
        Err(never) => match never {},
    }
}

fn unified(hunk: &[DiffOp], applied: &[&str], embedded: &[&str]) -> Vec<String> {
    let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else { return Vec::new() };
    let of_applied = range(first.old_range().start..last.old_range().end);
    let of_embedded = range(first.new_range().start..last.new_range().end);
    let mut shown = vec![format!("     @@ -{of_applied} +{of_embedded} @@")];
    for (tag, lines) in hunk.iter().flat_map(|operation| operation.iter_slices(applied, embedded)) {
        let sign = match tag {
            ChangeTag::Equal => ' ',
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
        };
        for line in lines {
            let text = line.strip_suffix('\n').unwrap_or(line);
            let cut = text.char_indices().nth(WIDEST).map(|(end, _)| &text[..end]);
            let (text, more) = cut.map_or((text, ""), |cut| (cut, "…"));
            shown.push(format!("     {sign}{}{more}", migrate_core::printable(text)));
            if !line.ends_with('\n') {
                shown.push("     \\ no newline at the end".to_owned());
            }
        }
    }
    shown
}

/// The first line and how many; for no lines, the line before them, as `diff -u` writes it.
fn range(lines: Range<usize>) -> String {
    match lines.len() {
        0 => format!("{},0", lines.start),
        1 => format!("{}", lines.start + 1),
        count => format!("{},{count}", lines.start + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences() {
        let shown = difference("a\nb\nc\n", "a\nB\nc\n");
        assert_eq!(shown, "     @@ -1,3 +1,3 @@\n      a\n     -b\n     +B\n      c");
        assert_eq!(difference("a", "a\n"), "     @@ -1 +1 @@\n     -a\n     \\ no newline at the end\n     +a");
        assert_eq!(difference("a\n", ""), "     @@ -1 +0,0 @@\n     -a");
        let far = difference("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "one\n2\n3\n4\n5\n6\n7\n8\n");
        let expect =
            "@@ -1,3 +1,3 @@\n     -1\n     +one\n      2\n      3\n     @@ -7,3 +7,2 @@\n      7\n      8\n     -9";
        assert_eq!(far.trim_start(), expect);
        let wide = difference(&"x".repeat(WIDEST), &format!("{}\u{202e}", "x".repeat(WIDEST - 1)));
        assert!(!wide.contains('…') && wide.contains("x\u{fffd}"), "{wide}");
        assert!(difference("", &"x".repeat(WIDEST + 1)).contains("x…\n"));
        let many = difference("", &"x\n".repeat(100));
        assert_eq!(many.lines().count(), MOST_LINES + 1);
    }
}
